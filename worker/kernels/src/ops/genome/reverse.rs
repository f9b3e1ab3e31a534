//! Gradients along a path, in the reverse order of its values.
//!
//! Sums of gradients saturate in the order of their terms. Where the magnitudes of all terms together stay below the limit, no partial sum
//! saturates, and the order does not matter.

use super::{
	entries::{self, add_gradients, divide_gradient, mean, times_sign, twice},
	forward::{broadcast, deviation, pair_shape, Scratch},
	plan::{entries as len, Along, Node, Plan, Source},
};
use doin_scoring::genome::{
	fixed::{multiply, saturate_gradient, scale, FRAC, GRADIENT_LIMIT, ONE},
	machine::Shape,
	Op,
};

/// Gradients with respect to the values of a path.
#[derive(Clone, Debug, Default)]
pub(super) struct Gradients {
	pub of: Vec<Vec<i64>>,
	/// `true` for a value that a gradient has reached.
	reached: Vec<bool>,
	/// A part of a gradient: as large as the result of a function, and as large as its operand.
	part: Vec<i64>,
	reduced: Vec<i64>,
}

/// A value whose gradient is propagated, with what its function read.
struct Function<'a> {
	op: Op,
	parameter: i32,
	shape: Shape,
	inputs: [usize; 3],
	shapes: [Shape; 3],
	/// `true` for operands whose gradient is computed.
	wanted: [bool; 3],
	/// Values of the operands, and of the function; empty where no gradient needs them.
	values: [&'a [i32]; 3],
	result: &'a [i32],
}

/// Writes a function of each gradient.
#[inline(always)]
fn map(g: &[i64], to: &mut [i64], function: impl Fn(i64) -> i64) {
	to.iter_mut().zip(g).for_each(|(to, g)| *to = function(*g));
}

/// Writes a function of each gradient and a value.
#[inline(always)]
fn zip(g: &[i64], x: &[i32], to: &mut [i64], function: impl Fn(i64, i32) -> i64) {
	to.iter_mut().zip(g).zip(x).for_each(|((to, g), x)| *to = function(*g, *x));
}

/// Writes a function of each gradient and two values.
#[inline(always)]
fn zip2(g: &[i64], (x, y): (&[i32], &[i32]), to: &mut [i64], function: impl Fn(i64, i32, i32) -> i64) {
	to.iter_mut().zip(g).zip(x.iter().zip(y)).for_each(|((to, g), (x, y))| *to = function(*g, *x, *y));
}

/// Writes a function of each gradient and three values.
#[inline(always)]
fn zip3(g: &[i64], (x, y, z): (&[i32], &[i32], &[i32]), to: &mut [i64], function: impl Fn(i64, i32, i32, i32) -> i64) {
	let values = x.iter().zip(y).zip(z);
	to.iter_mut().zip(g).zip(values).for_each(|((to, g), ((x, y), z))| *to = function(*g, *x, *y, *z));
}

/// Writes a function of pairs of values.
#[inline(always)]
fn pairs((x, y): (&[i32], &[i32]), to: &mut [i64], function: impl Fn(i32, i32) -> i64) {
	to.iter_mut().zip(x).zip(y).for_each(|((to, x), y)| *to = function(*x, *y));
}

/// Returns the sum of gradients, which saturates in their order.
#[inline(always)]
fn ordered_sum(terms: impl Iterator<Item = i64> + Clone) -> i64 {
	let (sum, magnitudes) = terms.clone().fold((0i64, 0i64), |(sum, magnitudes), term| (sum + term, magnitudes + term.abs()));
	if magnitudes <= GRADIENT_LIMIT {
		sum
	} else {
		terms.fold(0, add_gradients)
	}
}

/// Sums a gradient over the axes along which an operand of shape `to` was broadcast.
#[inline(always)]
fn reduce(part: &[i64], from: Shape, to: Shape, reduced: &mut Vec<i64>) {
	let (rows, columns) = from;
	reduced.clear();
	reduced.resize(len(to), 0);
	if to.1 == columns {
		for (to, part) in reduced.iter_mut().zip(part.chunks_exact(rows)) {
			*to = ordered_sum(part.iter().copied());
		}
	} else if to.0 == rows {
		for part in part.chunks_exact(rows) {
			reduced.iter_mut().zip(part).for_each(|(to, part)| *to = add_gradients(*to, *part));
		}
	} else {
		let (sum, magnitudes) = part.iter().fold((0i64, 0i64), |(sum, magnitudes), term| (sum + term, magnitudes + term.abs()));
		reduced[0] = if magnitudes <= GRADIENT_LIMIT {
			sum
		} else {
			let by_row = (0..rows).flat_map(|row| part[row..].iter().step_by(rows));
			by_row.fold(0, |sum, term| add_gradients(sum, *term))
		};
	}
}

impl Gradients {
	/// Computes the gradient with respect to the scores, the first of all.
	#[inline(always)]
	pub(super) fn run(&mut self, plan: &Plan, samples: usize, values: &[Vec<i32>], scratch: &mut Scratch) {
		self.reached.clear();
		self.reached.resize(plan.nodes.len(), false);
		if self.of.len() < plan.nodes.len() {
			self.of.resize(plan.nodes.len(), Vec::new());
		}
		if let Some(result) = plan.result.filter(|result| plan.nodes[*result].gradient) {
			let count = len(plan.nodes[result].shape);
			let unit = i64::from(ONE) * samples.next_power_of_two() as i64;
			self.of[result].clear();
			self.of[result].resize(count, saturate_gradient(mean(unit, count)));
			self.reached[result] = true;
		}
		// Buffers of values that were not computed hold those of other paths.
		let value = |node: usize| if plan.nodes[node].computed { &values[node][..] } else { &[] };
		for (number, node) in plan.nodes.iter().enumerate().rev() {
			let Node { source: Source::Function(op), parameter, shape, inputs, reads, .. } = *node else { continue };
			if !self.reached[number] {
				continue;
			}
			let function = Function {
				op,
				parameter,
				shape,
				inputs,
				shapes: inputs.map(|input| plan.nodes[input].shape),
				wanted: std::array::from_fn(|at| at < reads && plan.nodes[inputs[at]].depends),
				values: inputs.map(value),
				result: value(number),
			};
			let gradient = std::mem::take(&mut self.of[number]);
			self.propagate(&function, &gradient, scratch);
			self.of[number] = gradient;
		}
		if !self.reached[0] {
			self.of[0].clear();
			self.of[0].resize(len(plan.nodes[0].shape), 0);
		}
	}

	/// Adds the part, whose shape is `shape`, to the gradient with respect to an operand.
	#[inline(always)]
	fn add(&mut self, function: &Function, operand: usize, shape: Shape) {
		let (node, to) = (function.inputs[operand], function.shapes[operand]);
		let part = if shape == to {
			&mut self.part
		} else {
			reduce(&self.part, shape, to, &mut self.reduced);
			&mut self.reduced
		};
		let sum = &mut self.of[node];
		if self.reached[node] {
			sum.iter_mut().zip(&*part).for_each(|(sum, part)| *sum = add_gradients(*sum, *part));
		} else {
			std::mem::swap(sum, part);
			self.reached[node] = true;
		}
	}

	/// Adds to the gradients with respect to the operands of a function what follows from its own gradient.
	#[inline(always)]
	fn propagate(&mut self, function: &Function, g: &[i64], scratch: &mut Scratch) {
		match function.op {
			Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow | Op::Maximum => self.two_operands(function, g, scratch),
			Op::Mse | Op::Mae | Op::Bce => self.errors(function, g, scratch),
			Op::MatMul => self.product(function, g),
			Op::Where => self.choice(function, g, scratch),
			_ if function.wanted[0] => {
				self.part.resize(len(function.shapes[0]), 0);
				one_operand(function, g, &mut self.part, &mut scratch.sums);
				self.add(function, 0, function.shapes[0]);
			}
			_ => {}
		}
	}

	/// Propagates the gradient of a function of two operands.
	#[inline(always)]
	fn two_operands(&mut self, function: &Function, g: &[i64], scratch: &mut Scratch) {
		let Function { op, shape, shapes, wanted, values, result: z, .. } = *function;
		let [first, second, _] = &mut scratch.operands;
		let x = if values[0].is_empty() { &[] } else { broadcast(values[0], shapes[0], shape, first) };
		let y = if values[1].is_empty() { &[] } else { broadcast(values[1], shapes[1], shape, second) };
		if wanted[0] {
			self.part.resize(g.len(), 0);
			let part = &mut self.part[..];
			match op {
				Op::Add | Op::Sub => part.copy_from_slice(g),
				Op::Mul => zip(g, y, part, scale),
				Op::Div => zip(g, y, part, divide_gradient),
				Op::Pow => zip3(g, (x, y, z), part, entries::base_gradient),
				_ => zip2(g, (x, y), part, |g, x, y| if x >= y { g } else { 0 }),
			}
			self.add(function, 0, shape);
		}
		if wanted[1] {
			self.part.resize(g.len(), 0);
			let part = &mut self.part[..];
			match op {
				Op::Add => part.copy_from_slice(g),
				Op::Sub => map(g, part, |g| -g),
				Op::Mul => zip(g, x, part, scale),
				Op::Div => zip2(g, (y, z), part, entries::denominator_gradient),
				Op::Pow => zip3(g, (x, y, z), part, entries::exponent_gradient),
				_ => zip2(g, (x, y), part, |g, x, y| if x >= y { 0 } else { g }),
			}
			self.add(function, 1, shape);
		}
	}

	/// Propagates the gradient of a mean error.
	#[inline(always)]
	fn errors(&mut self, function: &Function, g: &[i64], scratch: &mut Scratch) {
		let Function { op, shapes, wanted, values, .. } = *function;
		let shape = pair_shape(shapes[0], shapes[1]);
		let [first, second, _] = &mut scratch.operands;
		let both = (broadcast(values[0], shapes[0], shape, first), broadcast(values[1], shapes[1], shape, second));
		let share = mean(g[0], len(shape));
		for (operand, _) in wanted.into_iter().enumerate().filter(|(_, wanted)| *wanted) {
			self.part.resize(len(shape), 0);
			let (part, sign) = (&mut self.part[..], if operand == 0 { 1 } else { -1 });
			match op {
				Op::Mse => pairs(both, part, |x, y| sign * scale(twice(share), entries::subtract(x, y))),
				Op::Mae => pairs(both, part, |x, y| times_sign(sign * share, entries::subtract(x, y))),
				_ if operand == 0 => pairs(both, part, |x, y| entries::probability_gradient(share, x, y)),
				_ => pairs(both, part, |x, _| entries::target_gradient(share, x)),
			}
			self.add(function, operand, shape);
		}
	}

	/// Propagates the gradient of a product of matrices. Sums saturate in the order of the entries of the result, row by row.
	#[inline(always)]
	fn product(&mut self, function: &Function, g: &[i64]) {
		let Function { shape, shapes, wanted, values: [x, y, _], .. } = *function;
		let ((rows, inner), columns) = (shapes[0], shape.1);
		if wanted[0] {
			self.part.clear();
			self.part.resize(rows * inner, 0);
			for (g, y) in g.chunks_exact(rows).zip(y.chunks_exact(inner)) {
				for (part, y) in self.part.chunks_exact_mut(rows).zip(y) {
					part.iter_mut().zip(g).for_each(|(part, g)| *part = add_gradients(*part, scale(*g, *y)));
				}
			}
			self.add(function, 0, shapes[0]);
		}
		if wanted[1] {
			self.part.clear();
			self.part.resize(inner * columns, 0);
			for (g, part) in g.chunks_exact(rows).zip(self.part.chunks_exact_mut(inner)) {
				for (part, x) in part.iter_mut().zip(x.chunks_exact(rows)) {
					*part = g.iter().zip(x).fold(0, |sum, (g, x)| add_gradients(sum, scale(*g, *x)));
				}
			}
			self.add(function, 1, shapes[1]);
		}
	}

	/// Propagates the gradient of a choice, to the alternative first.
	#[inline(always)]
	fn choice(&mut self, function: &Function, g: &[i64], scratch: &mut Scratch) {
		let Function { shape, shapes, wanted, values, .. } = *function;
		let [first, second, _] = &mut scratch.operands;
		let both = (broadcast(values[0], shapes[0], shape, first), broadcast(values[1], shapes[1], shape, second));
		if wanted[2] {
			self.part.resize(g.len(), 0);
			zip2(g, both, &mut self.part, |g, x, y| if x >= y { 0 } else { g });
			self.add(function, 2, shape);
		}
		if wanted[0] {
			self.part.resize(g.len(), 0);
			zip2(g, both, &mut self.part, |g, x, y| if x >= y { g } else { 0 });
			self.add(function, 0, shape);
		}
	}
}

/// Computes the gradient with respect to the only operand of a function.
#[inline(always)]
fn one_operand(function: &Function, g: &[i64], part: &mut [i64], sums: &mut Vec<i64>) {
	let Function { op, parameter, shapes, values: [x, ..], result: z, .. } = *function;
	let (rows, columns) = shapes[0];
	match op {
		Op::Sqrt => zip2(g, (x, z), part, entries::root_gradient),
		Op::Log => zip(g, x, part, entries::logarithm_gradient),
		Op::Exp => zip(g, z, part, scale),
		Op::Abs => zip(g, x, part, times_sign),
		Op::Square => zip(g, x, part, |g, x| scale(twice(g), x)),
		Op::Negate => map(g, part, |g| -g),
		Op::Reciprocal => zip2(g, (x, z), part, entries::denominator_gradient),
		Op::MulConst => map(g, part, |g| scale(g, parameter)),
		Op::Relu => zip(g, x, part, |g, x| if x > 0 { g } else { 0 }),
		Op::Sigmoid => zip(g, z, part, |g, z| scale(g, multiply(z, ONE - z))),
		Op::Tanh => zip(g, z, part, |g, z| scale(g, ONE - multiply(z, z))),
		Op::Softmax if shapes[0] != (1, 1) => softmax(g, z, rows, part, sums),
		Op::Transpose => {
			for (column, part) in part.chunks_exact_mut(rows).enumerate() {
				part.iter_mut().zip(g[column..].iter().step_by(columns)).for_each(|(part, g)| *part = *g);
			}
		}
		Op::Sum | Op::Mean | Op::Max | Op::Min | Op::Std => reduction(function, g, part, sums),
		_ => part.copy_from_slice(g),
	}
}

/// Computes the gradient of a softmax whose probabilities are `p`.
#[inline(always)]
fn softmax(g: &[i64], p: &[i32], rows: usize, part: &mut [i64], means: &mut Vec<i64>) {
	means.clear();
	means.resize(rows, 0);
	for (g, p) in g.chunks_exact(rows).zip(p.chunks_exact(rows)) {
		means.iter_mut().zip(g.iter().zip(p)).for_each(|(mean, (g, p))| *mean += g * i64::from(*p));
	}
	means.iter_mut().for_each(|mean| *mean = (*mean + (1 << 15)) >> FRAC);
	let columns = part.chunks_exact_mut(rows).zip(g.chunks_exact(rows).zip(p.chunks_exact(rows)));
	for (part, (g, p)) in columns {
		for ((part, mean), (g, p)) in part.iter_mut().zip(&*means).zip(g.iter().zip(p)) {
			*part = scale(saturate_gradient(g - mean), *p);
		}
	}
}

/// Computes the gradient of a reduction.
#[inline(always)]
fn reduction(function: &Function, g: &[i64], part: &mut [i64], found: &mut Vec<i64>) {
	let Function { op, parameter, shapes, values: [x, ..], result: z, .. } = *function;
	let (rows, columns) = shapes[0];
	let along = Along::new(shapes[0], parameter);
	let parts = part.chunks_exact_mut(rows);
	match (op, along) {
		(_, Along::Nothing) => part.copy_from_slice(g),
		(Op::Sum, Along::Columns) => parts.for_each(|part| part.copy_from_slice(g)),
		(Op::Sum, Along::Rows) => parts.zip(g).for_each(|(part, g)| part.fill(*g)),
		(Op::Mean, Along::Columns) => parts.for_each(|part| map(g, part, |g| mean(g, columns))),
		(Op::Mean, Along::Rows) => parts.zip(g).for_each(|(part, g)| part.fill(mean(*g, rows))),
		(Op::Max | Op::Min, Along::Columns) => {
			found.clear();
			found.resize(rows, 0);
			for (part, x) in parts.zip(x.chunks_exact(rows)) {
				let values = x.iter().zip(z).zip(g);
				for ((part, found), ((x, z), g)) in part.iter_mut().zip(&mut *found).zip(values) {
					let hit = x == z && *found == 0;
					*part = if hit { *g } else { 0 };
					*found |= i64::from(hit);
				}
			}
		}
		(Op::Max | Op::Min, Along::Rows) => {
			for ((part, x), (z, g)) in parts.zip(x.chunks_exact(rows)).zip(z.iter().zip(g)) {
				part.fill(0);
				if let Some(first) = x.iter().position(|x| x == z) {
					part[first] = *g;
				}
			}
		}
		(_, Along::Rows) => {
			for ((part, x), g) in parts.zip(x.chunks_exact(rows)).zip(g) {
				let sample = deviation(x.iter().copied(), rows);
				part.iter_mut().zip(x).for_each(|(part, x)| *part = deviation_gradient(*g, *x, sample, rows));
			}
		}
		(_, Along::Columns) => {
			for (row, g) in g.iter().enumerate() {
				let sample = deviation(x[row..].iter().step_by(rows).copied(), columns);
				for column in 0..columns {
					let at = column * rows + row;
					part[at] = deviation_gradient(*g, x[at], sample, columns);
				}
			}
		}
	}
}

/// Returns the gradient of a standard deviation with respect to one of `count` values.
#[inline(always)]
fn deviation_gradient(gradient: i64, x: i32, (middle, deviation): (i32, i32), count: usize) -> i64 {
	if deviation == 0 || count < 2 {
		return 0;
	}
	mean(divide_gradient(scale(gradient, entries::subtract(x, middle)), deviation), count - 1)
}
