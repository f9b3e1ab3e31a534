//! Arguments that several commands share.

use anyhow::{bail, Result};
use clap::{
	builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
	Args,
};
use doin_chain::{Account, Chain, ConnectError, Patience, Signer};
use doin_forecast::{DraftOptions, Fill, ReadOptions, SeriesSource, TargetOptions};
use doin_roles::{config::node_url, keys};
use std::{path::PathBuf, time::Duration};
use strum::{EnumMessage, IntoEnumIterator};

/// Time that a command waits for a node.
const PATIENCE: Patience = Patience::Within(Duration::from_secs(3));

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
	/// Address of the node, e.g. ws://127.0.0.1:9944 or wss://HOST [default: that of the configuration, or ws://127.0.0.1:9944]
	#[arg(long = "url", visible_alias = "node", global = true, env = "DOIN_URL", value_name = "WS-URL")]
	pub url: Option<String>,
}

impl NodeArgs {
	/// Returns the address.
	pub fn address(&self) -> String {
		node_url(self.url.clone())
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
		Chain::connect(&self.address(), patience).await
	}
}

/// Key that signs.
#[derive(Clone, Debug, Default, Args)]
pub struct KeyArgs {
	/// File with the key that signs: a mnemonic phrase or a 0x seed
	#[arg(long, env = "DOIN_KEY", value_name = "FILE", conflicts_with = "dev_key")]
	key: Option<PathBuf>,
	/// Development key that signs, e.g. //Alice; these keys are public
	#[arg(long, value_name = "//NAME")]
	dev_key: Option<String>,
	/// Account to act for, if the key is its proxy
	#[arg(long, value_name = "ADDRESS")]
	proxy_for: Option<Account>,
}

impl KeyArgs {
	/// Returns the source of the key, if one was named.
	pub fn source(&self) -> Option<keys::KeySource> {
		let file = self.key.clone().map(keys::KeySource::File);
		file.or_else(|| self.dev_key.clone().map(keys::KeySource::Dev))
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

/// Columns of a file, times and gaps.
#[derive(Clone, Debug, Default, Args)]
pub struct ColumnArgs {
	/// Column to forecast; may be omitted if only one column has numbers
	#[arg(long, value_name = "COLUMN")]
	pub column: Option<String>,
	/// Columns that the model reads beside the one to forecast, at most seven
	#[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
	pub inputs: Vec<String>,
	/// Column of times, checked for order and gaps; without it, rows are steps
	#[arg(long, value_name = "COLUMN")]
	pub time: Option<String>,
	/// Fill missing values and missing times
	#[arg(long, value_name = "METHOD", value_parser = one_of::<Fill>())]
	pub fill: Option<Fill>,
}

impl ColumnArgs {
	/// Returns the options of reading.
	pub fn options(&self) -> ReadOptions {
		ReadOptions { inputs: self.inputs.clone(), time: self.time.clone(), fill: self.fill }
	}
}

/// Columns of one file.
#[derive(Clone, Debug, Args)]
pub struct DataArgs {
	/// CSV file whose first line holds the names of its columns; FILE:1000 reads its first 1000 rows
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
	/// its validation part, and only its bounty is ever paid
	#[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
	pub inputs: Vec<String>,
	#[command(flatten)]
	target: TargetArgs,
	/// Column of times, checked for order and gaps; without it, rows are steps
	#[arg(long, value_name = "COLUMN")]
	time: Option<String>,
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
	/// Fill missing values and missing times
	#[arg(long, value_name = "METHOD", value_parser = one_of::<Fill>())]
	fill: Option<Fill>,
	/// Name of the domain [default: names of file and column]
	#[arg(long)]
	name: Option<String>,
}

impl From<&DraftArgs> for DraftOptions {
	fn from(args: &DraftArgs) -> Self {
		Self {
			read: ReadOptions { inputs: args.inputs.clone(), time: args.time.clone(), fill: args.fill },
			target: (&args.target).into(),
			season: args.season,
			horizon: args.horizon,
			history: args.history,
			unit: args.unit,
			scale: args.scale,
			name: args.name.clone(),
		}
	}
}
