//! Transfers between memory and peripherals on behalf of DMA controllers. They take no time of their own.

use super::Soc;
use super::device::Transfer;
use crate::emulator::interface::{Memory, Width};

/// Transfers that one event may cause; a controller that asks for more is broken.
const LIMIT: usize = 1 << 17;

impl Soc {
    pub(super) fn run_dma(&mut self, now: u64, memory: &mut dyn Memory) {
        self.dma_runs = true;
        let mut left = LIMIT;
        loop {
            self.wires.requests_changed = false;
            for at in 0..self.dma.len() {
                let index = self.dma[at];
                while left > 0
                    && let Some(transfer) = self.on_device(index, now, memory, |device, bus| device.transfer(bus))
                {
                    let moved = self.move_item(transfer, now, memory).is_some();
                    self.on_device(index, now, memory, |device, bus| device.transferred(moved, bus));
                    left -= 1;
                }
            }
            if !self.wires.requests_changed || left == 0 {
                break;
            }
        }
        self.dma_runs = false;
    }

    fn move_item(&mut self, transfer: Transfer, now: u64, memory: &mut dyn Memory) -> Option<()> {
        let value = self.load_item(transfer.from, transfer.from_width, now, memory)?;
        let bytes = value.to_le_bytes();
        let size = transfer.to_width.bytes() as usize;
        if self.decoder.find(transfer.to).is_some() {
            self.write_device(transfer.to, transfer.to_width, value, now, memory).ok()
        } else if self.flash_ranges.iter().any(|(origin, size)| transfer.to.wrapping_sub(*origin) < *size) {
            None
        } else {
            memory.store(transfer.to, &bytes[..size]).then_some(())
        }
    }

    fn load_item(&mut self, address: u32, width: Width, now: u64, memory: &mut dyn Memory) -> Option<u32> {
        if self.decoder.find(address).is_some() {
            return self.read_device(address, width, now).ok();
        }
        let mut bytes = [0; 4];
        memory.load(address, &mut bytes[..width.bytes() as usize]).then(|| u32::from_le_bytes(bytes))
    }
}
