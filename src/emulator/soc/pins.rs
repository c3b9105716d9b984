//! Levels of the pins, as the board drives them and as the host does.

use std::collections::BTreeMap;

/// A pin that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub at: u64,
    /// Port letter from 0 (`A`).
    pub port: u8,
    pub number: u8,
    pub high: bool,
}

/// All ports.
#[derive(Debug, Default)]
pub struct Pins {
    driven: [u16; Pins::PORTS],
    inputs: [u16; Pins::PORTS],
    outside: BTreeMap<(u8, u8), bool>,
    watched: [u16; Pins::PORTS],
    edges: Vec<Edge>,
    /// An input changed: EXTI has to look.
    pub changed: bool,
    /// Port that each EXTI line listens to, as SYSCFG says.
    pub exti_port: [u8; 16],
}

impl Pins {
    pub const PORTS: usize = 11;

    /// Levels that the board drives on a port; pins that it does not drive count as low.
    pub fn drive(&mut self, port: u8, levels: u16, now: u64) {
        let before = self.driven[usize::from(port)];
        let changed = (before ^ levels) & self.watched[usize::from(port)];
        for number in (0..16u8).filter(|n| changed >> n & 1 == 1) {
            self.edges.push(Edge { at: now, port, number, high: levels >> number & 1 == 1 });
        }
        self.driven[usize::from(port)] = levels;
    }

    pub fn driven(&self, port: u8) -> u16 {
        self.driven[usize::from(port)]
    }

    /// What the port reads at its pins.
    pub fn set_inputs(&mut self, port: u8, levels: u16) {
        let inputs = &mut self.inputs[usize::from(port)];
        self.changed |= *inputs != levels;
        *inputs = levels;
    }

    /// Level of EXTI line `line` from 0 to 15.
    pub fn exti(&self, line: usize) -> bool {
        self.inputs.get(usize::from(self.exti_port[line])).is_some_and(|levels| levels >> line & 1 == 1)
    }

    /// Levels that the host drives: mask of driven pins, and levels.
    pub fn outside(&self, port: u8) -> (u16, u16) {
        let of_port = self.outside.range((port, 0)..=(port, 15));
        of_port.fold((0, 0), |(mask, levels), ((_, n), high)| (mask | 1 << n, levels | u16::from(*high) << n))
    }

    /// The host drives a pin, or lets go of it.
    pub fn set_outside(&mut self, port: u8, number: u8, level: Option<bool>) {
        match level {
            Some(high) => self.outside.insert((port, number), high),
            None => self.outside.remove(&(port, number)),
        };
    }

    /// Records the edges of a pin from now on.
    pub fn watch(&mut self, port: u8, number: u8) {
        self.watched[usize::from(port)] |= 1 << number;
    }

    pub fn take_edges(&mut self) -> Vec<Edge> {
        std::mem::take(&mut self.edges)
    }
}
