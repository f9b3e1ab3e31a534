//! Runs `runtime/clients/actions/list.json` with subxt, and has the actions of its first sequence. The scripts beside the list do the
//! same with papi and @polkadot/api.

use super::{
	connection::{address, batch, call, proxied, signed, transfer, unit, Call, Changes, Connection, Sent},
	holders::Holders,
};
use anyhow::{bail, ensure, Context, Result};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::{Metrics, Reveal},
	DomainId, RoundId, DOIN,
};
use doin_scoring::Model;
use serde_json::Value as Json;
use std::time::Duration;
use subxt::{
	dynamic::{self, Value},
	ext::scale_decode::DecodeAsType,
	rpcs::rpc_params,
	utils::AccountId32,
};
use subxt_signer::sr25519::dev;

/// Sequences of actions in their order, with call and event.
const LIST: &str = include_str!("../../../runtime/clients/actions/list.json");
/// Name of this client, and beginning of the paths of its accounts.
pub const NAME: &str = "subxt";
/// Amounts of the actions, in plancks. They are those of the scripts.
const MAIN: u128 = 20_000 * DOIN;
const FRIEND: u128 = 3_000 * DOIN;
const MULTISIG: u128 = 100 * DOIN;
const FROM_MULTISIG: u128 = 40 * DOIN;
pub const BY_PROXY: u128 = 10 * DOIN;
pub const BOND: u128 = 2_000 * DOIN;
const UNBOND: u128 = 300 * DOIN;
const BOUNTY: u128 = 25 * DOIN;
const EVALUATOR: u128 = 500 * DOIN;
/// Commission of the validator: 10 %, in parts per billion.
const COMMISSION: u32 = 100_000_000;
/// Value of the vote for domain 0, in parts per million.
const VOTE: u32 = 999_003;
/// Coordinates of the optimum of the domain, and of the candidate, in Q8.
const OPTIMUM: i32 = 512;
const CANDIDATE: i32 = 256;
const DIMENSIONS: usize = 32;
/// Sum of each chunk of the candidate: the squared distance in one coordinate.
const CHUNK_SUM: u32 = ((OPTIMUM - CANDIDATE) * (OPTIMUM - CANDIDATE)) as u32;
/// Secret of the commitment.
const SALT: [u8; 32] = [7; 32];

/// Accounts that carry out the actions of a sequence.
pub trait Actor {
	/// Carries out an action of the list.
	///
	/// # Errors
	/// Errors if the effect of the action is not the expected one.
	async fn act(&mut self, action: &str) -> Result<Sent>;
}

/// Returns the sequences of the list. Each has accounts of its own.
///
/// # Errors
/// Errors if the list is malformed.
pub fn sequences() -> Result<[Vec<Json>; 2]> {
	Ok(serde_json::from_str(LIST)?)
}

/// Runs both sequences at the same time on the node at `url`. The account `//subxt//friend` has to be a proxy of Alice, and the
/// accounts of the second sequence need money.
///
/// # Errors
/// Errors at the first action whose call, event or effect is not the expected one.
pub async fn run(url: &str) -> Result<()> {
	let [first, second] = sequences()?;
	let actions = Actions { connection: Connection::open(url, "//Dave", NAME).await?, made: Made::default() };
	let holders = Holders::open(url).await?;
	tokio::try_join!(run_sequence(&first, actions), run_sequence(&second, holders))?;
	Ok(())
}

/// Runs the actions of a sequence one after the other.
async fn run_sequence(sequence: &[Json], mut actor: impl Actor) -> Result<()> {
	for (index, listed) in sequence.iter().enumerate() {
		let field = |name: &str| listed[name].as_str().with_context(|| format!("entry {index} of the list has no {name}"));
		let (action, expected, event) = (field("action")?, field("call")?, field("event")?);
		let sent = actor.act(action).await.with_context(|| format!("{NAME}: action {}, {action}", index + 1))?;
		ensure!(sent.call == expected, "{NAME}: {action} sent {} in place of {expected}", sent.call);
		ensure!(sent.events().iter().any(|name| name == event), "{NAME}: {action}: no event {event} among {:?}", sent.events());
		println!("{NAME}: {action} in block {} for {} plancks", sent.at.block_number(), sent.fee);
	}
	Ok(())
}

/// Results of earlier actions that later ones need.
#[derive(Default)]
struct Made {
	/// Height and index of the first approval.
	timepoint: (u32, u32),
	domain: DomainId,
	/// Number of the round with the seat.
	round: u32,
	seat: u8,
	/// Hold of the seat, in plancks.
	hold: u128,
	model: u64,
}

struct Actions {
	connection: Connection,
	made: Made,
}

/// Fields of `Optimae.Committed`: round, seat, account, commitment, fee, burned part, hold, stake.
type Committed = ((u32, u32), u8, AccountId32, [u8; 32], u128, u128, u128, u128);
/// Fields of `Optimae.Revealed`: round, seat, account, model, bytes, error, hold, metrics.
type Revealed = ((u32, u32), u8, AccountId32, u64, u32, u64, u128, Value);
/// Fields of `Optimae.ClaimDisproved`: round, seat, challenger, chunk, claimed, computed, burned, reward.
type Disproved = ((u32, u32), u8, AccountId32, u16, u32, u32, u128, u128);
/// Fields of `Domains.Registered`: domain, owner, pages, deposit, fee.
type Registered = (u32, AccountId32, u32, u128, u128);

/// Parts of stored records; fields are found by name.
pub mod stored {
	use super::*;

	/// Part of `pallet_multisig::Multisig`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Multisig {
		pub when: Timepoint,
		pub deposit: u128,
		pub approvals: Vec<AccountId32>,
	}

	/// Place of an extrinsic in the chain.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Timepoint {
		pub height: u32,
		pub index: u32,
	}

	/// Part of `pallet_staking::StakingLedger`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Ledger {
		pub active: u128,
		pub unlocking: Vec<Chunk>,
	}

	/// Part of `pallet_staking::UnlockChunk`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Chunk {
		pub value: u128,
	}

	/// Part of `pallet_staking::ValidatorPrefs`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Prefs {
		pub commission: u32,
	}

	/// Part of `pallet_staking::Nominations`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Nominations {
		pub targets: Vec<AccountId32>,
	}

	/// Part of `pallet_proxy::ProxyDefinition`.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Proxy {
		pub delegate: AccountId32,
	}

	/// Part of the state of a domain.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Domain {
		pub owner: AccountId32,
		pub bounty: u128,
	}

	/// Part of the record of an evaluator.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Evaluator {
		pub bond: u128,
		pub serving: Vec<u32>,
	}

	/// Part of a ballot.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Ballot {
		pub votes: Vec<(u32, u32)>,
	}

	/// Part of a stored model.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Model {
		pub author: AccountId32,
	}

	/// Part of the view of a round.
	#[derive(DecodeAsType)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub struct Round {
		pub round: (u32, u32),
		pub phase: Phase,
		pub phase_end: u32,
		pub next_seat_fee: u128,
	}

	/// Phase of a round.
	#[derive(DecodeAsType, PartialEq)]
	#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
	pub enum Phase {
		Commit,
		Reveal,
		Evidence,
	}
}

/// Returns changes of one account.
fn only(name: &'static str, free: i128, reserved: i128) -> Result<Changes> {
	Ok(vec![(name, free, reserved)])
}

impl Actor for Actions {
	async fn act(&mut self, action: &str) -> Result<Sent> {
		match action {
			"transfer" => self.transfer().await,
			"batch" => self.batch().await,
			"approve a multisig call" => self.approve().await,
			"execute a multisig call" => self.execute().await,
			"add a proxy" => self.add_proxy().await,
			"call by a proxy" => self.call_by_proxy().await,
			"bond" => self.bond().await,
			"set session keys" => self.set_keys().await,
			"validate" => self.validate().await,
			"chill" => self.chill().await,
			"nominate" => self.nominate().await,
			"unbond" => self.unbond().await,
			"vote" => self.vote().await,
			"register a domain" => self.register().await,
			"donate a bounty" => self.add_bounty().await,
			"bond as evaluator" => self.bond_evaluator().await,
			"serve a domain" => self.serve().await,
			"commit" => self.commit().await,
			"reveal" => self.reveal().await,
			"challenge a claim" => self.challenge().await,
			other => bail!("the list has an action that this client does not know: {other}"),
		}
	}
}

impl Actions {
	/// Sends a call of the main account that costs its fee, and moves `held` plancks from its free to its reserved balance.
	async fn by_main(&self, call: &Call, held: u128) -> Result<Sent> {
		let c = &self.connection;
		c.send_and_compare(&c.main, call, |sent| only("main", -signed(held) - sent.fee, signed(held))).await
	}

	async fn transfer(&self) -> Result<Sent> {
		let c = &self.connection;
		let changes = |sent: &Sent| Ok(vec![("funder", -signed(MAIN) - sent.fee, 0), ("main", signed(MAIN), 0)]);
		let sent = c.send_and_compare(&c.funder, &transfer(&c.main.id, MAIN), changes).await?;
		let event: (AccountId32, AccountId32, u128) = sent.event("Balances", "Transfer")?;
		ensure!(event == (c.funder.id, c.main.id, MAIN), "{event:?}");
		Ok(sent)
	}

	async fn batch(&self) -> Result<Sent> {
		let c = &self.connection;
		let transfers = batch([transfer(&c.friend.id, FRIEND), transfer(&c.multisig, MULTISIG)]);
		let changes = |sent: &Sent| {
			let main = -signed(FRIEND) - signed(MULTISIG) - sent.fee;
			Ok(vec![("main", main, 0), ("friend", signed(FRIEND), 0), ("multisig", signed(MULTISIG), 0)])
		};
		let sent = c.send_and_compare(&c.main, &transfers, changes).await?;
		ensure!(sent.events().iter().filter(|name| *name == "Utility.ItemCompleted").count() == 2, "{:?}", sent.events());
		Ok(sent)
	}

	/// Returns the approval of a transfer from the multisig account.
	fn as_multi(&self, other: &AccountId32, since: Value) -> Call {
		let c = &self.connection;
		let weight = [("ref_time", Value::u128(10_000_000_000)), ("proof_size", Value::u128(1_000_000))];
		let arguments = [
			("threshold", Value::u128(2)),
			("other_signatories", Value::unnamed_composite([Value::from_bytes(other.0)])),
			("maybe_timepoint", since),
			("call", transfer(&c.main.id, FROM_MULTISIG).into_value()),
			("max_weight", Value::named_composite(weight)),
		];
		call("Multisig", "as_multi", arguments)
	}

	async fn multisig_deposit(&self) -> Result<u128> {
		let base: u128 = self.connection.constant("Multisig", "DepositBase").await?;
		Ok(base + 2 * self.connection.constant::<u128>("Multisig", "DepositFactor").await?)
	}

	async fn approve(&mut self) -> Result<Sent> {
		let (c, deposit) = (&self.connection, self.multisig_deposit().await?);
		let sent = self.by_main(&self.as_multi(&c.friend.id, unit("None")), deposit).await?;
		let (approving, multisig, hash): (AccountId32, AccountId32, [u8; 32]) = sent.event("Multisig", "NewMultisig")?;
		ensure!((&approving, &multisig) == (&c.main.id, &c.multisig), "{approving:?} {multisig:?}");
		let open: stored::Multisig =
			sent.storage("Multisig", "Multisigs", (multisig.0, hash)).await?.context("the open call is stored")?;
		ensure!(open.deposit == deposit && open.approvals == [approving], "{} {:?}", open.deposit, open.approvals);
		self.made.timepoint = (open.when.height, open.when.index);
		Ok(sent)
	}

	async fn execute(&self) -> Result<Sent> {
		let (c, deposit) = (&self.connection, signed(self.multisig_deposit().await?));
		let (height, index) = self.made.timepoint;
		let since = Value::named_composite([("height", Value::u128(height.into())), ("index", Value::u128(index.into()))]);
		let execute = self.as_multi(&c.main.id, Value::unnamed_variant("Some", [since]));
		let amount = signed(FROM_MULTISIG);
		let changes =
			|sent: &Sent| Ok(vec![("friend", -sent.fee, 0), ("main", amount + deposit, -deposit), ("multisig", -amount, 0)]);
		let sent = c.send_and_compare(&c.friend, &execute, changes).await?;
		type Executed = (AccountId32, Value, AccountId32, [u8; 32], Result<(), Value>);
		let (_, _, multisig, hash, result): Executed = sent.event("Multisig", "MultisigExecuted")?;
		ensure!(result.is_ok(), "{result:?}");
		let left: Option<stored::Multisig> = sent.storage("Multisig", "Multisigs", (multisig.0, hash)).await?;
		ensure!(left.is_none(), "the executed call is still stored");
		Ok(sent)
	}

	async fn add_proxy(&self) -> Result<Sent> {
		let c = &self.connection;
		let base: u128 = self.connection.constant("Proxy", "ProxyDepositBase").await?;
		let deposit = base + self.connection.constant::<u128>("Proxy", "ProxyDepositFactor").await?;
		let arguments = [("delegate", address(&c.friend.id)), ("proxy_type", unit("Any")), ("delay", Value::u128(0))];
		let sent = self.by_main(&call("Proxy", "add_proxy", arguments), deposit).await?;
		let (delegator, delegatee, _, _): (AccountId32, AccountId32, Value, u32) = sent.event("Proxy", "ProxyAdded")?;
		ensure!((&delegator, &delegatee) == (&c.main.id, &c.friend.id), "{delegator:?} {delegatee:?}");
		let stored: Option<(Vec<stored::Proxy>, u128)> = sent.storage("Proxy", "Proxies", (c.main.id.0,)).await?;
		let delegates: Vec<AccountId32> = stored.into_iter().flat_map(|(all, _)| all).map(|proxy| proxy.delegate).collect();
		ensure!(delegates == [delegatee], "{delegates:?}");
		Ok(sent)
	}

	async fn call_by_proxy(&self) -> Result<Sent> {
		let c = &self.connection;
		let transfer = proxied(&c.main.id, "Any", transfer(&c.multisig, BY_PROXY));
		let amount = signed(BY_PROXY);
		let changes = |sent: &Sent| Ok(vec![("friend", -sent.fee, 0), ("main", -amount, 0), ("multisig", amount, 0)]);
		let sent = c.send_and_compare(&c.friend, &transfer, changes).await?;
		let (result,): (Result<(), Value>,) = sent.event("Proxy", "ProxyExecuted")?;
		ensure!(result.is_ok(), "{result:?}");
		Ok(sent)
	}

	async fn ledger(&self, sent: &Sent) -> Result<stored::Ledger> {
		sent.storage("Staking", "Ledger", (self.connection.main.id.0,)).await?.context("the main account has bonded")
	}

	async fn bond(&self) -> Result<Sent> {
		let sent =
			self.by_main(&call("Staking", "bond", [("value", Value::u128(BOND)), ("payee", unit("Staked"))]), BOND).await?;
		let event: (AccountId32, u128) = sent.event("Staking", "Bonded")?;
		ensure!(event == (self.connection.main.id, BOND), "{event:?}");
		ensure!(self.ledger(&sent).await?.active == BOND, "the bond is active");
		Ok(sent)
	}

	async fn set_keys(&self) -> Result<Sent> {
		let c = &self.connection;
		let deposit: u128 = self.connection.constant("Session", "KeyDeposit").await?;
		let owner = format!("0x{}", c.main.id.0.map(|byte| format!("{byte:02x}")).concat());
		let generated: Json = c.rpc.request("author_rotateKeysWithOwner", rpc_params![owner]).await?;
		let bytes = |name: &str| -> Result<Vec<u8>> {
			let text = generated[name].as_str().with_context(|| format!("no {name} in {generated}"))?;
			let digits = text.trim_start_matches("0x");
			(0..digits.len()).step_by(2).map(|at| Ok(u8::from_str_radix(&digits[at..at + 2], 16)?)).collect()
		};
		let (keys, proof) = (bytes("keys")?, bytes("proof")?);
		// Both keys, in the order of the runtime.
		let split = [("grandpa", Value::from_bytes(&keys[..32])), ("babe", Value::from_bytes(&keys[32..]))];
		let arguments = [("keys", Value::named_composite(split)), ("proof", Value::from_bytes(proof))];
		let sent = self.by_main(&call("Session", "set_keys", arguments), deposit).await?;
		let stored: ([u8; 32], [u8; 32]) =
			sent.storage("Session", "NextKeys", (c.main.id.0,)).await?.context("the keys are stored")?;
		ensure!([stored.0, stored.1].concat() == keys, "the stored keys are others");
		Ok(sent)
	}

	async fn validate(&self) -> Result<Sent> {
		let c = &self.connection;
		let prefs = [("commission", Value::u128(COMMISSION.into())), ("blocked", Value::bool(false))];
		let sent = self.by_main(&call("Staking", "validate", [("prefs", Value::named_composite(prefs))]), 0).await?;
		let (stash, _): (AccountId32, Value) = sent.event("Staking", "ValidatorPrefsSet")?;
		ensure!(stash == c.main.id, "{stash:?}");
		let stored: Option<stored::Prefs> = sent.storage("Staking", "Validators", (c.main.id.0,)).await?;
		ensure!(stored.is_some_and(|prefs| prefs.commission == COMMISSION), "the preferences are stored");
		Ok(sent)
	}

	async fn chill(&self) -> Result<Sent> {
		let c = &self.connection;
		let sent = self.by_main(&call("Staking", "chill", []), 0).await?;
		let (stash,): (AccountId32,) = sent.event("Staking", "Chilled")?;
		ensure!(stash == c.main.id, "{stash:?}");
		// Without preferences, the item has its default.
		let stored: Option<stored::Prefs> = sent.storage("Staking", "Validators", (c.main.id.0,)).await?;
		ensure!(stored.is_none_or(|prefs| prefs.commission != COMMISSION), "the account is still a candidate");
		Ok(sent)
	}

	async fn nominate(&self) -> Result<Sent> {
		let c = &self.connection;
		let alice = dev::alice().public_key().to_account_id();
		let targets = Value::unnamed_composite([address(&alice)]);
		let sent = self.by_main(&call("Staking", "nominate", [("targets", targets)]), 0).await?;
		let stored: Option<stored::Nominations> = sent.storage("Staking", "Nominators", (c.main.id.0,)).await?;
		ensure!(stored.is_some_and(|nominations| nominations.targets == [alice]), "the nomination is stored");
		Ok(sent)
	}

	async fn unbond(&self) -> Result<Sent> {
		let sent = self.by_main(&call("Staking", "unbond", [("value", Value::u128(UNBOND))]), 0).await?;
		let event: (AccountId32, u128) = sent.event("Staking", "Unbonded")?;
		ensure!(event == (self.connection.main.id, UNBOND), "{event:?}");
		let ledger = self.ledger(&sent).await?;
		let unlocking: Vec<u128> = ledger.unlocking.iter().map(|chunk| chunk.value).collect();
		ensure!(ledger.active == BOND - UNBOND && unlocking == [UNBOND], "{} {unlocking:?}", ledger.active);
		Ok(sent)
	}

	async fn vote(&self) -> Result<Sent> {
		let c = &self.connection;
		let alice = dev::alice().public_key().to_account_id();
		let entry = Value::unnamed_composite([Value::u128(0), Value::u128(VOTE.into())]);
		let vote = call("Gauge", "vote", [("votes", Value::unnamed_composite([entry]))]);
		let changes = |sent: &Sent| only("friend", -sent.fee, 0);
		let sent = c.send_and_compare(&c.friend, &proxied(&alice, "Any", vote), changes).await?;
		type Voted = (AccountId32, Vec<(u32, u32)>);
		let event: Voted = sent.event("Gauge", "Voted")?;
		ensure!(event == (alice, vec![(0, VOTE)]), "{event:?}");
		// Other clients vote for Alice as well; the last vote of the block counts.
		let mut last = None;
		for event in sent.at.events().fetch().await?.iter() {
			let event = event?;
			if (event.pallet_name(), event.event_name()) == ("Gauge", "Voted") {
				last = Some(event.decode_fields_unchecked_as::<Voted>()?.1);
			}
		}
		let stored: Option<stored::Ballot> = sent.storage("Gauge", "Ballots", (alice.0,)).await?;
		let stored = stored.map(|ballot| ballot.votes);
		ensure!(stored.is_some() && stored == last, "the ballot is {stored:?}, and the last vote {last:?}");
		Ok(sent)
	}

	async fn register(&mut self) -> Result<Sent> {
		let c = &self.connection;
		let number = |value: u32| Value::u128(value.into());
		let target = Value::unnamed_composite(std::iter::repeat_n(Value::i128(OPTIMUM.into()), DIMENSIONS));
		let spec = Value::named_composite([
			("name", Value::from_bytes("A point, by subxt")),
			("unit", Value::from_bytes("Q8")),
			("program", Value::unnamed_variant("Quadratic", [Value::named_composite([("target", target)])])),
			("genes", Value::unnamed_composite([])),
			("limits", Value::named_composite([("model_bytes", number(1_024)), ("window_macs", number(1_000))])),
			("data_root", Value::from_bytes([0; 32])),
			("values", number(0)),
			("growth", unit("Fixed")),
			("split", Value::named_composite([("train_end", number(0)), ("validation_end", number(0))])),
			("licence", Value::from_bytes([])),
			("evidence", unit("Public")),
			("min_improvement", number(2_000)),
			("target", number(1 << 19)),
		]);
		let price: u128 = self.connection.constant("Domains", "RegistrationFee").await?;
		let register = call("Domains", "register", [("spec", spec), ("baseline", unit("None"))]);
		let changes = |sent: &Sent| {
			let (_, _, _, deposit, fee): Registered = sent.event("Domains", "Registered")?;
			ensure!(fee == price, "the fee is {fee}");
			only("main", -signed(deposit) - signed(fee) - sent.fee, signed(deposit))
		};
		let sent = c.send_and_compare(&c.main, &register, changes).await?;
		let (domain, owner, ..): Registered = sent.event("Domains", "Registered")?;
		let stored: stored::Domain = sent.storage("Domains", "States", (domain,)).await?.context("the domain is stored")?;
		ensure!(owner == c.main.id && stored.owner == owner, "{owner:?}");
		ensure!(sent.events().iter().any(|name| name == "Domains.Activated"), "a domain without data is active at once");
		self.made.domain = domain;
		Ok(sent)
	}

	async fn add_bounty(&self) -> Result<Sent> {
		let domain = self.made.domain;
		let arguments = [("domain", Value::u128(domain.into())), ("amount", Value::u128(BOUNTY))];
		let sent = self.by_main(&call("Domains", "add_bounty", arguments), BOUNTY).await?;
		let event: (u32, AccountId32, u128, u128) = sent.event("Domains", "BountyAdded")?;
		ensure!(event == (domain, self.connection.main.id, BOUNTY, BOUNTY), "{event:?}");
		let stored: Option<stored::Domain> = sent.storage("Domains", "States", (domain,)).await?;
		ensure!(stored.is_some_and(|state| state.bounty == BOUNTY), "the bounty is stored");
		Ok(sent)
	}

	async fn evaluator(&self, sent: &Sent) -> Result<stored::Evaluator> {
		let found = sent.storage("Evaluators", "Evaluators", (self.connection.main.id.0,)).await?;
		found.context("the main account is an evaluator")
	}

	async fn bond_evaluator(&self) -> Result<Sent> {
		let arguments = [("amount", Value::u128(EVALUATOR)), ("class", unit("Small"))];
		let sent = self.by_main(&call("Evaluators", "bond", arguments), EVALUATOR).await?;
		let (who, amount, _): (AccountId32, u128, Value) = sent.event("Evaluators", "Bonded")?;
		ensure!(who == self.connection.main.id && amount == EVALUATOR, "{who:?} {amount}");
		ensure!(self.evaluator(&sent).await?.bond == EVALUATOR, "the bond is stored");
		Ok(sent)
	}

	async fn serve(&self) -> Result<Sent> {
		let domain = self.made.domain;
		let sent = self.by_main(&call("Evaluators", "serve", [("domain", Value::u128(domain.into()))]), 0).await?;
		let event: (AccountId32, u32) = sent.event("Evaluators", "ServiceStarted")?;
		ensure!(event == (self.connection.main.id, domain), "{event:?}");
		ensure!(self.evaluator(&sent).await?.serving == [domain], "the domain is served");
		Ok(sent)
	}

	/// Returns the round of the domain once it is in `phase` with at least two blocks left.
	async fn round_in(&self, phase: stored::Phase) -> Result<stored::Round> {
		loop {
			let best = self.connection.best().await?;
			let ask = dynamic::runtime_api_call::<_, Option<stored::Round>>("DoinApi", "round", (self.made.domain,));
			let round = best.runtime_apis().call(ask).await?.context("the domain has rounds")?;
			if round.phase == phase && u64::from(round.phase_end) > best.block_number() + 2 {
				return Ok(round);
			}
			tokio::time::sleep(Duration::from_millis(500)).await;
		}
	}

	/// Returns the candidate. The first of its claimed sums is false, so that it can be challenged.
	fn candidate() -> Result<Reveal> {
		let mut sums = vec![CHUNK_SUM; DIMENSIONS];
		sums[0] = 0;
		Ok(Reveal {
			genes: Default::default(),
			model: Model::Point(vec![CANDIDATE; DIMENSIONS]).to_bytes().try_into().ok().context("a small model")?,
			validation: sums.try_into().ok().context("few chunks")?,
			metrics: Metrics::default(),
		})
	}

	/// Returns the round of the seat in the arguments of a call.
	fn round(&self) -> Value {
		let number = |value: u32| Value::u128(value.into());
		Value::named_composite([("domain", number(self.made.domain)), ("number", number(self.made.round))])
	}

	async fn commit(&mut self) -> Result<Sent> {
		let open = self.round_in(stored::Phase::Commit).await?;
		self.made.round = open.round.1;
		let c = &self.connection;
		let genesis = c.best().await?.genesis_hash().context("the client knows block 0")?.0;
		let round = RoundId { domain: self.made.domain, number: self.made.round };
		let hash = commitment(Tag::Optimae, &genesis, &round, &c.main.id.0, &payload_hash(&Self::candidate()?), &SALT);
		// Twice the fee of now, since the base fee may rise until the call is in a block.
		let bid = Value::u128(2 * open.next_seat_fee);
		let commit = call("Optimae", "commit", [("round", self.round()), ("hash", Value::from_bytes(hash)), ("max_fee", bid)]);
		let changes = |sent: &Sent| {
			let (_, _, _, _, fee, burned, hold, _): Committed = sent.event("Optimae", "Committed")?;
			only("main", -signed(fee) - signed(hold) - sent.fee, signed(fee) - signed(burned) + signed(hold))
		};
		let sent = c.send_and_compare(&c.main, &commit, changes).await?;
		let (_, seat, _, stored, _, _, hold, _): Committed = sent.event("Optimae", "Committed")?;
		ensure!(stored == hash, "the commitment is another one");
		let pending: Option<Vec<u32>> = sent.storage("Optimae", "Pending", (self.made.domain,)).await?;
		ensure!(pending.as_deref() == Some(&[self.made.round]), "{pending:?}");
		(self.made.seat, self.made.hold) = (seat, hold);
		Ok(sent)
	}

	async fn reveal(&mut self) -> Result<Sent> {
		self.round_in(stored::Phase::Reveal).await?;
		let (c, candidate) = (&self.connection, Self::candidate()?);
		let zeros = |count: usize| Value::from_bytes(vec![0; count]);
		let metrics = Value::named_composite([
			("experiment", zeros(16)),
			("round", Value::u128(0)),
			("millis", Value::u128(0)),
			("config", zeros(32)),
			("data", zeros(32)),
			("optimizer", zeros(0)),
		]);
		let payload = Value::named_composite([
			("genes", Value::unnamed_composite([])),
			("model", Value::from_bytes(&candidate.model)),
			("validation", Value::unnamed_composite(candidate.validation.iter().map(|sum| Value::u128((*sum).into())))),
			("metrics", metrics),
		]);
		let arguments = [("round", self.round()), ("reveal", payload), ("salt", Value::from_bytes(SALT))];
		let changes = |sent: &Sent| {
			let (_, _, _, _, _, _, hold, _): Revealed = sent.event("Optimae", "Revealed")?;
			only("main", -signed(hold) - sent.fee, signed(hold))
		};
		let sent = c.send_and_compare(&c.main, &call("Optimae", "reveal", arguments), changes).await?;
		let (_, _, _, model, _, error, _, _): Revealed = sent.event("Optimae", "Revealed")?;
		ensure!(error == candidate.validation.iter().map(|sum| u64::from(*sum)).sum::<u64>(), "the claimed error is {error}");
		let stored: Option<stored::Model> = sent.storage("Optimae", "Models", (model,)).await?;
		ensure!(stored.is_some_and(|model| model.author == c.main.id), "the model is stored");
		self.made.model = model;
		Ok(sent)
	}

	async fn challenge(&self) -> Result<Sent> {
		let (c, hold) = (&self.connection, self.made.hold);
		let share: u32 = self.connection.constant("Optimae", "SeatPenalty").await?;
		let seat = Value::u128(self.made.seat.into());
		let arguments = [("round", self.round()), ("seat", seat), ("chunk", Value::u128(0)), ("class", unit("Small"))];
		let changes = |sent: &Sent| {
			let (_, _, _, _, _, _, burned, reward): Disproved = sent.event("Optimae", "ClaimDisproved")?;
			let penalty = u128::from(share) * hold / 1_000_000_000;
			ensure!(burned + reward == penalty, "{burned} are burned and {reward} paid of a penalty of {penalty}");
			let (_, _, released): (u64, AccountId32, u128) = sent.event("Optimae", "ModelReleased")?;
			// The rest of the hold and the hold of the model are released. The call is free, since the claim is false.
			ensure!(sent.fee == 0, "the fee is {}", sent.fee);
			let freed = signed(hold - penalty + released);
			Ok(vec![("friend", signed(reward), 0), ("main", freed, -signed(hold + released))])
		};
		let sent = c.send_and_compare(&c.friend, &call("Optimae", "challenge_claim", arguments), changes).await?;
		let (_, _, _, _, claimed, computed, _, _): Disproved = sent.event("Optimae", "ClaimDisproved")?;
		ensure!((claimed, computed) == (0, CHUNK_SUM), "{claimed} was claimed, and {computed} computed");
		let stored: Option<stored::Model> = sent.storage("Optimae", "Models", (self.made.model,)).await?;
		ensure!(stored.is_none(), "the model is still stored");
		Ok(sent)
	}
}
