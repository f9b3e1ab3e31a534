//! Payment channels.

use super::GenesisHash;
use crate::{
	configs::{governance::EndVotes, system::deposit},
	*,
};
use frame_support::parameter_types;

parameter_types! {
	/// Deposit of an open channel: 0.12 DOIN for one item of 200 bytes. Refunded when the channel is closed.
	pub const ChannelDeposit: Balance = deposit(1, 200);
}

impl pallet_doin_channels::Config for Runtime {
	type Currency = Balances;
	type GenesisHash = GenesisHash;
	type Offers = Inference;
	type RuntimeHoldReason = RuntimeHoldReason;
	type StorageDeposit = ChannelDeposit;
	type Timing = Timing;
	type Votes = EndVotes;
	type WeightInfo = pallet_doin_channels::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::BenchmarkFixtures;
}
