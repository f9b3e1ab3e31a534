//! A domain of training runs, by which loss genomes are scored.

#[path = "../../../worker/kernels/src/tests/random_genome.rs"]
mod random_genome;

use crate::sealed;
use codec::Encode;
use doin_primitives::{
	blake2_256, bounded_collections::BoundedVec, domain::PAGE_BYTES, DomainSpec, Evidence, Growth, Limits, Page, Split,
};
use doin_scoring::{
	genome::{Genome, TrainingRuns},
	philox::Stream,
	Program,
};

/// Purpose of the stream that samples are drawn from; no other stream of the project has this number.
const SAMPLES: u32 = 92;

/// Returns training runs of the size of digits of 8 × 8 pixels.
pub fn digits() -> TrainingRuns {
	TrainingRuns {
		features: 64,
		classes: 10,
		shift: 4,
		hidden: BoundedVec::truncate_from(vec![32]),
		training: 256,
		validation: 128,
		batch: 32,
		steps: 48,
		rate: 12,
		decay: 0,
		chunks: 32,
	}
}

/// Returns `count` samples: noisy prototypes of the classes.
pub fn samples(runs: &TrainingRuns, count: usize) -> Vec<u8> {
	let stream = &mut Stream::new(&[3; 32], SAMPLES, 0);
	let classes = usize::from(runs.classes);
	let prototypes: Vec<Vec<i32>> =
		(0..classes).map(|_| (0..runs.features).map(|_| stream.below(256) as i32).collect()).collect();
	let mut bytes = Vec::new();
	for at in 0..count {
		let prototype = &prototypes[at % classes];
		bytes.extend(prototype.iter().map(|value| (value + stream.below(201) as i32 - 100).clamp(0, 255) as u8));
		bytes.push((at % classes) as u8);
	}
	bytes
}

/// Returns the record and the pages of a domain of these runs on `count` samples.
pub fn domain(runs: &TrainingRuns, count: usize) -> (DomainSpec, Vec<Page>, Vec<u8>) {
	let bytes = samples(runs, count);
	let spec = DomainSpec {
		program: Program::LossGenome(runs.clone()),
		genes: BoundedVec::default(),
		values: bytes.len() as u32,
		data_root: blake2_256(&bytes.encode()),
		growth: Growth::Fixed,
		split: Split { train_end: 0, validation_end: 0 },
		evidence: Evidence::Drawn,
		limits: Limits { model_bytes: 1_024, window_macs: 600 },
		..sealed::spec(b"genomes")
	};
	let pages = bytes.chunks(PAGE_BYTES as usize).filter_map(|page| Page::from_bytes(page.to_vec())).collect();
	(spec, pages, bytes)
}

/// Returns the genome of a list of the seed.
///
/// # Panics
///
/// Panics unless the list is a genome.
pub fn genome(list: &str) -> Genome {
	doin_scoring::genome::json::parse(list).expect("a genome")
}

/// Returns programs of runs of a few steps, whose rate is so high that these decide what is learnt.
pub fn tiny() -> [TrainingRuns; 3] {
	let runs = |features, classes, hidden: &[u16], batch, steps| TrainingRuns {
		features,
		classes,
		hidden: BoundedVec::truncate_from(hidden.to_vec()),
		training: 40,
		validation: 64,
		batch,
		steps,
		rate: 14,
		decay: 1,
		..digits()
	};
	[runs(4, 3, &[], 7, 3), runs(9, 5, &[8], 16, 2), runs(3, 2, &[5, 6], 9, 3)]
}

/// Returns a random genome that a domain admits.
pub fn random(stream: &mut Stream) -> Genome {
	loop {
		let genome = random_genome::genome(stream, 16);
		if genome.check().is_ok() {
			return genome;
		}
	}
}
