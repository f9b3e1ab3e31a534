//! Long computations of commands.

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
	future::Future,
	io::IsTerminal,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
};

/// Raises a switch when it is dropped.
struct Raise(Arc<AtomicBool>);

impl Drop for Raise {
	fn drop(&mut self) {
		self.0.store(true, Ordering::Relaxed);
	}
}

/// Runs a long computation on a thread of its own. The switch that it receives is raised when the future is dropped, e.g.
/// after Ctrl-C.
///
/// # Errors
///
/// Errors if the computation does, or if it panics.
pub async fn compute<T: Send + 'static>(work: impl FnOnce(&AtomicBool) -> Result<T> + Send + 'static) -> Result<T> {
	let stop = Arc::new(AtomicBool::new(false));
	let _raise = Raise(stop.clone());
	tokio::task::spawn_blocking(move || work(&stop)).await.context("the computation ended early")?
}

/// Runs a long computation as [`compute`] does. The switch is also raised by the first Ctrl-C, upon which the computation is to
/// end with what it has. Returns `true` beside its result if it was.
///
/// # Errors
///
/// Errors if the computation does, or if it panics.
pub async fn compute_until_interrupted<T: Send + 'static>(
	interrupted: impl Future<Output = ()>,
	work: impl FnOnce(&AtomicBool) -> Result<T> + Send + 'static,
) -> Result<(T, bool)> {
	let stop = Arc::new(AtomicBool::new(false));
	let _raise = Raise(stop.clone());
	let switch = stop.clone();
	let mut work = tokio::task::spawn_blocking(move || work(&switch));
	let finished = tokio::select! {
		finished = &mut work => Some(finished),
		() = interrupted => None,
	};
	let outcome = match finished {
		Some(outcome) => outcome,
		None => {
			stop.store(true, Ordering::Relaxed);
			work.await
		}
	};
	Ok((outcome.context("the computation ended early")??, stop.load(Ordering::Relaxed)))
}

/// Waits for Ctrl-C, or for the request of a service manager to end.
pub async fn interrupted() {
	let ctrl_c = tokio::signal::ctrl_c();
	#[cfg(unix)]
	{
		use tokio::signal::unix::{signal, SignalKind};
		if let Ok(mut terminate) = signal(SignalKind::terminate()) {
			tokio::select! {
				_ = ctrl_c => {},
				_ = terminate.recv() => {},
			}
			return;
		}
	}
	// Without a handler, Ctrl-C ends the process.
	ctrl_c.await.ok();
}

/// Returns the number of threads: all cores, or as many of them as were requested.
pub fn threads(requested: Option<usize>) -> usize {
	let all = std::thread::available_parallelism().map_or(1, usize::from);
	requested.map_or(all, |threads| threads.clamp(1, all))
}

/// Returns a progress bar on the terminal, hidden where standard error is not one.
pub fn progress_bar(length: u64, template: &str) -> ProgressBar {
	let bar = if std::io::stderr().is_terminal() { ProgressBar::new(length) } else { ProgressBar::hidden() };
	bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
	bar
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	#[tokio::test]
	async fn dropping_the_future_stops_the_work() {
		let (stopped, heard) = std::sync::mpsc::channel();
		let work = compute(move |stop| {
			while !stop.load(Ordering::Relaxed) {
				std::thread::sleep(Duration::from_millis(1));
			}
			stopped.send(()).map_err(Into::into)
		});
		tokio::select! {
			_ = work => panic!("the work runs until it is stopped"),
			_ = tokio::time::sleep(Duration::from_millis(20)) => {},
		}
		heard.recv_timeout(Duration::from_secs(5)).unwrap();
		assert_eq!(compute(|_| Ok(3)).await.unwrap(), 3);
	}

	#[tokio::test]
	async fn k44_an_interrupted_computation_ends_with_what_it_has() {
		let work = |stop: &AtomicBool| {
			while !stop.load(Ordering::Relaxed) {
				std::thread::sleep(Duration::from_millis(1));
			}
			Ok("the best so far")
		};
		let soon = tokio::time::sleep(Duration::from_millis(20));
		assert_eq!(compute_until_interrupted(soon, work).await.unwrap(), ("the best so far", true));
		assert_eq!(compute_until_interrupted(std::future::pending(), |_| Ok(3)).await.unwrap(), (3, false));
	}

	#[test]
	fn threads_are_at_most_the_cores() {
		assert!(threads(None) >= 1);
		assert_eq!((threads(Some(0)), threads(Some(1)), threads(Some(9_999))), (1, 1, threads(None)));
	}
}
