//! Archives in the cache.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::{Archive, FetchError};

/// What could not be fetched by this process, and why.
static FAILURES: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());

/// The folder of fetched archives inside the harness's cache.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    online: bool,
}

/// The bytes of an archive, known to be the pinned ones.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub archive: Archive,
    pub bytes: Vec<u8>,
}

impl Store {
    /// The store in the cache folder `cache`; neither need exist yet.
    pub fn new(cache: &Path) -> Self {
        Self { folder: cache.join("fetched"), online: true }
    }

    /// The same store, which takes what is there and fetches nothing.
    pub fn offline(self) -> Self {
        Self { online: false, ..self }
    }

    /// The archive: from the store, or else fetched into it.
    pub fn get(&self, archive: &Archive) -> Result<Fetched, FetchError> {
        let place = self.folder.join(archive.file);
        // Rows that are worked on at the same time want the same archive, and what failed once would fail for each.
        let mut failures = FAILURES.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let bytes = match fs::read(&place) {
            Ok(bytes) => {
                check(archive, &place, &bytes, "remove it, and it is fetched again")?;
                bytes
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => self.fetch(archive, &place, &mut failures)?,
            Err(e) => return Err(FetchError::io(&place)(e)),
        };
        Ok(Fetched { archive: *archive, bytes })
    }

    fn fetch(
        &self,
        archive: &Archive,
        place: &Path,
        failures: &mut BTreeMap<PathBuf, String>,
    ) -> Result<Vec<u8>, FetchError> {
        let unavailable = |problem: String| FetchError::Unavailable {
            title: archive.title,
            package: archive.package,
            version: archive.version,
            file: archive.file,
            place: place.display().to_string(),
            problem,
        };
        if !self.online {
            return Err(unavailable("fetching is turned off".into()));
        }
        if let Some(kept) = archive.client.kept(archive)
            && let Ok(bytes) = fs::read(&kept)
            && check(archive, &kept, &bytes, "").is_ok()
        {
            self.keep(place, &bytes)?;
            return Ok(bytes);
        }
        if let Some(problem) = failures.get(place) {
            return Err(unavailable(problem.clone()));
        }
        let workshop = self.workshop()?;
        let fetched = archive.client.fetch(archive, &workshop.0).map_err(|problem| {
            failures.insert(place.to_path_buf(), problem.clone());
            unavailable(problem)
        })?;
        let bytes = fs::read(&fetched).map_err(FetchError::io(&fetched))?;
        check(archive, &fetched, &bytes, "the registry or a mirror serves another file under this name")?;
        self.keep(place, &bytes)?;
        Ok(bytes)
    }

    /// Puts the file in its place, whole or not at all.
    fn keep(&self, place: &Path, bytes: &[u8]) -> Result<(), FetchError> {
        fs::create_dir_all(&self.folder).map_err(FetchError::io(&self.folder))?;
        let temporary = self.folder.join(unique());
        let write = || {
            let mut file = fs::File::create(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, place)
        };
        write().map_err(|e| {
            let _ = fs::remove_file(&temporary);
            FetchError::io(place)(e)
        })
    }

    fn workshop(&self) -> Result<Workshop, FetchError> {
        let folder = self.folder.join(unique());
        fs::create_dir_all(&folder).map_err(FetchError::io(&folder))?;
        Ok(Workshop(folder))
    }
}

fn check(archive: &Archive, path: &Path, bytes: &[u8], remedy: &'static str) -> Result<(), FetchError> {
    let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == archive.sha256 {
        return Ok(());
    }
    let path = path.display().to_string();
    Err(FetchError::Digest { title: archive.title, path, found, expected: archive.sha256, remedy })
}

/// A name that no other process or thread uses at the same time.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!(".work-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A folder that goes when it is dropped.
struct Workshop(PathBuf);

impl Drop for Workshop {
    fn drop(&mut self) {
        // A folder that stays costs space only.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Client;
    use super::*;

    const ARCHIVE: Archive = Archive {
        title: "Nothing 1.0",
        client: Client::Pip,
        package: "nothing",
        version: "1.0",
        file: "nothing-1.0.whl",
        // Of the three bytes `abc` (FIPS 180-2, B.1).
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    #[test]
    fn what_is_in_the_store_needs_no_registry() {
        let cache = tempfile::tempdir().expect("a folder");
        let store = Store::new(cache.path()).offline();
        store.keep(&cache.path().join("fetched/nothing-1.0.whl"), b"abc").expect("kept");
        assert_eq!(store.get(&ARCHIVE).expect("the archive").bytes, b"abc");
        let left: Vec<_> = fs::read_dir(cache.path().join("fetched")).expect("a folder").flatten().collect();
        assert_eq!(left.len(), 1, "nothing temporary is left");
    }

    #[test]
    fn without_it_the_error_says_where_to_put_what() {
        let cache = tempfile::tempdir().expect("a folder");
        let message = Store::new(cache.path()).offline().get(&ARCHIVE).unwrap_err().to_string();
        for part in ["Nothing 1.0", "nothing-1.0.whl", "package nothing 1.0", "fetched/nothing-1.0.whl", "turned off"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn another_content_is_refused_and_stays() {
        let cache = tempfile::tempdir().expect("a folder");
        let place = cache.path().join("fetched/nothing-1.0.whl");
        let store = Store::new(cache.path());
        store.keep(&place, b"abd").expect("kept");
        let message = store.get(&ARCHIVE).unwrap_err().to_string();
        assert!(message.contains("a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9"), "{message}");
        assert!(message.contains(ARCHIVE.sha256) && message.contains("remove it"), "{message}");
        assert_eq!(fs::read(place).expect("the file"), b"abd");
    }
}
