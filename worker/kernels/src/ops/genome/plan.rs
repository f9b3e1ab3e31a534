//! The values that one path through a genome computes, and which of them a gradient needs.

use doin_scoring::{
	genome::{
		code::{Operand, FIRST_SPECIAL, REGISTERS, RESULT, SCORES, SPECIALS, TRUTH},
		fixed::{saturate, FRAC, ONE},
		machine::Shape,
		Instruction, Op,
	},
	Genome,
};

/// Learning rate that special register 3 holds: 0.001.
const LEARNING_RATE: i32 = 66;

/// Number of the node of the scores.
pub(super) const SCORES_NODE: usize = 0;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
	/// The scores of the net.
	Scores,
	/// One for the actual class of a sample, zero for the others.
	Truth,
	/// A constant in every entry.
	Constant(i32),
	/// A function of other values.
	Function(Op),
}

/// A value of a path.
#[derive(Clone, Debug)]
pub(super) struct Node {
	pub source: Source,
	/// Constant or axis of the function.
	pub parameter: i32,
	/// Values that the function reads; the scores for operands that it does not have.
	pub inputs: [usize; 3],
	/// Number of values that the function reads.
	pub reads: usize,
	pub shape: Shape,
	/// `true` if a gradient passes through the value to the scores.
	pub depends: bool,
	/// `true` if a gradient reaches the value.
	pub gradient: bool,
	/// `true` if a gradient, a jump or another such value needs the value.
	pub computed: bool,
}

/// A jump that depends on a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jump {
	/// Number of values before the jump.
	pub after: usize,
	/// Value that decides.
	pub node: usize,
	/// `true` if the path jumps.
	pub taken: bool,
}

/// One path through a genome.
#[derive(Clone, Debug)]
pub(super) struct Plan {
	pub nodes: Vec<Node>,
	pub jumps: Vec<Jump>,
	/// The returned value; `None` if register 9 is unset at the end.
	pub result: Option<usize>,
	/// Value of each register, and of each special register that was read, while the path is followed.
	registers: [Option<usize>; REGISTERS as usize],
	specials: [Option<usize>; SPECIALS as usize],
}

/// Returns the number of entries of a shape.
#[inline(always)]
pub(super) fn entries((rows, columns): Shape) -> usize {
	rows * columns
}

/// Returns the shape that shapes are broadcast to; `None` if they do not fit, or if the result has more than `most` entries.
fn broadcast(shapes: &[Shape], most: usize) -> Option<Shape> {
	let axis = |length: fn(&Shape) -> usize| {
		let longest = shapes.iter().map(length).find(|length| *length != 1).unwrap_or(1);
		shapes.iter().map(length).all(|length| length == 1 || length == longest).then_some(longest)
	};
	let shape = (axis(|shape| shape.0)?, axis(|shape| shape.1)?);
	(entries(shape) <= most).then_some(shape)
}

/// Axis that a reduction removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Along {
	/// A scalar stays as it is.
	Nothing,
	/// The rows of each column.
	Rows,
	/// The columns of each row.
	Columns,
}

impl Along {
	/// Returns the axis with the number `axis` of a tensor.
	pub(super) fn new(shape: Shape, axis: i32) -> Self {
		match axis {
			_ if shape == (1, 1) => Self::Nothing,
			1 | -1 => Self::Columns,
			_ => Self::Rows,
		}
	}
}

impl Plan {
	/// Returns the path of a genome on a batch of `shape` on which jumps that depend on a value are decided by `decisions`. Jumps beyond
	/// them are taken.
	pub(super) fn new(genome: &Genome, shape: Shape, decisions: &[bool]) -> Self {
		let mut plan = Self {
			nodes: Vec::new(),
			jumps: Vec::new(),
			result: None,
			registers: [None; REGISTERS as usize],
			specials: [None; SPECIALS as usize],
		};
		plan.push(Source::Scores, shape, true);
		plan.follow(genome, shape, decisions);
		plan.mark_gradients();
		plan.mark_values();
		plan
	}

	/// Adds a value without inputs, and returns its number.
	fn push(&mut self, source: Source, shape: Shape, depends: bool) -> usize {
		self.nodes.push(Node {
			source,
			parameter: 0,
			inputs: [SCORES_NODE; 3],
			reads: 0,
			shape,
			depends,
			gradient: false,
			computed: false,
		});
		self.nodes.len() - 1
	}

	/// Follows the path from the first instruction to the last one.
	fn follow(&mut self, genome: &Genome, shape: Shape, decisions: &[bool]) {
		let mut at = 0;
		while let Some(instruction) = genome.instructions.get(at) {
			let next = at + 1;
			let target = instruction.target().unwrap_or(next).max(next);
			at = match instruction.op() {
				Op::Jump => target,
				Op::JumpIf => {
					let [node, ..] = self.read(instruction, shape);
					let taken = decisions.get(self.jumps.len()).copied().unwrap_or(true);
					self.jumps.push(Jump { after: self.nodes.len(), node, taken });
					if taken {
						target
					} else {
						next
					}
				}
				Op::Return => {
					let [node, ..] = self.read(instruction, shape);
					self.result = Some(node);
					return;
				}
				Op::End => break,
				_ => {
					self.execute(instruction, shape);
					next
				}
			};
		}
		self.result = self.registers[usize::from(RESULT)];
	}

	/// Returns the value of a special register.
	fn special(&mut self, special: u8, shape: Shape) -> usize {
		if special == SCORES {
			return SCORES_NODE;
		}
		if let Some(node) = self.specials.get(usize::from(special)).copied().flatten() {
			return node;
		}
		let node = match special {
			TRUTH => self.push(Source::Truth, shape, false),
			2 => self.push(Source::Constant(saturate((shape.0 as i64) << FRAC)), (1, 1), false),
			3 => self.push(Source::Constant(LEARNING_RATE), (1, 1), false),
			4 => self.push(Source::Constant(1), (1, 1), false),
			5 => self.push(Source::Constant(ONE), shape, false),
			6 => self.push(Source::Constant(0), shape, false),
			_ => self.push(Source::Constant(0), (1, 1), false),
		};
		if let Some(place) = self.specials.get_mut(usize::from(special)) {
			*place = Some(node);
		}
		node
	}

	/// Returns the values that an instruction reads, and the scores for operands that it does not have.
	fn read(&mut self, instruction: &Instruction, shape: Shape) -> [usize; 3] {
		let mut nodes = [SCORES_NODE; 3];
		for (to, reference) in nodes.iter_mut().zip(instruction.reads()) {
			*to = match reference.checked_sub(FIRST_SPECIAL) {
				Some(special) => self.special(special, shape),
				None => match self.registers.get(usize::from(reference)).copied().flatten() {
					Some(node) => node,
					None => self.push(Source::Constant(0), (1, 1), false),
				},
			};
		}
		nodes
	}

	/// Adds the value of an instruction that writes a register. An instruction whose shapes do not fit changes nothing.
	fn execute(&mut self, instruction: &Instruction, shape: Shape) {
		let parameter = instruction.parameter().unwrap_or(0);
		let node = match instruction.op() {
			Op::Load => self.special(parameter as u8, shape),
			Op::LoadConst => self.push(Source::Constant(parameter), (1, 1), false),
			Op::Copy => self.read(instruction, shape)[0],
			op => {
				let inputs = self.read(instruction, shape);
				match self.function(op, inputs, parameter, entries(shape)) {
					Some(node) => node,
					None => return,
				}
			}
		};
		let written = instruction.written().and_then(|register| self.registers.get_mut(usize::from(register)));
		if let Some(place) = written {
			*place = Some(node);
		}
	}

	/// Adds the value of a function, and returns its number; `None` if the shapes do not fit.
	fn function(&mut self, op: Op, inputs: [usize; 3], parameter: i32, most: usize) -> Option<usize> {
		let [x, y, z] = inputs.map(|input| self.nodes[input].shape);
		let mut op = op;
		let shape = match op {
			Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow | Op::Maximum | Op::Greater | Op::GreaterEqual => {
				broadcast(&[x, y], most)?
			}
			Op::Where => broadcast(&[x, y, z], most)?,
			Op::MatMul if x.1 == y.0 && x.0 * y.1 <= most => (x.0, y.1),
			Op::MatMul => {
				op = Op::Mul;
				broadcast(&[x, y], most)?
			}
			Op::Mse | Op::Mae | Op::Bce => {
				if broadcast(&[x, y], most).is_none() {
					return Some(self.push(Source::Constant(ONE), (1, 1), false));
				}
				(1, 1)
			}
			Op::Transpose => (x.1, x.0),
			Op::Sum | Op::Mean | Op::Max | Op::Min | Op::Std => match Along::new(x, parameter) {
				Along::Nothing => x,
				Along::Rows => (1, x.1),
				Along::Columns => (x.0, 1),
			},
			_ => x,
		};
		let reads = op.operands().iter().filter(|operand| matches!(operand, Operand::Read(_))).count();
		// A comparison has no gradient.
		let depends =
			!matches!(op, Op::Greater | Op::GreaterEqual) && inputs.iter().take(reads).any(|input| self.nodes[*input].depends);
		let node = self.push(Source::Function(op), shape, depends);
		let added = &mut self.nodes[node];
		(added.parameter, added.inputs, added.reads) = (parameter, inputs, reads);
		Some(node)
	}

	/// Marks the values that a gradient reaches, and the values that their gradients are computed from.
	fn mark_gradients(&mut self) {
		if let Some(result) = self.result {
			self.nodes[result].gradient = self.nodes[result].depends;
		}
		for number in (0..self.nodes.len()).rev() {
			let Node { source: Source::Function(op), gradient: true, inputs, reads, .. } = self.nodes[number] else { continue };
			for (place, input) in inputs.into_iter().take(reads).enumerate() {
				// The second operand of a choice decides and nothing else.
				let reached = self.nodes[input].depends && !(op == Op::Where && place == 1);
				self.nodes[input].gradient |= reached;
			}
			let [x, y, _] = inputs;
			let (of_x, of_y) = (self.nodes[x].depends, reads > 1 && self.nodes[y].depends);
			let [own, first, second] = match op {
				Op::Mul | Op::MatMul => [false, of_y, of_x],
				Op::Div => [of_y, false, true],
				Op::Pow => [true, true, true],
				Op::Maximum | Op::Mse | Op::Mae | Op::Bce | Op::Where => [false, true, true],
				Op::Sqrt | Op::Reciprocal | Op::Max | Op::Min => [true, true, false],
				Op::Log | Op::Abs | Op::Square | Op::Relu | Op::Std => [false, true, false],
				Op::Exp | Op::Sigmoid | Op::Tanh | Op::Softmax => [true, false, false],
				_ => [false; 3],
			};
			self.nodes[number].computed |= own;
			self.nodes[x].computed |= first;
			self.nodes[y].computed |= second;
		}
	}

	/// Marks the values that jumps need, and those that marked values are computed from.
	fn mark_values(&mut self) {
		for jump in &self.jumps {
			self.nodes[jump.node].computed = true;
		}
		for number in (0..self.nodes.len()).rev() {
			let Node { computed: true, inputs, reads, .. } = self.nodes[number] else { continue };
			inputs.into_iter().take(reads).for_each(|input| self.nodes[input].computed = true);
		}
	}

	/// Returns `true` if the path starts with these decisions.
	pub(super) fn starts_with(&self, decisions: &[bool]) -> bool {
		self.jumps.len() >= decisions.len() && self.jumps.iter().zip(decisions).all(|(jump, decision)| jump.taken == *decision)
	}
}
