//! Report of `optimize`.

use super::{evaluator::Evaluator, problem::Problem, progress::Progress, OptimizeArgs};
use crate::report::{count, entry};
use doin_forecast::significant;
use doin_search::Islands;
use serde::Serialize;
use std::{
	collections::BTreeMap,
	fmt::{self, Display, Formatter},
};

/// Report of a search.
#[derive(Debug, Serialize)]
pub struct OptimizeReport {
	/// `null` if models are trained.
	landscape: Option<&'static str>,
	/// Genes that are searched.
	dimensions: usize,
	algorithm: &'static str,
	seed: u64,
	islands: usize,
	/// Processes, or threads beside the devices.
	workers: usize,
	/// Devices that train.
	devices: Vec<String>,
	/// Operand bits that `--bits auto` has become; `null` if they are given, or if nothing is trained.
	bits: Option<u8>,
	/// Complete generations.
	generations: usize,
	/// Candidates of the archive; each one was evaluated once.
	candidates: usize,
	/// Candidates that an island asked for after another one.
	shared: u64,
	best: Option<BestReport>,
	/// `null` without a target.
	target_reached: Option<bool>,
	/// `true` if every point was visited.
	exhausted: bool,
	migrants_in: u64,
	migrants_out: u64,
	/// Mean share of genes in which two parents differ, per thousand; `null` if the algorithm has no parents.
	diversity: Option<u16>,
	/// Processes that ended and were replaced.
	workers_replaced: u64,
	/// Candidates that this run evaluated.
	evaluated: u64,
	seconds: f64,
	candidates_per_hour: f64,
	/// blake2b-256 hash of all candidates with their fitness.
	archive: String,
	/// Problem as text.
	#[serde(skip)]
	description: String,
}

/// Best candidate of a search.
#[derive(Debug, Serialize)]
struct BestReport {
	/// Value of the landscape, or validation error relative to that of the better naive model.
	value: f64,
	/// Value in millionths, or error sum.
	fitness: u64,
	/// Genes by their names; those of a landscape in thousandths.
	genes: BTreeMap<String, i64>,
	/// Genes as text.
	#[serde(skip)]
	shown: String,
}

impl OptimizeReport {
	/// Returns the report of a search that has ended: by its target, or since it has visited every point, or by neither.
	pub fn new(
		args: &OptimizeArgs,
		problem: &Problem,
		islands: &Islands,
		evaluator: &Evaluator,
		progress: &Progress,
		(is_reached, is_exhausted): (bool, bool),
	) -> Self {
		let best = islands.best().filter(|best| best.fitness < u64::MAX);
		let counts = islands.counts();
		Self {
			landscape: args.landscape.map(|shape| shape.name()),
			dimensions: problem.space().genes().len(),
			algorithm: args.algorithm.into(),
			seed: args.seed,
			islands: islands.count(),
			workers: evaluator.count(),
			devices: evaluator.devices(),
			bits: problem.chosen_bits(),
			generations: islands.generation(),
			candidates: islands.archive().len(),
			shared: islands.shared(),
			best: best.map(|best| BestReport {
				value: best.fitness as f64 / problem.unit(),
				fitness: best.fitness,
				genes: problem.space().named(&best.genes).into_iter().collect(),
				shown: problem.shown(&best.genes),
			}),
			target_reached: args.target.map(|_| is_reached),
			exhausted: is_exhausted,
			migrants_in: counts.iter().map(|counts| counts.received).sum(),
			migrants_out: counts.iter().map(|counts| counts.sent).sum(),
			diversity: islands.diversity(),
			workers_replaced: evaluator.replaced(),
			evaluated: progress.count(),
			seconds: progress.seconds(),
			candidates_per_hour: progress.per_hour(),
			archive: hex::encode(islands.archive().hash()),
			description: problem.description(),
		}
	}
}

impl Display for OptimizeReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		entry(f, "problem", &self.description)?;
		let islands = count(self.islands, "island");
		entry(f, "search", format_args!("{} with seed {} on {islands}", self.algorithm, self.seed))?;
		if self.devices.is_empty() {
			entry(f, "workers", format_args!("{}, of which {} were replaced", self.workers, self.workers_replaced))?;
		} else {
			entry(f, "devices", format_args!("{} and {}", count(self.workers, "CPU thread"), self.devices.join(", ")))?;
		}
		match &self.best {
			Some(best) => entry(f, "best", format_args!("{} at {}", significant(best.value), best.shown))?,
			None => entry(f, "best", "none could be evaluated")?,
		}
		match self.target_reached {
			Some(true) => entry(f, "target", "reached")?,
			Some(false) => entry(f, "target", "not reached: give more --generations, or more --islands")?,
			None => {}
		}
		let (generations, candidates) = (count(self.generations, "generation"), count(self.candidates, "candidate"));
		entry(f, "archive", format_args!("{candidates} of {generations}, none of them twice; hash {}", self.archive))?;
		if self.exhausted {
			entry(f, "", "every point was visited")?;
		}
		entry(f, "migrants", format_args!("{} in, {} out", self.migrants_in, self.migrants_out))?;
		if let Some(diversity) = self.diversity {
			entry(f, "diversity", format_args!("{:.1} % of the genes of two parents differ", f64::from(diversity) / 10.0))?;
		}
		let speed = self.candidates_per_hour;
		entry(f, "time", format_args!("{:.1} s, {speed:.0} candidates per hour", self.seconds))
	}
}
