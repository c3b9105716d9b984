//! Images for every board, built by the cross compiler.

mod firmware_common;

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use firmware_common::{compile, network, options, shipped, twins};
use hil::board::{Board, RegionKind};
use hil::engine::Compiled;
use hil::firmware::{BuildError, Cache, Image, Memory, Options, SymbolKind, Toolchain, build, reserved, write_project};

fn nucleo() -> Board {
    Board::shipped("nucleo-l4r5zi").expect("a board")
}

/// A cache that the tests share, since none of them depends on what is in it.
fn shared_options() -> Option<Options> {
    options(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware/cache"))
}

fn built(compiled: &Compiled, board: &Board, options: &Options) -> Image {
    build(compiled, board, options).unwrap_or_else(|e| panic!("{}: {e}", board.name))
}

/// Options whose compiler writes down what it compiles, into `folder/log`, and takes `extra` flags.
fn watched(options: &Options, folder: &Path, extra: &str) -> Options {
    let gcc = std::env::var("HIL_ARM_GCC").unwrap_or("arm-none-eabi-gcc".into());
    let (script, log) = (folder.join("gcc"), folder.join("log"));
    let text = format!(
        "#!/bin/sh\nfor word; do case $word in *.c) echo \"$word\" >> '{}';; esac; done\nexec '{gcc}' \"$@\" {extra}\n",
        log.display()
    );
    fs::write(&script, text).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("permissions");
    fs::write(&log, "").expect("a log");
    Options { toolchain: Toolchain::at(&script).expect("a compiler"), ..options.clone() }
}

/// What was compiled since this was last asked.
fn compiled_since(folder: &Path) -> BTreeSet<String> {
    let log = fs::read_to_string(folder.join("log")).expect("a log");
    fs::write(folder.join("log"), "").expect("a log");
    log.lines().map(String::from).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found.sort();
    found
}

#[test]
fn every_board_has_an_image_whose_parts_are_where_they_should_be() {
    let Some(options) = shared_options() else { return };
    let compiled = compile(&network(8));
    for board in shipped().chain(twins()) {
        let image = built(&compiled, &board, &options);
        let (sizes, plan) = (image.sizes, &compiled.plan);
        assert_eq!(sizes.arena, plan.arena_bytes.next_multiple_of(4) as u64, "{}", board.name);
        assert!(sizes.weights.abs_diff(plan.flash_bytes() as u64) < 8, "{}: {sizes:?}", board.name);
        assert!(image.input_buffered && sizes.harness > compiled.input_bytes as u64, "{}: {sizes:?}", board.name);
        assert_eq!((sizes.stack, image.build_id.len(), image.sha256.len()), (2048, 40, 64), "{}", board.name);
        let (ram, ram_bytes) = board.ram();
        let arena = image.symbol("hil_network_arena").expect("an arena");
        assert_eq!((arena.kind, arena.size as usize), (SymbolKind::Object, plan.arena_bytes));
        assert!(arena.address >= ram && arena.address + arena.size <= ram + ram_bytes, "{}", board.name);
        // The vector table comes first: the stack's top, then where to start.
        let flash = board.memory.iter().find(|region| region.kind == RegionKind::Flash).expect("flash");
        let first = &image.segments[0];
        let word = |at: usize| u32::from_le_bytes(first.bytes[at..at + 4].try_into().expect("a word"));
        let reset = image.symbol("hil_reset").expect("an entry");
        // The stack has a DTCM that does not adjoin the rest for itself.
        let dtcm = board.memory.iter().find(|region| region.kind == RegionKind::Dtcm);
        let stack = dtcm.map_or(ram, |region| region.origin);
        assert_eq!(
            (first.address, u64::from(word(0)), u64::from(word(4))),
            (flash.origin, u64::from(stack) + 2048, u64::from(reset.address) | 1),
            "{}",
            board.name
        );
        assert_eq!(image.symbol_at(reset.address + 2), Some(reset), "{}", board.name);
        // Everything in flash is in one of the sizes, but for padding.
        let loaded: u64 = image.segments.iter().map(|segment| segment.bytes.len() as u64).sum();
        assert!((0..32).contains(&(loaded - sizes.flash())), "{}: {loaded} loaded, {sizes:?}", board.name);
    }
}

#[test]
fn equal_inputs_give_equal_bytes_wherever_they_are_built() {
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let Some(options) = options(folders[0].path()) else { return };
    let compiled = compile(&network(8));
    for board in shipped() {
        let one = built(&compiled, &board, &options);
        let alone =
            Options { cache: Cache::at(folders[1].path().join("deeper")), jobs: NonZeroUsize::MIN, ..options.clone() };
        let two = built(&compiled, &board, &alone);
        assert!(!one.cached && !two.cached);
        assert!(one.elf == two.elf, "{}: not the same bytes", board.name);
        let third = built(&compiled, &board, &options);
        assert!(third.cached);
        assert_eq!(Image { cached: false, ..third }, one);
    }
    let text = files(folders[0].path());
    assert!(!text.iter().any(|path| path.starts_with(folders[0].path().join("work"))), "a workshop is left: {text:?}");
}

#[test]
fn what_was_compiled_is_not_compiled_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(options) = options(&folder.path().join("cache")) else { return };
    let options = watched(&options, folder.path(), "");
    let first = built(&compile(&network(8)), &nucleo(), &options);
    let everything = compiled_since(folder.path());
    assert!(everything.contains("network/hil_conv.c") && everything.contains("runtime/protocol.c"), "{everything:?}");
    built(&compile(&network(8)), &nucleo(), &options);
    assert_eq!(compiled_since(folder.path()), BTreeSet::new());
    // Another network compiles what is its own alone.
    built(&compile(&network(12)), &nucleo(), &options);
    let own: BTreeSet<String> = ["network/network.c", "runtime/image.c"].map(String::from).into();
    assert_eq!(compiled_since(folder.path()), own);
    // Another board has other flags or other facts.
    let mut slower = nucleo();
    slower.clock.flash_wait_states += 1;
    let other = built(&compile(&network(8)), &slower, &options);
    let again = compiled_since(folder.path());
    assert!(again.contains("runtime/clock.c") && !again.contains("network/hil_conv.c"), "{again:?}");
    assert_ne!(other.build_id, first.build_id);
    // So does another stack, though it compiles nothing.
    let larger = built(&compile(&network(8)), &nucleo(), &Options { stack_bytes: 4096, ..options.clone() });
    assert_eq!((compiled_since(folder.path()), larger.sizes.stack), (BTreeSet::new(), 4096));
}

#[test]
fn a_damaged_cache_is_repaired() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(options) = options(folder.path()) else { return };
    let compiled = compile(&network(8));
    let first = built(&compiled, &nucleo(), &options);
    for (index, path) in files(folder.path()).iter().enumerate() {
        let mut bytes = fs::read(path).expect("an entry");
        let middle = bytes.len() / 2;
        match index % 3 {
            0 => bytes.truncate(middle),
            1 => bytes[middle] ^= 0x10,
            _ => bytes.clear(),
        }
        fs::write(path, bytes).expect("damage");
    }
    let second = built(&compiled, &nucleo(), &options);
    assert!(!second.cached && second.elf == first.elf);
    assert!(built(&compiled, &nucleo(), &options).cached);
}

#[test]
fn builds_of_the_same_image_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(options) = options(folder.path()) else { return };
    let compiled = compile(&network(8));
    let images: Vec<Image> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| built(&compiled, &nucleo(), &options))).collect();
        threads.into_iter().map(|thread| thread.join().expect("an image")).collect()
    });
    assert!(images.iter().all(|image| image.elf == images[0].elf));
}

#[test]
fn the_compilers_complaint_is_told() {
    let Some(options) = shared_options() else { return };
    let mut compiled = compile(&network(8));
    let source = compiled.sources.iter_mut().find(|s| s.path == "network.c").expect("a source");
    source.text.push_str("\nint broken(void) { return undeclared; }\n");
    let Err(BuildError::Compile { path, command, lines }) = build(&compiled, &nucleo(), &options) else {
        panic!("it compiles");
    };
    assert_eq!(path, "network/network.c");
    assert!(command.contains("-mcpu=cortex-m4") && command.contains("-c network/network.c"), "{command}");
    assert!(lines.contains("'undeclared' undeclared"), "{lines}");
    let source = compiled.sources.iter_mut().find(|s| s.path == "network.c").expect("a source");
    source.text = source.text.replace("return undeclared", "extern int missing(void); return missing()");
    source.text = source.text.replace("void hil_network_run(void)\n{", "void hil_network_run(void)\n{ (void)broken();");
    source.text = source.text.replace("#include \"network.h\"", "#include \"network.h\"\nint broken(void);");
    match build(&compiled, &nucleo(), &options) {
        Err(BuildError::Link { lines, .. }) => assert!(lines.contains("undefined reference to `missing'"), "{lines}"),
        other => panic!("it links: {:?}", other.map(|image| image.sizes)),
    }
}

/// `board` with less memory of a kind.
fn with_memory(mut board: Board, kind: RegionKind, bytes: u32) -> Board {
    board.memory.retain(|region| region.kind != kind || region.name == "sram1" || kind == RegionKind::Flash);
    for region in board.memory.iter_mut().filter(|region| region.kind == kind) {
        region.size = bytes;
    }
    board
}

#[test]
fn a_memory_that_is_too_small_is_told_in_bytes() {
    let Some(options) = shared_options() else { return };
    let compiled = compile(&network(8));
    let image = built(&compiled, &nucleo(), &options);
    let loaded: u32 = image.segments.iter().map(|segment| segment.bytes.len() as u32).sum();
    for (missing, fits) in [(0, true), (4, false), (1000, false)] {
        let board = with_memory(nucleo(), RegionKind::Flash, loaded - missing);
        match build(&compiled, &board, &options) {
            Ok(_) => assert!(fits, "{missing}"),
            Err(BuildError::Overflow { memory, bytes, .. }) => {
                assert_eq!((memory, bytes, fits), (Memory::Flash, u64::from(missing), false));
            }
            Err(e) => panic!("{e}"),
        }
    }
    let message = build(&compiled, &with_memory(nucleo(), RegionKind::Sram, 3000), &options).unwrap_err().to_string();
    assert!(message.contains("does not fit board `nucleo-l4r5zi`: SRAM is exceeded by "), "{message}");
}

#[test]
fn without_room_for_its_copy_the_input_is_loaded_into_the_arena() {
    let Some(options) = shared_options() else { return };
    let compiled = compile(&network(8));
    let needed = reserved(compiled.steps.len()).sram + compiled.plan.arena_bytes;
    let board = |bytes: usize| with_memory(nucleo(), RegionKind::Sram, bytes as u32);
    let with = built(&compiled, &board(needed + compiled.input_bytes), &options);
    let without = built(&compiled, &board(needed + compiled.input_bytes - 4), &options);
    assert!(with.input_buffered && !without.input_buffered);
    let copy = with.sizes.harness - without.sizes.harness;
    assert!((0..16).contains(&(copy - compiled.input_bytes as u64)), "{copy} bytes for the copy");
    // With exactly what is reserved there is room for everything else.
    built(&compiled, &board(needed), &options);
}

#[test]
fn what_is_reserved_covers_the_firmware_around_any_network() {
    let Some(options) = shared_options() else { return };
    for channels in [8, 13] {
        let compiled = compile(&network(channels));
        for board in shipped() {
            let sizes = built(&compiled, &board, &options).sizes;
            let reserved = reserved(compiled.steps.len());
            let flash = sizes.flash() - sizes.weights;
            let sram = sizes.sram() - sizes.arena - compiled.input_bytes as u64;
            println!("{}: flash {flash} of {}, SRAM {sram} of {}", board.name, reserved.flash, reserved.sram);
            assert!(flash <= reserved.flash as u64 && sram + 64 <= reserved.sram as u64, "{}", board.name);
        }
    }
}

#[test]
fn no_source_draws_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(options) = options(&folder.path().join("cache")) else { return };
    let options = watched(&options, folder.path(), "-Wall -Wextra -Wconversion -Wshadow -Werror");
    for board in shipped().chain(twins()) {
        built(&compile(&network(8)), &board, &options);
    }
}

/// The bytes that the header says in the line that starts with `label`.
fn told(header: &str, label: &str) -> u64 {
    let line = header.lines().find_map(|line| line.trim_start_matches(" * ").strip_prefix(label));
    let number = line.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok());
    number.unwrap_or_else(|| panic!("no number after `{label}` in\n{header}"))
}

#[test]
fn a_project_says_what_it_needs_to_the_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let compiled = compile(&network(8));
    let plain = write_project(&compiled, &nucleo(), None, &folder.path().join("plain")).expect("a project");
    assert_eq!(plain.sizes, None);
    let header = fs::read_to_string(folder.path().join("plain/network.h")).expect("a header");
    assert!(header.contains("not measured"), "{header}");
    let Some(options) = shared_options() else { return };
    let out = folder.path().join("out");
    let project = write_project(&compiled, &nucleo(), Some(&options), &out).expect("a project");
    let header = fs::read_to_string(out.join("network.h")).expect("a header");
    let sizes = project.sizes.expect("sizes");
    assert_eq!((told(&header, "Flash, linked: "), told(&header, "SRAM, linked: ")), (sizes.text, sizes.arena));
    assert!(header.contains(&format!("{} of weights", sizes.weights)), "{header}");
    assert!(header.contains(&format!("{} together", sizes.flash())), "{header}");
    assert!(header.contains(options.toolchain.version()), "{header}");

    // The folder alone, with a program of one's own around it and none of the harness's flags, takes just as much.
    let main = "#include \"network.h\"\nint main(void) { return 0; }\nvoid _exit(int c) { (void)c; for (;;) {} }\n";
    let used = main.replace(
        "{ return 0; }",
        "{ *(volatile char *)hil_network_input() = 1; hil_network_run(); return *(const char *)hil_network_output(); }",
    );
    let [without, with] = [main, &used].map(|text| {
        fs::write(out.join("main.c"), text).expect("a program");
        size_of_program(&out, &project.files)
    });
    let more = with - without;
    let needed = sizes.flash() + sizes.arena + sizes.bss;
    println!("{more} bytes more, {needed} told");
    assert!(more.abs_diff(needed) <= 64, "{more} bytes more, but {needed} told");
}

/// Bytes that the parts of a program take together.
fn size_of_program(folder: &Path, files: &[String]) -> u64 {
    let gcc = std::env::var("HIL_ARM_GCC").unwrap_or("arm-none-eabi-gcc".into());
    let sources = files.iter().filter(|path| path.ends_with(".c"));
    let status = std::process::Command::new(&gcc)
        .current_dir(folder)
        .args(["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-std=c11", "-O2"])
        .args(["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-nostartfiles", "-Wl,-e,main"])
        .args(["main.c", "-o", "program.elf"])
        .args(sources)
        .status()
        .expect("the compiler starts");
    assert!(status.success());
    let size = gcc.replace("gcc", "size");
    let said = std::process::Command::new(size).arg(folder.join("program.elf")).output().expect("size starts").stdout;
    let said = String::from_utf8(said).expect("text");
    let numbers: Vec<u64> =
        said.lines().nth(1).expect("a line").split_whitespace().filter_map(|w| w.parse().ok()).collect();
    numbers[..3].iter().sum()
}
