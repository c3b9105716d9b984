//! From a compiled network to an image.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use super::cache::{Cache, KeyBuilder, sha256};
use super::compile::{Compiler, Group, NO_NEEDS};
use super::error::BuildError;
use super::image::Image;
use super::layout::{DEFAULT_STACK_BYTES, Layout};
use super::map::Map;
use super::parts::{Linked, Owner, Parts as Split};
use super::sources::{self, File};
use super::toolchain::Toolchain;
use super::view::{self, BoardView, ImageView, LinkView};
use super::{elf, flags, link};
use crate::board::Board;
use crate::engine::{BuildNeeds, Compiled};

/// How an image is built.
#[derive(Debug, Clone)]
pub struct Options {
    pub toolchain: Toolchain,
    pub cache: Cache,
    /// Compilers at a time.
    pub jobs: NonZeroUsize,
    /// A multiple of 8.
    pub stack_bytes: u32,
    /// Name of the engine that compiled the network, which the firmware tells.
    pub engine: String,
    /// What the MLPerf Tiny runner calls the model (`vww01`, …); the network's name where it is none.
    pub model: Option<String>,
    pub host_input: HostInput,
}

/// How a host sends the inputs of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HostInput {
    /// As the network takes them.
    #[default]
    AsTaken,
    /// As unsigned bytes for signed ones, as the MLPerf Tiny runner does for images.
    Unsigned,
    /// As real numbers in single precision, as the MLPerf Tiny runner does for `ad01`. Of such a network, which reconstructs
    /// its input, `results` is the mean squared error.
    Float,
}

impl HostInput {
    /// Bytes of one input of `compiled`, as it is sent.
    fn bytes(self, compiled: &Compiled) -> usize {
        compiled.input_bytes * if self == Self::Float { size_of::<f32>() } else { 1 }
    }
}

impl Options {
    /// The user's cache, one compiler at a time, the stack's default size.
    pub fn new(toolchain: Toolchain, engine: &str) -> Self {
        Self {
            toolchain,
            cache: Cache::user(),
            jobs: NonZeroUsize::MIN,
            stack_bytes: DEFAULT_STACK_BYTES,
            engine: engine.into(),
            model: None,
            host_input: HostInput::AsTaken,
        }
    }
}

/// Everything that an image is made of.
struct Parts {
    layout: Layout,
    /// Files of the engine, under `network/`, and whether all networks share them.
    network: Vec<(File, bool)>,
    /// Files of the runtime, under `runtime/`; the same for all networks on a board.
    runtime: Vec<File>,
    image_c: File,
    script: File,
    /// Of the engine.
    needs: BuildNeeds,
}

/// Version of how an image is split; with another, images in the cache are split anew.
const PARTS: &str = "3";

/// Builds the image of a network for a board, or takes it from the cache.
pub fn build(compiled: &Compiled, board: &Board, options: &Options) -> Result<Image, BuildError> {
    let parts = Parts::new(compiled, board, options)?;
    let (compile, link) = (flags::compile(board), flags::link(board));
    let identity = options.toolchain.identity(&flags::target(board))?;
    let key = KeyBuilder::new("image").with(&identity).with_all(&compile).with_all(&link);
    let key = key
        .with_all(compiled.needs.identity())
        .with_all(flags::LIBRARIES)
        .with_all(parts.files().flat_map(|f| [&f.path, &f.text]))
        .finish();
    let split = KeyBuilder::new("parts").with(PARTS).with(&key).with(format!("{:?}", compiled.constants)).finish();
    let found = options.cache.get(&key).zip(options.cache.get(&split));
    let found = found.and_then(|(elf, split)| Some((elf::read(&elf).ok()?, serde_json::from_slice(&split).ok()?, elf)));
    let cached = found.is_some();
    let (facts, split, elf) = match found {
        Some(found) => found,
        None => {
            let (facts, bytes, elf) = parts.make(compiled, board, options, &identity, &compile)?;
            options.cache.put(&key, &elf)?;
            let text = serde_json::to_vec(&bytes).map_err(|e| BuildError::Internal(e.to_string()))?;
            options.cache.put(&split, &text)?;
            (facts, bytes, elf)
        }
    };
    Ok(Image {
        sha256: sha256(&elf),
        build_id: facts.build_id,
        sizes: facts.sizes,
        parts: split,
        symbols: facts.symbols,
        segments: facts.segments,
        input_buffered: parts.layout.input_buffered,
        compiler: options.toolchain.version().into(),
        flags: [shown_flags(compile, &compiled.needs), link].concat(),
        cached,
        elf,
    })
}

/// All flags of compilation, those for the engine's sources alone last.
fn shown_flags(compile: Vec<String>, needs: &BuildNeeds) -> Vec<String> {
    compile.into_iter().chain(needs.all.iter().chain(&needs.cxx).cloned()).collect()
}

impl Parts {
    fn new(compiled: &Compiled, board: &Board, options: &Options) -> Result<Self, BuildError> {
        let (host_bytes, float_input) = (options.host_input.bytes(compiled), options.host_input == HostInput::Float);
        let layout = Layout::new(compiled, board, options.stack_bytes, host_bytes)?;
        if float_input && (!layout.input_buffered || compiled.input_bytes != compiled.output_bytes) {
            let (input, output) = (compiled.input_bytes, compiled.output_bytes);
            let problem = match layout.input_buffered {
                true => format!("it has {input} inputs and {output} outputs, and is to reconstruct what it is sent"),
                false => format!("there is no room for the {host_bytes} bytes that a host sends"),
            };
            return Err(BuildError::FloatInput { network: compiled.plan.name.clone(), problem });
        }
        let mut runtime = sources::runtime(board, float_input)?;
        let config = view::render(view::BOARD_CONFIG, BoardView::new(board, &layout, float_input)?)?;
        runtime.push(File { path: "runtime/board_config.h".into(), text: config });
        let image = ImageView {
            engine: view::printable(&options.engine),
            model: view::printable(options.model.as_ref().unwrap_or(&compiled.plan.name)),
            board: &board.name,
            input_buffered: layout.input_buffered,
            unsigned_input: options.host_input == HostInput::Unsigned,
            float_input,
            host_bytes,
        };
        let network = compiled.sources.iter();
        let network = network.map(|s| (File { path: format!("network/{}", s.path), text: s.text.clone() }, s.shared));
        Ok(Self {
            network: network.collect(),
            image_c: File { path: "runtime/image.c".into(), text: view::render(view::IMAGE_C, image)? },
            script: File {
                path: "image.ld".into(),
                text: view::render(view::IMAGE_LD, LinkView::new(board, &layout))?,
            },
            runtime,
            layout,
            needs: compiled.needs.clone(),
        })
    }

    fn files(&self) -> impl Iterator<Item = &File> {
        self.network.iter().map(|(file, _)| file).chain(&self.runtime).chain([&self.image_c, &self.script])
    }

    /// Sources with what they can include. The runtime sees no file of a network, so that its objects are shared.
    fn groups(&self) -> Vec<Group<'_>> {
        let runtime = |header: bool| self.runtime.iter().filter(move |f| f.is_header() == header).collect::<Vec<_>>();
        let mut groups = Group::of_network(&self.network, &self.needs);
        let of_network = self.network.iter().map(|(file, _)| file).filter(|file| file.is_header());
        let headers = runtime(true).into_iter().chain(of_network).collect();
        let image = Group { sources: vec![&self.image_c], headers, needs: &NO_NEEDS, owner: Owner::Runtime };
        groups.extend([
            image,
            Group { sources: runtime(false), headers: runtime(true), needs: &NO_NEEDS, owner: Owner::Runtime },
        ]);
        groups
    }

    /// The ELF file, what it says of itself, and what its bytes are for.
    fn make(
        &self,
        compiled: &Compiled,
        board: &Board,
        options: &Options,
        identity: &str,
        flags: &[String],
    ) -> Result<(elf::Facts, Split, Vec<u8>), BuildError> {
        let workshop = options.cache.workshop()?;
        write_files(workshop.path(), self.files())?;
        let Options { toolchain, cache, jobs, .. } = options;
        let compiler = Compiler { toolchain, identity, cache, flags, jobs: *jobs };
        let tasks = compiler.tasks(&self.groups());
        compiler.run(&tasks, workshop.path())?;
        let objects: Vec<&str> = tasks.iter().map(|task| task.object.as_str()).collect();
        link::link(toolchain, board, compiled, &objects, &[], workshop.path())?;
        let read = |name: &str| {
            let path = workshop.path().join(name);
            fs::read(&path).map_err(BuildError::io(&path))
        };
        let (elf, map) = (read("image.elf")?, read(link::MAP)?);
        let facts = elf::read(&elf)?;
        let unread = |problem| BuildError::Map { network: compiled.plan.name.clone(), problem };
        let map = Map::parse(&String::from_utf8_lossy(&map)).map_err(unread)?;
        let linked = Linked {
            map: &map,
            objects: tasks.iter().map(|task| (task.object.as_str(), task.owner)).collect(),
            libraries: compiled.needs.libraries.iter().map(|library| library.path.display().to_string()).collect(),
            symbols: &facts.symbols,
            segments: &facts.segments,
            constants: &compiled.constants,
            ram: self.layout.data_memories(),
        };
        let split = linked.parts().map_err(unread)?;
        Ok((facts, split, elf))
    }
}

/// Writes files below `folder`.
pub(super) fn write_files<'a>(folder: &Path, files: impl IntoIterator<Item = &'a File>) -> Result<(), BuildError> {
    for file in files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(BuildError::io(parent))?;
        }
        fs::write(&path, &file.text).map_err(BuildError::io(&path))?;
    }
    Ok(())
}
