//! The shadow stack, and the tree of call chains that it walks.
//!
//! A call pushes a frame, with where it returns to and the stack pointer. A jump to that address with the stack as it was
//! returns, whichever instruction it is made by; frames whose stack is gone (`longjmp`) go with it. Where code of another
//! function runs without a call, by a tail call, the frame becomes that function's. Exceptions begin a chain of their own, so
//! that interrupted functions are not charged for handlers, and a return to another stack than the interrupted one is a switch
//! of threads, each of which has its own shadow stack.

use std::collections::HashMap;

use super::functions::{Functions, Span};
use super::stack::{Chains, Link};
use crate::emulator::core::{Ended, Passage, View};

/// Frames that are kept of a thread; firmware that never returns from calls starts over.
const DEEPEST: usize = 1 << 16;
/// The root of the tree.
const ROOT: u32 = 0;
/// No instruction is at an odd address.
const NOWHERE: u32 = u32::MAX;

/// What a frame is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// A function, by its address.
    Function(u32),
    /// An exception, by its number.
    Exception(u32),
    /// All of the run.
    Run,
}

/// What a function took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionRow {
    pub name: String,
    pub address: u32,
    /// How often it was called, tail calls included.
    pub calls: u64,
    /// Cycles in the function itself.
    pub own: i64,
    /// Cycles between its calls and returns, of recursion once.
    pub total: i64,
}

struct Node {
    place: Place,
    parent: u32,
    calls: u64,
    cycles: i64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    node: u32,
    pub place: Place,
    span: Span,
    returns_to: u32,
    /// Stack pointer when it was called.
    pub sp: u32,
    /// Whether that is the process stack's.
    pub process: bool,
}

pub(super) struct Calls {
    functions: Functions,
    tree: Vec<Node>,
    children: HashMap<(u32, Place), u32>,
    frames: Vec<Frame>,
    /// Shadow stacks of threads that do not run, by their stack pointers.
    threads: HashMap<u32, Vec<Frame>>,
    chains: Chains,
}

impl Calls {
    pub fn new(functions: Functions) -> Self {
        Self {
            functions,
            tree: vec![Node { place: Place::Run, parent: ROOT, calls: 0, cycles: 0 }],
            children: HashMap::new(),
            frames: Vec::new(),
            threads: HashMap::new(),
            chains: Chains::default(),
        }
    }

    fn child(&mut self, parent: u32, place: Place) -> u32 {
        let tree = &mut self.tree;
        *self.children.entry((parent, place)).or_insert_with(|| {
            tree.push(Node { place, parent, calls: 0, cycles: 0 });
            (tree.len() - 1) as u32
        })
    }

    fn place(&self, pc: u32) -> (Place, Span) {
        let span = self.functions.span(pc);
        (Place::Function(if span.named { span.start } else { pc }), span)
    }

    fn push(&mut self, parent: u32, pc: u32, returns_to: u32, sp: u32, process: bool) {
        if self.frames.len() == DEEPEST {
            self.frames.clear();
        }
        let (place, span) = self.place(pc);
        let node = self.child(parent, place);
        self.tree[node as usize].calls += 1;
        self.frames.push(Frame { node, place, span, returns_to, sp, process });
    }

    /// Before a block at the present address.
    pub fn at(&mut self, view: &View) {
        let Some(top) = self.frames.last() else {
            return self.push(ROOT, view.pc, NOWHERE, view.sp, view.process);
        };
        if top.span.contains(view.pc) {
            return;
        }
        let (place, span) = self.place(view.pc);
        let parent = self.tree[top.node as usize].parent;
        let node = self.child(parent, place);
        self.tree[node as usize].calls += 1;
        if let Some(top) = self.frames.last_mut() {
            (top.node, top.place, top.span) = (node, place, span);
        }
    }

    pub fn ended(&mut self, ended: Ended, cycles: i64, view: &View) {
        let node = self.frames.last().map_or(ROOT, |top| top.node);
        self.tree[node as usize].cycles += cycles;
        self.look_at_stacks(view);
        match ended {
            Ended::Call(returns_to) => self.push(node, view.pc, returns_to, view.sp, view.process),
            Ended::Jump => self.jumped(view),
            Ended::On | Ended::Branch => {}
        }
    }

    fn jumped(&mut self, view: &View) {
        // A handler does not return past the exception that it handles.
        let floor =
            self.frames.iter().rposition(|frame| matches!(frame.place, Place::Exception(_))).map_or(0, |at| at + 1);
        let returned = self.frames[floor..]
            .iter()
            .rposition(|frame| frame.returns_to == view.pc && frame.process == view.process && frame.sp <= view.sp);
        if let Some(at) = returned {
            self.frames.truncate(floor + at);
            return;
        }
        while self.frames.len() > floor + 1
            && self.frames.last().is_some_and(|top| top.process == view.process && top.sp < view.sp)
        {
            self.frames.pop();
        }
    }

    pub fn passage(&mut self, passage: Passage) {
        match passage {
            Passage::Stacked { sp, process } => self.interrupt(sp, process),
            Passage::Vector { number, pc, sp } => self.handle(number, pc, sp),
            Passage::Left { sp, process, handler } => {
                let Some((was, was_process)) = self.leave() else { return self.frames.clear() };
                if !handler && (was, was_process) != (sp, process) {
                    let frames = self.threads.remove(&sp).unwrap_or_default();
                    let suspended = std::mem::replace(&mut self.frames, frames);
                    self.threads.insert(was, suspended);
                }
            }
        }
    }

    /// A frame for the state that is stacked, of an exception whose number is not known yet.
    fn interrupt(&mut self, sp: u32, process: bool) {
        let span = Span { start: 0, end: 0, named: false };
        let place = Place::Exception(0);
        self.frames.push(Frame { node: ROOT, place, span, returns_to: NOWHERE, sp, process });
    }

    fn handle(&mut self, number: u32, pc: u32, sp: u32) {
        let place = Place::Exception(number);
        let node = self.child(ROOT, place);
        self.tree[node as usize].calls += 1;
        // The handler that this one follows is done, but not the state that both return to.
        let stacked = self.frames.iter().rposition(|frame| matches!(frame.place, Place::Exception(_)));
        match stacked.and_then(|at| self.frames.get_mut(at).map(|frame| (at, frame))) {
            Some((at, frame)) => {
                (frame.place, frame.node) = (place, node);
                self.frames.truncate(at + 1);
            }
            None => self.frames.clear(),
        }
        self.push(node, pc, NOWHERE, sp, false);
    }

    /// Ends the handler: the stack that it interrupted.
    fn leave(&mut self) -> Option<(u32, bool)> {
        let stacked = self.frames.iter().rposition(|frame| matches!(frame.place, Place::Exception(_)))?;
        let frame = self.frames.get(stacked).map(|frame| (frame.sp, frame.process));
        self.frames.truncate(stacked);
        frame
    }

    pub fn reset(&mut self) {
        self.frames.clear();
        self.threads.clear();
    }

    /// Keeps the chain where a stack is deeper than ever.
    pub fn look_at_stacks(&mut self, view: &View) {
        self.chains.look(view.low, &self.frames);
    }

    /// All that functions took.
    pub fn cycles(&self) -> i64 {
        self.tree.iter().map(|node| node.cycles).sum()
    }

    fn name(&self, place: Place) -> String {
        match place {
            Place::Function(address) => self.functions.name(address),
            Place::Exception(number) => format!("(exception {number})"),
            Place::Run => "(run)".into(),
        }
    }

    /// By own cycles, most first.
    pub fn rows(&self) -> Vec<FunctionRow> {
        let mut below: Vec<i64> = self.tree.iter().map(|node| node.cycles).collect();
        // Parents stand before their children.
        for index in (1..self.tree.len()).rev() {
            below[self.tree[index].parent as usize] += below[index];
        }
        let mut rows: HashMap<u32, FunctionRow> = HashMap::new();
        for (node, total) in self.tree.iter().zip(below) {
            let Place::Function(address) = node.place else { continue };
            let row = rows.entry(address).or_insert_with(|| FunctionRow {
                name: self.functions.name(address),
                address,
                calls: 0,
                own: 0,
                total: 0,
            });
            row.calls += node.calls;
            row.own += node.cycles;
            if !self.ancestors(node).any(|ancestor| ancestor.place == node.place) {
                row.total += total;
            }
        }
        let mut rows: Vec<FunctionRow> = rows.into_values().collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.own), row.address));
        rows
    }

    fn ancestors<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        std::iter::successors(Some(node), |node| (node.place != Place::Run).then(|| &self.tree[node.parent as usize]))
            .skip(1)
    }

    pub fn folded(&self) -> Vec<(String, i64)> {
        let chain = |node: &Node| {
            let mut names: Vec<String> = std::iter::once(node)
                .chain(self.ancestors(node))
                .filter(|node| node.place != Place::Run)
                .map(|node| self.name(node.place))
                .collect();
            names.reverse();
            names.join(";")
        };
        let mut folded: Vec<(String, i64)> =
            self.tree.iter().filter(|node| node.cycles != 0).map(|node| (chain(node), node.cycles)).collect();
        folded.sort();
        folded
    }

    pub fn deepest(&self) -> Vec<super::Deepest> {
        self.chains.deepest(|link: &Link| self.name(link.place))
    }
}
