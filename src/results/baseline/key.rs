//! What must be the same before numbers are compared.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::results::{Measurement, Provenance, sha256_hex};

/// Everything that two measurements must have in common to be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub network: String,
    /// Of the network's content: another network under an old name is another network.
    pub network_sha256: String,
    pub engine: String,
    pub engine_options_sha256: String,
    pub board: String,
    /// As the board's facts say it; `unknown` where they do not.
    pub board_revision: String,
    /// What feeds the board, as its facts say it, e.g. `1.8 V`; `unknown` where they do not.
    pub supply: String,
    /// Core clock; none where neither the unit nor the board's facts say it.
    pub clock_hz: Option<u64>,
    /// First line of the compiler's `--version`.
    pub compiler: String,
    pub flags_sha256: String,
    pub provenance: Provenance,
}

/// A part of a key that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub part: String,
    pub baseline: String,
    pub now: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Digests are told apart by their first digits.
        let short = |text: &str| -> String {
            if self.part.ends_with("sha256") { text.chars().take(12).collect() } else { text.into() }
        };
        write!(f, "{}: `{}` there, `{}` here", self.part, short(&self.baseline), short(&self.now))
    }
}

impl Key {
    /// The key of `row`; `facts` are its board's, from [`crate::results::RunInfo::boards`].
    pub fn of(row: &Measurement, facts: Option<&Value>) -> Self {
        let fact = |name: &str| match facts.and_then(|facts| facts.get(name)) {
            None | Some(Value::Null) => "unknown".to_string(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let nominal = || facts.and_then(|facts| facts.pointer("/clock/hz")).and_then(Value::as_u64);
        Self {
            network: row.network.clone(),
            network_sha256: row.network_sha256.clone(),
            engine: row.engine.clone(),
            engine_options_sha256: row.engine_options_sha256.clone(),
            board: row.board.clone(),
            board_revision: fact("revision"),
            supply: fact("supply"),
            clock_hz: row.latency().map(|latency| latency.clock_hz()).or_else(nominal),
            compiler: row.repeat.compiler.clone(),
            flags_sha256: row.repeat.flags_sha256.clone(),
            provenance: row.provenance,
        }
    }

    /// A digest of all parts, for names of files and for seeds.
    pub fn digest(&self) -> String {
        let text: String = self.parts().iter().map(|(part, value)| format!("{part}={value:?}\n")).collect();
        sha256_hex(text.as_bytes())
    }

    /// Parts in the order of their weight: the first ones say what is measured, the last ones how.
    fn parts(&self) -> [(&'static str, String); 11] {
        let clock = self.clock_hz.map_or("unknown".into(), |hz| hz.to_string());
        [
            ("provenance", self.provenance.name().into()),
            ("board", self.board.clone()),
            ("network", self.network.clone()),
            ("engine", self.engine.clone()),
            ("network_sha256", self.network_sha256.clone()),
            ("engine_options_sha256", self.engine_options_sha256.clone()),
            ("board_revision", self.board_revision.clone()),
            ("supply", self.supply.clone()),
            ("clock_hz", clock),
            ("compiler", self.compiler.clone()),
            ("flags_sha256", self.flags_sha256.clone()),
        ]
    }

    /// What differs between a baseline's key and this one.
    pub fn differences(&self, baseline: &Key) -> Vec<Difference> {
        let parts = self.parts().into_iter().zip(baseline.parts());
        parts
            .filter(|((_, now), (_, then))| now != then)
            .map(|((part, now), (_, baseline))| Difference { part: part.into(), baseline, now })
            .collect()
    }

    /// How alike two keys are: none where they are of different networks, boards, engines or provenances.
    pub(super) fn likeness(&self, other: &Key) -> Option<usize> {
        let equal: Vec<bool> = self.parts().iter().zip(other.parts()).map(|(a, b)| a.1 == b.1).collect();
        equal[..4].iter().all(|same| *same).then(|| equal.iter().filter(|same| **same).count())
    }

    /// Whether `baseline` is of the same thing as a row that did not come to an image, and so lacks parts of its key.
    pub(super) fn may_be(&self, baseline: &Key) -> bool {
        self.differences(baseline).iter().all(|difference| difference.now.is_empty())
    }
}
