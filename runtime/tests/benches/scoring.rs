//! Time of scoring a chunk in the node's executor, per counted multiply-accumulate, for each family of nets.
//!
//! `cargo bench --workspace --bench scoring`. The time of a chunk is a constant, for drawing the windows, plus a price per
//! counted multiply-accumulate. The price is the slope between the smallest net and a larger one. Chunks of rows that are dealt
//! from a segment of 128 KiB have another constant: reading the pages, and shuffling the rows. Times are the least of 31
//! repetitions, since other programs only add to a time, and a node measures itself so; the last line is JSON.
//!
//! Training runs are measured per counted multiply-accumulate too: whole runs by genome, and the price of one more of each
//! instruction, which the static cost of genomes has to cover.
//!
//! Weights charge a price per counted multiply-accumulate that is a multiple of the price of a dense net on the reference machine. The
//! benchmark fails if a net or an instruction costs more than this multiple of the dense net on the machine at hand: a ratio of two
//! prices does not depend on how fast a machine is. `charged_ns_per_mac` is the price that is allowed here, and `exceeds_charged` names
//! what costs more. `training_exceeds_scoring` says whether a step of training costs more per product than the dense net, and fails
//! nothing.

use doin_primitives::{
	domain::PAGE_BYTES, evidence::MAX_SEGMENT_BYTES, DomainId, DomainSpec, Evidence, EvidenceRef, Limits, Page, DOIN,
};
use doin_runtime::speed::{CHARGED_PS_PER_MAC, REFERENCE_PS_PER_MAC};
use doin_runtime_tests::{
	blob::{layer, net, row_net, Blob},
	genomes,
	round::DEMO,
	sealed,
};
use doin_scoring::{
	genome::{library, Genome, Instruction, TrainingRuns},
	philox::Stream,
	rows::{RowTarget, Rows},
	Conv, Encoder, Model, Net, Program,
};
use doin_training::run::{cost, shape};
use std::{process::ExitCode, time::Instant};

/// Windows of a chunk of the demo domain.
const WINDOWS: f64 = 16.0;
/// Horizon of the demo domain.
const HORIZON: u16 = 13;

/// Price of a counted multiply-accumulate that weights charge at least, as a multiple of that of a dense net.
const CHARGED: f64 = CHARGED_PS_PER_MAC as f64 / REFERENCE_PS_PER_MAC as f64;

/// Returns the least time of scoring a chunk of `model` on windows that seeds draw from the demo domain, in seconds.
fn seconds(blob: &mut Blob, model: &Model) -> f64 {
	seconds_on(blob, DEMO, EvidenceRef::Drawn, model)
}

/// Returns the least time of scoring a chunk of `model` on windows or rows that seeds choose, in seconds.
fn seconds_on(blob: &mut Blob, domain: DomainId, evidence: EvidenceRef, model: &Model) -> f64 {
	let times = (0..31).map(|repeat| {
		let start = Instant::now();
		assert!(blob.chunk_sum(domain, model, Some((evidence, [repeat; 32])), 0).is_some());
		start.elapsed().as_secs_f64()
	});
	times.fold(f64::INFINITY, f64::min)
}

/// Returns nets with the most work beside their multiply-accumulates.
fn awkward(stream: &mut Stream) -> Vec<(&'static str, Net)> {
	let mut conv = |inputs: u16, outputs: u16, kernel: u16| Conv {
		kernel,
		dilation: 1,
		stride: 1,
		layer: layer(stream, inputs * kernel, outputs, 8),
	};
	let thin = vec![conv(1, 1, 1); 8];
	let narrow = vec![conv(1, 64, 1), conv(64, 1, 1), conv(1, 64, 1), conv(64, 1, 1), conv(1, 64, 1), conv(64, 1, 1)];
	let mut net = |encoder: Encoder, hidden: &[u16]| {
		let mut inputs = encoder.outputs(104, 1).expect("it fits");
		let mut layers = Vec::new();
		for outputs in hidden.iter().copied().chain([HORIZON]) {
			layers.push(layer(stream, inputs, outputs, 8));
			inputs = outputs;
		}
		Net { window: 104, in_shifts: vec![0], skip: None, encoder, layers }
	};
	vec![
		("dense, wide and thin", net(Encoder::None, &[1, 512, 1, 512, 1, 512, 1])),
		("conv, thin", net(Encoder::Conv(thin), &[])),
		("conv, wide and thin", net(Encoder::Conv(narrow), &[])),
	]
}

/// Inserts a sealed domain whose segments have 128 KiB and the given shape. Returns its identifier.
fn rows_domain(blob: &mut Blob, program: Rows) -> DomainId {
	let spec = DomainSpec {
		program: Program::Rows(program),
		values: PAGE_BYTES,
		evidence: Evidence::Sealed { units: program.segment_rows(), stake: DOIN },
		limits: Limits { model_bytes: u32::MAX, window_macs: u32::MAX },
		..sealed::spec(b"rows")
	};
	assert_eq!(spec.segment_bytes(), MAX_SEGMENT_BYTES);
	let page = |index: u32| (0..PAGE_BYTES).map(|byte| (byte * 31 + index * 7) as u8).collect();
	let pages: Vec<_> = (0..=spec.segment_pages()).filter_map(|index| Page::from_bytes(page(index))).collect();
	blob.insert(spec, pages, 1)
}

/// Genomes whose cost per counted multiply-accumulate is measured: the code and the operands that are repeated.
const REPEATED: [(&str, u16, &[i32]); 16] = [
	("copy", 110, &[2, 2]),
	("add", 1, &[2, 1, 2]),
	("multiply", 3, &[2, 1, 2]),
	("divide", 4, &[2, 1, 2]),
	("power", 5, &[2, 1, 2]),
	("root", 6, &[2, 2]),
	("logarithm", 7, &[2, 2]),
	("exponential", 8, &[2, 2]),
	("reciprocal", 12, &[2, 2]),
	("transpose", 103, &[2, 2]),
	("sum", 200, &[2, -1, 2]),
	("deviation", 205, &[2, -1, 2]),
	("sigmoid", 251, &[2, 2]),
	("softmax", 253, &[2, 2]),
	("binary cross-entropy", 352, &[2, 1, 2]),
	("choice", 409, &[2, 1, 2, 1]),
];

/// Measures steps of training of a net of 96-64-64-24 at batch 256, and returns the price of a product in nanoseconds: the slope
/// between one step and nine.
fn training_steps(blob: &mut Blob) -> f64 {
	let mut seconds = |steps: u32| {
		let times = (0..15).map(|_| {
			let start = Instant::now();
			assert!(blob.training_macs(steps) > 0);
			start.elapsed().as_secs_f64()
		});
		times.fold(f64::INFINITY, f64::min)
	};
	let step = (seconds(9) - seconds(1)) / 8.0;
	let price = step / 7_471_104.0 * 1e9;
	println!("a step of training: {:.3} ms, {price:.3} ns per product", step * 1e3);
	price
}

/// Measures training runs, and returns the price of one multiply-accumulate of a run with the cross-entropy and the highest price of
/// any instruction, in nanoseconds.
fn training_runs(blob: &mut Blob, runs: &TrainingRuns) -> (f64, f64) {
	let count = 1_797;
	let (spec, pages, _) = genomes::domain(runs, count);
	let domain = blob.insert(DomainSpec { limits: Limits { model_bytes: u32::MAX, window_macs: u32::MAX }, ..spec }, pages, 0);
	let mut price = |name: &str, genome: Genome, floor: Option<(f64, f64)>| {
		let macs = cost(runs, count as u64, genome.entry_cost(runs.batch, runs.classes.into())) as f64;
		let seconds = seconds_on(blob, domain, EvidenceRef::Drawn, &Model::Genome(genome));
		let price = floor.map_or(seconds / macs, |(base, time)| (seconds - time) / (macs - base)) * 1e9;
		println!("{name:<24} {macs:>12} {:>12.3} {price:>10.3}", seconds * 1e3);
		(macs, seconds, price)
	};
	println!("{:<24} {:>12} {:>12} {:>10}", "training run", "MAC/run", "ms/run", "ns/MAC");
	let (macs, seconds, whole) = price("cross-entropy", library::cross_entropy(), None);
	price("squared error", library::squared_error(), None);
	println!("products of the net: {} of {macs} MAC", shape(runs).products(runs.batch.into()) * u64::from(runs.steps));
	let mut worst: f64 = whole;
	for (name, code, values) in REPEATED {
		// Every instruction reads the one before, and the last one is added to the loss, so both passes take all of them.
		let mut genome = library::longest(code, values.to_vec()).expect("a code of the dialect");
		let end = genome.instructions.len() - 1;
		let instruction = |code: u16, values: &[i32]| Instruction::new(code, values.to_vec()).expect("a code of the dialect");
		genome.instructions.splice(end - 2..end, [instruction(201, &[2, -1, 4]), instruction(1, &[4, 9, 9])]);
		worst = worst.max(price(name, genome, Some((macs, seconds))).2);
	}
	(whole, worst)
}

fn main() -> ExitCode {
	let mut blob = Blob::new();
	let stream = &mut Stream::new(&[3; 32], 90, 0);
	println!("{:<48} {:>12}", "rows of a segment of 128 KiB", "ms/chunk");
	let mut rows_ms: f64 = 0.0;
	for (name, features, rows, chunks) in
		[("512 rows of 256 bytes, 8 a chunk", 255, 8, 64), ("16 384 rows of 8 bytes, 64 a chunk", 7, 64, 256)]
	{
		let program = Rows { features, image: None, target: RowTarget::Classes(2), rows, chunks };
		let domain = rows_domain(&mut blob, program);
		let model = Model::Net(row_net(stream, &program, 1, false));
		let ms = seconds_on(&mut blob, domain, EvidenceRef::Segment(0), &model) * 1e3;
		println!("{name:<48} {ms:>12.3}");
		rows_ms = rows_ms.max(ms);
	}
	println!("{:<24} {:>12} {:>12} {:>10}", "net", "MAC/window", "ms/chunk", "ns/MAC");
	let mut worst: f64 = 0.0;
	let floor = Model::Net(net(stream, 0, 1, 1, HORIZON, false));
	let floor = (floor.macs() as f64, seconds(&mut blob, &floor));
	let mut dense = 0.0;
	for (name, model) in awkward(stream) {
		let model = Model::Net(model);
		let (macs, seconds) = (model.macs() as f64, seconds(&mut blob, &model));
		let price = (seconds - floor.1) / ((macs - floor.0) * WINDOWS) * 1e9;
		println!("{name:<24} {macs:>12} {:>12.3} {price:>10.3}", seconds * 1e3);
		worst = worst.max(price);
	}
	let shapes = [("mlp", 0, [8, 64, 512]), ("conv", 1, [1, 8, 64]), ("lstm", 2, [1, 8, 48]), ("gru", 3, [1, 8, 48])];
	for (name, family, widths) in shapes {
		for width in widths {
			let model = Model::Net(net(stream, family, 104, width, HORIZON, false));
			let (macs, seconds) = (model.macs() as f64, seconds(&mut blob, &model));
			let price = (seconds - floor.1) / ((macs - floor.0) * WINDOWS) * 1e9;
			println!("{:<24} {macs:>12} {:>12.3} {price:>10.3}", format!("{name}, width {width}"), seconds * 1e3);
			worst = worst.max(price);
			if (family, width) == (0, 512) {
				dense = price;
			}
		}
	}
	let training = training_steps(&mut blob);
	let (run, large) = training_runs(&mut blob, &TrainingRuns { batch: 64, ..genomes::digits() });
	// With two entries, instructions take as long as their allocations.
	println!("batches of one sample of two classes");
	let least = TrainingRuns { features: 1, classes: 2, hidden: Default::default(), batch: 1, steps: 1_024, ..genomes::digits() };
	let (_, small) = training_runs(&mut blob, &least);
	let instruction = large.max(small);
	let charged = dense * CHARGED;
	let mut exceeding = Vec::new();
	for (name, price) in [("worst_ns_per_mac", worst), ("instruction_ns_per_mac", instruction)] {
		if price > charged {
			eprintln!("{name} is {price:.3}, and weights charge {charged:.3} on a machine of this speed: {CHARGED:.2} times a dense net");
			exceeding.push(format!("\"{name}\""));
		}
	}
	println!(
		"{{\"scoring_ns_per_mac\":{dense:.3},\"worst_ns_per_mac\":{worst:.3},\"rows_chunk_ms\":{rows_ms:.3},\
		\"training_ns_per_mac\":{training:.3},\"run_ns_per_mac\":{run:.3},\"instruction_ns_per_mac\":{instruction:.3},\
		\"charged_ns_per_mac\":{charged:.3},\"exceeds_charged\":[{}],\"training_exceeds_scoring\":{}}}",
		exceeding.join(","),
		training > dense
	);
	if exceeding.is_empty() {
		ExitCode::SUCCESS
	} else {
		ExitCode::FAILURE
	}
}
