//! Registration of a draft: record, pages, activation, nomination.

use crate::work::progress_bar;
use anyhow::{bail, ensure, Context, Result};
use codec::{Decode, Encode};
use doin_chain::{Account, Call, Chain, Included, Signer, Urgency, Vote};
use doin_forecast::Draft;
use doin_primitives::{domain::PAGE_VALUES, Balance, DomainId, Page, Status};
use doin_roles::amount::Amount;

/// Pages of one extrinsic: 64 KiB, a small part of a block.
const BATCH: usize = 16;

/// Costs of a domain for its owner, in plancks.
#[derive(Clone, Copy, Debug)]
pub struct Price {
	/// Burned at registration.
	pub fee: Balance,
	/// Held until the domain is retired.
	pub deposit: Balance,
	/// Held while the domain is on the ballot.
	pub nomination: Balance,
}

impl Price {
	/// Reads the price of a draft.
	///
	/// # Errors
	///
	/// Errors if the node does not answer.
	pub async fn of(chain: &Chain, draft: &Draft) -> Result<Self> {
		let record = draft.spec.encoded_size() as Balance;
		let base: Balance = chain.constant("Domains", "BaseDeposit").await?;
		let byte: Balance = chain.constant("Domains", "ByteDeposit").await?;
		Ok(Self {
			fee: chain.constant("Domains", "RegistrationFee").await?,
			deposit: base + byte * (record + 4 * Balance::from(draft.spec.values)),
			nomination: chain.constant("Gauge", "NominationDeposit").await?,
		})
	}
}

/// Registers a draft, uploads its pages, activates it, and nominates it if requested, which needs a
/// [mintable](Draft::is_mintable) draft. An interrupted registration of the same draft is continued.
///
/// # Errors
///
/// Errors if nothing could ever be paid for the domain, if the account cannot afford it, or if a call fails.
pub async fn register(chain: &Chain, signer: &Signer, draft: &Draft, nominate: bool) -> Result<DomainId> {
	ensure!(
		draft.is_mintable() || draft.spec.target > 0,
		"nothing would ever be paid for this domain: a domain of several columns pays a bounty only, and a bounty needs a \
		target. Add \
		--target-performance PERCENT"
	);
	let id = match find_unfinished(chain, signer.account(), draft).await? {
		Some(id) => {
			eprintln!("domain {id} is registered already: its registration is continued");
			id
		}
		None => register_record(chain, signer, draft, nominate).await?,
	};
	upload(chain, signer, id, draft).await?;
	let state = chain.domain(chain.head(), id).await?.with_context(|| format!("domain {id} does not exist any more"))?;
	if state.status == Status::Loading {
		let included = chain.submit(signer, &Call::activate(id, draft.spec.values), Urgency::Relaxed).await?;
		check_activation(&included, id)?;
		eprintln!("domain {id} is active since block {}", included.block.number);
	}
	if nominate && !chain.nominated(chain.head()).await?.contains(&id) {
		chain.submit(signer, &Call::nominate(id), Urgency::Relaxed).await?;
		eprintln!("domain {id} is on the ballot");
	}
	Ok(id)
}

async fn register_record(chain: &Chain, signer: &Signer, draft: &Draft, nominate: bool) -> Result<DomainId> {
	let price = Price::of(chain, draft).await?;
	let funds = chain.funds(chain.head(), signer.account()).await?;
	let needed = price.fee + price.deposit + if nominate { price.nomination } else { 0 };
	ensure!(
		funds.free >= needed,
		"{} has {}, and the domain takes {} and transaction fees: send it more",
		signer.account(),
		Amount(funds.free),
		Amount(needed)
	);
	let included = chain.submit(signer, &Call::register(&draft.spec), Urgency::Relaxed).await?;
	let id = included.expect("Domains", "Registered")?;
	eprintln!("domain {id} is registered in block {}", included.block.number);
	Ok(id)
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
}

impl RefusalReason {
	fn describe(self) -> &'static str {
		match self {
			Self::DataRootMismatch => "the uploaded values differ from the hash in its record",
			Self::ConstantSeries => "simple models make no error on its validation part, so there is nothing to improve",
			Self::InvalidSplit => "its split does not fit its series",
		}
	}
}

/// Errors unless the events of an activation show that the domain is active. The call succeeds also where it is refused for good.
fn check_activation(included: &Included, id: DomainId) -> Result<()> {
	if let Some((_, reason)) = included.event::<(DomainId, RefusalReason)>("Domains", "ActivationRefused") {
		bail!(
			"domain {id} was refused in block {}: {}. It can only be retired, which releases its deposit; make another domain of other \
			data",
			included.block.number,
			reason.describe()
		);
	}
	included.expect::<DomainId>("Domains", "Activated")?;
	Ok(())
}

/// Returns the domain of an earlier registration of the same draft.
async fn find_unfinished(chain: &Chain, owner: Account, draft: &Draft) -> Result<Option<DomainId>> {
	let head = chain.head();
	for domain in chain.domains(head).await? {
		let open = matches!(domain.status, Status::Loading | Status::Active);
		if open && domain.owner == owner && chain.domain_spec(head, domain.id).await?.as_ref() == Some(&draft.spec) {
			return Ok(Some(domain.id));
		}
	}
	Ok(None)
}

/// Uploads the pages that the chain does not have.
async fn upload(chain: &Chain, signer: &Signer, id: DomainId, draft: &Draft) -> Result<()> {
	let pages: Vec<&[i32]> = draft.values.chunks(PAGE_VALUES as usize).collect();
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
		let call = |index: &u32| {
			let page = Page::from_values(pages[*index as usize].to_vec()).context("a page is too long")?;
			Ok(Call::upload_page(id, *index, &page))
		};
		let calls = batch.iter().map(call).collect::<Result<Vec<_>>>()?;
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
	use doin_chain::{Event, Head};

	fn included(name: &str, fields: impl Encode) -> Included {
		let event = Event { pallet: "Domains".into(), name: name.into(), fields: fields.encode() };
		Included { block: Head { number: 5, hash: [5; 32] }, events: vec![event], fee: 0 }
	}

	#[test]
	fn k31_a_domain_is_active_only_if_its_event_shows_that() {
		check_activation(&included("Activated", (7u32, 0u8, 5u64)), 7).unwrap();
		let refused = check_activation(&included("ActivationRefused", (7u32, 1u8)), 7).unwrap_err().to_string();
		assert!(refused.contains("refused in block 5") && refused.contains("nothing to improve"), "{refused}");
		let without = check_activation(&included("PageUploaded", 7u32), 7).unwrap_err().to_string();
		assert!(without.contains("Domains.Activated is missing"), "{without}");
	}
}
