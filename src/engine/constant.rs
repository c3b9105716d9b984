//! Channels that hold one value whatever the input.

use crate::network::derive::{channel_requants, mean_requant};
use crate::network::{Clamp, Network, Op, OpKind, Pads, Requant, Tensor, TensorId, Window};

/// Per tensor and channel (the last dimension) the value, where it is the same at every position and for every input.
pub struct Constants(Vec<Vec<Option<i32>>>);

impl Constants {
    /// Follows the operators in order.
    pub fn of(network: &Network) -> Self {
        let unknown = |t: &Tensor| vec![None; t.shape.last().copied().unwrap_or(0)];
        let mut constants = Self(network.tensors.iter().map(unknown).collect());
        for op in &network.ops {
            if let Some(values) = constants.output(network, op) {
                constants.0[op.output.0] = values;
            }
        }
        constants
    }

    /// The value of each channel of `id`.
    pub fn channels(&self, id: TensorId) -> &[Option<i32>] {
        &self.0[id.0]
    }

    fn output(&self, network: &Network, op: &Op) -> Option<Vec<Option<i32>>> {
        let id = *op.inputs.first()?;
        let (x, out, known) = (network.tensor(id), network.tensor(op.output), self.channels(id));
        match &op.kind {
            OpKind::Conv2d { window, clamp } => {
                let filter = network.tensor(op.inputs[1]);
                let depth = filter.shape[3];
                let (data, layer) = (filter.data.as_deref()?, Layer::new(network, op, window, *clamp)?);
                let inner: usize = filter.shape[1..].iter().product();
                let value = |c: usize| {
                    let group = c / (filter.shape[0] / (x.shape[3] / depth)) * depth;
                    let taps = data[c * inner..][..inner].iter().enumerate();
                    layer.value(c, taps.map(|(i, w)| (*w as i8, known[group + i % depth])))
                };
                Some((0..filter.shape[0]).map(value).collect())
            }
            OpKind::DepthwiseConv2d { window, multiplier, clamp } => {
                let filter = network.tensor(op.inputs[1]);
                let channels = filter.shape[3];
                let (data, layer) = (filter.data.as_deref()?, Layer::new(network, op, window, *clamp)?);
                let value = |c: usize| {
                    let taps = data.iter().skip(c).step_by(channels);
                    layer.value(c, taps.map(|w| (*w as i8, known[c / multiplier])))
                };
                Some((0..channels).map(value).collect())
            }
            OpKind::AveragePool2d { window, clamp, .. } | OpKind::MaxPool2d { window, clamp, .. } => {
                // A window that lies in the padding as a whole would have another value.
                let inside = window.pads == Pads::default();
                inside.then(|| known.iter().map(|v| v.map(|v| v.max(clamp.min).min(clamp.max))).collect())
            }
            OpKind::Mean { axes, .. } if !axes.contains(&(x.shape.len() - 1)) => {
                let count: usize = axes.iter().map(|axis| x.shape[*axis]).product();
                Some(known.iter().map(|v| v.map(|v| mean(v, count, x, out))).collect())
            }
            OpKind::Reshape => {
                let (from, to) = (known.len(), out.shape.last().copied()?);
                let flattened = to.is_multiple_of(from) && out.elements() == to;
                (from == to || flattened).then(|| (0..to).map(|i| known[i % from]).collect())
            }
            _ => None,
        }
    }
}

/// A layer with weights: what it makes of a channel all of whose inputs are known.
struct Layer<'a> {
    biases: &'a [u8],
    requants: Vec<Requant>,
    zero: i32,
    output_zero: i32,
    clamp: Clamp,
    padded: bool,
}

impl<'a> Layer<'a> {
    fn new(network: &'a Network, op: &Op, window: &Window, clamp: Clamp) -> Option<Self> {
        let [x, filter, bias] = [0, 1, 2].map(|i| op.inputs.get(i).map(|id| network.tensor(*id)));
        let (x, filter, out) = (x?, filter?, network.tensor(op.output));
        Some(Self {
            biases: bias?.data.as_deref()?,
            requants: channel_requants(x, filter, out),
            zero: x.zero_point(),
            output_zero: out.zero_point(),
            clamp,
            padded: window.pads != Pads::default(),
        })
    }

    fn value(&self, channel: usize, taps: impl Iterator<Item = (i8, Option<i32>)>) -> Option<i32> {
        let mut acc = i32::from_le_bytes(self.biases.get(4 * channel..4 * channel + 4)?.try_into().ok()?);
        for (weight, value) in taps.filter(|(weight, _)| *weight != 0) {
            let value = value? - self.zero;
            // Padding has the zero point, so that the sum would depend on the position.
            if self.padded && value != 0 {
                return None;
            }
            acc = acc.wrapping_add(value * i32::from(weight));
        }
        let scaled = self.requants.get(channel)?.apply(acc);
        Some(scaled.saturating_add(self.output_zero).max(self.clamp.min).min(self.clamp.max))
    }
}

fn mean(value: i32, count: usize, x: &Tensor, out: &Tensor) -> i32 {
    let count_i32 = count as i32;
    let centred = value.wrapping_mul(count_i32).wrapping_sub(x.zero_point().wrapping_mul(count_i32));
    let requant = mean_requant(x.scale(), out.scale(), count);
    requant.apply(centred).saturating_add(out.zero_point()).clamp(-128, 127)
}
