//! Images from files: what is read, and what damaged files say.

use std::process::Command;

use hil::emulator::{Image, ImageError, Segment};
use proptest::prelude::*;

/// A program of two segments whose data is loaded elsewhere than it runs; `None` where the compiler is missing.
fn compiled(folder: &std::path::Path, name: &str) -> Option<Vec<u8>> {
    let (source, script, elf) = (folder.join("a.c"), folder.join("a.ld"), folder.join(name));
    std::fs::write(&source, "int value = 0x12345678; int start(void); int start(void) { return value; }").expect("a.c");
    let layout = "SECTIONS { .text 0x08000000 : { *(.text*) } .data 0x20000000 : AT(0x08000100) { *(.data*) } }";
    std::fs::write(&script, layout).expect("a.ld");
    let status = Command::new("arm-none-eabi-gcc")
        .args(["-mcpu=cortex-m4", "-mthumb", "-O1", "-nostdlib", "-Wl,--build-id=none", "-Wl,-e,start", "-Wl,-n"])
        .arg("-T")
        .args([&script, &source])
        .arg("-o")
        .arg(&elf)
        .status();
    match status {
        Ok(status) if status.success() => Some(std::fs::read(elf).expect("an ELF file")),
        Ok(status) => panic!("the compiler failed: {status}"),
        Err(error) => {
            println!("skipped: arm-none-eabi-gcc: {error}");
            None
        }
    }
}

fn hex(text: &str) -> Result<Image, ImageError> {
    Image::hex("a.hex", text.as_bytes())
}

#[test]
fn elf_segments_stand_at_their_physical_addresses() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(data) = compiled(folder.path(), "a.elf") else { return };
    let image = Image::elf("a.elf", &data).expect("an image");
    let addresses: Vec<u32> = image.segments.iter().map(|s| s.address).collect();
    assert_eq!(addresses, [0x0800_0000, 0x0800_0100]);
    assert_eq!(image.segments[1].bytes, 0x1234_5678u32.to_le_bytes());
    let start = image.symbol("start").expect("a function");
    assert!(start.function && start.address == 0x0800_0000 && start.size > 0);
    assert_eq!(image.symbol("value").map(|s| (s.address, s.function)), Some((0x2000_0000, false)));
    assert!(image.symbols.iter().all(|s| !s.name.starts_with('$')));
    assert_eq!(Image::read(&folder.path().join("a.elf"), 0).expect("by name"), image);
}

#[test]
fn hex_records_are_joined_and_based() {
    let text =
        ":020000040800F2\n:0400000001020304F2\r\n:040004000506070FD7\n:020000021000EC\n:01000000AA55\n:00000001FF\n";
    let image = hex(text).expect("an image");
    assert_eq!(
        image.segments,
        [
            Segment { address: 0x0800_0000, bytes: vec![1, 2, 3, 4, 5, 6, 7, 15] },
            Segment { address: 0x0001_0000, bytes: vec![0xaa] },
        ]
    );
}

#[test]
fn damage_is_told_with_its_place() {
    for (text, expected) in [
        (":00000001FE\n", "a.hex:1: the checksum is wrong (Intel HEX, offset 0x0)"),
        (":020000040800F2\n0400\n", "a.hex:2: a record starts with `:` (Intel HEX, offset 0x10)"),
        (":0400000001020304\n", "a.hex:1: the record is not as long as it says (Intel HEX, offset 0x0)"),
        (":0000000G\n", "a.hex:1: `0G` is no hexadecimal byte (Intel HEX, offset 0x0)"),
        (":00000001FF\n", "a.hex: there is nothing to program in it"),
        (":00000009F7\n:00000001FF\n", "a.hex:1: record type 9 with 0 bytes of data (Intel HEX, offset 0x0)"),
    ] {
        assert_eq!(hex(text).unwrap_err().to_string(), expected, "{text}");
    }
    let error = hex(":020000040800F2\n:0400000001020304F2\n").unwrap_err().to_string();
    assert_eq!(error, "a.hex:3: the end-of-file record is missing: the file is cut off (Intel HEX, offset 0x24)");
    let error = Image::elf("a.elf", b"\x7fELF").unwrap_err().to_string();
    assert!(error.starts_with("a.elf: ") && error.contains("at offset 0x0"), "{error}");
    let error = Image::binary("a.bin", 0xffff_fffe, vec![0; 4]).unwrap_err().to_string();
    assert_eq!(error, "a.bin: 4 bytes at 0xfffffffe reach beyond 4 GB");
    let error = Image::read(std::path::Path::new("none.elf"), 0).unwrap_err().to_string();
    assert!(error.starts_with("none.elf: "), "{error}");
}

#[test]
fn a_foreign_elf_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(mut data) = compiled(folder.path(), "b.elf") else { return };
    data[18] = 62;
    let error = Image::elf("b.elf", &data).unwrap_err().to_string();
    assert_eq!(error, "b.elf: the file is for machine 62, not for Arm (40) at offset 0x12");
}

#[test]
fn a_damaged_elf_never_panics() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(data) = compiled(folder.path(), "c.elf") else { return };
    for length in 0..data.len().min(600) {
        let _ = Image::elf("c.elf", &data[..length]);
    }
    let damage = prop::collection::vec((0..data.len(), any::<u8>()), 1..12);
    let header = prop::collection::vec((0..256usize.min(data.len()), any::<u8>()), 1..4);
    proptest!(ProptestConfig::with_cases(3000), |(hits in damage, front in header)| {
        let mut damaged = data.clone();
        for (at, byte) in hits.iter().chain(&front) {
            damaged[*at] = *byte;
        }
        if let Ok(image) = Image::elf("c.elf", &damaged) {
            prop_assert!(!image.segments.is_empty());
        }
    });
}

proptest! {
    #[test]
    fn hex_of_any_text_never_panics(text in "[:0-9A-F\n]{0,200}", cut in 0usize..80, byte in any::<u8>()) {
        let _ = hex(&text);
        let mut good = b":020000040800F2\n:0400000001020304F2\n:00000001FF\n".to_vec();
        let at = cut % good.len();
        good[at] = byte;
        let _ = Image::hex("a.hex", &good);
        let _ = Image::hex("a.hex", &good[..at]);
    }
}
