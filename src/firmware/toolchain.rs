//! The cross compiler.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::cache::sha256;
use super::error::BuildError;

/// A cross compiler that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    gcc: PathBuf,
    version: String,
}

impl Toolchain {
    /// The environment variable that names another compiler than the one on PATH.
    pub const VARIABLE: &'static str = "HIL_ARM_GCC";
    const PROGRAM: &'static str = "arm-none-eabi-gcc";

    /// The compiler that the environment names, or the one on PATH.
    pub fn find() -> Result<Self, BuildError> {
        let named = std::env::var_os(Self::VARIABLE).filter(|path| !path.is_empty());
        Self::at(Path::new(&named.unwrap_or_else(|| Self::PROGRAM.into())))
    }

    /// The compiler at `gcc`.
    pub fn at(gcc: &Path) -> Result<Self, BuildError> {
        let fail = |problem: String| BuildError::Toolchain { program: gcc.display().to_string(), problem };
        let output = Command::new(gcc).arg("--version").env("LC_ALL", "C").output();
        let output = output.map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => fail("is missing".into()),
            _ => fail(format!("does not start ({e})")),
        })?;
        let version = String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_string();
        if !output.status.success() || version.is_empty() {
            return Err(fail(format!("does not tell its version ({})", output.status)));
        }
        Ok(Self { gcc: gcc.to_path_buf(), version })
    }

    /// The first line of what the compiler says of its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Everything of the compiler that objects and images for a target depend on: its version, and the C library with
    /// which it links.
    pub(super) fn identity(&self, target: &[&str]) -> Result<String, BuildError> {
        let fail = |problem: String| BuildError::Toolchain { program: self.program(), problem };
        let mut identity = self.version.clone();
        for library in ["libc.a", "libgcc.a"] {
            let mut command = self.command();
            let output = command.args(target).arg(format!("-print-file-name={library}")).output();
            let output = output.map_err(|e| fail(format!("does not start ({e})")))?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                let said = said.lines().next().unwrap_or_default();
                return Err(fail(format!("does not tell where {library} is ({}): {said}", output.status)));
            }
            // A library that is missing is printed as it was asked for, without a folder.
            let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
            let content =
                std::fs::read(&path).map_err(|_| fail(format!("has no {library} for {}", target.join(" "))))?;
            identity += &format!(" {library} {}", sha256(&content));
        }
        Ok(identity)
    }

    /// The program, for messages.
    pub(super) fn program(&self) -> String {
        self.gcc.display().to_string()
    }

    /// A run of the compiler; messages are in English whatever the user's language, since they are parsed.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.gcc);
        command.env("LC_ALL", "C");
        // What users export for other builds must not change images.
        for variable in ["CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "GCC_EXEC_PREFIX", "COMPILER_PATH"] {
            command.env_remove(variable);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_compiler_says_what_to_install() {
        let message = Toolchain::at(Path::new("/nowhere/gcc")).unwrap_err().to_string();
        assert!(message.contains("`/nowhere/gcc` is missing"), "{message}");
        assert!(message.contains("gcc-arm-none-eabi libnewlib-arm-none-eabi"), "{message}");
        assert!(message.contains("HIL_ARM_GCC"), "{message}");
    }

    #[test]
    fn a_compiler_without_a_c_library_is_refused() {
        let Ok(toolchain) = Toolchain::find() else {
            println!("skipped: there is no cross compiler");
            return;
        };
        let target = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard"];
        assert!(toolchain.identity(&target).expect("libraries").starts_with(toolchain.version()));
        let message = toolchain.identity(&[&target[..], &["-B/nowhere", "--sysroot=/nowhere"]].concat());
        // Where the compiler was built with other paths it may still find them.
        if let Err(e) = message {
            assert!(e.to_string().contains("libnewlib-arm-none-eabi"), "{e}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_compiler_that_fails_is_quoted() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let gcc = folder.path().join("gcc");
        let script = "#!/bin/sh\ncase \"$*\" in --version) echo gcc 1;; *) echo no licence >&2; exit 1;; esac\n";
        std::fs::write(&gcc, script).expect("a script");
        std::fs::set_permissions(&gcc, std::fs::Permissions::from_mode(0o755)).expect("permissions");
        let toolchain = Toolchain::at(&gcc).expect("a version");
        let message = toolchain.identity(&["-mcpu=cortex-m4"]).expect_err("an error").to_string();
        assert!(message.contains("no licence") && !message.contains("has no libc.a"), "{message}");
    }

    #[test]
    fn a_program_that_is_no_compiler_is_refused() {
        let message = Toolchain::at(Path::new("false")).unwrap_err().to_string();
        assert!(message.contains("does not tell its version"), "{message}");
    }
}
