//! A chain of headers in memory: client, import and BABE's part of an import, as far as the wrapper of DOIN uses them.

use codec::Encode;
use doin_node::consensus::{fork_choice::Rank, import::WorkBlockImport};
use doin_primitives::{DoinLog, DOIN_ENGINE_ID};
use doin_runtime::{
	opaque::{Block, Header},
	Hash,
};
use parking_lot::Mutex;
use sc_client_api::{
	backend::AuxStore,
	blockchain::{BlockStatus, Info, Result as ChainResult},
	HeaderBackend,
};
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult};
use sc_consensus_babe::aux_schema::{block_weight_key, load_block_weight};
use sp_consensus::{BlockOrigin, Error};
use sp_runtime::{traits::Header as _, Digest, DigestItem};
use std::{collections::HashMap, sync::Arc};

/// Returns the item with the content `log`.
pub fn item(log: &DoinLog) -> DigestItem {
	DigestItem::Consensus(DOIN_ENGINE_ID, log.encode())
}

/// Returns a header with `logs` on top of `parent`. Headers with another `salt` are other blocks.
pub fn header(parent: &Header, salt: u8, logs: Vec<DigestItem>) -> Header {
	Header::new(parent.number + 1, Hash::repeat_byte(salt), Default::default(), parent.hash(), Digest { logs })
}

/// Returns the header of block 0.
pub fn genesis() -> Header {
	Header::new(0, Default::default(), Default::default(), Default::default(), Digest::default())
}

/// Database of a node, and the import below the wrapper.
#[derive(Default)]
pub struct Store {
	headers: HashMap<Hash, Header>,
	aux: HashMap<Vec<u8>, Vec<u8>>,
	best: Head,
	/// Blocks that reached the import below the wrapper, with their fork choice.
	pub imported: Vec<(Hash, Option<ForkChoiceStrategy>)>,
	/// `true` if the import below the wrapper refuses every block.
	pub refuses: bool,
}

/// Hash and number of a block.
type Head = (Hash, u32);

/// Handle of a [`Store`].
#[derive(Clone, Default)]
pub struct Client(pub Arc<Mutex<Store>>);

impl HeaderBackend<Block> for Client {
	fn header(&self, hash: Hash) -> ChainResult<Option<Header>> {
		Ok(self.0.lock().headers.get(&hash).cloned())
	}

	fn info(&self) -> Info<Block> {
		let (best_hash, best_number) = self.0.lock().best;
		let genesis_hash = genesis().hash();
		Info {
			best_hash,
			best_number,
			genesis_hash,
			finalized_hash: genesis_hash,
			finalized_number: 0,
			finalized_state: None,
			number_leaves: 1,
			block_gap: None,
		}
	}

	fn status(&self, hash: Hash) -> ChainResult<BlockStatus> {
		Ok(if self.0.lock().headers.contains_key(&hash) { BlockStatus::InChain } else { BlockStatus::Unknown })
	}

	fn number(&self, hash: Hash) -> ChainResult<Option<u32>> {
		Ok(self.0.lock().headers.get(&hash).map(|header| header.number))
	}

	fn hash(&self, number: u32) -> ChainResult<Option<Hash>> {
		let store = self.0.lock();
		Ok(store.headers.iter().find(|(_, header)| header.number == number).map(|(hash, _)| *hash))
	}
}

impl AuxStore for Client {
	fn insert_aux<'a, 'b: 'a, 'c: 'a, I, D>(&self, insert: I, delete: D) -> ChainResult<()>
	where
		I: IntoIterator<Item = &'a (&'c [u8], &'c [u8])>,
		D: IntoIterator<Item = &'a &'b [u8]>,
	{
		let mut store = self.0.lock();
		for (key, value) in insert {
			store.aux.insert(key.to_vec(), value.to_vec());
		}
		for key in delete {
			store.aux.remove(*key);
		}
		Ok(())
	}

	fn get_aux(&self, key: &[u8]) -> ChainResult<Option<Vec<u8>>> {
		Ok(self.0.lock().aux.get(key).cloned())
	}
}

#[async_trait::async_trait]
impl BlockImport<Block> for Client {
	type Error = Error;

	async fn check_block(&self, _: BlockCheckParams<Block>) -> Result<ImportResult, Error> {
		Ok(ImportResult::imported(false))
	}

	async fn import_block(&self, block: BlockImportParams<Block>) -> Result<ImportResult, Error> {
		let (hash, number) = (block.post_hash(), block.header.number);
		let mut store = self.0.lock();
		if store.refuses {
			return Err(Error::ClientImport("execution failed".into()));
		}
		store.imported.push((hash, block.fork_choice));
		store.headers.insert(hash, block.header);
		for (key, value) in block.auxiliary {
			store.aux.insert(key, value.expect("the tests delete nothing"));
		}
		let is_new_best = block.fork_choice == Some(ForkChoiceStrategy::Custom(true));
		if is_new_best {
			store.best = (hash, number);
		}
		Ok(ImportResult::imported(is_new_best))
	}
}

/// A block of a test, with its rank.
#[derive(Clone, Debug)]
pub struct TestBlock {
	/// Header.
	pub header: Header,
	/// Rank of the chain that ends with it.
	pub rank: Rank,
}

impl TestBlock {
	/// Returns block 0.
	pub fn genesis() -> Self {
		Self { header: genesis(), rank: Rank { primary_slots: 0, blocks: 0, work_blocks: 0 } }
	}

	/// Returns a block on top of this one: in a primary slot or a secondary one, and with a seal or without.
	pub fn child(&self, salt: u8, is_primary: bool, is_sealed: bool) -> Self {
		let Rank { primary_slots, blocks, work_blocks } = self.rank;
		let work_blocks = work_blocks + u64::from(is_sealed);
		let log = DoinLog::V1 { work_index: work_blocks, seal: is_sealed.then_some((7, 7)) };
		Self {
			header: header(&self.header, salt, vec![item(&log)]),
			rank: Rank { primary_slots: primary_slots + u32::from(is_primary), blocks: blocks + 1, work_blocks },
		}
	}

	/// Returns the hash of the block.
	pub fn hash(&self) -> Hash {
		self.header.hash()
	}
}

/// A node that knows block 0.
pub struct Node {
	/// Database.
	pub client: Client,
}

impl Node {
	/// Returns a new node.
	pub fn new() -> Self {
		let client = Client::default();
		{
			let mut store = client.0.lock();
			let genesis = genesis();
			store.best = (genesis.hash(), 0);
			store.headers.insert(genesis.hash(), genesis);
		}
		Self { client }
	}

	/// Returns the wrapper under test, as a node that was just started has it.
	pub fn wrapper(&self) -> WorkBlockImport<Client, Client> {
		WorkBlockImport::new(self.client.clone(), Arc::new(self.client.clone()))
	}

	/// Passes `block` to the wrapper.
	pub fn pass(&self, block: BlockImportParams<Block>) -> Result<ImportResult, Error> {
		futures::executor::block_on(self.wrapper().import_block(block))
	}

	/// Imports `header` as BABE does: its chain has `primary_slots`.
	pub fn import_header(&self, header: Header, primary_slots: u32) -> Result<ImportResult, Error> {
		let info = self.client.info();
		let best = load_block_weight(&self.client, info.best_hash).expect("the store answers").unwrap_or(0);
		let is_better = (primary_slots, header.number) > (best, info.best_number);
		let mut block = BlockImportParams::new(BlockOrigin::NetworkBroadcast, header);
		let key = block_weight_key(block.post_hash());
		block.auxiliary.push((key, Some(primary_slots.encode())));
		block.fork_choice = Some(ForkChoiceStrategy::Custom(is_better));
		self.pass(block)
	}

	/// Imports `block` as BABE does, and returns whether it became the best block.
	pub fn import(&self, block: &TestBlock) -> bool {
		self.import_header(block.header.clone(), block.rank.primary_slots).expect("the block is valid");
		self.best() == block.hash()
	}

	/// Returns the hash of the best block.
	pub fn best(&self) -> Hash {
		self.client.info().best_hash
	}
}
