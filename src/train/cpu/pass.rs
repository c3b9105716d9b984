//! One pass through a network, forwards and backwards.
//!
//! A batch is split into [`PARTS`] parts whatever the number of threads, and what the parts say is summed in their
//! order: the same batch gives the same bits on any number of cores.

use rayon::prelude::*;

use super::matrix::{Left, Sizes, multiply, transpose};
use super::plane::Plane;
use super::{depthwise, norm, unfold};
use crate::network::derive::Activation;
use crate::network::float::{FloatKind, FloatNetwork, FloatOp};
use crate::train::layer::{Layer, Moments, normalised};
use crate::train::trainer::logits_of;

/// Parts of a batch.
const PARTS: usize = 8;

/// Where batch normalisation takes its moments from.
#[derive(Clone, Copy)]
pub(super) enum Norm<'a> {
    /// The batch itself.
    Batch,
    /// Those given.
    Fixed(&'a [Moments]),
}

/// Everything that a forward pass computed.
pub(super) struct Forward {
    /// By value of the network; empty where it was not computed.
    pub values: Vec<Vec<f32>>,
    /// Before normalisation, by operator.
    raw: Vec<Vec<f32>>,
    pub moments: Vec<Moments>,
}

/// What a pass works on.
pub(super) struct Pass<'a> {
    pub network: &'a FloatNetwork,
    pub layers: &'a [Layer],
    pub samples: usize,
}

impl Pass<'_> {
    /// Samples of each part but the last.
    fn part(&self) -> usize {
        self.samples.div_ceil(PARTS).max(1)
    }

    /// Computes every value up to the logits.
    pub fn forward(&self, input: Vec<f32>, norm: Norm) -> Forward {
        let network = self.network;
        let mut pass = Forward {
            values: vec![Vec::new(); network.values.len()],
            raw: vec![Vec::new(); network.ops.len()],
            moments: vec![Moments::default(); network.ops.len()],
        };
        pass.values[network.input.0] = input;
        for (at, op) in network.ops.iter().enumerate() {
            let raw = self.linear(op, &self.layers[at], &pass.values);
            pass.values[op.output.0] = if normalised(op) {
                let moments = match norm {
                    Norm::Batch => self.observe(&raw, network.value(op.output).channels()),
                    Norm::Fixed(moments) => moments[at].clone(),
                };
                let (scale, shift) = affine(&self.layers[at], &moments);
                let y = self.rows(&raw, op, |rows, to| norm::apply(rows, &scale, &shift, bounds(op), to));
                pass.moments[at] = moments;
                pass.raw[at] = raw;
                y
            } else {
                self.activated(raw, op)
            };
            if op.output == logits_of(network) {
                break;
            }
        }
        pass
    }

    /// `one(rows, to)` for the parts of a value of the output's size.
    fn rows(&self, raw: &[f32], op: &FloatOp, one: impl Fn(&[f32], &mut [f32]) + Sync) -> Vec<f32> {
        let part = self.part() * self.network.value(op.output).elements();
        let mut to = vec![0.0; raw.len()];
        to.par_chunks_mut(part).zip(raw.par_chunks(part)).for_each(|(to, rows)| one(rows, to));
        to
    }

    fn activated(&self, mut raw: Vec<f32>, op: &FloatOp) -> Vec<f32> {
        let (low, high) = bounds(op);
        if low.is_finite() || high.is_finite() {
            raw.iter_mut().for_each(|v| *v = v.max(low).min(high));
        }
        raw
    }

    /// Moments of each channel over the whole batch.
    fn observe(&self, raw: &[f32], channels: usize) -> Moments {
        let sample = raw.len() / self.samples.max(1);
        let parts: Vec<Vec<f64>> = raw
            .par_chunks(self.part() * sample)
            .map(|part| {
                let mut total = vec![0f64; 2 * channels];
                // Sample by sample, since sums of many squares lose their last bits in single precision.
                for rows in part.chunks_exact(sample) {
                    let mut sums = vec![0f32; 2 * channels];
                    let (sum, squares) = sums.split_at_mut(channels);
                    norm::sums(rows, sum, squares);
                    total.iter_mut().zip(&sums).for_each(|(total, sum)| *total += f64::from(*sum));
                }
                total
            })
            .collect();
        let total = parts.into_iter().reduce(add).unwrap_or_else(|| vec![0.0; 2 * channels]);
        let count = (raw.len() / channels).max(1) as f64;
        let mean: Vec<f64> = total[..channels].iter().map(|sum| sum / count).collect();
        let variance = total[channels..].iter().zip(&mean).map(|(sum, mean)| (sum / count - mean * mean).max(0.0));
        Moments { variance: variance.map(|v| v as f32).collect(), mean: mean.iter().map(|m| *m as f32).collect() }
    }

    /// What an operator computes before normalisation and activation.
    fn linear(&self, op: &FloatOp, layer: &Layer, values: &[Vec<f32>]) -> Vec<f32> {
        let (x, out) = (self.network.value(op.inputs[0]), self.network.value(op.output));
        let input = &values[op.inputs[0].0];
        let each = |one: &(dyn Fn(&[f32], &mut [f32]) + Sync)| {
            let mut to = vec![0.0; self.samples * out.elements()];
            let (from, part) = (self.part() * x.elements(), self.part() * out.elements());
            to.par_chunks_mut(part).zip(input.par_chunks(from)).for_each(|(to, x)| one(x, to));
            to
        };
        let single = |one: &(dyn Fn(&[f32], &mut [f32]) + Sync)| {
            each(&|x_part, to| {
                for (x, to) in x_part.chunks_exact(x.elements()).zip(to.chunks_exact_mut(out.elements())) {
                    one(x, to);
                }
            })
        };
        match op.kind {
            FloatKind::Conv2d { filter, window, .. } => {
                let plane = Plane::new(x, out, filter, window);
                let (depth, channels) = (self.network.fan_in(op), out.channels());
                if plane.pointwise() {
                    return each(&|x, to| {
                        product(x, Left::Rows, &layer.filter, x.len() / depth, depth, channels, to);
                    });
                }
                single(&|x, to| {
                    let columns = unfold::unfold(&plane, x);
                    product(&columns, Left::Rows, &layer.filter, plane.out.h * plane.out.w, depth, channels, to);
                })
            }
            FloatKind::DepthwiseConv2d { filter, window, .. } => {
                let plane = Plane::new(x, out, filter, window);
                single(&|x, to| depthwise::forward(&plane, x, &layer.filter, to))
            }
            FloatKind::Dense { .. } => each(&|x_part, to| {
                to.chunks_exact_mut(out.channels()).for_each(|row| row.copy_from_slice(&layer.shift));
                let rows = x_part.len() / x.channels();
                product(x_part, Left::Rows, &layer.filter, rows, x.channels(), out.channels(), to);
            }),
            FloatKind::Add { .. } => input.iter().zip(&values[op.inputs[1].0]).map(|(a, b)| a + b).collect(),
            FloatKind::AveragePool2d { filter, window } => {
                let plane = Plane::new(x, out, filter, window);
                single(&|x, to| unfold::average(&plane, x, to))
            }
            FloatKind::MaxPool2d { filter, window } => {
                let plane = Plane::new(x, out, filter, window);
                single(&|x, to| unfold::largest(&plane, x, to))
            }
            FloatKind::Reshape => input.clone(),
            FloatKind::Softmax => input.chunks_exact(x.channels()).flat_map(crate::train::trainer::softmax).collect(),
        }
    }

    /// Gradients of every layer, given that of the logits.
    pub fn backward(&self, pass: &Forward, logits: Vec<f32>) -> Vec<Layer> {
        let network = self.network;
        let mut gradients: Vec<Layer> = vec![Layer::default(); network.ops.len()];
        let mut of_values: Vec<Vec<f32>> = vec![Vec::new(); network.values.len()];
        of_values[logits_of(network).0] = logits;
        for (at, op) in network.ops.iter().enumerate().rev() {
            let mut dy = std::mem::take(&mut of_values[op.output.0]);
            if dy.is_empty() {
                continue;
            }
            self.unactivate(op, &pass.values[op.output.0], &mut dy);
            if normalised(op) {
                let (scale, shift) = self.unnormalise(at, pass, &mut dy);
                gradients[at] = Layer { filter: Vec::new(), scale, shift };
            }
            self.unlinear(at, pass, dy, &mut gradients[at], &mut of_values);
        }
        gradients
    }

    fn unactivate(&self, op: &FloatOp, y: &[f32], dy: &mut [f32]) {
        let bounds = bounds(op);
        if bounds.0.is_finite() || bounds.1.is_finite() {
            let part = self.part() * self.network.value(op.output).elements();
            dy.par_chunks_mut(part).zip(y.par_chunks(part)).for_each(|(dy, y)| norm::mask(dy, y, bounds));
        }
    }

    /// Turns the gradient behind a normalisation into the one before it; returns those of scale and shift.
    fn unnormalise(&self, at: usize, pass: &Forward, dy: &mut [f32]) -> (Vec<f32>, Vec<f32>) {
        let (raw, moments, layer) = (&pass.raw[at], &pass.moments[at], &self.layers[at]);
        let channels = layer.scale.len();
        let sample = raw.len() / self.samples.max(1);
        let part = self.part() * sample;
        let parts: Vec<Vec<f64>> = dy
            .par_chunks(part)
            .zip(raw.par_chunks(part))
            .map(|(dy, raw)| {
                let mut total = vec![0f64; 2 * channels];
                for (dy, raw) in dy.chunks_exact(sample).zip(raw.chunks_exact(sample)) {
                    let mut sums = vec![0f32; 2 * channels];
                    let (sum, product) = sums.split_at_mut(channels);
                    norm::product_sums(dy, raw, sum, product);
                    total.iter_mut().zip(&sums).for_each(|(total, sum)| *total += f64::from(*sum));
                }
                total
            })
            .collect();
        let total = parts.into_iter().reduce(add).unwrap_or_else(|| vec![0.0; 2 * channels]);
        let count = (raw.len() / channels).max(1) as f64;
        let (mut a, mut b, mut c) = (vec![0.0; channels], vec![0.0; channels], vec![0.0; channels]);
        let (mut scale, mut shift) = (vec![0.0; channels], vec![0.0; channels]);
        for channel in 0..channels {
            let mean = f64::from(moments.mean[channel]);
            let inverse = 1.0 / (f64::from(moments.variance[channel]) + f64::from(norm::EPSILON)).sqrt();
            let sum = total[channel];
            // Of dy times the normalised value.
            let product = (total[channels + channel] - mean * sum) * inverse;
            let gain = f64::from(layer.scale[channel]) * inverse;
            a[channel] = gain as f32;
            b[channel] = (-gain * inverse * product / count) as f32;
            c[channel] = (gain * (inverse * mean * product - sum) / count) as f32;
            scale[channel] = product as f32;
            shift[channel] = sum as f32;
        }
        dy.par_chunks_mut(part).zip(raw.par_chunks(part)).for_each(|(dy, raw)| norm::combine(dy, raw, &a, &b, &c));
        (scale, shift)
    }

    /// Gradients of an operator's filter and inputs.
    fn unlinear(&self, at: usize, pass: &Forward, dy: Vec<f32>, gradient: &mut Layer, of_values: &mut [Vec<f32>]) {
        let (network, op, layer) = (self.network, &self.network.ops[at], &self.layers[at]);
        let (x, out) = (network.value(op.inputs[0]), network.value(op.output));
        let input = &pass.values[op.inputs[0].0];
        let wanted = op.inputs[0] != network.input;
        let (from, to) = (self.part() * x.elements(), self.part() * out.elements());
        let mut dx = if wanted { vec![0.0; input.len()] } else { Vec::new() };
        let input_gradient = |dx: &mut [f32], one: &(dyn Fn(&[f32], &mut [f32]) + Sync)| {
            dx.par_chunks_mut(from).zip(dy.par_chunks(to)).for_each(|(dx, dy)| one(dy, dx));
        };
        let filter_gradient = |one: &(dyn Fn(&[f32], &[f32], &mut [f32]) + Sync)| -> Vec<f32> {
            let parts: Vec<Vec<f32>> = input
                .par_chunks(from)
                .zip(dy.par_chunks(to))
                .map(|(x, dy)| {
                    let mut dw = vec![0.0; layer.filter.len()];
                    one(x, dy, &mut dw);
                    dw
                })
                .collect();
            parts.into_iter().reduce(add).unwrap_or_default()
        };
        match op.kind {
            FloatKind::Conv2d { filter, window, .. } => {
                let plane = Plane::new(x, out, filter, window);
                let (depth, channels) = (network.fan_in(op), out.channels());
                let pixels = plane.out.h * plane.out.w;
                let back = transpose(&layer.filter, depth, channels);
                if plane.pointwise() {
                    gradient.filter = filter_gradient(&|x, dy, dw| {
                        product(x, Left::Columns, dy, depth, x.len() / depth, channels, dw);
                    });
                    if wanted {
                        input_gradient(&mut dx, &|dy, dx| {
                            product(dy, Left::Rows, &back, dy.len() / channels, channels, depth, dx);
                        });
                    }
                } else {
                    gradient.filter = filter_gradient(&|x, dy, dw| {
                        for (x, dy) in x.chunks_exact(plane.elements()).zip(dy.chunks_exact(pixels * channels)) {
                            let columns = unfold::unfold(&plane, x);
                            product(&columns, Left::Columns, dy, depth, pixels, channels, dw);
                        }
                    });
                    if wanted {
                        input_gradient(&mut dx, &|dy, dx| {
                            for (dy, dx) in
                                dy.chunks_exact(pixels * channels).zip(dx.chunks_exact_mut(plane.elements()))
                            {
                                let mut columns = vec![0.0; pixels * depth];
                                product(dy, Left::Rows, &back, pixels, channels, depth, &mut columns);
                                unfold::fold(&plane, &columns, dx);
                            }
                        });
                    }
                }
            }
            FloatKind::DepthwiseConv2d { filter, window, .. } => {
                let plane = Plane::new(x, out, filter, window);
                gradient.filter = filter_gradient(&|x_part, dy, dw| {
                    for (x, dy) in x_part.chunks_exact(x.elements()).zip(dy.chunks_exact(out.elements())) {
                        depthwise::backward_filter(&plane, x, dy, dw);
                    }
                });
                if wanted {
                    input_gradient(&mut dx, &|dy, dx| {
                        for (dy, dx) in dy.chunks_exact(out.elements()).zip(dx.chunks_exact_mut(x.elements())) {
                            depthwise::backward_input(&plane, dy, &layer.filter, dx);
                        }
                    });
                }
            }
            FloatKind::Dense { .. } => {
                let (depth, channels) = (x.channels(), out.channels());
                gradient.filter = filter_gradient(&|x, dy, dw| {
                    product(x, Left::Columns, dy, depth, x.len() / depth, channels, dw);
                });
                gradient.shift = vec![0.0; channels];
                for row in dy.chunks_exact(channels) {
                    gradient.shift.iter_mut().zip(row).for_each(|(sum, dy)| *sum += dy);
                }
                if wanted {
                    let back = transpose(&layer.filter, depth, channels);
                    input_gradient(&mut dx, &|dy, dx| {
                        product(dy, Left::Rows, &back, dy.len() / channels, channels, depth, dx);
                    });
                }
            }
            FloatKind::Add { .. } => {
                merge(&mut of_values[op.inputs[1].0], dy.clone());
                dx = dy;
            }
            FloatKind::AveragePool2d { filter, window } => {
                let plane = Plane::new(x, out, filter, window);
                input_gradient(&mut dx, &|dy, dx| {
                    for (dy, dx) in dy.chunks_exact(out.elements()).zip(dx.chunks_exact_mut(x.elements())) {
                        unfold::spread_average(&plane, dy, dx);
                    }
                });
            }
            FloatKind::MaxPool2d { filter, window } => {
                let plane = Plane::new(x, out, filter, window);
                let sizes = (x.elements(), out.elements());
                for ((dy, dx), x) in
                    dy.chunks_exact(sizes.1).zip(dx.chunks_exact_mut(sizes.0)).zip(input.chunks_exact(sizes.0))
                {
                    unfold::spread_largest(&plane, x, dy, dx);
                }
            }
            FloatKind::Reshape => dx = dy,
            // Behind the logits.
            FloatKind::Softmax => {}
        }
        if wanted {
            merge(&mut of_values[op.inputs[0].0], dx);
        }
    }
}

/// Factor and shift that normalise by `moments` and then scale.
pub(in crate::train) fn affine(layer: &Layer, moments: &Moments) -> (Vec<f32>, Vec<f32>) {
    let scale: Vec<f32> =
        layer.scale.iter().zip(&moments.variance).map(|(s, v)| s / (v + norm::EPSILON).sqrt()).collect();
    let shift = layer.shift.iter().zip(&moments.mean).zip(&scale).map(|((shift, mean), s)| shift - mean * s).collect();
    (scale, shift)
}

fn product(left: &[f32], layout: Left, right: &[f32], rows: usize, depth: usize, columns: usize, to: &mut [f32]) {
    thread_local! {
        static PANELS: std::cell::RefCell<Vec<f32>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    PANELS.with_borrow_mut(|panels| multiply(left, layout, right, Sizes { rows, depth, columns }, to, panels));
}

fn add<T: std::ops::AddAssign + Copy>(mut sum: Vec<T>, part: Vec<T>) -> Vec<T> {
    sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    sum
}

/// Adds a gradient to what others have said of the same value.
fn merge(of: &mut Vec<f32>, gradient: Vec<f32>) {
    if of.is_empty() {
        *of = gradient;
    } else {
        of.iter_mut().zip(gradient).for_each(|(sum, part)| *sum += part);
    }
}

/// Bounds of the activation of an operator.
fn bounds(op: &FloatOp) -> (f32, f32) {
    norm::bounds(match op.kind {
        FloatKind::Conv2d { activation, .. }
        | FloatKind::DepthwiseConv2d { activation, .. }
        | FloatKind::Dense { activation }
        | FloatKind::Add { activation } => activation,
        _ => Activation::None,
    })
}
