use super::bench::Bench;
use hil::emulator::Width;

fn unlock(bench: &mut Bench, keyr: u32) {
    bench.write(keyr, 0x4567_0123);
    bench.write(keyr, 0xcdef_89ab);
}

#[test]
fn l4_programs_double_words_and_erases_pages() {
    let mut bench = Bench::l4();
    let (keyr, sr, cr) = (0x4002_2008, 0x4002_2010, 0x4002_2014);
    bench.write(cr, 1);
    assert_eq!(bench.read(cr), 0xc000_0000, "locked");
    unlock(&mut bench, keyr);
    bench.write(cr, 1);
    bench.write(0x0810_2000, 0x0403_0201);
    assert_eq!(bench.memory.flash[0x10_2000], 0xff, "half a double word changes nothing");
    bench.write(0x0810_2004, 0x0807_0605);
    assert_eq!(bench.memory.flash[0x10_2000..0x10_2008], [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(bench.read(sr), 1 << 16, "busy");
    bench.pass(82 * 4);
    assert_eq!(bench.read(sr), 0);
    // Not erased: PROGERR.
    bench.write(0x0810_2000, 0);
    bench.write(0x0810_2004, 1);
    assert_eq!(bench.read(sr), 1 << 3);
    bench.write(sr, 1 << 3);
    assert_eq!(bench.read(sr), 0);
    // Page 2 of bank 2 by its number; EOP is told where its interrupt is on.
    bench.write(cr, 1 << 1 | 2 << 3 | 1 << 11 | 1 << 24);
    bench.set(cr, 1 << 16);
    bench.pass(22_020 * 4);
    assert_eq!(bench.memory.flash[0x10_2000..0x10_2008], [0xff; 8]);
    assert_eq!(bench.read(sr), 1);
    assert!(bench.line(4));
}

#[test]
fn l4_refuses_bad_programming_by_flags() {
    let mut bench = Bench::l4();
    let (keyr, sr, cr) = (0x4002_2008, 0x4002_2010, 0x4002_2014);
    unlock(&mut bench, keyr);
    bench.write(0x0800_0000, 0);
    assert_eq!(bench.read(sr), 1 << 7, "PGSERR: PG is off");
    bench.write(sr, 0xffff);
    bench.write(cr, 1);
    bench.write_sized(0x0800_0000, Width::Half, 0);
    assert_eq!(bench.read(sr), 1 << 6, "SIZERR");
    bench.write(sr, 0xffff);
    bench.write(0x0800_0004, 0);
    assert_eq!(bench.read(sr), 1 << 5, "PGAERR");
}

#[test]
fn a_wrong_key_locks_until_reset() {
    let mut bench = Bench::l4();
    bench.write(0x4002_2008, 1);
    unlock(&mut bench, 0x4002_2008);
    bench.write(0x4002_2014, 1);
    assert_eq!(bench.read(0x4002_2014), 0xc000_0000);
    bench.soc.reset_by_software(bench.now);
    unlock(&mut bench, 0x4002_2008);
    assert_eq!(bench.read(0x4002_2014), 0x4000_0000);
}

#[test]
fn f7_programs_by_parallelism_and_erases_sectors() {
    let mut bench = Bench::f7();
    let (keyr, sr, cr) = (0x4002_3c04, 0x4002_3c0c, 0x4002_3c10);
    unlock(&mut bench, keyr);
    bench.write(cr, 1 | 2 << 8);
    bench.write(0x0804_0000, 0x0403_0201);
    assert_eq!(bench.memory.flash[0x4_0000..0x4_0004], [1, 2, 3, 4]);
    assert_eq!(bench.read(sr), 1 << 16);
    bench.pass(16 * 16);
    assert_eq!(bench.read(sr), 0);
    bench.write_sized(0x0804_0000, Width::Byte, 0);
    assert_eq!(bench.read(sr), 1 << 6, "PGPERR: bytes at parallelism 32");
    bench.write(sr, 0xf2);
    // Sector 5, the first of 256 KB, by the address behind the accelerator.
    bench.write(cr, 1 | 2 << 8);
    bench.write(0x0024_0004, 0);
    assert_eq!(bench.memory.flash[0x4_0004..0x4_0008], [0; 4]);
    bench.pass(16 * 16);
    bench.write(cr, 1 << 1 | 5 << 3 | 2 << 8 | 1 << 16);
    bench.pass(16_000_000);
    assert_eq!(bench.memory.flash[0x4_0000..0x8_0000].iter().filter(|b| **b != 0xff).count(), 0);
    bench.write(cr, 1 << 1 | 9 << 3 | 1 << 16);
    assert_eq!(bench.read(sr), 1 << 7, "ERSERR: there is no sector 9");
}

#[test]
fn programming_clears_bits_and_sets_none() {
    let mut bench = Bench::f7();
    unlock(&mut bench, 0x4002_3c04);
    bench.write(0x4002_3c10, 1 | 2 << 8);
    bench.write(0x0800_0100, 0xffff_00ff);
    bench.pass(16 * 16);
    bench.write(0x0800_0100, 0x0fff_ffff);
    assert_eq!(bench.memory.flash[0x100..0x104], [0xff, 0x00, 0xff, 0x0f]);
}
