//! Visual Wake Words: is there a person in the picture? Derived from COCO (arXiv 1906.05721).
//!
//! A picture counts where a person's box covers more than 0.5 % of it. The folder is COCO's: `annotations/` with
//! `instances_train2017.json` and `instances_val2017.json` (or 2014), and the pictures in `train2017/` and `val2017/`.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::folders::PictureFiles;
use super::{DataError, DataSet};

/// Smallest part of a picture that a person covers (arXiv 1906.05721, 3.1).
const LEAST: f64 = 0.005;
const PERSON: &str = "person";

#[derive(Deserialize)]
struct Instances {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Image {
    id: u64,
    file_name: String,
    width: f64,
    height: f64,
}

#[derive(Deserialize)]
struct Annotation {
    image_id: u64,
    category_id: u64,
    /// x, y, width, height.
    bbox: [f64; 4],
}

#[derive(Deserialize)]
struct Category {
    id: u64,
    name: String,
}

pub(super) fn open(name: &str, folder: &Path, validation: f64) -> Result<DataSet, DataError> {
    let year = ["2017", "2014"].into_iter().find(|year| annotations(folder, "train", year).is_file());
    let Some(year) = year else {
        let hint = "unpack COCO's annotations_trainval2017.zip, train2017.zip and val2017.zip there".into();
        return Err(DataError::Missing { set: name.into(), path: annotations(folder, "train", "2017"), hint });
    };
    let [teaching, test] = ["train", "val"].map(|part| files(name, folder, part, year).map(PictureFiles::new));
    let classes = vec!["nobody".into(), PERSON.into()];
    Ok(DataSet::new(name, classes, Arc::new(teaching?), Arc::new(test?), validation))
}

fn annotations(folder: &Path, part: &str, year: &str) -> PathBuf {
    folder.join("annotations").join(format!("instances_{part}{year}.json"))
}

fn files(name: &str, folder: &Path, part: &str, year: &str) -> Result<Vec<(PathBuf, usize)>, DataError> {
    let path = annotations(folder, part, year);
    let file = File::open(&path).map_err(DataError::read(&path))?;
    let instances: Instances = serde_json::from_reader(BufReader::new(file)).map_err(|error| {
        DataError::malformed(&path, format!("line {} column {}", error.line(), error.column()), error.to_string())
    })?;
    let Some(person) = instances.categories.iter().find(|category| category.name == PERSON) else {
        return Err(DataError::malformed(&path, "`categories`", "there is no category `person`"));
    };
    let area: HashMap<u64, f64> = instances.images.iter().map(|image| (image.id, image.width * image.height)).collect();
    let mut persons: HashSet<u64> = HashSet::new();
    for annotation in instances.annotations.iter().filter(|annotation| annotation.category_id == person.id) {
        let Some(area) = area.get(&annotation.image_id) else { continue };
        let [_, _, width, height] = annotation.bbox;
        if width * height > LEAST * area {
            persons.insert(annotation.image_id);
        }
    }
    let pictures = folder.join(format!("{part}{year}"));
    let mut files: Vec<(PathBuf, usize)> = instances
        .images
        .iter()
        .map(|image| (pictures.join(&image.file_name), usize::from(persons.contains(&image.id))))
        .collect();
    files.sort();
    if files.is_empty() {
        let problem = format!("`{}` names no pictures", path.display());
        return Err(DataError::Unfit { set: name.into(), problem });
    }
    if let Some((missing, _)) = files.first().filter(|(first, _)| !first.is_file()) {
        let hint = format!("unpack COCO's {part}{year}.zip there");
        return Err(DataError::Missing { set: name.into(), path: missing.clone(), hint });
    }
    Ok(files)
}
