//! Properties of steps of training: no sum leaves 32 bits, and no input panics.

use doin_scoring::philox::{purpose, Stream};
use doin_training::{
	dense::{bias_gradient, input_gradient, sums, weight_gradient, Weights},
	lion::{self, MAX_BIAS, MAX_DECAY, MAX_RATE_SHIFT, MAX_WEIGHT},
	loss::normalise,
	net::{MAX_INPUTS, MAX_OUTPUTS},
	DenseNet, Parameters, Shape, ShapeError, StepSize, MAX_BATCH,
};
use proptest::prelude::*;

#[test]
fn sums_at_the_bounds_stay_within_32_bits() {
	let inputs = usize::from(MAX_INPUTS);
	let rows = vec![lion::weight(MAX_WEIGHT); inputs];
	for sign in [1, -1] {
		let mut sum = [0];
		sums(
			Weights { inputs, shift: 24, rows: &rows, bias: &[lion::bias(sign * MAX_BIAS)] },
			&vec![2_047 * sign as i16; inputs],
			&mut sum,
		);
		let exact = i64::from(sign) * (i64::from(MAX_INPUTS) * 2_047 * 2_047 + (1 << 22));
		assert_eq!(i64::from(sum[0]), exact);
		assert!(exact.abs() + (1 << 23) < 1 << 31, "with the rounding term of the largest shift");

		let outputs = usize::from(MAX_OUTPUTS);
		let mut unscaled = [0];
		let bits = input_gradient(&vec![2_047; outputs], outputs, &vec![2_047 * sign as i16; outputs], &[1], &mut unscaled);
		assert_eq!(i64::from(unscaled[0]), i64::from(sign) * i64::from(MAX_OUTPUTS) * 2_047 * 2_047);
		assert_eq!(bits, unscaled[0].unsigned_abs());

		let batch = [2_047 * sign as i16; MAX_BATCH];
		assert_eq!(weight_gradient(&batch, &[2_047; MAX_BATCH]), sign * 256 * 2_047 * 2_047);
		assert_eq!(bias_gradient(&batch), sign * 256 * 2_047 * 512);
	}
}

#[test]
fn shapes_and_parameters_that_do_not_fit_are_named() {
	let shape = |inputs, hidden: &[u16], outputs| Shape { inputs, hidden: hidden.to_vec(), outputs };
	for (refused, error) in [
		(shape(0, &[], 2), ShapeError::Inputs),
		(shape(MAX_INPUTS + 1, &[], 2), ShapeError::Inputs),
		(shape(3, &[4, 0], 2), ShapeError::Inputs),
		(shape(3, &[1; 9], 2), ShapeError::Depth),
		(shape(3, &[], 0), ShapeError::Outputs),
		(shape(3, &[], MAX_OUTPUTS + 1), ShapeError::Outputs),
	] {
		assert_eq!(refused.check(), Err(error), "{refused:?}");
	}
	let random = &mut Stream::new(&[0; 32], purpose::WEIGHTS, 0);
	assert_eq!(DenseNet::drawn(&shape(3, &[], 2), 0, random).err(), Some(ShapeError::Shift));
	assert_eq!(DenseNet::drawn(&shape(3, &[], 2), 25, random).err(), Some(ShapeError::Shift));
	let short = [Parameters::new(vec![0; 5], MAX_WEIGHT), Parameters::new(vec![0; 2], MAX_BIAS)];
	assert_eq!(DenseNet::resume(&shape(3, &[], 2), 9, vec![short]).err(), Some(ShapeError::Parameters));
	assert_eq!(DenseNet::resume(&shape(3, &[], 2), 9, Vec::new()).err(), Some(ShapeError::Parameters));
}

#[test]
fn a_resumed_training_continues_as_if_it_had_not_stopped() {
	let shape = Shape { inputs: 4, hidden: vec![3], outputs: 2 };
	let mut net = DenseNet::drawn(&shape, 9, &mut Stream::new(&[1; 32], purpose::WEIGHTS, 0)).unwrap();
	let x: Vec<i16> = (0..40).map(|at| at * 97 % 2_047).collect();
	let step = |net: &mut DenseNet| {
		net.step(
			&x,
			|outputs, gradient| gradient.iter_mut().zip(outputs.sums).for_each(|(g, s)| *g = s.signum() as i16),
			StepSize { rate: 512, decay: 1 },
		);
	};
	(0..5).for_each(|_| step(&mut net));
	let stored = net.layers().iter().map(|layer| {
		let again =
			|parameters: &Parameters, limit| Parameters::resume(parameters.masters.clone(), parameters.momenta.clone(), limit);
		[again(layer.weights(), MAX_WEIGHT), again(layer.biases(), MAX_BIAS)]
	});
	let mut resumed = DenseNet::resume(&shape, 9, stored.collect()).unwrap();
	(0..5).for_each(|_| step(&mut net));
	(0..5).for_each(|_| step(&mut resumed));
	assert_eq!(net.layers(), resumed.layers());
}

proptest! {
	#[test]
	fn masters_and_weights_stay_within_their_bounds(
		seed: [u8; 32],
		inputs in 1u16..20,
		hidden in proptest::collection::vec(1u16..12, 0..3),
		outputs in 1u16..8,
		batch in 1usize..40,
		rate in 0..=MAX_RATE_SHIFT,
		decay in 0..=MAX_DECAY,
	) {
		let shape = Shape { inputs, hidden, outputs };
		let mut random = Stream::new(&seed, purpose::WEIGHTS, 0);
		let mut net = DenseNet::drawn(&shape, 9, &mut random).unwrap();
		for _ in 0..10 {
			let x: Vec<i16> = (0..batch * usize::from(inputs)).map(|_| random.below(4_095) as i16 - 2_047).collect();
			net.step(
				&x,
				|_, gradient| gradient.iter_mut().for_each(|gradient| *gradient = random.below(4_095) as i16 - 2_047),
				StepSize { rate: 1 << rate, decay },
			);
		}
		for layer in net.layers() {
			prop_assert!(layer.weights().masters.iter().all(|master| master.abs() <= MAX_WEIGHT));
			prop_assert!(layer.biases().masters.iter().all(|master| master.abs() <= MAX_BIAS));
			prop_assert!(layer.layer().weights.iter().all(|weight| weight.abs() <= 2_047));
			prop_assert!(layer.weights().momenta.iter().all(|momentum| momentum.abs() < 1 << 30));
		}
	}

	#[test]
	fn inputs_of_any_length_do_not_panic(x in proptest::collection::vec(any::<i16>(), 0..50), gradient: i16) {
		let shape = Shape { inputs: 7, hidden: vec![3], outputs: 2 };
		let mut net = DenseNet::drawn(&shape, 9, &mut Stream::new(&[2; 32], purpose::WEIGHTS, 0)).unwrap();
		prop_assert_eq!(net.outputs(&x).samples().count(), x.len() / 7);
		net.step(&x, |_, to| to.fill(gradient), StepSize { rate: 1, decay: 0 });
	}

	#[test]
	fn a_loss_gains_nothing_by_its_scale(values in proptest::collection::vec(-1_000i64..1_000, 1..20), shift in 0u32..40) {
		let scaled: Vec<i64> = values.iter().map(|value| value << shift).collect();
		let (mut a, mut b) = (vec![0; values.len()], vec![0; values.len()]);
		normalise(&values, &mut a);
		normalise(&scaled, &mut b);
		prop_assert_eq!(&a, &b);
		prop_assert!(a.iter().all(|gradient| gradient.abs() <= 2_047));
	}
}
