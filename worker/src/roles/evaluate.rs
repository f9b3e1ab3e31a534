//! Recomputes scores: answers when drawn, settles, and contradicts what is false.
//!
//! Everything is decided from the state of the chain at each new block, so a restart or a short fork changes nothing: whatever is missing
//! is done again from the journal.

use super::{salt, spread, Context, InFlight};
use crate::{
	journal::{Entry, Kind, State},
	problem::bounded,
};
use anyhow::{Context as _, Result};
use codec::{Decode, Encode};
use doin_chain::{Account, Call, ChainError, Head, Signer, Urgency};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::{Challenge, Sums},
	views::{DomainView, QuorumPhase, QuorumView, RoundView, SeatStatus},
	DomainId, ModelId, ModelRef, RoundId, SizeClass,
};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::{Arc, Mutex},
	time::Duration,
};
use tokio::sync::OnceCell;

/// Blocks that the drawn evaluators are given to settle or replay a round before anybody else does.
const COURTESY: u32 = 4;
/// Chunks replayed by one call where no quorum answered.
const REPLAY_CHUNKS: u16 = 8;
/// Rounds whose sums are kept.
const KEPT: usize = 64;

/// What a call fails with when somebody else has just done the same, or the round has moved on.
const OVERTAKEN: [&str; 4] =
	["Quorum::WrongPhase", "Quorum::UnknownRound", "Quorum::AlreadyCommitted", "Quorum::AlreadyRevealed"];

/// A thing to do about a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
	Commit(RoundId, Account),
	Reveal(RoundId, Account),
	Settle(RoundId),
	Replay(RoundId),
	Verify(RoundId),
	Claims(DomainId),
	Recover(RoundId, Account),
}

/// Validation sums that the author of a model claims, in a seat that awaits its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
	model: ModelId,
	round: RoundId,
	seat: u8,
}

/// Sums of a round by the seed they were drawn with; computed once, however many identities need them.
type Answers = Arc<Mutex<BTreeMap<(RoundId, [u8; 32]), Arc<OnceCell<Sums>>>>>;

/// The role, with every identity that serves it.
#[derive(Clone)]
pub struct Evaluator {
	context: Context,
	signers: Arc<Vec<Signer>>,
	tasks: InFlight<Task>,
	answers: Answers,
	/// Truths and claims found to be right, so that they are checked once.
	verified: Arc<Mutex<BTreeSet<(RoundId, [u8; 32])>>>,
	claims: Arc<Mutex<BTreeSet<Claim>>>,
}

impl Evaluator {
	/// The role for these identities.
	pub fn new(context: Context, signers: Vec<Signer>) -> Self {
		Self {
			context,
			signers: Arc::new(signers),
			tasks: Default::default(),
			answers: Default::default(),
			verified: Default::default(),
			claims: Default::default(),
		}
	}

	/// Serves until the task is dropped.
	pub async fn run(self) -> Result<()> {
		let mut head = self.context.chain.head();
		loop {
			if let Err(error) = self.look(head).await {
				tracing::warn!("evaluating at block {}: {error:#}", head.number);
				tokio::time::sleep(Duration::from_millis(500)).await;
			}
			head = self.context.chain.next_head(head).await;
		}
	}

	/// Starts whatever is due at `head`.
	async fn look(&self, head: Head) -> Result<()> {
		self.context.archive(head)?;
		let chain = &self.context.chain;
		for domain in chain.domains(head).await? {
			if self.context.config.domain(domain.id, &domain.name).is_some_and(|config| !config.evaluate) {
				continue;
			}
			let quorums = chain.quorums(head, domain.id).await?;
			let claims = self.claims_of(head, &domain, &quorums).await?;
			if !claims.is_empty() {
				self.start(Task::Claims(domain.id), self.clone().check_claims(head, domain.clone(), claims));
			}
			for quorum in quorums {
				self.serve(head, &domain, quorum);
			}
		}
		self.follow_challenges(head).await
	}

	/// Ends announced challenges that can no longer be made, because somebody else made theirs first or the round is over: their bonds come
	/// back by making them all the same.
	async fn follow_challenges(&self, head: Head) -> Result<()> {
		for entry in self.context.journal.open_entries(Kind::Dispute)? {
			let Some(signer) = self.signers.iter().find(|signer| signer.account() == entry.who) else { continue };
			let quorums = self.context.chain.quorums(head, entry.round.domain).await?;
			let challenged = quorums.iter().any(|quorum| quorum.round == entry.round && quorum.phase == QuorumPhase::Challenge);
			if !challenged {
				self.start(Task::Recover(entry.round, entry.who), self.clone().recover(head, signer.clone(), entry));
			}
		}
		Ok(())
	}

	/// Runs `work` in the background, unless the same task is running.
	fn start(&self, task: Task, work: impl std::future::Future<Output = Result<()>> + Send + 'static) {
		let Some(flight) = self.tasks.begin(task) else { return };
		tokio::spawn(async move {
			if let Err(error) = work.await {
				let overtaken = error
					.downcast_ref::<ChainError>()
					.and_then(ChainError::dispatch)
					.is_some_and(|error| OVERTAKEN.contains(&error));
				if overtaken {
					tracing::debug!("{task:?}: {error:#}");
				} else {
					tracing::warn!("{task:?}: {error:#}");
				}
				// The next block may be the same one for a moment.
				tokio::time::sleep(Duration::from_millis(500)).await;
			}
			drop(flight);
		});
	}

	fn serve(&self, head: Head, domain: &DomainView<Account>, quorum: QuorumView<Account>) {
		let round = quorum.round;
		let quorum = Arc::new(quorum);
		match quorum.phase {
			QuorumPhase::Drawing => {}
			QuorumPhase::Answering | QuorumPhase::Revealing => {
				for seat in &quorum.seats {
					let Some(signer) = self.signers.iter().find(|signer| signer.account() == seat.who) else {
						continue;
					};
					if quorum.phase == QuorumPhase::Answering && !seat.committed {
						self.start(Task::Commit(round, seat.who), self.clone().commit(head, signer.clone(), quorum.clone()));
					} else if quorum.phase == QuorumPhase::Revealing && seat.committed && !seat.revealed {
						self.start(Task::Reveal(round, seat.who), self.clone().reveal(signer.clone(), quorum.clone()));
					}
				}
			}
			QuorumPhase::Settling => {
				if let Some(signer) = self.turn(head, &quorum) {
					self.start(Task::Settle(round), self.clone().settle(signer, quorum));
				}
			}
			QuorumPhase::Replaying => {
				if let Some(signer) = self.turn(head, &quorum) {
					self.start(Task::Replay(round), self.clone().replay(head, signer, quorum));
				}
			}
			QuorumPhase::Challenge => {
				if !quorum.truth.is_empty() {
					self.start(Task::Verify(round), self.clone().verify(head, domain.clone(), quorum));
				}
			}
		}
	}

	/// The identity whose turn it is to settle or replay a round: drawn ones in the order of their seats, one per block, then the others.
	fn turn(&self, head: Head, quorum: &QuorumView<Account>) -> Option<Signer> {
		let since = head.number.saturating_sub(quorum.phase_end.saturating_sub(self.context.params.settle_timeout));
		let own = |who: &Account| self.signers.iter().find(|signer| signer.account() == *who);
		let drawn = quorum.seats.iter().take(since as usize + 1).find_map(|seat| own(&seat.who));
		let others = || {
			let patience = quorum.seats.len() as u32 + COURTESY;
			(since >= patience).then(|| self.signers.first()).flatten()
		};
		drawn.or_else(others).cloned()
	}

	/// Sums of a round's models on its draw.
	async fn sums(&self, head: Head, quorum: &QuorumView<Account>) -> Result<Sums> {
		let seed = quorum.seed.context("the round has no seed yet")?;
		let cell = {
			let mut answers = self.answers.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
			if answers.len() >= KEPT {
				answers.retain(|_, cell| !cell.initialized());
			}
			answers.entry((quorum.round, seed)).or_default().clone()
		};
		let sums = cell
			.get_or_try_init(|| async {
				let context = &self.context;
				let problem = context.library.problem(&context.chain, head, quorum.round.domain).await?;
				let mut models = Vec::with_capacity(quorum.models.len());
				for model in &quorum.models {
					models.push(context.library.model(&context.chain, head, &problem, *model).await?);
				}
				let started = std::time::Instant::now();
				let count = models.len();
				let sums = context
					.compute(move || {
						let models: Vec<_> = models.iter().map(|model| model.as_ref().clone()).collect();
						problem.drawn_sums(&models, &seed)
					})
					.await??;
				tracing::info!("{}: computed {count} models in {} ms", name(quorum.round), started.elapsed().as_millis());
				bounded(sums)
			})
			.await?;
		Ok(sums.clone())
	}

	/// Commits an answer. What will be revealed is on disk before.
	async fn commit(self, head: Head, signer: Signer, quorum: Arc<QuorumView<Account>>) -> Result<()> {
		let (context, who, round) = (&self.context, signer.account(), quorum.round);
		let sums = self.sums(head, &quorum).await?;
		let known = context.journal.entry(Kind::Sums, round, who)?;
		let entry = match known {
			Some(entry) if entry.payload == sums.encode() => entry,
			known => {
				if known.is_some() {
					// A fork has drawn other windows, and the old commitment is not on this branch.
					context.journal.mark(Kind::Sums, round, who, State::Prepared, "drawn anew")?;
				}
				let salt = salt();
				let entry = Entry {
					kind: Kind::Sums,
					round,
					who,
					commitment: commitment(Tag::Sums, &context.chain.genesis(), round, &who, &payload_hash(&sums), &salt),
					payload: sums.encode(),
					salt,
					reveal_from: quorum.phase_end,
					reveal_until: quorum.phase_end.saturating_add(context.params.answer_reveal),
					state: State::Prepared,
				};
				context.journal.prepare_entry(&entry)?;
				entry
			}
		};
		let included =
			context.chain.submit(&signer, &Call::commit_sums(round, entry.commitment), Urgency::Before(quorum.phase_end)).await?;
		context.journal.mark(Kind::Sums, round, who, State::Committed, "")?;
		tracing::info!("{}: {} committed its answer in block {}", name(round), who.short(), included.block.number);
		Ok(())
	}

	/// Reveals it.
	async fn reveal(self, signer: Signer, quorum: Arc<QuorumView<Account>>) -> Result<()> {
		let (context, who, round) = (&self.context, signer.account(), quorum.round);
		let entry = context.journal.entry(Kind::Sums, round, who)?.with_context(|| {
			format!(
				"{}: {who} has committed an answer that is not in this journal; only the journal it was made with can reveal it",
				name(round)
			)
		})?;
		let sums = Sums::decode(&mut &entry.payload[..]).context("the journal holds sums that cannot be read")?;
		let call = Call::reveal_sums(round, &sums, entry.salt);
		let included = context.chain.submit(&signer, &call, Urgency::Before(quorum.phase_end)).await?;
		context.journal.mark(Kind::Sums, round, who, State::Revealed, "")?;
		tracing::info!("{}: {} revealed its answer in block {}", name(round), who.short(), included.block.number);
		Ok(())
	}

	/// Has the runtime compare the answers.
	async fn settle(self, signer: Signer, quorum: Arc<QuorumView<Account>>) -> Result<()> {
		let call = Call::settle(quorum.round, quorum.class);
		let included = self.context.chain.submit(&signer, &call, Urgency::Before(quorum.phase_end)).await?;
		tracing::info!("{}: {} settled it in block {}", name(quorum.round), signer.account().short(), included.block.number);
		Ok(())
	}

	/// Has the runtime compute what no quorum answered, a few chunks per call.
	async fn replay(self, head: Head, signer: Signer, quorum: Arc<QuorumView<Account>>) -> Result<()> {
		let (context, round) = (&self.context, quorum.round);
		let problem = context.library.problem(&context.chain, head, round.domain).await?;
		let chunks = problem.chunks();
		for model in 0..quorum.models.len() as u8 {
			let computed = context.chain.computed_chunks(head, round, model).await?;
			let missing = |chunk: u16| computed.get(usize::from(chunk)).is_none_or(|sum| sum.is_none());
			for from in (0..chunks).step_by(REPLAY_CHUNKS.into()) {
				let count = REPLAY_CHUNKS.min(chunks - from);
				if !(from..from + count).any(missing) {
					continue;
				}
				let call = Call::recompute(round, model, from, count, quorum.class);
				match context.chain.submit(&signer, &call, Urgency::Before(quorum.phase_end)).await {
					Ok(included) => tracing::info!(
						"{}: replayed chunks {from}.. of model {model} in block {}",
						name(round),
						included.block.number
					),
					// Somebody else has just done it.
					Err(error) if error.dispatch() == Some("Quorum::NothingNew") => {}
					Err(error) => return Err(error.into()),
				}
			}
		}
		Ok(())
	}

	/// Compares a settled truth with one's own, and challenges it where it is wrong.
	async fn verify(self, head: Head, domain: DomainView<Account>, quorum: Arc<QuorumView<Account>>) -> Result<()> {
		let (context, round) = (&self.context, quorum.round);
		let key = (round, doin_primitives::blake2_256(&quorum.truth.encode()));
		if self.verified.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).contains(&key) {
			return Ok(());
		}
		let own = self.sums(head, &quorum).await?;
		let Some(challenge) = first_difference(&quorum.truth, &own) else {
			self.verified.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(key);
			return Ok(());
		};
		// Several workers of one operator would pay for the same discovery.
		let signer = &self.signers[spread(&[&round.encode()], self.signers.len() as u32) as usize];
		let who = signer.account();
		tracing::warn!(
			"{} ({}): the settled sum of model {} chunk {} is false",
			name(round),
			domain.name,
			challenge.model,
			challenge.chunk
		);
		let known = context.journal.entry(Kind::Dispute, round, who)?;
		let entry = match known {
			Some(entry) if entry.payload == challenge.encode() => entry,
			_ => {
				let salt = salt();
				let hash = commitment(Tag::Dispute, &context.chain.genesis(), round, &who, &payload_hash(&challenge), &salt);
				let entry = Entry {
					kind: Kind::Dispute,
					round,
					who,
					commitment: hash,
					payload: challenge.encode(),
					salt,
					reveal_from: head.number.saturating_add(1),
					reveal_until: quorum.phase_end,
					state: State::Prepared,
				};
				context.journal.prepare_entry(&entry)?;
				entry
			}
		};
		if entry.state == State::Prepared {
			let included =
				context.chain.submit(signer, &Call::dispute(entry.commitment), Urgency::Before(quorum.phase_end)).await?;
			context.journal.mark(Kind::Dispute, round, who, State::Committed, "")?;
			while context.chain.head().number <= included.block.number {
				context.chain.next_head(context.chain.head()).await;
			}
		}
		let call = Call::replay(round, challenge.model, challenge.chunk, entry.salt, quorum.class);
		let included = context.chain.submit(signer, &call, Urgency::Before(quorum.phase_end)).await?;
		context.journal.mark(Kind::Dispute, round, who, State::Archived, "made")?;
		tracing::info!("{}: {} made its challenge in block {}", name(round), who.short(), included.block.number);
		Ok(())
	}

	/// Gets the bond of a moot challenge back.
	async fn recover(self, head: Head, signer: Signer, entry: Entry) -> Result<()> {
		let (context, round, who) = (&self.context, entry.round, entry.who);
		// One that never arrived, or that a later one has replaced, holds nothing.
		if context.chain.announced_challenge(head, who).await? == Some(entry.commitment) {
			let challenge =
				Challenge::decode(&mut &entry.payload[..]).context("the journal holds a challenge that cannot be read")?;
			let class = context.chain.domain(head, round.domain).await?.map_or(SizeClass::Small, |domain| domain.class);
			let call = Call::replay(round, challenge.model, challenge.chunk, entry.salt, class);
			let included = context.chain.submit(&signer, &call, Urgency::Relaxed).await?;
			tracing::info!(
				"{}: the challenge of {} was not needed; its bond is back in block {}",
				name(round),
				who.short(),
				included.block.number
			);
		}
		context.journal.mark(Kind::Dispute, round, who, State::Archived, "not needed")?;
		Ok(())
	}

	/// Validation sums of revealed candidates that can be contradicted, and that were not compared yet.
	async fn claims_of(&self, head: Head, domain: &DomainView<Account>, quorums: &[QuorumView<Account>]) -> Result<Vec<Claim>> {
		let chain = &self.context.chain;
		let mut rounds: Vec<RoundView<Account>> = chain.round(head, domain.id).await?.into_iter().collect();
		for quorum in quorums {
			rounds.extend(chain.open_round(head, quorum.round).await?);
		}
		let mut claims = Vec::new();
		for RoundView { round, seats, .. } in rounds {
			let revealed = seats.iter().enumerate().filter(|(_, seat)| seat.status == SeatStatus::Revealed);
			claims.extend(
				revealed.filter_map(|(index, seat)| Some(Claim { model: stored(seat.model?)?, round, seat: index as u8 })),
			);
		}
		let checked = self.claims.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
		claims.retain(|claim| !checked.contains(claim));
		Ok(claims)
	}

	/// Compares claimed validation sums with one's own.
	async fn check_claims(self, head: Head, domain: DomainView<Account>, claims: Vec<Claim>) -> Result<()> {
		let context = &self.context;
		let problem = context.library.problem(&context.chain, head, domain.id).await?;
		for claim in claims {
			let Some(claimed) = context.chain.claimed_sums(head, claim.model).await? else { continue };
			let model = context.library.model(&context.chain, head, &problem, ModelRef::Stored(claim.model)).await?;
			let of = problem.clone();
			let own = context.compute(move || of.validation_sums(&[model.as_ref().clone()])).await??.remove(0);
			if let Some(chunk) = claimed.iter().zip(&own).position(|(claimed, own)| claimed != own) {
				let signer = &self.signers[spread(&[&claim.model.encode()], self.signers.len() as u32) as usize];
				tracing::warn!("domain {}: the validation sum of model {} for chunk {chunk} is false", domain.id, claim.model);
				let call = Call::dispute_claim(claim.round, claim.seat, chunk as u16, domain.class);
				match context.chain.submit(signer, &call, Urgency::Relaxed).await {
					Ok(included) => {
						tracing::info!("domain {}: the claim is disproved in block {}", domain.id, included.block.number)
					}
					// Somebody else was faster, or it cannot be contradicted any more.
					Err(ChainError::Failed { error, .. }) => tracing::debug!("the claim was not disproved by us: {error}"),
					Err(error) => return Err(error.into()),
				}
			}
			self.claims.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(claim);
		}
		Ok(())
	}
}

/// The identifier of a submitted model.
fn stored(model: ModelRef) -> Option<ModelId> {
	match model {
		ModelRef::Stored(id) => Some(id),
		_ => None,
	}
}

/// The first chunk in which two accounts of a round's sums differ.
fn first_difference(truth: &[Vec<u32>], own: &Sums) -> Option<Challenge> {
	truth.iter().zip(own).enumerate().find_map(|(model, (truth, own))| {
		let chunk = truth.iter().zip(own).position(|(truth, own)| truth != own)?;
		Some(Challenge { model: model as u8, chunk: chunk as u16 })
	})
}

/// A round for people.
pub fn name(round: RoundId) -> String {
	format!("domain {} round {}", round.domain, round.number)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::sawtooth;
	use doin_scoring::Model;

	#[test]
	fn the_first_false_chunk_is_found() {
		let problem = sawtooth();
		let own = bounded(problem.drawn_sums(&[Model::RepeatLast, Model::Seasonal], &[1; 32]).unwrap()).unwrap();
		let mut truth: Vec<Vec<u32>> = own.iter().map(|sums| sums.to_vec()).collect();
		assert_eq!(first_difference(&truth, &own), None);
		truth[1][9] += 1;
		truth[1][20] += 1;
		assert_eq!(first_difference(&truth, &own), Some(Challenge { model: 1, chunk: 9 }));
	}
}
