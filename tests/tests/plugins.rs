//! The examples of the Python package for plug-ins that need further packages pass its conformance kit.
//!
//! Needs Python, which `scripts/setup.sh` installs. Packages are installed once, into `<target>`.

use anyhow::{ensure, Result};
use doin_e2e::python;
use std::{path::Path, process::Command};

/// Folder of the package.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../worker/plugins/python");

#[test]
fn the_examples_that_need_further_packages_pass_the_conformance_kit() -> Result<()> {
	let examples = Path::new(PACKAGE).join("examples");
	let python = python::installed(&examples.join("requirements.txt"), "plugin-examples")?;
	for (kind, example) in [
		("optimizer", "deap_ga.py"),
		("optimizer", "optuna_tpe.py"),
		("optimizer", "propulate_evolution.py"),
		("evaluator", "train_numpy.py"),
	] {
		let tested = Command::new(&python)
			// Propulate takes seconds to import, and tests share the machine.
			.args(["-m", "doin_plugin.conformance", "--kind", kind, "--timeout", "120", "--"])
			.arg(&python)
			.arg(examples.join(example))
			.env("PYTHONPATH", Path::new(PACKAGE).join("src"))
			.env("PYTHONDONTWRITEBYTECODE", "1")
			.output()?;
		let [printed, errors] = [&tested.stdout, &tested.stderr].map(|text| String::from_utf8_lossy(text));
		ensure!(tested.status.success(), "{example} does not conform:\n{printed}{errors}");
	}
	Ok(())
}
