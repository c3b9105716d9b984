//! Import and export of `.tflite` files. Field numbers are those of TFLite's schema (version 3).

mod codes;
mod export;
pub mod file;
mod import;
mod lower;
mod reader;

pub use export::{ExportError, export, file as export_file};
pub use import::import;

/// Why a `.tflite` file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("not a .tflite file: the identifier `TFL3` is missing at byte 4")]
    NotTflite,
    #[error("the file is truncated or corrupt near byte {at}")]
    Truncated { at: usize },
    #[error("the file asks for more memory than its own size explains ({what})")]
    TooLarge { what: &'static str },
    #[error("tensor {index} `{name}`: {problem}")]
    Tensor { index: usize, name: String, problem: String },
    #[error("operator {index} ({kind}, output `{tensor}`): {problem}")]
    Operator { index: usize, kind: String, tensor: String, problem: String },
}
