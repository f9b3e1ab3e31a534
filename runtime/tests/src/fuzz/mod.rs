//! Model-based fuzz of the assembled runtime: random sequences of calls, blocks without VRF output, skipped slots and full
//! blocks, all through `Executive`.
//!
//! An [`Operation`] is a kind and three numbers, which [`World::run`] interprets in the present state, e.g. as "answer the second
//! open task with false sums". Every operation therefore makes sense in every state, and proptest shrinks a failing sequence by
//! leaving operations out. After each block the invariants of all pallets hold, and the issuance is the one that the [`Ledger`]
//! expects from the events. Every few blocks, deposits, votes, locks and pools add up.

mod calls;
mod forecasts;
mod genesis;
mod holders;
mod ledger;
mod operation;
mod sealed;
mod servers;

pub use genesis::{genesis, DRIFT, LONG_WINDOWS};
pub use ledger::Ledger;
pub use operation::{operations, Kind, Operation};

use crate::{invariants, Chain};
use doin_primitives::{
	payload::{Challenge, Reveal, Sums},
	Hash, RoundId, RoundParams, TaskId,
};
use doin_runtime::{configs::system::RuntimeBlockLength, Runtime, RuntimeCall, RuntimeEvent, System, Timing};
use frame_support::dispatch::DispatchClass;
use pallet_doin_forecasts::types::Forecast;
use pallet_doin_optimae::Event as OptimaeEvent;
use sp_keyring::Sr25519Keyring;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
use std::collections::BTreeMap;

/// Accounts that send calls, all funded.
pub const ACTORS: [Sr25519Keyring; 14] = [
	Sr25519Keyring::Alice,
	Sr25519Keyring::Bob,
	Sr25519Keyring::Charlie,
	Sr25519Keyring::Dave,
	Sr25519Keyring::Eve,
	Sr25519Keyring::Ferdie,
	Sr25519Keyring::One,
	Sr25519Keyring::Two,
	Sr25519Keyring::AliceStash,
	Sr25519Keyring::BobStash,
	Sr25519Keyring::CharlieStash,
	Sr25519Keyring::DaveStash,
	Sr25519Keyring::EveStash,
	Sr25519Keyring::FerdieStash,
];

/// Name under which payments are counted that a purse did not cover.
pub const PAID_IN_PART: &str = "Evidence::PurseSpent in part";

/// Blocks between two checks of what the calls of holders conserve. A difference stays, so that the next check finds it.
const HOLDERS_CHECKED: u32 = 8;

/// A commitment that an actor can reveal.
#[derive(Clone, Debug)]
struct Secret<Scope, Payload> {
	who: Sr25519Keyring,
	scope: Scope,
	payload: Payload,
}

/// Counts of what happened, to see that the fuzz reaches the interesting states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
	/// Operations that were run.
	pub operations: u64,
	/// Calls that were included and succeeded.
	pub succeeded: u64,
	/// Calls that were included and failed.
	pub failed: u64,
	/// Transactions that were not valid, e.g. since the sender cannot pay.
	pub invalid: u64,
	/// Blocks that were checked.
	pub blocks: u64,
}

impl Coverage {
	/// Adds the counts of another chain.
	pub fn add(&mut self, other: Self) {
		self.operations += other.operations;
		self.succeeded += other.succeeded;
		self.failed += other.failed;
		self.invalid += other.invalid;
		self.blocks += other.blocks;
	}
}

/// A chain under fuzz with the secrets of its actors.
pub struct World {
	chain: Chain,
	genesis_hash: Hash,
	ledger: Ledger,
	reveals: Vec<Secret<RoundId, Reveal>>,
	sums: Vec<Secret<TaskId, Sums>>,
	challenges: Vec<Secret<TaskId, Challenge>>,
	forecasts: Vec<Secret<RoundId, Forecast>>,
	/// Encodings of champions that servers have answered with, by their hashes.
	champions: BTreeMap<Hash, Vec<u8>>,
	coverage: Coverage,
	events: BTreeMap<String, u64>,
}

impl World {
	/// Returns a new chain in its second block: block 0 has no hash before block 1 has begun. Rounds have these lengths.
	pub fn new(rounds: RoundParams) -> Self {
		let mut chain = Chain::from_genesis(genesis(rounds));
		let ledger = Ledger::new(&mut chain);
		chain.block();
		let genesis_hash = chain.genesis_hash();
		let mut world = Self {
			chain,
			genesis_hash,
			ledger,
			reveals: Vec::new(),
			sums: Vec::new(),
			challenges: Vec::new(),
			forecasts: Vec::new(),
			champions: BTreeMap::new(),
			coverage: Coverage::default(),
			events: BTreeMap::new(),
		};
		world.check();
		world.chain.begin();
		// The unweighted domain has evaluators too.
		for who in &ACTORS[8..] {
			world.apply(*who, pallet_doin_evaluators::Call::serve { domain: 1 }.into());
		}
		world.make_sealed_domain();
		world
	}

	/// Returns the counts so far.
	pub fn coverage(&self) -> Coverage {
		self.coverage
	}

	/// Returns how often each event was deposited, by `Pallet::Event`, and how often each call succeeded or failed, by its error.
	/// Rounds that are not paid are also counted by their reasons, and payments in part as [`PAID_IN_PART`].
	pub fn events(&self) -> &BTreeMap<String, u64> {
		&self.events
	}

	/// Runs one operation in the open block.
	pub fn run(&mut self, operation: Operation) {
		self.coverage.operations += 1;
		match operation.kind {
			Kind::Block => {
				let holders = self.holders_calls(operation).into_iter();
				let forecasters = self.forecasters_call(operation);
				let servers = self.servers_calls(operation.a.rotate_left(19) ^ operation.b);
				for (who, call) in holders.chain(forecasters).chain(servers) {
					self.apply(who, call);
				}
				self.next_block(Chain::begin);
			}
			Kind::Blocks => (0..operation.a % 12).for_each(|_| self.next_block(Chain::begin)),
			Kind::BlockWithoutVrf => self.next_block(Chain::begin_without_vrf),
			Kind::SkipSlots => {
				self.close();
				self.chain.skip_slots(u64::from(operation.a % 40));
				self.chain.begin();
				self.report();
			}
			Kind::FillBlocks => {
				for _ in 0..operation.a % 6 + 1 {
					self.fill();
					self.next_block(Chain::begin);
				}
			}
			Kind::FillWindow => self.fill_window(operation.a),
			Kind::NextPhase => {
				for _ in 0..self.blocks_of_phase(operation.a) {
					self.next_block(Chain::begin);
				}
			}
			Kind::Work => {
				let calls = self.work(operation.a).into_iter().chain(self.forecasters_work(operation.b));
				let servers = self.servers_calls(operation.a.rotate_left(19) ^ operation.b);
				for (who, call) in calls.chain(servers) {
					self.apply(who, call);
				}
			}
			_ => {
				let (who, call) = self.call(operation);
				if let Some(call) = call {
					self.apply(who, call);
				}
			}
		}
	}

	/// Ends the chain: makes enough empty blocks for every round and task to end, and checks that none is left.
	pub fn finish(&mut self) {
		let rounds = self.chain.state(<Timing as doin_traits::Timing>::rounds);
		// A segment comes after the commits, and its window and that of the reveals can be doubled.
		let longest = rounds.longest() + 2 * rounds.evidence + rounds.reveal;
		for _ in 0..5 * longest {
			self.next_block(Chain::begin);
			let count_rounds = pallet_doin_optimae::Rounds::<Runtime>::count;
			let count_tasks = pallet_doin_recomputation::Tasks::<Runtime>::count;
			if self.chain.state(|| count_rounds() + count_tasks()) == 0 {
				return self.check_seats_are_released();
			}
		}
		panic!("rounds or tasks are open long after their deadlines");
	}

	/// Checks that no account has a hold for a seat, once no round is open.
	fn check_seats_are_released(&mut self) {
		use pallet_doin_optimae::HoldReason::{Seat, SeatFee, Stake};
		self.chain.state(|| {
			for (who, holds) in pallet_balances::Holds::<Runtime>::iter() {
				for hold in holds {
					let stranded = [SeatFee, Seat, Stake].into_iter().any(|reason| hold.id == reason.into());
					assert!(!stranded || hold.amount == 0, "{who:?} has a hold of a seat after all rounds: {hold:?}");
				}
			}
		});
	}

	/// Sends a transaction of `who`.
	fn apply(&mut self, who: Sr25519Keyring, call: RuntimeCall) {
		use frame_support::traits::GetCallMetadata;
		let name = call.get_call_metadata();
		let outcome = match self.chain.apply(who, call) {
			Ok(Ok(())) => {
				self.coverage.succeeded += 1;
				"succeeded".into()
			}
			Ok(Err(error)) => {
				self.coverage.failed += 1;
				let error: &'static str = error.into();
				format!("failed: {error}")
			}
			Err(invalid) => {
				self.coverage.invalid += 1;
				let invalid: &'static str = invalid.into();
				format!("invalid: {invalid}")
			}
		};
		*self.events.entry(format!("{}.{} {outcome}", name.pallet_name, name.function_name)).or_default() += 1;
	}

	/// Fills the rest of the block with one transaction that only pays for its length, of the first account that can pay for it.
	fn fill(&mut self) {
		/// Bytes of the transaction beside its remark, at most.
		const ENVELOPE: u32 = 256;
		let most = *RuntimeBlockLength::get().max.get(DispatchClass::Normal);
		let left = most.saturating_sub(self.chain.state(System::block_size)).saturating_sub(ENVELOPE);
		let call = RuntimeCall::System(frame_system::Call::remark { remark: vec![0; left as usize] });
		let first = self.chain.number() as usize;
		for who in ACTORS.into_iter().cycle().skip(first % ACTORS.len()).take(ACTORS.len()) {
			match self.chain.apply(who, call.clone()) {
				// The first block of a session takes no transactions.
				Ok(Ok(())) | Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => return,
				_ => {}
			}
		}
	}

	/// Seals the open block, checks the state, and opens the next block, with the reports that are due in it.
	fn next_block(&mut self, open: fn(&mut Chain)) {
		self.close();
		open(&mut self.chain);
		self.report();
	}

	/// Seals the open block and checks the state.
	fn close(&mut self) {
		self.chain.end();
		self.check();
	}

	/// Checks the invariants of every pallet and the issuance.
	///
	/// # Panics
	///
	/// Panics with the first invariant that does not hold.
	fn check(&mut self) {
		self.coverage.blocks += 1;
		let number = self.chain.number();
		let events = self.chain.events();
		for event in &events {
			let text = format!("{event:?}");
			let name = text.split([' ', '{', ')']).next().unwrap_or_default().replace("(Event::", "::");
			*self.events.entry(name).or_default() += 1;
			if let RuntimeEvent::Optimae(OptimaeEvent::RoundUnpaid { reason, .. }) = event {
				*self.events.entry(format!("Optimae::RoundUnpaid {reason:?}")).or_default() += 1;
			}
		}
		let in_part = self.payments_in_part(&events);
		if in_part > 0 {
			*self.events.entry(PAID_IN_PART.into()).or_default() += in_part;
		}
		if let Err(broken) = self.ledger.check(&mut self.chain, &events) {
			panic!("block {number}: {broken}");
		}
		if number.is_multiple_of(HOLDERS_CHECKED) {
			if let Err(broken) = self.chain.state(holders::check) {
				panic!("block {number}: {broken}");
			}
		}
		self.chain.state(|| invariants::check(number));
	}
}
