//! Streams of the chain, as the sources see them, and bars of sources as reports.

use anyhow::{anyhow, bail, ensure, Context, Result};
use doin_chain::Account;
use doin_primitives::{
	oracle::{Bars as Reported, Report, Values},
	views::{BatchView, StreamView},
};
use doin_sources::{decimal::MAX_DECIMALS, Bars, Field, Layout, Wanted};

/// Returns the decimals of values whose unit is a power of ten, e.g. 2 of `0.01 USD` and 0 of `1 kWh`; `None` of another unit.
pub fn decimals_of(unit: &str) -> Option<u8> {
	let number = unit.split_whitespace().next()?;
	match number.strip_prefix("0.") {
		_ if number == "1" => Some(0),
		Some(digits) if digits.trim_start_matches('0') == "1" => {
			u8::try_from(digits.len()).ok().filter(|len| *len <= MAX_DECIMALS)
		}
		_ => None,
	}
}

/// Returns the form of the bars of a stream. `decimals` takes the place of those of its unit.
///
/// # Errors
///
/// Errors if the unit does not say how many decimals a value has, and if the stream has fields that this worker does not know.
pub fn layout_of(stream: &StreamView<Account>, decimals: Option<u8>) -> Result<Layout> {
	let decimals = decimals.or_else(|| decimals_of(&stream.unit)).with_context(|| {
		format!(
			"the unit of stream {} is `{}`, which is not a power of ten and a name such as `0.01 USD`: set `decimals` to the decimals that its \
			 values have",
			stream.id, stream.unit
		)
	})?;
	let field = |name: &String| {
		let field = Field::ALL.into_iter().find(|field| field.to_string() == *name);
		field.ok_or_else(|| anyhow!("stream {} has the unknown field `{name}`: update the worker", stream.id))
	};
	let fields = stream.fields.iter().map(field).collect::<Result<Vec<_>>>()?;
	ensure!(stream.bar_ms > 0, "stream {} has bars of no length: update the worker", stream.id);
	Ok(Layout { bar: stream.bar_ms, origin: end_of(stream, stream.start), fields, decimals })
}

/// Returns the end of bar `bar`, in milliseconds since 1970.
fn end_of(stream: &StreamView<Account>, bar: u64) -> u64 {
	bar.saturating_add(1).saturating_mul(stream.bar_ms)
}

/// Returns the bars of a batch. The present time is that of the chain, at least the end of the batch that it asks for.
///
/// # Errors
///
/// Errors if the batch has no bars.
pub fn wanted_of(stream: &StreamView<Account>, batch: &BatchView) -> Result<Wanted> {
	let Some(more) = batch.bars.checked_sub(1) else { bail!("a batch of stream {} has no bars: update the worker", stream.id) };
	let last = end_of(stream, batch.first.saturating_add(more.into()));
	let now = stream.running.saturating_mul(stream.bar_ms).max(last);
	Ok(Wanted { first: end_of(stream, batch.first), last, now })
}

/// Returns the report of a batch; `None` if none of its bars is known.
///
/// # Errors
///
/// Errors if the batch or a bar is larger than a report can hold.
pub fn report_of(stream: &StreamView<Account>, batch: &BatchView, layout: &Layout, bars: &Bars) -> Result<Option<Report>> {
	let wanted = wanted_of(stream, batch)?;
	let known: Vec<_> = wanted.ends(layout).map(|end| bars.get(&end)).collect();
	if known.iter().all(Option::is_none) {
		return Ok(None);
	}
	let too_large = || anyhow!("a batch of stream {} is larger than a report: update the worker", stream.id);
	let value = |values: Option<&Vec<i64>>| match values {
		Some(values) => Values::try_from(values.clone()).map(Some).map_err(|_| too_large()),
		None => Ok(None),
	};
	let bars = known.into_iter().map(value).collect::<Result<Vec<Option<Values>>>>()?;
	Ok(Some(Report { stream: stream.id, bars: Reported::try_from(bars).map_err(|_| too_large())? }))
}
