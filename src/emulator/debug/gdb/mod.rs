//! A gdb remote stub for an emulated board, on this machine's loopback interface only.
//!
//! The protocol is gdbstub's; what is here is the core behind it. Time stands still while the core is halted, so that a run
//! under gdb takes the cycles of one without, but for those of single steps: an instruction alone costs what it costs alone.

mod registers;
mod target;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::thread::sleep;
use std::time::Duration;

use gdbstub::conn::ConnectionExt;
use gdbstub::stub::state_machine::GdbStubStateMachine;
use gdbstub::stub::{DisconnectReason, GdbStub};

use crate::emulator::machine::Machine;
use target::Debuggee;

/// How long nothing is looked at while there is nothing to do.
const PATIENCE: Duration = Duration::from_millis(2);

/// Why a session could not go on.
#[derive(Debug, thiserror::Error)]
pub enum GdbError {
    #[error("no gdb can connect to port {port}: {source}")]
    Bind { port: u16, source: io::Error },
    #[error("connection with gdb: {0}")]
    Connection(#[from] io::Error),
    #[error("gdb's packets: {0}")]
    Protocol(String),
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parted {
    /// gdb detached or went away; the board runs on.
    Detached,
    /// gdb wants the board gone.
    Killed,
    /// The [`Attendant`] wants to end.
    Left,
}

/// Who cares for the rest of the board during a session.
pub trait Attendant {
    /// Called every few milliseconds, whether the core runs or not; a break ends the session.
    fn attend(&mut self, machine: &mut Machine) -> ControlFlow<()>;

    /// The emulator has to say why the core stopped.
    fn say(&mut self, message: &str);
}

/// A port that waits for gdb.
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Port 0 takes any that is free.
    pub fn bind(port: u16) -> Result<Self, GdbError> {
        let listen = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        listen().map(|listener| Self { listener }).map_err(|source| GdbError::Bind { port, source })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Halts the board, waits for a gdb and serves it until it goes.
    pub fn serve(&self, machine: &mut Machine, attendant: &mut dyn Attendant) -> Result<Parted, GdbError> {
        machine.debugger().halt();
        let stream = loop {
            match self.listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            if attendant.attend(machine).is_break() {
                machine.debugger().detach();
                return Ok(Parted::Left);
            }
            sleep(PATIENCE);
        };
        stream.set_nonblocking(false)?;
        let mut board = Debuggee::new(machine, attendant);
        let parted = converse(stream, &mut board);
        board.release();
        parted
    }
}

fn converse(stream: TcpStream, board: &mut Debuggee) -> Result<Parted, GdbError> {
    let broken = |error: String| GdbError::Protocol(error);
    let stub = GdbStub::builder(stream).build().map_err(|error| broken(error.to_string()))?;
    let mut machine = stub.run_state_machine(board).map_err(|error| broken(error.to_string()))?;
    loop {
        if board.attend().is_break() {
            return Ok(Parted::Left);
        }
        let next = match machine {
            GdbStubStateMachine::Idle(mut stub) => match incoming(stub.borrow_conn()) {
                Ok(Some(byte)) => stub.incoming_data(board, byte),
                Ok(None) => {
                    sleep(PATIENCE);
                    machine = stub.into();
                    continue;
                }
                Err(error) => return gone(error),
            },
            GdbStubStateMachine::Running(mut stub) => match incoming(stub.borrow_conn()) {
                Ok(Some(byte)) => stub.incoming_data(board, byte),
                Ok(None) => match board.advance() {
                    Some(reason) => stub.report_stop(board, reason),
                    None => {
                        machine = stub.into();
                        continue;
                    }
                },
                Err(error) => return gone(error),
            },
            GdbStubStateMachine::CtrlCInterrupt(stub) => {
                let reason = board.interrupt();
                stub.interrupt_handled(board, Some(reason))
            }
            GdbStubStateMachine::Disconnected(stub) => {
                return Ok(match stub.get_reason() {
                    DisconnectReason::Kill => Parted::Killed,
                    _ => Parted::Detached,
                });
            }
        };
        machine = match next {
            Ok(next) => next,
            Err(error) => {
                let message = error.to_string();
                return match error.into_connection_error() {
                    Some((error, _)) => gone(error),
                    None => Err(broken(message)),
                };
            }
        };
    }
}

/// What gdb sent, if it sent anything.
fn incoming(stream: &mut TcpStream) -> io::Result<Option<u8>> {
    match ConnectionExt::peek(stream)? {
        // Where the other end has closed, this reports it.
        Some(_) => ConnectionExt::read(stream).map(Some),
        // Looking left it so that answers would not wait for room.
        None => stream.set_nonblocking(false).map(|()| None),
    }
}

/// A gdb that goes without a word is no error.
fn gone(error: io::Error) -> Result<Parted, GdbError> {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            Ok(Parted::Detached)
        }
        _ => Err(error.into()),
    }
}
