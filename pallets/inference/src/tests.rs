//! Tests of the pallet, by concern.

mod accusing;
mod attacks;
mod demand;
mod offers;
mod properties;
