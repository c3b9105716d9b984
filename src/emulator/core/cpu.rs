//! Registers and flags.

use super::activity::{Counts, Looks};
use super::config::CoreConfig;
use super::debug::Debug;
use super::fault::{Fault, Halt};
use super::ppb::Ppb;
use super::watch::Passage;
use crate::board::RegionKind;
use crate::emulator::memory::{Fast, Map};
use crate::emulator::timing::{Cost, Flash};

/// Everything that handlers work on.
pub struct Cpu {
    /// R0 to R15. R13 is the current stack pointer; R15 is set only where an instruction reads it.
    pub(crate) r: [u32; 16],
    /// Address of the next instruction, between blocks.
    pub(crate) pc: u32,
    /// Bit 31 is flag N.
    pub(crate) n: u32,
    /// Flag Z is set where this is 0.
    pub(crate) z: u32,
    /// Flag C, 0 or 1.
    pub(crate) c: u32,
    /// Bit 31 is flag V.
    pub(crate) v: u32,
    /// Flag Q, 0 or 1.
    pub(crate) q: u32,
    pub(crate) ge: u8,
    /// ITSTATE, between blocks.
    pub(crate) it: u8,
    /// Whether EPSR.T is set.
    pub(crate) thumb: bool,
    /// IPSR.
    pub(crate) exception: u32,
    pub(crate) primask: bool,
    pub(crate) faultmask: bool,
    pub(crate) basepri: u8,
    /// CONTROL.nPRIV.
    pub(crate) unprivileged: bool,
    /// CONTROL.SPSEL.
    pub(crate) process_stack: bool,
    /// CONTROL.FPCA.
    pub(crate) float_active: bool,
    /// The stack pointer that R13 is not.
    pub(crate) other_sp: u32,
    /// S0 to S31.
    pub(crate) s: [u32; 32],
    pub(crate) fpscr: u32,
    /// Lowest R13 seen, main and process.
    pub(crate) sp_low: [u32; 2],
    /// MSPLIM and PSPLIM; 0 where there are none.
    pub(crate) stack_limits: [u32; 2],
    pub(crate) cycles: u64,
    pub(crate) instructions: u64,
    pub(crate) counts: Counts,
    /// When software read the cycle counter.
    pub(crate) looks: Looks,
    /// Where `run` has to look up from executing blocks.
    pub(crate) deadline: u64,
    pub(crate) fast: Fast,
    /// First address and bytes of RAM on the fast way that the data cache serves.
    pub(crate) served: (u32, u32),
    pub(crate) map: Map,
    pub(crate) fault: Fault,
    pub(crate) halt: Option<Halt>,
    /// Address and width of the exclusive access that is open.
    pub(crate) exclusive: Option<(u32, u32)>,
    pub(crate) event: bool,
    pub(crate) sleeping: Sleep,
    pub(crate) ppb: Ppb,
    pub(crate) debug: Debug,
    pub(crate) cost: Cost,
    pub(crate) flash: Flash,
    /// The operation that loaded from flash last.
    pub(crate) flash_load: usize,
    pub(crate) config: CoreConfig,
    /// Decoded blocks no longer hold, because what they were decoded under changed.
    pub(crate) flush: bool,
    /// What exceptions did, for whoever looks on.
    pub(crate) passages: Option<Vec<Passage>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sleep {
    Awake,
    Interrupt,
    Event,
}

impl Cpu {
    pub(crate) fn new(config: CoreConfig, map: Map) -> Self {
        let mut cpu = Self {
            r: [0; 16],
            pc: 0,
            n: 0,
            z: 1,
            c: 0,
            v: 0,
            q: 0,
            ge: 0,
            it: 0,
            thumb: true,
            exception: 0,
            primask: false,
            faultmask: false,
            basepri: 0,
            unprivileged: false,
            process_stack: false,
            float_active: false,
            other_sp: 0,
            s: [0; 32],
            fpscr: 0,
            sp_low: [u32::MAX; 2],
            stack_limits: [0; 2],
            cycles: 0,
            instructions: 0,
            counts: Counts::default(),
            looks: Looks::default(),
            deadline: 0,
            fast: Fast::of(&map),
            served: (0, 0),
            map,
            fault: Fault::None,
            halt: None,
            exclusive: None,
            event: false,
            sleeping: Sleep::Awake,
            ppb: Ppb::new(&config),
            debug: Debug::new(config.core),
            cost: Cost::of(config.core),
            flash: Flash::new(config.flash),
            flash_load: 0,
            config,
            flush: false,
            passages: None,
        };
        if cpu.flash.serves_ram() {
            let end = cpu.fast.base + cpu.fast.size;
            let regions = cpu.map.regions().iter();
            let first = regions
                .filter(|r| r.kind == RegionKind::Sram && (cpu.fast.base..end).contains(&r.origin))
                .map(|r| r.origin)
                .min();
            cpu.served = first.map_or((0, 0), |first| (first, end - first));
        }
        // The caches of a Cortex-M7 are off after reset.
        if cpu.config.instruction_cache.is_some() {
            cpu.flash.switch(false, false);
        }
        cpu
    }

    /// Whether a condition holds.
    #[inline(always)]
    pub(crate) fn holds(&self, condition: u8) -> bool {
        let n = self.n >> 31 != 0;
        let v = self.v >> 31 != 0;
        let holds = match condition >> 1 {
            0 => self.z == 0,
            1 => self.c != 0,
            2 => n,
            3 => v,
            4 => self.c != 0 && self.z != 0,
            5 => n == v,
            6 => n == v && self.z != 0,
            _ => return true,
        };
        holds != (condition & 1 == 1)
    }

    /// APSR.
    pub(crate) fn apsr(&self) -> u32 {
        self.n & 1 << 31
            | u32::from(self.z == 0) << 30
            | self.c << 29
            | (self.v >> 31) << 28
            | self.q << 27
            | u32::from(self.ge) << 16
    }

    pub(crate) fn set_nzcv(&mut self, apsr: u32) {
        self.n = apsr;
        self.z = !apsr >> 30 & 1;
        self.c = apsr >> 29 & 1;
        self.v = apsr << 3;
    }

    /// All of xPSR.
    pub(crate) fn xpsr(&self) -> u32 {
        let it = u32::from(self.it);
        self.apsr() | self.exception | u32::from(self.thumb) << 24 | (it & 3) << 25 | (it >> 2) << 10
    }

    pub(crate) fn set_xpsr(&mut self, value: u32) {
        self.set_nzcv(value);
        self.q = value >> 27 & 1;
        self.ge = (value >> 16 & 15) as u8;
        self.exception = value & 0x1FF;
        self.thumb = value >> 24 & 1 == 1;
        self.it = (value >> 25 & 3 | (value >> 10 & 0x3F) << 2) as u8;
    }

    /// Whether the core is privileged: in handlers, and in threads unless CONTROL.nPRIV is set.
    pub(crate) fn privileged(&self) -> bool {
        self.exception != 0 || !self.unprivileged
    }

    /// Whether R13 is the process stack pointer.
    pub(crate) fn on_process_stack(&self) -> bool {
        self.exception == 0 && self.process_stack
    }

    /// Keeps the watermark after R13 changed.
    #[inline(always)]
    pub(crate) fn note_sp(&mut self) {
        let sp = self.r[13] & !3;
        self.r[13] = sp;
        let process = usize::from(self.exception == 0 && self.process_stack);
        let low = &mut self.sp_low[process];
        if sp < *low {
            *low = sp;
        }
        if sp < self.stack_limits[process] {
            self.below_limit(sp, process);
        }
    }

    /// The usage fault that this is on silicon comes before the access, and is not modelled.
    #[cold]
    fn below_limit(&mut self, address: u32, process: usize) {
        self.halt.get_or_insert_with(|| Halt::Register {
            address,
            peripheral: "stack limit".into(),
            register: ["MSPLIM", "PSPLIM"][process].into(),
            problem: format!("the stack pointer falls below {:#010x}", self.stack_limits[process]),
        });
        self.attend();
    }

    pub(crate) fn main_sp(&self) -> u32 {
        if self.on_process_stack() { self.other_sp } else { self.r[13] }
    }

    pub(crate) fn process_sp(&self) -> u32 {
        if self.on_process_stack() { self.r[13] } else { self.other_sp }
    }

    pub(crate) fn set_main_sp(&mut self, value: u32) {
        if self.on_process_stack() {
            self.other_sp = value & !3;
            self.sp_low[0] = self.sp_low[0].min(value & !3);
        } else {
            self.r[13] = value;
            self.note_sp();
        }
    }

    pub(crate) fn set_process_sp(&mut self, value: u32) {
        if self.on_process_stack() {
            self.r[13] = value;
            self.note_sp();
        } else {
            self.other_sp = value & !3;
            self.sp_low[1] = self.sp_low[1].min(value & !3);
        }
    }

    /// Changes mode or stack selection, keeping both stack pointers.
    pub(crate) fn switch(&mut self, exception: u32, process_stack: bool) {
        let before = self.on_process_stack();
        self.exception = exception;
        self.process_stack = process_stack;
        if before != self.on_process_stack() {
            std::mem::swap(&mut self.r[13], &mut self.other_sp);
        }
    }

    /// CONTROL.
    pub(crate) fn control(&self) -> u32 {
        u32::from(self.unprivileged) | u32::from(self.process_stack) << 1 | u32::from(self.float_active) << 2
    }

    /// Makes `run` look at exceptions, time and stale code before the next block.
    #[inline]
    pub(crate) fn attend(&mut self) {
        self.deadline = 0;
    }
}
