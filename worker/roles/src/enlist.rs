//! Calls that evaluators need before they are drawn: their bonds, and their service for domains without weight.

use crate::{
	context::Context,
	identities::Identity,
	plan::{served_domains_to_leave, unweighted_domains_to_serve},
};
use anyhow::Result;
use doin_chain::{Account, Call, Chain, Urgency};
use doin_primitives::{views::DomainView, DomainId};
use std::collections::BTreeSet;

/// Target of log events.
const TARGET: &str = "doin::worker";
/// Error of `serve` for an evaluator that serves the domain.
const ALREADY_SERVING: &str = "Evaluators::AlreadyServing";

/// Evaluators and what is done for them.
struct Enlistment {
	identities: Vec<Identity>,
	bonded: BTreeSet<Account>,
	/// Accounts without a bond, of which the user was warned.
	warned: BTreeSet<Account>,
	served: BTreeSet<(DomainId, Account)>,
}

/// Bonds the evaluators whose identity has a `bond` and whose account has none, and signs all of them up for domains without
/// weight. Domains that they served for an earlier configuration, or that were removed, are left first, since an evaluator
/// serves few at a time. What fails is tried again once per round.
///
/// # Errors
///
/// Never errors: a call that fails is logged, and everything else goes on.
pub(crate) async fn enlist(context: Context, identities: Vec<Identity>) -> Result<()> {
	let mut enlistment = Enlistment { identities, bonded: BTreeSet::new(), warned: BTreeSet::new(), served: BTreeSet::new() };
	loop {
		let mut head = context.chain.head();
		enlistment.bond(&context.chain).await;
		if enlistment.serve_unweighted(&context).await && enlistment.is_bonded() {
			return Ok(());
		}
		let again = head.number.saturating_add(context.params.period());
		while head.number < again {
			head = context.chain.next_head(head).await;
		}
	}
}

impl Enlistment {
	/// Returns `true` if every evaluator has a bond.
	fn is_bonded(&self) -> bool {
		self.identities.iter().all(|identity| self.bonded.contains(&identity.signer.account()))
	}

	/// Bonds the evaluators that have no bond yet.
	async fn bond(&mut self, chain: &Chain) {
		for identity in &self.identities {
			let account = identity.signer.account();
			if self.bonded.contains(&account) {
				continue;
			}
			match bond(chain, identity).await {
				Ok(true) => {
					self.bonded.insert(account);
				}
				Ok(false) if self.warned.insert(account) => tracing::warn!(
					target: TARGET,
					%account,
					"evaluator has no bond, so it is never drawn; run `doin-worker bond` with its key, or set `bond` in the configuration"
				),
				Ok(false) => {}
				Err(error) => tracing::error!(
					target: TARGET,
					%account,
					"evaluator has no bond, so it is never drawn, and its bond is tried again in a round: {error:#}"
				),
			}
		}
	}

	/// Signs the bonded evaluators up for domains without weight that the configuration wants evaluated. Returns `true` if all of
	/// them serve those domains.
	async fn serve_unweighted(&mut self, context: &Context) -> bool {
		let chain = &context.chain;
		// A tolerance domain without its program is not served, and left.
		let domains = match runnable_domains(context).await {
			Ok(domains) => domains,
			Err(error) => {
				tracing::warn!(target: TARGET, "domains without weight are not served until they are read, in a round: {error:#}");
				return false;
			}
		};
		self.leave(context, &domains).await;
		let missing = self.missing(&unweighted_domains_to_serve(&context.config, &domains));
		let mut serves_all = true;
		for (domain, account) in missing {
			let Some(identity) = self.identities.iter().find(|identity| identity.signer.account() == account) else { continue };
			match chain.submit(&identity.signer, &Call::serve(domain), Urgency::Relaxed).await {
				Ok(_) => tracing::info!(target: TARGET, account = account.short(), domain, "serving a domain without weight"),
				Err(error) if error.dispatch_error() == Some(ALREADY_SERVING) => {}
				Err(error) => {
					serves_all = false;
					let error = anyhow::Error::from(error);
					let account = account.short();
					tracing::warn!(target: TARGET, account, domain, "domain not served, which is tried again in a round: {error:#}");
					continue;
				}
			}
			self.served.insert((domain, account));
		}
		serves_all
	}

	/// Ends the service of the bonded evaluators for the domains that [`served_domains_to_leave`] returns.
	async fn leave(&self, context: &Context, domains: &[DomainView<Account>]) {
		let chain = &context.chain;
		let bonded = |identity: &&Identity| self.bonded.contains(&identity.signer.account());
		for identity in self.identities.iter().filter(bonded) {
			let account = identity.signer.account();
			let served = match chain.served_domains(chain.head(), account).await {
				Ok(served) => served,
				Err(error) => {
					tracing::warn!(target: TARGET, account = account.short(), "{:#}", anyhow::Error::from(error));
					continue;
				}
			};
			let account = account.short();
			for domain in served_domains_to_leave(&context.config, domains, &served) {
				match chain.submit(&identity.signer, &Call::unserve(domain), Urgency::Relaxed).await {
					Ok(_) => {
						tracing::info!(target: TARGET, account, domain, "domain left: it was removed, or is not to be evaluated")
					}
					Err(error) => tracing::warn!(
						target: TARGET,
						account,
						domain,
						"evaluator serves a domain that was removed, or is not to be evaluated; an absence there costs a part of the bond. Run \
						 `doin-worker unserve {domain}` with its key: {:#}",
						anyhow::Error::from(error)
					),
				}
			}
		}
	}

	/// Returns the bonded evaluators that do not serve one of `domains` yet, each with the domain.
	fn missing(&self, domains: &[DomainId]) -> Vec<(DomainId, Account)> {
		let of_domain = |domain: &DomainId| self.bonded.iter().map(|account| (*domain, *account)).collect::<Vec<_>>();
		domains.iter().flat_map(of_domain).filter(|pair| !self.served.contains(pair)).collect()
	}
}

/// Returns the domains that this worker can score.
async fn runnable_domains(context: &Context) -> Result<Vec<DomainView<Account>>> {
	let (chain, head) = (&context.chain, context.chain.head());
	let domains = chain.domains(head).await?;
	context.domains.runnable(chain, head, &context.config, domains).await
}

/// Bonds an evaluator that has no bond yet, with the amount of its identity. Returns `false` if the identity has no amount.
async fn bond(chain: &Chain, identity: &Identity) -> Result<bool> {
	let Identity { config: identity, signer } = identity;
	let account = signer.account();
	if chain.reputation(chain.head(), account).await?.bond > 0 {
		return Ok(true);
	}
	let Some(amount) = identity.bond else { return Ok(false) };
	let class = identity.class.unwrap_or_default();
	chain.submit(signer, &Call::bond(amount.0, class.into()), Urgency::Relaxed).await?;
	tracing::info!(target: TARGET, %account, %amount, %class, "evaluator bonded");
	Ok(true)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{config::ConfigFile, identities};

	#[test]
	fn k43_only_what_is_missing_is_tried_again() {
		let mut configs = ConfigFile::dev().identities;
		configs.truncate(3);
		let identities = identities::load(&configs[1..]).unwrap();
		let [first, second] = [0, 1].map(|at: usize| identities[at].signer.account());
		let bonded = BTreeSet::from([first]);
		let mut enlistment = Enlistment { identities, bonded, warned: BTreeSet::new(), served: BTreeSet::new() };
		assert!(!enlistment.is_bonded(), "the bond of the second one has failed");
		assert_eq!(enlistment.missing(&[4, 7]), [(4, first), (7, first)], "without a bond, a call would fail and cost a fee");
		enlistment.bonded.insert(second);
		enlistment.served.extend([(4, first), (4, second), (7, first)]);
		assert!(enlistment.is_bonded());
		assert_eq!(enlistment.missing(&[4, 7]), [(7, second)]);
	}
}
