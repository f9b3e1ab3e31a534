//! Bars of a backtest: those of a file, or those that a stream of the chain keeps.

use crate::args::NodeArgs;
use anyhow::{anyhow, Context, Result};
use doin_chain::{Account, Chain, Head};
use doin_forecaster::{read_file, Bar, Champion, Clock, FileOptions, Series, Times};
use doin_primitives::{views::StreamView, Evidence, ModelRef};
use doin_roles::report::layout_of;
use doin_scoring::{Model, Program};
use std::path::Path;

/// Bars that are read of the chain at a time.
const BARS_PER_CALL: u32 = 1_000;

/// Bars, and what a stream states about its rounds.
#[derive(Debug)]
pub struct Given {
	/// Bars that are given.
	pub series: Series,
	/// Bars that are forecast; `None` for a stream without a market.
	pub horizon: Option<usize>,
	/// Bars from one round to the next.
	pub batch: Option<usize>,
	/// Bars of the season; 1 for none.
	pub season: Option<u32>,
	/// Bars that the stream keeps.
	pub kept: Option<usize>,
	/// Root of the mean squared error that averages start from, in units.
	pub scale: Option<u32>,
	/// Champion of the live domain that the stream names.
	pub champion: Option<Champion>,
}

impl Given {
	/// Reads the bars of a file.
	///
	/// # Errors
	///
	/// Errors if [`read_file`] does.
	pub fn of_file(path: &Path, column: &str, times: Option<Times>, decimals: Option<u8>) -> Result<Self> {
		let options = FileOptions { column: column.into(), times: times.unwrap_or_default(), decimals };
		let series = read_file(path, &options)?;
		Ok(Self { series, horizon: None, batch: None, season: None, kept: None, scale: None, champion: None })
	}

	/// Reads the bars that a stream of the chain keeps.
	///
	/// # Errors
	///
	/// Errors if the node cannot be reached, if there is no such stream, or if its bars or the champion of its domain cannot be read.
	pub async fn of_stream(node: &NodeArgs, name: &str, decimals: Option<u8>) -> Result<Self> {
		let chain = node.connect().await?;
		let at = chain.head();
		let streams = chain.streams(at).await?;
		let stream = find(&streams, name)?;
		let layout = layout_of(stream, decimals)?;
		let champion = champion_of(&chain, at, stream).await?;
		let (mut bars, mut from) = (Vec::new(), stream.first);
		while from < stream.next {
			let page = chain.bars(at, stream.id, from, BARS_PER_CALL).await?;
			let page = page.filter(|page| page.first == from && !page.bars.is_empty());
			let page =
				page.with_context(|| format!("the node does not keep the bars of stream {name} any more: repeat the command"))?;
			from += page.bars.len() as u64;
			bars.extend(page.bars.iter().map(|values| Bar::of_values(&layout.fields, values.as_ref()?)));
		}
		let first = i64::try_from(stream.first.saturating_add(1).saturating_mul(stream.bar_ms)).unwrap_or(i64::MAX);
		let series = Series {
			name: stream.symbol.clone(),
			column: "close".into(),
			bars,
			fields: layout.fields,
			clock: Some(Clock { first, step: stream.bar_ms }),
			decimals: layout.decimals,
		};
		Ok(Self {
			series,
			horizon: (stream.horizon > 0).then_some(stream.horizon.into()),
			batch: Some(stream.batch.into()),
			season: Some(stream.season.into()),
			kept: Some(stream.kept as usize),
			scale: Some(u32::try_from(stream.scale).unwrap_or(u32::MAX).max(1)),
			champion,
		})
	}
}

/// Returns the champion of the live domain that a stream names; `None` if the stream names none, or one that the chain does not run.
async fn champion_of(chain: &Chain, at: Head, stream: &StreamView<Account>) -> Result<Option<Champion>> {
	let Some(domain) = stream.domain else { return Ok(None) };
	let (spec, champion) = (chain.domain_spec(at, domain).await?, chain.champion(at, domain).await?);
	let Some((spec, champion)) = spec.zip(champion) else { return Ok(None) };
	let (Program::Forecast(program), Evidence::Live { stream: source, unit }) = (spec.program, spec.evidence) else {
		return Ok(None);
	};
	if source != stream.id || program.horizon < stream.horizon {
		return Ok(None);
	}
	let decoded = |bytes: Option<Vec<u8>>| {
		let model = bytes.map(|bytes| Model::from_bytes(&bytes)).transpose();
		model.map_err(|error| anyhow!("the champion of domain {domain} cannot be decoded ({error:?}): update this worker"))
	};
	let model = match champion.model {
		ModelRef::RepeatLast => Some(Model::RepeatLast),
		ModelRef::Seasonal => Some(Model::Seasonal),
		ModelRef::Stored(model) => decoded(chain.model(at, model).await?)?,
		ModelRef::Linear => decoded(chain.baseline(at, domain).await?)?,
		ModelRef::Origin | ModelRef::Constant | ModelRef::BuiltIn => None,
	};
	Ok(model.map(|model| Champion { model, program, unit }))
}

/// Returns the stream of a symbol or an identifier.
fn find<'a>(streams: &'a [StreamView<Account>], name: &str) -> Result<&'a StreamView<Account>> {
	let found = streams.iter().find(|stream| stream.symbol == name || stream.id.to_string() == name);
	found.with_context(|| {
		let known: Vec<String> = streams.iter().map(|stream| format!("`{}` ({})", stream.symbol, stream.id)).collect();
		match known.is_empty() {
			true => format!("there is no stream `{name}`, nor any other: use --csv FILE"),
			false => format!("there is no stream `{name}`: there are {}", known.join(", ")),
		}
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_stream_is_named_by_its_symbol_or_its_identifier() {
		let stream = |id: u32, symbol: &str| StreamView {
			id,
			symbol: symbol.into(),
			unit: "0.01 USD".into(),
			source: "median".into(),
			bar_ms: 300_000,
			batch: 6,
			fields: vec!["close".into()],
			kept: 9_000,
			season: 1,
			scale: 5,
			horizon: 0,
			fee: 1,
			domain: None,
			owner: Account([1; 32]),
			pot: 0,
			awake: true,
			start: 0,
			first: 0,
			next: 0,
			running: 0,
			paid_until: 0,
		};
		let streams = [stream(2_147_483_648, "BTC/USD"), stream(2_147_483_649, "ETH/USD")];
		assert_eq!(find(&streams, "ETH/USD").unwrap().id, 2_147_483_649);
		assert_eq!(find(&streams, "2147483648").unwrap().symbol, "BTC/USD");
		let unknown = find(&streams, "eth").unwrap_err().to_string();
		assert!(unknown.contains("there is no stream `eth`: there are `BTC/USD` (2147483648), `ETH/USD`"), "{unknown}");
		assert!(find(&[], "a").unwrap_err().to_string().contains("--csv FILE"));
	}
}
