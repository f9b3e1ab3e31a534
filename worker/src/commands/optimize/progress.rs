//! Progress of a search: a line that is redrawn on a terminal, otherwise lines now and then.

use crate::work::progress_bar;
use doin_forecast::significant;
use doin_search::Islands;
use indicatif::ProgressBar;
use std::{
	io::IsTerminal,
	time::{Duration, Instant},
};

/// Time between two views on a terminal.
const REDRAWN: Duration = Duration::from_millis(250);
/// Time between two lines where there is no terminal.
const PRINTED: Duration = Duration::from_secs(10);

/// Progress of a search.
pub struct Progress {
	bar: ProgressBar,
	/// Last generation.
	last: usize,
	/// Generation at the start.
	first: usize,
	started: Instant,
	/// Candidates that were evaluated since the start.
	evaluated: u64,
	/// Fitness of a value of one.
	unit: f64,
	is_terminal: bool,
	/// Time of the next view.
	due: Instant,
}

impl Progress {
	/// Returns the progress of a search that begins at generation `first` of `last`, and whose values of one have the fitness `unit`.
	pub fn new(first: usize, last: usize, unit: f64) -> Self {
		let bar = progress_bar(last as u64, "generation {pos} of {len} {bar:20} {msg}");
		bar.set_position(first as u64);
		let (started, is_terminal) = (Instant::now(), std::io::stderr().is_terminal());
		Self { bar, last, first, started, evaluated: 0, unit, is_terminal, due: started + pause(is_terminal) }
	}

	/// Counts a candidate that was evaluated, and shows the progress from time to time.
	pub fn evaluated(&mut self, islands: &Islands) {
		self.evaluated += 1;
		self.show(islands);
	}

	/// Shows the progress if it is time to.
	pub fn show(&mut self, islands: &Islands) {
		let now = Instant::now();
		if now < self.due {
			return;
		}
		let text = self.text(islands);
		if self.is_terminal {
			self.bar.set_position(islands.generation() as u64);
			self.bar.set_message(text);
		} else {
			eprintln!("generation {} of {}: {text}", islands.generation(), self.last);
		}
		self.due = now + pause(self.is_terminal);
	}

	/// Removes the line from the terminal, or prints the last one.
	pub fn finish(&self, islands: &Islands) {
		self.bar.finish_and_clear();
		if !self.is_terminal {
			eprintln!("generation {} of {}: {}", islands.generation(), self.last, self.text(islands));
		}
	}

	/// Returns the seconds since the start.
	pub fn seconds(&self) -> f64 {
		self.started.elapsed().as_secs_f64()
	}

	/// Returns the number of candidates that were evaluated since the start.
	pub fn count(&self) -> u64 {
		self.evaluated
	}

	/// Returns the candidates per hour since the start.
	pub fn per_hour(&self) -> f64 {
		self.evaluated as f64 * 3_600.0 / self.seconds().max(1e-3)
	}

	fn text(&self, islands: &Islands) -> String {
		let best = islands.best().map_or("-".into(), |best| significant(best.fitness as f64 / self.unit));
		let (sent, received) =
			islands.counts().iter().fold((0, 0), |(sent, received), counts| (sent + counts.sent, received + counts.received));
		let generations = islands.generation();
		let left = match remaining(self.seconds(), generations.saturating_sub(self.first), self.last.saturating_sub(generations))
		{
			Some(left) => format!(", {} left", duration(left)),
			None => String::new(),
		};
		let stage = stages((0..islands.count()).filter_map(|island| islands.search(island)?.stage()));
		format!("{stage}best {best}, migrants {received} in and {sent} out, {:.0} candidates per hour{left}", self.per_hour())
	}
}

/// Returns the least and the greatest of the present stages of all islands, each of which has as many stages; nothing without stages.
fn stages(present: impl Iterator<Item = (usize, usize)>) -> String {
	let present: Vec<(usize, usize)> = present.collect();
	match (present.iter().min(), present.iter().max()) {
		(Some((least, _)), Some((greatest, stages))) if least < greatest => format!("stages {least} to {greatest} of {stages}, "),
		(Some((stage, stages)), _) => format!("stage {stage} of {stages}, "),
		(None, _) => String::new(),
	}
}

/// Returns the time between two views.
fn pause(is_terminal: bool) -> Duration {
	if is_terminal {
		REDRAWN
	} else {
		PRINTED
	}
}

/// Returns the seconds that `left` generations take, at the speed of `done` ones in `seconds`.
fn remaining(seconds: f64, done: usize, left: usize) -> Option<u64> {
	(done > 0).then(|| (seconds / done as f64 * left as f64).ceil() as u64)
}

/// Returns a number of seconds as hours, minutes and seconds.
fn duration(seconds: u64) -> String {
	match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
		(0, 0, seconds) => format!("{seconds} s"),
		(0, minutes, seconds) => format!("{minutes} min {seconds} s"),
		(hours, minutes, _) => format!("{hours} h {minutes} min"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_search::{Ga, GaConfig, GeneRange, IslandsConfig, Space};

	#[test]
	fn the_rest_is_estimated_from_the_generations_since_the_start() {
		assert_eq!(remaining(10.0, 0, 5), None);
		assert_eq!(remaining(10.0, 4, 6), Some(15));
		assert_eq!([9, 70, 3_661].map(duration), ["9 s", "1 min 10 s", "1 h 1 min"]);
	}

	#[test]
	fn the_least_and_the_greatest_stage_of_the_islands_are_shown() {
		let shown = |present: &[(usize, usize)]| stages(present.iter().copied());
		assert_eq!(shown(&[]), "");
		assert_eq!(shown(&[(2, 3), (2, 3)]), "stage 2 of 3, ");
		assert_eq!(shown(&[(2, 4), (3, 4), (1, 4)]), "stages 1 to 3 of 4, ");
	}

	#[test]
	fn a_view_has_best_migrants_speed_and_rest() {
		let space = Space::new(vec![GeneRange::linear("x", -100, 100)]).unwrap();
		let search = Ga::new(space, GaConfig::default()).unwrap();
		let mut islands = Islands::new(vec![Box::new(search)], IslandsConfig::default()).unwrap();
		let mut progress = Progress::new(0, 4, 1e6);
		assert!(progress.text(&islands).starts_with("best -, migrants 0 in and 0 out, "));
		for trial in islands.begin() {
			islands.tell(&trial, 2_500_000).unwrap();
			progress.evaluated(&islands);
		}
		islands.end().unwrap();
		let text = progress.text(&islands);
		assert!(text.starts_with("best 2.5") && text.contains("candidates per hour, ") && text.ends_with(" left"), "{text}");
		assert_eq!(progress.count(), 24);
	}
}
