//! Gradients of genomes on every back-end, against the register machine of the chain.

use super::{
	others,
	random_genome::{genome, instruction, CODES},
	Random,
};
use crate::{
	ops::genome::{GenomeGradient, GenomeMachine},
	Backend,
};
use doin_scoring::{
	genome::{
		code::{Op, Operand},
		fixed::{FRAC, ONE},
		library, loss_gradient, Batch, Instruction,
	},
	math::round_shift_i32,
	Genome,
};
use doin_training::{lion::ACC_FRAC, run, Outputs};

/// Classes and accumulators of a batch, of any magnitude.
fn batch(random: &mut Random, (samples, width): (usize, usize)) -> (Vec<u8>, Vec<i32>) {
	let bits = random.within(0, 31) as u32;
	let classes = (0..samples).map(|_| random.within(0, width as i64 - 1) as u8).collect();
	let sum = |random: &mut Random| match random.within(0, 3) {
		// Ties, and many entries of zero.
		0 => random.value(2) << 19,
		_ => random.sum() >> bits,
	};
	(classes, (0..samples * width).map(|_| sum(random)).collect())
}

/// Runs a genome on batches of several shapes on all back-ends, and compares gradients before and after their scale.
fn compare(genome: &Genome, shapes: &[(usize, usize)], random: &mut Random) {
	let mut machines: Vec<(Backend, GenomeMachine)> =
		others().map(|backend| (backend, GenomeMachine::new(genome.clone()))).collect();
	for shape in shapes {
		for _ in 0..3 {
			let (classes, sums) = batch(random, *shape);
			let scores = sums.iter().map(|sum| round_shift_i32(*sum, ACC_FRAC - FRAC)).collect();
			let expected = loss_gradient(genome, &Batch::new(classes.iter().copied(), scores, shape.1)).gradient;
			let outputs = Outputs { sums: &sums, width: shape.1, shift: 10 };
			let mut scaled = vec![0; sums.len()];
			run::gradient(genome, &classes, outputs, &mut scaled);
			for (backend, machine) in &mut machines {
				let mut gradient = vec![7; sums.len()];
				backend.run(GenomeGradient { machine: &mut *machine, classes: &classes, outputs, gradient: &mut gradient });
				let context = || format!("{backend:?} {shape:?} {classes:?} {sums:?} {genome:?}");
				assert!(machine.unscaled() == expected, "{}", context());
				assert!(gradient == scaled, "{}", context());
			}
		}
	}
}

/// Compares a random genome on random shapes.
fn compare_random(case: u64, most: i64) {
	let random = &mut Random::new(81, case);
	let jumps = if case.is_multiple_of(4) { 4 } else { 16 };
	let genome = genome(&mut random.0, jumps);
	let shape = |random: &mut Random| (random.within(1, most) as usize, random.within(2, most.min(64)) as usize);
	let shapes = [shape(random), shape(random)];
	compare(&genome, &shapes, random);
}

#[test]
fn gradients_of_genomes_are_those_of_the_machine() {
	(0..2_000).for_each(|case| compare_random(case, 9));
	(2_000..2_100).for_each(|case| compare_random(case, 40));
}

#[test]
#[ignore = "large: 100 000 genomes"]
fn gradients_of_many_genomes_are_those_of_the_machine() {
	(10_000..110_000).for_each(|case| compare_random(case, 12));
	(110_000..114_000).for_each(|case| compare_random(case, 64));
}

#[test]
fn gradients_of_built_in_genomes_are_those_of_the_machine() {
	let random = &mut Random::new(82, 0);
	let built_in = library::baselines().into_iter().map(|(_, genome)| genome);
	for genome in built_in.chain([library::label_smoothing(6_554, 10)]) {
		compare(&genome, &[(32, 10), (1, 2), (64, 64), (33, 3), (32, 10)], random);
	}
}

#[test]
fn gradients_of_every_instruction_are_those_of_the_machine() {
	for (case, code) in CODES.into_iter().enumerate() {
		let random = &mut Random::new(83, case as u64);
		for first in [101, 3, 4, 5, 6] {
			for second in [101, 100, 3, 4, 5, 6] {
				// The scores, means of rows, of columns and of these, and the transpose.
				let before = [(201, vec![101, -1, 3]), (201, vec![101, 0, 4]), (201, vec![4, 1, 5]), (103, vec![101, 6])];
				let mut all: Vec<Instruction> = before.into_iter().map(|(code, values)| instruction(code, values)).collect();
				let values = Op::of(code).unwrap().operands().iter().map(|operand| match operand {
					Operand::Read(1) => first,
					Operand::Read(2) => second,
					Operand::Read(_) => 101,
					Operand::Write => 9,
					Operand::Special => 1,
					Operand::Constant => random.value(3 * ONE),
					_ => random.within(-1, 0) as i32,
				});
				all.push(instruction(code, values.collect()));
				compare(&Genome::new(all), &[(8, 3), (3, 3), (1, 4)], random);
			}
		}
	}
}
