//! Networks: the int8 graph, its quantised arithmetic, the reference interpreter, and `.tflite` files.

pub mod graph;
pub mod requant;

pub use graph::{Clamp, DType, Hw, Network, Op, OpKind, Pads, Quantization, Tensor, TensorId, Window};
