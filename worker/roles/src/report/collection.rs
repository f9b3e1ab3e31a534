//! Answers of the sources of all streams for one poll.

use super::{
	stream::{layout_of, report_of, wanted_of},
	TARGET,
};
use anyhow::{Context, Result};
use doin_chain::Account;
use doin_primitives::{
	oracle::{Report, Reports, StreamId},
	views::{BatchView, PollView, StreamView},
};
use doin_sources::{combined, default_quorum, read_until, Layout, Reading, Source, Wanted};
use std::{collections::BTreeMap, future::Future};

/// A stream of the configuration, with its opened sources.
#[derive(Debug)]
pub(super) struct ReportedStream {
	/// Identifier or symbol of the stream.
	pub(super) name: StreamName,
	/// Sources of its bars.
	pub(super) sources: Vec<Source>,
	/// Number of sources that have to have a bar.
	pub(super) quorum: Option<usize>,
	/// Decimals of its values, in place of those of its unit.
	pub(super) decimals: Option<u8>,
}

/// Name of a stream in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StreamName {
	/// Its identifier.
	Id(StreamId),
	/// Its symbol. Of several streams, the first one that is due has it.
	Symbol(String),
}

impl ReportedStream {
	/// Returns `true` if this is a stream.
	fn is(&self, stream: &StreamView<Account>) -> bool {
		match &self.name {
			StreamName::Id(id) => *id == stream.id,
			StreamName::Symbol(symbol) => *symbol == stream.symbol,
		}
	}

	/// Returns the reason for which no bar of the stream is asked for, and the next step; `None` if bars are. `streams` are those of the
	/// chain.
	pub(super) fn idle(&self, streams: &[StreamView<Account>]) -> Option<String> {
		let mut named = streams.iter().filter(|stream| self.is(stream)).peekable();
		let Some(first) = named.peek().copied() else {
			let name = match &self.name {
				StreamName::Id(id) => id.to_string(),
				StreamName::Symbol(symbol) => symbol.clone(),
			};
			return Some(format!(
				"the chain has no stream `{name}`, which `reported` names: `doin_streams` of the node lists them"
			));
		};
		named.all(|stream| !stream.awake).then(|| {
			format!(
				"the stream {} sleeps, so its bars are not asked for: wake it with `doin-worker sponsor {} \"100 DOIN\" --key KEY`, which \
				 adds to its pot",
				first.symbol, first.id
			)
		})
	}

	fn quorum(&self) -> usize {
		self.quorum.unwrap_or_else(|| default_quorum(self.sources.len()))
	}
}

/// A batch that is due, and what the sources have of it.
struct Part<'a> {
	reported: &'a ReportedStream,
	view: StreamView<Account>,
	batch: BatchView,
	layout: Layout,
	wanted: Wanted,
	/// Best reading of each source so far.
	readings: Vec<Reading>,
}

/// The batches of one poll.
pub(super) struct Collection<'a>(Vec<Part<'a>>);

impl<'a> Collection<'a> {
	/// Returns the batches of a poll that the configuration has sources for, without bars. What has none is logged.
	pub(super) fn new(poll: &PollView<Account>, streams: Vec<StreamView<Account>>, reported: &'a [ReportedStream]) -> Self {
		let mut parts = Vec::new();
		let mut views: BTreeMap<StreamId, StreamView<Account>> = streams.into_iter().map(|view| (view.id, view)).collect();
		for batch in &poll.batches {
			let Some(view) = views.remove(&batch.stream) else { continue };
			let Some(reported) = reported.iter().find(|reported| reported.is(&view)) else {
				tracing::debug!(target: TARGET, stream = view.id, symbol = view.symbol, "due, and `reported` names no sources for it");
				continue;
			};
			match Part::new(reported, view, batch.clone()) {
				Ok(part) => parts.push(part),
				Err(error) => tracing::error!(target: TARGET, stream = batch.stream, "not reported: {error:#}"),
			}
		}
		Self(parts)
	}

	/// Returns `true` if no stream of the configuration is due.
	pub(super) fn is_empty(&self) -> bool {
		self.0.is_empty()
	}

	/// Returns `true` if asking again adds no bar, as far as the faults show.
	pub(super) fn is_settled(&self) -> bool {
		self.0.iter().all(Part::is_settled)
	}

	/// Asks the sources of all batches that are not settled, at once, until `due` ends.
	pub(super) async fn ask<F: Future<Output = ()>>(&mut self, due: impl Fn() -> F) {
		let mut asked = Vec::new();
		for part in self.0.iter_mut().filter(|part| !part.is_settled()) {
			asked.push(part.ask(due()));
		}
		futures::future::join_all(asked).await;
	}

	/// Returns the reports of the batches of which any bar is known. What is wrong with sources is logged.
	///
	/// # Errors
	///
	/// Errors if there are more reports than a reveal can hold.
	pub(super) fn reports(&self) -> Result<Reports> {
		let mut reports: Vec<Report> = self.0.iter().filter_map(Part::report).collect();
		reports.sort_unstable_by_key(|report| report.stream);
		Reports::try_from(reports).ok().context("more streams are due than a reveal can hold: update the worker")
	}
}

impl<'a> Part<'a> {
	fn new(reported: &'a ReportedStream, view: StreamView<Account>, batch: BatchView) -> Result<Self> {
		let (layout, wanted) = (layout_of(&view, reported.decimals)?, wanted_of(&view, &batch)?);
		Ok(Self { reported, view, batch, layout, wanted, readings: Vec::new() })
	}

	fn is_settled(&self) -> bool {
		!self.readings.is_empty() && self.readings.iter().all(Reading::is_settled)
	}

	async fn ask(&mut self, due: impl Future<Output = ()>) {
		let answers = read_until(&self.reported.sources, &self.layout, &self.wanted, due).await;
		if self.readings.is_empty() {
			self.readings = answers;
			return;
		}
		for (known, answer) in self.readings.iter_mut().zip(answers) {
			// A source that has answered before and fails now keeps its bars.
			if answer.bars.len() >= known.bars.len() {
				*known = answer;
			}
		}
	}

	fn report(&self) -> Option<Report> {
		let stream = self.view.id;
		for fault in self.readings.iter().flat_map(|reading| &reading.faults) {
			tracing::warn!(target: TARGET, stream, symbol = self.view.symbol, "{fault}");
		}
		let (bars, quorum) = (combined(&self.readings, self.reported.quorum()), self.reported.quorum());
		let missing = self.wanted.count(&self.layout).saturating_sub(bars.len() as u64);
		if missing > 0 {
			let of = self.reported.sources.len();
			tracing::warn!(
				target: TARGET,
				stream,
				symbol = self.view.symbol,
				first = self.batch.first,
				missing,
				"bars are missing from the report: fewer than {quorum} of {of} sources have them"
			);
		}
		let report = report_of(&self.view, &self.batch, &self.layout, &bars);
		report.unwrap_or_else(|error| {
			tracing::error!(target: TARGET, stream, "not reported: {error:#}");
			None
		})
	}
}
