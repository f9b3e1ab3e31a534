//! Tests of gated cells on devices against those of the CPU.

use super::*;
use doin_scoring::{Cell, Encoder, Layer};
use std::ops::ControlFlow;

/// A task with few windows, as cells are slow in software.
fn small() -> ForecastTask {
	let mut task = seasonal();
	(task.split.train_end, task.split.validation_end) = (900, 1_100);
	task
}

/// Returns a random cell.
fn cell(task: &ForecastTask, stream: &mut Stream, epochs: u32) -> Candidate {
	let family = [Family::Lstm, Family::Gru][stream.below(2) as usize];
	Candidate { family, ..random(task, stream, epochs) }
}

/// A population of every family that devices train.
fn mixed() -> Vec<Candidate> {
	let base = Candidate { window: 11, width: 6, epochs: 3, rate: 12, ..Candidate::default() };
	let families = [Family::Lstm, Family::Mlp, Family::Gru, Family::Gru, Family::Mlp, Family::Lstm];
	families.into_iter().zip(0..).map(|(family, seed)| Candidate { family, seed, linear_skip: seed % 4 < 2, ..base }).collect()
}

/// The error of each epoch, as the CPU counts it, and the net.
fn train_with_errors(data: &Dataset, candidate: &Candidate) -> (Vec<u128>, Net) {
	let mut errors = Vec::new();
	let mut on_epoch = |error: EpochError| {
		errors.push(error.error);
		ControlFlow::Continue(())
	};
	let net = candidate.train_with(data, &RUN, &mut on_epoch).unwrap();
	(errors, net)
}

#[test]
fn a_device_trains_the_cells_of_the_cpu() {
	let data = Dataset::new(small(), 300, 1).unwrap();
	let mut stream = Stream::new(&[6; 32], 99, 0);
	let base = Candidate { family: Family::Lstm, window: 24, width: 9, epochs: 2, rate: 12, ..Candidate::default() };
	let mut candidates = vec![
		base,
		Candidate { family: Family::Gru, linear_skip: false, ..base },
		Candidate { window: 1, width: 1, depth: 0, decay: 8, synthetic_share: 256, ..base },
		Candidate {
			family: Family::Gru,
			window: 2,
			width: 33,
			rate: 14,
			decay: 0,
			synthetic_share: 0,
			seed: u64::MAX,
			epochs: 1,
			..base
		},
	];
	candidates.extend((0..8).map(|_| cell(&data.task, &mut stream, 3)));
	assert_equal(shared(), &data, &candidates);
	// One output, and no synthetic windows.
	let data = Dataset::new(tent(), 0, 0).unwrap();
	let base = Candidate { window: 6, width: 12, epochs: 3, ..base };
	assert_equal(shared(), &data, &[base, Candidate { family: Family::Gru, linear_skip: false, window: 5, width: 7, ..base }]);
}

#[test]
fn long_windows_neither_lose_gradients_nor_let_them_grow() {
	let mut task = small();
	task.program.history = 120;
	task.limits.window_macs = 1 << 20;
	let data = Dataset::new(task, 0, 0).unwrap();
	let base = Candidate { family: Family::Lstm, window: 120, width: 10, epochs: 2, rate: 14, decay: 0, ..Candidate::default() };
	assert_equal(shared(), &data, &[base, Candidate { family: Family::Gru, linear_skip: false, ..base }]);
}

#[test]
fn cells_read_several_channels() {
	let data = Dataset::new(follower(), 0, 0).unwrap();
	let base = Candidate { family: Family::Lstm, window: 6, width: 11, epochs: 2, rate: 12, ..Candidate::default() };
	let candidates = [base, Candidate { family: Family::Gru, linear_skip: false, window: 3, ..base }];
	assert_trained_and_scored(shared(), &data, &candidates);
}

#[test]
fn cells_tell_classes_apart() {
	let mut task = small();
	task.program.target = classes((-6..7).map(|bound| 30 * bound));
	let data = Dataset::new(task, 200, 1).unwrap();
	let base = Candidate { family: Family::Lstm, window: 12, width: 9, epochs: 2, rate: 12, ..Candidate::default() };
	let candidates = [base, Candidate { family: Family::Gru, linear_skip: false, window: 7, ..base }];
	assert_trained_and_scored(shared(), &data, &candidates);
}

#[test]
fn families_share_a_batch_from_rung_to_rung() {
	let data = Dataset::new(small(), 200, 1).unwrap();
	let candidates = mixed();
	let expected: Vec<_> = candidates.iter().map(|candidate| train_with_errors(&data, candidate)).collect();
	let loaded = DeviceDataset::new(shared(), &data).unwrap();
	let mut batch = GpuBatch::new(&loaded, &candidates).unwrap();
	for epoch in 0..3 {
		batch.advance(1, &RUN).unwrap();
		for (at, error) in batch.errors().unwrap().into_iter().enumerate() {
			// Beside a linear skip, the first error is that of the skip alone.
			let counted = &expected[at].0[..expected[at].0.len() - 2 + epoch];
			if batch.active().contains(&(at as u32)) {
				assert_eq!(
					(Some(&error.last), Some(&error.least)),
					(counted.last(), counted.iter().min()),
					"{:?}",
					candidates[at]
				);
			}
		}
		batch.retain(|at| epoch == 0 || at != 2).unwrap();
	}
	for (at, net) in batch.nets().unwrap().into_iter().enumerate().filter(|(at, _)| *at != 2) {
		assert!(net == expected[at].1, "{:?}", candidates[at]);
	}
}

#[test]
fn mixed_populations_are_trained_in_batches_of_any_size() {
	let device = software();
	let data = Dataset::new(small(), 0, 0).unwrap();
	let mut candidates = mixed();
	candidates.insert(3, Candidate { family: Family::Conv, ..candidates[0] });
	let expected: Vec<Net> = candidates.iter().map(|candidate| candidate.train(&data, &RUN).unwrap()).collect();
	for _ in 0..2 {
		let nets = on_device(&device, &data, &candidates);
		assert!(nets.iter().zip(&expected).all(|(net, expected)| net.as_ref() == Ok(expected)));
		small_batches(&device, &data, &candidates);
	}
}

#[test]
fn cells_with_too_many_loop_iterations_in_software_are_left_to_the_cpu() {
	let mut task = small();
	(task.limits.window_macs, task.limits.model_bytes) = (1 << 24, 1 << 24);
	let data = Dataset::new(task, 0, 0).unwrap();
	let lstm = Candidate { family: Family::Lstm, window: 24, epochs: 1, ..Candidate::default() };
	let mlp = Candidate { window: 24, depth: 8, epochs: 1, ..Candidate::default() };
	for base in [lstm, Candidate { family: Family::Gru, ..lstm }, mlp] {
		let of = |width| Candidate { width, ..base };
		let fits = |width: &u16| shared().supports(&data, &of(*width)).is_ok();
		let widest = (1..=512).rev().find(fits).unwrap();
		let refused = DeviceError::Unsupported { what: "nets whose steps a device in software would cut short" };
		if widest < 512 {
			assert_eq!(shared().supports(&data, &of(widest + 1)), Err(refused));
		}
		assert_equal(shared(), &data, &[of(widest)]);
	}
}

/// A layer of any weights and biases that a domain admits, its sums mostly of 16 bits.
fn layer(stream: &mut Stream, inputs: u16, outputs: u16, shift: u8) -> Layer {
	let mut within = |bound: i32| stream.below(2 * bound as u32 + 1) as i32 - bound;
	Layer {
		inputs,
		outputs,
		shift,
		weights: (0..inputs * outputs).map(|_| within(2_047) as i16).collect(),
		bias: (0..outputs).map(|_| within(1 << 20)).collect(),
	}
}

/// A net of random weights with some cell, maybe hidden layers behind it, maybe a linear path beside it.
fn net(stream: &mut Stream, horizon: u16) -> Net {
	let (window, units) = (1 + stream.below(24) as u16, 1 + stream.below(20) as u16);
	let lstm = stream.below(2) > 0;
	let rows = if lstm { 4 * units } else { 3 * units };
	let cell = Cell { input: layer(stream, 1, rows, 7), hidden: layer(stream, units, rows, 9) };
	let mut widths = vec![units];
	widths.extend((0..stream.below(3)).map(|_| 1 + stream.below(20) as u16));
	widths.push(horizon);
	Net {
		window,
		in_shifts: vec![stream.below(9) as i8 - 6],
		skip: (stream.below(2) > 0).then(|| layer(stream, window, horizon, 12)),
		encoder: if lstm { Encoder::Lstm(cell) } else { Encoder::Gru(cell) },
		layers: widths.windows(2).map(|pair| layer(stream, pair[0], pair[1], 11)).collect(),
	}
}

#[test]
fn a_device_scores_cells_as_the_chain_does() {
	let device = shared();
	let mut task = small();
	task.limits.window_macs = 1 << 20;
	let data = Dataset::new(task, 100, 1).unwrap();
	let mut stream = Stream::new(&[8; 32], 99, 0);
	let mut nets: Vec<Net> = (0..12).map(|_| net(&mut stream, 6)).collect();
	nets.extend(mixed()[..3].iter().map(|candidate| candidate.train(&data, &RUN).unwrap()));
	nets.insert(5, data.linear_model(9, 0).unwrap().net.clone());
	let chunks = validation_chunks(&data.task).unwrap();
	let sums = |net: &Net| -> Vec<u32> {
		data.task.admit(&Model::Net(net.clone())).unwrap();
		chunks.iter().map(|chunk| score(&Model::Net(net.clone()), &data.task.program, chunk)).collect()
	};
	let expected: Vec<Vec<u32>> = nets.iter().map(sums).collect();
	let program = &data.task.program;
	assert_eq!(device.score(program, &nets.iter().collect::<Vec<_>>(), &chunks).unwrap(), expected);
	assert_eq!(device.score(program, &[&nets[7]], &chunks[..1]).unwrap(), [expected[7][..1].to_vec()]);
	// A cell that does not fit its net, its window or its own gates is not scored.
	let windows = [Windows { channels: 1, history: 24, horizon: 6, values: vec![0; 30] }];
	let refused = |net: &Net| matches!(device.score(program, &[net], &windows), Err(DeviceError::Unsupported { .. }));
	assert!(!refused(&nets[0]));
	for spoil in [
		|cell: &mut Cell| cell.input.inputs = 2,
		|cell: &mut Cell| cell.hidden.inputs += 1,
		|cell: &mut Cell| cell.hidden.bias.truncate(1),
		|cell: &mut Cell| cell.input.weights.truncate(1),
	] {
		let mut net = nets[0].clone();
		if let Encoder::Lstm(cell) | Encoder::Gru(cell) = &mut net.encoder {
			spoil(cell);
		}
		assert!(refused(&net), "{:?}", net.encoder);
	}
	let layers = vec![];
	assert!(refused(&Net { layers, ..nets[0].clone() }));
}

#[test]
#[ignore = "large: run by the full test"]
fn many_random_cells_are_trained_alike() {
	let count: usize = std::env::var("DOIN_GPU_CANDIDATES").map_or(200, |count| count.parse().unwrap());
	let mut stream = Stream::new(&[7; 32], 99, 0);
	// Threads share the work out differently, and to the same effect.
	for size in [32, 256] {
		let device = TestDevice::new(Device::open_with_sizes(&adapter(), [size; 4]).unwrap());
		let mut done = 0;
		while done < count {
			let mut task = small();
			task.program.horizon = 1 + stream.below(24) as u16;
			task.program.history = 12 + stream.below(60) as u16;
			task.limits.window_macs = 1 << 20;
			let synthetic = [0, 40, 700][stream.below(3) as usize];
			let data = Dataset::new(task, synthetic, stream.next_u32().into()).unwrap();
			let candidates: Vec<Candidate> = (0..20.min(count - done)).map(|_| cell(&data.task, &mut stream, 3)).collect();
			done += candidates.len();
			for (candidate, net) in candidates.iter().zip(on_device(&device, &data, &candidates)) {
				match net {
					Err(Error::Device(DeviceError::Unsupported { .. })) => assert!(size < 256, "{candidate:?}"),
					net => assert!(net == candidate.train(&data, &RUN), "{candidate:?}"),
				}
			}
		}
	}
}
