//! The second sequence of `runtime/clients/actions/list.json` with subxt: proxies, an identity, a pool and a referendum.

use super::{
	actions::{
		stored::{Ledger, Nominations},
		Actor, BOND, BY_PROXY, NAME,
	},
	connection::{address, batch, call, proxied, signed, transfer, unit, Account, Call, Connection, Sent},
};
use anyhow::{bail, ensure, Context, Result};
use doin_primitives::DOIN;
use subxt::{dynamic::Value, utils::AccountId32};
use subxt_signer::sr25519::dev;

/// Amounts of the actions, in plancks. They are those of the scripts.
const POOL: u128 = 200 * DOIN;
const JOIN: u128 = 50 * DOIN;
const EXTRA: u128 = 25 * DOIN;
const LEAVE: u128 = 30 * DOIN;
/// Decision deposit of the track `parameters`.
const DECISION: u128 = 100 * DOIN;
/// More than is free: bonded coins vote too.
const VOTE: u128 = 3_000 * DOIN;
/// Name in the identity.
const HOLDER: &str = "A holder";
/// Encoded size of an identity with that name alone, in bytes.
const IDENTITY_BYTES: u128 = HOLDER.len() as u128 + 9;
/// Identifier of the track `parameters`.
const PARAMETERS: u16 = 1;
/// Smallest commission that the referendum proposes: 1 %, in parts per billion.
const MIN_COMMISSION: u128 = 10_000_000;
/// A vote is a byte: aye is the highest bit, and the lowest ones are the conviction, here `Locked1x`.
const AYE_LOCKED_1X: u128 = 0b1000_0001;
/// `System.CallFiltered`: index of the pallet, and error.
const CALL_FILTERED: (u8, [u8; 4]) = (0, [5, 0, 0, 0]);

/// Accounts that stake and vote.
pub struct Holders {
	connection: Connection,
	/// Stakes by a proxy, and votes.
	principal: Account,
	/// Proxy of the principal.
	delegate: Account,
	/// Creates a pool.
	operator: Account,
	/// Joins it.
	member: Account,
	pool: u32,
	referendum: u32,
}

/// Fields of `NominationPools.Bonded`: member, pool, amount, whether the member is new.
type Bonded = (AccountId32, u32, u128, bool);

/// Parts of stored records and errors; fields are found by name.
mod records {
	use subxt::{ext::scale_decode::DecodeAsType, utils::AccountId32};

	/// Part of `pallet_proxy::ProxyDefinition`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Proxy {
		pub proxy_type: ProxyType,
	}

	/// Type of a proxy.
	#[derive(Debug, DecodeAsType, PartialEq)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub enum ProxyType {
		Any,
		Work,
		Staking,
		NonTransfer,
	}

	/// Part of `sp_runtime::DispatchError`.
	#[derive(Debug, DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub enum DispatchError {
		Module(ModuleError),
	}

	/// An error of a pallet.
	#[derive(Debug, DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct ModuleError {
		pub index: u8,
		pub error: [u8; 4],
	}

	/// Part of `pallet_identity::Registration`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Identity {
		pub deposit: u128,
	}

	/// Part of `pallet_nomination_pools::BondedPoolInner`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Pool {
		pub points: u128,
	}

	/// Part of `pallet_nomination_pools::PoolMember`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Member {
		pub pool_id: u32,
		pub points: u128,
	}

	/// Part of `pallet_referenda::ReferendumInfo`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub enum Referendum {
		Ongoing(Ongoing),
	}

	/// Part of `pallet_referenda::ReferendumStatus`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Ongoing {
		pub submission_deposit: Deposit,
		pub decision_deposit: Option<Deposit>,
		pub tally: Tally,
	}

	/// A deposit of a referendum.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Deposit {
		pub who: AccountId32,
		pub amount: u128,
	}

	/// Part of `pallet_conviction_voting::Tally`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Tally {
		pub ayes: u128,
		pub nays: u128,
		pub support: u128,
	}
}

impl Actor for Holders {
	async fn act(&mut self, action: &str) -> Result<Sent> {
		match action {
			"add two proxies" => self.add_proxies().await,
			"stake by a proxy" => self.stake().await,
			"try a transfer by a proxy" => self.try_transfer().await,
			"set an identity" => self.set_identity().await,
			"clear an identity" => self.clear_identity().await,
			"create a pool" => self.create_pool().await,
			"nominate for a pool" => self.nominate().await,
			"join a pool" => self.join().await,
			"add stake to a pool" => self.bond_extra().await,
			"unbond from a pool" => self.unbond().await,
			"submit a referendum" => self.submit().await,
			"place a decision deposit" => self.place_deposit().await,
			"vote on a referendum" => self.vote().await,
			"withdraw a vote" => self.withdraw_vote().await,
			other => bail!("the list has an action that this client does not know: {other}"),
		}
	}
}

impl Holders {
	/// Connects to a node.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn open(url: &str) -> Result<Self> {
		let account = |name: &str| Account::dev(&format!("//{NAME}//{name}"));
		let (principal, delegate) = (account("principal")?, account("delegate")?);
		let (operator, member) = (account("operator")?, account("member")?);
		let compared =
			vec![("principal", principal.id), ("delegate", delegate.id), ("operator", operator.id), ("member", member.id)];
		let connection = Connection::open(url, "//Dave", NAME).await?.comparing(compared);
		Ok(Self { connection, principal, delegate, operator, member, pool: 0, referendum: 0 })
	}

	/// Sends a call of the account `name` that costs its fee, and moves `held` plancks from its free to its reserved balance.
	async fn by(&self, name: &'static str, signer: &Account, call: &Call, held: u128) -> Result<Sent> {
		let changes = |sent: &Sent| Ok(vec![(name, -signed(held) - sent.fee, signed(held))]);
		self.connection.send_and_compare(signer, call, changes).await
	}

	async fn by_principal(&self, call: &Call, held: u128) -> Result<Sent> {
		self.by("principal", &self.principal, call, held).await
	}

	async fn by_member(&self, call: &Call, held: u128) -> Result<Sent> {
		self.by("member", &self.member, call, held).await
	}

	async fn add_proxies(&self) -> Result<Sent> {
		let base: u128 = self.connection.constant("Proxy", "ProxyDepositBase").await?;
		let deposit = base + 2 * self.connection.constant::<u128>("Proxy", "ProxyDepositFactor").await?;
		let add = |kind: &str| {
			let delegate = address(&self.delegate.id);
			call("Proxy", "add_proxy", [("delegate", delegate), ("proxy_type", unit(kind)), ("delay", Value::u128(0))])
		};
		let sent = self.by_principal(&batch([add("Staking"), add("NonTransfer")]), deposit).await?;
		let stored: Option<(Vec<records::Proxy>, u128)> = sent.storage("Proxy", "Proxies", (self.principal.id.0,)).await?;
		let kinds: Vec<_> = stored.into_iter().flat_map(|(all, _)| all).map(|proxy| proxy.proxy_type).collect();
		ensure!(kinds == [records::ProxyType::Staking, records::ProxyType::NonTransfer], "{kinds:?}");
		Ok(sent)
	}

	async fn stake(&self) -> Result<Sent> {
		let alice = dev::alice().public_key().to_account_id();
		let bond = call("Staking", "bond", [("value", Value::u128(BOND)), ("payee", unit("Staked"))]);
		let nominate = call("Staking", "nominate", [("targets", Value::unnamed_composite([address(&alice)]))]);
		let stake = proxied(&self.principal.id, "Staking", batch([bond, nominate]));
		let amount = signed(BOND);
		let changes = |sent: &Sent| Ok(vec![("delegate", -sent.fee, 0), ("principal", -amount, amount)]);
		let sent = self.connection.send_and_compare(&self.delegate, &stake, changes).await?;
		let (result,): (Result<(), Value>,) = sent.event("Proxy", "ProxyExecuted")?;
		ensure!(result.is_ok(), "{result:?}");
		let ledger: Option<Ledger> = sent.storage("Staking", "Ledger", (self.principal.id.0,)).await?;
		ensure!(ledger.is_some_and(|ledger| ledger.active == BOND), "the bond is active");
		let stored: Option<Nominations> = sent.storage("Staking", "Nominators", (self.principal.id.0,)).await?;
		ensure!(stored.is_some_and(|nominations| nominations.targets == [alice]), "the nomination is stored");
		Ok(sent)
	}

	async fn try_transfer(&self) -> Result<Sent> {
		let transfer = proxied(&self.principal.id, "NonTransfer", transfer(&self.delegate.id, BY_PROXY));
		let sent = self.by("delegate", &self.delegate, &transfer, 0).await?;
		let (result,): (Result<(), records::DispatchError>,) = sent.event("Proxy", "ProxyExecuted")?;
		let Err(records::DispatchError::Module(error)) = result else { bail!("the transfer was not refused") };
		ensure!((error.index, error.error) == CALL_FILTERED, "{error:?}");
		Ok(sent)
	}

	async fn set_identity(&self) -> Result<Sent> {
		let base: u128 = self.connection.constant("Identity", "BasicDeposit").await?;
		let deposit = base + IDENTITY_BYTES * self.connection.constant::<u128>("Identity", "ByteDeposit").await?;
		let info = Value::named_composite([
			("additional", Value::unnamed_composite([])),
			("display", Value::unnamed_variant("Raw8", [Value::from_bytes(HOLDER)])),
			("legal", unit("None")),
			("web", unit("None")),
			("riot", unit("None")),
			("email", unit("None")),
			("pgp_fingerprint", unit("None")),
			("image", unit("None")),
			("twitter", unit("None")),
		]);
		let sent = self.by_principal(&call("Identity", "set_identity", [("info", info)]), deposit).await?;
		let (who,): (AccountId32,) = sent.event("Identity", "IdentitySet")?;
		ensure!(who == self.principal.id, "{who:?}");
		let stored: Option<records::Identity> = sent.storage("Identity", "IdentityOf", (who.0,)).await?;
		ensure!(stored.is_some_and(|identity| identity.deposit == deposit), "the identity is stored");
		Ok(sent)
	}

	async fn clear_identity(&self) -> Result<Sent> {
		let changes = |sent: &Sent| {
			let (_, deposit): (AccountId32, u128) = sent.event("Identity", "IdentityCleared")?;
			Ok(vec![("principal", signed(deposit) - sent.fee, -signed(deposit))])
		};
		let clear = call("Identity", "clear_identity", []);
		let sent = self.connection.send_and_compare(&self.principal, &clear, changes).await?;
		let stored: Option<records::Identity> = sent.storage("Identity", "IdentityOf", (self.principal.id.0,)).await?;
		ensure!(stored.is_none(), "the identity is still stored");
		Ok(sent)
	}

	async fn create_pool(&mut self) -> Result<Sent> {
		// The account of the rewards of the pool needs the smallest balance.
		let smallest: u128 = self.connection.constant("Balances", "ExistentialDeposit").await?;
		let role = || address(&self.operator.id);
		let arguments = [("amount", Value::u128(POOL)), ("root", role()), ("nominator", role()), ("bouncer", role())];
		let changes = |sent: &Sent| Ok(vec![("operator", -signed(POOL + smallest) - sent.fee, signed(POOL))]);
		let create = call("NominationPools", "create", arguments);
		let sent = self.connection.send_and_compare(&self.operator, &create, changes).await?;
		let (depositor, pool): (AccountId32, u32) = sent.event("NominationPools", "Created")?;
		ensure!(depositor == self.operator.id, "{depositor:?}");
		let stored: Option<records::Pool> = sent.storage("NominationPools", "BondedPools", (pool,)).await?;
		ensure!(stored.is_some_and(|stored| stored.points == POOL), "the pool is stored");
		self.pool = pool;
		Ok(sent)
	}

	async fn nominate(&self) -> Result<Sent> {
		let alice = dev::alice().public_key().to_account_id();
		let validators = Value::unnamed_composite([Value::from_bytes(alice.0)]);
		let arguments = [("pool_id", Value::u128(self.pool.into())), ("validators", validators)];
		let nominate = call("NominationPools", "nominate", arguments);
		let sent = self.by("operator", &self.operator, &nominate, 0).await?;
		let event: (u32, AccountId32) = sent.event("NominationPools", "PoolNominationMade")?;
		ensure!(event == (self.pool, self.operator.id), "{event:?}");
		Ok(sent)
	}

	/// Checks the points of the member in the pool.
	async fn check_points(&self, sent: &Sent, points: u128) -> Result<()> {
		let stored: Option<records::Member> = sent.storage("NominationPools", "PoolMembers", (self.member.id.0,)).await?;
		let member = stored.context("the account is a member")?;
		ensure!((member.pool_id, member.points) == (self.pool, points), "{} points in pool {}", member.points, member.pool_id);
		Ok(())
	}

	async fn join(&self) -> Result<Sent> {
		let arguments = [("amount", Value::u128(JOIN)), ("pool_id", Value::u128(self.pool.into()))];
		let sent = self.by_member(&call("NominationPools", "join", arguments), JOIN).await?;
		let event: Bonded = sent.event("NominationPools", "Bonded")?;
		ensure!(event == (self.member.id, self.pool, JOIN, true), "{event:?}");
		self.check_points(&sent, JOIN).await?;
		Ok(sent)
	}

	async fn bond_extra(&self) -> Result<Sent> {
		let extra = Value::unnamed_variant("FreeBalance", [Value::u128(EXTRA)]);
		let sent = self.by_member(&call("NominationPools", "bond_extra", [("extra", extra)]), EXTRA).await?;
		let event: Bonded = sent.event("NominationPools", "Bonded")?;
		ensure!(event == (self.member.id, self.pool, EXTRA, false), "{event:?}");
		self.check_points(&sent, JOIN + EXTRA).await?;
		Ok(sent)
	}

	async fn unbond(&self) -> Result<Sent> {
		let arguments = [("member_account", address(&self.member.id)), ("unbonding_points", Value::u128(LEAVE))];
		// The coins stay on hold for 28 eras.
		let sent = self.by_member(&call("NominationPools", "unbond", arguments), 0).await?;
		let (_, _, balance, _, _): (AccountId32, u32, u128, u128, u32) = sent.event("NominationPools", "Unbonded")?;
		ensure!(balance == LEAVE, "{balance} are unbonded");
		self.check_points(&sent, JOIN + EXTRA - LEAVE).await?;
		Ok(sent)
	}

	/// Returns the state of the referendum, which is not decided yet.
	async fn ongoing(&self, sent: &Sent) -> Result<records::Ongoing> {
		let stored: Option<records::Referendum> = sent.storage("Referenda", "ReferendumInfoFor", (self.referendum,)).await?;
		let records::Referendum::Ongoing(ongoing) = stored.context("the referendum is stored")?;
		Ok(ongoing)
	}

	async fn submit(&mut self) -> Result<Sent> {
		let deposit: u128 = self.connection.constant("Referenda", "SubmissionDeposit").await?;
		let parameter = call("Staking", "set_min_commission", [("new", Value::u128(MIN_COMMISSION))]);
		let change = call("Governance", "change", [("call", parameter.into_value())]);
		let encoded = self.connection.best().await?.tx().call_data(&change)?;
		let arguments = [
			("proposal_origin", Value::unnamed_variant("Governance", [unit("Parameters")])),
			("proposal", Value::unnamed_variant("Inline", [Value::from_bytes(encoded)])),
			("enactment_moment", Value::unnamed_variant("After", [Value::u128(0)])),
		];
		let sent = self.by_principal(&call("Referenda", "submit", arguments), deposit).await?;
		let (index, track, _): (u32, u16, Value) = sent.event("Referenda", "Submitted")?;
		ensure!(track == PARAMETERS, "track {track}");
		self.referendum = index;
		let stored = self.ongoing(&sent).await?.submission_deposit;
		ensure!((stored.who, stored.amount) == (self.principal.id, deposit), "{} of {:?}", stored.amount, stored.who);
		Ok(sent)
	}

	async fn place_deposit(&self) -> Result<Sent> {
		let place = call("Referenda", "place_decision_deposit", [("index", Value::u128(self.referendum.into()))]);
		let sent = self.by_principal(&place, DECISION).await?;
		let event: (u32, AccountId32, u128) = sent.event("Referenda", "DecisionDepositPlaced")?;
		ensure!(event == (self.referendum, self.principal.id, DECISION), "{event:?}");
		let stored = self.ongoing(&sent).await?.decision_deposit;
		ensure!(stored.is_some_and(|deposit| deposit.amount == DECISION), "the deposit is stored");
		Ok(sent)
	}

	async fn vote(&self) -> Result<Sent> {
		let standard = Value::named_variant("Standard", [("vote", Value::u128(AYE_LOCKED_1X)), ("balance", Value::u128(VOTE))]);
		let arguments = [("poll_index", Value::u128(self.referendum.into())), ("vote", standard)];
		let changes = |sent: &Sent| Ok(vec![("principal", -sent.fee, 0)]);
		let vote = call("ConvictionVoting", "vote", arguments);
		let sent = self.connection.send_and_freeze(&self.principal, &vote, signed(VOTE), changes).await?;
		let (who, _, index): (AccountId32, Value, u32) = sent.event("ConvictionVoting", "Voted")?;
		ensure!((who, index) == (self.principal.id, self.referendum), "{who:?} {index}");
		let tally = self.ongoing(&sent).await?.tally;
		ensure!([tally.ayes, tally.nays, tally.support] == [VOTE, 0, VOTE], "{} of {}", tally.ayes, tally.support);
		Ok(sent)
	}

	async fn withdraw_vote(&self) -> Result<Sent> {
		let class = Value::u128(PARAMETERS.into());
		let index = Value::u128(self.referendum.into());
		let hint = Value::unnamed_variant("Some", [class.clone()]);
		let remove = call("ConvictionVoting", "remove_vote", [("class", hint), ("index", index)]);
		let unlock = call("ConvictionVoting", "unlock", [("class", class), ("target", address(&self.principal.id))]);
		let changes = |sent: &Sent| Ok(vec![("principal", -sent.fee, 0)]);
		let calls = batch([remove, unlock]);
		let sent = self.connection.send_and_freeze(&self.principal, &calls, -signed(VOTE), changes).await?;
		ensure!(self.ongoing(&sent).await?.tally.ayes == 0, "the vote still counts");
		Ok(sent)
	}
}
