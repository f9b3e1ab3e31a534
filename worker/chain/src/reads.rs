//! Reads: the views of `DoinApi`, and storage items that have no view.

use crate::{Account, Chain, Head, ReadError, Vote};
use doin_primitives::{
	channel::ChannelId,
	evidence::{ramp_blocks, PUBLIC_SLOT_MS},
	oracle::StreamId,
	views::{
		BarsView, ChampionView, ChannelView, DemandView, DomainView, EvidenceView, FeeMarketView, ForecastRoundView,
		ForecastSeatsView, LeaderboardView, MarketRecordView, OfferView, PollView, RecomputationView, ReputationView, RoundView,
		StreamView, WorkView,
	},
	Balance, BlockNumber, DomainId, DomainSpec, Hash, ModelId, ModelRef, RoundId, RoundParams, TaskId,
};
use std::ops::Range;
use subxt::{dynamic::Value, ext::scale_decode::DecodeAsType};

/// Balances of an account, in plancks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funds {
	/// Free balance, the existential deposit included.
	pub free: Balance,
	/// Bonds, deposits and seat holds.
	pub held: Balance,
}

/// Sums over all payment channels that were ever opened, in plancks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct ChannelSums {
	/// Sum of all deposits.
	pub deposited: Balance,
	/// Amounts that payees have received.
	pub paid: Balance,
	/// Burned fees.
	pub burned: Balance,
	/// Amounts that were returned to payers, without the holds for storage.
	pub returned: Balance,
}

/// Budget of an account: what calls that can take its money may cost when a proxy of type `Work` makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Budget {
	/// Most that can be spent in one window, in plancks.
	pub limit: Balance,
	/// Blocks of a window.
	pub period: BlockNumber,
	/// Spent in the window that begins at `since`, in plancks.
	pub spent: Balance,
	/// First block of the window.
	pub since: BlockNumber,
}

impl Budget {
	/// Returns what can be spent in block `block`, in plancks. A window that is over is followed by a new one.
	pub fn left(&self, block: BlockNumber) -> Balance {
		match block >= self.since.saturating_add(self.period) {
			true => self.limit,
			false => self.limit.saturating_sub(self.spent),
		}
	}
}

// Storage values are decoded by the metadata of the chain, field by field by name, so that a pallet may add fields.

/// Part of `frame_system::AccountInfo`.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct AccountInfo {
	data: AccountData,
}

/// Part of `pallet_balances::AccountData`.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct AccountData {
	free: Balance,
	reserved: Balance,
}

/// Part of a stored model: the claim of its author.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Claim {
	validation: Vec<u32>,
}

/// Part of the state of a domain.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct DomainState {
	open_rounds: u32,
	suspended: Option<BlockNumber>,
}

/// Part of the state of a domain: its initial champion.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct InitialChampion {
	initial: InitialModel,
}

/// `doin_primitives::ModelRef`.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
enum InitialModel {
	RepeatLast,
	Seasonal,
	Origin,
	Stored(ModelId),
	Linear,
	Constant,
	BuiltIn,
}

impl From<InitialModel> for ModelRef {
	fn from(model: InitialModel) -> Self {
		match model {
			InitialModel::RepeatLast => Self::RepeatLast,
			InitialModel::Seasonal => Self::Seasonal,
			InitialModel::Origin => Self::Origin,
			InitialModel::Stored(id) => Self::Stored(id),
			InitialModel::Linear => Self::Linear,
			InitialModel::Constant => Self::Constant,
			InitialModel::BuiltIn => Self::BuiltIn,
		}
	}
}

/// Part of the ballot of a validator.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Ballot {
	votes: Vec<Vote>,
}

/// Hashes of segments that one request reads.
const HASHES_PER_PAGE: u16 = 256;
/// Streams that one request reads.
const STREAMS_PER_PAGE: u32 = 256;
/// Domains that one request reads.
const DOMAINS_PER_PAGE: u32 = 256;

/// Nomination of a domain: its place on the ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nomination {
	/// Nominated domain.
	pub domain: DomainId,
	/// Account that pays the deposit.
	pub nominator: Account,
	/// Deposit on hold, in plancks.
	pub deposit: Balance,
	/// Session of the nomination, or the last session in which the domain had a weight.
	pub since: u32,
}

/// Stored form of a [`Nomination`].
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct StoredNomination {
	domain: DomainId,
	nominator: [u8; 32],
	deposit: Balance,
	since: u32,
}

impl From<StoredNomination> for Nomination {
	fn from(stored: StoredNomination) -> Self {
		let StoredNomination { domain, nominator, deposit, since } = stored;
		Self { domain, nominator: Account(nominator), deposit, since }
	}
}

impl Chain {
	/// Returns every domain, in order of registration.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn domains(&self, at: Head) -> Result<Vec<DomainView<Account>>, ReadError> {
		let mut all: Vec<DomainView<Account>> = Vec::new();
		loop {
			let from = all.last().map_or(0, |last| last.id + 1);
			let page: Vec<DomainView<Account>> = self.call_runtime(at, "DoinApi_domains", &(from, DOMAINS_PER_PAGE)).await?;
			let is_last = page.len() < DOMAINS_PER_PAGE as usize;
			all.extend(page);
			if is_last {
				return Ok(all);
			}
		}
	}

	/// Returns one domain, or `None` if it is not registered.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn domain(&self, at: Head, domain: DomainId) -> Result<Option<DomainView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_domain", &domain).await
	}

	/// Returns the immutable record of a domain.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn domain_spec(&self, at: Head, domain: DomainId) -> Result<Option<DomainSpec>, ReadError> {
		self.call_runtime(at, "DoinApi_domain_spec", &domain).await
	}

	/// Returns the number of undecided rounds of a domain, and the block from which it takes no commits because a segment was not opened in
	/// time. Returns `None` if the domain is not registered.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn open_rounds(&self, at: Head, domain: DomainId) -> Result<Option<(u32, Option<BlockNumber>)>, ReadError> {
		let state: Option<DomainState> = self.storage(at, "Domains", "States", vec![Value::from(domain)]).await?;
		Ok(state.map(|state| (state.open_rounds, state.suspended)))
	}

	/// Returns the initial champion of a domain, also after it was dethroned. That of a loading domain means nothing. Returns `None` if the
	/// domain is not registered.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn initial_champion(&self, at: Head, domain: DomainId) -> Result<Option<ModelRef>, ReadError> {
		let state: Option<InitialChampion> = self.storage(at, "Domains", "States", vec![Value::from(domain)]).await?;
		Ok(state.map(|state| state.initial.into()))
	}

	/// Returns the series of a domain, once every page is uploaded. Value `t · channels + c` is channel c at step t.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn series(&self, at: Head, domain: DomainId) -> Result<Option<Vec<i32>>, ReadError> {
		self.call_runtime(at, "DoinApi_series", &domain).await
	}

	/// Returns the rows of a domain that were published at activation, as bytes, once every page is uploaded. Returns `None` for a
	/// series.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn rows(&self, at: Head, domain: DomainId) -> Result<Option<Vec<u8>>, ReadError> {
		self.call_runtime(at, "DoinApi_rows", &domain).await
	}

	/// Returns the bytes of segment `index` of a domain, or `None` if it is not opened.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn segment(&self, at: Head, domain: DomainId, index: u16) -> Result<Option<Vec<u8>>, ReadError> {
		self.call_runtime(at, "DoinApi_segment", &(domain, index)).await
	}

	/// Returns the hashes of the segments `range` of a domain, in order: the sealed hash, or that of the bytes of an opened segment.
	/// Returns fewer if the domain has fewer.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn segment_hashes(&self, at: Head, domain: DomainId, range: Range<u16>) -> Result<Vec<Hash>, ReadError> {
		let mut hashes: Vec<Hash> = Vec::new();
		loop {
			let from = range.start.saturating_add(hashes.len() as u16);
			let count = range.end.saturating_sub(from).min(HASHES_PER_PAGE);
			if count == 0 {
				return Ok(hashes);
			}
			let page: Vec<Hash> = self.call_runtime(at, "DoinApi_segment_hashes", &(domain, from, count)).await?;
			if page.is_empty() {
				return Ok(hashes);
			}
			hashes.extend(page.into_iter().take(count.into()));
		}
	}

	/// Returns the evidence of a domain that comes after the commits, or `None` if the domain has other evidence.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn evidence(&self, at: Head, domain: DomainId) -> Result<Option<EvidenceView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_evidence", &domain).await
	}

	/// Returns the encoded initial champion of a domain, if it is a model of the owner or a baseline of rows.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn baseline(&self, at: Head, domain: DomainId) -> Result<Option<Vec<u8>>, ReadError> {
		self.call_runtime(at, "DoinApi_baseline", &domain).await
	}

	/// Returns the champion of a domain.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn champion(&self, at: Head, domain: DomainId) -> Result<Option<ChampionView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_champion", &domain).await
	}

	/// Returns the bytes of a stored model.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn model(&self, at: Head, model: ModelId) -> Result<Option<Vec<u8>>, ReadError> {
		self.call_runtime(at, "DoinApi_model", &model).await
	}

	/// Returns the round that the grid of a domain is in at this block, with its seats.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn round(&self, at: Head, domain: DomainId) -> Result<Option<RoundView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_round", &domain).await
	}

	/// Returns a given round, or `None` once it is decided.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn open_round(&self, at: Head, round: RoundId) -> Result<Option<RoundView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_open_round", &round).await
	}

	/// Returns the recomputation tasks of a domain that are not final, oldest first.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn recomputations(&self, at: Head, domain: DomainId) -> Result<Vec<RecomputationView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_recomputations", &domain).await
	}

	/// Returns the state of work blocks and their queue.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn work(&self, at: Head) -> Result<WorkView<Account>, ReadError> {
		self.call_runtime(at, "DoinApi_work", &()).await
	}

	/// Returns the state of the fee market.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn fee_market(&self, at: Head) -> Result<FeeMarketView, ReadError> {
		self.call_runtime(at, "DoinApi_fee_market", &()).await
	}

	/// Returns the reputation and the bond of an account.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn reputation(&self, at: Head, who: Account) -> Result<ReputationView, ReadError> {
		self.call_runtime(at, "DoinApi_reputation", &who).await
	}

	/// Returns the lengths of the phases of a round, in blocks.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn round_params(&self, at: Head) -> Result<RoundParams, ReadError> {
		self.call_runtime(at, "DoinApi_round_params", &()).await
	}

	/// Returns every stream of bars, in order of registration.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn streams(&self, at: Head) -> Result<Vec<StreamView<Account>>, ReadError> {
		let mut all: Vec<StreamView<Account>> = Vec::new();
		loop {
			let from = all.last().map_or(0, |last| last.id.saturating_add(1));
			let page: Vec<StreamView<Account>> = self.call_runtime(at, "DoinApi_streams", &(from, STREAMS_PER_PAGE)).await?;
			let is_last = page.len() < STREAMS_PER_PAGE as usize;
			all.extend(page);
			if is_last {
				return Ok(all);
			}
		}
	}

	/// Returns one stream of bars, or `None` if it is not registered.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn stream(&self, at: Head, stream: StreamId) -> Result<Option<StreamView<Account>>, ReadError> {
		let from_it: Vec<StreamView<Account>> = self.call_runtime(at, "DoinApi_streams", &(stream, 1u32)).await?;
		Ok(from_it.into_iter().find(|found| found.id == stream))
	}

	/// Returns the complete bars of a stream from number `from` on, at most `count`, or `None` if the stream is not registered.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn bars(&self, at: Head, stream: StreamId, from: u64, count: u32) -> Result<Option<BarsView>, ReadError> {
		self.call_runtime(at, "DoinApi_bars", &(stream, from, count)).await
	}

	/// Returns the poll of the reporters that is open, or the last one.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn poll(&self, at: Head) -> Result<PollView<Account>, ReadError> {
		self.call_runtime(at, "DoinApi_poll", &()).await
	}

	/// Returns the open rounds of forecasts of a stream, oldest first, or `None` if the stream has no market.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn forecast_rounds(&self, at: Head, stream: StreamId) -> Result<Option<Vec<ForecastRoundView>>, ReadError> {
		self.call_runtime(at, "DoinApi_forecast_rounds", &stream).await
	}

	/// Returns a round of forecasts with its seats, or `None` if it was not opened, or once its last seat is collected.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn forecast_round(&self, at: Head, round: RoundId) -> Result<Option<ForecastSeatsView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_forecast_round", &round).await
	}

	/// Returns the market of a stream and its `limit` forecasters of the largest standing, at most 256, or `None` if the stream has no
	/// market.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn leaderboard(
		&self,
		at: Head,
		stream: StreamId,
		limit: u32,
	) -> Result<Option<LeaderboardView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_leaderboard", &(stream, limit)).await
	}

	/// Returns the record of an account in the market of a stream, or `None` if the stream has no market.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn forecaster(
		&self,
		at: Head,
		stream: StreamId,
		who: Account,
	) -> Result<Option<MarketRecordView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_forecaster", &(stream, who)).await
	}

	/// Returns an open payment channel, or `None` if there is none with this identifier.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn channel(&self, at: Head, channel: ChannelId) -> Result<Option<ChannelView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_channel", &channel).await
	}

	/// Returns the listed offers of a domain, the lowest price first.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn offers(&self, at: Head, domain: DomainId) -> Result<Vec<OfferView<Account>>, ReadError> {
		self.call_runtime(at, "DoinApi_offers", &domain).await
	}

	/// Returns the paid demand of the domains with identifiers of `from` and above that servers were paid for, at most `count`.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn demand(&self, at: Head, from: DomainId, count: u32) -> Result<Vec<DemandView>, ReadError> {
		self.call_runtime(at, "DoinApi_demand", &(from, count)).await
	}

	/// Returns the sums over all payment channels.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn channel_sums(&self, at: Head) -> Result<ChannelSums, ReadError> {
		Ok(self.storage(at, "Channels", "Sums", Vec::new()).await?.unwrap_or_default())
	}

	/// Returns the validation sums that the author of a stored model claims.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn claimed_sums(&self, at: Head, model: ModelId) -> Result<Option<Vec<u32>>, ReadError> {
		let claim: Option<Claim> = self.storage(at, "Optimae", "Models", vec![Value::from(model)]).await?;
		Ok(claim.map(|claim| claim.validation))
	}

	/// Returns the author of a stored model.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn model_author(&self, at: Head, model: ModelId) -> Result<Option<Account>, ReadError> {
		Ok(self.stored_model(at, model).await?.map(|stored| stored.author))
	}

	/// Returns the chunk sums of one model of a task, as far as the runtime has recomputed them. The list is empty before the
	/// first one.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn recomputed_sums(&self, at: Head, task: TaskId, model: u8) -> Result<Vec<Option<u32>>, ReadError> {
		let keys = vec![Value::from(task), Value::from(model)];
		Ok(self.storage(at, "Recomputation", "RecomputedSums", keys).await?.unwrap_or_default())
	}

	/// Returns `true` if page `index` of the data of a domain is stored.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn has_page(&self, at: Head, domain: DomainId, index: u32) -> Result<bool, ReadError> {
		self.is_stored(at, "Domains", "Pages", vec![Value::from(domain), Value::from(index)]).await
	}

	/// Returns the ballot of a validator. It is empty if the validator has none.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn ballot(&self, at: Head, validator: Account) -> Result<Vec<Vote>, ReadError> {
		let ballot: Option<Ballot> = self.storage(at, "Gauge", "Ballots", vec![Value::from_bytes(validator.0)]).await?;
		Ok(ballot.map(|ballot| ballot.votes).unwrap_or_default())
	}

	/// Returns the nominations on the ballot, in order of the domains.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn nominations(&self, at: Head) -> Result<Vec<Nomination>, ReadError> {
		let nominations: Option<Vec<StoredNomination>> = self.storage(at, "Gauge", "Nominations", Vec::new()).await?;
		Ok(nominations.unwrap_or_default().into_iter().map(Nomination::from).collect())
	}

	/// Returns the domains on the ballot.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn nominated(&self, at: Head) -> Result<Vec<DomainId>, ReadError> {
		Ok(self.nominations(at).await?.into_iter().map(|nomination| nomination.domain).collect())
	}

	/// Returns the index of the current session. Ballots take effect at its end.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn session(&self, at: Head) -> Result<u32, ReadError> {
		Ok(self.storage(at, "Session", "CurrentIndex", Vec::new()).await?.unwrap_or_default())
	}

	/// Returns the number of blocks in which pay rises from nothing after the weight of a domain has left 0; 0 on a development chain.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn ramp(&self, at: Head) -> Result<BlockNumber, ReadError> {
		// What is not stored has the value of a public network.
		let is_public = self.storage(at, "Timing", "Public", Vec::new()).await?.unwrap_or(true);
		Ok(ramp_blocks(is_public, self.slot_ms(at).await?))
	}

	/// Returns the length of a slot, in milliseconds.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn slot_ms(&self, at: Head) -> Result<u64, ReadError> {
		Ok(self.storage(at, "Timing", "SlotDuration", Vec::new()).await?.unwrap_or(PUBLIC_SLOT_MS))
	}

	/// Returns the budget of an account, or `None` if it has set none.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn budget(&self, at: Head, who: Account) -> Result<Option<Budget>, ReadError> {
		self.storage(at, "Budget", "Budgets", vec![Value::from_bytes(who.0)]).await
	}

	/// Returns the balances of an account.
	///
	/// # Errors
	/// Errors if the node does not answer, or if the answer cannot be decoded.
	pub async fn funds(&self, at: Head, who: Account) -> Result<Funds, ReadError> {
		let info: Option<AccountInfo> = self.storage(at, "System", "Account", vec![Value::from_bytes(who.0)]).await?;
		Ok(info.map(|info| Funds { free: info.data.free, held: info.data.reserved }).unwrap_or_default())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn n6_a_budget_is_full_again_after_its_window() {
		let budget = Budget { limit: 10, period: 5, spent: 7, since: 100 };
		assert_eq!([100, 104, 105].map(|block| budget.left(block)), [3, 3, 10]);
		assert_eq!(Budget { spent: 12, ..budget }.left(101), 0);
	}
}
