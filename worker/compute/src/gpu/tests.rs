use super::{device::SIZE, plan::Form, shader::Shader, *};
use crate::{
	fixtures::{direction, follower, seasonal, tent},
	population::BYTE_BITS,
	Candidate, Error, Family, Task, TrainingSet,
};
use doin_scoring::{
	philox::{purpose, Stream},
	sample, score, Model, Net, Target, Windows,
};
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		LazyLock, Mutex,
	},
	thread,
	time::Duration,
};

pub static RUN: AtomicBool = AtomicBool::new(false);

/// Vulkan in software, which every machine that tests can have.
pub fn adapter() -> Adapter {
	let mut adapters = adapters();
	assert!(!adapters.is_empty(), "there is no Vulkan device: run scripts/setup.sh, which installs one in software");
	let software = adapters.iter().position(|adapter| adapter.kind == Kind::Cpu);
	adapters.swap_remove(software.unwrap_or(0))
}

fn software() -> Gpu {
	Gpu::open(&adapter()).unwrap()
}

/// The same device for all tests that leave it as it is: making kernels takes seconds.
pub fn shared() -> &'static Gpu {
	static GPU: LazyLock<Gpu> = LazyLock::new(software);
	&GPU
}

pub fn on_device(gpu: &Gpu, data: &TrainingSet, candidates: &[Candidate]) -> Vec<Result<Net, Error>> {
	let nets = Mutex::new(vec![Err(Error::Stopped); candidates.len()]);
	gpu.train(data, candidates, &RUN, |at, net| nets.lock().unwrap()[at] = net);
	nets.into_inner().unwrap()
}

pub fn assert_equal(gpu: &Gpu, data: &TrainingSet, candidates: &[Candidate]) {
	for (candidate, net) in candidates.iter().zip(on_device(gpu, data, candidates)) {
		assert!(net == candidate.train(data, &RUN), "{candidate:?}: {:?}", net.err());
	}
}

/// Leaves room for one or two of `candidates` at a time.
pub fn small_waves(gpu: &Gpu, data: &TrainingSet, candidates: &[Candidate]) {
	let numbers: Vec<usize> = (0..candidates.len()).collect();
	while gpu.wave(data, candidates, &numbers) > 2 {
		gpu.save();
	}
}

/// Some candidate for `task`.
pub fn random(task: &Task, random: &mut Stream, epochs: u32) -> Candidate {
	Candidate {
		window: 1 + random.below(task.program.history.into()) as u16,
		width: 1 + random.below(40) as u16,
		depth: 1 + random.below(3) as u8,
		rate: 6 + random.below(9) as u8,
		epochs: 1 + random.below(epochs) as u16,
		decay: random.below(9) as u8,
		seed: u64::from(random.next_u32()) << 32 | u64::from(random.next_u32()),
		skip: random.below(2) > 0,
		mix: 32 * random.below(9) as u16,
		..Candidate::default()
	}
}

#[test]
fn shaders_are_valid() {
	let of_form = |form, goal| Shader::KERNELS.map(|kernel| Shader { kernel, form, goal });
	let of_goal = |goal| Form::ALL.into_iter().flat_map(move |form| of_form(form, goal));
	let all: Vec<Shader> = Shader::GOALS.into_iter().flat_map(of_goal).collect();
	assert_eq!(all.len(), Shader::COUNT);
	for (number, shader) in all.into_iter().enumerate() {
		assert_eq!(shader.number(), number);
		let source = shader.source();
		let module = naga::front::wgsl::parse_str(&source).unwrap_or_else(|error| panic!("{}", error.emit_to_string(&source)));
		let mut validator = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
		validator.validate(&module).unwrap_or_else(|error| panic!("{shader:?}: {}", error.emit_to_string(&source)));
		assert!(module.entry_points.iter().any(|point| point.name == shader.entry()));
	}
}

#[test]
fn a_device_trains_the_nets_of_the_processor() {
	let gpu = shared();
	let data = TrainingSet::new(seasonal(), 300, 1).unwrap();
	let mut stream = Stream::new(&[3; 32], 99, 0);
	let base = Candidate { window: 24, width: 20, epochs: 2, ..Candidate::default() };
	let mut candidates = vec![
		base,
		Candidate { skip: false, mix: 0, epochs: 1, ..base },
		Candidate { blend: true, seed: 1, ..base },
		Candidate { depth: 8, width: 3, mix: 256, rate: 14, decay: 0, seed: u64::MAX, ..base },
	];
	candidates.extend((0..5).map(|_| random(&data.task, &mut stream, 3)));
	assert_equal(gpu, &data, &candidates);
	// One output, one step of history, no synthetic windows.
	let data = TrainingSet::new(tent(), 0, 0).unwrap();
	assert_equal(
		gpu,
		&data,
		&[Candidate { window: 1, width: 65, epochs: 2, ..base }, Candidate { window: 6, epochs: 3, ..base }],
	);
}

/// Some candidate with convolutions for `data`.
fn random_conv(data: &TrainingSet, stream: &mut Stream, epochs: u32) -> Candidate {
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
		Candidate { skip: false, stride: 2, kernel: 5, depth: 2, width: 9, ..base },
		Candidate { dilate: true, depth: 3, width: 7, ..base },
		Candidate { skip: false, dilate: true, depth: 3, stride: 2, kernel: 2, width: 33, seed: 9, ..base },
		Candidate { kernel: 17, window: 23, mix: 0, width: 4, rate: 13, ..base },
		Candidate { skip: false, kernel: 1, stride: 3, depth: 4, width: 20, mix: 256, decay: 6, ..base },
		Candidate { window: 1, kernel: 1, width: 1, ..base },
		Candidate { depth: 8, kernel: 2, width: 5, seed: u64::MAX, ..base },
	]
}

#[test]
fn a_device_trains_the_convolutions_of_the_processor() {
	let gpu = shared();
	let data = TrainingSet::new(seasonal(), 300, 1).unwrap();
	let mut stream = Stream::new(&[8; 32], 99, 0);
	let mut candidates = convs();
	candidates.extend((0..8).map(|_| random_conv(&data, &mut stream, 2)));
	assert_equal(gpu, &data, &candidates);
	// One output, few steps, no synthetic windows.
	let data = TrainingSet::new(tent(), 0, 0).unwrap();
	assert_equal(gpu, &data, &[Candidate { window: 6, kernel: 2, depth: 2, ..convs()[0] }]);
}

#[test]
fn gradients_of_more_than_512_steps_are_scaled_down() {
	let gpu = shared();
	let mut task = seasonal();
	task.program.history = 700;
	task.limits.window_macs = 1 << 20;
	let data = TrainingSet::new(task, 0, 0).unwrap();
	let base = Candidate { window: 700, width: 3, epochs: 1, ..convs()[0] };
	assert_equal(gpu, &data, &[base, Candidate { window: 514, depth: 2, kernel: 2, skip: false, ..base }]);
}

#[test]
fn loops_of_many_turns_are_shared_out_or_refused_in_software() {
	let gpu = shared();
	let mut task = seasonal();
	task.program.history = 300;
	(task.limits.window_macs, task.limits.model_bytes) = (1 << 22, 1 << 22);
	let data = TrainingSet::new(task, 0, 0).unwrap();
	let base = Candidate { window: 300, width: 128, skip: false, epochs: 1, ..Candidate::default() };
	let conv = Candidate { family: Family::Conv, kernel: 5, width: 16, depth: 2, ..base };
	assert_equal(gpu, &data, &[base, conv]);
	let large = Candidate { width: 512, depth: 4, ..base };
	let net = on_device(gpu, &data, &[large]).remove(0);
	assert!(matches!(net, Err(Error::Gpu(GpuError::Unsupported(_)))) && gpu.fault().is_none());
}

/// Whether the device trains these candidates as the processor does, and scores their nets as the chain does.
pub fn assert_trained_and_scored(gpu: &Gpu, data: &TrainingSet, candidates: &[Candidate]) {
	assert_equal(gpu, data, candidates);
	let nets: Vec<Net> = candidates.iter().map(|candidate| candidate.train(data, &RUN).unwrap()).collect();
	let chunks = crate::task::validation(&data.task).unwrap();
	let sums = |net: &Net| chunks.iter().map(|chunk| score(&Model::Net(net.clone()), &data.task.program, chunk)).collect();
	let expected: Vec<Vec<u32>> = nets.iter().map(sums).collect();
	assert_eq!(gpu.score(&data.task.program, &nets.iter().collect::<Vec<_>>(), &chunks).unwrap(), expected);
}

/// Dense nets, convolutions and linear models, with and without a linear path.
fn some(data: &TrainingSet, stream: &mut Stream) -> Vec<Candidate> {
	let mut candidates: Vec<Candidate> = (0..3).map(|_| random(&data.task, stream, 2)).collect();
	candidates.extend((0..5).map(|_| random_conv(data, stream, 2)));
	candidates
}

#[test]
fn nets_for_some_steps_alone_are_trained_and_scored_alike() {
	let gpu = shared();
	let mut stream = Stream::new(&[9; 32], 99, 0);
	for steps in [vec![6], vec![1, 4, 6], (1..=40).map(|step| 2 * step).collect()] {
		let mut task = seasonal();
		task.program.horizon = steps[steps.len() - 1].max(6);
		task.split.validation_end += 32 * 80;
		while task.series.len() < task.split.validation_end as usize {
			task.series.extend_from_within(..1_200);
		}
		task.program.target = Target::Steps(steps.try_into().unwrap());
		let data = TrainingSet::new(task, 200, 1).unwrap();
		assert_trained_and_scored(gpu, &data, &some(&data, &mut stream));
	}
}

/// A task of `channels` channels: those of [`follower`] and more in other units.
fn channels(channels: u8) -> Task {
	let mut task = follower();
	let step =
		|pair: &[i32], at: usize| (0..channels).map(|channel| pair[usize::from(channel % 2)] << channel >> (at % 3)).collect();
	task.series = task.series.chunks(2).enumerate().flat_map(|(at, pair)| -> Vec<i32> { step(pair, at) }).collect();
	task.program.channels = channels;
	task
}

#[test]
fn nets_that_read_several_channels_are_trained_and_scored_alike() {
	let gpu = shared();
	let mut stream = Stream::new(&[10; 32], 99, 0);
	for task in [follower(), channels(3), channels(8)] {
		let mut task = Task { program: doin_scoring::Forecast { history: 12, horizon: 3, ..task.program }, ..task };
		let data = TrainingSet::new(task.clone(), 0, 0).unwrap();
		assert_trained_and_scored(gpu, &data, &some(&data, &mut stream));
		task.program.target = Target::Steps(vec![1, 3].try_into().unwrap());
		let data = TrainingSet::new(task, 0, 0).unwrap();
		assert_trained_and_scored(gpu, &data, &some(&data, &mut stream)[2..4]);
	}
}

#[test]
fn nets_that_tell_classes_apart_are_trained_and_scored_alike() {
	let gpu = shared();
	let mut stream = Stream::new(&[11; 32], 99, 0);
	let data = TrainingSet::new(direction(), 0, 0).unwrap();
	assert_trained_and_scored(gpu, &data, &some(&data, &mut stream));
	// As many classes as there can be, several channels, several steps ahead.
	let mut task = channels(3);
	(task.program.history, task.program.horizon) = (12, 5);
	task.program.target = classes((-7..8).map(|bound| 400 * bound));
	let data = TrainingSet::new(task, 0, 0).unwrap();
	let candidates = some(&data, &mut stream);
	assert_trained_and_scored(gpu, &data, &[candidates[1], candidates[5]]);
	// Synthetic windows, eight classes, and a linear model alone.
	let mut task = seasonal();
	task.program.target = classes((-3..4).map(|bound| 40 * bound));
	let data = TrainingSet::new(task, 300, 1).unwrap();
	let candidates = some(&data, &mut stream);
	assert_trained_and_scored(gpu, &data, &[candidates[0], candidates[4]]);
	let linear = &data.linear(24, 0).unwrap().net;
	let chunks = crate::task::validation(&data.task).unwrap();
	let sums: Vec<u32> = chunks.iter().map(|chunk| score(&Model::Net(linear.clone()), &data.task.program, chunk)).collect();
	assert_eq!(gpu.score(&data.task.program, &[linear], &chunks).unwrap(), [sums]);
}

/// The classes between `bounds`.
pub fn classes(bounds: impl Iterator<Item = i32>) -> Target {
	Target::Classes(bounds.collect::<Vec<_>>().try_into().unwrap())
}

#[test]
fn nets_that_read_fewer_channels_than_there_are_are_scored_alike() {
	let gpu = shared();
	let one =
		TrainingSet::new(Task { program: doin_scoring::Forecast { channels: 1, ..follower().program }, ..channels(1) }, 0, 0);
	let one = one.unwrap();
	let base = Candidate { window: 6, width: 7, epochs: 1, ..Candidate::default() };
	let candidates = [base, Candidate { family: Family::Conv, kernel: 2, ..base }];
	let nets: Vec<Net> = candidates.iter().map(|candidate| candidate.train(&one, &RUN).unwrap()).collect();
	let task = channels(4);
	let chunks = crate::task::validation(&task).unwrap();
	let sums = |net: &Net| chunks.iter().map(|chunk| score(&Model::Net(net.clone()), &task.program, chunk)).collect();
	let expected: Vec<Vec<u32>> = nets.iter().map(sums).collect();
	assert_eq!(gpu.score(&task.program, &nets.iter().collect::<Vec<_>>(), &chunks).unwrap(), expected);
}

#[test]
fn populations_of_several_families_share_a_wave() {
	let gpu = shared();
	let data = TrainingSet::new(seasonal(), 300, 1).unwrap();
	let dense = Candidate { window: 24, width: 12, epochs: 3, ..Candidate::default() };
	let conv = Candidate { family: Family::Conv, epochs: 2, ..dense };
	let candidates = [conv, dense, Candidate { seed: 1, epochs: 3, ..conv }, Candidate { seed: 2, epochs: 1, ..dense }];
	let loaded = Loaded::new(gpu, &data).unwrap();
	let mut wave = Wave::new(&loaded, &candidates).unwrap();
	wave.advance(1, &RUN).unwrap();
	let rung = wave.errors().unwrap();
	wave.retain(|at| at != 2).unwrap();
	wave.advance(9, &RUN).unwrap();
	let errors = wave.errors().unwrap();
	assert!(errors[2] == rung[2] && errors[0].1 <= rung[0].1);
	for (at, (candidate, net)) in candidates.iter().zip(wave.nets().unwrap()).enumerate() {
		if at != 2 {
			assert!(net == candidate.train(&data, &RUN).unwrap(), "{candidate:?}");
		}
	}
	// What devices do not train is left for the cores.
	let [cell, bytes] = [Candidate { family: Family::Gru, ..dense }, Candidate { bits: BYTE_BITS, ..dense }];
	let mixed = [conv, bytes, dense, cell];
	let left = Devices::new(vec![software()]).train(&data, &mixed, &RUN, |at, trained| {
		assert!(trained == mixed[at].evaluate(&data, &RUN), "{:?}", mixed[at]);
	});
	assert_eq!(left, [1]);
}

#[test]
fn workgroups_of_the_size_that_gpus_take_train_and_score_the_same() {
	let data = TrainingSet::new(seasonal(), 300, 1).unwrap();
	let mut stream = Stream::new(&[5; 32], 99, 0);
	let gpu = Gpu::sized(&adapter(), [SIZE, 32, 32, 32]).unwrap();
	let mut candidates: Vec<Candidate> = (0..3).map(|_| random(&data.task, &mut stream, 2)).collect();
	candidates.extend(&convs()[1..3]);
	assert_trained_and_scored(&gpu, &data, &candidates);
}

#[test]
fn values_far_apart_are_trained_alike_as_long_as_they_are_narrow() {
	let gpu = shared();
	let mut task = tent();
	let most = task.series.iter().map(|value| value.unsigned_abs()).max().unwrap();
	let factor = ((1 << 25) / most) as i32;
	task.series.iter_mut().for_each(|value| *value *= factor);
	let data = TrainingSet::new(task.clone(), 0, 0).unwrap();
	let candidate = Candidate { window: 6, width: 8, epochs: 1, ..Candidate::default() };
	assert_equal(gpu, &data, &[candidate, Candidate { skip: false, ..candidate }]);
	task.series.iter_mut().for_each(|value| *value *= 16);
	let data = TrainingSet::new(task, 0, 0).unwrap();
	let refused = GpuError::Unsupported("series whose values differ by 2^26 or more");
	assert_eq!(gpu.supports(&data, &candidate), Err(refused.clone()));
	assert_eq!(on_device(gpu, &data, &[candidate])[0], Err(refused.into()));
}

#[test]
fn what_a_device_does_not_train_is_said_candidate_by_candidate() {
	let gpu = shared();
	let data = TrainingSet::new(seasonal(), 0, 1).unwrap();
	let base = Candidate { window: 24, width: 5, epochs: 1, ..Candidate::default() };
	let others = [Candidate { depth: 0, ..base }, base, Candidate { window: 25, ..base }, Candidate { bits: 8, ..base }];
	let nets = on_device(gpu, &data, &others);
	assert_eq!(nets[0], Err(GpuError::Unsupported("linear models").into()));
	assert_eq!(nets[1], base.train(&data, &RUN));
	assert_eq!(nets[2], Err(Error::Gene { name: "window".into(), value: 25, lo: 1, hi: 24 }));
	assert_eq!(nets[3], Err(GpuError::Unsupported("nets in 8 bits").into()));
}

#[test]
fn training_goes_on_with_the_survivors_of_a_rung() {
	let gpu = shared();
	let data = TrainingSet::new(seasonal(), 0, 1).unwrap();
	let base = Candidate { window: 24, width: 7, epochs: 4, skip: false, ..Candidate::default() };
	let candidates: Vec<Candidate> = (0..5).map(|seed| Candidate { seed, epochs: 4 - (seed == 4) as u16, ..base }).collect();
	let loaded = Loaded::new(gpu, &data).unwrap();
	let mut wave = Wave::new(&loaded, &candidates).unwrap();
	wave.advance(2, &RUN).unwrap();
	let rung = wave.errors().unwrap();
	wave.retain(|at| at % 2 == 0).unwrap();
	wave.advance(1, &RUN).unwrap();
	wave.advance(9, &RUN).unwrap();
	let errors = wave.errors().unwrap();
	let nets = wave.nets().unwrap();
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
		assert_eq!(data.inner(false).map(sum).sum::<u128>() * 256, errors[at].1);
	}
}

#[test]
fn words_that_would_favour_some_windows_are_drawn_again() {
	let gpu = shared();
	let data = TrainingSet::new(seasonal(), 300, 1).unwrap();
	let candidate = Candidate { window: 24, width: 4, ..Candidate::default() };
	let loaded = Loaded::new(gpu, &data).unwrap();
	let mut wave = Wave::new(&loaded, &[candidate]).unwrap();
	// True surpluses are so small that no word in a million falls under them. These take a third and a half of all words.
	let surplus = [u32::MAX / 3, u32::MAX / 2];
	let drawn = wave.draw(surplus, 5).unwrap();
	let mut seed = [0; 32];
	seed[..8].copy_from_slice(&candidate.seed.to_le_bytes());
	let mut stream = Stream::new(&seed, purpose::BATCH, 5);
	let expected: Vec<u32> = (0..256)
		.map(|sample| {
			let synthetic = sample < data.share(candidate.mix);
			let places = data.fit_places(synthetic);
			loop {
				let product = u64::from(stream.next_u32()) * places.len() as u64;
				if product as u32 >= surplus[usize::from(synthetic)] {
					break places[(product >> 32) as usize];
				}
			}
		})
		.collect();
	assert_eq!(drawn, expected);
}

#[test]
fn a_device_scores_as_the_chain_does() {
	let gpu = shared();
	let mut task = seasonal();
	task.program.windows = 21;
	let data = TrainingSet::new(task.clone(), 100, 1).unwrap();
	let base = Candidate { window: 24, width: 20, epochs: 1, ..Candidate::default() };
	let candidates = [
		base,
		Candidate { depth: 0, window: 5, ..base },
		Candidate { skip: false, depth: 2, ..base },
		Candidate { depth: 3, window: 17, width: 9, ..base },
		convs()[1],
		convs()[2],
	];
	let nets: Vec<Net> = candidates.iter().map(|candidate| candidate.train(&data, &RUN).unwrap()).collect();
	let drawn = |index| sample::drawn(&task.program, task.generator.as_ref().unwrap(), &[7; 32], index);
	let mut chunks: Vec<Windows> = (0..task.program.chunks).map(drawn).collect();
	chunks.extend(crate::task::validation(&task).unwrap());
	let expected: Vec<Vec<u32>> = nets
		.iter()
		.map(|net| chunks.iter().map(|chunk| score(&Model::Net(net.clone()), &data.task.program, chunk)).collect())
		.collect();
	let nets: Vec<&Net> = nets.iter().collect();
	assert_eq!(gpu.score(&data.task.program, &nets, &chunks).unwrap(), expected);
	assert_eq!(gpu.score(&data.task.program, &nets[..1], &chunks[..1]).unwrap(), [expected[0][..1].to_vec()]);
	assert_eq!(gpu.score(&data.task.program, &[], &chunks).unwrap(), Vec::<Vec<u32>>::new());
	let wide = Windows { channels: 1, history: 24, horizon: 6, values: (0..30).map(|at| at << 24).collect() };
	assert!(matches!(gpu.score(&data.task.program, &nets, &[wide]), Err(GpuError::Unsupported(_))));
	let other = Windows { channels: 1, history: 24, horizon: 5, values: vec![0; 29] };
	assert!(matches!(gpu.score(&data.task.program, &nets, &[other]), Err(GpuError::Unsupported(_))));
}

#[test]
fn a_lost_device_gives_an_error_and_no_net() {
	let gpu = software();
	let data = TrainingSet::new(seasonal(), 0, 1).unwrap();
	let candidate = Candidate { window: 24, width: 32, depth: 3, epochs: 1000, ..Candidate::default() };
	thread::scope(|scope| {
		scope.spawn(|| {
			thread::sleep(Duration::from_millis(700));
			gpu.lose();
		});
		let nets = on_device(&gpu, &data, &[candidate; 3]);
		assert!(
			nets.iter().all(|net| matches!(net, Err(Error::Gpu(GpuError::Lost { .. } | GpuError::Driver { .. })))),
			"{nets:?}"
		);
	});
	assert!(gpu.fault().is_some());
	assert!(on_device(&gpu, &data, &[candidate])[0].is_err());
	assert!(gpu
		.score(&data.task.program, &[&data.linear(24, 0).unwrap().net], &crate::task::validation(&data.task).unwrap())
		.is_err());
}

#[test]
fn what_a_lost_device_leaves_is_trained_by_the_other_and_the_rest_handed_back() {
	let devices = Devices::new(vec![software(), software()]);
	let data = TrainingSet::new(seasonal(), 300, 1).unwrap();
	let base = Candidate { window: 24, width: 12, epochs: 2, ..Candidate::default() };
	let mut candidates: Vec<Candidate> = (0..10).map(|seed| Candidate { seed, ..base }).collect();
	candidates[3].depth = 0;
	let all = Mutex::new(vec![None; candidates.len()]);
	let train = |lose: &Gpu| {
		let left = devices.train(&data, &candidates, &RUN, |at, trained| {
			// As soon as there is something to lose.
			lose.lose();
			all.lock().unwrap()[at] = Some(trained);
		});
		std::mem::replace(&mut *all.lock().unwrap(), vec![None; candidates.len()])
			.into_iter()
			.zip(&candidates)
			.enumerate()
			.for_each(|(at, (trained, candidate))| {
				assert_eq!(trained.is_none(), left.contains(&at));
				assert!(trained.is_none_or(|trained| trained == candidate.evaluate(&data, &RUN)), "{candidate:?}");
			});
		left
	};
	// Several waves, so that there is something left when the first one is done.
	devices.gpus().iter().for_each(|gpu| small_waves(gpu, &data, &candidates));
	assert_eq!(train(&devices.gpus()[0]), [3]);
	let left = train(&devices.gpus()[1]);
	assert!(left.contains(&3) && (2..10).contains(&left.len()), "{left:?}");
	assert_eq!(devices.working().count(), 0);
	assert_eq!(train(&devices.gpus()[1]), (0..10).collect::<Vec<_>>());
}

#[test]
fn what_a_lost_device_has_trained_is_measured_by_the_processor() {
	let gpu = software();
	let data = TrainingSet::new(seasonal(), 300, 1).unwrap();
	let base = Candidate { window: 24, width: 12, epochs: 1, ..Candidate::default() };
	let candidates = [base, Candidate { family: Family::Conv, ..base }];
	let nets = || candidates.iter().map(|candidate| (*candidate, candidate.train(&data, &RUN))).collect::<Vec<_>>();
	let expected: Vec<_> = candidates.iter().map(|candidate| candidate.evaluate(&data, &RUN)).collect();
	assert_eq!(gpu.judge(&data, nets()), expected);
	gpu.lose();
	assert_eq!(gpu.judge(&data, nets()), expected);
	// A net that could not be trained, or that the domain would not admit, keeps its error and nobody else's place.
	let mut some = nets();
	some[0].1 = Err(Error::Stopped);
	assert_eq!(gpu.judge(&data, some), [Err(Error::Stopped), expected[1].clone()]);
}

#[test]
fn a_stop_ends_training_between_two_submissions() {
	let gpu = shared();
	let data = TrainingSet::new(seasonal(), 0, 1).unwrap();
	let candidate = Candidate { window: 24, epochs: 1000, depth: 3, ..Candidate::default() };
	let stop = AtomicBool::new(false);
	thread::scope(|scope| {
		scope.spawn(|| {
			thread::sleep(Duration::from_millis(300));
			stop.store(true, Ordering::Relaxed);
		});
		gpu.train(&data, &[candidate; 2], &stop, |_, net| assert_eq!(net, Err(Error::Stopped)));
	});
	assert_eq!(gpu.fault(), None);
}

#[test]
fn memory_that_runs_out_makes_waves_smaller() {
	let gpu = software();
	let data = TrainingSet::new(seasonal(), 0, 1).unwrap();
	let base = Candidate { window: 24, width: 12, epochs: 1, ..Candidate::default() };
	let candidates: Vec<Candidate> = (0..6).map(|seed| Candidate { seed, ..base }).collect();
	let numbers: Vec<usize> = (0..6).collect();
	assert_eq!(gpu.wave(&data, &candidates, &numbers), 6);
	small_waves(&gpu, &data, &candidates);
	assert!((1..=2).contains(&gpu.wave(&data, &candidates, &numbers)));
	assert_equal(&gpu, &data, &candidates);
}

#[test]
fn devices_are_chosen_by_kind_number_or_name() {
	for (text, selection) in [
		("auto", Selection::Auto),
		("none", Selection::None),
		("1", Selection::Index(1)),
		(" GeForce ", Selection::Name("GeForce".into())),
	] {
		assert_eq!(text.parse(), Ok(selection));
	}
	let adapters = adapters();
	let software: Vec<&Adapter> = adapters.iter().filter(|adapter| !adapter.is_gpu()).collect();
	assert!(!software.is_empty(), "there is no Vulkan device in software: run scripts/setup.sh");
	assert!(Selection::Auto.choose(&adapters).unwrap().iter().all(|adapter| adapter.is_gpu()));
	assert!(Selection::None.choose(&adapters).unwrap().is_empty());
	assert_eq!(Selection::Index(software[0].index).choose(&adapters).unwrap()[0].name, software[0].name);
	let name = software[0].name[..5].to_uppercase();
	assert!(Selection::Name(name).choose(&adapters).unwrap().iter().any(|adapter| adapter.index == software[0].index));
	for wanted in ["99", "a card of the future"] {
		let refused = Devices::open(&wanted.parse().unwrap()).unwrap_err().to_string();
		assert!(refused.contains(wanted) && refused.contains(&software[0].name), "{refused}");
	}
	assert!(Devices::open(&Selection::None).unwrap().gpus().is_empty());
}

#[test]
fn a_device_that_is_too_small_is_refused_with_numbers() {
	let mut adapter = adapter();
	adapter.limits.max_compute_invocations_per_workgroup = 16;
	let refused = Gpu::open(&adapter).unwrap_err();
	let limit = "max_compute_invocations_per_workgroup";
	assert!(matches!(&refused, GpuError::Limit { limit: named, has: 16, .. } if *named == limit));
	assert!(refused.to_string().contains("is 16, "), "{refused}");
}

#[test]
#[ignore = "large: run by the full test"]
fn many_random_candidates_are_trained_alike() {
	let count: usize = std::env::var("DOIN_GPU_CANDIDATES").map_or(400, |count| count.parse().unwrap());
	let gpu = shared();
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
		let data = TrainingSet::new(task, synthetic, stream.next_u32().into()).unwrap();
		let some = |at: usize| match at % 2 {
			0 => random(&data.task, &mut stream, 4),
			_ => random_conv(&data, &mut stream, 2),
		};
		let candidates: Vec<Candidate> = (0..40.min(count - done)).map(some).collect();
		done += candidates.len();
		assert_equal(gpu, &data, &candidates);
	}
}
