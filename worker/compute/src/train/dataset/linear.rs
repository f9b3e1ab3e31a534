//! Input shifts and linear models of a dataset, which are cached.

use super::{Dataset, Part, WindowSource, FULL_SHARE};
use crate::{train::ridge::LinearModel, Error};
use doin_scoring::{
	model::{IN_SHIFTS, MAX_ACT},
	rows::ROW_SHIFTS,
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// Most entries of a cache.
const CACHED: usize = 256;
/// Windows that input shifts are determined from, at most about this many per source.
const SAMPLED_WINDOWS: usize = 4096;
/// One input in this many may be clamped.
const CLAMPED: usize = 1000;

/// Kind of linear model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
	/// One ridge regression.
	Single,
	/// The mean of several.
	Mean,
}

/// Linear model of a window, part and synthetic share of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
	kind: Kind,
	part: Part,
	window: u16,
	share: u16,
}

/// Linear models, and input shifts by window and synthetic share.
#[derive(Debug, Default)]
pub(super) struct Cache {
	models: Mutex<BTreeMap<Key, Arc<LinearModel>>>,
	in_shifts: Mutex<BTreeMap<(u16, u16), Vec<i8>>>,
}

impl Dataset {
	/// Returns, for each channel, the left shift from raw units to activations under which 999 of 1 000 inputs of a net with this
	/// window fit 12 bits. A source counts if `synthetic_share` takes samples of it. The result is cached.
	pub fn in_shifts(&self, window: u16, synthetic_share: u16) -> Vec<i8> {
		let key = (window, self.synthetic_share(synthetic_share));
		if let Some(shifts) = self.cache.in_shifts.lock().get(&key) {
			return shifts.clone();
		}
		let shifts: Vec<i8> = (0..self.channels()).map(|channel| self.find_in_shift(channel, window, key.1)).collect();
		let mut cached = self.cache.in_shifts.lock();
		if cached.len() >= CACHED {
			cached.clear();
		}
		cached.insert(key, shifts.clone());
		shifts
	}

	fn find_in_shift(&self, channel: usize, window: u16, share: u16) -> i8 {
		// Number of differences that need 0, 1, 2 … bits; only the power of two matters.
		let (mut bits, mut count) = ([0usize; 33], 0usize);
		for (source, used) in WindowSource::ALL.into_iter().zip([share < FULL_SHARE, share > 0]) {
			let starts = self.training_starts(source);
			let step = (starts.len() / SAMPLED_WINDOWS).max(1);
			for start in starts.iter().step_by(step).filter(|_| used) {
				let first = channel * self.channel_stride + *start as usize;
				let history = &self.values[first..][..self.task.program.history.into()];
				let last = history.last().copied().unwrap_or(0);
				for value in &history[history.len().saturating_sub(window.into())..] {
					bits[(u32::BITS - last.abs_diff(*value).leading_zeros()) as usize] += 1;
					count += 1;
				}
			}
		}
		let (mut above, mut needed) = (0, 32);
		while needed > 1 && (above + bits[needed]) * CLAMPED <= count {
			above += bits[needed];
			needed -= 1;
		}
		let activation_bits = (MAX_ACT as u32).count_ones() as i8;
		let admitted = if self.has_rows() { ROW_SHIFTS } else { IN_SHIFTS };
		(activation_bits - needed as i8).clamp(*admitted.start(), *admitted.end())
	}

	/// Returns the ridge regression of this window and synthetic share, fitted to all windows of the training part. The result is
	/// cached.
	///
	/// # Errors
	///
	/// The errors of [`LinearModel::fit`].
	pub fn linear_model(&self, window: u16, synthetic_share: u16) -> Result<Arc<LinearModel>, Error> {
		self.cached(Kind::Single, Part::All, window, synthetic_share)
	}

	/// Returns the mean of several ridge regressions of at most `window` steps, fitted to all windows of the training part; see
	/// [`LinearModel::mean`]. The result is cached.
	///
	/// # Errors
	///
	/// The errors of [`LinearModel::fit`].
	pub fn mean_linear_model(&self, window: u16, synthetic_share: u16) -> Result<Arc<LinearModel>, Error> {
		self.cached(Kind::Mean, Part::All, window, synthetic_share)
	}

	/// Returns the linear skip that a net is trained beside: fitted to the windows that the net is trained on, so that the
	/// early-stopping set is as unknown to it as to the net. The result is cached.
	///
	/// # Errors
	///
	/// The errors of [`LinearModel::fit`].
	pub fn linear_skip(&self, window: u16, synthetic_share: u16) -> Result<Arc<LinearModel>, Error> {
		self.cached(Kind::Single, Part::Training, window, synthetic_share)
	}

	fn cached(&self, kind: Kind, part: Part, window: u16, synthetic_share: u16) -> Result<Arc<LinearModel>, Error> {
		let key = Key { kind, part, window, share: self.synthetic_share(synthetic_share) };
		if let Some(model) = self.cache.models.lock().get(&key) {
			return Ok(model.clone());
		}
		// No lock is held during the fit: its parallel parts may run other candidates on this very thread that ask for the same
		// model. The model is then fitted twice, with the same result.
		let model = match kind {
			Kind::Single => LinearModel::fit(self, part, window, key.share)?,
			Kind::Mean => LinearModel::mean(self, part, window, key.share)?,
		};
		let model = Arc::new(model);
		let mut models = self.cache.models.lock();
		if models.len() >= CACHED {
			models.clear();
		}
		models.insert(key, model.clone());
		Ok(model)
	}
}
