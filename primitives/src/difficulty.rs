//! Filled in with its pallet.
