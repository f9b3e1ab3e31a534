//! One client with subxt: its accounts, and calls that are sent and compared with the balances that they change.

use anyhow::{bail, ensure, Context, Result};
use codec::Encode;
use doin_primitives::blake2_256;
use std::{collections::BTreeMap, sync::Arc};
use subxt::{
	backend::LegacyBackend,
	config::{DefaultExtrinsicParamsBuilder, RpcConfigFor},
	dynamic::{self, Value},
	ext::{
		frame_decode::storage::{IntoDecodableValues, IntoEncodableValues},
		scale_decode::{DecodeAsFields, DecodeAsType},
		scale_value::Composite,
	},
	extrinsics::ExtrinsicEvents,
	rpcs::{LegacyRpcMethods, RpcClient},
	tx::{DynamicPayload, TransactionStatus},
	utils::AccountId32,
	OnlineClient, OnlineClientAtBlock, SubstrateConfig,
};
use subxt_signer::{sr25519::Keypair, SecretUri};

/// A block and the state after it.
pub type AtBlock = OnlineClientAtBlock<SubstrateConfig>;
/// A call with its arguments.
pub type Call = DynamicPayload<Composite<()>>;
/// Free, reserved and frozen balances by the name of the account, in plancks.
type Balances = BTreeMap<&'static str, [i128; 3]>;
/// Changes of free and reserved balances by the name of the account, in plancks.
pub type Changes = Vec<(&'static str, i128, i128)>;

/// Returns a call with arguments by name.
pub fn call<const N: usize>(pallet: &str, name: &str, arguments: [(&str, Value); N]) -> Call {
	dynamic::tx(pallet, name, Composite::named(arguments))
}

/// Returns a variant without fields.
pub fn unit(name: &str) -> Value {
	Value::unnamed_variant(name, [])
}

/// Returns the address of an account in the arguments of a call.
pub fn address(who: &AccountId32) -> Value {
	Value::unnamed_variant("Id", [Value::from_bytes(who.0)])
}

/// Returns `balances.transfer_keep_alive`.
pub fn transfer(to: &AccountId32, amount: u128) -> Call {
	call("Balances", "transfer_keep_alive", [("dest", address(to)), ("value", Value::u128(amount))])
}

/// Returns a call that a proxy of type `kind` sends in the name of `real`.
pub fn proxied(real: &AccountId32, kind: &str, inner: Call) -> Call {
	let kind = Value::unnamed_variant("Some", [unit(kind)]);
	call("Proxy", "proxy", [("real", address(real)), ("force_proxy_type", kind), ("call", inner.into_value())])
}

/// Returns a batch of calls that fails as a whole.
pub fn batch(calls: impl IntoIterator<Item = Call>) -> Call {
	call("Utility", "batch_all", [("calls", Value::unnamed_composite(calls.into_iter().map(Call::into_value)))])
}

/// Returns an amount as a change of a balance.
pub fn signed(amount: u128) -> i128 {
	i128::try_from(amount).expect("amounts are far below 2^127 plancks")
}

/// Keys of a storage item, one after the other.
pub trait Keys: IntoEncodableValues + IntoDecodableValues {}
impl<K: IntoEncodableValues + IntoDecodableValues> Keys for K {}

/// A call in a block.
pub struct Sent {
	/// Name of the call, `Pallet.call`.
	pub call: String,
	/// State after the block that includes the call.
	pub at: AtBlock,
	/// Fee that the signer paid, in plancks.
	pub fee: i128,
	events: ExtrinsicEvents<SubstrateConfig>,
}

impl Sent {
	/// Returns the names of the events of the call, `Pallet.Event`.
	pub fn events(&self) -> Vec<String> {
		let events = self.events.iter().filter_map(Result::ok);
		events.map(|event| format!("{}.{}", event.pallet_name(), event.event_name())).collect()
	}

	/// Returns the fields of the first event with this name, or `None` without one.
	fn find<F: DecodeAsFields>(&self, pallet: &str, name: &str) -> Result<Option<F>> {
		for event in self.events.iter() {
			let event = event?;
			if (event.pallet_name(), event.event_name()) == (pallet, name) {
				return Ok(Some(event.decode_fields_unchecked_as()?));
			}
		}
		Ok(None)
	}

	/// Returns the fields of the first event with this name.
	pub fn event<F: DecodeAsFields>(&self, pallet: &str, name: &str) -> Result<F> {
		self.find(pallet, name)?.with_context(|| format!("no event {pallet}.{name} among {:?}", self.events()))
	}

	/// Returns a storage value after the block, or `None` if nothing is stored and the item has no default.
	pub async fn storage<K: Keys, V: DecodeAsType>(&self, pallet: &str, item: &str, keys: K) -> Result<Option<V>> {
		storage(&self.at, pallet, item, keys).await
	}
}

/// Returns a storage value at a block, or `None` if nothing is stored and the item has no default.
async fn storage<K: Keys, V: DecodeAsType>(at: &AtBlock, pallet: &str, item: &str, keys: K) -> Result<Option<V>> {
	let found = at.storage().try_fetch(dynamic::storage::<K, V>(pallet, item), keys).await?;
	found.map(|value| value.decode().with_context(|| format!("{pallet}.{item}"))).transpose()
}

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
	free: u128,
	reserved: u128,
	frozen: u128,
}

/// An account that signs.
pub struct Account {
	keypair: Keypair,
	/// Identifier of the account.
	pub id: AccountId32,
}

impl Account {
	/// Returns the account of the development phrase with this path.
	pub fn dev(path: &str) -> Result<Self> {
		let keypair = Keypair::from_uri(&path.parse::<SecretUri>()?)?;
		let id = keypair.public_key().to_account_id();
		Ok(Self { keypair, id })
	}
}

/// A connection, and the accounts that it signs for.
pub struct Connection {
	api: OnlineClient<SubstrateConfig>,
	legacy: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
	/// Requests of the node that subxt has no method for.
	pub rpc: RpcClient,
	/// Account with money of the genesis.
	pub funder: Account,
	/// Account that acts.
	pub main: Account,
	/// Second signatory of the multisig, proxy and challenger.
	pub friend: Account,
	/// Account of the multisig of `main` and `friend`.
	pub multisig: AccountId32,
	/// Accounts whose balances are compared, by name.
	compared: Vec<(&'static str, AccountId32)>,
}

impl Connection {
	/// Connects to a node. `funder` is a development account, and `name` the prefix of the others.
	pub async fn open(url: &str, funder: &str, name: &str) -> Result<Self> {
		let rpc = RpcClient::from_url(url).await?;
		let backend = LegacyBackend::builder().build(rpc.clone());
		let api = OnlineClient::from_backend_with_config(SubstrateConfig::new(), Arc::new(backend)).await?;
		let (main, friend) = (Account::dev(&format!("//{name}//main"))?, Account::dev(&format!("//{name}//friend"))?);
		let mut signatories = vec![main.id.0, friend.id.0];
		signatories.sort_unstable();
		let multisig = AccountId32(blake2_256(&(b"modlpy/utilisuba", signatories, 2u16).encode()));
		let funder = Account::dev(funder)?;
		let compared = vec![("funder", funder.id), ("main", main.id), ("friend", friend.id), ("multisig", multisig)];
		Ok(Self { api, legacy: LegacyRpcMethods::new(rpc.clone()), rpc, funder, main, friend, multisig, compared })
	}

	/// Compares the balances of these accounts, in place of the connection's own.
	pub fn comparing(self, compared: Vec<(&'static str, AccountId32)>) -> Self {
		Self { compared, ..self }
	}

	/// Returns a constant of a pallet.
	pub async fn constant<T: DecodeAsType>(&self, pallet: &str, name: &str) -> Result<T> {
		Ok(self.best().await?.constants().entry(dynamic::constant::<T>(pallet, name))?)
	}

	/// Returns the state after the best block.
	pub async fn best(&self) -> Result<AtBlock> {
		let hash = self.legacy.chain_get_block_hash(None).await?.context("the node has a best block")?;
		Ok(self.api.at_block(hash).await?)
	}

	async fn balances(&self, at: &AtBlock) -> Result<Balances> {
		let mut balances = Balances::new();
		for (name, who) in &self.compared {
			let info: Option<AccountInfo> = storage(at, "System", "Account", (who.0,)).await?;
			balances
				.insert(*name, info.map_or([0; 3], |AccountInfo { data }| [data.free, data.reserved, data.frozen].map(signed)));
		}
		Ok(balances)
	}

	/// Signs a call, sends it, and waits until it is in a block.
	pub async fn send(&self, signer: &Account, call: &Call) -> Result<Sent> {
		let best = self.best().await?;
		let nonce = best.tx().account_nonce(&signer.id).await?;
		let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(nonce).build();
		let mut progress = best.tx().sign_and_submit_then_watch(call, &signer.keypair, params).await?;
		while let Some(status) = progress.next().await {
			match status? {
				TransactionStatus::InBestBlock(block) | TransactionStatus::InFinalizedBlock(block) => {
					let events = block.wait_for_success().await?;
					let name = format!("{}.{}", call.pallet_name(), call.call_name());
					let mut sent = Sent { call: name, at: block.at().await?, fee: 0, events };
					let paid: Option<(AccountId32, u128, u128)> = sent.find("TransactionPayment", "TransactionFeePaid")?;
					sent.fee = paid.map_or(0, |(_, fee, _)| signed(fee));
					return Ok(sent);
				}
				TransactionStatus::Error { message }
				| TransactionStatus::Invalid { message }
				| TransactionStatus::Dropped { message } => bail!("the pool reports: {message}"),
				_ => {}
			}
		}
		bail!("the node reports no block with the call")
	}

	/// Sends a call, and checks that it changes the balances of the accounts exactly as `changes` returns for the call in its block.
	pub async fn send_and_compare(
		&self,
		signer: &Account,
		call: &Call,
		changes: impl FnOnce(&Sent) -> Result<Changes>,
	) -> Result<Sent> {
		self.send_and_freeze(signer, call, 0, changes).await
	}

	/// Does what [`Self::send_and_compare`] does, for a call that also adds `frozen` plancks to the frozen balance of its signer.
	pub async fn send_and_freeze(
		&self,
		signer: &Account,
		call: &Call,
		frozen: i128,
		changes: impl FnOnce(&Sent) -> Result<Changes>,
	) -> Result<Sent> {
		let mut expected = self.balances(&self.best().await?).await?;
		let sent = self.send(signer, call).await?;
		for (name, free, reserved) in changes(&sent)? {
			let balance = expected.get_mut(name).with_context(|| format!("no account {name}"))?;
			balance[0] += free;
			balance[1] += reserved;
		}
		for (name, who) in &self.compared {
			if *who == signer.id {
				expected.entry(*name).or_default()[2] += frozen;
			}
		}
		let found = self.balances(&sent.at).await?;
		ensure!(found == expected, "balances are {found:?} in place of {expected:?}");
		Ok(sent)
	}
}
