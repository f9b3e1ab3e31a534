//! State of a search between runs of the command: a file, and beside it the results since it was written.
//!
//! The state is replaced as a whole, so that a process that is killed at any moment leaves a complete one. Results are appended one a line.
//! The search goes on from the state, asks for the same trials again, and takes those results in place of an evaluation.

use super::problem::BITS;
use anyhow::{bail, ensure, Context, Result};
use doin_forecast::output::replace_file;
use doin_search::{Checkpoint, Evaluated, Islands, Trial};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
	collections::BTreeMap,
	ffi::OsString,
	fs::{self, File, TryLockError},
	io::{ErrorKind, Read, Write},
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// Time between two writes, as a multiple of the time that a write takes.
const PAUSE: u32 = 50;
/// Shortest time between two writes.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// Content of the file.
#[derive(Serialize, Deserialize)]
struct Content {
	/// Problem that is searched.
	problem: Value,
	islands: Checkpoint,
}

/// The part of the file that says what is searched.
#[derive(Deserialize)]
struct Head {
	problem: Value,
}

/// Returns the operand bits that an earlier run of the search has chosen; `None` if there is no such file, or if it has none.
pub fn chosen_bits(path: &Path) -> Option<u8> {
	let head: Head = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
	head.problem.get(BITS)?.as_u64()?.try_into().ok()
}

/// File with the state of a search, and the file with the results since then.
#[derive(Debug)]
pub struct StateFile {
	path: PathBuf,
	problem: Value,
	/// Results since the state was written, one a line.
	results: File,
	/// Results of earlier processes.
	known: BTreeMap<Trial, u64>,
	/// Time from which the next write is due.
	due: Instant,
}

impl StateFile {
	/// Opens the file of a search of `problem`, and lets the islands go on from it if it exists. Otherwise the file is created.
	///
	/// # Errors
	///
	/// Errors if the file belongs to another search, if it is damaged, or if another process uses it.
	pub fn open(path: &Path, problem: Value, islands: &mut Islands) -> Result<Self> {
		let mut beside: OsString = path.as_os_str().to_owned();
		beside.push(".results");
		let beside = PathBuf::from(beside);
		let mut results = File::options()
			.create(true)
			.append(true)
			.read(true)
			.open(&beside)
			.with_context(|| format!("cannot open {}: choose a file in an existing folder", beside.display()))?;
		match results.try_lock() {
			Ok(()) => {}
			Err(TryLockError::WouldBlock) => {
				bail!("another process uses {}: wait for its end, or choose another file", path.display())
			}
			Err(TryLockError::Error(error)) => return Err(error).with_context(|| format!("cannot lock {}", beside.display())),
		}
		let known = match fs::read(path) {
			Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
			Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
			Ok(text) => {
				let other = || format!("cannot go on from {}: remove it, or choose another file", path.display());
				let content: Content = serde_json::from_slice(&text).with_context(other)?;
				ensure!(content.problem == problem, "{}; it is one of another problem", other());
				islands.restore(&content.islands).with_context(other)?;
				read_results(&mut results).with_context(|| format!("cannot read {}", beside.display()))?
			}
		};
		let mut file = Self { path: path.into(), problem, results, known, due: Instant::now() };
		// Results without a state, or with a line that was cut off, are written anew.
		file.save(islands)?;
		Ok(file)
	}

	/// Returns the fitness of a trial that an earlier process evaluated.
	pub fn known(&self, trial: &Trial) -> Option<u64> {
		self.known.get(trial).copied()
	}

	/// Notes a result.
	///
	/// # Errors
	///
	/// Errors if it cannot be written.
	pub fn note(&mut self, evaluated: &Evaluated) -> Result<()> {
		let mut line = serde_json::to_vec(evaluated)?;
		line.push(b'\n');
		self.results.write_all(&line).with_context(|| format!("cannot write to {}.results", self.path.display()))
	}

	/// Writes the state if it is time to.
	///
	/// # Errors
	///
	/// Errors if a file cannot be written.
	pub fn save_if_due(&mut self, islands: &Islands) -> Result<()> {
		if Instant::now() < self.due {
			return Ok(());
		}
		self.save(islands)
	}

	/// Writes the state of islands between two generations, and removes the results that it contains.
	///
	/// # Errors
	///
	/// Errors if a file cannot be written.
	pub fn save(&mut self, islands: &Islands) -> Result<()> {
		let started = Instant::now();
		let content = Content { problem: self.problem.clone(), islands: islands.checkpoint() };
		replace_file(&self.path, &serde_json::to_vec(&content)?)
			.with_context(|| format!("cannot write {}", self.path.display()))?;
		self.known.retain(|trial, _| islands.archive().fitness(trial).is_none());
		let mut lines = Vec::new();
		for (trial, fitness) in &self.known {
			serde_json::to_writer(&mut lines, &Evaluated { trial: trial.clone(), fitness: *fitness })?;
			lines.push(b'\n');
		}
		let write = |results: &mut File| results.set_len(0).and_then(|()| results.write_all(&lines));
		write(&mut self.results).with_context(|| format!("cannot write to {}.results", self.path.display()))?;
		self.due = Instant::now() + (PAUSE * started.elapsed()).max(LEAST_PAUSE);
		Ok(())
	}
}

/// Returns the results of a file, apart from a last line that was cut off.
fn read_results(file: &mut File) -> Result<BTreeMap<Trial, u64>> {
	let mut text = Vec::new();
	file.read_to_end(&mut text)?;
	let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
	let lines = text[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
	lines
		.map(|line| {
			let Evaluated { trial, fitness } =
				serde_json::from_slice(line).with_context(|| format!("`{}` is not a result", String::from_utf8_lossy(line)))?;
			Ok((trial, fitness))
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_search::{
		landscape::{Landscape, Shape},
		Ga, GaConfig, IslandsConfig,
	};

	fn landscape(dimensions: usize) -> Landscape {
		Landscape::new(Shape::Rastrigin, dimensions, Some(3)).unwrap()
	}

	fn islands(landscape: &Landscape, seed: u64) -> Islands {
		let search = Ga::new(landscape.space().clone(), GaConfig { seed, ..GaConfig::default() }).unwrap();
		Islands::new(vec![Box::new(search)], IslandsConfig::default()).unwrap()
	}

	fn open(path: &Path, landscape: &Landscape, islands: &mut Islands) -> Result<StateFile> {
		StateFile::open(path, serde_json::to_value(landscape)?, islands)
	}

	/// Evaluates at most `most` trials, whose results are noted. Returns the number of trials that were known.
	fn drive(file: &mut StateFile, islands: &mut Islands, landscape: &Landscape, most: usize) -> usize {
		let (mut evaluated, mut known) = (0, 0);
		loop {
			for trial in islands.begin() {
				let fitness = landscape.fitness(&trial.genes).unwrap();
				match file.known(&trial) {
					Some(noted) => {
						assert_eq!(noted, fitness);
						known += 1;
					}
					None if evaluated == most => return known,
					None => {
						file.note(&Evaluated { trial: trial.clone(), fitness }).unwrap();
						evaluated += 1;
					}
				}
				islands.tell(&trial, fitness).unwrap();
			}
			islands.end().unwrap();
		}
	}

	#[test]
	fn a_search_that_was_killed_goes_on_without_a_second_evaluation() {
		let folder = tempfile::tempdir().unwrap();
		let (path, landscape) = (folder.path().join("s.json"), landscape(3));
		let mut islands_of_run = islands(&landscape, 7);
		let mut file = open(&path, &landscape, &mut islands_of_run).unwrap();
		drive(&mut file, &mut islands_of_run, &landscape, 30);
		file.save(&islands_of_run).unwrap();
		drive(&mut file, &mut islands_of_run, &landscape, 70);
		drop(file);
		// The process was killed while it wrote a result.
		let beside = folder.path().join("s.json.results");
		let mut results = fs::read(&beside).unwrap();
		results.extend(b"{\"genes\":[1,2");
		fs::write(&beside, results).unwrap();
		for _ in 0..2 {
			let mut again = islands(&landscape, 7);
			let mut file = open(&path, &landscape, &mut again).unwrap();
			assert_eq!(again.generation(), 1);
			assert_eq!(drive(&mut file, &mut again, &landscape, 0), 70);
			assert_eq!(again.archive().hash(), islands_of_run.archive().hash());
		}
	}

	#[test]
	fn a_state_of_another_search_is_refused_and_kept() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("s.json");
		drop(open(&path, &landscape(3), &mut islands(&landscape(3), 7)).unwrap());
		let before = fs::read(&path).unwrap();
		let refusal = |dimensions, seed| {
			let landscape = landscape(dimensions);
			format!("{:#}", open(&path, &landscape, &mut islands(&landscape, seed)).unwrap_err())
		};
		assert!(refusal(2, 7).contains("another problem"), "{}", refusal(2, 7));
		assert!(refusal(3, 8).contains("cannot go on from"), "{}", refusal(3, 8));
		assert_eq!(fs::read(&path).unwrap(), before);
		fs::write(&path, "{\"problem\":").unwrap();
		assert!(refusal(3, 7).contains("remove it, or choose another file"), "{}", refusal(3, 7));
	}

	#[test]
	fn a_state_has_one_process_at_a_time() {
		let folder = tempfile::tempdir().unwrap();
		let (path, landscape) = (folder.path().join("s.json"), landscape(3));
		let _first = open(&path, &landscape, &mut islands(&landscape, 7)).unwrap();
		let error = open(&path, &landscape, &mut islands(&landscape, 7)).unwrap_err();
		assert!(error.to_string().contains("another process uses"), "{error}");
		let nowhere = open(&folder.path().join("none/s.json"), &landscape, &mut islands(&landscape, 7));
		assert!(nowhere.unwrap_err().to_string().contains("existing folder"));
	}
}
