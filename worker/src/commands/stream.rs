//! `stream`: registers, lists and removes streams of bars.

use super::{history::length, sponsor::found};
use crate::{
	args::{KeyArgs, NodeArgs},
	report::{table, OutputArgs, LEFT, RIGHT},
};
use anyhow::{anyhow, bail, ensure, Result};
use clap::{Args, Subcommand};
use doin_chain::{Account, Call, Chain, Included, MissingEvent, SubmitError, Urgency};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	oracle::{Fields, StreamFault, StreamId, StreamSpec, MAX_KEPT, MIN_FEE},
	views::StreamView,
	Balance, BlockNumber, DomainId,
};
use doin_roles::amount::Amount;
use doin_sources::Millis;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;
/// Error of a record that the chain refuses and this command admits.
const INVALID_SPEC: &str = "Oracle::InvalidSpec";

/// Subcommands of `stream`.
#[derive(Clone, Debug, Subcommand)]
pub enum StreamCommand {
	/// Register a stream of bars, which the validators report while its pot pays them
	#[command(after_help = "\
EXAMPLES
  What would it cost?
    doin-worker stream register --symbol BTC/USD --unit \"0.01 USD\" --source \"Median of the closes of BTC/USD at Binance, Bitstamp and \
Kraken\" --bar 5m --batch 6 --volume --horizon 24 --scale 5000 --dry-run
  Register it, have its bars reported, and make its market of forecasts:
    doin-worker stream register --symbol BTC/USD --unit \"0.01 USD\" --source \"Median of the closes of BTC/USD at Binance, Bitstamp and \
Kraken\" --bar 5m --batch 6 --volume --horizon 24 --scale 5000 --key owner.key
    doin-worker sponsor BTC/USD \"1000 DOIN\" --key owner.key
    doin-worker sponsor BTC/USD \"1000 DOIN\" --market --key owner.key

The record never changes. 10 DOIN burn, and a deposit for the record and the kept bars is on hold until the stream is retired. Honest \
reports are equal only if --source leaves no choice: name the markets, the rule and the rounding. A batch has to take longer than a poll \
of the reporters, two minutes on a public network, and its fee is shared by those that report near the median. A stream with a horizon \
can have a market of forecasts; --scale is the size of an ordinary error of a forecast, in units.")]
	Register(Box<RegisterArgs>),
	/// List the streams, with their pots
	List(ListArgs),
	/// Remove a stream of this account whose bars are expired, which releases its deposit
	#[command(after_help = "\
EXAMPLE
  doin-worker stream retire BTC/USD --key owner.key

A stream can be removed once it sleeps and the time that its kept bars take has passed: rounds may need them. The rest of its pot burns, \
since sponsors have paid it.")]
	Retire(RetireArgs),
}

/// Arguments of `stream register`.
#[derive(Clone, Debug, Args)]
pub struct RegisterArgs {
	/// Name of what is measured, e.g. BTC/USD; at most 16 bytes
	#[arg(long, value_name = "NAME")]
	symbol: String,
	/// Unit of a value, e.g. "0.01 USD"; at most 32 bytes
	#[arg(long, value_name = "UNIT")]
	unit: String,
	/// Definition of a value down to the unit; at most 256 bytes
	#[arg(long, value_name = "TEXT")]
	source: String,
	/// Length of a bar, e.g. 1m, 5m, 1h or 1d
	#[arg(long, value_name = "LENGTH", value_parser = length)]
	bar: Millis,
	/// Bars that are reported together; 1 to 24 values
	#[arg(long, value_name = "BARS")]
	batch: u16,
	/// Bars have the highest price beside the close
	#[arg(long)]
	high: bool,
	/// Bars have the lowest price beside the close
	#[arg(long)]
	low: bool,
	/// Bars have the volume beside the close
	#[arg(long)]
	volume: bool,
	/// Complete bars that the chain keeps
	#[arg(long, value_name = "BARS", default_value_t = MAX_KEPT)]
	kept: u32,
	/// Bars of a season, e.g. 288 for a day of bars of five minutes; 1 for none
	#[arg(long, value_name = "BARS", default_value_t = 1)]
	season: u16,
	/// Size of an ordinary error of a forecast, in units. Needed with --horizon
	#[arg(long, value_name = "UNITS")]
	scale: Option<u64>,
	/// Bars that forecasters forecast, 24 to 100; 0 for a stream without a market
	#[arg(long, value_name = "BARS", default_value_t = 0)]
	horizon: u16,
	/// Fee of the reporters for one batch
	#[arg(long, value_name = "AMOUNT", default_value_t = Amount(MIN_FEE))]
	fee: Amount,
	/// Domain whose champion forecasts the stream
	#[arg(long, value_name = "ID")]
	domain: Option<DomainId>,
	/// Register the stream although this account has one of the same symbol
	#[arg(long)]
	another: bool,
	/// Show what it would cost, and send nothing
	#[arg(long)]
	dry_run: bool,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `stream list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `stream retire`.
#[derive(Clone, Debug, Args)]
pub struct RetireArgs {
	/// Symbol of the stream, e.g. BTC/USD, or its identifier
	stream: String,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `stream`.
///
/// # Errors
///
/// Errors if the chain would refuse the call, with the reason and the next step, if the key cannot be used, if the node does not answer, or
/// if the call fails.
pub async fn run(node: &NodeArgs, command: StreamCommand) -> Result<()> {
	match command {
		StreamCommand::Register(args) => register(node, *args).await,
		StreamCommand::List(args) => {
			let chain = node.connect().await?;
			args.output.print(&StreamsReport(chain.streams(chain.head()).await?))
		}
		StreamCommand::Retire(args) => retire(node, args).await,
	}
}

async fn register(node: &NodeArgs, args: RegisterArgs) -> Result<()> {
	let spec = args.spec()?;
	// A dry run needs no key.
	let signer = if args.dry_run { None } else { Some(args.key.signer()?) };
	let chain = node.connect().await?;
	let price = Price::read(&chain, &spec).await?;
	let Some(signer) = signer else { return args.output.print(&DryRunReport { symbol: args.symbol, price }) };
	let (at, account) = (chain.head(), signer.account());
	if !args.another {
		ensure_first(&chain.streams(at).await?, &args.symbol, account)?;
	}
	price.ensure_paid(account, chain.funds(at, account).await?.free)?;
	let included = chain.submit(&signer, &Call::register_stream(&spec), Urgency::Relaxed).await.map_err(refused)?;
	args.output.print(&RegisteredReport::new(args.symbol, &included, price.per_day)?)
}

async fn retire(node: &NodeArgs, args: RetireArgs) -> Result<()> {
	let signer = args.key.signer()?;
	let chain = node.connect().await?;
	let stream = found(&chain.streams(chain.head()).await?, &args.stream)?.clone();
	if let Some(reason) = not_retirable(&stream, signer.account()) {
		bail!("stream {} ({}) cannot be retired: {reason}. Nothing was sent", stream.symbol, stream.id);
	}
	let included = chain.submit(&signer, &Call::retire_stream(stream.id), Urgency::Relaxed).await?;
	args.output.print(&RetiredReport::new(stream.symbol, &included)?)
}

impl RegisterArgs {
	/// Returns the record that the arguments state.
	///
	/// # Errors
	///
	/// Errors if the chain would refuse it whatever its times are.
	fn spec(&self) -> Result<StreamSpec> {
		ensure!(
			self.horizon == 0 || self.scale.is_some(),
			"--horizon needs --scale: the first rounds of a market divide errors by it. Name the size of an ordinary error of a forecast, in \
			 units. Nothing was sent"
		);
		let spec = StreamSpec {
			symbol: bounded("symbol", &self.symbol)?,
			unit: bounded("unit", &self.unit)?,
			source: bounded("source", &self.source)?,
			bar_ms: self.bar,
			first_bar: 0,
			batch: self.batch,
			fields: Fields { high: self.high, low: self.low, volume: self.volume },
			kept: self.kept,
			season: self.season,
			scale: self.scale.unwrap_or(1),
			horizon: self.horizon,
			fee: self.fee.0,
			domain: self.domain,
		};
		// The time of a poll is that of the chain, which refuses a batch that is too short.
		spec.check(0).map_err(|fault| anyhow!("the stream is refused: {}. Nothing was sent", advice(fault)))?;
		Ok(spec)
	}
}

/// Returns a text of a record.
///
/// # Errors
///
/// Errors if it is longer than `N` bytes.
fn bounded<const N: u32>(option: &str, text: &str) -> Result<BoundedVec<u8, ConstU32<N>>> {
	let bytes = text.len();
	let bounded = BoundedVec::try_from(text.as_bytes().to_vec());
	bounded.map_err(|_| anyhow!("--{option} has {bytes} bytes: a stream takes at most {N}, so shorten it. Nothing was sent"))
}

/// Returns what is wrong with a record, and what to do.
fn advice(fault: StreamFault) -> &'static str {
	match fault {
		StreamFault::Text => "--symbol, --unit and --source have to have text",
		StreamFault::BarLength => "a bar takes 1 second to 1 day: change --bar",
		StreamFault::FirstBar => "its first bar is too far ahead",
		StreamFault::BatchSize => "a batch has 1 to 24 values, i.e. bars times close, --high, --low and --volume: change --batch",
		StreamFault::BatchTooShort => "a batch takes less time than a poll: raise --batch or --bar",
		StreamFault::BatchTooLong => "a batch takes more than a day: lower --batch or --bar",
		StreamFault::Kept => "a stream keeps a batch at least and 9000 bars at most: change --kept",
		StreamFault::Season => "--season and --scale are 1 at least",
		StreamFault::Horizon => "a horizon has 24 to 100 bars: change --horizon, or omit it for a stream without a market",
		StreamFault::Fee => "reporters are paid 1 DOIN a batch at least: raise --fee",
	}
}

/// Returns the error of a registration, with the reasons for which the chain refuses a record that this command admits.
fn refused(error: SubmitError) -> anyhow::Error {
	let is_invalid = error.dispatch_error() == Some(INVALID_SPEC);
	let error = anyhow::Error::from(error);
	match is_invalid {
		true => error.context("a batch takes less time than a poll of the reporters: raise --batch or --bar"),
		false => error,
	}
}

/// Checks that an account has no stream of a symbol, so that a repeated command does not pay twice.
fn ensure_first(streams: &[StreamView<Account>], symbol: &str, owner: Account) -> Result<()> {
	match streams.iter().find(|stream| stream.symbol == symbol && stream.owner == owner) {
		Some(stream) => bail!(
			"{owner} has registered {symbol} before, as stream {}: pay its reporters with `doin-worker sponsor {}`, or add --another to \
			 register one more. Nothing was sent",
			stream.id,
			stream.id
		),
		None => Ok(()),
	}
}

/// Returns the reason for which an account cannot retire a stream now, and the next step; `None` if it can.
fn not_retirable(stream: &StreamView<Account>, account: Account) -> Option<String> {
	let expired = stream.next.saturating_add(stream.kept.into());
	if stream.owner != account {
		Some(format!("it belongs to {}: sign with that key", stream.owner))
	} else if stream.awake {
		Some(format!("it is awake, and its pot of {} pays its reporters: wait until it sleeps", Amount(stream.pot)))
	} else if stream.running < expired {
		let left = expired.saturating_sub(stream.running).saturating_mul(stream.bar_ms);
		Some(format!("its bars are kept for rounds that may need them: try again in {}", rounded(left)))
	} else {
		None
	}
}

/// Returns a length of time as it is written in arguments, e.g. `5m`.
fn shown_length(ms: u64) -> String {
	let units = [(DAY_MS, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
	match units.into_iter().find(|(unit, _)| ms > 0 && ms.is_multiple_of(*unit)) {
		Some((unit, name)) => format!("{}{name}", ms / unit),
		None => format!("{ms} ms"),
	}
}

/// Returns a length of time, rounded up to days, hours or minutes, as text.
fn rounded(ms: u64) -> String {
	match ms {
		ms if ms > 2 * DAY_MS => format!("{} days", ms.div_ceil(DAY_MS)),
		ms if ms > 7_200_000 => format!("{} hours", ms.div_ceil(3_600_000)),
		ms => format!("{} minutes", ms.div_ceil(60_000)),
	}
}

/// Price of a registration.
#[derive(Clone, Copy, Debug, Serialize)]
struct Price {
	/// Amount that burns.
	fee: Amount,
	/// Amount on hold until the stream is retired.
	deposit: Amount,
	/// Amount that goes to the account of the pots for good.
	left: Amount,
	/// Fees of the reporters in a day, which the pot pays.
	per_day: Amount,
}

impl Price {
	/// Reads the price of a stream from the constants of the chain.
	async fn read(chain: &Chain, spec: &StreamSpec) -> Result<Self> {
		let fee: Balance = chain.constant("Oracle", "RegistrationFee").await?;
		let base: Balance = chain.constant("Oracle", "BaseDeposit").await?;
		let byte: Balance = chain.constant("Oracle", "ByteDeposit").await?;
		let left: Balance = chain.constant("Balances", "ExistentialDeposit").await?;
		let deposit = base.saturating_add(byte.saturating_mul(spec.stored_bytes().into()));
		Ok(Self { fee: Amount(fee), deposit: Amount(deposit), left: Amount(left), per_day: per_day(spec) })
	}

	/// Checks that an account with `free` plancks can pay.
	fn ensure_paid(&self, account: Account, free: Balance) -> Result<()> {
		let needed = self.fee.0.saturating_add(self.deposit.0).saturating_add(self.left.0);
		if free < needed {
			bail!(
				"a registration takes {}, of which {} are on hold until the stream is retired, and {account} has {} free: send it more, or \
				 lower --kept. Nothing was sent",
				Amount(needed),
				self.deposit,
				Amount(free)
			);
		}
		Ok(())
	}
}

/// Returns the fees of the reporters of a stream in a day.
fn per_day(spec: &StreamSpec) -> Amount {
	let batch_ms = spec.bar_ms.saturating_mul(spec.batch.into()).max(1);
	Amount(spec.fee.saturating_mul(DAY_MS.into()) / Balance::from(batch_ms))
}

/// Report of `stream register --dry-run`.
#[derive(Debug, Serialize)]
struct DryRunReport {
	symbol: String,
	price: Price,
}

impl Display for DryRunReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { symbol, price: Price { fee, deposit, left, per_day } } = self;
		writeln!(
			f,
			"Nothing was sent. To register {symbol} burns {fee}, leaves {left} with the pots for good, and puts {deposit} on hold until it is \
			 retired. Its reporters cost {per_day} a day, which its pot pays."
		)
	}
}

/// Report of `stream register`.
#[derive(Debug, Serialize)]
struct RegisteredReport {
	stream: StreamId,
	symbol: String,
	owner: Account,
	/// Amount on hold until the stream is retired.
	deposit: Amount,
	/// Amount that was burned.
	fee: Amount,
	/// Fees of the reporters in a day.
	per_day: Amount,
	block: BlockNumber,
}

impl RegisteredReport {
	/// Returns the report of a call by its event.
	fn new(symbol: String, included: &Included, per_day: Amount) -> Result<Self, MissingEvent> {
		let (stream, owner, deposit, fee): (StreamId, Account, Balance, Balance) = included.expect("Oracle", "Registered")?;
		let (deposit, fee, block) = (Amount(deposit), Amount(fee), included.block.number);
		Ok(Self { stream, symbol, owner, deposit, fee, per_day, block })
	}
}

impl Display for RegisteredReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { stream, symbol, owner, deposit, fee, per_day, block } = self;
		writeln!(
			f,
			"{symbol} is stream {stream} of {owner} since block {block}: {fee} were burned, and {deposit} are on hold until it is retired. It \
			 sleeps until its pot pays its reporters, {per_day} a day: `doin-worker sponsor {stream} \"100 DOIN\" --key KEY`."
		)
	}
}

/// Report of `stream retire`.
#[derive(Debug, Serialize)]
struct RetiredReport {
	stream: StreamId,
	symbol: String,
	/// Rest of the pot, which was burned.
	burned: Amount,
	block: BlockNumber,
}

impl RetiredReport {
	/// Returns the report of a call by its event.
	fn new(symbol: String, included: &Included) -> Result<Self, MissingEvent> {
		let (stream, burned): (StreamId, Balance) = included.expect("Oracle", "Retired")?;
		Ok(Self { stream, symbol, burned: Amount(burned), block: included.block.number })
	}
}

impl Display for RetiredReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { stream, symbol, burned, block } = self;
		writeln!(
			f,
			"{symbol} ({stream}) was removed in block {block}. Its deposit is released, and the rest of its pot, {burned}, was burned."
		)
	}
}

/// Report of `stream list`.
#[derive(Debug, Serialize)]
struct StreamsReport(Vec<StreamView<Account>>);

impl Display for StreamsReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		if self.0.is_empty() {
			return writeln!(f, "There are no streams yet. Register one with `doin-worker stream register`.");
		}
		let columns = [
			("stream", RIGHT),
			("symbol", LEFT),
			("unit", LEFT),
			("bar", RIGHT),
			("batch", RIGHT),
			("fields", LEFT),
			("horizon", RIGHT),
			("state", LEFT),
			("pot", RIGHT),
			("fee", RIGHT),
		];
		let mut streams = table(columns);
		for stream in &self.0 {
			streams.add_row([
				stream.id.to_string(),
				stream.symbol.clone(),
				stream.unit.clone(),
				shown_length(stream.bar_ms),
				stream.batch.to_string(),
				stream.fields.join(","),
				stream.horizon.to_string(),
				if stream.awake { "awake" } else { "asleep" }.into(),
				Amount(stream.pot).to_string(),
				Amount(stream.fee).to_string(),
			]);
		}
		writeln!(f, "{}", streams.trim_fmt())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{commands::sponsor::tests::stream, fixtures::included};
	use clap::FromArgMatches;
	use doin_primitives::{oracle::MAX_BATCH_VALUES, DOIN};

	const BTC: &str = "--symbol BTC/USD --unit 0.01USD --source median --bar 5m --batch 6 --volume --horizon 24 --scale 5000";

	fn spec(line: &str) -> Result<StreamSpec, String> {
		let words = std::iter::once("register").chain(line.split_whitespace());
		let matches = RegisterArgs::augment_args(clap::Command::new("register")).try_get_matches_from(words).unwrap();
		RegisterArgs::from_arg_matches(&matches).unwrap().spec().map_err(|error| error.to_string())
	}

	#[test]
	fn a_record_is_that_of_the_arguments() {
		let record = spec(BTC).unwrap();
		assert_eq!((record.bar_ms, record.batch, record.kept, record.season), (300_000, 6, 9_000, 1));
		assert_eq!((record.fields.names(), record.horizon, record.fee), (vec!["close", "volume"], 24, DOIN));
		assert_eq!((&record.symbol[..], record.scale, record.domain), (&b"BTC/USD"[..], 5_000, None));
		// 48 batches of half an hour.
		assert_eq!(per_day(&record), Amount(48 * DOIN));
	}

	#[test]
	fn a_record_that_the_chain_refuses_is_not_sent() {
		for (wrong, reason) in [
			("--batch 13", "1 to 24 values"),
			("--batch 0", "1 to 24 values"),
			("--horizon 23", "24 to 100 bars"),
			("--kept 5", "a batch at least and 9000"),
			("--kept 9001", "9000 bars at most"),
			("--season 0", "1 at least"),
			("--fee 0.5DOIN", "1 DOIN a batch"),
			("--symbol ABCDEFGHIJKLMNOPQ", "has 17 bytes: a stream takes at most 16"),
			("--bar 1d", "more than a day"),
		] {
			let option = wrong.split(' ').next().unwrap();
			let words: Vec<&str> = BTC.split(' ').collect();
			let place = words.iter().position(|word| *word == option);
			// An option is given once.
			let kept = words.iter().enumerate().filter(|(at, _)| place.is_none_or(|place| *at != place && *at != place + 1));
			let line: Vec<&str> = kept.map(|(_, word)| *word).chain(wrong.split(' ')).collect();
			let error = spec(&line.join(" ")).unwrap_err();
			assert!(error.contains(reason) && error.contains("Nothing was sent"), "{wrong}: {error}");
		}
		assert_eq!(MAX_BATCH_VALUES, 24, "the messages name it");
		let (without, _) = BTC.split_once(" --scale").unwrap();
		assert!(spec(without).unwrap_err().contains("--horizon needs --scale"));
	}

	#[test]
	fn a_registration_is_paid_once() {
		let price = Price { fee: Amount(10 * DOIN), deposit: Amount(5 * DOIN), left: Amount(DOIN / 100), per_day: Amount(DOIN) };
		let account = Account([1; 32]);
		assert!(price.ensure_paid(account, 16 * DOIN).is_ok());
		let error = price.ensure_paid(account, 15 * DOIN).unwrap_err().to_string();
		assert!(error.contains("takes 15.01 DOIN, of which 5 DOIN are on hold") && error.contains("has 15 DOIN free"), "{error}");
		let streams = [stream(8, "BTC/USD")];
		let error = ensure_first(&streams, "BTC/USD", account).unwrap_err().to_string();
		assert!(error.contains("as stream 8") && error.contains("--another"), "{error}");
		assert!(ensure_first(&streams, "ETH/USD", account).is_ok());
		assert!(ensure_first(&streams, "BTC/USD", Account([9; 32])).is_ok(), "it belongs to another account");
	}

	#[test]
	fn a_stream_is_retired_once_it_sleeps_and_its_bars_are_expired() {
		let owner = Account([1; 32]);
		let awake = stream(8, "BTC/USD");
		assert!(not_retirable(&awake, Account([2; 32])).unwrap().contains("belongs to"));
		assert!(not_retirable(&awake, owner).unwrap().contains("its pot of 7 DOIN"));
		let asleep = StreamView { awake: false, next: 1_000, running: 1_000, ..awake };
		// 9,000 bars of five minutes.
		assert!(not_retirable(&asleep, owner).unwrap().contains("in 32 days"));
		assert!(not_retirable(&StreamView { running: 9_999, ..asleep.clone() }, owner).unwrap().contains("in 5 minutes"));
		assert_eq!(not_retirable(&StreamView { running: 10_000, ..asleep }, owner), None);
	}

	#[test]
	fn reports_name_amounts_and_the_next_step() {
		let owner = Account([1; 32]);
		let event = included("Oracle", "Registered", (8u32, owner, 31 * DOIN, 10 * DOIN));
		let registered = RegisteredReport::new("BTC/USD".into(), &event, Amount(48 * DOIN)).unwrap();
		let text = registered.to_string();
		for part in
			["BTC/USD is stream 8", "block 9", "10 DOIN were burned", "31 DOIN are on hold", "48 DOIN a day", "sponsor 8 "]
		{
			assert!(text.contains(part), "{part}: {text}");
		}
		assert_eq!(serde_json::to_value(&registered).unwrap()["deposit"], "31 DOIN");
		let retired = RetiredReport::new("BTC/USD".into(), &included("Oracle", "Retired", (8u32, DOIN / 2))).unwrap();
		assert!(retired.to_string().contains("the rest of its pot, 0.5 DOIN, was burned"), "{retired}");
		let price = Price { fee: Amount(10 * DOIN), deposit: Amount(5 * DOIN), left: Amount(DOIN / 100), per_day: Amount(DOIN) };
		let dry = DryRunReport { symbol: "BTC/USD".into(), price }.to_string();
		assert!(dry.starts_with("Nothing was sent") && dry.contains("puts 5 DOIN on hold"), "{dry}");
	}

	#[test]
	fn streams_are_listed_one_per_line() {
		let expected = "\
stream  symbol   unit  bar  batch  fields  horizon  state     pot     fee
     8  BTC/USD  USD    5m      3  close         0  awake  7 DOIN  1 DOIN
";
		assert_eq!(StreamsReport(vec![stream(8, "BTC/USD")]).to_string(), expected);
		assert!(StreamsReport(Vec::new()).to_string().contains("stream register"));
		assert_eq!([1_000, 90_000, 3_600_000, DAY_MS, 1_500].map(shown_length), ["1s", "90s", "1h", "1d", "1500 ms"]);
	}
}
