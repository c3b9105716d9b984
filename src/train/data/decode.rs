//! Pictures in files: what turns bytes into pixels.

use std::path::Path;

use super::{DataError, Picture};

/// Turns the bytes of a file into pixels.
pub trait Decoder: Send + Sync {
    /// The picture in `bytes`; `path` is named in errors.
    fn decode(&self, path: &Path, bytes: &[u8]) -> Result<Picture, DataError>;
}

/// Names of files that may hold a picture.
pub(super) fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    matches!(extension.as_str(), "jpg" | "jpeg" | "pgm" | "ppm")
}

/// Netpbm with a byte per number (P5, P6), and JPEG.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files;

impl Decoder for Files {
    fn decode(&self, path: &Path, bytes: &[u8]) -> Result<Picture, DataError> {
        match bytes {
            [b'P', b'5' | b'6', ..] => netpbm(path, bytes),
            [0xff, 0xd8, ..] => jpeg(path, bytes),
            _ => Err(DataError::malformed(path, "byte 0", "it is neither JPEG nor Netpbm with a byte per number")),
        }
    }
}

fn jpeg(path: &Path, bytes: &[u8]) -> Result<Picture, DataError> {
    use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let fail = |error: &dyn std::fmt::Debug| DataError::malformed(path, "its data", format!("no JPEG: {error:?}"));
    let pixels = decoder.decode().map_err(|error| fail(&error))?;
    let (width, height) = decoder.dimensions().ok_or_else(|| fail(&"it has no size"))?;
    if width == 0 || height == 0 || pixels.len() != width * height * 3 {
        return Err(fail(&"its size and its pixels differ"));
    }
    Ok(Picture { height, width, channels: 3, pixels })
}

/// netpbm.sourceforge.net/doc/pgm.html: a word, three numbers, one white space, then rows.
fn netpbm(path: &Path, bytes: &[u8]) -> Result<Picture, DataError> {
    let fail = |problem: &str| DataError::malformed(path, "the header", problem);
    let channels = if bytes[1] == b'6' { 3 } else { 1 };
    let mut at = 2;
    let mut numbers = [0usize; 3];
    for number in &mut numbers {
        while let Some(byte) = bytes.get(at).filter(|byte| byte.is_ascii_whitespace() || **byte == b'#') {
            let line = *byte == b'#';
            at += 1;
            while line && bytes.get(at).is_some_and(|byte| *byte != b'\n') {
                at += 1;
            }
        }
        let digits = bytes[at.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = std::str::from_utf8(&bytes[at..at + digits]).unwrap_or_default();
        *number = text.parse().map_err(|_| fail("a number is missing"))?;
        at += digits;
    }
    let [width, height, most] = numbers;
    if most != 255 {
        return Err(fail("its largest number is not 255"));
    }
    let size = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(channels)).filter(|size| *size > 0);
    let pixels = size
        .and_then(|size| bytes.get(at + 1..)?.get(..size))
        .ok_or_else(|| fail("it promises other pixels than follow"))?;
    Ok(Picture { height, width, channels, pixels: pixels.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netpbm_is_read_and_cut_files_do_not_panic() {
        let file = b"P6 # made up\n2 1\n255\nabcdef";
        let picture = Files.decode(Path::new("f"), file).expect("a picture");
        assert_eq!((picture.width, picture.height, picture.channels), (2, 1, 3));
        assert_eq!(picture.pixels, b"abcdef");
        for end in 0..file.len() {
            assert!(Files.decode(Path::new("f"), &file[..end]).is_err());
        }
    }
}
