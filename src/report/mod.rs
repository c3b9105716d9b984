//! Reports of a run: a terminal table, JSON, CSV, JUnit, Markdown, and one HTML file that needs nothing else.
//!
//! Every number is printed with its provenance, and emulated or predicted ones with their error band. Rows of unlike
//! provenance are never ranked against each other.

mod compare;
mod csv;
mod engines;
mod gate;
mod history;
mod html;
mod image;
mod json;
mod junit;
mod markdown;
mod palette;
mod plots;
mod predicted;
mod search;
mod serve;
mod summary;
mod table;
mod text;

pub use compare::{comparison_json, comparison_text};
pub use csv::csv;
pub use gate::judgement_text;
pub use history::{history_json, history_text};
pub use html::{Beside, HtmlError, html};
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use search::{SearchView, search_html};
pub use serve::{ServeError, Server, UnitLine};
pub use table::terminal;
