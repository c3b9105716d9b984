//! Data sets, training of networks and of weight-sharing supernets, quantisation and accuracy.

pub mod cpu;
pub mod layer;
pub mod trainer;
