//! Training of convolutions.

use super::*;
use crate::{
	fixtures::{seasonal, tent},
	train::{candidate::ignore_epochs, families::assert_learns_a_nonlinear_map},
	Family, ForecastTask, WindowSource,
};
use doin_scoring::{score::score, Model, ModelError, Windows};
use std::sync::atomic::AtomicBool;

static RUN: AtomicBool = AtomicBool::new(false);

fn candidate() -> Candidate {
	let base = Candidate { family: Family::Conv, window: 6, width: 16, depth: 2, kernel: 2, ..Candidate::default() };
	Candidate { epochs: 60, decay: 0, seed: 4, ..base }
}

/// Candidates of many shapes for windows of up to 24 steps.
fn shapes() -> Vec<Candidate> {
	let base = Candidate { window: 24, depth: 1, kernel: 3, epochs: 2, decay: 2, ..candidate() };
	vec![
		Candidate { depth: 2, ..base },
		Candidate { linear_skip: false, stride: 2, kernel: 5, depth: 2, width: 9, ..base },
		Candidate { dilate: true, depth: 3, width: 7, ..base },
		Candidate { linear_skip: false, dilate: true, depth: 3, stride: 2, kernel: 2, width: 33, seed: 9, ..base },
		Candidate { kernel: 17, window: 23, synthetic_share: 0, width: 4, rate: 13, ..base },
		Candidate { linear_skip: false, kernel: 1, stride: 3, depth: 4, width: 20, synthetic_share: 256, decay: 6, ..base },
		Candidate { window: 1, kernel: 1, width: 1, ..base },
	]
}

#[test]
fn beside_the_ridge_a_net_learns_a_nonlinear_map() {
	assert_learns_a_nonlinear_map(&candidate());
}

#[test]
fn errors_are_those_of_the_chain() {
	let data = Dataset::new(seasonal(), 500, 1).unwrap();
	for candidate in shapes() {
		let linear = data.linear_model(candidate.window, 64).unwrap();
		let mut net = ConvNet::new(&data, &candidate, candidate.linear_skip.then_some(&*linear));
		for step in 0..30 {
			net.step(step, 512);
		}
		let model = Model::Net(net.net(&net.weights()));
		data.task.admit(&model).unwrap();
		for source in WindowSource::ALL {
			let sum = |(history, future): (&[i32], &[i32])| {
				let values = [history, future].concat();
				u64::from(score(&model, &data.task.program, &Windows { channels: 1, history: 24, horizon: 6, values }))
			};
			let expected: u64 = data.early_stopping_windows(source).map(sum).sum();
			let ConvNet { batches, convs, head, .. } = &mut net;
			let backend = batches.backend;
			let counted = batches.source_error(source, |x, tiles, sums| convs.forward(backend, head, x, sums, tiles));
			assert_eq!(counted, expected, "{candidate:?}");
		}
	}
}

#[test]
fn a_net_is_a_function_of_data_genes_and_seed_on_every_back_end() {
	let mut data = Dataset::new(seasonal(), 300, 1).unwrap();
	for candidate in shapes() {
		data = data.with_backend(Backend::SCALAR);
		let short = Candidate { epochs: 1, ..candidate };
		let net = short.train(&data, &RUN).unwrap();
		assert_ne!(net, Candidate { seed: 5, ..short }.train(&data, &RUN).unwrap());
		for backend in Backend::available().into_iter().filter(|backend| *backend != Backend::SCALAR) {
			data = data.with_backend(backend);
			assert_eq!(net, short.train(&data, &RUN).unwrap(), "{backend:?}, {candidate:?}");
		}
	}
}

#[test]
fn beside_a_linear_skip_outputs_start_at_zero() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let linear = data.linear_model(24, 0).unwrap();
	let net = ConvNet::new(&data, &Candidate { window: 24, ..candidate() }, Some(&linear));
	let start = net.net(&net.weights());
	assert_eq!(data.chunk_errors(&Model::Net(start)), data.chunk_errors(&Model::Net(linear.net.clone())));
}

#[test]
fn training_stops_on_request() {
	let data = Dataset::new(tent(), 0, 0).unwrap();
	assert_eq!(trainer(&data, &candidate(), None).train_to_end(&AtomicBool::new(true), &mut ignore_epochs), Err(Error::Stopped));
}

#[test]
fn shapes_that_do_not_fit_are_refused_by_the_name_of_a_gene() {
	let check = |task: ForecastTask, candidate: Candidate| candidate.check(&Dataset::new(task, 0, 0).unwrap());
	let gene = |name: &str, value, hi| Err(Error::Gene { name: name.into(), value, lo: 1, hi });
	let candidate = Candidate { window: 24, ..candidate() };
	assert_eq!(check(seasonal(), candidate), Ok(()));
	assert_eq!(check(seasonal(), Candidate { kernel: 25, depth: 1, ..candidate }), gene("kernel", 25, 24));
	// Three steps at distances of 1, 2, 4 and 8 reach 31 steps back, two reach 16.
	assert_eq!(check(seasonal(), Candidate { kernel: 3, depth: 4, dilate: true, ..candidate }), gene("kernel", 3, 2));
	assert_eq!(check(seasonal(), Candidate { kernel: 0, ..candidate }), gene("kernel", 0, 32));
	assert_eq!(check(seasonal(), Candidate { stride: 33, ..candidate }), gene("stride", 33, 32));
	let (mut small, mut cheap) = (seasonal(), seasonal());
	(small.limits.model_bytes, cheap.limits.window_macs) = (1_000, 5_000);
	assert_eq!(check(small, candidate), Err(Error::Model(ModelError::TooLarge)));
	assert_eq!(check(cheap, candidate), Err(Error::Model(ModelError::TooCostly)));
}

/// First bytes of the digest of each net.
const PINNED: [u32; 14] = [
	1391794445, 1663081396, 3505480639, 2227696471, 213851740, 1591749366, 2026085958, 2272720059, 2812015848, 3023981937,
	449155480, 773569683, 3949253718, 2455102454,
];

#[test]
fn pinned_candidates_train_to_pinned_nets() {
	// Targets and differences beyond 32 bits.
	let mut huge = seasonal();
	huge.series.iter_mut().enumerate().for_each(|(t, value)| {
		*value = value.wrapping_mul(3_000).wrapping_add((t as i32 % 2) * 1_900_000_000);
	});
	huge.generator = None;
	let mut digests = Vec::new();
	for (task, synthetic) in [(seasonal(), 700), (huge, 0)] {
		let data = Dataset::new(task, synthetic, 5).unwrap();
		for candidate in shapes() {
			let candidate = Candidate { linear_skip: candidate.linear_skip && synthetic > 0, ..candidate };
			let digest = doin_primitives::blake2_256(&Model::Net(candidate.train(&data, &RUN).unwrap()).to_bytes());
			digests.push(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]));
		}
	}
	assert_eq!(digests, PINNED);
}
