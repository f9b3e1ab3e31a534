//! `accuse`: checks the answers that a purse keeps, and accuses servers that have lied.

use super::infer::{
	complete, forget_old,
	lie::{accuse, Bought, Slash},
	open_purse,
};
use crate::{
	args::{KeyArgs, NodeArgs},
	report::{table, OutputArgs, LEFT, RIGHT},
	work::compute,
};
use anyhow::{anyhow, bail, Context, Result};
use clap::Args;
use doin_chain::{Account, Chain, Signer, SubmitError};
use doin_primitives::{BlockNumber, DomainId};
use doin_serve::{
	check::{compare, Finding, Signed},
	purse::{Proof, Purse},
	wire::Reply,
};
use serde::Serialize;
use std::{
	collections::BTreeSet,
	fmt::{self, Display, Formatter},
	path::PathBuf,
	process::ExitCode,
};

/// Error of an accusation of a server that has no bond.
const NO_BOND: &str = "Inference::NoOffer";
/// Errors of accusations that fail at every later block too: the bond is gone, has answered for such a lie, or does not answer for the
/// block of the receipt. Each attempt costs a fee.
const LASTING: [&str; 4] = [NO_BOND, "Inference::AlreadyHalved", "Inference::BeforeOffer", "Inference::BlockTooOld"];

/// Arguments of `accuse`.
#[derive(Clone, Debug, Args)]
pub struct AccuseArgs {
	/// File of the channels, vouchers, receipts and models of this client [default: doin-purse.db]
	#[arg(long, value_name = "FILE")]
	purse: Option<PathBuf>,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `accuse`. The exit code shows whether a server that has lied was not accused.
///
/// # Errors
///
/// Errors if the key or the purse cannot be used, and if the node does not answer.
pub async fn run(node: &NodeArgs, args: AccuseArgs) -> Result<ExitCode> {
	let signer = args.key.signer()?;
	let chain = node.connect().await?;
	let purse = open_purse(&chain, args.purse).await?;
	forget_old(&chain, &purse, chain.finalized().await?).await?;
	let (mut report, mut without_bond) = (AccuseReport { checked: 0, lies: Vec::new() }, BTreeSet::new());
	for proof in &purse.proofs()? {
		let (model, (bought, signed, finding)) = match checked(&chain, &purse, proof).await {
			Ok(checked) => checked,
			Err(error) => {
				eprintln!("note: the answer of block {} is left out: {error:#}", proof.block);
				continue;
			}
		};
		report.checked += 1;
		if finding != Finding::Right {
			let found = (proof, &bought, &signed, &finding);
			report.lies.push(accused(&chain, &signer, &purse, &mut without_bond, found, model).await?);
		}
	}
	args.output.print(&report)?;
	let is_left = report.lies.iter().any(|lie| lie.slash.is_none());
	Ok(if is_left { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Returns the encoding of the champion of a kept answer, and the answer with the result of its check.
async fn checked(chain: &Chain, purse: &Purse, proof: &Proof) -> Result<(Vec<u8>, (Bought, Signed, Finding))> {
	let model = champion_bytes(chain, purse, proof).await?;
	let kept = Bought::kept(proof, chain.genesis(), &model);
	let (bought, signed, champion) = kept.context("a receipt of the purse cannot be read")?;
	let checked = compute(move |_| {
		let finding = compare(&bought.reply, &bought.sent, &signed, &champion);
		Ok((bought, signed, finding))
	});
	Ok((model, checked.await?))
}

/// Returns the encoding of the champion of the block of a receipt, which is read if that has failed when the answer arrived. Where the node
/// does not have it any more, the model that the receipt names is taken for it: the outputs are still checked.
async fn champion_bytes(chain: &Chain, purse: &Purse, proof: &Proof) -> Result<Vec<u8>> {
	let read = match proof.is_complete {
		true => None,
		false => {
			let Reply { domain_id, .. } = serde_json::from_str(&proof.answer)?;
			Some(complete(chain, purse, &proof.answer, proof.block, domain_id).await)
		}
	};
	match (read, purse.model(&proof.model)?) {
		(Some(Ok((_, bytes))), _) | (None, Some(bytes)) => Ok(bytes),
		(Some(Err(error)), Some(bytes)) => {
			eprintln!("note: the answer of block {} is checked with the model that it names: {error:#}", proof.block);
			Ok(bytes)
		}
		(Some(Err(error)), None) => Err(error.context("the purse does not have the champion of the block")),
		(None, None) => bail!("the purse does not have the champion of the block any more"),
	}
}

/// Accuses the server of a false answer, which is forgotten if the server is slashed, and if it never can be. A refusal does not stop the
/// accusations of others. One `without_bond` is not accused again: the fee would be lost.
async fn accused(
	chain: &Chain,
	signer: &Signer,
	purse: &Purse,
	without_bond: &mut BTreeSet<(Account, DomainId)>,
	(proof, bought, signed, finding): (&Proof, &Bought, &Signed, &Finding),
	model: Vec<u8>,
) -> Result<LieRow> {
	let (server, domain) = (bought.server, signed.receipt.domain);
	let outcome = match without_bond.contains(&(server, domain)) {
		true => Err(anyhow!("the bond of the server is gone")),
		false => accuse(chain, signer, bought, signed, finding, model).await,
	};
	let reason =
		outcome.as_ref().err().and_then(|error| error.downcast_ref::<SubmitError>()).and_then(SubmitError::dispatch_error);
	if reason == Some(NO_BOND) {
		without_bond.insert((server, domain));
	}
	let is_over = without_bond.contains(&(server, domain)) || reason.is_some_and(|reason| LASTING.contains(&reason));
	let (slash, refusal) = match outcome {
		Ok(slash) => (slash, None),
		Err(error) => (None, Some(format!("{error:#}"))),
	};
	if slash.is_some() || is_over {
		purse.forget(&proof.answer)?;
	}
	Ok(LieRow { server, domain, receipt: proof.block, slash, refusal })
}

/// A false answer.
#[derive(Clone, Debug, Serialize)]
struct LieRow {
	/// The server.
	server: Account,
	/// The domain.
	domain: DomainId,
	/// Block of the receipt.
	receipt: BlockNumber,
	/// Slash of the server; `None` if the accusation was refused.
	slash: Option<Slash>,
	/// Reason for which the accusation was refused.
	refusal: Option<String>,
}

/// Report of `accuse`.
#[derive(Clone, Debug, Serialize)]
struct AccuseReport {
	/// Answers that were checked.
	checked: usize,
	/// Those that are false.
	lies: Vec<LieRow>,
}

impl Display for AccuseReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		if self.lies.is_empty() {
			return writeln!(f, "{} kept answers were checked: none is false", self.checked);
		}
		writeln!(f, "{} kept answers were checked: {} are false", self.checked, self.lies.len())?;
		let mut lies = table([("server", LEFT), ("domain", RIGHT), ("receipt", RIGHT), ("outcome", LEFT)]);
		for lie in &self.lies {
			let outcome = match (&lie.slash, &lie.refusal) {
				(Some(slash), _) => format!("slashed {:#}, {:#} for the proof", slash.slashed, slash.reward),
				(None, Some(refusal)) => format!("not slashed: {refusal}"),
				(None, None) => "not slashed".into(),
			};
			lies.add_row([lie.server.to_string(), lie.domain.to_string(), format!("#{}", lie.receipt), outcome]);
		}
		writeln!(f, "{}", lies.trim_fmt())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::DOIN;
	use doin_roles::amount::Amount;

	#[test]
	fn lies_are_shown_with_what_came_of_them() {
		let row = |slash, refusal: Option<&str>| LieRow {
			server: Account([1; 32]),
			domain: 3,
			receipt: 90,
			slash,
			refusal: refusal.map(Into::into),
		};
		let slash = Slash { block: 95, slashed: Amount(10 * DOIN), reward: Amount(DOIN), compensation: Amount(0) };
		let report = AccuseReport { checked: 4, lies: vec![row(Some(slash), None), row(None, Some("it has taken its bond"))] };
		let text = report.to_string();
		assert!(text.starts_with("4 kept answers were checked: 2 are false\n"), "{text}");
		assert!(
			text.contains("slashed 10 DOIN, 1 DOIN for the proof") && text.contains("not slashed: it has taken its bond"),
			"{text}"
		);
		assert_eq!(serde_json::to_value(&report).unwrap()["lies"][0]["slash"]["slashed"], "10 DOIN");
		let none = AccuseReport { checked: 4, lies: Vec::new() };
		assert_eq!(none.to_string(), "4 kept answers were checked: none is false\n");
	}
}
