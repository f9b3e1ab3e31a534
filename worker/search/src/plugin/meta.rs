//! A meta-optimizer that is a program of the user.
//!
//! | message | params | result |
//! |---|---|---|
//! | `initialize` | `version`, `kind`: `meta-optimizer` | `{"version":1}` |
//! | `propose` | [`Question`] | `{"trials":[{"genes":{…}}, …]}`, at most `count` |
//!
//! The program is started when a search begins, asked once, and ended. It keeps nothing: each question has what the archive knows. Where it
//! fails, or answers what is no candidate, the archive proposes.

use super::{
	exact, named_value,
	offers::{offers_of, point_of},
	Gene, TARGET,
};
use crate::{
	meta::{DomainArchive, DomainRecord, Features, MetaOptimizer},
	SearchError, Space,
};
use doin_plugin::{Dialogue, Fault, Limits, VERSION};
use serde::Serialize;
use serde_json::{json, Value};
use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};

/// Kind of program that `initialize` asks for.
const KIND: &str = "meta-optimizer";
/// Method that proposes candidates.
const PROPOSE: &str = "propose";

/// A program that proposes, and what bounds it.
#[derive(Clone, Debug)]
pub struct MetaConfig {
	/// The program and its arguments.
	pub command: Vec<String>,
	/// Seed, of which the program is given the lower 53 bits.
	pub seed: u64,
	/// Time for each answer.
	pub patience: Duration,
	/// Limits of the program.
	pub limits: Limits,
	/// Ends a wait for the program once it is set.
	pub stop: Arc<AtomicBool>,
}

/// A meta-optimizer that is a program of the user, which is given the domains of an archive.
#[derive(Clone, Debug)]
pub struct PluginMeta {
	archive: DomainArchive,
	config: MetaConfig,
}

/// Params of `propose`.
#[derive(Debug, Serialize)]
struct Question<'a> {
	/// Most proposals.
	count: usize,
	seed: u64,
	/// Features of the domain that is searched.
	features: &'a Features,
	/// Genes of that domain.
	genes: Vec<Gene<'a>>,
	/// Domains of the same kind that were searched before, the nearest one first.
	domains: Vec<Searched<'a>>,
}

/// A domain that was searched before.
#[derive(Debug, Serialize)]
struct Searched<'a> {
	name: &'a str,
	features: &'a Features,
	/// Genes of the best candidates, best first.
	found: Vec<Value>,
}

impl<'a> From<&'a DomainRecord> for Searched<'a> {
	fn from(record: &'a DomainRecord) -> Self {
		let found = record.found().iter().map(|genes| named_value(genes.clone())).collect();
		Self { name: record.name(), features: record.features(), found }
	}
}

impl PluginMeta {
	/// Returns the meta-optimizer that asks the program of `config` about the domains of `archive`. Nothing is started.
	pub fn new(archive: DomainArchive, config: MetaConfig) -> Self {
		Self { archive, config }
	}

	/// Starts the program, and asks it for at most `most` points of `space`.
	///
	/// # Errors
	/// Errors if the program cannot be started, does not answer in time, or answers something else than points of the space.
	fn asked(&self, features: &Features, space: &Space, most: usize) -> Result<Vec<Vec<i64>>, SearchError> {
		let MetaConfig { command, seed, patience, limits, stop } = &self.config;
		let failed = |fault: Fault| SearchError::Program { reason: fault.to_string() };
		let opening = json!({ "version": VERSION, "kind": KIND });
		let mut dialogue = Dialogue::start(command, opening, limits, *patience, stop).map_err(failed)?;
		let question = Question {
			count: most,
			seed: exact(*seed),
			features,
			genes: space.genes().iter().map(Gene::from).collect(),
			domains: self.archive.nearest(features).into_iter().map(Searched::from).collect(),
		};
		let answer = dialogue.ask(PROPOSE, question, stop).map_err(failed)?;
		let wrong = |reason: String| SearchError::Program { reason: format!("program `{}`: {reason}", dialogue.name()) };
		let mut proposed: Vec<Vec<i64>> = Vec::new();
		for offer in offers_of(&answer, PROPOSE, most).map_err(wrong)? {
			let point = point_of(space, &offer).map_err(wrong)?;
			if !proposed.contains(&point) {
				proposed.push(point);
			}
		}
		Ok(proposed)
	}
}

impl MetaOptimizer for PluginMeta {
	fn learn(&mut self, record: DomainRecord) {
		self.archive.learn(record);
	}

	/// Returns the points that the program answers. If it fails, which is logged, returns those of the archive.
	fn propose(&self, features: &Features, space: &Space, most: usize) -> Vec<Vec<i64>> {
		match self.asked(features, space, most) {
			Ok(proposed) => proposed,
			Err(_) if self.config.stop.load(Ordering::Relaxed) => Vec::new(),
			Err(error) => {
				tracing::error!(target: TARGET, "{error}. The search begins with the best candidates of the nearest domains");
				self.archive.propose(features, space, most)
			}
		}
	}
}

#[cfg(all(test, unix))]
mod tests {
	use super::*;
	use crate::{plugin::tests::with_package, GeneRange, Individual};
	use std::{fs, path::Path};

	/// Answers `propose` with the last candidate of the first domain, and appends every message to a file.
	const PROGRAM: &str = r#"
import json, sys, time
fault, file = sys.argv[1:]
for line in sys.stdin:
    with open(file, "a") as written:
        written.write(line)
    message = json.loads(line)
    params, result = message["params"], {"version": 2 if fault == "version" else 1}
    if message["method"] == "propose":
        genes = dict(params["domains"][0]["found"][-1])
        if fault == "outside":
            genes["width"] = 65
        if fault == "silent":
            time.sleep(1000)
        if fault == "exit":
            sys.exit(3)
        result = {"trials": [{"genes": genes}] * (params["count"] + (fault == "too-many"))}
        if fault == "other":
            result = {"points": []}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"#;

	fn space() -> Space {
		Space::new(vec![GeneRange::linear("width", 4, 64), GeneRange::log("rate", 1, 1_024)]).unwrap()
	}

	fn forecast(horizon: u64) -> Features {
		Features::new("forecast").with("horizon", horizon)
	}

	/// Returns an archive of two forecasts and a table.
	fn archive() -> DomainArchive {
		let mut archive = DomainArchive::default();
		for (name, features, width) in
			[("far", forecast(1_000), 10), ("near", forecast(20), 20), ("table", Features::new("rows"), 30)]
		{
			let found = [(width, 1), (width + 1, 2)].map(|(width, fitness)| Individual { genes: vec![width, 100], fitness });
			archive.learn(DomainRecord::new(name, features, &space(), &found));
		}
		archive
	}

	fn asking(command: Vec<String>) -> PluginMeta {
		let config = MetaConfig {
			command,
			seed: u64::MAX,
			patience: Duration::from_secs(60),
			limits: Limits::default(),
			stop: Arc::default(),
		};
		PluginMeta::new(archive(), config)
	}

	fn faulty(fault: &str, file: &Path) -> PluginMeta {
		asking(["python3", "-c", PROGRAM, fault, &file.display().to_string()].map(String::from).to_vec())
	}

	#[test]
	fn a_program_is_given_the_archive_and_proposes_points() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("messages");
		let mut meta = faulty("none", &file);
		assert_eq!(meta.propose(&forecast(24), &space(), 3), [vec![21, 100]], "the last one of the nearest, once");
		let written = fs::read_to_string(&file).unwrap();
		let messages: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
		assert_eq!(messages[0]["params"], json!({ "version": 1, "kind": "meta-optimizer" }));
		let domain = |name: &str, horizon: u64, width: i64| {
			let found = [width, width + 1].map(|width| json!({ "width": width, "rate": 100 }));
			json!({ "name": name, "features": { "kind": "forecast", "numbers": { "horizon": horizon } }, "found": found })
		};
		let expected = json!({
			"count": 3,
			"seed": (1u64 << 53) - 1,
			"features": { "kind": "forecast", "numbers": { "horizon": 24 } },
			"genes": [
				{ "name": "width", "kind": "integer", "lo": 4, "hi": 64 },
				{ "name": "rate", "kind": "log", "lo": 1, "hi": 1_024 },
			],
			"domains": [domain("near", 20, 20), domain("far", 1_000, 10)],
		});
		assert_eq!((messages.len(), &messages[1]["method"], &messages[1]["params"]), (2, &json!("propose"), &expected));
		let found = [Individual { genes: vec![40, 7], fitness: 1 }];
		meta.learn(DomainRecord::new("nearest", forecast(24), &space(), &found));
		assert_eq!(meta.propose(&forecast(24), &space(), 3), [vec![40, 7]]);
	}

	#[test]
	fn a_program_that_fails_is_named_and_the_archive_proposes() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("messages");
		for (fault, reason) in [
			("version", "speaks version 2 of the protocol"),
			("outside", "invalid value 65 of gene `width`: expected 4..=64"),
			("exit", "it has ended (exit status: 3)"),
			("too-many", "it has answered 3 trials: return at most `count`, here 2"),
			("other", "to `propose`: return {\"trials\":"),
			("silent", "has not answered within 2 s"),
		] {
			let mut meta = faulty(fault, &file);
			if fault == "silent" {
				meta.config.patience = Duration::from_secs(2);
			}
			let refused = meta.asked(&forecast(24), &space(), 2).unwrap_err().to_string();
			assert!(refused.starts_with("program `python3") && refused.contains(reason), "{fault}: {refused}");
			if fault != "silent" {
				assert_eq!(meta.propose(&forecast(24), &space(), 2), [vec![20, 100], vec![21, 100]], "{fault}");
			}
		}
		let missing = asking(vec!["/nonexistent/meta".into()]);
		assert_eq!(missing.propose(&forecast(24), &space(), 1), [vec![20, 100]]);
		missing.config.stop.store(true, Ordering::Relaxed);
		assert!(missing.propose(&forecast(24), &space(), 1).is_empty(), "a worker that stops waits for nothing");
	}

	/// The example of the documentation mixes domains, where the archive copies their candidates.
	#[test]
	fn the_example_in_python_proposes_other_points_than_the_archive() {
		let mut meta = asking(with_package(&["examples/meta_mixture.py"]));
		let found = [(50, 7), (60, 900)].map(|(width, rate)| Individual { genes: vec![width, rate], fitness: 3 });
		meta.learn(DomainRecord::new("between", forecast(30), &space(), &found));
		let proposed = meta.asked(&forecast(24), &space(), 6).unwrap_or_else(|error| panic!("{error}"));
		let copied = meta.archive.propose(&forecast(24), &space(), 6);
		assert!(!proposed.is_empty() && proposed.iter().any(|point| !copied.contains(point)), "{proposed:?}");
		assert_eq!(meta.propose(&forecast(24), &space(), 6), proposed, "the same seed proposes the same");
	}
}
