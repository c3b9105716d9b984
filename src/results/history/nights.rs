//! The history as the gate needs it.

use super::entry::{Entry, Query};
use super::store::History;
use crate::results::baseline::{Baseline, Key};
use crate::results::gate::{self, Metric, Past};

/// Earlier nights of silicon rows: since the baseline was measured, and without those that the gate found worse.
pub struct Nights<'a> {
    pub history: &'a History,
    /// Name of the folder of the run that is judged: it is no earlier night.
    pub except: &'a str,
}

impl gate::History for Nights<'_> {
    /// What cannot be read is not there: the row then is measured again, which is never wrong.
    fn past(&self, key: &Key, baseline: &Baseline, metric: Metric) -> Vec<Past> {
        let query = Query { network: Some(key.network.clone()), key: Some(key.digest()), ..Query::default() };
        let answer = self.history.query(&query).unwrap_or_default();
        let counts = |entry: &&Entry| {
            entry.run != self.except
                && entry.started >= baseline.accepted.started
                && !entry.worse.iter().any(|name| name == metric.name())
        };
        let entries: Vec<&Entry> = answer.entries.iter().filter(counts).collect();
        let own = match metric {
            Metric::Cycles => baseline.median_cycles(),
            Metric::Energy => baseline.energy_uj,
            _ => None,
        };
        // The baseline's own night may be on another machine, or long gone.
        let absent = entries.iter().all(|entry| entry.run != baseline.accepted.run);
        let own = own.filter(|_| absent).map(|value| Past { unit: baseline.unit.clone(), value });
        let past = entries.iter().filter_map(|e| Some(Past { unit: e.unit.clone(), value: e.value(metric)? }));
        own.into_iter().chain(past).collect()
    }
}
