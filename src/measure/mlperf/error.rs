//! Why an image was not measured.

use super::super::error::MeasureError;
use crate::rack::UnitError;

/// What an image, or the unit that it runs on, did wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ImageError {
    #[error(
        "it never said `m-ready` after reset: {source}; an image must be for this board, speak the device API of MLPerf \
         Tiny, and use {baud} baud"
    )]
    NeverReady { source: MeasureError, baud: u32 },
    #[error("what it says after reset is no protocol: {source}; does its console use {baud} baud?")]
    Garbage { source: MeasureError, baud: u32 },
    #[error("it says no `{what}` in reply to `{command}`, but `{heard}`")]
    Says { what: &'static str, command: String, heard: String },
    #[error("it says that its model is `{found}`, where the scenario says `{expected}`")]
    OtherModel { found: String, expected: String },
    #[error("it does not take the {bytes} bytes of an input of `{model}`; it said `{heard}`")]
    Input { bytes: usize, model: String, heard: String },
    #[error("its time stamps are of no use: {0}")]
    Stamps(String),
    #[error(transparent)]
    Protocol(#[from] MeasureError),
}

impl ImageError {
    /// What the unit did, where it is at the bottom of this.
    pub fn of_unit(&self) -> Option<&MeasureError> {
        match self {
            Self::NeverReady { source, .. } | Self::Garbage { source, .. } | Self::Protocol(source) => Some(source),
            _ => None,
        }
    }

    /// Whether it is a fault of the image alone. A unit that is certain to be well, as an emulated one is, leaves nobody else
    /// for silence and garbage; with a real one they may come from a cable.
    pub fn blames_image(&self, unit_is_certain: bool) -> bool {
        match self.of_unit() {
            None => true,
            // Whatever the emulator does not know stops the core, too.
            Some(MeasureError::Unit(UnitError::Stopped { .. } | UnitError::Lost { .. } | UnitError::Cancelled)) => {
                false
            }
            Some(MeasureError::Unit(UnitError::Program { .. })) | Some(MeasureError::Refused { .. }) => true,
            Some(_) => unit_is_certain,
        }
    }
}
