//! Loss genomes as points of a space, so that every optimizer can search them.
//!
//! A genome is a list of slots with seven genes each, and returns register 9 behind them. Gene `op` is the instruction, or the end of
//! the list; the genes behind an end are not used, and neither are operands that an instruction lacks, so that equal genomes are
//! equal points.
//!
//! | gene | of slot 3 | values |
//! |---|---|---|
//! | instruction | `op3` | 0 for the end, else a [form](FORMS) |
//! | operands that are read | `x3`, `y3`, `z3` | registers 0 to 19, then the special registers |
//! | register that is written | `to3` | 0 to 19 |
//! | constant | `c3` | Q16 |
//! | jump | `skip3` | instructions ahead; beyond the end, it leads to the end |

use crate::{GeneRange, SearchError, Space};
use doin_scoring::genome::{
	code::{Op, Operand, FIRST_SPECIAL, REGISTERS, RESULT, SPECIALS},
	fixed::LIMIT,
	Genome, GenomeError, Instruction, MAX_INSTRUCTIONS,
};

/// Slots of a genome: the last instruction returns register 9.
pub const SLOTS: usize = MAX_INSTRUCTIONS - 1;
/// Genes of a slot.
pub(crate) const GENES: usize = 7;
/// Place of the instruction among the genes of a slot.
pub(crate) const OP: usize = 0;
/// Place of the first operand that is read; the others follow.
pub(crate) const READ: usize = 1;
/// Place of the register that is written.
pub(crate) const TO: usize = 4;
/// Place of the constant.
pub(crate) const CONSTANT: usize = 5;
/// Place of the length of a jump.
pub(crate) const SKIP: usize = 6;
/// Names of the genes of a slot.
const NAMES: [&str; GENES] = ["op", "x", "y", "z", "to", "c", "skip"];
/// Values of an operand that is read.
pub(crate) const REFERENCES: u32 = REGISTERS as u32 + SPECIALS as u32;
/// Opcode that returns a register.
const RETURN: u16 = 453;

/// Genes of one slot.
pub(crate) type Slot = [i64; GENES];

/// An instruction without its operands. The axis of a reduction belongs to it; other instructions have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
	/// Opcode of the instruction.
	pub code: u16,
	/// Axis of a reduction.
	pub axis: i32,
}

/// Returns the form of an opcode.
const fn form(code: u16) -> Form {
	Form { code, axis: 0 }
}

/// Returns the form of a reduction along the classes.
const fn by_class(code: u16) -> Form {
	Form { code, axis: -1 }
}

/// Instructions that gene `op` numbers from 1 on. Loading a special register is a copy of it, and a jump is one on the condition that
/// ones differ from zero.
pub const FORMS: [Form; 39] = [
	form(1),
	form(2),
	form(3),
	form(4),
	form(5),
	form(300),
	form(400),
	form(401),
	form(102),
	form(6),
	form(7),
	form(8),
	form(9),
	form(10),
	form(11),
	form(12),
	form(103),
	form(110),
	form(250),
	form(251),
	form(252),
	form(253),
	form(200),
	by_class(200),
	form(201),
	by_class(201),
	form(202),
	by_class(202),
	form(203),
	by_class(203),
	form(205),
	by_class(205),
	form(350),
	form(351),
	form(352),
	form(20),
	form(21),
	form(101),
	form(409),
];
/// Value of gene `op` of a conditional jump.
pub(crate) const JUMP_IF: i64 = FORMS.len() as i64 + 1;
/// Value of gene `op` of a return.
pub(crate) const RETURNS: i64 = FORMS.len() as i64 + 2;

impl Form {
	/// Returns the form that gene `op` numbers; `None` for the end.
	pub(crate) fn numbered(op: i64) -> Option<Self> {
		match op {
			JUMP_IF => Some(form(451)),
			RETURNS => Some(form(RETURN)),
			_ => FORMS.get(usize::try_from(op).ok()?.checked_sub(1)?).copied(),
		}
	}

	/// Returns the operands.
	pub(crate) fn operands(self) -> &'static [Operand] {
		Op::of(self.code).map_or(&[], Op::operands)
	}

	/// Returns the places of the genes that the form uses beside its own.
	pub(crate) fn places(self) -> impl Iterator<Item = usize> {
		let mut reads = READ;
		self.operands().iter().filter_map(move |operand| match operand {
			Operand::Read(_) => {
				reads += 1;
				Some(reads - 1)
			}
			Operand::Write => Some(TO),
			Operand::Constant => Some(CONSTANT),
			Operand::Address => Some(SKIP),
			Operand::Axis | Operand::Special => None,
		})
	}
}

/// Returns the space of all genomes.
///
/// # Errors
/// Errors as [`Space::new`] does, which it does not for these genes.
///
/// ```
/// use doin_search::program;
/// use doin_scoring::genome::{json, library};
///
/// let genes = program::genes(&library::cross_entropy()).expect("it has 8 instructions");
/// assert_eq!(program::space()?.check(&genes), Ok(()));
/// let genome = program::genome(&genes).expect("a genome");
/// assert_eq!(json::print(&genome), "[[110,100,1],[110,101,2],[253,2,3],[7,3,3],[3,1,3,3],[200,3,-1,3],[11,3,9],[453,9]]");
/// # Ok::<(), doin_search::SearchError>(())
/// ```
pub fn space() -> Result<Space, SearchError> {
	let forms = FORMS.len() as u32 + 3;
	let using = |place: usize| -> Vec<i64> {
		let uses = |op: &i64| Form::numbered(*op).is_some_and(|form| form.places().any(|used| used == place));
		(1..i64::from(forms)).filter(uses).collect()
	};
	let used: Vec<Vec<i64>> = (0..GENES).map(using).collect();
	let every: Vec<i64> = (1..i64::from(forms)).collect();
	let mut genes = Vec::with_capacity(SLOTS * GENES);
	for slot in 0..SLOTS {
		let named = |place: usize| format!("{}{slot}", NAMES[place]);
		for (place, forms_with) in used.iter().enumerate() {
			let name = named(place);
			let (range, condition) = match place {
				OP => (
					GeneRange::category(&name, forms),
					slot.checked_sub(1).map(|before| (format!("{}{before}", NAMES[OP]), &every)),
				),
				TO => (GeneRange::category(&name, REGISTERS.into()), Some((named(OP), forms_with))),
				CONSTANT => (GeneRange::linear(&name, -i64::from(LIMIT), LIMIT.into()), Some((named(OP), forms_with))),
				SKIP => (GeneRange::linear(&name, 1, SLOTS as i64), Some((named(OP), forms_with))),
				_ => (GeneRange::category(&name, REFERENCES), Some((named(OP), forms_with))),
			};
			genes.push(match condition {
				Some((gene, values)) => range.used_if(&gene, values),
				None => range,
			});
		}
	}
	Space::new(genes)
}

/// Returns the slots of a point before its end.
pub(crate) fn slots(genes: &[i64]) -> Vec<Slot> {
	genes.as_chunks::<GENES>().0.iter().take_while(|slot| slot[OP] != 0).copied().collect()
}

/// Returns the point of these slots, at most [`SLOTS`], in the canonical form of `space`.
pub(crate) fn point(slots: &[Slot], space: &Space) -> Vec<i64> {
	let unused: Slot = [0, 0, 0, 0, 0, 0, 1];
	let all = slots.iter().copied().chain(std::iter::repeat(unused));
	space.canonical(all.take(SLOTS).flatten().collect())
}

/// Returns the genome of a point.
///
/// # Errors
/// Errors with the fault of the first gene that is out of its bounds. [`Genome::check`] decides whether a domain admits the genome.
pub fn genome(genes: &[i64]) -> Result<Genome, GenomeError> {
	let slots = slots(genes);
	let mut instructions = Vec::with_capacity(slots.len() + 1);
	for (at, slot) in slots.iter().enumerate() {
		instructions.push(instruction(slot, at, slots.len())?);
	}
	instructions.push(Instruction::new(RETURN, vec![RESULT.into()])?);
	Ok(Genome::new(instructions))
}

/// Returns the instruction of a slot at place `at` of `len`.
fn instruction(slot: &Slot, at: usize, len: usize) -> Result<Instruction, GenomeError> {
	let form = Form::numbered(slot[OP]).ok_or(GenomeError::Opcode)?;
	let mut places = form.places();
	let mut values = Vec::with_capacity(form.operands().len());
	for operand in form.operands() {
		let value = match operand {
			Operand::Axis => i64::from(form.axis),
			Operand::Special => 0,
			_ => slot[places.next().unwrap_or(OP)],
		};
		let value = match operand {
			Operand::Read(_) if value >= i64::from(REGISTERS) => value - i64::from(REGISTERS) + i64::from(FIRST_SPECIAL),
			Operand::Address => (at as i64).saturating_add(value).min(len as i64),
			_ => value,
		};
		values.push(i32::try_from(value).map_err(|_| GenomeError::Constant)?);
	}
	Instruction::new(form.code, values)
}

/// Returns the point of a genome, which stands for an equal function; `None` if it has more than [`SLOTS`] instructions before its
/// last return.
pub fn genes(genome: &Genome) -> Option<Vec<i64>> {
	let mut body = &genome.instructions[..];
	if let [before @ .., last] = body {
		let returns_result = last.op() == Op::End || (last.op() == Op::Return && last.values() == [i32::from(RESULT)]);
		if returns_result {
			body = before;
		}
	}
	if body.len() > SLOTS {
		return None;
	}
	let slots: Option<Vec<Slot>> = body.iter().enumerate().map(|(at, instruction)| slot(instruction, at)).collect();
	Some(point(&slots?, &space().ok()?))
}

/// Returns the slot of an instruction at place `at`.
fn slot(instruction: &Instruction, at: usize) -> Option<Slot> {
	let reference = |value: i32| match value.checked_sub(FIRST_SPECIAL.into()) {
		Some(special) if special >= 0 => i64::from(special) + i64::from(REGISTERS),
		_ => i64::from(value),
	};
	let target = instruction.target().map(|target| target.saturating_sub(at) as i64);
	let mut slot: Slot = [0, 0, 0, 0, 0, 0, 1];
	match instruction.op() {
		Op::Load => {
			slot[OP] = numbered(Op::Copy, 0)?;
			slot[READ] = i64::from(instruction.parameter()?) + i64::from(REGISTERS);
			slot[TO] = i64::from(instruction.written()?);
		}
		Op::Jump => {
			// Special register 5 has ones.
			(slot[OP], slot[READ], slot[SKIP]) = (JUMP_IF, i64::from(REGISTERS) + 5, target?);
		}
		Op::End => (slot[OP], slot[READ]) = (RETURNS, i64::from(RESULT)),
		op => {
			let axis = if matches!(instruction.parameter(), Some(1 | -1)) { -1 } else { 0 };
			slot[OP] = numbered(op, axis)?;
			let operands = op.operands().iter().zip(instruction.values());
			let mut reads = READ;
			for (operand, value) in operands {
				match operand {
					Operand::Read(_) => {
						slot[reads] = reference(*value);
						reads += 1;
					}
					Operand::Write => slot[TO] = i64::from(*value),
					Operand::Constant => slot[CONSTANT] = i64::from(*value),
					Operand::Address => slot[SKIP] = target?,
					Operand::Axis | Operand::Special => {}
				}
			}
		}
	}
	Some(slot)
}

/// Returns the number of the form of a function, of a reduction along `axis`.
fn numbered(op: Op, axis: i32) -> Option<i64> {
	match op {
		Op::JumpIf => return Some(JUMP_IF),
		Op::Return => return Some(RETURNS),
		_ => {}
	}
	let is_reduction = op.operands().contains(&Operand::Axis);
	let is_form = |form: &Form| Op::of(form.code) == Some(op) && (!is_reduction || form.axis == axis);
	FORMS.iter().position(is_form).map(|at| at as i64 + 1)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::random::Random;
	use doin_scoring::genome::{json, library, probe};
	use std::collections::BTreeSet;

	#[test]
	fn every_function_of_the_machine_has_one_form_for_each_axis() {
		let forms: BTreeSet<String> = FORMS.iter().map(|form| format!("{:?} {}", Op::of(form.code), form.axis)).collect();
		assert_eq!(forms.len(), FORMS.len());
		for code in 0..500 {
			let Some(op) = Op::of(code) else { continue };
			let is_expressed_by_others = matches!(op, Op::Load | Op::Jump | Op::End);
			assert_eq!(numbered(op, 0).is_none(), is_expressed_by_others, "{op:?}");
			assert_eq!(numbered(op, -1).is_none(), is_expressed_by_others, "{op:?}");
		}
	}

	#[test]
	fn a_genome_and_its_point_are_one_function() {
		for text in [
			"[[100,1,0],[100,2,1],[350,2,1,9],[453,9]]",
			"[[253,101,3],[7,3,3],[3,100,3,3],[200,3,1,3],[11,3,9]]",
			"[[200,101,0,3],[202,101,-1,4],[205,101,1,5],[1,3,4,9],[3,5,9,9],[454]]",
			"[[10,101,9],[451,100,4],[9,101,9],[453,9],[8,101,9],[453,9]]",
			"[[450,2],[9,101,9],[7,101,9],[454]]",
			"[[409,101,100,4,103],[101,5,0.25],[3,4,5,9]]",
			"[[20,101,-1.5,3],[21,3,0.125,9],[453,9]]",
		] {
			let before = json::parse(text).unwrap();
			let genes = genes(&before).unwrap();
			assert_eq!(space().unwrap().check(&genes), Ok(()), "{text}");
			let after = genome(&genes).unwrap();
			assert_eq!(probe::bytes(&after), probe::bytes(&before), "{text}");
			assert_eq!(super::genes(&after), Some(genes), "{text}");
		}
		let longest = library::longest(8, vec![2, 4]).unwrap();
		assert_eq!(genome(&genes(&longest).unwrap()).unwrap().instructions.len(), MAX_INSTRUCTIONS);
		let endless = Genome::new(vec![Instruction::new(8, vec![2, 9]).unwrap(); MAX_INSTRUCTIONS]);
		assert_eq!(genes(&endless), None, "no place for the return");
	}

	#[test]
	fn every_point_of_the_space_is_a_genome_that_comes_back() {
		let space = space().unwrap();
		for turn in 0..300 {
			let genes = space.canonical(space.sample(&mut Random::new(7, turn)));
			let genome = genome(&genes).unwrap();
			assert_eq!(super::genes(&genome), Some(clamped(&genes, &space)), "{}", json::print(&genome));
		}
	}

	/// Returns a point whose jumps end where the genome does.
	fn clamped(genes: &[i64], space: &Space) -> Vec<i64> {
		let mut slots = slots(genes);
		let len = slots.len();
		for (at, slot) in slots.iter_mut().enumerate().filter(|(_, slot)| slot[OP] == JUMP_IF) {
			slot[SKIP] = slot[SKIP].min((len - at) as i64);
		}
		point(&slots, space)
	}
}
