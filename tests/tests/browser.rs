//! The pages of the worker, dashboard and explorer, in a real browser: `tests/browser` drives Debian's Chromium over a running node
//! and worker. The stream of the chain is reported and forecast meanwhile.
//!
//! The test fails if Chromium, Node.js or npm is missing; `scripts/setup.sh` installs them. Packages of npm are installed once, with
//! the versions of the lock file, into a folder beside the compiled dependencies. Screenshots and a report of figures are kept in
//! `<target>/browser`.

use anyhow::{ensure, Result};
use doin_e2e::{
	commands::report,
	http::Server,
	npm,
	streams::{forecaster, STREAM, SYMBOL, TRAINING},
	wait_for, Node, Worker,
};
use serde_json::Value;
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
	let server = Server::of(&mut worker).await?;
	node.reach(2, LIMIT).await?;
	let market = tempfile::tempdir()?;
	let journal = market.path().join("forecasts.db").display().to_string();
	let reporting = Worker::reporter(&url)?;
	// The fees of hours: a batch of bars takes 24 s.
	report(&node, &["sponsor", SYMBOL, "1000 DOIN", "--dev-key", "//Bob"])?;
	// The page shows its offer.
	let offer =
		["offer", "make", "--domain", "0", "--price", "0.1DOIN", "--endpoint", "http://127.0.0.1:1", "--dev-key", "//Bob"];
	report(&node, &offer)?;
	let forecasting = forecaster(&node, "//Charlie", &journal, &TRAINING)?;
	wait_for("a work block, whose figures the page shows", LIMIT, || {
		worker.check().expect("the worker runs");
		async { Ok((node.call("doin_work", []).await?["workBlocks"].as_u64() >= Some(1)).then_some(())) }
	})
	.await?;
	wait_for("a revealed forecast, which the page draws over its bars", LIMIT, || async {
		let stream = server.json(&format!("/api/stream/{STREAM}")).await?;
		Ok(stream["past"].as_array().is_some_and(|past| past.iter().any(is_drawn)).then_some(()))
	})
	.await?;

	let page = format!("http://{}", server.0);
	tokio::task::spawn_blocking(move || tested(&folder, &page, &url)).await??;
	drop(forecasting);
	reporting.stop()?;
	worker.stop()
}

/// Returns `true` if a past round has forecasts, and a place among the bars.
fn is_drawn(round: &Value) -> bool {
	let has_forecasts = round["forecasts"].as_array().is_some_and(|forecasts| !forecasts.is_empty());
	has_forecasts && round["zero"].is_i64() && round["horizon_end"].is_u64()
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
	let files = ["format.test.mjs", "node.test.mjs", "vendor.test.mjs", "page.test.mjs", "streams.test.mjs", "explorer.test.mjs"];
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
