//! From text to a scenario.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::engine::{RawEngine, RawOwn};
use super::error::ScenarioError;
use super::raw::{RawCandidate, RawScenario, Search};
use super::tailor::{Quantity, RawTailored, Tailored};
use super::{BuiltIn, Candidate, Engine, Known, Library, Prebuilt, Scenario, Source, prebuilt};
use crate::yaml::At::{Item, Key};
use crate::yaml::{self, At, Place, locate, unknown};

/// Bytes that no scenario needs.
const MAX_BYTES: usize = 1 << 20;
/// Pixels; the input alone would fill every board here.
const MAX_RESOLUTION: u32 = 1024;
const MAX_WIDTH: f64 = 8.0;
const MAX_CLASSES: u32 = 100_000;
const MAX_COUNT: u32 = 10_000;
const MAX_WINDOWS: u32 = 100;
const MAX_WINDOW_SECONDS: f64 = 3600.0;

/// A mistake and where it is.
pub(super) struct Mistake {
    path: Vec<At>,
    message: String,
}

pub(super) fn mistake<T>(path: &[At], message: impl Into<String>) -> Result<T, Mistake> {
    Err(Mistake { path: path.to_vec(), message: message.into() })
}

/// Reads and checks the scenario in the file at `path`, and that the models it names exist.
pub fn load(path: &Path, known: Known<'_>) -> Result<Scenario, ScenarioError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| ScenarioError::Unreadable { path: path.into(), source })?;
    let text = yaml::text(bytes).map_err(|place| invalid(&file, place))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let scenario = parse(&file, &text, folder, known)?;
    match named(&scenario).into_iter().find(|named| !named.is_there()) {
        None => Ok(scenario),
        Some(Named { at, path, folder }) => {
            let (line, column) = locate(&text, &at);
            let message = format!("there is no {} {}", if folder { "folder" } else { "file" }, path.display());
            Err(ScenarioError::Invalid { file, line, column, message })
        }
    }
}

/// A file or folder that a scenario names, and where.
struct Named<'a> {
    at: Vec<At>,
    path: &'a Path,
    folder: bool,
}

impl Named<'_> {
    fn is_there(&self) -> bool {
        if self.folder { self.path.is_dir() } else { self.path.is_file() }
    }
}

fn named(scenario: &Scenario) -> Vec<Named<'_>> {
    let mut all = Vec::new();
    for (index, candidate) in scenario.candidates.iter().enumerate() {
        if let Source::File(path) = &candidate.source {
            all.push(Named { at: vec![Key("candidates"), Item(index), Key("model")], path, folder: false });
        }
    }
    for (index, engine) in scenario.engines.iter().enumerate() {
        if let Engine::Tflm(Library { lib, include, .. }) = engine {
            let at = |key| vec![Key("engines"), Item(index), Key("tflm"), Key(key)];
            all.push(Named { at: at("lib"), path: lib, folder: false });
            let folders = include.iter().enumerate();
            all.extend(folders.map(|(n, path)| Named {
                at: [at("include"), vec![Item(n)]].concat(),
                path,
                folder: true,
            }));
        }
    }
    for (index, image) in scenario.prebuilt.iter().enumerate() {
        let at = |key| vec![Key("prebuilt"), Item(index), Key(key)];
        all.push(Named { at: at("image"), path: &image.image, folder: false });
        all.extend(image.network.iter().map(|path| Named { at: at("network"), path, folder: false }));
        all.extend(image.dataset.iter().map(|path| Named { at: at("dataset"), path, folder: true }));
    }
    all
}

/// Checks the scenario in `text`; `file` is named in errors, `folder` comes before relative paths. Reads no file.
pub fn parse(file: &str, text: &str, folder: &Path, known: Known<'_>) -> Result<Scenario, ScenarioError> {
    let raw: RawScenario = yaml::parse(text, "scenario", MAX_BYTES).map_err(|place| invalid(file, place))?;
    checked(raw, folder, known).map_err(|Mistake { path, message }| {
        let (line, column) = locate(text, &path);
        invalid(file, Place { line, column, message })
    })
}

fn invalid(file: &str, Place { line, column, message }: Place) -> ScenarioError {
    ScenarioError::Invalid { file: file.into(), line, column, message }
}

fn checked(raw: RawScenario, folder: &Path, known: Known<'_>) -> Result<Scenario, Mistake> {
    let RawScenario {
        name,
        task,
        candidates,
        boards,
        engines,
        prebuilt,
        compare_to,
        measure,
        constraints,
        gates,
        search,
    } = raw;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return mistake(&[Key("name")], "a name is 1 to 64 letters, digits, `-` or `_`: it names the run's folder");
    }
    if task.trim().is_empty() {
        return mistake(&[Key("task")], "the task is empty");
    }
    let counts = [
        ("candidates", candidates.as_ref().map(Vec::len)),
        ("boards", boards.as_ref().map(Vec::len)),
        ("engines", engines.as_ref().map(Vec::len)),
    ];
    // Images bring board and engine with them: the three may be left out together where there are some.
    let images_alone = !prebuilt.is_empty() && counts.iter().all(|(_, count)| count.is_none());
    for (key, count) in counts {
        match count {
            // A search finds its candidates itself.
            None | Some(0) if key == "candidates" && search.is_some() => {}
            None if !images_alone => return mistake(&[], format!("missing field `{key}`")),
            Some(0) => return mistake(&[Key(key)], format!("`{key}` is empty: there would be nothing to measure")),
            _ => {}
        }
    }
    let candidates = candidates.unwrap_or_default();
    let (boards, engines) = (boards.unwrap_or_default(), self::engines(engines.unwrap_or_default(), folder)?);
    for (index, board) in boards.iter().enumerate() {
        let path = [Key("boards"), Item(index)];
        if !known.boards.contains(&board.as_str()) {
            return mistake(&path, unknown("board", board, known.boards));
        }
        if boards[..index].contains(board) {
            return mistake(&path, format!("board `{board}` is listed twice"));
        }
    }
    if let Some(engine) = &compare_to
        && !engines.iter().any(|known| known.name() == engine)
    {
        let known: Vec<&str> = engines.iter().map(Engine::name).collect();
        return mistake(&[Key("compare_to")], unknown("engine", engine, &known));
    }
    for (key, value, least) in
        [("inputs", measure.inputs, 1), ("repeats", measure.repeats, 1), ("warmup", measure.warmup, 0)]
    {
        in_range(&[Key("measure"), Key(key)], key, value, least, MAX_COUNT)?;
    }
    if let Some(windows) = measure.windows {
        in_range(&[Key("measure"), Key("windows")], "windows", windows, 1, MAX_WINDOWS)?;
    }
    positive(&[Key("measure"), Key("window_seconds")], measure.window_seconds)?;
    if measure.window_seconds.is_some_and(|seconds| seconds > MAX_WINDOW_SECONDS) {
        let message = format!("a window is at most {MAX_WINDOW_SECONDS} s");
        return mistake(&[Key("measure"), Key("window_seconds")], message);
    }
    positive(&[Key("constraints"), Key("max_latency_ms")], constraints.max_latency_ms)?;
    positive(&[Key("gates"), Key("max_latency_increase")], gates.as_ref().and_then(|g| g.max_latency_increase))?;
    positive(&[Key("gates"), Key("max_energy_increase")], gates.as_ref().and_then(|g| g.max_energy_increase))?;
    positive(&[Key("constraints"), Key("max_energy_uj")], constraints.max_energy_uj)?;
    if let Some(search) = &search {
        checked_search(search, known)?;
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
    let mut images = HashSet::new();
    let prebuilt = prebuilt.into_iter().enumerate().map(|(index, raw)| {
        let image = prebuilt::checked(index, raw, folder, known)?;
        // One called as a candidate is shown beside it.
        if !images.insert((image.name.clone(), image.board.clone())) {
            let Prebuilt { name, board, .. } = image;
            let message = format!("a second image for {board} is called `{name}`; give one of them another `name`");
            return mistake(&[Key("prebuilt"), Item(index)], message);
        }
        Ok(image)
    });
    let prebuilt = prebuilt.collect::<Result<_, _>>()?;
    Ok(Scenario { name, task, candidates, boards, engines, prebuilt, compare_to, measure, constraints, gates, search })
}

fn engines(raw: Vec<RawEngine>, folder: &Path) -> Result<Vec<Engine>, Mistake> {
    let mut engines: Vec<Engine> = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let at = [Key("engines"), Item(index)];
        let engine = match raw {
            RawEngine::Named(name) => Engine::Named(name),
            RawEngine::Own(RawOwn { tflm: Some(library), tinyengine: None }) => {
                let place = |key: &'static str| [at[0], at[1], Key("tflm"), Key(key)];
                let name = engine_name(library.name, "tflm-own".into(), &place("name"))?;
                if library.include.is_empty() {
                    return mistake(&place("include"), "`include` is empty: the headers of the library are needed");
                }
                let include = library.include.iter().map(|path| folder.join(path)).collect();
                Engine::Tflm(Library { name, lib: folder.join(library.lib), include })
            }
            RawEngine::Own(RawOwn { tflm: None, tinyengine: Some(goal) }) => {
                Engine::TinyEngine(tailored(goal, folder, at)?)
            }
            RawEngine::Own(_) => {
                return mistake(&at, "an engine with options has one key, `tflm` or `tinyengine`");
            }
        };
        if engines.iter().any(|other| other.name() == engine.name()) {
            let hint = if !matches!(engine, Engine::Named(_)) { "; give one of them another `name`" } else { "" };
            return mistake(&at, format!("engine `{}` is listed twice{hint}", engine.name()));
        }
        engines.push(engine);
    }
    Ok(engines)
}

fn engine_name(name: Option<String>, default: String, at: &[At]) -> Result<String, Mistake> {
    let name = name.unwrap_or(default);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 32 || !name.chars().all(plain) {
        return mistake(at, "an engine's name is 1 to 32 letters, digits, `-`, `_` or `.`");
    }
    Ok(name)
}

fn tailored(raw: RawTailored, folder: &Path, at: [At; 2]) -> Result<Tailored, Mistake> {
    let RawTailored { name, prefer, sram, flash, latency, tune, tuning_log } = raw;
    let place = |key: &'static str| [at[0], at[1], Key("tinyengine"), Key(key)];
    let suffix = if tune { "-tuned" } else { "" };
    let name = engine_name(name, format!("tinyengine-{}{suffix}", prefer.name()), &place("name"))?;
    if tuning_log.is_some() && !tune {
        return mistake(&place("tuning_log"), "a tuning log is only used with `tune: true`");
    }
    let tuning_log = tuning_log.map(|path| folder.join(path));
    let bytes = |key: &'static str, amount: Option<Quantity>| match amount.map(|amount| amount.bytes()).transpose() {
        Ok(bytes) => Ok(bytes),
        Err(problem) => mistake(&place(key), problem),
    };
    let latency_ms = match latency.map(|amount| amount.milliseconds()).transpose() {
        Ok(milliseconds) => milliseconds,
        Err(problem) => return mistake(&place("latency"), problem),
    };
    let (sram_bytes, flash_bytes) = (bytes("sram", sram)?, bytes("flash", flash)?);
    Ok(Tailored { name, prefer, sram_bytes, flash_bytes, latency_ms, tune, tuning_log })
}

/// What stands for itself; that the space and the data set exist is known to those who open them.
fn checked_search(search: &Search, known: Known<'_>) -> Result<(), Mistake> {
    let at = |key: &'static str| [Key("search"), Key(key)];
    for (index, name) in search.rivals.iter().enumerate() {
        if !known.networks.contains(&name.as_str()) {
            let problem = format!("unknown network `{name}` (known: {})", known.networks.join(", "));
            return mistake(&[Key("search"), Key("rivals"), Item(index)], problem);
        }
    }
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
        ("examined", search.examined, 0),
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

pub(super) fn in_range(path: &[At], key: &str, value: u32, least: u32, most: u32) -> Result<(), Mistake> {
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
