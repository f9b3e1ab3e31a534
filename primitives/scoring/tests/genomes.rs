//! Loss genomes: an independent implementation, finite differences, encodings, and what is refused.

use codec::Encode;
use doin_scoring::{
	genome::{
		code::Op,
		fixed::ONE,
		json::{parse, print},
		library::{cross_entropy, label_smoothing, squared_error},
		loss_gradient, Batch, Genome, GenomeError, Instruction, LossGradient, MAX_INSTRUCTIONS,
	},
	philox::Stream,
};
use proptest::prelude::*;

/// Codes of the genomes that `golden/genomes.py` makes, in its order.
const CODES: [u16; 39] = [
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 21, 100, 101, 102, 103, 110, 200, 201, 202, 203, 205, 250, 251, 252, 253, 300,
	350, 351, 352, 400, 401, 409, 204, 217, 266, 371,
];

fn instruction(code: u16, values: &[i32]) -> Instruction {
	Instruction::new(code, values.to_vec()).unwrap()
}

/// Makes the genome that `golden/genomes.py` makes from the same stream.
fn random_genome(random: &mut Stream) -> Genome {
	use doin_scoring::genome::code::Operand;
	let body = 1 + random.below(20) as i32;
	let mut all = vec![instruction(100, &[1, 0]), instruction(100, &[2, 1])];
	let mut last = 2;
	for at in 2..2 + body {
		if random.below(12) == 0 {
			let read = random.below(10) as i32;
			all.push(instruction(451, &[read, (at + 1 + random.below(3) as i32).min(2 + body)]));
			continue;
		}
		let code = CODES[random.below(CODES.len() as u32) as usize];
		let mut written = 0;
		let mut values = Vec::new();
		for operand in Op::of(code).unwrap().operands() {
			values.push(match operand {
				Operand::Read(_) => match random.below(8) {
					0..4 => last,
					4 => 100 + random.below(7) as i32,
					_ => random.below(10) as i32,
				},
				Operand::Write => {
					written = if at == 1 + body { 9 } else { 1 + random.below(9) as i32 };
					written
				}
				Operand::Special => random.below(7) as i32,
				Operand::Constant => random.below(4 * ONE as u32 + 1) as i32 - 2 * ONE,
				_ => random.below(2) as i32 - 1,
			});
		}
		all.push(instruction(code, &values));
		last = written;
	}
	all.push(instruction(453, &[9]));
	Genome::new(all)
}

/// Makes the batch that `golden/genomes.py` makes from the same stream.
fn random_batch(random: &mut Stream) -> Batch {
	let (samples, classes) = (1 + random.below(6), 2 + random.below(4));
	let actual: Vec<u8> = (0..samples).map(|_| random.below(classes) as u8).collect();
	let spread = 1 << (13 + random.below(10));
	let scores = (0..samples * classes).map(|_| random.below(2 * spread + 1) as i32 - spread as i32).collect();
	Batch::new(actual, scores, classes as usize)
}

fn digest(values: impl IntoIterator<Item = i64>) -> u64 {
	values.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, value| (hash ^ value as u64).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn losses_and_gradients_are_those_of_an_independent_implementation() {
	let run = |case: u64| {
		let random = &mut Stream::new(&[5; 32], 1_000, case);
		let genome = random_genome(random);
		let LossGradient { loss, gradient } = loss_gradient(&genome, &random_batch(random));
		digest(std::iter::once(i64::from(loss)).chain(gradient)) as i64
	};
	let digests: Vec<u64> = (0..8).map(|block| digest((250 * block..250 * (block + 1)).map(run))).collect();
	assert_eq!(
		digests,
		[
			11_617_786_720_094_112_306,
			2_443_182_007_594_983_315,
			12_961_741_369_954_012_862,
			18_011_317_405_647_089_072,
			7_420_568_315_997_493_958,
			2_733_920_648_411_877_419,
			2_201_021_854_146_039_100,
			12_206_190_518_491_122_391,
		]
	);
}

/// Actual classes of four samples of three classes.
const ACTUAL: [u8; 4] = [0, 2, 1, 1];
/// Scores away from kinks and from each other.
const SCORES: [f64; 12] = [0.5, 1.2, 2.0, 0.75, 1.5, 0.3, 1.1, 0.9, 0.6, 2.2, 1.7, 0.4];

fn q16(values: &[f64]) -> Vec<i32> {
	values.iter().map(|value| (value * f64::from(ONE)).round() as i32).collect()
}

/// Compares the gradient of `text` with central differences of `real`, which receives scores and actual classes by sample.
fn agrees(text: &str, real: &dyn Fn(&[f64], &[f64]) -> f64) {
	let batch = Batch::new(ACTUAL, q16(&SCORES), 3);
	let found = loss_gradient(&parse(text).unwrap(), &batch);
	let truth: Vec<f64> = (0..12).map(|at| f64::from(u8::from(usize::from(ACTUAL[at / 3]) == at % 3))).collect();
	let loss = real(&SCORES, &truth);
	assert!((f64::from(found.loss) / f64::from(ONE) - loss).abs() < 2e-4 * loss.abs().max(1.0), "{text}: {} {loss}", found.loss);
	for at in 0..12 {
		let moved = |by: f64| {
			let mut scores = SCORES;
			scores[at] += by;
			real(&scores, &truth)
		};
		let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
		// Four samples: the gradient is four times as large.
		let gradient = found.gradient[at] as f64 / f64::from(ONE) / 4.0;
		assert!((gradient - difference).abs() < 4e-4 * difference.abs().max(1.0), "{text}, score {at}: {gradient} {difference}");
	}
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
	let values: Vec<f64> = values.into_iter().collect();
	values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn derivatives_of_functions_of_one_operand_are_those_of_the_real_functions() {
	type Function = fn(f64) -> f64;
	let functions: [(u16, Function); 11] = [
		(6, f64::sqrt),
		(7, f64::ln),
		(8, f64::exp),
		(9, f64::abs),
		(10, |x| x * x),
		(11, |x| -x),
		(12, |x| 1.0 / x),
		(110, |x| x),
		(250, |x| x.max(0.0)),
		(251, |x| 1.0 / (1.0 + (-x).exp())),
		(252, f64::tanh),
	];
	for (code, function) in functions {
		agrees(&format!("[[{code},101,9]]"), &|s, _| mean(s.iter().map(|x| function(*x))));
	}
	// The same below zero, where the real function is defined.
	for (code, function) in [functions[3], functions[4], functions[8], functions[9], functions[10]] {
		agrees(&format!("[[20,101,-3,3],[{code},3,9]]"), &|s, _| mean(s.iter().map(|x| function(x - 3.0))));
	}
	agrees("[[20,101,0.5,3],[10,3,9]]", &|s, _| mean(s.iter().map(|x| (x + 0.5).powi(2))));
	agrees("[[21,101,-0.5,9]]", &|s, _| mean(s.iter().map(|x| x * -0.5)));
}

#[test]
fn derivatives_of_functions_of_two_operands_are_those_of_the_real_functions() {
	type Function = fn(f64, f64) -> f64;
	let functions: [(u16, Function); 7] = [
		(1, |x, y| x + y),
		(2, |x, y| x - y),
		(3, |x, y| x * y),
		(4, |x, y| x / y),
		(5, f64::powf),
		(300, f64::max),
		(102, |x, y| x * y),
	];
	for (code, function) in functions {
		// y is the mean of the scores of a sample, and 1 where a broadcast is not of interest.
		agrees(&format!("[[201,101,-1,3],[{code},101,3,9]]"), &|s, _| {
			mean(s.chunks(3).flat_map(|row| {
				let middle = mean(row.iter().copied());
				row.iter().map(move |x| function(*x, middle)).collect::<Vec<f64>>()
			}))
		});
		agrees(&format!("[[201,101,0,3],[{code},3,101,9]]"), &|s, _| {
			let middle = |column: usize| mean(s.iter().skip(column).step_by(3).copied());
			mean(s.iter().enumerate().map(|(at, x)| function(middle(at % 3), *x)))
		});
	}
	agrees("[[409,101,100,9,104]]", &|s, y| mean(s.iter().zip(y).map(|(s, y)| if s >= y { *s } else { 0.0 })));
	agrees("[[20,101,-1,3],[21,101,2,4],[409,3,100,9,4]]", &|s, y| {
		mean(s.iter().zip(y).map(|(s, y)| if s - 1.0 >= *y { s - 1.0 } else { 2.0 * s }))
	});
	// A product of matrices: the scores by the transposed scores of the first axis, 3 × 3.
	agrees("[[103,101,3],[102,3,101,9]]", &|s, _| {
		mean((0..9).map(|at| (0..4).map(|row| s[3 * row + at / 3] * s[3 * row + at % 3]).sum()))
	});
}

#[test]
fn derivatives_of_reductions_and_errors_are_those_of_the_real_functions() {
	let rows = |f: fn(&[f64]) -> f64| move |s: &[f64]| mean(s.chunks(3).map(f));
	let largest: fn(&[f64]) -> f64 = |row| row.iter().copied().fold(f64::MIN, f64::max);
	let smallest: fn(&[f64]) -> f64 = |row| row.iter().copied().fold(f64::MAX, f64::min);
	let deviation: fn(&[f64]) -> f64 = |row| {
		let middle = mean(row.iter().copied());
		(row.iter().map(|x| (x - middle).powi(2)).sum::<f64>() / (row.len() as f64 - 1.0)).sqrt()
	};
	agrees("[[200,101,-1,9]]", &|s, _| rows(|row| row.iter().sum())(s));
	agrees("[[201,101,1,9]]", &|s, _| rows(|row| mean(row.iter().copied()))(s));
	agrees("[[202,101,-1,9]]", &|s, _| rows(largest)(s));
	agrees("[[203,101,-1,9]]", &|s, _| rows(smallest)(s));
	agrees("[[205,101,-1,9]]", &|s, _| rows(deviation)(s));
	agrees("[[205,101,0,9]]", &|s, _| {
		mean((0..3).map(|column| deviation(&s.iter().skip(column).step_by(3).copied().collect::<Vec<f64>>())))
	});
	let softmax = |row: &[f64], at: usize| row[at].exp() / row.iter().map(|x| x.exp()).sum::<f64>();
	agrees("[[253,101,3],[10,3,9]]", &|s, _| mean((0..12).map(|at| softmax(&s[at / 3 * 3..at / 3 * 3 + 3], at % 3).powi(2))));
	agrees("[[350,101,100,9]]", &|s, y| mean(s.iter().zip(y).map(|(s, y)| (s - y).powi(2))));
	agrees("[[351,101,100,9]]", &|s, y| mean(s.iter().zip(y).map(|(s, y)| (s - y).abs())));
	agrees("[[251,101,3],[352,3,100,9]]", &|s, y| {
		mean(s.iter().zip(y).map(|(s, y)| {
			let p = 1.0 / (1.0 + (-s).exp());
			-(y * p.ln() + (1.0 - y) * (1.0 - p).ln())
		}))
	});
}

#[test]
fn cross_entropy_has_the_gradient_of_the_softmax() {
	for case in 0..200 {
		let random = &mut Stream::new(&[6; 32], 1_000, case);
		let (samples, classes) = (1usize << random.below(6), 2 + random.below(9) as usize);
		let actual: Vec<u8> = (0..samples).map(|_| random.below(classes as u32) as u8).collect();
		let scores: Vec<i32> = (0..samples * classes).map(|_| random.below(8 * ONE as u32) as i32 - 4 * ONE).collect();
		let found = loss_gradient(&cross_entropy(), &Batch::new(actual.iter().copied(), scores.clone(), classes));
		for ((row, class), gradient) in scores.chunks(classes).zip(actual).zip(found.gradient.chunks(classes)) {
			let real: Vec<f64> = row.iter().map(|x| f64::from(*x) / f64::from(ONE)).collect();
			let sum: f64 = real.iter().map(|x| x.exp()).sum();
			for (at, gradient) in gradient.iter().enumerate() {
				let exact = real[at].exp() / sum - f64::from(u8::from(at == usize::from(class)));
				// A probability p is rounded to 2⁻¹⁶, which its reciprocal magnifies.
				let smallest = real[usize::from(class)].exp() / sum;
				let error = (*gradient as f64 / f64::from(ONE) - exact).abs() * f64::from(ONE);
				assert!(error <= 2.0 + 1.5 / smallest, "case {case}: {gradient} {exact}");
			}
		}
	}
}

#[test]
fn bad_genomes_are_refused_by_name() {
	let of = |text: &str| parse(text).and_then(|genome| genome.check());
	assert_eq!(Genome::new(Vec::new()).check(), Err(GenomeError::Length));
	assert_eq!(Genome::new(vec![instruction(110, &[101, 9]); MAX_INSTRUCTIONS]).check(), Ok(()));
	assert_eq!(Genome::new(vec![instruction(110, &[101, 9]); MAX_INSTRUCTIONS + 1]).check(), Err(GenomeError::Length));
	assert_eq!(Instruction::new(13, vec![1, 2]), Err(GenomeError::Opcode));
	assert_eq!(Instruction::new(1, vec![1, 2]), Err(GenomeError::Operands));
	assert_eq!(Instruction::new(1, vec![1, 20, 9]), Err(GenomeError::Register));
	assert_eq!(Instruction::new(1, vec![1, 2, 20]), Err(GenomeError::Register));
	assert_eq!(Instruction::new(1, vec![1, 107, 9]), Err(GenomeError::Register));
	assert_eq!(Instruction::new(1, vec![-1, 2, 9]), Err(GenomeError::Register));
	assert_eq!(Instruction::new(100, vec![1, 7]), Err(GenomeError::Special));
	assert_eq!(Instruction::new(101, vec![1, (1 << 30) + 1]), Err(GenomeError::Constant));
	assert_eq!(Instruction::new(101, vec![1, i32::MIN]), Err(GenomeError::Constant));
	assert_eq!(of("[[110,101,9],[450,1]]"), Err(GenomeError::Jump), "to itself");
	assert_eq!(of("[[110,101,9],[450,0]]"), Err(GenomeError::Jump), "backwards");
	assert_eq!(of("[[110,101,9],[450,2]]"), Err(GenomeError::Jump), "out of the genome");
	assert_eq!(of("[[451,101,2],[110,101,9],[454]]"), Err(GenomeError::NoResult), "only one of two paths writes the result");
	assert_eq!(of("[[110,101,3],[454]]"), Err(GenomeError::NoResult));
	assert_eq!(of("[[110,101,3]]"), Err(GenomeError::NoResult));
	assert_eq!(of("[[101,9,1],[453,9]]"), Err(GenomeError::ZeroGradient));
	assert_eq!(of("[[400,101,100,9],[453,9]]"), Err(GenomeError::ZeroGradient), "a comparison has no gradient");
	assert_eq!(of("[[110,101,3],[453,4]]"), Err(GenomeError::ZeroGradient), "an unset register is 0");
	assert_eq!(of("[[451,101,2],[110,100,9],[110,101,9],[454]]"), Ok(()));
}

#[test]
fn undefined_cases_are_defined() {
	let loss = |text: &str| loss_gradient(&parse(text).unwrap(), &Batch::new(ACTUAL, q16(&SCORES), 3)).loss;
	assert_eq!(loss("[[1,11,12,9]]"), 0, "unset registers are 0");
	assert_eq!(loss("[[101,9,7],[103,101,3],[1,3,101,9]]"), 7 * ONE, "shapes that do not fit skip an instruction");
	assert_eq!(loss("[[103,101,3],[350,3,101,9]]"), ONE, "and an error is the constant 1");
	assert_eq!(loss("[[101,9,7],[200,101,-1,3],[103,3,4],[1,3,4,9]]"), 7 * ONE, "no tensor outgrows the batch");
	assert_eq!(loss("[[110,102,9]]"), 4 * ONE, "the number of samples");
	assert_eq!([loss("[[110,103,9]]"), loss("[[110,104,9]]")], [66, 1]);
	assert_eq!([loss("[[110,105,9]]"), loss("[[110,106,9]]")], [ONE, 0]);
	assert_eq!(loss("[[200,102,0,9]]"), 4 * ONE, "a reduction leaves a scalar as it is");
	assert_eq!(loss("[[200,101,7,3],[202,3,-1,9]]"), loss("[[200,101,0,3],[202,3,-1,9]]"), "an axis out of range is 0");
}

#[test]
fn the_built_in_losses_are_close_to_the_real_ones() {
	agrees(&print(&squared_error()), &|s, y| mean(s.iter().zip(y).map(|(s, y)| (s - y).powi(2))));
	let entropy = |smoothing: f64| {
		move |s: &[f64], y: &[f64]| {
			mean(s.chunks(3).zip(y.chunks(3)).map(|(s, y)| {
				let sum: f64 = s.iter().map(|s| s.exp()).sum();
				let label = |y: &f64| y * (1.0 - smoothing) + smoothing / 3.0;
				-s.iter().zip(y).map(|(s, y)| label(y) * (s - sum.ln())).sum::<f64>()
			}))
		}
	};
	agrees(&print(&cross_entropy()), &entropy(0.0));
	agrees(&print(&label_smoothing(6_554, 3)), &entropy(0.1));
}

#[test]
fn ten_thousand_genomes_survive_both_encodings() {
	for case in 0..10_000 {
		let genome = random_genome(&mut Stream::new(&[9; 32], 1_000, case));
		let text = print(&genome);
		assert_eq!(parse(&text), Ok(genome.clone()), "{text}");
		let bytes = genome.encode();
		assert_eq!(Genome::decode_from(&mut &bytes[..]), Ok(genome), "{text}");
	}
}

#[test]
fn a_genome_of_another_dialect_or_length_is_refused_before_it_is_read() {
	let bytes = cross_entropy().encode();
	let decode = |bytes: &[u8]| Genome::decode_from(&mut &bytes[..]);
	assert_eq!(decode(&[]), Err(GenomeError::Malformed));
	assert_eq!(decode(&[[2].as_slice(), &bytes[1..]].concat()), Err(GenomeError::Dialect));
	assert_eq!(decode(&[1, 0]), Err(GenomeError::Length));
	assert_eq!(decode(&[1, 5, 1]), Err(GenomeError::Length));
	assert_eq!(decode(&bytes[..bytes.len() - 1]), Err(GenomeError::Malformed));
	assert_eq!(decode(&[1, 4, 13, 0]), Err(GenomeError::Opcode));
}

/// Decodes bytes, and runs what they decode to.
fn decoded_runs(bytes: &[u8]) {
	let input = &mut &bytes[..];
	let Ok(genome) = Genome::decode_from(input) else { return };
	assert_eq!(genome.encode(), bytes[..bytes.len() - input.len()], "one encoding");
	assert_eq!(parse(&print(&genome)), Ok(genome.clone()));
	let batch = Batch::new([0, 1, 1], vec![ONE, -ONE, 1 << 30, -(1 << 30), 0, 1], 2);
	let found = loss_gradient(&genome, &batch);
	assert_eq!(found.gradient.len(), 6);
	assert!(genome.entry_cost(32, 10) >= genome.instructions.len() as u64);
	let _ = genome.check();
}

/// Changes some bytes of the encoding of a random genome.
fn mutated(case: u64) {
	let random = &mut Stream::new(&[11; 32], 1_000, case);
	let mut bytes = random_genome(random).encode();
	for _ in 0..random.below(4) {
		let at = random.below(bytes.len() as u32) as usize;
		match random.below(3) {
			0 => bytes[at] = random.below(256) as u8,
			1 => bytes.truncate(at),
			_ => bytes.insert(at, random.below(256) as u8),
		}
		if bytes.is_empty() {
			break;
		}
	}
	decoded_runs(&bytes);
}

#[test]
fn mutated_bytes_never_panic() {
	(0..20_000).for_each(mutated);
}

#[test]
#[ignore = "minutes: a million byte strings"]
fn a_million_mutated_byte_strings_never_panic() {
	(20_000..1_020_000).for_each(mutated);
}

proptest! {
	#[test]
	fn any_bytes_and_any_text_are_read_or_refused(bytes: Vec<u8>, text: String) {
		decoded_runs(&[[1, 8].as_slice(), &bytes].concat());
		let _ = parse(&text);
		let _ = parse(&format!("[[101,9,{text}]]"));
	}
}
