//! A bounds-checked FlatBuffers reader: every access on foreign bytes returns an error instead of panicking.

use super::ImportError;

type Result<T> = std::result::Result<T, ImportError>;

/// A table in a FlatBuffers file.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A vector of fixed-size elements.
#[derive(Clone, Copy)]
pub(super) struct Vector<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(super) len: usize,
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N]> {
    let slice = at.checked_add(N).and_then(|end| bytes.get(at..end));
    slice.and_then(|s| s.try_into().ok()).ok_or(ImportError::Truncated { at })
}

fn u32_at(bytes: &[u8], at: usize) -> Result<usize> {
    Ok(u32::from_le_bytes(take(bytes, at)?) as usize)
}

/// Follows the relative offset stored at `at`.
fn follow(bytes: &[u8], at: usize) -> Result<usize> {
    at.checked_add(u32_at(bytes, at)?).filter(|&to| to < bytes.len()).ok_or(ImportError::Truncated { at })
}

impl<'a> Table<'a> {
    /// The root table of a file.
    pub(super) fn root(bytes: &'a [u8]) -> Result<Self> {
        Ok(Self { bytes, at: follow(bytes, 0)? })
    }

    /// Position of field `id`, none where the file leaves it at its default.
    fn field(&self, id: usize) -> Result<Option<usize>> {
        let back = i32::from_le_bytes(take(self.bytes, self.at)?);
        let vtable = (self.at as i64) - i64::from(back);
        let vtable = usize::try_from(vtable).map_err(|_| ImportError::Truncated { at: self.at })?;
        let size = usize::from(u16::from_le_bytes(take(self.bytes, vtable)?));
        let slot = 4 + 2 * id;
        if slot + 2 > size {
            return Ok(None);
        }
        let offset = usize::from(u16::from_le_bytes(take(self.bytes, vtable + slot)?));
        Ok((offset != 0).then_some(self.at + offset))
    }

    pub(super) fn i32(&self, id: usize, default: i32) -> Result<i32> {
        self.field(id)?.map_or(Ok(default), |at| Ok(i32::from_le_bytes(take(self.bytes, at)?)))
    }

    pub(super) fn u8(&self, id: usize) -> Result<u8> {
        self.field(id)?.map_or(Ok(0), |at| Ok(take::<1>(self.bytes, at)?[0]))
    }

    pub(super) fn f32(&self, id: usize) -> Result<f32> {
        Ok(f32::from_bits(self.i32(id, 0)? as u32))
    }

    pub(super) fn table(&self, id: usize) -> Result<Option<Table<'a>>> {
        let Some(at) = self.field(id)? else { return Ok(None) };
        Ok(Some(Table { bytes: self.bytes, at: follow(self.bytes, at)? }))
    }

    /// A vector of elements of `size` bytes; absent means empty.
    pub(super) fn vector(&self, id: usize, size: usize) -> Result<Vector<'a>> {
        let Some(at) = self.field(id)? else { return Ok(Vector { bytes: self.bytes, at: 0, len: 0 }) };
        let start = follow(self.bytes, at)?;
        let len = u32_at(self.bytes, start)?;
        let fits = len.checked_mul(size).and_then(|n| n.checked_add(start + 4)).is_some_and(|n| n <= self.bytes.len());
        if !fits {
            return Err(ImportError::Truncated { at: start });
        }
        Ok(Vector { bytes: self.bytes, at: start + 4, len })
    }

    pub(super) fn string(&self, id: usize) -> Result<String> {
        Ok(String::from_utf8_lossy(self.vector(id, 1)?.raw(1)).chars().take(200).collect())
    }
}

impl<'a> Vector<'a> {
    /// The bytes of all elements.
    pub(super) fn raw(&self, size: usize) -> &'a [u8] {
        &self.bytes[self.at..self.at + self.len * size]
    }

    pub(super) fn i32(&self, index: usize) -> Result<i32> {
        Ok(i32::from_le_bytes(take(self.bytes, self.at + 4 * self.bounded(index)?)?))
    }

    pub(super) fn i64(&self, index: usize) -> Result<i64> {
        Ok(i64::from_le_bytes(take(self.bytes, self.at + 8 * self.bounded(index)?)?))
    }

    pub(super) fn table(&self, index: usize) -> Result<Table<'a>> {
        Ok(Table { bytes: self.bytes, at: follow(self.bytes, self.at + 4 * self.bounded(index)?)? })
    }

    fn bounded(&self, index: usize) -> Result<usize> {
        if index < self.len { Ok(index) } else { Err(ImportError::Truncated { at: self.at }) }
    }
}
