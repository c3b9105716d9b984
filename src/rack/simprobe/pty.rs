//! A pseudo terminal in place of a virtual COM port: the host's end of a console.

use std::io::{Read, Write};
use std::time::Duration;

use serialport::{SerialPort, TTYPort};

/// A pseudo terminal and its path.
pub struct Pty {
    master: TTYPort,
    /// Kept open, so that the port lives while no client has it.
    _held: Option<TTYPort>,
    path: String,
}

impl Pty {
    pub fn open() -> Result<Self, String> {
        let (mut master, held) = TTYPort::pair().map_err(|error| format!("no pseudo terminal: {error}"))?;
        let path = held.name().ok_or("the pseudo terminal has no name")?;
        master.set_timeout(Duration::ZERO).map_err(|error| format!("{path}: {error}"))?;
        Ok(Self { master, _held: Some(held), path })
    }

    /// One that clients may open for themselves alone; what is written while none has it is lost.
    pub fn unheld() -> Result<Self, String> {
        Ok(Self { _held: None, ..Self::open()? })
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// What clients have written; waits for `limit` where that is nothing.
    pub fn read(&mut self, limit: Duration) -> Vec<u8> {
        if self.master.timeout() != limit && self.master.set_timeout(limit).is_err() {
            return Vec::new();
        }
        let mut bytes = [0; 1024];
        match self.master.read(&mut bytes) {
            Ok(count) => bytes[..count].to_vec(),
            Err(_) => Vec::new(),
        }
    }

    /// Hands bytes to the client as far as there is room; true where all went.
    pub fn write(&mut self, bytes: &mut Vec<u8>) -> bool {
        while !bytes.is_empty() {
            match self.master.write(bytes) {
                Ok(count) if count > 0 => {
                    bytes.drain(..count);
                }
                _ => return false,
            }
        }
        true
    }
}
