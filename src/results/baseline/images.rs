//! Images of baselines, by content: what a suspect is measured beside.

use std::fs;
use std::path::{Path, PathBuf};

use crate::results::{ResultsError, sha256_hex, write_file};

/// Folder of images, in the folder of the runs and in that of each run.
pub const IMAGES: &str = "images";

/// An image that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoImage {
    #[error("it is in none of {}", places(.0))]
    Nowhere(Vec<PathBuf>),
    #[error("{}: its content is not what its name says; delete it", .0.display())]
    Damaged(PathBuf),
    #[error("{}: {problem}", .path.display())]
    Unreadable { path: PathBuf, problem: String },
}

fn places(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Where the image of a digest is in `folder`.
pub fn path_of(folder: &Path, sha256: &str) -> PathBuf {
    folder.join(IMAGES).join(format!("{sha256}.elf"))
}

/// Keeps the image of the run in `run` beside the runs, where it stays as long as a baseline names it.
pub fn keep(run: &Path, sha256: &str) -> Result<(), ResultsError> {
    // The run may be named without its parent, e.g. from within.
    let absolute = std::path::absolute(run).map_err(|e| ResultsError::io(run, "find the folder of the runs", e))?;
    let kept = path_of(absolute.parent().unwrap_or(Path::new(".")), sha256);
    let source = path_of(run, sha256);
    let bytes = fs::read(&source).map_err(|e| ResultsError::io(&source, "read the image", e))?;
    if let Some(folder) = kept.parent() {
        fs::create_dir_all(folder).map_err(|e| ResultsError::io(folder, "create the folder for images", e))?;
    }
    // Instead of one that was damaged, too.
    write_file(&kept, &bytes)
}

/// The image of a digest: in one of `folders`, of runs or of the runs' parent. What is damaged in one may be whole in another.
pub fn find(folders: &[PathBuf], sha256: &str) -> Result<Vec<u8>, NoImage> {
    let places: Vec<PathBuf> = folders.iter().map(|folder| path_of(folder, sha256)).collect();
    let mut wrong = None;
    for path in &places {
        match fs::read(path) {
            Ok(bytes) if sha256_hex(&bytes) == sha256 => return Ok(bytes),
            Ok(_) => wrong = Some(NoImage::Damaged(path.clone())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => wrong = Some(NoImage::Unreadable { path: path.clone(), problem: e.to_string() }),
        }
    }
    Err(wrong.unwrap_or(NoImage::Nowhere(places)))
}
