//! `serve` and `unserve`: the service of an evaluator for one domain, e.g. for a domain without weight.

use crate::{
	args::{KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_chain::{Account, Call, Included, MissingEvent, Urgency};
use doin_primitives::{BlockNumber, DomainId};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Arguments of `serve` and `unserve`.
#[derive(Clone, Debug, Args)]
pub struct ServiceArgs {
	/// Identifier of the domain
	domain: DomainId,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `serve`.
///
/// # Errors
///
/// Errors if the account is no evaluator or serves the domain already, if the domain does not exist, if the key cannot be used,
/// or if the call fails.
pub async fn serve(node: &NodeArgs, args: ServiceArgs) -> Result<()> {
	let ServiceArgs { domain, key, output } = args;
	let signer = key.signer()?;
	let (chain, account) = (node.connect().await?, signer.account());
	let at = chain.head();
	chain
		.domain(at, domain)
		.await?
		.with_context(|| format!("domain {domain} does not exist: `doin-worker domain list` lists the domains"))?;
	ensure!(
		chain.reputation(at, account).await?.bond > 0,
		"{account} has no bond, and only evaluators serve domains: run `doin-worker bond` with its key first. Nothing was sent"
	);
	let served = chain.served_domains(at, account).await?;
	ensure!(!served.contains(&domain), "{account} serves domain {domain} already. Nothing was sent");
	let included = chain.submit(&signer, &Call::serve(domain), Urgency::Relaxed).await?;
	output.print(&ServedReport::new(&included)?)
}

/// Runs `unserve`.
///
/// # Errors
///
/// Errors if the account does not serve the domain, if the key cannot be used, or if the call fails.
pub async fn unserve(node: &NodeArgs, args: ServiceArgs) -> Result<()> {
	let ServiceArgs { domain, key, output } = args;
	let signer = key.signer()?;
	let (chain, account) = (node.connect().await?, signer.account());
	let at = chain.head();
	let served = chain.served_domains(at, account).await?;
	ensure!(served.contains(&domain), "{}. Nothing was sent", not_served(account, domain, &served));
	let longest = chain.round_params(at).await?.longest();
	let included = chain.submit(&signer, &Call::unserve(domain), Urgency::Relaxed).await?;
	output.print(&LeftReport::new(&included, longest)?)
}

/// Returns the reason for which the service for `domain` cannot end, with the domains that the account serves.
fn not_served(account: Account, domain: DomainId, served: &[DomainId]) -> String {
	let list: Vec<String> = served.iter().map(ToString::to_string).collect();
	let serves = match list.is_empty() {
		true => "It serves no single domain".to_string(),
		false => format!("It serves {}", list.join(", ")),
	};
	format!(
		"{account} does not serve domain {domain}. {serves}. Weighted domains are served by all evaluators of their size class: \
		 `doin-worker unbond` ends that service"
	)
}

/// Report of `serve`.
#[derive(Debug, Serialize)]
struct ServedReport {
	account: Account,
	domain: DomainId,
	block: BlockNumber,
}

impl ServedReport {
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let (account, domain): (Account, DomainId) = included.expect("Evaluators", "ServiceStarted")?;
		Ok(Self { account, domain, block: included.block.number })
	}
}

impl Display for ServedReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { account, domain, block } = self;
		writeln!(
			f,
			"{account} serves domain {domain} since block {block}, and may be drawn for it: keep `doin-worker run` running with this \
			 key, and with a configuration that evaluates the domain."
		)
	}
}

/// Report of `unserve`.
#[derive(Debug, Serialize)]
struct LeftReport {
	account: Account,
	domain: DomainId,
	block: BlockNumber,
	/// Block after which no earlier draw has to be answered.
	until: BlockNumber,
}

impl LeftReport {
	/// Returns the report of a call, by its event. A task takes `longest` blocks at most.
	fn new(included: &Included, longest: BlockNumber) -> Result<Self, MissingEvent> {
		let (account, domain): (Account, DomainId) = included.expect("Evaluators", "ServiceStopped")?;
		let block = included.block.number;
		Ok(Self { account, domain, block, until: block.saturating_add(longest) })
	}
}

impl Display for LeftReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { account, domain, block, until } = self;
		writeln!(
			f,
			"{account} does not serve domain {domain} since block {block}, but has to answer earlier draws: keep its worker running until \
			 block {until}. Set `evaluate = false` for the domain in its configuration, or `doin-worker run` serves the domain again."
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures;

	const WHO: Account = Account([7; 32]);

	fn included(name: &str) -> Included {
		fixtures::included("Evaluators", name, (WHO, 3u32))
	}

	#[test]
	fn a_service_is_reported_as_the_chain_stored_it() {
		let served = ServedReport::new(&included("ServiceStarted")).unwrap().to_string();
		assert!(served.starts_with(&format!("{WHO} serves domain 3 since block 9")), "{served}");
		let left = LeftReport::new(&included("ServiceStopped"), 40).unwrap();
		assert!(left.to_string().contains("since block 9") && left.to_string().contains("until block 49"), "{left}");
		let json = serde_json::to_value(&left).unwrap();
		assert_eq!((&json["domain"], &json["until"], &json["account"]), (&3.into(), &49.into(), &WHO.to_string().into()));
		let missing = ServedReport::new(&included("ServiceStopped")).unwrap_err().to_string();
		assert!(missing.contains("Evaluators.ServiceStarted is missing"), "{missing}");
	}

	#[test]
	fn a_domain_that_is_not_served_is_named_beside_those_that_are() {
		let some = not_served(WHO, 3, &[4, 7]);
		assert!(some.contains("does not serve domain 3. It serves 4, 7.") && some.contains("doin-worker unbond"), "{some}");
		assert!(not_served(WHO, 3, &[]).contains("It serves no single domain."));
	}
}
