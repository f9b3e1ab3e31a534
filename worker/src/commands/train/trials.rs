//! A training as the problem of a search: the genes that are ranges, and the validation error of the candidate at a point of them.

use super::{plan::Plan, TrainArgs};
use crate::report::Remarks;
use anyhow::{anyhow, ensure, Context, Result};
use clap::Parser;
use doin_compute::{
	gpu::Devices, Candidate, Control, Error, Executor, Grouping, OperandBits, StoppingRule, BYTE_OPERAND_BITS, OPERAND_BITS,
};
use doin_forecast::{spec::explain, table::data_hash};
use doin_scoring::verdict::total;
use doin_search::{Condition, GeneRange, Space, Trial};
use std::{
	path::Path,
	sync::{atomic::AtomicBool, Arc},
};

/// Gene of the hidden layers.
const DEPTH: &str = "depth";

/// Command line of a training without the names of program and command.
#[derive(Debug, Parser)]
#[command(name = "train", disable_help_flag = true)]
struct Line {
	#[command(flatten)]
	args: TrainArgs,
}

/// Training whose genes are searched.
pub struct TrainingProblem {
	args: TrainArgs,
	plan: Plan,
	space: Space,
	executor: Executor,
	/// Operand bits that `--bits auto` has become.
	chosen_bits: Option<u8>,
}

impl TrainingProblem {
	/// Reads the files that the arguments of `train` name. Remarks on them are printed unless `is_silent` is set.
	///
	/// # Errors
	///
	/// Errors if the arguments are not those of a training of a series, if an option has no effect in a search, if no gene is a range,
	/// or if the files cannot be used.
	pub fn new(arguments: &[String], is_silent: bool) -> Result<Self> {
		let line = std::iter::once("train").chain(arguments.iter().map(String::as_str));
		let Line { args } = Line::try_parse_from(line).map_err(|error| {
			let text = error.to_string();
			let reason = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
			anyhow!("the arguments after `--` are not those of `doin-worker train`: {reason}")
		})?;
		ensure!(!args.rows.is_given(), "--label trains rows, and `optimize` searches models of a series: omit it");
		let idle = [
			("--out", args.out.is_some()),
			("--curve", args.curve.is_some()),
			("--halving", args.halving),
			("--cores", args.cores.is_some()),
			("--population", args.population.is_some()),
			("--gpu", args.gpu != "none"),
			("--json", args.output.is_json()),
		];
		if let Some((option, _)) = idle.iter().find(|(_, is_given)| *is_given) {
			return Err(anyhow!("{option} after `--` has no effect on a search: omit it, or give it before `--`"));
		}
		let mut sources = args.files.csv.iter().chain(&args.files.validation_csv).chain(&args.files.test_csv);
		ensure!(
			sources.all(|source| source.path != Path::new("-")),
			"--csv - cannot be read by several processes: write standard input to a file first"
		);
		let remarks = if is_silent { Remarks::silent() } else { Remarks::default() };
		let plan = Plan::read(&args, &remarks)?;
		let space = args.genes.space(plan.window)?;
		// Values that the trainer cannot use are reported before the search.
		for end in [|gene: &GeneRange| gene.lo, |gene: &GeneRange| gene.hi] {
			let genes: Vec<i64> = space.genes().iter().map(end).collect();
			args.genes.candidate_at(&space.named(&genes), plan.window, plan.spec.history)?;
		}
		let executor = Executor::new(1, Arc::new(Devices::new(Vec::new())))?;
		Ok(Self { args, plan, space, executor, chosen_bits: None })
	}

	/// Returns the space of the genes that are ranges.
	pub fn space(&self) -> &Space {
		&self.space
	}

	/// Chooses the operand bits of all candidates if `--bits auto` asks for it: `before`, which an earlier run of the search has chosen,
	/// or those with which the largest net of the space trains faster on this machine. Remarks are printed.
	///
	/// # Errors
	///
	/// Errors if the steps of that net cannot be measured.
	pub fn choose_bits(&mut self, before: Option<u8>, has_devices: bool) -> Result<()> {
		let is_open = self.args.genes.bits == OperandBits::Auto;
		if let (true, Some(bits)) = (is_open, before) {
			self.fix_bits(bits);
			return Ok(());
		}
		let mut largest: Vec<Candidate> = self.largest()?.into_iter().collect();
		self.args.genes.choose_bits(&mut largest, has_devices, &Remarks::default(), |candidate| {
			self.executor.install(|| self.plan.data.step_times(candidate))
		})?;
		if is_open {
			self.fix_bits(largest.first().map_or(OPERAND_BITS, |candidate| candidate.bits));
		}
		Ok(())
	}

	/// Trains all candidates in these operand bits, in place of those that `--bits auto` would measure.
	pub fn fix_bits(&mut self, bits: u8) {
		let asked = if bits == BYTE_OPERAND_BITS { OperandBits::Eight } else { OperandBits::Twelve };
		(self.args.genes.bits, self.chosen_bits) = (asked, asked.fixed());
	}

	/// Returns the operand bits that `--bits auto` has become; `None` if others were given.
	pub fn chosen_bits(&self) -> Option<u8> {
		self.chosen_bits
	}

	/// Returns the candidate at the upper ends of the space, whose width is halved until it can be trained. `None` if no width can.
	fn largest(&self) -> Result<Option<Candidate>> {
		let highest: Vec<i64> = self.space.genes().iter().map(|gene| gene.hi).collect();
		let mut candidate =
			self.args.genes.candidate_at(&self.space.named(&highest), self.plan.window, self.plan.spec.history)?;
		while candidate.check(&self.plan.data).is_err() {
			candidate.width /= 2;
			if candidate.width == 0 {
				return Ok(None);
			}
		}
		Ok(Some(candidate))
	}

	/// Returns the conditions that candidates without epochs meet, all of them: depth 0, where it makes the family a linear model.
	///
	/// # Errors
	///
	/// Errors if a gene lies outside the range of the trainer.
	pub fn without_epochs(&self) -> Result<Vec<Condition>> {
		let is_shallow = |gene: &GeneRange| gene.name == DEPTH && gene.lo == 0;
		if !self.space.genes().iter().any(is_shallow) {
			return Ok(Vec::new());
		}
		let lowest: Vec<i64> = self.space.genes().iter().map(|gene| gene.lo).collect();
		let candidate = self.args.genes.candidate_at(&self.space.named(&lowest), self.plan.window, self.plan.spec.history)?;
		let condition = Condition { gene: DEPTH.into(), values: vec![0] };
		Ok(if candidate.is_linear() { vec![condition] } else { Vec::new() })
	}

	/// Returns the hashes of the data, file by file.
	pub fn data_hashes(&self) -> Vec<String> {
		self.plan.files.iter().map(|file| hex::encode(data_hash(&file.part.series))).collect()
	}

	/// Returns the validation error sum of the better one of repeat-last and seasonal.
	pub fn initial_error(&self) -> u64 {
		total(&self.plan.data.initial_errors().validation)
	}

	/// Trains a candidate. Returns its validation error sum, or `u64::MAX` for one that cannot be trained.
	///
	/// # Errors
	///
	/// Errors if the genes are not a point of the space.
	pub fn fitness(&self, trial: &Trial) -> Result<u64> {
		let fitnesses = self.fitnesses(&self.executor, std::slice::from_ref(trial), &AtomicBool::new(false))?;
		fitnesses.and_then(|mut fitnesses| fitnesses.pop()).context("no candidate was trained")
	}

	/// Trains candidates by `executor`. Returns their validation error sums, each `u64::MAX` for one that cannot be trained. `None` if
	/// `stop` is set before all of them are trained.
	///
	/// # Errors
	///
	/// Errors if genes are not a point of the space, or if the executor fails.
	pub fn fitnesses(&self, executor: &Executor, trials: &[Trial], stop: &AtomicBool) -> Result<Option<Vec<u64>>> {
		let mut fitnesses = vec![u64::MAX; trials.len()];
		let (mut places, mut candidates) = (Vec::new(), Vec::new());
		for (place, trial) in trials.iter().enumerate() {
			let candidate = self.candidate(trial)?;
			if candidate.check(&self.plan.data).is_ok() {
				places.push(place);
				candidates.push(candidate);
			}
		}
		// The patience of a candidate does not depend on the others of its bracket.
		let rule = StoppingRule { patience: self.args.patience, halving: false };
		let runs = match executor.run(&self.plan.data, &candidates, Grouping::Brackets(rule), &Control::new(stop)) {
			Ok(runs) => runs,
			Err(Error::Stopped) => return Ok(None),
			Err(error) => return Err(explain(error)),
		};
		for (place, run) in places.into_iter().zip(runs) {
			fitnesses[place] = run.evaluated.map_or(u64::MAX, |evaluated| total(&evaluated.errors.validation));
		}
		Ok(Some(fitnesses))
	}

	/// Returns the candidate of a trial, with the part of its epochs that is wanted.
	fn candidate(&self, trial: &Trial) -> Result<Candidate> {
		self.space.check(&trial.genes)?;
		let named = self.space.named(&trial.genes);
		let candidate = self.args.genes.candidate_at(&named, self.plan.window, self.plan.spec.history)?;
		let divisor = u16::try_from(trial.divisor).unwrap_or(u16::MAX).max(1);
		Ok(Candidate { epochs: (candidate.epochs / divisor).max(1), ..candidate })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn refusal(line: &str) -> String {
		let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
		match TrainingProblem::new(&arguments, true) {
			Ok(_) => panic!("{line} is accepted"),
			Err(error) => format!("{error:#}"),
		}
	}

	#[test]
	fn arguments_that_a_search_cannot_use_are_refused_by_name() {
		assert!(refusal("--csv a.csv --tall 3").contains("are not those of `doin-worker train`: unexpected argument '--tall'"));
		assert!(refusal("--csv - --width 4..8").contains("cannot be read by several processes"));
		assert!(refusal("--csv a.csv --label y").contains("--label trains rows"));
		for option in
			["--out m.doin", "--curve c", "--halving --population 4", "--cores 2", "--population 4", "--gpu auto", "--json"]
		{
			let name = option.split(' ').next().unwrap();
			assert!(refusal(&format!("--csv a.csv {option}")).contains(&format!("{name} after `--` has no effect")), "{option}");
		}
		assert!(refusal("--csv none.csv --width 4..8").contains("none.csv"));
	}

	#[test]
	fn bits_are_chosen_once_for_all_candidates() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a.csv");
		let rows: String =
			(0..600).map(|at| format!("{}\n", 500 + 300 * (at % 24) - 11 * (at % 24) * (at % 24) + at % 7)).collect();
		std::fs::write(&path, format!("y\n{rows}")).unwrap();
		let problem = |options: &str| {
			let line = format!("--csv {} --window 24 --epochs 1 --width 4..512 {options}", path.display());
			TrainingProblem::new(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>(), true).unwrap()
		};
		let trial = Trial { genes: vec![8], divisor: 1 };
		let bits = |problem: &TrainingProblem| (problem.chosen_bits(), problem.candidate(&trial).unwrap().bits);
		let mut measured = problem("--bits auto");
		measured.choose_bits(None, false).unwrap();
		let (chosen, used) = bits(&measured);
		assert!(chosen == Some(used) && [8, 12].contains(&used), "{chosen:?} {used}");
		for before in [8, 12] {
			let mut resumed = problem("--bits auto");
			resumed.choose_bits(Some(before), false).unwrap();
			assert_eq!(bits(&resumed), (Some(before), before), "an earlier run has chosen");
			let mut forced = problem(&format!("--bits {before}"));
			forced.choose_bits(Some(20 - before), false).unwrap();
			assert_eq!(bits(&forced), (None, before), "they are given");
		}
		let mut beside = problem("--bits auto");
		beside.choose_bits(None, true).unwrap();
		assert_eq!(bits(&beside), (Some(12), 12), "beside devices");
	}
}
