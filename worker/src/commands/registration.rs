//! Registration of a draft: record, pages, activation, nomination.

use crate::work::progress_bar;
use anyhow::{bail, ensure, Context, Result};
use codec::{Decode, Encode};
use doin_chain::{Account, Call, Chain, Included, Signer, Urgency, Vote};
use doin_forecast::{
	sealed::{Seal, SegmentKey},
	NewDomain,
};
use doin_primitives::{views::EvidenceView, Balance, DomainId, Status};
use doin_roles::amount::Amount;
use doin_scoring::Model;

/// Pages of one extrinsic: 64 KiB, a small part of a block.
const BATCH: usize = 16;
/// Hashes of one extrinsic, the most that the chain accepts.
const HASHES: usize = 64;
/// Bytes that a sealed segment takes beside its own: its hash.
const HASH_BYTES: Balance = 32;

/// Costs of a domain for its owner, in plancks.
#[derive(Clone, Copy, Debug)]
pub struct Price {
	/// Burned at registration.
	pub fee: Balance,
	/// Held until the domain is retired.
	pub deposit: Balance,
	/// Held while the domain is on the ballot.
	pub nomination: Balance,
	/// Held for the bytes of all segments; 0 for a domain that seals nothing.
	pub segments: Balance,
}

/// Segments of a domain that are sealed, and the money that pays for what is found on them.
#[derive(Clone, Debug)]
pub struct Sealing {
	/// Secret that salts are derived from.
	pub key: SegmentKey,
	/// Amount that is added to the purse, in plancks; 0 for none.
	pub fund: Balance,
}

/// Domain that takes commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
	/// Identifier of the domain.
	pub id: DomainId,
	/// Place on the ballot.
	pub ballot: Ballot,
}

/// Place of a registered domain on the ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ballot {
	/// Validators can vote for the domain.
	Nominated,
	/// No nomination was requested.
	NotRequested,
	/// The purse is empty, and the chain nominates a sealed domain with something in its purse only.
	EmptyPurse,
}

impl Price {
	/// Returns what an owner needs to register the domain, in plancks, with an amount for the purse.
	fn total(&self, fund: Balance, nominate: bool) -> Balance {
		let nomination = if nominate { self.nomination } else { 0 };
		[self.deposit, self.segments, fund, nomination].into_iter().fold(self.fee, Balance::saturating_add)
	}

	/// Reads the price of a new domain.
	///
	/// # Errors
	///
	/// Errors if the node does not answer.
	pub async fn of(chain: &Chain, new: &NewDomain) -> Result<Self> {
		let record = (new.spec.encoded_size() + new.linear.as_ref().map_or(0, |linear| linear.len())) as Balance;
		let segments = new.sealed.as_ref().map_or(0, |sealed| sealed.segments.len()) as Balance;
		let base: Balance = chain.constant("Domains", "BaseDeposit").await?;
		let byte: Balance = chain.constant("Domains", "ByteDeposit").await?;
		Ok(Self {
			fee: chain.constant("Domains", "RegistrationFee").await?,
			deposit: base + byte * (record + Balance::from(new.spec.data_bytes())),
			nomination: chain.constant("Gauge", "NominationDeposit").await?,
			segments: byte * segments * (Balance::from(new.spec.segment_bytes()) + HASH_BYTES),
		})
	}
}

/// Registers a domain, uploads its pages, activates it, seals and funds it, and nominates it if requested, which needs a
/// [mintable](NewDomain::is_mintable) domain, and something in the purse of a sealed one. An interrupted registration of the same
/// domain is continued. `sealing` is there if, and only if, the domain has segments. The generator of
/// a domain is compared with its series when its draft is made (`likeness::check`), outside of the async runtime.
///
/// # Errors
///
/// Errors if nothing could ever be paid for the domain, since it is not mintable and has no target, if the account cannot afford it, if
/// other segments are sealed already, or if a call fails.
pub async fn register(
	chain: &Chain,
	signer: &Signer,
	new: &NewDomain,
	sealing: Option<&Sealing>,
	nominate: bool,
) -> Result<Registered> {
	ensure!(
		new.is_mintable() || new.spec.target > 0,
		"nothing would ever be paid for this domain: public evidence pays a bounty only, and a bounty needs a target. Add \
		--target-performance PERCENT, or seal a part of the data with --sealed SEGMENTS"
	);
	ensure_nothing_awaited(chain, signer).await?;
	let id = match find_unfinished(chain, signer.account(), new).await? {
		Some(id) => {
			eprintln!("domain {id} is registered already: its registration is continued");
			id
		}
		None => register_record(chain, signer, new, sealing, nominate).await?,
	};
	upload(chain, signer, id, new).await?;
	let state = chain.domain(chain.head(), id).await?.with_context(|| format!("domain {id} does not exist any more"))?;
	if state.status == Status::Loading {
		let call = Call::activate(id, new.spec.values, activation_units(new));
		let included = chain.submit(signer, &call, Urgency::Relaxed).await?;
		check_activation(&included, id)?;
		eprintln!("domain {id} is active since block {}", included.block.number);
	}
	if let Some(sealing) = sealing {
		seal(chain, signer, id, new, &sealing.key).await?;
		// A purse that an earlier run filled is not filled again.
		let evidence = chain.evidence(chain.head(), id).await?;
		let is_filled = evidence.is_some_and(|evidence| evidence.purse.saturating_add(evidence.spent) > 0);
		if sealing.fund > 0 && !is_filled {
			chain.submit(signer, &Call::fund(id, sealing.fund), Urgency::Relaxed).await?;
			eprintln!("{} are in the purse of domain {id}", Amount(sealing.fund));
		}
	}
	let ballot = if nominate { self::nominate(chain, signer, id).await? } else { Ballot::NotRequested };
	Ok(Registered { id, ballot })
}

/// Waits until all earlier calls of a key are in blocks. Without this, a command that is run again after it was stopped would send
/// the same hashes, or the same amount, a second time.
///
/// # Errors
///
/// Errors if calls of the key stay in the pool of the node, or if the node does not answer.
pub async fn ensure_nothing_awaited(chain: &Chain, signer: &Signer) -> Result<()> {
	ensure!(
		chain.awaits_nothing(signer).await?,
		"earlier calls of {} are still in the pool of the node and in no block: wait for them, then run this again. Nothing was sent",
		signer.hot()
	);
	Ok(())
}

/// Nominates a domain that is not on the ballot, unless its purse is empty.
async fn nominate(chain: &Chain, signer: &Signer, id: DomainId) -> Result<Ballot> {
	let at = chain.head();
	if chain.nominated(at).await?.contains(&id) {
		return Ok(Ballot::Nominated);
	}
	if has_empty_purse(chain.evidence(at, id).await?.as_ref()) {
		return Ok(Ballot::EmptyPurse);
	}
	chain.submit(signer, &Call::nominate(id), Urgency::Relaxed).await?;
	eprintln!("domain {id} is on the ballot");
	Ok(Ballot::Nominated)
}

/// Returns `true` for sealed evidence with an empty purse, which pays nothing. The chain refuses the nomination of such a domain.
fn has_empty_purse(evidence: Option<&EvidenceView<Account>>) -> bool {
	evidence.is_some_and(|evidence| evidence.purse == 0)
}

/// Returns the units of the price of an activation, which scores the linear model of the owner, or makes training runs.
fn activation_units(new: &NewDomain) -> u32 {
	let model = new.linear.as_ref().and_then(|linear| Model::from_bytes(linear).ok());
	let price = new.spec.activation_price(model.map_or(0, |model| model.macs()));
	u32::try_from(price).unwrap_or(u32::MAX)
}

async fn register_record(
	chain: &Chain,
	signer: &Signer,
	new: &NewDomain,
	sealing: Option<&Sealing>,
	nominate: bool,
) -> Result<DomainId> {
	let price = Price::of(chain, new).await?;
	let funds = chain.funds(chain.head(), signer.account()).await?;
	let fund = sealing.map_or(0, |sealing| sealing.fund);
	let needed = price.total(fund, nominate);
	ensure!(
		funds.free >= needed,
		"{} has {}, and the domain takes {} and transaction fees: send it more",
		signer.account(),
		Amount(funds.free),
		Amount(needed)
	);
	let included = chain.submit(signer, &Call::register(&new.spec, new.linear.as_ref()), Urgency::Relaxed).await?;
	let id = included.expect("Domains", "Registered")?;
	eprintln!("domain {id} is registered in block {}", included.block.number);
	Ok(id)
}

/// Seals the segments that the chain does not have the hashes of.
async fn seal(chain: &Chain, signer: &Signer, id: DomainId, new: &NewDomain, key: &SegmentKey) -> Result<()> {
	let data = new.sealed.as_ref().context("the domain has no segments")?;
	let seal = Seal { genesis: chain.genesis(), owner: signer.account().0, data_root: new.spec.data_root, key };
	let at = chain.head();
	let sealed = chain.segment_hashes(at, id, 0..u16::MAX).await?;
	let opened = chain.evidence(at, id).await?.map_or(0, |evidence| evidence.opened);
	data.ensure(&seal, &sealed, opened).with_context(|| format!("domain {id} has segments of an earlier run"))?;
	let rest = data.segments.iter().skip(sealed.len()).map(Vec::as_slice);
	let hashes = seal.hashes(sealed.len() as u16, rest);
	for (index, batch) in hashes.chunks(HASHES).enumerate() {
		let from = (sealed.len() + index * HASHES) as u16;
		chain.submit(signer, &Call::seal(id, from, batch), Urgency::Relaxed).await?;
	}
	if !hashes.is_empty() {
		eprintln!("{} segments of domain {id} are sealed", data.segments.len());
	}
	Ok(())
}

/// Reason for which the chain refuses to activate a domain, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Decode)]
enum RefusalReason {
	/// The hash of the pages differs from the data root of the record.
	DataRootMismatch,
	/// The baselines make no error on the validation split.
	ConstantSeries,
	/// The split does not fit the series.
	InvalidSplit,
	/// A row has a label out of its range.
	InvalidRow,
	/// All samples of training runs have one class.
	OneClass,
}

impl RefusalReason {
	fn describe(self) -> &'static str {
		match self {
			Self::DataRootMismatch => "the uploaded values differ from the hash in its record",
			Self::ConstantSeries => "simple models make no error on its validation part, so there is nothing to improve",
			Self::InvalidSplit => "its split does not fit its data",
			Self::InvalidRow => "one of its rows has a label that its program does not have",
			Self::OneClass => "all of its samples have one class",
		}
	}
}

/// Errors unless the events of an activation show that the domain is active. The call succeeds also where it is refused for good.
fn check_activation(included: &Included, id: DomainId) -> Result<()> {
	if let Some((_, reason)) = included.event::<(DomainId, RefusalReason)>("Domains", "ActivationRefused") {
		bail!(
			"domain {id} was refused in block {}: {}. It can only be retired, which releases its deposit (`doin-worker domain retire {id}`); \
			make another domain of other data",
			included.block.number,
			reason.describe()
		);
	}
	included.expect::<DomainId>("Domains", "Activated")?;
	Ok(())
}

/// Returns the domain of an earlier registration of the same domain.
///
/// # Errors
///
/// Errors if the node does not answer.
pub async fn find_unfinished(chain: &Chain, owner: Account, new: &NewDomain) -> Result<Option<DomainId>> {
	let head = chain.head();
	for domain in chain.domains(head).await? {
		let open = matches!(domain.status, Status::Loading | Status::Active);
		if open && domain.owner == owner && chain.domain_spec(head, domain.id).await?.as_ref() == Some(&new.spec) {
			return Ok(Some(domain.id));
		}
	}
	Ok(None)
}

/// Uploads the pages that the chain does not have.
async fn upload(chain: &Chain, signer: &Signer, id: DomainId, new: &NewDomain) -> Result<()> {
	let pages = &new.pages;
	let mut missing = Vec::new();
	let head = chain.head();
	for index in 0..pages.len() as u32 {
		if !chain.has_page(head, id, index).await? {
			missing.push(index);
		}
	}
	if missing.is_empty() {
		return Ok(());
	}
	let bar = progress_bar(pages.len() as u64, "uploading {bar:30} {pos}/{len} pages, {eta} left");
	bar.set_position((pages.len() - missing.len()) as u64);
	for batch in missing.chunks(BATCH) {
		let calls = batch.iter().map(|index| Call::upload_page(id, *index, &pages[*index as usize])).collect();
		match chain.submit(signer, &Call::batch(calls), Urgency::Relaxed).await {
			Ok(_) => {}
			// An earlier attempt succeeded, but its result was lost.
			Err(error) if error.dispatch_error() == Some("Domains::PageAlreadyUploaded") => {}
			Err(error) => {
				return Err(error)
					.with_context(|| format!("uploading pages of domain {id}; run the same command again to continue"))
			}
		}
		bar.inc(batch.len() as u64);
	}
	bar.finish_and_clear();
	eprintln!("{} pages of domain {id} are uploaded", pages.len());
	Ok(())
}

/// Adds a vote to the ballot of a validator. Returns `false` if the ballot has it already.
///
/// # Errors
///
/// Errors if the call fails.
pub async fn add_vote(chain: &Chain, signer: &Signer, vote: Vote) -> Result<bool> {
	let mut votes = chain.ballot(chain.head(), signer.account()).await?;
	if votes.contains(&vote) {
		return Ok(false);
	}
	votes.retain(|(domain, _)| *domain != vote.0);
	votes.push(vote);
	votes.sort_unstable();
	chain.submit(signer, &Call::vote(&votes), Urgency::Relaxed).await?;
	Ok(true)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures;

	#[test]
	fn a_sealed_domain_is_nominated_with_something_in_its_purse_only() {
		let evidence = crate::commands::domain::tests::evidence();
		assert!(!has_empty_purse(None), "evidence without a purse");
		assert!(!has_empty_purse(Some(&evidence)));
		let spent = EvidenceView { purse: 0, ..evidence };
		assert!(has_empty_purse(Some(&spent)) && !has_empty_purse(Some(&EvidenceView { purse: 1, ..spent.clone() })));
	}

	#[test]
	fn an_amount_beyond_all_money_does_not_make_a_domain_cheaper() {
		let price = Price { fee: 10, deposit: 20, nomination: 30, segments: 40 };
		assert_eq!((price.total(5, true), price.total(5, false)), (105, 75));
		assert_eq!(price.total(Balance::MAX, true), Balance::MAX);
	}

	fn included(name: &str, fields: impl Encode) -> Included {
		fixtures::included("Domains", name, fields)
	}

	#[test]
	fn k31_a_domain_is_active_only_if_its_event_shows_that() {
		check_activation(&included("Activated", (7u32, 0u8, 5u64)), 7).unwrap();
		let refused = check_activation(&included("ActivationRefused", (7u32, 1u8)), 7).unwrap_err().to_string();
		assert!(refused.contains("refused in block 9") && refused.contains("nothing to improve"), "{refused}");
		assert!(refused.contains("doin-worker domain retire 7"), "{refused}");
		let without = check_activation(&included("PageUploaded", 7u32), 7).unwrap_err().to_string();
		assert!(without.contains("Domains.Activated is missing"), "{without}");
	}
}
