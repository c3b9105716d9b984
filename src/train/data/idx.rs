//! The IDX format of MNIST and its heirs, as gzip or plain (yann.lecun.com/exdb/mnist, "FILE FORMATS").

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::DataError;

/// Bytes that no file of this kind needs.
const MOST: u64 = 1 << 31;

/// An array of bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Idx {
    pub shape: Vec<usize>,
    pub data: Vec<u8>,
}

/// Reads a file of unsigned bytes; one that starts like gzip is unpacked.
pub(super) fn read(path: &Path) -> Result<Idx, DataError> {
    let bytes = fs::read(path).map_err(DataError::read(path))?;
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        GzDecoder::new(bytes.as_slice()).take(MOST).read_to_end(&mut plain).map_err(DataError::read(path))?;
        plain
    } else {
        bytes
    };
    parse(path, &bytes)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Idx, DataError> {
    let fail = |place: &str, problem: String| DataError::malformed(path, place, problem);
    let Some(&[0, 0, kind, dimensions]) = bytes.first_chunk::<4>() else {
        return Err(fail("byte 0", "an IDX file starts with two zero bytes".into()));
    };
    if kind != 0x08 {
        return Err(fail("byte 2", format!("element type {kind:#04x}; only unsigned bytes (0x08) are read")));
    }
    let mut rest = &bytes[4..];
    let mut shape = Vec::new();
    for dimension in 0..dimensions {
        let Some((size, after)) = rest.split_first_chunk::<4>() else {
            return Err(fail("the header", format!("it ends before dimension {dimension}")));
        };
        shape.push(u32::from_be_bytes(*size) as usize);
        rest = after;
    }
    let expected = shape.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
    if expected != Some(rest.len()) {
        return Err(fail("the header", format!("it promises {shape:?} bytes, {} follow", rest.len())));
    }
    Ok(Idx { shape, data: rest.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_and_lies_are_found() {
        let check = |bytes: &[u8], expected: Result<Vec<usize>, &str>| {
            let got = parse(Path::new("f"), bytes).map(|idx| idx.shape).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(String::from));
        };
        check(&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 7], Ok(vec![1, 2]));
        check(&[0, 0, 8, 1, 0, 0, 0, 3, 7], Err("`f`, the header: it promises [3] bytes, 1 follow"));
        check(&[0, 0, 8, 2, 0, 0, 0, 3], Err("`f`, the header: it ends before dimension 1"));
        check(&[0, 0, 13, 1, 0, 0, 0, 0], Err("`f`, byte 2: element type 0x0d; only unsigned bytes (0x08) are read"));
        check(b"P5 1", Err("`f`, byte 0: an IDX file starts with two zero bytes"));
    }
}
