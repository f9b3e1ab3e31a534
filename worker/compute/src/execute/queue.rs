//! Jobs that wait for the CPU or a device.

use crate::{
	gpu::Device,
	train::{candidate::Candidate, dataset::Dataset},
};

/// Candidates that are trained together: one, or those of a bracket.
#[derive(Clone, Debug)]
pub(super) struct Job {
	/// Indices of the candidates.
	pub indices: Vec<usize>,
	/// The candidates.
	pub candidates: Vec<Candidate>,
}

/// Jobs that wait, in the order in which devices take them.
#[derive(Debug, Default)]
pub(super) struct JobQueue {
	waiting: Vec<Job>,
}

impl JobQueue {
	/// Returns a queue of `jobs`.
	pub fn new(jobs: Vec<Job>) -> Self {
		Self { waiting: jobs }
	}

	/// Takes the last job.
	pub fn take_last(&mut self) -> Option<Job> {
		self.waiting.pop()
	}

	/// Takes all jobs.
	pub fn take_all(&mut self) -> Vec<Job> {
		std::mem::take(&mut self.waiting)
	}

	/// Takes all jobs that none of `devices` supports.
	pub fn take_unsupported(&mut self, devices: &[&Device], data: &Dataset) -> Vec<Job> {
		let supported = |job: &Job| devices.iter().any(|device| device.supports_group(data, &job.candidates));
		self.waiting.extract_if(.., |job| !supported(job)).collect()
	}

	/// Returns `true` if `device` supports a job.
	pub fn has_job_for(&self, device: &Device, data: &Dataset) -> bool {
		self.waiting.iter().any(|job| device.supports_group(data, &job.candidates))
	}

	/// Takes the first jobs that `device` supports: as many as it trains in one batch, at most its share among `units` units, so
	/// that batches become smaller and all units finish at about the same time.
	pub fn take_for_device(&mut self, device: &Device, data: &Dataset, units: usize) -> Vec<Job> {
		let share = self.waiting.len().div_ceil(units.max(1));
		let supported = |(at, job): (usize, &Job)| device.supports_group(data, &job.candidates).then_some(at);
		let mut taken: Vec<usize> = self.waiting.iter().enumerate().filter_map(supported).take(share).collect();
		let groups = taken.iter().map(|at| self.waiting[*at].candidates.as_slice());
		taken.truncate(device.batch_size(data, groups));
		let (mut at, mut next) = (0, taken.into_iter().peekable());
		let take = |_: &mut Job| {
			let taken = next.next_if_eq(&at).is_some();
			at += 1;
			taken
		};
		self.waiting.extract_if(.., take).collect()
	}

	/// Returns jobs to the front of the queue.
	pub fn put_back(&mut self, jobs: Vec<Job>) {
		self.waiting.splice(0..0, jobs);
	}
}
