//! By hand and without a chain: training, judging and using models, recomputing what a chain says, and measuring how fast all this is.

pub mod bench;
pub mod evaluate;
mod forecast;
mod genes;
mod model_file;
mod plot;
pub mod predict;
mod series;
pub mod train;
pub mod verify;

use crate::amount::significant;
use anyhow::{Context, Result};
use doin_compute::{baseline, Error};
use std::sync::{
	atomic::{AtomicBool, Ordering},
	Arc,
};

/// Raises a switch when it goes away.
struct Raise(Arc<AtomicBool>);

impl Drop for Raise {
	fn drop(&mut self) {
		self.0.store(true, Ordering::Relaxed);
	}
}

/// Does long work on a thread of its own. What it is handed is raised when nobody waits for it any more, as after Ctrl-C.
async fn working<T: Send + 'static>(work: impl FnOnce(&AtomicBool) -> Result<T> + Send + 'static) -> Result<T> {
	let stop = Arc::new(AtomicBool::new(false));
	let _raise = Raise(stop.clone());
	tokio::task::spawn_blocking(move || work(&stop)).await.context("the computation ended before its time")?
}

/// An error of the trainer, for people.
fn explained(error: Error) -> anyhow::Error {
	match error {
		Error::Model(error) => anyhow::anyhow!("the model would be refused: {}", model_file::reason(error)),
		other => other.into(),
	}
}

/// Threads to use: all cores, or as many as were asked for.
fn cores(asked: Option<usize>) -> usize {
	let all = std::thread::available_parallelism().map_or(1, usize::from);
	asked.map_or(all, |cores| cores.clamp(1, all))
}

/// Per cent by which `error` is below the best of the naive ones; below zero when it is above them.
fn better(error: f64, naive: f64) -> f64 {
	if naive == 0.0 {
		return 0.0;
	}
	100.0 * (1.0 - error / naive)
}

/// A table of simple models and others: mean absolute errors in units of the series.
fn show_rows(rows: &[baseline::Row], unit: f64, what: &str) {
	println!("{what:<11} mean absolute error      validation    better          test    better");
	for row in rows {
		let line = |line: Option<baseline::Line>| match line {
			Some(line) => (significant(line.mean * unit), format!("{:.2} %", crate::status::better(line.loss))),
			None => ("-".into(), "-".into()),
		};
		let (validation, test) = (line(Some(row.validation)), line(row.tail));
		println!("            {:<22} {:>12} {:>9} {:>13} {:>9}", row.name, validation.0, validation.1, test.0, test.1);
	}
	println!("            better: than the better of repeat-last and seasonal on the same windows");
}

/// The same as JSON.
fn rows_json(rows: &[baseline::Row], unit: f64) -> serde_json::Value {
	let line = |line: baseline::Line| serde_json::json!({ "mae": line.mean * unit, "error": line.error, "better_percent": crate::status::better(line.loss) });
	let row = |row: &baseline::Row| serde_json::json!({ "name": row.name, "validation": line(row.validation), "test": row.tail.map(line) });
	rows.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn work_is_told_when_nobody_waits_any_more() {
		let (told, heard) = std::sync::mpsc::channel();
		let work = working(move |stop| {
			while !stop.load(Ordering::Relaxed) {
				std::thread::sleep(std::time::Duration::from_millis(1));
			}
			told.send(()).map_err(Into::into)
		});
		tokio::select! {
			_ = work => panic!("it works until it is stopped"),
			_ = tokio::time::sleep(std::time::Duration::from_millis(20)) => {},
		}
		heard.recv_timeout(std::time::Duration::from_secs(5)).unwrap();
		assert_eq!(working(|_| Ok(3)).await.unwrap(), 3);
	}

	#[test]
	fn cores_are_those_there_are() {
		assert!(cores(None) >= 1);
		assert_eq!((cores(Some(0)), cores(Some(1)), cores(Some(9_999))), (1, 1, cores(None)));
	}
}
