//! Files with operators that export never writes: import must read them as TFLM runs them.

use hil::network::tflite::file::{Field, File, FileOp, Options, write};
use hil::network::tflite::import;
use hil::network::{DType, Quantization, Tensor};

use super::cases::{Case, Random, int8, per_tensor, tensor};

const ADD: i32 = 0;
const CONV_2D: i32 = 3;
const FULLY_CONNECTED: i32 = 9;
const DEPTHWISE_CONV_2D: i32 = 4;
const RELU: i32 = 19;
const RELU6: i32 = 21;
const RESHAPE: i32 = 22;
const PAD: i32 = 34;
const GATHER: i32 = 36;
const TRANSPOSE: i32 = 39;
const SQUEEZE: i32 = 43;
const STRIDED_SLICE: i32 = 45;
const PADV2: i32 = 60;
const SLICE: i32 = 65;
const TRANSPOSE_CONV: i32 = 67;
const EXPAND_DIMS: i32 = 70;
const SHAPE: i32 = 77;
const PACK: i32 = 83;
const MIRROR_PAD: i32 = 100;

pub struct Builder {
    pub tensors: Vec<Tensor>,
    pub ops: Vec<FileOp>,
}

impl Builder {
    fn new(x: Tensor) -> Self {
        Self { tensors: vec![x], ops: Vec::new() }
    }

    fn tensor(&mut self, tensor: Tensor) -> usize {
        self.tensors.push(tensor);
        self.tensors.len() - 1
    }

    fn ints(&mut self, values: &[i32]) -> usize {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.tensor(tensor("ints", &[values.len()], DType::I32, None, Some(data)))
    }

    fn op(&mut self, code: i32, options: Options, inputs: &[usize], output: Tensor) -> usize {
        let output = self.tensor(output);
        let inputs = inputs.iter().map(|index| Some(*index)).collect();
        self.ops.push(FileOp { code, version: 1, options, inputs, output });
        output
    }

    /// The file that reads the first tensor and writes the last operator's output.
    pub fn file(&self) -> Vec<u8> {
        let outputs = vec![self.ops.last().expect("an operator").output];
        write(&File { name: "case", tensors: self.tensors.clone(), ops: self.ops.clone(), inputs: vec![0], outputs })
    }
}

fn no_options() -> Options {
    Options::default()
}

fn options(number: u8, fields: &[(u16, Field)]) -> Options {
    Options { number, fields: fields.to_vec() }
}

/// VALID padding, strides of 1.
fn conv_options() -> Options {
    options(1, &[(0, Field::Byte(1)), (1, Field::Int(1)), (2, Field::Int(1)), (4, Field::Int(1)), (5, Field::Int(1))])
}

fn filter(random: &mut Random, shape: &[usize], scales: Vec<f32>, axis: usize) -> Tensor {
    let quant = Quantization { zero_point: vec![0; scales.len()], scale: scales, axis };
    let data = random.bytes(shape.iter().product());
    tensor("filter", shape, DType::I8, Some(quant), Some(data))
}

/// The name of a case and what makes it.
type Maker = (&'static str, fn(&mut Random) -> Builder);

const MAKERS: &[Maker] = &[
    ("relu-alike", |r| rectifier(r, RELU, true)),
    ("relu-scaled", |r| rectifier(r, RELU, false)),
    ("relu6", |r| rectifier(r, RELU6, true)),
    ("squeeze", squeeze),
    ("expand-dims", expand_dims),
    ("add-constant", add_constant),
    ("padv2-zero", padv2),
    ("conv-without-bias", conv_without_bias),
    ("depthwise-without-bias", depthwise_without_bias),
    ("conv-one-scale", conv_one_scale),
    ("dense-keeps-dimensions", dense_keeps_dimensions),
    ("dense-without-bias", dense_without_bias),
    ("transposed-filter", transposed_filter),
    ("transpose-of-ones", transpose_of_ones),
    ("flatten-by-shape", flatten_by_shape),
    ("relu-after-conv", relu_after_conv),
    ("transposed-conv", transposed_conv),
    ("strided-slice-masks", strided_slice_masks),
    ("slice", slice),
    ("pack", pack),
    ("gather", gather),
    ("mirror-pad", mirror_pad),
];

pub fn cases() -> Vec<(Case, Vec<u8>)> {
    let mut all = Vec::new();
    for (kind, (name, make)) in MAKERS.iter().enumerate() {
        for index in 0..4 {
            let mut random = Random(50_000 + 100 * kind as u64 + index);
            let builder = make(&mut random);
            let name = format!("file-{name}-{index}");
            let file = builder.file();
            let network = import(&name, &file).unwrap_or_else(|e| panic!("{name}: {e}"));
            let count = builder.tensors[0].bytes();
            let inputs = (0..3).map(|_| vec![random.bytes(count)]).collect();
            all.push((Case { name, network, inputs }, file));
        }
    }
    all
}

fn rectifier(random: &mut Random, code: i32, alike: bool) -> Builder {
    let shape: Vec<usize> = (0..random.size(1, 4)).map(|_| random.size(1, 6)).collect();
    let x = int8("x", &shape, random.scale(-7, -3), random.zero());
    let (scale, zero) =
        if alike { (x.scale(), x.zero_point()) } else { (x.scale() * random.scale(-2, 2), random.zero()) };
    let mut builder = Builder::new(x);
    builder.op(code, no_options(), &[0], int8("out", &shape, scale, zero));
    builder
}

/// Along any axis.
fn gather(random: &mut Random) -> Builder {
    let mut shape: Vec<usize> = (0..random.size(1, 4)).map(|_| random.size(1, 6)).collect();
    let axis = random.size(0, shape.len() - 1);
    let named: Vec<i32> = (0..random.size(1, 8)).map(|_| random.size(0, shape[axis] - 1) as i32).collect();
    let mut builder = Builder::new(int8("x", &shape, 0.5, 3));
    let indices = builder.ints(&named);
    shape[axis] = named.len();
    builder.op(GATHER, options(23, &[(0, Field::Int(axis as i32))]), &[0, indices], int8("out", &shape, 0.5, 3));
    builder
}

/// With the border and without.
fn mirror_pad(random: &mut Random) -> Builder {
    let shape = [1, random.size(2, 6), random.size(2, 6), random.size(1, 4)];
    let mode = random.size(0, 1);
    let mut pads = vec![0; 8];
    let mut out = shape;
    for axis in 1..4 {
        let most = if axis < 3 { shape[axis] - 1 + mode } else { 0 };
        for side in 0..2 {
            pads[2 * axis + side] = random.size(0, most) as i32;
            out[axis] += pads[2 * axis + side] as usize;
        }
    }
    let mut builder = Builder::new(int8("x", &shape, 0.5, 3));
    let paddings = builder.ints(&pads);
    builder.tensors[paddings].shape = vec![4, 2];
    let mode = options(77, &[(0, Field::Byte(mode as i8))]);
    builder.op(MIRROR_PAD, mode, &[0, paddings], int8("out", &out, 0.5, 3));
    builder
}

fn squeeze(random: &mut Random) -> Builder {
    let channels = random.size(1, 20);
    let mut builder = Builder::new(int8("x", &[1, 1, 1, channels], 0.5, 3));
    builder.op(SQUEEZE, no_options(), &[0], int8("out", &[channels], 0.5, 3));
    builder
}

fn expand_dims(random: &mut Random) -> Builder {
    let shape = [random.size(1, 5), random.size(1, 5)];
    let mut builder = Builder::new(int8("x", &shape, 0.5, 3));
    let axis = builder.ints(&[1]);
    builder.op(EXPAND_DIMS, no_options(), &[0, axis], int8("out", &[shape[0], 1, shape[1]], 0.5, 3));
    builder
}

fn add_constant(random: &mut Random) -> Builder {
    let shape = [1, random.size(1, 4), random.size(1, 4), random.size(2, 6)];
    let x = int8("x", &shape, random.scale(-7, -3), random.zero());
    let own: &[usize] = match random.size(0, 3) {
        0 => &[],
        1 => &shape[3..],
        2 => &[1, 1, 1, shape[3]],
        _ => &[1, shape[1], 1, 1],
    };
    let data = random.bytes(own.iter().product());
    let constant = tensor("constant", own, DType::I8, per_tensor(random.scale(-7, -3), random.zero()), Some(data));
    let out = int8("out", &shape, random.scale(-6, -2), random.zero());
    let first = random.one_in(2);
    let mut builder = Builder::new(x);
    let constant = builder.tensor(constant);
    let inputs = if first { [constant, 0] } else { [0, constant] };
    builder.op(ADD, options(11, &[(0, Field::Byte(random.size(0, 1) as i8))]), &inputs, out);
    builder
}

fn padv2(random: &mut Random) -> Builder {
    let zero = random.zero();
    let mut builder = Builder::new(int8("x", &[1, 3, 2, 2], 0.25, zero));
    let pads = builder.tensor(tensor(
        "paddings",
        &[4, 2],
        DType::I32,
        None,
        Some([0, 0, 1, 0, 2, 1, 0, 0i32].into_iter().flat_map(i32::to_le_bytes).collect()),
    ));
    let value = builder.tensor(tensor("value", &[1], DType::I8, per_tensor(0.25, zero), Some(vec![zero as u8])));
    builder.op(PADV2, no_options(), &[0, pads, value], int8("out", &[1, 4, 5, 2], 0.25, zero));
    builder
}

fn conv_without_bias(random: &mut Random) -> Builder {
    let (depth, channels) = (random.size(1, 8), random.size(1, 8));
    let mut builder = Builder::new(int8("x", &[1, 4, 3, depth], random.scale(-7, -3), random.zero()));
    let scales = (0..channels).map(|_| random.scale(-8, -6)).collect();
    let filter = builder.tensor(filter(random, &[channels, 2, 2, depth], scales, 0));
    let out = int8("out", &[1, 3, 2, channels], random.scale(-3, 0), random.zero());
    builder.op(CONV_2D, conv_options(), &[0, filter], out);
    if random.one_in(2) {
        // Left out is also what a file calls -1.
        builder.ops[0].inputs.push(None);
    }
    builder
}

fn depthwise_without_bias(random: &mut Random) -> Builder {
    let (depth, multiplier) = (random.size(1, 5), random.size(1, 3));
    let channels = depth * multiplier;
    let mut builder = Builder::new(int8("x", &[1, 4, 3, depth], random.scale(-7, -3), random.zero()));
    let scales = (0..channels).map(|_| random.scale(-8, -6)).collect();
    let filter = builder.tensor(filter(random, &[1, 2, 2, channels], scales, 3));
    let fields = [
        (0, Field::Byte(1)),
        (1, Field::Int(1)),
        (2, Field::Int(1)),
        (3, Field::Int(multiplier as i32)),
        (5, Field::Int(1)),
        (6, Field::Int(1)),
    ];
    let out = int8("out", &[1, 3, 2, channels], random.scale(-4, -1), random.zero());
    builder.op(DEPTHWISE_CONV_2D, options(2, &fields), &[0, filter], out);
    builder
}

fn conv_one_scale(random: &mut Random) -> Builder {
    let (depth, channels) = (random.size(1, 8), random.size(2, 8));
    let mut builder = Builder::new(int8("x", &[1, 4, 3, depth], random.scale(-7, -3), random.zero()));
    let scale = random.scale(-8, -6);
    let filter = builder.tensor(filter(random, &[channels, 2, 2, depth], vec![scale], 0));
    let out = int8("out", &[1, 3, 2, channels], random.scale(-3, 0), random.zero());
    let bias: Vec<u8> = (0..channels).flat_map(|_| random.int(-5000, 5000).to_le_bytes()).collect();
    let bias_scale = builder.tensors[0].scale() * scale;
    let bias = builder.tensor(tensor("bias", &[channels], DType::I32, per_tensor(bias_scale, 0), Some(bias)));
    builder.op(CONV_2D, conv_options(), &[0, filter, bias], out);
    builder
}

fn dense_keeps_dimensions(random: &mut Random) -> Builder {
    let (rows, depth, channels) = (random.size(1, 4), random.size(1, 9), random.size(1, 9));
    let mut builder = Builder::new(int8("x", &[1, rows, depth], random.scale(-7, -3), random.zero()));
    let scale = random.scale(-8, -6);
    let filter = builder.tensor(filter(random, &[channels, depth], vec![scale], 0));
    let out = int8("out", &[1, rows, channels], random.scale(-4, -1), random.zero());
    builder.op(FULLY_CONNECTED, options(8, &[(2, Field::Byte(1))]), &[0, filter], out);
    builder
}

fn dense_without_bias(random: &mut Random) -> Builder {
    let (depth, channels) = (random.size(1, 40), random.size(2, 9));
    let mut builder = Builder::new(int8("x", &[1, depth], random.scale(-7, -3), random.zero()));
    let scales = (0..channels).map(|_| random.scale(-8, -6)).collect();
    let filter = builder.tensor(filter(random, &[channels, depth], scales, 0));
    let out = int8("out", &[1, channels], random.scale(-4, -1), random.zero());
    builder.op(FULLY_CONNECTED, options(8, &[]), &[0, filter], out);
    builder.ops[0].inputs.push(None);
    builder
}

/// A filter that is transposed when the network runs.
fn transposed_filter(random: &mut Random) -> Builder {
    let (depth, channels) = (random.size(1, 9), random.size(1, 9));
    let mut builder = Builder::new(int8("x", &[1, depth], random.scale(-7, -3), random.zero()));
    let scale = random.scale(-8, -6);
    let stored = builder.tensor(filter(random, &[depth, channels], vec![scale], 0));
    let axes = builder.ints(&[1, 0]);
    let turned = int8("turned", &[channels, depth], scale, 0);
    let turned = builder.op(TRANSPOSE, no_options(), &[stored, axes], turned);
    let out = int8("out", &[1, channels], random.scale(-4, -1), random.zero());
    builder.op(FULLY_CONNECTED, options(8, &[]), &[0, turned], out);
    builder
}

fn transpose_of_ones(random: &mut Random) -> Builder {
    let (h, channels) = (random.size(1, 6), random.size(1, 6));
    let mut builder = Builder::new(int8("x", &[1, h, 1, channels], 0.5, 3));
    let axes = builder.ints(&[0, 2, 1, 3]);
    builder.op(TRANSPOSE, no_options(), &[0, axes], int8("out", &[1, 1, h, channels], 0.5, 3));
    builder
}

/// What Keras writes for a Flatten of an unknown batch.
fn flatten_by_shape(random: &mut Random) -> Builder {
    let (h, channels) = (random.size(1, 6), random.size(1, 6));
    let integers = |name: &str, shape: &[usize]| tensor(name, shape, DType::I32, None, None);
    let mut builder = Builder::new(int8("x", &[1, h, 2, channels], 0.5, 3));
    let shape = builder.op(SHAPE, options(55, &[(0, Field::Byte(2))]), &[0], integers("shape", &[4]));
    let [begin, end, step] = [0, 1, 1].map(|v| builder.ints(&[v]));
    let shrink = options(32, &[(4, Field::Int(1))]);
    let batch = builder.op(STRIDED_SLICE, shrink, &[shape, begin, end, step], integers("batch", &[]));
    let rest =
        builder.tensor(tensor("rest", &[], DType::I32, None, Some(((h * 2 * channels) as i32).to_le_bytes().into())));
    let pack = options(59, &[(0, Field::Int(2)), (1, Field::Int(0))]);
    let target = builder.op(PACK, pack, &[batch, rest], integers("target", &[2]));
    builder.op(RESHAPE, no_options(), &[0, target], int8("out", &[1, h * 2 * channels], 0.5, 3));
    builder
}

/// With filters smaller and larger than its stride, and every padding.
fn transposed_conv(random: &mut Random) -> Builder {
    let (depth, channels) = (random.size(1, 5), random.size(1, 5));
    let (h, w, k, s) = (random.size(1, 5), random.size(1, 5), random.size(1, 5), random.size(1, 3));
    let same = random.one_in(2);
    let side = |x: usize| if same { x * s } else { (x - 1) * s + k.max(s) };
    let x = int8("x", &[1, h, w, depth], random.scale(-7, -3), random.zero());
    let mut builder = Builder::new(x);
    let shape = builder.ints(&[1, side(h) as i32, side(w) as i32, channels as i32]);
    let scales = (0..channels).map(|_| random.scale(-8, -6)).collect();
    let filter = builder.tensor(filter(random, &[channels, k, k, depth], scales, 0));
    let out = int8("out", &[1, side(h), side(w), channels], random.scale(-3, 0), random.zero());
    let (padding, stride) = (Field::Byte((!same).into()), Field::Int(s as i32));
    let mut inputs = vec![shape, filter, 0];
    if random.one_in(2) {
        let bias: Vec<u8> = (0..channels).flat_map(|_| random.int(-5000, 5000).to_le_bytes()).collect();
        inputs.push(builder.tensor(tensor("bias", &[channels], DType::I32, per_tensor(1.0, 0), Some(bias))));
    }
    builder.op(TRANSPOSE_CONV, options(49, &[(0, padding), (1, stride), (2, stride)]), &inputs, out);
    builder
}

/// Ends that the masks say, ends that count from the end, and a dimension that goes.
fn strided_slice_masks(random: &mut Random) -> Builder {
    let shape = [random.size(3, 6), random.size(3, 6), random.size(2, 6)];
    let mut builder = Builder::new(int8("x", &shape, 0.5, 3));
    let begin = builder.ints(&[1, -2, -1]);
    let end = builder.ints(&[-1, 0, 0]);
    let strides = builder.ints(&[1, -1, 1]);
    // The second runs backwards to its first position, of the third the last is left.
    let masks = options(32, &[(1, Field::Int(2)), (4, Field::Int(4))]);
    let out = int8("out", &[shape[0] - 2, shape[1] - 1], 0.5, 3);
    builder.op(STRIDED_SLICE, masks, &[0, begin, end, strides], out);
    builder
}

fn slice(random: &mut Random) -> Builder {
    let shape = [random.size(2, 6), random.size(3, 6), random.size(2, 6)];
    let mut builder = Builder::new(int8("x", &shape, 0.5, 3));
    let begin = builder.ints(&[1, 0, 1]);
    let size = builder.ints(&[-1, 2, 1]);
    builder.op(SLICE, no_options(), &[0, begin, size], int8("out", &[shape[0] - 1, 2, 1], 0.5, 3));
    builder
}

fn pack(random: &mut Random) -> Builder {
    let shape = [random.size(1, 4), random.size(1, 4)];
    let mut builder = Builder::new(int8("x", &shape, 0.5, 3));
    let other = tensor("other", &shape, DType::I8, per_tensor(0.5, 3), Some(random.bytes(shape[0] * shape[1])));
    let other = builder.tensor(other);
    let axis = random.size(0, 2);
    let mut out = shape.to_vec();
    out.insert(axis, 3);
    let options = options(59, &[(0, Field::Int(3)), (1, Field::Int(axis as i32))]);
    builder.op(PACK, options, &[0, other, 0], int8("out", &out, 0.5, 3));
    builder
}

/// What is left of a network whose rectifier could not be fused: the sum before it has another reader.
fn relu_after_conv(random: &mut Random) -> Builder {
    let channels = random.size(2, 8);
    let mut builder = Builder::new(int8("x", &[1, 3, 3, channels], random.scale(-7, -3), random.zero()));
    let scales = (0..channels).map(|_| random.scale(-8, -6)).collect();
    let filter = builder.tensor(filter(random, &[channels, 1, 1, channels], scales, 0));
    let sum = int8("sum", &[1, 3, 3, channels], random.scale(-4, -2), random.zero());
    let sum = builder.op(CONV_2D, conv_options(), &[0, filter], sum);
    let scale = builder.tensors[sum].scale() * 0.5;
    let positive = builder.op(RELU, no_options(), &[sum], int8("positive", &[1, 3, 3, channels], scale, -128));
    let padding = builder.tensor(tensor(
        "paddings",
        &[4, 2],
        DType::I32,
        None,
        Some([0, 0, 0, 0, 1, 1, 0, 0i32].into_iter().flat_map(i32::to_le_bytes).collect()),
    ));
    let padded = builder.op(PAD, no_options(), &[positive, padding], int8("padded", &[1, 3, 5, channels], scale, -128));
    let again = int8("again", &[1, 3, 5, channels], scale, -128);
    builder.op(RELU6, no_options(), &[padded], again);
    builder
}
