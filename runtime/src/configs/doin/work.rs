//! Work blocks: the queue of verified improvements, and emission.

use crate::{configs::staking::ValidatorPot, *};
use frame_support::traits::Get;

/// Lowest floor of T: that of a public network, or any on a development chain.
pub struct LowestFloor;
impl Get<doin_primitives::Q32> for LowestFloor {
	fn get() -> doin_primitives::Q32 {
		if Timing::is_public() {
			pallet_doin_work::PUBLIC_FLOOR
		} else {
			pallet_doin_work::MIN_FLOOR
		}
	}
}

/// Number of work blocks from one anchor to the next on a public network: about 17 hours.
const PUBLIC_ANCHOR_INTERVAL: u64 = 100;

/// Number of work blocks from one anchor to the next. On a development chain every work block is an anchor, so that publishing them can
/// be tried.
pub struct AnchorInterval;
impl Get<u64> for AnchorInterval {
	fn get() -> u64 {
		if Timing::is_public() {
			PUBLIC_ANCHOR_INTERVAL
		} else {
			1
		}
	}
}

impl pallet_doin_work::Config for Runtime {
	type AnchorInterval = AnchorInterval;
	type Currency = Balances;
	type LowestFloor = LowestFloor;
	type PotId = ValidatorPot;
	type TargetSpacing = pallet_doin_timing::TargetSpacingBlocks<Runtime>;
	type WeightInfo = pallet_doin_work::weights::SubstrateWeight<Runtime>;
}
