//! Golden vectors of steps of training, which every other implementation must reproduce and which no change may alter.
//!
//! `golden/step.py` computes them independently.

use doin_scoring::philox::{purpose, Stream};
use doin_training::{loss::absolute, DenseNet, Shape, StepSize};

/// Returns the FNV-1a hash of numbers, word by word.
fn digest(values: impl Iterator<Item = i32>) -> u64 {
	let mix = |hash: u64, value: i32| (hash ^ i64::from(value) as u64).wrapping_mul(0x100_0000_01b3);
	values.fold(0xcbf2_9ce4_8422_2325, mix)
}

/// Trains a net on random batches, and returns the digest of its masters.
fn run(shape: &Shape, batch: usize, steps: u32, size: StepSize) -> u64 {
	let mut net = DenseNet::drawn(shape, 9, &mut Stream::new(&[7; 32], purpose::WEIGHTS, 0)).unwrap();
	let mut data = Stream::new(&[8; 32], purpose::BATCH, 0);
	for _ in 0..steps {
		let x: Vec<i16> = (0..batch * usize::from(shape.inputs)).map(|_| data.below(4_095) as i16 - 2_047).collect();
		let targets: Vec<i32> = (0..batch * usize::from(shape.outputs)).map(|_| data.below(4_001) as i32 - 2_000).collect();
		net.step(
			&x,
			|outputs, gradient| {
				for ((gradient, sum), target) in gradient.iter_mut().zip(outputs.sums).zip(&targets) {
					*gradient = absolute(*sum, *target, outputs.shift);
				}
			},
			size,
		);
	}
	digest(net.layers().iter().flat_map(|layer| layer.weights().masters.iter().chain(&layer.biases().masters)).copied())
}

#[test]
fn masters_after_some_steps_are_pinned() {
	let shape = |inputs, hidden: &[u16], outputs| Shape { inputs, hidden: hidden.to_vec(), outputs };
	let size = |rate, decay| StepSize { rate, decay };
	assert_eq!(run(&shape(5, &[], 3), 7, 12, size(1_024, 0)), 7_194_376_097_079_946_363);
	assert_eq!(run(&shape(6, &[4], 3), 8, 20, size(700, 3)), 2_430_482_717_323_838_357);
	assert_eq!(run(&shape(9, &[7, 5], 4), 33, 15, size(16_384, 8)), 2_628_471_059_745_975_623);
}
