//! Nordic PPK2.

use super::{EmulatedInstrument, Reading};
use crate::instrument::ppk2::{ADC_MAX, METADATA, NOMINAL_OHMS, START, STEP, STOP, VOLTAGE};

/// Reading of the ADC at no current, counts of one reading.
const OFFSET: f64 = 112.0;
/// Shunt of range 2 where its calibration is wrong, ten times what it is.
const WRONG_OHMS: f64 = 101.5;

pub fn hear(meter: &mut EmulatedInstrument, out: &mut Vec<u8>) {
    let mut heard = std::mem::take(&mut meter.heard).into_iter();
    while let Some(command) = heard.next() {
        match command {
            START => meter.start(),
            STOP => meter.sampling = false,
            METADATA => metadata(meter, out),
            // Arguments that are none of its commands.
            VOLTAGE => drop((heard.next(), heard.next())),
            0x0C | 0x11 => drop(heard.next()),
            _ => {}
        }
    }
}

fn metadata(meter: &EmulatedInstrument, out: &mut Vec<u8>) {
    let mut text = String::from("Calibrated: 1\n");
    for (at, ohms) in NOMINAL_OHMS.into_iter().enumerate() {
        let ohms = if at == 2 && meter.miscalibrated { WRONG_OHMS } else { ohms };
        text.push_str(&format!(
            "R{at}: {ohms}\nGS{at}: 0\nGI{at}: 1\nO{at}: {OFFSET}\nS{at}: 0\nI{at}: 0\nUG{at}: 1\n"
        ));
    }
    text.push_str("VDD: 3000\nHW: 9173\nmode: 2\nIA: 56\nEND");
    out.extend(text.bytes());
}

pub fn sample(meter: &EmulatedInstrument, reading: Reading, out: &mut Vec<u8>) {
    let counts = |amps: f64, ohms: f64| ((amps.max(0.0) * ohms / STEP + OFFSET) / 4.0).round() as u32;
    let last = NOMINAL_OHMS.len() - 1;
    let (range, adc) = match reading {
        Reading::Lost => return,
        Reading::Saturated => (last, ADC_MAX),
        Reading::Amps(amps) => {
            // The most sensitive range that holds it.
            let fits = NOMINAL_OHMS.iter().position(|ohms| counts(amps, *ohms) < ADC_MAX);
            fits.map_or((last, ADC_MAX), |range| (range, counts(amps, NOMINAL_OHMS[range])))
        }
    };
    let counter = (meter.samples % 64) as u32;
    // Inputs that nothing drives are pulled up.
    let logic = if meter.low > 0 { 0xFF & !(1u32 << meter.input) } else { 0xFF };
    out.extend((adc | (range as u32) << 14 | counter << 18 | logic << 24).to_le_bytes());
}
