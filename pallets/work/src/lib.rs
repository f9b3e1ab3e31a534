//! # Work Pallet
//!
//! Work blocks: the queue of verified improvement, seals, emission and difficulty.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the storage items, events, view functions and configuration of this pallet. It has no calls: no
//! account decides when a work block is sealed, or what it pays. Other parts of the runtime use
//!
//! - [`Work`], by which pallets append verified improvement to the queue, or have it paid at once on behalf of a purse,
//! - [`EraShare`] and [`SettleFromPot`], by which staking pays the share of the validators,
//! - the digest item `DOIN` of every header: the number of work blocks so far, and the seal of the block,
//! - [`Event::Anchored`], by which publishers of anchors learn that one is due,
//! - [`Pallet::view`], which runtime APIs return.
//!
//! ## Overview
//!
//! New DOIN are minted only when a better model was verified. Every verified improvement enters a queue as a number of bits,
//! its *effective improvement*. When the queue holds the threshold T, a *work block* is sealed: it takes T from the head of the
//! queue and mints the reward R. The optimizers of the improvements receive 65 %, the evaluators that verified them 30 %, and
//! the validators 5 %. Each seat of the quorum earns an equal part of the 30 %; the part of a seat without a correct answer
//! goes to the accounts that paid the runtime to recompute the chunks, or is not minted. The reward halves every 210 000 work
//! blocks, and at most 21 million DOIN are ever minted. T follows the rate of improvement, so that a work block takes ten
//! minutes on average.
//!
//! ## Example
//!
//! A seal takes at most T and mints in proportion, so the arrival pattern of an improvement does not change its pay:
#![doc = docify::embed!("src/tests.rs", slicing_waiting_and_flooding_gain_nothing)]
//!
//! ## Low Level / Implementation Details
//!
//! ### Price
//!
//! One unit of effective improvement always pays R / T. A seal that takes less than T mints less than R in proportion, and
//! improvement beyond T keeps its place in the queue. Slicing an improvement, waiting for an empty queue and flooding the queue
//! therefore gain nothing.
//!
//! ### Bounds
//!
//! The queue holds [`MAX_QUEUE`] entries; while it is full, verdicts wait. A seal visits at most [`MAX_ENTRIES`] entries.
//!
//! ### Exactness
//!
//! The amounts of the parts of a seal are differences of running totals, so the 65 % add up to the planck; the rounding remainder
//! of the split goes to the validators. The pay of one evaluator is rounded down. Its remainder, the part of a seat that nobody
//! filled, and an amount that an account cannot receive (a new account below the existential deposit) are not minted.
//!
//! ### Backing
//!
//! [`MintedBy`] counts every minted planck by the origin of the sums that decided its improvement: a quorum that recomputed
//! them, or the runtime itself. Both add up to [`Mined`], so the share of all DOIN that is backed by recomputed work is a fact
//! of the state, which [`Pallet::view`] returns.
//!
//! ### Payments for a purse
//!
//! Evidence that the owner of a domain seals is paid from a purse of that owner. [`Work::pay`] mints the pay of such an
//! improvement at the verdict, at the price and with the split of the next work block, and the caller burns the same amount of
//! the purse in the same block. The queue, T, the number of work blocks, [`Mined`] and [`MintedBy`] do not change: the total
//! issuance stays, so such a payment is no emission, and an owner that pays itself cannot change the emission of others.
//!
//! ### Anchors
//!
//! Every [`Config::AnchorInterval`]-th work block is an *anchor*: [`Event::Anchored`] names it and the hash of the parent, which stands
//! for everything before it. Nothing is stored: the digest of the header has the number of the work block and the seal, so an anchor
//! can be found and verified in headers alone, also on a node that keeps no old states. A block does not know its own hash, nor
//! whether it will be final; a publisher adds the hash once the block is.
//!
//! ### Share of the validators
//!
//! The share of the validators is minted into a pot at once, and staking pays it out of the pot per era. Staking cannot mint
//! exact shares: it rounds, and unclaimed shares expire. Rounding remainders stay in the pot.

#![cfg_attr(not(feature = "std"), no_std)]
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
	emission::{self, Backed},
	settlement::{Backing, PayShares},
	views::{SealView, WorkEntryView, WorkView},
	Balance, BlockNumber, DoinLog, DOIN_ENGINE_ID, ONE_Q32, Q32,
};
use doin_traits::{EraShare, Payment, QueuedImprovement, Work};
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

/// Target of the log lines of this pallet.
pub(crate) const LOG_TARGET: &str = "runtime::doin-work";

/// Maximum number of entries of the queue.
pub const MAX_QUEUE: u32 = 1_024;
/// Maximum number of entries that one seal takes from.
pub const MAX_ENTRIES: u32 = 32;
/// Lowest floor of T, Q32 bits. Below it, a step of one percent rounds to 0.
pub const MIN_FLOOR: Q32 = 100;
/// Lowest floor of T on a public network, Q32 bits: 0.005 bit. Below it, a lie that passes the spot checks of a quorum of three
/// could earn more than the bonds of the quorum, since the smallest bond does not follow T.
pub const PUBLIC_FLOOR: Q32 = ONE_Q32 / 200 + 1;
/// Highest ceiling of T, Q32 bits: 2²⁰ bits.
pub const MAX_CEILING: Q32 = ONE_Q32 << 20;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency that is minted.
		type Currency: Mutate<Self::AccountId, Balance = Balance> + Balanced<Self::AccountId>;

		/// Target number of blocks between two work blocks, at least 4. Set at genesis; it never changes.
		#[pallet::constant]
		type TargetSpacing: Get<BlockNumber>;

		/// Lowest floor of T that genesis admits, Q32 bits; at least [`MIN_FLOOR`].
		type LowestFloor: Get<Q32>;

		/// Number of work blocks from one anchor to the next, at least 1. Set at genesis; it never changes.
		#[pallet::constant]
		type AnchorInterval: Get<u64>;

		/// Identifier of the account that holds the share of the validators until staking pays it.
		#[pallet::constant]
		type PotId: Get<PalletId>;

		/// Weights of the hooks.
		type WeightInfo: WeightInfo;
	}

	/// Queue entries by their place.
	// Hasher: Twox is safe since the pallet numbers the places.
	#[pallet::storage]
	pub type Entries<T: Config> = StorageMap<_, Twox64Concat, u64, QueuedImprovement<T::AccountId>>;

	/// Bounds of the queue, and the effective improvement in it.
	#[pallet::storage]
	pub type QueueState<T> = StorageValue<_, Queue, ValueQuery>;

	/// Threshold T, and the state of the controller that moves it.
	#[pallet::storage]
	pub type DifficultyState<T> = StorageValue<_, Difficulty, ValueQuery>;

	/// Limits of T. Set at genesis; they never change.
	#[pallet::storage]
	pub type ThresholdBounds<T> = StorageValue<_, Bounds, ValueQuery>;

	/// Amount minted so far in plancks, at most 21 million DOIN.
	#[pallet::storage]
	pub type Mined<T> = StorageValue<_, Balance, ValueQuery>;

	/// Amount minted so far in plancks, by the origin of the sums that decided the improvements. Both parts add up to [`Mined`].
	#[pallet::storage]
	pub type MintedBy<T> = StorageValue<_, Backed, ValueQuery>;

	/// Share of the validators since the last paid era, in plancks.
	#[pallet::storage]
	pub type EraAccrual<T> = StorageValue<_, Balance, ValueQuery>;

	/// The last seal.
	#[pallet::storage]
	pub type LastSeal<T> = StorageValue<_, SealView, OptionQuery>;

	/// Initial threshold and its limits.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T> {
		/// Initial T, Q32 bits.
		pub threshold: Q32,
		/// Lowest T, Q32 bits, at least 100.
		pub floor: Q32,
		/// Highest T, Q32 bits, at most 2²⁰ bits.
		pub ceiling: Q32,
		/// Marker of the runtime type.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	impl<T> Default for GenesisConfig<T> {
		/// Returns a threshold of 1/16 bit, between 0.005 bit and 1 024 bits.
		fn default() -> Self {
			Self { threshold: ONE_Q32 >> 4, floor: PUBLIC_FLOOR, ceiling: ONE_Q32 << 10, _config: PhantomData }
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			let lowest = T::LowestFloor::get().max(MIN_FLOOR);
			assert!(
				self.floor >= lowest,
				"work genesis: floor must be at least {lowest}: T could not rise from a lower one, or, on a public network, a lie could \
				 earn more than the bonds behind it"
			);
			assert!(self.ceiling <= MAX_CEILING, "work genesis: ceiling must be at most {MAX_CEILING}");
			assert!(
				(self.floor..=self.ceiling).contains(&self.threshold),
				"work genesis: threshold must be between floor and ceiling"
			);
			ThresholdBounds::<T>::put(Bounds { floor: self.floor, ceiling: self.ceiling });
			DifficultyState::<T>::put(Difficulty::new(self.threshold, T::TargetSpacing::get()));
			// The existential deposit keeps the pot alive when an era empties it.
			let missing = T::Currency::minimum_balance().saturating_sub(T::Currency::balance(&Pallet::<T>::pot()));
			if missing > 0 {
				assert!(
					T::Currency::mint_into(&Pallet::<T>::pot(), missing).is_ok(),
					"work genesis: the validators' pot could not be endowed"
				);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An improvement was verified and entered the queue.
		Enqueued {
			/// Round of the improvement.
			round: doin_primitives::RoundId,
			/// Effective improvement, Q32 bits.
			effective: Q32,
			/// Author of the model.
			optimizer: T::AccountId,
		},
		/// A work block was sealed.
		Sealed {
			/// Number of the work block, from 1.
			work_block: u64,
			/// Effective improvement taken from the queue, Q32 bits.
			taken: Q32,
			/// T at the seal, Q32 bits.
			threshold: Q32,
			/// Minted amount, in plancks.
			minted: Balance,
			/// Part of the optimizers, in plancks.
			optimizers: Balance,
			/// Part of the evaluators, in plancks.
			evaluators: Balance,
			/// Part of the validators, in plancks.
			validators: Balance,
		},
		/// An account was paid for its part in a work block.
		Rewarded {
			/// Paid account.
			who: T::AccountId,
			/// Minted amount, in plancks.
			amount: Balance,
			/// Role of the account.
			role: Role,
		},
		/// An account could not receive its part, which was not minted. An account must hold the existential deposit to receive
		/// small amounts.
		RewardForfeited {
			/// Account that could not be paid.
			who: T::AccountId,
			/// Amount that was not minted, in plancks.
			amount: Balance,
			/// Role of the account.
			role: Role,
		},
		/// The threshold T changed.
		ThresholdChanged {
			/// Former T, Q32 bits.
			old: Q32,
			/// New T, Q32 bits.
			new: Q32,
		},
		/// An improvement was paid outside the queue, on behalf of a purse that the same amount is burned of.
		Paid {
			/// Round of the improvement.
			round: doin_primitives::RoundId,
			/// Effective improvement that was paid, Q32 bits.
			effective: Q32,
			/// Minted amount, in plancks.
			minted: Balance,
			/// Part of the optimizer, in plancks.
			optimizers: Balance,
			/// Part of the evaluators, in plancks.
			evaluators: Balance,
			/// Part of the validators, in plancks.
			validators: Balance,
		},
		/// The work block that this block seals is an anchor, which is published once this block is final.
		Anchored {
			/// Number of the work block, a multiple of the interval.
			work_block: u64,
			/// Number of this block.
			block: BlockNumber,
			/// Hash of the parent of this block. It stands for all blocks before this one.
			parent: T::Hash,
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
			if due(queue.effective, difficulty.threshold, elapsed, target) {
				let sealing = Self::seal(now, queue, difficulty.threshold);
				let next = difficulty.sealed(elapsed, sealing.taken, target, ThresholdBounds::<T>::get());
				Self::set_difficulty(next, difficulty.threshold);
				seal = Some((sealing.taken, difficulty.threshold));
				weight.saturating_accrue(sealing.weight);
			}
			let log = DoinLog::V1 { work_index: Self::work_blocks(), seal };
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
		/// Returns the state of work blocks and their queue.
		pub fn view() -> WorkView<T::AccountId> {
			let queue = QueueState::<T>::get();
			let work_blocks = Self::work_blocks();
			let (mined, minted_by) = (Mined::<T>::get(), MintedBy::<T>::get());
			WorkView {
				work_blocks,
				threshold: DifficultyState::<T>::get().threshold,
				queued: queue.effective,
				reward: emission::reward(work_blocks),
				mined,
				backed_by_quorum: minted_by.quorum,
				backed_by_runtime: minted_by.runtime,
				backed_share: minted_by.share_of(mined),
				era_accrual: EraAccrual::<T>::get(),
				queue: (queue.head..queue.tail)
					.take(MAX_ENTRIES as usize)
					.filter_map(Entries::<T>::get)
					.map(|entry| WorkEntryView {
						round: entry.round,
						effective: entry.effective,
						optimizer: entry.optimizer,
						evaluators: entry.evaluators.shares.into_iter().map(|share| share.who).collect(),
						backing: entry.backing,
					})
					.collect(),
				last_seal: LastSeal::<T>::get(),
			}
		}
	}
}

/// Part of a queue entry that a seal takes.
struct Part<AccountId> {
	/// Effective improvement, Q32 bits.
	effective: Q32,
	/// Author of the model.
	optimizer: AccountId,
	/// Division of the evaluators' pay among the accounts that verified the improvement.
	evaluators: PayShares<AccountId>,
	/// Origin of the sums that decided the improvement.
	backing: Backing,
}

/// Parts of the queue that a seal takes.
struct Taken<AccountId> {
	/// Parts in the order of the queue.
	parts: Vec<Part<AccountId>>,
	/// Their effective improvement together, Q32 bits.
	effective: Q32,
}

/// Amounts that a seal pays.
struct Shares<AccountId> {
	/// Amount of each optimizer.
	optimizers: BTreeMap<AccountId, Backed>,
	/// Amount of each evaluator.
	evaluators: BTreeMap<AccountId, Backed>,
	/// Amount of the validators.
	validators: Backed,
}

/// Amounts that were minted.
struct Minted {
	/// To optimizers.
	optimizers: Backed,
	/// To evaluators.
	evaluators: Backed,
	/// To the validators.
	validators: Backed,
}

/// A seal, and the weight of making it.
struct Sealing {
	/// Effective improvement that the seal took, Q32 bits.
	taken: Q32,
	/// Weight of the seal.
	weight: Weight,
}

/// Adds `amount` to the share of `who`.
fn add_share<AccountId: Ord + Clone>(shares: &mut BTreeMap<AccountId, Backed>, who: &AccountId, amount: Backed) {
	let sum = shares.entry(who.clone()).or_default();
	*sum = sum.plus(amount);
}

impl<T: Config> Pallet<T> {
	/// Returns the account that holds the share of the validators until staking pays it.
	pub fn pot() -> T::AccountId {
		T::PotId::get().into_account_truncating()
	}

	/// Returns the number of work blocks sealed so far.
	pub fn work_blocks() -> u64 {
		LastSeal::<T>::get().map_or(0, |last| last.work_block)
	}

	/// Seals a work block at `threshold`.
	fn seal(now: BlockNumber, queue: Queue, threshold: Q32) -> Sealing {
		let Taken { parts, effective: taken } = Self::take_from_queue(queue, threshold);
		let (index, mined) = (Self::work_blocks(), Mined::<T>::get());
		let due = emission::split(emission::minted(emission::reward(index), taken, threshold, mined));
		let shares = Self::shares(&parts, taken, &due);
		let payees = shares.optimizers.len().saturating_add(shares.evaluators.len()).saturating_add(1) as u32;

		let paid = Self::mint_shares(shares);
		let minted_by = paid.optimizers.plus(paid.evaluators).plus(paid.validators);
		let (optimizers, evaluators, validators) = (paid.optimizers.total(), paid.evaluators.total(), paid.validators.total());
		let minted = minted_by.total();
		Mined::<T>::put(mined.saturating_add(minted));
		MintedBy::<T>::mutate(|sum| *sum = sum.plus(minted_by));

		let work_block = index.saturating_add(1);
		LastSeal::<T>::put(SealView { work_block, block: now, taken, minted, optimizers, evaluators, validators });
		Self::deposit_event(Event::Sealed { work_block, taken, threshold, minted, optimizers, evaluators, validators });
		Self::anchor(work_block, now);
		let weight = T::WeightInfo::seal(parts.len() as u32).saturating_add(T::WeightInfo::pay(payees));
		Sealing { taken, weight }
	}

	/// Deposits the event of an anchor if this work block is one. The parent is that of the block that is being executed.
	fn anchor(work_block: u64, block: BlockNumber) {
		if work_block.is_multiple_of(T::AnchorInterval::get().max(1)) {
			let parent = frame_system::Pallet::<T>::parent_hash();
			Self::deposit_event(Event::Anchored { work_block, block, parent });
		}
	}

	/// Takes up to `threshold` from the head of the queue, from at most [`MAX_ENTRIES`] entries. The rest of an entry that is not
	/// needed completely stays at the head.
	fn take_from_queue(mut queue: Queue, threshold: Q32) -> Taken<T::AccountId> {
		let mut parts = Vec::new();
		let mut taken: Q32 = 0;
		while taken < threshold && (parts.len() as u32) < MAX_ENTRIES {
			let Some(mut entry) = Entries::<T>::get(queue.head) else {
				break;
			};
			let effective = entry.effective.min(threshold.saturating_sub(taken));
			taken = taken.saturating_add(effective);
			entry.effective = entry.effective.saturating_sub(effective);
			parts.push(Part {
				effective,
				optimizer: entry.optimizer.clone(),
				evaluators: entry.evaluators.clone(),
				backing: entry.backing,
			});
			if entry.effective == 0 {
				Entries::<T>::remove(queue.head);
				queue.head = queue.head.saturating_add(1);
			} else {
				Entries::<T>::insert(queue.head, entry);
			}
		}
		queue.effective = queue.effective.saturating_sub(taken);
		QueueState::<T>::put(queue);
		Taken { parts, effective: taken }
	}

	/// Returns the amounts of the optimizers, evaluators and validators for `parts`. The amounts of parts are differences of
	/// running totals, so rounding loses nothing; the pay of each evaluator is rounded down. The evaluators of a part never
	/// earn more than the part, even if its shares add up to more than one.
	fn shares(parts: &[Part<T::AccountId>], taken: Q32, due: &emission::Split) -> Shares<T::AccountId> {
		let up_to =
			|whole: Balance, effective: Q32| whole.saturating_mul(effective.into()).checked_div(taken.into()).unwrap_or(0);
		let mut shares = Shares { optimizers: BTreeMap::new(), evaluators: BTreeMap::new(), validators: Backed::default() };
		let mut before: Q32 = 0;
		for Part { effective, optimizer, evaluators, backing } in parts {
			let after = before.saturating_add(*effective);
			let between = |whole| up_to(whole, after).saturating_sub(up_to(whole, before));
			add_share(&mut shares.optimizers, optimizer, Backed::by(*backing, between(due.optimizers)));
			shares.validators = shares.validators.plus(Backed::by(*backing, between(due.validators)));
			let pay = between(due.evaluators);
			let mut left = pay;
			for share in &evaluators.shares {
				let amount = evaluators.amount(share.parts, pay).min(left);
				left = left.saturating_sub(amount);
				add_share(&mut shares.evaluators, &share.who, Backed::by(*backing, amount));
			}
			before = after;
		}
		shares
	}

	/// Mints the shares of optimizers, evaluators and validators, and adds that of the validators to the accrual of the era.
	/// Returns the minted amounts.
	fn mint_shares(shares: Shares<T::AccountId>) -> Minted {
		let minted = Minted {
			optimizers: Self::mint(shares.optimizers, Role::Optimizer),
			evaluators: Self::mint(shares.evaluators, Role::Evaluator),
			validators: Self::mint([(Self::pot(), shares.validators)], Role::Validators),
		};
		EraAccrual::<T>::mutate(|accrued| *accrued = accrued.saturating_add(minted.validators.total()));
		minted
	}

	/// Mints its amount to each account. Returns the sum of the minted amounts.
	pub(crate) fn mint(due: impl IntoIterator<Item = (T::AccountId, Backed)>, role: Role) -> Backed {
		let mut paid = Backed::default();
		for (who, backed) in due.into_iter().filter(|(_, backed)| backed.total() > 0) {
			let amount = backed.total();
			match T::Currency::mint_into(&who, amount) {
				Ok(_) => {
					paid = paid.plus(backed);
					Self::deposit_event(Event::Rewarded { who, amount, role });
				}
				Err(error) => {
					log::warn!(target: LOG_TARGET, "{amount} plancks are not minted to {who:?}: {error:?}");
					Self::deposit_event(Event::RewardForfeited { who, amount, role });
				}
			}
		}
		paid
	}

	/// Stores the new state of the controller.
	fn set_difficulty(new: Difficulty, old: Q32) {
		DifficultyState::<T>::put(new);
		if new.threshold != old {
			Self::deposit_event(Event::ThresholdChanged { old, new: new.threshold });
		}
	}

	/// Checks the invariants of queue, emission and pot.
	///
	/// # Errors
	///
	/// Fails with the first invariant that does not hold.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use frame_support::ensure;

		let queue = QueueState::<T>::get();
		ensure!(queue.head <= queue.tail && queue.len() <= MAX_QUEUE, "the queue must not exceed its maximum length");
		let mut held: Q32 = 0;
		for place in queue.head..queue.tail {
			let entry = Entries::<T>::get(place).ok_or("the queue must not have a gap")?;
			ensure!(entry.effective > 0, "an entry must have an effective improvement");
			let parts = entry.evaluators.shares.iter().fold(0u32, |sum, share| sum.saturating_add(share.parts));
			ensure!(parts <= entry.evaluators.whole, "the evaluators of an entry must not share more than their whole pay");
			held = held.saturating_add(entry.effective);
		}
		ensure!(Entries::<T>::iter_keys().count() as u32 == queue.len(), "no entry may lie outside the queue");
		ensure!(held == queue.effective, "the stored sum must equal that of the entries");

		let bounds = ThresholdBounds::<T>::get();
		ensure!((bounds.floor..=bounds.ceiling).contains(&DifficultyState::<T>::get().threshold), "T must be within its bounds");

		let (mined, accrued) = (Mined::<T>::get(), EraAccrual::<T>::get());
		ensure!(mined <= emission::CAP, "the minted amount must not exceed the cap");
		ensure!(MintedBy::<T>::get().total() == mined, "every minted planck must be backed by recomputed work");
		let pot = T::Currency::balance(&Self::pot());
		ensure!(
			pot >= accrued.saturating_add(T::Currency::minimum_balance()),
			"the pot must hold the share of the validators of this era"
		);
		ensure!(
			LastSeal::<T>::get().is_none_or(|last| {
				let parts = last.optimizers.saturating_add(last.evaluators).saturating_add(last.validators);
				last.work_block > 0 && last.minted == parts && last.minted <= mined
			}),
			"the last seal must have a number, and its parts must add up to what it minted"
		);
		ensure!(LastSeal::<T>::exists() || mined == 0, "nothing may be minted before the first work block");
		Ok(())
	}
}

impl<T: Config> Work<T::AccountId> for Pallet<T> {
	fn free_places() -> u32 {
		MAX_QUEUE.saturating_sub(QueueState::<T>::get().len())
	}

	fn enqueue(improvement: QueuedImprovement<T::AccountId>) {
		if improvement.effective == 0 {
			return;
		}
		let mut queue = QueueState::<T>::get();
		if queue.len() >= MAX_QUEUE {
			defensive!("the queue must have a free place before an improvement is enqueued", improvement.round);
			return;
		}
		Self::deposit_event(Event::Enqueued {
			round: improvement.round,
			effective: improvement.effective,
			optimizer: improvement.optimizer.clone(),
		});
		queue.effective = queue.effective.saturating_add(improvement.effective);
		Entries::<T>::insert(queue.tail, improvement);
		queue.tail = queue.tail.saturating_add(1);
		QueueState::<T>::put(queue);
	}

	fn reward() -> Balance {
		emission::reward(Self::work_blocks())
	}

	fn price(effective: Q32) -> Balance {
		emission::price(Self::reward(), effective, DifficultyState::<T>::get().threshold)
	}

	fn pay(improvement: QueuedImprovement<T::AccountId>, most: Balance) -> Payment {
		let QueuedImprovement { round, effective, optimizer, evaluators, backing } = improvement;
		let (reward, threshold) = (Self::reward(), DifficultyState::<T>::get().threshold);
		let is_covered = emission::price(reward, effective, threshold) <= most;
		let effective = if is_covered { effective } else { emission::affordable(reward, most, threshold).min(effective) };
		if effective == 0 {
			return Payment::default();
		}
		let due = emission::split(emission::price(reward, effective, threshold));
		let part = Part { effective, optimizer, evaluators, backing };
		let paid = Self::mint_shares(Self::shares(&[part], effective, &due));
		let (optimizers, evaluators, validators) = (paid.optimizers.total(), paid.evaluators.total(), paid.validators.total());
		let minted = optimizers.saturating_add(evaluators).saturating_add(validators);
		Self::deposit_event(Event::Paid { round, effective, minted, optimizers, evaluators, validators });
		Payment { effective, minted }
	}
}

impl<T: Config> EraShare for Pallet<T> {
	fn take() -> Balance {
		EraAccrual::<T>::take()
	}
}

/// Handler of `pallet_staking`'s `Reward`: settles the amounts that staking has deposited from the pot. The total issuance
/// changed when the work block was sealed, and does not change again.
pub struct SettleFromPot<T>(PhantomData<T>);
impl<T: Config> OnUnbalanced<Debt<T::AccountId, T::Currency>> for SettleFromPot<T> {
	fn on_nonzero_unbalanced(debt: Debt<T::AccountId, T::Currency>) {
		if let Err(unpaid) = T::Currency::settle(&Pallet::<T>::pot(), debt, Preservation::Preserve) {
			// Staking pays at most the accrued amount. Otherwise, dropping the debt mints the difference, and the stakers
			// keep it.
			defensive!("the pot must settle the amounts that staking paid", unpaid.peek());
		}
	}
}
