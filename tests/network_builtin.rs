//! Built-in architectures are the published ones, and their seeded weights make them behave like trained networks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hil::network::builtin::{self, Architecture, BuiltinError, Spec, build};
use hil::network::{DType, Network, OpKind, digest_hex, reference, tflite};
use serde_json::Value;

const MODELS: &str = "../shared/models";

fn spec(architecture: &str) -> Spec {
    Spec { architecture: architecture.into(), ..Spec::default() }
}

fn built(architecture: &str) -> Network {
    build(&spec(architecture)).unwrap_or_else(|e| panic!("{architecture}: {e}"))
}

/// None, with a message, where the models are not there.
fn shared(path: &str) -> Option<Vec<u8>> {
    let path = Path::new(MODELS).join(path);
    let found = fs::read(&path).ok();
    if found.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    found
}

#[test]
fn multiply_accumulates_are_the_published_ones() {
    // mlcommons/tiny's files, mit-han-lab/mcunet's README (millions, one decimal) and MCUNetV2's table 2.
    let exact = [
        ("mobilenetv1", 7_489_664),
        ("resnet8", 12_501_632),
        ("ds-cnn", 2_656_768),
        ("ad-autoencoder", 264_192),
        ("mcunet-vww0", 5_958_400),
    ];
    for (name, macs) in exact {
        assert_eq!(built(name).macs(), macs, "{name}");
    }
    let millions = [
        ("mcunet-vww1", 11.6),
        ("mcunet-vww2", 55.8),
        ("mcunet-in0", 6.4),
        ("mcunet-in1", 12.8),
        ("mcunet-in2", 67.3),
        ("mcunet-in3", 81.8),
        ("mcunet-in4", 125.9),
    ];
    for (name, macs) in millions {
        assert_eq!((built(name).macs() as f64 / 1e5).round() / 10.0, macs, "{name}");
    }
    for (name, macs) in [("mobilenetv2", 24.0), ("proxylessnas", 38.0)] {
        assert!((built(name).macs() as f64 / 1e6 - macs).abs() <= 0.6, "{name}");
    }
    // ResNet-18 of width 1 at 224 pixels: 1.8 G in the paper's table 1.
    let quarter = built("resnet18");
    let big = Spec { resolution: Some(32), width: Some(1.0), ..spec("resnet18") };
    assert!((build(&big).expect("a network").macs() as f64 * 49.0 / 1.8e9 - 1.0).abs() < 0.05);
    assert!(quarter.macs() < 40_000_000);
}

/// Kind, filter shape and output shape of every layer with weights. A pointwise convolution over one pixel is a dense
/// layer.
fn layers(network: &Network) -> Vec<String> {
    let weighted = network.ops.iter().filter(|op| op.inputs.len() == 3);
    weighted
        .map(|op| {
            let kind = if matches!(op.kind, OpKind::DepthwiseConv2d { .. }) { "depthwise" } else { "sum" };
            let filter: Vec<_> = network.tensor(op.inputs[1]).shape.iter().filter(|d| **d != 1).collect();
            let out: Vec<_> = network.tensor(op.output).shape.iter().filter(|d| **d != 1).collect();
            format!("{kind} {filter:?} -> {out:?}, {}", network.op_macs(op))
        })
        .collect()
}

#[test]
fn layers_are_those_of_the_published_files() {
    let files = [
        ("mobilenetv1", "mlperf_tiny/vww_96_int8.tflite"),
        ("resnet8", "mlperf_tiny/pretrainedResnet_quant.tflite"),
        ("ds-cnn", "mlperf_tiny/kws_ref_model.tflite"),
        ("ad-autoencoder", "mlperf_tiny/ad01_int8.tflite"),
        ("mcunet-vww0", "mcunet/mcunet-10fps_vww.tflite"),
        ("mcunet-vww1", "wake_vision/wv_quality_mcunet-5fps_vww.tflite"),
        ("mcunet-vww2", "wake_vision/wv_quality_mcunet-320kb-1mb_vww.tflite"),
        ("mcunet-in3", "mcunet/mcunet-320kb-1mb_imagenet.tflite"),
    ];
    for (name, file) in files {
        let Some(bytes) = shared(file) else { continue };
        let published = tflite::import(name, &bytes).expect("a model");
        let adds = |n: &Network| n.ops.iter().filter(|op| matches!(op.kind, OpKind::Add { .. })).count();
        let ours = built(name);
        assert_eq!(layers(&ours), layers(&published), "{name}");
        assert_eq!(adds(&ours), adds(&published), "{name}");
    }
}

/// Filter shapes of a configuration of mit-han-lab/mcunet: (channels, side, input channels), 0 for depthwise.
fn configured(config: &Value, classes: u64) -> Vec<(u64, u64, u64)> {
    let number = |v: &Value, key: &str| v[key].as_u64().unwrap_or_else(|| panic!("{key} in {v}"));
    let first = &config["first_conv"];
    let mut channels = number(first, "out_channels");
    let mut filters = vec![(channels, number(first, "kernel_size"), 3)];
    for block in config["blocks"].as_array().expect("blocks") {
        let conv = &block["mobile_inverted_conv"];
        if conv["name"] == "ZeroLayer" {
            continue;
        }
        let input = number(conv, "in_channels");
        let expanded = (input as f64 * conv["expand_ratio"].as_f64().expect("a ratio")).round() as u64;
        let middle = conv["mid_channels"].as_u64().unwrap_or(expanded);
        if middle != input {
            filters.push((middle, 1, input));
        }
        filters.push((middle, number(conv, "kernel_size"), 0));
        channels = number(conv, "out_channels");
        filters.push((channels, 1, middle));
    }
    if let Some(mix) = config["feature_mix_layer"].as_object() {
        let mixed = mix["out_channels"].as_u64().expect("channels");
        filters.push((mixed, 1, channels));
        channels = mixed;
    }
    filters.push((classes, 1, channels));
    filters
}

fn filters(network: &Network) -> Vec<(u64, u64, u64)> {
    let weighted = network.ops.iter().filter(|op| op.inputs.len() == 3);
    weighted
        .map(|op| match (&op.kind, network.tensor(op.inputs[1]).shape.as_slice()) {
            (OpKind::DepthwiseConv2d { .. }, [_, h, _, c]) => (*c as u64, *h as u64, 0),
            (_, [o, h, _, i]) => (*o as u64, *h as u64, *i as u64),
            (_, [o, i]) => (*o as u64, 1, *i as u64),
            (kind, shape) => panic!("{kind:?} {shape:?}"),
        })
        .collect()
}

#[test]
fn widths_round_as_the_published_configurations() {
    let sized = |name, width, resolution| Spec { width, resolution: Some(resolution), ..spec(name) };
    let configurations = [
        ("mbv2-w0.3-r80_imagenet", sized("mobilenetv2", Some(0.3), 80)),
        ("mbv2-w0.35-r144_imagenet", sized("mobilenetv2", Some(0.35), 144)),
        ("proxyless-w0.25-r112_imagenet", sized("proxylessnas", Some(0.25), 112)),
        ("proxyless-w0.3-r176_imagenet", sized("proxylessnas", Some(0.3), 176)),
        ("mcunet-10fps_imagenet", spec("mcunet-in0")),
        ("mcunet-5fps_imagenet", spec("mcunet-in1")),
        ("mcunet-256kb-1mb_imagenet", spec("mcunet-in2")),
        ("mcunet-320kb-1mb_imagenet", spec("mcunet-in3")),
        ("mcunet-512kb-2mb_imagenet", spec("mcunet-in4")),
    ];
    for (file, spec) in configurations {
        let Some(bytes) = shared(&format!("mcunet_configs/{file}.json")) else { continue };
        let config: Value = serde_json::from_slice(&bytes).expect("JSON");
        let network = build(&spec).expect("a network");
        assert_eq!(filters(&network), configured(&config, 1000), "{file}");
        assert_eq!(network.tensor(network.inputs[0]).shape[1] as u64, config["resolution"].as_u64().expect("pixels"));
    }
}

fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as u8
    })
    .take(count)
    .collect()
}

/// Values of all tensors for a few inputs.
fn runs(network: &Network) -> Vec<Vec<Option<Vec<u8>>>> {
    let count = network.tensor(network.inputs[0]).bytes();
    let run = |seed| reference::run_all(network, &[noise(seed, count)]).expect("a run");
    (1..=3).map(run).collect()
}

fn check_liveliness(name: &str, network: &Network) {
    let runs = runs(network);
    for op in &network.ops {
        let tensor = network.tensor(op.output);
        let values: Vec<i8> = runs.iter().flat_map(|run| run[op.output.0].iter().flatten().map(|b| *b as i8)).collect();
        if tensor.dtype != DType::I8 || values.len() < 3000 || matches!(op.kind, OpKind::Softmax { .. }) {
            continue;
        }
        let distinct = values.iter().collect::<BTreeSet<_>>().len();
        assert!(distinct > 100, "{name}, `{}`: {distinct} distinct values", tensor.name);
        // Half of what a rectifier lets through is 0.
        let stuck = values.iter().filter(|v| **v == -128 || **v == 127).count() as f64 / values.len() as f64;
        assert!(stuck < 0.65, "{name}, `{}`: {stuck} of all values stand at an end", tensor.name);
        let largest = network.tensor(op.output).shape.last().copied().unwrap_or(1);
        let dead = (0..largest).filter(|c| {
            let mut channel = values.iter().skip(*c).step_by(largest);
            let first = channel.next();
            channel.all(|v| Some(v) == first)
        });
        let dead = dead.count();
        assert!(dead * 20 <= largest, "{name}, `{}`: {dead} of {largest} channels are constant", tensor.name);
    }
    let outputs: BTreeSet<_> = runs.iter().map(|run| run[network.outputs[0].0].clone()).collect();
    assert_eq!(outputs.len(), runs.len(), "{name}: different inputs give the same output");
    let ends = |v: &u8| matches!(*v as i8, -128 | 127);
    let last = outputs.iter().flatten().flatten();
    let (all, stuck) = last.fold((0, 0), |(all, stuck), v| (all + 1, stuck + usize::from(ends(v))));
    let softmax = matches!(network.ops.last().map(|op| &op.kind), Some(OpKind::Softmax { .. }));
    assert!(softmax || stuck * 2 <= all, "{name}: {stuck} of {all} outputs stand at an end");
}

#[test]
fn values_use_their_range_and_depend_on_the_input() {
    for name in builtin::names() {
        let mut network = built(name);
        if network.macs() > 30_000_000 {
            network = build(&Spec { resolution: Some(96), ..spec(name) }).expect("a network");
        }
        check_liveliness(name, &network);
    }
    for seed in 1..6 {
        let network = build(&Spec { seed, classes: Some(2), ..spec("mcunet-vww0") }).expect("a network");
        check_liveliness(&format!("mcunet-vww0, seed {seed}"), &network);
        let network = build(&Spec { seed, classes: Some(2), resolution: Some(64), ..spec("proxylessnas") });
        check_liveliness(&format!("proxylessnas, seed {seed}"), &network.expect("a network"));
    }
}

#[test]
fn a_seed_decides_the_weights() {
    let seeded = |seed| digest_hex(&build(&Spec { seed, ..spec("mcunet-vww0") }).expect("a network"));
    assert_eq!(seeded(3), seeded(3));
    assert_ne!(seeded(3), seeded(4));
}

#[test]
fn choices_shape_the_network() {
    let chosen = Spec { resolution: Some(80), width: Some(0.5), classes: Some(7), ..spec("mobilenetv2") };
    let network = build(&chosen).expect("a network");
    assert_eq!(network.tensor(network.inputs[0]).shape, [1, 80, 80, 3]);
    assert_eq!(network.tensor(network.outputs[0]).shape, [1, 7]);
    assert!(network.macs() > 2 * build(&Spec { width: Some(0.25), ..chosen }).expect("a network").macs());
}

fn message(spec: Spec) -> String {
    build(&spec).expect_err("an error").to_string()
}

#[test]
fn a_choice_that_cannot_be_is_named_with_what_can() {
    let cases = [
        (spec("mobilenet"), "unknown network `mobilenet` (known: ad-autoencoder, ds-cnn, "),
        (
            Spec { resolution: Some(16), ..spec("mobilenetv2") },
            "network `mobilenetv2`, `resolution`: 16 is not 32 to 512",
        ),
        (Spec { resolution: Some(64), ..spec("ds-cnn") }, "network `ds-cnn`, `resolution`: its input is always"),
        (
            Spec { width: Some(0.5), ..spec("mcunet-vww1") },
            "network `mcunet-vww1`, `width`: it has no width multiplier",
        ),
        (Spec { width: Some(9.0), ..spec("mobilenetv1") }, "network `mobilenetv1`, `width`: 9 is not 0.1 to 2"),
        (Spec { width: Some(f64::NAN), ..spec("mobilenetv1") }, "network `mobilenetv1`, `width`: NaN is not"),
        (Spec { classes: Some(0), ..spec("resnet8") }, "network `resnet8`, `classes`: 0 is not 1 to 65536"),
        (
            Spec { classes: Some(2), ..spec("ad-autoencoder") },
            "network `ad-autoencoder`, `classes`: it does not classify",
        ),
    ];
    for (spec, start) in cases {
        let message = message(spec);
        assert!(message.starts_with(start), "{message}");
    }
}

const SMALL: &str = "\
name: small
source: nowhere
input: { shape: [8, 8, 3], range: [0, 1] }
classes: 4
padding: same
layers:
  - { op: conv, channels: 8, stride: 2 }
  - { op: global_average_pool }
  - { op: flatten }
  - { op: dense, channels: classes, activation: none }
";

#[test]
fn a_users_file_is_read() {
    let architecture = Architecture::parse("small.yaml", SMALL).expect("an architecture");
    let network = builtin::build_from(&architecture, &Spec::default()).expect("a network");
    assert_eq!(network.macs(), 4 * 4 * 8 * 27 + 8 * 4);
}

#[test]
fn mistakes_in_a_file_are_placed() {
    let wrong = |from: &str, to: &str| {
        let text = SMALL.replace(from, to);
        assert_ne!(text, SMALL, "{from}");
        let parsed = Architecture::parse("small.yaml", &text);
        parsed.and_then(|a| builtin::build_from(&a, &Spec::default()).map(|_| ())).expect_err("an error").to_string()
    };
    let cases = [
        (("stride: 2", "strides: 2"), "small.yaml:7:30: layers[0]: unknown field `strides`"),
        (("channels: 8, ", ""), "small.yaml:7:5: layers[0]: this layer needs `channels`"),
        (("stride: 2", "stride: 99"), "small.yaml:7:5: layers[0]: `stride` is 99; it must be 1 to 31"),
        (("stride: 2", "expand: 2"), "small.yaml:7:5: layers[0]: `expand` does not apply"),
        (("op: flatten", "op: flat"), "small.yaml:9:11: layers[2].op: unknown variant `flat`"),
        (("channels: classes", "channels: class"), "small.yaml:10:28: layers[3].channels: invalid value: string"),
        (("padding: same\n", ""), "small.yaml:1:1: missing field `padding`"),
        (("range: [0, 1]", "range: [1, 0]"), "small.yaml:1:1: input: `range` is [1, 0]"),
        (("classes: 4\n", ""), "small.yaml:1:1: a layer has `channels: classes`, but `classes` is missing"),
        (("  - { op: flatten }\n", ""), "network `small`, layers[2]: it needs a `flatten` before it"),
        (
            ("  - { op: global", "  - { op: flatten }\n  - { op: global"),
            "network `small`, layers[2]: it needs an image",
        ),
    ];
    for ((from, to), start) in cases {
        let message = wrong(from, to);
        assert!(message.starts_with(start), "{message}\nexpected {start}");
    }
    assert!(matches!(Architecture::parse("x", "\t"), Err(BuiltinError::Invalid { .. })));
}
