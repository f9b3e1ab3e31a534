//! Arguments that several commands share.

use anyhow::{bail, Result};
use clap::{
	builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
	Args,
};
use doin_chain::{Account, Chain, ConnectError, Patience, Signer};
use doin_forecast::{
	exact,
	time::{DateOrder, TimeOptions},
	CsvOptions, Decimal, DraftOptions, Fill, ReadOptions, SeriesSource, TargetOptions,
};
use doin_roles::{
	amount::Amount,
	config::{addresses, node_url},
	keys,
};
use doin_scoring::landscape::Shape;
use std::{fmt, path::PathBuf, time::Duration};
use strum::{EnumMessage, IntoEnumIterator};

/// Time that a command waits for a node.
const PATIENCE: Patience = Patience::Within(Duration::from_secs(3));

/// Returns a parser of the names of landscapes.
pub fn shapes() -> impl TypedValueParser<Value = Shape> {
	let shape_of = |name: &str| Shape::ALL.into_iter().find(|shape| shape.name() == name);
	PossibleValuesParser::new(Shape::ALL.map(Shape::name))
		.try_map(move |name: String| shape_of(&name).ok_or(format!("unknown landscape `{name}`")))
}

/// Returns a parser of an enum whose help lists the values with their documentation.
pub fn one_of<T>() -> impl TypedValueParser<Value = T>
where
	T: IntoEnumIterator + EnumMessage + Into<&'static str> + Copy + Send + Sync + 'static,
{
	let values = T::iter().map(|value| {
		let possible = PossibleValue::new(value.into());
		match value.get_documentation() {
			Some(help) => possible.help(help.trim_end_matches('.')),
			None => possible,
		}
	});
	PossibleValuesParser::new(values.collect::<Vec<_>>()).try_map(|text| {
		T::iter().find(|value| Into::<&'static str>::into(*value) == text).ok_or(format!("unknown value `{text}`"))
	})
}

/// Node of a command.
#[derive(Clone, Debug, Default, Args)]
pub struct NodeArgs {
	/// Address of the node, e.g. ws://127.0.0.1:9944 or wss://HOST; of several, separated by commas, another one is used when one is
	/// lost or behind [default: that of the configuration, or ws://127.0.0.1:9944]
	#[arg(long = "url", visible_alias = "node", global = true, env = "DOIN_URL", hide_env_values = true, value_name = "WS-URL")]
	pub url: Option<String>,
}

impl NodeArgs {
	/// Returns the addresses, in the order in which they are tried.
	pub fn addresses(&self) -> Vec<String> {
		addresses(&node_url(self.url.clone()))
	}

	/// Connects to the node within a few seconds.
	///
	/// # Errors
	///
	/// Errors if the node cannot be reached, or runs another chain.
	pub async fn connect(&self) -> Result<Chain, ConnectError> {
		self.connect_with(PATIENCE).await
	}

	/// Connects to the node.
	///
	/// # Errors
	///
	/// Errors if the node cannot be reached, or runs another chain.
	pub async fn connect_with(&self, patience: Patience) -> Result<Chain, ConnectError> {
		Chain::connect(&self.addresses(), patience).await
	}
}

/// Key that signs.
#[derive(Clone, Default, Args)]
pub struct KeyArgs {
	/// File with the key that signs: one mnemonic phrase or 0x seed on one line
	// The value is not shown in the help, since it is a phrase where the name of a file was forgotten.
	#[arg(long, env = "DOIN_KEY", hide_env_values = true, value_name = "FILE", conflicts_with = "dev_key")]
	key: Option<PathBuf>,
	/// Development key that signs, e.g. //Alice; these keys are public
	#[arg(long, value_name = "//NAME")]
	dev_key: Option<String>,
	/// Account to act for, if the key is its proxy
	#[arg(long, value_name = "ADDRESS")]
	proxy_for: Option<Account>,
}

impl fmt::Debug for KeyArgs {
	/// Formats the arguments without any phrase or seed that was given in place of a file.
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("KeyArgs").field("key", &self.source()).field("proxy_for", &self.proxy_for).finish()
	}
}

impl KeyArgs {
	/// Returns the source of the key, if one was named.
	pub fn source(&self) -> Option<keys::KeySource> {
		let file = self.key.clone().map(keys::KeySource::File);
		file.or_else(|| self.dev_key.clone().map(keys::KeySource::Dev))
	}

	/// Returns the account that the key acts for as its proxy, if one was named.
	pub fn proxy_for(&self) -> Option<Account> {
		self.proxy_for
	}

	/// Returns the options that name the key, as arguments.
	pub fn to_arguments(&self) -> Vec<String> {
		match self.source() {
			Some(keys::KeySource::File(path)) => argument("--key", &path.to_string_lossy()),
			Some(keys::KeySource::Dev(name)) => argument("--dev-key", &name),
			None => argument("--key", "KEY"),
		}
	}

	/// Returns the signer.
	///
	/// # Errors
	///
	/// Errors if no key was named, or if it cannot be read.
	pub fn signer(&self) -> Result<Signer> {
		match self.source() {
			Some(source) => keys::signer(&source, self.proxy_for),
			None => bail!("no key was named: add --key FILE, or --dev-key //Alice on a development chain"),
		}
	}
}

/// Amount of money, as one argument or as a number and its unit.
#[derive(Clone, Debug, Args)]
pub struct AmountArgs {
	/// Amount with its unit, e.g. 500 DOIN
	#[arg(value_name = "AMOUNT", required = true, num_args = 1..=2)]
	amount: Vec<String>,
}

impl AmountArgs {
	/// Returns the amount.
	///
	/// # Errors
	///
	/// Errors if it has no unit, or is not a number.
	pub fn amount(&self) -> Result<Amount> {
		self.amount.join(" ").parse().map_err(anyhow::Error::msg)
	}
}

/// Returns an option and its value as arguments. A value that begins with `-` is joined to the option, so that it is not taken
/// for an option.
pub fn argument(option: &str, value: &str) -> Vec<String> {
	match value.len() > 1 && value.starts_with('-') {
		true => vec![format!("{option}={value}")],
		false => vec![option.into(), value.into()],
	}
}

/// Times, gaps and notation of a file.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct ReadArgs {
	/// Column of times, checked for order and gaps, or a column of dates and one of times of day. Without it, rows are steps, and
	/// their order is checked by a column whose cells are dates; `none` for no check
	#[arg(long, value_name = "COLUMN[,COLUMN]", help_heading = "CSV file")]
	time: Option<String>,
	/// Fill missing values and missing times
	#[arg(long, value_name = "METHOD", value_parser = one_of::<Fill>(), help_heading = "CSV file")]
	fill: Option<Fill>,
	/// Text or number that stands for a missing value, e.g. -9999, beside empty cells, NA, N/A, NaN, null, ?, - and the like; may
	/// be given several times
	#[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = "CSV file")]
	missing: Vec<String>,
	/// Use only rows with this text in this column, e.g. store=A where several series stand below each other; may be given
	/// several times
	#[arg(long = "where", value_name = "COLUMN=VALUE", help_heading = "CSV file")]
	filters: Vec<String>,
	/// Use only this many rows at the end
	#[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..), help_heading = "CSV file")]
	last: Option<u32>,
	/// Read the first line as a row; columns are chosen by position, from 1
	#[arg(long, help_heading = "CSV file")]
	no_header: bool,
	/// Decimal separator, `.` or `,` [default: found out from the numbers]
	#[arg(long, value_name = "CHAR", help_heading = "CSV file")]
	decimal: Option<Decimal>,
	/// Read dates such as 1/2/2031 as day/month/year
	#[arg(long, conflicts_with = "month_first", help_heading = "CSV file")]
	day_first: bool,
	/// Read dates such as 1/2/2031 as month/day/year
	#[arg(long, help_heading = "CSV file")]
	month_first: bool,
	/// Format of the times as of strptime, e.g. "%d.%m.%y %H:%M" [default: found out from the times]
	#[arg(long, value_name = "FORMAT", help_heading = "CSV file")]
	time_format: Option<String>,
	/// Zone of local times, e.g. Europe/Paris, where daylight-saving time skips and repeats an hour
	#[arg(long, value_name = "ZONE", help_heading = "CSV file")]
	zone: Option<String>,
	/// Sort the rows by their times
	#[arg(long, help_heading = "CSV file")]
	sort: bool,
}

impl ReadArgs {
	/// Returns the arguments that state these options, e.g. for a command that is printed.
	pub fn to_arguments(&self) -> Vec<String> {
		let Self { time, fill, missing, filters, last, no_header, decimal, day_first, month_first, time_format, zone, sort } =
			self;
		let separator = |decimal: Decimal| match decimal {
			Decimal::Point => ".".to_string(),
			Decimal::Comma => ",".to_string(),
		};
		let single = [
			("--time", time.clone()),
			("--fill", fill.map(|fill| Into::<&'static str>::into(fill).to_string())),
			("--last", last.map(|rows| rows.to_string())),
			("--decimal", decimal.map(separator)),
			("--time-format", time_format.clone()),
			("--zone", zone.clone()),
		];
		let single = single.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
		let missing = missing.iter().map(|value| ("--missing", value.clone()));
		let filters = filters.iter().map(|value| ("--where", value.clone()));
		let switches = [("--no-header", no_header), ("--day-first", day_first), ("--month-first", month_first), ("--sort", sort)];
		let switches = switches.into_iter().filter(|(_, is_set)| **is_set).map(|(flag, _)| flag.to_string());
		single.chain(missing).chain(filters).flat_map(|(flag, value)| argument(flag, &value)).chain(switches).collect()
	}

	/// Returns the options of reading, with these further columns.
	pub fn options(&self, inputs: &[String]) -> ReadOptions {
		let order = match (self.day_first, self.month_first) {
			(true, _) => Some(DateOrder::DayFirst),
			(_, true) => Some(DateOrder::MonthFirst),
			_ => None,
		};
		ReadOptions {
			inputs: inputs.to_vec(),
			time: self.time.clone(),
			fill: self.fill,
			clock: TimeOptions { order, format: self.time_format.clone(), zone: self.zone.clone(), sort: self.sort },
			csv: CsvOptions {
				missing: self.missing.clone(),
				no_header: self.no_header,
				decimal: self.decimal,
				filters: self.filters.clone(),
			},
			last: self.last.map(|rows| rows as usize),
		}
	}
}

/// Columns of a file, times and gaps.
#[derive(Clone, Debug, Default, Args)]
pub struct ColumnArgs {
	/// Column to forecast, by name or by position from 1; a name comes first. May be omitted if only one column has numbers
	#[arg(long, value_name = "COLUMN")]
	pub column: Option<String>,
	/// Columns that the model reads beside the one to forecast, at most seven. A name with a comma is found as it is, and may be
	/// put in quotes; the option may be given several times
	#[arg(long, value_name = "COLUMN,...")]
	pub inputs: Vec<String>,
	#[command(flatten)]
	pub read: ReadArgs,
}

impl ColumnArgs {
	/// Returns the options of reading.
	pub fn options(&self) -> ReadOptions {
		self.read.options(&self.inputs)
	}
}

/// Columns of one file.
#[derive(Clone, Debug, Args)]
pub struct DataArgs {
	/// CSV file, also compressed by gzip, or - for standard input; FILE:1000 uses its first 1000 rows
	#[arg(long, value_name = "FILE[:ROWS]")]
	pub csv: SeriesSource,
	#[command(flatten)]
	pub columns: ColumnArgs,
}

/// Target of a forecast.
#[derive(Clone, Debug, Default, Args)]
pub struct TargetArgs {
	/// Forecast and score only these steps ahead, e.g. 24 or 6,12,24 [default: all steps up to the horizon]
	#[arg(long, value_name = "STEP,...", value_delimiter = ',', help_heading = "Forecast")]
	steps: Vec<u16>,
	/// Classify the change from the last known row to the last step ahead, in place of forecasting values.
	///
	/// The bounds ascend and are in units of the column. The class is the number of bounds that the change reaches: with 0, class
	/// 0 is a fall and class 1 everything else; with -0.5,0.5, class 1 reaches from -0.5 to just below 0.5.
	#[arg(
		long,
		value_name = "BOUND,...",
		value_delimiter = ',',
		allow_hyphen_values = true,
		conflicts_with = "steps",
		help_heading = "Forecast"
	)]
	classes: Vec<f64>,
}

impl From<&TargetArgs> for TargetOptions {
	fn from(args: &TargetArgs) -> Self {
		Self { steps: args.steps.clone(), classes: args.classes.clone() }
	}
}

/// Part of a file that becomes a domain, and its forecast.
#[derive(Clone, Debug, Args)]
pub struct DraftArgs {
	/// Columns that models read beside the one to forecast. No generator makes several channels, so verdicts on such a domain use
	/// its validation part, and only its bounty is ever paid, unless a part of the data is sealed. With --label, the columns of
	/// features. A name with a comma is found as it is, and may be put in quotes; the option may be given several times
	#[arg(long, value_name = "COLUMN,...")]
	pub inputs: Vec<String>,
	#[command(flatten)]
	target: TargetArgs,
	#[command(flatten)]
	read: ReadArgs,
	/// Steps of one season, e.g. 24 for hourly values with a daily rhythm [default: found by autocorrelation]
	#[arg(long, value_name = "STEPS")]
	season: Option<u16>,
	/// Steps to forecast [default: the last of --steps, or one season within 6 and 24]
	#[arg(long, value_name = "STEPS")]
	horizon: Option<u16>,
	/// Steps of history that a model reads [default: two seasons or four horizons]
	#[arg(long, value_name = "STEPS")]
	history: Option<u16>,
	/// Raw unit of the stored values, in units of the column [default: power of ten that keeps three significant digits]
	#[arg(long, value_name = "SIZE")]
	unit: Option<f64>,
	/// Factor that the column is multiplied by first
	#[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
	scale: f64,
	/// Name of the domain [default: names of file and column]
	#[arg(long)]
	name: Option<String>,
	/// Name of the unit of the column, e.g. MW [default: name of the column]
	#[arg(long, value_name = "NAME")]
	unit_name: Option<String>,
}

impl DraftArgs {
	/// Returns the options with which the same columns are read again, for rows or for a series.
	pub fn to_arguments(&self, of_rows: bool) -> Vec<String> {
		let scale = (self.scale != 1.0).then(|| argument("--scale", &exact(self.scale)));
		let unit = self.unit.filter(|_| of_rows).map(|unit| argument("--unit", &exact(unit)));
		let inputs = self.inputs.iter().flat_map(|input| argument("--inputs", input));
		inputs.chain(scale.into_iter().flatten()).chain(unit.into_iter().flatten()).chain(self.read.to_arguments()).collect()
	}
}

impl From<&DraftArgs> for DraftOptions {
	fn from(args: &DraftArgs) -> Self {
		Self {
			read: args.read.options(&args.inputs),
			target: (&args.target).into(),
			season: args.season,
			horizon: args.horizon,
			history: args.history,
			unit: args.unit,
			scale: args.scale,
			name: args.name.clone(),
			unit_name: args.unit_name.clone(),
		}
	}
}
