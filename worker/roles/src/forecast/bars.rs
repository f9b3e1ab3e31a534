//! Bars of a stream, read from the chain as they come.

use super::{chain::MarketChain, model::Known};
use crate::{config::ForecastConfig, report::layout_of};
use anyhow::{Context, Result};
use doin_chain::{Account, Head};
use doin_forecaster::{Bar, Clock, Series, Terms};
use doin_market::truth::squared;
use doin_primitives::views::StreamView;
use std::sync::Arc;

/// Bars that are read of the chain at a time.
const PER_CALL: u32 = 1_000;

/// Bars that a stream keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
	/// Number of the first one.
	first: u64,
	bars: Vec<Option<Bar>>,
}

impl Kept {
	/// Returns the number of the bar after the last one.
	fn end(&self) -> u64 {
		self.first.saturating_add(self.bars.len() as u64)
	}

	/// Reads the bars that were added, and removes those that are not kept any more.
	///
	/// # Errors
	///
	/// Errors if the node does not answer, or if it does not keep the bars any more.
	pub(super) async fn update<C: MarketChain>(
		&mut self,
		chain: &C,
		at: Head,
		stream: &StreamView<Account>,
		decimals: Option<u8>,
	) -> Result<()> {
		let fields = layout_of(stream, decimals)?.fields;
		if self.end() > stream.next || self.end() < stream.first {
			// Another branch, or bars that were missed for long.
			*self = Self { first: stream.first, bars: Vec::new() };
		}
		while self.end() < stream.next {
			let (from, id) = (self.end(), stream.id);
			let page = chain.bars(at, id, from, PER_CALL).await?;
			let page = page.filter(|page| page.first == from && !page.bars.is_empty());
			let page = page.with_context(|| format!("the node does not keep the bars of stream {id} from {from} on"))?;
			self.bars.extend(page.bars.iter().map(|values| Bar::of_values(&fields, values.as_ref()?)));
		}
		let gone = usize::try_from(stream.first.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.bars.len());
		self.bars.drain(..gone);
		self.first = self.first.saturating_add(gone as u64);
		Ok(())
	}

	/// Returns the bars before number `end`, for a round with this lead.
	///
	/// # Errors
	///
	/// Errors if the unit of the stream does not say how many decimals a value has.
	pub(super) fn known(
		&self,
		stream: &StreamView<Account>,
		config: &ForecastConfig,
		end: u64,
		lookback: usize,
		lead: usize,
	) -> Result<Known> {
		let layout = layout_of(stream, config.decimals)?;
		let count = usize::try_from(end.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.bars.len());
		let first_end = self.first.saturating_add(1).saturating_mul(stream.bar_ms);
		let series = Series {
			name: stream.symbol.clone(),
			column: config.column.clone(),
			bars: self.bars[..count].to_vec(),
			fields: layout.fields,
			clock: Some(Clock { first: i64::try_from(first_end).unwrap_or(i64::MAX), step: stream.bar_ms }),
			decimals: layout.decimals,
		};
		let terms = Terms {
			horizon: stream.horizon.into(),
			lookback,
			lead,
			batch: stream.batch.into(),
			// A season of one bar is none.
			season: if stream.season > 1 { stream.season.into() } else { 0 },
			kept: stream.kept as usize,
			scale: Some(squared(u32::try_from(stream.scale).unwrap_or(u32::MAX))),
		};
		terms.check()?;
		Ok(Known { series: Arc::new(series), end: self.first.saturating_add(count as u64), terms })
	}
}
