//! Candidates of a training in its report: the population, the chosen one, and the files that are kept.

use super::{
	next_command::NextCommand,
	population::{Describe, TrainedCandidate},
};
use crate::report::{entry, table, LEFT, RIGHT};
use doin_compute::Candidate;
use doin_forecast::ModelFamily;
use doin_scoring::verdict::total;
use serde::Serialize;
use std::{
	collections::BTreeMap,
	fmt::{self, Formatter},
	path::PathBuf,
};

/// Candidates of a population that the text lists.
const LISTED: usize = 10;

/// Genes of a candidate by their names.
pub type NamedGenes = fn(ModelFamily, &Candidate) -> Vec<(&'static str, u64)>;

/// Candidate of a training.
#[derive(Debug, Serialize)]
pub struct CandidateReport {
	/// Genes by their names.
	pub genes: BTreeMap<&'static str, u64>,
	/// Error sum on validation.
	pub validation_error: u64,
	/// Epoch whose net is kept; `None` for a model that is solved in closed form.
	pub best_epoch: Option<u16>,
	/// Epochs that were trained.
	pub epochs: Option<u16>,
	/// Seconds of training.
	pub seconds: f64,
	/// Family and genes as text.
	#[serde(skip)]
	pub description: String,
	/// Error on validation as text.
	#[serde(skip)]
	pub shown: String,
	/// Epochs that were requested.
	#[serde(skip)]
	pub requested: u16,
}

impl CandidateReport {
	/// Returns the report of a candidate whose error on validation is `shown`.
	pub fn new(family: ModelFamily, one: &TrainedCandidate, genes: NamedGenes, describe: Describe, shown: String) -> Self {
		Self {
			genes: genes(family, &one.candidate).into_iter().collect(),
			validation_error: total(&one.errors.validation),
			best_epoch: one.curve.best().map(|point| point.epoch),
			epochs: one.curve.points.last().map(|point| point.epoch),
			seconds: one.seconds,
			description: describe(family, &one.candidate),
			shown,
			requested: one.candidate.epochs,
		}
	}

	/// Writes family and genes, and the epoch of the net. `advice` is for a net whose first weights are its best ones.
	pub fn write(&self, f: &mut Formatter<'_>, advice: &str) -> fmt::Result {
		entry(f, "model", &self.description)?;
		if let (Some(best), Some(last)) = (self.best_epoch, self.epochs) {
			let requested = self.requested;
			let of = if last < requested { format!("{requested}, stopped after {last}") } else { requested.to_string() };
			entry(f, "", format_args!("net of epoch {best} of {of}; {:.2} s", self.seconds))?;
			if best == 0 {
				entry(f, "", advice)?;
			}
		}
		Ok(())
	}
}

/// Writes the errors of a population, if there is one: the best candidate first. `title` names the errors.
pub fn write_population(f: &mut Formatter<'_>, all: &[CandidateReport], title: &str) -> fmt::Result {
	if all.len() < 2 {
		return Ok(());
	}
	let shown = |at: usize| &all[at].shown;
	let (best, median, worst) = (shown(0), shown(all.len() / 2), shown(all.len() - 1));
	let range = format!("best {best}, median {median}, worst {worst}");
	entry(f, "population", format_args!("{} candidates; {title} on validation: {range}", all.len()))?;
	let mut listed = table([("", RIGHT), ("", LEFT)]);
	listed.add_rows(all.iter().take(LISTED).map(|one| [one.shown.clone(), one.description.clone()]));
	for line in listed.lines().skip(1) {
		entry(f, "", line.trim_end())?;
	}
	if all.len() > LISTED {
		entry(f, "", format_args!("and {} more", all.len() - LISTED))?;
	}
	Ok(())
}

/// Writes the files of the learning curve, and that of the model with the command that uses it.
pub fn write_files(f: &mut Formatter<'_>, curve_files: Option<&[PathBuf]>, next: Option<&NextCommand>) -> fmt::Result {
	match curve_files {
		None => {}
		Some([]) => entry(f, "curve", "none: a linear model is solved in closed form, not trained epoch by epoch")?,
		Some(files) => {
			let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
			entry(f, "curve", names.join(", "))?;
		}
	}
	match next {
		Some(next) => entry(f, "saved", next),
		None => entry(f, "saved", "nowhere: keep the model with --out model.doin"),
	}
}
