//! Random rows and candidates: every back-end and device trains the net of the scalar back-end, and it scores as in training.

use super::*;

/// Returns random rows: features or images, classes or values, in any number. Labels follow from the first features.
fn random_rows(random: &mut Stream) -> RowsTask {
	let image = (random.below(2) > 0).then(|| Image { height: 2 + random.below(5) as u8, width: 2 + random.below(5) as u8 });
	let features = match image {
		Some(image) => image.pixels() * (1 + random.below(3) as u16),
		None => 1 + random.below(70) as u16,
	};
	let target = match random.below(2) {
		0 => RowTarget::Classes(2 + random.below(12) as u8),
		_ => RowTarget::Values(1 + random.below(5) as u8),
	};
	// Less than a batch of 256 rows, or several and a part.
	let train_end = 2 + random.below(700);
	let split = Split { train_end, validation_end: train_end + 1 + random.below(150) };
	let mut bytes = Vec::new();
	for _ in 0..split.validation_end {
		let row: Vec<u8> = (0..features).map(|_| random.below(256) as u8).collect();
		let sum = row.iter().take(3).copied().map(u32::from).sum::<u32>() + random.below(32);
		bytes.extend(row);
		match target {
			RowTarget::Classes(classes) => bytes.push((sum / 64 % u32::from(classes)) as u8),
			RowTarget::Values(values) => {
				(0..values).for_each(|value| bytes.extend(((sum as i32 - 400) << value).to_le_bytes()));
			}
		}
	}
	let program = Rows { image, ..program(features, target) };
	RowsTask { program, limits: LIMITS, bytes, split, most_early_stopping: u32::MAX }
}

/// Returns a random candidate with these bits that `data` admits: dense, or a convolution over images in 12 bits.
fn random_candidate(data: &RowsData, random: &mut Stream, bits: u8) -> Candidate {
	let program = &data.task().program;
	let skip = random.below(3);
	let dense = Candidate {
		window: program.features,
		width: 1 + random.below(40) as u16,
		depth: 1 + random.below(3) as u8,
		rate: 6 + random.below(9) as u8,
		epochs: 1 + random.below(3) as u16,
		decay: random.below(9) as u8,
		seed: random.next_u32().into(),
		linear_skip: skip > 0,
		blend: skip > 1,
		bits,
		..Candidate::default()
	};
	let conv = Candidate {
		family: Family::Conv,
		kernel: 1 + random.below(3) as u8,
		stride: 1 + random.below(3) as u8,
		depth: 1,
		width: 1 + random.below(24) as u16,
		..dense
	};
	let is_conv = program.image.is_some() && bits == OPERAND_BITS && random.below(3) > 0 && data.check(&conv).is_ok();
	let candidate = if is_conv { conv } else { dense };
	assert_eq!(data.check(&candidate), Ok(()), "{candidate:?}");
	candidate
}

/// Trains random candidates on random rows, in 12 and in 8 bits, with every back-end.
fn backend_case(executor: &Executor, case: u64) {
	let mut random = Stream::new(&[26; 32], 77, case);
	let task = random_rows(&mut random);
	let on = |backend| RowsData::new(task.clone()).unwrap().with_backend(backend).unwrap();
	let data = on(Backend::SCALAR);
	let candidates =
		[OPERAND_BITS, OPERAND_BITS, BYTE_OPERAND_BITS, BYTE_OPERAND_BITS].map(|bits| random_candidate(&data, &mut random, bits));
	let expected = train(&data, executor, &candidates, Grouping::Independent);
	for (evaluated, candidate) in expected.iter().zip(&candidates) {
		let evaluated = evaluated.as_ref().unwrap_or_else(|error| panic!("case {case}, {candidate:?}: {error}"));
		assert_eq!(evaluated.errors.validation, chain_errors(&task, &evaluated.model), "case {case}, {candidate:?}");
	}
	for backend in Backend::available().into_iter().filter(|backend| *backend != Backend::SCALAR) {
		let trained = train(&on(backend), executor, &candidates, Grouping::Independent);
		for ((trained, expected), candidate) in trained.iter().zip(&expected).zip(&candidates) {
			assert!(trained == expected, "case {case}, {backend:?}, {candidate:?}");
		}
	}
}

/// Trains random candidates on random rows with a device.
fn device_case(devices: &Executor, executor: &Executor, case: u64) {
	let mut random = Stream::new(&[27; 32], 77, case);
	let data = RowsData::new(random_rows(&mut random)).unwrap();
	let candidates = [(); 4].map(|()| random_candidate(&data, &mut random, OPERAND_BITS));
	let expected = train(&data, executor, &candidates, Grouping::Independent);
	let trained = data.train(devices, &candidates, Grouping::Independent, &Control::new(&RUN)).unwrap();
	for ((run, expected), candidate) in trained.into_iter().zip(expected).zip(&candidates) {
		assert_eq!(run.unit, ComputeUnit::Device(0), "case {case}, {candidate:?}");
		assert!(run.evaluated.unwrap() == expected.unwrap(), "case {case}, {candidate:?}");
	}
}

fn backend_cases(cases: std::ops::Range<u64>) {
	let executor = Executor::cpu(2).unwrap();
	cases.for_each(|case| backend_case(&executor, case));
}

fn device_cases(cases: std::ops::Range<u64>) {
	let (devices, executor) = (Executor::devices_only(shared().0.clone()), Executor::cpu(2).unwrap());
	cases.for_each(|case| device_case(&devices, &executor, case));
}

#[test]
fn random_rows_train_to_the_same_net_on_every_backend() {
	backend_cases(0..16);
}

#[test]
fn random_rows_train_to_the_same_net_on_a_device() {
	device_cases(0..4);
}

#[test]
#[ignore = "minutes: 1 000 training runs per back-end"]
fn the_large_set_of_rows_trains_to_the_same_net_on_every_backend() {
	backend_cases(1_000..1_250);
}

#[test]
#[ignore = "large: run by the full test"]
fn many_random_rows_train_to_the_same_net_on_a_device() {
	device_cases(1_000..1_100);
}
