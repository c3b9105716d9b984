//! Writing so that a killed process, or a full disk, leaves nothing half-written behind.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::error::ResultsError;

/// Writes a file of a run, e.g. its report: whole or not at all, with the room's errors.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ResultsError> {
    replace(path, bytes, "write it")
}

/// Replaces `path` by `bytes`: after a crash it holds either the old content or the new, whole.
pub fn replace(path: &Path, bytes: &[u8], doing: &'static str) -> Result<(), ResultsError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if let Err(source) = written {
        // The error that matters is the first one.
        let _ = fs::remove_file(&temporary);
        return Err(ResultsError::io(path, doing, source));
    }
    sync_folder(path.parent().unwrap_or(Path::new("."))).map_err(|source| ResultsError::io(path, doing, source))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A rename is durable once its folder is synced.
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match File::open(folder)?.sync_all() {
        // Some file systems cannot sync folders; there is nothing more to do on those.
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// Appends `line` and a line feed to `file` and waits for the disk. Where it fails, the file keeps its old length, so
/// that a later line does not run into a torn one.
pub fn append_line(file: &mut File, line: &str) -> io::Result<()> {
    let start = file.seek(SeekFrom::End(0))?;
    let appended = file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_data());
    if appended.is_err() {
        // Best effort: the error to report is the first one.
        let _ = file.set_len(start);
    }
    appended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_whole_and_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        replace(&path, b"first, and longer", "write").expect("written");
        replace(&path, b"second", "write").expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"second");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_failed_replacement_leaves_the_folder_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        fs::create_dir_all(path.join("in the way")).expect("a folder");
        let message = replace(&path, b"x", "write the run").unwrap_err().to_string();
        assert!(message.starts_with(&format!("{}: failed to write the run: ", path.display())), "{message}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_its_own_error_that_says_what_to_do() {
        let mut full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let path = Path::new("results/run/journal.jsonl");
        let error = ResultsError::io(path, "append a row", append_line(&mut full, "{}").unwrap_err());
        assert!(matches!(error, ResultsError::DiskFull { .. }), "{error:?}");
        let message = error.to_string();
        assert!(
            message.starts_with("results/run/journal.jsonl: the disk is full (failed to append a row)"),
            "{message}"
        );
        assert!(message.contains("free some space"), "{message}");
    }
}
