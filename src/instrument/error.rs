//! What can go wrong with instruments.

/// An instrument that did not do what was asked. None of these is ever a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstrumentError {
    #[error("instrument {port}: cannot be opened: {problem}; check `port` in rack.yaml and its cable")]
    Open { port: String, problem: String },
    /// The connection is gone.
    #[error("instrument {port}: {problem}; check its cable and power")]
    Lost { port: String, problem: String },
    #[error("instrument {port}: no {what} within {seconds} s")]
    Silent { port: String, what: String, seconds: u64 },
    /// It could not do what it was asked.
    #[error("instrument {port}: refused `{command}`: {message}")]
    Refused { port: String, command: String, message: String },
    /// What it says is not what its protocol allows.
    #[error("instrument {port}: {problem}: is it the instrument that rack.yaml names?")]
    Protocol { port: String, problem: String },
    /// It measured, but what it measured is of no use.
    #[error("instrument {port}: {problem}")]
    Unusable { port: String, problem: String },
    #[error("instrument {port}: it cannot {what}")]
    Unsupported { port: String, what: String },
}
