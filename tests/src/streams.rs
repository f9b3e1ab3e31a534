//! The stream of a development chain, with a worker that forecasts it. `Worker::reporter` reports its bars.

use crate::{Node, Worker};
use anyhow::Result;

/// File whose rows are the bars of the stream.
pub const CO2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/mauna-loa-co2-weekly.csv");
/// Symbol of the stream.
pub const SYMBOL: &str = "CO2-DEMO";
/// Identifier of the stream.
pub const STREAM: u32 = 1 << 31;

/// Starts a worker that forecasts the stream for a development account, with `more` options.
///
/// # Errors
/// Errors if it cannot be started.
pub fn forecaster(node: &Node, dev_key: &str, journal: &str, more: &[&str]) -> Result<Worker> {
	let url = node.url();
	let command = ["forecast", "--stream", SYMBOL, "--dev-key", dev_key, "--journal", journal, "--url", &url];
	Worker::start(&[&command[..], more].concat())
}

/// Options of [`forecaster`]: a wager of 2 DOIN on a net that is trained on the file within seconds.
#[rustfmt::skip]
pub const TRAINING: [&str; 18] = [
	"--history", CO2, "--column", "ppm", "--time", "none", "--lookback", "26", "--channels", "none",
	"--wager", "2DOIN", "--retrain", "240", "--epochs", "2", "--cores", "1",
];
