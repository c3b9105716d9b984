//! Networks: the int8 graph, its quantised arithmetic, the reference interpreter, built-in architectures, and
//! `.tflite` files.

pub mod builtin;
pub mod derive;
pub mod digest;
pub mod float;
pub mod geometry;
pub mod graph;
pub mod quantise;
pub mod random;
pub mod reference;
pub mod requant;
pub mod space;
pub mod tflite;

pub use digest::{digest, digest_hex};
pub use graph::{Clamp, DType, Hw, Network, Op, OpKind, Pads, Quantization, Tensor, TensorId, Window};
pub use requant::Requant;
