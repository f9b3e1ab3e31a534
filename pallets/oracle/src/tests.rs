//! Tests of the pallet, by concern.

mod counting;
mod polls;
mod streams;
