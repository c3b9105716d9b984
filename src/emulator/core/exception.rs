//! Entry to and return from exceptions (Armv7-M ARM, B1.5; Armv8-M ARM, B3, without the Security Extension).

use super::bus::Access;
use super::cpu::Cpu;
use super::debug::HaltCause;
use super::exec;
use super::fault::{Fault, Halt, usage};
use super::lower::blank;
use super::op::{FAULT, Flow, NEXT, Op};
use super::ppb::{FPCCR_ASPEN, FPCCR_LSPACT, FPCCR_LSPEN, HFSR_FORCED, HFSR_VECTOR, cfsr, exception};
use super::watch::Passage;
use crate::emulator::interface::Periphery;

/// Priority of a thread without boosts.
const THREAD: i32 = 256;

impl Cpu {
    /// The priority that an exception must beat.
    pub(crate) fn execution_priority(&self) -> i32 {
        let mut highest = self.active_priority();
        if self.basepri != 0 {
            highest = highest.min(self.ppb.group(self.basepri.into()));
        }
        if self.primask {
            highest = highest.min(0);
        }
        if self.faultmask {
            highest = highest.min(-1);
        }
        highest
    }

    fn active_priority(&self) -> i32 {
        let nvic = &self.ppb.nvic;
        nvic.active.iter().map(|number| self.ppb.group(nvic.priority(number))).min().unwrap_or(THREAD)
    }

    /// The pending and enabled exception that comes first, and its priority.
    pub(crate) fn pending_exception(&self) -> Option<(u32, i32)> {
        let nvic = &self.ppb.nvic;
        if nvic.pending.is_empty() {
            return None;
        }
        let masks = self.debug.masks_interrupts();
        nvic.pending
            .iter()
            .filter(|&number| nvic.enabled.get(number) && !(masks && number >= exception::PENDSV))
            .map(|number| (number, nvic.priority(number)))
            .min_by_key(|&(number, priority)| (priority, number))
    }

    /// The exception that must be taken now.
    pub(crate) fn preempting(&self) -> Option<u32> {
        let (number, priority) = self.pending_exception()?;
        (self.ppb.group(priority) < self.execution_priority()).then_some(number)
    }

    /// Whether something pends that ends WFI: PRIMASK does not count.
    pub(crate) fn wakes(&self) -> bool {
        let Some((_, priority)) = self.pending_exception() else { return false };
        let mut limit = self.active_priority();
        if self.basepri != 0 {
            limit = limit.min(self.ppb.group(self.basepri.into()));
        }
        self.ppb.group(priority) < limit
    }

    /// Takes a synchronous fault of the instruction at `pc`.
    pub(crate) fn raise(&mut self, periphery: &mut dyn Periphery, fault: Fault) {
        let mut number = self.record(fault);
        if fault == Fault::Supervisor {
            // Unlike faults, a supervisor call is done when its exception is taken, whichever that is.
            self.pc = self.pc.wrapping_add(2);
            self.it = super::block::advance(self.it);
            self.instructions += 1;
        }
        let nvic = &self.ppb.nvic;
        let limit = self.execution_priority();
        if !nvic.enabled.get(number) || self.ppb.group(nvic.priority(number)) >= limit {
            if limit <= -1 {
                self.halt = Some(Halt::Lockup(format!("{} at priority {limit}", describe(fault))));
                return;
            }
            self.ppb.hfsr |= HFSR_FORCED;
            number = exception::HARD_FAULT;
        }
        self.enter(periphery, number);
    }

    /// Stacks the state and goes to the handler of exception `number`.
    pub(crate) fn enter(&mut self, periphery: &mut dyn Periphery, number: u32) {
        let float = self.float_active;
        let bytes = if float { 0x68 } else { 0x20 };
        let sp = self.r[13];
        let force = self.ppb.aligns_stack() || float;
        let realign = force && sp & 4 != 0;
        let frame = sp.wrapping_sub(bytes) & !(u32::from(force) << 2);
        let xpsr = self.xpsr() & !(1 << 9) | u32::from(realign) << 9;
        let words = [self.r[0], self.r[1], self.r[2], self.r[3], self.r[12], self.r[14], self.pc, xpsr];
        let mut stacked = self.stack(periphery, frame, &words);
        let lazy = self.ppb.fpccr & FPCCR_LSPEN != 0;
        if float && lazy {
            self.ppb.fpcar = frame.wrapping_add(0x20);
            self.note_lazy_state();
        } else if float {
            stacked &= self.stack_floats(periphery, frame.wrapping_add(0x20));
        }
        let process = self.on_process_stack();
        self.note_passage(Passage::Stacked { sp, process });
        self.r[13] = frame;
        self.note_sp();
        let mode = match (self.exception != 0, self.on_process_stack()) {
            (true, _) => 0x0,
            (false, false) => 0x8,
            (false, true) => 0xC,
        };
        let link = self.link_base() | u32::from(!float) << 4 | mode;
        self.cycles += u64::from(self.cost.exception_entry);
        self.vector(periphery, number, link);
        if !stacked {
            self.stacking_failed(number);
        }
    }

    /// EXC_RETURN but for the bits that tell state and stack: those of Armv8-M say that the whole frame is on a stack of the
    /// one security state (Armv8-M ARM, EXC_RETURN).
    fn link_base(&self) -> u32 {
        if self.ppb.is_v8() { 0xFFFF_FFA0 } else { 0xFFFF_FFE1 }
    }

    fn note_passage(&mut self, passage: Passage) {
        if let Some(passages) = &mut self.passages {
            passages.push(passage);
        }
    }

    /// Goes to the handler; the state is stacked already.
    fn vector(&mut self, periphery: &mut dyn Periphery, number: u32, link: u32) {
        self.switch(number, false);
        self.float_active = false;
        self.r[14] = link;
        self.it = 0;
        self.exclusive = None;
        self.event = true;
        self.ppb.nvic.pending.set(number, false);
        self.ppb.nvic.active.set(number, true);
        let slot = self.ppb.vtor.wrapping_add(number * 4);
        let mut flow = NEXT;
        match self.read(periphery, &blank(exec::nop), slot, Access::WORD, &mut flow) {
            Some(target) => {
                self.pc = target & !1;
                self.thumb = target & 1 == 1;
                self.note_passage(Passage::Vector { number, pc: self.pc, sp: self.r[13] });
            }
            None if number == exception::HARD_FAULT || number == exception::NMI => {
                self.halt =
                    Some(Halt::Lockup(format!("the vector of exception {number} at {slot:#010x} cannot be read")));
            }
            None => {
                self.ppb.hfsr |= HFSR_VECTOR;
                self.ppb.nvic.active.set(number, false);
                self.vector(periphery, exception::HARD_FAULT, link);
            }
        }
        if self.debug.catches(number, self.ppb.cfsr) {
            self.halt.get_or_insert(Halt::Debug(HaltCause::VectorCatch));
        }
        self.attend();
    }

    fn stacking_failed(&mut self, number: u32) {
        if self.halt.is_some() {
            return;
        }
        if number == exception::HARD_FAULT || number == exception::NMI {
            self.halt =
                Some(Halt::Lockup(format!("the stack of exception {number} at {:#010x} is no memory", self.r[13])));
            return;
        }
        // The derived exception: a bus fault, or a hard fault where that is not enabled or not urgent enough.
        self.ppb.cfsr |= cfsr::STACKING;
        let nvic = &self.ppb.nvic;
        let bus = exception::BUS_FAULT;
        if nvic.enabled.get(bus) && self.ppb.group(nvic.priority(bus)) < self.execution_priority() {
            self.ppb.pend(bus);
        } else {
            self.ppb.hfsr |= HFSR_FORCED;
            self.ppb.pend(exception::HARD_FAULT);
        }
    }

    fn stack(&mut self, periphery: &mut dyn Periphery, address: u32, words: &[u32]) -> bool {
        let mut flow = NEXT;
        let mut ok = true;
        for (index, &word) in words.iter().enumerate() {
            let at = address.wrapping_add(4 * index as u32);
            ok &= self.write_word(periphery, &blank(exec::nop), at, word, &mut flow).is_some();
        }
        ok
    }

    fn stack_floats(&mut self, periphery: &mut dyn Periphery, address: u32) -> bool {
        let mut words = [0; 17];
        words[..16].copy_from_slice(&self.s[..16]);
        words[16] = self.fpscr;
        self.stack(periphery, address, &words)
    }

    /// UpdateFPCCR: remembers what the state was that is to be saved.
    fn note_lazy_state(&mut self) {
        let thread = u32::from(self.exception == 0) << 3;
        let user = u32::from(!self.privileged()) << 1;
        let limit = self.execution_priority();
        let ready = |number: u32| {
            let nvic = &self.ppb.nvic;
            u32::from(nvic.enabled.get(number) && self.ppb.group(nvic.priority(number)) < limit)
        };
        let bits = u32::from(limit > -1) << 4
            | ready(exception::MEMORY_MANAGEMENT) << 5
            | ready(exception::BUS_FAULT) << 6
            | ready(exception::DEBUG_MONITOR) << 8;
        self.ppb.fpccr = self.ppb.fpccr & (FPCCR_ASPEN | FPCCR_LSPEN) | FPCCR_LSPACT | thread | user | bits;
    }

    /// Returns from the exception with the link value in `pc`.
    pub(crate) fn leave(&mut self, periphery: &mut dyn Periphery) {
        let link = self.pc;
        let number = self.exception;
        let float = link & 0x10 == 0;
        let nested = self.ppb.nvic.active.count() > 1;
        let valid = match (link & !0x1C == self.link_base(), link & 0xC) {
            (true, 0x0) => nested,
            (true, 0x8 | 0xC) => !nested || self.ppb.ccr & 1 == 1,
            _ => false,
        };
        self.ppb.nvic.active.set(number, false);
        if number != exception::NMI {
            self.faultmask = false;
        }
        if !valid {
            self.refuse_return(periphery, link);
            return;
        }
        self.ppb.nvic.sample(periphery.lines());
        // Tail chaining: what pends goes on with the frame that is stacked.
        if let Some(next) = self.preempting() {
            self.cycles += 6;
            self.exclusive = None;
            self.vector(periphery, next, link);
            return;
        }
        self.unstack(periphery, link, float);
    }

    fn refuse_return(&mut self, periphery: &mut dyn Periphery, link: u32) {
        self.ppb.cfsr |= usage::INVALID_PC << cfsr::USAGE_SHIFT;
        let nvic = &self.ppb.nvic;
        let mut number = exception::USAGE_FAULT;
        let limit = self.execution_priority();
        if !nvic.enabled.get(number) || self.ppb.group(nvic.priority(number)) >= limit {
            if limit <= -1 {
                self.halt = Some(Halt::Lockup(format!("exception return with {link:#010x}")));
                return;
            }
            self.ppb.hfsr |= HFSR_FORCED;
            number = exception::HARD_FAULT;
        }
        self.vector(periphery, number, link | 0xF000_0000);
    }

    fn unstack(&mut self, periphery: &mut dyn Periphery, link: u32, float: bool) {
        let to_handler = link & 0xC == 0;
        let process = link & 0xC == 0xC;
        let frame = if process { self.other_sp } else { self.r[13] };
        let mut words = [0; 8];
        if !self.unstack_words(periphery, frame, &mut words) {
            self.unstacking_failed(periphery);
            return;
        }
        let xpsr = words[7];
        if float {
            if self.ppb.fpccr & FPCCR_LSPACT != 0 {
                self.ppb.fpccr &= !FPCCR_LSPACT;
            } else {
                let mut floats = [0; 17];
                if !self.unstack_words(periphery, frame.wrapping_add(0x20), &mut floats) {
                    self.unstacking_failed(periphery);
                    return;
                }
                self.s[..16].copy_from_slice(&floats[..16]);
                self.fpscr = floats[16];
            }
        }
        let returns_to = xpsr & 0x1FF;
        if to_handler != (returns_to != 0) {
            self.refuse_return(periphery, link);
            return;
        }
        let bytes = if float { 0x68 } else { 0x20 };
        let force = self.ppb.aligns_stack() || float;
        let sp = frame.wrapping_add(bytes) | u32::from(force && xpsr >> 9 & 1 == 1) << 2;
        if process {
            self.other_sp = sp;
        } else {
            self.r[13] = sp;
        }
        self.switch(returns_to, process);
        self.float_active = float;
        self.r[..4].copy_from_slice(&words[..4]);
        self.r[12] = words[4];
        self.r[14] = words[5];
        self.pc = words[6] & !1;
        self.set_xpsr(xpsr);
        self.exclusive = None;
        self.event = true;
        self.cycles += u64::from(self.cost.exception_return);
        self.note_passage(Passage::Left { sp, process, handler: to_handler });
        if !to_handler && self.ppb.scr & 2 != 0 {
            self.sleeping = super::cpu::Sleep::Interrupt;
        }
        self.attend();
    }

    fn unstack_words(&mut self, periphery: &mut dyn Periphery, address: u32, to: &mut [u32]) -> bool {
        let mut flow = NEXT;
        for (index, word) in to.iter_mut().enumerate() {
            let at = address.wrapping_add(4 * index as u32);
            match self.read_word(periphery, &blank(exec::nop), at, &mut flow) {
                Some(value) => *word = value,
                None => return false,
            }
        }
        true
    }

    fn unstacking_failed(&mut self, periphery: &mut dyn Periphery) {
        if self.halt.is_some() {
            return;
        }
        self.ppb.cfsr |= cfsr::UNSTACKING;
        let limit = self.execution_priority();
        if limit <= -1 {
            self.halt = Some(Halt::Lockup("the frame to return to is in no memory".into()));
            return;
        }
        let nvic = &self.ppb.nvic;
        let bus = exception::BUS_FAULT;
        let link = self.pc;
        if nvic.enabled.get(bus) && self.ppb.group(nvic.priority(bus)) < limit {
            self.vector(periphery, bus, link);
        } else {
            self.ppb.hfsr |= HFSR_FORCED;
            self.vector(periphery, exception::HARD_FAULT, link);
        }
    }
}

/// Before the float instructions of a block: access rights, the lazy saving of a preempted context, and CONTROL.FPCA.
pub(crate) fn float_enter(cpu: &mut Cpu, periphery: &mut dyn Periphery, _: &Op) -> Flow {
    if cpu.float_active && cpu.ppb.fpccr & FPCCR_LSPACT == 0 && cpu.ppb.cpacr == 0x00F0_0000 {
        return NEXT;
    }
    let allowed = match cpu.ppb.cpacr >> 20 & 3 {
        3 => true,
        1 => cpu.privileged(),
        _ => false,
    };
    if !allowed {
        cpu.fault = Fault::Usage(usage::NO_COPROCESSOR);
        return FAULT;
    }
    if cpu.ppb.fpccr & FPCCR_LSPACT != 0 {
        cpu.ppb.fpccr &= !FPCCR_LSPACT;
        let address = cpu.ppb.fpcar;
        if !cpu.stack_floats(periphery, address) {
            cpu.fault = Fault::Bus(address);
            return FAULT;
        }
    }
    if cpu.ppb.fpccr & FPCCR_ASPEN != 0 && !cpu.float_active {
        cpu.fpscr = cpu.fpscr & !0x07C0_0000 | cpu.ppb.fpdscr & 0x07C0_0000;
        cpu.fpscr &= 0x07C0_0000;
        cpu.float_active = true;
    }
    NEXT
}

/// A fault in words, for reports.
pub(crate) fn describe(fault: Fault) -> String {
    match fault {
        Fault::Usage(usage::UNDEFINED) => "undefined instruction".into(),
        Fault::Usage(usage::INVALID_STATE) => "branch to an even address".into(),
        Fault::Usage(usage::NO_COPROCESSOR) => "coprocessor instruction without access".into(),
        Fault::Usage(usage::UNALIGNED) => "unaligned access".into(),
        Fault::Usage(usage::DIVIDE_BY_ZERO) => "division by zero".into(),
        Fault::Usage(bits) => format!("usage fault {bits:#x}"),
        Fault::Bus(address) => format!("access to {address:#010x}, where nothing answers"),
        Fault::BusFetch => "fetch from where nothing answers".into(),
        Fault::Protection(address) => format!("access to {address:#010x}, which is protected"),
        Fault::ProtectionFetch => "fetch from where execution is not allowed".into(),
        Fault::Supervisor => "SVC that cannot be taken".into(),
        Fault::None => "hard fault".into(),
    }
}
