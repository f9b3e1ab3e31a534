//! Weights of scoring and the reference machine that they are times on.

use doin_primitives::{domain::MAX_MODEL_BYTES, SizeClass};
use doin_runtime::{
	chunk_scorer::OnChainScorer,
	speed::{reference_macs, training_macs, CHARGED_PS_PER_MAC, HIDDEN, HORIZON, MAX_CHUNKS, MAX_STEPS, WINDOW},
};
use doin_scoring::program::MAX_WINDOWS;
use doin_traits::ChunkScorer;

/// Most multiply-accumulates of a chunk of a dense net: each weight of two bytes is used once per window. Only nets that use their
/// weights at several steps have more.
const DENSE_MACS: u64 = MAX_WINDOWS as u64 * (MAX_MODEL_BYTES as u64 / 2);

#[test]
fn n18_a_dense_chunk_of_every_class_is_charged_at_least_the_published_price() {
	for class in [SizeClass::Small, SizeClass::Large, SizeClass::Huge] {
		let needed = SizeClass::MACS[class as usize].min(DENSE_MACS) * CHARGED_PS_PER_MAC;
		let charged = OnChainScorer::weight(class).ref_time();
		assert!(charged >= needed, "{class:?}: {charged} ps are charged, {needed} ps are published");
	}
}

#[test]
fn n18_the_work_that_a_node_times_is_that_of_the_published_measurement() {
	let of_a_window = u64::from(WINDOW) * u64::from(HIDDEN) + u64::from(HIDDEN) * u64::from(HORIZON);
	let counted = reference_macs(2);
	assert_eq!(counted % 32, 0, "two chunks of sixteen windows");
	assert!((of_a_window..of_a_window * 11 / 10).contains(&(counted / 32)), "{counted}");
	assert_eq!(reference_macs(u32::MAX), reference_macs(MAX_CHUNKS), "the work of a call is bounded");
}

#[test]
fn the_steps_of_training_that_a_benchmark_times_are_those_of_the_published_net() {
	assert_eq!(training_macs(2), 2 * 7_471_104);
	assert_eq!(training_macs(0), 0);
	assert_eq!(training_macs(u32::MAX), training_macs(MAX_STEPS), "the work of a call is bounded");
}
