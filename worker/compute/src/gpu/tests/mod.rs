//! Tests of devices against the CPU, on Vulkan in software.

mod cells;
mod devices;

use super::{device::WORKGROUP_SIZE, plan::NetKind, shader::Shader, *};
use crate::{
	fixtures::{direction, follower, seasonal, tent},
	task::validation_chunks,
	Candidate, Control, Dataset, EpochError, Error, Executor, Family, ForecastTask, Grouping, WindowSource,
};
use doin_scoring::{
	philox::{purpose, Stream},
	sample, score, Model, Net, Target, Windows,
};
use std::{
	ops::Deref,
	sync::{atomic::AtomicBool, Arc, LazyLock},
};

pub static RUN: AtomicBool = AtomicBool::new(false);

/// Returns a Vulkan adapter in software, which every machine that runs tests can have.
pub fn adapter() -> Adapter {
	let mut adapters = adapters();
	assert!(!adapters.is_empty(), "there is no Vulkan device: run scripts/setup.sh, which installs one in software");
	let software = adapters.iter().position(|adapter| adapter.kind == AdapterKind::Cpu);
	adapters.swap_remove(software.unwrap_or(0))
}

/// A device that an executor can use, too.
pub struct TestDevice(pub Arc<Devices>);

impl TestDevice {
	pub fn new(device: Device) -> Self {
		Self(Arc::new(Devices::new(vec![device])))
	}
}

impl Deref for TestDevice {
	type Target = Device;

	fn deref(&self) -> &Device {
		&self.0.all()[0]
	}
}

/// Opens a device in software.
pub fn software() -> TestDevice {
	TestDevice::new(Device::open(&adapter()).unwrap())
}

/// Returns a device for all tests that leave it as it is; compiling its shaders takes seconds.
pub fn shared() -> &'static TestDevice {
	static DEVICE: LazyLock<TestDevice> = LazyLock::new(software);
	&DEVICE
}

/// Trains candidates on a device alone.
pub fn on_device(device: &TestDevice, data: &Dataset, candidates: &[Candidate]) -> Vec<Result<Net, Error>> {
	let executor = Executor::devices_only(device.0.clone());
	let runs = executor.run(data, candidates, Grouping::Independent, &Control::new(&RUN)).unwrap();
	let net = |model| if let Model::Net(net) = model { net } else { panic!("candidates are nets") };
	runs.into_iter().map(|run| run.evaluated.map(|evaluated| net(evaluated.model))).collect()
}

pub fn assert_equal(device: &TestDevice, data: &Dataset, candidates: &[Candidate]) {
	for (candidate, net) in candidates.iter().zip(on_device(device, data, candidates)) {
		assert!(net == candidate.train(data, &RUN), "{candidate:?}: {:?}", net.err());
	}
}

/// Shrinks the buffers of a device until they hold one or two of `candidates` at a time.
pub fn small_batches(device: &Device, data: &Dataset, candidates: &[Candidate]) {
	while device.batch_size(data, candidates.chunks(1)) > 2 {
		device.shrink_buffer_budget();
	}
}

/// Returns a random candidate for `task`.
pub fn random(task: &ForecastTask, random: &mut Stream, epochs: u32) -> Candidate {
	Candidate {
		window: 1 + random.below(task.program.history.into()) as u16,
		width: 1 + random.below(40) as u16,
		depth: 1 + random.below(3) as u8,
		rate: 6 + random.below(9) as u8,
		epochs: 1 + random.below(epochs) as u16,
		decay: random.below(9) as u8,
		seed: u64::from(random.next_u32()) << 32 | u64::from(random.next_u32()),
		linear_skip: random.below(2) > 0,
		synthetic_share: 32 * random.below(9) as u16,
		..Candidate::default()
	}
}

#[test]
fn shaders_are_valid() {
	let of_kind = |net, loss| Shader::STAGES.map(|stage| Shader { stage, net, loss });
	let of_loss = |loss| NetKind::ALL.into_iter().flat_map(move |net| of_kind(net, loss));
	let all: Vec<Shader> = Shader::LOSSES.into_iter().flat_map(of_loss).collect();
	assert_eq!(all.len(), Shader::COUNT);
	for (number, shader) in all.into_iter().enumerate() {
		assert_eq!(shader.index(), number);
		let source = shader.source();
		let module = naga::front::wgsl::parse_str(&source).unwrap_or_else(|error| panic!("{}", error.emit_to_string(&source)));
		let mut validator = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
		validator.validate(&module).unwrap_or_else(|error| panic!("{shader:?}: {}", error.emit_to_string(&source)));
		assert!(module.entry_points.iter().any(|point| point.name == shader.entry()));
	}
}

#[test]
fn a_device_trains_the_nets_of_the_cpu() {
	let device = shared();
	let data = Dataset::new(seasonal(), 300, 1).unwrap();
	let mut stream = Stream::new(&[3; 32], 99, 0);
	let base = Candidate { window: 24, width: 20, epochs: 2, ..Candidate::default() };
	let mut candidates = vec![
		base,
		Candidate { linear_skip: false, synthetic_share: 0, epochs: 1, ..base },
		Candidate { blend: true, seed: 1, ..base },
		Candidate { depth: 8, width: 3, synthetic_share: 256, rate: 14, decay: 0, seed: u64::MAX, ..base },
	];
	candidates.extend((0..5).map(|_| random(&data.task, &mut stream, 3)));
	assert_equal(device, &data, &candidates);
	// One output, one step of history, no synthetic windows.
	let data = Dataset::new(tent(), 0, 0).unwrap();
	assert_equal(
		device,
		&data,
		&[Candidate { window: 1, width: 65, epochs: 2, ..base }, Candidate { window: 6, epochs: 3, ..base }],
	);
}

/// Returns a random candidate with convolutions for `data`.
fn random_conv(data: &Dataset, stream: &mut Stream, epochs: u32) -> Candidate {
	loop {
		let candidate = Candidate {
			family: Family::Conv,
			kernel: 1 + stream.below(9) as u8,
			stride: 1 + stream.below(3) as u8,
			dilate: stream.below(2) > 0,
			..random(&data.task, stream, epochs)
		};
		if candidate.check(data).is_ok() {
			return candidate;
		}
	}
}

/// Convolutions of many shapes for windows of up to 24 steps.
fn convs() -> Vec<Candidate> {
	let base = Candidate { family: Family::Conv, window: 24, width: 16, depth: 1, epochs: 2, ..Candidate::default() };
	vec![
		base,
		Candidate { linear_skip: false, stride: 2, kernel: 5, depth: 2, width: 9, ..base },
		Candidate { dilate: true, depth: 3, width: 7, ..base },
		Candidate { linear_skip: false, dilate: true, depth: 3, stride: 2, kernel: 2, width: 33, seed: 9, ..base },
		Candidate { kernel: 17, window: 23, synthetic_share: 0, width: 4, rate: 13, ..base },
		Candidate { linear_skip: false, kernel: 1, stride: 3, depth: 4, width: 20, synthetic_share: 256, decay: 6, ..base },
		Candidate { window: 1, kernel: 1, width: 1, ..base },
		Candidate { depth: 8, kernel: 2, width: 5, seed: u64::MAX, ..base },
	]
}

#[test]
fn a_device_trains_the_convolutions_of_the_cpu() {
	let device = shared();
	let data = Dataset::new(seasonal(), 300, 1).unwrap();
	let mut stream = Stream::new(&[8; 32], 99, 0);
	let mut candidates = convs();
	candidates.extend((0..8).map(|_| random_conv(&data, &mut stream, 2)));
	assert_equal(device, &data, &candidates);
	// One output, few steps, no synthetic windows.
	let data = Dataset::new(tent(), 0, 0).unwrap();
	assert_equal(device, &data, &[Candidate { window: 6, kernel: 2, depth: 2, ..convs()[0] }]);
}

#[test]
fn gradients_of_more_than_512_steps_are_scaled_down() {
	let device = shared();
	let mut task = seasonal();
	task.program.history = 700;
	task.limits.window_macs = 1 << 20;
	let data = Dataset::new(task, 0, 0).unwrap();
	let base = Candidate { window: 700, width: 3, epochs: 1, ..convs()[0] };
	assert_equal(device, &data, &[base, Candidate { window: 514, depth: 2, kernel: 2, linear_skip: false, ..base }]);
}

#[test]
fn loops_of_many_iterations_are_distributed_or_refused_in_software() {
	let device = shared();
	let mut task = seasonal();
	task.program.history = 300;
	(task.limits.window_macs, task.limits.model_bytes) = (1 << 22, 1 << 22);
	let data = Dataset::new(task, 0, 0).unwrap();
	let base = Candidate { window: 300, width: 128, linear_skip: false, epochs: 1, ..Candidate::default() };
	let conv = Candidate { family: Family::Conv, kernel: 5, width: 16, depth: 2, ..base };
	assert_equal(device, &data, &[base, conv]);
	let large = Candidate { width: 512, depth: 4, ..base };
	let net = on_device(device, &data, &[large]).remove(0);
	assert!(matches!(net, Err(Error::Device(DeviceError::Unsupported { .. }))) && device.fault().is_none());
}

/// Asserts that the device trains these candidates as the CPU does, and scores their nets as the chain does.
pub fn assert_trained_and_scored(device: &TestDevice, data: &Dataset, candidates: &[Candidate]) {
	assert_equal(device, data, candidates);
	let nets: Vec<Net> = candidates.iter().map(|candidate| candidate.train(data, &RUN).unwrap()).collect();
	let chunks = validation_chunks(&data.task).unwrap();
	let sums = |net: &Net| chunks.iter().map(|chunk| score(&Model::Net(net.clone()), &data.task.program, chunk)).collect();
	let expected: Vec<Vec<u32>> = nets.iter().map(sums).collect();
	assert_eq!(device.score(&data.task.program, &nets.iter().collect::<Vec<_>>(), &chunks).unwrap(), expected);
}

/// Returns random dense nets and convolutions, with and without a linear skip.
fn some(data: &Dataset, stream: &mut Stream) -> Vec<Candidate> {
	let mut candidates: Vec<Candidate> = (0..3).map(|_| random(&data.task, stream, 2)).collect();
	candidates.extend((0..5).map(|_| random_conv(data, stream, 2)));
	candidates
}

#[test]
fn nets_for_some_steps_alone_are_trained_and_scored_alike() {
	let device = shared();
	let mut stream = Stream::new(&[9; 32], 99, 0);
	for steps in [vec![6], vec![1, 4, 6], (1..=40).map(|step| 2 * step).collect()] {
		let mut task = seasonal();
		task.program.horizon = steps[steps.len() - 1].max(6);
		task.split.validation_end += 32 * 80;
		while task.series.len() < task.split.validation_end as usize {
			task.series.extend_from_within(..1_200);
		}
		task.program.target = Target::Steps(steps.try_into().unwrap());
		let data = Dataset::new(task, 200, 1).unwrap();
		assert_trained_and_scored(device, &data, &some(&data, &mut stream));
	}
}

/// Returns a task of `channels` channels: those of [`follower`] and more in other units.
fn channels(channels: u8) -> ForecastTask {
	let mut task = follower();
	let step =
		|pair: &[i32], at: usize| (0..channels).map(|channel| pair[usize::from(channel % 2)] << channel >> (at % 3)).collect();
	task.series = task.series.chunks(2).enumerate().flat_map(|(at, pair)| -> Vec<i32> { step(pair, at) }).collect();
	task.program.channels = channels;
	task
}

#[test]
fn nets_that_read_several_channels_are_trained_and_scored_alike() {
	let device = shared();
	let mut stream = Stream::new(&[10; 32], 99, 0);
	for task in [follower(), channels(3), channels(8)] {
		let mut task = ForecastTask { program: doin_scoring::Forecast { history: 12, horizon: 3, ..task.program }, ..task };
		let data = Dataset::new(task.clone(), 0, 0).unwrap();
		assert_trained_and_scored(device, &data, &some(&data, &mut stream));
		task.program.target = Target::Steps(vec![1, 3].try_into().unwrap());
		let data = Dataset::new(task, 0, 0).unwrap();
		assert_trained_and_scored(device, &data, &some(&data, &mut stream)[2..4]);
	}
}

#[test]
fn nets_that_tell_classes_apart_are_trained_and_scored_alike() {
	let device = shared();
	let mut stream = Stream::new(&[11; 32], 99, 0);
	let data = Dataset::new(direction(), 0, 0).unwrap();
	assert_trained_and_scored(device, &data, &some(&data, &mut stream));
	// As many classes as there can be, several channels, several steps ahead.
	let mut task = channels(3);
	(task.program.history, task.program.horizon) = (12, 5);
	task.program.target = classes((-7..8).map(|bound| 400 * bound));
	let data = Dataset::new(task, 0, 0).unwrap();
	let candidates = some(&data, &mut stream);
	assert_trained_and_scored(device, &data, &[candidates[1], candidates[5]]);
	// Synthetic windows, eight classes, and a linear model alone.
	let mut task = seasonal();
	task.program.target = classes((-3..4).map(|bound| 40 * bound));
	let data = Dataset::new(task, 300, 1).unwrap();
	let candidates = some(&data, &mut stream);
	assert_trained_and_scored(device, &data, &[candidates[0], candidates[4]]);
	let linear = &data.linear_model(24, 0).unwrap().net;
	let chunks = validation_chunks(&data.task).unwrap();
	let sums: Vec<u32> = chunks.iter().map(|chunk| score(&Model::Net(linear.clone()), &data.task.program, chunk)).collect();
	assert_eq!(device.score(&data.task.program, &[linear], &chunks).unwrap(), [sums]);
}

/// The classes between `bounds`.
pub fn classes(bounds: impl Iterator<Item = i32>) -> Target {
	Target::Classes(bounds.collect::<Vec<_>>().try_into().unwrap())
}

#[test]
fn nets_that_read_fewer_channels_than_there_are_are_scored_alike() {
	let device = shared();
	let one =
		Dataset::new(ForecastTask { program: doin_scoring::Forecast { channels: 1, ..follower().program }, ..channels(1) }, 0, 0);
	let one = one.unwrap();
	let base = Candidate { window: 6, width: 7, epochs: 1, ..Candidate::default() };
	let candidates = [base, Candidate { family: Family::Conv, kernel: 2, ..base }];
	let nets: Vec<Net> = candidates.iter().map(|candidate| candidate.train(&one, &RUN).unwrap()).collect();
	let task = channels(4);
	let chunks = validation_chunks(&task).unwrap();
	let sums = |net: &Net| chunks.iter().map(|chunk| score(&Model::Net(net.clone()), &task.program, chunk)).collect();
	let expected: Vec<Vec<u32>> = nets.iter().map(sums).collect();
	assert_eq!(device.score(&task.program, &nets.iter().collect::<Vec<_>>(), &chunks).unwrap(), expected);
}

#[test]
fn populations_of_several_families_share_a_batch() {
	let device = shared();
	let data = Dataset::new(seasonal(), 300, 1).unwrap();
	let dense = Candidate { window: 24, width: 12, epochs: 3, ..Candidate::default() };
	let conv = Candidate { family: Family::Conv, epochs: 2, ..dense };
	let candidates = [conv, dense, Candidate { seed: 1, epochs: 3, ..conv }, Candidate { seed: 2, epochs: 1, ..dense }];
	let loaded = DeviceDataset::new(device, &data).unwrap();
	let mut batch = GpuBatch::new(&loaded, &candidates).unwrap();
	batch.advance(1, &RUN).unwrap();
	let rung = batch.errors().unwrap();
	batch.retain(|at| at != 2).unwrap();
	batch.advance(9, &RUN).unwrap();
	let errors = batch.errors().unwrap();
	assert!(errors[2] == rung[2] && errors[0].least <= rung[0].least);
	for (at, (candidate, net)) in candidates.iter().zip(batch.nets().unwrap()).enumerate() {
		if at != 2 {
			assert!(net == candidate.train(&data, &RUN).unwrap(), "{candidate:?}");
		}
	}
}

#[test]
fn workgroups_of_the_size_that_gpus_take_train_and_score_the_same() {
	let data = Dataset::new(seasonal(), 300, 1).unwrap();
	let mut stream = Stream::new(&[5; 32], 99, 0);
	let device = TestDevice::new(Device::open_with_sizes(&adapter(), [WORKGROUP_SIZE, 32, 32, 32]).unwrap());
	let mut candidates: Vec<Candidate> = (0..3).map(|_| random(&data.task, &mut stream, 2)).collect();
	candidates.extend(&convs()[1..3]);
	assert_trained_and_scored(&device, &data, &candidates);
}

#[test]
fn values_far_apart_are_trained_alike_as_long_as_they_are_narrow() {
	let device = shared();
	let mut task = tent();
	let most = task.series.iter().map(|value| value.unsigned_abs()).max().unwrap();
	let factor = ((1 << 25) / most) as i32;
	task.series.iter_mut().for_each(|value| *value *= factor);
	let data = Dataset::new(task.clone(), 0, 0).unwrap();
	let candidate = Candidate { window: 6, width: 8, epochs: 1, ..Candidate::default() };
	assert_equal(device, &data, &[candidate, Candidate { linear_skip: false, ..candidate }]);
	task.series.iter_mut().for_each(|value| *value *= 16);
	let data = Dataset::new(task, 0, 0).unwrap();
	let refused = DeviceError::Unsupported { what: "series whose values differ by 2^26 or more" };
	assert_eq!(device.supports(&data, &candidate), Err(refused.clone()));
	assert_eq!(on_device(device, &data, &[candidate])[0], Err(refused.into()));
}

#[test]
fn errors_name_each_candidate_that_a_device_does_not_train() {
	let device = shared();
	let data = Dataset::new(seasonal(), 0, 1).unwrap();
	let base = Candidate { window: 24, width: 5, epochs: 1, ..Candidate::default() };
	let others = [Candidate { depth: 0, ..base }, base, Candidate { window: 25, ..base }, Candidate { bits: 8, ..base }];
	let unsupported = |what| DeviceError::Unsupported { what };
	assert_eq!(device.supports(&data, &others[0]), Err(unsupported("linear models")));
	let nets = on_device(device, &data, &others);
	assert_eq!(nets[0], others[0].train(&data, &RUN), "a linear model needs no device");
	assert_eq!(nets[1], base.train(&data, &RUN));
	assert_eq!(nets[2], Err(Error::Gene { name: "window".into(), value: 25, lo: 1, hi: 24 }));
	assert_eq!(nets[3], Err(unsupported("nets in 8 bits").into()));
}

#[test]
fn training_goes_on_with_the_survivors_of_a_rung() {
	let device = shared();
	let data = Dataset::new(seasonal(), 0, 1).unwrap();
	let base = Candidate { window: 24, width: 7, epochs: 4, linear_skip: false, ..Candidate::default() };
	let candidates: Vec<Candidate> = (0..5).map(|seed| Candidate { seed, epochs: 4 - (seed == 4) as u16, ..base }).collect();
	let loaded = DeviceDataset::new(device, &data).unwrap();
	let mut batch = GpuBatch::new(&loaded, &candidates).unwrap();
	batch.advance(2, &RUN).unwrap();
	let rung = batch.errors().unwrap();
	batch.retain(|at| at % 2 == 0).unwrap();
	batch.advance(1, &RUN).unwrap();
	batch.advance(9, &RUN).unwrap();
	let errors = batch.errors().unwrap();
	let nets = batch.nets().unwrap();
	for (at, (candidate, net)) in candidates.iter().zip(&nets).enumerate() {
		if at % 2 == 0 {
			assert!(*net == candidate.train(&data, &RUN).unwrap(), "{candidate:?}");
		} else {
			assert_eq!(errors[at], rung[at]);
		}
		// The error is that of the net: all windows are published, with weight 256.
		let sum = |(past, future): (&[i32], &[i32])| {
			let windows = Windows { channels: 1, history: 24, horizon: 6, values: [past, future].concat() };
			u128::from(score(&Model::Net(net.clone()), &data.task.program, &windows))
		};
		assert_eq!(data.early_stopping_windows(WindowSource::Published).map(sum).sum::<u128>() * 256, errors[at].least);
	}
}

#[test]
fn random_words_that_would_bias_a_draw_are_rejected() {
	let device = shared();
	let data = Dataset::new(seasonal(), 300, 1).unwrap();
	let candidate = Candidate { window: 24, width: 4, ..Candidate::default() };
	let loaded = DeviceDataset::new(device, &data).unwrap();
	let mut batch = GpuBatch::new(&loaded, &[candidate]).unwrap();
	// True surpluses are so small that no word in a million falls under them. These take a third and a half of all words.
	let surplus = [u32::MAX / 3, u32::MAX / 2];
	let drawn = batch.draw(surplus, 5).unwrap();
	let mut seed = [0; 32];
	seed[..8].copy_from_slice(&candidate.seed.to_le_bytes());
	let mut stream = Stream::new(&seed, purpose::BATCH, 5);
	let expected: Vec<u32> = (0..256)
		.map(|sample| {
			let synthetic = sample < data.synthetic_share(candidate.synthetic_share);
			let source = if synthetic { WindowSource::Synthetic } else { WindowSource::Published };
			let starts = data.training_starts(source);
			loop {
				let product = u64::from(stream.next_u32()) * starts.len() as u64;
				if product as u32 >= surplus[source as usize] {
					break starts[(product >> 32) as usize];
				}
			}
		})
		.collect();
	assert_eq!(drawn, expected);
}

#[test]
fn a_device_scores_as_the_chain_does() {
	let device = shared();
	let mut task = seasonal();
	task.program.windows = 21;
	let data = Dataset::new(task.clone(), 100, 1).unwrap();
	let base = Candidate { window: 24, width: 20, epochs: 1, ..Candidate::default() };
	let candidates = [
		base,
		Candidate { depth: 0, window: 5, ..base },
		Candidate { linear_skip: false, depth: 2, ..base },
		Candidate { depth: 3, window: 17, width: 9, ..base },
		convs()[1],
		convs()[2],
	];
	let nets: Vec<Net> = candidates.iter().map(|candidate| candidate.train(&data, &RUN).unwrap()).collect();
	let drawn = |index| sample::drawn(&task.program, task.generator.as_ref().unwrap(), &[7; 32], index);
	let mut chunks: Vec<Windows> = (0..task.program.chunks).map(drawn).collect();
	chunks.extend(validation_chunks(&task).unwrap());
	let expected: Vec<Vec<u32>> = nets
		.iter()
		.map(|net| chunks.iter().map(|chunk| score(&Model::Net(net.clone()), &data.task.program, chunk)).collect())
		.collect();
	let nets: Vec<&Net> = nets.iter().collect();
	assert_eq!(device.score(&data.task.program, &nets, &chunks).unwrap(), expected);
	assert_eq!(device.score(&data.task.program, &nets[..1], &chunks[..1]).unwrap(), [expected[0][..1].to_vec()]);
	assert_eq!(device.score(&data.task.program, &[], &chunks).unwrap(), Vec::<Vec<u32>>::new());
	let wide = Windows { channels: 1, history: 24, horizon: 6, values: (0..30).map(|at| at << 24).collect() };
	assert!(matches!(device.score(&data.task.program, &nets, &[wide]), Err(DeviceError::Unsupported { .. })));
	let other = Windows { channels: 1, history: 24, horizon: 5, values: vec![0; 29] };
	assert!(matches!(device.score(&data.task.program, &nets, &[other]), Err(DeviceError::Unsupported { .. })));
}

#[test]
#[ignore = "large: run by the full test"]
fn many_random_candidates_are_trained_alike() {
	let count: usize = std::env::var("DOIN_GPU_CANDIDATES").map_or(400, |count| count.parse().unwrap());
	let device = shared();
	let mut stream = Stream::new(&[4; 32], 99, 0);
	let mut done = 0;
	while done < count {
		let mut task = match stream.below(3) {
			0 => channels(1 + stream.below(8) as u8),
			_ => seasonal(),
		};
		let horizon = 1 + stream.below(24) as u16;
		(task.program.history, task.program.horizon) = (24, horizon);
		task.program.target = match stream.below(4) {
			0 => Target::Steps((1..=horizon).step_by(1 + stream.below(5) as usize).collect::<Vec<_>>().try_into().unwrap()),
			1 => {
				let (bounds, distance) = (1 + stream.below(15) as i32, 1 + stream.below(500) as i32);
				classes((0..bounds).map(|bound| (bound - bounds / 2) * distance))
			}
			_ => Target::Values,
		};
		let synthetic = if task.generator.is_some() { [0, 40, 700][stream.below(3) as usize] } else { 0 };
		let data = Dataset::new(task, synthetic, stream.next_u32().into()).unwrap();
		let some = |at: usize| match at % 2 {
			0 => random(&data.task, &mut stream, 4),
			_ => random_conv(&data, &mut stream, 2),
		};
		let candidates: Vec<Candidate> = (0..40.min(count - done)).map(some).collect();
		done += candidates.len();
		assert_equal(device, &data, &candidates);
	}
}
