//! What the host does: it talks to the console, and watches and drives pins.

use super::Soc;
use super::blocks::Model;
use super::device::NoMemory;
use super::pins::{Edge, Pins};
use super::serial::Sent;

impl Soc {
    /// Queues bytes for the board's console at its baud rate.
    pub fn send(&mut self, bytes: &[u8], now: u64) {
        let core_hz = self.core_hz();
        let console = self.console;
        self.wires.serial[console].send(bytes, now, core_hz);
        let name = self.wires.serial[console].name;
        if let Some(index) = self.device_named(name) {
            self.on_device(index, now, &mut NoMemory, |device, bus| device.tick(bus));
        }
    }

    /// What the board's console has sent since the last call.
    pub fn receive(&mut self) -> Vec<Sent> {
        let console = self.console;
        self.wires.serial[console].receive()
    }

    /// Whether [`Soc::receive`] would return anything.
    pub fn has_sent(&self) -> bool {
        self.wires.serial[self.console].has_heard()
    }

    /// Bit rate of the host's end of the console, 1/s.
    pub fn set_baud(&mut self, baud: u32) {
        self.wires.serial[self.console].baud = baud.into();
    }

    /// The board's bit rate where it was too far from the host's to be understood.
    pub fn baud_mismatch(&self) -> Option<u64> {
        self.wires.serial[self.console].mismatch
    }

    /// Makes erasing and programming so many times as quick as is typical, for a host whose patience is not in virtual time.
    pub fn set_flash_haste(&mut self, times: u64) {
        self.wires.flash_haste = times;
    }

    /// Erasing and programming `size` bytes from an offset of flash fail from now on, as worn-out flash does; 0 bytes: none
    /// do.
    pub fn spoil_flash(&mut self, offset: u32, size: u32) {
        if let Some(index) = self.flash {
            self.devices[index].device.spoil(offset, size);
        }
    }

    /// Records the edges of a pin that the board drives.
    pub fn watch(&mut self, port: char, number: u8) {
        if let Some(port) = port_number(port) {
            self.wires.pins.watch(port, number & 15);
        }
    }

    pub fn take_edges(&mut self) -> Vec<Edge> {
        self.wires.pins.take_edges()
    }

    /// Whether the board drives a pin high.
    pub fn pin(&self, port: char, number: u8) -> bool {
        port_number(port).is_some_and(|port| self.wires.pins.driven(port) >> (number & 15) & 1 == 1)
    }

    /// The host drives a pin, or lets go of it.
    pub fn drive_pin(&mut self, port: char, number: u8, level: Option<bool>, now: u64) {
        let Some(index) = port_number(port) else { return };
        self.wires.pins.set_outside(index, number & 15, level);
        let block = self.blocks.iter().position(|b| matches!(b.model, Model::Gpio(of, _) if of == index));
        if let Some(device) = block.and_then(|block| self.of_block[block]) {
            self.on_device(device, now, &mut NoMemory, |device, bus| device.tick(bus));
            let _ = self.settle(now, &mut NoMemory);
        }
    }
}

/// `A` is port 0.
fn port_number(port: char) -> Option<u8> {
    let number = (port as u32).wrapping_sub('A' as u32);
    u8::try_from(number).ok().filter(|number| usize::from(*number) < Pins::PORTS)
}
