//! `offer`: offers to answer requests for a domain, lists the offers, and ends them.

use super::infer::{plain, Address};
use crate::{
	args::{KeyArgs, NodeArgs},
	report::{table, OutputArgs, LEFT, RIGHT},
};
use anyhow::{anyhow, ensure, Result};
use clap::{Args, Subcommand};
use doin_chain::{Account, Call, Included, MissingEvent, Urgency};
use doin_primitives::{
	inference::{least_bond, Endpoint, MAX_ENDPOINT},
	views::OfferView,
	Balance, BlockNumber, DomainId,
};
use doin_roles::{amount::Amount, serve::champion_at};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Subcommands of `offer`.
#[derive(Clone, Debug, Subcommand)]
pub enum OfferCommand {
	/// Offer to answer requests for a domain, or change the price, the address or the bond of an offer
	#[command(after_help = "\
EXAMPLES
  doin-worker offer make --domain 0 --price 0.001DOIN --endpoint https://example.org:8475 --key server.key
  doin-worker offer make --domain 0 --price 0.002DOIN --endpoint http://203.0.113.7:8475 --bond \"50 DOIN\" --key server.key

The key signs the receipts of all answers, so name the same key in the identity with role = \"serve\" (docs/book: guide for servers). It \
never changes for an offer. The bond, at least 10 DOIN and 1,000 prices, is lost by one false answer; the programs of this worker give \
none. It can be raised, not lowered.")]
	Make(MakeArgs),
	/// List the offers for a domain, the cheapest one first
	List(ListArgs),
	/// Remove an offer from the list. Its bond answers for receipts for another day
	Withdraw(EndArgs),
	/// Release the bond of an offer that has left the list, after the claim window
	Release(EndArgs),
}

/// Arguments of `offer make`.
#[derive(Clone, Debug, Args)]
pub struct MakeArgs {
	/// Identifier of the domain
	#[arg(long, value_name = "ID")]
	domain: DomainId,
	/// Price of one window or row, e.g. 0.001DOIN
	#[arg(long, value_name = "AMOUNT")]
	price: Amount,
	/// Address that clients reach, e.g. https://example.org:8475
	#[arg(long, value_name = "URL")]
	endpoint: Address,
	/// Bond that a false answer takes [default: the least one for the price]
	#[arg(long, value_name = "AMOUNT")]
	bond: Option<Amount>,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `offer list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
	/// Identifier of the domain
	domain: DomainId,
	#[command(flatten)]
	output: OutputArgs,
}

/// Arguments of `offer withdraw` and `offer release`.
#[derive(Clone, Debug, Args)]
pub struct EndArgs {
	/// Identifier of the domain
	domain: DomainId,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `offer`.
///
/// # Errors
///
/// Errors if an argument or the key cannot be used, if the node does not answer, or if the call fails.
pub async fn run(node: &NodeArgs, command: OfferCommand) -> Result<()> {
	match command {
		OfferCommand::Make(args) => make(node, args).await,
		OfferCommand::List(args) => list(node, args).await,
		OfferCommand::Withdraw(args) => withdraw(node, args).await,
		OfferCommand::Release(args) => release(node, args).await,
	}
}

async fn make(node: &NodeArgs, args: MakeArgs) -> Result<()> {
	let endpoint = endpoint(&args.endpoint)?;
	let bond = bond(args.price.0, args.bond)?;
	let signer = args.key.signer()?;
	let chain = node.connect().await?;
	let at = chain.head();
	let (champion, _) = champion_at(&chain, at, args.domain).await?;
	ensure!(
		champion.is_provable(),
		"requests for domain {} cannot be offered: its models answer no input, or one that is longer than an accusation. Nothing was sent",
		args.domain
	);
	let call = Call::offer(args.domain, signer.hot().0, args.price.0, &endpoint, bond);
	let included = chain.submit(&signer, &call, Urgency::Relaxed).await?;
	args.output.print(&OfferedReport::new(&included)?)
}

async fn list(node: &NodeArgs, ListArgs { domain, output }: ListArgs) -> Result<()> {
	let chain = node.connect().await?;
	output.print(&OffersReport { domain, offers: chain.offers(chain.head(), domain).await? })
}

async fn withdraw(node: &NodeArgs, EndArgs { domain, key, output }: EndArgs) -> Result<()> {
	let signer = key.signer()?;
	let chain = node.connect().await?;
	let included = chain.submit(&signer, &Call::withdraw_offer(domain), Urgency::Relaxed).await?;
	let (domain, who, leaves): (DomainId, Account, BlockNumber) = included.expect("Inference", "Unlisted")?;
	output.print(&WithdrawnReport { domain, who, leaves })
}

async fn release(node: &NodeArgs, EndArgs { domain, key, output }: EndArgs) -> Result<()> {
	let signer = key.signer()?;
	let chain = node.connect().await?;
	let call = Call::release_offer(domain, signer.account());
	let included = chain.submit(&signer, &call, Urgency::Relaxed).await?;
	let (domain, who, bond): (DomainId, Account, Balance) = included.expect("Inference", "Released")?;
	output.print(&ReleasedReport { domain, who, bond: Amount(bond), block: included.block.number })
}

/// Returns the address of a server as the chain stores it.
fn endpoint(address: &Address) -> Result<Endpoint> {
	let text = address.to_string();
	let bytes = text.len();
	Endpoint::try_from(text.into_bytes()).map_err(|_| {
		anyhow!("--endpoint has {bytes} bytes, and the chain takes {MAX_ENDPOINT} at most: choose a shorter address. Nothing was sent")
	})
}

/// Returns the bond of an offer: that of the user, or the least one for the price.
fn bond(price: Balance, wanted: Option<Amount>) -> Result<Balance> {
	let least = least_bond(price);
	let bond = wanted.map_or(least, |Amount(bond)| bond);
	ensure!(
		bond >= least,
		"--bond is {}, and a price of {:#} needs {} at least: raise the bond or lower the price. Nothing was sent",
		Amount(bond),
		Amount(price),
		Amount(least)
	);
	Ok(bond)
}

/// Report of `offer make`.
#[derive(Debug, Serialize)]
struct OfferedReport {
	domain: DomainId,
	who: Account,
	/// Account of the key that signs receipts.
	key: Account,
	price: Amount,
	bond: Amount,
	block: BlockNumber,
}

impl OfferedReport {
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let (domain, who, key, price, bond): (DomainId, Account, Account, Balance, Balance) =
			included.expect("Inference", "Offered")?;
		Ok(Self { domain, who, key, price: Amount(price), bond: Amount(bond), block: included.block.number })
	}
}

impl Display for OfferedReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, who, price, bond, block, .. } = self;
		writeln!(
			f,
			"{who} offers domain {domain} since block {block} for {price:#} a window, with a bond of {bond}. Start `doin-worker run` with an \
			 identity with role = \"serve\" and [serve] domains = [{domain}]."
		)
	}
}

/// Report of `offer list`.
#[derive(Debug, Serialize)]
struct OffersReport {
	domain: DomainId,
	offers: Vec<OfferView<Account>>,
}

impl Display for OffersReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		if self.offers.is_empty() {
			return writeln!(f, "Nobody offers domain {}. Make the first offer with `doin-worker offer make`.", self.domain);
		}
		let mut offers = table([("price", RIGHT), ("bond", RIGHT), ("since", RIGHT), ("server", LEFT), ("address", LEFT)]);
		for offer in &self.offers {
			offers.add_row([
				format!("{:#}", Amount(offer.price)),
				Amount(offer.bond).to_string(),
				offer.since.to_string(),
				offer.who.to_string(),
				plain(&offer.endpoint),
			]);
		}
		writeln!(f, "{}", offers.trim_fmt())
	}
}

/// Report of `offer withdraw`.
#[derive(Debug, Serialize)]
struct WithdrawnReport {
	domain: DomainId,
	who: Account,
	/// First block in which the bond can be released.
	leaves: BlockNumber,
}

impl Display for WithdrawnReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, who, leaves } = self;
		writeln!(
			f,
			"{who} does not offer domain {domain} any more. Its bond answers for receipts until block {leaves}: run `doin-worker offer release \
			 {domain}` then."
		)
	}
}

/// Report of `offer release`.
#[derive(Debug, Serialize)]
struct ReleasedReport {
	domain: DomainId,
	who: Account,
	bond: Amount,
	block: BlockNumber,
}

impl Display for ReleasedReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, who, bond, block } = self;
		writeln!(f, "{bond} of {who} for domain {domain} are free since block {block}.")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::included;
	use doin_primitives::DOIN;

	#[test]
	fn a_bond_is_the_least_one_unless_it_is_named() {
		assert_eq!(bond(DOIN / 1_000, None).unwrap(), 10 * DOIN);
		assert_eq!(bond(DOIN, None).unwrap(), 1_000 * DOIN);
		assert_eq!(bond(DOIN, Some(Amount(2_000 * DOIN))).unwrap(), 2_000 * DOIN);
		let error = bond(DOIN, Some(Amount(999 * DOIN))).unwrap_err().to_string();
		assert!(error.contains("needs 1000 DOIN") && error.contains("Nothing was sent"), "{error}");
	}

	#[test]
	fn an_address_fits_the_chain() {
		let long: Address = format!("http://example.org/{}", "x".repeat(200)).parse().unwrap();
		assert!(endpoint(&long).unwrap_err().to_string().contains("takes 128 at most"));
		assert_eq!(endpoint(&"https://example.org".parse().unwrap()).unwrap().to_vec(), b"https://example.org:443");
	}

	#[test]
	fn reports_name_amounts_and_the_next_step() {
		let (who, key) = (Account([1; 32]), Account([2; 32]));
		let event = included("Inference", "Offered", (3u32, who, key, DOIN / 1_000, 10 * DOIN, b"http://a".to_vec()));
		let report = OfferedReport::new(&event).unwrap();
		assert_eq!(report.key, key);
		let text = report.to_string();
		assert!(
			text.contains("0.001 DOIN a window") && text.contains("role = \"serve\"") && text.contains("domains = [3]"),
			"{text}"
		);
		let withdrawn = WithdrawnReport { domain: 3, who, leaves: 90 }.to_string();
		assert!(withdrawn.contains("until block 90") && withdrawn.contains("offer release 3"), "{withdrawn}");
		let none = OffersReport { domain: 3, offers: Vec::new() }.to_string();
		assert!(none.contains("offer make"), "{none}");
	}
}
