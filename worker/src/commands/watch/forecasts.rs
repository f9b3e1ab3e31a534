//! Streams of bars and their rounds of forecasts, from look to look.

use crate::report::count;
use doin_chain::{Account, Chain, Head, ReadError};
use doin_market::payment;
use doin_primitives::{
	oracle::StreamId,
	views::{
		ForecastPhase, ForecastReference, ForecastRoundView, ForecastSeatView, ForecastSeatsView, LeaderboardView, StreamView,
	},
	Balance, BlockNumber, RoundId, ONE_Q32,
};
use doin_roles::amount::Amount;
use std::collections::BTreeMap;

/// Forecasters that are shown once a round has closed.
const PLACES: u32 = 3;
/// Payments of a round in one block that are lines of their own.
const LINES: usize = 4;
/// Rounds of a stream whose payments are followed. A seat that was not revealed may never be cleared.
const FOLLOWED: usize = 24;

/// Streams and rounds of the last look.
#[derive(Debug, Default)]
pub struct Forecasts {
	known: BTreeMap<StreamId, Known>,
	/// `true` after the first look, which shows no changes.
	has_looked: bool,
}

/// A stream of the last look.
#[derive(Debug)]
struct Known {
	symbol: String,
	awake: bool,
	/// Rounds that were open, by number.
	open: BTreeMap<u32, ForecastRoundView>,
	/// Rounds that were over and had seats left, by number.
	over: BTreeMap<u32, ForecastSeatsView<Account>>,
}

/// A stream as a look has found it.
#[derive(Clone, Debug)]
struct Look {
	stream: StreamView<Account>,
	/// Open rounds, oldest first.
	rounds: Vec<ForecastRoundView>,
	/// Earlier rounds by number; `None` for one that is not on the chain any more.
	over: BTreeMap<u32, Option<ForecastSeatsView<Account>>>,
	/// The market, if a round has ended since the look before.
	board: Option<LeaderboardView<Account>>,
}

impl Forecasts {
	/// Looks at the streams at a block, or at stream `only`. Returns what has changed since the look before, in lines, and the activity
	/// of each stream.
	///
	/// # Errors
	///
	/// Errors if the node does not answer, or has a runtime without streams.
	pub async fn look(
		&mut self,
		chain: &Chain,
		at: Head,
		only: Option<StreamId>,
	) -> Result<(Vec<String>, Vec<String>), ReadError> {
		let mut looks = Vec::new();
		for stream in chain.streams(at).await? {
			if only.is_none_or(|only| only == stream.id) {
				looks.push(self.read(chain, at, stream).await?);
			}
		}
		let activity = looks.iter().filter_map(activity).collect();
		Ok((self.changes(at.number, looks), activity))
	}

	async fn read(&self, chain: &Chain, at: Head, stream: StreamView<Account>) -> Result<Look, ReadError> {
		let id = stream.id;
		let rounds = match stream.horizon {
			0 => Vec::new(),
			_ => chain.forecast_rounds(at, id).await?.unwrap_or_default(),
		};
		let mut look = Look { stream, rounds, over: BTreeMap::new(), board: None };
		let Some(known) = self.known.get(&id) else { return Ok(look) };
		let is_open = |number: &u32| look.rounds.iter().any(|round| round.id.number == *number);
		let ended: Vec<u32> = known.open.keys().filter(|number| !is_open(number)).copied().collect();
		for number in known.over.keys().chain(&ended).copied() {
			let view = chain.forecast_round(at, RoundId { domain: id, number }).await?;
			look.over.insert(number, view);
		}
		if !ended.is_empty() {
			look.board = chain.leaderboard(at, id, PLACES).await?;
		}
		Ok(look)
	}

	/// Takes a look at block `block`. Returns what has changed, in lines.
	fn changes(&mut self, block: BlockNumber, looks: Vec<Look>) -> Vec<String> {
		let is_first = !std::mem::replace(&mut self.has_looked, true);
		let mut lines = Vec::new();
		let mut known = BTreeMap::new();
		for look in looks {
			let before = self.known.remove(&look.stream.id);
			if !is_first {
				lines.extend(lines_of(&look, before.as_ref()));
			}
			known.insert(look.stream.id, Known::after(look));
		}
		let retired = self.known.values().map(|known| format!("stream {} is retired", known.symbol));
		lines.extend(retired);
		self.known = known;
		lines.into_iter().map(|line| format!("block {block:>6}  {line}")).collect()
	}
}

impl Known {
	/// Returns what a look has found of a stream.
	fn after(look: Look) -> Self {
		let is_over = |view: &ForecastSeatsView<Account>| {
			matches!(view.round.phase, ForecastPhase::Closed | ForecastPhase::Void) && !view.seats.is_empty()
		};
		let views = look.over.into_iter().filter_map(|(number, view)| Some((number, view.filter(is_over)?)));
		let mut over: BTreeMap<_, _> = views.collect();
		while over.len() > FOLLOWED {
			over.pop_first();
		}
		Self {
			symbol: symbol(&look.stream),
			awake: look.stream.awake,
			open: look.rounds.into_iter().map(|round| (round.id.number, round)).collect(),
			over,
		}
	}
}

/// Returns the symbol of a stream without characters that a terminal obeys: anybody can register a stream.
fn symbol(stream: &StreamView<Account>) -> String {
	stream.symbol.chars().filter(|character| !character.is_control()).collect()
}

/// Returns the rounds of a stream as text; `None` for a stream that sleeps without open rounds.
fn activity(look: &Look) -> Option<String> {
	let of_phase = |phase: ForecastPhase| look.rounds.iter().filter(|round| round.phase == phase).count();
	let some = |rounds: usize, what: &str| (rounds > 0).then(|| format!("{} {what}", count(rounds, "round")));
	let parts = [
		(!look.stream.awake).then(|| "sleeps".to_string()),
		some(of_phase(ForecastPhase::Committing), "in commit"),
		some(of_phase(ForecastPhase::Waiting), "before their bars"),
		some(of_phase(ForecastPhase::Revealing), "in reveal"),
	];
	if !look.stream.awake && look.rounds.is_empty() {
		return None;
	}
	let parts: Vec<String> = parts.into_iter().flatten().collect();
	let rest = if parts.is_empty() { "awake".to_string() } else { parts.join(", ") };
	Some(format!("{}: {rest}", symbol(&look.stream)))
}

/// Returns what has changed on a stream since `before`, in lines; `None` for a stream that was not known.
fn lines_of(look: &Look, before: Option<&Known>) -> Vec<String> {
	let symbol = symbol(&look.stream);
	let mut lines = Vec::new();
	if before.is_none() {
		lines.push(format!("stream {symbol} is registered as {}", look.stream.id));
	}
	match (before.is_some_and(|before| before.awake), look.stream.awake) {
		(false, true) => {
			lines.push(format!("stream {symbol} is awake: its bars are asked for from number {} on", look.stream.next))
		}
		(true, false) => lines.push(format!(
			"stream {symbol} SLEEPS: its pot of {} does not pay the next batch, or nobody reported its bars; \
			 `doin-worker sponsor {} AMOUNT` wakes it",
			Amount(look.stream.pot),
			look.stream.id
		)),
		(true, true) | (false, false) => {}
	}
	for round in &look.rounds {
		let former = before.and_then(|before| before.open.get(&round.id.number));
		if former.is_none_or(|former| former.phase != round.phase) {
			lines.push(format!("round {} of {symbol} {}", round.id.number, described(round, &look.stream)));
		}
	}
	for (number, view) in &look.over {
		let name = format!("round {number} of {symbol}");
		match (before.and_then(|before| before.open.get(number)), before.and_then(|before| before.over.get(number))) {
			(Some(round), _) => lines.push(format!("{name} {}", ended(round, view.as_ref()))),
			(None, Some(former)) => lines.extend(payments(&name, former, view.as_ref())),
			(None, None) => {}
		}
	}
	lines.extend(look.board.as_ref().and_then(standings));
	lines
}

/// Returns a round that has entered a phase, as text.
fn described(round: &ForecastRoundView, stream: &StreamView<Account>) -> String {
	let until = round.until.unwrap_or_default();
	let wagers = format!("{} with wagers of {}", count(round.seats as usize, "seat"), Amount(round.wagers));
	match round.phase {
		ForecastPhase::Committing => {
			format!("OPENS: commits until block {until}, against {}", words(round.reference))
		}
		ForecastPhase::Waiting => format!(
			"waits for its bars up to number {}, of which {} is next: {wagers}",
			round.horizon_end.unwrap_or_default().saturating_sub(1),
			stream.next
		),
		ForecastPhase::Revealing => {
			format!("takes reveals until block {until}, with zero {}: {wagers}", round.zero.unwrap_or_default())
		}
		ForecastPhase::Closed => "is closed".into(),
		ForecastPhase::Void => "is void".into(),
	}
}

/// Returns the end of a round as text.
fn ended(round: &ForecastRoundView, view: Option<&ForecastSeatsView<Account>>) -> String {
	let Some(view) = view else {
		return match round.seats {
			0 => "ended: nobody has forecast it".into(),
			seats => format!("ended, and its {} are collected", count(seats as usize, "seat")),
		};
	};
	if view.round.phase == ForecastPhase::Void {
		return format!("is VOID: too few of its bars stand, and {} are returned", Amount(view.round.wagers));
	}
	let revealed: Vec<_> = view.seats.iter().filter_map(|seat| Some((seat.skill?, seat.who))).collect();
	let best = revealed.iter().max_by_key(|(skill, _)| *skill);
	let best = best.map_or(String::new(), |(skill, who)| format!(", best skill {} of {}", signed(*skill), who.short()));
	let factor = view.round.factor.unwrap_or_default();
	let paid = if factor >= ONE_Q32 { "in full".into() } else { format!("to {:.1} %", factor as f64 / ONE_Q32 as f64 * 100.0) };
	let seats = count(view.round.seats as usize, "forecast");
	format!("CLOSED: {} of {seats} revealed{best}; gains are paid {paid}", revealed.len())
}

/// Returns the seats of a round that were paid or cleared since `former`, in lines.
fn payments(name: &str, former: &ForecastSeatsView<Account>, now: Option<&ForecastSeatsView<Account>>) -> Vec<String> {
	let is_left = |seat: &ForecastSeatView<Account>| now.is_some_and(|now| now.seats.iter().any(|left| left.who == seat.who));
	let gone: Vec<_> = former.seats.iter().filter(|seat| !is_left(seat)).collect();
	if gone.len() <= LINES {
		let line = |seat: &&ForecastSeatView<Account>| match paid(seat, &former.round) {
			Some(paid) => format!("{name} PAID {} {} for a wager of {}", seat.who.short(), Amount(paid), Amount(seat.wager)),
			None => format!("{name}: the wager of {}, {}, was not revealed and is lost", seat.who.short(), Amount(seat.wager)),
		};
		return gone.iter().map(line).collect();
	}
	let wagers = Amount(gone.iter().map(|seat| seat.wager).fold(0, Balance::saturating_add));
	let paid = Amount(gone.iter().filter_map(|seat| paid(seat, &former.round)).fold(0, Balance::saturating_add));
	vec![format!("{name} PAID {} {paid} for wagers of {wagers}", count(gone.len(), "seat"))]
}

/// Returns what a seat of a round that is over is paid; `None` for one that was not revealed.
fn paid(seat: &ForecastSeatView<Account>, round: &ForecastRoundView) -> Option<Balance> {
	match round.phase {
		ForecastPhase::Void => Some(seat.wager),
		_ => Some(payment(seat.wager, seat.skill?, round.factor?)),
	}
}

/// Returns the first places of a leaderboard as text; `None` without a forecaster.
fn standings(board: &LeaderboardView<Account>) -> Option<String> {
	let places = board.forecasters.iter().zip(1..);
	let places: Vec<String> =
		places.map(|(one, place)| format!("{place}. {} {}", one.who.short(), signed(one.standing))).collect();
	(!places.is_empty()).then(|| format!("standings: {}; pot {}", places.join(", "), Amount(board.pot)))
}

/// Returns a Q32 number with its sign.
fn signed(number: i64) -> String {
	format!("{:+.4}", number as f64 / ONE_Q32 as f64)
}

fn words(reference: ForecastReference) -> &'static str {
	match reference {
		ForecastReference::RepeatLast => "repeat-last",
		ForecastReference::Drift => "the drift",
		ForecastReference::HalfwayToMean => "halfway to the mean",
		ForecastReference::SeasonBefore => "the season before",
		ForecastReference::Champion => "the champion of its domain",
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::{oracle::FIRST_STREAM, views::ForecasterView, DOIN};

	fn who(number: u8) -> Account {
		Account([number; 32])
	}

	fn stream(awake: bool) -> StreamView<Account> {
		StreamView {
			id: FIRST_STREAM,
			symbol: "CO2\u{1b}[31m".into(),
			unit: "0.01 ppm".into(),
			source: "a file".into(),
			bar_ms: 1_000,
			batch: 24,
			fields: vec!["close".into()],
			kept: 9_000,
			season: 52,
			scale: 50,
			horizon: 24,
			fee: DOIN,
			domain: None,
			owner: who(1),
			pot: DOIN / 2,
			awake,
			start: 1,
			first: 1,
			next: 480,
			running: 481,
			paid_until: 500,
		}
	}

	fn round(phase: ForecastPhase, factor: Option<u64>) -> ForecastRoundView {
		ForecastRoundView {
			id: RoundId { domain: FIRST_STREAM, number: 7 },
			phase,
			until: Some(130),
			input_end: 480,
			zero_bar: Some(485),
			horizon_end: Some(512),
			zero: Some(-41),
			reference: ForecastReference::SeasonBefore,
			seats: 3,
			wagers: 6 * DOIN,
			least_wager: None,
			pot: 0,
			factor,
		}
	}

	fn seats(phase: ForecastPhase, skills: &[Option<i64>]) -> ForecastSeatsView<Account> {
		let seat = |(skill, number): (&Option<i64>, u8)| ForecastSeatView {
			who: who(number),
			wager: 2 * DOIN,
			commitment: [0; 32],
			skill: *skill,
		};
		let factor = (phase == ForecastPhase::Closed).then_some(ONE_Q32 / 2);
		ForecastSeatsView { round: round(phase, factor), seats: skills.iter().zip(1..).map(seat).collect() }
	}

	/// Returns a look at a stream with round 7 in `phase`, or without it.
	fn look(awake: bool, phase: Option<ForecastPhase>) -> Look {
		let rounds = phase.into_iter().map(|phase| round(phase, None)).collect();
		Look { stream: stream(awake), rounds, over: BTreeMap::new(), board: None }
	}

	fn with_over(view: Option<ForecastSeatsView<Account>>) -> Look {
		Look { over: [(7, view)].into(), ..look(true, None) }
	}

	#[test]
	fn a_round_is_followed_from_its_opening_to_its_payments() {
		use ForecastPhase::{Closed, Committing, Revealing, Waiting};
		let mut forecasts = Forecasts::default();
		assert!(forecasts.changes(90, vec![look(true, None)]).is_empty(), "the first look shows no changes");
		let mut lines = |block, look| forecasts.changes(block, vec![look]).join("\n");
		assert_eq!(
			lines(100, look(true, Some(Committing))),
			"block    100  round 7 of CO2[31m OPENS: commits until block 130, against the season before"
		);
		assert_eq!(lines(101, look(true, Some(Committing))), "");
		assert_eq!(
			lines(110, look(true, Some(Waiting))),
			"block    110  round 7 of CO2[31m waits for its bars up to number 511, of which 480 is next: 3 seats with wagers of 6 DOIN"
		);
		assert!(lines(120, look(true, Some(Revealing))).contains("takes reveals until block 130, with zero -41"));
		let quarter = ONE_Q32 as i64 / 4;
		let all = seats(Closed, &[Some(-quarter), Some(quarter), None]);
		let forecaster = ForecasterView { who: who(2), standing: quarter, bound: None, increment: 0, seats: 1 };
		let board = LeaderboardView {
			stream: FIRST_STREAM,
			pot: 9 * DOIN,
			rounds: 8,
			open: 0,
			weight: 0,
			mark: 0,
			forecasters: vec![forecaster],
		};
		let found = lines(130, Look { board: Some(board), ..with_over(Some(all.clone())) });
		let expected = format!(
			"block    130  round 7 of CO2[31m CLOSED: 2 of 3 forecasts revealed, best skill +0.2500 of {0}; gains are paid to 50.0 %\n\
			 block    130  standings: 1. {0} +0.2500; pot 9 DOIN",
			who(2).short()
		);
		assert_eq!(found, expected);
		let left = ForecastSeatsView { seats: all.seats[2..].to_vec(), ..all };
		let found = lines(131, with_over(Some(left)));
		assert!(found.contains(&format!("PAID {} 1.5 DOIN for a wager of 2 DOIN", who(1).short())), "{found}");
		assert!(found.contains(&format!("PAID {} 2.25 DOIN", who(2).short())), "{found}");
		let found = lines(140, with_over(None));
		assert!(found.contains(&format!("the wager of {}, 2 DOIN, was not revealed and is lost", who(3).short())), "{found}");
		assert_eq!(lines(141, look(true, None)), "");
	}

	#[test]
	fn rounds_that_end_without_seats_or_are_void_have_a_line() {
		use ForecastPhase::{Revealing, Void, Waiting};
		let ends = |phase, view| {
			let mut forecasts = Forecasts::default();
			forecasts.changes(1, vec![look(true, Some(phase))]);
			forecasts.changes(2, vec![with_over(view)]).join("\n")
		};
		assert!(ends(Waiting, Some(seats(Void, &[None]))).contains("is VOID: too few of its bars stand, and 6 DOIN are returned"));
		assert!(ends(Revealing, None).contains("ended, and its 3 seats are collected"));
		let mut empty = round(Waiting, None);
		empty.seats = 0;
		assert_eq!(ended(&empty, None), "ended: nobody has forecast it");
		// All wagers of a void round are returned.
		let many = seats(Void, &[None; 128]);
		assert_eq!(payments("round 7", &many, None), ["round 7 PAID 128 seats 256 DOIN for wagers of 256 DOIN"]);
	}

	#[test]
	fn a_stream_that_falls_asleep_wakes_or_goes_has_a_line() {
		let mut forecasts = Forecasts::default();
		forecasts.changes(1, vec![look(true, None)]);
		let found = forecasts.changes(2, vec![look(false, None)]).join("\n");
		assert!(
			found.contains("SLEEPS: its pot of 0.5 DOIN") && found.contains("`doin-worker sponsor 2147483648 AMOUNT`"),
			"{found}"
		);
		assert_eq!(activity(&look(false, None)), None);
		assert!(forecasts.changes(3, vec![look(true, None)])[0].ends_with("is awake: its bars are asked for from number 480 on"));
		assert_eq!(activity(&look(true, Some(ForecastPhase::Waiting))).unwrap(), "CO2[31m: 1 round before their bars");
		assert_eq!(activity(&look(true, None)).unwrap(), "CO2[31m: awake");
		assert_eq!(forecasts.changes(4, Vec::new()), ["block      4  stream CO2[31m is retired"]);
		let found = forecasts.changes(5, vec![look(false, None)]);
		assert_eq!(found, ["block      5  stream CO2[31m is registered as 2147483648"]);
	}

	#[test]
	fn seats_that_nobody_clears_are_followed_for_a_while() {
		let mut unrevealed = look(true, None);
		let view = seats(ForecastPhase::Closed, &[None]);
		unrevealed.over = (0..100).map(|number| (number, Some(view.clone()))).collect();
		let known = Known::after(unrevealed);
		assert_eq!((known.over.len(), known.over.keys().next().copied()), (FOLLOWED, Some(100 - FOLLOWED as u32)));
	}
}
