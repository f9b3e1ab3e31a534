//! The windows of one chunk.

use crate::program::{Forecast, Generator, ProgramError};
use alloc::vec::Vec;
use core::ops::Range;

/// Windows of a series, one after the other: each `history` values that a model may read, then `horizon` values that it has to predict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
	/// Values a model may read, per window.
	pub history: usize,
	/// Values it has to predict, per window.
	pub horizon: usize,
	/// `history + horizon` raw values per window.
	pub values: Vec<i32>,
}

impl Windows {
	/// Each window as (history, future).
	pub fn iter(&self) -> impl Iterator<Item = (&[i32], &[i32])> {
		self.values.chunks_exact(self.history + self.horizon).map(|window| window.split_at(self.history))
	}
}

/// Chunk `index` of the windows that `seed` draws from `generator`.
pub fn drawn(_program: &Forecast, _generator: &Generator, _seed: &[u8; 32], _index: u16) -> Windows {
	unimplemented!()
}

/// Values `[start, end)` of the series that chunk `index` of the validation split needs; its targets lie in `[train_end, validation_end)`.
pub fn validation_span(_program: &Forecast, _train_end: u32, _validation_end: u32, _index: u16) -> Result<Range<u32>, ProgramError> {
	unimplemented!()
}

/// The windows of the validation chunk whose values, as named by [`validation_span`], are `values`.
pub fn validation(_program: &Forecast, _values: &[i32]) -> Windows {
	unimplemented!()
}
