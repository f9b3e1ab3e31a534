//! The market of staked forecasts of streams.

use super::{Blocks, GenesisHash};
use crate::{configs::system::deposit, *};
use doin_primitives::evidence::HIGH_WATER_HALF_LIFE_MS;
use doin_traits::Timing as _;
use frame_support::{parameter_types, traits::Get, PalletId};

/// Milliseconds of an hour.
const HOUR_MS: u64 = 3_600_000;

parameter_types! {
	/// Account of all pots, wagers and deposits of seats.
	pub const ForecastPot: PalletId = PalletId(*b"doin/fct");
	/// Deposit of a forecaster on a stream: 0.136 DOIN for one item of 360 bytes. Refunded when the forecaster leaves.
	pub const RecordDeposit: Balance = deposit(1, 360);
}

/// Blocks in which a round takes commitments: 20, or 4 on a development chain. The first block of a session takes no transactions.
pub struct CommitBlocks;
impl Get<BlockNumber> for CommitBlocks {
	fn get() -> BlockNumber {
		if Timing::is_public() {
			20
		} else {
			4
		}
	}
}

/// Blocks in which a round takes reveals: an hour, or 5 blocks on a development chain.
pub struct RevealBlocks;
impl Get<BlockNumber> for RevealBlocks {
	fn get() -> BlockNumber {
		if Timing::is_public() {
			Timing::blocks(HOUR_MS)
		} else {
			5
		}
	}
}

impl pallet_doin_forecasts::Config for Runtime {
	type Champions = crate::chunk_scorer::OnChainScorer;
	type CommitBlocks = CommitBlocks;
	type Currency = Balances;
	type DomainWeights = Gauge;
	type GenesisHash = GenesisHash;
	/// The mark of a stream halves every 90 days, as that of a domain with live evidence.
	type HalfLife = Blocks<HIGH_WATER_HALF_LIFE_MS>;
	type PotId = ForecastPot;
	type RecordDeposit = RecordDeposit;
	type RevealBlocks = RevealBlocks;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlotMs = pallet_doin_timing::SlotMs<Runtime>;
	type Streams = Oracle;
	type WeightInfo = pallet_doin_forecasts::weights::SubstrateWeight<Runtime>;
	type Work = Work;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::BenchmarkFixtures;
}
