//! Peripherals at their registers, as software on the board sees them, without a core.

mod bench;
mod clocks;
mod dma;
mod f4;
mod flash;
mod h7;
mod pins;
mod refusals;
mod serial;
mod small;
mod timers;
mod twins;
mod u5;
