//! Exceptions with stacks, floating-point contexts and priorities of all kinds.

use super::{Generator, name};
use crate::program::{SCRATCH, STACK};

impl Generator {
    pub(super) fn exceptional(&mut self) {
        match self.rng.below(5) {
            4 => self.system_priorities(),
            0 => self.without_float_context(),
            1 => self.process_stack(),
            _ => self.interrupts(),
        }
    }

    fn write(&mut self, registers: (u32, u32), address: u32, value: u32) {
        let (pointer, data) = registers;
        self.lines.extend(Self::load_constant(pointer, address));
        self.lines.extend(Self::load_constant(data, value));
        self.lines.push(format!("str {}, [{}]", name(data), name(pointer)));
    }

    fn control(&mut self, register: u32, value: u32) {
        self.lines.push(format!("mov {}, #{value}", name(register)));
        self.lines.push(format!("msr control, {}", name(register)));
        self.lines.push("isb".into());
    }

    /// CONTROL.FPCA clear: a short frame, and a new context at the next floating-point instruction.
    fn without_float_context(&mut self) {
        let register = self.target_number();
        self.control(register, 0);
        if self.once_in(2) {
            let number = self.rng.below(8);
            self.lines.push(format!("svc #{number}"));
        }
        self.straight();
        self.new_context();
    }

    /// A floating-point instruction outside any IT block. QEMU 7.2 opens a new context only at the first instruction of a
    /// translated block that needs one, even where that fails its condition, and so would go wrong in an IT block.
    fn new_context(&mut self) {
        let target = self.target();
        self.lines.push(format!("vmrs {target}, fpscr"));
    }

    /// The process stack under an exception.
    fn process_stack(&mut self) {
        let register = self.target_number();
        let top = STACK - 256 - 4 * self.rng.below(2) as u32;
        self.lines.extend(Self::load_constant(register, top));
        self.lines.push(format!("msr psp, {}", name(register)));
        let float = self.rng.pick(&[0, 4]);
        self.control(register, 2 | float);
        let (pushed, popped) = (self.source(), self.target());
        let number = self.rng.below(8);
        self.lines.push(format!("push {{{pushed}}}"));
        self.lines.push(format!("svc #{number}"));
        self.lines.push(format!("pop {{{popped}}}"));
        let register = self.target_number();
        let other = self.target_besides(&[register]);
        self.lines.push(format!("mrs {}, psp", name(other)));
        self.control(register, float);
        self.new_context();
    }

    /// Priorities of SVC and PendSV, and what can be read of the system handlers.
    fn system_priorities(&mut self) {
        let pointer = self.target_number();
        let registers = (pointer, self.target_besides(&[pointer]));
        let (svc, pendsv) = (self.rng.next() as u32 & 0xff << 24, self.rng.next() as u32 & 0xffff_0000);
        self.write(registers, 0xe000_ed1c, svc);
        self.write(registers, 0xe000_ed20, pendsv);
        let number = self.rng.below(8);
        self.lines.push(format!("svc #{number}"));
        let readable = [0xe000_ed18, 0xe000_ed1c, 0xe000_ed20, 0xe000_ed24, 0xe000_ed08, 0xe000_ed0c];
        // AIRCR of Armv8-M shows in which state faults are taken, which is more than one on QEMU alone.
        let readable = if self.twin.armv8 { &readable[..5] } else { &readable[..] };
        let read = self.rng.pick(readable);
        let value = self.target_number();
        self.lines.extend(Self::load_constant(value, read));
        self.lines.push(format!("ldr {0}, [{0}]", name(value)));
        self.keeping(1 << value, |g| {
            let pointer = g.target_number();
            let registers = (pointer, g.target_besides(&[pointer]));
            g.write(registers, 0xe000_ed1c, 0);
            g.write(registers, 0xe000_ed20, 0);
        });
        let mask = self.target_number();
        self.lines.push(format!(
            "mov {0}, #1\n    msr faultmask, {0}\n    mrs {1}, faultmask",
            name(mask),
            name(registers.1)
        ));
        self.lines.push(format!("mov {0}, #0\n    msr faultmask, {0}", name(mask)));
    }

    /// Interrupts with random priorities, which pend each other.
    fn interrupts(&mut self) {
        let pointer = self.target_number();
        let registers = (pointer, self.target_besides(&[pointer]));
        let group = self.rng.below(8) as u32;
        self.write(registers, 0xe000_ed0c, 0x05fa_0000 | group << 8);
        for word in 0..2 {
            let few = self.rng.next() as u32 & 0xc0c0_c0c0;
            let priorities = if self.once_in(2) { few } else { self.rng.next() as u32 };
            self.write(registers, 0xe000_e400 + 4 * word, priorities);
        }
        self.write(registers, SCRATCH + 128, 0);
        for word in 0..8 {
            let pends = (self.rng.next() & self.rng.next()) as u32 & 0xff;
            self.write(registers, SCRATCH + 192 + 4 * word, pends);
        }
        let enabled = self.rng_bits() | 0x81;
        self.write(registers, 0xe000_e100, enabled);
        let masked = self.once_in(2);
        if masked {
            let level = self.rng.next() as u32 & 0xff;
            self.lines.push(format!("mov {}, #{level}", name(registers.1)));
            self.lines.push(format!("msr basepri, {}", name(registers.1)));
        }
        let pends = self.rng_bits();
        self.write(registers, 0xe000_e200, pends);
        self.lines.push("dsb\n    isb".into());
        self.keeping(1 << registers.0 | 1 << registers.1, |g| {
            for _ in 0..g.rng.below(3) {
                g.straight();
            }
        });
        self.lines.push(format!("mov {}, #0", name(registers.1)));
        self.lines.push(format!("msr basepri, {}", name(registers.1)));
        self.lines.push("isb".into());
        // What was active and pending, and then nothing any more.
        self.lines.extend(Self::load_constant(registers.0, 0xe000_e200));
        self.lines.push(format!("ldr {}, [{}]", name(registers.1), name(registers.0)));
        self.lines.extend(Self::load_constant(registers.0, SCRATCH + 124));
        self.lines.push(format!("str {}, [{}]", name(registers.1), name(registers.0)));
        // Stores into the window may have made handlers pend any line.
        self.write(registers, 0xe000_e180, u32::MAX);
        self.write(registers, 0xe000_e280, u32::MAX);
        self.write(registers, 0xe000_ed0c, 0x05fa_0000);
        self.lines.push("dsb\n    isb".into());
    }

    fn rng_bits(&mut self) -> u32 {
        self.rng.next() as u32 & 0xff
    }
}
