//! Reputation of evaluators.

use super::{Blocks, DAY_MS};
use crate::*;

impl pallet_doin_reputation::Config for Runtime {
	/// Half-life of a score's distance to neutral: 7 days, in blocks.
	type HalfLife = Blocks<{ 7 * DAY_MS }>;
	type WeightInfo = pallet_doin_reputation::weights::SubstrateWeight<Runtime>;
}
