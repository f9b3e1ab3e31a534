//! What the chain says, typed.

use crate::{client::Head, Account, Chain, ChainError, Vote};
use doin_primitives::{
	views::{ChampionView, DomainView, FeeMarketView, QuorumView, ReputationView, RoundView, WorkView},
	Balance, DomainId, DomainSpec, Hash, ModelId, RoundId, RoundParams,
};
use subxt::{dynamic::Value, ext::scale_decode::DecodeAsType};

/// Money of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funds {
	/// What it can spend, the existential deposit included.
	pub free: Balance,
	/// Bonds, deposits and seat holds.
	pub held: Balance,
}

// What is read from storage is decoded by the chain's own metadata, field by field by name: a pallet may add others.

/// Of `frame_system::AccountInfo`.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct AccountInfo {
	data: AccountData,
}

/// Of `pallet_balances::AccountData`.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct AccountData {
	free: Balance,
	reserved: Balance,
}

/// Of a stored model.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct StoredModel {
	author: [u8; 32],
	validation: Vec<u32>,
}

/// Of an announced challenge.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Dispute {
	hash: Hash,
}

/// Of a validator's ballot.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Ballot {
	votes: Vec<Vote>,
}

/// Of a nomination.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Nomination {
	domain: DomainId,
}

impl Chain {
	/// Every domain, in order of registration.
	pub async fn domains(&self, at: Head) -> Result<Vec<DomainView<Account>>, ChainError> {
		self.ask(at, "DoinApi_domains", &()).await
	}

	/// One domain.
	pub async fn domain(&self, at: Head, domain: DomainId) -> Result<Option<DomainView<Account>>, ChainError> {
		self.ask(at, "DoinApi_domain", &domain).await
	}

	/// Its immutable record.
	pub async fn domain_spec(&self, at: Head, domain: DomainId) -> Result<Option<DomainSpec>, ChainError> {
		self.ask(at, "DoinApi_domain_spec", &domain).await
	}

	/// Its series, when every page is there.
	pub async fn series(&self, at: Head, domain: DomainId) -> Result<Option<Vec<i32>>, ChainError> {
		self.ask(at, "DoinApi_series", &domain).await
	}

	/// Its champion.
	pub async fn champion(&self, at: Head, domain: DomainId) -> Result<Option<ChampionView<Account>>, ChainError> {
		self.ask(at, "DoinApi_champion", &domain).await
	}

	/// A stored model.
	pub async fn model(&self, at: Head, model: ModelId) -> Result<Option<Vec<u8>>, ChainError> {
		self.ask(at, "DoinApi_model", &model).await
	}

	/// Its round on the grid at this block.
	pub async fn round(&self, at: Head, domain: DomainId) -> Result<Option<RoundView<Account>>, ChainError> {
		self.ask(at, "DoinApi_round", &domain).await
	}

	/// A given round, as long as it is open.
	pub async fn open_round(&self, at: Head, round: RoundId) -> Result<Option<RoundView<Account>>, ChainError> {
		self.ask(at, "DoinApi_open_round", &round).await
	}

	/// Recomputations of a domain that are not final yet, oldest first.
	pub async fn quorums(&self, at: Head, domain: DomainId) -> Result<Vec<QuorumView<Account>>, ChainError> {
		self.ask(at, "DoinApi_quorums", &domain).await
	}

	/// Proof of optimization.
	pub async fn work(&self, at: Head) -> Result<WorkView<Account>, ChainError> {
		self.ask(at, "DoinApi_work", &()).await
	}

	/// The fee market.
	pub async fn fee_market(&self, at: Head) -> Result<FeeMarketView, ChainError> {
		self.ask(at, "DoinApi_fee_market", &()).await
	}

	/// Standing of an account.
	pub async fn reputation(&self, at: Head, who: Account) -> Result<ReputationView, ChainError> {
		self.ask(at, "DoinApi_reputation", &who).await
	}

	/// Lengths of a round's phases.
	pub async fn round_params(&self, at: Head) -> Result<RoundParams, ChainError> {
		self.ask(at, "DoinApi_round_params", &()).await
	}

	/// The validation sums that the author of a stored model claims.
	pub async fn claimed_sums(&self, at: Head, model: ModelId) -> Result<Option<Vec<u32>>, ChainError> {
		let stored: Option<StoredModel> = self.storage(at, "Optimae", "Models", vec![Value::from(model)]).await?;
		Ok(stored.map(|stored| stored.validation))
	}

	/// Who found a stored model.
	pub async fn model_author(&self, at: Head, model: ModelId) -> Result<Option<Account>, ChainError> {
		let stored: Option<StoredModel> = self.storage(at, "Optimae", "Models", vec![Value::from(model)]).await?;
		Ok(stored.map(|stored| Account(stored.author)))
	}

	/// The hash of the challenge that an account has announced and not ended.
	pub async fn announced_challenge(&self, at: Head, who: Account) -> Result<Option<Hash>, ChainError> {
		let dispute: Option<Dispute> = self.storage(at, "Quorum", "Disputes", vec![Value::from_bytes(who.0)]).await?;
		Ok(dispute.map(|dispute| dispute.hash))
	}

	/// Which chunks of one model of a replayed round the runtime has computed; empty before the first.
	pub async fn computed_chunks(&self, at: Head, round: RoundId, model: u8) -> Result<Vec<Option<u32>>, ChainError> {
		let id = Value::named_composite([("domain", Value::from(round.domain)), ("number", Value::from(round.number))]);
		Ok(self.storage(at, "Quorum", "Known", vec![id, Value::from(model)]).await?.unwrap_or_default())
	}

	/// Whether a page of a domain's series is stored.
	pub async fn has_page(&self, at: Head, domain: DomainId, index: u32) -> Result<bool, ChainError> {
		let page: Option<Vec<i32>> = self.storage(at, "Domains", "Pages", vec![Value::from(domain), Value::from(index)]).await?;
		Ok(page.is_some())
	}

	/// A validator's ballot; empty when it has none.
	pub async fn ballot(&self, at: Head, validator: Account) -> Result<Vec<Vote>, ChainError> {
		let ballot: Option<Ballot> = self.storage(at, "Gauge", "Ballots", vec![Value::from_bytes(validator.0)]).await?;
		Ok(ballot.map(|ballot| ballot.votes).unwrap_or_default())
	}

	/// Domains that can be voted for.
	pub async fn nominated(&self, at: Head) -> Result<Vec<DomainId>, ChainError> {
		let nominations: Option<Vec<Nomination>> = self.storage(at, "Gauge", "Nominations", Vec::new()).await?;
		Ok(nominations.unwrap_or_default().into_iter().map(|nomination| nomination.domain).collect())
	}

	/// Money of an account.
	pub async fn funds(&self, at: Head, who: Account) -> Result<Funds, ChainError> {
		let info: Option<AccountInfo> = self.storage(at, "System", "Account", vec![Value::from_bytes(who.0)]).await?;
		Ok(info.map(|info| Funds { free: info.data.free, held: info.data.reserved }).unwrap_or_default())
	}
}
