//! DOIN's own pallets, one file each, and the adapters that connect them with the SDK's pallets. The fee market is in
//! [`fees`](crate::configs::fees).

pub mod budget;
pub mod channels;
pub mod domains;
pub mod evaluators;
pub mod evidence;
pub mod forecasts;
pub mod gauge;
pub mod inference;
pub mod optimae;
pub mod oracle;
pub mod recomputation;
pub mod reputation;
pub mod timing;
pub mod work;

use crate::*;
use doin_traits::Timing as _;
use frame_support::{parameter_types, traits::Get};

/// Milliseconds of a day.
pub const DAY_MS: u64 = 86_400_000;

/// `MS` milliseconds, as a number of blocks.
pub struct Blocks<const MS: u64>;
impl<const MS: u64> Get<BlockNumber> for Blocks<MS> {
	fn get() -> BlockNumber {
		Timing::blocks(MS)
	}
}

parameter_types! {
	/// Hash of block 0, which every commitment binds.
	pub GenesisHash: doin_primitives::Hash = System::block_hash(0).into();
}
