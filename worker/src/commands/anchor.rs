//! `anchor`: publishes work blocks to other places, and compares what is published with the chain.

use crate::{
	args::{KeyArgs, NodeArgs},
	report::{count, entry, shown_error, OutputArgs},
};
use anyhow::Result;
use clap::{Args, Subcommand};
use doin_chain::{Chain, Patience};
use doin_roles::{
	anchor::{check, interval, Anchor, AnchorFile, Endpoint, OtherNode, Published, Publisher, Report, Settings, FILE},
	config::addresses,
};
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
	process::ExitCode,
	time::Duration,
};

/// Time that `--once` and `verify` wait for the node of the other chain.
const PATIENCE: Patience = Patience::Within(Duration::from_secs(3));
/// Exit code of a verification that found something that was tampered with.
const TAMPERED: u8 = 1;
/// Exit code of a verification without a result.
const INCONCLUSIVE: u8 = 2;

/// Arguments of `anchor`.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AnchorArgs {
	#[command(flatten)]
	places: PlaceArgs,
	#[command(flatten)]
	key: KeyArgs,
	/// Publish what is due, and end, in place of going on until Ctrl-C
	#[arg(long)]
	once: bool,
	#[command(flatten)]
	output: OutputArgs,
	#[command(subcommand)]
	command: Option<AnchorCommand>,
}

impl AnchorArgs {
	/// Returns `true` if the command runs until Ctrl-C.
	pub fn is_endless(&self) -> bool {
		self.command.is_none() && !self.once
	}
}

/// Subcommands of `anchor`.
#[derive(Clone, Debug, Subcommand)]
pub enum AnchorCommand {
	/// Read all published anchors back, and compare them with the final blocks of the chain
	#[command(after_help = "\
EXAMPLES
  doin-worker anchor verify
  doin-worker anchor verify --file anchors.jsonl --http http://archive.example/anchors --chain wss://OTHER

Exit status: 0 verified, 1 an anchor or the chain was tampered with, 2 inconclusive. The node needs the headers of old blocks, which \
every node has once it is synced.")]
	Verify(VerifyArgs),
}

/// Places of anchors.
#[derive(Clone, Debug, Args)]
pub struct PlaceArgs {
	/// File of the records, one line of JSON for each published anchor; lines are only appended
	#[arg(long, value_name = "FILE", default_value = FILE)]
	file: PathBuf,
	/// HTTP server that takes an anchor by POST, and answers GET with all of them
	#[arg(long, value_name = "URL")]
	http: Option<Endpoint>,
	/// Node of another DOIN chain, on which each anchor is a remark, or several nodes of it, separated by commas
	#[arg(long, value_name = "WS-URL")]
	chain: Option<String>,
}

/// Arguments of `anchor verify`.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
	#[command(flatten)]
	places: PlaceArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `anchor`. The exit code of a verification is its result.
///
/// # Errors
///
/// Errors if a node cannot be reached, if the key or the file cannot be used, and with `--once` also if an anchor cannot be published.
pub async fn run(node: &NodeArgs, args: AnchorArgs) -> Result<ExitCode> {
	match args.command {
		Some(AnchorCommand::Verify(args)) => Ok(verify(node, &args).await.unwrap_or_else(|error| {
			eprintln!("error: {}", shown_error(&error));
			eprintln!("The verification is inconclusive.");
			ExitCode::from(INCONCLUSIVE)
		})),
		None => publish(node, args).await,
	}
}

async fn publish(node: &NodeArgs, args: AnchorArgs) -> Result<ExitCode> {
	let AnchorArgs { places: PlaceArgs { file, http, chain: url }, key, once, output, command: _ } = args;
	let other = match url {
		Some(url) => Some(OtherNode { urls: addresses(&url), signer: key.signer()? }),
		None => None,
	};
	let (settings, patience) = (Settings { file, http, other }, if once { PATIENCE } else { Patience::Forever });
	let chain = node.connect_with(patience).await?;
	let mut publisher = Publisher::open(chain, settings, patience).await?;
	if once {
		let published = publisher.publish_due().await?;
		let report = PublishReport { published, check: publisher.check().await? };
		output.print(&report)?;
		return Ok(exit_code(&report.check));
	}
	match publisher.run().await {}
}

async fn verify(node: &NodeArgs, args: &VerifyArgs) -> Result<ExitCode> {
	let PlaceArgs { file, http, chain: url } = &args.places;
	let chain = node.connect().await?;
	let other = match url {
		Some(url) => Some(Chain::connect(&addresses(url), PATIENCE).await?),
		None => None,
	};
	let file = AnchorFile::new(file)?;
	let published = Published { file: &file, http: http.as_ref(), other: other.as_ref() };
	let report = check(&chain, interval(&chain).await?, &published).await?;
	args.output.print(&VerifyReport { check: &report })?;
	Ok(exit_code(&report))
}

/// Returns the exit code of a report.
fn exit_code(report: &Report) -> ExitCode {
	match (report.is_tampered(), report.is_verified()) {
		(true, _) => ExitCode::from(TAMPERED),
		(false, true) => ExitCode::SUCCESS,
		(false, false) => ExitCode::from(INCONCLUSIVE),
	}
}

/// Report of `anchor --once`.
#[derive(Debug, Serialize)]
struct PublishReport {
	/// Anchors that were published now.
	published: Vec<Anchor>,
	#[serde(flatten)]
	check: Report,
}

impl Display for PublishReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		for anchor in &self.published {
			entry(f, "published", format_args!("work block {}, block {}, {}", anchor.work_block, anchor.block, anchor.hash))?;
		}
		if self.published.is_empty() {
			entry(f, "published", "nothing: no further anchor is final")?;
		}
		write_check(f, &self.check)
	}
}

/// Report of `anchor verify`.
#[derive(Debug, Serialize)]
struct VerifyReport<'a> {
	#[serde(flatten)]
	check: &'a Report,
}

impl Display for VerifyReport<'_> {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		write_check(f, self.check)
	}
}

/// Writes the lines of a check.
fn write_check(f: &mut Formatter<'_>, check: &Report) -> fmt::Result {
	entry(f, "verified", count(check.verified, "published anchor"))?;
	if check.unpublished > 0 {
		let unpublished = count(usize::try_from(check.unpublished).unwrap_or(usize::MAX), "anchor");
		entry(f, "due", format_args!("{unpublished} after the last one of the file: see whether `doin-worker anchor` runs"))?;
	}
	for finding in &check.findings {
		entry(f, if finding.is_tampered { "TAMPERED" } else { "unknown" }, finding)?;
	}
	match (check.is_tampered(), check.is_verified()) {
		(true, _) => entry(
			f,
			"result",
			"an anchor or the chain was tampered with: compare with another place, and with other nodes of the network",
		),
		(false, true) => entry(f, "result", "every published anchor agrees with the chain"),
		(false, false) if check.findings.is_empty() => entry(f, "result", "inconclusive: no anchor is published at these places"),
		(false, false) => entry(f, "result", "inconclusive: not every anchor can be compared"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_roles::anchor::{Finding, Target};

	fn report(is_tampered: Option<bool>, verified: usize) -> Report {
		let finding = |is_tampered| Finding {
			target: Target::Http,
			work_block: Some(300),
			is_tampered,
			reason: "hash 0x01 was published, and block 7 of the chain has 0x02".into(),
		};
		Report { verified, unpublished: 2, findings: is_tampered.map(finding).into_iter().collect() }
	}

	#[test]
	fn the_exit_code_tells_tampered_from_inconclusive() {
		let code = |report: &Report| format!("{:?}", exit_code(report));
		let expected = |code: u8| format!("{:?}", ExitCode::from(code));
		assert_eq!(code(&report(None, 3)), expected(0));
		assert_eq!(code(&report(Some(true), 3)), expected(TAMPERED));
		assert_eq!(code(&report(Some(false), 3)), expected(INCONCLUSIVE));
		assert_eq!(code(&report(None, 0)), expected(INCONCLUSIVE), "nothing was compared");
	}

	#[test]
	fn a_tampered_anchor_is_named_with_its_place() {
		let report = report(Some(true), 5);
		let text = VerifyReport { check: &report }.to_string();
		for part in [
			"verified    5 published anchors",
			"2 anchors after the last one",
			"TAMPERED    HTTP server, work block 300: hash 0x01",
		] {
			assert!(text.contains(part), "`{part}` is missing in: {text}");
		}
		let json = serde_json::to_value(VerifyReport { check: &report }).unwrap();
		let finding = &json["findings"][0];
		assert!(json["verified"] == 5 && json["unpublished"] == 2, "{json}");
		assert!(finding["isTampered"] == true && finding["target"] == "http" && finding["workBlock"] == 300, "{json}");
	}

	#[tokio::test]
	async fn without_a_node_a_verification_is_inconclusive() {
		let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
		let places = PlaceArgs { file: FILE.into(), http: None, chain: None };
		let command = Some(AnchorCommand::Verify(VerifyArgs { places: places.clone(), output: OutputArgs::default() }));
		let args = AnchorArgs { places, key: KeyArgs::default(), once: false, output: OutputArgs::default(), command };
		let code = run(&NodeArgs { url: Some(format!("ws://127.0.0.1:{port}")) }, args).await.unwrap();
		assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(INCONCLUSIVE)));
	}
}
