//! `clean-up`: releases the holds of an account that serve nothing, and ends services that only take places.

use crate::{
	args::{KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_chain::{Account, Call, Chain, Head, Included, MissingEvent, Signer, Urgency};
use doin_primitives::{Balance, BlockNumber, DomainId, ModelId};
use doin_roles::{
	amount::Amount,
	leftovers::{removed_domains, useless_models, Model, PendingChallenge},
};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `clean-up`.
#[derive(Clone, Debug, Args)]
pub struct CleanUpArgs {
	/// Release this model only, also a contender whose domain takes commits; may be given several times
	#[arg(long = "model", value_name = "ID")]
	models: Vec<ModelId>,
	/// Remove the reputation record of this account only, whose score is neutral again; may be given several times
	#[arg(long = "record", value_name = "ADDRESS")]
	records: Vec<Account>,
	/// Show what would be released, and send nothing
	#[arg(long)]
	dry_run: bool,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

impl CleanUpArgs {
	/// Returns `true` if single models or records are named.
	fn is_selective(&self) -> bool {
		!(self.models.is_empty() && self.records.is_empty())
	}
}

/// Runs `clean-up`.
///
/// # Errors
///
/// Errors if the chain would not release a named model or record, with the reason and the next step, if the key cannot be used,
/// or if a call fails. Calls before that one are reported.
pub async fn run(node: &NodeArgs, args: CleanUpArgs) -> Result<()> {
	let signer = args.key.signer()?;
	let chain = node.connect().await?;
	let (at, account) = (chain.head(), signer.account());
	let leftovers = match args.is_selective() {
		true => Leftovers::named(&chain, at, account, &args).await?,
		false => Leftovers::of(&chain, at, account).await?,
	};
	if args.dry_run {
		return args.output.print(&CleanUpReport::new(account, at.number, leftovers, false));
	}
	let mut released = Leftovers::default();
	let outcome = leftovers.release(&chain, at, &signer, &mut released).await;
	let report = CleanUpReport::new(account, at.number, released, true);
	// A call that fails does not hide the earlier ones.
	if outcome.is_ok() || !report.is_empty() {
		args.output.print(&report)?;
	}
	outcome
}

/// Models, challenge, services and records that are released or removed.
#[derive(Debug, Default)]
struct Leftovers {
	models: Vec<Model>,
	challenge: Option<PendingChallenge>,
	/// Domains that the evaluator serves, and that were removed.
	services: Vec<DomainId>,
	records: Vec<Account>,
}

impl Leftovers {
	/// Reads all leftovers of an account.
	async fn of(chain: &Chain, at: Head, account: Account) -> Result<Self> {
		let domains = chain.domains(at).await?;
		let served = chain.served_domains(at, account).await?;
		Ok(Self {
			models: useless_models(chain, at, account).await?,
			challenge: PendingChallenge::read(chain, at, account).await?,
			services: removed_domains(&served, domains.iter().map(|domain| domain.id)),
			records: Vec::new(),
		})
	}

	/// Reads the models and records that are named.
	async fn named(chain: &Chain, at: Head, account: Account, args: &CleanUpArgs) -> Result<Self> {
		let mut leftovers = Self { records: args.records.clone(), ..Self::default() };
		for id in &args.models {
			let model = Model::read(chain, at, *id).await?;
			let model =
				model.with_context(|| format!("model {id} is not stored: it was never revealed, or is released already"))?;
			if let Some(reason) = model.not_releasable(account) {
				bail!("model {id} cannot be released: {reason}. Nothing was sent");
			}
			leftovers.models.push(model);
		}
		let half_life: BlockNumber = chain.constant("Reputation", "HalfLife").await?;
		for who in &args.records {
			let record = chain.reputation_record(at, *who).await?;
			let record = record.with_context(|| format!("{who} has no reputation record: its score is neutral"))?;
			if let Some(reason) = not_removable(record.expires(half_life), at.number) {
				bail!("the reputation record of {who} cannot be removed: {reason}. Nothing was sent");
			}
		}
		Ok(leftovers)
	}

	/// Releases and removes everything that was found at `at`, by one call after the other. `done` gets what a call has released.
	async fn release(self, chain: &Chain, at: Head, signer: &Signer, done: &mut Self) -> Result<()> {
		// Calls that any account can make are made by the account of the key: a proxy of type `Work` cannot make them for its
		// principal.
		let own = signer.clone().on_behalf_of(signer.hot());
		for mut model in self.models {
			let signer = if model.is_useless() { &own } else { signer };
			let included = chain.submit(signer, &Call::release_model(model.stored.id), Urgency::Relaxed).await?;
			model.stored.hold = released(&included)?.0;
			done.models.push(model);
		}
		if self.challenge.is_some_and(|challenge| challenge.is_expired(at.number)) {
			let included = chain.submit(signer, &Call::cancel_challenge(), Urgency::Relaxed).await?;
			included.expect::<Account>("Recomputation", "ChallengeCancelled")?;
		}
		done.challenge = self.challenge;
		for domain in self.services {
			let included = chain.submit(signer, &Call::unserve(domain), Urgency::Relaxed).await?;
			included.expect::<(Account, DomainId)>("Evaluators", "ServiceStopped")?;
			done.services.push(domain);
		}
		for who in self.records {
			let included = chain.submit(&own, &Call::remove_record(who), Urgency::Relaxed).await?;
			included.expect::<Account>("Reputation", "RecordRemoved")?;
			done.records.push(who);
		}
		Ok(())
	}
}

/// Returns the amount that the release of a model has set free, by its event.
fn released(included: &Included) -> Result<Amount, MissingEvent> {
	let (_, _, amount): (ModelId, Account, Balance) = included.expect("Optimae", "ModelReleased")?;
	Ok(Amount(amount))
}

/// Returns the reason for which a record that can be removed from block `expires` on cannot be removed by a call at block
/// `block`.
fn not_removable(expires: BlockNumber, block: BlockNumber) -> Option<String> {
	(block.saturating_add(1) < expires).then(|| {
		format!("its score is neutral from block {expires} on, if no further behaviour is recorded: run this again then")
	})
}

/// Report of `clean-up`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CleanUpReport {
	account: Account,
	/// Block whose state was read.
	block: BlockNumber,
	/// `false` if nothing was sent.
	sent: bool,
	models: Vec<ReleasedModel>,
	/// Bond of an announced challenge that was cancelled.
	challenge: Option<Amount>,
	/// Removed domains that the account served.
	services: Vec<DomainId>,
	/// Accounts whose reputation records were removed.
	records: Vec<Account>,
	/// Challenge that cannot be cancelled yet.
	pending: Option<Pending>,
}

/// Model that was released.
#[derive(Debug, Serialize)]
struct ReleasedModel {
	model: ModelId,
	author: Account,
	domain: DomainId,
	/// Hold of the author.
	hold: Amount,
}

/// Announced challenge that cannot be cancelled yet.
#[derive(Debug, Serialize)]
struct Pending {
	/// Bond of the challenge.
	bond: Amount,
	/// First block in which it can be cancelled.
	expires: BlockNumber,
}

impl CleanUpReport {
	/// Returns the report of leftovers that were read at block `block`, and that calls have released if they were `sent`.
	fn new(account: Account, block: BlockNumber, leftovers: Leftovers, sent: bool) -> Self {
		let Leftovers { models, challenge, services, records } = leftovers;
		let models = models.into_iter().map(|Model { stored, .. }| ReleasedModel {
			model: stored.id,
			author: stored.author,
			domain: stored.domain,
			hold: Amount(stored.hold),
		});
		let (expired, pending): (Vec<_>, Vec<_>) = challenge.into_iter().partition(|challenge| challenge.is_expired(block));
		let bond = |challenge: &PendingChallenge| Amount(challenge.announced.bond);
		Self {
			account,
			block,
			sent,
			models: models.collect(),
			challenge: expired.first().map(bond),
			services,
			records,
			pending: pending.first().map(|challenge| Pending { bond: bond(challenge), expires: challenge.expires }),
		}
	}

	fn is_empty(&self) -> bool {
		self.models.is_empty() && self.challenge.is_none() && self.services.is_empty() && self.records.is_empty()
	}
}

impl Display for CleanUpReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { account, sent, models, challenge, services, records, pending, .. } = self;
		let is = if *sent { "is" } else { "would be" };
		for ReleasedModel { model, author, domain, hold } in models {
			writeln!(f, "Model {model} of domain {domain} {is} released: {hold} of {author} {is} free.")?;
		}
		if let Some(bond) = challenge {
			writeln!(f, "The announced challenge {is} cancelled: {bond} of {account} {is} free.")?;
		}
		for domain in services {
			writeln!(f, "Domain {domain}, which was removed, {is} served no more.")?;
		}
		for who in records {
			writeln!(f, "The reputation record of {who} {is} removed: its score is neutral.")?;
		}
		if self.is_empty() {
			writeln!(f, "{account} has nothing to release.")?;
		}
		match pending {
			Some(Pending { bond, expires }) => writeln!(
				f,
				"A challenge is announced. Its bond of {bond} can be released from block {expires} on, unless the challenge is made before."
			),
			None => Ok(()),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures;
	use doin_chain::{AnnouncedChallenge, StoredModel};
	use doin_primitives::DOIN;
	use doin_roles::leftovers::ModelUse;

	const WHO: Account = Account([7; 32]);

	fn leftovers(expires: BlockNumber) -> Leftovers {
		let stored = StoredModel { id: 12, author: WHO, domain: 3, hold: 6 * DOIN };
		let announced = AnnouncedChallenge { hash: [1; 32], at: 50, bond: DOIN };
		Leftovers {
			models: vec![Model { stored, usage: ModelUse::Removed, open_rounds: 0 }],
			challenge: Some(PendingChallenge { announced, expires }),
			services: vec![9],
			records: vec![WHO],
		}
	}

	#[test]
	fn everything_that_was_released_is_reported() {
		let report = CleanUpReport::new(WHO, 90, leftovers(80), true);
		let text = report.to_string();
		assert!(text.contains(&format!("Model 12 of domain 3 is released: 6 DOIN of {WHO} is free.")), "{text}");
		assert!(text.contains(&format!("challenge is cancelled: 1 DOIN of {WHO} is free.")), "{text}");
		assert!(
			text.contains("Domain 9, which was removed, is served no more.") && text.contains("its score is neutral"),
			"{text}"
		);
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json["models"][0]["hold"], &json["challenge"]), (&"6 DOIN".into(), &"1 DOIN".into()));
		assert_eq!((&json["sent"], &json["services"][0], &json["pending"]), (&true.into(), &9.into(), &serde_json::Value::Null));
	}

	#[test]
	fn a_dry_run_and_a_challenge_that_is_not_expired_are_told_apart_from_a_release() {
		let report = CleanUpReport::new(WHO, 90, Leftovers { records: Vec::new(), ..leftovers(100) }, false);
		let text = report.to_string();
		assert!(text.contains("would be released") && !text.contains("cancelled"), "{text}");
		assert!(text.contains("Its bond of 1 DOIN can be released from block 100 on"), "{text}");
		let nothing = CleanUpReport::new(WHO, 90, Leftovers::default(), true);
		assert_eq!(nothing.to_string(), format!("{WHO} has nothing to release.\n"));
	}

	#[test]
	fn a_record_waits_until_its_score_is_neutral() {
		assert!(not_removable(100, 98).is_some_and(|reason| reason.contains("from block 100 on")));
		assert_eq!((not_removable(100, 99), not_removable(100, 100)), (None, None));
	}

	#[test]
	fn k31_a_released_model_is_reported_by_its_event() {
		let included = |name| fixtures::included("Optimae", name, (12u64, WHO, 6 * DOIN));
		assert_eq!(released(&included("ModelReleased")).unwrap(), Amount(6 * DOIN));
		let missing = released(&included("ContenderDropped")).unwrap_err().to_string();
		assert!(missing.contains("Optimae.ModelReleased is missing"), "{missing}");
	}
}
