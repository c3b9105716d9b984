//! Speech Commands v2: a folder of recordings per word, 16 kHz (arXiv 1804.03209).
//!
//! The task is the paper's: ten words, everything else as `unknown`, and stretches of background noise as `silence`.
//! `testing_list.txt` and `validation_list.txt` name what is for the test and for validation, so that no speaker is on
//! both sides.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DataError, DataSet, Raw, Samples, Sound, Split, wav};
use crate::network::random::Random;

/// The words that are told apart (arXiv 1804.03209, 7.1).
const WORDS: [&str; 10] = ["yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go"];
const SILENCE: &str = "silence";
const UNKNOWN: &str = "unknown";
const NOISE_FOLDER: &str = "_background_noise_";
/// Stretches of silence, and recordings of other words, as a part of those of the ten words (arXiv 1804.03209, 7.1).
const SHARE: f64 = 0.1;

enum Place {
    File(PathBuf),
    /// A second of a noise from this part of its length on.
    Noise(PathBuf, f32),
}

struct Recordings {
    places: Vec<(Place, usize)>,
}

impl Samples for Recordings {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn label(&self, index: usize) -> usize {
        self.places[index].1
    }

    fn read(&self, index: usize) -> Result<Raw, DataError> {
        let read = |path: &Path| wav::parse(path, &fs::read(path).map_err(DataError::read(path))?);
        match &self.places[index].0 {
            Place::File(path) => Ok(Raw::Sound(read(path)?)),
            Place::Noise(path, part) => {
                let Sound { rate, samples } = read(path)?;
                let spare = samples.len().saturating_sub(rate as usize);
                let start = (spare as f32 * part) as usize;
                let end = (start + rate as usize).min(samples.len());
                Ok(Raw::Sound(Sound { rate, samples: samples[start..end].to_vec() }))
            }
        }
    }
}

pub(super) fn open(name: &str, folder: &Path) -> Result<DataSet, DataError> {
    let lists = ["testing_list.txt", "validation_list.txt"].map(|list| named(&folder.join(list)));
    let [test, validation] = lists;
    let (test, validation) = (test?, validation?);
    let mut parts: [Vec<(Place, usize)>; 3] = Default::default();
    let mut unknown: [Vec<PathBuf>; 3] = Default::default();
    for word in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let Some(class) = word.file_name().and_then(|name| name.to_str()).map(String::from) else { continue };
        if class == NOISE_FOLDER {
            continue;
        }
        let label = WORDS.iter().position(|known| *known == class);
        for path in entries(&word)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "wav")) {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let listed = format!("{class}/{file}");
            let part = if test.contains(&listed) { 2 } else { usize::from(validation.contains(&listed)) };
            match label {
                Some(label) => parts[part].push((Place::File(path), label)),
                None => unknown[part].push(path),
            }
        }
    }
    let noises: Vec<PathBuf> = match folder.join(NOISE_FOLDER) {
        noise if noise.is_dir() => {
            entries(&noise)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "wav")).collect()
        }
        _ => Vec::new(),
    };
    for (at, (part, unknown)) in parts.iter_mut().zip(unknown).enumerate() {
        if part.is_empty() {
            let what = ["to learn from", "in validation_list.txt", "in testing_list.txt"][at];
            let problem =
                format!("`{}` has no recording of `{}` or another of the words {what}", folder.display(), WORDS[0]);
            return Err(DataError::Unfit { set: name.into(), problem });
        }
        let count = (part.len() as f64 * SHARE).ceil() as usize;
        let mut random = Random::new(0x5EED_57EE_C400 + at as u64);
        let mut unknown = unknown;
        super::shuffle(&mut unknown, &mut random);
        part.extend(unknown.into_iter().take(count).map(|path| (Place::File(path), WORDS.len() + 1)));
        for _ in 0..count {
            if let Some(noise) = random.choose(&noises) {
                part.push((Place::Noise(noise.clone(), random.unit()), WORDS.len()));
            }
        }
    }
    let classes = WORDS.iter().copied().chain([SILENCE, UNKNOWN]).map(String::from).collect();
    let [training, validation, test] = parts.map(|places| {
        let indices = (0..places.len()).collect();
        Split::new(Arc::new(Recordings { places }), indices)
    });
    Ok(DataSet { name: name.into(), classes, training, validation, test })
}

/// Paths in a folder, in an order of their own.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let read = fs::read_dir(folder).map_err(DataError::read(folder))?;
    let mut paths: Vec<PathBuf> =
        read.map(|entry| Ok(entry.map_err(DataError::read(folder))?.path())).collect::<Result<_, DataError>>()?;
    paths.sort();
    Ok(paths)
}

/// The lines of a list.
fn named(list: &Path) -> Result<BTreeSet<String>, DataError> {
    let text = fs::read_to_string(list).map_err(DataError::read(list))?;
    Ok(text.lines().map(|line| line.trim().to_string()).collect())
}
