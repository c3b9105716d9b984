//! What the firmware says of itself.

use std::collections::BTreeMap;

use super::reply::{number, tagged};

/// The reply to `hil info`: facts from the image, and what its registers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    pub build_id: String,
    /// Version of the `hil` commands.
    pub protocol: u64,
    pub input_bytes: u64,
    pub output_bytes: u64,
    /// Number of steps of the network.
    pub steps: u64,
    /// Characters of the longest command, its `%` not counted.
    pub line_bytes: u64,
    /// Core clock in Hz, from the clock registers.
    pub clock_hz: u64,
    /// Flash wait states, from the flash interface's register.
    pub wait_states: u64,
    /// Whether the input outlives an inference; where not, each inference needs its own.
    pub input_buffered: bool,
    /// Everything, by key, as it was said.
    pub all: BTreeMap<String, String>,
}

impl Info {
    /// From the lines `m-hil-KEY-[VALUE]` of a reply.
    pub fn parse(lines: &[String]) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for line in lines {
            let Some((key, _)) = line.strip_prefix("m-hil-").and_then(|rest| rest.split_once("-[")) else {
                return Err("a line that is not `m-hil-KEY-[VALUE]`".into());
            };
            let [value] = tagged(std::slice::from_ref(line), &format!("hil-{key}"))?[..] else {
                return Err("a line that is not `m-hil-KEY-[VALUE]`".into());
            };
            if all.insert(key.to_string(), value.to_string()).is_some() {
                return Err(format!("the line `m-hil-{key}-[…]` twice"));
            }
        }
        let text = |key: &str| all.get(key).cloned().ok_or_else(|| format!("no line `m-hil-{key}-[…]`"));
        let count = |key: &str| number(&text(key)?);
        Ok(Self {
            build_id: text("build")?,
            protocol: count("protocol")?,
            input_bytes: count("input-bytes")?,
            output_bytes: count("output-bytes")?,
            steps: count("steps")?,
            line_bytes: count("line-bytes")?,
            clock_hz: count("clock-hz")?,
            wait_states: count("wait-states")?,
            input_buffered: match text("input-buffered")?.as_str() {
                "1" => true,
                "0" => false,
                other => return Err(format!("`{other}` where 0 or 1 should be")),
            },
            all,
        })
    }
}
