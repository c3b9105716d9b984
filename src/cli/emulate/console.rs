//! The host's end of the board's console: this terminal, or a pseudo terminal.

use std::io::{ErrorKind, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use crate::cli::Failure;
use crate::rack::simprobe::Pty;

/// What the host has for the board.
pub enum Input {
    Bytes(Vec<u8>),
    Nothing,
    Ended,
}

/// Where the console's bytes go to and come from.
pub enum Console {
    /// Stdin in pieces that end with `%` or a line, as consoles take commands; stdout.
    Terminal(Receiver<Vec<u8>>),
    /// Stdin is left alone, and stdout is kept for the end, since it will be JSON.
    Kept(Receiver<Vec<u8>>, Vec<u8>),
    /// What has not been read yet stays with the second.
    Pty(Box<Pty>, Vec<u8>),
}

impl Console {
    /// Stdin and stdout; `keep` prints nothing.
    pub fn terminal(keep: bool) -> Self {
        if keep { Self::Kept(stdin(), Vec::new()) } else { Self::Terminal(stdin()) }
    }

    /// A new pseudo terminal, whose path goes to stderr.
    pub fn pty() -> Result<Self, Failure> {
        let pty = Pty::open().map_err(Failure::Infrastructure)?;
        eprintln!("console: {}", pty.path());
        Ok(Self::Pty(Box::new(pty), Vec::new()))
    }

    /// Whether input comes when somebody types it rather than when the board is ready for it.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Pty(..))
    }

    /// Input of the host; waits for at most `limit`.
    pub fn take(&mut self, limit: Duration) -> Input {
        let received = match self {
            Self::Pty(pty, _) => {
                let bytes = pty.read(limit);
                return if bytes.is_empty() { Input::Nothing } else { Input::Bytes(bytes) };
            }
            Self::Terminal(input) | Self::Kept(input, _) if limit.is_zero() => {
                input.try_recv().map_err(|error| error == TryRecvError::Disconnected)
            }
            Self::Terminal(input) | Self::Kept(input, _) => {
                input.recv_timeout(limit).map_err(|error| error == RecvTimeoutError::Disconnected)
            }
        };
        match received {
            Ok(piece) => Input::Bytes(piece),
            Err(true) => Input::Ended,
            Err(false) => Input::Nothing,
        }
    }

    /// Shows what the board said. False where nobody listens any more.
    pub fn show(&mut self, heard: Vec<u8>) -> Result<bool, Failure> {
        match self {
            Self::Kept(_, kept) => kept.extend(heard),
            Self::Pty(pty, unread) => {
                unread.extend(heard);
                pty.write(unread);
            }
            Self::Terminal(_) => {
                let mut stdout = std::io::stdout().lock();
                match stdout.write_all(&heard).and_then(|()| stdout.flush()) {
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(false),
                    Err(error) => return Err(Failure::Infrastructure(format!("failed to write to stdout: {error}"))),
                    Ok(()) => {}
                }
            }
        }
        Ok(true)
    }

    /// What the board said, where that was not shown.
    pub fn kept(&self) -> &[u8] {
        match self {
            Self::Kept(_, kept) => kept,
            _ => &[],
        }
    }
}

fn stdin() -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut piece = Vec::new();
        for byte in std::io::stdin().lock().bytes() {
            let Ok(byte) = byte else { break };
            piece.push(byte);
            if matches!(byte, b'%' | b'\n') && sender.send(std::mem::take(&mut piece)).is_err() {
                return;
            }
        }
        if !piece.is_empty() {
            // Nobody listens any more where the command has ended.
            let _ = sender.send(piece);
        }
    });
    receiver
}
