//! Tables as people have them: from a file, a pipe or standard input to the cells of the selected columns.
//!
//! ```text
//! bytes ── source ──▶ text ── dialect, records ──▶ records ── header, columns, table ──▶ cells ── number, values ──▶ numbers
//! ```
//!
//! - [`source`] decompresses gzip, decodes UTF-16, and refuses formats that hold no text.
//! - [`dialect`] finds out delimiter and line ends, and [`records`] splits the text.
//! - [`header`] finds columns by name or position, and [`columns`] recognises those that are not named; [`row_columns`] chooses
//!   those of a table of rows.
//! - [`table`] streams the records once, and holds the selected cells in [`cells`].
//! - [`number`] parses numbers with a decimal point or comma, [`values`] applies it, and [`sentinel`] finds numbers such as
//!   -9999.
//!
//! All properties that are found out rather than given are reported as [`note`]s.

pub mod cells;
pub mod columns;
pub mod dialect;
pub mod header;
pub mod note;
pub mod number;
pub mod records;
pub mod row_columns;
pub mod sentinel;
pub mod source;
pub mod table;
pub mod values;

pub use cells::MAX_HELD_ROWS;
pub use columns::Selection;
pub use note::Note;
pub use number::Decimal;
pub use table::{CsvOptions, TextTable};

#[cfg(test)]
mod tests;
