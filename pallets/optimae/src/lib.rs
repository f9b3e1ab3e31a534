//! Rounds of optimization: seats, commits, reveals and verdicts.
//!
//! ## Pallet API
//!
//! [`Call::commit`] takes a seat in a domain's current round, [`Call::reveal`] shows the model that was committed to,
//! [`Call::dispute_claim`] proves that a candidate's validation sums are false, and [`Call::release`] gives a model's hold back when nothing
//! needs its bytes any more. Verdicts come from the recomputation service through [`doin_primitives_frame::OnRecomputed`], and the bytes of
//! models are read through [`doin_primitives_frame::Models`]. Runtime APIs are served by the functions in [`views`].
//!
//! ## Overview
//!
//! Whoever has a better solution to a domain's problem commits to it without showing it, reveals it when nobody can commit any more, and
//! is then measured on windows that did not exist before, side by side with the champion and every rival of the round. One of them at most
//! becomes the new champion: the one with the smallest error among those that beat the champion beyond doubt. What it is paid is the
//! improvement that is certain, not the one that was lucky.
//!
//! A seat costs a fee, which pays the evaluators whatever the verdict, and a hold, which comes back unless the optimizer breaks his word:
//! who does not reveal loses the fee and a fifth of the hold, and so does, for the hold, who lies about his validation sums.
//!
//! ## Example
//!
//! `tests/verdicts.rs` walks rounds from commit to crown: see `a_better_candidate_becomes_champion`.
//!
//! ## Design
//!
//! - **Price.** A seat costs what its evaluators spend on answering and twice what settling costs, at least [`Config::SeatFee`], and twice as much as the seat before from
//!   the fifth seat on. The part that pays evaluators is held until the verdict; what is above it is burned at once. The hold is
//!   [`Config::HoldFactor`] times that part. The winner's fee pays evaluators too.
//! - **Cheap rejection.** A revealed model whose own validation sums do not beat the domain's bar by its least improvement is taken off the
//!   race on the spot: the reveal succeeds, the word is kept, the hold comes back, no byte is stored, and only the fee is lost. The bar is
//!   the initial champion's validation error, and not the champion's: validation is published, so whoever trains on it could set a bar that
//!   no honest model passes, and lock the domain. Where validation is the verdict, on `public` evidence, it is the champion's. A
//!   reveal that cannot be admitted (a malformed model, a gene out of bounds) fails instead and leaves the seat as it was; since nothing
//!   else can be revealed on it, it ends unrevealed. Worker and chain admit by the same code, so a careful optimizer never gets there.
//! - **One measurement at a time.** Rounds take commits and reveals while earlier ones are evaluated, but the rounds of one domain are
//!   measured one after another: a round whose reveals closed earlier than its predecessor's verdict waits for it. So a list of models
//!   always names the champion and the contender that are there at the verdict, no increment is measured against a champion that is gone,
//!   two candidates are never paid for one gap, and nobody who copies a revealed model in the next round can be judged before the model he
//!   copied. When the wait is over, candidates on `public` evidence that do not beat the new champion are out without a measurement. At most
//!   [`types::MAX_PENDING`] rounds of a domain are undecided, so the wait is bounded; further commits are refused before any hold.
//! - **Contender.** The best candidate that was better than the champion by the least improvement and one standard error, but not beyond
//!   doubt, stays contender for up to [`types::CONTENDER_ROUNDS`] measured rounds. Its sums gather over these draws against the same champion,
//!   and a candidate revealed later must beat it too. It is not displaced by a later near-miss: otherwise a lucky copy could take its place.
//!   When another model is crowned, a contender that is a near-miss against that one too begins anew. A `public` domain has none, for a
//!   second measurement is equal to the first.
//! - **False claims.** Validation sums are their author's word, by which reveals are admitted. Until the verdict anybody can disprove them
//!   with one chunk that the runtime computes, and the candidate is out. After it they count for nothing: the draw has decided, and on
//!   `public` evidence the truth takes the place of the claim. Who is right pays no fee.
//! - **Money.** Fees and holds stay in their owners' accounts, held for one of three reasons; this pallet has no account. Fees of a verdict
//!   first reimburse whoever settled the round, by at most half of them, and are then shared evenly by the evaluators that told the truth,
//!   or by those who had the runtime compute the round; dust is burned. So are the fees of a round that nobody settles before its
//!   time-out: a seat is no free option to be let lapse. Where the seats are not at fault, because the domain is gone, the
//!   service takes no more requests, or the draw shows nothing to improve, everything is returned.
//! - **Deadlines.** One agenda item per collecting round closes its reveals; dispatch checks the grid itself, so a late service is harmless.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod fees;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
mod rounds;
#[cfg(test)]
mod tests;
pub mod types;
mod verdict;
pub mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use alloc::boxed::Box;
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	payload::{Metrics, Reveal},
	Balance, BlockNumber, DomainId, Hash, ModelId, ModelRef, RoundId, SizeClass, Q32,
};
use doin_primitives_frame::{
	agenda::{Agenda, Items},
	BaseFee, Domains, Gauge, Judge, ModelList, Recompute, Timing, Work,
};
use doin_scoring::ModelError;
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, WithPostDispatchInfo},
	pallet_prelude::*,
	traits::fungible::{Balanced, BalancedHold, Inspect, Mutate, MutateHold},
	weights::WeightMeter,
};
use frame_system::pallet_prelude::*;
use sp_runtime::{traits::UniqueSaturatedInto, Perbill};
use types::{Contender, Reason, Record, Round, StoredModel, MAX_PENDING};

/// What has to exist before a round can be benchmarked. The runtime provides it, since it alone knows its domains.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Makes a domain that takes commits, of the dearest kind to serve, and moves the chain to the first block of a commit phase of it.
	fn domain() -> DomainId;
	/// A reveal that is admitted and better than the champion of `domain`, with a model of about `bytes` bytes.
	fn reveal(domain: DomainId, bytes: u32) -> Reveal;
	/// Moves the chain to `block`, without serving anything.
	fn set_block(block: BlockNumber);
}

/// Everything here is documented where it is declared; the macro needs a module.
#[frame_support::pallet]
pub mod pallet {
	use super::*;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The currency of fees and holds.
		type Currency: Inspect<Self::AccountId, Balance = Balance>
			+ Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ Balanced<Self::AccountId>
			+ BalancedHold<Self::AccountId>;
		/// The runtime's reasons for holds.
		type RuntimeHoldReason: From<HoldReason>;
		/// The record of domains.
		type Domains: Domains<Self::AccountId>;
		/// Voted weights of domains.
		type Gauge: Gauge;
		/// The recomputation service: it must report to this pallet.
		type Recompute: Recompute<Self::AccountId>;
		/// The truth about one chunk.
		type Judge: Judge;
		/// The queue of verified improvement.
		type Work: Work<Self::AccountId>;
		/// Prices at this block's base fee.
		type BaseFee: BaseFee;
		/// Lengths of a round's phases.
		type Timing: Timing;
		/// Hash of block 0, which binds commitments to this chain.
		type GenesisHash: Get<Hash>;
		/// Least fee of a seat, plancks: R/1 000 of the first work blocks, so that sixteen tries cost more than luck brings.
		#[pallet::constant]
		type SeatFee: Get<Balance>;
		/// Hold of a seat in units of its undoubled fee.
		#[pallet::constant]
		type HoldFactor: Get<u32>;
		/// Hold per stored byte of a model, genes and validation sums included, plancks.
		#[pallet::constant]
		type ByteHold: Get<Balance>;
		/// Weight of the call that commits an evaluator's answer or reveals it, whichever is dearer: prices seats.
		type AnswerWeight: Get<Weight>;
		/// Encoded bytes of such a call, signature included: prices seats.
		type AnswerLen: Get<u32>;
		/// Weight of the call that settles a round of the small class, with [`types::SETTLED_CHUNKS`] chunks computed: prices seats, and is
		/// what its caller is reimbursed. Chunks of another class are added by the judge's weights.
		type SettleWeight: Get<Weight>;
		/// Encoded bytes of that call, signature included.
		type SettleLen: Get<u32>;
		/// Weights of calls and hook.
		type WeightInfo: WeightInfo;
		/// Domains and models for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// Why money is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The fee of a seat, until the verdict pays it to evaluators.
		#[codec(index = 0)]
		SeatFee,
		/// An optimizer's word to reveal, and to reveal the truth.
		#[codec(index = 1)]
		Seat,
		/// The bytes of a stored model.
		#[codec(index = 2)]
		Model,
	}

	/// Rounds that are not decided. Their number is at most [`types::MAX_ROUNDS`].
	#[pallet::storage]
	pub type Rounds<T: Config> = CountedStorageMap<_, Twox64Concat, RoundId, Round<T::AccountId>>;

	/// Numbers of a domain's undecided rounds, in ascending order: the first one may be measured, the others wait.
	#[pallet::storage]
	pub type Pending<T: Config> = StorageMap<_, Twox64Concat, DomainId, BoundedVec<u32, ConstU32<MAX_PENDING>>, ValueQuery>;

	/// Submitted models of candidates, contenders and champions.
	#[pallet::storage]
	pub type Models<T: Config> = StorageMap<_, Twox64Concat, ModelId, StoredModel<T::AccountId>>;

	/// Identifier of the next model.
	#[pallet::storage]
	pub type NextModelId<T: Config> = StorageValue<_, ModelId, ValueQuery>;

	/// Near-misses that are measured again.
	#[pallet::storage]
	pub type Contenders<T: Config> = StorageMap<_, Twox64Concat, DomainId, Contender>;

	/// Rounds to be closed, or to be measured, per block.
	#[pallet::storage]
	pub type Due<T: Config> = StorageMap<_, Twox64Concat, BlockNumber, Items<RoundId>, ValueQuery>;

	/// First block whose agenda is not served completely.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageValue<_, BlockNumber, ValueQuery>;

	/// What has become of every optimizer's seats. Shown, and gates nothing.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Record, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Somebody took a seat. Of the `fee`, `burned` was burned at once and the rest is held; `hold` comes on top.
		Committed {
			/// The round.
			round: RoundId,
			/// The seat's place in it.
			seat: u8,
			/// Who sits on it.
			who: T::AccountId,
			/// What it committed to.
			commitment: Hash,
			/// The fee, in plancks.
			fee: Balance,
			/// The part of it that was burned at once.
			burned: Balance,
			/// What is held on top of the fee.
			hold: Balance,
		},
		/// A seat revealed a model that will be measured. `metrics` are its author's account.
		Revealed {
			/// The round.
			round: RoundId,
			/// The seat's place in it.
			seat: u8,
			/// Who sits on it.
			who: T::AccountId,
			/// The model.
			model: ModelId,
			/// Bytes of its encoding.
			bytes: u32,
			/// Its claimed error sum on the validation split.
			validation_error: u64,
			/// What is held of its author for the bytes, in plancks.
			hold: Balance,
			/// How it was found.
			metrics: Metrics,
		},
		/// A seat is out of the race.
		Rejected {
			/// The round.
			round: RoundId,
			/// The seat's place in it.
			seat: u8,
			/// Who sits on it.
			who: T::AccountId,
			/// Its model, if it was stored.
			model: Option<ModelId>,
			/// Why.
			reason: Reason,
		},
		/// A seat was not revealed; its fee and a part of its hold were burned.
		Unrevealed {
			/// The round.
			round: RoundId,
			/// The seat's place in it.
			seat: u8,
			/// Who sits on it.
			who: T::AccountId,
			/// Fee and penalty, in plancks.
			burned: Balance,
		},
		/// A seat was not revealed and everything was returned, for the base fee rose above four times that of its commit.
		Excused {
			/// The round.
			round: RoundId,
			/// The seat's place in it.
			seat: u8,
			/// Who sits on it.
			who: T::AccountId,
		},
		/// A validation sum was proved to be false. `burned` of the seat's hold is gone, `reward` went to the challenger.
		ClaimDisproved {
			/// The round.
			round: RoundId,
			/// The seat's place in it.
			seat: u8,
			/// Who proved it.
			challenger: T::AccountId,
			/// The chunk of the validation split.
			chunk: u16,
			/// The sum that was claimed.
			claimed: u32,
			/// The sum that the runtime computed.
			truth: u32,
			/// Part of the hold that was burned, in plancks.
			burned: Balance,
			/// Part of the hold that the challenger received.
			reward: Balance,
		},
		/// A round's reveals are closed, and it waits for an earlier round of its domain.
		WaitingForVerdict {
			/// The round.
			round: RoundId,
		},
		/// A round is being measured.
		MeasurementOpened {
			/// The round.
			round: RoundId,
			/// The models, in the order of the sums.
			models: ModelList,
		},
		/// A candidate became champion. `increment` raised the high-water mark; `eff` is what work blocks pay of it.
		Crowned {
			/// The round.
			round: RoundId,
			/// The model.
			model: ModelId,
			/// Who found it.
			who: T::AccountId,
			/// Its error sum.
			error: u64,
			/// The former champion's on the same windows.
			champion_error: u64,
			/// The initial champion's on the same windows.
			initial_error: u64,
			/// Upper bound of its error.
			upper: u64,
			/// What it added to the high-water mark, Q32 bits.
			increment: Q32,
			/// What is paid of it, Q32 bits.
			eff: Q32,
		},
		/// A near-miss stays to be measured again in at most `rounds_left` rounds.
		ContenderKept {
			/// The domain.
			domain: DomainId,
			/// The model.
			model: ModelId,
			/// Rounds in which it is measured again.
			rounds_left: u8,
		},
		/// A contender is measured no more and did not become champion.
		ContenderDropped {
			/// The domain.
			domain: DomainId,
			/// The model.
			model: ModelId,
			/// Why.
			reason: Reason,
		},
		/// The fees of a round were paid: `each` to `evaluators` evaluators, `settler` to who settled it; `burned` was left.
		FeesPaid {
			/// The round.
			round: RoundId,
			/// Evaluators that told the truth.
			evaluators: u32,
			/// What each of them received, in plancks.
			each: Balance,
			/// What the settler received.
			settler: Balance,
			/// What was burned.
			burned: Balance,
		},
		/// A round is over.
		RoundDecided {
			/// The round.
			round: RoundId,
			/// The new champion, if there is one.
			winner: Option<ModelId>,
		},
		/// A round is void: everything still held was returned. If it ran into its time-out, its fees were burned before, as `FeesPaid` tells.
		RoundVoided {
			/// The round.
			round: RoundId,
		},
		/// A model was removed, and its author's hold released.
		ModelReleased {
			/// The model.
			model: ModelId,
			/// Who found it.
			author: T::AccountId,
			/// The hold that was released, in plancks.
			released: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No such domain. `doin_domains` lists the registered ones.
		UnknownDomain,
		/// The domain takes no commits now: it is loading, converged or closing. Choose an active one.
		NotActive,
		/// The round does not take commits at this block. `doin_round` names the round that does, or says when the next one begins.
		NotCommitting,
		/// Too many rounds of this domain, or of the whole chain, are undecided. Nothing was held; try again after the next verdict.
		TooBusy,
		/// All seats of this round are taken. Commit in the next round.
		RoundFull,
		/// You hold a seat with this commitment in this round already. Use a fresh salt.
		CommittedTwice,
		/// No such undecided round: nobody committed to it, or it is over.
		UnknownRound,
		/// The round does not take reveals at this block. `doin_openRound` names the window.
		NotRevealing,
		/// None of your seats in this round committed to this reveal with this salt. Reveal exactly what was committed, from the account
		/// that committed it.
		NoMatchingSeat,
		/// This seat was revealed before.
		RevealedTwice,
		/// The search space has another number of genes.
		GeneCount,
		/// A gene lies outside its bounds.
		GeneRange,
		/// The validation split has another number of chunks. Give one sum per chunk.
		ChunkCount,
		/// The bytes are not an encoded model, or some are left over.
		ModelMalformed,
		/// The model's version byte is unknown to this runtime. Encode it for the chain's version.
		ModelVersion,
		/// The model is of another program than the domain's, or a baseline, which cannot be submitted.
		ModelFamily,
		/// The model's layers do not fit its window, each other, or the domain's horizon.
		ModelShape,
		/// The model's window is 0 or longer than the history that the domain hands out.
		ModelWindow,
		/// A weight lies outside ±2047, or a coordinate outside its range. Quantise again.
		ModelWeight,
		/// A shift lies outside its range.
		ModelShift,
		/// A neuron could overflow 32 bits. Use smaller weights or biases, or a narrower layer.
		ModelOverflow,
		/// A window costs more multiply-accumulates than the domain allows. Use a smaller net.
		ModelTooCostly,
		/// The encoded model is larger than the domain allows. Use a smaller net.
		ModelTooLarge,
		/// The round has no such seat.
		NoSuchSeat,
		/// The seat has no revealed candidate in the race.
		NotRevealed,
		/// The validation split has no such chunk.
		NoSuchChunk,
		/// The size class is not the domain's, so the call was not charged for its chunk. Use the class that `doin_domain` shows.
		WrongClass,
		/// The claim is true: the recomputed sum equals it.
		ClaimHolds,
		/// The runtime cannot compute this chunk.
		CannotJudge,
		/// No such model is stored.
		UnknownModel,
		/// The model is still needed: as a candidate, as the champion of a domain, or as a contender of an undecided round. A contender can
		/// be released by its author between rounds, and by anybody once its domain takes no more commits; a champion once its domain is gone.
		ModelInUse,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			let mut meter = WeightMeter::with_limit(Self::hook_limit());
			meter.consume(T::WeightInfo::on_initialize());
			Agenda::<Due<T>, Cursor<T>, RoundId>::serve(
				now.unique_saturated_into(),
				&mut meter,
				T::WeightInfo::close(),
				Self::serve,
			);
			meter.consumed()
		}

		fn integrity_test() {
			let cost = T::WeightInfo::on_initialize().saturating_add(T::WeightInfo::close());
			assert!(cost.all_lte(Self::hook_limit()), "the hook must be able to close at least one round per block: {cost:?}");
			let rounds = T::Timing::rounds();
			assert!(rounds.commit > 0 && rounds.reveal > 0, "commit and reveal phases must not be empty: {rounds:?}");
			assert!(T::SeatFee::get() > 0 && T::HoldFactor::get() > 0, "a seat must cost something");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Takes a seat in `round` for the solution behind `hash`, a [`doin_primitives::commitment::commitment`] with tag `Optimae`. Pays
		/// the fee and the hold of the next seat; see the module documentation. The same account may take several seats. A call that is
		/// included too late fails, for a commitment is bound to its round and could not be revealed in the next one.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::commit())]
		pub fn commit(origin: OriginFor<T>, round: RoundId, hash: Hash) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::take_seat(who, round, hash)
		}

		/// Reveals what a seat of the caller committed to. The model is stored against a hold per byte and measured once the round's
		/// reveals are closed. If its validation sums are not better than the champion's by the domain's least improvement, it is
		/// rejected: the call succeeds, nothing is stored, and the seat's hold comes back.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::reveal(reveal.model.len() as u32))]
		pub fn reveal(origin: OriginFor<T>, round: RoundId, reveal: Box<Reveal>, salt: [u8; 32]) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::open_seat(who, round, *reveal, salt)
		}

		/// Proves that the validation sum that `seat` of `round` claimed for `chunk` is false: the runtime computes it. The candidate is
		/// out, a fifth of its seat's hold is burned, and the caller receives a tenth of that. Possible from the reveal until the verdict,
		/// by anybody. `class` is the domain's size class, which prices the call. Who is right pays no fee, who is wrong loses it.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::dispute_claim().saturating_add(T::Judge::weight(*class)))]
		pub fn dispute_claim(
			origin: OriginFor<T>,
			round: RoundId,
			seat: u8,
			chunk: u16,
			class: SizeClass,
		) -> DispatchResultWithPostInfo {
			let challenger = ensure_signed(origin)?;
			Self::disprove(challenger, round, seat, chunk, class)
		}

		/// Removes a model that no round needs, and releases its author's hold: a contender between rounds for its author, or for anybody
		/// once its domain takes no more commits; and any model of a domain that is gone.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::release())]
		pub fn release(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::release_model(who, model)
		}
	}

	impl<T: Config> From<ModelError> for Error<T> {
		fn from(error: ModelError) -> Self {
			match error {
				ModelError::Malformed => Error::ModelMalformed,
				ModelError::Version => Error::ModelVersion,
				ModelError::Family => Error::ModelFamily,
				ModelError::Shape => Error::ModelShape,
				ModelError::Window => Error::ModelWindow,
				ModelError::Weight => Error::ModelWeight,
				ModelError::Shift => Error::ModelShift,
				ModelError::Overflow => Error::ModelOverflow,
				ModelError::TooCostly => Error::ModelTooCostly,
				ModelError::TooLarge => Error::ModelTooLarge,
			}
		}
	}
}

impl<T: Config> Pallet<T> {
	/// What the hook may use of a block: a tenth.
	fn hook_limit() -> Weight {
		let block = T::BlockWeights::get().max_block;
		let tenth = Perbill::from_percent(10);
		Weight::from_parts(tenth.mul_floor(block.ref_time()), tenth.mul_floor(block.proof_size()))
	}

	/// The block being executed.
	fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().unique_saturated_into()
	}
}

impl<T: Config> doin_primitives_frame::Models for Pallet<T> {
	fn bytes(model: ModelId) -> Option<doin_primitives::domain::ModelBytes> {
		Models::<T>::get(model).map(|stored| stored.bytes)
	}
}
