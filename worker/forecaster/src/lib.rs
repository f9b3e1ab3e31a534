//! Forecasts of streams for the market of a DOIN chain.
//!
//! A forecaster answers the changes of a stream over the next bars, from a zero that nobody knows yet. This crate has what makes such
//! answers, and what scores them on historical bars:
//!
//! ```text
//! CSV file, bars of the oracle ──▶ bars ──▶ rounds: zeros, truths, references, averages ──┐
//!                                    │                                                     ▼
//!              indicators, channels ─┴─▶ base_model (exact trainer) ──▶ changes ──▶ backtest: skill
//!                                        plugin (program of the user) ─┘
//! ```
//!
//! - [`bars`] and [`file`](mod@file) have the bars of a stream or of a file.
//! - [`indicators`] computes RSI, MACD, Bollinger bands and the like by integer formulas, [`channels`] names them.
//! - [`named`] reads the names of forecasters and channels.
//! - [`base_model`] trains nets with the exact trainer, or reads a model file.
//! - [`plugin`] asks a program of the user over the envelope of [`doin_plugin`].
//! - [`pairs`] draws windows of the past with their continuations, which such a program learns from.
//! - [`rounds`] holds rounds over historical bars with the arithmetic of the market, and [`backtest`] scores forecasts in them.
//!
//! Functions that read what a user gives return [`anyhow::Error`]: its text names the thing, the reason and the next step.

#![warn(clippy::missing_errors_doc)]

pub mod backtest;
pub mod bars;
pub mod base_model;
pub mod channels;
pub mod file;
pub mod indicators;
pub mod named;
pub mod pairs;
pub mod plugin;
pub mod rounds;

pub use backtest::{play, Certainty, Figures, Fixed, Forecaster, Retrained};
pub use bars::{Bar, Clock, Series};
pub use base_model::{BaseModel, Inputs, Recipe};
pub use channels::Channel;
pub use file::{read_file, FileOptions, Times};
pub use named::{Channels, NamedModel};
pub use pairs::Pair;
pub use plugin::{Asked, Plugin, PluginError};
pub use rounds::{Champion, Round, Rounds, Terms};
