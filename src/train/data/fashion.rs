//! Fashion-MNIST: 70,000 grey pictures of clothes, 28x28 (arXiv 1708.07747).

use std::path::Path;
use std::sync::Arc;

use super::idx::{self, Idx};
use super::picture::Picture;
use super::{DataError, DataSet, Raw, Samples};

/// Names of the classes, in the order of their labels (arXiv 1708.07747, table 2).
const CLASSES: [&str; 10] =
    ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"];

/// Where Debian's package `dataset-fashion-mnist` puts it.
pub(super) const FOLDER: &str = "/usr/share/datasets/fashion-mnist";

struct Pictures {
    images: Idx,
    labels: Vec<u8>,
}

pub(super) fn open(name: &str, folder: &Path, validation: f64) -> Result<DataSet, DataError> {
    let teaching = pictures(folder, "train")?;
    let test = pictures(folder, "t10k")?;
    let classes = CLASSES.iter().map(|class| class.to_string()).collect();
    Ok(DataSet::new(name, classes, Arc::new(teaching), Arc::new(test), validation))
}

fn pictures(folder: &Path, part: &str) -> Result<Pictures, DataError> {
    let path = |kind: &str| {
        let packed = folder.join(format!("{part}-{kind}-ubyte.gz"));
        if packed.exists() { packed } else { folder.join(format!("{part}-{kind}-ubyte")) }
    };
    let (images_path, labels_path) = (path("images-idx3"), path("labels-idx1"));
    let (images, labels) = (idx::read(&images_path)?, idx::read(&labels_path)?);
    let &[count, height, width] = images.shape.as_slice() else {
        let problem = format!("pictures have 3 dimensions, not {}", images.shape.len());
        return Err(DataError::malformed(&images_path, "the header", problem));
    };
    if height == 0 || width == 0 {
        return Err(DataError::malformed(&images_path, "the header", "its pictures have no pixels"));
    }
    if labels.shape != [count] {
        let problem = format!("it has {:?} labels for {count} pictures", labels.shape);
        return Err(DataError::malformed(&labels_path, "the header", problem));
    }
    if let Some(at) = labels.data.iter().position(|label| usize::from(*label) >= CLASSES.len()) {
        let problem = format!("{} is no label; there are {} classes", labels.data[at], CLASSES.len());
        return Err(DataError::malformed(&labels_path, format!("label {at}"), problem));
    }
    Ok(Pictures { images, labels: labels.data })
}

impl Samples for Pictures {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn label(&self, index: usize) -> usize {
        usize::from(self.labels[index])
    }

    fn read(&self, index: usize) -> Result<Raw, DataError> {
        let (height, width) = (self.images.shape[1], self.images.shape[2]);
        let pixels = &self.images.data[index * height * width..(index + 1) * height * width];
        Ok(Raw::Picture(Picture { height, width, channels: 1, pixels: pixels.to_vec() }))
    }
}
