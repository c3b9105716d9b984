//! Finds images in a directory.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::facts::Fact;

/// Larger files are no images of the boards.
const LARGEST: u64 = 16 << 20;

/// A directory that cannot be searched.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}; --images wants a directory with the published images", path = .path.display())]
pub struct FindError {
    path: PathBuf,
    problem: io::Error,
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of each image of `facts` that is in `folder`: at its path, or anywhere as a `.bin` file with its hash. None
/// where it is not there.
pub fn find(folder: &Path, facts: &[Fact]) -> Result<Vec<Option<Vec<u8>>>, FindError> {
    let failed = |problem| FindError { path: folder.into(), problem };
    fs::read_dir(folder).map_err(failed)?;
    let at_path = |fact: &Fact| fs::read(folder.join(&fact.path)).ok().filter(|bytes| sha256(bytes) == fact.sha256);
    let mut found: Vec<_> = facts.iter().map(at_path).collect();
    if found.iter().all(Option::is_some) {
        return Ok(found);
    }
    let mut by_hash = BTreeMap::new();
    collect(folder, &mut by_hash);
    for (fact, image) in facts.iter().zip(&mut found) {
        if image.is_none() {
            *image = by_hash.get(&fact.sha256).cloned();
        }
    }
    Ok(found)
}

/// Files and folders that cannot be read are as if they were not there; links are not followed.
fn collect(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if kind.is_dir() {
            collect(&path, found);
        } else if kind.is_file()
            && path.extension().is_some_and(|extension| extension == "bin")
            && entry.metadata().is_ok_and(|metadata| metadata.len() <= LARGEST)
            && let Ok(bytes) = fs::read(&path)
        {
            found.insert(sha256(&bytes), bytes);
        }
    }
}
