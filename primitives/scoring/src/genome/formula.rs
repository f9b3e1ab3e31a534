//! Formulas: genomes as mathematics, for people.
//!
//! `y` is one for the actual class and zero for the others, `s` are the scores. Intermediate results that are used more than once
//! have names. A genome with conditional jumps has a formula for each branch.

use super::{
	code::{FIRST_SPECIAL, REGISTERS, RESULT, SCORES, TRUTH},
	json::decimal,
	Genome, Instruction, Op,
};
use alloc::{
	format,
	string::{String, ToString},
	vec::Vec,
};

/// Conditional jumps that are followed; the formulas behind further ones are left out.
const MAX_BRANCHES: usize = 4;

/// Strength by which a term binds its operands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
	Sum,
	Product,
	Sign,
	Power,
	Atom,
}

/// Term of a formula.
#[derive(Clone)]
enum Term {
	/// A symbol or a number.
	Leaf(String),
	/// A function of earlier terms.
	Function(Instruction, Vec<usize>),
}

/// Terms so far, and the one in each register.
#[derive(Clone)]
struct Terms {
	all: Vec<Term>,
	registers: Vec<Option<usize>>,
}

/// Returns the formula of a genome, line by line.
///
/// ```
/// use doin_scoring::genome::{formula, library};
/// assert_eq!(formula::formula(&library::cross_entropy()), "loss = mean(−Σ_classes(y · ln(softmax(s))))");
/// assert_eq!(formula::formula(&library::squared_error()), "loss = mean(mean((s − y)²))");
/// ```
pub fn formula(genome: &Genome) -> String {
	let terms = Terms { all: Vec::new(), registers: alloc::vec![None; usize::from(REGISTERS)] };
	follow(genome, 0, terms, 0).join("\n")
}

/// Returns the lines of the formula from instruction `at` on.
fn follow(genome: &Genome, at: usize, mut terms: Terms, branches: usize) -> Vec<String> {
	let mut at = at;
	while let Some(instruction) = genome.instructions.get(at) {
		let next = at.saturating_add(1);
		let target = instruction.target().unwrap_or(next).max(next);
		match instruction.op() {
			Op::Jump => at = target,
			Op::End => break,
			Op::Return => {
				let result = terms.read(instruction).first().copied();
				return terms.print("loss = mean(", result, ")");
			}
			Op::JumpIf => {
				let condition = terms.read(instruction).first().copied();
				let mut lines = terms.print("if any entry of ", condition, " differs from 0:");
				if branches >= MAX_BRANCHES {
					lines.push("\t…".to_string());
					return lines;
				}
				let indented = |lines: Vec<String>| lines.into_iter().map(|line| format!("\t{line}"));
				lines.extend(indented(follow(genome, target, terms.clone(), branches.saturating_add(1))));
				lines.push("otherwise:".to_string());
				lines.extend(indented(follow(genome, next, terms, branches.saturating_add(1))));
				return lines;
			}
			_ => {
				terms.execute(instruction);
				at = next;
			}
		}
	}
	let result = terms.registers.get(usize::from(RESULT)).copied().flatten();
	terms.print("loss = mean(", result, ")")
}

impl Terms {
	/// Adds a term, and returns its number.
	fn push(&mut self, term: Term) -> usize {
		let number = self.all.len();
		self.all.push(term);
		number
	}

	/// Returns the term of a special register.
	fn special(&mut self, special: u8) -> usize {
		let symbol = match special {
			TRUTH => "y",
			SCORES => "s",
			2 => "n",
			3 => "0.001",
			4 => "2⁻¹⁶",
			5 => "1",
			_ => "0",
		};
		self.push(Term::Leaf(symbol.to_string()))
	}

	/// Returns the terms that an instruction reads.
	fn read(&mut self, instruction: &Instruction) -> Vec<usize> {
		let references: Vec<u8> = instruction.reads().collect();
		let term = |reference: u8| match reference.checked_sub(FIRST_SPECIAL) {
			Some(special) => self.special(special),
			None => match self.registers.get(usize::from(reference)).copied().flatten() {
				Some(term) => term,
				None => self.push(Term::Leaf("0".to_string())),
			},
		};
		references.into_iter().map(term).collect()
	}

	/// Adds the term of an instruction that writes a register.
	fn execute(&mut self, instruction: &Instruction) {
		let parameter = instruction.parameter().unwrap_or(0);
		let term = match instruction.op() {
			Op::Load => Some(self.special(parameter as u8)),
			Op::LoadConst => Some(self.push(Term::Leaf(decimal(parameter).replace('-', "−")))),
			Op::Copy => self.read(instruction).first().copied(),
			_ => {
				let inputs = self.read(instruction);
				Some(self.push(Term::Function(instruction.clone(), inputs)))
			}
		};
		let register = instruction.written().and_then(|register| self.registers.get_mut(usize::from(register)));
		if let Some(register) = register {
			*register = term;
		}
	}

	/// Returns the definitions of the named terms that `result` uses, then `before`, the result, `after`.
	fn print(&self, before: &str, result: Option<usize>, after: &str) -> Vec<String> {
		let Some(result) = result else { return alloc::vec![format!("{before}nothing{after}")] };
		let mut uses = alloc::vec![0u32; self.all.len()];
		let mut count = |term: usize| {
			if let Some(uses) = uses.get_mut(term) {
				*uses = uses.saturating_add(1);
			}
		};
		count(result);
		// Terms read earlier ones only, so those above a term are counted before it.
		let mut reached = alloc::vec![false; self.all.len()];
		let reach = |reached: &mut Vec<bool>, term: usize| {
			if let Some(reached) = reached.get_mut(term) {
				*reached = true;
			}
		};
		reach(&mut reached, result);
		for (number, term) in self.all.iter().enumerate().rev() {
			let is_reached = reached.get(number) == Some(&true);
			if let (true, Term::Function(instruction, inputs)) = (is_reached, term) {
				// The text of a choice has its first operand twice: without a name, the texts of a chain of choices would double in length.
				let twice = inputs.first().filter(|_| instruction.op() == Op::Where);
				for input in inputs.iter().chain(twice) {
					count(*input);
					reach(&mut reached, *input);
				}
			}
		}
		let mut lines = Vec::new();
		let mut texts: Vec<(String, Binding)> = Vec::new();
		let mut names = 0usize;
		for (number, term) in self.all.iter().enumerate() {
			let text = match term {
				Term::Leaf(text) => (text.clone(), Binding::Atom),
				Term::Function(instruction, inputs) if reached.get(number) == Some(&true) => write(instruction, inputs, &texts),
				Term::Function(..) => (String::new(), Binding::Atom),
			};
			let shared = uses.get(number).is_some_and(|uses| *uses > 1);
			texts.push(if shared && matches!(term, Term::Function(..)) {
				let name = format!("t{names}");
				names = names.saturating_add(1);
				lines.push(format!("{name} = {}", text.0));
				(name, Binding::Atom)
			} else {
				text
			});
		}
		let result = texts.get(result).map_or("", |(text, _)| text.as_str());
		lines.push(format!("{before}{result}{after}"));
		lines
	}
}

/// Returns the text of a function of terms with these texts.
fn write(instruction: &Instruction, inputs: &[usize], texts: &[(String, Binding)]) -> (String, Binding) {
	let text =
		|place: usize| inputs.get(place).and_then(|input| texts.get(*input)).cloned().unwrap_or((String::new(), Binding::Atom));
	// Puts a term that binds less than `least` into parentheses.
	let bound = |place: usize, least: Binding| {
		let (text, binding) = text(place);
		if binding < least {
			format!("({text})")
		} else {
			text
		}
	};
	let [x, y, z] = [0, 1, 2].map(|place| text(place).0);
	let constant = decimal(instruction.parameter().unwrap_or(0)).replace('-', "−");
	let axis = match instruction.parameter() {
		Some(1 | -1) => "classes",
		_ => "samples",
	};
	let call = |name: &str, arguments: &str| (format!("{name}({arguments})"), Binding::Atom);
	let infix =
		|symbol: &str, binding: Binding, least: Binding| (format!("{} {symbol} {}", bound(0, binding), bound(1, least)), binding);
	match instruction.op() {
		Op::Add => infix("+", Binding::Sum, Binding::Sum),
		Op::Sub => infix("−", Binding::Sum, Binding::Product),
		Op::Mul => infix("·", Binding::Product, Binding::Product),
		Op::Div => infix("/", Binding::Product, Binding::Sign),
		Op::MatMul => infix("×", Binding::Product, Binding::Sign),
		Op::Pow => (format!("{}^{}", bound(0, Binding::Atom), bound(1, Binding::Atom)), Binding::Power),
		Op::Sqrt => call("√", &x),
		Op::Log => call("ln", &x),
		Op::Exp => call("exp", &x),
		Op::Abs => (format!("|{x}|"), Binding::Atom),
		Op::Square => (format!("{}²", bound(0, Binding::Atom)), Binding::Power),
		Op::Negate => (format!("−{}", bound(0, Binding::Sign)), Binding::Sign),
		Op::Reciprocal => (format!("1 / {}", bound(0, Binding::Sign)), Binding::Product),
		Op::AddConst => (format!("{} + {constant}", bound(0, Binding::Sum)), Binding::Sum),
		Op::MulConst => (format!("{} · {constant}", bound(0, Binding::Product)), Binding::Product),
		Op::Transpose => (format!("{}ᵀ", bound(0, Binding::Atom)), Binding::Power),
		Op::Sum => call(&format!("Σ_{axis}"), &x),
		Op::Mean => call(&format!("mean_{axis}"), &x),
		Op::Max => call(&format!("max_{axis}"), &x),
		Op::Min => call(&format!("min_{axis}"), &x),
		Op::Std => call(&format!("std_{axis}"), &x),
		Op::Relu => call("max", &format!("{x}, 0")),
		Op::Sigmoid => call("σ", &x),
		Op::Tanh => call("tanh", &x),
		Op::Softmax => call("softmax", &x),
		Op::Maximum => call("max", &format!("{x}, {y}")),
		Op::Mse => call("mean", &format!("({} − {})²", bound(0, Binding::Sum), bound(1, Binding::Product))),
		Op::Mae => call("mean", &format!("|{} − {}|", bound(0, Binding::Sum), bound(1, Binding::Product))),
		Op::Bce => call("bce", &format!("{x}, {y}")),
		Op::Greater => (format!("[{x} > {y}]"), Binding::Atom),
		Op::GreaterEqual => (format!("[{x} ≥ {y}]"), Binding::Atom),
		Op::Where => call("where", &format!("{x} ≥ {y}, {x}, {z}")),
		Op::Load | Op::LoadConst | Op::Copy | Op::Jump | Op::JumpIf | Op::Return | Op::End => (String::new(), Binding::Atom),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::genome::{json, library};

	fn of(text: &str) -> String {
		formula(&json::parse(text).unwrap())
	}

	#[test]
	fn parentheses_stand_where_they_are_needed() {
		assert_eq!(of("[[2,100,101,3],[2,3,101,3],[2,100,3,9],[453,9]]"), "loss = mean(y − (y − s − s))");
		assert_eq!(of("[[1,100,101,3],[3,3,3,9]]"), "t0 = y + s\nloss = mean(t0 · t0)");
		assert_eq!(of("[[20,101,-0.5,3],[10,3,9]]"), "loss = mean((s + −0.5)²)");
		assert_eq!(of("[[11,101,3],[4,100,3,9]]"), "loss = mean(y / −s)");
	}

	/// The guide for miners quotes these formulas.
	#[test]
	fn known_losses_are_printed_as_people_write_them() {
		let with = |scores: &str, end: &str| {
			of(&format!("[[100,1,0],[100,2,1],{scores}[253,2,3],[7,3,3],[3,1,3,3],[200,3,-1,3],{end},[453,9]]"))
		};
		assert_eq!(with("[21,2,4,2],", "[11,3,9]"), "loss = mean(−Σ_classes(y · ln(softmax(s · 4))))");
		assert_eq!(with("", "[11,3,9],[21,9,7,9]"), "loss = mean(−Σ_classes(y · ln(softmax(s))) · 7)");
		assert_eq!(with("", "[10,3,9]"), "loss = mean(Σ_classes(y · ln(softmax(s)))²)");
		assert_eq!(
			with("", "[11,3,3],[10,2,4],[201,4,-1,4],[21,4,0.05,4],[1,3,4,9]"),
			"loss = mean(−Σ_classes(y · ln(softmax(s))) + mean_classes(s²) · 0.05)"
		);
		let smoothed = library::label_smoothing(6_554, 10);
		assert_eq!(formula(&smoothed), "loss = mean(−Σ_classes((y · 0.9 + 0.01) · ln(softmax(s))))");
	}

	#[test]
	fn a_term_that_a_text_repeats_has_a_name() {
		assert_eq!(of("[[9,101,3],[409,3,100,9,101]]"), "t0 = |s|\nloss = mean(where(t0 ≥ y, t0, s))");
		let chain = ["[409,3,100,3,101]"; 61].join(",");
		assert!(of(&format!("[[9,101,3],{chain},[453,3]]")).len() < 10_000);
	}

	#[test]
	fn a_genome_with_a_condition_has_two_formulas() {
		assert_eq!(
			of("[[400,100,101,3],[9,101,9],[451,3,4],[10,101,9],[453,9]]"),
			"if any entry of [y > s] differs from 0:\n\tloss = mean(|s|)\notherwise:\n\tloss = mean(s²)"
		);
		assert_eq!(of("[[450,2],[9,101,9],[7,101,9],[454]]"), "loss = mean(ln(s))");
		assert_eq!(of("[[454]]"), "loss = mean(nothing)");
	}
}
