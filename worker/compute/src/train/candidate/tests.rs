//! Tests of candidates of all families.

use super::*;
use crate::{
	fixtures::{direction, follower, seasonal},
	Backend, Control, Evaluated, Executor, Grouping, StoppingRule, WindowSource,
};
use doin_scoring::{window_features, Layer, Model, Scratch, Target};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Trains and evaluates `candidates` on so many threads.
fn train_all(
	candidates: &[Candidate],
	data: &Dataset,
	threads: usize,
	stop: bool,
) -> Result<Vec<Result<Evaluated, Error>>, Error> {
	let grouping = Grouping::Brackets(StoppingRule::default());
	let runs = Executor::cpu(threads).unwrap().run(data, candidates, grouping, &Control::new(&AtomicBool::new(stop)))?;
	Ok(runs.into_iter().map(|run| run.evaluated).collect())
}

fn some() -> Vec<Candidate> {
	let base = Candidate { window: 24, width: 12, epochs: 2, ..Candidate::default() };
	vec![
		Candidate { depth: 0, ..base },
		Candidate { seed: 1, ..base },
		Candidate { linear_skip: false, depth: 2, ..base },
		Candidate { window: 99, ..base },
		Candidate { synthetic_share: 0, window: 13, ..base },
	]
}

#[test]
fn the_same_bits_come_from_one_thread_and_from_two() {
	let data = Dataset::new(seasonal(), 700, 1).unwrap();
	let one = train_all(&some(), &data, 1, false).unwrap();
	let two = train_all(&some(), &Dataset::new(seasonal(), 700, 1).unwrap(), 2, false).unwrap();
	assert_eq!(one, two);
	assert_eq!(one, train_all(&some(), &data, 2, false).unwrap());
	for (trained, candidate) in one.iter().zip(some()).filter(|(trained, _)| trained.is_ok()) {
		let trained = trained.as_ref().unwrap();
		assert_eq!(trained.candidate, candidate);
		assert_eq!(trained.errors, data.chunk_errors(&trained.model));
		data.task.admit(&trained.model).unwrap();
	}
	assert_eq!(one[3], Err(Error::Gene { name: "window".into(), value: 99, lo: 1, hi: 24 }));
	assert_eq!(one.iter().filter(|trained| trained.is_ok()).count(), 4);
}

#[test]
fn candidates_that_share_a_linear_model_do_not_wait_for_each_other() {
	// Evaluated from within a pool, as a worker does: fitting is parallel itself and may run another candidate on the same
	// thread.
	let data = Dataset::new(seasonal(), 300, 1).unwrap();
	let stop = AtomicBool::new(false);
	let one = Candidate { window: 24, depth: 0, ..Candidate::default() };
	let results: Vec<_> =
		thread_pool(3).unwrap().install(|| (0..64).into_par_iter().with_max_len(1).map(|_| one.evaluate(&data, &stop)).collect());
	assert!(results.iter().all(|result| result.is_ok() && *result == results[0]));
}

#[test]
fn candidates_that_would_not_be_admitted_are_not_trained() {
	let mut task = seasonal();
	task.limits.window_macs = 24 * 6 + 6 * 8 + 5;
	let data = Dataset::new(task, 0, 0).unwrap();
	let results = train_all(&some()[..2], &data, 1, false).unwrap();
	assert!(results[0].is_ok());
	assert_eq!(results[1], Err(Error::Model(ModelError::TooCostly)));
	let mut task = seasonal();
	task.limits.model_bytes = 300;
	let data = Dataset::new(task, 0, 0).unwrap();
	assert_eq!(train_all(&some()[..1], &data, 1, false).unwrap()[0], Err(Error::Model(ModelError::TooLarge)));
}

#[test]
fn costs_before_training_are_those_that_the_chain_counts() {
	let (one, two) = (Dataset::new(seasonal(), 0, 0).unwrap(), Dataset::new(follower(), 0, 0).unwrap());
	for (data, window) in [(&one, 24), (&two, 5)] {
		for family in families(window) {
			for (depth, dilate, skip) in [(0, false, true), (1, true, true), (2, false, false)] {
				let candidate = Candidate { depth, dilate, linear_skip: skip, stride: 2, epochs: 1, ..family };
				let Ok(net) = candidate.train(data, &AtomicBool::new(false)) else { panic!("{candidate:?}") };
				let cost = candidate.cost(data).unwrap();
				assert_eq!(cost.macs, net.macs(), "{candidate:?}");
				let head = |layer: &Layer| (layer.macs(), u64::from(layer.outputs));
				let layers = net.skip.iter().chain(&net.layers).chain(match &net.encoder {
					Encoder::None => Vec::new(),
					Encoder::Conv(convs) => convs.iter().map(|conv| &conv.layer).collect(),
					Encoder::Image(conv) => vec![&conv.layer],
					Encoder::Lstm(cell) | Encoder::Gru(cell) => vec![&cell.input, &cell.hidden],
				});
				let (weights, biases) = layers.map(head).fold((0, 0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1));
				assert_eq!((cost.weights, cost.biases), (weights, biases), "{candidate:?}");
			}
		}
	}
}

#[test]
fn a_stop_reaches_every_candidate() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	assert_eq!(train_all(&some(), &data, 2, true), Err(Error::Stopped));
}

#[test]
fn genes_are_read_by_name() {
	let genes = [("width", 7), ("window", 9), ("seed", -1), ("skip", 0)];
	let candidate = Candidate::from_genes(genes, 24).unwrap();
	assert_eq!((candidate.width, candidate.window, candidate.seed, candidate.linear_skip), (7, 9, u64::MAX, false));
	assert_eq!(Candidate::from_genes([], 24).unwrap().window, 24);
	assert_eq!(Candidate::from_genes([("colour", 1)], 24), Err(Error::UnknownGene { name: "colour".into(), known: GENE_NAMES }));
	let refused = Candidate::from_genes([("window", 25)], 24).unwrap_err();
	assert_eq!(refused.to_string(), "gene `window` is 25; it must lie in 1..=24 here");
}

#[test]
fn bits_are_refused_where_nothing_is_trained_in_them() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let with = |family, bits| Candidate { family, window: 24, width: 5, bits, ..Candidate::default() }.check(&data);
	assert_eq!((with(Family::Mlp, 8), with(Family::Mlp, 12), with(Family::Lstm, 12)), (Ok(()), Ok(()), Ok(())));
	for family in [Family::Conv, Family::Lstm, Family::Gru] {
		let refused = with(family, 8).unwrap_err().to_string();
		assert_eq!(refused, "gene `bits` is 8: only dense nets are trained in 8 bits, take 12 for other families");
	}
	let refused = with(Family::Mlp, 10).unwrap_err().to_string();
	assert_eq!(refused, "gene `bits` is 10: nets are trained in 12 bits, or in 8");
	assert_eq!(Candidate::from_genes([("bits", 8)], 24).unwrap().bits, 8);
	let refused = Candidate::from_genes([("bits", 13)], 24).unwrap_err();
	assert_eq!(refused.to_string(), "gene `bits` is 13; it must lie in 8..=12 here");
}

#[test]
fn a_cell_has_one_layer_whatever_its_depth() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let one = Candidate { family: Family::Gru, window: 9, width: 5, epochs: 1, ..Candidate::default() };
	let train = |depth| Candidate { depth, ..one }.train(&data, &AtomicBool::new(false)).unwrap();
	assert_eq!(train(0), train(3));
}

/// A net of each family that is trained on `task`.
fn families(window: u16) -> [Candidate; 4] {
	let base = Candidate { window, width: 16, epochs: 40, decay: 0, seed: 3, linear_skip: false, ..Candidate::default() };
	let conv = Candidate { family: Family::Conv, kernel: 2, ..base };
	let lstm = Candidate { family: Family::Lstm, rate: 12, ..base };
	[base, conv, lstm, Candidate { family: Family::Gru, ..lstm }]
}

#[test]
fn a_blend_outputs_the_mean_of_net_and_ridge() {
	let data = Dataset::new(seasonal(), 0, 0).unwrap();
	let stop = AtomicBool::new(false);
	let linear = data.linear_model(24, 0).unwrap();
	for alone in families(24) {
		let alone = Candidate { epochs: 2, ..alone };
		let net = alone.train(&data, &stop).unwrap();
		let both = Candidate { linear_skip: true, blend: true, ..alone }.train(&data, &stop).unwrap();
		data.task.admit(&Model::Net(both.clone())).unwrap();
		let (history, _) = data.training_windows(WindowSource::Published).next().unwrap();
		let output = |net: &Net| {
			let (mut x, mut out) = (vec![0; 24], vec![0; 6]);
			window_features(net, 1, history, &mut x);
			net.forward(&x, &mut out, &mut Scratch::default());
			out
		};
		let halves = output(&linear.net).into_iter().zip(output(&net)).map(|(linear, net)| (linear + net) / 2);
		// Both halves are rounded once more.
		assert!(output(&both).into_iter().zip(halves).all(|(both, halves)| both.abs_diff(halves) <= 2));
	}
}

#[test]
fn nets_read_several_channels() {
	let task = follower();
	let mut deaf = task.clone();
	// The same task without the values of the second channel.
	deaf.series.iter_mut().skip(1).step_by(2).for_each(|value| *value = 0);
	let (data, deaf) = (Dataset::new(task, 0, 0).unwrap(), Dataset::new(deaf, 0, 0).unwrap());
	let stop = AtomicBool::new(false);
	for candidate in families(6) {
		let trained = candidate.evaluate(&data, &stop).unwrap();
		let without = candidate.evaluate(&deaf, &stop).unwrap();
		assert!(trained.fitness * 3 < without.fitness, "{} against {}", trained.fitness, without.fitness);
		let beside = Candidate { linear_skip: true, ..candidate }.evaluate(&data, &stop).unwrap();
		assert!(beside.fitness * 3 < without.fitness);
		assert_eq!(
			trained,
			candidate.evaluate(&Dataset::new(follower(), 0, 0).unwrap().with_backend(Backend::SCALAR), &stop).unwrap()
		);
	}
}

#[test]
fn nets_classify_better_than_linear_models() {
	let data = Dataset::new(direction(), 0, 0).unwrap();
	let stop = AtomicBool::new(false);
	let linear = Candidate { window: 6, depth: 0, ..Candidate::default() }.evaluate(&data, &stop).unwrap();
	for candidate in families(6) {
		for skip in [false, true] {
			let candidate = Candidate { linear_skip: skip, ..candidate };
			let trained = candidate.evaluate(&data, &stop).unwrap();
			assert!(trained.fitness * 5 < linear.fitness * 4, "{} against {}", trained.fitness, linear.fitness);
		}
	}
}

#[test]
fn a_net_for_some_steps_learns_those() {
	let mut task = seasonal();
	task.program.target = Target::Steps(vec![6].try_into().unwrap());
	let data = Dataset::new(task, 0, 0).unwrap();
	for candidate in families(24) {
		let trained = candidate.evaluate(&data, &AtomicBool::new(false)).unwrap();
		assert!(trained.fitness < 1 << 20, "{}", trained.fitness);
		let Model::Net(net) = &trained.model else { panic!("a net") };
		assert_eq!(net.layers.last().unwrap().outputs, 1);
	}
}
