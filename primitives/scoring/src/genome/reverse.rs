//! Gradient of a loss with respect to the scores, in reverse mode along the path that was taken.
//!
//! A gradient is Q16 in `i64`, times the smallest power of two that is at least the number of samples: the mean over a batch would
//! otherwise leave few bits to a sample. Training scales the gradient of a batch by a power of two anyway.

use super::{
	fixed::{base_ln, divide, divide_gradient, ln, mean, multiply, saturate, saturate_gradient, scale, ONE},
	machine::{
		broadcast, deviation, entries, places, probability, product_shape, Batch, Groups, Node, Shape, Tensor, Trace, SCORES_NODE,
	},
	Genome, Op,
};
use alloc::{vec, vec::Vec};

/// A loss and its gradient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LossGradient {
	/// The loss, Q16.
	pub loss: i32,
	/// Gradient with respect to each score, by sample, at the scale of the [module](self).
	pub gradient: Vec<i64>,
}

/// Returns the loss of a genome on a batch, and its gradient with respect to the scores. A genome without a result has the loss
/// and the gradient 0.
///
/// ```
/// use doin_scoring::genome::{fixed::ONE, library, loss_gradient, Batch};
/// let batch = Batch::new([1], vec![0, ONE], 2);
/// let found = loss_gradient(&library::cross_entropy(), &batch);
/// // −ln 0.7311 = 0.3133, and the softmax minus the actual class.
/// assert_eq!((found.loss, found.gradient), (20_529, vec![17_625, -17_625]));
/// ```
pub fn loss_gradient(genome: &Genome, batch: &Batch) -> LossGradient {
	let trace = Trace::run(genome, batch);
	let (samples, _) = batch.shape();
	let mut gradients = Gradients { of: vec![Vec::new(); trace.nodes.len()] };
	let result = trace.result.and_then(|result| trace.nodes.get(result).map(|node| (result, node)));
	let mut loss = 0;
	if let Some((result, node)) = result {
		let values = &node.tensor.values;
		let sum = values.iter().fold(0i64, |sum, value| sum.wrapping_add((*value).into()));
		loss = mean(sum, values.len()) as i32;
		let unit = i64::from(ONE).saturating_mul(samples.max(1).next_power_of_two() as i64);
		let share = mean(unit, values.len());
		if node.depends {
			gradients.add(result, vec![saturate_gradient(share); values.len()]);
		}
	}
	for (number, node) in trace.nodes.iter().enumerate().rev() {
		if number != SCORES_NODE {
			let gradient = gradients.take(number);
			if !gradient.is_empty() {
				propagate(&trace, node, &gradient, &mut gradients);
			}
		}
	}
	let mut gradient = gradients.take(SCORES_NODE);
	gradient.resize(entries(batch.shape()), 0);
	LossGradient { loss, gradient }
}

/// Gradients with respect to each node; empty for a node that none has reached.
struct Gradients {
	of: Vec<Vec<i64>>,
}

impl Gradients {
	/// Returns the gradient with respect to a node, and forgets it.
	fn take(&mut self, node: usize) -> Vec<i64> {
		self.of.get_mut(node).map(core::mem::take).unwrap_or_default()
	}

	/// Adds a part to the gradient with respect to a node.
	fn add(&mut self, node: usize, part: Vec<i64>) {
		let Some(sum) = self.of.get_mut(node) else { return };
		if sum.is_empty() {
			*sum = part;
		} else {
			sum.iter_mut().zip(part).for_each(|(sum, part)| *sum = saturate_gradient(sum.saturating_add(part)));
		}
	}
}

/// Adds a part to one entry of a gradient.
fn add_at(gradient: &mut [i64], at: usize, part: i64) {
	if let Some(sum) = gradient.get_mut(at) {
		*sum = saturate_gradient(sum.saturating_add(part));
	}
}

/// Adds to the gradients of the inputs of a node what follows from its own gradient.
fn propagate(trace: &Trace, node: &Node, gradient: &[i64], gradients: &mut Gradients) {
	let [Some(x), Some(y), Some(z)] = node.inputs.map(|input| trace.nodes.get(input)) else { return };
	let [to_x, to_y, to_z] = node.inputs;
	let (x, y) = (&x.tensor, &y.tensor);
	let Some(op) = node.op else { return };
	let result = &node.tensor;
	let mut both = |parts: [Vec<i64>; 2]| {
		let [of_x, of_y] = parts;
		for (number, part) in [(to_x, of_x), (to_y, of_y)] {
			if trace.nodes.get(number).is_some_and(|node| node.depends) {
				gradients.add(number, part);
			}
		}
	};
	let shape = node.tensor.shape;
	match op {
		Op::Add => both(pairs(x, y, shape, gradient, result, |g, _, _, _| (g, g))),
		Op::Sub => both(pairs(x, y, shape, gradient, result, |g, _, _, _| (g, g.saturating_neg()))),
		Op::Mul => both(pairs(x, y, shape, gradient, result, |g, x, y, _| (scale(g, y), scale(g, x)))),
		Op::Div => both(pairs(x, y, shape, gradient, result, |g, _, y, z| {
			(divide_gradient(g, y), divide_gradient(scale(g, z), y).saturating_neg())
		})),
		Op::Pow => both(pairs(x, y, shape, gradient, result, power_gradient)),
		Op::Maximum => {
			both(pairs(x, y, shape, gradient, result, |g, x, y, _| if x >= y { (g, 0) } else { (0, g) }));
		}
		Op::MatMul => match product_shape(x.shape, y.shape, trace.most) {
			Some(_) => both(product_gradients(x, y, gradient)),
			None => both(pairs(x, y, shape, gradient, result, |g, x, y, _| (scale(g, y), scale(g, x)))),
		},
		Op::Mse | Op::Mae | Op::Bce => {
			if let Some(all) = broadcast(&[x.shape, y.shape], trace.most) {
				let share = mean(gradient.first().copied().unwrap_or(0), entries(all));
				let shares = vec![share; entries(all)];
				both(pairs(x, y, all, &shares, result, |g, x, y, _| error_gradient(op, g, x, y)));
			}
		}
		Op::Where => {
			let (of_x, of_z) = choice_gradients(x, y, &z.tensor, shape, gradient);
			if z.depends {
				gradients.add(to_z, of_z);
			}
			if trace.nodes.get(to_x).is_some_and(|node| node.depends) {
				gradients.add(to_x, of_x);
			}
		}
		_ => {
			let part = unary_gradient(op, node, x, gradient);
			gradients.add(to_x, part);
		}
	}
}

/// Returns the gradients with respect to x and y of a function of two tensors, summed over the axes that were broadcast. `function`
/// receives the gradient of an entry, both operands, and the entry.
fn pairs(
	x: &Tensor,
	y: &Tensor,
	shape: Shape,
	gradient: &[i64],
	result: &Tensor,
	function: impl Fn(i64, i32, i32, i32) -> (i64, i64),
) -> [Vec<i64>; 2] {
	let (mut of_x, mut of_y) = (vec![0; x.values.len()], vec![0; y.values.len()]);
	let both = places(x.shape, shape).zip(places(y.shape, shape));
	for (at, (gradient, (i, j))) in gradient.iter().zip(both).enumerate() {
		let (to_x, to_y) = function(*gradient, x.get(i), y.get(j), result.get(at));
		add_at(&mut of_x, i, to_x);
		add_at(&mut of_y, j, to_y);
	}
	[of_x, of_y]
}

/// Returns twice a gradient.
fn twice(gradient: i64) -> i64 {
	saturate_gradient(gradient.saturating_mul(2))
}

/// Returns the gradients of `z = x^y` with respect to base and exponent.
fn power_gradient(gradient: i64, x: i32, y: i32, z: i32) -> (i64, i64) {
	// A base that counts as 2⁻¹⁶ does not change with x.
	let constant = x == 0 || (x < 0 && y & ONE.wrapping_sub(1) != 0);
	let of_x = if constant { 0 } else { scale(gradient, divide(multiply(y, z), x)) };
	(of_x, scale(scale(gradient, z), base_ln(x, y)))
}

/// Returns the gradients of the error of one entry.
fn error_gradient(op: Op, gradient: i64, x: i32, y: i32) -> (i64, i64) {
	let difference = saturate(i64::from(x).wrapping_sub(y.into()));
	match op {
		Op::Mse => {
			let of_x = scale(twice(gradient), difference);
			(of_x, of_x.saturating_neg())
		}
		Op::Mae => {
			let of_x = gradient.saturating_mul(difference.signum().into());
			(of_x, of_x.saturating_neg())
		}
		_ => {
			let p = probability(x);
			let rest = ONE.wrapping_sub(p);
			let distance = saturate(i64::from(p).wrapping_sub(y.into()));
			// A probability that is clamped does not change with x.
			let of_x = if p == x { divide_gradient(divide_gradient(scale(gradient, distance), p), rest) } else { 0 };
			(of_x, scale(gradient, ln(rest).wrapping_sub(ln(p))))
		}
	}
}

/// Returns the gradients of both factors of a product of matrices.
fn product_gradients(x: &Tensor, y: &Tensor, gradient: &[i64]) -> [Vec<i64>; 2] {
	let (inner, columns) = (x.shape.1, y.shape.1);
	let (mut of_x, mut of_y) = (vec![0; x.values.len()], vec![0; y.values.len()]);
	for (row, gradient) in gradient.chunks_exact(columns.max(1)).enumerate() {
		for (column, gradient) in gradient.iter().enumerate() {
			for at in 0..inner {
				let i = row.wrapping_mul(inner).wrapping_add(at);
				let j = at.wrapping_mul(columns).wrapping_add(column);
				add_at(&mut of_x, i, scale(*gradient, y.get(j)));
				add_at(&mut of_y, j, scale(*gradient, x.get(i)));
			}
		}
	}
	[of_x, of_y]
}

/// Returns the gradients of a choice with respect to its two alternatives.
fn choice_gradients(x: &Tensor, y: &Tensor, z: &Tensor, shape: Shape, gradient: &[i64]) -> (Vec<i64>, Vec<i64>) {
	let (mut of_x, mut of_z) = (vec![0; x.values.len()], vec![0; z.values.len()]);
	let all = places(x.shape, shape).zip(places(y.shape, shape)).zip(places(z.shape, shape));
	for (gradient, ((i, j), k)) in gradient.iter().zip(all) {
		if x.get(i) >= y.get(j) {
			add_at(&mut of_x, i, *gradient);
		} else {
			add_at(&mut of_z, k, *gradient);
		}
	}
	(of_x, of_z)
}

/// Returns the gradient with respect to the only input of a function.
fn unary_gradient(op: Op, node: &Node, x: &Tensor, gradient: &[i64]) -> Vec<i64> {
	let z = &node.tensor;
	let each = |function: &dyn Fn(i64, i32, i32) -> i64| {
		let values = gradient.iter().zip(&x.values).zip(&z.values);
		values.map(|((g, x), z)| function(*g, *x, *z)).collect::<Vec<i64>>()
	};
	match op {
		Op::Sqrt => each(&|g, x, z| if x > 0 { divide_gradient(g, saturate(i64::from(z) << 1)) } else { 0 }),
		Op::Log => each(&|g, x, _| if x > 0 { divide_gradient(g, x) } else { 0 }),
		Op::Exp => each(&|g, _, z| scale(g, z)),
		Op::Abs => each(&|g, x, _| g.saturating_mul(x.signum().into())),
		Op::Square => each(&|g, x, _| scale(twice(g), x)),
		Op::Negate => each(&|g, _, _| g.saturating_neg()),
		Op::Reciprocal => each(&|g, x, z| divide_gradient(scale(g, z), x).saturating_neg()),
		Op::AddConst => gradient.to_vec(),
		Op::MulConst => each(&|g, _, _| scale(g, node.parameter)),
		Op::Relu => each(&|g, x, _| if x > 0 { g } else { 0 }),
		Op::Sigmoid => each(&|g, _, z| scale(g, multiply(z, ONE.wrapping_sub(z)))),
		Op::Tanh => each(&|g, _, z| scale(g, ONE.wrapping_sub(multiply(z, z)))),
		Op::Softmax => softmax_gradient(z, gradient),
		Op::Transpose => {
			let (rows, columns) = x.shape;
			let mut of_x = vec![0; x.values.len()];
			for (at, gradient) in gradient.iter().enumerate() {
				// The result has rows of `rows` entries.
				let (column, row) = (at.checked_div(rows).unwrap_or(0), at.checked_rem(rows).unwrap_or(0));
				add_at(&mut of_x, row.wrapping_mul(columns).wrapping_add(column), *gradient);
			}
			of_x
		}
		Op::Sum | Op::Mean | Op::Max | Op::Min | Op::Std => reduction_gradient(op, node.parameter, x, z, gradient),
		// Comparisons are constant but where they jump.
		_ => vec![0; x.values.len()],
	}
}

/// Returns the gradient with respect to the scores of a softmax whose probabilities are `p`.
fn softmax_gradient(p: &Tensor, gradient: &[i64]) -> Vec<i64> {
	if p.shape == (1, 1) {
		return gradient.to_vec();
	}
	let columns = p.shape.1.max(1);
	let mut of_x = Vec::with_capacity(gradient.len());
	for (p, gradient) in p.values.chunks_exact(columns).zip(gradient.chunks_exact(columns)) {
		// Each term is below 2⁵⁰.
		let sum = p.iter().zip(gradient).fold(0i64, |sum, (p, g)| sum.wrapping_add(g.wrapping_mul((*p).into())));
		let mean = sum.wrapping_add(1 << 15) >> super::fixed::FRAC;
		of_x.extend(p.iter().zip(gradient).map(|(p, g)| scale(saturate_gradient(g.saturating_sub(mean)), *p)));
	}
	of_x
}

/// Returns the gradient with respect to the input of a reduction.
fn reduction_gradient(op: Op, axis: i32, x: &Tensor, z: &Tensor, gradient: &[i64]) -> Vec<i64> {
	let Some(groups) = Groups::new(x.shape, axis) else { return gradient.to_vec() };
	let mut of_x = vec![0; x.values.len()];
	for ((places, gradient), value) in groups.places().zip(gradient).zip(&z.values) {
		match op {
			Op::Sum => places.for_each(|at| add_at(&mut of_x, at, *gradient)),
			Op::Mean => {
				let share = mean(*gradient, groups.len);
				places.for_each(|at| add_at(&mut of_x, at, share));
			}
			Op::Max | Op::Min => {
				let first = places.clone().find(|at| x.get(*at) == *value);
				first.into_iter().for_each(|at| add_at(&mut of_x, at, *gradient));
			}
			_ => {
				let (middle, deviation) = deviation(places.clone().map(|at| x.get(at)));
				let degrees = groups.len.saturating_sub(1);
				if deviation > 0 && degrees > 0 {
					for at in places {
						let distance = saturate(i64::from(x.get(at)).wrapping_sub(middle.into()));
						add_at(&mut of_x, at, mean(divide_gradient(scale(*gradient, distance), deviation), degrees));
					}
				}
			}
		}
	}
	of_x
}
