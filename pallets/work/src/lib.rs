//! Work blocks: the queue of verified improvement, seals, emission and difficulty.
//!
//! # Pallet API
//!
//! - [`Work`]: other pallets append verified improvement to the queue.
//! - [`EraShare`] and [`SettleFromPot`]: the generators' share, for the runtime's `EraPayout` and staking's `Reward`.
//! - The digest item `DOIN` in every header: number of work blocks so far, and this block's seal.
//! - [`Pallet::view`], what RPC shows.
//!
//! No calls: nobody decides when a work block is sealed or what it pays.
//!
//! # Overview
//!
//! New DOIN exist only because somebody's better solution was recomputed and found to be better. Each such improvement enters a queue as
//! a number of bits, its *effective improvement*. When the queue holds the threshold T, a *work block* is sealed: it takes T from the head
//! of the queue and mints the reward R, 65 % to the optimizers that found the improvements, 30 % to the evaluators that verified
//! them, 5 % to the generators of blocks. The reward halves every 210 000 work blocks; 21 million DOIN are the most that are ever mined.
//! T follows the pace of discovery, so that a work block takes ten minutes on average whether many or few search.
//!
//! # Design
//!
//! *A unit of improvement is always worth R / T.* A seal that takes less than T mints less than R in proportion, and what lies beyond T keeps
//! its place in the queue. Cutting an improvement into slices, waiting for an empty queue and flooding it therefore gain nothing.
//!
//! *Bounded.* The queue holds [`MAX_QUEUE`] entries; when it is full, verdicts wait. A seal visits at most [`MAX_ENTRIES`] of them.
//!
//! *Exact.* Shares are cut from running totals, so that the parts of 65 % and of 30 % add up to the unit, and what integer division leaves of
//! the whole goes to the generators. A part that nobody earned (an improvement verified by the chain itself), or that an account
//! cannot receive (new, and below the existential deposit), is not minted.
//!
//! *The generators' share* is minted into a pot at once, and paid by staking from there era by era: staking cannot mint exact shares itself,
//! since it rounds, and forgets what is not claimed. What it rounds away stays in the pot, visible.

#![cfg_attr(not(feature = "std"), no_std)]
// FRAME's macros spell out the paths of what they generate.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

pub use pallet::*;
pub use types::{Queue, Role};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

use alloc::{collections::BTreeMap, vec::Vec};
use codec::Encode;
use core::marker::PhantomData;
use doin_primitives::{
	difficulty::{due, Bounds, Difficulty},
	emission,
	views::{SealView, WorkEntryView, WorkView},
	Balance, BlockNumber, DoinLog, DOIN_ENGINE_ID, ONE_Q32, Q32,
};
use doin_primitives_frame::{Eff, EraShare, Work};
use frame_support::{
	defensive,
	traits::{
		fungible::{Balanced, Debt, Inspect, Mutate},
		tokens::Preservation,
		Get, Imbalance, OnUnbalanced,
	},
	weights::Weight,
	PalletId,
};
use sp_runtime::{traits::AccountIdConversion, DigestItem, SaturatedConversion};

/// Most entries in the queue.
pub const MAX_QUEUE: u32 = 1_024;
/// Most entries one seal takes from.
pub const MAX_ENTRIES: u32 = 32;
/// Lowest floor of T: below it, a step of one percent rounds to nothing.
pub const MIN_FLOOR: Q32 = 100;
/// Highest ceiling of T: a million bits.
pub const MAX_CEILING: Q32 = ONE_Q32 << 20;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The token that is minted.
		type Currency: Mutate<Self::AccountId, Balance = Balance> + Balanced<Self::AccountId>;

		/// Blocks from one work block to the next that difficulty aims at, at least 4. From genesis; it never changes.
		type TargetSpacing: Get<BlockNumber>;

		/// The generators' pot.
		#[pallet::constant]
		type PotId: Get<PalletId>;

		/// Weights of the hooks.
		type WeightInfo: WeightInfo;
	}

	/// Improvement waiting to be sealed, by place in the queue.
	#[pallet::storage]
	pub type Entries<T: Config> = StorageMap<_, Twox64Concat, u64, Eff<T::AccountId>>;

	/// Where the queue begins and ends, and what it holds.
	#[pallet::storage]
	pub type QueueState<T> = StorageValue<_, Queue, ValueQuery>;

	/// Work blocks sealed so far.
	#[pallet::storage]
	pub type WorkBlocks<T> = StorageValue<_, u64, ValueQuery>;

	/// The threshold T, and what moves it.
	#[pallet::storage]
	pub type DifficultyState<T> = StorageValue<_, Difficulty, ValueQuery>;

	/// Limits of T. From genesis; they never change.
	#[pallet::storage]
	pub type ThresholdBounds<T> = StorageValue<_, Bounds, ValueQuery>;

	/// Everything mined so far, at most 21 million DOIN.
	#[pallet::storage]
	pub type Mined<T> = StorageValue<_, Balance, ValueQuery>;

	/// Generators' share since the last era was paid out.
	#[pallet::storage]
	pub type EraAccrual<T> = StorageValue<_, Balance, ValueQuery>;

	/// The last seal.
	#[pallet::storage]
	pub type LastSeal<T> = StorageValue<_, SealView, OptionQuery>;

	/// Where difficulty starts, and where it may go.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T> {
		/// The first T, Q32 bits.
		pub threshold: Q32,
		/// Lowest T, Q32 bits, at least 100.
		pub floor: Q32,
		/// Highest T, Q32 bits, at most a million bits.
		pub ceiling: Q32,
		/// The runtime.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	impl<T> Default for GenesisConfig<T> {
		/// A sixteenth of a bit, between 2⁻¹⁶ bit and 1 024 bits.
		fn default() -> Self {
			Self { threshold: ONE_Q32 >> 4, floor: ONE_Q32 >> 16, ceiling: ONE_Q32 << 10, _config: PhantomData }
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.floor >= MIN_FLOOR, "work genesis: floor must be at least {MIN_FLOOR}, or T could never leave it");
			assert!(self.ceiling <= MAX_CEILING, "work genesis: ceiling must be at most {MAX_CEILING}");
			assert!(
				(self.floor..=self.ceiling).contains(&self.threshold),
				"work genesis: threshold must be between floor and ceiling"
			);
			ThresholdBounds::<T>::put(Bounds { floor: self.floor, ceiling: self.ceiling });
			DifficultyState::<T>::put(Difficulty::new(self.threshold, T::TargetSpacing::get()));
			// Keeps the pot alive when an era takes everything out of it.
			let missing = T::Currency::minimum_balance().saturating_sub(T::Currency::balance(&Pallet::<T>::pot()));
			if missing > 0 {
				assert!(
					T::Currency::mint_into(&Pallet::<T>::pot(), missing).is_ok(),
					"work genesis: the generators' pot could not be endowed"
				);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An improvement was verified and entered the queue.
		Enqueued {
			/// The round that earned it.
			round: doin_primitives::RoundId,
			/// Effective improvement, Q32 bits.
			eff: Q32,
			/// Who found it.
			optimizer: T::AccountId,
		},
		/// A work block was sealed.
		Sealed {
			/// Its number, from 1.
			work_block: u64,
			/// Effective improvement taken, Q32 bits.
			taken: Q32,
			/// T when it was sealed, Q32 bits.
			threshold: Q32,
			/// Everything minted.
			minted: Balance,
			/// Minted to optimizers.
			optimizers: Balance,
			/// Minted to evaluators.
			evaluators: Balance,
			/// Minted to the generators' pot.
			generator: Balance,
		},
		/// An account was paid for its part in a work block.
		Rewarded {
			/// The account.
			who: T::AccountId,
			/// What was minted to it.
			amount: Balance,
			/// What it did.
			role: Role,
		},
		/// An account could not receive its part, which was not minted. It has to hold the existential deposit to be paid small amounts.
		Unpaid {
			/// The account.
			who: T::AccountId,
			/// What was not minted.
			amount: Balance,
			/// What it did.
			role: Role,
		},
		/// Difficulty moved.
		ThresholdChanged {
			/// T before, Q32 bits.
			old: Q32,
			/// T from now on, Q32 bits.
			new: Q32,
		},
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			let now: BlockNumber = now.saturated_into();
			let mut weight = T::WeightInfo::on_initialize();
			let queue = QueueState::<T>::get();
			let difficulty = DifficultyState::<T>::get();
			let target = T::TargetSpacing::get();
			let elapsed = now.saturating_sub(LastSeal::<T>::get().map_or(0, |last| last.block));

			let mut seal = None;
			if due(queue.eff, difficulty.threshold, elapsed, target) {
				let (taken, spent) = Self::seal(now, queue, difficulty.threshold);
				Self::adjust(difficulty.sealed(elapsed, taken, target, ThresholdBounds::<T>::get()), difficulty.threshold);
				seal = Some((taken, difficulty.threshold));
				weight.saturating_accrue(spent);
			}
			let log = DoinLog::V1 { work_index: WorkBlocks::<T>::get(), seal };
			frame_system::Pallet::<T>::deposit_log(DigestItem::Consensus(DOIN_ENGINE_ID, log.encode()));
			weight
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Proof of optimization as it stands.
		pub fn view() -> WorkView<T::AccountId> {
			let queue = QueueState::<T>::get();
			let work_blocks = WorkBlocks::<T>::get();
			WorkView {
				work_blocks,
				threshold: DifficultyState::<T>::get().threshold,
				queued: queue.eff,
				reward: emission::reward(work_blocks),
				mined: Mined::<T>::get(),
				era_accrual: EraAccrual::<T>::get(),
				queue: (queue.head..queue.tail)
					.take(MAX_ENTRIES as usize)
					.filter_map(Entries::<T>::get)
					.map(|entry| WorkEntryView {
						round: entry.round,
						eff: entry.eff,
						optimizer: entry.optimizer,
						evaluators: entry.evaluators.into_inner(),
					})
					.collect(),
				last_seal: LastSeal::<T>::get(),
			}
		}
	}
}

/// What a seal takes from one entry.
struct Part<AccountId> {
	/// Effective improvement, Q32 bits.
	eff: Q32,
	/// Who found it.
	optimizer: AccountId,
	/// Who verified it.
	evaluators: Vec<AccountId>,
}

impl<T: Config> Pallet<T> {
	/// The account that holds the generators' share until staking pays it out.
	pub fn pot() -> T::AccountId {
		T::PotId::get().into_account_truncating()
	}

	/// Seals a work block at `threshold`. Returns what it took, and the weight of doing so.
	fn seal(now: BlockNumber, queue: Queue, threshold: Q32) -> (Q32, Weight) {
		let (parts, taken) = Self::take(queue, threshold);
		let (index, mined) = (WorkBlocks::<T>::get(), Mined::<T>::get());
		let due = emission::split(emission::minted(emission::reward(index), taken, threshold, mined));
		let (finders, verifiers) = Self::shares(&parts, taken, &due);
		let payees = finders.len().saturating_add(verifiers.len()).saturating_add(1) as u32;

		let optimizers = Self::pay(finders, Role::Optimizer);
		let evaluators = Self::pay(verifiers, Role::Evaluator);
		let generator = Self::pay([(Self::pot(), due.generator)], Role::Generator);
		let minted = optimizers.saturating_add(evaluators).saturating_add(generator);
		Mined::<T>::put(mined.saturating_add(minted));
		EraAccrual::<T>::mutate(|accrued| *accrued = accrued.saturating_add(generator));

		let work_block = index.saturating_add(1);
		WorkBlocks::<T>::put(work_block);
		LastSeal::<T>::put(SealView { work_block, block: now, taken, minted, optimizers, evaluators, generator });
		Self::deposit_event(Event::Sealed { work_block, taken, threshold, minted, optimizers, evaluators, generator });
		(taken, T::WeightInfo::seal(parts.len() as u32).saturating_add(T::WeightInfo::pay(payees)))
	}

	/// Takes up to `threshold` from the head of the queue, and from at most [`MAX_ENTRIES`] entries. Of an entry that holds more than what
	/// is missing, the rest stays at the head.
	fn take(mut queue: Queue, threshold: Q32) -> (Vec<Part<T::AccountId>>, Q32) {
		let mut parts = Vec::new();
		let mut taken: Q32 = 0;
		while taken < threshold && (parts.len() as u32) < MAX_ENTRIES {
			let Some(mut entry) = Entries::<T>::get(queue.head) else {
				break;
			};
			let eff = entry.eff.min(threshold.saturating_sub(taken));
			taken = taken.saturating_add(eff);
			entry.eff = entry.eff.saturating_sub(eff);
			parts.push(Part { eff, optimizer: entry.optimizer.clone(), evaluators: entry.evaluators.to_vec() });
			if entry.eff == 0 {
				Entries::<T>::remove(queue.head);
				queue.head = queue.head.saturating_add(1);
			} else {
				Entries::<T>::insert(queue.head, entry);
			}
		}
		queue.eff = queue.eff.saturating_sub(taken);
		QueueState::<T>::put(queue);
		(parts, taken)
	}

	/// Who gets how much of the optimizers' and of the evaluators' part. Cut from running totals, so nothing is lost to rounding; of an
	/// entry's evaluators, the first ones get the planck that cannot be divided.
	fn shares(
		parts: &[Part<T::AccountId>],
		taken: Q32,
		due: &emission::Split,
	) -> (BTreeMap<T::AccountId, Balance>, BTreeMap<T::AccountId, Balance>) {
		let up_to = |whole: Balance, eff: Q32| whole.saturating_mul(eff.into()).checked_div(taken.into()).unwrap_or(0);
		let mut finders = BTreeMap::<T::AccountId, Balance>::new();
		let mut verifiers = BTreeMap::<T::AccountId, Balance>::new();
		let add = |to: &mut BTreeMap<T::AccountId, Balance>, who: &T::AccountId, amount: Balance| {
			let sum = to.entry(who.clone()).or_default();
			*sum = sum.saturating_add(amount);
		};
		let mut before: Q32 = 0;
		for part in parts {
			let after = before.saturating_add(part.eff);
			let between = |whole| up_to(whole, after).saturating_sub(up_to(whole, before));
			add(&mut finders, &part.optimizer, between(due.optimizers));
			let verified = between(due.evaluators);
			let seats = part.evaluators.len() as Balance;
			let (each, odd) = (verified.checked_div(seats).unwrap_or(0), verified.checked_rem(seats).unwrap_or(0));
			for (seat, who) in (0..seats).zip(&part.evaluators) {
				add(&mut verifiers, who, each.saturating_add(Balance::from(seat < odd)));
			}
			before = after;
		}
		(finders, verifiers)
	}

	/// Mints to each account what it is due, and returns what could be minted.
	pub(crate) fn pay(due: impl IntoIterator<Item = (T::AccountId, Balance)>, role: Role) -> Balance {
		let mut paid: Balance = 0;
		for (who, amount) in due.into_iter().filter(|(_, amount)| *amount > 0) {
			if T::Currency::mint_into(&who, amount).is_ok() {
				paid = paid.saturating_add(amount);
				Self::deposit_event(Event::Rewarded { who, amount, role });
			} else {
				Self::deposit_event(Event::Unpaid { who, amount, role });
			}
		}
		paid
	}

	/// Puts the controller's new state.
	fn adjust(new: Difficulty, old: Q32) {
		DifficultyState::<T>::put(new);
		if new.threshold != old {
			Self::deposit_event(Event::ThresholdChanged { old, new: new.threshold });
		}
	}

	/// Checks queue, emission and pot.
	#[cfg(any(feature = "try-runtime", test))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use frame_support::ensure;

		let queue = QueueState::<T>::get();
		ensure!(queue.head <= queue.tail && queue.len() <= MAX_QUEUE, "the queue is longer than it may be");
		let mut held: Q32 = 0;
		for place in queue.head..queue.tail {
			let entry = Entries::<T>::get(place).ok_or("the queue has a gap")?;
			ensure!(entry.eff > 0, "an entry of the queue is worth nothing");
			held = held.saturating_add(entry.eff);
		}
		ensure!(Entries::<T>::iter_keys().count() as u32 == queue.len(), "an entry lies outside the queue");
		ensure!(held == queue.eff, "the queue does not hold what it says");

		let bounds = ThresholdBounds::<T>::get();
		ensure!((bounds.floor..=bounds.ceiling).contains(&DifficultyState::<T>::get().threshold), "T is outside its bounds");

		let (mined, accrued) = (Mined::<T>::get(), EraAccrual::<T>::get());
		ensure!(mined <= emission::CAP, "more was mined than ever may be");
		ensure!(accrued <= mined, "generators accrued what was never mined");
		let pot = T::Currency::balance(&Self::pot());
		ensure!(
			pot >= accrued.saturating_add(T::Currency::minimum_balance()),
			"the pot does not hold what generators accrued in this era"
		);
		ensure!(
			LastSeal::<T>::get().map_or(0, |last| last.work_block) == WorkBlocks::<T>::get(),
			"the last seal is not the last work block"
		);
		Ok(())
	}
}

impl<T: Config> Work<T::AccountId> for Pallet<T> {
	fn room() -> u32 {
		MAX_QUEUE.saturating_sub(QueueState::<T>::get().len())
	}

	fn enqueue(entry: Eff<T::AccountId>) {
		if entry.eff == 0 {
			return;
		}
		let mut queue = QueueState::<T>::get();
		if queue.len() >= MAX_QUEUE {
			defensive!("improvement was enqueued without asking for room");
			return;
		}
		Self::deposit_event(Event::Enqueued { round: entry.round, eff: entry.eff, optimizer: entry.optimizer.clone() });
		queue.eff = queue.eff.saturating_add(entry.eff);
		Entries::<T>::insert(queue.tail, entry);
		queue.tail = queue.tail.saturating_add(1);
		QueueState::<T>::put(queue);
	}
}

impl<T: Config> EraShare for Pallet<T> {
	fn take() -> Balance {
		EraAccrual::<T>::take()
	}
}

/// `pallet_staking`'s `Reward`: pays what staking has deposited from the pot, so that issuance, which moved when the work block was sealed,
/// does not move again.
pub struct SettleFromPot<T>(PhantomData<T>);
impl<T: Config> OnUnbalanced<Debt<T::AccountId, T::Currency>> for SettleFromPot<T> {
	fn on_nonzero_unbalanced(debt: Debt<T::AccountId, T::Currency>) {
		if let Err(unpaid) = T::Currency::settle(&Pallet::<T>::pot(), debt, Preservation::Preserve) {
			// Staking pays out no more than accrued. Should it ever, dropping the debt mints the difference, and the stakers keep it.
			defensive!("the pot could not settle what staking paid out", unpaid.peek());
		}
	}
}
