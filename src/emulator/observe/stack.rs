//! Call chains where a stack was deepest.

use super::calls::{Frame, Place};

#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub place: Place,
    sp: u32,
    process: bool,
}

/// One function's part of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackFrame {
    pub name: String,
    /// Stack pointer when it was called.
    pub sp: u32,
    /// Bytes: what it stacked itself, and of an exception the state that was interrupted.
    pub size: u32,
}

/// The call chain at the lowest value of a stack pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deepest {
    /// Of the process stack pointer rather than the main one.
    pub process: bool,
    /// That value.
    pub sp: u32,
    /// Outermost first. Of frames on the other stack none is here.
    pub frames: Vec<StackFrame>,
}

impl Deepest {
    /// Bytes of all frames.
    pub fn bytes(&self) -> u32 {
        self.frames.iter().map(|frame| frame.size).sum()
    }
}

/// The chains of the main and of the process stack.
#[derive(Debug, Default)]
pub(super) struct Chains([Option<(u32, Vec<Link>)>; 2]);

impl Chains {
    pub fn look(&mut self, low: [u32; 2], frames: &[Frame]) {
        for (kept, sp) in self.0.iter_mut().zip(low) {
            if sp != u32::MAX && kept.as_ref().is_none_or(|(lowest, _)| sp < *lowest) {
                let links =
                    frames.iter().map(|frame| Link { place: frame.place, sp: frame.sp, process: frame.process });
                *kept = Some((sp, links.collect()));
            }
        }
    }

    pub fn deepest(&self, name: impl Fn(&Link) -> String) -> Vec<Deepest> {
        let chain = |(kept, process): (&Option<(u32, Vec<Link>)>, bool)| {
            let (sp, links) = kept.as_ref()?;
            let links: Vec<&Link> = links.iter().filter(|link| link.process == process).collect();
            let below = links.iter().skip(1).map(|link| link.sp).chain([*sp]);
            let frames = links.iter().zip(below).map(|(link, below)| StackFrame {
                name: name(link),
                sp: link.sp,
                size: link.sp.saturating_sub(below),
            });
            let frames: Vec<StackFrame> = frames.collect();
            (!frames.is_empty()).then_some(Deepest { process, sp: *sp, frames })
        };
        self.0.iter().zip([false, true]).filter_map(chain).collect()
    }
}
