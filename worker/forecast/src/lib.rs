//! Forecasts of series in CSV files: from a file to a domain of a chain, or to a model file, and back.
//!
//! A file passes through these steps:
//!
//! ```text
//! CSV file ── csv, time, series ──▶ values in the column's unit ── quantise ──▶ raw values (i32)
//!                                                                      │
//!              ForecastSpec: season, history, horizon, channels, target│
//!                                   ┌──────────────────────────────────┤
//!                                   ▼                                  ▼
//!                    draft: record of a domain          files, split: windows to train on
//!                                                                      │
//!                                                                      ▼
//!                                     model_file ──▶ evaluation, predict
//! ```
//!
//! - [`csv`] reads columns of a file, [`time`] its times, [`series`] combines them, and [`quantise`] rounds values to raw units.
//! - [`target`] and [`spec`] state the forecast, in the units of the column.
//! - [`draft`] makes the record of a domain, and [`files`] the training set of a model.
//! - [`model_file`] stores a trained model, [`evaluation`] computes its errors, and [`predict`] its forecasts.
//! - [`sealed`] arranges data of which a part is published, and the rest is opened segment by segment.
//! - [`rows`] does all of this for tables whose rows are independent of each other, each with a class or values.
//!
//! Functions that read files of a user return [`anyhow::Error`]: its text names the file, the line, the reason and the next step.

#![warn(clippy::missing_errors_doc)]

pub mod csv;
pub mod draft;
pub mod error_scale;
pub mod evaluation;
pub mod family;
pub mod files;
#[cfg(test)]
mod fixtures;
mod gaps;
pub mod model_file;
pub mod output;
pub mod predict;
pub mod quantise;
pub mod rows;
pub mod sealed;
pub mod season;
pub mod series;
pub mod spec;
pub mod split;
pub mod step_errors;
pub mod table;
pub mod target;
pub mod time;
pub mod units;

pub use self::csv::{CsvOptions, Decimal, Note};
pub use draft::{DomainTerms, Draft, DraftOptions, GenomeDraft, NewDomain, RowDraft, RowDraftOptions, RunOptions, SealedTerms};
pub use error_scale::{error_name, error_size, ErrorFigures, ErrorScale};
pub use evaluation::Evaluation;
pub use family::ModelFamily;
pub use files::{FileSet, TrainingFile};
pub use model_file::{LoadedModel, ModelFile};
pub use quantise::Quantised;
pub use season::find_season;
pub use series::{Fill, ReadOptions, Series};
pub use spec::ForecastSpec;
pub use split::SplitRule;
pub use step_errors::StepErrors;
pub use table::{SeriesSource, Table};
pub use target::TargetOptions;
pub use units::{decimal, exact, parse_unit, significant};
