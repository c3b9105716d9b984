//! `rack.yaml`: what it may say, and where it says what it may not.

use std::path::Path;

use hil::board;
use hil::rack::Driver;
use hil::rack::file::{RackFile, json_schema, parse, to_text};

const GOOD: &str = "state: locks
units:
  - name: l4-a
    board: nucleo-l4r5zi
    driver: probe
    probe: 066EFF494851877267153032
    serial: /dev/ttyACM0
    baud: 115200
    supply_volts: 3.3
    revision: MB1312 C-01
    instrument: { kind: stlink-v3pwr, port: /dev/ttyACM1 }
    power:
      off: [uhubctl, -a, \"off\"]
      on: [uhubctl, -a, \"on\"]
    labels: [smps, desk]
  - { name: sim-0, board: nucleo-l4r5zi, driver: simprobe, faults: faults/unplug.yaml }
  - { name: emu-0, board: stm32f746g-disco, driver: emulated, notes: \"quick\" }
";

fn read(text: &str) -> Result<RackFile, String> {
    parse("rack.yaml", text, Path::new("/racks"), &board::names()).map_err(|error| error.to_string())
}

/// What is wrong with the good rack once `from` says `to`.
fn wrong(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    read(&GOOD.replacen(from, to, 1)).expect_err("a mistake")
}

#[test]
fn a_rack_says_all_of_its_units() {
    let rack = read(GOOD).expect("a rack");
    assert_eq!(rack.state, Path::new("/racks/locks"));
    let drivers: Vec<_> = rack.units.iter().map(|unit| unit.driver).collect();
    assert_eq!(drivers, [Driver::Probe, Driver::SimProbe, Driver::Emulated]);
    assert_eq!(rack.units[1].faults.as_deref(), Some(Path::new("/racks/faults/unplug.yaml")));
    let power = rack.units[0].power.as_ref().expect("a switch");
    assert_eq!((power.off.len(), power.pause_seconds), (3, 1.0));
}

#[test]
fn mistakes_name_line_column_and_the_nearest_word() {
    for (from, to, place, says) in [
        ("board: nucleo-l4r5zi\n", "board: nucleo-l4r5z\n", "4:12", "did you mean `nucleo-l4r5zi`?"),
        ("serial: /dev", "serail: /dev", "7:5", "did you mean `serial`?"),
        ("driver: probe\n", "driver: prob\n", "5:13", "did you mean `probe`?"),
        ("name: sim-0", "name: l4-a", "16:13", "the name `l4-a` belongs to an earlier unit, too"),
        ("name: l4-a", "name: a/b", "3:11", "a unit's name is"),
        ("    serial: /dev/ttyACM0\n", "", "3:5", "needs `serial`"),
        ("    probe: 066EFF494851877267153032\n", "", "3:5", "needs `probe`, the serial number, or `usb`"),
        ("baud: 115200", "baud: 3", "8:11", "a baud rate of 3"),
        ("supply_volts: 3.3", "supply_volts: 33", "9:19", "33 V supplies no board"),
        ("supply_volts: 3.3", "notes: none", "3:5", "needs `supply_volts`"),
        ("port: /dev/ttyACM1", "port: /dev/ttyACM0", "11:17", "cannot share a port"),
        ("kind: stlink-v3pwr", "kind: stlink-v3", "11:25", "did you mean `stlink-v3pwr`?"),
        ("kind: stlink-v3pwr", "kind: ina228, window: edge", "11:41", "records no edge here"),
        ("port: /dev/ttyACM1", "input: 0", "11:17", "needs `port`"),
        ("    probe: 066EFF494851877267153032\n", "    usb: 1-1:1.0\n", "6:10", "is no USB location"),
        (
            "off: [uhubctl, -a, \"off\"]",
            "pause_seconds: 2",
            "13:7",
            "`off`, the command that cuts the power, is missing",
        ),
        ("driver: emulated", "driver: emulated, serial: /dev/x", "17:71", "`serial` goes with driver `probe`"),
        ("driver: emulated", "driver: emulated, faults: x", "17:71", "`faults` goes with driver `simprobe`"),
    ] {
        let message = wrong(from, to);
        assert!(message.starts_with(&format!("rack.yaml:{place}: ")) && message.contains(says), "{to}: {message}");
    }
}

#[test]
fn a_simulated_unit_has_an_instrument_of_its_own() {
    let unit = |instrument: &str| {
        let unit = "  - { name: sim-1, board: nucleo-l4r5zi, driver: simprobe, supply_volts: 1.8, instrument: ";
        read(&format!("{GOOD}{unit}{{ {instrument} }} }}\n"))
    };
    let rack = unit("kind: ppk2, window: edge, input: 3").expect("a rack");
    let instrument = rack.units[3].instrument.as_ref().expect("an instrument");
    assert_eq!((instrument.port.as_os_str().len(), instrument.input), (0, 3));
    let text = to_text("", &rack.units).expect("text");
    assert_eq!(read(&text).expect("a rack").units, rack.units);
    let message = unit("kind: ppk2, port: /dev/ttyACM9").expect_err("a port");
    assert!(message.contains("leave `port` out"), "{message}");
}

#[test]
fn a_probe_belongs_to_one_unit() {
    let again =
        "  - { name: b, board: nucleo-l4r5zi, driver: probe, probe: 066EFF494851877267153032, serial: /dev/b }\n";
    let message = read(&format!("{GOOD}{again}")).expect_err("twice");
    assert!(message.contains("the probe `066EFF494851877267153032` belongs to an earlier unit, too"), "{message}");
}

#[test]
fn what_is_written_is_read_again() {
    let rack = read(GOOD).expect("a rack");
    let text = to_text("# heading\n", &rack.units).expect("text");
    assert!(text.starts_with("# heading\nunits:\n"), "{text}");
    assert_eq!(read(&text).expect("a rack").units, rack.units);
}

#[test]
fn the_schema_knows_boards_and_drivers() {
    let schema = json_schema(&["nucleo-l4r5zi"]);
    let unit = &schema["$defs"]["UnitEntry"];
    assert_eq!(unit["properties"]["board"]["enum"], serde_json::json!(["nucleo-l4r5zi"]));
    assert_eq!(unit["additionalProperties"], serde_json::json!(false));
}
