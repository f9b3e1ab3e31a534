//! Archive of the domains that this worker has searched: a file beside the journal, from which first candidates of other domains are
//! proposed.

use super::TARGET;
use crate::problem::Problem;
use anyhow::{Context, Result};
use codec::Encode;
use doin_primitives::{blake2_256, DomainSpec, ProgramKind};
use doin_scoring::{rows::RowTarget, Program, Target};
use doin_search::{
	meta::{DomainArchive, DomainRecord, Features, MetaOptimizer},
	Individual, MetaConfig, PluginMeta, Space,
};
use parking_lot::Mutex;
use std::{
	fs,
	io::ErrorKind,
	path::{Path, PathBuf},
};

/// Held while a search changes the file: the searches of a worker share it.
static WRITING: Mutex<()> = Mutex::new(());

/// File of the archive.
#[derive(Clone, Debug)]
pub(super) struct ArchiveFile {
	path: PathBuf,
}

/// Domain as the archive has it.
#[derive(Clone, Debug)]
pub(super) struct ArchivedDomain {
	/// Hash of the record on the chain, hexadecimal.
	name: String,
	features: Features,
}

impl ArchivedDomain {
	/// Returns the domain of `problem`.
	pub(super) fn of(problem: &Problem) -> Self {
		Self { name: hex::encode(blake2_256(&problem.spec.encode())), features: features(&problem.spec) }
	}
}

impl ArchiveFile {
	/// Returns the file of the archive that belongs to the journal `journal`.
	pub(super) fn new(journal: &Path) -> Self {
		let mut path = journal.as_os_str().to_owned();
		path.push(".domains.json");
		Self { path: path.into() }
	}

	/// Returns at most `most` first candidates for `domain`, as a program of the user proposes them if there is one. There are none, which is
	/// logged, if the file cannot be used.
	pub(super) fn propose(
		&self,
		domain: &ArchivedDomain,
		space: &Space,
		most: usize,
		program: Option<MetaConfig>,
	) -> Vec<Vec<i64>> {
		match self.read() {
			Ok(archive) => match program {
				Some(program) => PluginMeta::new(archive, program).propose(&domain.features, space, most),
				None => archive.propose(&domain.features, space, most),
			},
			Err(error) => {
				tracing::warn!(target: TARGET, "no candidates of other domains are proposed: {error:#}");
				Vec::new()
			}
		}
	}

	/// Enters the best candidates `found` of `domain`.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read or written; it stays as it is then.
	pub(super) fn learn(&self, domain: &ArchivedDomain, space: &Space, found: &[Individual]) -> Result<()> {
		let _writing = WRITING.lock();
		let mut archive = self.read()?;
		archive.learn(DomainRecord::new(&domain.name, domain.features.clone(), space, found));
		let new = self.path.with_extension("json.new");
		let write = || -> std::io::Result<()> {
			fs::write(&new, serde_json::to_vec(&archive)?)?;
			fs::rename(&new, &self.path)
		};
		write().with_context(|| format!("cannot write {}", self.path.display()))
	}

	/// Enters the best candidates `best` of a search of `domain` in place of `learnt`, those that were entered before, unless they are the
	/// same. A failure is logged.
	pub(super) fn learn_new(&self, domain: &ArchivedDomain, space: &Space, best: Vec<Individual>, learnt: &mut Vec<Individual>) {
		if best == *learnt {
			return;
		}
		match self.learn(domain, space, &best) {
			Ok(()) => *learnt = best,
			Err(error) => tracing::warn!(target: TARGET, "other domains do not learn from this search: {error:#}"),
		}
	}

	/// Returns the archive of the file; an empty one if there is no file.
	fn read(&self) -> Result<DomainArchive> {
		let shown = self.path.display();
		match fs::read(&self.path) {
			Err(error) if error.kind() == ErrorKind::NotFound => Ok(DomainArchive::default()),
			read => {
				let text = read.with_context(|| format!("cannot read the archive of domains, {shown}"))?;
				serde_json::from_slice(&text)
					.with_context(|| format!("the archive of domains, {shown}, is not one of this program: move it elsewhere"))
			}
		}
	}
}

/// Returns what describes a domain: everything of its record that decides which genes suit it.
fn features(spec: &DomainSpec) -> Features {
	let kind = ProgramKind::from(&spec.program).to_string();
	let features = Features::new(&kind).with("values", spec.values.into());
	match &spec.program {
		Program::Quadratic(quadratic) => features.with("dimensions", quadratic.target.len() as u64),
		Program::Landscape(landscape) => features.with("dimensions", landscape.dimensions.into()),
		Program::Forecast(forecast) => {
			let outputs = match &forecast.target {
				Target::Values => u64::from(forecast.horizon),
				Target::Steps(steps) => steps.len() as u64,
				Target::Classes(bounds) => bounds.len() as u64 + 1,
			};
			features
				.with("horizon", forecast.horizon.into())
				.with("history", forecast.history.into())
				.with("season", forecast.season.into())
				.with("channels", forecast.channels.into())
				.with("outputs", outputs)
		}
		Program::LossGenome(runs) => features
			.with("features", runs.features.into())
			.with("classes", runs.classes.into())
			.with("hidden", runs.hidden.iter().map(|width| u64::from(*width)).sum())
			.with("training", runs.training.into())
			.with("batch", runs.batch.into())
			.with("steps", runs.steps.into()),
		Program::Rows(rows) => {
			let (classes, values) = match rows.target {
				RowTarget::Classes(classes) => (u64::from(classes), 0),
				RowTarget::Values(values) => (0, u64::from(values)),
			};
			let (height, width) = rows.image.map_or((0, 0), |image| (image.height, image.width));
			features
				.with("features", rows.features.into())
				.with("classes", classes)
				.with("labels", values)
				.with("height", height.into())
				.with("width", width.into())
		}
		// Genes mean something to one program of a user only.
		Program::Tolerance(tolerance) => Features::new(&format!("{kind} {}", hex::encode(tolerance.code))),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::{letters, sawtooth};
	use doin_scoring::Tolerance;
	use doin_search::GeneRange;

	fn space() -> Space {
		Space::new(vec![GeneRange::linear("width", 4, 64)]).unwrap()
	}

	fn found(width: i64) -> [Individual; 1] {
		[Individual { genes: vec![width], fitness: 9 }]
	}

	#[test]
	fn candidates_of_the_nearest_domain_that_was_searched_are_proposed() {
		let folder = tempfile::tempdir().unwrap();
		let archive = ArchiveFile::new(&folder.path().join("journal.db"));
		let (near, far, rows) = (sawtooth(), sawtooth(), letters(0));
		let with_season = |mut problem: Problem, season| {
			let Program::Forecast(forecast) = &mut problem.spec.program else { panic!("a forecast") };
			forecast.season = season;
			ArchivedDomain::of(&problem)
		};
		let (near, far) = (with_season(near, 7), with_season(far, 700));
		archive.learn(&far, &space(), &found(60)).unwrap();
		archive.learn(&near, &space(), &found(20)).unwrap();
		archive.learn(&ArchivedDomain::of(&rows), &space(), &found(30)).unwrap();
		assert_eq!(archive.propose(&with_season(sawtooth(), 8), &space(), 2, None), [[20]]);
		archive.learn(&near, &space(), &found(21)).unwrap();
		assert_eq!(
			archive.propose(&with_season(sawtooth(), 8), &space(), 4, None),
			[[21], [60]],
			"of two series, and of no rows"
		);
	}

	#[test]
	fn domains_of_one_program_of_a_user_teach_one_another() {
		let folder = tempfile::tempdir().unwrap();
		let archive = ArchiveFile::new(&folder.path().join("journal.db"));
		let domain = |code, epsilon| {
			let program = Program::Tolerance(Tolerance { code: [code; 32], epsilon, chunks: 32, initial_error: 1 });
			let sawtooth = sawtooth();
			ArchivedDomain::of(&Problem { spec: DomainSpec { program, ..sawtooth.spec.clone() }, ..sawtooth })
		};
		let mut learnt = Vec::new();
		archive.learn_new(&domain(1, 500), &space(), found(20).to_vec(), &mut learnt);
		assert_eq!(learnt, found(20));
		assert_eq!(archive.propose(&domain(1, 100), &space(), 4, None), [[20]]);
		assert_eq!(archive.propose(&domain(2, 500), &space(), 4, None), Vec::<Vec<i64>>::new(), "another program");
	}

	#[test]
	fn a_file_that_is_no_archive_is_kept_and_named() {
		let folder = tempfile::tempdir().unwrap();
		let archive = ArchiveFile::new(&folder.path().join("journal.db"));
		let domain = ArchivedDomain::of(&sawtooth());
		assert_eq!(archive.propose(&domain, &space(), 5, None), Vec::<Vec<i64>>::new(), "nothing was searched");
		fs::write(&archive.path, "{\"version\":9,\"records\":[]}").unwrap();
		let error = format!("{:#}", archive.learn(&domain, &space(), &found(5)).unwrap_err());
		assert!(error.contains("journal.db.domains.json") && error.contains("version 9"), "{error}");
		assert_eq!(archive.propose(&domain, &space(), 5, None), Vec::<Vec<i64>>::new());
		assert_eq!(fs::read_to_string(&archive.path).unwrap(), "{\"version\":9,\"records\":[]}");
	}
}
