//! From text to a scenario.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::error::{ScenarioError, reworded, unknown};
use super::locate::At::{Item, Key};
use super::locate::{At, locate};
use super::raw::{RawCandidate, RawScenario, Search};
use super::{BuiltIn, Candidate, Known, Scenario, Source};

/// Bytes that no scenario needs.
const MAX_BYTES: usize = 1 << 20;
/// Pixels; the input alone would fill every board here.
const MAX_RESOLUTION: u32 = 1024;
const MAX_WIDTH: f64 = 8.0;
const MAX_CLASSES: u32 = 100_000;
const MAX_COUNT: u32 = 10_000;

/// A mistake and where it is.
struct Mistake {
    path: Vec<At>,
    message: String,
}

fn mistake<T>(path: &[At], message: impl Into<String>) -> Result<T, Mistake> {
    Err(Mistake { path: path.to_vec(), message: message.into() })
}

/// Reads and checks the scenario in the file at `path`, and that the models it names exist.
pub fn load(path: &Path, known: Known<'_>) -> Result<Scenario, ScenarioError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| ScenarioError::Unreadable { path: path.into(), source })?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            return Err(ScenarioError::Invalid { file, line, column: 1, message: "not UTF-8 text".into() });
        }
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let scenario = parse(&file, &text, folder, known)?;
    for (index, candidate) in scenario.candidates.iter().enumerate() {
        if let Source::File(model) = &candidate.source
            && !model.is_file()
        {
            let (line, column) = locate(&text, &[Key("candidates"), Item(index), Key("model")]);
            let message = format!("there is no file {}", model.display());
            return Err(ScenarioError::Invalid { file, line, column, message });
        }
    }
    Ok(scenario)
}

/// Checks the scenario in `text`; `file` is named in errors, `folder` comes before relative paths. Reads no file.
pub fn parse(file: &str, text: &str, folder: &Path, known: Known<'_>) -> Result<Scenario, ScenarioError> {
    let invalid = |line, column, message: String| ScenarioError::Invalid { file: file.into(), line, column, message };
    if text.len() > MAX_BYTES {
        return Err(invalid(1, 1, format!("{} bytes are no scenario; at most {MAX_BYTES} are read", text.len())));
    }
    let raw: RawScenario = serde_yaml::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        let message = error.to_string();
        // The position comes first in our messages.
        let message = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
        invalid(line, column, reworded(message))
    })?;
    checked(raw, folder, known).map_err(|Mistake { path, message }| {
        let (line, column) = locate(text, &path);
        invalid(line, column, message)
    })
}

fn checked(raw: RawScenario, folder: &Path, known: Known<'_>) -> Result<Scenario, Mistake> {
    let RawScenario { name, task, candidates, boards, engines, measure, constraints, gates, search } = raw;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return mistake(&[Key("name")], "a name is 1 to 64 letters, digits, `-` or `_`: it names the run's folder");
    }
    if task.trim().is_empty() {
        return mistake(&[Key("task")], "the task is empty");
    }
    for (key, count) in [("candidates", candidates.len()), ("boards", boards.len()), ("engines", engines.len())] {
        if count == 0 && !(key == "candidates" && search.is_some()) {
            return mistake(&[Key(key)], format!("`{key}` is empty: there would be nothing to measure"));
        }
    }
    for (index, board) in boards.iter().enumerate() {
        let path = [Key("boards"), Item(index)];
        if !known.boards.contains(&board.as_str()) {
            return mistake(&path, unknown("board", board, known.boards));
        }
        if boards[..index].contains(board) {
            return mistake(&path, format!("board `{board}` is listed twice"));
        }
    }
    for (index, engine) in engines.iter().enumerate() {
        if engines[..index].contains(engine) {
            return mistake(&[Key("engines"), Item(index)], format!("engine `{}` is listed twice", engine.name()));
        }
    }
    for (key, value, least) in
        [("inputs", measure.inputs, 1), ("repeats", measure.repeats, 1), ("warmup", measure.warmup, 0)]
    {
        in_range(&[Key("measure"), Key(key)], key, value, least, MAX_COUNT)?;
    }
    positive(&[Key("constraints"), Key("max_latency_ms")], constraints.max_latency_ms)?;
    positive(&[Key("gates"), Key("max_latency_increase")], gates.as_ref().and_then(|g| g.max_latency_increase))?;
    positive(&[Key("gates"), Key("max_energy_increase")], gates.as_ref().and_then(|g| g.max_energy_increase))?;
    positive(&[Key("constraints"), Key("max_energy_uj")], constraints.max_energy_uj)?;
    if let Some(search) = &search {
        checked_search(search)?;
    }
    let mut names = HashSet::new();
    let candidates = candidates.into_iter().enumerate().map(|(index, raw)| {
        let candidate = candidate(index, raw, folder, known)?;
        if !names.insert(candidate.name.clone()) {
            let message = format!("a second candidate is called `{}`; give one of them another `name`", candidate.name);
            return mistake(&[Key("candidates"), Item(index)], message);
        }
        Ok(candidate)
    });
    let candidates = candidates.collect::<Result<_, _>>()?;
    Ok(Scenario { name, task, candidates, boards, engines, measure, constraints, gates, search })
}

/// What stands for itself; that the space and the data set exist is known to those who open them.
fn checked_search(search: &Search) -> Result<(), Mistake> {
    let at = |key: &'static str| [Key("search"), Key(key)];
    for (key, value) in [("space", &search.space), ("data", &search.data.set)] {
        if value.trim().is_empty() {
            return mistake(&at(key), format!("`{key}` is empty"));
        }
    }
    for (key, value) in [("epochs", search.epochs), ("fine_tuning", search.fine_tuning)] {
        if !(value.is_finite() && (0.0..=10_000.0).contains(&value)) {
            return mistake(&at(key), format!("`{key}` is {value}; it must be 0 to 10000"));
        }
    }
    positive(&at("width"), search.width)?;
    if search.width.is_some() != search.size.is_some() {
        let key = if search.width.is_some() { "width" } else { "size" };
        return mistake(&at(key), "a configuration is `width` and `size`; give both, or neither for stage 1 to choose");
    }
    for (key, value, least) in [
        ("samples", search.samples, 1),
        ("measurements", search.measurements, 1),
        ("first", search.first, 2),
        ("batch", search.batch, 1),
        ("population", search.population, 4),
        ("generations", search.generations, 1),
        ("chosen", search.chosen, 1),
    ] {
        in_range(&at(key), key, value, least, MAX_COUNT)?;
    }
    Ok(())
}

fn candidate(index: usize, raw: RawCandidate, folder: &Path, known: Known<'_>) -> Result<Candidate, Mistake> {
    let RawCandidate { name, network, model, resolution, width, classes, seed } = raw;
    let at = |key: &'static str| [Key("candidates"), Item(index), Key(key)];
    if name.as_ref().is_some_and(|n| n.trim().is_empty() || n.chars().count() > 64 || n.chars().any(char::is_control)) {
        return mistake(&at("name"), "a candidate's name is 1 to 64 printable characters");
    }
    let (made, source) = match (network, model) {
        (Some(_), Some(_)) => return mistake(&at("model"), "a candidate has `network` or `model`, not both"),
        (None, None) => {
            return mistake(&[Key("candidates"), Item(index)], "a candidate needs `network` or `model`");
        }
        (None, Some(model)) => {
            let options = [
                ("resolution", resolution.is_some()),
                ("width", width.is_some()),
                ("classes", classes.is_some()),
                ("seed", seed.is_some()),
            ];
            if let Some((key, _)) = options.into_iter().find(|(_, given)| *given) {
                return mistake(&at(key), format!("`{key}` goes with `network`; a model's file says it already"));
            }
            from_file(&at("model"), &model, folder)?
        }
        (Some(architecture), None) => {
            if !known.networks.contains(&architecture.as_str()) {
                return mistake(&at("network"), unknown("network", &architecture, known.networks));
            }
            if let Some(pixels) = resolution {
                in_range(&at("resolution"), "resolution", pixels, 1, MAX_RESOLUTION)?;
            }
            if let Some(classes) = classes {
                in_range(&at("classes"), "classes", classes, 1, MAX_CLASSES)?;
            }
            positive(&at("width"), width)?;
            if width.is_some_and(|width| width > MAX_WIDTH) {
                return mistake(&at("width"), format!("a width multiplier is at most {MAX_WIDTH}"));
            }
            built_in(BuiltIn { architecture, resolution, width, classes, seed: seed.unwrap_or(0) })
        }
    };
    Ok(Candidate { name: name.unwrap_or(made), source })
}

fn from_file(path: &[At], model: &Path, folder: &Path) -> Result<(String, Source), Mistake> {
    if model.extension().is_none_or(|extension| extension != "tflite") {
        return mistake(path, format!("{} is not a .tflite file", model.display()));
    }
    let name = model.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, Source::File(PathBuf::from(folder).join(model))))
}

/// Called after what distinguishes it, e.g. `mobilenetv2-0.35@64`.
fn built_in(network: BuiltIn) -> (String, Source) {
    let width = network.width.map_or(String::new(), |width| format!("-{width}"));
    let pixels = network.resolution.map_or(String::new(), |pixels| format!("@{pixels}"));
    (format!("{}{width}{pixels}", network.architecture), Source::BuiltIn(network))
}

fn in_range(path: &[At], key: &str, value: u32, least: u32, most: u32) -> Result<(), Mistake> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    mistake(path, format!("`{key}` is {value}; it must be {least} to {most}"))
}

fn positive(path: &[At], value: Option<f64>) -> Result<(), Mistake> {
    match value {
        Some(value) if !(value.is_finite() && value > 0.0) => {
            mistake(path, format!("{value} is not a positive number"))
        }
        _ => Ok(()),
    }
}
