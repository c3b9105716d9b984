//! MODEL: a file or a built-in network.

use std::path::PathBuf;

use super::Failure;
use crate::network::builtin;
use crate::run::{Prepared, prepare};
use crate::scenario::{BuiltIn, Candidate, Source};

const BUILT_IN: &str = "builtin:";

/// The network that `text` names.
pub fn load(text: &str) -> Result<Prepared, Failure> {
    let candidate = candidate(text).map_err(|problem| Failure::Usage(format!("MODEL `{text}`: {problem}")))?;
    prepare(&candidate).map_err(|problem| {
        let place =
            if matches!(candidate.source, Source::File(_)) { String::new() } else { format!("MODEL `{text}`: ") };
        Failure::Usage(format!("{place}{problem}"))
    })
}

fn candidate(text: &str) -> Result<Candidate, String> {
    let Some(chosen) = text.strip_prefix(BUILT_IN) else {
        let path = PathBuf::from(text);
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Candidate { name, source: Source::File(path) });
    };
    let mut parts = chosen.split(',');
    let architecture = parts.next().unwrap_or_default().to_string();
    if !builtin::names().contains(&architecture.as_str()) {
        return Err(format!("unknown network `{architecture}` (known: {})", builtin::names().join(", ")));
    }
    let mut network = BuiltIn { architecture, resolution: None, width: None, classes: None, seed: 0 };
    for part in parts {
        let (key, value) = part.split_once('=').ok_or_else(|| format!("`{part}` is not `key=value`"))?;
        let wrong = || format!("`{value}` is no {key}");
        match key {
            "resolution" => network.resolution = Some(value.parse().map_err(|_| wrong())?),
            "width" => network.width = Some(value.parse().ok().filter(|w: &f64| w.is_finite()).ok_or_else(wrong)?),
            "classes" => network.classes = Some(value.parse().map_err(|_| wrong())?),
            "seed" => network.seed = value.parse().map_err(|_| wrong())?,
            _ => return Err(format!("unknown option `{key}` (known: width, resolution, classes, seed)")),
        }
    }
    Ok(Candidate { name: chosen.into(), source: Source::BuiltIn(network) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_a_built_in_network_are_read() {
        let read = candidate("builtin:mobilenetv2,width=0.35,resolution=64,classes=2,seed=7").expect("a candidate");
        let Source::BuiltIn(network) = read.source else { panic!("{read:?}") };
        assert_eq!(
            (network.width, network.resolution, network.classes, network.seed),
            (Some(0.35), Some(64), Some(2), 7)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text: &str| candidate(text).unwrap_err();
        assert!(wrong("builtin:mobilenet").contains("unknown network `mobilenet` (known: "));
        assert_eq!(wrong("builtin:mobilenetv2,width=x"), "`x` is no width");
        assert_eq!(wrong("builtin:mobilenetv2,width"), "`width` is not `key=value`");
        assert_eq!(
            wrong("builtin:mobilenetv2,depth=1"),
            "unknown option `depth` (known: width, resolution, classes, seed)"
        );
    }
}
