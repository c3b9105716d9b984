//! Which data set, and where it lies.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DataError, DataSet, fashion, folders, fsdd, speech_commands, wake_words};

/// Environment variable with a folder that holds data sets under their names.
const FOLDER: &str = "HIL_DATA";

/// Data sets that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetName {
    FashionMnist,
    Fsdd,
    SpeechCommands,
    VisualWakeWords,
    Imagenet,
    /// A folder of pictures per class.
    Folders,
}

impl SetName {
    pub const ALL: [Self; 6] =
        [Self::FashionMnist, Self::Fsdd, Self::SpeechCommands, Self::VisualWakeWords, Self::Imagenet, Self::Folders];

    /// As it is written in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::FashionMnist => "fashion-mnist",
            Self::Fsdd => "fsdd",
            Self::SpeechCommands => "speech-commands",
            Self::VisualWakeWords => "visual-wake-words",
            Self::Imagenet => "imagenet",
            Self::Folders => "folders",
        }
    }

    /// How a user gets it.
    fn hint(self) -> &'static str {
        match self {
            Self::FashionMnist => "`apt-get install dataset-fashion-mnist` brings it",
            Self::Fsdd => {
                "clone github.com/Jakobovski/free-spoken-digit-dataset, or set HIL_DATA to a folder that holds `fsdd/`"
            }
            Self::SpeechCommands => "unpack speech_commands_v0.02.tar.gz there",
            Self::VisualWakeWords => "unpack COCO's annotations_trainval2017.zip, train2017.zip and val2017.zip there",
            Self::Imagenet => "unpack ImageNet there, with a folder per class in `train/` and in `val/`",
            Self::Folders => "`path` must name a folder that holds a folder of pictures per class",
        }
    }
}

/// A data set as a scenario names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub set: SetName,
    /// Its folder; where it is left out or does not exist, the folder named after the set in `HIL_DATA`, or where its
    /// package puts it.
    pub path: Option<PathBuf>,
    /// Share of the training samples that is held out for validation.
    #[serde(default = "tenth")]
    pub validation: f64,
}

fn tenth() -> f64 {
    0.1
}

impl Source {
    /// A data set where it usually lies.
    pub fn usual(set: SetName) -> Self {
        Self { set, path: None, validation: tenth() }
    }

    /// Where the data set should lie. Relative paths are relative to `base`, the scenario's folder.
    pub fn folder(&self, base: &Path) -> PathBuf {
        let shared = std::env::var_os(FOLDER).map(|folder| PathBuf::from(folder).join(self.set.name()));
        if let Some(path) = &self.path {
            let named = base.join(path);
            // On another machine it may lie elsewhere than the scenario says.
            return shared.filter(|shared| !named.is_dir() && shared.is_dir()).unwrap_or(named);
        }
        match (shared, self.set) {
            (Some(shared), SetName::FashionMnist) if !shared.is_dir() => fashion::FOLDER.into(),
            (Some(shared), _) => shared,
            (None, SetName::FashionMnist) => fashion::FOLDER.into(),
            (None, set) => base.join(set.name()),
        }
    }

    /// Reads the data set.
    pub fn open(&self, base: &Path) -> Result<DataSet, DataError> {
        let (name, folder) = (self.set.name(), self.folder(base));
        if !(0.0..=0.9).contains(&self.validation) {
            let problem = format!("`validation` is {}; it must be 0 to 0.9", self.validation);
            return Err(DataError::Unfit { set: name.into(), problem });
        }
        if !folder.is_dir() {
            return Err(DataError::Missing { set: name.into(), path: folder, hint: self.set.hint().into() });
        }
        match self.set {
            SetName::FashionMnist => fashion::open(name, &folder, self.validation),
            SetName::Fsdd => fsdd::open(name, &folder, self.validation),
            SetName::SpeechCommands => speech_commands::open(name, &folder),
            SetName::VisualWakeWords => wake_words::open(name, &folder, self.validation),
            SetName::Imagenet | SetName::Folders => folders::open(name, &folder, self.validation),
        }
    }
}
