//! Outputs of a model for the inputs of clients.

use super::scorer::Scorer;
use crate::Error;
use doin_kernels::Backend;
use doin_scoring::{Forecast, Model};

/// Returns the outputs of `model` for each of `histories`, which have the length of the program, as [`doin_scoring::answer()`] does for
/// one of them. Returns `None` for what has no batches: baselines, and models that no domain of the program admits.
///
/// # Errors
///
/// [`Error::Backend`] if the environment names an unknown back-end.
pub fn batch_outputs(model: &Model, program: &Forecast, histories: &[Vec<i32>]) -> Result<Option<Vec<Vec<i32>>>, Error> {
	Ok(Scorer::new(Backend::detect()?, model, program).outputs(histories))
}
