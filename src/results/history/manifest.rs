//! What the index holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Version of the index. Another version's index is built anew, since the truth is elsewhere.
const FORMAT: u32 = 1;
pub const FILE: &str = "manifest.json";

/// A file of entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its file's name.
    pub file: String,
    pub rows: u64,
    /// Where each bucket of networks starts, and the end of the last one.
    pub starts: Vec<u64>,
}

/// Where a run is, and what its files looked like when it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Name of the segment's file; none of a run without rows.
    pub segment: Option<String>,
    pub fingerprint: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: u32,
    pub segments: Vec<Segment>,
    /// By name of the run's folder.
    pub runs: BTreeMap<String, Place>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self { format: FORMAT, segments: Vec::new(), runs: BTreeMap::new() }
    }
}

impl Manifest {
    /// The manifest in `folder`; an empty one where it is missing, damaged or another version's.
    pub fn load(folder: &Path) -> Self {
        let read = fs::read(folder.join(FILE)).ok();
        let manifest = read.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        manifest.filter(Self::is_sound).unwrap_or_default()
    }

    fn is_sound(&self) -> bool {
        let plain = |name: &str| name.ends_with(".parquet") && !name.contains(['/', '\\']);
        let ordered = |s: &Segment| s.starts.is_sorted() && s.starts.last() == Some(&s.rows);
        self.format == FORMAT && self.segments.iter().all(|s| plain(&s.file) && ordered(s))
    }

    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a manifest has only string keys")
    }

    /// Forgets segments that no run is in.
    pub fn prune(&mut self) {
        let used: std::collections::BTreeSet<&str> = self.runs.values().filter_map(|p| p.segment.as_deref()).collect();
        self.segments.retain(|segment| used.contains(segment.file.as_str()));
    }
}
