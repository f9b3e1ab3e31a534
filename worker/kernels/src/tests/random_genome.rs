//! Random genomes, on which implementations of the register machine are compared.
//!
//! The tests of doin-compute and of the runtime include this file, so that all of them run the same genomes.

use doin_scoring::{
	genome::{
		code::{Op, Operand},
		fixed::{LIMIT, ONE},
		Instruction,
	},
	philox::Stream,
	Genome,
};

/// Codes that compute a value.
pub const CODES: [u16; 38] = [
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 21, 100, 101, 102, 103, 110, 200, 201, 202, 203, 205, 250, 251, 252, 253, 300,
	350, 351, 352, 400, 401, 409, 217, 266, 371,
];

/// Returns an instruction.
///
/// # Panics
///
/// Panics if the dialect has no such instruction.
pub fn instruction(code: u16, values: Vec<i32>) -> Instruction {
	Instruction::new(code, values).unwrap()
}

/// Returns a number from `least` to `most`.
fn within(random: &mut Stream, least: i32, most: i32) -> i32 {
	let range = i64::from(most) - i64::from(least) + 1;
	(i64::from(least) + i64::from(random.below(range as u32))) as i32
}

/// Returns a constant within ±`limit`, often an extreme one or zero.
fn constant(random: &mut Stream, limit: i32) -> i32 {
	match random.below(12) {
		0 => limit,
		1 => -limit,
		2 => 0,
		_ => within(random, -limit, limit),
	}
}

/// Returns a genome whose instructions mostly read what the last ones wrote. One instruction in `jumps` is a jump.
pub fn genome(random: &mut Stream, jumps: u32) -> Genome {
	let body = within(random, 1, 40);
	let mut all = vec![instruction(100, vec![1, 0]), instruction(100, vec![2, 1])];
	let mut last = 2;
	for at in 2..2 + body {
		let read = match random.below(4) {
			0 => within(random, 0, 19),
			1 => within(random, 100, 106),
			_ => last,
		};
		if random.below(jumps) == 0 {
			let target = (at + within(random, 1, 4)).min(2 + body);
			all.push(match random.below(8) {
				0 => instruction(450, vec![target]),
				_ => instruction(451, vec![read, target]),
			});
			continue;
		}
		let code = CODES[random.below(CODES.len() as u32) as usize];
		let mut written = last;
		let values = Op::of(code).unwrap().operands().iter().map(|operand| match operand {
			Operand::Read(_) => match random.below(8) {
				0..4 => last,
				4 => within(random, 100, 106),
				5 => read,
				_ => within(random, 0, 9),
			},
			Operand::Write => {
				written = if at == 1 + body { 9 } else { within(random, 1, 9) };
				written
			}
			Operand::Special => within(random, 0, 6),
			Operand::Constant => match random.below(4) {
				0 => constant(random, LIMIT),
				_ => constant(random, 2 * ONE),
			},
			_ => within(random, -3, 2),
		});
		let values = values.collect();
		all.push(instruction(code, values));
		last = written;
	}
	all.push(match random.below(6) {
		0 => instruction(454, vec![]),
		1 => instruction(453, vec![last]),
		_ => instruction(453, vec![9]),
	});
	Genome::new(all)
}
