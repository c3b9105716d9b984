//! When each activation tensor must be held in memory.

use crate::network::{Network, OpKind, TensorId};

/// Why lifetimes cannot be had: the operators are not in an order that can be executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifetimeError {
    #[error("operator {op}: tensor `{tensor}` is read before it is computed")]
    NotComputed { op: usize, tensor: String },
    #[error("operator {op}: tensor `{tensor}` is written, but it already has a value")]
    Rewritten { op: usize, tensor: String },
    #[error("operator {op}: reshape of tensor `{tensor}` has no input")]
    NoInput { op: usize, tensor: String },
    #[error("operator {op}: reshape to tensor `{tensor}` turns {from} bytes into {to}")]
    ResizedAlias { op: usize, tensor: String, from: usize, to: usize },
    #[error("network output `{tensor}` is never computed")]
    OutputNotComputed { tensor: String },
}

/// The span over which a buffer is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetime {
    /// The tensor that owns the buffer; aliases of it share the buffer.
    pub tensor: TensorId,
    /// Index of the first operator during which it is held.
    pub first: usize,
    /// Index of the last operator during which it is held (inclusive).
    pub last: usize,
    /// Unaligned size in bytes.
    pub bytes: usize,
}

/// Lifetimes of every activation that owns a buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetimes {
    /// In the order in which the buffers come into being.
    pub spans: Vec<Lifetime>,
    /// For each tensor, the tensor whose bytes it shares: itself unless it is an alias.
    owners: Vec<TensorId>,
}

impl Lifetimes {
    /// Follows the operators of `network` in order.
    ///
    /// Network inputs are held from operator 0, since they are filled before it; network outputs until the last
    /// operator, since they are read after it. A tensor that nobody reads is held while it is written.
    pub fn of(network: &Network) -> Result<Self, LifetimeError> {
        let mut walk = Walk::new(network);
        for &id in &network.inputs {
            // Listing a tensor twice is harmless; a constant needs no buffer.
            if !walk.ready[id.0] {
                walk.hold(id, 0);
            }
        }
        for (index, op) in network.ops.iter().enumerate() {
            for &id in &op.inputs {
                walk.read(id, index)?;
            }
            let name = || network.tensor(op.output).name.clone();
            if walk.ready[op.output.0] {
                return Err(LifetimeError::Rewritten { op: op.origin, tensor: name() });
            }
            if op.kind != OpKind::Reshape {
                walk.hold(op.output, index);
                continue;
            }
            let Some(&input) = op.inputs.first() else {
                return Err(LifetimeError::NoInput { op: op.origin, tensor: name() });
            };
            let (from, to) = (network.tensor(input).bytes(), network.tensor(op.output).bytes());
            if from != to {
                return Err(LifetimeError::ResizedAlias { op: op.origin, tensor: name(), from, to });
            }
            walk.alias(op.output, input);
        }
        let end = network.ops.len().saturating_sub(1);
        for &id in &network.outputs {
            if !walk.ready[id.0] {
                return Err(LifetimeError::OutputNotComputed { tensor: network.tensor(id).name.clone() });
            }
            walk.extend(id, end);
        }
        Ok(Self { spans: walk.spans, owners: walk.owners })
    }

    /// The tensor whose bytes `id` shares: `id` itself unless it is an alias, possibly a constant.
    pub fn owner(&self, id: TensorId) -> TensorId {
        self.owners[id.0]
    }
}

struct Walk<'a> {
    network: &'a Network,
    spans: Vec<Lifetime>,
    owners: Vec<TensorId>,
    /// Index into `spans` of each tensor that owns a buffer.
    span_of: Vec<Option<usize>>,
    /// Whether a tensor has a value.
    ready: Vec<bool>,
}

impl<'a> Walk<'a> {
    fn new(network: &'a Network) -> Self {
        Self {
            network,
            spans: Vec::new(),
            owners: (0..network.tensors.len()).map(TensorId).collect(),
            span_of: vec![None; network.tensors.len()],
            ready: network.tensors.iter().map(|t| t.data.is_some()).collect(),
        }
    }

    fn hold(&mut self, id: TensorId, moment: usize) {
        self.ready[id.0] = true;
        self.span_of[id.0] = Some(self.spans.len());
        let bytes = self.network.tensor(id).bytes();
        self.spans.push(Lifetime { tensor: id, first: moment, last: moment, bytes });
    }

    /// The input's owner is already final, so that chains of reshapes collapse into one step.
    fn alias(&mut self, id: TensorId, input: TensorId) {
        self.ready[id.0] = true;
        self.owners[id.0] = self.owners[input.0];
    }

    fn read(&mut self, id: TensorId, index: usize) -> Result<(), LifetimeError> {
        if !self.ready[id.0] {
            let tensor = self.network.tensor(id).name.clone();
            return Err(LifetimeError::NotComputed { op: self.network.ops[index].origin, tensor });
        }
        self.extend(id, index);
        Ok(())
    }

    fn extend(&mut self, id: TensorId, moment: usize) {
        if let Some(span) = self.span_of[self.owners[id.0].0] {
            self.spans[span].last = self.spans[span].last.max(moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Clamp, DType, Op, Tensor};

    /// Tensors of the given bytes; operators as (kind, inputs, output), numbered from 100 in their file.
    fn network(bytes: &[usize], ops: &[(OpKind, &[usize], usize)], outputs: &[usize]) -> Network {
        let tensor = |(i, &n): (usize, &usize)| Tensor {
            name: format!("t{i}"),
            shape: vec![n],
            dtype: DType::I8,
            quant: None,
            data: None,
        };
        let op = |(i, (kind, inputs, output)): (usize, &(OpKind, &[usize], usize))| Op {
            kind: kind.clone(),
            inputs: inputs.iter().copied().map(TensorId).collect(),
            output: TensorId(*output),
            origin: 100 + i,
        };
        Network {
            name: "net".into(),
            tensors: bytes.iter().enumerate().map(tensor).collect(),
            ops: ops.iter().enumerate().map(op).collect(),
            inputs: vec![TensorId(0)],
            outputs: outputs.iter().copied().map(TensorId).collect(),
        }
    }

    fn add() -> OpKind {
        OpKind::Add { clamp: Clamp { min: -128, max: 127 } }
    }

    fn spans(network: &Network) -> Vec<(usize, usize, usize, usize)> {
        let lifetimes = Lifetimes::of(network).expect("lifetimes");
        lifetimes.spans.iter().map(|s| (s.tensor.0, s.first, s.last, s.bytes)).collect()
    }

    #[test]
    fn tensors_are_held_from_writer_to_last_reader_and_outputs_until_the_end() {
        let ops: [(OpKind, &[usize], usize); 4] = [
            (OpKind::Quantize, &[0], 1),
            (OpKind::Quantize, &[1], 2),
            (add(), &[1, 2], 3),
            (OpKind::Quantize, &[3], 4),
        ];
        let expected = [(0, 0, 0, 9), (1, 0, 3, 9), (2, 1, 2, 9), (3, 2, 3, 9), (4, 3, 3, 9)];
        assert_eq!(spans(&network(&[9; 5], &ops, &[1, 4])), expected);
    }

    #[test]
    fn an_input_read_late_is_held_from_the_start() {
        let mut late = network(&[4; 5], &[(OpKind::Quantize, &[0], 2), (add(), &[1, 2], 3)], &[3]);
        late.inputs.push(TensorId(1));
        assert_eq!(spans(&late), [(0, 0, 0, 4), (1, 0, 1, 4), (2, 0, 1, 4), (3, 1, 1, 4)]);
    }

    #[test]
    fn readers_of_an_alias_hold_the_owner() {
        let ops: [(OpKind, &[usize], usize); 4] =
            [(OpKind::Reshape, &[0], 1), (OpKind::Reshape, &[1], 2), (OpKind::Quantize, &[0], 3), (add(), &[2, 3], 4)];
        let net = network(&[6; 5], &ops, &[4]);
        assert_eq!(spans(&net), [(0, 0, 3, 6), (3, 2, 3, 6), (4, 3, 3, 6)]);
        let lifetimes = Lifetimes::of(&net).expect("lifetimes");
        assert_eq!([1, 2, 3].map(|i| lifetimes.owner(TensorId(i)).0), [0, 0, 3]);
    }

    #[test]
    fn constants_and_their_aliases_own_no_buffer() {
        let mut net = network(&[4; 4], &[(OpKind::Reshape, &[1], 2), (add(), &[0, 2], 3)], &[3]);
        net.tensors[1].data = Some(vec![0; 4].into());
        assert_eq!(spans(&net), [(0, 0, 1, 4), (3, 1, 1, 4)]);
    }

    #[test]
    fn orders_that_cannot_run_name_operator_and_tensor() {
        let message = |net: &Network| Lifetimes::of(net).unwrap_err().to_string();
        let early = network(&[4; 3], &[(add(), &[0, 2], 1)], &[1]);
        assert_eq!(message(&early), "operator 100: tensor `t2` is read before it is computed");
        let twice = network(&[4; 2], &[(OpKind::Quantize, &[0], 1), (OpKind::Quantize, &[0], 1)], &[1]);
        assert_eq!(message(&twice), "operator 101: tensor `t1` is written, but it already has a value");
        let resized = network(&[4, 8], &[(OpKind::Reshape, &[0], 1)], &[1]);
        assert_eq!(message(&resized), "operator 100: reshape to tensor `t1` turns 4 bytes into 8");
        let empty = network(&[4, 4], &[(OpKind::Reshape, &[], 1)], &[1]);
        assert_eq!(message(&empty), "operator 100: reshape of tensor `t1` has no input");
        let nothing = network(&[4, 4], &[], &[1]);
        assert_eq!(message(&nothing), "network output `t1` is never computed");
    }
}
