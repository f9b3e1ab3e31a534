//! Streams of bars that the validators report.

use super::{gauge::ActiveStake, GenesisHash};
use crate::{
	configs::{
		consensus::MAX_AUTHORITIES,
		system::{deposit, BYTE_DEPOSIT},
	},
	*,
};
use doin_primitives::DOIN;
use doin_traits::Clock;
use frame_support::{
	parameter_types,
	traits::{ConstU32, Get},
	PalletId,
};

parameter_types! {
	/// Account of all pots.
	pub const OraclePot: PalletId = PalletId(*b"doin/orc");
	/// Burned fee of the registration of a stream: 10 DOIN.
	pub const StreamFee: Balance = 10 * DOIN;
	/// Deposit of a stream beside that of its bytes: 0.2 DOIN for two items. Refunded when the stream is retired.
	pub const StreamBaseDeposit: Balance = deposit(2, 0);
	/// Deposit per byte of a stream: 0.0001 DOIN, e.g. 31 DOIN for 9,000 bars of four values. Refunded when the stream is retired.
	pub const StreamByteDeposit: Balance = BYTE_DEPOSIT;
}

/// Time at the slot of the block. The hook of BABE, which runs before those of DOIN's pallets, stores the slot.
pub struct SlotClock;
impl Clock for SlotClock {
	fn now_ms() -> u64 {
		u64::from(pallet_babe::CurrentSlot::<Runtime>::get()).saturating_mul(Timing::slot_duration_ms())
	}
}

/// Blocks of each phase of a poll: 10, or 4 on a development chain. The first block of a session takes no transactions.
pub struct PhaseBlocks;
impl Get<BlockNumber> for PhaseBlocks {
	fn get() -> BlockNumber {
		if Timing::is_public() {
			10
		} else {
			4
		}
	}
}

impl pallet_doin_oracle::Config for Runtime {
	type BaseDeposit = StreamBaseDeposit;
	type ByteDeposit = StreamByteDeposit;
	type Clock = SlotClock;
	type Currency = Balances;
	type Electorate = ActiveStake;
	type GenesisHash = GenesisHash;
	type MaxReporters = ConstU32<MAX_AUTHORITIES>;
	type OnBatch = Forecasts;
	type PhaseBlocks = PhaseBlocks;
	type PotId = OraclePot;
	type RegistrationFee = StreamFee;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlotMs = pallet_doin_timing::SlotMs<Runtime>;
	type WeightInfo = pallet_doin_oracle::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::BenchmarkFixtures;
}
