//! Tests by theme. Every test runs on a fresh mock chain and ends with a check of the invariants and of the total issuance.

mod carry;
mod claims;
mod contenders;
mod evidence;
mod live;
mod paths;
mod places;
mod purses;
mod results;
mod reveals;
mod seats;
mod served;
mod stakes;
mod tolerance;
mod verdicts;
