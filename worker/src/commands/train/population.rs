//! Training of the candidates of one family: those that can be trained, and the models of their best epochs.

use crate::{
	commands::curve::{Curve, Point},
	report::Remarks,
	work::progress_bar,
};
use anyhow::{ensure, Context, Result};
use doin_compute::{Candidate, ChunkErrors, Control, Error, Observer, TrainingRun};
use doin_forecast::{significant, spec::explain, ModelFamily};
use doin_scoring::Model;
use indicatif::ProgressBar;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Text of a candidate: family and genes.
pub type Describe = fn(ModelFamily, &Candidate) -> String;

/// A trained candidate.
pub struct TrainedCandidate {
	/// Number, in the order of the candidates.
	pub number: usize,
	/// Candidate that was trained.
	pub candidate: Candidate,
	/// Model of the best epoch.
	pub model: Model,
	/// Errors on validation.
	pub errors: ChunkErrors,
	/// Learning curve.
	pub curve: Curve,
	/// Seconds of training.
	pub seconds: f64,
}

/// Candidates of one family that are about to be trained.
pub struct Population<'a> {
	/// Family of the candidates.
	pub family: ModelFamily,
	/// Candidates that can be trained.
	pub candidates: &'a [Candidate],
	/// Text of a candidate.
	pub describe: Describe,
	/// Converts the error of an epoch to the unit of the learning curve.
	pub scale: &'a (dyn Fn(u128) -> f64 + Sync),
}

/// Shows the epochs of a training, and the least error so far.
struct Progress<'a> {
	bar: ProgressBar,
	scale: &'a (dyn Fn(u128) -> f64 + Sync),
	least: Mutex<u128>,
}

impl Observer for Progress<'_> {
	fn epoch(&self, error: u128) {
		self.bar.inc(1);
		let mut least = self.least.lock();
		if error < *least {
			*least = error;
			self.bar.set_message(format!(", best {}", significant((self.scale)(error))));
		}
	}
}

impl Population<'_> {
	/// Trains all candidates by `run`. A warning names a failure, unless all fail. Once `stop` is set, those that have finished
	/// no epoch are left out, and a note counts them.
	///
	/// # Errors
	///
	/// Errors if no candidate is trained.
	pub fn train(
		&self,
		stop: &AtomicBool,
		remarks: &Remarks,
		run: impl FnOnce(&Control) -> Result<Vec<TrainingRun>, Error>,
	) -> Result<Vec<TrainedCandidate>> {
		let epochs: u64 = self.candidates.iter().map(|candidate| u64::from(candidate.epochs)).sum();
		let bar = progress_bar(epochs, "training {bar:30} {pos}/{len} epochs, {eta} left{msg}");
		let progress = Progress { bar, scale: self.scale, least: Mutex::new(u128::MAX) };
		let runs = run(&Control::new(stop).with_observer(&progress).keeping_unfinished()).map_err(explain);
		progress.bar.finish_and_clear();
		let (mut trained, mut failure, mut stopped) = (Vec::new(), None, 0);
		for (number, run) in runs?.into_iter().enumerate() {
			match self.trained(number, run) {
				Ok(one) => trained.push(one),
				Err(error) if error.downcast_ref() == Some(&Error::Stopped) => stopped += 1,
				Err(error) => failure = Some(error.context((self.describe)(self.family, &self.candidates[number]))),
			}
		}
		let all = self.candidates.len();
		match failure {
			Some(error) if trained.is_empty() => return Err(error),
			Some(error) => {
				let failed = all - trained.len() - stopped;
				remarks.add(format_args!("warning: {failed} of {all} candidates failed, e.g. {error:#}"));
			}
			None => {}
		}
		if stop.load(Ordering::Relaxed) {
			ensure!(!trained.is_empty(), "stopped before any candidate had finished an epoch, so there is no model to keep");
			remarks.add(format_args!(
				"note: stopped; the best model so far is kept. Of {all} candidates, {stopped} have not finished an epoch"
			));
		}
		Ok(trained)
	}

	fn trained(&self, number: usize, run: TrainingRun) -> Result<TrainedCandidate> {
		let evaluated = run.evaluated.map_err(explain)?;
		if let Model::Net(net) = &evaluated.model {
			self.family.check(net)?;
		}
		let points = run.errors.iter().map(|epoch| Point { epoch: epoch.epoch, error: (self.scale)(epoch.error) });
		Ok(TrainedCandidate {
			number,
			candidate: evaluated.candidate,
			model: evaluated.model,
			errors: evaluated.errors,
			curve: Curve { candidate: number, points: points.collect() },
			seconds: run.seconds,
		})
	}
}

/// Returns the candidates that `check` finds trainable. A warning counts the others.
///
/// # Errors
///
/// Errors with the reason of one candidate if none is left.
pub fn trainable(
	candidates: Vec<Candidate>,
	check: impl Fn(&Candidate) -> Result<(), Error>,
	describe: impl Fn(&Candidate) -> String,
	remarks: &Remarks,
) -> Result<Vec<Candidate>> {
	let (requested, mut usable, mut failure) = (candidates.len(), Vec::new(), None);
	for candidate in candidates {
		match check(&candidate).map_err(explain).with_context(|| describe(&candidate)) {
			Ok(()) => usable.push(candidate),
			Err(error) => failure = Some(error),
		}
	}
	match failure {
		Some(error) if usable.is_empty() => return Err(error),
		Some(error) => {
			let left_out = requested - usable.len();
			remarks.add(format_args!("warning: {left_out} of {requested} candidates are left out, e.g. {error:#}"));
		}
		None => {}
	}
	Ok(usable)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn candidates_that_cannot_be_trained_are_left_out_with_a_warning() {
		let check = |candidate: &Candidate| match candidate.width {
			0 => Err(Error::Stopped),
			_ => Ok(()),
		};
		let describe = |candidate: &Candidate| format!("width {}", candidate.width);
		let remarks = Remarks::default();
		let left = |widths: &[u16]| {
			let candidates = widths.iter().map(|width| Candidate { width: *width, ..Candidate::default() }).collect();
			trainable(candidates, check, describe, &remarks).map(|usable| usable.len())
		};
		assert_eq!(left(&[1, 2]).unwrap(), 2);
		assert!(remarks.texts().is_empty());
		assert_eq!(left(&[1, 0, 2]).unwrap(), 2);
		assert!(
			remarks.texts()[0].starts_with("warning: 1 of 3 candidates are left out, e.g. width 0: "),
			"{:?}",
			remarks.texts()
		);
		assert!(format!("{:#}", left(&[0]).unwrap_err()).starts_with("width 0: "));
	}
}
