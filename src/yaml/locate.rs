//! Where in a YAML text a value stands.
//!
//! The parser reports positions only with errors, so the text is parsed once more along the path, with an error raised
//! at its end.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One step into a document.
#[derive(Debug, Clone, Copy)]
pub enum At {
    Key(&'static str),
    Item(usize),
}

/// Line and column, from 1, of the value at `path`; where it is not there, of the value that it would be in.
pub fn locate(text: &str, path: &[At]) -> (usize, usize) {
    (0..=path.len()).rev().find_map(|end| exactly(text, &path[..end])).unwrap_or((1, 1))
}

fn exactly(text: &str, path: &[At]) -> Option<(usize, usize)> {
    let error = Walk(path).deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    // An error of another origin is about another place.
    if !error.to_string().contains(FOUND) {
        return None;
    }
    error.location().map(|at| (at.line(), at.column()))
}

const FOUND: &str = "the place looked for";

struct Walk<'a>(&'a [At]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Walk<'_> {
    fn scalar<E: Error>(&self) -> Result<(), E> {
        if self.0.is_empty() { Err(E::custom(FOUND)) } else { Ok(()) }
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.0.is_empty() {
            return Err(A::Error::custom(FOUND));
        }
        while let Some(key) = map.next_key::<serde_yaml::Value>()? {
            match self.0 {
                [At::Key(wanted), rest @ ..] if key.as_str() == Some(wanted) => map.next_value_seed(Walk(rest))?,
                _ => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.0.is_empty() {
            return Err(A::Error::custom(FOUND));
        }
        for index in 0.. {
            let more = match self.0 {
                [At::Item(wanted), rest @ ..] if *wanted == index => seq.next_element_seed(Walk(rest))?.is_some(),
                _ => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }
}

#[cfg(test)]
mod tests {
    use super::At::{Item, Key};
    use super::*;

    const TEXT: &str = "a: 1\nb:\n  - x: 2\n    y: [3, 4.5]\n  - { x: true, z: \"q\" }\n";

    #[test]
    fn values_stand_where_an_editor_shows_them() {
        let at = |path: &[At]| locate(TEXT, path);
        assert_eq!(at(&[Key("a")]), (1, 4));
        assert_eq!(at(&[Key("b"), Item(0), Key("x")]), (3, 8));
        assert_eq!(at(&[Key("b"), Item(0), Key("y"), Item(1)]), (4, 12));
        assert_eq!(at(&[Key("b"), Item(1)]), (5, 5));
        assert_eq!(at(&[Key("b"), Item(1), Key("z")]), (5, 19));
    }

    #[test]
    fn what_is_not_there_is_placed_where_it_would_be() {
        assert_eq!(locate(TEXT, &[Key("b"), Item(1), Key("w")]), (5, 5));
        assert_eq!(locate("", &[Key("b")]), (1, 1));
    }
}
