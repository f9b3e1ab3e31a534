//! Rounds of optimization: seats, reveals and verdicts.

use super::GenesisHash;
use crate::{chunk_scorer::OnChainScorer, configs::system::BYTE_DEPOSIT, *};
use doin_primitives::{emission::INITIAL_REWARD, SizeClass};
use doin_traits::{ChunkScorer as _, OnCrowned as _};
use frame_support::{parameter_types, traits::ConstU32, weights::Weight};
use pallet_doin_optimae::{
	types::SETTLED_CHUNKS,
	weights::{SubstrateWeight as OptimaeWeight, WeightInfo as _},
};
use pallet_doin_recomputation::weights::{SubstrateWeight as RecomputationWeight, WeightInfo as _};

parameter_types! {
	/// Smallest fee of a seat: 0.05 DOIN, i.e. a thousandth of the reward of a work block, so that sixteen attempts cost more
	/// than chance earns.
	pub const SeatFee: Balance = INITIAL_REWARD / 1_000;
	/// Hold per byte of a revealed model: 0.0001 DOIN, e.g. 6.5 DOIN for 64 KiB. Refunded when the model is deleted.
	pub const ByteHold: Balance = BYTE_DEPOSIT;
	/// Weight of the more expensive call of an evaluator. The fee of a seat grows with it.
	pub AnswerWeight: Weight = RecomputationWeight::<Runtime>::reveal_sums();
	/// Weight of a settlement of size class `Small`. The fee of a seat grows with it, and its caller is refunded from the fees.
	pub SettleWeight: Weight = RecomputationWeight::<Runtime>::settle()
		.saturating_add(OptimaeWeight::<Runtime>::verdict())
		.saturating_add(Inference::crowned_weight())
		.saturating_add(OnChainScorer::weight(SizeClass::Small).saturating_mul(SETTLED_CHUNKS));
}

impl pallet_doin_optimae::Config for Runtime {
	/// Encoded length of an answer of a typical round, in bytes: sums of four models of 32 chunks, and the signature.
	type AnswerLen = ConstU32<800>;
	type AnswerWeight = AnswerWeight;
	type BaseFee = FeeMarket;
	type ByteHold = ByteHold;
	type ChunkScorer = OnChainScorer;
	type Currency = Balances;
	type DomainWeights = Gauge;
	type Domains = Domains;
	type Evidence = Evidence;
	type GenesisHash = GenesisHash;
	/// Hold of a seat, in multiples of its undoubled fee.
	type HoldFactor = ConstU32<5>;
	type Recompute = Recomputation;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SeatFee = SeatFee;
	/// Encoded length of a settlement, in bytes, with its signature.
	type SettleLen = ConstU32<160>;
	type SettleWeight = SettleWeight;
	type Timing = Timing;
	type WeightInfo = OptimaeWeight<Runtime>;
	type Work = Work;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::BenchmarkFixtures;
}
