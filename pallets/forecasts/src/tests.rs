//! Tests of the pallet, by concern.

mod records;
mod rounds;
mod seats;
