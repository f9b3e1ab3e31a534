//! Historical bars, as a CSV file `timestamp,close,high,low,volume`.

use crate::{
	bar::{Bars, Layout, Millis, Wanted},
	decimal::decimal_text,
	fault::Fault,
	source::{read_all, Source},
};

/// Bars that one request asks for. Exchanges limit them to 300 to 1 000.
pub const BARS_PER_REQUEST: u64 = 300;

/// Bars of one request of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
	/// Bars, in order.
	pub bars: Bars,
	/// Bars that were asked for.
	pub asked: u64,
	/// Faults of the sources.
	pub faults: Vec<Fault>,
}

/// Reads historical bars, request by request.
#[derive(Debug)]
pub struct History<'a> {
	sources: &'a [Source],
	quorum: usize,
	layout: &'a Layout,
	/// Bars that were not asked for yet.
	left: Wanted,
}

impl<'a> History<'a> {
	/// Returns a history of the bars `wanted`.
	pub fn new(sources: &'a [Source], quorum: usize, layout: &'a Layout, wanted: Wanted) -> Self {
		Self { sources, quorum, layout, left: wanted }
	}

	/// Returns the number of bars that were not asked for yet.
	pub fn left(&self) -> u64 {
		self.left.count(self.layout)
	}

	/// Asks for the next bars; `None` once all were asked for. [`History::advance`] goes on to the following ones.
	pub async fn ask(&self) -> Option<Chunk> {
		let asked = self.asked();
		if asked == 0 {
			return None;
		}
		let last = self.left.first + (asked - 1) * self.layout.bar;
		let combined = read_all(self.sources, self.quorum, self.layout, &Wanted { last, ..self.left }).await;
		let faults = combined.readings.into_iter().flat_map(|reading| reading.faults).collect();
		Some(Chunk { bars: combined.bars, asked, faults })
	}

	/// Goes on to the bars after those of the last request.
	pub fn advance(&mut self) {
		self.left.first += self.asked() * self.layout.bar;
	}

	/// Returns the number of bars of one request.
	fn asked(&self) -> u64 {
		self.left().min(BARS_PER_REQUEST)
	}
}

/// Returns the header of the file.
pub fn csv_header(layout: &Layout) -> String {
	let names = layout.fields.iter().map(|field| format!(",{field}"));
	format!("timestamp{}\n", names.collect::<String>())
}

/// Returns the row of a bar. Its timestamp is the end of the bar in milliseconds, as the time-series subnet writes it.
pub fn csv_row(end: Millis, values: &[i64], layout: &Layout) -> String {
	let values = values.iter().map(|value| format!(",{}", decimal_text(*value, layout.decimals)));
	format!("{end}{}\n", values.collect::<String>())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		config::SourceConfig,
		fixtures::{layout, BAR, ORIGIN},
		testing::{Answer, Exchange},
	};

	#[tokio::test]
	async fn a_history_is_read_in_requests_and_replayed_from_its_file() {
		let count = 2 * BARS_PER_REQUEST + 7;
		let newest = ORIGIN + (count - 1) * BAR;
		let exchange = Exchange::start(Answer::Klines { newest }).await;
		let source = SourceConfig { klines: Some(exchange.klines()), timeout: Some(30), ..Default::default() }.open().unwrap();
		let (sources, layout) = ([source], layout());
		let wanted = Wanted { first: ORIGIN, last: newest, now: newest };
		let mut history = History::new(&sources, 1, &layout, wanted);
		let (mut text, mut bars, mut asked) = (csv_header(&layout), Bars::new(), Vec::new());
		while let Some(chunk) = history.ask().await {
			history.advance();
			assert_eq!(chunk.faults, []);
			asked.push(chunk.asked);
			text.extend(chunk.bars.iter().map(|(end, values)| csv_row(*end, values, &layout)));
			bars.extend(chunk.bars);
		}
		assert_eq!((asked, bars.len() as u64, history.left()), (vec![300, 300, 7], count, 0));
		let folder = tempfile::tempdir().unwrap();
		let csv = folder.path().join("history.csv");
		std::fs::write(&csv, &text).unwrap();
		let replayed = SourceConfig { csv: Some(csv), ..Default::default() }.open().unwrap().read(&layout, &wanted).await;
		assert_eq!((replayed.bars == bars, replayed.faults.len()), (true, 0), "the file has the same values");
	}

	#[test]
	fn a_row_has_the_end_of_its_bar_and_exact_decimals() {
		assert_eq!(csv_header(&layout()), "timestamp,close,high,low,volume\n");
		assert_eq!(csv_row(ORIGIN, &[6_425_010, 5, -5, 0], &layout()), "1769861100000,64250.10,0.05,-0.05,0.00\n");
	}
}
