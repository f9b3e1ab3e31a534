//! Driver of the optimizer: reads views, asks the policy, sends calls.

use super::{
	bid::{BidLimits, PayTerms, Rates},
	given::{immigrant, is_worth_repeating},
	policy::{Action, CallCosts, CommitOutcome, Commitments, Policy, Rules, Step, View},
	report::{EndReason, Report, Wait},
	rounds::OpenRounds,
	submission::{reveal, Experiment},
	trial::{Passed, Trial},
	TARGET,
};
use crate::{
	amount::Amount,
	config::DomainConfig,
	context::Context,
	deadline::Priority,
	journal::{Entry, Kind, Note, Scope, State},
	problem::Problem,
	progress::Scale,
	random::salt,
	retry::Retry,
	search::{Immigrant, Search, StateFile, TrainedCandidate},
};
use anyhow::{Context as _, Error, Result};
use doin_chain::{Account, Call, Head, Signer, SubmitError, Urgency};
use doin_compute::{baseline::ErrorSummary, Executor};
use doin_forecast::significant;
use doin_primitives::{
	blake2_256, payload::Reveal, quorum::MIN_QUORUM, views::RoundView, Balance, DomainId, Evidence, EvidenceKind, ModelId,
	ModelRef, RoundId,
};
use doin_scoring::{verdict::loss, Model};
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc::error::TryRecvError, watch};

/// Pause after a failed look at the chain. The best block may stay the same for a moment.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Error of a commit by an account that has its seat.
const ALREADY_COMMITTED: &str = "Optimae::AlreadyCommitted";

/// Returns the error of a domain that does not exist any more.
fn retired(domain: DomainId) -> String {
	format!("domain {domain} was retired")
}

/// The optimizer of one domain.
pub struct Optimizer {
	context: Context,
	signer: Signer,
	problem: Arc<Problem>,
	/// Initial champion of the domain.
	initial: Model,
	config: DomainConfig,
	/// CPU threads of the search, which change when other searches begin or end.
	threads: watch::Receiver<usize>,
	experiment: Experiment,
	policy: Policy,
}

impl Optimizer {
	/// Loads a domain to optimize on as many CPU threads as `threads` says, as the account of `signer`.
	///
	/// # Errors
	///
	/// Errors if the domain cannot be loaded, or if its baselines cannot be scored.
	pub async fn new(
		context: Context,
		signer: Signer,
		domain: DomainId,
		config: DomainConfig,
		threads: watch::Receiver<usize>,
	) -> Result<Self> {
		let problem = context.domains.problem(&context.chain, context.chain.head(), domain).await?;
		let scored = problem.clone();
		let (initial, bar) = context.compute(Priority::Bid, move || Ok::<_, Error>((scored.initial()?, scored.bar()?))).await??;
		let experiment = Experiment { config: blake2_256(&serde_json::to_vec(&config)?), data: problem.spec.data_root };
		let rules = Rules {
			domain,
			account: signer.account(),
			bar,
			awaits_evidence: problem.spec.evidence.kind().is_awaited(),
			target_percent: config.target_performance,
			limits: BidLimits::from(&context.config.bidding),
		};
		let (in_a_row, sum) = context.journal.lost_stakes(domain, signer.account())?;
		let policy = Policy::new(rules).after_lost_stakes(in_a_row, sum);
		Ok(Self { context, signer, problem, initial, config, threads, experiment, policy })
	}

	/// Searches, commits and reveals until the policy is done or the future is dropped. In a domain that the configuration does
	/// not optimize, what is committed is revealed and followed to its verdict.
	pub async fn run(mut self) {
		if !self.config.optimize {
			self.policy.end_search();
		}
		if self.policy.is_searching() && self.problem.spec.evidence.kind() == EvidenceKind::Live {
			Report::SearchEnded(EndReason::LiveEvidence).log();
			self.policy.end_search();
		}
		let mut search = None;
		// Failures of the start of the search, until it has started.
		let mut starting = Some(Retry::default());
		let mut head = self.context.chain.head();
		loop {
			if starting.is_some_and(|retry| self.policy.is_searching() && retry.is_due(head.number)) {
				(search, starting) = self.try_search(head, starting.unwrap_or_default()).await;
			}
			if let Some(search) = &mut search {
				search.use_threads(*self.threads.borrow());
			}
			self.receive_candidates(&mut search);
			let is_complete = self.look(head, &mut search).await;
			if is_complete && self.policy.is_done() {
				return;
			}
			head = self.context.chain.next_head(head).await;
		}
	}

	/// Starts the search. If that fails, returns the block of the next attempt in `retry`; what is committed is revealed meanwhile.
	async fn try_search(&self, head: Head, mut retry: Retry) -> (Option<Search>, Option<Retry>) {
		match self.start_search().await {
			Ok(search) => (Some(search), None),
			Err(error) => {
				let again = retry.fail(head.number);
				tracing::error!(target: TARGET, again, "{error:#}; the search is started again at block {again}");
				(None, Some(retry))
			}
		}
	}

	async fn start_search(&self) -> Result<Search> {
		let (problem, config, devices) = (self.problem.clone(), self.config.clone(), self.context.devices.clone());
		let (limits, threads) = (self.context.config.resource_limits.clone(), *self.threads.borrow());
		let population = config.optimization_config.population_size.try_into().unwrap_or(u32::MAX);
		let scale = Scale { population, initial_error: self.policy.bar() };
		let meter = self.context.progress.begin(self.problem.id, self.signer.account(), scale);
		let file = StateFile::new(self.context.journal.path(), &problem, self.signer.account(), limits.max_memory_mb);
		let start = move || Search::start(&problem, &config, &limits, Executor::new(threads, devices)?, meter, Some(file));
		let search = tokio::task::spawn_blocking(start).await?;
		let search =
			search.with_context(|| format!("domain {} ({}) cannot be optimized", self.problem.id, self.problem.name()))?;
		if let Some(queue) = &self.context.shared {
			search.share_work(queue.clone());
		}
		self.log_baselines(&search);
		Ok(search)
	}

	/// Logs the errors that candidates have to undercut.
	fn log_baselines(&self, search: &Search) {
		let unit = self.problem.unit().0;
		let mean = |summary: &ErrorSummary| significant(summary.mean * unit);
		for row in &search.baselines {
			tracing::info!(
				target: TARGET,
				domain = self.problem.id,
				name = self.problem.name(),
				unit = self.problem.error_description(),
				model = row.name,
				validation = mean(&row.validation),
				test = row.test.as_ref().map(mean),
				practice = row.practice.as_ref().map(mean),
				"baseline"
			);
		}
	}

	/// Takes the candidates that were trained since the last look. A search whose thread has ended is dropped with a warning.
	fn receive_candidates(&mut self, search: &mut Option<Search>) {
		while let Some(running) = search {
			match running.results.try_recv() {
				Ok(candidate) => self.add_candidate(candidate),
				Err(TryRecvError::Empty) => return,
				Err(TryRecvError::Disconnected) => {
					tracing::warn!(
						target: TARGET,
						domain = self.problem.id,
						"the search has ended, and no further candidate is trained: its space is visited, or its program or thread failed"
					);
					*search = None;
				}
			}
		}
	}

	fn add_candidate(&mut self, candidate: TrainedCandidate) {
		let of_points = self.problem.has_points();
		let loss = if of_points { loss(candidate.fitness, self.policy.bar()) } else { candidate.fitness };
		tracing::debug!(
			target: TARGET,
			domain = self.problem.id,
			loss = crate::loss::relative(loss),
			genes = ?candidate.genes,
			"candidate trained"
		);
		self.policy.add_candidate(candidate);
	}

	/// Does everything that is due at `head`. Returns `true` if everything could be read and done.
	#[tracing::instrument(
		target = "doin::optimizer", name = "optimize", skip_all, fields(domain = self.problem.id, block = head.number)
	)]
	async fn look(&mut self, head: Head, search: &mut Option<Search>) -> bool {
		match self.try_look(head, search).await {
			Ok(is_complete) => is_complete,
			Err(error) => {
				tracing::warn!(target: TARGET, "{error:#}");
				tokio::time::sleep(RETRY_PAUSE).await;
				false
			}
		}
	}

	/// Does everything that is due at `head`. Returns `false` if a round could not be read.
	async fn try_look(&mut self, head: Head, search: &mut Option<Search>) -> Result<bool> {
		let (chain, id) = (&self.context.chain, self.problem.id);
		let entries = self.context.journal.open_entries(Kind::Candidate)?;
		let round = chain.round(head, id).await?.with_context(|| retired(id))?;
		let rounds = self.open_rounds(head, round.round, &entries).await;
		let OpenRounds { open: open_rounds, unread } = &rounds;
		let commitments = Commitments { block: head.number, round: &round, entries: &entries, open_rounds, unread };
		let actions = self.policy.keep_commitments(commitments);
		// A reveal that fails is sent again at the next look. What does not depend on it goes on.
		let kept = self.perform(head, actions, commitments, search.as_ref()).await;
		let view = self.view(head, round, entries, rounds).await;
		kept?;
		let view = view?;
		self.follow_segments(head, &view, search).await?;
		self.follow(head, &view, search).await?;
		Ok(view.unread.is_empty())
	}

	/// Loads the segments that were opened since the last look, and lets the search train on them.
	async fn follow_segments(&mut self, head: Head, view: &View, search: &mut Option<Search>) -> Result<()> {
		let opened = view.evidence.as_ref().map_or(0, |evidence| evidence.opened);
		if opened > self.problem.segments() {
			self.problem = self.context.domains.problem(&self.context.chain, head, self.problem.id).await?;
			self.policy.data_has_grown();
		}
		if let Some(search) = search {
			search.grow(&self.problem);
		}
		Ok(())
	}

	/// Follows the champion and the verdicts, and commits another candidate.
	async fn follow(&mut self, head: Head, view: &View, search: &mut Option<Search>) -> Result<()> {
		if let Some(search) = search {
			let pool = self.policy.pool_size().try_into().unwrap_or(u32::MAX);
			search.meter().chain_read(view.champion.validation_error, pool);
		}
		let actions = self.policy.follow_champion(view).into_iter().collect();
		self.perform(head, actions, view.into(), search.as_ref()).await?;
		// One that starts later is given them then.
		if search.is_some() {
			let actions = self.policy.give_models(view);
			self.perform(head, actions, view.into(), search.as_ref()).await?;
		}
		let actions = self.policy.follow_verdicts(view);
		self.perform(head, actions, view.into(), search.as_ref()).await?;
		match self.policy.step(view) {
			Step::Idle => {}
			Step::Wait(wait) => self.wait(wait),
			Step::EndSearch(reason) => {
				Report::SearchEnded(reason).log();
				*search = None;
			}
			Step::Choose => self.choose(head, view).await?,
		}
		Ok(())
	}

	/// Reads the rounds of the commitments, and in a sealed domain those before the round on the grid. A read that fails is logged.
	async fn open_rounds(&self, head: Head, round: RoundId, entries: &[Entry]) -> OpenRounds {
		let read = |round| {
			let chain = self.context.chain.clone();
			async move { chain.open_round(head, round).await }
		};
		let mut wanted = self.policy.rounds_of_interest(entries);
		if self.problem.spec.evidence.kind().is_awaited() {
			wanted.extend(Policy::earlier_rounds(round));
		}
		let (rounds, failures) = OpenRounds::read(wanted, read).await;
		for failure in failures {
			tracing::warn!(target: TARGET, "{:#}", anyhow::Error::from(failure));
		}
		rounds
	}

	/// Reads the rest of the view at `head`.
	async fn view(&self, head: Head, round: RoundView<Account>, entries: Vec<Entry>, rounds: OpenRounds) -> Result<View> {
		let (chain, id) = (&self.context.chain, self.problem.id);
		let gone = || retired(id);
		let scope = Scope::Candidate(round.round);
		Ok(View {
			block: head.number,
			domain: chain.domain(head, id).await?.with_context(gone)?,
			champion: chain.champion(head, id).await?.with_context(gone)?,
			recomputations: chain.recomputations(head, id).await?,
			evidence: match self.problem.spec.evidence {
				Evidence::Sealed { .. } => chain.evidence(head, id).await?,
				Evidence::Public | Evidence::Synthetic(_) | Evidence::Live { .. } | Evidence::Drawn => None,
			},
			has_entry: self.context.journal.entry(scope, self.signer.account())?.is_some(),
			round,
			entries,
			open_rounds: rounds.open,
			unread: rounds.unread,
		})
	}

	/// Performs all of `actions`, also after one of them has failed: a full disk must not delay a reveal.
	///
	/// # Errors
	///
	/// Returns the first error. Further ones are logged.
	async fn perform(&mut self, head: Head, actions: Vec<Action>, view: Commitments<'_>, search: Option<&Search>) -> Result<()> {
		let mut outcome = Ok(());
		for action in actions {
			match self.perform_one(head, action, view, search).await {
				Ok(()) => {}
				Err(error) if outcome.is_ok() => outcome = Err(error),
				Err(error) => tracing::warn!(target: TARGET, "{error:#}"),
			}
		}
		outcome
	}

	async fn perform_one(&mut self, head: Head, action: Action, view: Commitments<'_>, search: Option<&Search>) -> Result<()> {
		match action {
			Action::Immigrate(model) => {
				if let Some(search) = search {
					self.immigrate(search, head, model).await;
				}
				Ok(())
			}
			Action::SendCommit(entry) => self.send_commit(&entry, view).await.map(|_| ()),
			Action::SendReveal(entry) => self.send_reveal(&entry, view).await,
			Action::Reschedule { round, from, until } => {
				Ok(self.context.journal.reschedule(Scope::Candidate(round), self.signer.account(), from..until)?)
			}
			Action::StoreLostStakes { in_a_row, sum } => {
				Ok(self.context.journal.store_lost_stakes(self.problem.id, self.signer.account(), in_a_row, sum)?)
			}
			Action::Mark { round, state, note } => self.mark(round, state, note),
			Action::Report(report) => {
				report.log();
				Ok(())
			}
		}
	}

	/// Lets the search breed with a stored model. A model that is refused is logged, and one that the node may answer later is given again.
	async fn immigrate(&mut self, search: &Search, head: Head, id: ModelId) {
		match self.read_immigrant(head, id).await {
			Ok(Some(immigrant)) => search.immigrate(immigrant),
			Ok(None) => tracing::debug!(target: TARGET, model = id, "a model of another author is not stored any more"),
			Err(error) if is_worth_repeating(&error) => {
				tracing::debug!(target: TARGET, model = id, "the search is given a model at a later block: {error:#}");
				self.policy.give_again(id);
			}
			Err(error) => tracing::warn!(target: TARGET, model = id, "{error:#}"),
		}
	}

	/// Returns what the search is given of a stored model, or `None` if it is not stored any more.
	async fn read_immigrant(&self, head: Head, id: ModelId) -> Result<Option<Immigrant>> {
		let (chain, problem) = (&self.context.chain, &self.problem);
		let Some(genes) = chain.model_genes(head, id).await? else { return Ok(None) };
		let loaded = self.context.domains.model(chain, head, problem, ModelRef::Stored(id)).await;
		immigrant(problem, id, genes, loaded).map(Some)
	}

	fn mark(&self, round: RoundId, state: State, note: Note) -> Result<()> {
		Ok(self.context.journal.mark(Scope::Candidate(round), self.signer.account(), state, note)?)
	}

	fn wait(&mut self, wait: Wait) {
		if let Some(report) = self.policy.report_wait(wait) {
			report.log();
		}
	}

	/// Commits the candidate of an entry. Returns `false` if its seat had become too expensive.
	async fn send_commit(&mut self, entry: &Entry, view: Commitments<'_>) -> Result<bool> {
		let round = entry.scope.round().context("a commit needs a round")?;
		let call = Call::commit(round, entry.commitment, self.policy.max_fee(round));
		let urgency = Urgency::Staked { block: view.round.phase_end, max_tip: self.policy.max_commit_tip(round) };
		let submitted = self.context.chain.submit(&self.signer, &call, urgency).await;
		let outbid = submitted.as_ref().err().and_then(|error| self.policy.outbid(view, error.dispatch_error()));
		let outcome = match &submitted {
			Ok(_) => CommitOutcome::Included,
			Err(error) if error.dispatch_error() == Some(ALREADY_COMMITTED) => CommitOutcome::AlreadyCommitted,
			Err(SubmitError::Failed { .. }) => CommitOutcome::Failed,
			Err(_) => CommitOutcome::NotIncluded,
		};
		if let Some((state, note)) = self.policy.commit_ended(round, outcome) {
			self.mark(round, state, note)?;
		}
		if outcome == CommitOutcome::AlreadyCommitted {
			tracing::debug!(target: TARGET, round = round.number, "candidate was committed by an earlier call");
			return Ok(true);
		}
		if let Some(wait) = outbid {
			self.wait(wait);
			return Ok(false);
		}
		let included = submitted?;
		tracing::info!(
			target: TARGET,
			round = round.number,
			included_in = included.block.number,
			reveal_from = entry.reveal_from,
			"candidate committed"
		);
		Ok(true)
	}

	async fn send_reveal(&mut self, entry: &Entry, view: Commitments<'_>) -> Result<()> {
		let round = entry.scope.round().context("a reveal needs a round")?;
		let call = Call::reveal(round, &entry.decode_payload::<Reveal>()?, entry.salt);
		let urgency = Urgency::Staked { block: entry.reveal_until, max_tip: self.policy.max_reveal_tip(view, round) };
		let included = self.context.chain.submit(&self.signer, &call, urgency).await?;
		self.mark(round, State::Revealed, Note::Progress)?;
		tracing::info!(
			target: TARGET,
			round = round.number,
			included_in = included.block.number,
			fee = %Amount(included.fee),
			"candidate revealed"
		);
		Ok(())
	}

	/// Tries candidates, and commits the one that would probably earn most.
	async fn choose(&mut self, head: Head, view: &View) -> Result<()> {
		if let Some(wait) = self.lacks_evaluators(head).await? {
			self.wait(wait);
			return Ok(());
		}
		let work = self.context.chain.work(head).await?;
		let purse = view.evidence.as_ref().map(|evidence| evidence.purse);
		let rates = Rates::new(&view.domain, self.problem.spec.evidence.value(), &work, purse);
		let first_block = self.context.params.first_block(view.round.round);
		let terms = PayTerms::new(&view.domain, first_block, self.context.chain.ramp(head).await?);
		if let Some(wait) = self.policy.lacks_pay(view, &rates, terms) {
			self.wait(wait);
			return Ok(());
		}
		let rivals = self.load_rivals(head, view).await?;
		let passed = match self.policy.trial(view, rivals, terms, rates) {
			Some(trial) => self.try_candidates(trial).await?,
			None => Vec::new(),
		};
		let passed = match self.policy.bid(view, passed, rates) {
			Ok(passed) => passed,
			Err(wait) => {
				self.wait(wait);
				return Ok(());
			}
		};
		let entry = self.entry(&passed.candidate, view)?;
		if let Some(wait) = self.lacks_money(head, view, &entry).await? {
			self.wait(wait);
			return Ok(());
		}
		self.context.journal.prepare(&entry)?;
		if self.send_commit(&entry, view.into()).await? {
			self.policy.remove_candidate(&passed.candidate.genes);
		}
		Ok(())
	}

	/// Returns the reason to wait if no quorum can be drawn for a tolerance domain: a commit would fail, and cost its fee.
	async fn lacks_evaluators(&self, head: Head) -> Result<Option<Wait>> {
		if self.problem.tolerance().is_none() {
			return Ok(None);
		}
		let serving = self.context.chain.serving_evaluators(head, self.problem.id).await?;
		Ok((serving < MIN_QUORUM).then_some(Wait::NotServed { serving }))
	}

	/// Returns the reason to wait if the seat of `entry`, its commit or its reveal cannot be paid.
	async fn lacks_money(&self, head: Head, view: &View, entry: &Entry) -> Result<Option<Wait>> {
		let (chain, account, hot) = (&self.context.chain, self.signer.account(), self.signer.hot());
		let round = view.round.round;
		let commit = Call::commit(round, entry.commitment, self.policy.max_fee(round));
		let reveal = Call::reveal(round, &entry.decode_payload::<Reveal>()?, entry.salt);
		// The stored model is not larger than the payload.
		let byte_hold: Balance = chain.constant("Optimae", "ByteHold").await?;
		let hold = byte_hold.saturating_mul(entry.payload.len() as Balance);
		let deposit: Balance = chain.constant("Balances", "ExistentialDeposit").await?;
		let (commit_fee, reveal_fee) = (chain.fee(&self.signer, &commit).await?, chain.fee(&self.signer, &reveal).await?);
		let costs = CallCosts { hold, commit_fee, reveal_fee, deposit };
		let free = chain.funds(head, account).await?.free;
		if self.signer.proxied().is_none() {
			return Ok(self.policy.lacks_funds(view, free, costs));
		}
		let fee_of_hot = self.policy.lacks_fee(view, hot, chain.funds(head, hot).await?.free, costs);
		let budget = chain.budget(head, account).await?;
		let of_account = self.policy.lacks_funds(view, free, CallCosts { commit_fee: 0, reveal_fee: 0, ..costs });
		Ok(of_account.or(fee_of_hot).or(self.policy.lacks_budget(view, budget, costs)))
	}

	async fn load_rivals(&self, head: Head, view: &View) -> Result<Vec<Model>> {
		let (chain, domains) = (&self.context.chain, &self.context.domains);
		let contender_author = match view.round.contender {
			Some(ModelRef::Stored(id)) => chain.model_author(head, id).await?,
			_ => None,
		};
		let mut models = Vec::new();
		for rival in self.policy.rivals(view, contender_author) {
			match domains.model(chain, head, &self.problem, rival).await {
				Ok(model) => models.push(model.as_ref().clone()),
				Err(error) if self.policy.is_required(view, rival) => return Err(error),
				Err(error) => tracing::debug!(target: TARGET, model = ?rival, "rival ignored: {error:#}"),
			}
		}
		// Read again: the commitments of this block may have changed the entries of the view.
		let entries = self.context.journal.open_entries(Kind::Candidate)?;
		models.extend(self.policy.committed_models(&entries));
		Ok(models)
	}

	async fn try_candidates(&mut self, trial: Trial) -> Result<Vec<Passed>> {
		let (problem, initial) = (self.problem.clone(), self.initial.clone());
		let is_scored_by_program = problem.tolerance().is_some();
		let outcome = if is_scored_by_program {
			self.context.run_program(move |stop| trial.run_until(&problem, &initial, salt, stop)).await??
		} else {
			self.context.compute(Priority::Bid, move || trial.run(&problem, &initial, salt)).await??
		};
		Ok(self.policy.trial_ended(outcome))
	}

	/// Returns the journal entry that commits `candidate` in the current round.
	fn entry(&self, candidate: &TrainedCandidate, view: &View) -> Result<Entry> {
		let round = view.round.round;
		let stated = TrainedCandidate { genes: self.problem.stated_genes(&candidate.genes), ..candidate.clone() };
		let payload = reveal(&stated, round, self.experiment)?;
		let reveal_window = view.round.reveal_from..view.round.reveal_until;
		let genesis = self.context.chain.genesis();
		Ok(Entry::prepare(Scope::Candidate(round), self.signer.account(), &genesis, &payload, salt(), reveal_window))
	}
}
