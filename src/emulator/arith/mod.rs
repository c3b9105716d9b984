//! Arithmetic of ARMv7E-M and of FPv4-SP and FPv5, to the bit: pure functions of registers and flags.
//!
//! Sources: Armv7-M Architecture Reference Manual (DDI 0403E), parts A2 (pseudocode of arithmetic) and A7 (instructions).

pub mod alu;
pub mod dsp;
pub mod fpu;
