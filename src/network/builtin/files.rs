//! The architecture files that ship, by name.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../scenarios/networks/", $name, ".yaml")))),*]
    };
}

pub(super) const FILES: &[(&str, &str)] = files![
    "ad-autoencoder",
    "ds-cnn",
    "mcunet-in0",
    "mcunet-in1",
    "mcunet-in2",
    "mcunet-in3",
    "mcunet-in4",
    "mcunet-vww0",
    "mcunet-vww1",
    "mcunet-vww2",
    "mobilenetv1",
    "mobilenetv2",
    "proxylessnas",
    "resnet18",
    "resnet8",
];
