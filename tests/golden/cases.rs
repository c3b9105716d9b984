//! Seeded networks of one operator: shapes, windows, scales and zero points that no published model has. Long since it lists the
//! cases of every operator.

use hil::network::derive::Activation;
use hil::network::{
    Binary, Clamp, DType, Hw, Network, Op, OpKind, Pads, Quantization, Rearrangement, Reduction, Tensor, TensorId,
    Unary, Window, geometry,
};

/// A network and what it is run on.
pub struct Case {
    pub name: String,
    pub network: Network,
    /// Raw bytes of the first network input, several times; further inputs follow their predecessor.
    pub inputs: Vec<Vec<Vec<u8>>>,
}

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Both ends included.
    pub fn size(&mut self, low: usize, high: usize) -> usize {
        low + (self.bits() % (high - low + 1) as u64) as usize
    }

    pub fn int(&mut self, low: i32, high: i32) -> i32 {
        low + (self.bits() % (i64::from(high) - i64::from(low) + 1) as u64) as i32
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.bits().is_multiple_of(n)
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.size(0, from.len() - 1)]
    }

    /// In `[2^low, 2^high)`, each power of two as likely.
    pub fn scale(&mut self, low: i32, high: i32) -> f32 {
        let fraction = 1.0 + (self.bits() >> 41) as f32 / (1 << 23) as f32;
        fraction * 2f32.powi(self.int(low, high - 1))
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.bits() as u8).collect()
    }

    pub fn zero(&mut self) -> i32 {
        if self.one_in(4) { self.pick(&[-128, 127, 0]) } else { self.int(-128, 127) }
    }
}

pub fn tensor(name: &str, shape: &[usize], dtype: DType, quant: Option<Quantization>, data: Option<Vec<u8>>) -> Tensor {
    Tensor { name: name.into(), shape: shape.to_vec(), dtype, quant, data: data.map(Into::into) }
}

pub fn per_tensor(scale: f32, zero: i32) -> Option<Quantization> {
    Some(Quantization { scale: vec![scale], zero_point: vec![zero], axis: 0 })
}

pub fn int8(name: &str, shape: &[usize], scale: f32, zero: i32) -> Tensor {
    tensor(name, shape, DType::I8, per_tensor(scale, zero), None)
}

/// One operator: tensors without data are inputs, the last one is the output.
fn network(kind: OpKind, tensors: Vec<Tensor>) -> Network {
    let output = TensorId(tensors.len() - 1);
    let operands: Vec<TensorId> = (0..output.0).map(TensorId).collect();
    let inputs = operands.iter().copied().filter(|id| tensors[id.0].data.is_none()).collect();
    let op = Op { kind, inputs: operands, output, origin: 0 };
    Network { name: "case".into(), tensors, ops: vec![op], inputs, outputs: vec![output] }
}

/// Random bytes, then the ends of the range in turn, then one value throughout.
fn case(name: String, network: Network, random: &mut Random) -> Case {
    let mut inputs = Vec::new();
    for round in 0..4 {
        let operands = network.inputs.iter().map(|id| {
            let bytes = network.tensor(*id).bytes();
            match round {
                0 | 1 => random.bytes(bytes),
                2 => (0..bytes).map(|i| if i % 3 == 1 { 0x7f } else { 0x80 }).collect(),
                _ => vec![random.bits() as u8; bytes],
            }
        });
        inputs.push(operands.collect());
    }
    Case { name, network, inputs }
}

/// Every case, the same ones each time.
pub fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    let makers: [(&str, usize, fn(&mut Random) -> Network); 16] = [
        ("conv", 80, conv),
        ("depthwise", 80, depthwise),
        ("dense", 60, dense),
        ("add", 60, add),
        ("pool", 60, pool),
        ("mean", 60, mean),
        ("pad", 20, pad),
        ("requantise", 30, requantise),
        ("softmax", 30, softmax),
        ("binary", 120, binary),
        ("concat", 30, concat),
        ("rearrange", 90, rearrange),
        ("reduce", 40, reduce),
        ("bilinear", 40, bilinear),
        ("squared-difference", 40, squared_difference),
        ("gather", 20, gather),
    ];
    for (kind, (name, count, make)) in makers.into_iter().enumerate() {
        for index in 0..count {
            let mut random = Random((kind * 1000 + index) as u64);
            let network = make(&mut random);
            all.push(case(format!("{name}-{index}"), network, &mut random));
        }
    }
    for (kind, function) in FUNCTIONS.into_iter().enumerate() {
        for index in 0..12 {
            all.push(unary(function, 94_000 + 100 * kind as u64 + index));
        }
    }
    for index in 0..6 {
        all.push(many_softmax_rows(index));
        all.push(product_precision(index));
        all.push(from_float(index));
        all.push(to_float(index));
    }
    all
}

fn activation(random: &mut Random, out: &Tensor) -> Clamp {
    random
        .pick(&[Activation::None, Activation::None, Activation::Relu, Activation::ReluN1To1, Activation::Relu6])
        .clamp(out)
}

/// A window over `plane` and the size of its output; padding is SAME, VALID, or anything.
fn window(random: &mut Random, plane: Hw, filter: Hw, named_only: bool, dilate: bool) -> (Window, Hw) {
    let side = |random: &mut Random, high| Hw { h: random.size(1, high), w: random.size(1, high) };
    let dilation = if dilate && random.one_in(3) { side(random, 3) } else { Hw { h: 1, w: 1 } };
    let stride = if random.one_in(3) { Hw { h: 1, w: 1 } } else { side(random, 3) };
    let fits = |plane, filter, stride, dilation| geometry::padded(plane, filter, stride, dilation, 0) > 0;
    let valid = fits(plane.h, filter.h, stride.h, dilation.h) && fits(plane.w, filter.w, stride.w, dilation.w);
    let way = match random.size(0, if named_only { 1 } else { 2 }) {
        1 if !valid => 0,
        way => way,
    };
    let mut axis = |plane: usize, filter: usize, stride: usize, dilation: usize| match way {
        1 => (geometry::padded(plane, filter, stride, dilation, 0), 0, 0),
        2 => {
            let (before, after) = (random.size(0, 3), random.size(0, 3));
            match geometry::padded(plane, filter, stride, dilation, before + after) {
                0 => geometry::same(plane, filter, stride, dilation),
                out => (out, before, after),
            }
        }
        _ => geometry::same(plane, filter, stride, dilation),
    };
    let (h, top, bottom) = axis(plane.h, filter.h, stride.h, dilation.h);
    let (w, left, right) = axis(plane.w, filter.w, stride.w, dilation.w);
    (Window { stride, dilation, pads: Pads { top, bottom, left, right } }, Hw { h, w })
}

/// Filter with scales along `axis`, bias, and a scale of the output that leaves sums in range.
fn weights(random: &mut Random, shape: &[usize], axis: usize, x: &Tensor, per_channel: bool) -> (Tensor, Tensor, f32) {
    let channels = shape[axis];
    let count = if per_channel { channels } else { 1 };
    let base = random.int(-9, -4);
    let scale: Vec<f32> = (0..count).map(|_| random.scale(base, base + 3)).collect();
    let bias: Vec<u8> = (0..channels)
        .flat_map(|_| {
            if random.one_in(8) { random.int(i32::MIN / 2, i32::MAX / 2) } else { random.int(-9000, 9000) }
                .to_le_bytes()
        })
        .collect();
    let bias_scale: Vec<f32> = scale.iter().map(|s| s * x.scale()).collect();
    let quant = |scale: Vec<f32>, axis| Some(Quantization { zero_point: vec![0; scale.len()], scale, axis });
    let data = random.bytes(shape.iter().product());
    let taps = (shape.iter().product::<usize>() / channels) as f32;
    let out = x.scale() * scale[0] * taps.sqrt() * random.scale(4, 8);
    let filter = tensor("filter", shape, DType::I8, quant(scale, axis), Some(data));
    let bias = tensor("bias", &[channels], DType::I32, quant(bias_scale, 0), Some(bias));
    (filter, bias, out)
}

fn image(random: &mut Random, channels: usize) -> (Tensor, Hw) {
    let plane = Hw { h: random.size(1, 9), w: random.size(1, 9) };
    let batch = if random.one_in(6) { 2 } else { 1 };
    (int8("x", &[batch, plane.h, plane.w, channels], random.scale(-9, 2), random.zero()), plane)
}

fn conv(random: &mut Random) -> Network {
    let groups = if random.one_in(5) { random.size(2, 3) } else { 1 };
    let depth = random.size(1, 9);
    let (x, plane) = image(random, depth * groups);
    let filter = Hw { h: random.size(1, 5), w: random.size(1, 5) };
    let channels = random.size(1, 9) * groups;
    let (window, to) = window(random, plane, filter, false, true);
    let (filter, bias, scale) = weights(random, &[channels, filter.h, filter.w, depth], 0, &x, true);
    let out = int8("out", &[x.shape[0], to.h, to.w, channels], scale, random.zero());
    network(OpKind::Conv2d { window, clamp: activation(random, &out) }, vec![x, filter, bias, out])
}

fn depthwise(random: &mut Random) -> Network {
    let (depth, multiplier) = (random.size(1, 9), random.pick(&[1, 1, 2, 3, 8]));
    let (x, plane) = image(random, depth);
    let filter = Hw { h: random.size(1, 5), w: random.size(1, 5) };
    let channels = depth * multiplier;
    let (window, to) = window(random, plane, filter, false, true);
    let (filter, bias, scale) = weights(random, &[1, filter.h, filter.w, channels], 3, &x, true);
    let out = int8("out", &[x.shape[0], to.h, to.w, channels], scale, random.zero());
    network(OpKind::DepthwiseConv2d { window, multiplier, clamp: activation(random, &out) }, vec![x, filter, bias, out])
}

fn dense(random: &mut Random) -> Network {
    let (rows, depth, channels) = (random.size(1, 3), random.size(1, 70), random.size(1, 20));
    let x = int8("x", &[rows, depth], random.scale(-9, 2), random.zero());
    let per_channel = random.one_in(2);
    let (mut filter, bias, scale) = weights(random, &[channels, depth], 0, &x, per_channel);
    if !per_channel && random.one_in(3) {
        filter.quant = per_tensor(filter.scale(), random.int(-128, 127));
    }
    let out = int8("out", &[rows, channels], scale, random.zero());
    network(OpKind::FullyConnected { clamp: activation(random, &out) }, vec![x, filter, bias, out])
}

fn add(random: &mut Random) -> Network {
    let rank = random.size(1, 4);
    let shape: Vec<usize> = (0..rank).map(|_| random.size(1, 6)).collect();
    // From alike to far apart: one input may vanish beside the other.
    let spread = random.pick(&[1, 4, 12]);
    let base = random.int(-8, 0);
    let mut scale = || random.scale(base, base + spread);
    let (lhs, rhs) = (scale(), scale());
    let out = lhs.max(rhs) * random.scale(-3, 4);
    let lhs = int8("lhs", &shape, lhs, random.zero());
    let rhs = int8("rhs", &shape, rhs, random.zero());
    let out = int8("out", &shape, out, random.zero());
    network(OpKind::Add { clamp: activation(random, &out) }, vec![lhs, rhs, out])
}

fn pool(random: &mut Random) -> Network {
    let channels = random.size(1, 9);
    let (x, plane) = image(random, channels);
    let filter = Hw { h: random.size(1, 5), w: random.size(1, 5) };
    let (window, to) = window(random, plane, filter, true, false);
    let out = Tensor { name: "out".into(), shape: vec![x.shape[0], to.h, to.w, channels], ..x.clone() };
    let clamp = activation(random, &out);
    let kind = if random.one_in(3) {
        OpKind::MaxPool2d { filter, window, clamp }
    } else {
        OpKind::AveragePool2d { filter, window, clamp }
    };
    network(kind, vec![x, out])
}

fn mean(random: &mut Random) -> Network {
    let rank = if random.one_in(2) { 4 } else { random.size(2, 3) };
    let shape: Vec<usize> = (0..rank).map(|_| random.size(1, 7)).collect();
    let mut axes: Vec<usize> =
        if rank == 4 && random.one_in(2) { vec![1, 2] } else { (0..rank).filter(|_| random.one_in(2)).collect() };
    if axes.is_empty() {
        axes.push(rank - 1);
    }
    let keep_dims = random.one_in(2);
    let x = int8("x", &shape, random.scale(-9, 2), random.zero());
    let mut to: Vec<usize> = Vec::new();
    for (axis, size) in shape.iter().enumerate() {
        match (axes.contains(&axis), keep_dims) {
            (true, true) => to.push(1),
            (true, false) => {}
            (false, _) => to.push(*size),
        }
    }
    let (scale, zero) = match random.size(0, 3) {
        0 => (x.scale(), x.zero_point()),
        1 => (x.scale(), random.zero()),
        _ => (x.scale() * random.scale(-3, 1), random.zero()),
    };
    let out = int8("out", &to, scale, zero);
    network(OpKind::Mean { axes, keep_dims }, vec![x, out])
}

fn pad(random: &mut Random) -> Network {
    let rank = random.size(1, 4);
    let shape: Vec<usize> = (0..rank).map(|_| random.size(1, 5)).collect();
    let pads: Vec<(usize, usize)> = (0..rank).map(|_| (random.size(0, 3), random.size(0, 3))).collect();
    let x = int8("x", &shape, random.scale(-9, 2), random.zero());
    let to: Vec<usize> = shape.iter().zip(&pads).map(|(size, (before, after))| size + before + after).collect();
    let out = Tensor { name: "out".into(), shape: to, ..x.clone() };
    network(OpKind::Pad { pads }, vec![x, out])
}

fn requantise(random: &mut Random) -> Network {
    let x = random.scale(-9, 2);
    let typed = |name, scale, random: &mut Random| {
        let dtype = random.pick(&[DType::I8, DType::I8, DType::U8]);
        let zero = random.zero() + if dtype == DType::U8 { 128 } else { 0 };
        tensor(name, &[1, 64], dtype, per_tensor(scale, zero), None)
    };
    let input = typed("x", x, random);
    let scale = if random.one_in(3) { x } else { x * random.scale(-3, 4) };
    let mut out = typed("out", scale, random);
    if input.dtype == DType::U8 {
        out.dtype = DType::I8;
        out.quant = per_tensor(scale, random.zero());
    }
    network(OpKind::Quantize, vec![input, out])
}

fn softmax(random: &mut Random) -> Network {
    let shape: Vec<usize> = (0..random.size(1, 4)).map(|_| random.size(1, 12)).collect();
    let x = int8("x", &shape, random.scale(-9, 3), random.zero());
    let out = int8("out", &shape, 1.0 / 256.0, -128);
    let beta = if random.one_in(2) { 1.0 } else { random.scale(-2, 2) };
    network(OpKind::Softmax { beta }, vec![x, out])
}

/// A function of operands that are repeated to a larger shape.
fn binary(random: &mut Random) -> Network {
    use Binary::{Add, Maximum, Minimum, Multiply, Prelu, Subtract};
    let function = random.pick(&[Add, Subtract, Multiply, Multiply, Maximum, Minimum, Prelu]);
    let shape: Vec<usize> = (0..random.size(1, 4)).map(|_| random.size(1, 6)).collect();
    let part = |random: &mut Random| -> Vec<usize> {
        let from = random.size(0, shape.len());
        shape[from..].iter().map(|size| if random.one_in(2) { 1 } else { *size }).collect()
    };
    let (mut left, mut right) = (shape.clone(), part(random));
    if function != Prelu && random.one_in(3) {
        std::mem::swap(&mut left, &mut right);
    }
    if random.one_in(6) {
        (left, right) = (shape.clone(), shape.clone());
    }
    let base = random.int(-8, 0);
    let mut scale = || random.scale(base, base + 4);
    let (mut a, mut b) = (scale(), scale());
    let (mut zeros, mut out) = ([random.zero(), random.zero(), random.zero()], a.max(b) * random.scale(-3, 4));
    match function {
        Multiply => out = a * b * random.scale(-1, 8),
        Prelu => {
            b = random.scale(-8, -5);
            out = a * random.scale(-2, 2);
        }
        Maximum | Minimum => {
            (a, b) = (out, out);
            zeros = [zeros[0]; 3];
        }
        _ => {}
    }
    let lhs = int8("lhs", &left, a, zeros[0]);
    let mut rhs = int8("rhs", &right, b, zeros[1]);
    if random.one_in(2) {
        rhs.data = Some(random.bytes(rhs.elements()).into());
    }
    let out = int8("out", &shape, out, zeros[2]);
    let clamp = match function {
        Add | Subtract | Multiply => activation(random, &out),
        _ => Activation::None.clamp(&out),
    };
    network(OpKind::Binary { function, clamp }, vec![lhs, rhs, out])
}

fn squared_difference(random: &mut Random) -> Network {
    let shape: Vec<usize> = (0..random.size(1, 4)).map(|_| random.size(1, 6)).collect();
    let part = if random.one_in(2) { shape.clone() } else { vec![*shape.last().expect("a dimension")] };
    let base = random.int(-8, 0);
    let (a, b) = (random.scale(base, base + 4), random.scale(base, base + 4));
    let lhs = int8("lhs", &shape, a, random.zero());
    let rhs = int8("rhs", &part, b, random.zero());
    let out = int8("out", &shape, a.max(b) * a.max(b) * random.scale(1, 9), random.zero());
    let clamp = Activation::None.clamp(&out);
    network(OpKind::Binary { function: Binary::SquaredDifference, clamp }, vec![lhs, rhs, out])
}

fn gather(random: &mut Random) -> Network {
    let shape = [1, random.size(1, 4), random.size(1, 7), random.size(1, 5)];
    let positions: Vec<usize> = (0..random.size(1, 9)).map(|_| random.size(0, shape[2] - 1)).collect();
    let x = int8("x", &shape, random.scale(-9, 2), random.zero());
    let out = Tensor { name: "out".into(), shape: vec![1, shape[1], positions.len(), shape[3]], ..x.clone() };
    network(OpKind::Rearrange(Rearrangement::Gather { positions }), vec![x, out])
}

fn concat(random: &mut Random) -> Network {
    let mut shape: Vec<usize> = (0..random.size(1, 4)).map(|_| random.size(1, 5)).collect();
    let axis = random.size(0, shape.len() - 1);
    let (scale, zero) = (random.scale(-9, 2), random.zero());
    let mut tensors: Vec<Tensor> = Vec::new();
    for index in 0..random.size(1, 4) {
        shape[axis] = random.size(1, 5);
        let mut x = int8(&format!("x{index}"), &shape, scale, zero);
        if index > 0 && random.one_in(4) {
            x.data = Some(random.bytes(x.elements()).into());
        }
        tensors.push(x);
    }
    shape[axis] = tensors.iter().map(|x| x.shape[axis]).sum();
    tensors.push(int8("out", &shape, scale, zero));
    network(OpKind::Concat { axis }, tensors)
}

fn rearrange(random: &mut Random) -> Network {
    let shape: Vec<usize> = (0..random.size(1, 4)).map(|_| random.size(1, 6)).collect();
    let image = [random.size(1, 2), random.size(1, 5), random.size(1, 5), random.size(1, 4)];
    let block = random.size(1, 3);
    let larger = [image[0], image[1] * block, image[2] * block, image[3] * block * block];
    let (x, kind, out) = match random.size(0, 4) {
        0 => {
            let (mut begin, mut size, mut stride) = (Vec::new(), Vec::new(), Vec::new());
            for length in &shape {
                let step: isize = random.pick(&[1, 1, 1, 2, 3, -1, -2]);
                let at = random.size(0, length - 1);
                let left = if step > 0 { length - 1 - at } else { at };
                begin.push(at);
                size.push(1 + random.size(0, left / step.unsigned_abs()));
                stride.push(step);
            }
            let keeps = random.one_in(2);
            let out: Vec<usize> = size.iter().copied().filter(|size| keeps || *size > 1).collect();
            (shape, Rearrangement::Slice { begin, size, stride }, out)
        }
        1 => {
            let mut axes: Vec<usize> = (0..shape.len()).collect();
            for at in (1..axes.len()).rev() {
                axes.swap(at, random.size(0, at));
            }
            let out = axes.iter().map(|axis| shape[*axis]).collect();
            (shape, Rearrangement::Transpose { axes }, out)
        }
        2 => {
            let [n, h, w, c] = larger;
            let x = vec![n, image[1], image[2], c];
            (x, Rearrangement::DepthToSpace { block }, vec![n, h, w, image[3]])
        }
        3 => {
            let [n, h, w, c] = larger;
            let out = vec![n, image[1], image[2], c];
            (vec![n, h, w, image[3]], Rearrangement::SpaceToDepth { block }, out)
        }
        _ => {
            let (h, w) = if random.one_in(2) { (larger[1], larger[2]) } else { (random.size(1, 9), random.size(1, 9)) };
            let (align_corners, half_pixel_centers) = random.pick(&[(false, false), (true, false), (false, true)]);
            let of = Rearrangement::ResizeNearest { align_corners, half_pixel_centers };
            (image.to_vec(), of, vec![image[0], h, w, image[3]])
        }
    };
    let x = int8("x", &x, random.scale(-9, 2), random.zero());
    let out = Tensor { name: "out".into(), shape: out, ..x.clone() };
    network(OpKind::Rearrange(kind), vec![x, out])
}

/// The shapes of [`mean`] under other reductions.
fn reduce(random: &mut Random) -> Network {
    let Network { ops, mut tensors, .. } = mean(random);
    let OpKind::Mean { axes, keep_dims } = ops[0].kind.clone() else { unreachable!("a mean") };
    let function = random.pick(&[Reduction::Sum, Reduction::Maximum]);
    if function == Reduction::Sum {
        tensors[1].quant = per_tensor(tensors[0].scale() * random.scale(-1, 5), random.zero());
    } else {
        tensors[1].quant = tensors[0].quant.clone();
    }
    network(OpKind::Reduce { function, axes, keep_dims }, tensors)
}

fn bilinear(random: &mut Random) -> Network {
    let mut side = || random.size(1, 9);
    let (h, w, out_h, out_w) = (side(), side(), side(), side());
    let channels = random.size(1, 5);
    let x = int8("x", &[random.size(1, 2), h, w, channels], random.scale(-9, 2), random.zero());
    let out = Tensor { name: "out".into(), shape: vec![x.shape[0], out_h, out_w, channels], ..x.clone() };
    let (align_corners, half_pixel_centers) = random.pick(&[(false, false), (true, false), (false, true)]);
    network(OpKind::ResizeBilinear { align_corners, half_pixel_centers }, vec![x, out])
}

/// So many rows that a change of a constant's last bits turns some probability.
fn many_softmax_rows(index: u64) -> Case {
    let mut random = Random(90_000 + index);
    let shape = [6000, 2 + index as usize];
    let x = int8("x", &shape, random.scale(-6, -2), random.zero());
    let out = int8("out", &shape, 1.0 / 256.0, -128);
    let bytes = random.bytes(x.elements());
    let network = network(OpKind::Softmax { beta: 1.0 }, vec![x, out]);
    Case { name: format!("softmax-rows-{index}"), network, inputs: vec![vec![bytes]] }
}

/// A product of scales that rounds differently in single and in double precision, and sums that stand beside halves of
/// the output's step.
fn product_precision(index: u64) -> Case {
    const SHIFT: i32 = 20;
    let mut random = Random(91_000 + index);
    let up = index % 2 == 0;
    let (x, filter) = loop {
        let (a, b) = (random.scale(-8, -6), random.scale(-8, -6));
        let error = f64::from(a) * f64::from(b) / f64::from(a * b) - 1.0;
        if (if up { error } else { -error }) > 5e-8 {
            break (a, b);
        }
    };
    let channels = 200;
    let bias: Vec<u8> = (0..channels)
        .flat_map(|c: i32| ((c - 100) * (1 << SHIFT) + (1 << (SHIFT - 1)) - if up { 2 } else { 0 }).to_le_bytes())
        .collect();
    let zero = random.int(-100, 100);
    let x = int8("x", &[1, 1, 1, 2], x, zero);
    let out = int8("out", &[1, 1, 1, channels as usize], (x.scale() * filter) * 2f32.powi(SHIFT), 0);
    let bias = tensor("bias", &[channels as usize], DType::I32, per_tensor(x.scale() * filter, 0), Some(bias));
    let data = Some(vec![1; 2 * channels as usize]);
    let clamp = Activation::None.clamp(&out);
    let bytes = vec![zero as u8; 2];
    let one = Hw { h: 1, w: 1 };
    let network = if index < 4 {
        let filter = tensor("filter", &[channels as usize, 2], DType::I8, per_tensor(filter, 0), data);
        let flat = |t: Tensor, n: usize| Tensor { shape: vec![1, n], ..t };
        network(OpKind::FullyConnected { clamp }, vec![flat(x, 2), filter, bias, flat(out, channels as usize)])
    } else {
        let filter = tensor("filter", &[channels as usize, 1, 1, 2], DType::I8, per_tensor(filter, 0), data);
        let window = Window { stride: one, dilation: one, pads: Pads::default() };
        network(OpKind::Conv2d { window, clamp }, vec![x, filter, bias, out])
    };
    Case { name: format!("product-{index}"), network, inputs: vec![vec![bytes]] }
}

/// The slope of a leaky rectifier is drawn.
const FUNCTIONS: [Unary; 9] = [
    Unary::Logistic,
    Unary::Tanh,
    Unary::HardSwish,
    Unary::LeakyRelu { alpha: 0.0 },
    Unary::Rectifier(Activation::Relu),
    Unary::Rectifier(Activation::Relu6),
    Unary::Abs,
    Unary::Elu,
    Unary::Rsqrt,
];

/// A function of every value.
fn unary(function: Unary, seed: u64) -> Case {
    let mut random = Random(seed);
    let function = match function {
        Unary::LeakyRelu { .. } => {
            let alpha = random.scale(-7, 1);
            Unary::LeakyRelu { alpha: if random.one_in(6) { -alpha } else { alpha } }
        }
        other => other,
    };
    // Where a network has died out, scales are tiny.
    let least = if function == Unary::HardSwish && seed.is_multiple_of(3) { -28 } else { -9 };
    let (scale, drawn) = (random.scale(least, -1), random.zero());
    let x = int8("x", &[1, 256], scale, if function == Unary::Rsqrt { -128 } else { drawn });
    let (scale, zero) = match function {
        Unary::Logistic => (1.0 / 256.0, -128),
        Unary::Tanh => (1.0 / 128.0, 0),
        // TFLM's does not scale.
        Unary::Rectifier(Activation::Relu6) => (x.scale(), x.zero_point()),
        // Its multiplier must not be above 1.
        Unary::HardSwish => (x.scale() * random.scale(-6, 2), random.zero()),
        Unary::Rsqrt => (random.scale(-6, 2), random.zero()),
        _ if random.one_in(4) => (x.scale(), random.zero()),
        _ => (x.scale() * random.scale(-3, 3), random.zero()),
    };
    let out = int8("out", &[1, 256], scale, zero);
    let table = function.table(&x, &out).expect("a table").to_vec();
    let table = tensor("table", &[256], DType::I8, per_tensor(scale, zero), Some(table));
    let network = network(OpKind::Unary { function }, vec![x, table, out]);
    Case { name: format!("{}-{seed}", function.name()), network, inputs: vec![vec![(0..=255).collect()]] }
}

fn from_float(index: u64) -> Case {
    let mut random = Random(92_000 + index);
    let (scale, zero) = (random.scale(-9, 3), random.zero());
    // Halves and quarters of the step, beyond the range on both sides.
    let values = (-700..700).map(|i| i as f32 * 0.25 * scale);
    let odd = (0..600).map(|_| random.int(-1_000_000, 1_000_000) as f32 * (scale / 7000.0));
    let bytes: Vec<u8> = values.chain(odd).flat_map(f32::to_le_bytes).collect();
    let x = tensor("x", &[1, bytes.len() / 4], DType::F32, None, None);
    let out = int8("out", &x.shape, scale, zero);
    Case {
        name: format!("from-float-{index}"),
        network: network(OpKind::Quantize, vec![x, out]),
        inputs: vec![vec![bytes]],
    }
}

fn to_float(index: u64) -> Case {
    let mut random = Random(93_000 + index);
    let x = if index < 4 {
        int8("x", &[1, 256], random.scale(-9, 3), random.zero())
    } else {
        tensor("x", &[1, 256], DType::U8, per_tensor(random.scale(-9, 3), random.int(0, 255)), None)
    };
    let out = tensor("out", &[1, 256], DType::F32, None, None);
    let bytes = (0..=255).collect();
    Case {
        name: format!("to-float-{index}"),
        network: network(OpKind::Dequantize, vec![x, out]),
        inputs: vec![vec![bytes]],
    }
}
