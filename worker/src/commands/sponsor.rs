//! `sponsor`: adds to the pot of a stream, or to that of its market.

use crate::{
	args::{AmountArgs, KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::{bail, Result};
use clap::Args;
use doin_chain::{Account, Call, Included, MissingEvent, Urgency};
use doin_primitives::{oracle::StreamId, views::StreamView, Balance, BlockNumber};
use doin_roles::amount::Amount;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `sponsor`.
#[derive(Clone, Debug, Args)]
pub struct SponsorArgs {
	/// Symbol of the stream, e.g. BTC/USD, or its identifier
	stream: String,
	#[command(flatten)]
	amount: AmountArgs,
	/// Pay into the pot of the market, from which the gains of forecasts are paid. The first amount makes the market
	#[arg(long)]
	market: bool,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `sponsor`.
///
/// # Errors
///
/// Errors if the amount or the key cannot be used, if there is no such stream, or if the call fails.
pub async fn run(node: &NodeArgs, args: SponsorArgs) -> Result<()> {
	let amount = args.amount.amount()?;
	let signer = args.key.signer()?;
	let chain = node.connect().await?;
	let stream = found(&chain.streams(chain.head()).await?, &args.stream)?.clone();
	let call = match args.market {
		true => Call::sponsor_market(stream.id, amount.0),
		false => Call::sponsor(stream.id, amount.0),
	};
	let included = chain.submit(&signer, &call, Urgency::Relaxed).await?;
	args.output.print(&SponsorReport::new(&stream, &included, args.market)?)
}

/// Returns the stream with this symbol or identifier.
///
/// # Errors
///
/// Errors if there is none, or if several have the symbol. The error lists the streams to choose from.
pub fn found<'a>(streams: &'a [StreamView<Account>], wanted: &str) -> Result<&'a StreamView<Account>> {
	if let Some(stream) = streams.iter().find(|stream| stream.id.to_string() == wanted) {
		return Ok(stream);
	}
	let same: Vec<_> = streams.iter().filter(|stream| stream.symbol == wanted).collect();
	match same[..] {
		[stream] => Ok(stream),
		[] if streams.is_empty() => bail!("there is no stream `{wanted}`: the chain has none. Nothing was sent"),
		[] => bail!("there is no stream `{wanted}`: choose one of {}. Nothing was sent", listed(streams.iter())),
		_ => bail!(
			"several streams have the symbol `{wanted}`: name one by its identifier, of {}. Nothing was sent",
			listed(same.iter().copied())
		),
	}
}

/// Returns symbols and identifiers of streams as text.
fn listed<'a>(streams: impl Iterator<Item = &'a StreamView<Account>>) -> String {
	streams.map(|stream| format!("{} ({})", stream.symbol, stream.id)).collect::<Vec<_>>().join(", ")
}

/// Report of `sponsor`.
#[derive(Debug, Serialize)]
struct SponsorReport {
	stream: StreamId,
	symbol: String,
	/// The amount was paid into the pot of the market, not into that of the reporters.
	market: bool,
	/// Amount that was added.
	added: Amount,
	/// Amount in the pot after the call.
	pot: Amount,
	/// The bars of the stream are asked for.
	awake: bool,
	block: BlockNumber,
}

impl SponsorReport {
	/// Returns the report of a call for the stream `view`, by its event.
	fn new(view: &StreamView<Account>, included: &Included, market: bool) -> Result<Self, MissingEvent> {
		let pallet = if market { "Forecasts" } else { "Oracle" };
		let (stream, _, added, pot): (StreamId, Account, Balance, Balance) = included.expect(pallet, "Sponsored")?;
		let (symbol, block) = (view.symbol.clone(), included.block.number);
		// A payment wakes a stream whose pot pays a batch then.
		let awake = if market { view.awake } else { pot >= view.fee };
		Ok(Self { stream, symbol, market, added: Amount(added), pot: Amount(pot), awake, block })
	}
}

impl Display for SponsorReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { stream, symbol, market, added, pot, awake, block } = self;
		if *market {
			let next =
				if *awake { "" } else { " The stream sleeps, so no round opens: pay its reporters too, without --market." };
			return writeln!(
				f,
				"{added} were added in block {block}: the pot of the market of {symbol} ({stream}) holds {pot}.{next}"
			);
		}
		let next = match awake {
			true => "and its bars are asked for",
			false => "and it sleeps, since that pays no batch",
		};
		writeln!(f, "{added} were added in block {block}: the pot of {symbol} ({stream}) holds {pot}, {next}.")
	}
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use crate::fixtures::included;
	use doin_primitives::DOIN;

	/// Returns a stream of bars of five minutes.
	pub fn stream(id: StreamId, symbol: &str) -> StreamView<Account> {
		StreamView {
			id,
			symbol: symbol.into(),
			unit: "USD".into(),
			source: "a market".into(),
			bar_ms: 300_000,
			batch: 3,
			fields: vec!["close".into()],
			kept: 9_000,
			season: 1,
			scale: 1,
			horizon: 0,
			fee: DOIN,
			domain: None,
			owner: Account([1; 32]),
			pot: 7 * DOIN,
			awake: true,
			start: 0,
			first: 0,
			next: 0,
			running: 0,
			paid_until: 0,
		}
	}

	#[test]
	fn a_stream_is_found_by_symbol_and_identifier() {
		let streams = [stream(8, "BTC/USD"), stream(9, "ETH/USD"), stream(10, "ETH/USD")];
		let id = |wanted: &str| found(&streams, wanted).map(|stream| stream.id).map_err(|error| error.to_string());
		assert_eq!((id("BTC/USD"), id("10")), (Ok(8), Ok(10)));
		let several = id("ETH/USD").unwrap_err();
		assert!(several.contains("ETH/USD (9), ETH/USD (10)") && !several.contains("BTC"), "{several}");
		let unknown = id("11").unwrap_err();
		assert!(unknown.contains("there is no stream `11`") && unknown.contains("BTC/USD (8)"), "{unknown}");
		assert!(found(&[], "BTC/USD").unwrap_err().to_string().contains("the chain has none"));
	}

	#[test]
	fn a_pot_is_reported_as_the_chain_stored_it() {
		let report = |fee: Balance| {
			let fields = (8u32, Account([2; 32]), 5 * DOIN, 7 * DOIN);
			let view = StreamView { fee, pot: 2 * DOIN, ..stream(8, "BTC/USD") };
			SponsorReport::new(&view, &included("Oracle", "Sponsored", fields), false).unwrap()
		};
		let text = "5 DOIN were added in block 9: the pot of BTC/USD (8) holds 7 DOIN, and its bars are asked for.\n";
		assert_eq!(report(7 * DOIN).to_string(), text);
		assert_eq!(serde_json::to_value(report(DOIN)).unwrap()["pot"], "7 DOIN");
		assert!(report(8 * DOIN).to_string().contains("it sleeps"));
		let fields = (8u32, Account([2; 32]), 5 * DOIN, 7 * DOIN);
		let view = StreamView { awake: false, ..stream(8, "BTC/USD") };
		let market = SponsorReport::new(&view, &included("Forecasts", "Sponsored", fields), true).unwrap().to_string();
		assert!(market.contains("the pot of the market of BTC/USD (8) holds 7 DOIN. The stream sleeps"), "{market}");
	}
}
