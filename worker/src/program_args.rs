//! Argument of commands that run the programs of tolerance domains by hand.

use crate::args::NodeArgs;
use anyhow::{bail, Result};
use clap::Args;
use doin_roles::{
	config::{ConfigFile, ProgramHash},
	problem::Problem,
	programs::Programs,
};
use std::path::PathBuf;

/// Configuration that lists programs.
#[derive(Clone, Debug, Default, Args)]
pub struct ProgramArgs {
	/// For a tolerance domain: configuration of `run` whose `programs` lists the program of the domain, which runs as an evaluator runs it.
	/// The node is that of the configuration, unless --url names one
	#[arg(long, value_name = "FILE", requires = "domain")]
	config: Option<PathBuf>,
}

impl ProgramArgs {
	/// Reads the configuration. Nothing is listed without one.
	///
	/// # Errors
	///
	/// Errors if the configuration cannot be used.
	pub fn load(&self) -> Result<ListedPrograms> {
		let Some(path) = &self.config else { return Ok(ListedPrograms::default()) };
		let file = ConfigFile::load(path)?;
		Ok(ListedPrograms { programs: Programs::new(&file.programs), url: file.url, path: Some(path.clone()) })
	}
}

/// Programs of a configuration, and its node.
#[derive(Debug, Default)]
pub struct ListedPrograms {
	programs: Programs,
	url: Option<String>,
	/// The configuration.
	path: Option<PathBuf>,
}

impl ListedPrograms {
	/// Returns the node of the command line, or else that of the configuration.
	pub fn node(&self, node: &NodeArgs) -> NodeArgs {
		NodeArgs { url: node.url.clone().or_else(|| self.url.clone()) }
	}

	/// Adds its program to a tolerance domain. Another domain stays as it is.
	///
	/// # Errors
	///
	/// Errors if the configuration does not list the program.
	pub fn equip(&self, problem: &mut Problem) -> Result<()> {
		let Some(code) = problem.tolerance().map(|tolerance| tolerance.code) else { return Ok(()) };
		problem.program = self.programs.get(&code);
		if problem.program.is_some() {
			return Ok(());
		}
		let (id, hash) = (problem.id, ProgramHash(code));
		match &self.path {
			None => bail!(
				"domain {id} is scored by the program {hash}, which this command runs only if a configuration lists it: get the file from the \
				 owner of the domain, read it, add an entry of `programs` with this `hash`, `file` and `command`, and name the configuration with \
				 --config FILE"
			),
			Some(path) => bail!(
				"domain {id} is scored by the program {hash}, which `programs` of {} does not list: get the file from the owner of the domain, read \
				 it, and add an entry with this `hash`, `file` and `command`",
				path.display()
			),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{sawtooth, tolerant};
	use std::fs;

	/// Writes a configuration with an evaluator and `more`, and returns what it lists.
	fn listed(more: &str) -> ListedPrograms {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("worker.toml");
		fs::write(&path, format!("url = \"ws://127.0.0.1:7\"\n[[identities]]\nrole = \"evaluate\"\ndev = \"//Eve\"\n{more}"))
			.unwrap();
		ProgramArgs { config: Some(path) }.load().unwrap()
	}

	#[test]
	fn only_a_listed_program_is_added() {
		let code = [0xAB; 32];
		let mut problem = tolerant(code);
		let listing = listed(&format!("[[programs]]\nhash = \"0x{}\"\nfile = \"train.py\"\n", "ab".repeat(32)));
		listing.equip(&mut problem).unwrap();
		assert!(problem.user_program().is_ok());
		let hash = format!("0x{}", "ab".repeat(32));
		for (others, step) in [(listed(""), "worker.toml does not list"), (ListedPrograms::default(), "--config FILE")] {
			let reason = format!("{:#}", others.equip(&mut problem).unwrap_err());
			assert!(reason.contains(&hash) && reason.contains(step), "{reason}");
			assert!(problem.program.is_none(), "no other program takes its place");
		}
		assert!(ListedPrograms::default().equip(&mut sawtooth()).is_ok(), "the runtime scores it");
	}

	#[test]
	fn the_node_of_the_command_line_comes_first() {
		let (listed, named) = (listed(""), NodeArgs { url: Some("ws://127.0.0.1:8".into()) });
		assert_eq!(listed.node(&named).url.as_deref(), Some("ws://127.0.0.1:8"));
		assert_eq!(listed.node(&NodeArgs::default()).url.as_deref(), Some("ws://127.0.0.1:7"));
		assert_eq!(ListedPrograms::default().node(&NodeArgs::default()).url, None);
	}

	#[test]
	fn a_configuration_that_cannot_be_read_is_named() {
		let args = ProgramArgs { config: Some("/nonexistent/worker.toml".into()) };
		assert!(format!("{:#}", args.load().unwrap_err()).contains("/nonexistent/worker.toml"));
	}
}
