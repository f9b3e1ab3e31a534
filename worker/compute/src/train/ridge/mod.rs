//! Linear models in closed form: ridge regression (Hoerl & Kennard 1970) of the next `horizon` changes on the window's
//! differences from its last value, rounded to a net that the chain admits.
//!
//! The normal equations are summed in integers over exactly the inputs that the net reads, so their solution does not depend on
//! the number of threads. Weights are rounded one after the other, and each one compensates for the rounding errors of those
//! before it: Babai's nearest-plane method (1986) on the Cholesky factor. Neighbours of a series are highly correlated, and
//! rounded like this, 12 bits cost no accuracy.
//!
//! [`LinearModel::best`] selects among windows and penalties too. [`LinearModel::mean`] averages several maps; their mean is a
//! linear map again, so it is one model.

mod mean;
mod moments;
mod penalty;
#[cfg(test)]
mod tests;

use super::{
	dataset::{Dataset, Part},
	linalg::cholesky,
};
use crate::Error;
use doin_scoring::{math::round_shift_i32, model::SHIFTS, verdict::total, Encoder, Layer, Model, Net};
use mean::mean_windows;
use moments::{Moments, Shape};
use penalty::{Inputs, Penalty};
use rayon::prelude::*;

/// Weight of the practice draw in the choice of the ridge parameter: that of validation. It differs from the weight in
/// [`Dataset::fitness`], because another parameter would change every net that has a linear skip.
const PRACTICE_WEIGHT: u64 = 1;

/// A linear model with 12-bit weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearModel {
	/// The net: a linear skip without layers.
	pub net: Net,
	/// The selected ridge parameter, as a power of two of the mean variance of an input; of a mean of several models, the smallest
	/// one.
	pub lambda: i32,
	/// Error sum on the validation split, 2^−OUT_FRAC raw units.
	pub validation_error: u64,
}

impl LinearModel {
	/// Fits a model of `window` steps to `part` of the windows of `data`, `share` of [`FULL_SHARE`](crate::FULL_SHARE) of them
	/// synthetic. The ridge parameter, and whether the model has a bias, are selected by the mean loss on validation and
	/// practice.
	///
	/// # Errors
	///
	/// [`Error::UnitTooFine`] if no 12-bit weights reach from inputs to outputs; [`Error::Singular`] if the normal equations have
	/// no solution.
	pub fn fit(data: &Dataset, part: Part, window: u16, share: u16) -> Result<Self, Error> {
		Source { data, part, window, share }
			.scaled(|scaled| scaled.best(&scaled.with_and_without_bias(), &[(window, Penalty::Uniform)]))
	}

	/// Fits the model with the least mean loss among those of `window` steps and of about two thirds of them, with a uniform
	/// penalty on all weights and with one that spares what recurs every season and grows with the age of a step, with all
	/// parameters of each. The bias is not selected: it is shrunk by how certain the mean change of the training part is.
	///
	/// # Errors
	///
	/// Those of [`LinearModel::fit`] if none has a solution.
	pub fn best(data: &Dataset, part: Part, window: u16, share: u16) -> Result<Self, Error> {
		let windows = mean_windows(window, data.task.program.season);
		let tried = windows.into_iter().flat_map(|steps| [Penalty::Uniform, Penalty::Seasonal].map(|penalty| (steps, penalty)));
		let tried: Vec<(u16, Penalty)> = tried.collect();
		Source { data, part, window, share }.scaled(|scaled| scaled.best(&[scaled.moments.clone().shrunk()], &tried))
	}

	/// Returns the net whose output is the mean of this model and `net`, which has no linear skip.
	///
	/// # Errors
	///
	/// [`Error::UnitTooFine`] if this model needed finer inputs than nets read.
	pub fn blend(&self, mut net: Net) -> Result<Net, Error> {
		if net.in_shifts != self.net.in_shifts {
			return Err(Error::UnitTooFine);
		}
		net.skip = self.net.skip.as_ref().map(halved);
		if let Some(last) = net.layers.last_mut() {
			*last = halved(last);
		}
		Ok(net)
	}
}

/// Windows that a linear model is fitted to.
#[derive(Clone, Copy)]
struct Source<'a> {
	data: &'a Dataset,
	part: Part,
	/// Steps that the model reads, at most.
	window: u16,
	/// Synthetic share of the windows.
	share: u16,
}

/// Windows that a linear model is fitted to, as moments of their inputs and targets.
struct Scaled<'a> {
	source: Source<'a>,
	in_shifts: Vec<i8>,
	/// Moments about zero, with the means.
	moments: Moments,
}

impl<'a> Source<'a> {
	/// Returns what `fit` makes of the windows. Their inputs have the shifts of the dataset, or finer ones if no 12-bit weights
	/// reach from inputs to outputs.
	fn scaled(self, fit: impl Fn(Scaled<'a>) -> Result<LinearModel, Error>) -> Result<LinearModel, Error> {
		let mut in_shifts = self.data.in_shifts(self.window, self.share);
		loop {
			match fit(Scaled::new(self, &in_shifts)) {
				// Finer inputs need smaller weights, but more of them are clamped.
				Err(Error::UnitTooFine) if in_shifts.iter().any(|shift| *shift < 0) => {
					in_shifts.iter_mut().filter(|shift| **shift < 0).for_each(|shift| *shift += 1);
				}
				result => return result,
			}
		}
	}
}

impl<'a> Scaled<'a> {
	fn new(source: Source<'a>, in_shifts: &[i8]) -> Self {
		let Source { data, part, window, share } = source;
		let shape = Shape { inputs: usize::from(window) * in_shifts.len(), outputs: data.task.program.outputs().into() };
		let moments = Moments::new(data, part, shape, share, in_shifts);
		Self { source, in_shifts: in_shifts.to_vec(), moments }
	}

	/// Returns the moments for a model with a bias, and for one without it.
	fn with_and_without_bias(&self) -> [Moments; 2] {
		[self.moments.clone().centred(), self.moments.clone().uncentred()]
	}

	/// Returns the inputs of a model of `steps` steps.
	fn inputs(&self, steps: u16) -> Inputs {
		let season = self.source.data.task.program.season.into();
		Inputs { steps: steps.into(), channels: self.in_shifts.len(), season }
	}

	/// Returns the Cholesky factor of `moments` of `steps` steps with `penalty`; `None` if they are singular in `f64`.
	fn factor(&self, moments: &Moments, steps: u16, penalty: Penalty, lambda: i32) -> Option<Vec<f64>> {
		let inputs = self.inputs(steps);
		let mut damped = moments.xx.clone();
		penalty.add(&mut damped, inputs, moments.mean_variance() * power_of_two(lambda));
		cholesky(&damped, inputs.steps * inputs.channels)
	}

	/// Returns the net of a layer that reads `steps` steps, and its mean loss.
	fn evaluated(&self, skip: Layer, steps: u16, lambda: i32) -> (u64, LinearModel) {
		let Source { data, .. } = self.source;
		let in_shifts = self.in_shifts.clone();
		let net = Net { window: steps, in_shifts, skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
		let errors = data.chunk_errors(&Model::Net(net.clone()));
		let model = LinearModel { net, lambda, validation_error: total(&errors.validation) };
		(data.mean_loss(&errors, PRACTICE_WEIGHT), model)
	}

	/// Returns the model with the least mean loss among those of `moments` and of the steps and penalties `tried`, with all
	/// parameters of each penalty.
	fn best(&self, moments: &[Moments], tried: &[(u16, Penalty)]) -> Result<LinearModel, Error> {
		let (window, channels) = (self.source.window, self.in_shifts.len());
		let newest = moments.iter().flat_map(|moments| {
			tried.iter().map(move |(steps, penalty)| (moments.newest((*steps).into(), channels), *steps, *penalty))
		});
		let newest: Vec<(Moments, u16, Penalty)> = newest.collect();
		let fits = newest.par_iter().flat_map(|(moments, steps, penalty)| {
			penalty.parameters().par_iter().map(move |lambda| (moments, *steps, *penalty, *lambda))
		});
		let fits = fits.map(|(moments, steps, penalty, lambda)| {
			let factor = self.factor(moments, steps, penalty, lambda).ok_or(Error::Singular { window })?;
			let skip = moments.quantise(&moments.solution(&factor), &factor).ok_or(Error::UnitTooFine)?;
			Ok(self.evaluated(skip, steps, lambda))
		});
		least_loss(fits.collect(), window)
	}
}

/// Returns the model with the least loss, the first one of equals. If none was fitted, returns the error of the last one: some
/// parameters may be too small for 12 bits, or for `f64`, and the last parameter is the largest.
fn least_loss(fits: Vec<Result<(u64, LinearModel), Error>>, window: u16) -> Result<LinearModel, Error> {
	let error = fits.last().and_then(|fit| fit.as_ref().err().cloned());
	let least = fits.into_iter().flatten().min_by_key(|(loss, _)| *loss);
	least.map(|(_, model)| model).ok_or(error.unwrap_or(Error::Singular { window }))
}

/// Returns 2^`exponent`, exactly.
fn power_of_two(exponent: i32) -> f64 {
	let power = f64::from(1u32 << exponent.unsigned_abs());
	if exponent < 0 {
		1.0 / power
	} else {
		power
	}
}

/// Returns the layer whose output is half of that of `layer`.
fn halved(layer: &Layer) -> Layer {
	let mut layer = layer.clone();
	if layer.shift < *SHIFTS.end() {
		layer.shift += 1;
	} else {
		layer.weights.iter_mut().for_each(|weight| *weight = (*weight + 1) >> 1);
		layer.bias.iter_mut().for_each(|bias| *bias = round_shift_i32(*bias, 1));
	}
	layer
}
