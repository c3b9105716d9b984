//! Where a run's cycles and its stack went: a profile by function, call chain and source line, and a trace.
//!
//! [`Recorder`] is told by the core of every instruction ([`crate::emulator::core::Observer`]). Calls are followed by a shadow
//! stack, since frames on Arm cannot be walked without unwind tables: see [`calls`].

mod addresses;
mod calls;
mod functions;
mod lines;
mod stack;
mod trace;

use std::any::Any;
use std::io::Write;

use crate::emulator::core::{Ended, Executed, Observer, Passage, View};
use crate::emulator::image::Image;
use crate::emulator::machine::Machine;
use addresses::Addresses;
use calls::Calls;
use functions::Functions;
use trace::Trace;

pub use calls::{FunctionRow, Place};
pub use lines::{LineRow, LinesError, Source, lines};
pub use stack::{Deepest, StackFrame};

/// What is recorded of a run.
pub struct Recorder {
    calls: Calls,
    addresses: Addresses,
    trace: Option<Trace>,
    asleep: u64,
    exceptions: u64,
}

/// What was recorded, and which part of the time it is.
pub struct Profile {
    pub functions: Vec<FunctionRow>,
    /// Cycles by address of the instruction, in ascending order.
    pub addresses: Vec<(u32, i64)>,
    /// Cycles in which the core slept.
    pub asleep: u64,
    /// Cycles of entry to and return from exceptions.
    pub exceptions: u64,
    /// All cycles since the recording began; the other numbers add up to it.
    pub cycles: i64,
    /// Call chains as flame graphs take them: names joined by `;`, and the cycles spent at the end of each.
    pub folded: Vec<(String, i64)>,
}

impl Recorder {
    /// Names come from the image's symbols; without any, functions have the addresses that they were called at.
    pub fn new(image: &Image) -> Self {
        let calls = Calls::new(Functions::new(&image.symbols));
        Self { calls, addresses: Addresses::default(), trace: None, asleep: 0, exceptions: 0 }
    }

    /// Also writes each instruction from the first at `from` on, `limit` of them at most.
    #[must_use]
    pub fn with_trace(mut self, to: Box<dyn Write + Send>, from: Option<u32>, limit: Option<u64>) -> Self {
        self.trace = Some(Trace::new(to, from, limit));
        self
    }

    /// Starts recording on a machine.
    pub fn attach(self, machine: &mut Machine) {
        machine.core_mut().observe(Box::new(self));
    }

    /// Ends recording; none where nothing was recorded.
    pub fn detach(machine: &mut Machine) -> Option<Self> {
        let observer: Box<dyn Any> = machine.core_mut().end_observation()?;
        observer.downcast().ok().map(|recorder| *recorder)
    }

    /// Whether a machine's trace has all the instructions that it is to have.
    pub fn is_traced(machine: &Machine) -> bool {
        let observer: Option<&dyn Any> = machine.core().observer().map(|observer| observer as _);
        observer
            .and_then(|observer| observer.downcast_ref::<Self>())
            .and_then(|recorder| recorder.trace.as_ref())
            .is_some_and(Trace::is_full)
    }

    pub fn profile(&self) -> Profile {
        let outside = (self.asleep + self.exceptions).cast_signed();
        let mut folded = self.calls.folded();
        for (name, cycles) in [("(asleep)", self.asleep), ("(exception entry and return)", self.exceptions)] {
            if cycles != 0 {
                folded.push((name.into(), cycles.cast_signed()));
            }
        }
        Profile {
            functions: self.calls.rows(),
            addresses: self.addresses.all(),
            asleep: self.asleep,
            exceptions: self.exceptions,
            cycles: self.calls.cycles() + outside,
            folded,
        }
    }

    /// Call chains at the lowest main and process stack pointers.
    pub fn deepest(&self) -> Vec<Deepest> {
        self.calls.deepest()
    }

    /// Writes what is left of the trace: instructions written, or what went wrong.
    pub fn finish_trace(&mut self) -> Option<std::io::Result<u64>> {
        self.trace.take().map(Trace::finish)
    }
}

impl Observer for Recorder {
    fn block(&mut self, view: View) {
        self.calls.at(&view);
    }

    fn instruction(&mut self, executed: &Executed, view: View) {
        self.addresses.add(executed.pc, executed.cycles);
        if let Some(trace) = &mut self.trace {
            trace.instruction(executed, view.memory);
        }
    }

    fn ended(&mut self, ended: Ended, cycles: i64, view: View) {
        self.calls.ended(ended, cycles, &view);
    }

    fn passage(&mut self, passage: Passage) {
        self.calls.passage(passage);
    }

    fn outside(&mut self, asleep: u64, exceptions: u64, view: View) {
        self.asleep += asleep;
        self.exceptions += exceptions;
        self.calls.look_at_stacks(&view);
        if let Some(trace) = &mut self.trace {
            trace.outside(asleep, exceptions);
        }
    }

    fn reset(&mut self) {
        self.calls.reset();
    }
}
