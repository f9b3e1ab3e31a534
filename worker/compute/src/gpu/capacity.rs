//! Which candidates a device trains, and how many at a time.

use super::{
	batch::SUBMISSION_SECONDS,
	dataset::word_count,
	device::Device,
	packing::BufferSizes,
	plan::{NetPlan, SkipPlan},
	DeviceError,
};
use crate::train::{
	candidate::{Candidate, OPERAND_BITS},
	dataset::Dataset,
};
use doin_kernels::layout::BATCH;

/// Duration of one training step of all candidates of a batch at most, seconds.
const STEP_SECONDS: f64 = 2.0 * SUBMISSION_SECONDS;
/// Most candidates of a batch: several for every core of the largest devices.
const MAX_CANDIDATES: usize = 4_096;

/// Returns the multiply-accumulates of one training step of `candidate` for one window: forward, input gradients and weight
/// gradients.
pub fn training_macs_per_window(candidate: &Candidate, data: &Dataset) -> usize {
	plan(data, candidate).training_macs_per_window()
}

/// Returns the cost of one training step of `candidate` on a device, multiply-accumulates. The candidate need not pass its
/// [check](Candidate::check).
pub fn step_macs(candidate: &Candidate, data: &Dataset) -> f64 {
	plan(data, candidate).step_cost(SkipPlan::of(candidate)) * BATCH as f64
}

/// Returns the plan of a candidate.
fn plan(data: &Dataset, candidate: &Candidate) -> NetPlan {
	NetPlan::of_candidate(candidate, data.channels(), data.task.program.outputs().into())
}

/// Returns the sizes of the buffers of a candidate.
fn sizes(data: &Dataset, candidate: &Candidate) -> BufferSizes {
	BufferSizes::of_candidate(&plan(data, candidate), SkipPlan::of(candidate))
}

const fn unsupported<T>(what: &'static str) -> Result<T, DeviceError> {
	Err(DeviceError::Unsupported { what })
}

impl Device {
	/// Checks that the device trains `candidate`, which has passed its own [check](Candidate::check).
	///
	/// # Errors
	///
	/// [`DeviceError::Unsupported`] for data whose values differ by 2²⁶ or more, for linear models, for training in 8 bits, for
	/// nets that do not fit a buffer, and on software implementations for nets whose single step exceeds their limit of loop
	/// iterations.
	pub fn supports(&self, data: &Dataset, candidate: &Candidate) -> Result<(), DeviceError> {
		self.supports_data(data)?;
		if candidate.is_linear() {
			return unsupported("linear models");
		}
		let plan = plan(data, candidate);
		if plan.step_iterations(self.workgroup_size(plan.kind())) > self.loop_iterations {
			return unsupported("nets whose steps a device in software would cut short");
		}
		if candidate.bits != OPERAND_BITS {
			return unsupported("nets in 8 bits");
		}
		if !BufferSizes::of_candidate(&plan, SkipPlan::of(candidate)).fit(self.buffer_budget()) {
			return unsupported("nets that do not fit a buffer of the device");
		}
		Ok(())
	}

	/// Checks that the device trains on `data` at all.
	///
	/// # Errors
	///
	/// [`DeviceError::Unsupported`] if values differ by 2²⁶ or more, or do not fit a buffer.
	pub(super) fn supports_data(&self, data: &Dataset) -> Result<(), DeviceError> {
		if !data.is_narrow() {
			return unsupported("series whose values differ by 2^26 or more");
		}
		if 4 * word_count(data) as u64 > self.limits.max_storage_buffer_binding_size {
			return unsupported("series that do not fit a buffer of the device");
		}
		Ok(())
	}

	/// Returns `true` if the device trains all candidates of `group` in one batch.
	pub(crate) fn supports_group(&self, data: &Dataset, group: &[Candidate]) -> bool {
		let all = group.iter().map(|candidate| sizes(data, candidate)).fold(BufferSizes::default(), BufferSizes::plus);
		group.len() <= self.max_candidates()
			&& all.fit(self.buffer_budget())
			&& group.iter().all(|candidate| self.supports(data, candidate).is_ok())
	}

	/// Returns the number of leading `groups` that the device trains in one batch: at least one, then as many as fit its buffers
	/// and whose steps take less than [`STEP_SECONDS`]. Each group alone [is supported](Self::supports_group).
	pub(crate) fn batch_size<'g>(&self, data: &Dataset, groups: impl Iterator<Item = &'g [Candidate]>) -> usize {
		let (mut total, mut cost, mut candidates) = (BufferSizes::default(), 0.0, 0);
		let mut count = 0;
		for group in groups {
			candidates += group.len();
			for candidate in group {
				total = total.plus(sizes(data, candidate));
				cost += step_macs(candidate, data);
			}
			let fits = candidates <= self.max_candidates() && total.fit(self.buffer_budget());
			if count > 0 && (!fits || cost > STEP_SECONDS * self.throughput()) {
				break;
			}
			count += 1;
		}
		count
	}

	fn max_candidates(&self) -> usize {
		MAX_CANDIDATES.min(self.limits.max_compute_workgroups_per_dimension as usize)
	}
}
