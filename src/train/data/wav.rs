//! Recordings as WAV files: PCM of 16 bits (Microsoft, "Multimedia Programming Interface", RIFF WAVE).

use std::path::Path;

use super::{DataError, Sound};

const PCM: u16 = 1;

/// Reads a recording; of several channels the mean is taken. `path` is named in errors.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Sound, DataError> {
    let fail = |place: &str, problem: String| DataError::malformed(path, place, problem);
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(fail("byte 0", "it is no RIFF WAVE file".into()));
    }
    let mut rest = &bytes[12..];
    let mut format = None;
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let place = bytes.len() - rest.len();
        // A recording that was cut off, or streamed, promises more than there is.
        let body = &after[..size.min(after.len())];
        match &head[..4] {
            b"fmt " => {
                let Some(&[k0, k1, c0, c1, r0, r1, r2, r3, _, _, _, _, _, _, b0, b1]) = body.first_chunk::<16>() else {
                    return Err(fail(&format!("byte {place}"), "its format is cut off".into()));
                };
                let number = |low, high| u16::from_le_bytes([low, high]);
                let (kind, channels, bits) = (number(k0, k1), number(c0, c1), number(b0, b1));
                if kind != PCM || bits != 16 || channels == 0 {
                    let problem = format!("format {kind} with {bits} bits; only PCM (1) with 16 bits is read");
                    return Err(fail(&format!("byte {place}"), problem));
                }
                format = Some((u32::from_le_bytes([r0, r1, r2, r3]), usize::from(channels)));
            }
            b"data" => {
                let Some((rate, channels)) = format.filter(|(rate, _)| *rate > 0) else {
                    return Err(fail(&format!("byte {place}"), "its data come before their format".into()));
                };
                let frame = |frame: &[u8]| {
                    let sum: i32 = frame.chunks_exact(2).map(|b| i32::from(i16::from_le_bytes([b[0], b[1]]))).sum();
                    sum as f32 / (channels as f32 * 32768.0)
                };
                return Ok(Sound { rate, samples: body.chunks_exact(2 * channels).map(frame).collect() });
            }
            _ => {}
        }
        // Chunks are padded to even sizes.
        rest = after.get(size.saturating_add(size % 2)..).unwrap_or_default();
    }
    Err(fail("its end", "it has no data".into()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A WAV file of one channel.
    pub(in crate::train) fn file(rate: u32, samples: &[i16]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        bytes.extend(16u32.to_le_bytes());
        for field in [PCM, 1] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(rate.to_le_bytes());
        bytes.extend((2 * rate).to_le_bytes());
        for field in [2u16, 16] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(b"LIST\x03\0\0\0abc\0data");
        bytes.extend((2 * samples.len() as u32).to_le_bytes());
        bytes.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
        bytes
    }

    #[test]
    fn recordings_are_read_past_other_chunks() {
        let sound = parse(Path::new("f"), &file(8000, &[0, 16384, -32768])).expect("a recording");
        assert_eq!(sound, Sound { rate: 8000, samples: vec![0.0, 0.5, -1.0] });
    }

    #[test]
    fn cut_files_do_not_panic() {
        let whole = file(8000, &[1, 2, 3]);
        for end in 0..whole.len() {
            let _ = parse(Path::new("f"), &whole[..end]);
        }
        let mut float = whole;
        float[20] = 3;
        let error = parse(Path::new("f"), &float).expect_err("not PCM");
        assert_eq!(error.to_string(), "`f`, byte 12: format 3 with 16 bits; only PCM (1) with 16 bits is read");
    }
}
