//! Where USB devices are plugged in, as Linux lists them in sysfs. probe-rs tells no location of a probe, and opens probes by
//! vendor, product and serial number alone.

use std::path::Path;

/// What Linux lists USB devices in, by location: `BUS-PORT.PORT…`.
pub(super) const DEVICES: &str = "/sys/bus/usb/devices";

/// A USB device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UsbDevice {
    pub vendor: u16,
    pub product: u16,
    pub serial: Option<String>,
}

/// Whether `text` can be a location: digits, joined by one `-` and then dots.
pub(super) fn is_location(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(bus, ports)| digits(bus) && ports.split('.').all(digits))
}

/// The device at `location` under `devices`; none where nothing is plugged in there.
pub(super) fn at(devices: &Path, location: &str) -> Result<Option<UsbDevice>, String> {
    if !devices.is_dir() {
        return Err(format!("`usb` is known on Linux only, from {}; name the probe by its serial number", DEVICES));
    }
    if !is_location(location) {
        return Err(format!("`{location}` is no USB location, such as 1-1.4: bus, then ports"));
    }
    let folder = devices.join(location);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok().map(|text| text.trim().to_string());
    let number = |name: &str| read(name).and_then(|text| u16::from_str_radix(&text, 16).ok());
    let (Some(vendor), Some(product)) = (number("idVendor"), number("idProduct")) else { return Ok(None) };
    Ok(Some(UsbDevice { vendor, product, serial: read("serial").filter(|serial| !serial.is_empty()) }))
}

/// Locations of the devices that are `device`.
pub(super) fn locations(devices: &Path, device: &UsbDevice) -> Vec<String> {
    let names = std::fs::read_dir(devices).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let same = |name: &String| matches!(at(devices, name), Ok(Some(found)) if found == *device);
    let mut found: Vec<String> = names.filter(same).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plug(devices: &Path, location: &str, serial: Option<&str>) {
        let folder = devices.join(location);
        std::fs::create_dir(&folder).expect("a folder");
        let files = [("idVendor", Some("0483")), ("idProduct", Some("374e")), ("serial", serial)];
        for (name, text) in files.into_iter().filter_map(|(name, text)| Some((name, text?))) {
            std::fs::write(folder.join(name), format!("{text}\n")).expect("a file");
        }
    }

    #[test]
    fn a_device_is_found_by_where_it_is_plugged_in() {
        let devices = tempfile::tempdir().expect("a folder");
        plug(devices.path(), "1-1.4", Some("AA"));
        plug(devices.path(), "1-2", None);
        std::fs::create_dir(devices.path().join("usb1")).expect("a hub");
        let device =
            |serial: Option<&str>| UsbDevice { vendor: 0x483, product: 0x374e, serial: serial.map(String::from) };
        assert_eq!(at(devices.path(), "1-1.4"), Ok(Some(device(Some("AA")))));
        assert_eq!(at(devices.path(), "1-2"), Ok(Some(device(None))));
        assert_eq!(at(devices.path(), "1-3"), Ok(None));
        assert!(at(devices.path(), "../1-2").expect_err("no location").contains("is no USB location"));
        assert!(at(Path::new("/no/sysfs"), "1-2").expect_err("no sysfs").contains("on Linux only"));
        assert_eq!(locations(devices.path(), &device(None)), ["1-2"]);
    }

    #[test]
    fn locations_are_a_bus_and_ports() {
        assert!(["1-1", "3-1.4.2"].into_iter().all(is_location));
        assert!(!["", "1", "1-", "-1", "usb1", "1-1:1.0", "1-1..2", "1-1/../2-1"].into_iter().any(is_location));
    }
}
