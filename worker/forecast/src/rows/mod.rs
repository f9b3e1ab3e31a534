//! Rows of CSV files: a table whose rows have a class or values, from a file to a model file, and back.
//!
//! ```text
//! CSV file ── csv, table ──▶ numbers and labels ── arrangement ──▶ training, validation, test
//!                                                        │
//!                 mapping: ranges of the training rows, classes, raw units
//!                                                        ▼
//!                 bytes of rows ── files ──▶ training ──▶ model_file ──▶ evaluation, predict
//! ```
//!
//! - [`table`] reads the columns of features and of labels.
//! - [`arrangement`] shuffles and splits rows; the same rows always have the same parts.
//! - [`mod@bytes`] maps the numbers of a column to bytes, [`labels`] labels to classes or raw values, and [`mapping`] whole rows.
//! - [`files`] makes the training set of a model, [`model_file`] stores a trained model, [`errors`] and [`evaluation`] compute its
//!   errors, and [`predict`] its predictions.
//! - [`map_file`] stores a map apart from a model, so that other files are mapped in the same way.

pub mod arrangement;
pub mod bytes;
pub mod errors;
pub mod evaluation;
pub mod files;
pub mod labels;
pub mod map_file;
pub mod mapping;
pub mod model_file;
mod numbers;
pub mod predict;
pub mod table;

#[cfg(test)]
mod tests;

pub use arrangement::{Arrangement, RowPart};
pub use errors::RowErrors;
pub use evaluation::RowEvaluation;
pub use files::{RowFile, RowFiles, RowSets};
pub use labels::LabelMap;
pub use map_file::{read_map, write_map};
pub use mapping::{ImageSize, MappingOptions, RowMapping};
pub use model_file::{AnyModel, LoadedRowModel, RowModelFile};
pub use table::{RowOptions, RowTable, Wanted};
