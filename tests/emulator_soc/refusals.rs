use super::bench::Bench;
use hil::board::names;
use hil::emulator::AccessError;

#[test]
fn what_is_not_modelled_says_its_name() {
    let mut bench = Bench::l4();
    let error = bench.try_read(0x5004_0008).unwrap_err();
    assert_eq!(error.to_string(), "ADC1 +0x008 at 0x50040008 is not modelled (no model of this peripheral)");
    let error = bench.try_write(0x4002_10fc, 0).unwrap_err().to_string();
    assert!(error.starts_with("RCC +0x0fc"), "{error}");
    assert_eq!(bench.try_read(0x4100_0000).unwrap_err(), AccessError::Unmapped { address: 0x4100_0000 });
    let error = bench.try_read(0x4000_0000).unwrap_err().to_string();
    assert!(error.starts_with("TIM2 ") && error.contains("its clock is off"), "{error}");
}

#[test]
fn permissive_counts_instead() {
    let mut bench = Bench::l4();
    bench.soc.set_permissive(true);
    assert_eq!(bench.read(0x5004_0008), 0);
    bench.write(0x5004_0008, 1);
    bench.read(0x5004_0008);
    let ignored: Vec<_> = bench.soc.ignored().map(|(p, r, n)| (p.to_string(), r.to_string(), n)).collect();
    assert_eq!(ignored, [("ADC1".into(), "+0x008: no model of this peripheral".into(), 3)]);
    assert!(bench.try_read(0x4100_0000).is_err(), "what is not there stays a fault");
}

#[test]
fn every_board_knows_what_it_does_not_model() {
    const ABSENT: [(&str, &str, u32); 7] = [
        ("nucleo-l4r5zi", "ADC1", 0x5004_0008),
        ("stm32f746g-disco", "ADC1", 0x4001_2008),
        ("nucleo-f767zi", "ADC1", 0x4001_2008),
        ("nucleo-h7a3zi-q", "ADC1", 0x4002_2008),
        ("nucleo-h743zi", "ADC1", 0x4002_2008),
        ("stm32f412g-disco", "ADC1", 0x4001_2008),
        ("nucleo-u575zi-q", "DAC1", 0x4602_1808),
    ];
    assert_eq!(ABSENT.map(|(board, ..)| board), *names());
    for (board, peripheral, address) in ABSENT {
        let error = Bench::new(board).try_read(address).unwrap_err().to_string();
        let named = error.starts_with(&format!("{peripheral} +0x008"));
        assert!(named && error.contains("no model of this peripheral"), "{board}: {error}");
    }
}
