//! Networks: the int8 graph, its quantised arithmetic, the reference interpreter, and `.tflite` files.

pub mod derive;
pub mod graph;
pub mod reference;
pub mod requant;
pub mod tflite;

pub use graph::{Clamp, DType, Hw, Network, Op, OpKind, Pads, Quantization, Tensor, TensorId, Window};
pub use requant::Requant;
