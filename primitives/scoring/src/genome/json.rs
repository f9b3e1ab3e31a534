//! Lists of the seed: `[[opcode, operand, …], …]`, without floating point.
//!
//! Numbers are read as exact decimals; a constant becomes the nearest Q16 number, halves away from zero. Operands that are left out
//! have the defaults of the dialect. The writer prints every operand, and a constant with as many decimals as identify it, so
//! writing what was written and read changes nothing.

use super::{
	code::{Op, Operand},
	fixed::{FRAC, LIMIT, ONE},
	Genome, GenomeError, Instruction, MAX_INSTRUCTIONS,
};
use alloc::{
	format,
	string::{String, ToString},
	vec::Vec,
};

/// Largest number of bytes of a text.
pub const MAX_TEXT: usize = 1 << 16;
/// Decimal places beyond which digits do not change the nearest Q16 number: a tie has 17.
const MAX_PLACES: u32 = 20;

/// Reads a genome from a list of the seed.
///
/// # Errors
///
/// Fails with [`GenomeError::Dialect`] for a list of other things than instructions of this dialect, e.g. objects or names of
/// functions, with [`GenomeError::Malformed`] for text that is not such a list, with [`GenomeError::Length`] for none or more than
/// 64 instructions, and with the errors of [`Instruction::new`].
///
/// ```
/// use doin_scoring::genome::{json, GenomeError};
/// let text = "[[100,1,0],[100,2,1],[20,2,0.5,3],[350,3,1,9],[453,9]]";
/// let genome = json::parse(text)?;
/// assert_eq!(json::print(&genome), text);
/// assert_eq!(json::parse("[]"), Err(GenomeError::Length));
/// assert_eq!(json::parse(r#"{"setup": []}"#), Err(GenomeError::Dialect));
/// # Ok::<_, GenomeError>(())
/// ```
pub fn parse(text: &str) -> Result<Genome, GenomeError> {
	if text.len() > MAX_TEXT {
		return Err(GenomeError::Length);
	}
	let mut reader = Reader { rest: text.as_bytes() };
	reader.open()?;
	let mut instructions = Vec::new();
	if !reader.takes(b']') {
		loop {
			if instructions.len() >= MAX_INSTRUCTIONS {
				return Err(GenomeError::Length);
			}
			instructions.push(reader.instruction()?);
			if reader.ends()? {
				break;
			}
		}
	}
	if reader.peek().is_some() {
		return Err(GenomeError::Malformed);
	}
	if instructions.is_empty() {
		return Err(GenomeError::Length);
	}
	Ok(Genome::new(instructions))
}

/// Returns the list of the seed that stands for a genome.
pub fn print(genome: &Genome) -> String {
	let instructions: Vec<String> = genome.instructions.iter().map(print_instruction).collect();
	format!("[{}]", instructions.join(","))
}

/// Returns the list of one instruction.
fn print_instruction(instruction: &Instruction) -> String {
	let mut parts = alloc::vec![instruction.code().to_string()];
	for (operand, value) in instruction.op().operands().iter().zip(instruction.values()) {
		parts.push(if *operand == Operand::Constant { decimal(*value) } else { value.to_string() });
	}
	format!("[{}]", parts.join(","))
}

/// Returns the shortest of the decimals with up to five places that are nearest to a Q16 number.
///
/// ```
/// use doin_scoring::genome::json::decimal;
/// assert_eq!([1, 32_768, -65_536, 6_554].map(decimal), ["0.00002", "0.5", "-1", "0.1"]);
/// ```
pub fn decimal(value: i32) -> String {
	let size = u64::from(value.unsigned_abs());
	let sign = if value < 0 { "-" } else { "" };
	let mut text = String::new();
	let mut scale = 1u64;
	for places in 0..=5usize {
		// Below 2³⁰ · 10⁵.
		let scaled = size.saturating_mul(scale).saturating_add(1 << (FRAC - 1)) >> FRAC;
		let (whole, part) = (scaled.checked_div(scale).unwrap_or(0), scaled.checked_rem(scale).unwrap_or(0));
		text = if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part:0places$}") };
		let back = Decimal { negative: false, digits: scaled.into(), places: places as u32 };
		if back.q16() == Some(size as i64) {
			break;
		}
		scale = scale.saturating_mul(10);
	}
	text
}

/// A decimal number.
#[derive(Clone, Copy)]
struct Decimal {
	negative: bool,
	/// Digits before and after the point.
	digits: u128,
	/// Number of digits after the point.
	places: u32,
}

impl Decimal {
	/// Returns the value if it is an integer.
	fn integer(self) -> Option<i64> {
		let divisor = 10u128.checked_pow(self.places)?;
		let whole = i64::try_from(self.digits.checked_div(divisor)?).ok()?;
		(self.digits.checked_rem(divisor)? == 0).then_some(if self.negative { whole.saturating_neg() } else { whole })
	}

	/// Returns the nearest Q16 number, halves away from zero; `None` if it is beyond 64 bits.
	fn q16(self) -> Option<i64> {
		let divisor = 10u128.checked_pow(self.places)?;
		let scaled = self.digits.checked_mul(ONE as u128)?;
		let rounded = scaled.checked_add(divisor >> 1)?.checked_div(divisor)?;
		let size = i64::try_from(rounded).ok()?;
		Some(if self.negative { size.saturating_neg() } else { size })
	}
}

/// The rest of a text.
struct Reader<'a> {
	rest: &'a [u8],
}

impl Reader<'_> {
	/// Returns the next byte that is not white space, without taking it.
	fn peek(&mut self) -> Option<u8> {
		while let Some((first, rest)) = self.rest.split_first() {
			if !first.is_ascii_whitespace() {
				return Some(*first);
			}
			self.rest = rest;
		}
		None
	}

	/// Takes the next byte if it is `byte`.
	fn takes(&mut self, byte: u8) -> bool {
		let found = self.peek() == Some(byte);
		if found {
			self.skip();
		}
		found
	}

	/// Takes one byte.
	fn skip(&mut self) {
		self.rest = self.rest.get(1..).unwrap_or(&[]);
	}

	/// Takes the bracket that opens a list. Objects, texts and names are of other dialects.
	fn open(&mut self) -> Result<(), GenomeError> {
		match self.peek() {
			Some(b'[') => {
				self.skip();
				Ok(())
			}
			Some(byte) if byte == b'{' || byte == b'"' || byte.is_ascii_alphanumeric() => Err(GenomeError::Dialect),
			_ => Err(GenomeError::Malformed),
		}
	}

	/// Takes a comma or the bracket that closes a list, and returns `true` for the bracket.
	fn ends(&mut self) -> Result<bool, GenomeError> {
		let end = self.takes(b']');
		if end || self.takes(b',') {
			Ok(end)
		} else {
			Err(GenomeError::Malformed)
		}
	}

	/// Takes an instruction.
	fn instruction(&mut self) -> Result<Instruction, GenomeError> {
		self.open()?;
		let code = self.number()?.integer().and_then(|code| u16::try_from(code).ok()).ok_or(GenomeError::Opcode)?;
		let op = Op::of(code).ok_or(GenomeError::Opcode)?;
		let mut numbers = Vec::new();
		while !self.ends()? {
			if numbers.len() >= op.operands().len() {
				return Err(GenomeError::Operands);
			}
			numbers.push(self.number()?);
		}
		let mut values = Vec::new();
		for (at, operand) in op.operands().iter().enumerate() {
			values.push(match numbers.get(at) {
				Some(number) => value(*operand, *number)?,
				None => operand.when_missing().ok_or(GenomeError::Operands)?,
			});
		}
		Instruction::new(code, values)
	}

	/// Takes a number.
	fn number(&mut self) -> Result<Decimal, GenomeError> {
		match self.peek() {
			Some(b'-' | b'0'..=b'9') => {}
			Some(b'"' | b'[' | b'{' | b'a'..=b'z' | b'A'..=b'Z') => return Err(GenomeError::Dialect),
			_ => return Err(GenomeError::Malformed),
		}
		let negative = self.takes(b'-');
		let mut number = Decimal { negative, digits: 0, places: 0 };
		let whole = self.digits(&mut number, false)?;
		let mut part = 1;
		if self.rest.first() == Some(&b'.') {
			self.skip();
			part = self.digits(&mut number, true)?;
		}
		if whole == 0 || part == 0 {
			return Err(GenomeError::Malformed);
		}
		if matches!(self.rest.first(), Some(b'e' | b'E')) {
			self.skip();
			self.exponent(&mut number)?;
		}
		Ok(number)
	}

	/// Takes digits, which stand behind the point if `part` is set, and returns their number. Digits behind the point that do not
	/// change the nearest Q16 number are dropped.
	fn digits(&mut self, number: &mut Decimal, part: bool) -> Result<u32, GenomeError> {
		let mut count = 0u32;
		while let Some(digit @ b'0'..=b'9') = self.rest.first().copied() {
			self.skip();
			count = count.saturating_add(1);
			if part && number.places >= MAX_PLACES {
				continue;
			}
			let digit = u128::from(digit.saturating_sub(b'0'));
			let digits = number.digits.checked_mul(10).and_then(|digits| digits.checked_add(digit));
			number.digits = digits.ok_or(GenomeError::Constant)?;
			number.places = number.places.saturating_add(part.into());
		}
		Ok(count)
	}

	/// Takes an exponent of ten.
	fn exponent(&mut self, number: &mut Decimal) -> Result<(), GenomeError> {
		let negative = match self.rest.first() {
			Some(sign @ (b'+' | b'-')) => {
				let negative = *sign == b'-';
				self.skip();
				negative
			}
			_ => false,
		};
		let mut exponent = Decimal { negative: false, digits: 0, places: 0 };
		if self.digits(&mut exponent, false)? == 0 {
			return Err(GenomeError::Malformed);
		}
		for _ in 0..exponent.digits.min(40) {
			if negative {
				// A quotient that is cut is 0 as a Q16 number, or keeps more places than count.
				match number.places {
					30.. => number.digits = number.digits.checked_div(10).unwrap_or(0),
					places => number.places = places.saturating_add(1),
				}
			} else if let Some(places) = number.places.checked_sub(1) {
				number.places = places;
			} else {
				number.digits = number.digits.checked_mul(10).ok_or(GenomeError::Constant)?;
			}
		}
		Ok(())
	}
}

/// Returns the value of an operand.
fn value(operand: Operand, number: Decimal) -> Result<i32, GenomeError> {
	let value = match operand {
		Operand::Constant => number.q16().filter(|value| value.unsigned_abs() <= u64::from(LIMIT.unsigned_abs())),
		_ => number.integer(),
	};
	let error = match operand {
		Operand::Constant => GenomeError::Constant,
		Operand::Read(_) | Operand::Write => GenomeError::Register,
		Operand::Special => GenomeError::Special,
		Operand::Axis => GenomeError::Axis,
		Operand::Address => GenomeError::Jump,
	};
	value.and_then(|value| i32::try_from(value).ok()).ok_or(error)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn constants_are_exact_decimals() {
		let constant = |text: &str| parse(&format!("[[101,9,{text}]]")).map(|genome| genome.instructions[0].values()[1]);
		for (text, value) in [
			("0.5", 32_768),
			("-1", -65_536),
			("1e-3", 66),
			("1.5E+1", 983_040),
			("0.0000076293945312", 0),
			("0.0000076293945313", 1),
			("16384", LIMIT),
			("0.100000000000000000000000000000000000000001", 6_554),
			("1e-40", 0),
		] {
			assert_eq!(constant(text), Ok(value), "{text}");
		}
		for text in ["16384.00001", "-16385", "1e30", "99999999999999999999"] {
			assert_eq!(constant(text), Err(GenomeError::Constant), "{text}");
		}
		for text in ["", ".5", "1.", "-", "+1", "1e", "0x1"] {
			assert_eq!(constant(text), Err(GenomeError::Malformed), "{text}");
		}
	}

	#[test]
	fn every_q16_number_is_read_from_what_is_written() {
		for value in (0..200_000).chain((0..1_000).map(|at| LIMIT - at * 997)).flat_map(|value| [value, -value]) {
			let text = format!("[[101,9,{}]]", decimal(value));
			assert_eq!(parse(&text).unwrap().instructions[0].values(), [9, value], "{text}");
		}
	}

	#[test]
	fn operands_that_are_left_out_have_defaults() {
		assert_eq!(
			print(&parse("[[1],[20,3],[200],[409],[453]]").unwrap()),
			"[[1,1,2,9],[20,3,1,9],[200,1,-1,9],[409,1,2,9,9],[453,9]]"
		);
		assert_eq!(parse("[[450]]"), Err(GenomeError::Operands), "a jump has no default");
	}

	#[test]
	fn other_texts_are_refused_by_name() {
		let long = format!("[{}]", ["[1,1,2,9]"; 65].join(","));
		for (text, error) in [
			("", GenomeError::Malformed),
			("[", GenomeError::Malformed),
			("[[1,1,2,9]", GenomeError::Malformed),
			("[[1,1,2,9]] x", GenomeError::Malformed),
			("[[1 1 2 9]]", GenomeError::Malformed),
			("[[1,1,2,9],]", GenomeError::Malformed),
			("[]", GenomeError::Length),
			(&long, GenomeError::Length),
			("[1,2,3]", GenomeError::Dialect),
			("{\"setup\":[[1]]}", GenomeError::Dialect),
			("[[\"ADD\",1,2,9]]", GenomeError::Dialect),
			("[{\"op\":1}]", GenomeError::Dialect),
			("add(x, y)", GenomeError::Dialect),
			("[[13,1,2]]", GenomeError::Opcode),
			("[[1.5,1,2,9]]", GenomeError::Opcode),
			("[[-1]]", GenomeError::Opcode),
			("[[1,1,2,9,4]]", GenomeError::Operands),
			("[[1,20,2,9]]", GenomeError::Register),
			("[[1,1,2,100]]", GenomeError::Register),
			("[[1,107,2,9]]", GenomeError::Register),
			("[[1,1.5,2,9]]", GenomeError::Register),
			("[[100,1,7]]", GenomeError::Special),
			("[[200,1,128,9]]", GenomeError::Axis),
			("[[450,256]]", GenomeError::Jump),
			("[[450,-1]]", GenomeError::Jump),
		] {
			assert_eq!(parse(text), Err(error), "{text}");
		}
	}
}
