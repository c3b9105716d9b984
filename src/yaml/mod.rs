//! YAML that people write: read with errors that name line and column and offer the nearest name.
//!
//! - [`parse`] makes a value of a text; what serde cannot check, a room checks itself and asks [`locate`] for the place.
//! - [`unknown`] words what was meant.

mod locate;
mod wording;

use serde::de::DeserializeOwned;

pub use locate::{At, locate};
pub use wording::{nearest, reworded, unknown};

/// A mistake and where it stands; lines and columns start at 1, columns count characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// The bytes of a file as text.
pub fn text(bytes: Vec<u8>) -> Result<String, Place> {
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Place { line, column: 1, message: "not UTF-8 text".into() }
    })
}

/// The value that `text` says; `what` names such a file, `most` is the number of bytes that none needs.
pub fn parse<T: DeserializeOwned>(text: &str, what: &str, most: usize) -> Result<T, Place> {
    if text.len() > most {
        let message = format!("{} bytes are no {what}; at most {most} are read", text.len());
        return Err(Place { line: 1, column: 1, message });
    }
    serde_yaml::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        let message = error.to_string();
        // The position comes first in our messages.
        let message = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
        Place { line, column, message: reworded(message) }
    })
}
