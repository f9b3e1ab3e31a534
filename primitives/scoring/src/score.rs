//! Error sums.

use crate::{model::Model, sample::Windows};

/// Sum of `|ŷ − y|` of `model` over `windows`, in 2^−OUT_FRAC raw units, each error clamped below 2²⁰. The model has been admitted.
pub fn score(_model: &Model, _season: u16, _windows: &Windows) -> u32 {
	unimplemented!()
}
