//! Values of a path, column by column.

use super::{
	entries::{self, mean},
	plan::{entries as len, Along, Node, Source},
};
use doin_scoring::genome::{
	fixed::{multiply, saturate, FRAC, LIMIT, ONE},
	machine::Shape,
	Op,
};

/// Buffers of one function.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
	/// Operands that were broadcast.
	pub operands: [Vec<i32>; 3],
	/// A sum and a value for each row.
	pub sums: Vec<i64>,
	pub highest: Vec<i32>,
}

/// Returns values broadcast to shape `to`.
#[inline(always)]
pub(super) fn broadcast<'a>(values: &'a [i32], from: Shape, to: Shape, buffer: &'a mut Vec<i32>) -> &'a [i32] {
	if from == to {
		return values;
	}
	buffer.resize(len(to), 0);
	for (column, to) in buffer.chunks_exact_mut(to.0).enumerate() {
		let first = if from.1 == 1 { 0 } else { column * from.0 };
		if from.0 == 1 {
			to.fill(values[first]);
		} else {
			to.copy_from_slice(&values[first..first + from.0]);
		}
	}
	buffer
}

/// Writes a function of each entry.
#[inline(always)]
fn map(x: &[i32], to: &mut [i32], function: impl Fn(i32) -> i32) {
	to.iter_mut().zip(x).for_each(|(to, x)| *to = function(*x));
}

/// Writes a function of each pair of entries.
#[inline(always)]
fn zip(x: &[i32], y: &[i32], to: &mut [i32], function: impl Fn(i32, i32) -> i32) {
	to.iter_mut().zip(x).zip(y).for_each(|((to, x), y)| *to = function(*x, *y));
}

/// Computes the value of a node from those of its inputs.
#[inline(always)]
pub(super) fn compute(node: &Node, shapes: [Shape; 3], values: [&[i32]; 3], to: &mut Vec<i32>, scratch: &mut Scratch) {
	let op = match node.source {
		Source::Function(op) => op,
		Source::Constant(value) => {
			to.clear();
			to.resize(len(node.shape), value);
			return;
		}
		// Loaded with the batch.
		Source::Scores | Source::Truth => return,
	};
	to.resize(len(node.shape), 0);
	let (to, parameter) = (&mut to[..], node.parameter);
	let Scratch { operands: [first, second, third], sums, highest } = scratch;
	let x = values[0];
	match op {
		Op::Sqrt => return map(x, to, entries::sqrt),
		Op::Log => return map(x, to, entries::ln),
		Op::Exp => return map(x, to, entries::exp),
		Op::Abs => return map(x, to, i32::abs),
		Op::Square => return map(x, to, |x| multiply(x, x)),
		Op::Negate => return map(x, to, |x| -x),
		Op::Reciprocal => return map(x, to, |x| entries::divide(ONE, x)),
		Op::AddConst => return map(x, to, |x| entries::add(x, parameter)),
		Op::MulConst => return map(x, to, |x| multiply(x, parameter)),
		Op::Relu => return map(x, to, |x| x.max(0)),
		Op::Sigmoid => return map(x, to, entries::sigmoid),
		Op::Tanh => return map(x, to, entries::tanh),
		Op::Softmax => return softmax(x, shapes[0], to, sums, highest),
		Op::Transpose => return transpose(x, shapes[0], to),
		Op::Sum | Op::Mean | Op::Max | Op::Min | Op::Std => return reduce(op, x, (shapes[0], parameter), to, sums),
		Op::MatMul => return product((x, shapes[0]), (values[1], shapes[1]), to, sums),
		_ => {}
	}
	let shape = match op {
		Op::Mse | Op::Mae | Op::Bce => pair_shape(shapes[0], shapes[1]),
		_ => node.shape,
	};
	let x = broadcast(x, shapes[0], shape, first);
	let y = broadcast(values[1], shapes[1], shape, second);
	match op {
		Op::Add => zip(x, y, to, entries::add),
		Op::Sub => zip(x, y, to, entries::subtract),
		Op::Mul => zip(x, y, to, multiply),
		Op::Div => zip(x, y, to, entries::divide),
		Op::Pow => zip(x, y, to, entries::power),
		Op::Maximum => zip(x, y, to, |x, y| x.max(y)),
		Op::Greater => zip(x, y, to, |x, y| if x > y { ONE } else { 0 }),
		Op::GreaterEqual => zip(x, y, to, |x, y| if x >= y { ONE } else { 0 }),
		Op::Where => {
			let z = broadcast(values[2], shapes[2], shape, third);
			for (((to, x), y), z) in to.iter_mut().zip(x).zip(y).zip(z) {
				*to = if x >= y { *x } else { *z };
			}
		}
		Op::Mse => to.fill(average(x, y, squared_error)),
		Op::Mae => to.fill(average(x, y, |x, y| entries::subtract(x, y).abs())),
		Op::Bce => to.fill(average(x, y, entries::binary_cross_entropy)),
		_ => {}
	}
}

/// Returns the shape that two shapes that fit are broadcast to.
#[inline(always)]
pub(super) fn pair_shape(x: Shape, y: Shape) -> Shape {
	(x.0.max(y.0), x.1.max(y.1))
}

#[inline(always)]
fn squared_error(x: i32, y: i32) -> i32 {
	let difference = entries::subtract(x, y);
	multiply(difference, difference)
}

/// Returns the mean of a function of pairs of entries.
#[inline(always)]
fn average(x: &[i32], y: &[i32], function: impl Fn(i32, i32) -> i32) -> i32 {
	let mut sum = 0i64;
	for (x, y) in x.iter().zip(y) {
		sum += i64::from(function(*x, *y));
	}
	mean(sum, x.len()) as i32
}

/// Computes the softmax of each row.
#[inline(always)]
fn softmax(x: &[i32], shape: Shape, to: &mut [i32], sums: &mut Vec<i64>, highest: &mut Vec<i32>) {
	if shape == (1, 1) {
		return to.copy_from_slice(x);
	}
	let rows = shape.0;
	highest.clear();
	highest.resize(rows, -LIMIT);
	for column in x.chunks_exact(rows) {
		highest.iter_mut().zip(column).for_each(|(highest, x)| *highest = (*highest).max(*x));
	}
	sums.clear();
	sums.resize(rows, 0);
	for (column, to) in x.chunks_exact(rows).zip(to.chunks_exact_mut(rows)) {
		for ((x, to), highest) in column.iter().zip(&mut *to).zip(&*highest) {
			// At least −2³¹.
			*to = entries::decay(x.wrapping_sub(*highest));
		}
		sums.iter_mut().zip(&*to).for_each(|(sum, part)| *sum += i64::from(*part));
	}
	for to in to.chunks_exact_mut(rows) {
		to.iter_mut().zip(&*sums).for_each(|(to, sum)| *to = entries::rounded_quotient(*to, *sum).max(1));
	}
}

/// Writes the transpose of a matrix.
#[inline(always)]
fn transpose(x: &[i32], (rows, columns): Shape, to: &mut [i32]) {
	for (column, x) in x.chunks_exact(rows).enumerate() {
		x.iter().enumerate().for_each(|(row, x)| to[row * columns + column] = *x);
	}
}

/// Computes the product of two matrices. Sums saturate in the order of their terms.
#[inline(always)]
fn product((x, (rows, inner)): (&[i32], Shape), (y, _): (&[i32], Shape), to: &mut [i32], sums: &mut Vec<i64>) {
	for (y, to) in y.chunks_exact(inner).zip(to.chunks_exact_mut(rows)) {
		sums.clear();
		sums.resize(rows, 0);
		for (x, y) in x.chunks_exact(rows).zip(y) {
			let y = i64::from(*y);
			sums.iter_mut().zip(x).for_each(|(sum, x)| *sum = sum.saturating_add(i64::from(*x) * y));
		}
		to.iter_mut().zip(&*sums).for_each(|(to, sum)| *to = saturate(sum.saturating_add(1 << 15) >> FRAC));
	}
}

/// Computes a reduction.
#[inline(always)]
fn reduce(op: Op, x: &[i32], (shape, axis): (Shape, i32), to: &mut [i32], sums: &mut Vec<i64>) {
	let (rows, columns) = shape;
	match Along::new(shape, axis) {
		Along::Nothing => to.copy_from_slice(x),
		Along::Rows => {
			for (to, column) in to.iter_mut().zip(x.chunks_exact(rows)) {
				let sum = || column.iter().fold(0i64, |sum, x| sum + i64::from(*x));
				*to = match op {
					Op::Sum => saturate(sum()),
					Op::Mean => mean(sum(), rows) as i32,
					Op::Max => column.iter().fold(-LIMIT, |most, x| most.max(*x)),
					Op::Min => column.iter().fold(LIMIT, |least, x| least.min(*x)),
					_ => deviation(column.iter().copied(), rows).1,
				};
			}
		}
		Along::Columns => match op {
			Op::Sum | Op::Mean => {
				sums.clear();
				sums.resize(rows, 0);
				for column in x.chunks_exact(rows) {
					sums.iter_mut().zip(column).for_each(|(sum, x)| *sum += i64::from(*x));
				}
				if op == Op::Sum {
					to.iter_mut().zip(&*sums).for_each(|(to, sum)| *to = saturate(*sum));
				} else {
					to.iter_mut().zip(&*sums).for_each(|(to, sum)| *to = mean(*sum, columns) as i32);
				}
			}
			Op::Max | Op::Min => {
				to.copy_from_slice(&x[..rows]);
				for column in x.chunks_exact(rows) {
					if op == Op::Max {
						to.iter_mut().zip(column).for_each(|(to, x)| *to = (*to).max(*x));
					} else {
						to.iter_mut().zip(column).for_each(|(to, x)| *to = (*to).min(*x));
					}
				}
			}
			_ => {
				for (row, to) in to.iter_mut().enumerate() {
					*to = deviation(x[row..].iter().step_by(rows).copied(), columns).1;
				}
			}
		},
	}
}

/// Returns mean and standard deviation of a sample of `count` values; 0 for the deviation of one value.
#[inline(always)]
pub(super) fn deviation(values: impl Iterator<Item = i32> + Clone, count: usize) -> (i32, i32) {
	let sum = values.clone().fold(0i64, |sum, x| sum + i64::from(x));
	let middle = mean(sum, count) as i32;
	// Each square is at most 2⁶².
	let squares = values.fold(0u128, |squares, x| {
		let distance = (i64::from(x) - i64::from(middle)).unsigned_abs();
		squares + u128::from(distance * distance)
	});
	let degrees = count as u64 - 1;
	if degrees == 0 {
		return (middle, 0);
	}
	let variance = match u64::try_from(squares) {
		Ok(squares) => squares / degrees,
		Err(_) => u64::try_from(squares / u128::from(degrees)).unwrap_or(u64::MAX),
	};
	(middle, saturate(variance.isqrt() as i64))
}
