//! DMA controllers. An item moves as soon as its request is there and takes no time; the bus is not contended for.

pub mod channels;
pub mod gpdma;
pub mod mux;
pub mod streams;

use crate::emulator::interface::Width;

/// A size field of two bits.
fn width(field: u32) -> Width {
    match field & 3 {
        0 => Width::Byte,
        1 => Width::Half,
        _ => Width::Word,
    }
}

/// One end of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    address: u32,
    width: Width,
    increments: bool,
}

impl End {
    fn advance(&mut self) {
        if self.increments {
            self.address = self.address.wrapping_add(self.width.bytes());
        }
    }
}
