//! Loss genomes: small programs of a register machine that compute a loss, in fixed point, with its gradient.
//!
//! A genome reads the actual classes and the scores of a batch and computes a loss. Training follows its gradient, and the genome
//! is scored by the mistakes of the trained nets. The machine is that of the seed's miners, with every undefined case defined and
//! floats replaced by saturating Q16 numbers:
//!
//! 1. [`code`] has the opcodes and their operands, [`json`] reads and writes the lists of the seed,
//! 2. [`Genome::check`] admits a genome, from its instructions alone and on a fixed [`probe`],
//! 3. [`machine`] runs it on a batch, [`reverse`] computes the gradient along the path that was taken,
//! 4. [`formula`] prints it as mathematics.
//!
//! # The machine
//!
//! - Registers 0 to 19 hold tensors of rows and columns and start unset; an unset register reads as the scalar 0. References 100 to
//!   106 read special registers.
//! - Tensors are samples × classes. A reduction keeps its axis with length one, and shapes are broadcast along axes of length one.
//!   No tensor has more entries than the batch: an instruction whose shapes do not fit, or whose result would be larger, is
//!   skipped. A mean squared, mean absolute or binary cross-entropy error whose shapes do not fit is the constant 1, and a product
//!   of matrices whose shapes do not fit multiplies entries.
//! - Jumps lead forwards only, so a run takes at most as many steps as there are instructions.
//! - The loss is the mean of the returned tensor.
//! - Values saturate at ±2¹⁴. No operation has an undefined result: [`fixed`] states the limits.
//! - Derivatives at kinks are those of the first operand for a maximum, and zero for `|x|` and `max(x, 0)`. Saturation does not
//!   change a derivative.

pub mod code;
pub mod fixed;
pub mod formula;
pub mod json;
pub mod library;
pub mod machine;
pub mod probe;
pub mod reverse;
pub mod runs;
pub mod tables;

pub use code::{Instruction, Op};
pub use machine::Batch;
pub use reverse::{loss_gradient, LossGradient};
pub use runs::{RunError, TrainingRuns};

use alloc::vec::Vec;
use code::{REGISTERS, RESULT};
use codec::{Compact, Decode, DecodeWithMemTracking, Encode, Input, Output};
use scale_info::TypeInfo;

/// Maximum number of instructions of a genome.
pub const MAX_INSTRUCTIONS: usize = 64;
/// Cost of one entry of the batch beside the instructions, in multiply-accumulates: making scores and classes of it, and scaling
/// the gradient.
pub const ENTRY_MACS: u64 = 16;
/// Number of the dialect of this machine, the first byte of an encoding.
pub const DIALECT: u8 = 1;

/// A loss as a program of the register machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genome {
	/// Instructions, in order.
	pub instructions: Vec<Instruction>,
}

/// Reason for which a genome is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum GenomeError {
	/// The bytes or the text are not a genome, or something is left over.
	Malformed,
	/// The genome is of another dialect.
	Dialect,
	/// The genome has no instruction, or more than 64.
	Length,
	/// The dialect has no such opcode.
	Opcode,
	/// An instruction has too many operands, or lacks one that has no default.
	Operands,
	/// A register lies outside 0..=19, or a reference that is read outside 100..=106 as well.
	Register,
	/// The number of a special register lies outside 0..=6.
	Special,
	/// A constant lies outside ±2¹⁴.
	Constant,
	/// An axis lies outside −128..=127.
	Axis,
	/// A jump leads backwards, to itself or out of the genome.
	Jump,
	/// The genome can end without a value in register 9.
	NoResult,
	/// The gradient is zero for every output on the probe.
	ZeroGradient,
}

impl Genome {
	/// Creates a genome from instructions. [`Genome::check`] decides whether it is admitted.
	pub fn new(instructions: Vec<Instruction>) -> Self {
		Self { instructions }
	}

	/// Checks that a domain of loss genomes can admit the genome; its cost is compared with the limits of the domain elsewhere.
	///
	/// # Errors
	///
	/// Fails with the first fault found: length, jumps, the result, then the gradient on the probe.
	pub fn check(&self) -> Result<(), GenomeError> {
		self.check_paths()?;
		let gradient = probe::gradient(self).gradient;
		gradient.iter().any(|gradient| *gradient != 0).then_some(()).ok_or(GenomeError::ZeroGradient)
	}

	/// Checks length and jumps, and that register 9 has been written wherever the genome ends with it.
	///
	/// # Errors
	///
	/// Fails with [`GenomeError::Length`], [`GenomeError::Jump`] or [`GenomeError::NoResult`].
	pub fn check_paths(&self) -> Result<(), GenomeError> {
		let len = self.instructions.len();
		if !(1..=MAX_INSTRUCTIONS).contains(&len) {
			return Err(GenomeError::Length);
		}
		// Registers that every path to an instruction has written, as bits; `None` for an instruction that no path reaches.
		let mut written: Vec<Option<u32>> = alloc::vec![None; len.saturating_add(1)];
		let join = |place: Option<&mut Option<u32>>, registers: u32| {
			if let Some(place) = place {
				*place = Some(place.unwrap_or(u32::MAX) & registers);
			}
		};
		join(written.first_mut(), 0);
		for (at, instruction) in self.instructions.iter().enumerate() {
			let next = at.saturating_add(1);
			let target = instruction.target();
			if target.is_some_and(|target| target < next || target >= len) {
				return Err(GenomeError::Jump);
			}
			let Some(mut registers) = written.get(at).copied().flatten() else { continue };
			if let Some(register) = instruction.written().filter(|register| *register < REGISTERS) {
				registers |= 1u32.wrapping_shl(register.into());
			}
			if let Some(target) = target {
				join(written.get_mut(target), registers);
			}
			match instruction.op() {
				Op::Jump | Op::Return => {}
				Op::End => ensure_result(registers)?,
				_ => join(written.get_mut(next), registers),
			}
		}
		written.last().copied().flatten().map_or(Ok(()), ensure_result)
	}

	/// Returns the cost of one entry of a batch of `samples` samples and `classes` classes, forward and backward, in
	/// multiply-accumulates. Every instruction counts as if it were executed and its result were as large as the batch.
	pub fn entry_cost(&self, samples: u16, classes: u16) -> u64 {
		let terms = u64::from(samples.max(classes));
		self.instructions.iter().fold(ENTRY_MACS, |sum, instruction| sum.saturating_add(instruction.op().cost(terms)))
	}

	/// Decodes a genome. Every genome has exactly one encoding. Safe for untrusted bytes: memory is taken for at most 64
	/// instructions.
	///
	/// # Errors
	///
	/// Fails with [`GenomeError::Dialect`], with [`GenomeError::Length`], and with the errors of [`Instruction::read`].
	pub fn decode_from<I: Input>(input: &mut I) -> Result<Self, GenomeError> {
		let dialect = u8::decode(input).map_err(|_| GenomeError::Malformed)?;
		if dialect != DIALECT {
			return Err(GenomeError::Dialect);
		}
		let len = Compact::<u32>::decode(input).map_err(|_| GenomeError::Malformed)?.0 as usize;
		if !(1..=MAX_INSTRUCTIONS).contains(&len) {
			return Err(GenomeError::Length);
		}
		let mut instructions = Vec::with_capacity(len);
		for _ in 0..len {
			instructions.push(Instruction::read(input)?);
		}
		Ok(Self { instructions })
	}
}

impl Encode for Genome {
	fn encode_to<O: Output + ?Sized>(&self, to: &mut O) {
		DIALECT.encode_to(to);
		self.instructions.encode_to(to);
	}
}

impl Decode for Genome {
	fn decode<I: Input>(input: &mut I) -> Result<Self, codec::Error> {
		Self::decode_from(input).map_err(|_| "not a genome".into())
	}
}

/// Returns `Ok` if register [`RESULT`] is among `registers`.
fn ensure_result(registers: u32) -> Result<(), GenomeError> {
	(registers & (1 << RESULT) != 0).then_some(()).ok_or(GenomeError::NoResult)
}
