//! Holds of an account that serve nothing: for models that no round needs any more, and for a challenge that was announced and
//! not made.
//!
//! A worker releases both by itself, at its start and once a day. Stored models outlive their domain until an account releases
//! them. A challenge whose journal is lost can only be cancelled.

use crate::{amount::Amount, context::Context, journal::Kind};
use anyhow::Result;
use doin_chain::{Account, AnnouncedChallenge, Call, Chain, Head, Signer, StoredModel, Urgency};
use doin_primitives::{
	evidence::{blocks, DAY_MS, PUBLIC_SLOT_MS},
	views::{ChampionView, DomainView},
	BlockNumber, DomainId, ModelId, ModelRef, Status,
};
use futures::{stream, StreamExt, TryStreamExt};
use std::collections::BTreeSet;

/// Target of log events.
const TARGET: &str = "doin::worker";

/// Domains or models that are read at a time.
const AT_A_TIME: usize = 8;

/// Use of a stored model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelUse {
	/// None: its domain was removed.
	Removed,
	/// Champion of its domain.
	Champion,
	/// Contender of its domain, which takes commits or not.
	Contender {
		/// `true` if the domain takes commits, so that a round can evaluate the contender again.
		takes_commits: bool,
	},
	/// Candidate of an undecided round.
	Candidate,
}

impl ModelUse {
	/// Returns the use of model `id` in its domain, whose champion and contender are given.
	fn of(id: ModelId, domain: &DomainView<Account>, champion: Option<ModelRef>, contender: Option<ModelRef>) -> Self {
		match Some(ModelRef::Stored(id)) {
			model if model == champion => Self::Champion,
			model if model == contender => Self::Contender { takes_commits: domain.status == Status::Active },
			_ => Self::Candidate,
		}
	}
}

/// Stored model, and what decides who can release it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
	/// The model, its author, its domain and its hold.
	pub stored: StoredModel,
	/// Use of the model.
	pub usage: ModelUse,
	/// Number of undecided rounds of its domain.
	pub open_rounds: u32,
}

impl Model {
	/// Reads a model. Returns `None` if it is not stored.
	///
	/// # Errors
	///
	/// Errors if the node does not answer.
	pub async fn read(chain: &Chain, at: Head, id: ModelId) -> Result<Option<Self>> {
		let Some(stored) = chain.stored_model(at, id).await? else { return Ok(None) };
		Ok(Some(Self::with_use(chain, at, stored).await?))
	}

	/// Reads a model of `who`. Returns `None` if it is not stored, or is that of another account.
	async fn read_of(chain: &Chain, at: Head, id: ModelId, who: Account) -> Result<Option<Self>> {
		match chain.stored_model(at, id).await?.filter(|stored| stored.author == who) {
			Some(stored) => Ok(Some(Self::with_use(chain, at, stored).await?)),
			None => Ok(None),
		}
	}

	async fn with_use(chain: &Chain, at: Head, stored: StoredModel) -> Result<Self> {
		let StoredModel { id, domain, .. } = stored;
		let Some(view) = chain.domain(at, domain).await? else {
			return Ok(Self { stored, usage: ModelUse::Removed, open_rounds: 0 });
		};
		let champion = chain.champion(at, domain).await?.map(|champion| champion.model);
		let contender = chain.round(at, domain).await?.and_then(|round| round.contender);
		let usage = ModelUse::of(id, &view, champion, contender);
		let open_rounds = chain.open_rounds(at, domain).await?.map_or(0, |(open_rounds, _)| open_rounds);
		Ok(Self { stored, usage, open_rounds })
	}

	/// Returns the reason for which the chain does not let `who` release the model, and the next step.
	pub fn not_releasable(&self, who: Account) -> Option<String> {
		let StoredModel { author, domain, .. } = self.stored;
		match self.usage {
			ModelUse::Removed => None,
			ModelUse::Champion => Some(format!(
				"it is the champion of domain {domain}: its hold is released when another champion is crowned, or can be released once \
				 the domain is retired"
			)),
			ModelUse::Candidate => {
				Some(format!("it is a candidate of an undecided round of domain {domain}: run this again after the verdict"))
			}
			ModelUse::Contender { .. } if self.open_rounds > 0 => {
				Some(format!("domain {domain} has an undecided round, which evaluates it: run this again after the verdict"))
			}
			ModelUse::Contender { takes_commits: true } if who != author => {
				Some(format!("it is the contender of domain {domain} and belongs to {author}: sign with the key of that account"))
			}
			ModelUse::Contender { .. } => None,
		}
	}

	/// Returns `true` if no round can use the model any more, so that its release gives nothing up.
	pub fn is_useless(&self) -> bool {
		match self.usage {
			ModelUse::Removed => true,
			ModelUse::Contender { takes_commits } => !takes_commits && self.open_rounds == 0,
			ModelUse::Champion | ModelUse::Candidate => false,
		}
	}
}

/// Returns the models of `who` that no round can use any more, in order of their reveals. Models of champions are not read.
///
/// # Errors
///
/// Errors if the node does not answer.
pub async fn useless_models(chain: &Chain, at: Head, who: Account) -> Result<Vec<Model>> {
	let ids = chain.stored_models(at).await?;
	let champions = chain.domains(at).await?.into_iter().map(|domain| chain.champion(at, domain.id));
	let champions: Vec<Option<ChampionView<Account>>> = stream::iter(champions).buffered(AT_A_TIME).try_collect().await?;
	let ids = without_champions(ids, champions.into_iter().flatten().map(|champion| champion.model));
	// `buffered` keeps the order.
	let models = stream::iter(ids.into_iter().map(|id| Model::read_of(chain, at, id, who))).buffered(AT_A_TIME);
	let models: Vec<Option<Model>> = models.try_collect().await?;
	Ok(models.into_iter().flatten().filter(Model::is_useless).collect())
}

/// Returns the models that are no champions, in order of their reveals.
fn without_champions(ids: Vec<ModelId>, champions: impl IntoIterator<Item = ModelRef>) -> BTreeSet<ModelId> {
	let mut rest: BTreeSet<ModelId> = ids.into_iter().collect();
	for champion in champions {
		if let ModelRef::Stored(id) = champion {
			rest.remove(&id);
		}
	}
	rest
}

/// Announced challenge, and the block from which it can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingChallenge {
	/// The announcement.
	pub announced: AnnouncedChallenge,
	/// First block in which it can be cancelled.
	pub expires: BlockNumber,
}

impl PendingChallenge {
	/// Reads the challenge that an account has announced, and neither made nor cancelled.
	///
	/// # Errors
	///
	/// Errors if the node does not answer.
	pub async fn read(chain: &Chain, at: Head, who: Account) -> Result<Option<Self>> {
		let Some(announced) = chain.announced_challenge(at, who).await? else { return Ok(None) };
		let expires = announced.expires(chain.round_params(at).await?.challenge);
		Ok(Some(Self { announced, expires }))
	}

	/// Returns `true` if a call that is sent at block `block` can cancel it: the call is in the next block at the earliest.
	pub fn is_expired(&self, block: BlockNumber) -> bool {
		block.saturating_add(1) >= self.expires
	}
}

/// Releases the holds of the accounts of `signers` that serve nothing, now and once a day.
///
/// # Errors
///
/// Never errors: what fails is logged, and tried again a day later.
pub(crate) async fn keep_clear(context: Context, mut signers: Vec<Signer>) -> Result<()> {
	let mut accounts = BTreeSet::new();
	signers.retain(|signer| accounts.insert(signer.account()));
	loop {
		// A node that is synchronizing shows models that are gone.
		context.chain.synced().await;
		for signer in &signers {
			clear(&context, signer).await;
		}
		let mut head = context.chain.head();
		let slot = context.chain.slot_ms(head).await.unwrap_or(PUBLIC_SLOT_MS);
		let again = head.number.saturating_add(blocks(DAY_MS, slot));
		while head.number < again {
			head = context.chain.next_head(head).await;
		}
	}
}

/// Releases the holds of one account that serve nothing. A failure is logged, and the other holds are released all the same.
async fn clear(context: &Context, signer: &Signer) {
	let (chain, who) = (&context.chain, signer.account());
	let account = who.short();
	if let Err(error) = cancel_forgotten_challenge(context, signer).await {
		tracing::warn!(target: TARGET, account, "announced challenge is looked at again in a day: {error:#}");
	}
	let models = match useless_models(chain, chain.head(), who).await {
		Ok(models) => models,
		Err(error) => {
			tracing::warn!(target: TARGET, account, "models that no round needs are looked for again in a day: {error:#}");
			return;
		}
	};
	for model in models {
		let id = model.stored.id;
		if let Err(error) = release_useless(chain, signer, id).await {
			tracing::warn!(target: TARGET, account, model = id, "model is not released, and tried again in a day: {error:#}");
		}
	}
}

/// Cancels an expired challenge that the journal does not have. The evaluator makes or recovers those of the journal.
async fn cancel_forgotten_challenge(context: &Context, signer: &Signer) -> Result<()> {
	let (chain, who, at) = (&context.chain, signer.account(), context.chain.head());
	let Some(pending) = PendingChallenge::read(chain, at, who).await? else { return Ok(()) };
	let known = context.journal.open_entries(Kind::Challenge)?;
	let is_known = known.iter().any(|entry| entry.who == who && entry.commitment == pending.announced.hash);
	if !is_known && pending.is_expired(at.number) {
		let included = chain.submit(signer, &Call::cancel_challenge(), Urgency::Relaxed).await?;
		let (account, bond, included_in) = (who.short(), Amount(pending.announced.bond), included.block.number);
		tracing::info!(target: TARGET, account, %bond, included_in, "challenge of another journal is cancelled");
	}
	Ok(())
}

/// Releases a model, unless it was released since it was found. Any account can release such a model, and a proxy of type
/// `Work` cannot for its principal, so the account of the key sends the call.
async fn release_useless(chain: &Chain, signer: &Signer, id: ModelId) -> Result<()> {
	let Some(model) = Model::read(chain, chain.head(), id).await?.filter(Model::is_useless) else { return Ok(()) };
	let StoredModel { author, domain, hold, .. } = model.stored;
	let own = signer.clone().on_behalf_of(signer.hot());
	let included = chain.submit(&own, &Call::release_model(id), Urgency::Relaxed).await?;
	let (account, hold, included_in) = (author.short(), Amount(hold), included.block.number);
	tracing::info!(target: TARGET, account, model = id, domain, %hold, included_in, "model released: no round needs it");
	Ok(())
}

/// Returns the domains among `served` that were removed from the chain, so that they only take places of the evaluator.
/// `domains` are those of the chain.
pub fn removed_domains(served: &[DomainId], domains: impl IntoIterator<Item = DomainId>) -> Vec<DomainId> {
	let domains: BTreeSet<DomainId> = domains.into_iter().collect();
	served.iter().copied().filter(|served| !domains.contains(served)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{domain, DOMAIN, ME, OTHER};

	fn model(usage: ModelUse, open_rounds: u32) -> Model {
		Model { stored: StoredModel { id: 9, author: ME, domain: DOMAIN, hold: 5 }, usage, open_rounds }
	}

	#[test]
	fn a_model_is_released_by_whom_the_chain_permits() {
		let contender = |takes_commits, open_rounds| model(ModelUse::Contender { takes_commits }, open_rounds);
		for (model, by_author, by_others) in [
			(model(ModelUse::Removed, 0), true, true),
			(contender(false, 0), true, true),
			(contender(true, 0), true, false),
			(contender(true, 1), false, false),
			(contender(false, 1), false, false),
			(model(ModelUse::Champion, 0), false, false),
			(model(ModelUse::Candidate, 1), false, false),
		] {
			assert_eq!(model.not_releasable(ME).is_none(), by_author, "{model:?}");
			let refused = model.not_releasable(OTHER);
			assert_eq!(refused.is_none(), by_others, "{refused:?}");
			assert!(refused.is_none_or(|reason| reason.contains(&format!("domain {DOMAIN}")) && reason.contains(": ")));
		}
	}

	#[test]
	fn only_models_that_no_round_can_use_are_useless() {
		let contender = |takes_commits, open_rounds| model(ModelUse::Contender { takes_commits }, open_rounds);
		assert!(model(ModelUse::Removed, 0).is_useless() && contender(false, 0).is_useless());
		assert!(!contender(true, 0).is_useless(), "a later round may crown it");
		assert!(!contender(false, 1).is_useless(), "an undecided round may crown it");
		assert!(!model(ModelUse::Champion, 0).is_useless() && !model(ModelUse::Candidate, 1).is_useless());
	}

	#[test]
	fn the_use_of_a_model_follows_from_what_its_domain_has() {
		let (stored, other) = (Some(ModelRef::Stored(9)), Some(ModelRef::Stored(8)));
		let in_status = |status| DomainView { status, ..domain() };
		let usage = |status, champion, contender| ModelUse::of(9, &in_status(status), champion, contender);
		assert_eq!(usage(Status::Active, stored, None), ModelUse::Champion);
		assert_eq!(usage(Status::Active, other, stored), ModelUse::Contender { takes_commits: true });
		for status in [Status::Converged, Status::Closing, Status::Refused] {
			assert_eq!(usage(status, other, stored), ModelUse::Contender { takes_commits: false }, "{status:?}");
		}
		assert_eq!(usage(Status::Active, other, None), ModelUse::Candidate);
		assert_eq!(usage(Status::Active, Some(ModelRef::Seasonal), other), ModelUse::Candidate);
		assert_eq!(usage(Status::Active, None, None), ModelUse::Candidate, "a domain without a champion");
	}

	#[test]
	fn champions_are_not_read_again() {
		let champions = [ModelRef::Stored(7), ModelRef::Seasonal, ModelRef::Stored(1_000)];
		let rest: Vec<ModelId> = without_champions(vec![9, 3, 7, 5], champions).into_iter().collect();
		assert_eq!(rest, [3, 5, 9], "in order of their reveals, which is that of their identifiers");
		assert!(without_champions(Vec::new(), champions).is_empty());
	}

	#[test]
	fn an_announcement_can_be_cancelled_by_a_call_in_the_block_of_its_expiry() {
		let announced = AnnouncedChallenge { hash: [1; 32], at: 90, bond: 5 };
		let pending = PendingChallenge { announced, expires: announced.expires(100) };
		assert_eq!([188, 189, 190].map(|block| pending.is_expired(block)), [false, true, true]);
	}

	#[test]
	fn served_domains_that_the_chain_does_not_have_are_removed_ones() {
		assert_eq!(removed_domains(&[7, 3, 9], [3, 4]), [7, 9]);
		assert!(removed_domains(&[], [3]).is_empty());
	}
}
