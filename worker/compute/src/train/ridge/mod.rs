//! Linear models in closed form: ridge regression (Hoerl & Kennard 1970) of the next `horizon` changes on the window's
//! differences from its last value, rounded to a net that the chain admits.
//!
//! The normal equations are summed in integers over exactly the inputs that the net reads, so their solution does not depend on
//! the number of threads. Weights are rounded one after the other, and each one compensates for the rounding errors of those
//! before it: Babai's nearest-plane method (1986) on the Cholesky factor. Neighbours of a series are highly correlated, and
//! rounded like this, 12 bits cost no accuracy.

mod moments;
#[cfg(test)]
mod tests;

use super::{
	dataset::{Dataset, Part},
	linalg::cholesky,
};
use crate::Error;
use doin_scoring::{math::round_shift_i32, model::SHIFTS, verdict::total, Encoder, Layer, Model, Net};
use moments::{Moments, Shape};
use rayon::prelude::*;

/// Ridge parameters that are tried, as powers of two of the mean variance of an input.
const LAMBDAS: [i32; 10] = [-24, -20, -17, -14, -12, -10, -8, -6, -4, -2];
/// Weight of the practice draw in the choice of the ridge parameter: that of validation. It differs from the weight in
/// [`Dataset::fitness`], because another parameter would change every net that has a linear skip.
const PRACTICE_WEIGHT: u64 = 1;
/// Variance of an integer input below which it is a rounding error of a series that moves by the same amount at every step.
const MIN_VARIANCE: f64 = 1e-6;

/// A linear model with 12-bit weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinearModel {
	/// The net: a linear skip without layers.
	pub net: Net,
	/// The selected ridge parameter, as a power of two of the mean variance of an input.
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
		let mut in_shifts = data.in_shifts(window, share);
		loop {
			match Self::fit_scaled(data, part, window, share, &in_shifts) {
				// Finer inputs need smaller weights, but more of them are clamped.
				Err(Error::UnitTooFine) if in_shifts.iter().any(|shift| *shift < 0) => {
					in_shifts.iter_mut().filter(|shift| **shift < 0).for_each(|shift| *shift += 1);
				}
				result => return result,
			}
		}
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

	fn fit_scaled(data: &Dataset, part: Part, window: u16, share: u16, in_shifts: &[i8]) -> Result<Self, Error> {
		let shape = Shape { inputs: usize::from(window) * in_shifts.len(), outputs: data.task.program.outputs().into() };
		let n = shape.inputs;
		let moments = Moments::new(data, part, shape, share, in_shifts);
		let both = [moments.clone().centred(), moments.uncentred()];
		let fits = both.par_iter().flat_map(|moments| LAMBDAS.par_iter().map(move |lambda| (moments, lambda)));
		let fits = fits.map(|(moments, lambda)| {
			// Without variance, any damping leaves the mean alone.
			let mean_variance = (0..n).map(|i| moments.xx[i * n + i]).sum::<f64>() / n as f64;
			let mean_variance = if mean_variance > MIN_VARIANCE { mean_variance } else { 1.0 };
			let mut damped = moments.xx.clone();
			for i in 0..n {
				damped[i * n + i] += mean_variance / f64::from(1u32 << -lambda);
			}
			let factor = cholesky(&damped, n).ok_or(Error::Singular { window })?;
			let skip = moments.quantise(&factor).ok_or(Error::UnitTooFine)?;
			let net = Net { window, in_shifts: in_shifts.to_vec(), skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
			let errors = data.chunk_errors(&Model::Net(net.clone()));
			let model = Self { net, lambda: *lambda, validation_error: total(&errors.validation) };
			Ok((data.mean_loss(&errors, PRACTICE_WEIGHT), model))
		});
		let fits: Vec<Result<_, Error>> = fits.collect();
		// Some parameters may be too small for 12 bits, or for `f64`; the error of the largest one is that of all.
		let error = fits.last().and_then(|fit| fit.as_ref().err().cloned());
		let best = fits.into_iter().flatten().min_by_key(|(loss, _)| *loss);
		best.map(|(_, model)| model).ok_or(error.unwrap_or(Error::Singular { window }))
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
