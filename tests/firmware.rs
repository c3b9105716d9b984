//! Images for every board, built by the cross compiler.

mod engine_common;

use std::num::NonZeroUsize;
use std::path::Path;

use engine_common::Builder;
use hil::board::{Board, Core, names};
use hil::engine::{Compiled, Engine, TinyEngine};
use hil::firmware::{BuildError, Cache, Options, Toolchain, build, qemu_twin};
use hil::network::Network;

/// Two jobs: that they do not disturb each other is a part of what is tested.
const JOBS: usize = 2;

fn network(channels: usize) -> Network {
    let (mut b, x) = Builder::new(&[1, 9, 7, 5]);
    let y = b.conv(x, 3, 2, channels, true);
    let y = b.inverted_residual(y, 3, 5, 1, 8);
    let flat = b.0.tensor(y).elements();
    let y = b.reshape(y, &[1, flat]);
    let y = b.dense(y, 10);
    b.finish(&[y])
}

fn compiled(channels: usize) -> Compiled {
    TinyEngine.compile(&network(channels)).expect("C")
}

/// Options with a cache of their own; none, with a message, where there is no cross compiler.
fn options(cache: &Path) -> Option<Options> {
    match Toolchain::find() {
        Ok(toolchain) => Some(Options {
            cache: Cache::at(cache),
            jobs: NonZeroUsize::new(JOBS).expect("jobs"),
            ..Options::new(toolchain, "tinyengine")
        }),
        Err(e) => {
            println!("skipped: {e}");
            None
        }
    }
}

fn boards() -> Vec<Board> {
    let shipped = names().into_iter().map(|name| Board::shipped(name).expect("a board"));
    shipped.chain([Core::CortexM4f, Core::CortexM7f].map(qemu_twin)).collect()
}

#[test]
fn every_board_has_an_image() {
    let cache = tempfile::tempdir().expect("a folder");
    let Some(options) = options(cache.path()) else { return };
    for board in boards() {
        let image = build(&compiled(8), &board, &options).unwrap_or_else(|e| panic!("{}: {e}", board.name));
        println!("{}: {:?}", board.name, image.sizes);
        std::fs::write(format!("/tmp/firmware-{}.elf", board.name), &image.elf).unwrap();
    }
}
