//! Reports of a run: a terminal table, JSON, and one HTML file that needs nothing else.
//!
//! Every number is printed with its provenance, and emulated or predicted ones with their error band. Rows of unlike
//! provenance are never ranked against each other.

mod compare;
mod html;
mod json;
mod palette;
mod plots;
mod summary;
mod table;
mod text;

pub use compare::{Comparison, compare, comparison_json, comparison_text};
pub use html::{HtmlError, html};
pub use json::json;
pub use table::terminal;
