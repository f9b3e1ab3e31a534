//! `channel`: opens, lists and closes payment channels.

use super::infer::{
	open_purse,
	pay::{challenge_of, lifetime, Payer},
};
use crate::{
	args::{KeyArgs, NodeArgs},
	report::{table, OutputArgs, LEFT, RIGHT},
};
use anyhow::{bail, ensure, Context, Result};
use clap::{Args, Subcommand};
use doin_chain::{Account, Call, Chain, Head, Urgency};
use doin_primitives::{
	channel::{ChannelId, DEPOSITS, MAX_LIFETIME_MS},
	views::ChannelView,
	Balance, BlockNumber, DomainId,
};
use doin_roles::{amount::Amount, keys::channel_key};
use doin_serve::{
	purse::{OwnChannel, Purse},
	wire,
};
use serde::Serialize;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
};
use subxt_signer::sr25519::Keypair;

/// Numbers of keys with which channels of a purse that was lost are looked for.
const NUMBERS: u32 = 256;

/// Subcommands of `channel`.
#[derive(Clone, Debug, Subcommand)]
pub enum ChannelCommand {
	/// Open a channel to the account of a server, which `doin-worker infer` pays with
	#[command(after_help = "\
EXAMPLE
  doin-worker channel open ADDRESS --deposit \"5 DOIN\" --lifetime 30d --key client.key

`doin-worker infer` opens one by itself. The deposit is on hold: the server is paid what the vouchers of the channel state, and the rest \
returns when the channel is closed.")]
	Open(OpenArgs),
	/// List the channels of an account, with what was signed for them
	#[command(after_help = "\
EXAMPLE
  doin-worker channel list --key client.key

Channels whose purse was lost are found on the chain by the key of the account.")]
	List(ListArgs),
	/// Close a channel: the server has a challenge to redeem the newest voucher, and then the rest returns
	#[command(after_help = "\
EXAMPLE
  doin-worker channel close 0x1234… --key client.key

Run the command again after the challenge, an hour on a public network, to have the rest returned. The payee of a channel closes it at \
once.")]
	Close(CloseArgs),
}

/// Arguments of `channel open`.
#[derive(Clone, Debug, Args)]
pub struct OpenArgs {
	/// Account of the server
	#[arg(value_name = "ADDRESS")]
	payee: Account,
	/// Amount that the channel can pay in all, 1 to 10,000 DOIN
	#[arg(long, value_name = "AMOUNT", default_value = "1DOIN")]
	deposit: Amount,
	/// Time for which it can pay, at most 90d
	#[arg(long, value_name = "TIME", default_value = "7d", value_parser = length)]
	lifetime: u64,
	/// Domain whose demand the fees of the channel count for
	#[arg(long, value_name = "ID")]
	domain: Option<DomainId>,
	#[command(flatten)]
	client: ClientArgs,
}

/// Key, purse and format of the report.
#[derive(Clone, Debug, Args)]
pub struct ClientArgs {
	/// File of the channels, vouchers, receipts and models of this client [default: doin-purse.db]
	#[arg(long, value_name = "FILE")]
	purse: Option<PathBuf>,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `channel list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
	#[command(flatten)]
	client: ClientArgs,
}

/// Arguments of `channel close`.
#[derive(Clone, Debug, Args)]
pub struct CloseArgs {
	/// The channel, 0x and 64 hexadecimal digits
	#[arg(value_name = "CHANNEL", value_parser = channel_id)]
	channel: ChannelId,
	#[command(flatten)]
	client: ClientArgs,
}

/// Returns the channel of a text.
fn channel_id(text: &str) -> Result<ChannelId, String> {
	wire::bytes("CHANNEL", text).map_err(|fault| fault.to_string())
}

/// Returns a lifetime in milliseconds.
fn length(text: &str) -> Result<u64, String> {
	let invalid = || format!("invalid lifetime `{text}`: expected a number and m, h or d, up to 90d, e.g. 30d");
	let units = [("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
	let parsed = units.into_iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)));
	let (number, unit) = parsed.ok_or_else(invalid)?;
	let ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
	ms.filter(|ms| (1..=MAX_LIFETIME_MS).contains(ms)).ok_or_else(invalid)
}

/// Runs `channel`.
///
/// # Errors
///
/// Errors if an argument, the key or the purse cannot be used, if the node does not answer, or if the call fails.
pub async fn run(node: &NodeArgs, command: ChannelCommand) -> Result<()> {
	match command {
		ChannelCommand::Open(args) => open(node, args).await,
		ChannelCommand::List(args) => list(node, args).await,
		ChannelCommand::Close(args) => close(node, args).await,
	}
}

async fn open(node: &NodeArgs, args: OpenArgs) -> Result<()> {
	let OpenArgs { payee, deposit, lifetime: time, domain, client: ClientArgs { purse, key, output } } = args;
	ensure!(
		DEPOSITS.contains(&deposit.0),
		"--deposit is {deposit:#}: expected {} to {}. Nothing was sent",
		Amount(*DEPOSITS.start()),
		Amount(*DEPOSITS.end())
	);
	let (signer, key) = (key.signer()?, key_pair(&key)?);
	let chain = node.connect().await?;
	let purse = open_purse(&chain, purse).await?;
	let blocks = lifetime(&chain, chain.head(), time).await?;
	let payer = Payer { chain: &chain, signer: &signer, key: &key, purse: &purse };
	let paying = payer.open(payee, deposit.0, blocks, domain).await?;
	output.print(&ChannelRow::new(&paying.view, Some(&paying.own)))
}

async fn list(node: &NodeArgs, ListArgs { client: ClientArgs { purse, key, output } }: ListArgs) -> Result<()> {
	let (account, key) = (key.signer()?.account(), key_pair(&key)?);
	let chain = node.connect().await?;
	let purse = open_purse(&chain, purse).await?;
	let views = channels_of(&chain, chain.finalized().await?, account).await?;
	recover(&purse, &views, account, &key)?;
	let own = purse.channels()?;
	let find = |id: ChannelId| own.iter().find(|own| own.channel == id);
	output.print(&ChannelsReport(views.iter().map(|view| ChannelRow::new(view, find(view.id))).collect()))
}

async fn close(node: &NodeArgs, CloseArgs { channel, client: ClientArgs { purse, key, output } }: CloseArgs) -> Result<()> {
	let signer = key.signer()?;
	let chain = node.connect().await?;
	let at = chain.head();
	let view = chain.channel(at, channel).await?;
	let view = view.with_context(|| format!("there is no channel {}: it is closed, or was never opened", wire::hex(&channel)))?;
	let (account, challenge) = (signer.account(), challenge_of(&chain, at).await?);
	let call = match step(&view, account, at.number, challenge) {
		Step::Close => Call::close_channel(channel),
		Step::Finish => Call::finish_channel(channel),
		Step::Wait => bail!("the channel is closing: run the command again from block {} on. Nothing was sent", view.ends),
		Step::None => {
			bail!("{account} neither pays nor is paid by this channel: sign with the key of one of them. Nothing was sent")
		}
	};
	let included = chain.submit(&signer, &call, Urgency::Relaxed).await?;
	let ends = included.event::<(ChannelId, BlockNumber)>("Channels", "Closing").map(|(_, ends)| ends);
	let returned = included.event::<(ChannelId, Account, Balance)>("Channels", "Closed").map(|(.., returned)| Amount(returned));
	if returned.is_some() && account == view.payer {
		open_purse(&chain, purse).await?.remove(&channel)?;
	}
	output.print(&ClosedReport { channel: wire::hex(&channel), ends, returned, block: included.block.number })
}

/// Step that ends a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
	Close,
	Finish,
	Wait,
	None,
}

/// Returns the step by which an account ends a channel in block `block`.
fn step(view: &ChannelView<Account>, account: Account, block: BlockNumber, challenge: BlockNumber) -> Step {
	if block >= view.ends {
		return Step::Finish;
	}
	if account == view.payee {
		return Step::Close;
	}
	match account == view.payer {
		false => Step::None,
		// The chain refuses a challenge that ends later than the channel itself.
		true if view.closing || block.saturating_add(challenge).saturating_add(1) >= view.ends => Step::Wait,
		true => Step::Close,
	}
}

/// Returns the key pair from which those of channels are derived.
fn key_pair(key: &KeyArgs) -> Result<Keypair> {
	key.source().context("no key was named: add --key FILE, or --dev-key //Alice on a development chain")?.load()
}

/// Returns the open channels that an account pays or is paid by.
async fn channels_of(chain: &Chain, at: Head, account: Account) -> Result<Vec<ChannelView<Account>>> {
	let mut found = Vec::new();
	for id in chain.channel_ids(at).await? {
		let view = chain.channel(at, id).await?;
		found.extend(view.filter(|view| view.payer == account || view.payee == account));
	}
	Ok(found)
}

/// Adds channels to a purse that it does not have and whose keys are children of `key`, e.g. after the purse was lost. The amount that was
/// signed for them is learned from their servers.
fn recover(purse: &Purse, views: &[ChannelView<Account>], account: Account, key: &Keypair) -> Result<()> {
	let missing = |view: &&ChannelView<Account>| view.payer == account;
	for view in views.iter().filter(missing) {
		if purse.channel(&view.id)?.is_some() {
			continue;
		}
		let number = (0..NUMBERS).find(|number| channel_key(key, *number).public_key().0 == view.key);
		if let Some(number) = number {
			purse.add(&OwnChannel { channel: view.id, payer: account.0, number, cumulative: view.paid })?;
		}
	}
	Ok(())
}

/// A channel.
#[derive(Debug, Serialize)]
struct ChannelRow {
	channel: String,
	payer: Account,
	payee: Account,
	deposit: Amount,
	/// Amount that was redeemed.
	paid: Amount,
	/// Amount of the newest voucher; `None` for a channel whose key is not in the purse.
	signed: Option<Amount>,
	expires: BlockNumber,
	ends: BlockNumber,
	closing: bool,
}

impl ChannelRow {
	fn new(view: &ChannelView<Account>, own: Option<&OwnChannel>) -> Self {
		Self {
			channel: wire::hex(&view.id),
			payer: view.payer,
			payee: view.payee,
			deposit: Amount(view.deposit),
			paid: Amount(view.paid),
			signed: own.map(|own| Amount(own.cumulative)),
			expires: view.expires,
			ends: view.ends,
			closing: view.closing,
		}
	}
}

impl Display for ChannelRow {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { channel, payee, deposit, expires, .. } = self;
		writeln!(f, "Channel {channel} pays {payee} up to {deposit}, until block {expires}.")
	}
}

/// Report of `channel list`.
#[derive(Debug, Serialize)]
struct ChannelsReport(Vec<ChannelRow>);

impl Display for ChannelsReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		if self.0.is_empty() {
			return writeln!(f, "There are no channels. `doin-worker infer` opens one.");
		}
		let columns =
			[("channel", LEFT), ("payee", LEFT), ("deposit", RIGHT), ("signed", RIGHT), ("paid", RIGHT), ("state", LEFT)];
		let mut channels = table(columns);
		for row in &self.0 {
			let signed = row.signed.map_or("unknown".to_string(), |signed| signed.to_string());
			let state = if row.closing { format!("ends {}", row.ends) } else { format!("until {}", row.expires) };
			channels.add_row([
				row.channel.clone(),
				row.payee.short(),
				row.deposit.to_string(),
				signed,
				row.paid.to_string(),
				state,
			]);
		}
		writeln!(f, "{}", channels.trim_fmt())
	}
}

/// Report of `channel close`.
#[derive(Debug, Serialize)]
struct ClosedReport {
	channel: String,
	/// First block in which the channel can be finished; `None` once it is closed.
	ends: Option<BlockNumber>,
	/// Rest of the deposit; `None` before the end of the challenge.
	returned: Option<Amount>,
	block: BlockNumber,
}

impl Display for ClosedReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		match (self.returned, self.ends) {
			(Some(returned), _) => writeln!(f, "Channel {} was closed in block {}: {returned} are free again.", self.channel, self.block),
			(None, Some(ends)) => writeln!(
				f,
				"Channel {} is closing. Its payee can redeem vouchers until block {ends}: run the command again then to have the rest returned.",
				self.channel
			),
			(None, None) => writeln!(f, "Channel {} has changed in block {}.", self.channel, self.block),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::DOIN;
	use doin_roles::keys::KeySource;

	const PAYER: Account = Account([1; 32]);
	const PAYEE: Account = Account([2; 32]);

	fn view() -> ChannelView<Account> {
		ChannelView {
			id: [7; 32],
			payer: PAYER,
			payee: PAYEE,
			key: [3; 32],
			counter: 4,
			deposit: 10 * DOIN,
			paid: DOIN,
			expires: 1_000,
			ends: 1_030,
			closing: false,
			domain: None,
		}
	}

	#[test]
	fn a_lifetime_has_a_unit() {
		assert_eq!(["30m", "2h", "90d"].map(length), [Ok(1_800_000), Ok(7_200_000), Ok(MAX_LIFETIME_MS)]);
		for wrong in ["", "d", "91d", "0d", "-1d", "7", "1.5h", "7w", "99999999999999999999d"] {
			assert!(length(wrong).unwrap_err().contains("e.g. 30d"), "{wrong}");
		}
	}

	#[test]
	fn each_party_ends_a_channel_in_its_way() {
		let of = |view: &ChannelView<Account>, who, block| step(view, who, block, 30);
		assert_eq!((of(&view(), PAYER, 100), of(&view(), PAYEE, 100)), (Step::Close, Step::Close));
		assert_eq!(of(&view(), Account([9; 32]), 100), Step::None);
		let closing = ChannelView { closing: true, ends: 130, ..view() };
		assert_eq!([129, 130].map(|block| of(&closing, PAYER, block)), [Step::Wait, Step::Finish]);
		assert_eq!(of(&view(), PAYER, 999), Step::Wait, "it ends as soon by itself");
		assert_eq!(of(&view(), Account([9; 32]), 1_030), Step::Finish, "anybody can");
	}

	#[test]
	fn channels_of_a_lost_purse_are_found_by_the_key() {
		let folder = tempfile::tempdir().unwrap();
		let purse = Purse::open(&folder.path().join("purse.db"), [1; 32]).unwrap();
		let key = KeySource::Dev("//Dave".into()).load().unwrap();
		let lost = ChannelView { key: channel_key(&key, 9).public_key().0, ..view() };
		let foreign = ChannelView { id: [8; 32], ..view() };
		recover(&purse, &[lost.clone(), foreign], PAYER, &key).unwrap();
		let found = purse.channels().unwrap();
		assert_eq!(found, [OwnChannel { channel: [7; 32], payer: PAYER.0, number: 9, cumulative: DOIN }]);
		assert!(purse.raise(&[7; 32], DOIN, 2 * DOIN).unwrap());
		recover(&purse, &[lost], PAYER, &key).unwrap();
		assert_eq!(purse.channels().unwrap()[0].cumulative, 2 * DOIN, "what was signed stays");
	}

	#[test]
	fn reports_name_the_next_step() {
		let own = OwnChannel { channel: [7; 32], payer: PAYER.0, number: 0, cumulative: 3 * DOIN };
		let text = ChannelsReport(vec![ChannelRow::new(&view(), Some(&own)), ChannelRow::new(&view(), None)]).to_string();
		assert!(text.contains("3 DOIN") && text.contains("unknown") && text.contains("until 1000"), "{text}");
		assert!(ChannelsReport(Vec::new()).to_string().contains("doin-worker infer"));
		let closing = ClosedReport { channel: "0x07".into(), ends: Some(90), returned: None, block: 60 };
		assert!(closing.to_string().contains("until block 90: run the command again"));
		let closed = ClosedReport { ends: None, returned: Some(Amount(DOIN)), ..closing };
		assert!(closed.to_string().contains("1 DOIN are free again"));
		assert!(channel_id("0x12").unwrap_err().contains("64 hexadecimal digits"));
	}
}
