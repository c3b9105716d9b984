//! A serial port with time limits, and the thread that empties it while samples come.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serialport::SerialPort;

use super::entry::InstrumentEntry;
use super::error::InstrumentError;

/// One wait for bytes: the time after which a wish to stop is noticed.
const LOOK: Duration = Duration::from_millis(20);
/// Bytes of one read.
const CHUNK: usize = 64 * 1024;
/// Bytes that an answer never has.
const MAX_ANSWER: usize = 64 * 1024;

/// The open port of an instrument.
pub struct Wire {
    pub name: String,
    port: Box<dyn SerialPort>,
}

impl Wire {
    pub fn open(entry: &InstrumentEntry, baud: u32) -> Result<Self, InstrumentError> {
        let name = entry.port.display().to_string();
        let opened = serialport::new(name.as_str(), entry.baud.unwrap_or(baud)).timeout(LOOK).open();
        let port = opened.map_err(|error| InstrumentError::Open { port: name.clone(), problem: error.to_string() })?;
        Ok(Self { name, port })
    }

    pub fn lost(&self, problem: impl ToString) -> InstrumentError {
        InstrumentError::Lost { port: self.name.clone(), problem: problem.to_string() }
    }

    pub fn protocol(&self, problem: impl Into<String>) -> InstrumentError {
        InstrumentError::Protocol { port: self.name.clone(), problem: problem.into() }
    }

    pub fn silent(&self, what: &str, limit: Duration) -> InstrumentError {
        InstrumentError::Silent { port: self.name.clone(), what: what.into(), seconds: limit.as_secs() }
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<(), InstrumentError> {
        let sent = self.port.write_all(bytes).and_then(|()| self.port.flush());
        sent.map_err(|error| self.lost(error))
    }

    /// What came within a short wait; nothing is no error.
    pub fn some(&mut self) -> Result<Vec<u8>, InstrumentError> {
        let mut buffer = vec![0; CHUNK];
        let count = some(&mut *self.port, &mut buffer).map_err(|problem| self.lost(problem))?;
        buffer.truncate(count);
        Ok(buffer)
    }

    /// Throws away what comes until nothing comes for `quiet`; gives up after `limit`.
    pub fn drain(&mut self, quiet: Duration, limit: Duration) -> Result<(), InstrumentError> {
        let (until, mut last) = (Instant::now() + limit, Instant::now());
        while last.elapsed() < quiet {
            if !self.some()?.is_empty() {
                last = Instant::now();
            }
            if Instant::now() > until {
                return Err(self.silent("silence after it was told to stop", limit));
            }
        }
        Ok(())
    }

    /// Reads until `done` makes a value of everything that came, within `limit`.
    pub fn until<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut done: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<T, InstrumentError> {
        let (end, mut heard) = (Instant::now() + limit, Vec::new());
        loop {
            heard.extend(self.some()?);
            if let Some(value) = done(&heard) {
                return Ok(value);
            }
            if heard.len() > MAX_ANSWER {
                return Err(self.protocol(format!("{} bytes where {what} should be", heard.len())));
            }
            if Instant::now() > end {
                return Err(self.silent(what, limit));
            }
        }
    }

    /// Starts a thread that feeds everything that comes to `decoder`.
    pub fn record<D: Decoder + Send + 'static>(&mut self, decoder: D) -> Result<Recording<D>, InstrumentError> {
        let mut port = self.port.try_clone().map_err(|error| self.lost(error))?;
        let state = Arc::new(Mutex::new(State { decoder, failed: None }));
        let stop = Arc::new(AtomicBool::new(false));
        let (theirs, stopped) = (Arc::clone(&state), Arc::clone(&stop));
        let work = move || {
            let mut buffer = vec![0; CHUNK];
            while !stopped.load(Ordering::Relaxed) {
                let read = some(&mut *port, &mut buffer);
                let mut state = theirs.lock().unwrap_or_else(PoisonError::into_inner);
                match read {
                    Ok(0) => {}
                    Ok(count) => state.decoder.feed(&buffer[..count.min(CHUNK)]),
                    Err(problem) => {
                        state.failed = Some(problem);
                        return;
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("instrument".into()).spawn(work);
        let thread = thread.map_err(|error| self.lost(format!("no thread to read it: {error}")))?;
        Ok(Recording { state, stop, thread: Some(thread) })
    }
}

/// Up to a buffer of bytes, or 0 where none came in time.
fn some(port: &mut dyn SerialPort, buffer: &mut [u8]) -> Result<usize, String> {
    match port.read(buffer) {
        Ok(0) => Err("the connection is closed".into()),
        Ok(count) => Ok(count),
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(0)
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Makes samples of bytes.
pub trait Decoder {
    fn feed(&mut self, bytes: &[u8]);

    /// Samples so far, lost ones too.
    fn samples(&self) -> usize;
}

struct State<D> {
    decoder: D,
    /// Why nothing comes any more.
    failed: Option<String>,
}

/// A running capture. Its thread ends when this is dropped.
pub struct Recording<D> {
    state: Arc<Mutex<State<D>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl<D: Decoder> Recording<D> {
    /// Looks at the decoder, or says why nothing comes any more.
    pub fn look<T>(&self, look: impl FnOnce(&mut D) -> T) -> Result<T, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.failed {
            Some(problem) => Err(problem.clone()),
            None => Ok(look(&mut state.decoder)),
        }
    }

    /// Waits until `done` says so of the decoder; false where `limit` passed before.
    pub fn wait(&self, limit: Duration, mut done: impl FnMut(&mut D) -> bool) -> Result<bool, String> {
        let until = Instant::now() + limit;
        while !self.look(&mut done)? {
            if Instant::now() > until {
                return Ok(false);
            }
            std::thread::sleep(LOOK / 4);
        }
        Ok(true)
    }
}

impl<D> Drop for Recording<D> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It panicked or ended; either way it is gone.
            let _ = thread.join();
        }
    }
}
