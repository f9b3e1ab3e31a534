//! Error of the nearest published row, which is computed beside the event loop, and again when further segments are opened.

use doin_roles::{problem::Problem, simple_models::nearest_neighbour};
use std::sync::Arc;
use tokio::sync::oneshot::{self, error::TryRecvError, Receiver};

/// Mean error of the nearest published row on validation, in raw units.
#[derive(Debug, Default)]
pub struct Nearest {
	/// Last error that was computed; `None` before, and for a series.
	error: Option<f64>,
	/// Opened segments of the data that an error is computed of; `None` before the first one.
	segments: Option<u16>,
	/// Error that is being computed.
	running: Option<Receiver<Option<f64>>>,
}

impl Nearest {
	/// Returns `true` if the error has to be computed for data with `opened` opened segments. One computation runs at a time.
	pub fn is_outdated(&self, opened: u16) -> bool {
		self.running.is_none() && self.segments.is_none_or(|known| opened > known)
	}

	/// Begins to compute the error of a domain on a thread of its own. The last error is known until then.
	pub fn compute(&mut self, problem: Arc<Problem>) {
		self.segments = Some(problem.segments());
		if problem.rows().is_none() {
			return;
		}
		let (sender, receiver) = oneshot::channel();
		tokio::task::spawn_blocking(move || sender.send(nearest_neighbour(&problem)));
		self.running = Some(receiver);
	}

	/// Returns the last error that was computed; `None` for a series, of which nothing is claimed.
	pub fn error(&mut self) -> Option<f64> {
		let received = self.running.as_mut().map(Receiver::try_recv);
		match received {
			Some(Ok(error)) => (self.error, self.running) = (error, None),
			// The computation has failed, and is not repeated for the same data.
			Some(Err(TryRecvError::Closed)) => self.running = None,
			Some(Err(TryRecvError::Empty)) | None => {}
		}
		self.error
	}

	/// Waits for the error that is being computed.
	#[cfg(test)]
	pub async fn finish(&mut self) -> Option<f64> {
		if let Some(running) = self.running.take() {
			self.error = running.await.unwrap();
		}
		self.error
	}
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use crate::fixtures::sawtooth;
	use doin_compute::Published;
	use doin_primitives::{blake2_256, DomainSpec, Evidence, Growth, Split, DOIN};
	use doin_scoring::{
		rows::{RowTarget, Rows},
		Program,
	};

	/// Returns rows of four features, and a class that follows from two of them.
	fn rows(numbers: std::ops::Range<u32>) -> Vec<u8> {
		let row = |number: u32| {
			let [a, b, c, d, ..] = blake2_256(&number.to_le_bytes());
			[a, b, c, d, ((u16::from(a) + u16::from(b)) / 171) as u8]
		};
		numbers.flat_map(row).collect()
	}

	/// Returns a small sealed domain of rows of which `opened` segments of 512 rows are opened.
	pub fn letters(opened: u32) -> Problem {
		let program = Rows { features: 4, image: None, target: RowTarget::Classes(3), rows: 8, chunks: 64 };
		let base = rows(0..600);
		let spec = DomainSpec {
			program: Program::Rows(program),
			values: base.len() as u32,
			growth: Growth::Appending,
			split: Split { train_end: 400, validation_end: 592 },
			evidence: Evidence::Sealed { units: 512, stake: DOIN },
			..sawtooth().spec
		};
		let mut data = Published::Rows(base);
		data.append(&rows(1_000..1_000 + 512 * opened));
		Problem { id: 4, spec, data, linear: None, program: None }
	}

	#[tokio::test]
	async fn the_nearest_row_is_looked_up_again_when_a_segment_is_opened() {
		let mut nearest = Nearest::default();
		assert!(nearest.is_outdated(0));
		nearest.compute(Arc::new(letters(0)));
		assert!(!nearest.is_outdated(1), "one computation at a time");
		let first = nearest.finish().await.unwrap();
		assert!(!nearest.is_outdated(0), "the same data is not looked at again");
		assert!(nearest.is_outdated(2));
		nearest.compute(Arc::new(letters(2)));
		let second = nearest.finish().await.unwrap();
		assert!(second < first, "three times as many rows: {second} {first}");
		assert_eq!(nearest.error(), Some(second));
		// A reorganisation can take an opened segment back.
		assert!(!nearest.is_outdated(2) && !nearest.is_outdated(1) && nearest.is_outdated(3));
	}

	#[tokio::test]
	async fn nothing_is_computed_of_a_series() {
		let mut nearest = Nearest::default();
		nearest.compute(Arc::new(sawtooth()));
		assert_eq!((nearest.error(), nearest.is_outdated(0)), (None, false));
	}

	#[tokio::test]
	async fn a_computation_that_failed_leaves_the_last_error() {
		let (sender, receiver) = oneshot::channel();
		drop(sender);
		let mut nearest = Nearest { error: Some(0.25), segments: Some(1), running: Some(receiver) };
		assert_eq!(nearest.error(), Some(0.25));
		assert!(!nearest.is_outdated(1) && nearest.is_outdated(2));
	}
}
