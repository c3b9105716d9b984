//! Operators that cut, join and rearrange.

use super::{Lowering, Problem, SPACE_TO_DEPTH, SPLIT_V, alike, constant, ensure};
use crate::network::{DType, OpKind, Rearrangement, Tensor, TensorId};

/// Sides of an image up to which positions fit the arithmetic of a resize.
const MAX_SIDE: usize = 1 << 15;

impl Lowering<'_> {
    pub(super) fn concat(&mut self) -> Result<(), Problem> {
        ensure(self.byte(1)? == 0, "fused activations are not supported")?;
        let out = self.out();
        let axis = resolved(self.int(0, 0)?, out.shape.len())?;
        let (ids, operands) = self.operands()?;
        let without =
            |shape: &[usize]| shape.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, n)| *n).collect::<Vec<_>>();
        let fits = |x: &Tensor| x.shape.len() == out.shape.len() && without(&x.shape) == without(&out.shape);
        let total: usize = operands.iter().filter(|x| fits(x)).map(|x| x.shape[axis]).sum();
        ensure(
            operands.iter().all(|x| fits(x)) && total == out.shape[axis],
            "its operands' shapes do not fit its output",
        )?;
        ensure(operands.iter().all(|x| alike(x, out)), "its operands must have the type and the scale of its output")?;
        self.push_op(OpKind::Concat { axis }, ids, self.operator.outputs[0]);
        Ok(())
    }

    /// Operands side by side along a dimension that they do not have.
    pub(super) fn pack(&mut self) -> Result<(), Problem> {
        let out = self.out().clone();
        let axis = resolved(self.int(1, 0)?, out.shape.len())?;
        let (ids, operands) = self.operands()?;
        let mut single = out.shape.clone();
        single[axis] = 1;
        let elements: usize = single.iter().product();
        ensure(
            operands.len() == out.shape[axis] && operands.iter().all(|x| x.elements() == elements),
            "its operands' shapes do not fit its output",
        )?;
        ensure(operands.iter().all(|x| alike(x, &out)), "its operands must have the type and the scale of its output")?;
        let mut slices = Vec::with_capacity(ids.len());
        for id in ids {
            let tensor = self.network.tensor(id);
            let slice = Tensor { name: format!("{}/slice", tensor.name), shape: single.clone(), ..tensor.clone() };
            let constant = slice.data.is_some();
            self.spend(slice.data.as_ref().map_or(0, |data| data.len()))?;
            let slice = self.new_tensor(slice);
            if !constant {
                self.push_op(OpKind::Reshape, vec![id], slice);
            }
            slices.push(slice);
        }
        self.push_op(OpKind::Concat { axis }, slices, self.operator.outputs[0]);
        Ok(())
    }

    /// All operands; none is left out.
    fn operands(&self) -> Result<(Vec<TensorId>, Vec<&Tensor>), Problem> {
        let ids: Option<Vec<TensorId>> = self.operator.inputs.iter().copied().collect();
        let ids = ids.ok_or_else(|| Problem::Text("it lacks an operand".into()))?;
        let tensors = ids.iter().map(|id| self.network.tensor(*id)).collect();
        Ok((ids, tensors))
    }

    pub(super) fn strided_slice(&mut self) -> Result<(), Problem> {
        let masks = [0, 1, 2, 3, 4].map(|field| self.int(field, 0));
        let [begins, ends, ellipsis, new_axes, shrinks] = masks;
        let (begins, ends, shrinks) = (begins?, ends?, shrinks?);
        ensure(ellipsis? == 0 && new_axes? == 0, "ellipses and new axes are not supported")?;
        ensure(self.byte(5)? == 0, "ends that count from the beginning are not supported")?;
        let shape = &self.x().shape;
        let list = |index| self.short(index);
        let (first, last, strides) = (list(1)?, list(2)?, list(3)?);
        let rank = first.len();
        ensure(rank <= shape.len() && [last.len(), strides.len()] == [rank; 2], "its limits do not fit its input")?;
        let (mut begin, mut size, mut stride) = (vec![0; shape.len()], shape.clone(), vec![1; shape.len()]);
        for axis in 0..rank {
            let (length, step) = (shape[axis] as i64, i64::from(strides[axis]));
            let is = |mask: i32| mask >> axis & 1 != 0;
            ensure(step != 0, "a stride is 0")?;
            let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
            let place = |at: i32| (i64::from(at) + if at < 0 { length } else { 0 }).clamp(low, high);
            let start = match (is(begins), step > 0) {
                (false, _) => place(first[axis]),
                (true, forwards) => {
                    if forwards {
                        low
                    } else {
                        high
                    }
                }
            };
            let stop = match (is(shrinks), is(ends), step > 0) {
                (true, ..) => start + 1,
                (_, true, forwards) => {
                    if forwards {
                        high
                    } else {
                        low
                    }
                }
                _ => place(last[axis]),
            };
            let step = if is(shrinks) { 1 } else { step };
            let count = (stop - start + step - step.signum()) / step;
            ensure(count > 0 && (0..length).contains(&start), "nothing is left of its input")?;
            (begin[axis], size[axis], stride[axis]) = (start as usize, count as usize, step as isize);
        }
        self.push_slice(0, 0, begin, size, stride)
    }

    pub(super) fn slice(&mut self) -> Result<(), Problem> {
        let shape = self.x().shape.clone();
        let (first, counts) = (self.short(1)?, self.short(2)?);
        let fits = first.len() == shape.len() && counts.len() == shape.len();
        ensure(fits && first.iter().all(|at| *at >= 0), "its limits do not fit its input")?;
        let begin: Vec<usize> = first.iter().map(|at| *at as usize).collect();
        let count = |axis: usize| usize::try_from(counts[axis]).unwrap_or(shape[axis].saturating_sub(begin[axis]));
        let size = (0..shape.len()).map(count).collect();
        self.push_slice(0, 0, begin, size, vec![1; shape.len()])
    }

    /// As equal parts or of the sizes that an operand says.
    pub(super) fn split(&mut self) -> Result<(), Problem> {
        let (input, axis) = if self.operator.code == SPLIT_V { (0, 2) } else { (1, 0) };
        let axis = self.short(axis)?;
        let id = self.id(input).ok_or_else(|| Problem::Text("it lacks an operand".into()))?;
        let shape = self.network.tensor(id).shape.clone();
        ensure(axis.len() == 1, "its axis must be one number")?;
        let axis = resolved(axis[0], shape.len())?;
        let mut from = 0;
        for output in 0..self.operator.outputs.len() {
            let part = self.network.tensor(self.operator.outputs[output]).shape.get(axis).copied().unwrap_or(0);
            let (mut begin, mut size) = (vec![0; shape.len()], shape.clone());
            (begin[axis], size[axis]) = (from, part);
            self.push_slice(input, output, begin, size, vec![1; shape.len()])?;
            from += part;
        }
        ensure(from == shape[axis], "its parts are not as long as its input")
    }

    /// Slices of one position each.
    pub(super) fn unpack(&mut self) -> Result<(), Problem> {
        let shape = self.x().shape.clone();
        let axis = resolved(self.int(1, 0)?, shape.len())?;
        ensure(self.operator.outputs.len() == shape[axis], "its parts are not as many as its input has")?;
        for output in 0..shape[axis] {
            let (mut begin, mut size) = (vec![0; shape.len()], shape.clone());
            (begin[axis], size[axis]) = (output, 1);
            self.push_slice(0, output, begin, size, vec![1; shape.len()])?;
        }
        Ok(())
    }

    fn push_slice(
        &mut self,
        input: usize,
        output: usize,
        begin: Vec<usize>,
        size: Vec<usize>,
        stride: Vec<isize>,
    ) -> Result<(), Problem> {
        let id = self.id(input).ok_or_else(|| Problem::Text("it lacks an operand".into()))?;
        let output = self.operator.outputs[output];
        self.push_rearrangement(id, output, Rearrangement::Slice { begin, size, stride })
    }

    fn push_rearrangement(&mut self, x: TensorId, out: TensorId, of: Rearrangement) -> Result<(), Problem> {
        let (from, to) = (self.network.tensor(x), self.network.tensor(out));
        ensure(alike(from, to), "input and output must have the same type and scale")?;
        let fits = of.nearest(&from.shape, &to.shape).is_some() || of.walk(&from.shape, &to.shape).is_some();
        ensure(fits, "the output shape does not follow from the input's")?;
        self.push_op(OpKind::Rearrange(of), vec![x], out);
        Ok(())
    }

    /// An operand that is a short list of integers.
    fn short(&self, index: usize) -> Result<Vec<i32>, Problem> {
        let id = self.id(index).ok_or_else(|| Problem::Text("it lacks an operand".into()))?;
        constant(self.network.tensor(id))
    }

    pub(super) fn transposed(&mut self, axes: Vec<usize>) -> Result<(), Problem> {
        let Some(x) = self.id(0) else { return Err(Problem::Text("it has no input".into())) };
        self.push_rearrangement(x, self.operator.outputs[0], Rearrangement::Transpose { axes })
    }

    pub(super) fn tile(&mut self) -> Result<(), Problem> {
        let counts = self.short(1)?;
        ensure(counts.iter().all(|count| *count > 0), "nothing is left of its input")?;
        let counts = counts.iter().map(|count| *count as usize).collect();
        let Some(x) = self.id(0) else { return Err(Problem::Text("it has no input".into())) };
        self.push_rearrangement(x, self.operator.outputs[0], Rearrangement::Tile { counts })
    }

    /// Positions along an axis that a constant names.
    pub(super) fn gather(&mut self) -> Result<(), Problem> {
        ensure(self.int(1, 0)? == 0, "batch dimensions are not supported")?;
        let shape = self.x().shape.clone();
        let axis = resolved(self.int(0, 0)?, shape.len())?;
        let indices = self.second()?;
        let data = indices.data.as_deref().filter(|_| indices.dtype == DType::I32);
        let data = data.ok_or_else(|| Problem::Text(format!("`{}` must be an int32 constant", indices.name)))?;
        let named = data.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let positions: Vec<usize> = named.map(|at| usize::try_from(at).unwrap_or(usize::MAX)).collect();
        let inside = positions.iter().all(|at| *at < shape[axis]);
        ensure(inside && !positions.is_empty(), "it names positions that its input has not")?;
        let Some(x) = self.id(0) else { return Err(Problem::Text("it has no input".into())) };
        self.push_gather(x, self.operator.outputs[0], axis, positions)
    }

    /// Padding with what lies inside the borders.
    pub(super) fn mirror(&mut self) -> Result<(), Problem> {
        // Whether the border itself is repeated.
        let repeats = usize::from(self.byte(0)? != 0);
        let pads = self.short(1)?;
        let (shape, out) = (self.x().shape.clone(), self.out().shape.clone());
        ensure(pads.len() == 2 * shape.len() && out.len() == shape.len(), "its paddings do not fit its input")?;
        let reach = |axis: usize| (shape[axis] + repeats).saturating_sub(1) as i64;
        let fits = |axis: usize| pads[2 * axis..][..2].iter().all(|pad| (0..=reach(axis)).contains(&i64::from(*pad)));
        ensure((0..shape.len()).all(fits), "it pads more than there is to mirror")?;
        let padded: Vec<usize> = (0..shape.len()).filter(|axis| pads[2 * axis..][..2] != [0, 0]).collect();
        let Some(mut x) = self.id(0) else { return Err(Problem::Text("it has no input".into())) };
        let Some(last) = padded.last() else { return self.reshape() };
        for axis in &padded {
            let (size, before, after) = (shape[*axis] as i64, i64::from(pads[2 * axis]), i64::from(pads[2 * axis + 1]));
            let repeats = repeats as i64;
            let mirrored = |at: i64| match at {
                low if low < 0 => -low - repeats,
                high if high >= size => 2 * (size - 1) - high + repeats,
                inner => inner,
            };
            let positions: Vec<usize> = (-before..size + after).map(|at| mirrored(at) as usize).collect();
            let to = if axis == last {
                self.operator.outputs[0]
            } else {
                let mut half = self.network.tensor(x).clone();
                half.shape[*axis] = positions.len();
                half.name = format!("{}/mirrored", half.name);
                half.data = None;
                self.new_tensor(half)
            };
            self.push_gather(x, to, *axis, positions)?;
            x = to;
        }
        Ok(())
    }

    /// Of an input seen as an image whose columns are the axis, the columns at these positions.
    fn push_gather(&mut self, x: TensorId, out: TensorId, axis: usize, positions: Vec<usize>) -> Result<(), Problem> {
        let (from, to) = (self.network.tensor(x).clone(), self.network.tensor(out));
        let (outer, inner) = (from.shape[..axis].iter().product(), from.shape[axis + 1..].iter().product());
        let sides: [usize; 3] = [outer, from.shape[axis], positions.len()];
        ensure(sides.iter().all(|side| (1..=MAX_SIDE).contains(side)), "one of its dimensions is too large")?;
        ensure(from.data.is_none(), "its input must not be a constant")?;
        ensure(alike(&from, to), "input and output must have the same type and scale")?;
        ensure(to.elements() == outer * positions.len() * inner, "the output shape does not follow from the input's")?;
        let image = |columns: usize, of: &str| Tensor {
            name: format!("{}/{of}", from.name),
            shape: vec![1, outer, columns, inner],
            ..from.clone()
        };
        let (seen, picked) = (image(sides[1], "seen"), image(sides[2], "picked"));
        let (seen, picked) = (self.new_tensor(seen), self.new_tensor(picked));
        self.push_op(OpKind::Reshape, vec![x], seen);
        self.push_rearrangement(seen, picked, Rearrangement::Gather { positions })?;
        self.push_op(OpKind::Reshape, vec![picked], out);
        Ok(())
    }

    pub(super) fn blocks(&mut self) -> Result<(), Problem> {
        let block = usize::try_from(self.int(0, 0)?).unwrap_or(0);
        let Some(x) = self.id(0) else { return Err(Problem::Text("it has no input".into())) };
        let of = if self.operator.code == SPACE_TO_DEPTH {
            Rearrangement::SpaceToDepth { block }
        } else {
            Rearrangement::DepthToSpace { block }
        };
        self.push_rearrangement(x, self.operator.outputs[0], of)
    }

    pub(super) fn nearest(&mut self) -> Result<(), Problem> {
        let of =
            Rearrangement::ResizeNearest { align_corners: self.byte(0)? != 0, half_pixel_centers: self.byte(1)? != 0 };
        let Some(x) = self.id(0) else { return Err(Problem::Text("it has no input".into())) };
        self.push_rearrangement(x, self.operator.outputs[0], of)
    }

    pub(super) fn bilinear(&mut self) -> Result<(), Problem> {
        self.int8()?;
        let (align_corners, half_pixel_centers) = (self.byte(2)? != 0, self.byte(3)? != 0);
        ensure(!(align_corners && half_pixel_centers), "corners and centres of pixels cannot both be aligned")?;
        let (x, out) = (self.x(), self.out());
        let images = x.shape.len() == 4 && out.shape.len() == 4;
        ensure(images && x.shape[0] == out.shape[0] && x.shape[3] == out.shape[3], "input and output must be NHWC")?;
        let sides = [x.shape[1], x.shape[2], out.shape[1], out.shape[2]];
        ensure(sides.iter().all(|side| *side <= MAX_SIDE), "an image is too large")?;
        ensure(self.same_scale(), "input and output must have the same scale")?;
        self.push(OpKind::ResizeBilinear { align_corners, half_pixel_centers }, 1)
    }
}

/// An axis that may count from the end.
fn resolved(axis: i32, rank: usize) -> Result<usize, Problem> {
    let from = if axis < 0 { i64::from(axis) + rank as i64 } else { i64::from(axis) };
    let found = usize::try_from(from).ok().filter(|axis| *axis < rank);
    found.ok_or_else(|| Problem::Text("an axis is out of range".into()))
}
