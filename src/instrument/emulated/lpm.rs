//! X-NUCLEO-LPM01A, which speaks text, and STLINK-V3PWR, which speaks binary words.

use super::{EmulatedInstrument, Reading};
use crate::instrument::entry::InstrumentKind;

/// What it supplies where its voltage is wrong, mV.
const WRONG_MILLIVOLTS: u16 = 2600;

pub fn answer(meter: &mut EmulatedInstrument, line: &str, out: &mut Vec<u8>) {
    let text = meter.kind == InstrumentKind::Lpm01a;
    match line {
        "start" => {
            meter.start();
            if !text && meter.miscalibrated {
                out.extend(b"ack start\r\n\r\n\xF0\xF7");
                out.extend(WRONG_MILLIVOLTS.to_be_bytes());
                return out.extend([0xFF, 0xFF]);
            }
        }
        "stop" => {
            if std::mem::take(&mut meter.sampling) {
                out.extend::<&[u8]>(if text { b"Acquisition completed\r\n" } else { b"\xF0\xF4\xFF\xFF" });
            }
            return;
        }
        _ if line.starts_with("volt 9") => {
            return out.extend(b"PowerShield > error volt\r\nError detail: range\r\n");
        }
        _ if line.starts_with("eventsrc d7 fal") => meter.events = true,
        "hrc" => meter.events = false,
        _ => {}
    }
    let (start, end) = if text { ("PowerShield > ", "\r\n") } else { ("", "\r\n\r\n") };
    out.extend(format!("{start}ack {line}{end}").bytes());
}

/// A line such as `6409-07`, after the event where there is one.
pub fn text(meter: &EmulatedInstrument, reading: Reading, fell: bool, out: &mut Vec<u8>) {
    if fell && meter.events {
        out.extend(b"event 7 ris\r\n");
    }
    let amps = match reading {
        Reading::Amps(amps) => amps.max(0.0),
        Reading::Saturated => 0.0501,
        Reading::Lost => return,
    };
    let (mut value, mut power) = (amps * 1e7, 7);
    while value > 9999.0 {
        (value, power) = (value / 10.0, power - 1);
    }
    out.extend(format!("{:04}-{power:02}\r\n", value.round() as u32).bytes());
}

pub fn stamp(ms: u32, out: &mut Vec<u8>) {
    out.extend(format!("TimeStamp: {:03}s {:03}ms, buff 05%\r\n", ms / 1000, ms % 1000).bytes());
}

pub fn stamp_words(ms: u32, out: &mut Vec<u8>) {
    out.extend([0xF0, 0xF3]);
    out.extend(ms.to_be_bytes());
    out.extend([5, 0xFF, 0xFF]);
}

/// A word of four bits of a negative power of 16 and twelve of a value.
pub fn words(_: &EmulatedInstrument, reading: Reading, out: &mut Vec<u8>) {
    let amps = match reading {
        Reading::Amps(amps) => amps.max(0.0),
        Reading::Saturated => return out.extend([0xF0, 0xF5, 0, 0, 0, 0, 0xFF, 0xFF]),
        Reading::Lost => return,
    };
    let mut power = 0;
    while power < 14 && amps * 16f64.powi(power + 1) < 4095.0 {
        power += 1;
    }
    let value = (amps * 16f64.powi(power)).round().min(4095.0) as u16;
    out.extend((((power as u16) << 12) | value).to_be_bytes());
}
