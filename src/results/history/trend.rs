//! Histories of one number, and their steps.

use super::entry::Entry;
use crate::results::Provenance;
use crate::results::gate::Metric;
use crate::results::step::{Step, Trend, changes, detect};

/// Like entries, the oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub metric: Metric,
    /// All of one key; of silicon rows, all of one unit, since units differ.
    pub entries: Vec<Entry>,
    /// Indices are into `entries`.
    pub trend: Trend,
}

/// Groups entries that may be compared and finds the steps in each group. Entries without the number are left out.
pub fn series(entries: &[Entry], metric: Metric) -> Vec<Series> {
    let mut groups: Vec<Vec<Entry>> = Vec::new();
    let noisy = |entry: &Entry| entry.provenance == Provenance::Silicon;
    let alike = |a: &Entry, b: &Entry| a.key == b.key && (!noisy(a) || a.unit == b.unit);
    for entry in entries.iter().filter(|entry| entry.value(metric).is_some()) {
        match groups.iter_mut().find(|group| alike(&group[0], entry)) {
            Some(group) => group.push(entry.clone()),
            None => groups.push(vec![entry.clone()]),
        }
    }
    let trend = |entries: Vec<Entry>| {
        let values: Vec<f64> = entries.iter().filter_map(|entry| entry.value(metric)).collect();
        let varies = noisy(&entries[0]) && matches!(metric, Metric::Cycles | Metric::Energy);
        let trend = if varies { detect(&values) } else { changes(&values) };
        Series { metric, entries, trend }
    };
    groups.into_iter().map(trend).collect()
}

impl Series {
    /// Commits of the last night that is surely before `step` and of the first that is surely after it.
    pub fn commits(&self, step: &Step) -> (&str, &str) {
        (&self.entries[step.earliest.saturating_sub(1)].git, &self.entries[step.latest].git)
    }
}
