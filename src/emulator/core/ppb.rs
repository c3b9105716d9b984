//! The private peripheral bus: what stands at 0xE000_0000 to 0xE00F_FFFF.

use super::bus::{Access, lane};
use super::config::CoreConfig;
use super::cpu::Cpu;
use super::dwt::Dwt;
use super::fault::{Fault, Halt};
use super::mpu::Mpu;
use super::nvic::Nvic;
use super::systick::SysTick;
use crate::board::Core;
use crate::emulator::timing::CacheGeometry;

/// Numbers of exceptions.
pub(crate) mod exception {
    pub const NMI: u32 = 2;
    pub const HARD_FAULT: u32 = 3;
    pub const MEMORY_MANAGEMENT: u32 = 4;
    pub const BUS_FAULT: u32 = 5;
    pub const USAGE_FAULT: u32 = 6;
    pub const SVCALL: u32 = 11;
    pub const DEBUG_MONITOR: u32 = 12;
    pub const PENDSV: u32 = 14;
    pub const SYSTICK: u32 = 15;
}

/// Bits of CFSR.
pub(crate) mod cfsr {
    pub const INSTRUCTION_ACCESS: u32 = 1 << 0;
    pub const DATA_ACCESS: u32 = 1 << 1;
    pub const MMFAR_VALID: u32 = 1 << 7;
    pub const INSTRUCTION_BUS: u32 = 1 << 8;
    pub const PRECISE: u32 = 1 << 9;
    pub const UNSTACKING: u32 = 1 << 11;
    pub const STACKING: u32 = 1 << 12;
    pub const BFAR_VALID: u32 = 1 << 15;
    pub const USAGE_SHIFT: u32 = 16;
}

pub(crate) const HFSR_VECTOR: u32 = 1 << 1;
pub(crate) const HFSR_FORCED: u32 = 1 << 30;

/// Bits of CCR.
const CCR_UNALIGN_TRP: u32 = 1 << 3;
const CCR_DIV_0_TRP: u32 = 1 << 4;
const CCR_STKALIGN: u32 = 1 << 9;

pub(crate) const FPCCR_LSPACT: u32 = 1;
pub(crate) const FPCCR_LSPEN: u32 = 1 << 30;
pub(crate) const FPCCR_ASPEN: u32 = 1 << 31;

/// The cycle counter of the data watchpoint and trace unit.
const CYCCNT: u32 = 0xE000_1004;

/// Registers of the system control space.
#[derive(Debug, Clone)]
pub(crate) struct Ppb {
    pub nvic: Nvic,
    pub systick: SysTick,
    pub mpu: Mpu,
    pub dwt: Dwt,
    pub vtor: u32,
    pub prigroup: u32,
    pub scr: u32,
    pub ccr: u32,
    pub cfsr: u32,
    pub hfsr: u32,
    pub mmfar: u32,
    pub bfar: u32,
    pub cpacr: u32,
    pub fpccr: u32,
    pub fpcar: u32,
    pub fpdscr: u32,
    actlr: u32,
    csselr: u32,
    core: Core,
    double_fpu: bool,
    instruction_cache: Option<CacheGeometry>,
    data_cache: Option<CacheGeometry>,
    /// ITCMCR, DTCMCR, AHBPCR, CACR, AHBSCR.
    m7_control: [u32; 5],
    itm: [u32; 3],
}

impl Ppb {
    pub fn new(config: &CoreConfig) -> Self {
        let (m7, ccr) = match config.core {
            Core::CortexM4f => (false, CCR_STKALIGN),
            Core::CortexM7f => (true, CCR_STKALIGN | 1 << 18),
            // NONBASETHRDENA and STKALIGN are 1 for good.
            Core::CortexM33f => (false, CCR_STKALIGN | 1),
        };
        Self {
            nvic: Nvic::new(config.irq_lines, config.priority_bits),
            systick: SysTick::default(),
            mpu: Mpu::new(config.core, config.mpu_regions),
            dwt: Dwt::new(m7),
            vtor: config.boot_address,
            prigroup: 0,
            scr: 0,
            ccr,
            cfsr: 0,
            hfsr: 0,
            mmfar: 0,
            bfar: 0,
            cpacr: 0,
            fpccr: FPCCR_ASPEN | FPCCR_LSPEN,
            fpcar: 0,
            fpdscr: 0,
            actlr: 0,
            csselr: 0,
            core: config.core,
            double_fpu: config.double_fpu,
            instruction_cache: config.instruction_cache,
            data_cache: config.data_cache,
            m7_control: [1, 1, 0, 0, 0],
            itm: [0; 3],
        }
    }

    /// Whether the core has L1 caches, and the registers that serve them.
    fn has_caches(&self) -> bool {
        match self.core {
            Core::CortexM4f | Core::CortexM33f => false,
            Core::CortexM7f => true,
        }
    }

    /// Whether the core is of Armv8-M.
    pub fn is_v8(&self) -> bool {
        match self.core {
            Core::CortexM4f | Core::CortexM7f => false,
            Core::CortexM33f => true,
        }
    }

    pub fn pend(&mut self, exception: u32) {
        self.nvic.pending.set(exception, true);
    }

    pub fn traps_division(&self) -> bool {
        self.ccr & CCR_DIV_0_TRP != 0
    }

    pub fn traps_unaligned(&self) -> bool {
        self.ccr & CCR_UNALIGN_TRP != 0
    }

    pub fn aligns_stack(&self) -> bool {
        self.ccr & CCR_STKALIGN != 0
    }

    /// Whether unprivileged code may access a register: only STIR if CCR.USERSETMPEND, and ITM ports.
    pub fn open_to_all(&self, address: u32) -> bool {
        address == 0xE000_EF00 && self.ccr & 2 != 0 || address < 0xE000_0080
    }

    /// The implemented bits of a priority.
    pub fn implemented(&self, value: u32) -> u8 {
        self.nvic.implemented(value)
    }

    /// The part of a priority that preempts.
    pub fn group(&self, priority: i32) -> i32 {
        if priority < 0 { priority } else { priority >> (self.prigroup + 1) << (self.prigroup + 1) }
    }

    fn cache_size(&self) -> u32 {
        let geometry = if self.csselr & 1 == 1 { self.instruction_cache } else { self.data_cache };
        let Some(cache) = geometry else { return 0 };
        let sets = cache.bytes / cache.ways / cache.line;
        0xF000_0000 | (sets - 1) << 13 | (cache.ways - 1) << 3 | (cache.line / 4).trailing_zeros() - 2
    }

    fn cache_level(&self) -> u32 {
        let kind = u32::from(self.instruction_cache.is_some()) | u32::from(self.data_cache.is_some()) << 1;
        if kind == 0 { 0 } else { 0x0900_0000 | kind }
    }
}

/// Which of the writes below change what decoded code or fast windows rely on.
enum After {
    Nothing,
    Access,
}

impl Cpu {
    pub(crate) fn read_ppb(&mut self, address: u32, access: Access, now: u64) -> Option<u32> {
        let value = self.read_ppb_word(address & !3, now)?;
        Some(lane(value, address, access.width))
    }

    fn unmodelled<T>(&mut self, address: u32, problem: &str) -> Option<T> {
        self.halt = Some(Halt::Register {
            address,
            peripheral: "private peripheral bus".into(),
            register: format!("{address:#010x}"),
            problem: problem.into(),
        });
        None
    }

    fn read_ppb_word(&mut self, address: u32, now: u64) -> Option<u32> {
        if address == CYCCNT {
            let activity = self.activity(now);
            self.looks.push(activity);
        }
        let ppb = &mut self.ppb;
        Some(match address {
            0xE000_0000..=0xE000_007C => 1,
            0xE000_0E00 => ppb.itm[0],
            0xE000_0E40 => ppb.itm[1],
            0xE000_0E80 => ppb.itm[2],
            0xE000_0FB4 => 0,
            0xE000_1000..=0xE000_1FFC => {
                return ppb.dwt.read(address, now).or_else(|| self.unmodelled(address, "read"));
            }
            _ if ppb.is_v8() && of_security(address) => 0,
            0xE000_E004 => u32::from(ppb.nvic.lines).div_ceil(32) - 1,
            0xE000_E008 => ppb.actlr,
            0xE000_E010..=0xE000_E01C => ppb.systick.read(address, now),
            0xE000_E100..=0xE000_E4EC => ppb.nvic.read(address),
            0xE000_ED00 => match ppb.core {
                Core::CortexM4f => 0x410F_C241,
                Core::CortexM7f => 0x411F_C271,
                Core::CortexM33f => 0x410F_D214,
            },
            0xE000_ED04 => self.icsr(),
            0xE000_ED08 => ppb.vtor,
            0xE000_ED0C => 0xFA05_0000 | ppb.prigroup << 8,
            0xE000_ED10 => ppb.scr,
            0xE000_ED14 => ppb.ccr,
            0xE000_ED18..=0xE000_ED20 => ppb.nvic.system_priorities(address),
            0xE000_ED24 => ppb.nvic.shcsr(),
            0xE000_ED28 => ppb.cfsr,
            0xE000_ED2C => ppb.hfsr,
            0xE000_ED30 => self.debug.dfsr,
            0xE000_ED34 => ppb.mmfar,
            0xE000_ED38 => ppb.bfar,
            0xE000_ED3C => 0,
            0xE000_ED40..=0xE000_ED74 => identification(address, ppb.core),
            0xE000_ED78 => ppb.cache_level(),
            0xE000_ED7C => match ppb.core {
                Core::CortexM4f => 0,
                Core::CortexM7f => 0x8303_C003,
                Core::CortexM33f => 0x8000_C000,
            },
            0xE000_ED80 => ppb.cache_size(),
            0xE000_ED84 => ppb.csselr,
            0xE000_ED88 => ppb.cpacr,
            0xE000_ED90..=0xE000_EDB8 => ppb.mpu.read(address),
            0xE000_EDF0 => self.debug.dhcsr_by_software(),
            0xE000_EDF8 => 0,
            0xE000_EDFC => self.debug.demcr,
            0xE000_EF34 => ppb.fpccr,
            0xE000_EF38 => ppb.fpcar,
            0xE000_EF3C => ppb.fpdscr,
            0xE000_EF40 if ppb.double_fpu => 0x1011_0221,
            0xE000_EF40 => 0x1011_0021,
            0xE000_EF44 if ppb.double_fpu => 0x1200_0011,
            0xE000_EF44 => 0x1100_0011,
            0xE000_EF48 => match ppb.core {
                Core::CortexM4f => 0,
                Core::CortexM7f | Core::CortexM33f => 0x40,
            },
            0xE000_EDC0 | 0xE000_EDC4 if ppb.is_v8() => ppb.mpu.read(address),
            0xE000_EF90..=0xE000_EFA0 if ppb.has_caches() => ppb.m7_control[(address - 0xE000_EF90) as usize / 4],
            0xE000_EFA8 if ppb.has_caches() => 0,
            0xE004_0000..=0xE004_0FFC => 0,
            _ => return self.unmodelled(address, "read"),
        })
    }

    pub(crate) fn write_ppb(&mut self, address: u32, access: Access, value: u32, now: u64) -> Option<()> {
        let word = address & !3;
        let shift = 8 * (address & 3);
        let mask = match access.width {
            1 => 0xFF << shift,
            2 => 0xFFFF << shift,
            _ => u32::MAX,
        };
        let value = value << shift & mask;
        let ppb = &mut self.ppb;
        let mut after = After::Nothing;
        match word {
            0xE000_0000..=0xE000_007C => {}
            0xE000_0E00 => ppb.itm[0] = value,
            0xE000_0E40 => ppb.itm[1] = value,
            0xE000_0E80 => ppb.itm[2] = value,
            0xE000_0FB0 => {}
            0xE000_1000..=0xE000_1FFC => {
                if !ppb.dwt.write(word, value, now) {
                    return self.unmodelled(address, "write");
                }
            }
            _ if ppb.is_v8() && of_security(word) => {}
            0xE000_E008 => ppb.actlr = value,
            0xE000_E010..=0xE000_E01C => ppb.systick.write(word, value, now),
            0xE000_E100..=0xE000_E4EC => ppb.nvic.write(word, value, mask),
            0xE000_ED04 => self.write_icsr(value),
            0xE000_ED08 => ppb.vtor = value & 0xFFFF_FF80,
            0xE000_ED0C => {
                if value >> 16 == 0x05FA {
                    ppb.prigroup = value >> 8 & 7;
                    if value & 4 != 0 {
                        self.halt = Some(Halt::Reset);
                    }
                }
            }
            0xE000_ED10 => ppb.scr = value & 0x16,
            0xE000_ED14 => {
                let writable = match ppb.core {
                    Core::CortexM4f => 0x31B,
                    Core::CortexM7f => 0x7_031B,
                    Core::CortexM33f => 0x51A,
                };
                ppb.ccr = ppb.ccr & !writable | value & writable;
                if ppb.has_caches() {
                    self.flash.switch(value >> 17 & 1 == 1, value >> 16 & 1 == 1);
                }
                after = After::Access;
            }
            0xE000_ED18..=0xE000_ED20 => ppb.nvic.set_system_priorities(word, value, mask),
            0xE000_ED24 => ppb.nvic.set_shcsr(value),
            0xE000_ED28 => ppb.cfsr &= !value,
            0xE000_ED2C => ppb.hfsr &= !value,
            0xE000_ED30 => self.debug.clear_dfsr(value),
            0xE000_ED34 => ppb.mmfar = value,
            0xE000_ED38 => ppb.bfar = value,
            0xE000_ED3C => {}
            0xE000_ED84 => ppb.csselr = value & 15,
            0xE000_ED88 => ppb.cpacr = value & 0x00F0_0000,
            0xE000_ED94..=0xE000_EDB8 => {
                ppb.mpu.write(word, value);
                after = After::Access;
            }
            0xE000_EDF0 | 0xE000_EDF4 | 0xE000_EDF8 => {}
            0xE000_EDFC => self.debug.write_demcr(value),
            0xE000_EF00 => ppb.nvic.trigger(value & 0x1FF),
            0xE000_EF34 => {
                ppb.fpccr = ppb.fpccr & !(FPCCR_ASPEN | FPCCR_LSPEN | FPCCR_LSPACT)
                    | value & (FPCCR_ASPEN | FPCCR_LSPEN | FPCCR_LSPACT)
            }
            0xE000_EF38 => ppb.fpcar = value & !7,
            0xE000_EF3C => ppb.fpdscr = value & 0x07C0_0000,
            0xE000_EDC0 | 0xE000_EDC4 if ppb.is_v8() => ppb.mpu.write(word, value),
            // ICIALLU.
            0xE000_EF50 if ppb.has_caches() => self.flash.clear_instructions(),
            // Cache maintenance: memory is always coherent here; the cost is the timing model's.
            0xE000_EF54..=0xE000_EF78 if ppb.has_caches() => {}
            0xE000_EF90..=0xE000_EFA0 if ppb.has_caches() => ppb.m7_control[(word - 0xE000_EF90) as usize / 4] = value,
            0xE000_EFA8 if ppb.has_caches() => {}
            0xE004_0000..=0xE004_0FFC => {}
            _ => return self.unmodelled(address, "write"),
        }
        if let After::Access = after {
            self.refresh_access();
        }
        if self.halt.is_some() { None } else { Some(()) }
    }

    /// Opens or closes the fast windows and forgets decoded code, after alignment traps or protection changed.
    pub(crate) fn refresh_access(&mut self) {
        let open = crate::emulator::memory::Fast::of(&self.map);
        let free = !self.ppb.traps_unaligned() && self.ppb.mpu.leaves_alone(&open, self.unprivileged);
        self.fast = if free { open } else { open.closed() };
        self.flush = true;
    }

    fn icsr(&self) -> u32 {
        let nvic = &self.ppb.nvic;
        let pending = self.pending_exception().map_or(0, |(number, _)| number);
        let others = nvic.active.count() > 1;
        self.exception
            | u32::from(!others) << 11
            | pending << 12
            | u32::from(nvic.any_interrupt_pending()) << 22
            | u32::from(nvic.pending.get(exception::SYSTICK)) << 26
            | u32::from(nvic.pending.get(exception::PENDSV)) << 28
            | u32::from(nvic.pending.get(exception::NMI)) << 31
    }

    fn write_icsr(&mut self, value: u32) {
        let pending = &mut self.ppb.nvic.pending;
        for (set, clear, number) in [(28, 27, exception::PENDSV), (26, 25, exception::SYSTICK)] {
            if value >> clear & 1 == 1 {
                pending.set(number, false);
            }
            if value >> set & 1 == 1 {
                pending.set(number, true);
            }
        }
        if value >> 31 == 1 {
            pending.set(exception::NMI, true);
        }
    }

    /// Notes a fault in the status registers and says which exception it is.
    pub(crate) fn record(&mut self, fault: Fault) -> u32 {
        let ppb = &mut self.ppb;
        match fault {
            Fault::Usage(bits) => {
                ppb.cfsr |= bits << cfsr::USAGE_SHIFT;
                exception::USAGE_FAULT
            }
            Fault::Bus(address) => {
                ppb.cfsr |= cfsr::PRECISE | cfsr::BFAR_VALID;
                ppb.bfar = address;
                exception::BUS_FAULT
            }
            Fault::BusFetch => {
                ppb.cfsr |= cfsr::INSTRUCTION_BUS;
                exception::BUS_FAULT
            }
            Fault::Protection(address) => {
                ppb.cfsr |= cfsr::DATA_ACCESS | cfsr::MMFAR_VALID;
                ppb.mmfar = address;
                exception::MEMORY_MANAGEMENT
            }
            Fault::ProtectionFetch => {
                ppb.cfsr |= cfsr::INSTRUCTION_ACCESS;
                exception::MEMORY_MANAGEMENT
            }
            Fault::Supervisor => exception::SVCALL,
            Fault::None => exception::HARD_FAULT,
        }
    }
}

/// Registers of the Security Extension, which is not there: CPPWR, NVIC_ITNS, NSACR, SAU, secure fault.
fn of_security(address: u32) -> bool {
    matches!(address, 0xE000_E00C | 0xE000_E380..=0xE000_E3BC | 0xE000_ED8C | 0xE000_EDD0..=0xE000_EDE8)
}

/// ID_PFR0 to ID_ISAR5 (Cortex-M4 TRM 4.1, Cortex-M7 TRM 4.1, Cortex-M33 TRM 4.1 without the Security Extension).
fn identification(address: u32, core: Core) -> u32 {
    const M4: [u32; 14] = [
        0x0000_0030,
        0x0000_0200,
        0x0010_0000,
        0,
        0x0010_0030,
        0,
        0x0100_0000,
        0,
        0x0110_1110,
        0x0211_2000,
        0x2123_2231,
        0x0111_1131,
        0x0131_0132,
        0,
    ];
    const M7: [u32; 14] = [
        0x0000_0030,
        0x0000_0200,
        0x0010_0000,
        0,
        0x0010_0030,
        0,
        0x0100_0000,
        0,
        0x0110_1110,
        0x0211_2000,
        0x2023_2231,
        0x0111_1131,
        0x0131_0132,
        0,
    ];
    const M33: [u32; 14] = [
        0x0000_0030,
        0x0000_0200,
        0x0020_0000,
        0,
        0x0010_1F40,
        0,
        0x0100_0000,
        0,
        0x0110_1110,
        0x0221_2000,
        0x2023_2232,
        0x0111_1131,
        0x0131_0132,
        0,
    ];
    let index = ((address - 0xE000_ED40) / 4) as usize;
    match core {
        Core::CortexM4f => M4[index],
        Core::CortexM7f => M7[index],
        Core::CortexM33f => M33[index],
    }
}
