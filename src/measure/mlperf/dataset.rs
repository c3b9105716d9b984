//! A data set as the runner of MLPerf Tiny has it: files, and their classes in `y_labels.csv`.

use std::fs;
use std::path::{Path, PathBuf};

/// The file of labels.
const LABELS: &str = "y_labels.csv";
/// Bytes of one file; the longest spectrogram has some hundred thousand.
const MAX_BYTES: u64 = 64 << 20;

/// What is wrong with a data set.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error("{path}: {source}", path = .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}: {problem}", path = .path.display())]
    Label { path: PathBuf, line: usize, problem: String },
    #[error("{path}: {problem}", path = .path.display())]
    File { path: PathBuf, problem: String },
}

/// A line of `y_labels.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    pub file: PathBuf,
    pub class: usize,
    /// Bytes of a window and of the step to the next, of files that hold several inputs.
    pub window: Option<(usize, usize)>,
}

/// A folder of inputs and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    pub labels: Vec<Labelled>,
    /// Number of classes.
    pub classes: usize,
}

impl Dataset {
    /// Reads the labels in `folder`, and checks that the files are there.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let path = folder.join(LABELS);
        let text = fs::read_to_string(&path).map_err(|source| DatasetError::Read { path: path.clone(), source })?;
        let mut dataset = Self { labels: Vec::new(), classes: 0 };
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let fail = |problem: String| DatasetError::Label { path: path.clone(), line: index + 1, problem };
            let (file, classes, class, window) = label(line).map_err(fail)?;
            if dataset.labels.is_empty() {
                dataset.classes = classes;
            } else if dataset.classes != classes {
                return Err(fail(format!("{classes} classes, where the lines before say {}", dataset.classes)));
            }
            let file = folder.join(file);
            if !file.is_file() {
                return Err(fail(format!("there is no file {}", file.display())));
            }
            dataset.labels.push(Labelled { file, class, window });
        }
        if dataset.labels.is_empty() {
            return Err(DatasetError::File { path, problem: "it names no file".into() });
        }
        Ok(dataset)
    }
}

type Line<'a> = (&'a str, usize, usize, Option<(usize, usize)>);

/// `file,classes,class` or `file,classes,class,window,step`.
fn label(line: &str) -> Result<Line<'_>, String> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let number = |text: &str| text.parse::<usize>().map_err(|_| format!("`{text}` is no number"));
    let (file, classes, class, window) = match fields[..] {
        [file, classes, class] => (file, number(classes)?, number(class)?, None),
        [file, classes, class, bytes, step] => {
            let (bytes, step) = (number(bytes)?, number(step)?);
            if bytes == 0 || step == 0 {
                return Err("a window and its step are at least one byte".into());
            }
            (file, number(classes)?, number(class)?, Some((bytes, step)))
        }
        _ => {
            return Err(format!(
                "{} fields; `file,classes,class` or `file,classes,class,window,step` are known",
                fields.len()
            ));
        }
    };
    if file.is_empty() {
        return Err("no file".into());
    }
    if class >= classes {
        return Err(format!("class {class} of {classes}: classes count from 0"));
    }
    Ok((file, classes, class, window))
}

impl Labelled {
    /// The inputs in the file, of `bytes` each.
    pub fn inputs(&self, bytes: usize) -> Result<Vec<Vec<u8>>, DatasetError> {
        let path = || self.file.clone();
        let read = |source| DatasetError::Read { path: path(), source };
        if fs::metadata(&self.file).map_err(read)?.len() > MAX_BYTES {
            return Err(DatasetError::File { path: path(), problem: format!("it has more than {MAX_BYTES} bytes") });
        }
        let content = fs::read(&self.file).map_err(read)?;
        let inputs: Vec<Vec<u8>> = match self.window {
            None => vec![content],
            Some((window, step)) => content.windows(window).step_by(step).map(<[u8]>::to_vec).collect(),
        };
        match inputs.first() {
            Some(first) if first.len() == bytes => Ok(inputs),
            first => {
                let found = first.map_or("less than one window".into(), |input| format!("{} bytes", input.len()));
                Err(DatasetError::File {
                    path: path(),
                    problem: format!("an input is {found}; the model takes {bytes}"),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(labels: &str, files: &[(&str, usize)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(LABELS), labels).expect("labels");
        for (name, bytes) in files {
            let content: Vec<u8> = (0..*bytes).map(|i| i as u8).collect();
            fs::write(folder.path().join(name), content).expect("a file");
        }
        folder
    }

    #[test]
    fn files_and_windows_are_read_as_the_runner_does() {
        let here = folder("a.bin, 12, 7\nb.bin,12,0,8,3\n\n", &[("a.bin", 4), ("b.bin", 15)]);
        let set = Dataset::open(here.path()).expect("a data set");
        assert_eq!((set.classes, set.labels.len(), set.labels[0].class), (12, 2, 7));
        assert_eq!(set.labels[0].inputs(4).expect("an input"), [[0, 1, 2, 3]]);
        let windows = set.labels[1].inputs(8).expect("inputs");
        // The next would end at byte 17.
        assert_eq!(windows.iter().map(|w| w[0]).collect::<Vec<_>>(), [0, 3, 6]);
        assert!(set.labels[0].inputs(5).unwrap_err().to_string().contains("an input is 4 bytes; the model takes 5"));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let message = |labels: &str| {
            let here = folder(labels, &[("a.bin", 4)]);
            Dataset::open(here.path()).unwrap_err().to_string()
        };
        assert!(message("a.bin,2,1\nb.bin,2,1").contains("y_labels.csv:2: there is no file"));
        assert!(message("a.bin,2,2").contains("y_labels.csv:1: class 2 of 2"));
        assert!(message("a.bin,2").contains(":1: 2 fields"));
        assert!(message("a.bin,2,x").contains("`x` is no number"));
        assert!(message("a.bin,2,1\na.bin,3,1").contains(":2: 3 classes, where the lines before say 2"));
        assert!(message("\n").contains("it names no file"));
        assert!(Dataset::open(Path::new("/nowhere")).unwrap_err().to_string().contains("/nowhere/y_labels.csv"));
    }
}
