//! An entry of `prebuilt`: an image that somebody else has built, and how it is driven.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Known;
use super::validate::{Mistake, in_range, mistake};
use crate::yaml::At::{self, Item, Key};
use crate::yaml::unknown;

/// An image for one board.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `image`, `board` and `protocol`")]
pub struct RawPrebuilt {
    /// Name in tables; the file's where it is left out.
    pub name: Option<String>,
    /// `.elf`, `.axf`, `.out`, `.hex`, `.ihex` or `.bin`, relative to the scenario.
    pub image: PathBuf,
    pub board: String,
    pub protocol: Protocol,
    /// Bit rate of its console.
    #[serde(default = "default_baud")]
    pub baud: u32,
    /// Where a `.bin` is programmed; the start of the board's flash where it is left out.
    pub address: Option<u32>,
    /// What the image must say that its model is: `vww01`, `ic01`, `kws01`, `ad01`, or any other name with `input`.
    pub model: String,
    /// What it takes, for a model that is none of MLPerf Tiny's.
    pub input: Option<PrebuiltInput>,
    /// The network that it runs, a `.tflite` file relative to the scenario. Only with it outputs can be verified.
    pub network: Option<PathBuf>,
    /// A folder with `y_labels.csv` and the files that it names, as the runner of MLPerf Tiny has them: the first five are
    /// the inputs that are timed, and accuracy is measured with all of them.
    pub dataset: Option<PathBuf>,
    /// Files of the data set that accuracy is measured with; all where it is left out, which is the rule of MLPerf Tiny.
    pub files: Option<u32>,
    /// Least seconds of board time for which each input is timed. Less than 10 is not the rule of MLPerf Tiny, and is
    /// said in the row; on emulated units, which are deterministic, it gives the same latency sooner.
    #[serde(default = "official_window")]
    pub window: f64,
}

fn default_baud() -> u32 {
    115_200
}

fn official_window() -> f64 {
    Prebuilt::OFFICIAL_WINDOW
}

/// What an image speaks on its console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// The device API of MLPerf Tiny.
    MlperfTiny,
}

/// What one input of a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrebuiltInput {
    /// Bytes that `db load` announces.
    pub bytes: u32,
    pub element: Element,
}

/// What the bytes of an input are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    Int8,
    /// Pixels: what a network with signed inputs takes is 128 less.
    Uint8,
    /// Little-endian.
    Float32,
}

/// A checked image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prebuilt {
    /// Name in tables, unique among images and candidates.
    pub name: String,
    pub image: PathBuf,
    pub board: String,
    pub protocol: Protocol,
    pub baud: u32,
    pub address: Option<u32>,
    pub model: String,
    pub input: Option<PrebuiltInput>,
    pub network: Option<PathBuf>,
    pub dataset: Option<PathBuf>,
    pub files: Option<u32>,
    /// Seconds.
    pub window: f64,
}

impl Prebuilt {
    /// Seconds for which MLPerf Tiny times each input, at least.
    pub const OFFICIAL_WINDOW: f64 = 10.0;
}

const EXTENSIONS: [&str; 6] = ["elf", "axf", "out", "hex", "ihex", "bin"];
/// Models whose inputs MLPerf Tiny defines.
pub const MODELS: [&str; 4] = ["vww01", "ic01", "kws01", "ad01"];
/// Bytes; a command line of the protocol counts no further.
const MAX_INPUT: u32 = 1 << 24;
const MAX_FILES: u32 = 1_000_000;
/// Bits per second.
const BAUDS: std::ops::RangeInclusive<u32> = 300..=12_000_000;
/// Seconds: below, stamps of a microsecond are too coarse; above, a stamp of 32 bits may come round.
const WINDOWS: std::ops::RangeInclusive<f64> = 0.02..=1800.0;

/// Checks the entry at `index`; reads no file.
pub(super) fn checked(index: usize, raw: RawPrebuilt, folder: &Path, known: Known<'_>) -> Result<Prebuilt, Mistake> {
    let at = |key: &'static str| [Key("prebuilt"), Item(index), Key(key)];
    let extension = |path: &Path| path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let extension_of_image = extension(&raw.image);
    if !EXTENSIONS.contains(&extension_of_image.as_str()) {
        let known = EXTENSIONS.map(|e| format!(".{e}")).join(", ");
        return mistake(&at("image"), format!("{} is no image; it must end with {known}", raw.image.display()));
    }
    let name = raw.name.unwrap_or_else(|| raw.image.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    if name.trim().is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return mistake(&at("name"), "an image's name is 1 to 64 printable characters");
    }
    if !known.boards.contains(&raw.board.as_str()) {
        return mistake(&at("board"), unknown("board", &raw.board, known.boards));
    }
    in_range(&at("baud"), "baud", raw.baud, *BAUDS.start(), *BAUDS.end())?;
    if raw.address.is_some() && extension_of_image != "bin" {
        let message = format!("`address` goes with a .bin; a .{extension_of_image} says its addresses itself");
        return mistake(&at("address"), message);
    }
    model(&at, &raw.model, raw.input)?;
    if raw.network.as_ref().is_some_and(|path| extension(path) != "tflite") {
        let path = raw.network.unwrap_or_default();
        return mistake(&at("network"), format!("{} is not a .tflite file", path.display()));
    }
    if let Some(files) = raw.files {
        in_range(&at("files"), "files", files, 1, MAX_FILES)?;
        if raw.dataset.is_none() {
            return mistake(&at("files"), "`files` says how much of a `dataset` is used, and there is none");
        }
    }
    if !WINDOWS.contains(&raw.window) {
        let (least, most) = (WINDOWS.start(), WINDOWS.end());
        return mistake(&at("window"), format!("`window` is {} s; it must be {least} to {most} s", raw.window));
    }
    Ok(Prebuilt {
        name,
        image: folder.join(raw.image),
        board: raw.board,
        protocol: raw.protocol,
        baud: raw.baud,
        address: raw.address,
        model: raw.model,
        input: raw.input,
        network: raw.network.map(|path| folder.join(path)),
        dataset: raw.dataset.map(|path| folder.join(path)),
        files: raw.files,
        window: raw.window,
    })
}

fn model<const N: usize>(
    at: &dyn Fn(&'static str) -> [At; N],
    name: &str,
    input: Option<PrebuiltInput>,
) -> Result<(), Mistake> {
    let plain = |c: char| c.is_ascii_graphic() && c != ']';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return mistake(&at("model"), "a model's name is what the image says in `m-model-[…]`, 1 to 64 characters");
    }
    match (MODELS.contains(&name), input) {
        (true, Some(_)) => mistake(
            &at("input"),
            format!("`input` is for models that MLPerf Tiny does not define; `{name}` is one that it does"),
        ),
        (false, None) => mistake(
            &at("model"),
            format!(
                "{}; for a model of your own say its `input: {{ bytes: …, element: … }}`",
                unknown("model", name, &MODELS)
            ),
        ),
        (_, Some(PrebuiltInput { bytes, element })) => {
            in_range(&at("input"), "bytes", bytes, 1, MAX_INPUT)?;
            match element {
                Element::Float32 if !bytes.is_multiple_of(4) => {
                    mistake(&at("input"), format!("{bytes} bytes are no whole number of float32"))
                }
                _ => Ok(()),
            }
        }
        (true, None) => Ok(()),
    }
}
