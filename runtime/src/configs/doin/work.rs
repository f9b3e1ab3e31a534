//! Work blocks: the queue of verified improvements, and emission.

use crate::{configs::staking::ValidatorPot, *};

impl pallet_doin_work::Config for Runtime {
	type Currency = Balances;
	type PotId = ValidatorPot;
	type TargetSpacing = pallet_doin_timing::TargetSpacingBlocks<Runtime>;
	type WeightInfo = pallet_doin_work::weights::SubstrateWeight<Runtime>;
}
