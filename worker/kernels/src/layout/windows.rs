//! Windows of a series that become the samples of a batch.

use super::BATCH;

/// A batch of windows of one channel, as places in one array of values.
///
/// ```text
///   values  … │◄────────── history ──────────►│◄─ horizon ─►│ …
///             ▲ starts[sample]  │◄─ window ──►│   targets
///                                    inputs  ▲
///                                            last known value
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WindowGather<'a> {
	/// All values, followed by [`LANES`](super::LANES) values of any content: whole vectors are read at the end of a window.
	pub values: &'a [i32],
	/// Index of the first value of each window's history.
	pub starts: &'a [u32; BATCH],
	/// Steps of a history.
	pub history: usize,
	/// Steps at the end of the history that are inputs.
	pub window: usize,
	/// Steps after the history that are targets.
	pub horizon: usize,
	/// Power of two from raw units to activations.
	pub in_shift: i8,
}

impl<'a> WindowGather<'a> {
	/// Returns the inputs and the targets of sample `sample`, and the last value before the targets.
	#[inline(always)]
	pub fn window(&self, sample: usize) -> (&'a [i32], &'a [i32], i32) {
		let end = self.starts[sample] as usize + self.history;
		(&self.values[end - self.window..end], &self.values[end..end + self.horizon], self.values[end - 1])
	}
}
