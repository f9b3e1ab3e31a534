use super::*;
use crate::{fixtures::seasonal, Candidate, Error, TrainingSet};
use doin_scoring::Net;
use std::sync::{atomic::AtomicBool, Mutex};

static RUN: AtomicBool = AtomicBool::new(false);

/// Vulkan in software, which every machine that tests can have.
fn software() -> Gpu {
	let adapters = adapters();
	let adapter = adapters.iter().find(|adapter| adapter.kind == Kind::Cpu).or(adapters.first());
	Gpu::open(adapter.expect("there is no Vulkan device: run scripts/setup.sh, which installs one in software")).unwrap()
}

fn on_device(gpu: &Gpu, data: &TrainingSet, candidates: &[Candidate]) -> Vec<Result<Net, Error>> {
	let nets = Mutex::new(vec![Err(Error::Stopped); candidates.len()]);
	gpu.train(data, candidates, &RUN, |at, net| nets.lock().unwrap()[at] = net);
	nets.into_inner().unwrap()
}

fn on_processor(data: &TrainingSet, candidate: &Candidate) -> Result<Net, Error> {
	candidate.train(data, &RUN)
}

#[test]
fn a_device_trains_the_nets_of_the_processor() {
	let gpu = software();
	let data = TrainingSet::new(seasonal(), 300, 1).unwrap();
	let base = Candidate { window: 24, width: 20, epochs: 2, skip: false, ..Candidate::default() };
	let candidates = [
		base,
		Candidate { skip: true, ..base },
		Candidate { depth: 3, width: 9, window: 17, seed: 7, epochs: 3, ..base },
		Candidate { depth: 2, width: 33, window: 5, skip: true, mix: 256, rate: 12, decay: 0, ..base },
	];
	let nets = on_device(&gpu, &data, &candidates);
	for (candidate, net) in candidates.iter().zip(nets) {
		assert_eq!(net, on_processor(&data, candidate), "{candidate:?}");
	}
}
