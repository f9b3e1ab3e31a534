//! The pages of the worker, dashboard and explorer, in a real browser: `tests/browser` drives Debian's Chromium over a running node
//! and worker.
//!
//! The test fails if Chromium, Node.js or npm is missing; `scripts/setup.sh` installs them. Packages of npm are installed once, with
//! the versions of the lock file, into a folder beside the compiled dependencies. Screenshots and a report of figures are kept in
//! `<target>/browser`.

use anyhow::{ensure, Result};
use doin_e2e::{http::Server, npm, wait_for, Node, Worker};
use std::{
	fs,
	path::{Path, PathBuf},
	time::Duration,
};

/// Tests of the pages, and the packages that they need.
const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/browser");
/// Folder of the pages.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../worker/dashboard/page");
/// A round takes about a minute on a development chain; tests share the machine, and not every round brings an improvement.
const LIMIT: Duration = Duration::from_secs(1_200);

#[tokio::test]
async fn the_page_shows_the_chain_as_it_is() -> Result<()> {
	// Installed first, since a missing program makes the rest needless.
	let folder = tokio::task::spawn_blocking(installed).await??;

	// Figures are read again from the state of their blocks.
	let chain = format!("--chain={}", doin_e2e::chain::with_short_rounds()?.display());
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

/// Installs the packages of the lock file beside a copy of the tests, and returns their folder.
fn installed() -> Result<PathBuf> {
	let (chromium, cure) = (chromium(), npm::CURE);
	ensure!(Path::new(&chromium).exists(), "{chromium} is missing: {cure}, or name a Chromium with CHROMIUM=FILE");
	npm::installed(Path::new(TESTS), "browser/tests")
}

/// Runs the tests of the pages in the folder with their packages.
fn tested(folder: &Path, page: &str, node: &str) -> Result<()> {
	let artefacts = npm::target()?.join("browser");
	// One file after another: they time the first paint.
	let files = ["format.test.mjs", "node.test.mjs", "vendor.test.mjs", "page.test.mjs", "explorer.test.mjs"];
	let arguments = [&["--test", "--test-concurrency=1"], files.as_slice()].concat();
	let chromium = chromium();
	let environment = [
		("DOIN_PAGE", page.as_ref()),
		("DOIN_PAGE_FOLDER", PAGE.as_ref()),
		("DOIN_NODE", node.as_ref()),
		("DOIN_ARTEFACTS", artefacts.as_os_str()),
		("CHROMIUM", chromium.as_ref()),
	];
	npm::run(folder, "node", &arguments, &environment)?;
	for report in ["report.json", "explorer.json"] {
		println!("{report}: {}", fs::read_to_string(artefacts.join(report))?);
	}
	println!("screenshots are in {}", artefacts.display());
	Ok(())
}

/// Returns the path of Chromium.
fn chromium() -> String {
	std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into())
}
