//! INA228 behind a microcontroller.

use super::{EmulatedInstrument, Reading};

pub fn answer(meter: &mut EmulatedInstrument, line: &str, out: &mut Vec<u8>) {
    match line {
        "id" => out.extend(b"hil-ina228 1 1000\n"),
        "start" => {
            meter.start();
            out.extend(b"ok\n");
        }
        "stop" => {
            if std::mem::take(&mut meter.sampling) {
                out.extend(format!("end {}\n", meter.samples).bytes());
            }
        }
        "power on" | "power off" => out.extend(b"ok\n"),
        _ => out.extend(b"error what\n"),
    }
}

pub fn sample(meter: &EmulatedInstrument, reading: Reading, out: &mut Vec<u8>) {
    let (amps, flags) = match reading {
        Reading::Amps(amps) => (amps, 0),
        Reading::Saturated => (0.1, 1),
        Reading::Lost => return,
    };
    let volts = if meter.miscalibrated { meter.volts * 0.87 } else { meter.volts };
    let (nanoamps, millivolts) = ((amps * 1e9).round(), (volts * 1e3).round());
    out.extend(format!("s {} {nanoamps} {millivolts} {flags}\n", meter.samples).bytes());
}
