//! Operators whose output holds elements of their input at other places.

/// Where the elements of an output come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rearrangement {
    /// Per dimension of the input the first position, how many there are, and from one to the next. Dimensions of which one
    /// position is left may be missing in the output.
    Slice { begin: Vec<usize>, size: Vec<usize>, stride: Vec<isize> },
    /// Dimension i of the output is dimension `axes[i]` of the input.
    Transpose { axes: Vec<usize> },
    /// Channels of NHWC to blocks of this many pixels in height and width.
    DepthToSpace { block: usize },
    /// The other way.
    SpaceToDepth { block: usize },
    /// The whole so many times along each dimension.
    Tile { counts: Vec<usize> },
    /// Of NHWC the columns at these positions.
    Gather { positions: Vec<usize> },
    /// Of NHWC the nearest pixel.
    ResizeNearest { align_corners: bool, half_pixel_centers: bool },
}

/// A walk over the input in the order of the output: nested steps, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Walk {
    /// Element that it begins at.
    pub start: usize,
    pub steps: Vec<Step>,
}

/// So many positions, and how far each is from the one before in elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub size: usize,
    pub stride: isize,
}

impl Rearrangement {
    /// The name used in tables, JSON and digests.
    pub fn name(&self) -> &'static str {
        match self {
            Rearrangement::Slice { .. } => "slice",
            Rearrangement::Transpose { .. } => "transpose",
            Rearrangement::DepthToSpace { .. } => "depth_to_space",
            Rearrangement::SpaceToDepth { .. } => "space_to_depth",
            Rearrangement::Tile { .. } => "tile",
            Rearrangement::Gather { .. } => "gather",
            Rearrangement::ResizeNearest { .. } => "resize_nearest",
        }
    }

    /// How it walks from a shape to another; none where they do not fit, or where no steps of one length lead there.
    pub fn walk(&self, x: &[usize], out: &[usize]) -> Option<Walk> {
        let mut strides = vec![1isize; x.len()];
        for axis in (1..x.len()).rev() {
            strides[axis - 1] = strides[axis].checked_mul(isize::try_from(x[axis]).ok()?)?;
        }
        let elements = |shape: &[usize]| shape.iter().product::<usize>();
        let (start, steps) = match self {
            Rearrangement::Slice { begin, size, stride } => {
                if [begin.len(), size.len(), stride.len()] != [x.len(); 3] {
                    return None;
                }
                let mut steps = Vec::with_capacity(x.len());
                let mut start = 0;
                for axis in 0..x.len() {
                    let last = begin[axis] as isize + (size[axis] as isize - 1) * stride[axis];
                    if size[axis] == 0 || begin[axis] >= x[axis] || !(0..x[axis] as isize).contains(&last) {
                        return None;
                    }
                    start += begin[axis] * strides[axis] as usize;
                    steps.push(Step { size: size[axis], stride: stride[axis] * strides[axis] });
                }
                return (elements(size) == elements(out)).then(|| Walk { start, steps: merged(steps) });
            }
            Rearrangement::Transpose { axes } => {
                let moved: Option<Vec<usize>> = axes.iter().map(|axis| x.get(*axis).copied()).collect();
                if axes.len() != x.len() || moved? != out || elements(x) != elements(out) {
                    return None;
                }
                (0, axes.iter().map(|axis| Step { size: x[*axis], stride: strides[*axis] }).collect())
            }
            Rearrangement::DepthToSpace { block } => {
                let (&[n, h, w, c], &[on, oh, ow, oc]) = (x, out) else { return None };
                let b = *block;
                if b == 0 || [on, oh, ow] != [n, h * b, w * b] || c != oc * b * b {
                    return None;
                }
                let channels = oc as isize;
                let of = |size, stride| Step { size, stride };
                let (rows, columns) = (of(b, b as isize * channels), of(b, channels));
                (0, vec![of(n, strides[0]), of(h, strides[1]), rows, of(w, strides[2]), columns, of(oc, 1)])
            }
            Rearrangement::SpaceToDepth { block } => {
                let (&[n, h, w, c], &[on, oh, ow, oc]) = (x, out) else { return None };
                let b = *block;
                if b == 0 || [n, h, w] != [on, oh * b, ow * b] || oc != c * b * b {
                    return None;
                }
                let of = |size, stride| Step { size, stride };
                let (down, right) = (of(oh, strides[1] * b as isize), of(ow, strides[2] * b as isize));
                (0, vec![of(n, strides[0]), down, right, of(b, strides[1]), of(b, strides[2]), of(c, 1)])
            }
            Rearrangement::Tile { counts } => {
                let tiled = |(size, count): (&usize, &usize)| size.checked_mul(*count);
                let whole: Option<Vec<usize>> = x.iter().zip(counts).map(tiled).collect();
                if counts.len() != x.len() || whole? != out {
                    return None;
                }
                let repeated = |axis: usize| {
                    [Step { size: counts[axis], stride: 0 }, Step { size: x[axis], stride: strides[axis] }]
                };
                (0, (0..x.len()).flat_map(repeated).collect())
            }
            Rearrangement::Gather { .. } | Rearrangement::ResizeNearest { .. } => {
                let [rows, columns] = self.nearest(x, out)?;
                let (top, down) = even(&rows, strides[1])?;
                let (left, right) = even(&columns, strides[2])?;
                let of = |size, stride| Step { size, stride };
                let steps = [of(x[0], strides[0])].into_iter().chain(down).chain(right).chain([of(x[3], 1)]).collect();
                (top + left, steps)
            }
        };
        Some(Walk { start, steps: merged(steps) })
    }

    /// Of what takes whole pixels the row and the column of the input that each row and column of the output is.
    pub fn nearest(&self, x: &[usize], out: &[usize]) -> Option<[Vec<usize>; 2]> {
        let (&[n, h, w, c], &[on, oh, ow, oc]) = (x, out) else { return None };
        if (n, c) != (on, oc) || [h, w, oh, ow].contains(&0) {
            return None;
        }
        let (align_corners, half_pixel_centers) = match self {
            Rearrangement::Gather { positions } => {
                let fits = (oh, ow) == (h, positions.len()) && positions.iter().all(|at| *at < w);
                return fits.then(|| [(0..h).collect(), positions.clone()]);
            }
            Rearrangement::ResizeNearest { align_corners, half_pixel_centers } => (*align_corners, *half_pixel_centers),
            _ => return None,
        };
        // In single precision, as `GetNearestNeighbor` of TFLite's reference kernel.
        let side = |from: usize, to: usize| -> Vec<usize> {
            let scale =
                if align_corners && to > 1 { (from - 1) as f32 / (to - 1) as f32 } else { from as f32 / to as f32 };
            let offset = if half_pixel_centers { 0.5 } else { 0.0 };
            let of = |at: usize| {
                let place = (at as f32 + offset) * scale;
                let nearest = if align_corners { place.round() } else { place.floor() };
                (nearest.max(0.0) as usize).min(from - 1)
            };
            (0..to).map(of).collect()
        };
        Some([side(h, oh), side(w, ow)])
    }
}

/// Positions that repeat alike and then advance alike, `stride` elements each, as a start and two steps.
fn even(positions: &[usize], stride: isize) -> Option<(usize, [Step; 2])> {
    let first = *positions.first()?;
    let repeats = positions.iter().take_while(|at| **at == first).count();
    let advance = positions.get(repeats).map_or(0, |next| *next as isize - first as isize);
    let fits = |(i, at): (usize, &usize)| *at as isize == first as isize + (i / repeats) as isize * advance;
    let whole = positions.len().is_multiple_of(repeats) && positions.iter().enumerate().all(fits);
    let outer = Step { size: positions.len() / repeats, stride: advance * stride };
    whole.then_some((first * stride as usize, [outer, Step { size: repeats, stride: 0 }]))
}

/// The fewest steps that walk the same way.
fn merged(steps: Vec<Step>) -> Vec<Step> {
    let mut fewest: Vec<Step> = Vec::new();
    for step in steps.into_iter().rev().filter(|step| step.size != 1) {
        match fewest.last_mut() {
            Some(inner) if step.stride == inner.stride * inner.size as isize => inner.size *= step.size,
            _ => fewest.push(step),
        }
    }
    fewest.reverse();
    fewest
}

impl Walk {
    /// Elements of the input in the order of the output.
    pub fn positions(&self) -> Vec<usize> {
        let mut positions = vec![self.start];
        for Step { size, stride } in &self.steps {
            let each = |from: &usize| {
                (0..*size as isize).map(move |i| from.wrapping_add_signed(i * stride)).collect::<Vec<_>>()
            };
            positions = positions.iter().flat_map(each).collect();
        }
        positions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(of: &Rearrangement, x: &[usize], out: &[usize]) -> Option<(usize, Vec<(usize, isize)>)> {
        let walk = of.walk(x, out)?;
        Some((walk.start, walk.steps.iter().map(|step| (step.size, step.stride)).collect()))
    }

    #[test]
    fn dimensions_that_adjoin_are_one_step() {
        let slice = |begin: &[usize], size: &[usize]| Rearrangement::Slice {
            begin: begin.to_vec(),
            size: size.to_vec(),
            stride: vec![1; begin.len()],
        };
        assert_eq!(steps(&slice(&[1, 0, 0], &[2, 4, 5]), &[3, 4, 5], &[2, 4, 5]), Some((20, vec![(40, 1)])));
        assert_eq!(steps(&slice(&[0, 1, 2], &[3, 1, 3]), &[3, 4, 5], &[3, 3]), Some((7, vec![(3, 20), (3, 1)])));
        assert_eq!(steps(&slice(&[0, 1, 2], &[3, 1, 4]), &[3, 4, 5], &[3, 4]), None);
        let turn = Rearrangement::Transpose { axes: vec![0, 3, 1, 2] };
        assert_eq!(steps(&turn, &[1, 2, 3, 4], &[1, 4, 2, 3]), Some((0, vec![(4, 1), (6, 4)])));
    }

    #[test]
    fn blocks_and_whole_ratios_are_steps() {
        let to_space = Rearrangement::DepthToSpace { block: 2 };
        let expected = vec![(3, 40), (2, 4), (5, 8), (4, 1)];
        assert_eq!(steps(&to_space, &[1, 3, 5, 8], &[1, 6, 10, 2]), Some((0, expected)));
        let nearest = |half_pixel_centers| Rearrangement::ResizeNearest { align_corners: false, half_pixel_centers };
        let doubled = vec![(3, 10), (2, 0), (5, 2), (2, 0), (2, 1)];
        assert_eq!(steps(&nearest(true), &[1, 3, 5, 2], &[1, 6, 10, 2]), Some((0, doubled)));
        // Every other pixel, the second of two.
        assert_eq!(steps(&nearest(true), &[1, 4, 4, 2], &[1, 2, 2, 2]), Some((10, vec![(2, 16), (2, 4), (2, 1)])));
        assert_eq!(steps(&nearest(true), &[1, 3, 5, 2], &[1, 5, 5, 2]), None);
    }
}
