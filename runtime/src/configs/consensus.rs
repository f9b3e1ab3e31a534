//! BABE, GRANDPA, sessions and offences.

use crate::{configs::staking::*, configs::system::deposit, *};
use alloc::vec::Vec;
use doin_traits::{Behaviour, Reputation as _};
use frame_support::{
	parameter_types,
	traits::{ConstU32, Get, ValidatorRegistration},
	weights::{constants::ParityDbWeight, Weight},
};
use pallet_session::historical;
use sp_runtime::Perbill;
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

/// Target of the log lines of this file.
const LOG_TARGET: &str = "runtime::doin-consensus";
/// Most validators of a session.
pub const MAX_AUTHORITIES: u32 = 100;
/// Most nominators of one validator, for the weight of an equivocation report.
pub const MAX_NOMINATORS: u32 = 1_000;

parameter_types! {
	/// Blocks for which the report of an equivocation is valid: the slots for which the stake behind it stays bonded.
	pub ReportLongevity: u64 = u64::from(BondingDuration::get())
		.saturating_mul(SessionsPerEra::get().into())
		.saturating_mul(<pallet_doin_timing::EpochDuration<Runtime> as Get<u64>>::get());
}

impl pallet_babe::Config for Runtime {
	type DisabledValidators = Session;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type EpochDuration = pallet_doin_timing::EpochDuration<Runtime>;
	type EquivocationReportSystem = pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
	type ExpectedBlockTime = pallet_doin_timing::ExpectedBlockTime<Runtime>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
	type MaxNominators = ConstU32<MAX_NOMINATORS>;
	type WeightInfo = ();
}

parameter_types! {
	/// Sessions for which GRANDPA stores the set id, so that equivocations of the whole bonding duration can be reported.
	pub const MaxSetIdSessionEntries: u64 = BondingDuration::get() as u64 * SessionsPerEra::get() as u64;
}

impl pallet_grandpa::Config for Runtime {
	type EquivocationReportSystem = pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
	type MaxNominators = ConstU32<MAX_NOMINATORS>;
	type MaxSetIdSessionEntries = MaxSetIdSessionEntries;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
}

impl pallet_authorship::Config for Runtime {
	type EventHandler = Staking;
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
}

parameter_types! {
	/// Deposit of session keys: 0.316 DOIN for three items of 160 bytes, i.e. two 32-byte keys and their owner, each twice.
	pub const KeyDeposit: Balance = deposit(3, 160);
}

impl pallet_session::Config for Runtime {
	type Currency = Balances;
	type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
	type KeyDeposit = KeyDeposit;
	type Keys = SessionKeys;
	type NextSessionRotation = Babe;
	type RuntimeEvent = RuntimeEvent;
	type SessionHandler = <SessionKeys as sp_runtime::traits::OpaqueKeys>::KeyTypeIdProviders;
	type SessionManager = historical::NoteHistoricalRoot<Self, ValidatorsWithKeys<Staking>>;
	type ShouldEndSession = Babe;
	type ValidatorId = AccountId;
	type ValidatorIdOf = sp_runtime::traits::ConvertInto;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
}

/// Validators that `M` plans for a session, without those that have no session keys.
///
/// An account can be elected without session keys. The session pallet leaves such validators out, but the root that proves the
/// owners of a session's keys would count them, and no equivocation of that session could be reported. A session in which no
/// validator is left would be announced to clients without authorities, and no block could follow it: the validators of the
/// session before stay in that case (`docs/adr/0040`). They do not if all of them have removed their keys.
pub struct ValidatorsWithKeys<M>(core::marker::PhantomData<M>);
impl<M: historical::SessionManager<AccountId, ()>> historical::SessionManager<AccountId, ()> for ValidatorsWithKeys<M> {
	fn new_session(index: u32) -> Option<Vec<(AccountId, ())>> {
		let mut planned = <M as historical::SessionManager<_, _>>::new_session(index)?;
		planned.retain(|(who, _)| Session::is_registered(who));
		if planned.is_empty() {
			log::warn!(target: LOG_TARGET, "no elected validator of session {index} has session keys: the validators stay");
			return None;
		}
		Some(planned)
	}

	fn new_session_genesis(index: u32) -> Option<Vec<(AccountId, ())>> {
		<M as historical::SessionManager<_, _>>::new_session_genesis(index)
	}

	fn start_session(index: u32) {
		<M as historical::SessionManager<_, _>>::start_session(index);
	}

	fn end_session(index: u32) {
		<M as historical::SessionManager<_, _>>::end_session(index);
	}
}

// The trait above requires this one, which only managers without roots use.
impl<M: historical::SessionManager<AccountId, ()>> pallet_session::SessionManager<AccountId> for ValidatorsWithKeys<M> {
	fn new_session(index: u32) -> Option<Vec<AccountId>> {
		let planned = <Self as historical::SessionManager<_, _>>::new_session(index)?;
		Some(planned.into_iter().map(|(who, ())| who).collect())
	}

	fn start_session(index: u32) {
		<M as historical::SessionManager<_, _>>::start_session(index);
	}

	fn end_session(index: u32) {
		<M as historical::SessionManager<_, _>>::end_session(index);
	}
}

impl pallet_session::historical::Config for Runtime {
	type FullIdentification = ();
	type FullIdentificationOf = pallet_staking::UnitIdentificationOf<Self>;
	type RuntimeEvent = RuntimeEvent;
}

/// Slashes the stake behind an equivocation, and records it in the reputation of the validator, which may be an evaluator as
/// well.
pub struct SlashAndRecord;
type Offender = pallet_session::historical::IdentificationTuple<Runtime>;
impl OnOffenceHandler<AccountId, Offender, Weight> for SlashAndRecord {
	fn on_offence(offenders: &[OffenceDetails<AccountId, Offender>], fractions: &[Perbill], session: u32) -> Weight {
		for OffenceDetails { offender: (who, _), .. } in offenders {
			Reputation::record(who, Behaviour::Equivocated);
		}
		let recording = ParityDbWeight::get().reads_writes(1, 1).saturating_mul(offenders.len() as u64);
		<Staking as OnOffenceHandler<AccountId, Offender, Weight>>::on_offence(offenders, fractions, session)
			.saturating_add(recording)
	}
}

impl pallet_offences::Config for Runtime {
	type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
	type OnOffenceHandler = SlashAndRecord;
	type RuntimeEvent = RuntimeEvent;
}
