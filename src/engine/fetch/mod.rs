//! Sources of other people's engines: fetched from a package registry once, kept in the cache, never in the repository.
//!
//! An archive is pinned by its SHA-256 and checked each time it is read. It is fetched by the registry's own client
//! (pip or cargo), so that mirrors, proxies and certificates are those the user has set up. Files are read from the
//! archive in memory: nothing is unpacked.

mod client;
mod store;
mod unpack;

pub use client::Client;
pub use store::{Fetched, Store};

/// An archive in a package registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archive {
    /// What the user knows it as.
    pub title: &'static str,
    pub client: Client,
    pub package: &'static str,
    pub version: &'static str,
    /// The file's name in the registry.
    pub file: &'static str,
    /// Of the file, in hex.
    pub sha256: &'static str,
}

/// Why sources are not at hand.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The registry cannot be reached, or its client is missing.
    #[error(
        "{title} is not in the cache and could not be fetched: {problem}\nconnect this machine once and run again, or \
         put the file `{file}` (package {package} {version}) from another machine to `{place}`"
    )]
    Unavailable {
        title: &'static str,
        package: &'static str,
        version: &'static str,
        file: &'static str,
        place: String,
        problem: String,
    },
    /// What is there is not what was pinned.
    #[error("`{path}` is not {title}: its SHA-256 is {found}, not {expected}; {remedy}")]
    Digest { title: &'static str, path: String, found: String, expected: &'static str, remedy: &'static str },
    #[error("`{path}`: {problem}")]
    Io { path: String, problem: std::io::Error },
    /// The pinned archive does not hold what it must: a fault of the harness.
    #[error("internal error: archive `{file}`, `{member}`: {problem}")]
    Member { file: &'static str, member: String, problem: String },
}

impl FetchError {
    fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |problem| FetchError::Io { path, problem }
    }
}
