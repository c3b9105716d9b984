//! Samples of the LPM01A family, as text and as binary words.

use super::samples::Samples;
use super::wire::Decoder;

/// Bytes of a line of text; more is no line.
const MAX_LINE: usize = 200;
/// Bytes of a text among binary words.
const MAX_TEXT: usize = 1000;

pub struct LpmDecoder {
    pub samples: Samples,
    /// Text, or binary words.
    text: bool,
    most: f32,
    pending: Vec<u8>,
    running: bool,
    ended: bool,
}

impl Decoder for LpmDecoder {
    fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend(bytes);
        if self.text { self.lines() } else { self.words() }
    }

    fn samples(&self) -> usize {
        self.samples.len()
    }
}

impl LpmDecoder {
    pub fn new(text: bool, rate_hz: f64, volts: f64, most: f32) -> Self {
        let samples = Samples::new(rate_hz, volts);
        Self { samples, text, most, pending: Vec::new(), running: false, ended: false }
    }

    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Whether the instrument said that no more samples come.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    pub fn problem(&self) -> Option<String> {
        self.samples.problem.clone()
    }

    fn push(&mut self, amps: f64) {
        self.running = true;
        self.samples.push(amps as f32, amps as f32 >= self.most);
    }

    fn lines(&mut self) {
        while let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim().to_string();
            if !self.ended {
                self.line(&line);
            }
        }
        if self.pending.len() > MAX_LINE {
            self.samples.fail("a line without end".into());
            self.pending.clear();
        }
    }

    fn line(&mut self, line: &str) {
        let line = line.rsplit_once("> ").map_or(line, |(_, rest)| rest);
        let lower = line.to_ascii_lowercase();
        if let Some(amps) = sample(line) {
            self.push(amps);
        } else if let Some(rest) = lower.strip_prefix("timestamp:") {
            match milliseconds(rest) {
                Some(ms) => self.samples.elapsed(ms),
                None => self.samples.fail(format!("a time that is none: `{line}`")),
            }
            if rest.contains("buff 100%") {
                self.samples.fail("its buffer ran over".into());
            }
        } else if lower.starts_with("event ") {
            self.samples.edge();
        } else if lower.contains("acquisition completed") {
            self.ended = true;
        } else if lower.contains("overcurrent") || lower.starts_with("err") {
            self.samples.fail(format!("it said `{line}`"));
        } else if self.running && !line.is_empty() && !lower.starts_with("ack") && !lower.starts_with("summary") {
            // What was to be a sample, or two of which the middle is gone.
            self.samples.lost(1);
        }
    }

    /// Words of 16 bits, the high byte first: four bits of a negative power of 16 and twelve of a value. A high byte of
    /// 0xF0 starts what is no sample.
    fn words(&mut self) {
        let mut at = 0;
        while !self.ended {
            let rest = &self.pending[at..];
            let [high, low, ..] = rest else { break };
            if *high != 0xF0 {
                // The answer to `start` is text before the first word; it may come byte by byte.
                let answers = rest.iter().zip(b"ack").all(|(found, wanted)| found == wanted);
                if !self.running && (answers || high.is_ascii_control()) {
                    match rest.windows(2).position(|pair| pair == b"\r\n") {
                        Some(end) => at += end + 2,
                        None => break,
                    }
                    continue;
                }
                let word = u16::from_be_bytes([*high, *low]);
                let amps = f64::from(word & 0xFFF) * 16f64.powi(-i32::from(word >> 12));
                at += 2;
                self.push(amps);
                continue;
            }
            match frame(rest) {
                Frame::Partial => break,
                Frame::None => {
                    self.samples.fail(format!("a frame F0 {low:02X} that does not end as it must"));
                    at += 1;
                }
                Frame::Whole(size) => {
                    let body = rest[2..size - 2].to_vec();
                    self.frame(*low, &body);
                    at += size;
                }
            }
        }
        self.pending.drain(..at);
    }

    fn frame(&mut self, kind: u8, body: &[u8]) {
        let text = || String::from_utf8_lossy(body).trim().to_string();
        match (kind, body) {
            (0xF1, _) => self.samples.fail(format!("it said `{}`", text())),
            (0xF3, [a, b, c, d, buffer]) => {
                self.running = true;
                self.samples.elapsed(u64::from(u32::from_be_bytes([*a, *b, *c, *d])));
                if *buffer >= 100 {
                    self.samples.fail("its buffer ran over".into());
                }
            }
            (0xF4, _) => self.ended = true,
            (0xF5, _) => self.samples.fail("overcurrent: the board draws more than it can supply".into()),
            (0xF6, _) => self.samples.fail("the board's power went down".into()),
            (0xF7, [high, low]) => {
                let (found, asked) =
                    (f64::from(u16::from_be_bytes([*high, *low])) / 1000.0, self.samples.capture.volts);
                if (found - asked).abs() > 0.05 * asked {
                    self.samples.fail(format!("the supply is {found} V where {asked} V were asked for"));
                } else {
                    self.samples.capture.volts = found;
                }
            }
            // Informations that change no sample.
            _ => {}
        }
    }
}

enum Frame {
    Partial,
    Whole(usize),
    None,
}

/// The frame at the start of `bytes`: F0, its kind, its body, FF FF.
fn frame(bytes: &[u8]) -> Frame {
    let size = match bytes.get(1) {
        None => return Frame::Partial,
        // Texts end where they end.
        Some(0xF1 | 0xF2) => match bytes.windows(2).position(|pair| pair == [0xFF, 0xFF]) {
            Some(at) => at + 2,
            None if bytes.len() > MAX_TEXT => return Frame::None,
            None => return Frame::Partial,
        },
        Some(0xF3) => 9,
        Some(0xF5) => 8,
        Some(0xF7 | 0xF8) => 6,
        Some(0xF9) => 5,
        Some(0xF4 | 0xF6 | 0xFA | 0xFB) => 4,
        Some(_) => return Frame::None,
    };
    match bytes.get(size - 2..size) {
        None => Frame::Partial,
        Some([0xFF, 0xFF]) => Frame::Whole(size),
        Some(_) => Frame::None,
    }
}

/// `6409-07` is 6409e-7.
fn sample(text: &str) -> Option<f64> {
    let (value, power) = text.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(value) || power.len() != 2 || !digits(power) {
        return None;
    }
    Some(value.parse::<f64>().ok()? * 10f64.powi(-power.parse::<i32>().ok()?))
}

/// ` 003s 000ms, buff 05%` in milliseconds.
fn milliseconds(text: &str) -> Option<u64> {
    let (seconds, rest) = text.trim().split_once('s')?;
    let (ms, _) = rest.trim().split_once("ms")?;
    seconds.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(ms.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_words_are_the_manuals() {
        assert!((sample("6409-07").expect("a sample") - 6409e-7).abs() < 1e-12);
        for wrong in ["6409", "-07", "64a9-07", "6409-7", "6409-07x", "640964-07"] {
            assert_eq!(sample(wrong), None, "{wrong}");
        }
        assert_eq!(milliseconds(" 003s 020ms, buff 05%"), Some(3020));
        let mut decoder = LpmDecoder::new(false, 1000.0, 3.0, 1.0);
        decoder.feed(&[0x52]);
        decoder.feed(&[0xA0]);
        let expected = f64::from(0x2A0) * 16f64.powi(-5);
        assert!((f64::from(decoder.samples.capture.amps[0]) - expected).abs() < 1e-9);
    }

    #[test]
    fn frames_may_come_in_pieces_and_tell_what_was_lost() {
        let mut stream = b"ack start\r\n\r\n".to_vec();
        stream.extend([0x52, 0xA0].repeat(50));
        // 100 ms at 1 kHz, of which 50 samples came.
        stream.extend([0xF0, 0xF3, 0, 0, 0, 100, 5, 0xFF, 0xFF, 0x52, 0xA0, 0xF0, 0xF4, 0xFF, 0xFF]);
        let mut decoder = LpmDecoder::new(false, 1000.0, 3.0, 1.0);
        for byte in stream {
            decoder.feed(&[byte]);
        }
        let capture = &decoder.samples.capture;
        assert_eq!((capture.amps.len(), capture.lost(), decoder.has_ended()), (101, 50, true));
        assert_eq!(decoder.problem(), None);
    }
}
