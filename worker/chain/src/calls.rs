//! Calls of a worker, with their arguments in SCALE.

use crate::{Account, Accusation};
use codec::{Compact, Encode};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	channel::{ChannelId, Key, Signature},
	domain::ModelBytes,
	inference::Endpoint,
	oracle::{PollId, Reports, StreamId, StreamSpec},
	payload::{Reveal, Sums},
	Balance, BlockNumber, DomainId, DomainSpec, Hash, ModelId, Page, RoundId, SizeClass, TaskId,
};
use scale_info::TypeInfo;
use subxt::ext::scale_encode::{EncodeAsFields, Error, FieldIter, TypeResolver};

/// Weight of one domain on a validator's ballot, in parts per million.
pub type Vote = (DomainId, u32);

/// Values of a forecast: changes from the zero of its round, in units of the stream. The chain takes at most 100.
pub type ForecastValues = BoundedVec<i32, ConstU32<100>>;

/// A call with its arguments in SCALE. The indices of its pallet and of the call are looked up in the metadata of a chain when it
/// is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
	pub(crate) pallet: &'static str,
	pub(crate) name: &'static str,
	pub(crate) args: Args,
	/// Calls of a batch. Their indices depend on the chain, so they are encoded when the batch is signed.
	pub(crate) inner: Vec<Call>,
}

/// Encoded arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args(pub(crate) Vec<u8>);

/// Index of a pallet and of one of its calls in a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub(crate) struct CallIndex {
	/// Index of the pallet.
	pub(crate) pallet: u8,
	/// Index of the call in the pallet.
	pub(crate) call: u8,
}

/// `MultiAddress::Id` of an account.
#[derive(Encode)]
struct Address {
	variant: u8,
	id: Account,
}

impl From<Account> for Address {
	fn from(id: Account) -> Self {
		Self { variant: 0, id }
	}
}

/// Types of the proxies that this crate adds and removes.
#[derive(Encode, TypeInfo)]
pub(crate) enum ProxyType {
	/// Commits to bars and reveals them for a validator.
	#[codec(index = 4)]
	Report,
}

impl EncodeAsFields for Args {
	fn encode_as_fields_to<R: TypeResolver>(
		&self,
		_: &mut dyn FieldIter<'_, R::TypeId>,
		_: &R,
		out: &mut Vec<u8>,
	) -> Result<(), Error> {
		out.extend_from_slice(&self.0);
		Ok(())
	}
}

impl subxt::tx::Payload for Call {
	type CallData = Args;

	fn pallet_name(&self) -> &str {
		self.pallet
	}

	fn call_name(&self) -> &str {
		self.name
	}

	fn call_data(&self) -> &Args {
		&self.args
	}
}

impl std::fmt::Display for Call {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "{}.{}", self.pallet, self.name)
	}
}

impl Call {
	fn new(pallet: &'static str, name: &'static str, args: impl Encode) -> Self {
		Self { pallet, name, args: Args(args.encode()), inner: Vec::new() }
	}

	/// Returns the length of the arguments, in bytes.
	pub fn size(&self) -> usize {
		self.args.0.len() + self.inner.iter().map(Call::size).sum::<usize>()
	}

	/// `utility.batch_all`: dispatches all of `calls`, or none if one of them fails.
	pub fn batch(calls: Vec<Self>) -> Self {
		Self { pallet: "Utility", name: "batch_all", args: Args(Vec::new()), inner: calls }
	}

	/// `optimae.commit`: takes a seat in `round` with the commitment `hash`, if the seat costs at most `max_fee` plancks.
	pub fn commit(round: RoundId, hash: Hash, max_fee: Balance) -> Self {
		Self::new("Optimae", "commit", (round, hash, max_fee))
	}

	/// `optimae.reveal`: reveals the payload of a commitment in `round`.
	pub fn reveal(round: RoundId, reveal: &Reveal, salt: [u8; 32]) -> Self {
		Self::new("Optimae", "reveal", (round, reveal, salt))
	}

	/// `optimae.challenge_claim`: makes the runtime recompute one validation sum of the claim of a seat.
	pub fn challenge_claim(round: RoundId, seat: u8, chunk: u16, class: SizeClass) -> Self {
		Self::new("Optimae", "challenge_claim", (round, seat, chunk, class))
	}

	/// `optimae.release_model`: removes a model that no round needs, and releases the hold of its author.
	pub fn release_model(model: ModelId) -> Self {
		Self::new("Optimae", "release_model", model)
	}

	/// `evaluators.bond`: joins the evaluators of `class` with a bond of `amount` plancks.
	pub fn bond(amount: Balance, class: SizeClass) -> Self {
		Self::new("Evaluators", "bond", (amount, class))
	}

	/// `evaluators.bond_extra`: adds `amount` plancks to the bond of an evaluator.
	pub fn bond_extra(amount: Balance) -> Self {
		Self::new("Evaluators", "bond_extra", amount)
	}

	/// `evaluators.serve`: joins the roster of one domain, e.g. of a domain without weight.
	pub fn serve(domain: DomainId) -> Self {
		Self::new("Evaluators", "serve", domain)
	}

	/// `evaluators.unserve`: leaves the roster of one domain. Tasks that the evaluator was drawn for have to be answered.
	pub fn unserve(domain: DomainId) -> Self {
		Self::new("Evaluators", "unserve", domain)
	}

	/// `evaluators.unbond`: leaves the evaluators. The bond stays at stake until it can be withdrawn.
	pub fn unbond() -> Self {
		Self::new("Evaluators", "unbond", ())
	}

	/// `evaluators.withdraw`: takes the bond back after the cool-down of `unbond`.
	pub fn withdraw() -> Self {
		Self::new("Evaluators", "withdraw", ())
	}

	/// `recomputation.commit_sums`: commits the answer of a drawn evaluator to `task`.
	pub fn commit_sums(task: TaskId, hash: Hash) -> Self {
		Self::new("Recomputation", "commit_sums", (task, hash))
	}

	/// `recomputation.reveal_sums`: reveals the sums of a committed answer to `task`.
	pub fn reveal_sums(task: TaskId, sums: &Sums, salt: [u8; 32]) -> Self {
		Self::new("Recomputation", "reveal_sums", (task, sums, salt))
	}

	/// `recomputation.settle`: makes the runtime compare the answers to `task` and recompute spot checks.
	pub fn settle(task: TaskId, class: SizeClass) -> Self {
		Self::new("Recomputation", "settle", (task, class))
	}

	/// `recomputation.recompute`: makes the runtime compute `count` chunks of one model, from chunk `from` on, of a task that no
	/// quorum answered.
	pub fn recompute(task: TaskId, model: u8, from: u16, count: u16, class: SizeClass) -> Self {
		Self::new("Recomputation", "recompute", (task, model, from, count, class))
	}

	/// `recomputation.announce_challenge`: announces a challenge by its commitment, one block before the challenge.
	pub fn announce_challenge(hash: Hash) -> Self {
		Self::new("Recomputation", "announce_challenge", hash)
	}

	/// `recomputation.challenge`: makes the runtime recompute one chunk of one model of `task`, as announced.
	pub fn challenge(task: TaskId, model: u8, chunk: u16, salt: [u8; 32], class: SizeClass) -> Self {
		Self::new("Recomputation", "challenge", (task, model, chunk, salt, class))
	}

	/// `recomputation.cancel_challenge`: releases the bond of an announced challenge that was never made.
	pub fn cancel_challenge() -> Self {
		Self::new("Recomputation", "cancel_challenge", ())
	}

	/// `oracle.commit`: commits the reports of a reporter in `poll`.
	pub fn commit_reports(poll: PollId, commitment: Hash) -> Self {
		Self::new("Oracle", "commit", (poll, commitment))
	}

	/// `oracle.reveal`: reveals the reports of a commitment in `poll`.
	pub fn reveal_reports(poll: PollId, reports: &Reports, salt: [u8; 32]) -> Self {
		Self::new("Oracle", "reveal", (poll, reports, salt))
	}

	/// `oracle.sponsor`: adds to the pot of a stream.
	pub fn sponsor(stream: StreamId, amount: Balance) -> Self {
		Self::new("Oracle", "sponsor", (stream, amount))
	}

	/// `oracle.register`: registers a stream, which sleeps until its pot is paid into.
	pub fn register_stream(spec: &StreamSpec) -> Self {
		Self::new("Oracle", "register", spec)
	}

	/// `oracle.retire`: removes a stream of the sender whose bars are expired, and releases its deposit.
	pub fn retire_stream(stream: StreamId) -> Self {
		Self::new("Oracle", "retire", stream)
	}

	/// `oracle.leave`: removes the record of the sender as a reporter, and releases its hold.
	pub fn leave_reporters() -> Self {
		Self::new("Oracle", "leave", ())
	}

	/// `proxy.add_proxy`: lets `delegate` report bars for the sender, and do nothing else.
	pub fn add_reporter(delegate: Account) -> Self {
		Self::new("Proxy", "add_proxy", (Address::from(delegate), ProxyType::Report, BlockNumber::default()))
	}

	/// `proxy.remove_proxy`: ends what [`Call::add_reporter`] has begun.
	pub fn remove_reporter(delegate: Account) -> Self {
		Self::new("Proxy", "remove_proxy", (Address::from(delegate), ProxyType::Report, BlockNumber::default()))
	}

	/// `forecasts.sponsor`: adds to the pot of the market of a stream, from which gains are paid.
	pub fn sponsor_market(stream: StreamId, amount: Balance) -> Self {
		Self::new("Forecasts", "sponsor", (stream, amount))
	}

	/// `forecasts.commit`: takes a seat in `round` with a wager of `wager` plancks.
	pub fn commit_forecast(round: RoundId, commitment: Hash, wager: Balance) -> Self {
		Self::new("Forecasts", "commit", (round, commitment, wager))
	}

	/// `forecasts.reveal`: reveals the forecast of a seat in `round`.
	pub fn reveal_forecast(round: RoundId, forecast: &ForecastValues, salt: [u8; 32]) -> Self {
		Self::new("Forecasts", "reveal", (round, forecast, salt))
	}

	/// `forecasts.collect`: pays the seat of `who` in `round`, which is over.
	pub fn collect_forecast(round: RoundId, who: Account) -> Self {
		Self::new("Forecasts", "collect", (round, who))
	}

	/// `forecasts.clear`: removes the seat of `who` in `round`, which was not revealed. Its deposit is paid to the sender.
	pub fn clear_forecast(round: RoundId, who: Account) -> Self {
		Self::new("Forecasts", "clear", (round, who))
	}

	/// `forecasts.claim`: mints for what the record of the sender on a stream proves.
	pub fn claim_record(stream: StreamId) -> Self {
		Self::new("Forecasts", "claim", stream)
	}

	/// `forecasts.leave`: removes the record of the sender on a stream, and releases its deposit.
	pub fn leave_market(stream: StreamId) -> Self {
		Self::new("Forecasts", "leave", stream)
	}

	/// `channels.open`: opens a payment channel to `payee`, whose vouchers `key` signs, for `lifetime` blocks.
	pub fn open_channel(payee: Account, key: Key, deposit: Balance, lifetime: BlockNumber, domain: Option<DomainId>) -> Self {
		Self::new("Channels", "open", (payee, key, deposit, lifetime, domain))
	}

	/// `channels.top_up`: adds `amount` plancks to the deposit of a channel, and lets it expire `lifetime` blocks from now.
	pub fn top_up_channel(channel: ChannelId, amount: Balance, lifetime: Option<BlockNumber>) -> Self {
		Self::new("Channels", "top_up", (channel, amount, lifetime))
	}

	/// `channels.redeem`: pays the payee of a channel what a voucher for `cumulative` plancks adds to earlier ones.
	pub fn redeem_voucher(channel: ChannelId, cumulative: Balance, signature: Signature) -> Self {
		Self::new("Channels", "redeem", (channel, cumulative, signature))
	}

	/// `channels.close`: closes a channel, at once for the payee, after a challenge for the payer.
	pub fn close_channel(channel: ChannelId) -> Self {
		Self::new("Channels", "close", channel)
	}

	/// `channels.finish`: removes a channel that has ended, and returns the rest to its payer.
	pub fn finish_channel(channel: ChannelId) -> Self {
		Self::new("Channels", "finish", channel)
	}

	/// `inference.offer`: offers to answer requests for a domain, or changes that offer. `key` signs receipts.
	pub fn offer(domain: DomainId, key: Key, price: Balance, endpoint: &Endpoint, bond: Balance) -> Self {
		Self::new("Inference", "offer", (domain, key, price, endpoint, bond))
	}

	/// `inference.withdraw`: removes the offer of the sender from the list of a domain.
	pub fn withdraw_offer(domain: DomainId) -> Self {
		Self::new("Inference", "withdraw", domain)
	}

	/// `inference.release`: releases the bond of an offer that has left the list, after the claim window.
	pub fn release_offer(domain: DomainId, who: Account) -> Self {
		Self::new("Inference", "release", (domain, who))
	}

	/// `inference.accuse`: proves that `server` has signed a lie.
	pub fn accuse(server: Account, accusation: &Accusation) -> Self {
		Self::new("Inference", "accuse", (server, accusation))
	}

	/// `reputation.remove_record`: removes the record of an account whose score is neutral.
	pub fn remove_record(who: Account) -> Self {
		Self::new("Reputation", "remove_record", who)
	}

	/// `domains.register`: registers a domain. `baseline` is the encoded linear model of its owner, against which progress is measured.
	pub fn register(spec: &DomainSpec, baseline: Option<&ModelBytes>) -> Self {
		Self::new("Domains", "register", (spec, baseline))
	}

	/// `domains.upload_page`: stores page `index` of the series of a domain.
	pub fn upload_page(domain: DomainId, index: u32, page: &Page) -> Self {
		Self::new("Domains", "upload_page", (domain, index, page))
	}

	/// `domains.activate`: opens a domain whose pages are all uploaded. `values` is the length of its series, or the number of bytes of
	/// its rows, and `units` the cost of scoring the linear model of the owner.
	pub fn activate(domain: DomainId, values: u32, units: u32) -> Self {
		Self::new("Domains", "activate", (domain, values, units))
	}

	/// `domains.close`: closes an active domain, which then takes no commits.
	pub fn close(domain: DomainId) -> Self {
		Self::new("Domains", "close", domain)
	}

	/// `domains.retire`: removes a domain that takes no commits and has no open rounds, and releases its deposits.
	pub fn retire(domain: DomainId) -> Self {
		Self::new("Domains", "retire", domain)
	}

	/// `evidence.seal`: appends hashes of sealed segments to those of a domain, which are `from` so far. The chain accepts at most 64.
	pub fn seal(domain: DomainId, from: u16, hashes: &[Hash]) -> Self {
		Self::new("Evidence", "seal", (domain, from, hashes))
	}

	/// `evidence.fund`: holds `amount` plancks more in the purse of a domain.
	pub fn fund(domain: DomainId, amount: Balance) -> Self {
		Self::new("Evidence", "fund", (domain, amount))
	}

	/// `evidence.withdraw`: releases `amount` plancks of the purse of a domain.
	pub fn withdraw_purse(domain: DomainId, amount: Balance) -> Self {
		Self::new("Evidence", "withdraw", (domain, amount))
	}

	/// `evidence.open_segment`: publishes the bytes of segment `index` of a domain.
	pub fn open_segment(domain: DomainId, index: u16, bytes: &[u8], salt: [u8; 32]) -> Self {
		Self::new("Evidence", "open_segment", (domain, index, bytes, salt))
	}

	/// `domains.add_bounty`: holds `amount` plancks more for the author that reaches the target of a domain.
	pub fn add_bounty(domain: DomainId, amount: Balance) -> Self {
		Self::new("Domains", "add_bounty", (domain, amount))
	}

	/// `domains.announce_withdrawal`: announces that the donation to the bounty of a domain is withdrawn after a notice.
	pub fn announce_withdrawal(domain: DomainId) -> Self {
		Self::new("Domains", "announce_withdrawal", domain)
	}

	/// `domains.withdraw_bounty`: releases a donation whose withdrawal was announced, after the notice.
	pub fn withdraw_bounty(domain: DomainId) -> Self {
		Self::new("Domains", "withdraw_bounty", domain)
	}

	/// `gauge.nominate`: puts a domain on the ballot.
	pub fn nominate(domain: DomainId) -> Self {
		Self::new("Gauge", "nominate", domain)
	}

	/// `gauge.withdraw_nomination`: takes a domain without weight off the ballot, and releases the deposit of its nominator.
	pub fn withdraw_nomination(domain: DomainId) -> Self {
		Self::new("Gauge", "withdraw_nomination", domain)
	}

	/// `gauge.clear_ballot`: removes the ballot of a former validator, and releases its deposit.
	pub fn clear_ballot(who: Account) -> Self {
		Self::new("Gauge", "clear_ballot", who)
	}

	/// `gauge.vote`: replaces the votes of a validator; without a vote, its ballot is removed. The chain accepts at most 32.
	pub fn vote(votes: &[Vote]) -> Self {
		Self::new("Gauge", "vote", votes)
	}

	/// `balances.transfer_keep_alive`: transfers `value` plancks to `dest`.
	pub fn transfer(dest: Account, value: Balance) -> Self {
		Self::new("Balances", "transfer_keep_alive", (Address::from(dest), Compact(value)))
	}

	/// `budget.set`: limits what calls of a `Work` proxy may cost this account to `limit` plancks in `period` blocks.
	pub fn set_budget(limit: Balance, period: BlockNumber) -> Self {
		Self::new("Budget", "set", (limit, period))
	}

	/// `system.remark_with_event`: leaves `bytes` in the block, and their hash in an event.
	pub fn remark_with_event(bytes: &[u8]) -> Self {
		Self::new("System", "remark_with_event", bytes)
	}

	/// `system.remark` without bytes: spends a nonce.
	pub(crate) fn remark() -> Self {
		Self::new("System", "remark", Vec::<u8>::new())
	}

	/// Returns `true` if a proxy of type `Work` can make this call through [`Call::budgeted`] only, since the call can take
	/// money of the account.
	pub(crate) fn needs_budget(&self) -> bool {
		matches!(
			(self.pallet, self.name),
			("Optimae", "commit" | "reveal") | ("Forecasts", "commit") | ("Recomputation", "announce_challenge")
		)
	}

	/// Returns `budget.spend` with this call. `index` is the index of this call on the connected chain.
	pub(crate) fn budgeted(&self, index: CallIndex) -> Self {
		let mut args = index.encode();
		args.extend_from_slice(&self.args.0);
		Self { pallet: "Budget", name: "spend", args: Args(args), inner: Vec::new() }
	}

	/// Returns this call with the calls of a batch encoded. `index` returns the index of a call on the connected chain.
	///
	/// # Errors
	/// Returns the first error of `index`.
	pub(crate) fn resolved<E>(&self, index: &impl Fn(&Self) -> Result<CallIndex, E>) -> Result<Self, E> {
		if self.inner.is_empty() {
			return Ok(self.clone());
		}
		let mut args = Compact(self.inner.len() as u32).encode();
		for call in &self.inner {
			index(call)?.encode_to(&mut args);
			args.extend_from_slice(&call.resolved(index)?.args.0);
		}
		Ok(Self { args: Args(args), inner: Vec::new(), ..self.clone() })
	}

	/// Returns `proxy.proxy` with this call, made for `real` by a key that is its proxy. `index` is the index of this call on the
	/// connected chain.
	pub(crate) fn proxied(&self, real: Account, index: CallIndex) -> Self {
		let mut args = (Address::from(real), Option::<u8>::None, index).encode();
		args.extend_from_slice(&self.args.0);
		Self { pallet: "Proxy", name: "proxy", args: Args(args), inner: Vec::new() }
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use doin_primitives::oracle::{Fields, Report, FIRST_STREAM};

	pub(crate) const ROUND: RoundId = RoundId { domain: 7, number: 9 };
	/// Round of a market; its domain is a stream.
	pub(crate) const FORECAST: RoundId = RoundId { domain: FIRST_STREAM, number: 9 };

	pub(crate) fn reveal() -> Reveal {
		Reveal {
			genes: vec![-1, 1 << 40].try_into().unwrap(),
			model: ModelBytes::try_from(vec![1, 2, 3]).unwrap(),
			validation: vec![5, 6].try_into().unwrap(),
			metrics: Default::default(),
		}
	}

	/// Returns the report of a stream of which the second bar is unknown.
	pub(crate) fn reports() -> Reports {
		let bars = vec![Some(vec![6_425_010, -1].try_into().unwrap()), None].try_into().unwrap();
		vec![Report { stream: FIRST_STREAM, bars }].try_into().unwrap()
	}

	/// Returns the record of a stream with two fields.
	fn stream() -> StreamSpec {
		StreamSpec {
			symbol: b"BTC/USD".to_vec().try_into().unwrap(),
			unit: b"0.01 USD".to_vec().try_into().unwrap(),
			source: b"a market".to_vec().try_into().unwrap(),
			bar_ms: 300_000,
			first_bar: 0,
			batch: 6,
			fields: Fields { volume: true, ..Fields::default() },
			kept: 9_000,
			season: 1,
			scale: 100,
			horizon: 24,
			fee: 1 << 40,
			domain: Some(7),
		}
	}

	/// Returns a forecast of 24 values.
	pub(crate) fn forecast() -> ForecastValues {
		(-12..12).collect::<Vec<i32>>().try_into().unwrap()
	}

	/// Returns one call of every constructor that has no runtime call among its arguments.
	pub(crate) fn samples() -> Vec<Call> {
		let sums: Sums = vec![vec![1, 2, 3].try_into().unwrap()].try_into().unwrap();
		let page = Page::from_values(vec![-1, 0, 1]).unwrap();
		let class = SizeClass::Large;
		vec![
			Call::commit(ROUND, [1; 32], 5),
			Call::reveal(ROUND, &reveal(), [2; 32]),
			Call::challenge_claim(ROUND, 3, 4, class),
			Call::release_model(1 << 33),
			Call::bond(1 << 70, class),
			Call::bond_extra(5),
			Call::serve(7),
			Call::unserve(7),
			Call::unbond(),
			Call::withdraw(),
			Call::commit_sums(1 << 33, [3; 32]),
			Call::reveal_sums(8, &sums, [4; 32]),
			Call::settle(8, class),
			Call::recompute(8, 1, 2, 3, class),
			Call::announce_challenge([5; 32]),
			Call::challenge(8, 1, 2, [6; 32], class),
			Call::cancel_challenge(),
			Call::commit_reports(7, [8; 32]),
			Call::reveal_reports(7, &reports(), [9; 32]),
			Call::sponsor(FIRST_STREAM, 1 << 70),
			Call::register_stream(&stream()),
			Call::retire_stream(FIRST_STREAM),
			Call::leave_reporters(),
			Call::add_reporter(Account([3; 32])),
			Call::remove_reporter(Account([3; 32])),
			Call::sponsor_market(FIRST_STREAM, 1 << 70),
			Call::commit_forecast(FORECAST, [1; 32], 1 << 40),
			Call::reveal_forecast(FORECAST, &forecast(), [2; 32]),
			Call::collect_forecast(FORECAST, Account([3; 32])),
			Call::clear_forecast(FORECAST, Account([3; 32])),
			Call::claim_record(FIRST_STREAM),
			Call::leave_market(FIRST_STREAM),
			Call::remove_record(Account([3; 32])),
			Call::open_channel(Account([3; 32]), [4; 32], 1 << 40, 900, Some(7)),
			Call::top_up_channel([5; 32], 1 << 40, None),
			Call::redeem_voucher([5; 32], 1 << 40, [6; 64]),
			Call::close_channel([5; 32]),
			Call::finish_channel([5; 32]),
			Call::offer(7, [4; 32], 1 << 20, &b"http://203.0.113.7:8475".to_vec().try_into().unwrap(), 1 << 44),
			Call::withdraw_offer(7),
			Call::release_offer(7, Account([3; 32])),
			Call::accuse(Account([3; 32]), &crate::accusation::tests::accusation()),
			Call::upload_page(7, 0, &page),
			Call::activate(7, 3, 40),
			Call::seal(7, 3, &[[1; 32], [2; 32]]),
			Call::fund(7, 1 << 70),
			Call::withdraw_purse(7, 5),
			Call::open_segment(7, 300, &[1, 2, 3], [7; 32]),
			Call::add_bounty(7, 1),
			Call::announce_withdrawal(7),
			Call::withdraw_bounty(7),
			Call::close(7),
			Call::retire(7),
			Call::nominate(7),
			Call::withdraw_nomination(7),
			Call::clear_ballot(Account([3; 32])),
			Call::vote(&[(7, 1_000_000), (8, 0)]),
			Call::transfer(Account([3; 32]), 1 << 40),
			Call::set_budget(1 << 60, 14_400),
			Call::remark_with_event(&[1, 2, 3]),
			Call::remark(),
		]
	}

	#[test]
	fn arguments_are_written_one_after_the_other() {
		let bid = 5u128.to_le_bytes();
		assert_eq!(Call::commit(ROUND, [1; 32], 5).args.0, [&[7, 0, 0, 0, 9, 0, 0, 0][..], &[1; 32], &bid].concat());
		assert_eq!(Call::clear_ballot(Account([3; 32])).args.0, [3; 32]);
		assert_eq!(Call::withdraw_nomination(7).args.0, [7, 0, 0, 0]);
		assert_eq!(Call::settle(9, SizeClass::Large).args.0, [9, 0, 0, 0, 0, 0, 0, 0, 1]);
		assert_eq!(Call::vote(&[(7, 1_000_000)]).args.0, [4, 7, 0, 0, 0, 0x40, 0x42, 0x0f, 0]);
		assert_eq!(Call::transfer(Account([3; 32]), 1).args.0, [&[0][..], &[3; 32], &[4]].concat());
		assert!(Call::cancel_challenge().args.0.is_empty());
		assert_eq!(Call::release_model(9).args.0, [9, 0, 0, 0, 0, 0, 0, 0]);
		assert_eq!(Call::remove_record(Account([3; 32])).args.0, [3; 32]);
		assert_eq!(Call::remark_with_event(&[1, 2, 3]).args.0, [12, 1, 2, 3]);
	}

	#[test]
	fn a_segment_is_written_as_the_pallet_reads_it() {
		let opened = Call::open_segment(7, 0x0102, &[9, 8], [6; 32]);
		assert_eq!(opened.args.0, [&[7, 0, 0, 0, 2, 1, 8, 9, 8][..], &[6; 32]].concat());
		let sealed = Call::seal(7, 3, &[[1; 32], [2; 32]]);
		assert_eq!(sealed.args.0, [&[7, 0, 0, 0, 3, 0, 8][..], &[1; 32], &[2; 32]].concat());
		assert_eq!(
			(sealed.to_string(), Call::withdraw_purse(7, 1).to_string()),
			("Evidence.seal".into(), "Evidence.withdraw".into())
		);
		assert_eq!(Call::activate(7, 3, 40).args.0, [7, 0, 0, 0, 3, 0, 0, 0, 40, 0, 0, 0]);
	}

	#[test]
	fn a_reveal_is_written_as_the_pallet_reads_it() {
		let call = Call::reveal(ROUND, &reveal(), [9; 32]);
		// A `Box` takes no bytes in SCALE.
		assert_eq!(call.args.0, (ROUND, Box::new(reveal()), [9u8; 32]).encode());
	}

	#[test]
	fn reports_are_written_as_the_pallet_reads_them() {
		let values = [6_425_010i64.to_le_bytes(), (-1i64).to_le_bytes()].concat();
		let bars = [&[8, 1, 8][..], &values, &[0]].concat();
		let call = Call::reveal_reports(7, &reports(), [9; 32]);
		assert_eq!(call.args.0, [&[7, 0, 0, 0, 4][..], &FIRST_STREAM.to_le_bytes(), &bars, &[9; 32]].concat());
		assert!(!call.needs_budget() && !Call::commit_reports(7, [8; 32]).needs_budget(), "its proxy has a type of its own");
	}

	#[test]
	fn a_stream_and_a_proxy_are_written_as_the_pallets_read_them() {
		// A `Box` takes no bytes in SCALE.
		assert_eq!(Call::register_stream(&stream()).args.0, Box::new(stream()).encode());
		let add = Call::add_reporter(Account([3; 32]));
		assert_eq!(add.args.0, [&[0][..], &[3; 32], &[4], &[0; 4]].concat());
		assert_eq!((add.to_string(), Call::remove_reporter(Account([3; 32])).args), ("Proxy.add_proxy".into(), add.args));
		assert!(Call::leave_reporters().args.0.is_empty());
	}

	#[test]
	fn a_forecast_is_written_as_the_pallet_reads_it() {
		let round = [&FIRST_STREAM.to_le_bytes()[..], &[9, 0, 0, 0]].concat();
		let values: Vec<u8> = (-12i32..12).flat_map(i32::to_le_bytes).collect();
		let reveal = Call::reveal_forecast(FORECAST, &forecast(), [9; 32]);
		assert_eq!(reveal.args.0, [&round[..], &[24 << 2], &values, &[9; 32]].concat());
		let commit = Call::commit_forecast(FORECAST, [8; 32], 5);
		assert_eq!(commit.args.0, [&round[..], &[8; 32], &5u128.to_le_bytes()].concat());
		assert!(commit.needs_budget() && !reveal.needs_budget(), "a wager is money of the account");
	}

	#[test]
	fn a_proxied_call_carries_the_inner_one_whole() {
		let inner = Call::commit(ROUND, [1; 32], 5);
		let outer = inner.proxied(Account([3; 32]), CallIndex { pallet: 20, call: 0 });
		assert_eq!(outer.to_string(), "Proxy.proxy");
		assert_eq!(outer.args.0, [&[0][..], &[3; 32], &[0, 20, 0], &inner.args.0].concat());
	}

	#[test]
	fn n6_calls_that_take_money_travel_inside_a_budget() {
		let inner = Call::commit(ROUND, [1; 32], 5);
		let spend = inner.budgeted(CallIndex { pallet: 20, call: 0 });
		assert_eq!((spend.to_string().as_str(), &spend.args.0), ("Budget.spend", &[&[20, 0][..], &inner.args.0].concat()));
		let needs_budget: Vec<_> = samples().iter().filter(|call| call.needs_budget()).map(ToString::to_string).collect();
		let expected = ["Optimae.commit", "Optimae.reveal", "Recomputation.announce_challenge", "Forecasts.commit"];
		assert_eq!(needs_budget, expected);
	}

	#[test]
	fn a_batch_carries_its_calls_with_their_indices() {
		let batch = Call::batch(vec![Call::nominate(1), Call::nominate(2)]);
		assert_eq!(batch.size(), 8);
		let index = |call: &Call| if call.pallet == "Gauge" { Ok(CallIndex { pallet: 20, call: 0 }) } else { Err(()) };
		let written = batch.resolved(&index).unwrap();
		assert_eq!(written.args.0, [8, 20, 0, 1, 0, 0, 0, 20, 0, 2, 0, 0, 0]);
		assert_eq!(batch.resolved(&|_: &Call| Err("unknown")), Err("unknown"));
	}

	#[test]
	fn a_batch_in_a_batch_is_written_inside_out() {
		let inner = Call::batch(vec![Call::nominate(1)]);
		let outer = Call::batch(vec![inner.clone(), Call::unbond()]);
		assert_eq!(outer.size(), 4);
		let index = |call: &Call| -> Result<CallIndex, ()> {
			Ok(CallIndex { pallet: call.pallet.len() as u8, call: call.name.len() as u8 })
		};
		// Two calls: `batch_all` of one `nominate`, then `unbond`.
		assert_eq!(outer.resolved(&index).unwrap().args.0, [8, 7, 9, 4, 5, 8, 1, 0, 0, 0, 10, 6]);
	}

	#[test]
	fn a_call_is_shown_as_pallet_and_name() {
		assert_eq!(Call::challenge(0, 0, 0, [0; 32], SizeClass::Small).to_string(), "Recomputation.challenge");
		assert_eq!(Call::batch(vec![]).to_string(), "Utility.batch_all");
	}
}
