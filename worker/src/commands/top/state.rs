//! State of the display: plain data, changed by updates of the client and by keys.

use super::{
	client::{Route, Update},
	data::{ByDomain, UnpaidSeats},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use doin_dashboard::shape::{Evaluations, Event, Optimization, Peers, RecentEvents, Search, Status, Streams, Training};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::VecDeque, time::Duration};

/// Events that are kept.
const EVENTS: usize = 500;
/// Losses of a search that are kept for its curve.
const CURVE: usize = 240;
/// Kind of the event that a block is finalized.
const BLOCK: &str = "block";
/// Rows of a page.
const PAGE: usize = 10;

/// Connection to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
	/// The first attempt runs.
	Connecting,
	/// Events are received.
	Live,
	/// The connection was lost, or could not be made.
	Lost {
		/// Reason of the loss.
		reason: String,
		/// Time of the loss.
		since: Duration,
		/// Time of the next attempt.
		again: Duration,
	},
}

/// Answer of a route that a server may not have.
#[derive(Clone, Debug)]
pub enum Part<T> {
	/// It was not read yet.
	Unknown,
	/// The server does not have it, for this reason.
	Absent(String),
	/// The last answer.
	Here(T),
}

impl<T> Part<T> {
	/// Returns the last answer.
	pub fn get(&self) -> Option<&T> {
		match self {
			Self::Here(answer) => Some(answer),
			Self::Unknown | Self::Absent(_) => None,
		}
	}
}

/// Part of the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
pub enum Tab {
	/// The essentials.
	Overview,
	/// Domains, champions and rounds.
	Domains,
	/// Searches of the worker.
	Search,
	/// Recomputation tasks.
	Evaluations,
	/// Work blocks, money and fees.
	Work,
	/// Streams of bars, and their markets of forecasts.
	Forecasts,
	/// Seats that were not paid, and why.
	Unpaid,
	/// Events of finalized blocks.
	Events,
}

/// Outcome of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
	/// The state may have changed.
	Changed,
	/// The program is to end.
	Quit,
	/// The key has no meaning.
	Ignored,
}

/// Best losses of a search, oldest first, one per update that changed it.
#[derive(Clone, Debug, Default)]
pub struct Curve {
	/// Start of the search, ms since 1970.
	since_ms: u64,
	/// The losses, oldest first.
	pub losses: VecDeque<u64>,
}

/// State of the display.
#[derive(Clone, Debug)]
pub struct State {
	/// Address of the server.
	pub server: String,
	/// Time since the start of the program.
	pub now: Duration,
	/// Time, ms since 1970.
	pub wall_ms: u64,
	/// Connection to the server.
	pub link: Link,
	/// Reason for which the server cannot answer at the moment, e.g. that its node is away.
	pub trouble: Option<String>,
	/// Worker, node, work, fees and coins.
	pub status: Option<Status>,
	/// Domains and rounds.
	pub optimization: Option<Optimization>,
	/// Searches of the worker.
	pub training: Part<Training>,
	/// Recomputation tasks.
	pub evaluations: Option<Evaluations>,
	/// Peers of the node.
	pub peers: Part<Peers>,
	/// Streams of bars, with their markets.
	pub streams: Part<Streams>,
	/// Seats that were not paid.
	pub unpaid: Part<UnpaidSeats>,
	/// Events, oldest first.
	pub events: VecDeque<Event>,
	/// Curves of the searches, by domain.
	pub curves: ByDomain<Curve>,
	/// Visible tab.
	pub tab: Tab,
	/// First visible row of the tab.
	pub scroll: usize,
	/// The help is shown.
	pub help: bool,
}

impl State {
	/// Returns the state before anything was read.
	pub fn new(server: String) -> Self {
		Self {
			server,
			now: Duration::ZERO,
			wall_ms: 0,
			link: Link::Connecting,
			trouble: None,
			status: None,
			optimization: None,
			training: Part::Unknown,
			evaluations: None,
			peers: Part::Unknown,
			streams: Part::Unknown,
			unpaid: Part::Unknown,
			events: VecDeque::new(),
			curves: ByDomain::new(),
			tab: Tab::Overview,
			scroll: 0,
			help: false,
		}
	}

	/// Returns the tabs, without those whose data the server does not have.
	pub fn tabs(&self) -> Vec<Tab> {
		let mut tabs = vec![Tab::Overview, Tab::Domains];
		if self.training.get().is_some() {
			tabs.push(Tab::Search);
		}
		tabs.extend([Tab::Evaluations, Tab::Work]);
		if self.streams.get().is_some_and(|all| !all.streams.is_empty()) {
			tabs.push(Tab::Forecasts);
		}
		if self.unpaid.get().is_some() {
			tabs.push(Tab::Unpaid);
		}
		tabs.push(Tab::Events);
		tabs
	}

	/// Returns the rows of the visible tab that can be scrolled.
	pub fn rows(&self) -> usize {
		match self.tab {
			Tab::Overview => 0,
			Tab::Domains => self.optimization.as_ref().map_or(0, |all| all.domains.len()),
			Tab::Search => self.training.get().map_or(0, |training| training.searches.len()),
			Tab::Evaluations => self.evaluations.as_ref().map_or(0, |all| all.pending.len()),
			Tab::Work => self.status.as_ref().map_or(0, |status| status.work.queue.len()),
			Tab::Forecasts => self.streams.get().map_or(0, |all| all.streams.len()),
			Tab::Unpaid => self.unpaid.get().map_or(0, |unpaid| unpaid.rows.len()),
			Tab::Events => self.events.len(),
		}
	}

	/// Takes an update of the client.
	pub fn apply(&mut self, update: Update) {
		match update {
			Update::Connected => self.link = Link::Live,
			Update::Lost { reason, pause } => {
				let since = match self.link {
					Link::Lost { since, .. } => since,
					Link::Connecting | Link::Live => self.now,
				};
				self.link = Link::Lost { reason, since, again: self.now + pause };
			}
			Update::Answer(route, answer) => self.take(route, answer),
			Update::Absent(route, reason) => self.remove(route, reason),
			Update::Failed(Route::Status | Route::Optimization, reason) => self.trouble = Some(reason),
			Update::Failed(..) => {}
			Update::Event(event) => self.take_event(event),
		}
		self.keep_tab();
	}

	fn take(&mut self, route: Route, answer: Value) {
		match route {
			Route::Status => {
				self.trouble = None;
				read(answer, |status| self.status = Some(status));
			}
			Route::Optimization => read(answer, |optimization| self.optimization = Some(optimization)),
			Route::Evaluations => read(answer, |evaluations| self.evaluations = Some(evaluations)),
			Route::Peers => read(answer, |peers| self.peers = Part::Here(peers)),
			Route::Streams => read(answer, |streams| self.streams = Part::Here(streams)),
			Route::Unpaid => read(answer, |unpaid| self.unpaid = Part::Here(unpaid)),
			Route::Training => read(answer, |training| self.take_training(training)),
			Route::Events => read(answer, |RecentEvents { events, .. }| {
				self.events.clear();
				self.events.extend(events.into_iter().filter(|event| event.kind != BLOCK));
			}),
		}
	}

	/// Returns what the server does not have, with the reasons.
	pub fn missing(&self) -> Vec<(&'static str, &str)> {
		fn reason<T>(part: &Part<T>) -> Option<&str> {
			match part {
				Part::Absent(reason) => Some(reason),
				Part::Unknown | Part::Here(_) => None,
			}
		}
		let parts = [
			("searches", reason(&self.training)),
			("streams", reason(&self.streams)),
			("unpaid seats", reason(&self.unpaid)),
			("peers", reason(&self.peers)),
		];
		parts.into_iter().filter_map(|(name, reason)| Some((name, reason?))).collect()
	}

	fn remove(&mut self, route: Route, reason: String) {
		match route {
			Route::Training => self.training = Part::Absent(reason),
			Route::Peers => self.peers = Part::Absent(reason),
			Route::Streams => self.streams = Part::Absent(reason),
			Route::Unpaid => self.unpaid = Part::Absent(reason),
			Route::Status | Route::Optimization | Route::Evaluations | Route::Events => {}
		}
	}

	fn take_event(&mut self, mut event: Event) {
		remove_marks(&mut event.data);
		match event.kind.as_str() {
			"search" => read(event.data, |training| self.take_training(training)),
			// A best block was the reason to read the answers again, and the header shows the finalized one.
			"best" | BLOCK => {}
			_ => {
				// An event may come by the stream and by the first answer.
				if event.id.is_none() || self.events.iter().rev().all(|known| known.id != event.id) {
					self.events.push_back(event);
				}
			}
		}
		while self.events.len() > EVENTS {
			self.events.pop_front();
		}
	}

	fn take_training(&mut self, training: Training) {
		for search in &training.searches {
			self.extend_curve(search);
		}
		self.curves.retain(|domain, _| training.searches.iter().any(|search| search.domain_id == *domain));
		self.training = Part::Here(training);
	}

	fn extend_curve(&mut self, search: &Search) {
		let curve = self.curves.entry(search.domain_id).or_default();
		if curve.since_ms != search.since_ms {
			*curve = Curve { since_ms: search.since_ms, losses: VecDeque::new() };
		}
		if let Some(best) = search.best.filter(|best| curve.losses.back() != Some(best)) {
			if curve.losses.len() == CURVE {
				curve.losses.pop_front();
			}
			curve.losses.push_back(best);
		}
	}

	/// Leaves a tab that does not exist any more, and rows that do not.
	fn keep_tab(&mut self) {
		if !self.tabs().contains(&self.tab) {
			self.open(Tab::Overview);
		}
		self.scroll = self.scroll.min(self.rows().saturating_sub(1));
	}

	fn open(&mut self, tab: Tab) {
		if std::mem::replace(&mut self.tab, tab) != tab {
			self.scroll = 0;
		}
	}

	/// Opens the tab `by` places to the right, round and round.
	fn turn(&mut self, by: isize) {
		let tabs = self.tabs();
		let at = tabs.iter().position(|tab| *tab == self.tab).unwrap_or(0) as isize;
		self.open(tabs[(at + by).rem_euclid(tabs.len() as isize) as usize]);
	}

	fn scroll_to(&mut self, row: usize) {
		self.scroll = row.min(self.rows().saturating_sub(1));
	}

	/// Takes a key.
	pub fn press(&mut self, key: KeyEvent) -> Pressed {
		let control = key.modifiers.contains(KeyModifiers::CONTROL);
		match key.code {
			KeyCode::Char('c' | 'd') if control => return Pressed::Quit,
			_ if control => return Pressed::Ignored,
			KeyCode::Char('q') => return Pressed::Quit,
			KeyCode::Esc if !self.help => return Pressed::Quit,
			KeyCode::Char('?' | 'h') => self.help = !self.help,
			_ if std::mem::take(&mut self.help) => {}
			KeyCode::Right | KeyCode::Tab | KeyCode::Char('l') => self.turn(1),
			KeyCode::Left | KeyCode::BackTab => self.turn(-1),
			KeyCode::Down | KeyCode::Char('j') => self.scroll_to(self.scroll + 1),
			KeyCode::Up | KeyCode::Char('k') => self.scroll_to(self.scroll.saturating_sub(1)),
			KeyCode::PageDown | KeyCode::Char(' ') => self.scroll_to(self.scroll + PAGE),
			KeyCode::PageUp => self.scroll_to(self.scroll.saturating_sub(PAGE)),
			KeyCode::Home | KeyCode::Char('g') => self.scroll = 0,
			KeyCode::End | KeyCode::Char('G') => self.scroll_to(usize::MAX),
			KeyCode::Char(digit @ '1'..='9') => {
				let number = digit as usize - '1' as usize;
				match self.tabs().get(number) {
					Some(tab) => self.open(*tab),
					None => return Pressed::Ignored,
				}
			}
			_ => return Pressed::Ignored,
		}
		Pressed::Changed
	}
}

/// Removes the marks that change the direction of text. Names on the chain may have them, and would reorder the rest of a line.
fn remove_marks(value: &mut Value) {
	let is_mark = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
	match value {
		Value::String(text) => text.retain(|c| !is_mark(c)),
		Value::Array(items) => items.iter_mut().for_each(remove_marks),
		Value::Object(fields) => fields.values_mut().for_each(remove_marks),
		Value::Null | Value::Bool(_) | Value::Number(_) => {}
	}
}

/// Calls `take` with an answer that has the expected form. Another one is ignored: the figures before it stay.
fn read<T: DeserializeOwned>(mut answer: Value, take: impl FnOnce(T)) {
	remove_marks(&mut answer);
	match serde_json::from_value(answer) {
		Ok(answer) => take(answer),
		Err(error) => tracing::debug!(target: "doin::top", %error, "answer cannot be read"),
	}
}
