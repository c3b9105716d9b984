//! Why an image cannot be built.

use std::path::{Path, PathBuf};

use super::toolchain::Toolchain;

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no compiler: an error of the machine, which the message says how to mend.
    #[error(
        "the cross compiler `{program}` {problem}; install it (Debian: `apt-get install --no-install-recommends \
         gcc-arm-none-eabi libnewlib-arm-none-eabi`), or set {} to the path of arm-none-eabi-gcc",
        Toolchain::VARIABLE
    )]
    Toolchain { program: String, problem: String },
    /// The compiler refused a source.
    #[error("{path} does not compile; `{command}` says:\n{lines}")]
    Compile { path: String, command: String, lines: String },
    #[error("the image does not link; `{command}` says:\n{lines}")]
    Link { command: String, lines: String },
    /// The image is larger than a memory of the board.
    #[error("network `{network}` does not fit board `{board}`: {memory} is exceeded by {bytes} bytes")]
    Overflow { network: String, board: String, memory: Memory, bytes: u64 },
    /// The board file asks for something that the runtime has no code for.
    #[error("no image for board `{board}`: {problem}")]
    Board { board: String, problem: String },
    /// A host that sends real numbers wants to know how well a network reconstructs them.
    #[error("network `{network}` cannot take real numbers: {problem}")]
    FloatInput { network: String, problem: String },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "the linker's map of network `{network}` is not understood: {problem}; `{}` must name a GCC that links with GNU ld",
        Toolchain::VARIABLE
    )]
    Map { network: String, problem: String },
    /// What the compiler wrote is not what it should have written, or a template does not render.
    #[error("internal error: {0}")]
    Internal(String),
}

/// A memory of a board, as the linker sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    Flash,
    Sram,
    Itcm,
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Flash => "flash",
            Self::Sram => "SRAM",
            Self::Itcm => "ITCM",
        })
    }
}

impl BuildError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    /// Whether the fault lies with the machine (a missing compiler, a full disk), not with network, board or harness.
    pub fn is_infrastructure(&self) -> bool {
        matches!(self, Self::Toolchain { .. } | Self::Io { .. } | Self::Map { .. })
    }
}
