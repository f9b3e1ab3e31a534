//! Fees: an EIP-1559 base fee over every component, burned; tips to the author.

use crate::*;
use frame_support::{
	parameter_types,
	traits::{ConstU8, Get},
};
use pallet_transaction_payment::{ConstFeeMultiplier, FungibleAdapter, Multiplier};
use sp_runtime::traits::One;

parameter_types! {
	/// The base fee replaces the multiplier, which therefore stays at one.
	pub FeeMultiplier: Multiplier = Multiplier::one();
}

/// Author of the block under construction.
pub struct Author;
impl Get<Option<AccountId>> for Author {
	fn get() -> Option<AccountId> {
		Authorship::author()
	}
}

parameter_types! {
	pub const BaseFeeFloor: Balance = doin_primitives::base_fee::DEFAULT_FLOOR;
	pub const BaseFeeCeiling: Balance = doin_primitives::base_fee::DEFAULT_CEILING;
}

impl pallet_doin_fee_market::Config for Runtime {
	type Author = Author;
	type Ceiling = BaseFeeCeiling;
	type Currency = Balances;
	type Floor = BaseFeeFloor;
	type WeightInfo = pallet_doin_fee_market::weights::SubstrateWeight<Runtime>;
}

impl pallet_transaction_payment::Config for Runtime {
	type FeeMultiplierUpdate = ConstFeeMultiplier<FeeMultiplier>;
	type LengthToFee = pallet_doin_fee_market::LengthToFee<Runtime>;
	type OnChargeTransaction = FungibleAdapter<Balances, pallet_doin_fee_market::BurnBaseFeeTipAuthor<Runtime>>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
	type WeightToFee = pallet_doin_fee_market::WeightToFee<Runtime>;
}
