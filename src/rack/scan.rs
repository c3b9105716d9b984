//! What is attached: debug probes and serial ports, and which of them belong to one board.

use std::path::{Path, PathBuf};

use super::file::UnitEntry;
use super::unit::Driver;
use super::usb;

/// Stands for the board, which no probe tells; the checks of `rack.yaml` point at it.
pub const BOARD_UNKNOWN: &str = "name-the-board-here";

/// A debug probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProbe {
    /// What it calls itself.
    pub product: String,
    pub vendor_id: u16,
    pub product_id: u16,
    pub serial: Option<String>,
    /// Where it is plugged in, if no other like it is and the system tells.
    pub usb: Option<String>,
}

/// A serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPort {
    pub path: PathBuf,
    /// None where it is no USB port.
    pub vendor_id: Option<u16>,
    pub serial: Option<String>,
    pub product: String,
}

fn location(probe: &probe_rs::probe::DebugProbeInfo) -> Option<String> {
    let (vendor, product) = (probe.vendor_id, probe.product_id);
    let serial = probe.serial_number.clone().filter(|serial| !serial.is_empty());
    let device = usb::UsbDevice { vendor, product, serial };
    match &usb::locations(Path::new(usb::DEVICES), &device)[..] {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// Everything that is attached now. Opens nothing.
pub fn attached() -> Result<(Vec<FoundProbe>, Vec<FoundPort>), String> {
    let probes = probe_rs::probe::list::Lister::new().list_all();
    let probes = probes.into_iter().map(|probe| FoundProbe {
        usb: location(&probe),
        product: probe.identifier,
        vendor_id: probe.vendor_id,
        product_id: probe.product_id,
        serial: probe.serial_number,
    });
    let ports = serialport::available_ports().map_err(|error| format!("serial ports cannot be listed: {error}"))?;
    let ports = ports.into_iter().map(|port| match port.port_type {
        serialport::SerialPortType::UsbPort(usb) => FoundPort {
            path: port.port_name.into(),
            vendor_id: Some(usb.vid),
            serial: usb.serial_number,
            product: usb.product.unwrap_or_default(),
        },
        _ => FoundPort { path: port.port_name.into(), vendor_id: None, serial: None, product: String::new() },
    });
    Ok((probes.collect(), ports.collect()))
}

/// A unit for each probe, with the port of the same serial number as its console; and what needs a hand.
pub fn units(probes: &[FoundProbe], ports: &[FoundPort]) -> (Vec<UnitEntry>, Vec<String>) {
    let (mut units, mut open) = (Vec::new(), Vec::new());
    for (at, probe) in probes.iter().enumerate() {
        let same = |other: &FoundProbe| match (named(other), named(probe)) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        };
        if probes.iter().filter(|other| same(other)).count() > 1 {
            let serial = named(probe).unwrap_or_default();
            open.push(format!("{serial}: two probes have this serial number; plug in one of them"));
            continue;
        }
        let Some(serial) = named(probe) else {
            match &probe.usb {
                Some(location) => {
                    open.push(format!("{location}: it has no serial number; give the console's port as `serial`"));
                    units.push(entry(at, probe, None, Some(location.clone()), None));
                }
                None => {
                    open.push(format!("{}: it has no serial number; give its USB location as `usb`", probe.product))
                }
            }
            continue;
        };
        let of_probe = |port: &&FoundPort| {
            port.vendor_id == Some(probe.vendor_id)
                && port.serial.as_ref().is_some_and(|other| other.eq_ignore_ascii_case(serial))
        };
        let mut consoles: Vec<&FoundPort> = ports.iter().filter(of_probe).collect();
        consoles.sort_by(|a, b| a.path.cmp(&b.path));
        if consoles.is_empty() {
            open.push(format!("{serial}: no serial port has its number; give the console's port as `serial`"));
        }
        if consoles.len() > 1 {
            open.push(format!("{serial}: it has {} serial ports; is `serial` the console's?", consoles.len()));
        }
        let wanted = format!("{:04x}:{:04x}:{serial}", probe.vendor_id, probe.product_id);
        units.push(entry(at, probe, Some(wanted), None, consoles.first().map(|port| port.path.clone())));
    }
    (units, open)
}

/// Its serial number, where it has one that is not blank.
fn named(probe: &FoundProbe) -> Option<&str> {
    probe.serial.as_deref().filter(|serial| !serial.trim().is_empty())
}

fn entry(
    at: usize,
    found: &FoundProbe,
    probe: Option<String>,
    usb: Option<String>,
    serial: Option<PathBuf>,
) -> UnitEntry {
    UnitEntry {
        name: format!("unit-{at}"),
        board: BOARD_UNKNOWN.into(),
        driver: Driver::Probe,
        probe,
        usb,
        serial,
        baud: None,
        instrument: None,
        supply_volts: None,
        revision: None,
        power: None,
        labels: Vec::new(),
        notes: Some(found.product.clone()).filter(|product| !product.is_empty()),
        faults: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(serial: Option<&str>) -> FoundProbe {
        let serial = serial.map(String::from);
        FoundProbe { product: "STLINK-V3".into(), vendor_id: 0x0483, product_id: 0x374e, serial, usb: None }
    }

    fn port(path: &str, vendor: u16, serial: &str) -> FoundPort {
        FoundPort { path: path.into(), vendor_id: Some(vendor), serial: Some(serial.into()), product: String::new() }
    }

    #[test]
    fn a_probe_and_the_port_of_its_serial_number_are_one_unit() {
        let ports =
            [port("/dev/ttyACM1", 0x0483, "BB"), port("/dev/ttyACM0", 0x0483, "aa"), port("/dev/x", 0x1915, "AA")];
        let (units, open) = units(&[probe(Some("AA")), probe(Some("BB"))], &ports);
        let consoles: Vec<_> = units.iter().filter_map(|unit| unit.serial.as_ref()?.to_str()).collect();
        assert_eq!(consoles, ["/dev/ttyACM0", "/dev/ttyACM1"]);
        assert_eq!(units[1].probe.as_deref(), Some("0483:374e:BB"));
        assert_eq!(open, [""; 0]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_left_to_a_hand() {
        let (units, open) = units(&[probe(None), probe(Some("AA")), probe(Some("aa")), probe(Some("BB"))], &[]);
        assert_eq!(units.len(), 1);
        assert_eq!(open.len(), 4, "{open:?}");
        assert!(open[1].contains("two probes have this serial number"), "{open:?}");
        let unnamed = FoundProbe { usb: Some("1-1.4".into()), ..probe(None) };
        let (units, open) = super::units(&[unnamed], &[]);
        assert_eq!((units[0].usb.as_deref(), units[0].probe.as_deref()), (Some("1-1.4"), None));
        assert!(open[0].starts_with("1-1.4: it has no serial number"), "{open:?}");
    }
}
