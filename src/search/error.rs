//! Why a search cannot go on.

use crate::cost_model::model::ModelError;
use crate::engine::PlanError;
use crate::network::space::SpaceError;

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error(transparent)]
    Space(#[from] SpaceError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Nothing that was drawn keeps the constraints.
    #[error(
        "no network of space `{space}`, {configuration}, keeps the constraints; loosen them, or choose a smaller width or input"
    )]
    Nothing { space: String, configuration: String },
    /// Of those who measure or judge accuracy.
    #[error("accuracy: {0}")]
    Accuracy(String),
    #[error("measuring: {0}")]
    Measuring(String),
    /// Ctrl-C: what is measured is kept.
    #[error("interrupted")]
    Interrupted,
}
