//! `reporter`: lets a key report bars for a validator, shows reporters, and ends their service.

use crate::{
	args::{KeyArgs, NodeArgs},
	report::{count, table, OutputArgs, LEFT, RIGHT},
};
use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use doin_chain::{Account, Call, Included, MissingEvent, ReporterRecord, Urgency};
use doin_primitives::{
	oracle::{phase, PollPhase, REPORT_HOLD, UNREVEALED_BURN},
	views::{PollView, ReporterView},
	BlockNumber,
};
use doin_roles::amount::Amount;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Subcommands of `reporter`.
#[derive(Clone, Debug, Subcommand)]
pub enum ReporterCommand {
	/// Let a key report bars for this validator, and do nothing else
	#[command(after_help = "\
EXAMPLE
  doin-worker keys generate --out reporter.key
  doin-worker reporter add-proxy ADDRESS --key validator.key

ADDRESS is the account of reporter.key. It becomes a proxy of type `Report`: it commits to bars and reveals them in the name of the \
validator, which is paid for them, and a thief of it can burn 0.1 DOIN a poll. A deposit is on hold until the proxy is removed. The key \
of the validator is needed for this call only. The proxy pays the fees of its calls: send it some DOIN. Then start `doin-worker run` \
with worker/configs/reporter.toml, where `proxy_for` names the validator.")]
	AddProxy(ProxyArgs),
	/// End the right of a key to report bars for this validator
	#[command(after_help = "\
EXAMPLE
  doin-worker reporter remove-proxy ADDRESS --key validator.key

The deposit of the proxy is released. Do so at once when reporter.key is lost or stolen. A commitment that the key has made has to be \
revealed all the same, by the validator or by another proxy with its journal.")]
	RemoveProxy(ProxyArgs),
	/// Show the reporters of the open poll, or the record of one account
	#[command(after_help = "\
EXAMPLES
  doin-worker reporter show
  doin-worker reporter show ADDRESS --json

Every validator of the session in which a poll opens is a reporter: there is nothing to join. It is absent until it commits, and a bar is \
missing where reporters with more than half of the stake give no value.")]
	Show(ShowArgs),
	/// Release the hold of a reporter, and remove its record
	#[command(after_help = "\
EXAMPLE
  doin-worker reporter leave --key validator.key

The first commitment puts 10 DOIN on hold. They stay there until this call, also when the account is no validator any more. Stop the \
worker of the reporter first: its next commitment would take the hold again. A proxy of type `Report` cannot make this call, one of type \
`NonTransfer` can.")]
	Leave(LeaveArgs),
}

/// Arguments of `reporter add-proxy` and `reporter remove-proxy`.
#[derive(Clone, Debug, Args)]
pub struct ProxyArgs {
	/// Account of the key that reports
	#[arg(value_name = "ADDRESS")]
	proxy: Account,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `reporter show`.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
	/// Account whose record is shown [default: all reporters of the open poll]
	#[arg(value_name = "ADDRESS")]
	account: Option<Account>,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `reporter leave`.
#[derive(Clone, Debug, Args)]
pub struct LeaveArgs {
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `reporter`.
///
/// # Errors
///
/// Errors if the key cannot be used, if the node does not answer, or if the call fails.
pub async fn run(node: &NodeArgs, command: ReporterCommand) -> Result<()> {
	match command {
		ReporterCommand::AddProxy(args) => add_proxy(node, args).await,
		ReporterCommand::RemoveProxy(args) => remove_proxy(node, args).await,
		ReporterCommand::Show(args) => show(node, args).await,
		ReporterCommand::Leave(args) => leave(node, args).await,
	}
}

async fn add_proxy(node: &NodeArgs, ProxyArgs { proxy, key, output }: ProxyArgs) -> Result<()> {
	let signer = key.signer()?;
	ensure_other(proxy, signer.account())?;
	let chain = node.connect().await?;
	let included = chain.submit(&signer, &Call::add_reporter(proxy), Urgency::Relaxed).await?;
	output.print(&ProxyReport::new(&included, "ProxyAdded")?)
}

async fn remove_proxy(node: &NodeArgs, ProxyArgs { proxy, key, output }: ProxyArgs) -> Result<()> {
	let signer = key.signer()?;
	let chain = node.connect().await?;
	let included = chain.submit(&signer, &Call::remove_reporter(proxy), Urgency::Relaxed).await?;
	output.print(&ProxyReport::new(&included, "ProxyRemoved")?)
}

async fn show(node: &NodeArgs, ShowArgs { account, output }: ShowArgs) -> Result<()> {
	let chain = node.connect().await?;
	let at = chain.head();
	match account {
		Some(account) => output.print(&RecordReport::new(account, chain.reporter_record(at, account).await?)),
		None => output.print(&PollReport { block: at.number, poll: chain.poll(at).await? }),
	}
}

async fn leave(node: &NodeArgs, LeaveArgs { key, output }: LeaveArgs) -> Result<()> {
	let signer = key.signer()?;
	let chain = node.connect().await?;
	if chain.reporter_record(chain.head(), signer.account()).await?.is_none() {
		bail!(
			"{} has no record as a reporter, so it has no hold: sign with the key of the validator that has reported, or name it with \
			 --proxy-for. Nothing was sent",
			signer.account()
		);
	}
	let included = chain.submit(&signer, &Call::leave_reporters(), Urgency::Relaxed).await?;
	let account: Account = included.expect("Oracle", "Left")?;
	output.print(&LeftReport { account, block: included.block.number })
}

/// Checks that a proxy is another account than that of its validator.
fn ensure_other(proxy: Account, validator: Account) -> Result<()> {
	if proxy == validator {
		bail!(
			"{proxy} is the validator itself, which reports without a proxy: name the account of a key for the worker (`doin-worker keys \
			 generate --out reporter.key` shows it). Nothing was sent"
		);
	}
	Ok(())
}

/// Report of `reporter add-proxy` and `reporter remove-proxy`.
#[derive(Debug, Serialize)]
struct ProxyReport {
	validator: Account,
	proxy: Account,
	/// The proxy may report for the validator.
	may_report: bool,
	block: BlockNumber,
}

impl ProxyReport {
	/// Returns the report of a call by its event.
	fn new(included: &Included, event: &str) -> Result<Self, MissingEvent> {
		let (validator, proxy): (Account, Account) = included.expect("Proxy", event)?;
		Ok(Self { validator, proxy, may_report: event == "ProxyAdded", block: included.block.number })
	}
}

impl Display for ProxyReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { validator, proxy, may_report, block } = self;
		match may_report {
			true => writeln!(
				f,
				"{proxy} reports for {validator} since block {block}. Send it DOIN for the fees of its calls, and start `doin-worker run` \
				 with role = \"report\" and proxy_for = \"{validator}\"."
			),
			false => writeln!(f, "{proxy} does not report for {validator} any more, since block {block}."),
		}
	}
}

/// Report of `reporter leave`.
#[derive(Debug, Serialize)]
struct LeftReport {
	account: Account,
	block: BlockNumber,
}

impl Display for LeftReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { account, block } = self;
		writeln!(
			f,
			"{account} has no record as a reporter since block {block}, and its hold is released. A further commitment of its worker takes \
			 the hold again."
		)
	}
}

/// Report of `reporter show ADDRESS`.
#[derive(Debug, Serialize)]
struct RecordReport {
	account: Account,
	record: Option<ShownRecord>,
}

/// Record of a reporter up to the last closed poll.
#[derive(Debug, Serialize)]
struct ShownRecord {
	/// Polls in which it has revealed.
	polls: u32,
	/// Polls in which it has committed and not revealed.
	unrevealed: u32,
	/// Bars for which it shared in the fee.
	within: u64,
	/// Bars that it reported with another value.
	outside: u64,
}

impl RecordReport {
	fn new(account: Account, record: Option<ReporterRecord>) -> Self {
		let record = record.map(|ReporterRecord { polls, unrevealed, within, outside }| ShownRecord {
			polls,
			unrevealed,
			within,
			outside,
		});
		Self { account, record }
	}
}

impl Display for RecordReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let account = self.account;
		let Some(ShownRecord { polls, unrevealed, within, outside }) = self.record else {
			return writeln!(
				f,
				"{account} has no record as a reporter: it has never committed to bars, or has left. `doin-worker run` with role = \"report\" \
				 reports for a validator (worker/configs/reporter.toml)."
			);
		};
		let bars = within.saturating_add(outside);
		writeln!(
			f,
			"{account} has revealed its reports in {}, and not in {unrevealed}, which burned {} each. {within} of {bars} bars shared in the \
			 fees. Up to {} are on hold until it leaves (`doin-worker reporter leave`).",
			count(polls as usize, "poll"),
			Amount(UNREVEALED_BURN),
			Amount(REPORT_HOLD)
		)
	}
}

/// Report of `reporter show`.
#[derive(Debug, Serialize)]
struct PollReport {
	/// Block that was read.
	block: BlockNumber,
	poll: PollView<Account>,
}

impl PollReport {
	/// Returns what a reporter has done in the poll.
	fn state(&self, reporter: &ReporterView<Account>) -> &'static str {
		let is_committing = phase(self.block, self.poll.commits_until, self.poll.reveals_until) == PollPhase::Committing;
		match (reporter.revealed, reporter.committed) {
			(true, _) => "revealed",
			(false, true) => "committed",
			(false, false) if is_committing => "awaited",
			(false, false) => "absent",
		}
	}
}

impl Display for PollReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { block, poll } = self;
		if !poll.is_open {
			let last =
				if poll.id == 0 { "There was no poll yet".into() } else { format!("Poll {} is over, and none is open", poll.id) };
			return writeln!(
				f,
				"{last} in block {block}. One opens when a batch of a stream that is awake has ended (`doin-worker stream list`); \
				 `doin-worker reporter show ADDRESS` shows the record of an account."
			);
		}
		writeln!(
			f,
			"Poll {} asks for {} in block {block}. It takes commitments before block {}, and reveals before block {}.",
			poll.id,
			batches(poll.batches.len()),
			poll.commits_until,
			poll.reveals_until
		)?;
		let columns =
			[("reporter", LEFT), ("stake", RIGHT), ("state", LEFT), ("polls", RIGHT), ("unrevealed", RIGHT), ("within", RIGHT)];
		let mut reporters = table(columns);
		for reporter in &poll.reporters {
			reporters.add_row([
				reporter.who.to_string(),
				Amount(reporter.stake).to_string(),
				self.state(reporter).into(),
				reporter.polls.to_string(),
				reporter.unrevealed.to_string(),
				format!("{} of {}", reporter.within, reporter.within.saturating_add(reporter.outside)),
			]);
		}
		writeln!(f, "{}", reporters.trim_fmt())
	}
}

/// Returns a number of batches as text.
fn batches(number: usize) -> String {
	if number == 1 {
		"1 batch".into()
	} else {
		format!("{number} batches")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::included;
	use doin_primitives::{views::BatchView, DOIN};

	const VALIDATOR: Account = Account([1; 32]);
	const PROXY: Account = Account([2; 32]);

	#[test]
	fn a_proxy_is_reported_as_the_chain_stored_it() {
		let report = |event| {
			let fields = (VALIDATOR, PROXY, 4u8, 0 as BlockNumber);
			ProxyReport::new(&included("Proxy", event, fields), event).unwrap()
		};
		let added = report("ProxyAdded").to_string();
		assert!(added.contains(&format!("{PROXY} reports for {VALIDATOR} since block 9")), "{added}");
		assert!(added.contains(&format!("proxy_for = \"{VALIDATOR}\"")), "{added}");
		let removed = report("ProxyRemoved");
		assert!(removed.to_string().contains("does not report"), "{removed}");
		assert_eq!(serde_json::to_value(&removed).unwrap()["may_report"], false);
		let error = ensure_other(PROXY, PROXY).unwrap_err().to_string();
		assert!(error.contains("is the validator itself") && error.contains("Nothing was sent"), "{error}");
		assert!(ensure_other(PROXY, VALIDATOR).is_ok());
	}

	#[test]
	fn a_record_shows_what_was_burned_and_what_is_on_hold() {
		let record = ReporterRecord { polls: 12, unrevealed: 1, within: 340, outside: 5 };
		let text = RecordReport::new(VALIDATOR, Some(record)).to_string();
		for part in ["in 12 polls, and not in 1, which burned 0.1 DOIN", "340 of 345 bars", "Up to 10 DOIN"] {
			assert!(text.contains(part), "{part}: {text}");
		}
		let none = RecordReport::new(VALIDATOR, None);
		assert!(none.to_string().contains("has no record"), "{none}");
		assert!(serde_json::to_value(&none).unwrap()["record"].is_null());
	}

	#[test]
	fn a_reporter_is_absent_once_commitments_are_over() {
		let reporter = |who, committed, revealed| ReporterView {
			who,
			stake: 500 * DOIN,
			committed,
			revealed,
			polls: 3,
			unrevealed: 1,
			within: 17,
			outside: 1,
		};
		let reporters = vec![reporter(VALIDATOR, true, true), reporter(PROXY, false, false)];
		let batches = vec![BatchView { stream: 1 << 31, first: 9, bars: 3 }];
		let poll = PollView { id: 7, is_open: true, commits_until: 50, reveals_until: 60, batches, reporters };
		let early = PollReport { block: 49, poll: poll.clone() }.to_string();
		assert!(early.starts_with("Poll 7 asks for 1 batch in block 49") && early.contains("awaited"), "{early}");
		let late = PollReport { block: 50, poll: poll.clone() }.to_string();
		assert!(late.contains("absent") && late.contains("revealed") && late.contains("500 DOIN"), "{late}");
		assert!(late.contains("17 of 18") && !late.contains("awaited"), "{late}");
		let closed =
			PollReport { block: 70, poll: PollView { is_open: false, reporters: vec![], batches: vec![], ..poll.clone() } };
		assert!(closed.to_string().starts_with("Poll 7 is over, and none is open in block 70"), "{closed}");
		let none = PollReport { block: 1, poll: PollView { id: 0, ..closed.poll.clone() } };
		assert!(none.to_string().starts_with("There was no poll yet in block 1"), "{none}");
	}
}
