//! From an architecture and the user's choices to the operators of a float network, still without weights.

use super::schema::{Act, Architecture, Channels, Layer, OpName, Padding, Round};
use super::{BuiltinError, Spec};
use crate::network::derive::Activation;
use crate::network::float::{FloatKind, FloatNetwork, FloatOp, Value};
use crate::network::geometry;
use crate::network::{Hw, Pads, TensorId, Window};

/// Elements of one tensor that no microcontroller holds; a mistake in a file must not exhaust the host.
const MAX_ELEMENTS: usize = 1 << 26;

/// The operators of `architecture` with the choices of `spec`, or their defaults.
pub(in crate::network) fn expand(architecture: &Architecture, spec: &Spec) -> Result<FloatNetwork, BuiltinError> {
    let choices = Choices::of(architecture, spec)?;
    let mut shape = vec![1];
    shape.extend(&architecture.input.shape);
    if let (4, Some(pixels)) = (shape.len(), choices.resolution) {
        shape[1] = pixels;
        shape[2] = pixels;
    }
    let input = Value { name: "input".into(), shape };
    let channels = input.channels();
    let network = FloatNetwork {
        name: architecture.name.clone(),
        values: vec![input],
        ops: Vec::new(),
        input: TensorId(0),
        output: TensorId(0),
    };
    let mut stack = Stack { architecture, choices, network, top: TensorId(0), nominal: channels };
    for (index, layer) in architecture.layers.iter().enumerate() {
        stack.layer(index, layer).map_err(|problem| BuiltinError::Layer {
            architecture: architecture.name.clone(),
            index,
            problem,
        })?;
    }
    stack.network.output = stack.top;
    Ok(stack.network)
}

/// What the user chose, checked against what the architecture takes.
struct Choices {
    resolution: Option<usize>,
    width: f64,
    classes: usize,
}

impl Choices {
    fn of(architecture: &Architecture, spec: &Spec) -> Result<Self, BuiltinError> {
        let fail = |key: &'static str, problem: String| BuiltinError::Choice {
            architecture: architecture.name.clone(),
            key,
            problem,
        };
        let resolution = match (spec.resolution, architecture.resolution) {
            (Some(_), None) => {
                let problem = format!("its input is always {:?}; leave the key out", architecture.input.shape);
                return Err(fail("resolution", problem));
            }
            (Some(pixels), Some(range)) if !(range.min..=range.max).contains(&(pixels as usize)) => {
                return Err(fail("resolution", format!("{pixels} is not {} to {}", range.min, range.max)));
            }
            (pixels, _) => pixels.map(|pixels| pixels as usize),
        };
        let width = match (spec.width, architecture.width) {
            (Some(_), None) => {
                return Err(fail("width", "it has no width multiplier; leave the key out".into()));
            }
            (Some(width), Some(range)) if !(range.min..=range.max).contains(&width) => {
                return Err(fail("width", format!("{width} is not {} to {}", range.min, range.max)));
            }
            (chosen, range) => chosen.or(range.map(|range| range.default)).unwrap_or(1.0),
        };
        let classes = match (spec.classes, architecture.classes) {
            (Some(_), None) => return Err(fail("classes", "it does not classify; leave the key out".into())),
            (Some(classes), Some(_)) if !(1..=65_536).contains(&classes) => {
                return Err(fail("classes", format!("{classes} is not 1 to 65536")));
            }
            (chosen, own) => chosen.map(|classes| classes as usize).or(own).unwrap_or(1),
        };
        Ok(Self { resolution, width, classes })
    }
}

/// The network so far.
struct Stack<'a> {
    architecture: &'a Architecture,
    choices: Choices,
    network: FloatNetwork,
    /// What the next layer reads.
    top: TensorId,
    /// Its channels before the width multiplier: they decide where a shortcut is.
    nominal: usize,
}

type Done = Result<(), String>;

impl Stack<'_> {
    fn layer(&mut self, index: usize, layer: &Layer) -> Done {
        let activation = layer.activation.unwrap_or(self.architecture.activation);
        let nominal = match layer.channels {
            Some(Channels::Count(count)) => count,
            Some(Channels::Classes) => self.choices.classes,
            None => self.nominal,
        };
        let channels = match layer.channels {
            Some(Channels::Classes) => nominal,
            Some(Channels::Count(count)) => self.scaled(count),
            None => self.channels(),
        };
        for repetition in 0..layer.repeat {
            let name = match layer.repeat {
                1 => format!("l{index}"),
                _ => format!("l{index}.{repetition}"),
            };
            let stride = if repetition == 0 { layer.stride } else { Hw { h: 1, w: 1 } };
            let one = Layer { stride, ..*layer };
            match layer.op {
                OpName::Conv => self.conv(&name, one.kernel, stride, channels, activation)?,
                OpName::Depthwise => self.depthwise(&name, one.kernel, stride, activation)?,
                OpName::Separable => {
                    self.depthwise(&format!("{name}.depthwise"), one.kernel, stride, activation)?;
                    self.pointwise(&format!("{name}.pointwise"), channels, activation)?;
                }
                OpName::Mbconv => self.mbconv(&name, &one, nominal, channels, activation)?,
                OpName::Residual => self.residual(&name, &one, channels, activation)?,
                OpName::MaxPool | OpName::AveragePool => self.pool(&name, &one)?,
                OpName::GlobalAveragePool => self.global_pool(&name)?,
                OpName::Flatten => self.flatten(&name),
                OpName::Dense => self.dense(&name, channels, activation)?,
                OpName::Softmax => {
                    let shape = self.shape().to_vec();
                    self.push(&name, FloatKind::Softmax, vec![self.top], shape)?;
                }
            }
            self.nominal = nominal;
        }
        Ok(())
    }

    fn shape(&self) -> &[usize] {
        &self.network.value(self.top).shape
    }

    fn channels(&self) -> usize {
        self.network.value(self.top).channels()
    }

    /// Channels after the width multiplier.
    fn scaled(&self, channels: usize) -> usize {
        let Some(range) = self.architecture.width else { return channels };
        let exact = channels as f64 * self.choices.width;
        match range.round {
            Round::Up => 8 * (exact / 8.0).ceil() as usize,
            Round::Nearest => {
                let nearest = (8 * ((exact + 4.0) / 8.0) as usize).max(8);
                if (nearest as f64) < 0.9 * exact { nearest + 8 } else { nearest }
            }
        }
    }

    /// Height and width of what the next layer reads.
    fn plane(&self) -> Result<Hw, String> {
        match self.shape() {
            [_, h, w, _] => Ok(Hw { h: *h, w: *w }),
            other => Err(format!("it needs an image, and what comes before it has the shape {:?}", &other[1..])),
        }
    }

    /// The window of a filter in this architecture's padding, and the size of the output.
    fn window(&self, kernel: Hw, stride: Hw) -> Result<(Window, Hw), String> {
        let plane = self.plane()?;
        let axis = |size: usize, kernel: usize, stride: usize| match self.architecture.padding {
            Padding::Same => geometry::same(size, kernel, stride, 1),
            Padding::Symmetric => {
                let half = kernel / 2;
                (geometry::padded(size, kernel, stride, 1, 2 * half), half, half)
            }
        };
        let (h, top, bottom) = axis(plane.h, kernel.h, stride.h);
        let (w, left, right) = axis(plane.w, kernel.w, stride.w);
        if h == 0 || w == 0 {
            return Err(format!("a kernel of {}x{} does not fit {}x{}", kernel.h, kernel.w, plane.h, plane.w));
        }
        let pads = Pads { top, bottom, left, right };
        Ok((Window { stride, dilation: Hw { h: 1, w: 1 }, pads }, Hw { h, w }))
    }

    fn push(&mut self, name: &str, kind: FloatKind, inputs: Vec<TensorId>, shape: Vec<usize>) -> Done {
        if shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).is_none_or(|n| n > MAX_ELEMENTS) {
            return Err(format!("its output of shape {:?} is too large", &shape[1..]));
        }
        let output = TensorId(self.network.values.len());
        self.network.values.push(Value { name: name.into(), shape });
        self.network.ops.push(FloatOp { kind, inputs, output, weights: None });
        self.top = output;
        Ok(())
    }

    fn conv(&mut self, name: &str, filter: Hw, stride: Hw, channels: usize, activation: Act) -> Done {
        let (window, out) = self.window(filter, stride)?;
        let kind = FloatKind::Conv2d { filter, window, activation: activation.into() };
        self.push(name, kind, vec![self.top], vec![1, out.h, out.w, channels])
    }

    fn pointwise(&mut self, name: &str, channels: usize, activation: Act) -> Done {
        let one = Hw { h: 1, w: 1 };
        self.conv(name, one, one, channels, activation)
    }

    fn depthwise(&mut self, name: &str, filter: Hw, stride: Hw, activation: Act) -> Done {
        let (window, out) = self.window(filter, stride)?;
        let kind = FloatKind::DepthwiseConv2d { filter, window, multiplier: 1, activation: activation.into() };
        self.push(name, kind, vec![self.top], vec![1, out.h, out.w, self.channels()])
    }

    fn mbconv(&mut self, name: &str, layer: &Layer, nominal: usize, channels: usize, activation: Act) -> Done {
        let input = self.top;
        let shortcut = layer.shortcut && layer.stride == Hw { h: 1, w: 1 } && nominal == self.nominal;
        let middle = match layer.middle {
            Some(middle) => self.scaled(middle),
            // Rounded before it is multiplied, as the papers' code does it.
            None => (self.channels() as f64 * layer.expand).round() as usize,
        };
        if middle != self.channels() {
            self.pointwise(&format!("{name}.expand"), middle, activation)?;
        }
        self.depthwise(&format!("{name}.depthwise"), layer.kernel, layer.stride, activation)?;
        self.pointwise(&format!("{name}.project"), channels, Act::None)?;
        if shortcut { self.add(name, self.top, input, Act::None) } else { Ok(()) }
    }

    fn residual(&mut self, name: &str, layer: &Layer, channels: usize, activation: Act) -> Done {
        let input = self.top;
        let changes = layer.stride != Hw { h: 1, w: 1 } || channels != self.channels();
        self.conv(&format!("{name}.first"), layer.kernel, layer.stride, channels, activation)?;
        self.conv(&format!("{name}.second"), layer.kernel, Hw { h: 1, w: 1 }, channels, Act::None)?;
        let main = self.top;
        self.top = input;
        if changes {
            self.conv(&format!("{name}.shortcut"), Hw { h: 1, w: 1 }, layer.stride, channels, Act::None)?;
        }
        self.add(name, self.top, main, activation)
    }

    fn add(&mut self, name: &str, lhs: TensorId, rhs: TensorId, activation: Act) -> Done {
        let shape = self.network.value(lhs).shape.clone();
        if shape != self.network.value(rhs).shape {
            return Err("its shortcut and its main branch differ in shape".into());
        }
        let kind = FloatKind::Add { activation: Activation::from(activation) };
        self.push(&format!("{name}.add"), kind, vec![lhs, rhs], shape)
    }

    fn pool(&mut self, name: &str, layer: &Layer) -> Done {
        let (window, out) = self.window(layer.kernel, layer.stride)?;
        let filter = layer.kernel;
        let kind = match layer.op {
            OpName::MaxPool => FloatKind::MaxPool2d { filter, window },
            _ => FloatKind::AveragePool2d { filter, window },
        };
        self.push(name, kind, vec![self.top], vec![1, out.h, out.w, self.channels()])
    }

    fn global_pool(&mut self, name: &str) -> Done {
        let filter = self.plane()?;
        let window = Window { stride: filter, dilation: Hw { h: 1, w: 1 }, pads: Pads::default() };
        self.push(name, FloatKind::AveragePool2d { filter, window }, vec![self.top], vec![1, 1, 1, self.channels()])
    }

    fn flatten(&mut self, name: &str) {
        let elements = self.network.value(self.top).elements();
        let pushed = self.push(name, FloatKind::Reshape, vec![self.top], vec![1, elements]);
        debug_assert!(pushed.is_ok(), "what is flattened is no larger than it was");
    }

    fn dense(&mut self, name: &str, channels: usize, activation: Act) -> Done {
        if self.shape().len() != 2 {
            return Err("it needs a `flatten` before it".into());
        }
        let kind = FloatKind::Dense { activation: activation.into() };
        self.push(name, kind, vec![self.top], vec![1, channels])
    }
}
