//! Scoring on the CPU: error sums of models, as [`doin_scoring::score()`] defines them, many windows at a time.

pub mod chunks;
pub(crate) mod scorer;
