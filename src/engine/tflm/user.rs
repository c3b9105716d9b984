//! The user's own build of TFLM: a static library, its headers, and what can be read from the library itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::attributes::{Attributes, Fpu, Members, members};
use crate::board::{Board, Core};
use crate::engine::Library;

/// A library that the user has built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLibrary {
    library: Library,
    include: Vec<PathBuf>,
    title: String,
    /// What needs most of the board: the object and its attributes.
    needs: Vec<Need>,
}

/// A kind of core that objects were built for, by the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    member: String,
    cpu: Option<String>,
    fpu: Option<Fpu>,
}

/// Why a library cannot be linked.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error("TFLM library `{path}`: {problem}")]
    Io { path: String, problem: std::io::Error },
    #[error("TFLM library `{path}` is no archive of Arm ELF objects: {problem}")]
    Format { path: String, problem: String },
    #[error("TFLM library `{path}`, object `{member}`: {problem}; build it with {remedy}")]
    Unfit { path: String, member: String, problem: String, remedy: &'static str },
    #[error("include folder `{path}` of the TFLM library has no `{header}`; name the folder that holds it")]
    Include { path: String, header: &'static str },
}

/// What a complete set of include folders holds.
const HEADERS: [&str; 3] =
    ["tensorflow/lite/micro/micro_interpreter.h", "flatbuffers/flatbuffers.h", "fixedpoint/fixedpoint.h"];

/// Characters of the digest in a title.
const SHORT: usize = 12;

impl UserLibrary {
    /// Reads the library at `path`, whose headers are below the folders in `include`.
    ///
    /// It must have been built for Cortex-M4 or M7 with the hard-float ABI.
    pub fn open(path: &Path, include: &[PathBuf]) -> Result<Self, LibraryError> {
        let io = |path: &Path, problem| LibraryError::Io { path: path.display().to_string(), problem };
        let absolute = fs::canonicalize(path).map_err(|e| io(path, e))?;
        let bytes = fs::read(&absolute).map_err(|e| io(path, e))?;
        let format = |problem| LibraryError::Format { path: path.display().to_string(), problem };
        let Members { attributes, has_cmsis_nn } = members(&bytes).map_err(format)?;
        let mut needs: Vec<Need> = Vec::new();
        for (member, attributes) in attributes {
            if let Some((problem, remedy)) = unfit(&attributes) {
                return Err(LibraryError::Unfit { path: path.display().to_string(), member, problem, remedy });
            }
            let need = Need { member, cpu: attributes.cpu.clone(), fpu: attributes.fpu() };
            if !needs.iter().any(|other| (&other.cpu, other.fpu) == (&need.cpu, need.fpu)) {
                needs.push(need);
            }
        }
        let mut folders = Vec::new();
        for folder in include {
            folders.push(fs::canonicalize(folder).map_err(|e| io(folder, e))?);
        }
        for header in HEADERS {
            if !folders.iter().any(|folder| folder.join(header).is_file()) {
                let path = include.first().map_or_else(|| "(none)".into(), |folder| folder.display().to_string());
                return Err(LibraryError::Include { path, header });
            }
        }
        let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let kernels = if has_cmsis_nn { "CMSIS-NN kernels" } else { "reference kernels" };
        let version = version(&folders).unwrap_or_else(|| format!("sha256 {}", &sha256[..SHORT]));
        Ok(Self {
            title: format!("TFLM ({version}), {kernels}, own build"),
            library: Library { path: absolute, sha256 },
            include: folders,
            needs,
        })
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    /// Why it cannot run on `board`: an instruction of a later floating-point unit is undefined on an earlier one.
    pub fn refuses(&self, board: &Board) -> Option<String> {
        let (core, v5, double) = match board.core {
            Core::CortexM4f => ("Cortex-M4 with FPv4-SP", false, false),
            Core::CortexM7f => ("Cortex-M7 with FPv5", true, board.double_fpu),
            Core::CortexM33f => ("Cortex-M33 with FPv5-SP", true, false),
        };
        let unfit = |need: &&Need| match need.fpu {
            // Cortex-M7 has no instruction that Cortex-M4 lacks, but for its unit.
            Some(fpu) => (fpu.v5 && !v5) || (fpu.double && !double),
            None => false,
        };
        let Need { member, cpu, fpu } = self.needs.iter().find(unfit)?;
        let unit = match fpu {
            Some(Fpu { v5: true, double: true }) => "FPv5-D16 (double precision)",
            Some(Fpu { v5: true, double: false }) => "FPv5-SP",
            _ => "VFPv4-D16 (double precision)",
        };
        let built = cpu.as_ref().map_or(String::new(), |cpu| format!("{cpu} and "));
        let path = self.library.path.display();
        let flags = match (v5, double) {
            (false, _) => "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16",
            (true, false) => "-mcpu=cortex-m7 -mfpu=fpv5-sp-d16",
            (true, true) => "-mcpu=cortex-m7 -mfpu=fpv5-d16",
        };
        Some(format!(
            "TFLM library `{path}`, object `{member}`: it was built for {built}{unit}, and {} is a {core}{}; build it with \
             {flags} and -mfloat-abi=hard",
            board.name,
            if v5 && !double { " in single precision" } else { "" },
        ))
    }

    pub(super) fn library(&self) -> Library {
        self.library.clone()
    }

    pub(super) fn include(&self) -> &[PathBuf] {
        &self.include
    }
}

/// Why objects with these attributes cannot be linked into an image, and what to build them with.
fn unfit(attributes: &Attributes) -> Option<(String, &'static str)> {
    const REMEDY: &str = "-mcpu=cortex-m4 (or cortex-m7), -mthumb and -mfloat-abi=hard";
    let core = match &attributes.cpu {
        Some(cpu) => format!("{cpu} (architecture {})", attributes.architecture),
        None => format!("architecture {}", attributes.architecture),
    };
    if !attributes.runs_on_cortex_m4() {
        return Some((format!("it was built for {core}, which Cortex-M4 and M7 do not run"), REMEDY));
    }
    if !attributes.hard_float {
        return Some((format!("it was built for {core} with another float ABI than `hard`"), REMEDY));
    }
    None
}

/// What git says of the folder that has the interpreter's header, where that is a work tree.
fn version(include: &[PathBuf]) -> Option<String> {
    let folder = include.iter().find(|folder| folder.join(HEADERS[0]).is_file())?;
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(["describe", "--always", "--dirty", "--tags"]);
    let output = git.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?.trim().to_string();
    (output.status.success() && !said.is_empty()).then_some(said)
}
