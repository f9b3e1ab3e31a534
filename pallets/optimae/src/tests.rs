//! Tests by theme. Every test runs on a fresh mock chain and ends with a check of the invariants and of the total issuance.

mod claims;
mod contenders;
mod paths;
mod places;
mod results;
mod reveals;
mod seats;
mod served;
mod verdicts;
