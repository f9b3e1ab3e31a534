//! Letter Recognition as a sealed domain: what a search finds in a quarter of an hour on this machine, from a cold start.

use anyhow::{anyhow, Context, Result};
use doin_e2e::{commands::amount, market::Market, Node};
use doin_forecast::{
	rows::{MappingOptions, RowOptions},
	sealed::{RowChunks, RowParts, RowSource, SegmentKey},
};
use doin_scoring::{
	model::{Model, OUT_FRAC},
	rows::{score_rows, RowSet},
};
use serde_json::json;
use std::{fs, path::Path, time::Duration};

/// Rows of the repository, and column of the letter.
const LETTERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/letters.csv.gz");
const LABEL: &str = "lettr";
/// Segments, and rows of each.
const SEGMENTS: u16 = 10;
const SEGMENT: u32 = 1_536;
/// Time of the search.
const SEARCH: Duration = Duration::from_secs(900);

/// Returns the bytes of a stored model, which the runtime API returns as the SCALE encoding of an optional vector.
async fn model(node: &Node, id: u64) -> Result<Vec<u8>> {
	let argument = format!("0x{}", id.to_le_bytes().map(|byte| format!("{byte:02x}")).concat());
	let answer = node.call("state_call", [json!("DoinApi_model"), json!(argument)]).await?;
	let digits = answer.as_str().and_then(|text| text.strip_prefix("0x01")).with_context(|| format!("model {id}: {answer}"))?;
	let bytes: Vec<u8> =
		(0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16)).collect::<Result<_, _>>()?;
	// The two lowest bits of a compact length state its own length.
	let prefix = [1, 2, 4][usize::from(bytes.first().context("a length")? & 3)];
	Ok(bytes[prefix..].to_vec())
}

#[tokio::test]
#[ignore = "takes 17 minutes, and the machine for itself"]
async fn a_quarter_of_an_hour_of_search_reads_nine_letters_of_ten() -> Result<()> {
	let market = Market::open(Node::dev().await?, Path::new(LETTERS), LABEL, SEGMENTS, SEGMENT, ["10 DOIN", "7500 DOIN"]).await?;
	let mut owner = market.owner()?;
	let mut workers = market.workers(24)?;
	tokio::time::sleep(SEARCH).await;
	owner.check()?;
	workers.check()?;

	let (domain, evidence) = (market.domain().await?, market.evidence().await?);
	let champion = market.node.call("doin_champion", [json!(1)]).await?;
	let bits = amount(&domain["highWater"]) as f64 / 2f64.powi(32);
	let carry = amount(&domain["carry"]) as f64 / 2f64.powi(32);
	let opened = evidence["opened"].as_u64().context("a number")? as usize;
	let bytes = model(&market.node, champion["model"]["Stored"].as_u64().context("a stored champion")?).await?;
	let net = Model::from_bytes(&bytes).map_err(|error| anyhow!("{error:?}"))?;

	// The segments that were never opened, rebuilt from the file and the key.
	let key: SegmentKey = fs::read_to_string(market.segment_key())?.parse()?;
	let options = RowOptions { label: LABEL.into(), ..RowOptions::default() };
	let source = RowSource { source: Path::new(LETTERS).into(), options, mapping: MappingOptions::default() };
	let chunks = RowChunks::of_segment(SEGMENT)?;
	let data = source.arrange(&key.order_seed(), |rows, bytes| RowParts::sealed(rows, bytes, SEGMENTS, chunks))?;
	let (program, unseen) = (data.mapping.program(), data.segments[opened..].concat());
	let rows = unseen.len() / program.row_bytes();
	let mistakes = score_rows(&net, &program, &RowSet::new(&program, unseen)) >> OUT_FRAC;
	let wrong = f64::from(mistakes) / rows as f64;
	println!(
		"{opened} of {SEGMENTS} segments opened, {bits:.3} bits paid, {carry:.3} carried; the champion of {} bytes is wrong on {mistakes} of {rows} \
		rows that were never opened ({:.2} %)",
		bytes.len(),
		100.0 * wrong
	);
	assert!(rows >= SEGMENT as usize, "a segment is left");
	assert!(wrong <= 0.1 && bits + carry >= 1.5, "{:.2} % wrong, {bits:.3} + {carry:.3} bits", 100.0 * wrong);
	owner.stop()?;
	workers.stop()
}
