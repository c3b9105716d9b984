//! What the bytes of an image are for: every byte once, and the same split for every engine.

mod baseline_common;

use std::path::Path;

use baseline_common::images::{network, options, shipped, twins};
use baseline_common::{compile, mixed, store};
use hil::board::{Board, RegionKind};
use hil::engine::{Budget, CmsisNn, Compiled, Engine, Goal, Prefer, Tailored, Tflm, TinyEngine};
use hil::firmware::{Image, Options, build};
use hil::network::builtin;
use object::{Object, ObjectSection, SectionFlags, elf};

/// A cache that the tests share, since none of them depends on what is in it.
fn image(compiled: &Compiled, board: &Board) -> Option<Image> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware/cache");
    let options = Options { engine: compiled.engine.into(), ..options(&cache)? };
    Some(build(compiled, board, &options).unwrap_or_else(|e| panic!("{}: {e}", board.name)))
}

/// Bytes of SRAM up to the last that a section has, memory by memory.
fn taken(image: &Image, board: &Board) -> u64 {
    let file = object::File::parse(&*image.elf).expect("an ELF file");
    let allocated =
        |flags| matches!(flags, SectionFlags::Elf { sh_flags } if sh_flags & u64::from(elf::SHF_ALLOC) != 0);
    let (ram, ram_bytes) = board.ram();
    let apart = board.memory.iter().filter(|region| matches!(region.kind, RegionKind::Dtcm | RegionKind::Itcm));
    let apart =
        apart.map(|region| (region.origin, region.size)).filter(|(origin, _)| !(ram..ram + ram_bytes).contains(origin));
    let memories = [(ram, ram_bytes)].into_iter().chain(apart);
    let end = |(origin, size): (u32, u32)| {
        let inside = u64::from(origin)..u64::from(origin) + u64::from(size);
        let sections =
            file.sections().filter(|s| allocated(s.flags()) && s.size() > 0 && inside.contains(&s.address()));
        sections.map(|s| s.address() + s.size() - inside.start).max().unwrap_or(0)
    };
    memories.map(end).sum()
}

fn programmed(image: &Image) -> u64 {
    image.segments.iter().map(|segment| segment.bytes.len() as u64).sum()
}

fn engines() -> [Box<dyn Engine>; 3] {
    [Box::new(TinyEngine), Box::new(CmsisNn::new(store())), Box::new(Tflm::new(store()))]
}

#[test]
fn every_byte_is_in_one_part_whatever_the_board() {
    let compiled = compile(&TinyEngine, &network(8)).expect("ours");
    for board in shipped().chain(twins()) {
        let Some(image) = image(&compiled, &board) else { return };
        let parts = image.parts;
        assert_eq!(parts.flash.total(), programmed(&image), "{}: {parts:?}", board.name);
        assert_eq!(parts.sram.total(), taken(&image, &board), "{}: {parts:?}", board.name);
        assert_eq!((parts.sram.stack, parts.sram.heap), (2048, 0), "{}", board.name);
    }
}

#[test]
fn every_engine_is_split_the_same_way() {
    let (network, board) = (mixed(), Board::shipped("nucleo-l4r5zi").expect("a board"));
    let constants = network.tensors.iter().filter_map(|tensor| tensor.data.as_ref()).map(|data| data.len() as u64);
    let constants: u64 = constants.sum();
    let mut all = Vec::new();
    for engine in engines() {
        let Some(compiled) = compile(&*engine, &network) else { return };
        let Some(image) = image(&compiled, &board) else { return };
        let (flash, sram, name) = (image.parts.flash, image.parts.sram, engine.name());
        assert_eq!((flash.total(), sram.total()), (programmed(&image), taken(&image, &board)), "{name}");
        // A model's weights are the same for all, but for what packing pads and repeats.
        assert!(flash.weights.abs_diff(constants) * 2 < constants, "{name}: {flash:?}, {constants} in the network");
        assert!(sram.arena.abs_diff(compiled.plan.arena_bytes as u64) < 16, "{name}: {sram:?}");
        assert!(flash.tables > 0 && flash.code > 0, "{name}: {flash:?}");
        all.push((name, flash, sram));
    }
    let [ours, cmsis_nn, tflm] = all[..] else { panic!("three engines") };
    assert_eq!(cmsis_nn.1.weights.abs_diff(constants) / 64, 0, "{cmsis_nn:?}, {constants} in the network");
    // The library's own build of memcpy and its kin is the runtime's in all images, and else only names of steps differ.
    for (name, flash, sram) in [cmsis_nn, tflm] {
        assert!(flash.runtime.abs_diff(ours.1.runtime) < 512, "{name}: {flash:?}, ours {:?}", ours.1);
        assert_eq!(sram.runtime, ours.2.runtime, "{name}: {sram:?}");
        // A step's cycles are a word.
        assert!(sram.harness.abs_diff(ours.2.harness) < 64, "{name}: {sram:?}");
    }
    // An interpreter is code and variables; a file describes the network, and names its tensors.
    assert!(tflm.1.code > ours.1.code && tflm.1.tables > cmsis_nn.1.tables, "{tflm:?}, ours {ours:?}");
    assert_eq!((ours.2.engine, cmsis_nn.2.engine), (0, 0));
    assert!(tflm.2.engine > 100, "{tflm:?}");
}

#[test]
fn filters_that_are_copied_are_weights_in_flash_and_the_engines_in_sram() {
    let spec =
        builtin::Spec { architecture: "ad-autoencoder".into(), resolution: None, width: None, classes: None, seed: 0 };
    let network = builtin::build(&spec).expect("a network");
    let goal = Goal { budget: Budget { sram: Some(128 * 1024), flash: None }, ..Goal::preferring(Prefer::Latency) };
    let copying = compile(&Tailored(goal), &network).expect("ours");
    let plain = compile(&TinyEngine, &network).expect("ours");
    assert!(!copying.plan.copied.is_empty() && plain.plan.copied.is_empty());
    let copying_bytes = copying.plan.sram_bytes() - copying.plan.arena_bytes;
    let board = Board::shipped("nucleo-l4r5zi").expect("a board");
    let Some((copying, plain)) = image(&copying, &board).zip(image(&plain, &board)) else { return };
    assert_eq!(copying.parts.sram.total(), taken(&copying, &board));
    assert_eq!(copying.parts.flash.total(), programmed(&copying));
    assert!(copying.parts.sram.engine as usize >= copying_bytes && plain.parts.sram.engine == 0, "{:?}", copying.parts);
    assert!(copying.parts.flash.weights.abs_diff(plain.parts.flash.weights) < 16, "{:?}", copying.parts);
    assert_eq!(copying.parts.flash.data, plain.parts.flash.data);
}
