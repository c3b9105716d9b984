//! A wish to stop, shared by everything that may wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Once set, it stays set; copies share it. Safe to set from a signal handler's thread.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
