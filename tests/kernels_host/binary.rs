//! Functions of two operands and tables, by plain loops.

use super::Case;
use super::draw::*;

/// Multiplications by multipliers and shifts that no scales give among them.
pub fn binary(rng: &mut Rng) -> Case {
    let size = [0; 4].map(|_: usize| rng.pick(1..5usize));
    let repeated = [0; 4].map(|_: usize| rng.pick(0..3));
    // The innermost dimension is repeated by one of both at most.
    let (mut a_step, mut b_step) = ([0; 4], [0; 4]);
    let (mut a_count, mut b_count) = (1, 1);
    for axis in (0..4).rev() {
        if repeated[axis] != 1 {
            a_step[axis] = a_count;
            a_count *= size[axis];
        }
        if repeated[axis] != 2 {
            b_step[axis] = b_count;
            b_count *= size[axis];
        }
    }
    let (a, b) = (values(rng, a_count), values(rng, b_count));
    let (left, right, zero) = (-zero_point(rng), -zero_point(rng), zero_point(rng));
    let (lhs, rhs, output) = (requant(rng), requant(rng), requant(rng));
    let limits = clamp(rng);
    let kernel = rng.pick(15..19);
    let of = |x: i32, y: i32| -> u8 {
        let sum = |sign: i32| {
            let (x, y) = (lhs.apply((x + left) << 20), rhs.apply((y + right) << 20));
            finish(if sign > 0 { x.wrapping_add(y) } else { x.wrapping_sub(y) }, output, zero, limits)
        };
        match kernel {
            15 => sum(1),
            16 => sum(-1),
            17 => finish((x + left) * (y + right), output, zero, limits),
            _ if x + left >= 0 => finish(x + left, lhs, zero, (-128, 127)),
            _ => finish((x + left) * (y + right), rhs, zero, (-128, 127)),
        }
    };
    let mut expected = Vec::new();
    for index in 0..size.iter().product::<usize>() {
        let (mut rest, mut from) = (index, [0, 0]);
        for axis in (0..4).rev() {
            let at = rest % size[axis];
            rest /= size[axis];
            from = [from[0] + at * a_step[axis], from[1] + at * b_step[axis]];
        }
        expected.push(of(i32::from(a[from[0]]), i32::from(b[from[1]])));
    }
    let mut params: Vec<i32> = [size, a_step, b_step].concat().iter().map(|v| *v as i32).collect();
    match kernel {
        15 | 16 => {
            params.extend([0, 20, left, right, zero]);
            params.extend([lhs, rhs, output].iter().flat_map(|q| [q.multiplier, q.shift]));
            params.extend([limits.0, limits.1]);
        }
        17 => params.extend([left, right, zero, output.multiplier, output.shift, limits.0, limits.1]),
        _ => params.extend([left, right, zero, lhs.multiplier, lhs.shift, rhs.multiplier, rhs.shift]),
    }
    Case { what: format!("binary {params:?}"), kernel, params, buffers: vec![i8_bytes(&a), i8_bytes(&b)], expected }
}

pub fn lookup(rng: &mut Rng) -> Case {
    let count = rng.pick(1..40usize);
    let (table, x) = (values(rng, 256), values(rng, count));
    let expected = x.iter().map(|v| table[usize::from(*v as u8)] as u8).collect();
    let buffers = vec![i8_bytes(&table), i8_bytes(&x)];
    Case { what: format!("lookup of {count}"), kernel: 14, params: vec![count as i32], buffers, expected }
}
