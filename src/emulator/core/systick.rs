//! The system timer, computed from time instead of counted.

/// Divider of the external reference that STM32 gives to SysTick (RM0432 and RM0385, RCC: HCLK / 8).
const EXTERNAL: u64 = 8;

#[derive(Debug, Clone, Default)]
pub(crate) struct SysTick {
    control: u32,
    reload: u32,
    flag: bool,
    /// Counter value while it does not run.
    frozen: u32,
    /// When the counter reaches 0 next, while it runs.
    zero: u64,
}

impl SysTick {
    fn divider(&self) -> u64 {
        if self.control & 4 != 0 { 1 } else { EXTERNAL }
    }

    fn running(&self) -> bool {
        self.control & 1 != 0 && (self.reload != 0 || self.frozen != 0)
    }

    /// When something happens next.
    pub fn due(&self) -> u64 {
        if self.running() { self.zero } else { u64::MAX }
    }

    /// Whether the counter reached 0 by `now` and asks for its exception.
    pub fn tick(&mut self, now: u64) -> bool {
        if now < self.due() {
            return false;
        }
        self.flag = true;
        let period = (u64::from(self.reload) + 1) * self.divider();
        if self.reload == 0 {
            // It reloads with 0 and stays.
            self.frozen = 0;
        } else {
            self.zero += (1 + (now - self.zero) / period) * period;
        }
        self.control & 2 != 0
    }

    fn value(&self, now: u64) -> u32 {
        if !self.running() {
            return self.frozen;
        }
        let left = self.zero.saturating_sub(now).div_ceil(self.divider());
        // Right after 0 comes the reload value.
        if left > u64::from(self.reload) && left > u64::from(self.frozen) { 0 } else { left as u32 }
    }

    pub fn read(&mut self, address: u32, now: u64) -> u32 {
        self.tick_flag(now);
        match address & 0xF {
            0x0 => self.control | u32::from(std::mem::take(&mut self.flag)) << 16,
            0x4 => self.reload,
            0x8 => self.value(now),
            _ => 0x4000_0000,
        }
    }

    /// A block may pass the zero before `tick` sees it; only the flag shows that.
    fn tick_flag(&mut self, now: u64) {
        self.flag |= now >= self.due();
    }

    pub fn write(&mut self, address: u32, value: u32, now: u64) {
        match address & 0xF {
            0x0 => {
                let current = self.value(now);
                self.control = value & 7;
                self.restart(current, now);
            }
            0x4 => {
                let current = self.value(now);
                let was_running = self.running();
                self.reload = value & 0x00FF_FFFF;
                if !was_running {
                    self.restart(current, now);
                }
            }
            0x8 => {
                self.flag = false;
                self.restart(0, now);
            }
            _ => {}
        }
    }

    /// Leaves out `cycles` in which the core was halted.
    pub fn hold(&mut self, cycles: u64) {
        self.zero = self.zero.saturating_add(cycles);
    }

    fn restart(&mut self, current: u32, now: u64) {
        self.frozen = current;
        let left = if current == 0 { u64::from(self.reload) + 1 } else { u64::from(current) };
        self.zero = now + left * self.divider();
    }
}
