//! Scoring on the CPU: error sums and outputs of models, as [`doin_scoring::score()`], [`doin_scoring::rows::score_rows`] and
//! [`doin_scoring::answer()`] define them, many windows at a time.

pub mod chunks;
pub mod outputs;
pub mod published;
pub(crate) mod scorer;
