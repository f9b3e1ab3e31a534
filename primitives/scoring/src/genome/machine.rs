//! The register machine: runs a genome on a batch and keeps what the gradient needs.

use super::{
	code::{FIRST_SPECIAL, REGISTERS, RESULT, SCORES, SPECIALS, TRUTH},
	fixed::{divide, exp, ln, mean, multiply, power, saturate, sigmoid, softmax, sqrt, tanh, ONE},
	Genome, Instruction, Op,
};
use alloc::{vec, vec::Vec};

/// Learning rate that special register 3 holds: 0.001.
const LEARNING_RATE: i32 = 66;

/// Rows and columns of a tensor.
pub type Shape = (usize, usize);

/// Q16 numbers in rows and columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
	/// Rows and columns.
	pub shape: Shape,
	/// Entries, row by row.
	pub values: Vec<i32>,
}

impl Tensor {
	/// Creates a tensor of one entry.
	pub fn scalar(value: i32) -> Self {
		Self { shape: (1, 1), values: vec![value] }
	}

	/// Creates a tensor whose entries are equal.
	fn filled(shape: Shape, value: i32) -> Self {
		Self { shape, values: vec![value; entries(shape)] }
	}

	/// Returns an entry.
	#[inline(always)]
	pub(super) fn get(&self, at: usize) -> i32 {
		self.values.get(at).copied().unwrap_or(0)
	}

	/// Returns the tensor of a function of each entry.
	fn map(&self, function: impl Fn(i32) -> i32) -> Self {
		Self { shape: self.shape, values: self.values.iter().map(|x| function(*x)).collect() }
	}
}

/// Returns the number of entries of a shape.
pub(super) fn entries((rows, columns): Shape) -> usize {
	rows.saturating_mul(columns)
}

/// Returns the shape that all shapes are broadcast to, along axes of length one; `None` if they do not fit, or if the result has
/// more than `most` entries.
pub(super) fn broadcast(shapes: &[Shape], most: usize) -> Option<Shape> {
	let axis = |length: fn(&Shape) -> usize| {
		let longest = shapes.iter().map(length).find(|length| *length != 1).unwrap_or(1);
		shapes.iter().map(length).all(|length| length == 1 || length == longest).then_some(longest)
	};
	let shape = (axis(|shape| shape.0)?, axis(|shape| shape.1)?);
	(entries(shape) <= most).then_some(shape)
}

/// Returns, for each entry of shape `to`, the place of the entry of a tensor of shape `from` that is broadcast to it.
pub(super) fn places(from: Shape, to: Shape) -> impl Iterator<Item = usize> {
	let ((rows, columns), (all_rows, all_columns)) = (from, to);
	(0..all_rows).flat_map(move |row| {
		let first = if rows == 1 { 0 } else { row.wrapping_mul(columns) };
		(0..all_columns).map(move |column| first.wrapping_add(if columns == 1 { 0 } else { column }))
	})
}

/// Groups of entries that a reduction joins: for axis 0 the columns, else the rows.
#[derive(Clone, Copy)]
pub(super) struct Groups {
	/// Shape of the reduced tensor.
	pub shape: Shape,
	/// Entries of a group.
	pub len: usize,
	/// Distance of the first entries of two groups.
	start: usize,
	/// Distance of two entries of a group.
	stride: usize,
}

impl Groups {
	/// Returns the groups of a tensor of shape `(rows, columns)` along `axis`; `None` for a scalar, which a reduction leaves as it
	/// is.
	pub fn new((rows, columns): Shape, axis: i32) -> Option<Self> {
		if (rows, columns) == (1, 1) {
			return None;
		}
		// −1 and 1 are the columns of a row; −2, 0 and every axis that a matrix does not have are the rows of a column.
		Some(match axis {
			1 | -1 => Self { shape: (rows, 1), len: columns, start: columns, stride: 1 },
			_ => Self { shape: (1, columns), len: rows, start: 1, stride: columns },
		})
	}

	/// Returns the places of the entries of each group.
	pub fn places(self) -> impl Iterator<Item = impl Iterator<Item = usize> + Clone> {
		let Self { shape, len, start, stride } = self;
		(0..entries(shape)).map(move |group| {
			let first = group.wrapping_mul(start);
			(0..len).map(move |at| first.wrapping_add(at.wrapping_mul(stride)))
		})
	}
}

/// Actual classes and scores that a genome is run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
	/// One for the class of each sample, zero for the others.
	truth: Tensor,
	/// Scores of each class for each sample.
	scores: Tensor,
}

impl Batch {
	/// Creates the batch of samples with these classes and scores, `classes` scores in Q16 per sample, by sample.
	pub fn new(actual: impl IntoIterator<Item = u8>, scores: Vec<i32>, classes: usize) -> Self {
		let samples = scores.len().checked_div(classes).unwrap_or(0);
		let shape = (samples, classes);
		let mut truth = Tensor::filled(shape, 0);
		for (row, class) in truth.values.chunks_exact_mut(classes.max(1)).zip(actual) {
			if let Some(place) = row.get_mut(usize::from(class)) {
				*place = ONE;
			}
		}
		let scores = scores.into_iter().take(entries(shape)).map(|score| saturate(score.into())).collect();
		Self { truth, scores: Tensor { shape, values: scores } }
	}

	/// Returns samples and classes.
	pub fn shape(&self) -> Shape {
		self.scores.shape
	}
}

/// A value that was computed, or read from a special register.
pub(super) struct Node {
	/// Function that computed it from its inputs; `None` for a value that has none.
	pub op: Option<Op>,
	/// Constant or axis of the function.
	pub parameter: i32,
	/// Nodes that the function read.
	pub inputs: [usize; 3],
	/// The value.
	pub tensor: Tensor,
	/// `true` if the value depends on the scores.
	pub depends: bool,
}

/// Values that a run computed, in order.
pub(super) struct Trace {
	/// The values.
	pub nodes: Vec<Node>,
	/// The returned value; `None` if register 9 is unset at the end.
	pub result: Option<usize>,
	/// Most entries of a tensor.
	pub most: usize,
	/// Value of each register.
	registers: [Option<usize>; REGISTERS as usize],
	/// Value of each special register that was read.
	specials: [Option<usize>; SPECIALS as usize],
}

/// Number of the node of the scores.
pub(super) const SCORES_NODE: usize = 0;

impl Trace {
	/// Runs a genome on a batch.
	pub fn run(genome: &Genome, batch: &Batch) -> Self {
		let scores = Node { op: None, parameter: 0, inputs: [0; 3], tensor: batch.scores.clone(), depends: true };
		let mut trace = Self {
			nodes: vec![scores],
			result: None,
			most: entries(batch.shape()).max(1),
			registers: [None; REGISTERS as usize],
			specials: [None; SPECIALS as usize],
		};
		let mut at = 0usize;
		while let Some(instruction) = genome.instructions.get(at) {
			let next = at.saturating_add(1);
			// Jumps of a genome that was not checked do not lead backwards either.
			let target = instruction.target().unwrap_or(next).max(next);
			at = match instruction.op() {
				Op::Jump => target,
				Op::JumpIf => {
					let [read, ..] = trace.read(instruction, batch);
					let any = trace.nodes.get(read).is_some_and(|node| node.tensor.values.iter().any(|value| *value != 0));
					if any {
						target
					} else {
						next
					}
				}
				Op::Return => {
					let [read, ..] = trace.read(instruction, batch);
					trace.result = Some(read);
					return trace;
				}
				Op::End => break,
				_ => {
					trace.execute(instruction, batch);
					next
				}
			};
		}
		trace.result = trace.registers.get(usize::from(RESULT)).copied().flatten();
		trace
	}

	/// Adds a node, and returns its number.
	fn push(&mut self, node: Node) -> usize {
		let number = self.nodes.len();
		self.nodes.push(node);
		number
	}

	/// Adds a value without inputs, and returns its number.
	fn leaf(&mut self, tensor: Tensor) -> usize {
		self.push(Node { op: None, parameter: 0, inputs: [0; 3], tensor, depends: false })
	}

	/// Returns the node of a special register.
	fn special(&mut self, special: u8, batch: &Batch) -> usize {
		if special == SCORES {
			return SCORES_NODE;
		}
		if let Some(node) = self.specials.get(usize::from(special)).copied().flatten() {
			return node;
		}
		let (samples, _) = batch.shape();
		let tensor = match special {
			TRUTH => batch.truth.clone(),
			2 => Tensor::scalar(saturate((samples as i64) << super::fixed::FRAC)),
			3 => Tensor::scalar(LEARNING_RATE),
			4 => Tensor::scalar(1),
			5 => Tensor::filled(batch.shape(), ONE),
			6 => Tensor::filled(batch.shape(), 0),
			_ => Tensor::scalar(0),
		};
		let node = self.leaf(tensor);
		if let Some(place) = self.specials.get_mut(usize::from(special)) {
			*place = Some(node);
		}
		node
	}

	/// Returns the nodes that an instruction reads, at most three, and node 0 for the rest.
	fn read(&mut self, instruction: &Instruction, batch: &Batch) -> [usize; 3] {
		let mut nodes = [SCORES_NODE; 3];
		for (to, reference) in nodes.iter_mut().zip(instruction.reads()) {
			*to = match reference.checked_sub(FIRST_SPECIAL) {
				Some(special) => self.special(special, batch),
				None => match self.registers.get(usize::from(reference)).copied().flatten() {
					Some(node) => node,
					None => self.leaf(Tensor::scalar(0)),
				},
			};
		}
		nodes
	}

	/// Executes an instruction that writes a register. An instruction whose shapes do not fit changes nothing.
	fn execute(&mut self, instruction: &Instruction, batch: &Batch) {
		let parameter = instruction.parameter().unwrap_or(0);
		let node = match instruction.op() {
			Op::Load => self.special(parameter as u8, batch),
			Op::LoadConst => self.leaf(Tensor::scalar(parameter)),
			Op::Copy => {
				let [read, ..] = self.read(instruction, batch);
				read
			}
			op => {
				let inputs = self.read(instruction, batch);
				let [Some(x), Some(y), Some(z)] = inputs.map(|input| self.nodes.get(input)) else { return };
				// Operands that the instruction does not have are the scores.
				let count = instruction.reads().count();
				let depends = [x, y, z].iter().take(count).any(|node| node.depends);
				let Some(tensor) = apply(op, [&x.tensor, &y.tensor, &z.tensor], parameter, self.most) else { return };
				self.push(Node { op: Some(op), parameter, inputs, tensor, depends })
			}
		};
		let written = instruction.written().and_then(|register| self.registers.get_mut(usize::from(register)));
		if let Some(place) = written {
			*place = Some(node);
		}
	}
}

/// Returns the value of a function; `None` if the shapes do not fit.
fn apply(op: Op, [x, y, z]: [&Tensor; 3], parameter: i32, most: usize) -> Option<Tensor> {
	let add = |x: i32, y: i32| saturate(i64::from(x).wrapping_add(y.into()));
	let subtract = |x: i32, y: i32| saturate(i64::from(x).wrapping_sub(y.into()));
	Some(match op {
		Op::Add => return zip(x, y, most, add),
		Op::Sub => return zip(x, y, most, subtract),
		Op::Mul => return zip(x, y, most, multiply),
		Op::Div => return zip(x, y, most, divide),
		Op::Pow => return zip(x, y, most, power),
		Op::Maximum => return zip(x, y, most, |x, y| x.max(y)),
		Op::Greater => return zip(x, y, most, |x, y| if x > y { ONE } else { 0 }),
		Op::GreaterEqual => return zip(x, y, most, |x, y| if x >= y { ONE } else { 0 }),
		Op::MatMul => match product_shape(x.shape, y.shape, most) {
			Some(shape) => product(x, y, shape),
			None => return zip(x, y, most, multiply),
		},
		Op::Where => return choose([x, y, z], most),
		Op::Sqrt => x.map(sqrt),
		Op::Log => x.map(ln),
		Op::Exp => x.map(exp),
		Op::Abs => x.map(i32::saturating_abs),
		Op::Square => x.map(|x| multiply(x, x)),
		Op::Negate => x.map(i32::saturating_neg),
		Op::Reciprocal => x.map(|x| divide(ONE, x)),
		Op::AddConst => x.map(|x| add(x, parameter)),
		Op::MulConst => x.map(|x| multiply(x, parameter)),
		Op::Relu => x.map(|x| x.max(0)),
		Op::Sigmoid => x.map(sigmoid),
		Op::Tanh => x.map(tanh),
		Op::Softmax => rows(x, softmax),
		Op::Transpose => transpose(x),
		Op::Sum => reduce(x, parameter, |entries| saturate(sum(entries))),
		Op::Mean => reduce(x, parameter, |entries| {
			let (sum, count) =
				entries.fold((0i64, 0usize), |(sum, count), x| (sum.wrapping_add(x.into()), count.wrapping_add(1)));
			mean(sum, count) as i32
		}),
		Op::Max => reduce(x, parameter, |entries| entries.max().unwrap_or(0)),
		Op::Min => reduce(x, parameter, |entries| entries.min().unwrap_or(0)),
		Op::Std => match Groups::new(x.shape, parameter) {
			Some(groups) => {
				let values = groups.places().map(|places| deviation(places.map(|at| x.get(at))).1).collect();
				Tensor { shape: groups.shape, values }
			}
			None => x.clone(),
		},
		Op::Mse => average(x, y, most, |x, y| {
			let difference = subtract(x, y);
			multiply(difference, difference)
		}),
		Op::Mae => average(x, y, most, |x, y| subtract(x, y).saturating_abs()),
		Op::Bce => average(x, y, most, binary_cross_entropy),
		Op::Load | Op::LoadConst | Op::Copy | Op::Jump | Op::JumpIf | Op::Return | Op::End => return None,
	})
}

/// Returns the tensor of a function of two tensors, entry by entry.
fn zip(x: &Tensor, y: &Tensor, most: usize, function: impl Fn(i32, i32) -> i32) -> Option<Tensor> {
	let shape = broadcast(&[x.shape, y.shape], most)?;
	let values = if x.shape == y.shape {
		x.values.iter().zip(&y.values).map(|(x, y)| function(*x, *y)).collect()
	} else {
		places(x.shape, shape).zip(places(y.shape, shape)).map(|(i, j)| function(x.get(i), y.get(j))).collect()
	};
	Some(Tensor { shape, values })
}

/// Returns x where `x ≥ y`, z elsewhere.
fn choose([x, y, z]: [&Tensor; 3], most: usize) -> Option<Tensor> {
	let shape = broadcast(&[x.shape, y.shape, z.shape], most)?;
	let [i, j, k] = [x, y, z].map(|tensor| places(tensor.shape, shape));
	let entry = |((i, j), k)| if x.get(i) >= y.get(j) { x.get(i) } else { z.get(k) };
	Some(Tensor { shape, values: i.zip(j).zip(k).map(entry).collect() })
}

/// Returns the shape of the product of two matrices; `None` if the shapes do not fit or the result is too large.
pub(super) fn product_shape((rows, inner): Shape, (other, columns): Shape, most: usize) -> Option<Shape> {
	let shape = (rows, columns);
	(inner == other && entries(shape) <= most).then_some(shape)
}

/// Returns the product of two matrices.
fn product(x: &Tensor, y: &Tensor, shape: Shape) -> Tensor {
	let (inner, columns) = (x.shape.1, y.shape.1);
	let mut values = Vec::with_capacity(entries(shape));
	for row in x.values.chunks_exact(inner.max(1)) {
		for column in 0..columns {
			let terms = row.iter().zip(y.values.get(column..).unwrap_or(&[]).iter().step_by(columns.max(1)));
			let sum = terms.fold(0i64, |sum, (x, y)| sum.saturating_add(i64::from(*x).wrapping_mul((*y).into())));
			values.push(saturate(sum.saturating_add(1 << 15) >> super::fixed::FRAC));
		}
	}
	Tensor { shape, values }
}

/// Returns the tensor of a function of each row.
fn rows(x: &Tensor, function: impl Fn(&[i32], &mut [i32])) -> Tensor {
	let mut result = x.clone();
	if x.shape != (1, 1) {
		let columns = x.shape.1.max(1);
		let pairs = x.values.chunks_exact(columns).zip(result.values.chunks_exact_mut(columns));
		pairs.for_each(|(row, to)| function(row, to));
	}
	result
}

/// Returns the transpose of a matrix.
fn transpose(x: &Tensor) -> Tensor {
	let (rows, columns) = x.shape;
	let column = |column: usize| x.values.get(column..).unwrap_or(&[]).iter().step_by(columns.max(1)).copied();
	Tensor { shape: (columns, rows), values: (0..columns).flat_map(column).collect() }
}

/// Returns the reduction of a tensor along an axis.
fn reduce(x: &Tensor, axis: i32, function: impl Fn(&mut dyn Iterator<Item = i32>) -> i32) -> Tensor {
	let Some(groups) = Groups::new(x.shape, axis) else { return x.clone() };
	let values = groups.places().map(|places| function(&mut places.map(|at| x.get(at)))).collect();
	Tensor { shape: groups.shape, values }
}

/// Returns the sum of values.
fn sum(values: &mut dyn Iterator<Item = i32>) -> i64 {
	values.fold(0i64, |sum, x| sum.wrapping_add(x.into()))
}

/// Returns mean and standard deviation of a sample; 0 for the deviation of less than two values.
pub(super) fn deviation(values: impl Iterator<Item = i32> + Clone) -> (i32, i32) {
	let count = values.clone().count();
	let mean = mean(sum(&mut values.clone()), count) as i32;
	let squares = values.fold(0u128, |squares, x| {
		let distance = u128::from(i64::from(x).wrapping_sub(mean.into()).unsigned_abs());
		squares.saturating_add(distance.saturating_mul(distance))
	});
	let degrees = count.saturating_sub(1) as u128;
	let variance = u64::try_from(squares.checked_div(degrees).unwrap_or(0)).unwrap_or(u64::MAX);
	(mean, saturate(variance.isqrt() as i64))
}

/// Returns the mean of a function of two tensors over all entries; one if the shapes do not fit.
fn average(x: &Tensor, y: &Tensor, most: usize, function: impl Fn(i32, i32) -> i32) -> Tensor {
	let result = zip(x, y, most, function).map_or(ONE, |tensor| {
		let sum = sum(&mut tensor.values.iter().copied());
		mean(sum, tensor.values.len()) as i32
	});
	Tensor::scalar(result)
}

/// Returns a probability within the range in which its logarithm, and that of its complement, is defined.
pub(super) fn probability(x: i32) -> i32 {
	x.max(1).min(ONE.wrapping_sub(1))
}

/// Returns the binary cross-entropy of probability x against target y.
fn binary_cross_entropy(x: i32, y: i32) -> i32 {
	let p = probability(x);
	let rest = saturate(i64::from(ONE).wrapping_sub(y.into()));
	let part = multiply(y, ln(p));
	let other = multiply(rest, ln(ONE.wrapping_sub(p)));
	saturate(i64::from(part).wrapping_add(other.into()).wrapping_neg())
}
