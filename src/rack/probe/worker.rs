//! The thread of one unit: probe-rs blocks, so that nobody else may call it. Each call has a limit and can be given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a caller looks at the clock and at cancellation.
const LOOK: Duration = Duration::from_millis(5);
/// How long a unit that is dropped waits for its thread.
const LAST: Duration = Duration::from_secs(5);

/// Set when nobody waits for a call any more; long ones look at it between steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// Why a call gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfinished {
    Cancelled,
    /// The limit has passed; the thread may still be at it.
    Late,
    /// The thread is at a call that was given up before.
    Busy,
    /// The thread is gone: it panicked.
    Dead,
}

/// A thread with a state of its own that only it touches.
pub(super) struct Worker<S> {
    jobs: Option<Sender<Job<S>>>,
    thread: Option<JoinHandle<()>>,
    /// Of the call that was given up last: gone when the thread is done with it.
    left: Option<Receiver<()>>,
}

impl<S: Send + 'static> Worker<S> {
    pub fn start(name: &str, state: impl FnOnce() -> S + Send + 'static) -> std::io::Result<Self> {
        let (jobs, queue) = channel::<Job<S>>();
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
            let mut state = state();
            while let Ok(job) = queue.recv() {
                job(&mut state);
            }
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), left: None })
    }

    /// Whether the thread still works for a caller that has left.
    fn is_busy(&mut self) -> bool {
        let busy = self.left.as_ref().is_some_and(|left| left.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty));
        if !busy {
            self.left = None;
        }
        busy
    }

    /// Has the thread do `job`. `ended` is asked again and again why to give up, and says none while there is no reason.
    pub fn call<T: Send + 'static>(
        &mut self,
        mut ended: impl FnMut() -> Option<Unfinished>,
        job: impl FnOnce(&mut S, &Abandoned) -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        while self.is_busy() {
            if let Some(why) = ended() {
                return Err(if why == Unfinished::Late { Unfinished::Busy } else { why });
            }
            std::thread::sleep(LOOK);
        }
        let (answer, answers) = channel();
        let (alive, left) = channel::<()>();
        let abandoned = Abandoned::default();
        let token = abandoned.clone();
        let job: Job<S> = Box::new(move |state| {
            let _alive = alive;
            let _ = answer.send(job(state, &token));
        });
        if self.jobs.as_ref().is_none_or(|jobs| jobs.send(job).is_err()) {
            return Err(Unfinished::Dead);
        }
        loop {
            match answers.recv_timeout(LOOK) {
                Ok(value) => return Ok(value),
                Err(RecvTimeoutError::Disconnected) => return Err(Unfinished::Dead),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(why) = ended() {
                abandoned.0.store(true, Ordering::Release);
                self.left = Some(left);
                return Err(why);
            }
        }
    }
}

impl<S> Drop for Worker<S> {
    fn drop(&mut self) {
        self.jobs = None;
        let Some(thread) = self.thread.take() else { return };
        let mut waited = Duration::ZERO;
        while !thread.is_finished() && waited < LAST {
            std::thread::sleep(LOOK);
            waited += LOOK;
        }
        // A call that never ends would take the whole program with it: then the thread is left behind.
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_given_up_is_waited_for_before_the_next() {
        let mut worker = Worker::start("test", || 0u32).unwrap();
        let late = worker.call(
            || Some(Unfinished::Late),
            |state, abandoned| {
                while !abandoned.is_set() {
                    std::thread::yield_now();
                }
                std::thread::sleep(LOOK * 4);
                *state += 1;
            },
        );
        assert_eq!(late, Err(Unfinished::Late));
        assert_eq!(worker.call(|| Some(Unfinished::Late), |state, _| *state), Err(Unfinished::Busy));
        assert_eq!(worker.call(|| None, |state, _| *state), Ok(1));
    }

    #[test]
    fn a_panic_is_no_answer() {
        let mut worker = Worker::start("test", || ()).unwrap();
        assert_eq!(
            worker.call(|| None, |(), _| -> u8 { std::panic::resume_unwind(Box::new(())) }),
            Err(Unfinished::Dead)
        );
        assert_eq!(worker.call(|| None, |(), _| 1), Err(Unfinished::Dead));
    }
}
