//! Networks: the int8 graph, its quantised arithmetic, the reference interpreter, built-in architectures, and
//! `.tflite` files.

pub mod binary;
pub mod builtin;
pub mod derive;
pub mod digest;
pub mod fixed;
pub mod float;
pub mod geometry;
pub mod graph;
pub mod join;
pub mod quantise;
pub mod random;
pub mod rearrange;
pub mod reference;
pub mod requant;
pub mod space;
pub mod tflite;
pub mod unary;

pub use binary::Binary;
pub use digest::{digest, digest_hex};
pub use graph::{Clamp, DType, Hw, Network, Op, OpKind, Pads, Quantization, Reduction, Tensor, TensorId, Window};
pub use rearrange::Rearrangement;
pub use requant::Requant;
pub use unary::Unary;
