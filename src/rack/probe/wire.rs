//! The serial port of a unit's console.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use serialport::{ClearBuffer, DataBits, FlowControl, Parity, SerialPort, StopBits, TTYPort};

/// How long a read waits: as long as cancellation may go unseen.
const PATIENCE: Duration = Duration::from_millis(2);

/// An open port, 8N1. Nobody else can open it until it is dropped.
pub(super) struct Wire {
    port: TTYPort,
}

impl Wire {
    pub fn open(path: &str, baud: u32) -> Result<Self, String> {
        let builder = serialport::new(path, baud)
            .data_bits(DataBits::Eight)
            .parity(Parity::None)
            .stop_bits(StopBits::One)
            .flow_control(FlowControl::None)
            .timeout(PATIENCE);
        let mut port = TTYPort::open(&builder).map_err(|error| format!("serial port {path}: {error}"))?;
        // Pseudo terminals have no such line, and boards need none.
        let _ = port.write_data_terminal_ready(true);
        Ok(Self { port })
    }

    /// Forgets what has come so far.
    pub fn clear(&mut self) -> Result<(), String> {
        self.port.clear(ClearBuffer::All).map_err(|error| error.to_string())
    }

    /// What has come, or comes in a moment; nothing where nothing does.
    pub fn read(&mut self) -> Result<Vec<u8>, String> {
        let mut bytes = [0; 4096];
        match self.port.read(&mut bytes) {
            Ok(0) => Err("the serial port was closed".into()),
            Ok(count) => Ok(bytes[..count].to_vec()),
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => Ok(Vec::new()),
            Err(error) => Err(format!("the serial port: {error}")),
        }
    }

    /// Hands over as many bytes as there is room for now, and says how many.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, String> {
        match self.port.write(bytes) {
            Ok(count) => Ok(count),
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => Ok(0),
            Err(error) => Err(format!("the serial port: {error}")),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Where something else keeps the port open it would stay closed to the next of us.
        let _ = self.port.set_exclusive(false);
    }
}
