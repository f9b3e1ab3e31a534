//! Comparison of a validator's machine with the reference machine.

use doin_node::hardware::{requirements, scoring_warning};
use doin_runtime::speed::REFERENCE_PS_PER_MAC;

#[test]
fn n18_a_machine_slower_than_the_weights_is_warned_of_with_both_speeds() {
	let warning = scoring_warning(REFERENCE_PS_PER_MAC + 610).unwrap();
	assert!(warning.contains("1.56 ns per multiply-accumulate"), "{warning}");
	assert!(warning.contains("that machine needs 0.95 ns"), "{warning}");
	assert!(warning.contains("use a faster processor"), "{warning}");
}

#[test]
fn n18_the_reference_machine_itself_is_fast_enough() {
	assert_eq!(scoring_warning(REFERENCE_PS_PER_MAC), None);
	assert_eq!(scoring_warning(1), None);
}

#[test]
fn n18_every_speed_that_the_sdk_measures_has_a_requirement() {
	let metrics: Vec<_> = requirements().0.iter().map(|requirement| requirement.metric.name().into_owned()).collect();
	assert_eq!(metrics, ["BLAKE2-256", "Copy", "Seq Write", "Rnd Write"]);
}
