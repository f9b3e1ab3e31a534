//! MLP 96-64-64-24 in Burn: a candidate per thread, as many threads as there are processors.
//!
//! `peer-burn ndarray|flex`. Prints that it is ready, then answers every line on standard input, a number of seconds, by training for that
//! long and printing the report that `measure.py` describes: when each candidate of each thread was done, and their test errors.

use burn::{
	module::Module,
	nn::{Linear, LinearConfig},
	optim::{AdamConfig, GradientsParams},
	tensor::{activation::relu, Device, Int, Tensor, TensorData},
};
use rand::{rngs::StdRng, seq::SliceRandom, SeedableRng};
use std::{
	error::Error,
	io::BufRead,
	sync::atomic::{AtomicU64, Ordering::Relaxed},
	thread,
	time::{Duration, Instant},
};

const WINDOW: usize = 96;
const HORIZON: usize = 24;
const BATCH: usize = 256;
const EPOCHS: usize = 12;
const TRAIN_ROWS: usize = 8_640;
const TEST_ROWS: std::ops::Range<usize> = 11_520..14_400;

#[derive(Module, Debug)]
struct Mlp {
	first: Linear,
	second: Linear,
	last: Linear,
}

impl Mlp {
	fn new(device: &Device) -> Self {
		let layer = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
		Self { first: layer(WINDOW, 64), second: layer(64, 64), last: layer(64, HORIZON) }
	}

	fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
		let hidden = relu(self.first.forward(inputs));
		self.last.forward(relu(self.second.forward(hidden)))
	}

	/// Mean absolute error on `windows`.
	fn loss(&self, windows: Windows) -> Tensor<1> {
		(self.forward(windows.inputs) - windows.targets).abs().mean()
	}
}

/// Inputs (count × 96) and targets (count × 24), as differences from the last input.
#[derive(Clone)]
struct Windows {
	inputs: Tensor<2>,
	targets: Tensor<2>,
}

impl Windows {
	/// All windows of `values`.
	fn new(values: &[f32], device: &Device) -> Self {
		let count = values.len() + 1 - WINDOW - HORIZON;
		let cut = |from: usize, width: usize| {
			let rows = (0..count).flat_map(|at| {
				let last = values[at + WINDOW - 1];
				values[at + from..at + from + width].iter().map(move |value| value - last)
			});
			Tensor::from_data(TensorData::new(rows.collect::<Vec<f32>>(), [count, width]), device)
		};
		Self { inputs: cut(0, WINDOW), targets: cut(WINDOW, HORIZON) }
	}

	fn select(&self, rows: &[i32], device: &Device) -> Self {
		let rows = Tensor::<1, Int>::from_data(TensorData::new(rows.to_vec(), [rows.len()]), device);
		Self { inputs: self.inputs.clone().select(0, rows.clone()), targets: self.targets.clone().select(0, rows) }
	}
}

struct Data {
	device: Device,
	train: Windows,
	test: Windows,
}

impl Data {
	/// The z-scored oil temperatures of the file at `path`.
	fn read(path: &str, plain: Device) -> Result<Self, Box<dyn Error>> {
		let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}; set DOIN_DATA_DIR"))?;
		let values: Vec<f64> =
			text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap_or(line).trim().parse()).collect::<Result<_, _>>()?;
		if values.len() < TEST_ROWS.end {
			return Err(format!("{path} has {} rows, {} are needed", values.len(), TEST_ROWS.end).into());
		}
		let known = &values[..TRAIN_ROWS];
		let mean = known.iter().sum::<f64>() / TRAIN_ROWS as f64;
		let deviation = (known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / TRAIN_ROWS as f64).sqrt();
		let values: Vec<f32> = values.iter().map(|value| ((value - mean) / deviation) as f32).collect();
		let device = plain.clone().autodiff();
		let train = Windows::new(&values[..TRAIN_ROWS], &device);
		let test = Windows::new(&values[TEST_ROWS.start - WINDOW..TEST_ROWS.end], &plain);
		Ok(Self { device, train, test })
	}

	/// Trains a net for 396 steps and returns its test error.
	fn candidate(&self, seed: u64) -> f32 {
		let mut random = StdRng::seed_from_u64(seed);
		let mut net = Mlp::new(&self.device);
		let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
		let mut rows: Vec<i32> = (0..self.train.inputs.dims()[0] as i32).collect();
		for _ in 0..EPOCHS {
			rows.shuffle(&mut random);
			for batch in rows.chunks_exact(BATCH) {
				let gradients = net.loss(self.train.select(batch, &self.device)).backward();
				let gradients = GradientsParams::from_grads(gradients, &net);
				net = adam.step(1e-3, net, gradients);
			}
		}
		net.valid().loss(self.test.clone()).into_scalar()
	}
}

/// Trains for `time` on `threads` threads; the result is the line to print.
fn repeat(data: &Data, threads: usize, time: Duration, seeds: &AtomicU64) -> String {
	let start = Instant::now();
	let lane = || {
		let (mut stamps, mut errors) = (vec![0.0], Vec::new());
		while start.elapsed() < time || errors.is_empty() {
			errors.push(data.candidate(seeds.fetch_add(1, Relaxed)));
			stamps.push(start.elapsed().as_secs_f64());
		}
		(stamps, errors)
	};
	let lanes: Vec<_> = thread::scope(|scope| {
		let handles: Vec<_> = (0..threads).map(|_| scope.spawn(lane)).collect();
		handles.into_iter().map(|handle| handle.join().expect("a thread ends only by finishing its candidates")).collect()
	});
	let (stamps, errors): (Vec<_>, Vec<_>) = lanes.into_iter().unzip();
	format!(r#"{{"lanes": {stamps:?}, "batch": 1, "mae": {:?}}}"#, errors.concat())
}

fn main() -> Result<(), Box<dyn Error>> {
	let device = match std::env::args().nth(1).as_deref() {
		// Deprecated by Burn itself in favour of Flex; both are measured.
		#[allow(deprecated)]
		Some("ndarray") => Device::ndarray(),
		Some("flex") => Device::flex(),
		_ => return Err("usage: peer-burn ndarray|flex".into()),
	};
	let folder = std::env::var("DOIN_DATA_DIR").unwrap_or_else(|_| "data".into());
	let data = Data::read(&format!("{folder}/ett/ETTh1.csv"), device)?;
	let threads = thread::available_parallelism()?.get();
	let seeds = AtomicU64::new(0);
	repeat(&data, threads, Duration::ZERO, &seeds);
	println!(r#"{{"versions": {{"burn": "0.22.1"}}}}"#);
	for line in std::io::stdin().lock().lines() {
		let time = Duration::try_from_secs_f64(line?.trim().parse()?)?;
		println!("{}", repeat(&data, threads, time, &seeds));
	}
	Ok(())
}
