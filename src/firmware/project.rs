//! The C of a network alone, for somebody else's project.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::build::{Options, write_files};
use super::compile::{Compiler, Group};
use super::error::BuildError;
use super::image::Sizes;
use super::layout::{DEFAULT_STACK_BYTES, Layout};
use super::sources::File;
use super::view::{self, LinkView};
use super::{elf, flags, link};
use crate::board::Board;
use crate::engine::Compiled;

/// The header that says what a network needs.
const HEADER: &str = "network.h";
/// Functions that users call; what none of them reaches is not linked.
const ROOTS: [&str; 3] = ["hil_network_run", "hil_network_input", "hil_network_output"];

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Paths relative to the folder.
    pub files: Vec<String>,
    /// Bytes of the network in a linked program, without a stack; none where there was no compiler to measure them.
    pub sizes: Option<Sizes>,
}

#[derive(Serialize)]
struct HeaderView<'a> {
    board: &'a str,
    measured: Option<Measured<'a>>,
    /// The header as the engine printed it.
    header: &'a str,
}

#[derive(Serialize)]
struct Measured<'a> {
    text: u64,
    rodata: u64,
    weights: u64,
    flash: u64,
    arena: u64,
    variables: u64,
    compiler: &'a str,
    flags: &'a str,
}

#[derive(Serialize)]
struct ReadmeView<'a> {
    network: &'a str,
    board: &'a str,
    title: usize,
    flags: &'a str,
}

/// Writes the C of a network, its kernels and a note on how to use them to `folder`.
///
/// The header says how much flash and SRAM it needs on `board`: to the byte, where there is a compiler in `options`.
pub fn write_project(
    compiled: &Compiled,
    board: &Board,
    options: Option<&Options>,
    folder: &Path,
) -> Result<Project, BuildError> {
    let sizes = options.map(|options| measure(compiled, board, options)).transpose()?;
    let flags = flags::plain(board).join(" ");
    let mut files: Vec<File> =
        compiled.sources.iter().map(|s| File { path: s.path.clone(), text: s.text.clone() }).collect();
    let network = view::printable(&compiled.plan.name);
    for file in files.iter_mut().filter(|file| file.path == HEADER) {
        let measured = options.zip(sizes.as_ref()).map(|(options, sizes)| Measured {
            text: sizes.text,
            rodata: sizes.rodata,
            weights: sizes.weights,
            flash: sizes.flash(),
            arena: sizes.arena,
            variables: sizes.data + sizes.bss,
            compiler: options.toolchain.version(),
            flags: &flags,
        });
        file.text =
            view::render(view::PROJECT_HEADER, HeaderView { board: &board.name, measured, header: &file.text })?;
    }
    let title = "Network  for board ".len() + network.len() + board.name.len();
    let readme = ReadmeView { network: &network, board: &board.name, title, flags: &flags };
    files.push(File { path: "README.txt".into(), text: view::render(view::PROJECT_README, readme)? });
    write_files(folder, &files)?;
    Ok(Project { files: files.into_iter().map(|file| file.path).collect(), sizes })
}

/// Links the network alone, as a user's program would.
fn measure(compiled: &Compiled, board: &Board, options: &Options) -> Result<Sizes, BuildError> {
    let workshop = options.cache.workshop()?;
    let layout = Layout::new(compiled, board, DEFAULT_STACK_BYTES, compiled.input_bytes)?;
    let script = File { path: "image.ld".into(), text: view::render(view::IMAGE_LD, LinkView::new(board, &layout))? };
    let network = compiled.sources.iter();
    let network: Vec<(File, bool)> =
        network.map(|s| (File { path: format!("network/{}", s.path), text: s.text.clone() }, s.shared)).collect();
    write_files(workshop.path(), network.iter().map(|(file, _)| file).chain([&script]))?;
    let flags = flags::compile(board);
    let identity = &options.toolchain.identity(&flags::target(board))?;
    let Options { toolchain, cache, jobs, .. } = options;
    let compiler = Compiler { toolchain, identity, cache, flags: &flags, jobs: *jobs };
    let tasks = compiler.tasks(&Group::of_network(&network, &compiled.needs));
    compiler.run(&tasks, workshop.path())?;
    let objects: Vec<&str> = tasks.iter().map(|task| task.object.as_str()).collect();
    link::link(&options.toolchain, board, compiled, &objects, &ROOTS, workshop.path())?;
    let path = workshop.path().join("image.elf");
    let mut sizes = elf::read(&fs::read(&path).map_err(BuildError::io(&path))?)?.sizes;
    sizes.stack = 0;
    sizes.build_id = 0;
    Ok(sizes)
}
