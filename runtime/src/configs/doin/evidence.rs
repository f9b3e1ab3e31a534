//! Sealed segments of data, the purses that pay for what they prove, and the streams of live evidence.

use super::GenesisHash;
use crate::{
	configs::{governance::EndVotes, system::BYTE_DEPOSIT},
	*,
};
use frame_support::parameter_types;

parameter_types! {
	/// Deposit per byte of a sealed segment and its hash: 0.0001 DOIN, e.g. 13 DOIN for a segment of 128 KiB. Refunded when the
	/// domain is retired.
	pub const SegmentByteDeposit: Balance = BYTE_DEPOSIT;
}

/// Streams of bars, for rounds and for the scorer.
pub type Streams = Oracle;

impl pallet_doin_evidence::Config for Runtime {
	type Bars = Streams;
	type BaseFee = FeeMarket;
	type ByteDeposit = SegmentByteDeposit;
	type Currency = Balances;
	type DomainWeights = Gauge;
	type Domains = Domains;
	type GenesisHash = GenesisHash;
	type OnEvidence = Optimae;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type Votes = EndVotes;
	type WeightInfo = pallet_doin_evidence::weights::SubstrateWeight<Runtime>;
	type Work = Work;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::BenchmarkFixtures;
}
