//! Fees: a base fee on weight and length as in EIP-1559, which is burned, and tips, which the block author receives.

use crate::*;
use frame_support::{parameter_types, traits::ConstU8};
use pallet_transaction_payment::{ConstFeeMultiplier, FungibleAdapter, Multiplier};
use sp_runtime::traits::One;

parameter_types! {
	/// Multiplier of fees: always one, since the base fee replaces it.
	pub FeeMultiplier: Multiplier = Multiplier::one();
	/// Author of the block under construction, who receives the tips.
	pub Author: Option<AccountId> = Authorship::author();
	/// Lowest base fee, in plancks per gas.
	pub const BaseFeeFloor: Balance = doin_primitives::base_fee::DEFAULT_FLOOR;
	/// Highest base fee, in plancks per gas.
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
