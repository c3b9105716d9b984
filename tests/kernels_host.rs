//! The C kernels against plain loops, on random layers: the portable path and the DSP path with emulated intrinsics.

use std::fs;
use std::io::Write;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hil::network::requant::Requant;
use hil::network::{DType, Network, Op, OpKind, Quantization, Tensor, TensorId, reference};

const KERNELS: &str = "firmware/kernels";
/// Random layers per kernel.
const ROUNDS: usize = 300;
const WARNINGS: [&str; 6] = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2"];

fn sources() -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(KERNELS)
        .expect("the kernels")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "c"))
        .collect();
    found.sort();
    found
}

/// One call of a kernel, as `host/driver.c` reads it, and the output it must give.
struct Case {
    what: String,
    kernel: i32,
    params: Vec<i32>,
    buffers: Vec<Vec<u8>>,
    expected: Vec<u8>,
}

fn encode(cases: &[Case]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let word = |bytes: &mut Vec<u8>, x: i32| bytes.extend(x.to_le_bytes());
    for case in cases {
        word(&mut bytes, case.kernel);
        word(&mut bytes, case.params.len() as i32);
        case.params.iter().for_each(|&p| word(&mut bytes, p));
        word(&mut bytes, case.buffers.len() as i32);
        for buffer in &case.buffers {
            word(&mut bytes, buffer.len() as i32);
            bytes.extend(buffer);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        word(&mut bytes, case.expected.len() as i32);
    }
    bytes
}

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&path).expect("a folder");
    path
}

fn compile(folder: &Path, flags: &[&str]) -> Option<PathBuf> {
    let program = folder.join("driver");
    let status = Command::new("cc")
        .args(WARNINGS)
        .args(flags)
        .args(sources())
        .arg(format!("{KERNELS}/host/driver.c"))
        .arg("-o")
        .arg(&program)
        .status()
        .expect("cc starts");
    status.success().then_some(program)
}

fn run(program: &Path, input: Vec<u8>) -> Vec<u8> {
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the driver starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the driver ends");
    assert!(output.status.success(), "the driver failed: {}", output.status);
    writer.join().expect("the writer").expect("the driver reads every case");
    output.stdout
}

fn check(name: &str, flags: &[&str]) {
    const SANITIZE: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let folder = folder(name);
    let sanitized: Vec<&str> = flags.iter().copied().chain(SANITIZE).collect();
    let program = compile(&folder, &sanitized).unwrap_or_else(|| {
        println!("the host compiler lacks sanitizers: accesses outside a buffer go unseen");
        compile(&folder, flags).expect("the kernels compile")
    });
    let cases = cases();
    let output = run(&program, encode(&cases));
    let mut at = 0;
    for case in &cases {
        let got = &output[at..at + case.expected.len()];
        if let Some(i) = (0..got.len()).find(|&i| got[i] != case.expected[i]) {
            panic!("{}: byte {i} is {}, not {}", case.what, got[i] as i8, case.expected[i] as i8);
        }
        at += case.expected.len();
    }
    assert_eq!(at, output.len());
}

#[test]
fn portable_path_equals_plain_loops() {
    check("portable", &[]);
}

#[test]
fn dsp_path_equals_plain_loops() {
    check("dsp", &["-DHIL_DSP_EMULATED"]);
}

#[test]
fn kernels_cross_compile_without_warnings() {
    const CORES: [[&str; 2]; 3] = [
        ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16"],
        ["-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16"],
        ["-mcpu=cortex-m7", "-mfpu=fpv5-d16"],
    ];
    if Command::new("arm-none-eabi-gcc").arg("--version").output().is_err() {
        println!("skipped: arm-none-eabi-gcc is missing");
        return;
    }
    let folder = folder("cross");
    for core in CORES {
        for source in sources() {
            let status = Command::new("arm-none-eabi-gcc")
                .args(core)
                .args(["-mfloat-abi=hard", "-c"])
                .args(WARNINGS)
                .arg(&source)
                .arg("-o")
                .arg(folder.join("kernel.o"))
                .status()
                .expect("the cross compiler starts");
            assert!(status.success(), "{} for {core:?}", source.display());
        }
    }
}

fn cases() -> Vec<Case> {
    let mut rng = Rng(20);
    let mut cases = Vec::new();
    for _ in 0..ROUNDS {
        cases.push(conv(&mut rng));
        cases.push(conv_1x1(&mut rng));
        cases.push(depthwise(&mut rng));
        cases.push(fully_connected(&mut rng));
        cases.push(add(&mut rng));
        cases.push(pool(&mut rng));
        cases.push(mean(&mut rng));
        cases.push(softmax(&mut rng));
        cases.push(pad(&mut rng));
        cases.push(quantize_f32(&mut rng));
        cases.push(dequantize(&mut rng));
        cases.push(requantize(&mut rng));
    }
    cases
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    fn pick<T>(&mut self, from: impl Pick<T>) -> T {
        from.pick(self)
    }
}

trait Pick<T> {
    fn pick(self, rng: &mut Rng) -> T;
}

impl Pick<i32> for RangeInclusive<i32> {
    fn pick(self, rng: &mut Rng) -> i32 {
        let count = i64::from(*self.end()) - i64::from(*self.start()) + 1;
        (i64::from(*self.start()) + (rng.next() % count as u64) as i64) as i32
    }
}

impl Pick<i32> for Range<i32> {
    fn pick(self, rng: &mut Rng) -> i32 {
        (self.start..=self.end - 1).pick(rng)
    }
}

impl Pick<usize> for Range<usize> {
    fn pick(self, rng: &mut Rng) -> usize {
        self.start + rng.next() as usize % (self.end - self.start)
    }
}

impl Pick<f64> for Range<f64> {
    fn pick(self, rng: &mut Rng) -> f64 {
        self.start + rng.unit() * (self.end - self.start)
    }
}

// Random values. Each kind mixes ordinary ones with the ends of its range.

fn values(rng: &mut Rng, count: usize) -> Vec<i8> {
    let style = rng.pick(0..4);
    (0..count)
        .map(|_| match style {
            0 => {
                if rng.chance(0.5) {
                    i8::MIN
                } else {
                    i8::MAX
                }
            }
            1 => i8::MIN,
            _ => rng.next() as i8,
        })
        .collect()
}

fn zero_point(rng: &mut Rng) -> i32 {
    match rng.pick(0..4) {
        0 => -128,
        1 => 127,
        2 => 0,
        _ => rng.pick(-128..128),
    }
}

fn biases(rng: &mut Rng, count: usize) -> Vec<i32> {
    let limit = if rng.chance(0.2) { 1 << 30 } else { 1 << 14 };
    (0..count).map(|_| rng.pick(-limit..=limit)).collect()
}

fn requant(rng: &mut Rng) -> Requant {
    match rng.pick(0..12) {
        0 => Requant { multiplier: i32::MAX, shift: 30 },
        1 => Requant { multiplier: 0, shift: 0 },
        2 => Requant { multiplier: 1 << 30, shift: rng.pick(-31..=30) },
        3 => Requant { multiplier: i32::MAX, shift: -31 },
        _ => Requant::new(2f64.powf(rng.pick(-16.0..1.5))),
    }
}

/// Per channel; some are negative, as filters have whose batch normalisation was folded with a negative gamma.
fn requants(rng: &mut Rng, count: usize) -> Vec<Requant> {
    let signed =
        |q: Requant, negative: bool| Requant { multiplier: if negative { -q.multiplier } else { q.multiplier }, ..q };
    (0..count).map(|_| signed(requant(rng), rng.chance(0.2))).collect()
}

fn clamp(rng: &mut Rng) -> (i32, i32) {
    if rng.chance(0.7) {
        return (-128, 127);
    }
    let min = rng.pick(-128..128);
    (min, rng.pick(min..128))
}

fn i8_bytes(x: &[i8]) -> Vec<u8> {
    x.iter().map(|&v| v as u8).collect()
}

fn i32_bytes(x: &[i32]) -> Vec<u8> {
    x.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn requant_bytes(x: &[Requant]) -> Vec<u8> {
    x.iter().flat_map(|q| [q.multiplier, q.shift]).flat_map(i32::to_le_bytes).collect()
}

fn finish(acc: i32, q: Requant, offset: i32, (min, max): (i32, i32)) -> u8 {
    q.apply(acc).saturating_add(offset).clamp(min, max) as i8 as u8
}

/// `hil_window`.
#[derive(Debug, Clone, Copy)]
struct Window {
    input: [i32; 3],
    output: [i32; 3],
    filter: [i32; 2],
    stride: [i32; 2],
    dilation: [i32; 2],
    pad: [i32; 2],
    input_offset: i32,
    output_offset: i32,
    clamp: (i32, i32),
}

impl Window {
    /// A window whose last output may reach past the input; `out_c` is still to be set.
    fn random(rng: &mut Rng, max_filter: i32) -> Self {
        let filter = [rng.pick(1..=max_filter), rng.pick(1..=max_filter)];
        let size = |rng: &mut Rng| if rng.chance(0.15) { 1 } else { rng.pick(1..10) };
        let dilated = |rng: &mut Rng| if rng.chance(0.7) { 1 } else { rng.pick(1..4) };
        Self {
            input: [size(rng), size(rng), rng.pick(1..20)],
            output: [rng.pick(1..6), rng.pick(1..6), 0],
            filter,
            stride: [rng.pick(1..4), rng.pick(1..4)],
            dilation: [dilated(rng), dilated(rng)],
            pad: [rng.pick(0..4), rng.pick(0..4)],
            input_offset: -zero_point(rng),
            output_offset: zero_point(rng),
            clamp: clamp(rng),
        }
    }

    fn params(&self) -> Vec<i32> {
        let mut p = [&self.input[..], &self.output, &self.filter, &self.stride, &self.dilation, &self.pad].concat();
        p.extend([self.input_offset, self.output_offset, self.clamp.0, self.clamp.1]);
        p
    }

    fn inputs(&self) -> usize {
        self.input.iter().product::<i32>() as usize
    }

    fn outputs(&self) -> usize {
        self.output.iter().product::<i32>() as usize
    }

    /// (ky, kx, index of channel 0) of the taps inside the input.
    fn taps(&self, oy: i32, ox: i32) -> Vec<(i32, i32, i32)> {
        let mut found = Vec::new();
        for ky in 0..self.filter[0] {
            for kx in 0..self.filter[1] {
                let y = oy * self.stride[0] + ky * self.dilation[0] - self.pad[0];
                let x = ox * self.stride[1] + kx * self.dilation[1] - self.pad[1];
                if (0..self.input[0]).contains(&y) && (0..self.input[1]).contains(&x) {
                    found.push((ky, kx, (y * self.input[1] + x) * self.input[2]));
                }
            }
        }
        found
    }

    fn map(&self, mut value: impl FnMut(&[(i32, i32, i32)], i32) -> u8) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.outputs());
        for oy in 0..self.output[0] {
            for ox in 0..self.output[1] {
                let taps = self.taps(oy, ox);
                (0..self.output[2]).for_each(|c| out.push(value(&taps, c)));
            }
        }
        out
    }
}

fn conv_case(rng: &mut Rng, what: &str, kernel: i32, w: Window, depth: i32) -> Case {
    let channels = w.output[2];
    let x = values(rng, w.inputs());
    let f = values(rng, (channels * w.filter[0] * w.filter[1] * depth) as usize);
    let bias = biases(rng, channels as usize);
    let q = requants(rng, channels as usize);
    let per_group = channels / (w.input[2] / depth);
    let expected = w.map(|taps, c| {
        let mut acc = bias[c as usize];
        for &(ky, kx, at) in taps {
            for i in 0..depth {
                let value = i32::from(x[(at + (c / per_group) * depth + i) as usize]) + w.input_offset;
                acc += value * i32::from(f[(((c * w.filter[0] + ky) * w.filter[1] + kx) * depth + i) as usize]);
            }
        }
        finish(acc, q[c as usize], w.output_offset, w.clamp)
    });
    let mut params = w.params();
    params.push(depth);
    let buffers = vec![i8_bytes(&x), i8_bytes(&f), i32_bytes(&bias), requant_bytes(&q)];
    Case { what: format!("{what} {w:?} depth {depth}"), kernel, params, buffers, expected }
}

fn conv(rng: &mut Rng) -> Case {
    let mut w = Window::random(rng, 4);
    let groups = if rng.chance(0.7) { 1 } else { rng.pick(1..4) };
    let depth = if rng.chance(0.5) { 4 * rng.pick(1..5) } else { rng.pick(1..12) };
    w.input[2] = groups * depth;
    w.output[2] = groups * rng.pick(1..8);
    conv_case(rng, "conv", 0, w, depth)
}

fn conv_1x1(rng: &mut Rng) -> Case {
    let mut w = Window::random(rng, 1);
    w.input[2] = rng.pick(1..40);
    w.output[2] = rng.pick(1..20);
    w.pad = [0, 0];
    for axis in 0..2 {
        w.input[axis] = (w.output[axis] - 1) * w.stride[axis] + rng.pick(1..=w.stride[axis]);
    }
    conv_case(rng, "conv_1x1", 1, w, w.input[2])
}

fn depthwise(rng: &mut Rng) -> Case {
    let mut w = Window::random(rng, 5);
    let multiplier = if rng.chance(0.7) { 1 } else { rng.pick(1..5) };
    let channels = w.input[2] * multiplier;
    w.output[2] = channels;
    let x = values(rng, w.inputs());
    let f = values(rng, (w.filter[0] * w.filter[1] * channels) as usize);
    let bias = biases(rng, channels as usize);
    let q = requants(rng, channels as usize);
    let expected = w.map(|taps, c| {
        let product = |&(ky, kx, at): &(i32, i32, i32)| {
            let value = i32::from(x[(at + c / multiplier) as usize]) + w.input_offset;
            value * i32::from(f[((ky * w.filter[1] + kx) * channels + c) as usize])
        };
        let acc = bias[c as usize] + taps.iter().map(product).sum::<i32>();
        finish(acc, q[c as usize], w.output_offset, w.clamp)
    });
    let buffers = vec![i8_bytes(&x), i8_bytes(&f), i32_bytes(&bias), requant_bytes(&q)];
    Case { what: format!("depthwise {w:?}"), kernel: 2, params: w.params(), buffers, expected }
}

fn fully_connected(rng: &mut Rng) -> Case {
    let (rows, depth, channels) = (rng.pick(1..4usize), rng.pick(1..70usize), rng.pick(1..20usize));
    let x = values(rng, rows * depth);
    let f = values(rng, channels * depth);
    let bias = biases(rng, channels);
    let q = requants(rng, channels);
    let input_offset = -zero_point(rng);
    let filter_offset = if rng.chance(0.6) { 0 } else { -zero_point(rng) };
    let output_offset = zero_point(rng);
    let limits = clamp(rng);
    let expected = (0..rows * channels)
        .map(|index| {
            let (row, o) = (index / channels, index % channels);
            let product = |i: usize| {
                (i32::from(x[row * depth + i]) + input_offset) * (i32::from(f[o * depth + i]) + filter_offset)
            };
            finish(bias[o] + (0..depth).map(product).sum::<i32>(), q[o], output_offset, limits)
        })
        .collect();
    let mut params = vec![rows as i32, depth as i32, channels as i32];
    params.extend([input_offset, filter_offset, output_offset, limits.0, limits.1]);
    let buffers = vec![i8_bytes(&x), i8_bytes(&f), i32_bytes(&bias), requant_bytes(&q)];
    Case { what: format!("fully_connected {params:?}"), kernel: 3, params, buffers, expected }
}

fn add(rng: &mut Rng) -> Case {
    let count = rng.pick(1..50);
    let (a, b) = (values(rng, count), values(rng, count));
    let (lhs, rhs, output) = (requant(rng), requant(rng), requant(rng));
    let (left, right, zero) = (-zero_point(rng), -zero_point(rng), zero_point(rng));
    let limits = clamp(rng);
    let expected = (0..count)
        .map(|i| {
            let a = lhs.apply((i32::from(a[i]) + left) << 20);
            let b = rhs.apply((i32::from(b[i]) + right) << 20);
            finish(a.wrapping_add(b), output, zero, limits)
        })
        .collect();
    let mut params = vec![count as i32, 20, left, right, zero];
    params.extend([lhs, rhs, output].iter().flat_map(|q| [q.multiplier, q.shift]));
    params.extend([limits.0, limits.1]);
    Case { what: format!("add {params:?}"), kernel: 4, params, buffers: vec![i8_bytes(&a), i8_bytes(&b)], expected }
}

fn pool(rng: &mut Rng) -> Case {
    let mut w = Window::random(rng, 5);
    w.output[2] = w.input[2];
    let x = values(rng, w.inputs());
    let max = rng.chance(0.5);
    let expected = w.map(|taps, c| {
        let values = taps.iter().map(|&(_, _, at)| i32::from(x[(at + c) as usize]));
        let value = if max {
            values.max().unwrap_or(-128)
        } else {
            // Exact in f64, and `round` takes halves away from zero.
            let count = taps.len().max(1) as f64;
            (f64::from(values.sum::<i32>()) / count).round() as i32
        };
        value.clamp(w.clamp.0, w.clamp.1) as i8 as u8
    });
    let kernel = if max { 6 } else { 5 };
    Case { what: format!("pool {kernel} {w:?}"), kernel, params: w.params(), buffers: vec![i8_bytes(&x)], expected }
}

fn mean(rng: &mut Rng) -> Case {
    let (outer, reduced, inner) = (rng.pick(1..4usize), rng.pick(1..60usize), rng.pick(1..12usize));
    let x = values(rng, outer * reduced * inner);
    let (offset, zero) = (-zero_point(rng), zero_point(rng));
    let rescale = rng.chance(0.6);
    let q = requant(rng);
    let expected = (0..outer * inner)
        .map(|index| {
            let (o, i) = (index / inner, index % inner);
            let sum: i32 = (0..reduced).map(|r| i32::from(x[(o * reduced + r) * inner + i])).sum();
            if rescale {
                finish(sum + offset * reduced as i32, q, zero, (-128, 127))
            } else {
                (sum / reduced as i32) as i8 as u8
            }
        })
        .collect();
    let mut params = vec![outer as i32, reduced as i32, inner as i32, offset, zero];
    params.extend([i32::from(rescale), q.multiplier, q.shift]);
    Case { what: format!("mean {params:?}"), kernel: 7, params, buffers: vec![i8_bytes(&x)], expected }
}

fn tensor(name: &str, shape: [usize; 2], scale: f32, zero: i32) -> Tensor {
    let quant = Quantization { scale: vec![scale], zero_point: vec![zero], axis: 0 };
    Tensor { name: name.into(), shape: shape.to_vec(), dtype: DType::I8, quant: Some(quant), data: None }
}

/// Compared with the interpreter: its fixed-point exponential has no plainer form that is exact to the last bit.
fn softmax(rng: &mut Rng) -> Case {
    let shape = [rng.pick(1..4), rng.pick(1..30)];
    let scale = 2f64.powf(rng.pick(-9.0..2.0)) as f32;
    let x = i8_bytes(&values(rng, shape[0] * shape[1]));
    let op = Op { kind: OpKind::Softmax { beta: 1.0 }, inputs: vec![TensorId(0)], output: TensorId(1), origin: 0 };
    let network = Network {
        name: "softmax".into(),
        tensors: vec![tensor("x", shape, scale, 0), tensor("y", shape, 1.0 / 256.0, -128)],
        ops: vec![op],
        inputs: vec![TensorId(0)],
        outputs: vec![TensorId(1)],
    };
    let expected = reference::run(&network, std::slice::from_ref(&x)).expect("it runs").remove(0);
    let q = Requant::new((f64::from(scale) * f64::from(1 << 26)).min(f64::from(i32::MAX)));
    let diff_min = -((31.0 * f64::from(1 << 26) / 2f64.powi(q.shift)).floor() as i32);
    let params = vec![shape[0] as i32, shape[1] as i32, q.multiplier, q.shift, diff_min];
    Case { what: format!("softmax {params:?}"), kernel: 8, params, buffers: vec![x], expected }
}

fn pad(rng: &mut Rng) -> Case {
    let mut four = |low: usize, high: usize| [0; 4].map(|_: usize| rng.pick(low..high));
    let (shape, before, after) = (four(1, 5), four(0, 3), four(0, 3));
    let size: Vec<usize> = (0..4).map(|axis| before[axis] + shape[axis] + after[axis]).collect();
    let zero = zero_point(rng);
    let x = i8_bytes(&values(rng, shape.iter().product()));
    let expected = (0..size.iter().product())
        .map(|index: usize| {
            let (mut rest, mut from, mut stride) = (index, 0, 1);
            for axis in (0..4).rev() {
                let at = rest % size[axis];
                rest /= size[axis];
                if at < before[axis] || at - before[axis] >= shape[axis] {
                    return zero as i8 as u8;
                }
                from += (at - before[axis]) * stride;
                stride *= shape[axis];
            }
            x[from]
        })
        .collect();
    let mut params: Vec<i32> = [shape, before, after].concat().iter().map(|&v| v as i32).collect();
    params.push(zero);
    Case { what: format!("pad {params:?}"), kernel: 9, params, buffers: vec![x], expected }
}

fn quantize_f32(rng: &mut Rng) -> Case {
    const ODD: [f32; 6] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, -0.0];
    let count = rng.pick(1..40);
    let scale = if rng.chance(0.3) { 1.0 } else { 2f64.powf(rng.pick(-12.0..3.0)) as f32 };
    let zero = zero_point(rng);
    let x: Vec<f32> = (0..count)
        .map(|_| match rng.pick(0..4) {
            0 => ODD[rng.pick(0..ODD.len())],
            1 => (rng.pick(-260..260) as f32 + 0.5) * scale,
            _ => rng.pick(-300.0..300.0) as f32 * scale,
        })
        .collect();
    let expected =
        x.iter().map(|v| ((v / scale).round() as i32).saturating_add(zero).clamp(-128, 127) as i8 as u8).collect();
    let params = vec![count, scale.to_bits() as i32, zero];
    let buffers = vec![x.iter().flat_map(|v| v.to_le_bytes()).collect()];
    Case { what: format!("quantize_f32 {params:?}"), kernel: 10, params, buffers, expected }
}

fn dequantize(rng: &mut Rng) -> Case {
    let count = rng.pick(1..40);
    let scale = 2f64.powf(rng.pick(-20.0..10.0)) as f32;
    let offset = -zero_point(rng);
    let x = values(rng, count);
    let expected =
        x.iter().flat_map(|&v| ((f64::from(scale) * f64::from(i32::from(v) + offset)) as f32).to_le_bytes()).collect();
    let params = vec![count as i32, scale.to_bits() as i32, offset];
    Case { what: format!("dequantize {params:?}"), kernel: 11, params, buffers: vec![i8_bytes(&x)], expected }
}

fn requantize(rng: &mut Rng) -> Case {
    let count = rng.pick(1..40);
    let x = i8_bytes(&values(rng, count));
    let q = requant(rng);
    let unsigned = rng.chance(0.5);
    let offset = if unsigned { -rng.pick(0..256i32) } else { -zero_point(rng) };
    let zero = zero_point(rng);
    let expected = x
        .iter()
        .map(|&v| {
            let value = if unsigned { i32::from(v) } else { i32::from(v as i8) };
            finish(value + offset, q, zero, (-128, 127))
        })
        .collect();
    let kernel = if unsigned { 13 } else { 12 };
    let params = vec![count as i32, q.multiplier, q.shift, offset, zero];
    Case { what: format!("requantize {kernel} {params:?}"), kernel, params, buffers: vec![x], expected }
}
