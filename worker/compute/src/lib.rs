//! Exact integer training and scoring on CPUs and GPUs.
//!
//! Results that leave this crate are exact: nets that `doin-scoring` admits, and error sums that every other machine computes as
//! well. Training itself need not be trusted. Still, all trainers (multi-layer perceptrons, convolutions, gated cells) use
//! integers only, and give the same net for the same [`Candidate`] and [`Dataset`] on every machine, every number of threads and
//! every device. The exception is the closed-form [ridge regression](train::ridge), which solves in `f64` without reordering, and
//! rounds at its end.
//!
//! # Overview
//!
//! ```text
//!  DomainSpec + series ─► ForecastTask ─► Dataset ───────────────┐
//!                                          training, early stop, │
//!                                          validation, practice  ▼
//!  genes ─► Candidate ─────────────────────────────────────► Executor::run ─► TrainingRun
//!                                                             │       │        net, learning curve,
//!                                                            CPU   devices     ChunkErrors, fitness
//!                                                       doin-kernels   gpu
//!  models + evidence + seed ─► chunk_sums ─► answers and claims
//! ```
//!
//! - [`train`] has datasets, candidates, trainers and stopping rules, and measures in how many bits steps are faster
//!   ([`train::operand_bits`]).
//! - [`execute`] trains and evaluates candidates on the CPU, on devices or on both; the [`Executor`] does not affect results.
//! - [`gpu`] trains on Vulkan devices, with the shaders in `gpu/shaders/`.
//! - [`mod@rungs`] fits simple models, the best of which a search has to improve on.
//! - [`rows`] trains nets on the rows of a table by embedding them in windows.
//! - [`genomes`] makes the training runs of loss genomes.
//! - [`score`] computes [`chunk_sums`], which evaluators answer with, and [`batch_outputs`], which servers answer with.
//! - [`generator`] fits the source of synthetic evidence, and [`baseline`] reports the errors of simple models.
//!
//! # Example
//!
//! `examples/train_net.rs` trains a small net on a seasonal series and scores one chunk.
//!
//! # Errors
//!
//! All functions return [`Error`]. [`Error::Device`] is never final: an [`Executor`] with threads retries on the CPU.

#![warn(clippy::missing_errors_doc)]

pub mod baseline;
mod error;
pub mod execute;
#[cfg(test)]
mod fixtures;
pub mod generator;
pub mod genomes;
pub mod gpu;
pub mod rows;
pub mod rungs;
pub mod score;
pub mod train;

pub use doin_kernels::{layout::BATCH, peak, Backend};
pub use error::Error;
pub use execute::{ComputeUnit, Control, Evaluated, Executor, Grouping, Observer, TrainingRun};
pub use genomes::GenomeRuns;
pub use rows::{RowsData, RowsTask};
pub use rungs::{rungs, Rung};
pub use score::{
	chunks::{chunk_sums, selected_chunk_sums, validation_sums},
	outputs::batch_outputs,
	published::{Published, SeededEvidence},
};
pub use train::{
	candidate::{thread_pool, Candidate, Family, OnEpoch, BYTE_OPERAND_BITS, GENE_NAMES, OPERAND_BITS},
	dataset::{ChunkErrors, Dataset, Part, WindowSource, FULL_SHARE, INITIAL_FITNESS},
	operand_bits::{dearest_dense, OperandBits, StepTimes},
	ridge::LinearModel,
	stopping::{EpochError, StopSignal, StoppingRule, BRACKET},
	task::{self, predictions_per_window, ForecastTask, SplitSeries},
};
