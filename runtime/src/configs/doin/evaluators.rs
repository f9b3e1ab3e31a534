//! Bonds, rosters and slashing of evaluators.

use crate::*;
use doin_primitives::emission::INITIAL_REWARD;
use frame_support::parameter_types;

parameter_types! {
	/// Smallest bond of an evaluator that can be drawn: 400 DOIN, i.e. eight rewards of a work block, so that a false answer
	/// costs more than one round can earn.
	pub const MinBond: Balance = 8 * INITIAL_REWARD;
}

impl pallet_doin_evaluators::Config for Runtime {
	type Currency = Balances;
	type Domains = Domains;
	type MinBond = MinBond;
	type Reputation = Reputation;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type WeightInfo = pallet_doin_evaluators::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::BenchmarkFixtures;
}
