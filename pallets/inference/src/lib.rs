//! # Inference Pallet
//!
//! Paid answers: offers of servers that answer requests with the champions of domains, and what a false answer costs them.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage items, events, errors and configuration of this pallet. It receives champions through
//! [`OnCrowned`](doin_traits::OnCrowned), and fees of payments through [`Offers`](doin_traits::Offers).
//!
//! ## Overview
//!
//! A *server* offers the champion of a domain at a price, with a *bond*. It answers requests off chain, and signs a *receipt* for each:
//! the champion of a finalized block, and hashes of inputs and outputs. Models are exact, so each output is right, bit for bit, or the
//! receipt proves a *lie*. Anybody can *accuse* the server: the runtime runs one window, and slashes the bond.
//!
//! The *demand* of a domain is what payments to its servers have burned (pallet `channels`). Voters can look at it. It multiplies nothing,
//! since it can be bought.
//!
//! ## Example
//!
//! A server answers with a number that the champion does not compute:
#![doc = docify::embed!("src/tests/accusing.rs", a_false_output_takes_the_whole_bond)]
//!
//! ## Low Level / Implementation Details
//!
//! ### Offers
//!
//! - A bond is at least [`MIN_BOND`](doin_primitives::inference::MIN_BOND) and a thousand prices. A domain lists 64 offers. A full list is
//!   outbid by twice its smallest bond: a list of the cheapest would be filled with offers that nobody serves.
//! - An offer can change its price and its address, and raise its bond. The key never changes, and the bond never falls: what was signed
//!   before the change could not be accused otherwise.
//! - An offer that is withdrawn or outbid leaves the list at once. Its bond answers for receipts until the claim window is over, 80 periods
//!   of a round later; any account can release it then.
//!
//! ### Champions
//!
//! - While a domain has a bond, [`Served`] has its program and the champions of the claim window with the hashes of their bytes. So neither
//!   a retired domain nor champions that follow each other quickly hide a lie. If there are more than the list takes, receipts of the oldest
//!   blocks cannot be accused: an honest server is never slashed.
//! - A receipt names the champion after the execution of its block. A server names finalized blocks only.
//!
//! ### Accusations
//!
//! - The checks are in the order of their cost: block, channel, signature, champion, hashes. Bytes whose hash is another one are never
//!   decoded. A call that fails pays its whole weight.
//! - A false output takes the bond. Ten prices of the receipt, at most a hundredth of what is slashed, are paid to the payer of the channel,
//!   a tenth to the accuser, and the rest is burned. A server that accuses itself, and is the payer as well, loses 89 %.
//! - A model that was not the champion takes half of the bond, once. The rest still answers for false outputs, so that a server cannot
//!   save it by accusing itself of the smaller lie.
//! - The payer is named by the contract of the channel, whose hash is in the receipt. It is compensated although the channel is closed, and
//!   no accuser can leave it out.
//! - The chain deletes the bytes of a replaced champion. A client keeps those that it was answered with, and hands them in.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing))]

extern crate alloc;

mod accusations;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod impl_inference;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
mod offers;
#[cfg(test)]
mod tests;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use crate::{
		types::{Accusation, Offer, PlaceList, ServedDomain},
		WeightInfo,
	};
	use alloc::boxed::Box;
	use doin_primitives::{
		channel::Key,
		inference::{Demand, Endpoint, Lie},
		Balance, BlockNumber, DomainId, Hash, ModelRef,
	};
	use doin_traits::{DomainWeights, Domains, ModelRunner, Models, Timing, Votes};
	use frame_support::{
		dispatch::WithPostDispatchInfo,
		pallet_prelude::*,
		traits::fungible::{Inspect, MutateHold},
	};
	use frame_system::pallet_prelude::*;

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Currency of bonds.
		type Currency: Inspect<Self::AccountId, Balance = Balance> + MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
		/// Hold reasons of the runtime.
		type RuntimeHoldReason: From<HoldReason>;
		/// Domains whose champions are offered.
		type Domains: Domains<Self::AccountId>;
		/// Bytes of submitted models.
		type Models: Models;
		/// Runs a champion on the window of an accusation.
		type Runner: ModelRunner;
		/// Voted weights, which are shown beside the demand.
		type DomainWeights: DomainWeights;
		/// Lengths of rounds, and wall time in blocks.
		type Timing: Timing;
		/// Votes in referenda, which lock coins. Those of a server end when locked coins are paid.
		type Votes: Votes<Self::AccountId>;
		/// Hash of block 0. Receipts bind it, so they are accused on this chain only.
		type GenesisHash: Get<Hash>;
		/// Weights of the calls, and of recording a champion.
		type WeightInfo: WeightInfo;
		/// Domains for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper;
	}

	/// Reasons for holds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Bonds of a server.
		#[codec(index = 0)]
		Offer,
	}

	/// Bonded offers, also those that have left the list.
	// Hasher: Twox is safe since domains are numbered by the chain, Blake2 since users choose account ids.
	#[pallet::storage]
	pub type Offers<T: Config> = StorageDoubleMap<_, Twox64Concat, DomainId, Blake2_128Concat, T::AccountId, Offer>;

	/// Listed offers of each domain.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Listed<T: Config> = StorageMap<_, Twox64Concat, DomainId, PlaceList<T::AccountId>, ValueQuery>;

	/// Domains with a bond.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Served<T: Config> = StorageMap<_, Twox64Concat, DomainId, ServedDomain>;

	/// Paid demand of the domains whose servers were paid.
	// Hasher: Twox is safe since domains are numbered by the chain.
	#[pallet::storage]
	pub type Demands<T: Config> = StorageMap<_, Twox64Concat, DomainId, Demand, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A server offers a domain, or has changed its offer.
		Offered {
			/// The domain.
			domain: DomainId,
			/// The server.
			who: T::AccountId,
			/// Key that signs receipts.
			key: Key,
			/// Price of one window, in plancks.
			price: Balance,
			/// Amount on hold, in plancks.
			bond: Balance,
			/// Address of the server.
			endpoint: Endpoint,
		},
		/// An offer has left the list: it was withdrawn, outbid, or half of its bond was slashed.
		Unlisted {
			/// The domain.
			domain: DomainId,
			/// The server.
			who: T::AccountId,
			/// First block in which its bond can be released.
			leaves: BlockNumber,
		},
		/// A bond was released.
		Released {
			/// The domain.
			domain: DomainId,
			/// The server.
			who: T::AccountId,
			/// The bond, in plancks.
			bond: Balance,
		},
		/// A server was proved to have lied.
		Slashed {
			/// The domain.
			domain: DomainId,
			/// The server.
			who: T::AccountId,
			/// Kind of the lie.
			lie: Lie,
			/// Amount taken from the bond, in plancks.
			slashed: Balance,
			/// Part of it that was burned, in plancks.
			burned: Balance,
			/// Account that has paid for the answer; `None` for a receipt without a channel.
			payer: Option<T::AccountId>,
			/// Part of the slashed amount that it was paid, in plancks.
			compensation: Balance,
			/// Account that has accused the server.
			accuser: T::AccountId,
			/// Part of the slashed amount that it was paid, in plancks.
			reward: Balance,
		},
		/// The champion of a served domain was recorded.
		ChampionRecorded {
			/// The domain.
			domain: DomainId,
			/// The model.
			model: ModelRef,
			/// Hash of its encoding, which receipts name.
			hash: Hash,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No domain has this identifier, or it is retired. `doin_domains` lists those of this chain.
		UnknownDomain,
		/// The domain has no champion that answers requests: it is not active, or its models are points. Choose a domain whose program is a
		/// forecast or rows.
		NotServable,
		/// The address is empty or not UTF-8. State a URL of at most 128 bytes.
		InvalidEndpoint,
		/// The bond is below 10 DOIN, a thousand prices, or the present bond. Raise the bond or lower the price.
		BondTooSmall,
		/// The key of an offer never changes, since what it has signed must be punishable. Withdraw the offer and wait for the release of the
		/// bond, or offer from another account.
		KeyIsFixed,
		/// The bond was slashed. Wait until it can be released, then offer again.
		BondSlashed,
		/// The list of the domain is full. Offer twice its smallest bond, which `doin_offers` shows.
		ListFull,
		/// The account has no offer for this domain, or its bond is gone. `doin_offers` shows the listed ones.
		NoOffer,
		/// The offer is withdrawn or was outbid. Release its bond after the claim window.
		NotListed,
		/// The bond still answers for receipts. Release it in the block that the event `Unlisted` names, or later.
		NotReleasable,
		/// The block of the receipt is not on this chain yet. Accuse the server once it is.
		FutureBlock,
		/// The block of the receipt lies before the claim window. Accuse a server within 80 periods of a round.
		BlockTooOld,
		/// The block of the receipt lies before the bond of the server. A client checks that the offer is listed in the block of a receipt.
		BeforeOffer,
		/// The channel of the receipt is not that of this contract. State payer, payee, key and counter as the event `Opened` does.
		WrongContract,
		/// The signature is not that of the key of the offer. Hand in receipt and signature as the server has sent them.
		BadSignature,
		/// The champion of the block of the receipt is not known any more. Accuse a server sooner.
		UnknownChampion,
		/// The receipt names the champion of its block, so its model is no lie. Accuse an output.
		ChampionServed,
		/// The receipt names a model that was not the champion of its block. Accuse the model.
		NotChampion,
		/// Half of the bond was slashed for such a lie already. Accuse a false output.
		AlreadyHalved,
		/// The pairs are not those of the receipt. Hand in all pairs in the order of the windows.
		WrongPairs,
		/// Nonce, input and output are not those of this window. State the index of the window, and its parts as the server has sent them.
		WrongWindow,
		/// The bytes are not those of the champion of the block. Hand in the bytes whose hash the receipt names.
		WrongModel,
		/// The chain does not store the bytes of the champion any more. Hand them in.
		ModelNotStored,
		/// The champion answers no input of this shape. A server refuses such a request.
		WrongShape,
		/// The champion computes this output: the server has not lied.
		TrueOutput,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let accuse = Self::accuse_weight().saturating_add(T::Votes::end_weight());
			let block = T::BlockWeights::get().get(DispatchClass::Normal).max_extrinsic;
			assert!(block.is_none_or(|most| accuse.all_lte(most)), "an accusation must fit into a block: {accuse:?}");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Offers to answer requests for `domain`, or changes the offer of the sender.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the server.
		///
		/// ## Details
		///
		/// `key` signs receipts, `price` is that of one window in plancks, and `endpoint` the address of the server. Holds what `bond`
		/// exceeds the present bond by. An offer that has left is listed again, with its old key. In a full list, the offer takes the place
		/// of the smallest bond if its own is twice as large.
		///
		/// ## Errors
		///
		/// - [`InvalidEndpoint`](Error::InvalidEndpoint), [`BondTooSmall`](Error::BondTooSmall): the offer is not admitted.
		/// - [`UnknownDomain`](Error::UnknownDomain), [`NotServable`](Error::NotServable): the domain has no champion that answers.
		/// - [`KeyIsFixed`](Error::KeyIsFixed), [`BondSlashed`](Error::BondSlashed): the offer cannot be changed like this.
		/// - [`ListFull`](Error::ListFull): no place is free, and the bond takes none.
		/// - A token error if the account cannot pay.
		///
		/// ## Events
		///
		/// Deposits [`Offered`](Event::Offered), and [`Unlisted`](Event::Unlisted) before it for an offer that is outbid.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::offer())]
		pub fn offer(
			origin: OriginFor<T>,
			domain: DomainId,
			key: Key,
			price: Balance,
			endpoint: Endpoint,
			bond: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_offer(who, domain, key, price, endpoint, bond)
		}

		/// Removes the offer of the sender for `domain` from the list.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed by the server.
		///
		/// ## Details
		///
		/// The bond stays on hold until the claim window is over. [`release`](Call::release) returns it then.
		///
		/// ## Errors
		///
		/// - [`NoOffer`](Error::NoOffer), [`NotListed`](Error::NotListed): there is no such offer in the list.
		///
		/// ## Events
		///
		/// Deposits [`Unlisted`](Event::Unlisted).
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>, domain: DomainId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(who, domain)
		}

		/// Releases the bond of `who` for `domain` after the claim window.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can release a bond, to its server.
		///
		/// ## Errors
		///
		/// - [`NoOffer`](Error::NoOffer): there is no such bond.
		/// - [`NotReleasable`](Error::NotReleasable): the offer is listed, or the claim window is not over.
		///
		/// ## Events
		///
		/// Deposits [`Released`](Event::Released).
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::release())]
		pub fn release(origin: OriginFor<T>, domain: DomainId, who: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_release(domain, who)
		}

		/// Proves that `server` has signed a lie, and slashes its bond.
		///
		/// ## Dispatch Origin
		///
		/// Must be signed. Any account can accuse a server.
		///
		/// ## Details
		///
		/// A claim on an output publishes the input of one window, and the hashes of the others. The runtime runs the champion of the block of
		/// the receipt on the input. See the documentation of the pallet for what is slashed and who receives it. The weight of ending the
		/// votes of the server is charged beforehand, and returned: the block counts the votes that end.
		///
		/// ## Errors
		///
		/// - [`NoOffer`](Error::NoOffer): the server has no bond for the domain.
		/// - [`FutureBlock`](Error::FutureBlock), [`BeforeOffer`](Error::BeforeOffer), [`BlockTooOld`](Error::BlockTooOld),
		///   [`UnknownChampion`](Error::UnknownChampion): a receipt of this block cannot be accused.
		/// - [`WrongContract`](Error::WrongContract), [`BadSignature`](Error::BadSignature), [`WrongPairs`](Error::WrongPairs),
		///   [`WrongWindow`](Error::WrongWindow), [`WrongModel`](Error::WrongModel): the parts are not those of the receipt.
		/// - [`ModelNotStored`](Error::ModelNotStored): the bytes of the champion have to be handed in.
		/// - [`ChampionServed`](Error::ChampionServed), [`NotChampion`](Error::NotChampion): this is the other kind of lie, or none.
		/// - [`AlreadyHalved`](Error::AlreadyHalved): the bond has answered for this kind of lie.
		/// - [`WrongShape`](Error::WrongShape), [`TrueOutput`](Error::TrueOutput): there is no lie.
		///
		/// ## Events
		///
		/// Deposits [`Slashed`](Event::Slashed), and [`Unlisted`](Event::Unlisted) before it if a half of the bond is left.
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::accuse_weight().saturating_add(T::Votes::end_weight()))]
		pub fn accuse(
			origin: OriginFor<T>,
			server: T::AccountId,
			accusation: Box<Accusation<T::AccountId>>,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let weight = Self::accuse_weight();
			match Self::do_accuse(who, server, *accusation) {
				Ok(()) => Ok(Some(weight).into()),
				Err(error) => Err(error.with_weight(weight)),
			}
		}
	}

	impl<T: Config> Pallet<T> {
		/// Returns the weight that an accusation pays for: that of the most expensive run, also if it fails before the run.
		fn accuse_weight() -> Weight {
			T::WeightInfo::accuse().saturating_add(T::Runner::run_weight())
		}
	}
}
