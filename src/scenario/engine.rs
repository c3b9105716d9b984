//! An entry of `engines`: a name, `tflm` with a library of the user's own, or `tinyengine` with a goal.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::raw::EngineName;
use super::tailor::RawTailored;

/// A name, `tflm: { lib: …, include: […] }`, or `tinyengine: { prefer: … }`.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum RawEngine {
    Named(EngineName),
    Own(RawOwn),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawOwn {
    /// TensorFlow Lite Micro as the user has built it.
    pub tflm: Option<RawLibrary>,
    /// Ours, with a goal.
    pub tinyengine: Option<RawTailored>,
}

/// A static library of TensorFlow Lite Micro, built for the cores of the scenario's boards with `-mfloat-abi=hard`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `lib` and `include`")]
pub struct RawLibrary {
    /// What tables call it; `tflm-own` where it is left out.
    pub name: Option<String>,
    /// The archive, e.g. `libtensorflow-microlite.a`, relative to the scenario.
    pub lib: PathBuf,
    /// Folders with the headers of TFLM, FlatBuffers and gemmlowp, relative to the scenario.
    pub include: Vec<PathBuf>,
}

// By hand, since an error of an untagged enum names neither the key nor the place.
impl<'de> Deserialize<'de> for RawEngine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = RawEngine;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an engine, `tflm: { lib: …, include: […] }`, or `tinyengine: { prefer: … }`")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<RawEngine, E> {
                EngineName::deserialize(StrDeserializer::new(name)).map(RawEngine::Named)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawEngine, A::Error> {
                RawOwn::deserialize(MapAccessDeserializer::new(map)).map(RawEngine::Own)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}
