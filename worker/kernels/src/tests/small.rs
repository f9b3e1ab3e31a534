//! Nets on batches of any size, on every back-end, against the definition.

use super::{others, Random};
use crate::{
	ops::small::{SmallBatch, SmallNet, SmallOutputs, SmallStep},
	Backend,
};
use doin_scoring::{
	model::MAX_ACT,
	philox::{purpose, Stream},
};
use doin_training::{lion::StepSize, DenseNet, Shape};

/// Returns the masters and momenta of all layers.
fn parameters(net: &DenseNet) -> Vec<Vec<i32>> {
	let of = |layer: &doin_training::net::TrainedLayer| {
		let (weights, biases) = (layer.weights(), layer.biases());
		[weights.masters.clone(), weights.momenta.clone(), biases.masters.clone(), biases.momenta.clone()]
	};
	net.layers().iter().flat_map(of).collect()
}

/// Trains nets of `shape` for a few steps, and compares outputs, masters and momenta after each.
fn compare(shape: &Shape, samples: usize, case: u64) {
	let drawn = || DenseNet::drawn(shape, 10, &mut Stream::new(&[case as u8; 32], purpose::WEIGHTS, case)).unwrap();
	let mut definition = drawn();
	let mut nets: Vec<(Backend, SmallNet)> =
		others().chain([Backend::SCALAR]).map(|backend| (backend, SmallNet::new(&drawn()))).collect();
	let random = &mut Random::new(70, case);
	// Holds the content of an earlier batch.
	let mut batch = SmallBatch::default();
	batch.load(&vec![1; 3 * samples * usize::from(shape.inputs)], shape.inputs.into());
	for step in 0..4 {
		let x: Vec<i16> = (0..samples * usize::from(shape.inputs)).map(|_| random.value(MAX_ACT) as i16).collect();
		let gradient: Vec<i16> = (0..samples * usize::from(shape.outputs)).map(|_| random.value(MAX_ACT) as i16).collect();
		let size = StepSize { rate: 1 << (6 + 2 * step), decay: step as u8 };
		let sums = definition.outputs(&x).sums.to_vec();
		definition.step(&x, |_, to| to.copy_from_slice(&gradient), size);
		batch.load(&x, shape.inputs.into());
		for (backend, net) in &mut nets {
			let context = format!("{backend:?} {shape:?} {samples} samples, step {step}");
			backend.run(SmallOutputs { net: &mut *net, batch: &batch });
			assert_eq!(net.outputs(), sums, "{context}");
			backend.run(SmallStep { net: &mut *net, batch: &batch, gradient: &gradient, size });
			assert!(parameters(&net.definition()) == parameters(&definition), "{context}");
		}
	}
}

#[test]
fn small_nets_are_the_definition_on_every_back_end() {
	for (case, (inputs, hidden, outputs, samples)) in [
		(64, vec![32], 10, 32),
		(64, vec![], 10, 32),
		(1, vec![1], 2, 1),
		(3, vec![5], 3, 7),
		(17, vec![33, 16], 16, 9),
		(30, vec![20, 7], 17, 16),
		(13, vec![128], 2, 33),
		(256, vec![128, 128], 64, 64),
	]
	.into_iter()
	.enumerate()
	{
		compare(&Shape { inputs, hidden, outputs }, samples, case as u64);
	}
}

#[test]
#[ignore = "large: many shapes"]
fn small_nets_are_the_definition_for_many_shapes() {
	for case in 100..2_000 {
		let random = &mut Random::new(71, case);
		let mut width = |most: i64| random.within(1, most) as u16;
		let (inputs, outputs, samples) = (width(90), width(40), width(64));
		let hidden = match case % 3 {
			0 => vec![],
			1 => vec![width(70)],
			_ => vec![width(70), width(40)],
		};
		compare(&Shape { inputs, hidden, outputs }, samples.into(), case);
	}
}
