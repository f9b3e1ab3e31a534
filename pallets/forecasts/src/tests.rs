//! Tests of the pallet, by concern.

mod champion;
mod properties;
mod records;
mod rounds;
mod seats;
mod views;
