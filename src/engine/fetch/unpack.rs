//! Text files out of archives.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use super::store::Fetched;
use super::{Client, FetchError};

/// One text file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Member {
    /// Inside the archive.
    pub path: String,
    pub text: String,
}

impl Fetched {
    /// The members that `wanted` names, in that order.
    pub(in crate::engine) fn members(&self, wanted: &[String]) -> Result<Vec<Member>, FetchError> {
        let fail = |member: &str, problem: String| {
            let (file, member) = (self.archive.file, member.to_string());
            FetchError::Member { file, member, problem }
        };
        let mut found = match self.archive.client {
            Client::Pip => zipped(&self.bytes, wanted),
            Client::Cargo => tarred(&self.bytes, wanted),
        }
        .map_err(|problem| fail("", problem))?;
        let take = |path: &String| {
            let bytes = found.remove(path).ok_or_else(|| fail(path, "it is missing".into()))?;
            let text = String::from_utf8(bytes).map_err(|e| fail(path, e.to_string()))?;
            Ok(Member { path: path.clone(), text })
        };
        wanted.iter().map(take).collect()
    }
}

fn zipped(bytes: &[u8], wanted: &[String]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut found = BTreeMap::new();
    for path in wanted {
        if let Ok(mut file) = archive.by_name(path) {
            let mut content = Vec::new();
            file.read_to_end(&mut content).map_err(|e| format!("{path}: {e}"))?;
            found.insert(path.clone(), content);
        }
    }
    Ok(found)
}

fn tarred(bytes: &[u8], wanted: &[String]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let mut found = BTreeMap::new();
    for entry in archive.entries().map_err(|e| e.to_string())? {
        let mut entry = entry.map_err(|e| e.to_string())?;
        let path = entry.path().map_err(|e| e.to_string())?.to_string_lossy().into_owned();
        if wanted.contains(&path) {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|e| format!("{path}: {e}"))?;
            found.insert(path, content);
        }
    }
    Ok(found)
}
