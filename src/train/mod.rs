//! Data sets, training of networks and of weight-sharing supernets, quantisation and accuracy.

pub mod accuracy;
pub mod aware;
pub mod batches;
pub mod burn;
pub mod calibrate;
pub mod checkpoint;
pub mod cpu;
pub mod data;
pub mod descent;
pub mod device;
pub mod elastic;
mod error;
pub mod fold;
pub mod layer;
pub mod memory;
pub mod recipe;
pub mod rivals;
pub mod session;
pub mod supernet;
pub mod surrogate;
pub mod trainer;

pub use error::TrainError;
