//! Servers: their offers, and accusations of false answers.

use super::GenesisHash;
use crate::{chunk_scorer::OnChainScorer, configs::governance::EndVotes, *};

impl pallet_doin_inference::Config for Runtime {
	type Currency = Balances;
	type DomainWeights = Gauge;
	type Domains = Domains;
	type GenesisHash = GenesisHash;
	type Models = Optimae;
	type Runner = OnChainScorer;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type Votes = EndVotes;
	type WeightInfo = pallet_doin_inference::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::BenchmarkFixtures;
}
