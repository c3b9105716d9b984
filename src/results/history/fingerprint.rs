//! What a run's files look like from outside.

use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::results::gate::GATE;
use crate::results::sha256_hex;

/// Files of a run that an index depends on.
const FILES: [&str; 5] = ["run.json", "journal.jsonl", "measurements.parquet", "layers.parquet", GATE];

/// Sizes and times of the run's files, as a short text; none where `folder` is not the folder of a run.
pub fn fingerprint(folder: &Path) -> io::Result<Option<String>> {
    let mut text = String::new();
    for name in FILES {
        match fs::metadata(folder.join(name)) {
            Ok(metadata) => {
                let time = metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
                text += &format!("{name} {} {time}\n", metadata.len());
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                if name == FILES[0] {
                    return Ok(None);
                }
            }
            Err(e) => return Err(e),
        }
    }
    Ok(Some(sha256_hex(text.as_bytes())[..16].to_string()))
}
