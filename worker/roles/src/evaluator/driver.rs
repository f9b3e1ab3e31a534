//! Driver of the evaluators: reads views, asks the policy, sends calls.

use super::{
	alarm::{Alarms, UnpaidRound},
	answers::{AnswerKey, Answers},
	policy::{
		challenge_step, failure, first_difference, first_false_sum, is_already_recomputed, is_of_another_worker, missing_ranges,
		Assignment, ChallengeStep, Claim, Duty, Failure, Interest, Policy,
	},
	watch::{watch, Watch},
};
use crate::{
	context::Context,
	deadline::Priority,
	in_flight::InFlight,
	journal::{Entry, Kind, Note, Scope, State},
	optimizer::BidLimits,
	problem::bounded_sums,
	programs::ProgramFault,
	random::salt,
	round_result::{is_fault, unpaid_message},
	shared_work::{agree, sampled_chunks, sums_by_anybody, Patience, WantedSums},
};
use anyhow::{Context as _, Result};
use codec::Encode;
use doin_chain::{Account, Call, Head, Included, Signer, SubmitError, Urgency};
use doin_primitives::{
	payload::{Challenge, Sums},
	views::{DomainView, RecomputationView},
	Balance, BlockNumber, DomainId, ModelRef, SizeClass, TaskId,
};
use parking_lot::Mutex;
use std::{
	future::Future,
	sync::Arc,
	time::{Duration, Instant},
};
use tracing::Instrument;

/// Target of log events.
const TARGET: &str = "doin::evaluator";
/// Pause after a failed look at the chain or a failed duty. The best block may stay the same for a moment.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Part of its bond that an evaluator loses if its answer is late, in parts of one: 1/500, the absences of one hour.
const ABSENCE_PARTS: Balance = 500;
/// Seconds per round for verdicts of domains without weight, unless the configuration sets them.
const MAX_UNWEIGHTED_SECONDS: u64 = 30;

/// The evaluators of a worker. Clones share everything.
#[derive(Clone)]
pub struct Evaluator {
	context: Context,
	signers: Arc<Vec<Signer>>,
	policy: Arc<Mutex<Policy>>,
	alarms: Arc<Mutex<Alarms>>,
	running: InFlight<Duty>,
	answers: Arc<Answers>,
	/// Held by the one verification of a domain without weight that computes.
	unweighted: Arc<tokio::sync::Mutex<()>>,
}

/// Purpose of a computation of sums.
#[derive(Clone, Copy, Debug)]
enum Purpose {
	/// The answer of a drawn evaluator, which has to be in a block before this one.
	Answer(BlockNumber),
	/// A comparison with settled sums.
	Verification(Interest),
}

impl Purpose {
	/// Returns the time that another worker has for the sums: some seconds of an answer, whose phase may be short.
	fn patience(self) -> Patience {
		let (claim, result) = match self {
			Self::Answer(_) => (1, 4),
			Self::Verification(_) => (3, 60),
		};
		Patience { claim: Duration::from_secs(claim), result: Duration::from_secs(result) }
	}
}

/// A task, where and by whom a duty on it is done.
struct Job {
	head: Head,
	signer: Signer,
	view: Arc<RecomputationView<Account>>,
	interest: Interest,
}

impl Evaluator {
	/// Returns the evaluators with the keys `signers`. The account of `optimizer` verifies the verdicts of the rounds that it
	/// has a seat in, also without any evaluator.
	pub fn new(context: Context, signers: Vec<Signer>, optimizer: Option<Signer>) -> Self {
		let identities = signers.iter().map(Signer::account).collect();
		let seconds = context.config.resource_limits.max_unweighted_seconds.unwrap_or(MAX_UNWEIGHTED_SECONDS);
		let policy = Policy::new(identities, optimizer.as_ref().map(Signer::account), context.params, seconds);
		let alarms = Alarms::new(context.params.period());
		Self {
			context,
			signers: Arc::new(signers.into_iter().chain(optimizer).collect()),
			policy: Arc::new(Mutex::new(policy)),
			alarms: Arc::new(Mutex::new(alarms)),
			running: InFlight::default(),
			answers: Arc::default(),
			unweighted: Arc::default(),
		}
	}

	/// Evaluates until the future is dropped.
	///
	/// # Errors
	///
	/// Never errors: a failed duty is logged and started again at the next block.
	pub async fn run(self) -> Result<()> {
		let mut head = self.context.chain.head();
		loop {
			self.look(head).await;
			head = self.context.chain.next_head(head).await;
		}
	}

	/// Starts everything that is due at `head`.
	#[tracing::instrument(target = "doin::evaluator", name = "evaluate", skip_all, fields(block = head.number))]
	async fn look(&self, head: Head) {
		if let Err(error) = self.try_look(head).await {
			tracing::warn!(target: TARGET, "{error:#}");
			tokio::time::sleep(RETRY_PAUSE).await;
		}
	}

	/// Looks at every domain, also after a read has failed: the answers to other tasks are due all the same.
	///
	/// # Errors
	///
	/// Returns the last error. Earlier ones are logged.
	async fn try_look(&self, head: Head) -> Result<()> {
		let domains = self.context.chain.domains(head).await?;
		let answers = self.context.journal.open_entries(Kind::Sums).unwrap_or_else(|error| {
			tracing::warn!(target: TARGET, "{:#}", anyhow::Error::from(error));
			Vec::new()
		});
		for domain in &domains {
			let has_answer = self.policy.lock().has_answer(domain.id, &answers);
			let Some(watch) = watch(&self.context.config, domain, has_answer) else { continue };
			self.report_result(domain);
			if let Err(error) = self.look_at_domain(head, domain.clone(), watch).await {
				tracing::warn!(target: TARGET, domain = domain.id, "{error:#}");
			}
		}
		if let Err(error) = self.look_at_standings(head, &domains).await {
			tracing::warn!(target: TARGET, "{error:#}");
		}
		self.look_at_challenges(head).await
	}

	/// Logs the reason for which the last round of a domain earned nothing, once per round.
	fn report_result(&self, domain: &DomainView<Account>) {
		let Some(UnpaidRound { number, reason }) = self.alarms.lock().unpaid(domain) else { return };
		let (domain, text) = (domain.id, unpaid_message(reason));
		match is_fault(reason) {
			true => tracing::warn!(target: TARGET, domain, round = number, ?reason, "round earned nothing: {text}"),
			false => tracing::info!(target: TARGET, domain, round = number, ?reason, "round earned nothing: {text}"),
		}
	}

	/// Logs the reason for which an evaluator of this worker is never drawn, and so never paid.
	async fn look_at_standings(&self, head: Head, domains: &[DomainView<Account>]) -> Result<()> {
		if !self.alarms.lock().is_look_due(head.number) {
			return Ok(());
		}
		let weighted = domains.iter().filter(|domain| domain.weight > 0).count();
		let evaluators = self.policy.lock().identities().to_vec();
		for who in evaluators {
			let reputation = self.context.chain.reputation(head, who).await?;
			if let Some(reason) = self.alarms.lock().standing(who, &reputation, weighted) {
				tracing::warn!(target: TARGET, account = %who, "evaluator is not drawn and earns nothing: {reason}");
			}
		}
		Ok(())
	}

	async fn look_at_domain(&self, head: Head, domain: DomainView<Account>, watch: Watch) -> Result<()> {
		let chain = &self.context.chain;
		let tasks = chain.recomputations(head, domain.id).await?;
		let mut rounds: Vec<_> = chain.round(head, domain.id).await?.into_iter().collect();
		for round in tasks.iter().filter_map(|view| view.subject.round()) {
			match chain.open_round(head, round).await {
				Ok(open) => rounds.extend(open),
				// Only the verification of others needs the round; an answer that is due does not.
				Err(error) => tracing::warn!(target: TARGET, round = round.number, "{:#}", anyhow::Error::from(error)),
			}
		}
		let is_named = self.context.config.domain(domain.id, &domain.name).is_some_and(|domain| domain.evaluate);
		let interest = Interest { is_weighted: domain.weight > 0, is_named, own_seat: None };
		let (claims, own_seat) = {
			let policy = self.policy.lock();
			let own_seat = rounds.iter().find_map(|round| policy.own_seat(round));
			(policy.claims(head.number, &rounds, interest), own_seat)
		};
		if !claims.is_empty() && watch == Watch::Full {
			let (duty, interest) = (Duty::CheckClaims { domain: domain.id }, Interest { own_seat, ..interest });
			self.start(duty, domain.id, self.clone().check_claims(head, domain, interest, claims));
		}
		for view in tasks {
			let round = rounds.iter().find(|round| view.subject.round() == Some(round.round));
			let (assignments, interest) = {
				let policy = self.policy.lock();
				let interest = Interest { own_seat: round.and_then(|round| policy.own_seat(round)), ..interest };
				(policy.assignments(head.number, &view, interest), interest)
			};
			let view = Arc::new(view);
			for assignment in assignments.into_iter().filter(|assignment| watch.admits(assignment.duty)) {
				self.assign(head, assignment, view.clone(), interest);
			}
		}
		Ok(())
	}

	/// Starts to recover the bonds of announced challenges that can no longer be made. Making them all the same releases
	/// their bonds.
	async fn look_at_challenges(&self, head: Head) -> Result<()> {
		for entry in self.context.journal.open_entries(Kind::Challenge)? {
			let Some(signer) = self.signer(entry.who) else { continue };
			let domain = entry.scope.domain();
			let tasks = self.context.chain.recomputations(head, domain).await?;
			let recovery = self.policy.lock().recovery(&entry, &tasks);
			if let Some(Assignment { duty, .. }) = recovery {
				self.start(duty, domain, self.clone().recover_bond(head, signer, entry));
			}
		}
		Ok(())
	}

	fn signer(&self, who: Account) -> Option<Signer> {
		self.signers.iter().find(|signer| signer.account() == who).cloned()
	}

	fn assign(&self, head: Head, assignment: Assignment, view: Arc<RecomputationView<Account>>, interest: Interest) {
		let Some(signer) = self.signer(assignment.who) else { return };
		let (domain, job, this) = (view.domain, Job { head, signer, view, interest }, self.clone());
		let duty = assignment.duty;
		match duty {
			Duty::CommitSums { .. } => self.start(duty, domain, this.commit_sums(job)),
			Duty::RevealSums { .. } => self.start(duty, domain, this.reveal_sums(job)),
			Duty::Settle { .. } => self.start(duty, domain, this.settle(job)),
			Duty::Recompute { .. } => self.start(duty, domain, this.recompute(job)),
			Duty::VerifySums { .. } => self.start(duty, domain, this.verify_sums(job)),
			// Not duties on the view of a task.
			Duty::CheckClaims { .. } | Duty::RecoverBond { .. } => {}
		}
	}

	/// Runs `work` in the background, unless the same duty is running.
	fn start(&self, duty: Duty, domain: DomainId, work: impl Future<Output = Result<()>> + Send + 'static) {
		let Some(flight) = self.running.begin(duty) else { return };
		let span = tracing::info_span!(target: TARGET, "duty", domain, task = task_of(duty));
		let work = async move {
			if let Err(error) = work.await {
				let dispatch_error = error.downcast_ref::<SubmitError>().and_then(SubmitError::dispatch_error);
				// A program that pauses after a failure was reported when it failed.
				let is_paused = matches!(error.downcast_ref::<ProgramFault>(), Some(ProgramFault::Paused { .. }));
				match failure(dispatch_error) {
					_ if is_paused => tracing::debug!(target: TARGET, ?duty, "duty waits: {error:#}"),
					Failure::Overtaken => tracing::debug!(target: TARGET, ?duty, "duty overtaken: {error:#}"),
					Failure::Unexpected => tracing::warn!(target: TARGET, ?duty, "duty failed: {error:#}"),
				}
				tokio::time::sleep(RETRY_PAUSE).await;
			}
			drop(flight);
		};
		tokio::spawn(work.instrument(span));
	}

	async fn submit(&self, signer: &Signer, call: &Call, urgency: Urgency) -> Result<Included, SubmitError> {
		self.context.chain.submit(signer, call, urgency).await
	}

	/// Returns the deadline of a call of a drawn evaluator: without it, a part of the bond is lost.
	async fn staked(&self, head: Head, who: Account, block: BlockNumber) -> Result<Urgency> {
		let bond = self.context.chain.reputation(head, who).await?.bond;
		let max_tip = BidLimits::from(&self.context.config.bidding).max_tip(bond / ABSENCE_PARTS);
		Ok(Urgency::Staked { block, max_tip })
	}

	/// Computes the sums of a task's models on its evidence, once per worker.
	async fn sums(&self, head: Head, view: &RecomputationView<Account>, purpose: Purpose) -> Result<Sums> {
		let (seed, evidence) = (view.seed.context("the task has no seed yet")?, view.evidence);
		let cell = self.answers.cell(AnswerKey { task: view.task, seed });
		let compute = || async {
			let context = &self.context;
			let problem = context.domains.problem(&context.chain, head, view.domain).await?;
			let mut models = Vec::with_capacity(view.models.len());
			for model in &view.models {
				let model = context.domains.model(&context.chain, head, &problem, *model).await?;
				models.push(model.as_ref().clone());
			}
			let count = models.len();
			if problem.tolerance().is_some() {
				let (computed, time) = context.run_program(move |stop| timed(|| problem.program_sums(&models, stop))).await?;
				let computed = computed?;
				tracing::info!(target: TARGET, models = count, milliseconds = time.as_millis() as u64, "program has answered");
				return bounded_sums(computed);
			}
			let (priority, batch) = match purpose {
				Purpose::Answer(until) => (Priority::Drawn { until }, count),
				// One model at a time, so that a drawn seat waits for one model at most.
				Purpose::Verification(interest) => (interest.priority(), 1),
			};
			let chunks = usize::from(problem.chunks());
			let own = async {
				let (mut sums, mut time) = (Vec::with_capacity(count), Duration::ZERO);
				for models in models.chunks(batch.max(1)) {
					let (problem, models) = (problem.clone(), models.to_vec());
					let (computed, took) =
						context.compute(priority, move || timed(|| problem.drawn_sums(&models, evidence, &seed))).await?;
					sums.extend(computed?);
					time = time.saturating_add(took);
				}
				Ok((sums, time))
			};
			let (sums, time) = match &context.shared {
				None => own.await?,
				Some(queue) => {
					let wanted = WantedSums { models: view.models.clone(), evidence, seed };
					let is_right = |sums: Vec<Vec<u32>>| {
						let (problem, models, sampled) = (problem.clone(), models.clone(), sampled_chunks(chunks));
						let compare = move || {
							let own = problem.selected_sums(&models, evidence, &seed, &sampled);
							own.is_ok_and(|own| agree(&sums, &own, &sampled))
						};
						async move { context.compute(priority, compare).await.unwrap_or(false) }
					};
					sums_by_anybody(queue, view.domain, wanted, chunks, purpose.patience(), is_right, own).await?
				}
			};
			if let Purpose::Verification(interest) = purpose {
				self.policy.lock().time_spent(head.number, interest, time);
			}
			tracing::info!(target: TARGET, models = count, milliseconds = time.as_millis() as u64, "sums computed");
			bounded_sums(sums)
		};
		cell.get_or_try_init(compute).await.cloned()
	}

	/// Commits sums. Everything that the reveal needs is on disk before.
	async fn commit_sums(self, job: Job) -> Result<()> {
		let Job { head, signer, view, .. } = job;
		let (journal, who) = (&self.context.journal, signer.account());
		let scope = Scope::Sums { domain: view.domain, task: view.task };
		let sums = self.sums(head, &view, Purpose::Answer(view.phase_end)).await?;
		let reveal = view.phase_end..view.phase_end.saturating_add(self.context.params.answer_reveal);
		// A commitment that was sent is sent again; a fork that drew other windows needs one of its own.
		let entry = match journal.recall(scope, who, &sums.encode())? {
			Some(entry) => entry.with_reveal_window(reveal),
			None => Entry::prepare(scope, who, &self.context.chain.genesis(), &sums, salt(), reveal),
		};
		journal.prepare(&entry)?;
		let call = Call::commit_sums(view.task, entry.commitment);
		let urgency = self.staked(head, who, view.phase_end).await?;
		let included = self.submit(&signer, &call, urgency).await?;
		journal.mark(scope, who, State::Committed, Note::Progress)?;
		log_included("sums committed", who, &included);
		Ok(())
	}

	async fn reveal_sums(self, job: Job) -> Result<()> {
		let Job { head, signer, view, .. } = job;
		let (journal, who) = (&self.context.journal, signer.account());
		let scope = Scope::Sums { domain: view.domain, task: view.task };
		let has_other_entries = journal.has_other_entries(scope, who)?;
		if has_other_entries {
			// Forks drew different windows: the answer to those of this one is revealed.
			let sums = self.sums(head, &view, Purpose::Answer(view.phase_end)).await?;
			journal.recall(scope, who, &sums.encode())?;
		}
		let entry = journal.entry(scope, who)?.with_context(|| {
			format!(
				"the {scope} of {who} are not in this journal: start the worker with the journal that they were committed with"
			)
		})?;
		let call = Call::reveal_sums(view.task, &entry.decode_payload::<Sums>()?, entry.salt);
		let urgency = self.staked(head, who, view.phase_end).await?;
		let included = match self.submit(&signer, &call, urgency).await {
			Err(error) if is_of_another_worker(error.dispatch_error(), has_other_entries) => {
				tracing::error!(
					target: TARGET,
					account = %who,
					"the committed answer is not the one of this journal: another worker answers for this account; keep one of them. An \
					 answer that nobody reveals costs a part of the bond"
				);
				// Every further attempt would cost a fee and fail.
				self.wait_for_block_after(view.phase_end.saturating_sub(1)).await;
				return Ok(());
			}
			outcome => outcome?,
		};
		journal.mark(scope, who, State::Revealed, Note::Progress)?;
		log_included("sums revealed", who, &included);
		Ok(())
	}

	/// Has the runtime compare the answers.
	async fn settle(self, job: Job) -> Result<()> {
		let Job { signer, view, .. } = job;
		let call = Call::settle(view.task, view.class);
		let included = self.submit(&signer, &call, Urgency::Before(view.phase_end)).await?;
		log_included("task settled", signer.account(), &included);
		Ok(())
	}

	/// Has the runtime compute the chunks that no quorum answered, a few per call.
	async fn recompute(self, job: Job) -> Result<()> {
		let Job { head, signer, view, .. } = job;
		let (context, task) = (&self.context, view.task);
		let chunks = context.domains.problem(&context.chain, head, view.domain).await?.chunks();
		for model in 0..view.models.len() as u8 {
			let computed = context.chain.recomputed_sums(head, task, model).await?;
			for range in missing_ranges(chunks, &computed) {
				let call = Call::recompute(task, model, range.from, range.count, view.class);
				match self.submit(&signer, &call, Urgency::Before(view.phase_end)).await {
					Ok(included) => tracing::info!(
						target: TARGET, model, from = range.from, included_in = included.block.number, "chunks recomputed"
					),
					Err(error) if is_already_recomputed(error.dispatch_error()) => {}
					Err(error) => return Err(error.into()),
				}
			}
		}
		Ok(())
	}

	/// Returns a place among the verifications, or `None` if the time for domains without weight is spent. Those are computed
	/// one after the other, so that each one counts before the next one starts.
	async fn place(&self, head: Head, interest: Interest) -> Option<Option<tokio::sync::OwnedMutexGuard<()>>> {
		if !interest.is_limited() {
			return Some(None);
		}
		let place = self.unweighted.clone().lock_owned().await;
		self.policy.lock().has_time(head.number, interest).then_some(Some(place))
	}

	/// Compares settled sums with own ones, and challenges the first false one.
	async fn verify_sums(self, job: Job) -> Result<()> {
		let Job { head, signer, view, interest } = job;
		let Some(place) = self.place(head, interest).await else { return Ok(()) };
		let own = self.sums(head, &view, Purpose::Verification(interest)).await?;
		drop(place);
		let Some(challenge) = first_false_sum(&view.sums, &own) else {
			self.policy.lock().sums_verified(view.task, &view.sums);
			return Ok(());
		};
		tracing::warn!(
			target: TARGET, model = challenge.model, chunk = challenge.chunk, "settled sum is false; challenging it"
		);
		let entry = self.announced(head, &signer, &view, &challenge).await?;
		let call = Call::challenge(view.task, challenge.model, challenge.chunk, entry.salt, view.class);
		let included = self.submit(&signer, &call, Urgency::Before(view.phase_end)).await?;
		self.context.journal.mark(entry.scope, entry.who, State::Archived, Note::Challenged)?;
		log_included("challenge made", entry.who, &included);
		Ok(())
	}

	/// Returns the journal entry of a challenge, after announcing it and waiting for the block in which it can be made.
	async fn announced(
		&self,
		head: Head,
		signer: &Signer,
		view: &RecomputationView<Account>,
		challenge: &Challenge,
	) -> Result<Entry> {
		let (context, who) = (&self.context, signer.account());
		let scope = Scope::Challenge { domain: view.domain, task: view.task };
		let known = context.journal.entry(scope, who)?;
		// A reorganisation may have removed the announcement, so the chain is asked and not the journal.
		let announced = context.chain.announced_challenge(context.chain.head(), who).await?.map(|announced| announced.hash);
		let entry = match (challenge_step(known.as_ref(), challenge, announced), known) {
			(ChallengeStep::Make, Some(entry)) => return Ok(entry),
			(ChallengeStep::Announce, Some(entry)) => entry,
			_ => {
				let reveal = head.number.saturating_add(1)..view.phase_end;
				let entry = Entry::prepare(scope, who, &context.chain.genesis(), challenge, salt(), reveal);
				context.journal.prepare(&entry)?;
				entry
			}
		};
		let call = Call::announce_challenge(entry.commitment);
		let included = self.submit(signer, &call, Urgency::Before(view.phase_end)).await?;
		context.journal.mark(scope, who, State::Committed, Note::Progress)?;
		self.wait_for_block_after(included.block.number).await;
		Ok(entry)
	}

	async fn wait_for_block_after(&self, block: BlockNumber) {
		let chain = &self.context.chain;
		while chain.head().number <= block {
			chain.next_head(chain.head()).await;
		}
	}

	/// Releases the bond of a challenge that can no longer be made.
	async fn recover_bond(self, head: Head, signer: Signer, entry: Entry) -> Result<()> {
		let (context, who) = (&self.context, entry.who);
		let Scope::Challenge { domain, task } = entry.scope else { return Ok(()) };
		// A challenge that was never included, or that a later one has replaced, holds no bond.
		let announced = context.chain.announced_challenge(head, who).await?;
		if announced.is_some_and(|announced| announced.hash == entry.commitment) {
			let challenge = entry.decode_payload::<Challenge>()?;
			let class = context.chain.domain(head, domain).await?.map_or(SizeClass::Small, |domain| domain.class);
			let call = Call::challenge(task, challenge.model, challenge.chunk, entry.salt, class);
			let included = self.submit(&signer, &call, Urgency::Relaxed).await?;
			log_included("challenge was not needed; its bond is released", who, &included);
		}
		context.journal.mark(entry.scope, who, State::Archived, Note::NotNeeded)?;
		Ok(())
	}

	/// Compares claimed validation sums with own ones, and challenges the false ones.
	async fn check_claims(self, head: Head, domain: DomainView<Account>, interest: Interest, claims: Vec<Claim>) -> Result<()> {
		let Some(_place) = self.place(head, interest).await else { return Ok(()) };
		let context = &self.context;
		let problem = context.domains.problem(&context.chain, head, domain.id).await?;
		for claim in claims {
			let Some(claimed) = context.chain.claimed_sums(head, claim.model).await? else { continue };
			let model = context.domains.model(&context.chain, head, &problem, ModelRef::Stored(claim.model)).await?;
			let scored = problem.clone();
			let score = move || timed(|| scored.validation_sums(&[model.as_ref().clone()]));
			let (own, time) = context.compute(interest.priority(), score).await?;
			self.policy.lock().time_spent(head.number, interest, time);
			let own = own?.remove(0);
			let is_disproved = match first_difference(&claimed, &own) {
				Some(chunk) => self.challenge_claim(claim, chunk, domain.class).await?,
				None => false,
			};
			// The seat of a disproved claim is rejected. If a reorganisation undoes that, the claim is challenged again.
			if !is_disproved {
				self.policy.lock().claim_checked(claim);
			}
		}
		Ok(())
	}

	/// Challenges a claim. Returns `true` if the claim was disproved.
	async fn challenge_claim(&self, claim: Claim, chunk: u16, class: SizeClass) -> Result<bool> {
		let (model, round) = (claim.model, claim.round.number);
		tracing::warn!(target: TARGET, model, round, chunk, "claimed validation sum is false; challenging it");
		let challenger = self.policy.lock().claim_challenger(claim);
		let Some(signer) = challenger.and_then(|who| self.signer(who)) else { return Ok(false) };
		let call = Call::challenge_claim(claim.round, claim.seat, chunk, class);
		match self.submit(&signer, &call, Urgency::Relaxed).await {
			Ok(included) => {
				tracing::info!(target: TARGET, model, round, included_in = included.block.number, "claim disproved");
				Ok(true)
			}
			// Another evaluator was faster, or the claim cannot be challenged any more.
			Err(SubmitError::Failed { error, .. }) => {
				tracing::debug!(target: TARGET, model, round, error, "claim not disproved by this worker");
				Ok(false)
			}
			Err(error) => Err(error.into()),
		}
	}
}

/// Returns the result of a computation and its time.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
	let started = Instant::now();
	let result = work();
	(result, started.elapsed())
}

/// Returns the task of a duty, or `None` for the claims of a domain.
fn task_of(duty: Duty) -> Option<TaskId> {
	match duty {
		Duty::CommitSums { task, .. }
		| Duty::RevealSums { task, .. }
		| Duty::Settle { task }
		| Duty::Recompute { task }
		| Duty::VerifySums { task }
		| Duty::RecoverBond { task, .. } => Some(task),
		Duty::CheckClaims { .. } => None,
	}
}

fn log_included(event: &'static str, who: Account, included: &Included) {
	tracing::info!(target: TARGET, account = who.short(), included_in = included.block.number, "{event}");
}
