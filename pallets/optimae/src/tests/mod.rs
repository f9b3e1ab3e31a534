//! Tests by theme. Each one runs on a fresh mock chain, whose invariants and money are checked at its end.

mod contenders;
mod disputes;
mod paths;
mod reveals;
mod seats;
mod verdicts;
