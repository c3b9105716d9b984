//! The spaces that ship, by name.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../scenarios/spaces/", $name, ".yaml")))),*]
    };
}

pub(super) const FILES: &[(&str, &str)] = files!["mcunet", "small-image", "audio", "audio-1d"];
