//! Instructions of genomes: opcodes, operands, and their encoding.

use super::{fixed::LIMIT, GenomeError};
use alloc::vec::Vec;
use codec::{Decode, Encode, Input, Output};

/// General registers of the machine.
pub const REGISTERS: u8 = 20;
/// Register that a genome returns unless it says otherwise.
pub const RESULT: u8 = 9;
/// Reference to the first special register.
pub const FIRST_SPECIAL: u8 = 100;
/// Special registers of the machine: actual classes, scores, batch size, learning rate, 2⁻¹⁶, ones and zeros.
pub const SPECIALS: u8 = 7;
/// Special register of the actual classes: one for the class of a sample, zero for the others.
pub const TRUTH: u8 = 0;
/// Special register of the scores of the net.
pub const SCORES: u8 = 1;

/// Function of an opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
	/// `x + y`.
	Add,
	/// `x − y`.
	Sub,
	/// `x · y`.
	Mul,
	/// `x / y`.
	Div,
	/// `x^y`.
	Pow,
	/// `√max(x, 0)`.
	Sqrt,
	/// `ln max(x, 2⁻¹⁶)`.
	Log,
	/// `e^x`.
	Exp,
	/// `|x|`.
	Abs,
	/// `x²`.
	Square,
	/// `−x`.
	Negate,
	/// `1 / x`.
	Reciprocal,
	/// `x + c`.
	AddConst,
	/// `x · c`.
	MulConst,
	/// A special register.
	Load,
	/// The constant c.
	LoadConst,
	/// Product of two matrices; element by element where the shapes do not fit.
	MatMul,
	/// Transpose of a matrix.
	Transpose,
	/// A copy.
	Copy,
	/// Sum along an axis.
	Sum,
	/// Mean along an axis.
	Mean,
	/// Largest entry along an axis.
	Max,
	/// Smallest entry along an axis.
	Min,
	/// Standard deviation of a sample along an axis.
	Std,
	/// `max(x, 0)`.
	Relu,
	/// `1 / (1 + e^−x)`.
	Sigmoid,
	/// Hyperbolic tangent.
	Tanh,
	/// Softmax along the last axis.
	Softmax,
	/// `max(x, y)`.
	Maximum,
	/// Mean of `(x − y)²` over all entries.
	Mse,
	/// Mean of `|x − y|` over all entries.
	Mae,
	/// Mean of the binary cross-entropy of probabilities x against targets y, over all entries.
	Bce,
	/// One where `x > y`, zero elsewhere.
	Greater,
	/// One where `x ≥ y`, zero elsewhere.
	GreaterEqual,
	/// x where `x ≥ y`, the last operand elsewhere.
	Where,
	/// Continues at another instruction.
	Jump,
	/// Continues at another instruction if any entry differs from zero.
	JumpIf,
	/// Ends with the value of a register.
	Return,
	/// Ends with the value of register [`RESULT`].
	End,
}

impl Op {
	/// Returns the function of `code`; `None` for a code that the dialect does not have. Some ranges of codes share one function.
	pub fn of(code: u16) -> Option<Self> {
		Some(match code {
			1 => Op::Add,
			2 => Op::Sub,
			3 => Op::Mul,
			4 => Op::Div,
			5 => Op::Pow,
			6 => Op::Sqrt,
			7 => Op::Log,
			8 => Op::Exp,
			9 => Op::Abs,
			10 => Op::Square,
			11 => Op::Negate,
			12 => Op::Reciprocal,
			20 => Op::AddConst,
			21 => Op::MulConst,
			100 => Op::Load,
			101 => Op::LoadConst,
			102 => Op::MatMul,
			103 => Op::Transpose,
			110 => Op::Copy,
			200 => Op::Sum,
			202 => Op::Max,
			203 => Op::Min,
			205 => Op::Std,
			201 | 204 | 206..=249 => Op::Mean,
			250 => Op::Relu,
			251 => Op::Sigmoid,
			252 => Op::Tanh,
			253 => Op::Softmax,
			300 => Op::Maximum,
			254..=299 | 301..=349 => Op::Copy,
			351 => Op::Mae,
			352 => Op::Bce,
			350 | 353..=399 => Op::Mse,
			400 => Op::Greater,
			401 => Op::GreaterEqual,
			409 => Op::Where,
			450 => Op::Jump,
			451 => Op::JumpIf,
			453 => Op::Return,
			454 => Op::End,
			_ => return None,
		})
	}

	/// Returns the operands of the function, in the order of the seed's lists.
	pub fn operands(self) -> &'static [Operand] {
		use Operand::{Address, Axis, Constant, Read, Special, Write};
		match self {
			Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow | Op::MatMul | Op::Maximum => &[Read(1), Read(2), Write],
			Op::Mse | Op::Mae | Op::Bce | Op::Greater | Op::GreaterEqual => &[Read(1), Read(2), Write],
			Op::Sqrt | Op::Log | Op::Exp | Op::Abs | Op::Square | Op::Negate | Op::Reciprocal => &[Read(1), Write],
			Op::Transpose | Op::Copy | Op::Relu | Op::Sigmoid | Op::Tanh | Op::Softmax => &[Read(1), Write],
			Op::AddConst | Op::MulConst => &[Read(1), Constant, Write],
			Op::Load => &[Write, Special],
			Op::LoadConst => &[Write, Constant],
			Op::Sum | Op::Mean | Op::Max | Op::Min | Op::Std => &[Read(1), Axis, Write],
			Op::Where => &[Read(1), Read(2), Write, Read(RESULT)],
			Op::Jump => &[Address],
			Op::JumpIf => &[Read(1), Address],
			Op::Return => &[Read(RESULT)],
			Op::End => &[],
		}
	}

	/// Returns the cost of one entry of the result, forward and backward, in multiply-accumulates. A product of matrices adds up
	/// to `terms` products per entry.
	pub fn cost(self, terms: u64) -> u64 {
		match self {
			Op::Jump | Op::Return | Op::End => 1,
			Op::Load | Op::LoadConst | Op::Copy | Op::JumpIf => 10,
			Op::Add | Op::Sub | Op::Abs | Op::Negate | Op::AddConst | Op::Relu | Op::Maximum => 12,
			Op::Greater | Op::GreaterEqual | Op::Where | Op::Transpose => 14,
			Op::Sum | Op::Mean | Op::Max | Op::Min => 14,
			Op::Mul | Op::MulConst | Op::Square => 20,
			Op::Mse | Op::Mae => 28,
			Op::Exp => 40,
			Op::Log | Op::Sigmoid | Op::Tanh => 60,
			Op::Std => 80,
			Op::Softmax => 90,
			Op::Div | Op::Reciprocal => 100,
			Op::Sqrt => 120,
			Op::Bce => 180,
			Op::Pow => 220,
			Op::MatMul => terms.saturating_mul(6).saturating_add(20),
		}
	}
}

/// Kind of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
	/// Register that is read, with the one that a list of the seed means where it names none.
	Read(u8),
	/// Register that is written; [`RESULT`] where a list names none.
	Write,
	/// Number of a special register.
	Special,
	/// Constant, Q16.
	Constant,
	/// Axis of a reduction: 0 for the samples, another number for the classes, counted from the end if negative.
	Axis,
	/// Number of an instruction.
	Address,
}

impl Operand {
	/// Returns the value of an operand that a list of the seed leaves out; `None` where it must be there.
	pub fn when_missing(self) -> Option<i32> {
		match self {
			Operand::Read(register) => Some(register.into()),
			Operand::Write => Some(RESULT.into()),
			Operand::Constant => Some(super::fixed::ONE),
			Operand::Axis => Some(-1),
			Operand::Special => Some(0),
			Operand::Address => None,
		}
	}

	/// Checks that a value of the operand lies in its range, wherever the instruction is.
	///
	/// # Errors
	///
	/// Fails with the error that names the operand.
	pub fn check(self, value: i32) -> Result<(), GenomeError> {
		let (fine, error) = match self {
			Operand::Read(_) => {
				let specials = i32::from(FIRST_SPECIAL)..i32::from(FIRST_SPECIAL).saturating_add(SPECIALS.into());
				((0..i32::from(REGISTERS)).contains(&value) || specials.contains(&value), GenomeError::Register)
			}
			Operand::Write => ((0..i32::from(REGISTERS)).contains(&value), GenomeError::Register),
			Operand::Special => ((0..i32::from(SPECIALS)).contains(&value), GenomeError::Special),
			Operand::Constant => (value.unsigned_abs() <= LIMIT.unsigned_abs(), GenomeError::Constant),
			Operand::Axis => (i8::try_from(value).is_ok(), GenomeError::Axis),
			Operand::Address => (u8::try_from(value).is_ok(), GenomeError::Jump),
		};
		fine.then_some(()).ok_or(error)
	}

	/// Writes a value to an encoding: constants take four bytes, all others one.
	fn encode_to<O: Output + ?Sized>(self, value: i32, to: &mut O) {
		match self {
			Operand::Constant => value.encode_to(to),
			Operand::Axis => (value as i8).encode_to(to),
			Operand::Read(_) | Operand::Write | Operand::Special | Operand::Address => (value as u8).encode_to(to),
		}
	}

	/// Reads a value from an encoding.
	fn decode<I: Input>(self, from: &mut I) -> Result<i32, codec::Error> {
		match self {
			Operand::Constant => i32::decode(from),
			Operand::Axis => i8::decode(from).map(i32::from),
			Operand::Read(_) | Operand::Write | Operand::Special | Operand::Address => u8::decode(from).map(i32::from),
		}
	}
}

/// One instruction: a code, and a value for each of its [operands](Op::operands).
///
/// The encoding is the code in two bytes, then one byte per register, axis or address, and four per constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
	code: u16,
	op: Op,
	values: Vec<i32>,
}

impl Instruction {
	/// Creates an instruction.
	///
	/// # Errors
	///
	/// Fails with [`GenomeError::Opcode`] for an unknown code, with [`GenomeError::Operands`] for another number of operands than
	/// the code has, and with the error of the first operand that is out of its range.
	pub fn new(code: u16, values: Vec<i32>) -> Result<Self, GenomeError> {
		let op = Op::of(code).ok_or(GenomeError::Opcode)?;
		let operands = op.operands();
		if operands.len() != values.len() {
			return Err(GenomeError::Operands);
		}
		for (operand, value) in operands.iter().zip(&values) {
			operand.check(*value)?;
		}
		Ok(Self { code, op, values })
	}

	/// Reads an instruction from untrusted bytes.
	///
	/// # Errors
	///
	/// Fails with [`GenomeError::Malformed`] if the bytes end within the instruction, and with the errors of [`Instruction::new`].
	pub fn read<I: Input>(from: &mut I) -> Result<Self, GenomeError> {
		let code = u16::decode(from).map_err(|_| GenomeError::Malformed)?;
		let operands = Op::of(code).ok_or(GenomeError::Opcode)?.operands();
		let mut values = Vec::with_capacity(operands.len());
		for operand in operands {
			values.push(operand.decode(from).map_err(|_| GenomeError::Malformed)?);
		}
		Self::new(code, values)
	}

	/// Returns the code.
	pub fn code(&self) -> u16 {
		self.code
	}

	/// Returns the function.
	pub fn op(&self) -> Op {
		self.op
	}

	/// Returns the values of the operands.
	pub fn values(&self) -> &[i32] {
		&self.values
	}

	/// Returns the registers that the instruction reads, in order.
	pub fn reads(&self) -> impl Iterator<Item = u8> + '_ {
		let operands = self.op.operands().iter().zip(&self.values);
		operands.filter(|(operand, _)| matches!(operand, Operand::Read(_))).map(|(_, value)| *value as u8)
	}

	/// Returns the value of the first operand of a kind.
	fn value(&self, kind: Operand) -> Option<i32> {
		let mut operands = self.op.operands().iter().zip(&self.values);
		operands.find(|(operand, _)| **operand == kind).map(|(_, value)| *value)
	}

	/// Returns the register that the instruction writes.
	pub fn written(&self) -> Option<u8> {
		self.value(Operand::Write).map(|value| value as u8)
	}

	/// Returns the constant, the axis or the number of the special register of the instruction.
	pub fn parameter(&self) -> Option<i32> {
		self.value(Operand::Constant).or_else(|| self.value(Operand::Axis)).or_else(|| self.value(Operand::Special))
	}

	/// Returns the number of the instruction that the instruction can continue at.
	pub fn target(&self) -> Option<usize> {
		self.value(Operand::Address).map(|value| value as usize)
	}
}

impl Encode for Instruction {
	fn encode_to<O: Output + ?Sized>(&self, to: &mut O) {
		self.code.encode_to(to);
		self.op.operands().iter().zip(&self.values).for_each(|(operand, value)| operand.encode_to(*value, to));
	}
}
