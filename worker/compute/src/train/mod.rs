//! Training: datasets, candidates, trainers of all families, and the rules that end training.
//!
//! A [`Dataset`](dataset::Dataset) sorts the windows of a [`ForecastTask`](task::ForecastTask) by purpose. A
//! [`Candidate`](candidate::Candidate) has the genes of a net. Its `trainer` repeats epochs and keeps the best net on the
//! early-stopping set: `batches` loads windows and targets, a net of one of the `families` makes steps on them, and
//! [`doin_training`] gives the learning rate and defines the steps of dense nets. [`stopping`] ends candidates early. Nothing in
//! the loop is a float, so a net is a function of (data, genes, seed) on every machine.

pub(crate) mod batches;
pub mod candidate;
pub(crate) mod class_targets;
pub mod dataset;
pub(crate) mod families;
#[cfg(test)]
mod golden;
pub(crate) mod initial;
pub(crate) mod linalg;
pub mod operand_bits;
pub mod ridge;
pub mod stopping;
pub mod task;
#[cfg(test)]
mod tests;
pub(crate) mod trainer;
