//! By hand and without a chain: training, judging and using models, recomputing what a chain says, and measuring how fast all this is.

pub mod bench;
pub mod evaluate;
mod files;
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
use doin_scoring::{Forecast, Target};
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

/// How mean errors are shown.
#[derive(Clone, Copy, Debug)]
struct Scale {
	/// One raw unit in units of the column.
	unit: f64,
	/// Standard deviation of the column in what trained, in its units.
	deviation: f64,
	/// Whether errors are mistakes.
	classes: bool,
}

impl Scale {
	fn of(program: &Forecast, unit: f64, deviation: f64) -> Self {
		Self { unit, deviation, classes: matches!(program.target, Target::Classes(_)) }
	}

	/// What [`Scale::shown`] shows.
	fn title(self) -> &'static str {
		if self.classes {
			"windows told rightly"
		} else {
			"mean absolute error"
		}
	}

	/// What one unit of [`Scale::error`] is, where the column is called `column`.
	fn name(self, column: &str) -> &str {
		if self.classes {
			"mistakes per window"
		} else {
			column
		}
	}

	/// A mean error in units of the column, or mistakes per window.
	fn error(self, mean: f64) -> f64 {
		if self.classes {
			mean
		} else {
			mean * self.unit
		}
	}

	/// The same in standard deviations.
	fn scaled(self, mean: f64) -> f64 {
		mean * self.unit / self.deviation
	}

	/// A mean error for people; of classes, the share that is right.
	fn shown(self, mean: f64) -> String {
		if self.classes {
			format!("{:.2} %", 100.0 * (1.0 - mean))
		} else {
			significant(self.error(mean))
		}
	}

	/// The same as JSON.
	fn json(self, mean: f64, error: u64, better: f64) -> serde_json::Value {
		if self.classes {
			return serde_json::json!({ "accuracy": share(1.0 - mean), "error": error, "better_percent": better });
		}
		serde_json::json!({ "mae": self.error(mean), "scaled": self.scaled(mean), "error": error, "better_percent": better })
	}
}

/// A table of simple models and others. `most_frequent` is the share of the most frequent class on validation and test.
fn show_rows(rows: &[baseline::Row], scale: Scale, what: &str, most_frequent: [Option<f64>; 2]) {
	println!("{what:<11} {:<22} {:>12} {:>9} {:>13} {:>9}", scale.title(), "validation", "better", "test", "better");
	let show = |name: &str, cells: [Option<(f64, f64)>; 2]| {
		let [validation, test] = cells.map(|cell| match cell {
			Some((mean, better)) => (scale.shown(mean), format!("{better:.2} %")),
			None => ("-".into(), "-".into()),
		});
		println!("            {name:<22} {:>12} {:>9} {:>13} {:>9}", validation.0, validation.1, test.0, test.1);
	};
	let lines = |row: &baseline::Row| [Some(row.validation), row.tail];
	// What the better naive model makes has the loss one.
	let naive = |part: usize| rows.iter().take(2).filter_map(|row| lines(row)[part]).map(|line| line.mean).reduce(f64::min);
	if scale.classes {
		let cell = |part: usize| Some((1.0 - most_frequent[part]?, better(1.0 - most_frequent[part]?, naive(part)?)));
		show("most frequent class", [cell(0), cell(1)]);
	}
	for row in rows {
		show(&row.name, lines(row).map(|line| line.map(|line| (line.mean, crate::status::better(line.loss)))));
	}
	println!("            better: than the better of repeat-last and seasonal on the same windows");
	if let Some(row) = rows.last().filter(|_| !scale.classes) {
		let scaled = |line: baseline::Line| format!("{:.5}", scale.scaled(line.mean));
		println!(
			"            {} in standard deviations of what trained ({}): {} on validation{}",
			row.name,
			significant(scale.deviation),
			scaled(row.validation),
			row.tail.map_or(String::new(), |tail| format!(", {} on test", scaled(tail)))
		);
	}
}

/// A share without the noise of its last digits.
fn share(share: f64) -> f64 {
	(share * 1e12).round() / 1e12
}

/// The same as JSON.
fn rows_json(rows: &[baseline::Row], scale: Scale) -> serde_json::Value {
	let line = |line: baseline::Line| scale.json(line.mean, line.error, crate::status::better(line.loss));
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
