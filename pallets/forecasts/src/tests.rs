//! Tests of the pallet, by concern.

mod properties;
mod records;
mod rounds;
mod seats;
mod views;
