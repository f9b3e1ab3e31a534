//! Finds better models of one domain, and sells them: commits, reveals, and follows each one to its verdict.

use super::{evaluate::name, salt, Context};
use crate::{
	amount::{significant, Amount},
	config::DomainConfig,
	journal::{Entry, Kind, State},
	problem::{bounded_row, Problem},
	search::{Found, Search},
};
use anyhow::{Context as _, Result};
use codec::{Decode, Encode};
use doin_chain::{Account, Call, ChainError, Head, Signer, Urgency};
use doin_primitives::{
	blake2_256,
	commitment::{commitment, payload_hash, Tag},
	domain::{Genes, ModelBytes},
	payload::{Metrics, Reveal},
	round::{Phase, MAX_SEATS},
	views::{ChampionView, DomainView, QuorumView, RoundView, SeatStatus},
	DomainId, ModelRef, RoundId, Status,
};
use doin_scoring::{
	verdict::{paired, total},
	Model,
};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
	time::Duration,
};

/// Candidates kept for the rounds to come.
const KEPT: usize = 256;
/// Practice draws a candidate has to pass before it is worth a seat, and how many of them.
const DRAWS: (usize, usize) = (4, 3);
/// Candidates that are tried on practice draws at one block.
const TRIED: usize = 4;
/// Undecided rounds of a domain from which on another commit would only wait.
const BUSY: usize = 3;
/// Blocks before the end of a phase in which nothing new is begun.
const MARGIN: u32 = 1;

/// The role on one domain.
pub struct Optimizer {
	context: Context,
	signer: Signer,
	problem: Arc<Problem>,
	/// The champion the domain started from.
	initial: Model,
	config: DomainConfig,
	cores: usize,
	experiment: [u8; 16],
	/// Trained candidates, best first.
	pool: Vec<Found>,
	/// Error of the initial champion on validation: the bar of reveals where the verdict is a draw.
	bar: u64,
	/// Genes of candidates that would probably not pass against these rivals, so that none is tried until luck helps it.
	failed: (Vec<Model>, BTreeSet<Vec<i64>>),
	champion: Option<ModelRef>,
	/// Seats of ours whose verdict is awaited, with the model once it is revealed.
	awaited: BTreeMap<RoundId, Option<ModelRef>>,
	/// Last thing said about waiting, so that it is said once.
	said: String,
}

/// The state of a domain at one block.
struct View {
	head: Head,
	domain: DomainView<Account>,
	champion: ChampionView<Account>,
	round: RoundView<Account>,
	quorums: Vec<QuorumView<Account>>,
}

impl Optimizer {
	/// The role of `signer` on a domain, computing on `cores` threads.
	pub async fn new(context: Context, signer: Signer, domain: DomainId, config: DomainConfig, cores: usize) -> Result<Self> {
		let (chain, head) = (&context.chain, context.chain.head());
		let problem = context.library.problem(chain, head, domain).await?;
		let of = problem.clone();
		let (initial, bar) = context
			.compute(move || -> Result<_> {
				let initial = of.initial()?;
				let bar = total(&of.validation_sums(std::slice::from_ref(&initial))?[0]);
				Ok((initial, bar))
			})
			.await??;
		Ok(Self {
			context,
			signer,
			problem,
			initial,
			config,
			cores,
			experiment: rand::random(),
			pool: Vec::new(),
			bar,
			failed: Default::default(),
			champion: None,
			awaited: BTreeMap::new(),
			said: String::new(),
		})
	}

	/// Works until the domain is done or the task is dropped.
	pub async fn run(mut self) -> Result<()> {
		let what = format!("domain {} ({})", self.problem.id, self.problem.name());
		let (problem, config, limits, cores) =
			(self.problem.clone(), self.config.clone(), self.context.config.resource_limits.clone(), self.cores);
		let devices = self.context.devices.clone();
		let search = tokio::task::spawn_blocking(move || Search::start(&problem, &config, &limits, cores, devices));
		let mut search = Some(search.await?.with_context(|| format!("{what} cannot be optimized"))?);
		if let Some(search) = &search {
			self.report(search);
		}
		let mut head = self.context.chain.head();
		loop {
			while let Some(found) = search.as_mut().and_then(|search| search.found.try_recv().ok()) {
				self.keep(found);
			}
			match self.look(head, search.as_ref()).await {
				Ok(true) => {}
				Ok(false) => search = None,
				Err(error) => {
					tracing::warn!("{what} at block {}: {error:#}", head.number);
					tokio::time::sleep(Duration::from_millis(500)).await;
				}
			}
			if search.is_none() && self.awaited.is_empty() {
				return Ok(());
			}
			head = self.context.chain.next_head(head).await;
		}
	}

	/// Says what has to be beaten.
	fn report(&self, search: &Search) {
		let unit = self.problem.unit().0;
		tracing::info!("domain {} ({}): {} of simple models:", self.problem.id, self.problem.name(), self.problem.errors());
		for row in &search.baselines {
			let line =
				|line: &Option<doin_compute::baseline::Line>| line.map_or("-".into(), |line| significant(line.mean * unit));
			tracing::info!(
				"  {:<12} validation {}  held-out tail {}  practice draw {}",
				row.name,
				significant(row.validation.mean * unit),
				line(&row.tail),
				line(&row.practice)
			);
		}
	}

	fn keep(&mut self, found: Found) {
		tracing::debug!(
			"domain {}: a candidate with fitness {:.5} ({:?})",
			self.problem.id,
			found.fitness as f64 / f64::from(1 << 20),
			found.genes
		);
		let at = self.pool.partition_point(|other| other.fitness <= found.fitness);
		self.pool.insert(at, found);
		self.pool.truncate(KEPT);
	}

	/// Does what is due at `head`; false when nothing is left to search for.
	async fn look(&mut self, head: Head, search: Option<&Search>) -> Result<bool> {
		let chain = &self.context.chain;
		let id = self.problem.id;
		let gone = || format!("domain {id} is gone");
		let view = View {
			head,
			domain: chain.domain(head, id).await?.with_context(gone)?,
			champion: chain.champion(head, id).await?.with_context(gone)?,
			round: chain.round(head, id).await?.with_context(gone)?,
			quorums: chain.quorums(head, id).await?,
		};
		self.follow_champion(&view, search);
		self.context.archive(head)?;
		self.keep_promises(&view).await?;
		self.follow_verdicts(&view).await?;
		if search.is_none() {
			return Ok(false);
		}
		if view.domain.status != Status::Active {
			tracing::info!("domain {id} takes no more commits ({:?}): the search ends", view.domain.status);
			return Ok(false);
		}
		if let Some(target) = self.config.target_performance {
			let reached = 100.0 * (1.0 - view.champion.loss as f64 / f64::from(1 << 20));
			if reached >= target {
				tracing::info!("domain {id}: the champion is {reached:.2} % better than the initial one, {target} % were asked for: the search ends");
				return Ok(false);
			}
		}
		if view.round.phase == Phase::Commit {
			self.offer(&view).await?;
		}
		Ok(true)
	}

	/// Says once why nothing is done.
	fn say(&mut self, text: String) {
		if self.said != text {
			tracing::info!("{text}");
			self.said = text;
		}
	}

	fn follow_champion(&mut self, view: &View, search: Option<&Search>) {
		let champion = &view.champion;
		if self.champion == Some(champion.model) {
			return;
		}
		let first = self.champion.replace(champion.model).is_none();
		let ours = champion.author == Some(self.signer.account());
		let author = champion.author.map_or("nobody".into(), |author| if ours { "us".into() } else { author.to_string() });
		let better = 100.0 * (1.0 - champion.loss as f64 / f64::from(1 << 20));
		let verb = if first { "is" } else { "is now" };
		tracing::info!(
			"domain {}: the champion {verb} {:?} by {author}, {better:.2} % better than the initial one",
			self.problem.id,
			champion.model
		);
		if let Some(search) = search.filter(|_| (first || !ours) && !champion.genes.is_empty()) {
			search.immigrate(champion.genes.clone());
		}
	}

	/// Reveals what is to be revealed, and sends again what did not arrive.
	async fn keep_promises(&mut self, view: &View) -> Result<()> {
		let (journal, chain, who) = (self.context.journal.clone(), self.context.chain.clone(), self.signer.account());
		for entry in journal.open_entries(Kind::Optimae)? {
			if entry.round.domain != self.problem.id || entry.who != who {
				continue;
			}
			let round = entry.round;
			let Some(seats) = chain.open_round(view.head, round).await?.map(|round| round.seats) else {
				if entry.state == State::Revealed {
					self.awaited.entry(round).or_insert(None);
				} else if view.round.round == round && view.round.phase == Phase::Commit {
					self.commit(&entry, view).await?;
				}
				continue;
			};
			let Some(seat) = seats.iter().find(|seat| seat.who == who && seat.commitment == entry.commitment) else {
				if view.round.round == round && view.round.phase == Phase::Commit {
					self.commit(&entry, view).await?;
				}
				continue;
			};
			self.awaited.entry(round).or_insert(None);
			if entry.state == State::Prepared {
				journal.mark(Kind::Optimae, round, who, State::Committed, "")?;
			}
			match seat.status {
				SeatStatus::Committed if (entry.reveal_from..entry.reveal_until).contains(&(view.head.number + 1)) => {
					let reveal =
						Reveal::decode(&mut &entry.payload[..]).context("the journal holds a reveal that cannot be read")?;
					let call = Call::reveal(round, &reveal, entry.salt);
					let included = chain.submit(&self.signer, &call, Urgency::Before(entry.reveal_until)).await?;
					journal.mark(Kind::Optimae, round, who, State::Revealed, "")?;
					tracing::info!("{}: revealed in block {} (fee {})", name(round), included.block.number, Amount(included.fee));
				}
				SeatStatus::Committed => {}
				SeatStatus::Revealed => {
					self.awaited.insert(round, seat.model);
					if entry.state != State::Revealed {
						journal.mark(Kind::Optimae, round, who, State::Revealed, "")?;
					}
				}
				SeatStatus::Rejected => {
					journal.mark(Kind::Optimae, round, who, State::Archived, "rejected")?;
					tracing::info!(
						"{}: our candidate was rejected: the champion has become better than it since it was committed",
						name(round)
					);
				}
			}
		}
		Ok(())
	}

	/// Says how awaited rounds ended.
	async fn follow_verdicts(&mut self, view: &View) -> Result<()> {
		for (round, model) in self.awaited.clone() {
			if view.round.round == round || self.context.chain.open_round(view.head, round).await?.is_some() {
				continue;
			}
			self.awaited.remove(&round);
			self.context.journal.mark(Kind::Optimae, round, self.signer.account(), State::Archived, "decided")?;
			if model.is_some() && model == Some(view.champion.model) {
				tracing::info!("{}: accepted. Our model is the champion", name(round));
			} else {
				tracing::info!("{}: decided without our model winning", name(round));
			}
		}
		Ok(())
	}

	/// Commits the best candidate that is worth a seat.
	async fn offer(&mut self, view: &View) -> Result<()> {
		let (id, who) = (self.problem.id, self.signer.account());
		let left = view.round.phase_end.saturating_sub(view.head.number);
		let seated = view.round.seats.iter().any(|seat| seat.who == who);
		if seated || left <= MARGIN || self.context.journal.entry(Kind::Optimae, view.round.round, who)?.is_some() {
			return Ok(());
		}
		if view.domain.weight == 0 && view.domain.bounty == 0 {
			self.say(format!(
				"domain {id} weighs 0 and has no bounty: candidates are held back, for what is found before there is either is never paid"
			));
			return Ok(());
		}
		if view.round.seats.len() as u32 >= MAX_SEATS || view.quorums.len() >= BUSY {
			self.say(format!("domain {id}: waiting for earlier rounds to be decided"));
			return Ok(());
		}
		let Some(found) = self.choose(view).await? else {
			self.say(format!("domain {id}: searching; nothing found yet that would pass against the champion"));
			return Ok(());
		};
		let funds = self.context.chain.funds(view.head, who).await?;
		let price = view.round.next_seat_fee.saturating_add(view.round.seat_hold);
		if funds.free < price {
			self.say(format!("domain {id}: a seat takes {} and {who} has {}: send it more", Amount(price), Amount(funds.free)));
			return Ok(());
		}
		let entry = self.entry(&found, view)?;
		self.context.journal.prepare_entry(&entry)?;
		self.commit(&entry, view).await?;
		self.pool.retain(|other| other.genes != found.genes);
		Ok(())
	}

	async fn commit(&mut self, entry: &Entry, view: &View) -> Result<()> {
		let call = Call::commit(entry.round, entry.commitment);
		match self.context.chain.submit(&self.signer, &call, Urgency::Before(view.round.phase_end)).await {
			Ok(included) => {
				self.context.journal.mark(Kind::Optimae, entry.round, entry.who, State::Committed, "")?;
				self.awaited.insert(entry.round, None);
				self.said.clear();
				tracing::info!(
					"{}: committed in block {}; revealing from block {}",
					name(entry.round),
					included.block.number,
					entry.reveal_from
				);
				Ok(())
			}
			Err(error @ ChainError::Failed { .. }) => {
				self.context.journal.mark(Kind::Optimae, entry.round, entry.who, State::Archived, "refused")?;
				Err(error.into())
			}
			Err(error) => Err(error.into()),
		}
	}

	/// What is committed and later revealed.
	fn entry(&self, found: &Found, view: &View) -> Result<Entry> {
		let bytes = found.model.to_bytes();
		let reveal = Reveal {
			genes: Genes::try_from(found.genes.clone()).map_err(|_| anyhow::anyhow!("more genes than the chain allows"))?,
			model: ModelBytes::try_from(bytes).map_err(|_| anyhow::anyhow!("the model is larger than the chain allows"))?,
			validation: bounded_row(found.measure.validation.clone())?,
			metrics: Metrics {
				experiment: self.experiment,
				round: view.round.round.number,
				millis: found.millis,
				config: blake2_256(&serde_json::to_vec(&self.config)?),
				data: self.problem.spec.data_root,
				optimizer: format!("doin-worker {}", env!("CARGO_PKG_VERSION")).into_bytes().try_into().unwrap_or_default(),
			},
		};
		let (round, who, salt) = (view.round.round, self.signer.account(), salt());
		Ok(Entry {
			kind: Kind::Optimae,
			round,
			who,
			commitment: commitment(Tag::Optimae, &self.context.chain.genesis(), round, &who, &payload_hash(&reveal), &salt),
			payload: reveal.encode(),
			salt,
			reveal_from: view.round.reveal_from,
			reveal_until: view.round.reveal_until,
			state: State::Prepared,
		})
	}

	/// The best candidate that would pass against the champion and against everything that may become champion before it is measured.
	async fn choose(&mut self, view: &View) -> Result<Option<Found>> {
		let mut rivals = vec![view.champion.model];
		// Our own near-miss is only measured again in a round that somebody opens, so it must not keep us from opening one.
		let contender = match view.round.contender {
			Some(ModelRef::Stored(id)) => {
				let author = self.context.chain.model_author(view.head, id).await?;
				(author != Some(self.signer.account())).then_some(ModelRef::Stored(id))
			}
			other => other,
		};
		let open = view.quorums.iter().flat_map(|quorum| &quorum.models).copied().chain(contender);
		let seats = view.round.seats.iter().filter_map(|seat| seat.model);
		let own = self.awaited.values().flatten().copied();
		for rival in open.chain(seats).chain(own) {
			if matches!(rival, ModelRef::Stored(_)) && !rivals.contains(&rival) {
				rivals.push(rival);
			}
		}
		let mut models = Vec::with_capacity(rivals.len());
		for rival in &rivals {
			match self.context.library.model(&self.context.chain, view.head, &self.problem, *rival).await {
				Ok(model) => models.push(model.as_ref().clone()),
				// A rival that was released in the meantime is none.
				Err(error) if *rival != view.champion.model => tracing::debug!("{error:#}"),
				Err(error) => return Err(error),
			}
		}
		// What is committed and not revealed yet is in the journal.
		for entry in self.context.journal.open_entries(Kind::Optimae)? {
			if entry.round.domain == self.problem.id && entry.state == State::Committed {
				if let Ok(model) = Reveal::decode(&mut &entry.payload[..])
					.map_err(|_| ())
					.and_then(|r| Model::from_bytes(&r.model).map_err(|_| ()))
				{
					models.push(model);
				}
			}
		}
		if self.failed.0 != models {
			self.failed = (models.clone(), BTreeSet::new());
		}
		let bar = if view.domain.evidence == "public" { view.champion.validation_error } else { self.bar };
		let worthy: Vec<Found> = self
			.pool
			.iter()
			.filter(|found| self.problem.beats_on_validation(total(&found.measure.validation), bar))
			.filter(|found| !self.failed.1.contains(&found.genes))
			.take(TRIED)
			.cloned()
			.collect();
		if worthy.is_empty() {
			return Ok(None);
		}
		let (problem, initial, high_water) = (self.problem.clone(), self.initial.clone(), view.domain.high_water);
		let paid_only = view.domain.bounty == 0;
		let (chosen, failed) = self
			.context
			.compute(move || -> Result<(Option<Found>, Vec<Vec<i64>>)> {
				let mut failed = Vec::new();
				for found in worthy {
					if practice(&problem, &initial, &models, &found.model, high_water, paid_only)? {
						return Ok((Some(found), failed));
					}
					failed.push(found.genes);
				}
				Ok((None, failed))
			})
			.await??;
		self.failed.1.extend(failed);
		Ok(chosen)
	}
}

/// Whether `candidate` would probably pass against every rival, and be paid, on draws nobody has seen.
fn practice(
	problem: &Problem,
	initial: &Model,
	rivals: &[Model],
	candidate: &Model,
	high_water: u64,
	paid_only: bool,
) -> Result<bool> {
	let mut models = vec![initial.clone(), candidate.clone()];
	models.extend_from_slice(rivals);
	let mut passed = 0;
	for _ in 0..DRAWS.0 {
		let sums = problem.drawn_sums(&models, &salt())?;
		let [initial, own, rivals @ ..] = &sums[..] else {
			return Ok(false);
		};
		let passes = rivals.iter().all(|rival| {
			paired(initial, rival, own, problem.spec.min_improvement, high_water)
				.is_some_and(|verdict| verdict.passes && (!paid_only || verdict.increment > 0))
		});
		passed += usize::from(passes);
	}
	Ok(passed >= DRAWS.1)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::sawtooth;

	#[test]
	fn practice_tells_better_from_equal_and_paid_from_unpaid() {
		let problem = sawtooth();
		let pass = |rival: Model, own: Model, high_water| {
			practice(&problem, &Model::RepeatLast, &[rival], &own, high_water, true).unwrap()
		};
		assert!(pass(Model::RepeatLast, Model::Seasonal, 0), "a sawtooth is seasonal");
		assert!(!pass(Model::Seasonal, Model::RepeatLast, 0));
		assert!(!pass(Model::Seasonal, Model::Seasonal, 0), "a copy never passes");
		assert!(!pass(Model::RepeatLast, Model::Seasonal, 1 << 40), "what does not raise the mark is not paid");
	}
}
