//! Shares of amounts and weights.

use doin_primitives::Balance;
use frame_support::weights::Weight;
use sp_runtime::Perbill;

/// Share of a block's weight that the deadlines of one pallet may take in a block.
pub const HOOK_SHARE: Perbill = Perbill::from_percent(10);

/// Returns the weight that one pallet's deadlines may take in a block of at most `block` weight, and at least `step`, the weight of one
/// item, so that no choice of weights can stop an agenda.
pub fn hook_limit(block: Weight, step: Weight) -> Weight {
	Weight::from_parts(HOOK_SHARE * block.ref_time(), HOOK_SHARE * block.proof_size()).max(step)
}

/// Returns `ppm` parts per million of `amount`, rounded down.
pub fn ppm_of(amount: Balance, ppm: u32) -> Balance {
	amount.saturating_mul(ppm.into()).checked_div(doin_primitives::MILLION.into()).unwrap_or(0)
}
