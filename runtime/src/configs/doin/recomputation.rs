//! The recomputation service: draws, answers, settlement and challenges.

use super::GenesisHash;
use crate::{chunk_scorer::OnChainScorer, *};
use doin_primitives::DOIN;
use doin_traits::Entropy;
use frame_support::parameter_types;

/// VRF output of the parent block, from BABE.
pub struct ParentVrf;
impl Entropy for ParentVrf {
	fn parent_vrf() -> Option<doin_primitives::Hash> {
		pallet_babe::AuthorVrfRandomness::<Runtime>::get()
	}
}

parameter_types! {
	/// Hold of an announced challenge: 1 DOIN. Refunded if the challenge is upheld or cancelled, lost if it is rejected.
	pub const ChallengeBond: Balance = DOIN;
}

impl pallet_doin_recomputation::Config for Runtime {
	type BaseFee = FeeMarket;
	type ChallengeBond = ChallengeBond;
	type ChunkScorer = OnChainScorer;
	type Currency = Balances;
	type Entropy = ParentVrf;
	type EvaluatorSet = Evaluators;
	type GenesisHash = GenesisHash;
	/// One handler per kind of [`Subject`](doin_primitives::Subject).
	type Handler = (Optimae,);
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type WeightInfo = pallet_doin_recomputation::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::BenchmarkFixtures;
}
