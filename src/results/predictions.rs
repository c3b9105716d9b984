//! What a cost model that has not seen a run's rows says of them, in the run's folder.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ResultsError, write_file};

/// The file in the folder of the run.
const FILE: &str = "predictions.json";
const FORMAT: u32 = 1;

/// Predictions of one run's rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predictions {
    /// Version of the model: of the data that it learned from.
    pub model: String,
    /// Runs that it learned from, and how many measurements.
    pub learned_from: Vec<String>,
    pub measurements: u32,
    /// Measurements that it was not shown, since they are of the same networks on the same boards.
    pub left_out: u32,
    pub rows: Vec<Predicted>,
}

/// What was predicted of a row, in cycles of an inference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicted {
    /// Index of the row in its run.
    pub index: u32,
    pub cycles: f64,
    /// Nine of ten networks lie between these.
    pub low: f64,
    pub high: f64,
}

/// The file's content.
#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    #[serde(flatten)]
    predictions: serde_json::Value,
}

impl Predictions {
    /// Writes them into the folder of their run, instead of earlier ones.
    pub fn write(&self, folder: &Path) -> Result<(), ResultsError> {
        let predictions = serde_json::to_value(self).expect("predictions have only string keys and finite numbers");
        let text = serde_json::to_string_pretty(&File { format: FORMAT, predictions }).expect("a JSON value is one");
        write_file(&folder.join(FILE), (text + "\n").as_bytes())
    }

    /// Those of the run in `folder`; none where nobody predicted it.
    pub fn of(folder: &Path) -> Result<Option<Self>, ResultsError> {
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|e| ResultsError::io(&path, "read the predictions", e))?,
        };
        let wrong = |message: String| ResultsError::RunFile {
            path: path.clone(),
            message: format!("{message}; delete it to have the run without predictions"),
        };
        let file: File = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
        if file.format > FORMAT {
            return Err(wrong(format!("written by a newer version of hil (format {})", file.format)));
        }
        let read: Self = serde_json::from_value(file.predictions).map_err(|e| wrong(e.to_string()))?;
        let positive = |p: &Predicted| [p.cycles, p.low, p.high].iter().all(|c| c.is_finite() && *c > 0.0);
        match read.rows.iter().find(|row| !positive(row)) {
            Some(row) => Err(wrong(format!("the prediction of row {} is no number of cycles", row.index))),
            None => Ok(Some(read)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_come_back_and_what_is_none_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Predictions::of(folder.path()).expect("nothing"), None);
        let rows = vec![Predicted { index: 3, cycles: 100.0, low: 90.0, high: 120.0 }];
        let (model, learned_from) = ("m1".to_string(), vec!["a".to_string()]);
        let made = Predictions { model, learned_from, measurements: 8, left_out: 1, rows };
        made.write(folder.path()).expect("written");
        assert_eq!(Predictions::of(folder.path()).expect("read"), Some(made));
        let path = folder.path().join(FILE);
        let text = fs::read_to_string(&path).expect("text");
        for (from, to, says) in [
            ("\"format\": 1", "\"format\": 2", "newer version of hil (format 2)"),
            ("100.0", "-1.0", "row 3 is no number of cycles"),
            ("{", "", "predictions.json: "),
        ] {
            fs::write(&path, text.replacen(from, to, 1)).expect("written");
            let message = Predictions::of(folder.path()).unwrap_err().to_string();
            assert!(message.contains(says) && message.contains("delete it"), "{message}");
        }
    }
}
