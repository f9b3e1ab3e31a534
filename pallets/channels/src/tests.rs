//! Tests of the pallet, by concern.

mod attacks;
mod paths;
mod properties;
