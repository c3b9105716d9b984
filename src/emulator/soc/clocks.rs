//! Frequencies of the clock tree and the conversion of their ticks to core cycles.

/// A point of the clock tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// What the core runs at.
    Core,
    /// AXI and AHB, HCLK: the core's clock, or half of it on H7.
    Bus,
    Sys,
    Apb1,
    Apb2,
    /// APB3 of U5.
    Apb3,
    /// The bus of the always-on domain of H7.
    Apb4,
    /// Timers of APB1 and APB2, which may run at twice their bus.
    Timer1,
    Timer2,
    Hsi,
    Csi,
    /// MSI for kernel clocks of U5.
    Msik,
    Lse,
    Lsi,
    /// A source that is not modelled: it stands still.
    None,
}

impl Node {
    const COUNT: usize = 15;
}

/// Hz of every point; 0 where it stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks([u64; Node::COUNT]);

impl Clocks {
    /// All points at one frequency.
    pub fn uniform(hz: u64) -> Self {
        Self([hz; Node::COUNT])
    }

    pub fn hz(&self, node: Node) -> u64 {
        self.0[node as usize]
    }

    pub fn set(&mut self, node: Node, hz: u64) {
        self.0[node as usize] = hz;
    }
}

/// A clock as the core counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub hz: u64,
    pub core_hz: u64,
}

impl Rate {
    /// The first core cycle by which `count / per` ticks have passed; `None` for a clock that stands still.
    pub fn cycles(self, count: u64, per: u64) -> Option<u64> {
        if self.hz == 0 {
            return None;
        }
        let cycles = (u128::from(count) * u128::from(self.core_hz)).div_ceil(u128::from(self.hz) * u128::from(per));
        u64::try_from(cycles).ok()
    }

    /// Whole ticks in a number of core cycles.
    pub fn ticks(self, cycles: u64) -> u64 {
        if self.core_hz == self.hz {
            return cycles;
        }
        let ticks = u128::from(cycles) * u128::from(self.hz) / u128::from(self.core_hz.max(1));
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_and_cycles_are_inverse() {
        let rate = Rate { hz: 32_768, core_hz: 216_000_000 };
        for ticks in [1, 2, 3, 1000, 32_768] {
            let cycles = rate.cycles(ticks, 1).unwrap();
            assert_eq!(rate.ticks(cycles), ticks);
            assert_eq!(rate.ticks(cycles - 1), ticks - 1);
        }
        assert_eq!(Rate { hz: 0, core_hz: 1 }.cycles(1, 1), None);
    }
}
