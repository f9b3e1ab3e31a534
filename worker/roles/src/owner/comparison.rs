//! Comparison with the other domains of the owner, beside the opening of segments.

use crate::retry::Retry;
use anyhow::{Context, Result};
use doin_primitives::BlockNumber;
use std::future::Future;
use tokio::task::JoinSet;

/// A comparison that runs in a task of its own until it has succeeded once: it reads large files, and a segment may have to be opened
/// meanwhile. It ends when this value is dropped.
#[derive(Debug)]
pub(super) struct Comparison<T> {
	tasks: JoinSet<Result<T>>,
	is_done: bool,
	retry: Retry,
}

impl<T> Default for Comparison<T> {
	fn default() -> Self {
		Self { tasks: JoinSet::new(), is_done: false, retry: Retry::default() }
	}
}

impl<T: Send + 'static> Comparison<T> {
	/// Begins the comparison at block `block` if it is due, and does not wait for it. Returns its result once it has ended; after an
	/// error, it is begun again some blocks later.
	pub(super) fn poll<F>(&mut self, block: BlockNumber, begin: impl FnOnce() -> F) -> Option<Result<T>>
	where
		F: Future<Output = Result<T>> + Send + 'static,
	{
		match self.tasks.try_join_next() {
			Some(ended) => {
				let result = ended.context("the task has failed").flatten();
				match &result {
					Ok(_) => self.is_done = true,
					Err(_) => {
						self.retry.fail(block);
					}
				}
				Some(result)
			}
			None => {
				if !self.is_done && self.tasks.is_empty() && self.retry.is_due(block) {
					self.tasks.spawn(begin());
				}
				None
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::future::{pending, ready};

	/// Lets the task end.
	async fn ended(comparison: &mut Comparison<u32>, block: BlockNumber) -> Result<u32> {
		loop {
			if let Some(ended) = comparison.poll(block, pending) {
				return ended;
			}
			tokio::task::yield_now().await;
		}
	}

	#[tokio::test]
	async fn a_comparison_that_takes_long_is_not_waited_for() {
		let mut comparison = Comparison::<u32>::default();
		for block in 0..100 {
			assert!(comparison.poll(block, pending).is_none());
		}
		assert_eq!(comparison.tasks.len(), 1, "begun once");
	}

	#[tokio::test]
	async fn a_comparison_is_repeated_until_it_succeeds() {
		let mut comparison = Comparison::default();
		assert!(comparison.poll(100, || ready(Err(anyhow::anyhow!("the node is gone")))).is_none());
		assert_eq!(ended(&mut comparison, 100).await.unwrap_err().to_string(), "the node is gone");
		assert!(comparison.poll(100, || ready(Ok(7))).is_none() && comparison.tasks.is_empty(), "not at once");
		assert!(comparison.poll(101, || ready(Ok(7))).is_none());
		assert_eq!(ended(&mut comparison, 101).await.unwrap(), 7);
		assert!(comparison.poll(900, || ready(Ok(8))).is_none() && comparison.tasks.is_empty(), "it has succeeded");
	}

	#[tokio::test]
	async fn a_comparison_that_panics_has_failed() {
		let mut comparison = Comparison::default();
		assert!(comparison.poll(100, || async { panic!("as a fault of the program does") }).is_none());
		assert!(ended(&mut comparison, 100).await.is_err());
	}
}
