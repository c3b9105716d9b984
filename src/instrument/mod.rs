//! Power meters and their protocols.

mod entry;

pub use entry::{InstrumentEntry, InstrumentKind, Window};
