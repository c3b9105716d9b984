//! What was built before, by the content of what it was built from.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::error::BuildError;

/// First bytes of an entry; changes with the format.
const MAGIC: &str = "hil-cache-1";

/// A folder of entries. An entry is one file: a line with the digest of what follows, then the content.
///
/// Processes may share it: an entry appears whole, by being renamed into place, and one that is damaged is none.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// The name of an entry: a digest of everything that its content depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(String);

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Collects what a content depends on.
#[derive(Clone)]
pub(super) struct KeyBuilder(Sha256);

impl KeyBuilder {
    /// `kind` keeps keys of unlike contents apart.
    pub(super) fn new(kind: &str) -> Self {
        Self(Sha256::new()).with(MAGIC).with(kind)
    }

    /// With its length, so that no two sequences of parts read the same.
    pub(super) fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    pub(super) fn with_all<T: AsRef<[u8]>>(self, parts: impl IntoIterator<Item = T>) -> Self {
        let (mut count, mut all) = (0u64, self);
        for part in parts {
            all = all.with(part);
            count += 1;
        }
        all.with(count.to_le_bytes())
    }

    pub(super) fn finish(self) -> Key {
        Key(hex(&self.0.finalize()))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Cache {
    /// The environment variable that names another folder than the user's.
    pub const VARIABLE: &'static str = "HIL_CACHE";

    /// The folder that the environment names, or the user's: `$XDG_CACHE_HOME/hil` or `~/.cache/hil`.
    pub fn user() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = set(Self::VARIABLE)
            .or_else(|| set("XDG_CACHE_HOME").map(|home| home.join("hil")))
            .or_else(|| set("HOME").map(|home| home.join(".cache/hil")))
            .unwrap_or_else(|| std::env::temp_dir().join("hil-cache"));
        Self::at(folder)
    }

    /// A cache in `folder`, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where entries are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(&key.0[..2]).join(&key.0)
    }

    /// The content, if there is an entry that is whole. A damaged one is removed.
    pub(super) fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let path = self.path(key);
        let content = checked(fs::read(&path).ok()?);
        if content.is_none() {
            // It is made anew; that it could not be removed hurts nobody.
            let _ = fs::remove_file(&path);
        }
        content
    }

    pub(super) fn put(&self, key: &Key, content: &[u8]) -> Result<(), BuildError> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(BuildError::io(folder))?;
        let temporary = folder.join(format!("{}.{}", key.0, unique()));
        let written = write(&temporary, content).and_then(|()| fs::rename(&temporary, &path));
        written.map_err(|e| {
            let _ = fs::remove_file(&temporary);
            BuildError::io(&path)(e)
        })
    }

    /// A folder of its own to build in.
    pub(super) fn workshop(&self) -> Result<Workshop, BuildError> {
        let folder = self.folder.join("work").join(unique());
        fs::create_dir_all(&folder).map_err(BuildError::io(&folder))?;
        Ok(Workshop(folder))
    }
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    writeln!(file, "{MAGIC} {}", sha256(content))?;
    file.write_all(content)
}

/// The content of an entry, if its digest is right.
fn checked(mut entry: Vec<u8>) -> Option<Vec<u8>> {
    let end = entry.iter().position(|byte| *byte == b'\n')?;
    let content = entry.split_off(end + 1);
    (entry == format!("{MAGIC} {}\n", sha256(&content)).as_bytes()).then_some(content)
}

/// A name that no other process or thread uses at the same time.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A folder that goes when it is dropped.
pub(super) struct Workshop(PathBuf);

impl Workshop {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // A folder that stays costs space only.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache, Key) {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(folder.path().join("deep/cache"));
        (folder, cache, KeyBuilder::new("test").with("a").finish())
    }

    #[test]
    fn what_was_put_is_got_and_nothing_else_is_left() {
        let (_folder, cache, key) = cache();
        assert_eq!(cache.get(&key), None);
        cache.put(&key, b"one").expect("an entry");
        cache.put(&key, b"two\nlines").expect("an entry");
        assert_eq!(cache.get(&key).as_deref(), Some(&b"two\nlines"[..]));
        let path = cache.path(&key);
        let files = fs::read_dir(path.parent().expect("a folder")).expect("a folder").count();
        assert_eq!(files, 1);
    }

    #[test]
    fn a_damaged_entry_is_none_and_can_be_made_anew() {
        let (_folder, cache, key) = cache();
        cache.put(&key, b"content").expect("an entry");
        let path = cache.path(&key);
        let whole = fs::read(&path).expect("an entry");
        for damaged in [&whole[..whole.len() - 1], &whole[..3], &[], &[whole.as_slice(), b"x"].concat()] {
            fs::write(&path, damaged).expect("written");
            assert_eq!(cache.get(&key), None);
            assert!(!path.exists());
        }
        let mut flipped = whole.clone();
        *flipped.last_mut().expect("a byte") ^= 1;
        fs::write(&path, flipped).expect("written");
        assert_eq!(cache.get(&key), None);
        cache.put(&key, b"content").expect("an entry");
        assert_eq!(cache.get(&key).as_deref(), Some(&b"content"[..]));
    }

    #[test]
    fn keys_tell_where_one_part_ends() {
        let key = |parts: &[&str]| KeyBuilder::new("k").with_all(parts).finish();
        let all = [key(&["ab", "c"]), key(&["a", "bc"]), key(&["abc"]), key(&["abc", ""]), key(&[])];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a != b));
        }
        assert_ne!(KeyBuilder::new("k").finish(), KeyBuilder::new("l").finish());
    }

    #[test]
    fn a_workshop_goes_with_its_owner() {
        let (_folder, cache, _) = cache();
        let (a, b) = (cache.workshop().expect("a folder"), cache.workshop().expect("a folder"));
        assert_ne!(a.path(), b.path());
        let path = a.path().to_path_buf();
        fs::write(path.join("f"), "x").expect("written");
        drop(a);
        assert!(!path.exists() && b.path().exists());
    }
}
