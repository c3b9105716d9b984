//! A folder of pictures per class, as ImageNet's and many others are laid out.
//!
//! With folders `train` and `val` (or `test`), those hold the classes; otherwise the classes stand at the top, and a
//! fixed sixth of each is for the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decode::{Decoder, Files, is_picture};
use super::{DataError, DataSet, Raw, Samples, Split, partition};

/// Share of each class that is for the test where the folders do not say it.
const TEST: f64 = 1.0 / 6.0;

/// Pictures in files, which are read when they are needed.
pub(super) struct PictureFiles {
    pub files: Vec<(PathBuf, usize)>,
    pub decoder: Box<dyn Decoder>,
}

impl PictureFiles {
    pub fn new(files: Vec<(PathBuf, usize)>) -> Self {
        Self { files, decoder: Box::new(Files) }
    }
}

impl Samples for PictureFiles {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn label(&self, index: usize) -> usize {
        self.files[index].1
    }

    fn read(&self, index: usize) -> Result<Raw, DataError> {
        let path = &self.files[index].0;
        let bytes = fs::read(path).map_err(DataError::read(path))?;
        self.decoder.decode(path, &bytes).map(Raw::Picture)
    }
}

pub(super) fn open(name: &str, folder: &Path, validation: f64) -> Result<DataSet, DataError> {
    let train = folder.join("train");
    if train.is_dir() {
        let held = ["val", "validation", "test"].map(|part| folder.join(part)).into_iter().find(|part| part.is_dir());
        let Some(held) = held else {
            let problem = format!("`{}` stands without `val` or `test` beside it", train.display());
            return Err(DataError::Unfit { set: name.into(), problem });
        };
        let classes = classes(name, &train)?;
        let (teaching, test) = (files(name, &train, &classes)?, files(name, &held, &classes)?);
        return Ok(DataSet::new(name, classes, Arc::new(teaching), Arc::new(test), validation));
    }
    let classes = classes(name, folder)?;
    let all: Arc<dyn Samples> = Arc::new(files(name, folder, &classes)?);
    let (teaching, test) = partition(&*all, &(0..all.len()).collect::<Vec<_>>(), TEST);
    // Of what is left, so that the share is of all that is not for the test.
    let (training, held) = partition(&*all, &teaching, validation);
    Ok(DataSet {
        name: name.into(),
        classes,
        training: Split::new(all.clone(), training),
        validation: Split::new(all.clone(), held),
        test: Split::new(all, test),
    })
}

/// Names of the folders in a folder, sorted.
fn classes(name: &str, folder: &Path) -> Result<Vec<String>, DataError> {
    let mut classes = Vec::new();
    for entry in fs::read_dir(folder).map_err(DataError::read(folder))? {
        let path = entry.map_err(DataError::read(folder))?.path();
        let class = path.file_name().and_then(|class| class.to_str()).filter(|class| !class.starts_with('.'));
        if let (true, Some(class)) = (path.is_dir(), class) {
            classes.push(class.to_string());
        }
    }
    classes.sort();
    if classes.len() < 2 {
        let problem = format!("`{}` has {} folders; it needs one per class", folder.display(), classes.len());
        return Err(DataError::Unfit { set: name.into(), problem });
    }
    Ok(classes)
}

fn files(name: &str, folder: &Path, classes: &[String]) -> Result<PictureFiles, DataError> {
    let mut files = Vec::new();
    for (label, class) in classes.iter().enumerate() {
        let folder = folder.join(class);
        let mut of_class = Vec::new();
        for entry in fs::read_dir(&folder).map_err(DataError::read(&folder))? {
            let path = entry.map_err(DataError::read(&folder))?.path();
            if is_picture(&path) {
                of_class.push((path, label));
            }
        }
        if of_class.is_empty() {
            let problem = format!("`{}` has no pictures (.jpg, .ppm, .pgm)", folder.display());
            return Err(DataError::Unfit { set: name.into(), problem });
        }
        of_class.sort();
        files.extend(of_class);
    }
    Ok(PictureFiles::new(files))
}
