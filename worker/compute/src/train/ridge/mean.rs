//! Mean of several linear models.

use super::{moments::Moments, penalty::Penalty, LinearModel, Scaled, Source};
use crate::{
	train::dataset::{Dataset, Part},
	Error,
};
use rayon::prelude::*;

/// Ridge parameters of the averaged maps, as powers of two of the mean variance of an input, ascending.
const PARAMETERS: [i32; 3] = [-4, -2, 0];
/// Penalty of the averaged maps.
const PENALTY: Penalty = Penalty::Seasonal;

/// Linear map before it is rounded.
pub(super) struct LinearMap {
	/// Steps of each channel that the map reads.
	pub steps: u16,
	/// One row of weights per output.
	pub rows: Vec<Vec<f64>>,
	/// Cholesky factor that the map was solved with.
	pub factor: Vec<f64>,
}

impl LinearModel {
	/// Fits the mean of several maps with equal weights: of `window` steps and of about two thirds of them, each with three ridge
	/// parameters. The maps that read fewer steps have weights of 0 on older ones, so the mean is one map, which is rounded once.
	/// Nothing is selected by validation, so the mean does not fit one validation part by chance; its bias is shrunk as that of
	/// [`LinearModel::best`] is. Maps without a solution are left out.
	///
	/// # Errors
	///
	/// Those of [`LinearModel::fit`].
	pub fn mean(data: &Dataset, part: Part, window: u16, share: u16) -> Result<Self, Error> {
		Source { data, part, window, share }.scaled(|scaled| scaled.mean())
	}
}

/// Returns the steps that the averaged maps read, descending: `window`, and two thirds of it, in whole seasons if there is one at
/// least.
pub(super) fn mean_windows(window: u16, season: u16) -> Vec<u16> {
	let shorter = u32::from(window) * 2 / 3;
	let season = u32::from(season.max(1));
	let seasons = (shorter + season / 2) / season;
	let shorter = if seasons > 0 { seasons * season } else { shorter };
	let mut windows = vec![window];
	windows.extend((1..u32::from(window)).contains(&shorter).then_some(shorter as u16));
	windows
}

impl Scaled<'_> {
	/// Returns the mean of the maps, rounded.
	fn mean(&self) -> Result<LinearModel, Error> {
		let window = self.source.window;
		let (mean, moments) = self.mean_map(&self.moments.clone().shrunk()).ok_or(Error::Singular { window })?;
		let skip = moments.quantise(&mean.rows, &mean.factor).ok_or(Error::UnitTooFine)?;
		Ok(self.evaluated(skip, mean.steps, PARAMETERS[0]).1)
	}

	/// Returns the mean of the maps before it is rounded, and the moments of its inputs; `None` if no map has a solution.
	pub(super) fn mean_map(&self, moments: &Moments) -> Option<(LinearMap, Moments)> {
		let maps = self.maps(moments);
		let steps = maps.iter().map(|map| map.steps).max()?;
		let moments = moments.newest(steps.into(), self.in_shifts.len());
		let weight = 1.0 / maps.len() as f64;
		let mut rows = vec![vec![0.0; usize::from(steps) * self.in_shifts.len()]; moments.y.len()];
		for map in &maps {
			for (mean, row) in rows.iter_mut().zip(&map.rows) {
				let channels = mean.chunks_exact_mut(steps.into()).zip(row.chunks_exact(map.steps.into()));
				for (mean, row) in channels {
					let newest = &mut mean[usize::from(steps - map.steps)..];
					newest.iter_mut().zip(row).for_each(|(mean, weight_of_map)| *mean += weight * weight_of_map);
				}
			}
		}
		// The least damped factor is closest to the moments, which rounding errors are weighed by.
		let factor = maps.into_iter().find(|map| map.steps == steps)?.factor;
		Some((LinearMap { steps, rows, factor }, moments))
	}

	/// Returns the maps that have a solution: by window, and then by ascending parameter.
	pub(super) fn maps(&self, moments: &Moments) -> Vec<LinearMap> {
		let windows = mean_windows(self.source.window, self.source.data.task.program.season);
		let shorter: Vec<(u16, Moments)> =
			windows.into_iter().map(|steps| (steps, moments.newest(steps.into(), self.in_shifts.len()))).collect();
		let each =
			shorter.par_iter().flat_map(|(steps, moments)| PARAMETERS.par_iter().map(move |lambda| (*steps, moments, *lambda)));
		let maps = each.map(|(steps, moments, lambda)| {
			let factor = self.factor(moments, steps, PENALTY, lambda)?;
			Some(LinearMap { steps, rows: moments.solution(&factor), factor })
		});
		maps.collect::<Vec<Option<LinearMap>>>().into_iter().flatten().collect()
	}
}
