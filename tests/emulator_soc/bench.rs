//! A board's peripherals with memory and a clock that the test moves.

use hil::board::Board;
use hil::emulator::soc::Soc;
use hil::emulator::{AccessError, Memory, Periphery, Width};

/// Memory of flash and RAM as two plain arrays.
pub struct Ram {
    pub flash: Vec<u8>,
    pub ram: Vec<u8>,
}

impl Ram {
    fn place(&self, address: u32, size: usize) -> Option<(bool, usize)> {
        let inside = |origin: u32, bytes: &[u8]| {
            let offset = address.wrapping_sub(origin) as usize;
            (offset < bytes.len() && offset + size <= bytes.len()).then_some(offset)
        };
        if let Some(offset) = inside(0x0800_0000, &self.flash) {
            return Some((true, offset));
        }
        inside(0x2000_0000, &self.ram).map(|offset| (false, offset))
    }
}

impl Memory for Ram {
    fn load(&self, address: u32, to: &mut [u8]) -> bool {
        let Some((flash, offset)) = self.place(address, to.len()) else { return false };
        let from = if flash { &self.flash } else { &self.ram };
        to.copy_from_slice(&from[offset..offset + to.len()]);
        true
    }

    fn store(&mut self, address: u32, from: &[u8]) -> bool {
        let Some((flash, offset)) = self.place(address, from.len()) else { return false };
        let to = if flash { &mut self.flash } else { &mut self.ram };
        to[offset..offset + from.len()].copy_from_slice(from);
        true
    }
}

pub struct Bench {
    pub soc: Soc,
    pub now: u64,
    pub memory: Ram,
}

impl Bench {
    pub fn new(board: &str) -> Self {
        let board = Board::shipped(board).expect("a board");
        let memory = Ram { flash: vec![0xff; board.flash_bytes() as usize], ram: vec![0; 0x10000] };
        Self { soc: Soc::new(&board).expect("its peripherals"), now: 0, memory }
    }

    pub fn l4() -> Self {
        Self::new("nucleo-l4r5zi")
    }

    pub fn f7() -> Self {
        Self::new("stm32f746g-disco")
    }

    pub fn try_read(&mut self, address: u32) -> Result<u32, AccessError> {
        self.soc.read(address, Width::Word, self.now)
    }

    pub fn try_write(&mut self, address: u32, value: u32) -> Result<(), AccessError> {
        self.soc.write(address, Width::Word, value, self.now, &mut self.memory)
    }

    pub fn read(&mut self, address: u32) -> u32 {
        self.try_read(address).unwrap_or_else(|e| panic!("{e}"))
    }

    pub fn write(&mut self, address: u32, value: u32) {
        self.try_write(address, value).unwrap_or_else(|e| panic!("{e}"));
    }

    pub fn write_sized(&mut self, address: u32, width: Width, value: u32) {
        self.soc.write(address, width, value, self.now, &mut self.memory).unwrap_or_else(|e| panic!("{e}"));
    }

    pub fn set(&mut self, address: u32, bits: u32) {
        let value = self.read(address);
        self.write(address, value | bits);
    }

    /// Moves to a cycle as a core does: it stops wherever something is due.
    pub fn go_to(&mut self, cycle: u64) {
        while self.soc.due() <= cycle {
            self.now = self.now.max(self.soc.due());
            self.soc.tick(self.now, &mut self.memory);
        }
        self.now = cycle;
    }

    pub fn pass(&mut self, cycles: u64) {
        self.go_to(self.now + cycles);
    }

    pub fn line(&self, number: usize) -> bool {
        self.soc.lines().is_high(number)
    }

    /// 120 MHz from MSI, range 1 boost, 5 wait states; LPUART1, TIM2 and all ports clocked.
    pub fn l4_at_120_mhz() -> Self {
        let mut bench = Self::l4();
        bench.set(0x4002_1058, 1 << 28 | 1);
        bench.write(0x4000_7080, 0);
        bench.write(0x4002_2000, 0x705);
        bench.write(0x4002_100c, 1 | 60 << 8 | 1 << 24);
        bench.set(0x4002_1000, 1 << 24);
        assert_ne!(bench.read(0x4002_1000) & 1 << 25, 0, "PLLRDY");
        bench.set(0x4002_1008, 3);
        assert_eq!(bench.read(0x4002_1008) & 0xc, 0xc, "SWS");
        bench.write(0x4002_104c, 0x1ff);
        bench.set(0x4002_105c, 1);
        bench
    }

    /// 216 MHz from HSE with over-drive, 7 wait states; USART1, TIM2 and all ports clocked.
    pub fn f7_at_216_mhz() -> Self {
        let mut bench = Self::f7();
        bench.set(0x4002_3840, 1 << 28 | 1);
        bench.set(0x4002_3800, 1 << 16);
        bench.write(0x4002_3804, 25 | 432 << 6 | 1 << 22 | 9 << 24);
        bench.set(0x4002_3800, 1 << 24);
        bench.set(0x4000_7000, 1 << 16);
        assert_ne!(bench.read(0x4000_7004) & 1 << 16, 0, "ODRDY");
        bench.set(0x4000_7000, 1 << 17);
        assert_ne!(bench.read(0x4000_7004) & 1 << 17, 0, "ODSWRDY");
        bench.write(0x4002_3c00, 7);
        bench.write(0x4002_3808, 5 << 10 | 4 << 13);
        bench.set(0x4002_3808, 2);
        assert_eq!(bench.read(0x4002_3808) & 0xc, 0x8, "SWS");
        bench.set(0x4002_3830, 0x7ff);
        bench.set(0x4002_3844, 1 << 4);
        bench
    }
}
