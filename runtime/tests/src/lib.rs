//! Drives the real runtime as a node does: genesis from a preset, blocks with signed VRF pre-digests and signed transactions, all
//! through `Executive`.

pub mod blob;
pub mod code;
pub mod fuzz;
pub mod genomes;
pub mod import;
pub mod interface;
pub mod invariants;
pub mod round;
pub mod sealed;
pub mod upgrade;

use crate::code::Code;
use codec::Encode;
use doin_primitives::{Balance, Hash};
use doin_runtime::{
	pool_limits::CheckPoolLimits, AccountId, Babe, Balances, Block, BlockNumber, Executive, Header, Nonce, Runtime, RuntimeCall,
	RuntimeEvent, RuntimeGenesisConfig, SessionKeys, SignedPayload, System, TxExtension, UncheckedExtrinsic, VERSION,
};
use frame_support::traits::{fungible::Inspect, Get};
use sp_consensus_babe::{
	digests::{PreDigest, SecondaryPlainPreDigest, SecondaryVRFPreDigest},
	make_vrf_transcript, Slot, VrfInput, BABE_ENGINE_ID, RANDOMNESS_VRF_CONTEXT,
};
use sp_core::{
	crypto::VrfSecret,
	proof_of_possession::statement_of_ownership,
	sr25519,
	traits::{Externalities, ReadRuntimeVersion, ReadRuntimeVersionExt},
	Pair, H256,
};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{
	generic::Era,
	traits::{Header as _, TransactionExtension},
	transaction_validity::TransactionValidityError,
	ApplyExtrinsicResult, BuildStorage, Digest, DigestItem, DispatchError, ExtrinsicInclusionMode, MultiSignature,
};

/// `spec_version` and `transaction_version` of the native runtime.
const VERSIONS: (u32, u32) = (VERSION.spec_version, VERSION.transaction_version);
/// Slot of block 1.
const FIRST_SLOT: u64 = 1_000_000;

/// Chain under test: a state and the header of its last block.
pub struct Chain {
	ext: sp_io::TestExternalities,
	parent: Header,
	/// Runtime that executes the blocks, unless the native one does.
	code: Option<Code>,
	slot: u64,
	open: bool,
	/// Transactions of the open block, or of the last one.
	body: Vec<UncheckedExtrinsic>,
	/// `true` if the invariants of every pallet are checked after each block.
	checked: bool,
}

impl Chain {
	/// Returns the chain of a genesis preset, before its first block.
	pub fn preset(name: &str) -> Self {
		Self::from_genesis(preset_genesis(name))
	}

	/// Returns the chain of a genesis, before its first block.
	pub fn from_genesis(genesis: RuntimeGenesisConfig) -> Self {
		Self::from_state(sp_io::TestExternalities::new(genesis.build_storage().expect("genesis builds")), None)
	}

	/// Returns the chain of a genesis preset of another version, whose runtime executes the blocks until [`upgrade`](Self::upgrade).
	pub fn of_code(preset: &str, code: Code) -> Self {
		Self::from_state(code.genesis(preset), Some(code))
	}

	/// Returns the chain of a state, before its first block.
	fn from_state(ext: sp_io::TestExternalities, code: Option<Code>) -> Self {
		let parent = Header::new(0, H256::zero(), H256::repeat_byte(7), H256::zero(), Digest::default());
		Chain { ext, parent, code, slot: FIRST_SLOT, open: false, body: Vec::new(), checked: false }
	}

	/// Has the native runtime execute the blocks from the next one on, as after an upgrade.
	pub fn upgrade(&mut self) {
		assert!(!self.open, "a block is open");
		self.code = None;
	}

	/// Checks the invariants of every pallet after each block from now on.
	pub fn check_invariants(&mut self) {
		self.checked = true;
	}

	/// Has every code that an upgrade states read as this runtime with another `spec_version`. A node reads the version from the
	/// code.
	pub fn read_versions_as(&mut self, spec_version: u32) {
		let mut version = VERSION;
		version.spec_version = spec_version;
		self.ext.register_extension(ReadRuntimeVersionExt::new(FixedVersion(version.encode())));
	}

	/// Returns a copy of the chain between two blocks. The copy grows on its own.
	pub fn fork(&mut self) -> Self {
		assert!(!self.open, "a block is open");
		let mut ext = sp_io::TestExternalities::new_empty();
		ext.backend = self.ext.as_backend();
		Chain { ext, parent: self.parent.clone(), code: self.code.clone(), body: self.body.clone(), ..*self }
	}

	/// Runs `f` on the state.
	pub fn state<R>(&mut self, f: impl FnOnce() -> R) -> R {
		self.ext.execute_with(f)
	}

	/// Writes the changes of all blocks so far into the trie. The state root of a block is computed from all changes since then, so a
	/// chain of thousands of blocks is faster with it.
	pub fn flush(&mut self) {
		self.ext.commit_all().expect("the state can be committed");
	}

	/// Runs `f` on the state. Returns its result, and the sizes of the trie nodes and values that it reads, in bytes.
	pub fn reads<R>(&mut self, f: impl FnOnce() -> R) -> (R, Vec<usize>) {
		self.flush();
		let (result, proof) = self.ext.execute_and_prove(f);
		(result, proof.into_nodes().iter().map(Vec::len).collect())
	}

	/// Returns the number of the open block, or of the last one.
	pub fn number(&mut self) -> BlockNumber {
		self.state(System::block_number)
	}

	/// Opens a block.
	pub fn begin(&mut self) {
		self.begin_with(Claim::with_vrf);
	}

	/// Opens a block without a VRF output.
	pub fn begin_without_vrf(&mut self) {
		self.begin_with(Claim::without_vrf);
	}

	/// Leaves `count` slots without a block.
	pub fn skip_slots(&mut self, count: u64) {
		self.slot += count;
	}

	/// Returns the BABE key of the author of the next block, and the VRF output of that block. The author can compute the output
	/// before it builds the block.
	pub fn next_author(&mut self) -> (Sr25519Keyring, Hash) {
		let slot = self.slot;
		self.state(|| {
			let claim = Claim::of(slot.into());
			(claim.key, claim.output())
		})
	}

	/// Opens a block with the pre-digest that `pre_digest` returns for the claim of its slot.
	fn begin_with(&mut self, pre_digest: fn(&Claim) -> PreDigest) {
		assert!(!self.open, "a block is already open");
		let (slot, parent) = (self.slot, self.parent.clone());
		let header = self.ext.execute_with(|| {
			let pre_digest = pre_digest(&Claim::of(slot.into()));
			let digest = Digest { logs: vec![DigestItem::PreRuntime(BABE_ENGINE_ID, pre_digest.encode())] };
			Header::new(parent.number() + 1, H256::zero(), H256::zero(), parent.hash(), digest)
		});
		let mode = match &self.code {
			None => self.ext.execute_with(|| Executive::initialize_block(&header)),
			Some(code) => code.call(&mut self.ext, "Core_initialize_block", &header.encode()),
		};
		// Deadlines are block numbers: in a block without transactions they would pass while nobody can meet them.
		assert_eq!(mode, ExtrinsicInclusionMode::AllExtrinsics, "block {} (docs/adr/0064)", header.number());
		self.body.clear();
		let now = slot * self.state(Babe::slot_duration);
		let set = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
		self.apply_transaction(UncheckedExtrinsic::new_bare(set)).expect("valid").expect("the timestamp is set");
		self.parent = header;
		self.open = true;
	}

	/// Seals the open block and returns its header.
	pub fn end(&mut self) -> Header {
		assert!(self.open, "no block is open");
		let header = match &self.code {
			None => self.ext.execute_with(Executive::finalize_block),
			Some(code) => code.call(&mut self.ext, "BlockBuilder_finalize_block", &[]),
		};
		self.parent = header.clone();
		self.slot += 1;
		self.open = false;
		if self.checked {
			self.state(|| invariants::check(*header.number()));
		}
		header
	}

	/// Makes an empty block.
	pub fn block(&mut self) -> Header {
		self.begin();
		self.end()
	}

	/// Makes empty blocks up to block `number`.
	pub fn run_to(&mut self, number: BlockNumber) {
		while self.number() < number {
			self.block();
		}
	}

	/// Applies a signed transaction without a tip to the open block.
	pub fn apply(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> ApplyExtrinsicResult {
		self.apply_with_tip(who, call, 0)
	}

	/// Applies a signed transaction to the open block.
	pub fn apply_with_tip(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>, tip: Balance) -> ApplyExtrinsicResult {
		assert!(self.open, "no block is open");
		let call = call.into();
		let versions = self.code.as_ref().map_or(VERSIONS, |code| code.versions);
		let transaction = self.state(|| sign_for(versions, who, call, tip));
		self.apply_transaction(transaction)
	}

	/// Applies a transaction that was signed before, e.g. by [`sign_by`], to the open block.
	pub fn apply_signed(&mut self, transaction: UncheckedExtrinsic) -> ApplyExtrinsicResult {
		assert!(self.open, "no block is open");
		self.apply_transaction(transaction)
	}

	/// Applies a transaction to the block under construction.
	fn apply_transaction(&mut self, transaction: UncheckedExtrinsic) -> ApplyExtrinsicResult {
		let applied: ApplyExtrinsicResult = match &self.code {
			None => self.ext.execute_with(|| Executive::apply_extrinsic(transaction.clone())),
			Some(code) => code.call(&mut self.ext, "BlockBuilder_apply_extrinsic", &transaction.encode()),
		};
		if applied.is_ok() {
			self.body.push(transaction);
		}
		applied
	}

	/// Returns the last block, as its author passes it on, without the seal.
	pub fn last_block(&self) -> Block {
		assert!(!self.open, "a block is open");
		Block { header: self.parent.clone(), extrinsics: self.body.clone() }
	}

	/// Makes a block with one transaction, which has to succeed.
	pub fn ok(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> Header {
		self.ok_all([(who, call.into())])
	}

	/// Makes a block with these transactions, which have to succeed.
	pub fn ok_all(&mut self, calls: impl IntoIterator<Item = (Sr25519Keyring, RuntimeCall)>) -> Header {
		self.skip_session_block();
		self.begin();
		for (who, call) in calls {
			let applied = self.apply(who, call);
			assert_eq!(applied, Ok(Ok(())), "block {}", self.parent.number());
		}
		self.end()
	}

	/// Makes a block with one transaction, which is included and has to fail. Returns its error.
	pub fn fails(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> DispatchError {
		self.skip_session_block();
		self.begin();
		let applied = self.apply(who, call);
		self.end();
		applied.expect("the transaction is valid").expect_err("the call fails")
	}

	/// Makes a block with one transaction, which has to be invalid. Returns the reason.
	pub fn invalid(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> TransactionValidityError {
		self.skip_session_block();
		self.begin();
		let applied = self.apply(who, call);
		self.end();
		applied.expect_err("the transaction is invalid")
	}

	/// Makes the next block if it is the first of a session, since that block takes no transactions.
	pub fn skip_session_block(&mut self) {
		let slot = self.slot;
		let next = self.state(|| {
			let start = *Babe::current_epoch_start();
			start != 0 && slot >= start + <Runtime as pallet_babe::Config>::EpochDuration::get()
		});
		if next {
			self.block();
		}
	}

	/// Returns the events of the open block, or of the last one.
	pub fn events(&mut self) -> Vec<RuntimeEvent> {
		self.state(|| System::events().into_iter().map(|record| record.event).collect())
	}

	/// Returns the total balance of an account, in plancks, holds included.
	pub fn total(&mut self, who: &AccountId) -> Balance {
		self.state(|| <Balances as Inspect<AccountId>>::total_balance(who))
	}

	/// Returns the total issuance, in plancks.
	pub fn issuance(&mut self) -> Balance {
		self.state(Balances::total_issuance)
	}
}

/// Encoded version of every code.
struct FixedVersion(Vec<u8>);
impl ReadRuntimeVersion for FixedVersion {
	fn read_runtime_version(&self, _: &[u8], _: &mut dyn Externalities) -> Result<Vec<u8>, String> {
		Ok(self.0.clone())
	}
}

/// Right to author the block of a secondary slot.
struct Claim {
	slot: Slot,
	/// Place of the author among the authorities of the slot's epoch.
	place: u32,
	/// BABE key of the author.
	key: Sr25519Keyring,
	/// Input of the author's VRF.
	input: VrfInput,
}

impl Claim {
	/// Returns the claim of a slot after the present state. The authorities take turns.
	fn of(slot: Slot) -> Self {
		let (start, duration) = (Babe::current_epoch_start(), <Runtime as pallet_babe::Config>::EpochDuration::get());
		let turned = *start != 0 && *slot >= *start + duration;
		let epoch = if turned { Babe::next_epoch() } else { Babe::current_epoch() };
		// An epoch without blocks leaves its authorities and its randomness to the next one.
		let skipped = if turned { (*slot - *epoch.start_slot) / duration } else { 0 };
		assert!(!epoch.authorities.is_empty(), "nobody can author a block of epoch {}", epoch.epoch_index);
		let place = *slot as usize % epoch.authorities.len();
		let public: &sr25519::Public = epoch.authorities[place].0.as_ref();
		let key = Sr25519Keyring::from_public(public).expect("authorities have development keys");
		let input = make_vrf_transcript(&epoch.randomness, slot, epoch.epoch_index + skipped);
		Self { slot, place: place as u32, key, input }
	}

	/// Returns the VRF output, which the beacon folds in.
	fn output(&self) -> Hash {
		self.key.pair().make_bytes(RANDOMNESS_VRF_CONTEXT, &self.input)
	}

	/// Returns the pre-digest with the signed VRF output.
	fn with_vrf(&self) -> PreDigest {
		let vrf_signature = self.key.pair().vrf_sign(&self.input.clone().into());
		PreDigest::SecondaryVRF(SecondaryVRFPreDigest { authority_index: self.place, slot: self.slot, vrf_signature })
	}

	/// Returns the pre-digest without a VRF output.
	fn without_vrf(&self) -> PreDigest {
		PreDigest::SecondaryPlain(SecondaryPlainPreDigest { authority_index: self.place, slot: self.slot })
	}
}

/// Returns the genesis of a preset.
pub fn preset_genesis(name: &str) -> RuntimeGenesisConfig {
	let patch = doin_runtime::genesis_config_presets::get_preset(&name.into()).unwrap_or_else(|| panic!("preset {name}"));
	let patch: serde_json::Value = serde_json::from_slice(&patch).expect("presets are JSON");
	let mut genesis = serde_json::to_value(RuntimeGenesisConfig::default()).expect("the default genesis is JSON");
	merge(&mut genesis, patch);
	serde_json::from_value(genesis).expect("a preset fits the genesis")
}

/// Returns the call by which `who` sets session keys, with the proof that it has them.
pub fn set_keys(who: Sr25519Keyring, babe: Sr25519Keyring, grandpa: Ed25519Keyring) -> RuntimeCall {
	let keys = SessionKeys { grandpa: grandpa.public().into(), babe: babe.public().into() };
	let statement = statement_of_ownership(&who.to_account_id().encode());
	let proof = (grandpa.pair().sign(&statement), babe.pair().sign(&statement)).encode();
	pallet_session::Call::set_keys { keys, proof }.into()
}

/// Returns a transaction as a wallet sends it.
pub fn sign(who: Sr25519Keyring, call: RuntimeCall, tip: Balance) -> UncheckedExtrinsic {
	sign_for(VERSIONS, who, call, tip)
}

/// Returns a transaction with a nonce, as a program sends it that does not wait for the one before.
pub fn sign_with_nonce(who: Sr25519Keyring, call: RuntimeCall, nonce: Nonce) -> UncheckedExtrinsic {
	sign_by(&who.pair(), call, nonce)
}

/// Returns a transaction of the account of any key, with a nonce.
pub fn sign_by(key: &sr25519::Pair, call: RuntimeCall, nonce: Nonce) -> UncheckedExtrinsic {
	sign_with(VERSIONS, key, call, (nonce, 0))
}

/// Returns a transaction for a runtime of these versions.
fn sign_for(versions: (u32, u32), who: Sr25519Keyring, call: RuntimeCall, tip: Balance) -> UncheckedExtrinsic {
	sign_with(versions, &who.pair(), call, (System::account_nonce(who.to_account_id()), tip))
}

/// Returns a transaction with this nonce and tip.
fn sign_with(versions: (u32, u32), key: &sr25519::Pair, call: RuntimeCall, (nonce, tip): (Nonce, Balance)) -> UncheckedExtrinsic {
	let account = AccountId::new(key.public().0);
	let extension: TxExtension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(Era::Immortal),
		CheckPoolLimits,
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(tip),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	);
	let mut implicit = TransactionExtension::<RuntimeCall>::implicit(&extension).expect("the extension is complete");
	(implicit.2, implicit.3) = versions;
	let payload = SignedPayload::from_raw(call, extension, implicit);
	let signature = MultiSignature::Sr25519(payload.using_encoded(|bytes| key.sign(bytes)));
	let (call, extension, _) = payload.deconstruct();
	UncheckedExtrinsic::new_signed(call, account.into(), signature, extension)
}

/// Applies a JSON merge patch, as the genesis builder does.
fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
	match (into, patch) {
		(serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(serde_json::Value::Null), value);
			}
		}
		(into, patch) => *into = patch,
	}
}
