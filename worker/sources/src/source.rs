//! A source of bars, and reading several at once.

use crate::{
	bar::{Bars, Layout, Stamp, Wanted},
	fault::Reason,
	http,
	klines::{read_klines, KlinePaths, UrlTemplate},
	median::median_bars,
	program::read_program,
	reading::Reading,
	replay::Replay,
};
use futures::stream::{FuturesUnordered, StreamExt};
use std::{future::Future, path::Path, pin::pin, time::Duration};

/// Bars before the wanted ones that klines are asked for.
const EARLIER: u64 = 24;
/// Largest number of wanted bars for which earlier ones are asked for.
const FEW: u64 = 48;

/// A source of bars.
#[derive(Debug)]
pub struct Source {
	pub(crate) name: String,
	pub(crate) kind: Kind,
	pub(crate) stamp: Stamp,
	pub(crate) timeout: Duration,
}

/// Origin of the bars of a source.
#[derive(Debug)]
pub(crate) enum Kind {
	/// Klines over HTTP.
	Klines {
		/// Address with placeholders for the wanted bars.
		url: UrlTemplate,
		/// Places of the values.
		paths: Box<KlinePaths>,
	},
	/// A file on the clock of the chain.
	Replay(Replay),
	/// A program, with its arguments.
	Program(Vec<String>),
}

impl Kind {
	/// Returns the name of a source that the user has not named.
	pub(crate) fn name(&self) -> String {
		let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
		match self {
			Self::Klines { url, .. } => url.host(),
			Self::Replay(replay) => last(replay.path()),
			Self::Program(command) => command.first().map(|name| last(Path::new(name))).unwrap_or_default(),
		}
	}
}

impl Source {
	/// Returns the name of the source in messages.
	pub fn name(&self) -> &str {
		&self.name
	}

	/// Returns `true` if the source replays a file, which states no true bars.
	pub fn is_replay(&self) -> bool {
		matches!(self.kind, Kind::Replay(_))
	}

	/// Returns the wanted bars that the source has. What is wrong with it is in the reading; it ends in the time of the source.
	pub async fn read(&self, layout: &Layout, wanted: &Wanted) -> Reading {
		match &self.kind {
			Kind::Klines { url, paths } => match http::get(&url.url(layout, &asked(layout, wanted)), self.timeout).await {
				Ok(answer) => read_klines(&self.name, &answer, paths, layout, wanted, self.stamp),
				Err(reason) => Reading::failed(&self.name, reason),
			},
			Kind::Replay(replay) => replay.read(&self.name, layout, wanted).await,
			Kind::Program(command) => read_program(&self.name, command, layout, wanted, self.stamp, self.timeout).await,
		}
	}
}

/// Returns the bars that klines are asked for: a few earlier ones too, so that the fault of a market that is behind names by how much.
fn asked(layout: &Layout, wanted: &Wanted) -> Wanted {
	let earlier = if wanted.count(layout) <= FEW { EARLIER * layout.bar } else { 0 };
	Wanted { first: wanted.first.saturating_sub(earlier).max(layout.bar), ..*wanted }
}

/// Bars of several sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Combined {
	/// Medians of the bars that enough sources have.
	pub bars: Bars,
	/// Reading of each source.
	pub readings: Vec<Reading>,
}

/// Asks all sources at once, and returns the medians of the bars that at least `quorum` of them have. A source that fails costs the
/// others nothing but its time.
pub async fn read_all(sources: &[Source], quorum: usize, layout: &Layout, wanted: &Wanted) -> Combined {
	let readings = read_until(sources, layout, wanted, std::future::pending()).await;
	Combined { bars: combined(&readings, quorum), readings }
}

/// Asks all sources at once, and returns their readings in order. A source that has not answered when `due` ends has none.
pub async fn read_until(sources: &[Source], layout: &Layout, wanted: &Wanted, due: impl Future<Output = ()>) -> Vec<Reading> {
	let missing = sources.iter().map(|source| Reading::failed(&source.name, Reason::Unanswered));
	let mut readings: Vec<Reading> = missing.collect();
	let mut answers = FuturesUnordered::new();
	for (at, source) in sources.iter().enumerate() {
		answers.push(async move { (at, source.read(layout, wanted).await) });
	}
	let mut due = pin!(due);
	loop {
		tokio::select! {
			biased;
			answer = answers.next() => match answer {
				Some((at, reading)) => readings[at] = reading,
				None => return readings,
			},
			() = &mut due => return readings,
		}
	}
}

/// Returns the medians of the bars that at least `quorum` readings have.
pub fn combined(readings: &[Reading], quorum: usize) -> Bars {
	let bars: Vec<Bars> = readings.iter().map(|reading| reading.bars.clone()).collect();
	median_bars(&bars, quorum)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		config::{open_sources, SourceConfig},
		fixtures::{layout, wanted, BAR, ORIGIN},
		testing::{Answer, Exchange},
	};

	fn config(name: &str, exchange: &Exchange) -> SourceConfig {
		SourceConfig { name: Some(name.into()), klines: Some(exchange.klines()), timeout: Some(30), ..Default::default() }
	}

	/// Asks exchanges with these answers.
	async fn ask(answers: Vec<(&str, Answer)>, quorum: usize) -> Combined {
		let mut exchanges = Vec::new();
		let mut configs = Vec::new();
		for (name, answer) in answers {
			let exchange = Exchange::start(answer).await;
			configs.push(config(name, &exchange));
			exchanges.push(exchange);
		}
		read_all(&open_sources(&configs).unwrap(), quorum, &layout(), &wanted()).await
	}

	fn reasons(combined: &Combined, source: usize) -> Vec<Reason> {
		combined.readings[source].faults.iter().map(|fault| fault.reason.clone()).collect()
	}

	#[tokio::test]
	async fn klines_are_asked_for_and_read() {
		let newest = wanted().last + 7 * BAR;
		let combined = ask(vec![("a", Answer::Klines { newest })], 1).await;
		assert_eq!(combined.readings[0].faults, []);
		let numbers: Vec<i64> = combined.bars.values().map(|values| values[0]).collect();
		// The close of the server is the number of the bar since 1970, with two decimals.
		let expected: Vec<i64> = (0..4).map(|bar| ((ORIGIN / BAR - 1 + bar) * 100) as i64).collect();
		assert_eq!(numbers, expected);
		assert!(combined.readings[0].is_settled());
	}

	#[tokio::test]
	async fn a_source_that_fails_does_not_stop_the_others() {
		let newest = wanted().last;
		let html = Answer::text(200, "<html>log in</html>");
		let behind = Answer::Klines { newest: newest - 12 * BAR };
		let answers =
			vec![("good", Answer::Klines { newest }), ("html", html), ("fine", Answer::Klines { newest }), ("late", behind)];
		let combined = ask(answers, 2).await;
		assert_eq!(combined.bars.len(), 4);
		assert!(matches!(&reasons(&combined, 1)[..], [Reason::Html { .. }]));
		assert_eq!(reasons(&combined, 3), [Reason::Behind { newest: newest - 12 * BAR, wanted: newest }]);
		let settled: Vec<bool> = combined.readings.iter().map(Reading::is_settled).collect();
		assert_eq!(settled, [true, false, true, false], "the page may be gone later, and the late source may have the bars");
	}

	#[tokio::test]
	async fn a_bar_that_one_source_lacks_is_stated_by_the_others() {
		let newest = wanted().last;
		let late = Answer::Klines { newest: newest - BAR };
		let combined = ask(vec![("a", Answer::Klines { newest }), ("b", late)], 1).await;
		assert_eq!(combined.bars.len(), 4);
		assert_eq!(reasons(&combined, 1), [Reason::Behind { newest: newest - BAR, wanted: newest }]);
		let late = Answer::Klines { newest: newest - BAR };
		let both = ask(vec![("a", Answer::Klines { newest }), ("b", late)], 2).await;
		assert_eq!(both.bars.len(), 3, "a bar needs both");
	}

	#[tokio::test]
	async fn a_source_that_hangs_does_not_keep_the_answers_of_the_others() {
		let (good, hangs) =
			(Exchange::start(Answer::Klines { newest: wanted().last }).await, Exchange::start(Answer::Never).await);
		let sources = open_sources(&[config("hangs", &hangs), config("good", &good)]).unwrap();
		// A second answer of the same source, and some time more.
		let due = async {
			sources[1].read(&layout(), &wanted()).await;
			tokio::time::sleep(Duration::from_secs(2)).await;
		};
		let readings = read_until(&sources, &layout(), &wanted(), due).await;
		assert_eq!(readings[0], Reading::failed("hangs", Reason::Unanswered));
		assert_eq!(combined(&readings, 1).len(), 4);
	}
}
