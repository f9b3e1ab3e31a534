//! Driver of a forecaster: reads rounds and bars, asks the model, writes the journal, sends calls.

use super::{
	bars::Kept,
	chain::MarketChain,
	model::Model,
	policy::{expected_lead, longest_lead, refusal, seat_of, shown_state, skill_text, step, worthwhile_claim, Step},
	TARGET,
};
use crate::{
	amount::Amount,
	config::ForecastConfig,
	journal::{Entry, Journal, Kind, Note, Scope, State},
	optimizer::BidLimits,
	participant::{dispatch_error, tolerate},
};
use anyhow::{ensure, Context, Result};
use doin_chain::{Account, Call, ForecastValues, Head, Urgency};
use doin_market::{payment, truth::ZERO_BARS};
use doin_primitives::{
	oracle::StreamId,
	views::{ForecastPhase, ForecastRoundView, ForecastSeatView, ForecastSeatsView, MarketRecordView, StreamView},
	BlockNumber, RoundId,
};
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, BTreeSet},
	ops::Range,
	sync::Arc,
	time::Duration,
};
use tokio::task::JoinHandle;

/// Pause after a failed look at the chain. The best block may stay the same for a moment.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Blocks from one look at the record to the next.
const REVIEW_PAUSE: BlockNumber = 20;
/// Newest rounds that are searched for seats that the journal does not have.
const SEARCHED: u32 = 256;
/// Attempts of a reveal after which it is not sent again, since each costs a fee. A fork may refuse one that its other branch takes.
const MOST_WRONG: u32 = 3;
/// Most texts that are remembered, so that each is logged once.
const REMEMBERED: usize = 256;
/// Blocks for which a round is looked at after it has shown no seat of the account. Another branch, or a node that was behind, may still
/// have it.
const WATCHED: BlockNumber = 64;
/// Errors of a commitment, a reveal, a payment and a departure whose earlier attempt has succeeded.
const COMMITTED: &[&str] = &["Forecasts::AlreadyCommitted"];
const REVEALED: &[&str] = &["Forecasts::AlreadyRevealed"];
const SETTLED: &[&str] = &["Forecasts::NoSeat", "Forecasts::UnknownRound"];
const LEFT: &[&str] = &["Forecasts::NoRecord"];

/// A forecaster of one stream.
pub struct Forecaster<C> {
	chain: C,
	journal: Arc<Journal>,
	config: ForecastConfig,
	limits: BidLimits,
	model: Model,
	bars: Kept,
	/// Forecast that is being made.
	pending: Option<Pending>,
	/// Rounds with a seat that no open entry of the journal is of.
	found: BTreeSet<RoundId>,
	/// Rounds without a seat that are still looked at, each up to a block.
	over: BTreeMap<RoundId, BlockNumber>,
	/// Configurations of the other forecasters of the account, if this one tends the rounds of streams that none of them names.
	others: Option<Vec<ForecastConfig>>,
	/// Bars of the horizons of own rounds, once their zero is known.
	horizons: BTreeMap<RoundId, Range<u64>>,
	/// Rounds in which nothing is committed any more: each attempt would cost a fee.
	refused: Mutex<BTreeSet<RoundId>>,
	/// Reveals that the chain has refused, each with a fee, e.g. since its branch had another commitment.
	wrong: Mutex<BTreeMap<RoundId, u32>>,
	/// Texts that were logged.
	logged: Mutex<BTreeSet<String>>,
	/// Block of the next look at the record.
	review_at: BlockNumber,
	/// Blocks in which a round takes commitments, once the record was looked at.
	commit_blocks: Option<BlockNumber>,
}

/// A forecast that is being made.
struct Pending {
	round: RoundId,
	/// Number of the bar after its input.
	input_end: u64,
	task: JoinHandle<Result<Vec<i32>>>,
}

impl Drop for Pending {
	fn drop(&mut self) {
		self.task.abort();
	}
}

/// A round in which the account has a seat or a journal entry.
struct Own {
	round: RoundId,
	view: Option<ForecastSeatsView<Account>>,
	entry: Option<Entry>,
	/// The stream is the one that is forecast, so that seats are taken there.
	is_forecast: bool,
}

impl Own {
	fn seat(&self, who: Account) -> Option<&ForecastSeatView<Account>> {
		self.view.as_ref().and_then(|view| seat_of(view, who))
	}
}

impl<C: MarketChain> Forecaster<C> {
	/// Returns the forecaster of a stream. Nets are trained by `threads` threads.
	///
	/// # Errors
	///
	/// Errors if the file of a model or of a history cannot be used.
	pub fn new(chain: C, journal: Arc<Journal>, config: ForecastConfig, limits: BidLimits, threads: usize) -> Result<Self> {
		let model = Model::open(&config, threads).with_context(|| format!("`forecasts` of {}", config.label()))?;
		Ok(Self {
			chain,
			journal,
			config,
			limits,
			model,
			bars: Kept::default(),
			pending: None,
			found: BTreeSet::new(),
			over: BTreeMap::new(),
			others: Some(Vec::new()),
			horizons: BTreeMap::new(),
			refused: Mutex::default(),
			wrong: Mutex::default(),
			logged: Mutex::default(),
			review_at: 0,
			commit_blocks: None,
		})
	}

	/// Sets the configurations of the other forecasters of the account. This one tends the rounds of all streams that none of them names,
	/// e.g. since they were removed from the configuration while a wager was staked; with `None`, another forecaster does.
	#[must_use]
	pub fn beside(self, others: Option<Vec<ForecastConfig>>) -> Self {
		Self { others, ..self }
	}

	/// Forecasts until the future is dropped, or until the account has left the stream if it is to.
	///
	/// # Errors
	///
	/// Never errors: a failed step is logged, and done again at the next block.
	pub async fn run(mut self) -> Result<()> {
		let mut head = self.chain.head();
		while !self.look(head).await {
			// A step takes several blocks.
			head = self.chain.next_head(head).await;
		}
		Ok(())
	}

	/// Does what is due at `head`. Returns `true` once the account has left.
	#[tracing::instrument(target = "doin::forecaster", name = "forecast", skip_all, fields(block = head.number))]
	pub(super) async fn look(&mut self, head: Head) -> bool {
		match self.try_look(head).await {
			Ok(has_left) => has_left,
			Err(error) => {
				tracing::warn!(target: TARGET, stream = self.config.label(), account = %self.chain.account(), "{error:#}");
				tokio::time::sleep(RETRY_PAUSE).await;
				false
			}
		}
	}

	async fn try_look(&mut self, head: Head) -> Result<bool> {
		let streams = self.chain.streams(head).await?;
		// What is staked comes before anything that may fail.
		let own = self.own_rounds(head, &streams).await?;
		self.tend(head, &own).await;
		self.tell_truths(head, &own).await?;
		let found = find(&streams, &self.config);
		let left = if self.config.leave { found.map(|stream| stream.id).or(self.config.stream) } else { None };
		if let Some(stream) = left {
			return self.leave(head, stream, &own).await;
		}
		let Some(stream) = found else {
			self.warn_once(missing(&self.config));
			return Ok(false);
		};
		let Some(rounds) = self.chain.rounds(head, stream.id).await? else {
			self.warn_once(without_market(stream));
			return Ok(false);
		};
		if !stream.awake {
			self.warn_once(asleep(stream));
		}
		let followed = self.follow(head, stream, &rounds, &own).await;
		self.review(head, stream.id, &own).await?;
		followed.map(|()| false)
	}

	/// Reads the bars that were added, looks after the model, and enters the newest round.
	async fn follow(
		&mut self,
		head: Head,
		stream: &StreamView<Account>,
		rounds: &[ForecastRoundView],
		own: &[Own],
	) -> Result<()> {
		self.bars.update(&self.chain, head, stream, self.config.decimals).await?;
		let slot_ms = self.chain.slot_ms(head).await?;
		let lookback = self.model.lookback(self.config.lookback);
		let commit_blocks = match self.commit_blocks {
			Some(blocks) => blocks,
			None => {
				let Some(record) = self.chain.record(head, stream.id).await? else { return Ok(()) };
				*self.commit_blocks.insert(record.commit_blocks)
			}
		};
		let lead = longest_lead(stream, slot_ms, commit_blocks);
		let known = self.bars.known(stream, &self.config, stream.next, lookback, lead)?;
		self.model.keep(&known).await;
		let who = self.chain.account();
		let has_seat = |round: RoundId| own.iter().any(|own| own.round == round && own.seat(who).is_some());
		match rounds.last().filter(|round| round.phase == ForecastPhase::Committing && !has_seat(round.id)) {
			Some(round) => self.enter(head, stream, round, slot_ms).await,
			None => {
				self.pending = None;
				Ok(())
			}
		}
	}

	/// Returns the rounds of open journal entries, those that were found and those that were over lately, as the chain has them. Remembers
	/// their horizons.
	async fn own_rounds(&mut self, head: Head, streams: &[StreamView<Account>]) -> Result<Vec<Own>> {
		let who = self.chain.account();
		self.over.retain(|_, until| head.number < *until);
		let mut rounds = self.found.clone();
		rounds.extend(self.over.keys().copied());
		let entries = self.journal.open_entries(Kind::Forecast)?.into_iter().filter(|entry| entry.who == who);
		rounds.extend(entries.filter_map(|entry| match entry.scope {
			Scope::Forecast(round) if self.tends(round.domain, streams) => Some(round),
			_ => None,
		}));
		let mut own = Vec::with_capacity(rounds.len());
		for round in rounds {
			let view = self.chain.round(head, round).await?;
			let entry = self.entry_of(round, view.as_ref())?;
			let is_forecast = streams.iter().any(|stream| stream.id == round.domain && is_named(stream, &self.config));
			let seen = Own { round, view, entry, is_forecast };
			let bars = seen.view.as_ref().and_then(|view| view.round.zero_bar.zip(view.round.horizon_end));
			if let Some((zero, end)) = bars.filter(|_| seen.seat(who).is_some()) {
				self.horizons.insert(round, zero.saturating_add(ZERO_BARS as u64)..end);
			}
			own.push(seen);
		}
		Ok(own)
	}

	/// Returns the journal entry of a round: the one with the commitment of the seat, if the chain has it. An entry that was replaced on
	/// another branch becomes the current one again.
	fn entry_of(&self, round: RoundId, view: Option<&ForecastSeatsView<Account>>) -> Result<Option<Entry>> {
		let (scope, who) = (Scope::Forecast(round), self.chain.account());
		let entry = self.journal.entry(scope, who)?;
		let seat = view.and_then(|view| seat_of(view, who));
		match seat.filter(|seat| entry.as_ref().is_some_and(|entry| entry.commitment != seat.commitment)) {
			Some(seat) => Ok(self.journal.recall_commitment(scope, who, &seat.commitment)?.or(entry)),
			None => Ok(entry),
		}
	}

	/// Returns `true` if the rounds of a stream are tended here: it has the name that the configuration has, or no forecaster has its name,
	/// or it is retired.
	fn tends(&self, id: StreamId, streams: &[StreamView<Account>]) -> bool {
		let stream = streams.iter().find(|stream| stream.id == id);
		let is_of = |config: &ForecastConfig| stream.is_some_and(|stream| is_named(stream, config));
		is_of(&self.config) || self.others.as_ref().is_some_and(|others| !others.iter().any(is_of))
	}

	/// Does what is due in each of the own rounds, at once.
	async fn tend(&mut self, head: Head, own: &[Own]) {
		let mut tended = Vec::with_capacity(own.len());
		for own in own {
			tended.push(self.tend_round(head, own));
		}
		let ended = futures::future::join_all(tended).await;
		for (own, ended) in own.iter().zip(ended) {
			let has_ended = ended.unwrap_or_else(|error| {
				tracing::warn!(target: TARGET, stream = own.round.domain, round = own.round.number, "{error:#}");
				false
			});
			if has_ended {
				self.found.remove(&own.round);
				self.horizons.remove(&own.round);
				self.refused.lock().remove(&own.round);
				self.wrong.lock().remove(&own.round);
				self.over.entry(own.round).or_insert(head.number.saturating_add(WATCHED));
			}
		}
	}

	/// Does what is due in an own round. Returns `true` if nothing is left to do there.
	async fn tend_round(&self, head: Head, own: &Own) -> Result<bool> {
		let (who, scope) = (self.chain.account(), Scope::Forecast(own.round));
		let mut entry = own.entry.clone();
		if let (Some(entry), Some(view), Some(seat)) = (&mut entry, &own.view, own.seat(who)) {
			if let Err(error) = self.record(entry, view, seat, head) {
				// What it holds is revealed all the same.
				self.error_once(format!("{error:#}; nothing is committed until it can be written, and open reveals are sent"));
			}
		}
		let next = head.number.saturating_add(1);
		let step = step(next, own.view.as_ref(), who, entry.as_ref(), self.config.wager.0);
		let until = own.view.as_ref().and_then(|view| view.round.until).unwrap_or(next);
		match (step, entry, own.seat(who)) {
			(Step::Commit, Some(entry), _) if own.is_forecast && !self.config.leave => {
				self.commit(until, &entry).await.map(|()| false)
			}
			(Step::Reveal, Some(entry), Some(seat)) => self.reveal(until, &entry, seat).await.map(|()| false),
			(Step::Collect | Step::Clear, entry, Some(seat)) => {
				self.settle(own, seat, step).await?;
				if entry.is_some() {
					self.journal.mark(scope, who, State::Archived, Note::Settled)?;
				}
				Ok(true)
			}
			(Step::Over, _, _) => {
				self.log_over(own);
				self.journal.mark(scope, who, State::Archived, Note::Settled)?;
				Ok(true)
			}
			(Step::Lost, _, _) => {
				self.error_once(format!(
					"the chain has a commitment in round {} of stream {} that this journal does not have, and its wager is lost: run one \
					 forecaster for an account, with its journal",
					own.round.number, own.round.domain
				));
				Ok(false)
			}
			(Step::Outbid, _, _) => {
				self.warn_once(outbid(own.round));
				Ok(false)
			}
			_ => Ok(own.view.is_none()),
		}
	}

	/// Records in the journal what the chain shows of a commitment.
	fn record(
		&self,
		entry: &mut Entry,
		view: &ForecastSeatsView<Account>,
		seat: &ForecastSeatView<Account>,
		head: Head,
	) -> Result<()> {
		if entry.commitment != seat.commitment {
			return Ok(());
		}
		let shown = shown_state(seat);
		if entry.state != shown {
			self.journal.mark(entry.scope, entry.who, shown, Note::Progress)?;
			entry.state = shown;
		}
		let window = view.round.until.filter(|_| view.round.phase == ForecastPhase::Revealing);
		if let Some(until) = window.filter(|until| *until != entry.reveal_until) {
			self.journal.reschedule(entry.scope, entry.who, head.number..until)?;
			(entry.reveal_from, entry.reveal_until) = (head.number, until);
		}
		Ok(())
	}

	/// Tells the model the closes of own rounds whose zero is known.
	async fn tell_truths(&mut self, head: Head, own: &[Own]) -> Result<()> {
		for Own { round, view, .. } in own {
			let zero = view.as_ref().and_then(|view| view.round.zero);
			let Some((zero, bars)) = zero.zip(self.horizons.get(round).cloned()) else { continue };
			let count = u32::try_from(bars.end.saturating_sub(bars.start)).unwrap_or(u32::MAX);
			let page = self.chain.bars(head, round.domain, bars.start, count).await?.filter(|page| page.first == bars.start);
			self.horizons.remove(round);
			let Some(page) = page else { continue };
			// The close is the first value of a bar.
			let closes = page.bars.iter().map(|values| values.as_ref().and_then(|values| values.first().copied())).collect();
			self.model.truth(round.number, zero, closes);
		}
		Ok(())
	}

	/// Makes a forecast for a round that takes commitments, and commits to it.
	async fn enter(&mut self, head: Head, stream: &StreamView<Account>, round: &ForecastRoundView, slot_ms: u64) -> Result<()> {
		let (who, scope, wager) = (self.chain.account(), Scope::Forecast(round.id), self.config.wager.0);
		let until = round.until.unwrap_or(head.number);
		let is_late = head.number.saturating_add(1) >= until;
		let entry = self.journal.entry(scope, who)?;
		let is_made = entry.as_ref().is_some_and(|entry| entry.is_of_input(round.input_end));
		if is_late || is_made || self.refused.lock().contains(&round.id) {
			return Ok(());
		}
		if entry.is_some() {
			self.warn_once(other_input(round));
		}
		if round.least_wager.is_none_or(|least| wager < least) {
			self.warn_once(outbid(round.id));
			return Ok(());
		}
		if let Some(reason) = refusal(round, wager) {
			self.warn_once(reason);
			return Ok(());
		}
		let Some(mut pending) = self.begun(head, stream, round, slot_ms)? else { return Ok(()) };
		let made = tokio::select! {
			made = &mut pending.task => made,
			_ = self.chain.next_head(head) => {
				// It is looked at again at every block, so that nothing else is late.
				self.pending = Some(pending);
				return Ok(());
			}
		};
		let forecast = made.context("the forecast ended early").flatten().and_then(|changes| values(changes, stream.horizon));
		let forecast = match forecast {
			Ok(forecast) => forecast,
			Err(error) => {
				self.refused.lock().insert(round.id);
				return Err(error.context(format!("nothing is forecast in round {}", round.id.number)));
			}
		};
		let entry = self.chain.entry(scope, &forecast, until..BlockNumber::MAX).with_input(round.input_end);
		self.journal.prepare(&entry)?;
		self.commit(until, &entry).await
	}

	/// Returns the forecast of a round that is being made, which is begun unless it was; `None` while there is no net.
	fn begun(
		&mut self,
		head: Head,
		stream: &StreamView<Account>,
		round: &ForecastRoundView,
		slot_ms: u64,
	) -> Result<Option<Pending>> {
		let is_of = |pending: &Pending| pending.round == round.id && pending.input_end == round.input_end;
		if let Some(pending) = self.pending.take().filter(is_of) {
			return Ok(Some(pending));
		}
		let lead = expected_lead(head.number, round, stream, slot_ms);
		let lookback = self.model.lookback(self.config.lookback);
		let known = self.bars.known(stream, &self.config, round.input_end, lookback, lead)?;
		let task = self.model.forecast(round.id.number, known);
		if task.is_none() {
			self.warn_once(format!("no round of {} is entered until its first net is trained", self.config.label()));
		}
		Ok(task.map(|task| Pending { round: round.id, input_end: round.input_end, task }))
	}

	async fn commit(&self, until: BlockNumber, entry: &Entry) -> Result<()> {
		let Scope::Forecast(round) = entry.scope else { return Ok(()) };
		if self.refused.lock().contains(&round) {
			return Ok(());
		}
		let wager = self.config.wager;
		let sent = self
			.chain
			.send_once(&Call::commit_forecast(round, entry.commitment, wager.0), Urgency::Before(until), COMMITTED)
			.await;
		if sent.as_ref().is_err_and(|error| dispatch_error(error).is_some()) {
			// Each further attempt would cost a fee.
			self.refused.lock().insert(round);
		}
		sent.with_context(|| format!("the forecast is not committed in round {}, with a wager of {wager}", round.number))?;
		tracing::info!(target: TARGET, stream = round.domain, round = round.number, account = %entry.who, %wager, "forecast committed");
		Ok(self.journal.mark(entry.scope, entry.who, State::Committed, Note::Progress)?)
	}

	async fn reveal(&self, until: BlockNumber, entry: &Entry, seat: &ForecastSeatView<Account>) -> Result<()> {
		let Scope::Forecast(round) = entry.scope else { return Ok(()) };
		if self.wrong.lock().get(&round).is_some_and(|refusals| *refusals >= MOST_WRONG) {
			return Ok(());
		}
		let forecast: ForecastValues = entry.decode_payload()?;
		let urgency = Urgency::Staked { block: until, max_tip: self.limits.max_tip(seat.wager) };
		let sent = self.chain.send_once(&Call::reveal_forecast(round, &forecast, entry.salt), urgency, REVEALED).await;
		let is_refused = |error: &anyhow::Error| dispatch_error(error).is_some_and(|failed| failed != "Forecasts::NotRevealing");
		if sent.as_ref().is_err_and(is_refused) {
			*self.wrong.lock().entry(round).or_default() += 1;
		}
		sent.with_context(|| format!("the forecast of round {} is not revealed", round.number))?;
		tracing::info!(target: TARGET, stream = round.domain, round = round.number, account = %entry.who, "forecast revealed");
		Ok(self.journal.mark(entry.scope, entry.who, State::Revealed, Note::Progress)?)
	}

	/// Has a seat paid, or removes it, and shows its skill and its pay.
	async fn settle(&self, own: &Own, seat: &ForecastSeatView<Account>, step: Step) -> Result<()> {
		let call = match step {
			Step::Clear => Call::clear_forecast(own.round, seat.who),
			_ => Call::collect_forecast(own.round, seat.who),
		};
		let sent = self.chain.send_as_anyone(&call, Urgency::Relaxed).await;
		tolerate(sent, SETTLED).with_context(|| format!("the seat of round {} is not paid", own.round.number))?;
		let (stream, round, wager) = (own.round.domain, own.round.number, Amount(seat.wager));
		match (seat.skill, own.view.as_ref().and_then(|view| view.round.factor)) {
			(Some(skill), Some(factor)) => {
				let (paid, skill) = (Amount(payment(seat.wager, skill, factor)), skill_text(skill));
				tracing::info!(target: TARGET, stream, round, skill, %wager, %paid, "round paid");
			}
			(None, Some(_)) => {
				tracing::error!(target: TARGET, stream, round, %wager, "the forecast was not revealed, and its wager is lost")
			}
			(_, None) => tracing::info!(target: TARGET, stream, round, %wager, "round void; the wager was returned"),
		}
		Ok(())
	}

	/// Logs that an account has no seat in a round of its journal.
	fn log_over(&self, own: &Own) {
		let was_committed = own.entry.as_ref().is_some_and(|entry| entry.state == State::Committed);
		if was_committed && own.view.is_some() {
			let (stream, round) = (own.round.domain, own.round.number);
			tracing::warn!(target: TARGET, stream, round, "a larger wager has taken the seat, and the wager was returned");
		}
	}

	/// Looks at the record now and then: searches seats that the journal does not have, and claims what the record proves.
	async fn review(&mut self, head: Head, stream: StreamId, own: &[Own]) -> Result<()> {
		if head.number < self.review_at {
			return Ok(());
		}
		let Some(record) = self.chain.record(head, stream).await? else { return Ok(()) };
		self.commit_blocks = Some(record.commit_blocks);
		self.review_at = head.number.saturating_add(REVIEW_PAUSE);
		self.search(head, &record, own).await?;
		let Some(paid) = worthwhile_claim(&record, self.chain.price(head).await?) else { return Ok(()) };
		self.chain.send(&Call::claim_record(stream), Urgency::Relaxed).await.context("the record is not claimed")?;
		tracing::info!(target: TARGET, stream, expected = %Amount(paid), "record claimed; work blocks pay it");
		Ok(())
	}

	/// Searches the newest rounds for seats of the account, if it has more than those that are known.
	async fn search(&mut self, head: Head, record: &MarketRecordView<Account>, own: &[Own]) -> Result<()> {
		let who = self.chain.account();
		let seats = record.forecaster.as_ref().map_or(0, |forecaster| forecaster.seats);
		let known = own.iter().filter(|own| own.round.domain == record.stream && own.seat(who).is_some()).count();
		let mut unknown = (seats as usize).saturating_sub(known);
		for number in (record.rounds.saturating_sub(SEARCHED)..record.rounds).rev() {
			let round = RoundId { domain: record.stream, number };
			if unknown == 0 {
				break;
			}
			if own.iter().any(|own| own.round == round) {
				continue;
			}
			let view = self.chain.round(head, round).await?;
			if view.is_some_and(|view| seat_of(&view, who).is_some()) {
				self.found.insert(round);
				unknown -= 1;
			}
		}
		Ok(())
	}

	/// Leaves the stream once all seats are collected. Returns `true` after that.
	async fn leave(&mut self, head: Head, stream: StreamId, own: &[Own]) -> Result<bool> {
		let who = self.chain.account();
		let has_own_seats = own.iter().any(|own| own.seat(who).is_some());
		let Some(record) = self.chain.record(head, stream).await? else { return Ok(!has_own_seats) };
		if record.forecaster.is_none() && !has_own_seats {
			tracing::info!(target: TARGET, stream, account = %who, "the account has no record on the stream, so there is nothing to leave");
			return Ok(true);
		}
		let has_seats = record.forecaster.as_ref().is_some_and(|forecaster| forecaster.seats > 0);
		if has_seats || has_own_seats {
			if head.number >= self.review_at {
				self.review_at = head.number.saturating_add(REVIEW_PAUSE);
				self.search(head, &record, own).await?;
			}
			return Ok(false);
		}
		self.chain
			.send_once(&Call::leave_market(stream), Urgency::Relaxed, LEFT)
			.await
			.context("the account does not leave the stream")?;
		tracing::info!(target: TARGET, stream, account = %who, "left; the deposit of the record is released");
		Ok(true)
	}

	/// Returns `true` if a text was not logged before.
	fn is_new(&self, text: &str) -> bool {
		let mut logged = self.logged.lock();
		if logged.len() >= REMEMBERED {
			logged.clear();
		}
		logged.insert(text.into())
	}

	fn warn_once(&self, text: String) {
		if self.is_new(&text) {
			tracing::warn!(target: TARGET, "{text}");
		}
	}

	fn error_once(&self, text: String) {
		if self.is_new(&text) {
			tracing::error!(target: TARGET, "{text}");
		}
	}
}

/// Checks that the chain has the stream of a configuration with a market, and that its forecaster is one of this stream.
///
/// # Errors
///
/// Errors if it has not, and if files or the node cannot be read.
pub async fn check<C: MarketChain>(chain: &C, config: &ForecastConfig) -> Result<()> {
	let model = Model::open(config, 1)?;
	let at = chain.head();
	let streams = chain.streams(at).await?;
	let stream = find(&streams, config).with_context(|| missing(config))?;
	let record = chain.record(at, stream.id).await?.with_context(|| without_market(stream))?;
	let lead = longest_lead(stream, chain.slot_ms(at).await?, record.commit_blocks);
	let known = Kept::default().known(stream, config, stream.next, model.lookback(config.lookback), lead)?;
	model.check(&known)
}

/// Checks the files that a configuration names. Needs no node.
///
/// # Errors
///
/// Errors if one of them cannot be used.
pub fn check_files(config: &ForecastConfig) -> Result<()> {
	Model::open(config, 1).map(drop).with_context(|| format!("`forecasts` of {}", config.label()))
}

/// Returns the stream of a configuration. Of several with its symbol, the first one that is awake.
fn find<'a>(streams: &'a [StreamView<Account>], config: &ForecastConfig) -> Option<&'a StreamView<Account>> {
	let mut named = streams.iter().filter(|stream| is_named(stream, config)).peekable();
	let first = named.peek().copied();
	named.find(|stream| stream.awake).or(first)
}

/// Returns `true` if a stream is the one of a configuration.
fn is_named(stream: &StreamView<Account>, config: &ForecastConfig) -> bool {
	match config.stream {
		Some(id) => stream.id == id,
		None => config.symbol.as_deref() == Some(stream.symbol.as_str()),
	}
}

fn missing(config: &ForecastConfig) -> String {
	format!("the chain has no {}: `doin_streams` of the node lists its streams", config.label())
}

fn without_market(stream: &StreamView<Account>) -> String {
	match stream.horizon {
		0 => format!("stream {} has no horizon, so nothing is forecast: choose another stream", stream.symbol),
		_ => format!(
			"stream {} has no market yet: `doin-worker sponsor {} \"100 DOIN\" --market --key KEY` makes it",
			stream.symbol, stream.id
		),
	}
}

fn asleep(stream: &StreamView<Account>) -> String {
	format!(
		"stream {} sleeps, so no round opens: wake it with `doin-worker sponsor {} \"100 DOIN\" --key KEY`, which pays its reporters",
		stream.symbol, stream.id
	)
}

fn other_input(round: &ForecastRoundView) -> String {
	format!(
		"the input of round {} of stream {} ends before bar {} now, and the journal has a forecast of another input, from before a \
		 reorganisation of the chain: it is forecast anew",
		round.id.number, round.id.domain, round.input_end
	)
}

fn outbid(round: RoundId) -> String {
	format!("round {} of stream {} is full of wagers of more than half of this one: stake more", round.number, round.domain)
}

/// Returns the values of a forecast.
fn values(changes: Vec<i32>, horizon: u16) -> Result<ForecastValues> {
	let found = changes.len();
	ensure!(found == usize::from(horizon), "the forecast has {found} values: the stream takes {horizon}");
	ForecastValues::try_from(changes).ok().with_context(|| format!("{found} values are more than a reveal can hold"))
}
