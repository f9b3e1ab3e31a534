//! From the state to a frame: a pure function of state, look and size.

use super::{
	data::UnpaidSeat,
	format::{amount, better, bits, duration, fields, number, percent, reason, short, skill, variant, words, NONE},
	look::Look,
	state::{Link, State, Tab},
};
use doin_dashboard::shape::{
	Domain, DomainWeight, Event, Forecaster, Late, Market, Missing, Node, Round, Search, Stream, Task, Work, WorkEntry,
};
use doin_primitives::{views::SealView, BlockNumber};
use doin_roles::amount::Amount;
use ratatui::{
	layout::{Alignment, Constraint, Layout, Rect},
	text::{Line, Span, Text},
	widgets::{Block, Cell, Clear, Padding, Paragraph, Row, Table, Wrap},
	Frame,
};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// Columns of labels.
const LABEL: usize = 12;
/// Width from which further columns are shown.
const WIDE: u16 = 110;

/// Draws the state.
pub fn draw(frame: &mut Frame, state: &State, look: Look) {
	let [header, tabs, body, footer] =
		Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)])
			.areas(frame.area());
	let view = View { state, look };
	frame.render_widget(view.header(header.width), header);
	frame.render_widget(view.tabs(tabs.width), tabs);
	match view.hint() {
		Some(hint) => frame.render_widget(hint, body),
		None => view.body(frame, body),
	}
	frame.render_widget(view.footer(), footer);
	if state.help {
		view.draw_help(frame);
	}
}

/// A state to draw.
#[derive(Clone, Copy)]
struct View<'a> {
	state: &'a State,
	look: Look,
}

/// Columns of a table: heading, width, and whether the cells are numbers.
struct Column(&'static str, Constraint, bool);

/// Returns a column of texts of `width` characters.
const fn text(heading: &'static str, width: u16) -> Column {
	Column(heading, Constraint::Length(width), false)
}

/// Returns a column of numbers of `width` characters.
const fn figure(heading: &'static str, width: u16) -> Column {
	Column(heading, Constraint::Length(width), true)
}

/// Returns a column of texts with the rest of the width.
const fn rest(heading: &'static str) -> Column {
	Column(heading, Constraint::Fill(1), false)
}

impl<'a> View<'a> {
	/// Returns the line on top: address, connection, block, finality and peers.
	fn header(self, width: u16) -> Line<'a> {
		let (state, look) = (self.state, self.look);
		let mut parts =
			vec![Span::styled(" doin ", look.chosen()), Span::raw(" "), Span::raw(state.server.as_str()), Span::raw("  ")];
		match &state.link {
			Link::Live => parts.push(Span::styled(format!("{} live", look.mark(true)), look.good())),
			Link::Connecting => parts.push(Span::styled(format!("{} connecting", look.mark(false)), look.alarm())),
			Link::Lost { since, again, .. } => {
				let (lost, left) = (state.now.saturating_sub(*since), again.saturating_sub(state.now));
				let text = if left.is_zero() {
					format!("{} lost {} ago, connecting", look.mark(false), duration(lost))
				} else {
					format!("{} lost {} ago, again in {} s", look.mark(false), duration(lost), left.as_secs_f64().ceil())
				};
				parts.push(Span::styled(text, look.alarm()));
			}
		}
		if let Some(status) = &state.status {
			parts.push(Span::raw(format!("  block {}", number(status.chain_height.into()))));
			if width >= 70 && state.link == Link::Live {
				parts.push(Span::styled(format!("  final {}", number(status.security.finalized_height.into())), look.quiet()));
			}
			if let Some(peers) = state.peers.get().filter(|_| width >= 100) {
				parts.push(Span::styled(format!("  {} peers", peers.connected_count), look.quiet()));
			}
		}
		Line::from(parts)
	}

	/// Returns the line of tabs. On a narrow terminal it leaves their numbers out.
	fn tabs(self, width: u16) -> Line<'a> {
		let tabs = self.state.tabs();
		let named = |has_numbers: bool| {
			let text = move |(at, tab): (usize, &Tab)| match has_numbers {
				true => format!(" {} {tab} ", at + 1),
				false => format!(" {tab} "),
			};
			tabs.iter().enumerate().map(text).collect::<Vec<String>>()
		};
		let numbered = named(true);
		let fits = numbered.iter().map(|text| text.len()).sum::<usize>() <= usize::from(width);
		let texts = if fits { numbered } else { named(false) };
		let style = |tab: &Tab| if *tab == self.state.tab { self.look.chosen() } else { self.look.quiet() };
		texts.into_iter().zip(&tabs).map(|(text, tab)| Span::styled(text, style(tab))).collect()
	}

	/// Returns the line at the bottom: trouble, or the keys.
	fn footer(self) -> Line<'a> {
		match (&self.state.link, &self.state.trouble) {
			(Link::Lost { reason, .. }, _) => Line::styled(format!(" {reason}"), self.look.alarm()),
			(_, Some(trouble)) => Line::styled(format!(" {trouble}"), self.look.alarm()),
			_ => {
				let keys =
					if self.look.unicode { " ←→ tab  ↑↓ scroll  ? help  q quit" } else { " tab/arrows  ? help  q quit" };
				Line::styled(keys, self.look.quiet())
			}
		}
	}

	/// Returns what to show in place of data that was never read.
	fn hint(self) -> Option<Paragraph<'a>> {
		if self.state.status.is_some() || self.state.optimization.is_some() {
			return None;
		}
		let text = match (&self.state.link, &self.state.trouble) {
			(Link::Lost { reason, .. }, _) => reason.clone(),
			(_, Some(trouble)) => trouble.clone(),
			_ => format!("Reading {} {}", self.state.server, self.look.ellipsis()),
		};
		Some(Paragraph::new(text).wrap(Wrap { trim: true }).block(Block::new().padding(Padding::uniform(2))))
	}

	fn body(self, frame: &mut Frame, area: Rect) {
		match self.state.tab {
			Tab::Overview => self.overview(frame, area),
			Tab::Domains => self.domains_tab(frame, area),
			Tab::Search => self.searches_tab(frame, area),
			Tab::Evaluations => self.evaluations_tab(frame, area),
			Tab::Work => self.work_tab(frame, area),
			Tab::Forecasts => self.forecasts_tab(frame, area),
			Tab::Unpaid => self.unpaid_tab(frame, area),
			Tab::Events => self.events(frame, area, self.state.scroll),
		}
	}

	/// Returns a frame with a title.
	fn block(self, title: impl Into<String>) -> Block<'a> {
		Block::bordered()
			.border_set(self.look.border())
			.border_style(self.look.quiet())
			.title(Line::styled(format!(" {} ", title.into()), self.look.heading()))
			.padding(Padding::horizontal(1))
	}

	/// Returns a line of a label and a text.
	fn entry(self, label: &'static str, value: impl Into<String>) -> Line<'a> {
		Line::from(vec![Span::styled(format!("{label:<LABEL$}"), self.look.quiet()), Span::raw(value.into())])
	}

	/// Draws a table from row `skip` on, or `empty` if it has no row.
	fn table<R: Into<Row<'a>>>(
		self,
		frame: &mut Frame,
		area: Rect,
		title: String,
		columns: &[Column],
		rows: impl ExactSizeIterator<Item = R>,
		empty: &'static str,
	) {
		let skip = self.state.scroll.min(rows.len().saturating_sub(1));
		let skip = if self.state.tab == Tab::Overview { 0 } else { skip };
		if rows.len() == 0 {
			let text = Line::styled(empty, self.look.quiet());
			return frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }).block(self.block(title)), area);
		}
		let visible = usize::from(area.height.saturating_sub(3)).max(1);
		let title = if rows.len() > visible {
			format!("{title} {}-{} of {}", skip + 1, (skip + visible).min(rows.len()), rows.len())
		} else {
			title
		};
		let heading = |column: &Column| Cell::new(aligned(column.0, column.2));
		let table = Table::new(rows.skip(skip).map(Into::into), columns.iter().map(|column| column.1))
			.header(Row::new(columns.iter().map(heading)).style(self.look.quiet()))
			.column_spacing(1)
			.block(self.block(title));
		frame.render_widget(table, area);
	}

	/// Draws the essentials of everything.
	fn overview(self, frame: &mut Frame, area: Rect) {
		let searches = self.state.training.get().map_or(0, |training| training.searches.len().min(4)) as u16;
		let domains =
			self.state.optimization.as_ref().map_or(1, |all| all.domains.len().clamp(1, if area.height > 30 { 8 } else { 4 }))
				as u16;
		let of_searches = if searches > 0 { searches + 3 } else { 0 };
		let [top, training, all, events] = Layout::vertical([
			Constraint::Length(7),
			Constraint::Length(of_searches),
			Constraint::Length(domains + 3),
			Constraint::Min(0),
		])
		.areas(area);
		let [worker, work] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(top);
		if let Some(status) = &self.state.status {
			frame.render_widget(Paragraph::new(self.worker_lines(&status.node)).block(self.block("Worker")), worker);
			frame.render_widget(Paragraph::new(self.work_lines(&status.work, work.width)).block(self.block("Work")), work);
		}
		if searches > 0 {
			self.searches(frame, training);
		}
		self.domains(frame, all);
		if events.height >= 3 {
			self.events(frame, events, self.state.events.len());
		}
	}

	fn worker_lines(self, node: &Node) -> Vec<Line<'a>> {
		let Some(status) = &self.state.status else { return Vec::new() };
		let roles = if node.roles.is_empty() { "no role".into() } else { node.roles.join(", ") };
		let balance = match (&status.coin.my_balance, &status.coin.my_holds) {
			(Some(free), Some(held)) if held != "0" => format!("{}, held {}", amount(free), amount(held)),
			(Some(free), _) => amount(free),
			_ => NONE.into(),
		};
		let sync =
			if node.synced { Span::raw("synced") } else { Span::styled(format!("not synced: {}", node.sync), self.look.alarm()) };
		vec![
			self.entry("roles", roles),
			self.entry("account", node.peer_id.as_deref().map_or(NONE.into(), |account| short(account, self.look))),
			self.entry("balance", balance),
			Line::from(vec![
				Span::styled(format!("{:<LABEL$}", "node"), self.look.quiet()),
				sync,
				Span::raw(format!("{}{}", self.look.separator(), node.url)),
			]),
			self.entry("worker", format!("{}, up {}", node.version, duration(Duration::from_secs(node.uptime_s)))),
		]
	}

	fn work_lines(self, work: &Work, width: u16) -> Vec<Line<'a>> {
		let q32 = |text: &str| text.parse::<u64>().unwrap_or(0);
		let cells = usize::from(width.saturating_sub(42)).min(24);
		let bar = self.look.bar(cells, q32(&work.queued), q32(&work.threshold));
		let space = if cells > 0 { " " } else { "" };
		let fees = self.state.status.as_ref().map(|status| &status.fee_market);
		let seal = work.last_seal.as_ref().and_then(|seal| SealView::deserialize(seal).ok());
		let last = seal.map_or(NONE.into(), |seal| format!("{}, block {}", Amount(seal.minted), number(seal.block.into())));
		vec![
			self.entry("work blocks", format!("{}, reward {}", number(work.work_blocks), amount(&work.reward))),
			Line::from(vec![
				Span::styled(format!("{:<LABEL$}", "queue"), self.look.quiet()),
				Span::styled(bar, self.look.good()),
				Span::raw(format!("{space}{} of {} bits", bits(&work.queued), bits(&work.threshold))),
			]),
			self.entry("last seal", last),
			self.entry("mined", format!("{}, backed {}", amount(&work.mined), percent(work.backed_share))),
			self.entry(
				"base fee",
				fees.map_or(NONE.into(), |fees| format!("{}, blocks {} full", fees.base_fee, percent(fees.fullness))),
			),
		]
	}

	/// Draws the table of searches.
	fn searches(self, frame: &mut Frame, area: Rect) {
		let Some(training) = self.state.training.get() else { return };
		let mut columns = vec![
			figure("domain", 6),
			text("state", 8),
			figure("gen.", 5),
			text("batch", 14),
			figure("trained", 9),
			figure("per hour", 8),
			figure("best", 9),
			figure("champion", 9),
		];
		let is_wide = area.width >= WIDE;
		if is_wide {
			columns.extend([figure("pool", 4), figure("immigrants", 10), text("batch ends in", 17)]);
		}
		let row = |search: &Search| {
			let batch = format!("{} {}", self.look.bar(8, search.epoch.into(), search.total_epochs.into()), share(search));
			let mut cells = vec![
				right(search.domain_id.to_string()),
				Cell::new(self.state_of(search)),
				right(search.generation.to_string()),
				Cell::new(batch),
				right(number(search.candidates)),
				right(search.per_hour.map_or(NONE.into(), number)),
				right(better(search.best)),
				right(better(search.champion)),
			];
			if is_wide {
				cells.extend([
					right(search.pool.to_string()),
					right(search.immigrants.to_string()),
					Cell::new(remaining(search)),
				]);
			}
			Row::new(cells)
		};
		self.table(frame, area, "Searches".into(), &columns, training.searches.iter().map(row), "");
	}

	fn state_of(self, search: &Search) -> Span<'a> {
		let style = if search.state == "training" { self.look.good() } else { self.look.quiet() };
		Span::styled(search.state.clone(), style)
	}

	/// Draws the table of domains with their champions and rounds.
	fn domains(self, frame: &mut Frame, area: Rect) {
		let Some(all) = &self.state.optimization else { return };
		let is_wide = area.width >= WIDE;
		let mut columns = vec![figure("id", 4), Column("name", Constraint::Fill(2), false), figure("weight", 7)];
		columns.extend([text("champion", 11), figure("better", 9), figure("found", 7)]);
		columns.push(Column("round", Constraint::Fill(3), false));
		if is_wide {
			columns.extend([text("evidence", 9), text("author", if self.look.unicode { 11 } else { 12 })]);
		}
		let row = |domain: &Domain| {
			let champion = domain.champion.as_ref();
			let mut cells = vec![
				right(domain.domain_id.to_string()),
				Cell::new(domain.name.clone()),
				right(percent(domain.weight)),
				Cell::new(champion.map_or(words(&domain.status), |champion| variant(&champion.model))),
				right(better(champion.and_then(|champion| champion.loss))),
				right(bits(&domain.high_water)),
			];
			let round = all.rounds.iter().find(|round| round.domain_id == domain.domain_id);
			cells.push(Cell::new(round.map_or_else(|| NONE.to_string(), |round| self.round_text(round))));
			if is_wide {
				cells.push(Cell::new(domain.evidence.clone()));
				let author = champion.and_then(|champion| champion.author.as_deref());
				cells.push(Cell::new(author.map_or(NONE.into(), |author| short(author, self.look))));
			}
			Row::new(cells)
		};
		self.table(frame, area, "Domains".into(), &columns, all.domains.iter().map(row), "No domain is registered.");
	}

	/// Returns the blocks until `end`.
	fn left(self, end: BlockNumber) -> u64 {
		end.saturating_sub(self.state.status.as_ref().map_or(0, |status| status.chain_height)).into()
	}

	fn round_text(self, round: &Round) -> String {
		format!("{} {}, {} left", round.round, words(&round.phase), number(self.left(round.phase_end)))
	}

	fn domains_tab(self, frame: &mut Frame, area: Rect) {
		let count = self.state.optimization.as_ref().map_or(1, |all| all.domains.len().max(1));
		let height = (count.min(1_000) as u16 + 3).min(area.height / 2);
		let [domains, rounds] = Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(area);
		self.domains(frame, domains);
		let Some(all) = &self.state.optimization else { return };
		let columns = [
			figure("domain", 6),
			figure("round", 5),
			text("phase", 8),
			text("of the round", 12),
			figure("ends in", 11),
			figure("seats", 5),
			figure("next fee", 11),
			rest("seats by state"),
		];
		let row = |round: &Round| {
			Row::new(vec![
				right(round.domain_id.to_string()),
				right(round.round.to_string()),
				Cell::new(words(&round.phase)),
				Cell::new(self.progress(round)),
				right(blocks(self.left(round.phase_end))),
				right(round.seats.len().to_string()),
				right(amount(&round.next_seat_fee)),
				Cell::new(round.seats.iter().map(|seat| variant(&seat.status)).collect::<Vec<_>>().join(", ")),
			])
		};
		self.table(frame, rounds, "Rounds".into(), &columns, all.rounds.iter().map(row), "No domain has rounds.");
	}

	/// Returns a bar of the blocks of a round.
	fn progress(self, round: &Round) -> String {
		let now = self.state.status.as_ref().map_or(0, |status| status.chain_height);
		let end = round.reveal_until.max(round.phase_end);
		self.look.bar(12, now.saturating_sub(round.commit_from).into(), end.saturating_sub(round.commit_from).into())
	}

	fn searches_tab(self, frame: &mut Frame, area: Rect) {
		let Some(training) = self.state.training.get() else { return };
		if training.searches.is_empty() {
			let text = "No search has begun: the worker optimizes no domain yet.";
			return frame.render_widget(Paragraph::new(text).block(self.block("Searches")), area);
		}
		let mut left = area;
		for search in training.searches.iter().skip(self.state.scroll) {
			if left.height < 4 {
				break;
			}
			let lines = self.search_lines(search, left.width);
			let [here, below] = Layout::vertical([Constraint::Length(lines.len() as u16 + 2), Constraint::Min(0)]).areas(left);
			let title = format!("Domain {}{}", search.domain_id, self.name_of(search.domain_id));
			frame.render_widget(Paragraph::new(lines).block(self.block(title)), here);
			left = below;
		}
	}

	/// Returns the name of a domain behind a space, or nothing.
	fn name_of(self, id: u32) -> String {
		let domains = self.state.optimization.iter().flat_map(|all| &all.domains);
		domains.filter(|domain| domain.domain_id == id).map(|domain| format!(" {}", domain.name)).next().unwrap_or_default()
	}

	fn search_lines(self, search: &Search, width: u16) -> Vec<Line<'a>> {
		let look = self.look;
		let since = Duration::from_millis(self.state.wall_ms.saturating_sub(search.since_ms));
		let per_hour = search.per_hour.map_or(NONE.into(), number);
		let bar = look.bar(usize::from(width.saturating_sub(56)).clamp(8, 40), search.epoch.into(), search.total_epochs.into());
		let (found, lead) = (better(search.best), better(search.champion));
		let ahead = matches!((search.best, search.champion), (Some(best), Some(champion)) if best < champion);
		let left = if search.remaining_ms.is_some() { format!(", {}", remaining(search)) } else { String::new() };
		let mut lines = vec![
			Line::from(vec![
				Span::styled(format!("{:<LABEL$}", "state"), look.quiet()),
				self.state_of(search),
				Span::raw(format!(", begun {} ago", duration(since))),
			]),
			self.entry("devices", search.devices.join(", ")),
			self.entry(
				"candidates",
				format!(
					"{} trained, {per_hour} per hour, {} generations of {}{}",
					number(search.candidates),
					search.generation,
					search.population,
					if search.stages > 1 { format!(", stage {} of {}", search.stage, search.stages) } else { String::new() }
				),
			),
			Line::from(vec![
				Span::styled(format!("{:<LABEL$}", "batch"), look.quiet()),
				Span::styled(bar, look.good()),
				Span::raw(format!(" {} of {} epochs{left}", search.epoch, search.total_epochs)),
			]),
			Line::from(vec![
				Span::styled(format!("{:<LABEL$}", "best"), look.quiet()),
				Span::styled(found, look.value()),
				Span::raw(format!(" on validation, champion {lead}{}", if ahead { ": ahead" } else { "" })),
			]),
			self.entry("pool", format!("{} not committed, {} immigrants", search.pool, search.immigrants)),
		];
		if search.bracket_stages > 1 {
			// Behind the candidates, whose epochs it divides.
			lines.insert(3, self.entry("bracket", format!("stage {} of {}", search.bracket_stage, search.bracket_stages)));
		}
		// Lower losses are better, and are to be higher.
		let curve = self.state.curves.get(&search.domain_id).filter(|curve| curve.losses.len() > 1);
		if let Some(curve) = curve {
			let heights: Vec<u64> = curve.losses.iter().map(|loss| u64::MAX - loss).collect();
			let drawn = look.curve(&heights, usize::from(width).saturating_sub(LABEL + 4));
			lines.push(Line::from(vec![
				Span::styled(format!("{:<LABEL$}", "best so far"), look.quiet()),
				Span::styled(drawn, look.good()),
			]));
		}
		lines
	}

	fn evaluations_tab(self, frame: &mut Frame, area: Rect) {
		let Some(all) = &self.state.evaluations else { return };
		let late = if all.late.is_empty() { 0 } else { (all.late.len().min(1_000) as u16 + 2).min(area.height / 3) };
		let [tasks, missed] = Layout::vertical([Constraint::Min(0), Constraint::Length(late)]).areas(area);
		let columns = [
			figure("task", 6),
			figure("domain", 6),
			text("subject", 10),
			text("phase", 11),
			figure("ends in", 9),
			figure("models", 6),
			figure("committed", 9),
			figure("revealed", 9),
		];
		let row = |task: &Task| {
			let seats = task.evaluators.len();
			let (committed, revealed) = (
				task.evaluators.iter().filter(|seat| seat.committed).count(),
				task.evaluators.iter().filter(|seat| seat.revealed).count(),
			);
			let of_seats = |count: usize| if seats == 0 { NONE.into() } else { format!("{count} of {seats}") };
			Row::new(vec![
				right(task.task_id.clone()),
				right(task.domain_id.to_string()),
				Cell::new(subject(&task.subject)),
				Cell::new(words(&task.phase)),
				right(blocks(self.left(task.phase_end))),
				right(task.models.to_string()),
				right(of_seats(committed)),
				right(of_seats(revealed)),
			])
		};
		self.table(frame, tasks, "Recomputations".into(), &columns, all.pending.iter().map(row), "No recomputation is open.");
		if late > 0 {
			let line = |late: &Late| {
				let missing = match late.missing {
					Missing::Commitment => "commitment",
					Missing::Sums => "sums",
				};
				let account = short(&late.peer_id, self.look);
				let text = format!("task {} of domain {}: {account} sent no {missing}", late.task_id, late.domain_id);
				Line::styled(text, self.look.alarm())
			};
			let lines: Vec<Line> = all.late.iter().map(line).collect();
			frame.render_widget(Paragraph::new(lines).block(self.block("Answers that did not come in time")), missed);
		}
	}

	fn work_tab(self, frame: &mut Frame, area: Rect) {
		let Some(status) = &self.state.status else { return };
		let work = &status.work;
		let weights = work.weights.len().min(6) as u16;
		let [top, middle, queue] = Layout::vertical([
			Constraint::Length(9),
			Constraint::Length(if weights > 0 { weights + 2 } else { 0 }),
			Constraint::Min(0),
		])
		.areas(area);
		let mut lines = self.work_lines(work, area.width);
		lines.push(self.entry("burned", format!("{} of base fees", amount(&work.burned))));
		lines.push(self.entry("supply", amount(&status.coin.total_supply)));
		frame.render_widget(Paragraph::new(lines).block(self.block("Work and money")), top);
		if weights > 0 {
			let line = |weight: &DomainWeight| {
				let bar = self.look.bar(20, weight.weight.into(), 1_000_000);
				Line::raw(format!("{bar} {:>7}  domain {} {}", percent(weight.weight), weight.domain_id, weight.name))
			};
			let lines: Vec<Line> = work.weights.iter().take(6).map(line).collect();
			frame.render_widget(Paragraph::new(lines).block(self.block("Voted weights")), middle);
		}
		let columns = [figure("domain", 6), figure("round", 6), figure("bits", 8), text("optimizer", 12), rest("evaluators")];
		let row = |entry: &WorkEntry| {
			let evaluators: Vec<String> = entry.evaluators.iter().map(|account| short(account, self.look)).collect();
			Row::new(vec![
				right(entry.domain_id.to_string()),
				right(entry.round.to_string()),
				right(bits(&entry.effective)),
				Cell::new(short(&entry.optimizer, self.look)),
				Cell::new(evaluators.join(", ")),
			])
		};
		self.table(
			frame,
			queue,
			"Queue".into(),
			&columns,
			work.queue.iter().map(row),
			"The queue is empty: no verified improvement waits for a work block.",
		);
	}

	fn forecasts_tab(self, frame: &mut Frame, area: Rect) {
		let Some(all) = self.state.streams.get() else { return };
		let count = all.streams.len().clamp(1, 1_000) as u16;
		let [streams, rest] =
			Layout::vertical([Constraint::Length((count + 3).min(area.height / 2)), Constraint::Min(0)]).areas(area);
		let mut columns = vec![Column("stream", Constraint::Fill(1), false), text("state", 6), figure("rounds", 6)];
		columns.extend([text("commit, wait, reveal", 20), figure("market's pot", 14), figure("weight", 7)]);
		let is_wide = area.width >= WIDE;
		if is_wide {
			columns.extend([figure("mark", 7), figure("next bar", 13), figure("reporters' pot", 14)]);
		}
		let row = |stream: &Stream| {
			let market = stream.market.as_ref();
			let of_market = |figure: fn(&Market) -> String| market.map_or(NONE.into(), figure);
			let mut cells = vec![
				Cell::new(stream.symbol.clone()),
				Cell::new(self.awake(stream)),
				right(of_market(|market| number(market.rounds.into()))),
				Cell::new(of_market(|market| format!("{}, {}, {}", market.committing, market.waiting, market.revealing))),
				right(of_market(|market| amount(&market.pot))),
				right(of_market(|market| percent(market.weight))),
			];
			if is_wide {
				cells.push(right(of_market(|market| bits(&market.mark))));
				cells.extend([right(number(stream.next)), right(amount(&stream.pot))]);
			}
			Row::new(cells)
		};
		self.table(frame, streams, "Streams".into(), &columns, all.streams.iter().map(row), "No stream is registered.");
		let events = rest.height / 2;
		let [leaders, events] = Layout::vertical([Constraint::Min(0), Constraint::Length(events)]).areas(rest);
		self.leaders(frame, leaders, &all.streams);
		self.market_events(frame, events);
	}

	fn awake(self, stream: &Stream) -> Span<'a> {
		match stream.awake {
			true => Span::styled("awake", self.look.good()),
			false => Span::styled("sleeps", self.look.alarm()),
		}
	}

	/// Draws the first forecasters of the streams, from the first visible stream on.
	fn leaders(self, frame: &mut Frame, area: Rect, streams: &[Stream]) {
		let line = |stream: &Stream| {
			let market = stream.market.as_ref()?;
			let one = |(place, who): (usize, &Forecaster)| {
				let bound = who.bound.as_ref().map_or(String::new(), |bound| format!(", bound {}", skill(bound)));
				format!("{}. {} {}{bound}", place + 1, short(&who.peer_id, self.look), skill(&who.standing))
			};
			let places: Vec<String> = market.forecasters.iter().enumerate().map(one).collect();
			let places = if places.is_empty() { "nobody has forecast it".into() } else { places.join("   ") };
			Some(Line::from(vec![Span::styled(format!("{:<17}", stream.symbol), self.look.value()), Span::raw(places)]))
		};
		let lines: Vec<Line> = streams.iter().skip(self.state.scroll).filter_map(line).take(usize::from(area.height)).collect();
		let text = match lines.is_empty() {
			true => Text::styled("No stream from here on has a market of forecasts.", self.look.quiet()),
			false => Text::from(lines),
		};
		frame.render_widget(Paragraph::new(text).block(self.block("Leaders: standing, and bound of the record")), area);
	}

	/// Draws the newest events of streams and markets, the newest first.
	fn market_events(self, frame: &mut Frame, area: Rect) {
		let visible = usize::from(area.height.saturating_sub(2));
		let is_of_market = |event: &&Event| event.kind.starts_with("Forecasts.") || event.kind.starts_with("Oracle.");
		let events = self.state.events.iter().rev().filter(is_of_market).take(visible);
		let lines: Vec<Line> = events.map(|event| self.event_line(event)).collect();
		let text = if lines.is_empty() { Text::styled("No event yet.", self.look.quiet()) } else { Text::from(lines) };
		frame.render_widget(Paragraph::new(text).block(self.block("Events of streams and rounds")), area);
	}

	fn unpaid_tab(self, frame: &mut Frame, area: Rect) {
		let Some(unpaid) = self.state.unpaid.get() else { return };
		let columns = [figure("block", 8), figure("domain", 6), figure("round", 6), text("account", 12), rest("why")];
		// Borders, paddings, four columns and their distances.
		let width = usize::from(area.width).saturating_sub(4 + 32 + 4).max(8);
		let row = |seat: &UnpaidSeat| {
			let why = wrapped(&reason(&seat.unpaid_reason), width);
			let height = why.len().clamp(1, 4) as u16;
			Row::new(vec![
				right(seat.end_block.map_or(NONE.into(), |block| number(block.into()))),
				right(seat.domain.to_string()),
				right(seat.round.to_string()),
				Cell::new(short(&seat.account, self.look)),
				Cell::new(Text::from_iter(why)),
			])
			.height(height)
		};
		self.table(
			frame,
			area,
			"Seats that were not paid".into(),
			&columns,
			unpaid.rows.iter().map(row),
			"Every seat of an ended round was paid.",
		);
	}

	/// Draws as many events as fit: in their own tab the newest first, without the first `scroll` ones, else the newest at the
	/// bottom.
	fn events(self, frame: &mut Frame, area: Rect, scroll: usize) {
		let block = self.block("Events of finalized blocks");
		let visible = usize::from(area.height.saturating_sub(2));
		let events = &self.state.events;
		// The newest comes first where rows are scrolled, as in every other tab.
		let is_list = self.state.tab == Tab::Events;
		let line = |event: &Event| self.event_line(event);
		let lines: Vec<Line> = if is_list {
			let skip = scroll.min(events.len().saturating_sub(1));
			events.iter().rev().skip(skip).take(visible).map(line).collect()
		} else {
			let skip = events.len().saturating_sub(visible);
			events.iter().skip(skip).map(line).collect()
		};
		let text = if lines.is_empty() { Text::styled("No event yet.", self.look.quiet()) } else { Text::from(lines) };
		frame.render_widget(Paragraph::new(text).block(block), area);
	}

	/// Returns an event as a line.
	fn event_line(self, event: &Event) -> Line<'a> {
		let block = event.block.map_or(NONE.into(), |block| number(block.into()));
		Line::from(vec![
			Span::styled(format!("{block:>8}  "), self.look.quiet()),
			Span::styled(format!("{:<28} ", event.kind), self.look.value()),
			Span::raw(fields(&event.data, self.look)),
		])
	}

	fn draw_help(self, frame: &mut Frame) {
		const LINES: [(&str, &str); 10] = [
			("left, right, tab", "change the tab; 1 to 9 open one"),
			("up, down, j, k", "scroll; page up and down, home, end"),
			("?", "close this help"),
			("q, Esc, Ctrl-C", "quit"),
			("", ""),
			("better, best", "error below that of the initial champion"),
			("champion", "of a search: on the validation split, as best"),
			("found", "bits: halvings of the error that count as paid"),
			("batch", "candidates that a search trains at a time"),
			("NO_COLOR=1", "shows no colours"),
		];
		let line = |(key, meaning): (&'static str, &'a str)| {
			Line::from(vec![Span::styled(format!("{key:<18}"), self.look.value()), Span::raw(meaning)])
		};
		let mut lines: Vec<Line> = LINES.into_iter().map(line).collect();
		// Parts that are not shown, and why.
		lines.extend(self.state.missing().into_iter().map(|(part, reason)| {
			Line::from(vec![Span::styled(format!("no {part:<15}"), self.look.alarm()), Span::raw(reason)])
		}));
		let width = 72.min(frame.area().width);
		let height = (lines.len() as u16 + 2).min(frame.area().height);
		let (x, y) = ((frame.area().width - width) / 2, (frame.area().height - height) / 2);
		let area = Rect { x, y, width, height };
		frame.render_widget(Clear, area);
		frame.render_widget(Paragraph::new(lines).block(self.block("Help")), area);
	}
}

/// Returns a cell of a number.
fn right<'a>(text: String) -> Cell<'a> {
	Cell::new(Line::from(text).alignment(Alignment::Right))
}

fn aligned<'a>(text: &'a str, is_number: bool) -> Line<'a> {
	Line::from(text).alignment(if is_number { Alignment::Right } else { Alignment::Left })
}

/// Returns the purpose of a task in short: the round, whose domain has a column of its own.
fn subject(subject: &Value) -> String {
	match subject.get("round").and_then(|round| round.get("number")) {
		Some(number) => format!("round {number}"),
		None => variant(subject),
	}
}

/// Returns the part of the running batch that is done.
fn share(search: &Search) -> String {
	match u64::from(search.total_epochs) {
		0 => NONE.into(),
		all => format!("{:>3} %", u64::from(search.epoch) * 100 / all),
	}
}

/// Returns the estimated time until the running batch ends.
fn remaining(search: &Search) -> String {
	match search.remaining_ms {
		Some(0) => "longer than usual".into(),
		Some(1..=999) => "< 1 s left".into(),
		Some(left) => format!("{} left", duration(Duration::from_millis(left))),
		None => NONE.into(),
	}
}

/// Returns a number of blocks.
fn blocks(count: u64) -> String {
	match count {
		1 => "1 block".into(),
		count => format!("{} blocks", number(count)),
	}
}

/// Breaks a text into lines of at most `width` characters, at spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
	let mut lines: Vec<String> = Vec::new();
	for word in text.split(' ') {
		match lines.last_mut() {
			Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
				line.push(' ');
				line.push_str(word);
			}
			_ => lines.push(word.into()),
		}
	}
	lines
}
