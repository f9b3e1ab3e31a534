//! The page of the worker in a real browser: `tests/browser` drives Debian's Chromium over a running node and worker.
//!
//! The test fails if Chromium, Node.js or npm is missing; `scripts/setup.sh` installs them. Packages of npm are installed once, with
//! the versions of the lock file, into a folder beside the compiled dependencies. Screenshots and a report of figures are kept in
//! `<target>/browser`.

use anyhow::{ensure, Context, Result};
use doin_e2e::{executable, http::Server, wait_for, Node, Worker};
use std::{
	fs,
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};

/// Tests of the page, and the packages that they need.
const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/browser");
/// Folder of the page.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../worker/dashboard/page");
/// A round takes about a minute on a development chain; tests share the machine, and not every round brings an improvement.
const LIMIT: Duration = Duration::from_secs(1_200);
/// Cure of a missing program.
const CURE: &str = "run scripts/setup.sh, which installs Chromium, Node.js and npm";

#[tokio::test]
async fn the_page_shows_the_chain_as_it_is() -> Result<()> {
	// Installed first, since a missing program makes the rest needless.
	let folder = tokio::task::spawn_blocking(installed).await??;

	// Figures are read again from the state of their blocks.
	let chain = format!("--chain={}", doin_e2e::chain::raw("dev")?.display());
	let node = Node::start(&["--dev", &chain, "--state-pruning=archive"]).await?;
	let url = node.url();
	let mut worker = Worker::start(&["run", "--dev", "--url", &url, "--journal", "{base}/journal.db", "--dashboard-port", "0"])?;
	let Server(address) = Server::of(&mut worker).await?;
	wait_for("a work block, whose figures the page shows", LIMIT, || {
		worker.check().expect("the worker runs");
		async { Ok((node.call("doin_work", []).await?["workBlocks"].as_u64() >= Some(1)).then_some(())) }
	})
	.await?;

	let page = format!("http://{address}");
	tokio::task::spawn_blocking(move || tested(&folder, &page, &url)).await??;
	worker.stop()
}

/// Installs the packages of the lock file, copies the tests beside them, and returns their folder.
fn installed() -> Result<PathBuf> {
	let chromium = chromium();
	ensure!(Path::new(&chromium).exists(), "{chromium} is missing: {CURE}, or name a Chromium with CHROMIUM=FILE");
	let folder = target()?.join("browser/tests");
	fs::create_dir_all(&folder)?;
	for entry in fs::read_dir(TESTS)? {
		let path = entry?.path();
		let is_test = path.extension().is_some_and(|extension| extension == "mjs" || extension == "json");
		if let (true, Some(name)) = (is_test, path.file_name()) {
			fs::copy(&path, folder.join(name))?;
		}
	}
	let (lock, stamp) = (fs::read(folder.join("package-lock.json"))?, folder.join("node_modules/.installed"));
	if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
		return Ok(folder);
	}
	let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
	let output = Command::new("npm").args(arguments).current_dir(&folder).output();
	let output = output.with_context(|| format!("npm cannot be started: {CURE}"))?;
	ensure!(
		output.status.success(),
		"npm cannot install the packages of tests/browser/package-lock.json (it needs a connection to the registry once):\n{}",
		String::from_utf8_lossy(&output.stderr)
	);
	fs::write(stamp, lock)?;
	Ok(folder)
}

/// Runs the tests of the page in the folder with their packages.
fn tested(folder: &Path, page: &str, node: &str) -> Result<()> {
	let artefacts = target()?.join("browser");
	let output = Command::new("node")
		.args(["--test", "format.test.mjs", "vendor.test.mjs", "page.test.mjs"])
		.current_dir(folder)
		.env("DOIN_PAGE", page)
		.env("DOIN_PAGE_FOLDER", PAGE)
		.env("DOIN_NODE", node)
		.env("DOIN_ARTEFACTS", &artefacts)
		.env("CHROMIUM", chromium())
		.output();
	let output = output.with_context(|| format!("node cannot be started: {CURE}"))?;
	let printed = String::from_utf8_lossy(&output.stdout);
	ensure!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
	let report = fs::read_to_string(artefacts.join("report.json"))?;
	println!("screenshots are in {}; {report}", artefacts.display());
	Ok(())
}

/// Returns the path of Chromium.
fn chromium() -> String {
	std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into())
}

/// Returns the folder of compiled files.
fn target() -> Result<PathBuf> {
	let node = executable("doin-node")?;
	node.ancestors().nth(2).map(Path::to_path_buf).context("a test executable lies in <target>/<profile>/deps")
}
