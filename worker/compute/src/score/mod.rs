//! Scoring on the CPU: error sums of models, as [`doin_scoring::score()`] and [`doin_scoring::rows::score_rows`] define them, many
//! windows at a time.

pub mod chunks;
pub mod published;
pub(crate) mod scorer;
