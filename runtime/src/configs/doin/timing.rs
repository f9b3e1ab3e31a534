//! Slot, epoch and round lengths. All of them are genesis values.

use crate::*;

impl pallet_doin_timing::Config for Runtime {}
