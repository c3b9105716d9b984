//! The Free Spoken Digit Dataset: ten digits by six speakers, 8 kHz (github.com/Jakobovski/free-spoken-digit-dataset).
//!
//! Recordings are `DIGIT_SPEAKER_INDEX.wav`, in a folder, in its `recordings/`, or in tar files. As its authors say, the
//! test set is indices 0 to 4 of every speaker and digit.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DataError, DataSet, InMemory, Raw, wav};

/// Recordings of a speaker and a digit that are for the test.
const TEST: std::ops::RangeInclusive<u32> = 0..=4;
/// Bytes that no recording of a digit has.
const MOST: u64 = 1 << 22;

pub(super) fn open(name: &str, folder: &Path, validation: f64) -> Result<DataSet, DataError> {
    let mut found = Vec::new();
    for folder in [folder.to_path_buf(), folder.join("recordings")] {
        if folder.is_dir() {
            scan(&folder, &mut found)?;
        }
    }
    // Whatever order files lie in.
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    let (mut teaching, mut test) = (Vec::new(), Vec::new());
    for recording in found {
        let sound = wav::parse(&recording.path, &recording.bytes)?;
        let to = if TEST.contains(&recording.index) { &mut test } else { &mut teaching };
        to.push((Raw::Sound(sound), recording.digit));
    }
    for (part, what) in [(&teaching, "no recording to learn from"), (&test, "no recording with an index of 0 to 4")] {
        if part.is_empty() {
            let problem = format!("`{}` holds {what}, such as `3_name_7.wav`", folder.display());
            return Err(DataError::Unfit { set: name.into(), problem });
        }
    }
    let classes = (0..10).map(|digit| digit.to_string()).collect();
    let [teaching, test] = [teaching, test].map(|samples| Arc::new(InMemory { samples }));
    Ok(DataSet::new(name, classes, teaching, test, validation))
}

struct Recording {
    /// Where it was read from, for messages.
    path: PathBuf,
    name: String,
    digit: usize,
    index: u32,
    bytes: Vec<u8>,
}

impl Recording {
    /// None where the name is not of a recording.
    fn new(
        place: &Path,
        name: &str,
        bytes: impl FnOnce() -> Result<Vec<u8>, DataError>,
    ) -> Result<Option<Self>, DataError> {
        let parts: Vec<&str> = name.strip_suffix(".wav").map(|stem| stem.split('_').collect()).unwrap_or_default();
        let [digit, _speaker, index] = parts.as_slice() else { return Ok(None) };
        let (Ok(digit), Ok(index)) = (digit.parse::<usize>(), index.parse()) else { return Ok(None) };
        if digit > 9 {
            return Ok(None);
        }
        Ok(Some(Self { path: place.join(name), name: name.into(), digit, index, bytes: bytes()? }))
    }
}

/// Adds the recordings of a folder and of the tar files in it.
fn scan(folder: &Path, found: &mut Vec<Recording>) -> Result<(), DataError> {
    for entry in fs::read_dir(folder).map_err(DataError::read(folder))? {
        let path = entry.map_err(DataError::read(folder))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.ends_with(".tar") {
            untar(&path, found)?;
        } else {
            found.extend(Recording::new(folder, name, || fs::read(&path).map_err(DataError::read(&path)))?);
        }
    }
    Ok(())
}

fn untar(path: &Path, found: &mut Vec<Recording>) -> Result<(), DataError> {
    let file = File::open(path).map_err(DataError::read(path))?;
    let mut archive = tar::Archive::new(std::io::BufReader::new(file));
    for entry in archive.entries().map_err(DataError::read(path))? {
        let mut entry = entry.map_err(DataError::read(path))?;
        let inside = entry.path().map_err(DataError::read(path))?.into_owned();
        let Some(name) = inside.file_name().and_then(|name| name.to_str()) else { continue };
        let mut read = || {
            let mut bytes = Vec::new();
            entry.by_ref().take(MOST).read_to_end(&mut bytes).map_err(DataError::read(path))?;
            Ok(bytes)
        };
        found.extend(Recording::new(path, name, &mut read)?);
    }
    Ok(())
}
