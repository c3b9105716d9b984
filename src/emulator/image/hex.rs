//! Intel HEX files (Intel's hexadecimal object file format, revision A, 1988).

use super::{Image, ImageError, Segment};

pub fn read(file: &str, data: &[u8]) -> Result<Image, ImageError> {
    let mut image = Image::default();
    let mut base = 0u64;
    let mut offset = 0;
    let mut ended = false;
    for (index, line) in data.split(|byte| *byte == b'\n').enumerate() {
        let fail = |problem: String| ImageError::Hex { file: file.into(), line: index + 1, offset, problem };
        let record = line.trim_ascii();
        if !record.is_empty() {
            if ended {
                return Err(fail("a record after the end-of-file record".into()));
            }
            let bytes = record_bytes(record).map_err(&fail)?;
            let (address, kind, payload) = (u64::from(bytes[1]) << 8 | u64::from(bytes[2]), bytes[3], &bytes[4..]);
            match (kind, payload.len()) {
                (0, _) => place(&mut image, base + address, payload).map_err(&fail)?,
                (1, 0) => ended = true,
                (2, 2) => base = (u64::from(payload[0]) << 8 | u64::from(payload[1])) << 4,
                (4, 2) => base = (u64::from(payload[0]) << 8 | u64::from(payload[1])) << 16,
                // Start addresses: a Cortex-M starts from its vector table.
                (3 | 5, 4) => {}
                _ => return Err(fail(format!("record type {kind} with {} bytes of data", payload.len()))),
            }
        }
        offset += line.len() + 1;
    }
    if !ended {
        let lines = data.split(|byte| *byte == b'\n').count();
        let problem = "the end-of-file record is missing: the file is cut off".into();
        return Err(ImageError::Hex { file: file.into(), line: lines, offset: data.len(), problem });
    }
    Ok(image)
}

/// Length, address, type and data of a record whose checksum is right.
fn record_bytes(record: &[u8]) -> Result<Vec<u8>, String> {
    let digits = record.strip_prefix(b":").ok_or("a record starts with `:`")?;
    if digits.len() % 2 != 0 {
        return Err("an odd number of hexadecimal digits".into());
    }
    let digit = |byte: u8| (byte as char).to_digit(16).map(|value| value as u8);
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.chunks_exact(2) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
            return Err(format!("`{}` is no hexadecimal byte", String::from_utf8_lossy(pair)));
        };
        bytes.push(high << 4 | low);
    }
    if bytes.len() < 5 || bytes.len() != usize::from(bytes[0]) + 5 {
        return Err("the record is not as long as it says".into());
    }
    if bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) != 0 {
        return Err("the checksum is wrong".into());
    }
    bytes.pop();
    Ok(bytes)
}

/// Adds data, to the last segment where it continues that.
fn place(image: &mut Image, address: u64, payload: &[u8]) -> Result<(), String> {
    let address = u32::try_from(address).map_err(|_| "an address beyond 4 GB".to_string())?;
    match image.segments.last_mut() {
        Some(last) if u64::from(last.address) + last.bytes.len() as u64 == u64::from(address) => {
            last.bytes.extend_from_slice(payload);
        }
        _ => image.segments.push(Segment { address, bytes: payload.to_vec() }),
    }
    Ok(())
}
