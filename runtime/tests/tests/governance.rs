//! Governance by stake: referenda of both tracks from their submission to their enactment, and who is not root.

use codec::Encode;
use doin_primitives::{domain::Champion, Balance, BlockNumber, RoundId, DOIN};
use doin_runtime::{
	configs::{
		governance::{Days, ParameterCalls, PARAMETERS, UPGRADE},
		staking::{MAX_NOMINATING, MAX_TARGETS},
	},
	governance::{Call as GovernanceCall, Error as GovernanceError, Origin},
	AccountId, Domains, OriginCaller, Runtime, RuntimeCall, RuntimeOrigin, Staking, System, VERSION,
};
use doin_runtime_tests::{round::DEMO, Chain};
use doin_traits::Progress;
use frame_support::traits::{schedule::DispatchTime, Bounded, Contains, Get};
use frame_system::{Call as SystemCall, Error as SystemError, RawOrigin};
use pallet_conviction_voting::{AccountVote, Call as VotingCall, Conviction, Vote};
use pallet_doin_domains::{Call as DomainsCall, Specs, States};
use pallet_nomination_pools::{Call as PoolsCall, ConfigOp as PoolsConfigOp};
use pallet_preimage::Call as PreimageCall;
use pallet_referenda::{
	Call as ReferendaCall, DecidingCount, Error as ReferendaError, ReferendumCount, ReferendumIndex, ReferendumInfo,
	ReferendumInfoFor,
};
use pallet_scheduler::Call as SchedulerCall;
use pallet_staking::{
	ActiveEra, Call as StakingCall, ConfigOp, Error as StakingError, MaxValidatorsCount, MinValidatorBond, RewardDestination,
	UnappliedSlashes, Validators,
};
use pallet_utility::Call as UtilityCall;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie, One};
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash},
	DispatchError, Perbill, Percent,
};

/// Era at whose start the slash for an offence in era 0 is applied.
const SLASHED_AT: u32 = 28;
/// Coins that a voter votes with, in plancks. Each of the eight development accounts has a million DOIN.
const VOTE: Balance = 900_000 * DOIN;

/// Returns the origin of the track `upgrade`.
fn root() -> OriginCaller {
	OriginCaller::system(RawOrigin::Root)
}

/// Returns the origin of the track `parameters`.
fn parameters() -> OriginCaller {
	OriginCaller::Governance(Origin::Parameters)
}

/// Returns the call that authorizes an upgrade to `code`.
fn authorize(code: &[u8]) -> RuntimeCall {
	SystemCall::<Runtime>::authorize_upgrade { code_hash: BlakeTwo256::hash(code) }.into()
}

/// Returns the call that changes the smallest bond of a validator, the most candidates, and the share of them beyond which anybody
/// can chill those below the smallest bond.
fn staking_configs(smallest: ConfigOp<Balance>, most: ConfigOp<u32>, threshold: ConfigOp<Percent>) -> RuntimeCall {
	StakingCall::<Runtime>::set_staking_configs {
		min_nominator_bond: ConfigOp::Noop,
		min_validator_bond: smallest,
		max_nominator_count: ConfigOp::Noop,
		max_validator_count: most,
		chill_threshold: threshold,
		min_commission: ConfigOp::Noop,
		max_staked_rewards: ConfigOp::Noop,
	}
	.into()
}

/// Returns the call that changes the smallest stake of a member of a pool, the number of pools, and their largest commission.
fn pools_configs(smallest: PoolsConfigOp<Balance>, most: PoolsConfigOp<u32>, commission: PoolsConfigOp<Perbill>) -> RuntimeCall {
	PoolsCall::<Runtime>::set_configs {
		min_join_bond: smallest,
		min_create_bond: PoolsConfigOp::Noop,
		max_pools: most,
		max_members: PoolsConfigOp::Noop,
		max_members_per_pool: PoolsConfigOp::Noop,
		global_max_commission: commission,
	}
	.into()
}

/// Returns the call by which a referendum sends a call that changes a parameter.
fn change(call: RuntimeCall) -> RuntimeCall {
	GovernanceCall::<Runtime>::change { call: Box::new(call) }.into()
}

/// Submits a referendum with its decision deposit. Returns its index.
fn submit(chain: &mut Chain, who: Sr25519Keyring, origin: OriginCaller, call: &RuntimeCall) -> ReferendumIndex {
	let index = chain.state(ReferendumCount::<Runtime>::get);
	let proposal = Bounded::Inline(call.encode().try_into().expect("at most 128 bytes"));
	let (proposal_origin, enactment_moment) = (Box::new(origin), DispatchTime::After(0));
	chain.ok(who, ReferendaCall::<Runtime>::submit { proposal_origin, proposal, enactment_moment });
	chain.ok(who, ReferendaCall::<Runtime>::place_decision_deposit { index });
	index
}

/// Votes for a referendum, for one lock period.
fn vote(chain: &mut Chain, who: Sr25519Keyring, poll_index: ReferendumIndex, balance: Balance) {
	let vote = AccountVote::Standard { vote: Vote { aye: true, conviction: Conviction::Locked1x }, balance };
	chain.ok(who, VotingCall::<Runtime>::vote { poll_index, vote });
}

/// Makes blocks for `count` governance days.
fn pass_days(chain: &mut Chain, count: BlockNumber) {
	let until = chain.number() + count * chain.state(<Days<1> as Get<BlockNumber>>::get);
	chain.run_to(until);
}

/// Returns a referendum.
fn referendum(chain: &mut Chain, index: ReferendumIndex) -> pallet_referenda::ReferendumInfoOf<Runtime, ()> {
	chain.state(|| ReferendumInfoFor::<Runtime>::get(index)).expect("it was submitted")
}

/// Returns the balance of an account.
fn balance(chain: &mut Chain, who: Sr25519Keyring) -> pallet_balances::AccountData<Balance> {
	chain.state(|| frame_system::Account::<Runtime>::get(who.to_account_id())).data
}

/// Returns `true` if coins of `who` are locked.
fn is_locked(chain: &mut Chain, who: Sr25519Keyring) -> bool {
	!chain.state(|| pallet_balances::Locks::<Runtime>::get(who.to_account_id())).is_empty()
}

#[test]
fn an_upgrade_is_authorized_by_votes_and_applied_by_anybody() {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.run_to(2);
	let code = vec![7u8; 1_000];
	chain.read_versions_as(VERSION.spec_version + 1);
	let apply = |code: &[u8]| SystemCall::<Runtime>::apply_authorized_upgrade { code: code.to_vec() };

	let index = submit(&mut chain, Dave, root(), &authorize(&code));
	assert_eq!(chain.fails(Dave, apply(&code)), SystemError::<Runtime>::NothingAuthorized.into());
	for who in [Bob, Charlie, Dave, Eve, Ferdie] {
		vote(&mut chain, who, index, VOTE);
	}
	// A day each until it is decided, confirmed and enacted.
	pass_days(&mut chain, 2);
	assert!(matches!(referendum(&mut chain, index), ReferendumInfo::Approved(..)));
	assert!(chain.state(System::authorized_upgrade).is_none(), "it is not enacted yet");
	pass_days(&mut chain, 1);
	assert!(chain.state(System::authorized_upgrade).is_some());

	assert_eq!(chain.fails(One, apply(&[8; 1_000])), SystemError::<Runtime>::Unauthorized.into());
	chain.ok(One, apply(&code));
	let stored = chain.state(|| sp_io::storage::get(sp_core::storage::well_known_keys::CODE)).expect("a chain has a code");
	assert_eq!(stored.to_vec(), code);
	for call in [
		ReferendaCall::<Runtime>::refund_decision_deposit { index },
		ReferendaCall::<Runtime>::refund_submission_deposit { index },
	] {
		chain.ok(One, call);
	}
	assert_eq!(balance(&mut chain, Dave).reserved, 0);
}

#[test]
fn a_code_of_the_same_version_is_refused_after_all_votes() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	let code = vec![7u8; 1_000];
	chain.read_versions_as(VERSION.spec_version);
	let index = submit(&mut chain, Dave, root(), &authorize(&code));
	for who in [Bob, Charlie, Dave, Eve, Ferdie] {
		vote(&mut chain, who, index, VOTE);
	}
	pass_days(&mut chain, 3);
	let before = chain.state(|| sp_io::storage::get(sp_core::storage::well_known_keys::CODE));
	chain.ok(One, SystemCall::<Runtime>::apply_authorized_upgrade { code });
	assert_eq!(chain.state(|| sp_io::storage::get(sp_core::storage::well_known_keys::CODE)), before);
	assert!(chain.state(System::authorized_upgrade).is_none(), "the authorization is used up");
}

#[test]
fn the_track_parameters_raises_the_smallest_bond_and_lets_anybody_chill_those_below() {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.run_to(2);
	chain.ok(Bob, StakingCall::<Runtime>::bond { value: 1_000 * DOIN, payee: RewardDestination::Staked });
	chain.ok(Bob, StakingCall::<Runtime>::validate { prefs: Default::default() });
	// More candidates than places, as on a crowded network.
	chain.state(|| MaxValidatorsCount::<Runtime>::put(1));
	let chill = || StakingCall::<Runtime>::chill_other { stash: Bob.to_account_id() };
	assert_eq!(chain.fails(Eve, chill()), StakingError::<Runtime>::CannotChillOther.into());

	let call = staking_configs(ConfigOp::Set(2_000 * DOIN), ConfigOp::Noop, ConfigOp::Set(Percent::from_percent(75)));
	let index = submit(&mut chain, Dave, parameters(), &change(call));
	for who in [Charlie, Dave, Eve] {
		vote(&mut chain, who, index, VOTE);
	}
	pass_days(&mut chain, 3);
	assert_eq!(chain.state(MinValidatorBond::<Runtime>::get), 2_000 * DOIN);
	chain.ok(Eve, chill());
	assert!(!chain.state(|| Validators::<Runtime>::contains_key(Bob.to_account_id())));
}

#[test]
fn a_referendum_without_support_is_rejected_and_keeps_its_deposit() {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.run_to(2);
	let index = submit(&mut chain, Dave, root(), &authorize(&[7]));
	// All votes approve, with a ninth of the coins.
	vote(&mut chain, Dave, index, VOTE);
	pass_days(&mut chain, 7);
	assert!(matches!(referendum(&mut chain, index), ReferendumInfo::Ongoing(_)), "it is decided for seven days, after the first");
	pass_days(&mut chain, 1);
	assert!(matches!(referendum(&mut chain, index), ReferendumInfo::Rejected(..)));
	assert!(chain.state(System::authorized_upgrade).is_none());
	chain.ok(Dave, ReferendaCall::<Runtime>::refund_decision_deposit { index });
	let refund = ReferendaCall::<Runtime>::refund_submission_deposit { index };
	assert_eq!(chain.fails(Dave, refund), ReferendaError::<Runtime>::BadStatus.into());
}

/// The share of all coins that has to vote for a referendum falls while it is decided. A third of them suffices for an upgrade
/// after four of seven days.
#[test]
fn an_upgrade_with_less_support_is_decided_later() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	let index = submit(&mut chain, Dave, root(), &authorize(&[7]));
	for who in [Bob, Charlie, Dave] {
		vote(&mut chain, who, index, VOTE);
	}
	pass_days(&mut chain, 3);
	assert!(matches!(referendum(&mut chain, index), ReferendumInfo::Ongoing(_)));
	pass_days(&mut chain, 4);
	assert!(matches!(referendum(&mut chain, index), ReferendumInfo::Approved(..)));
}

/// Fills the agenda of a block, as the alarms of other referenda do.
fn fill_agenda(chain: &mut Chain, when: BlockNumber) {
	let remark: RuntimeCall = SystemCall::<Runtime>::remark { remark: vec![] }.into();
	let call = || -> RuntimeCall {
		SchedulerCall::<Runtime>::schedule { when, maybe_periodic: None, priority: 255, call: Box::new(remark.clone()) }.into()
	};
	chain.state(|| while call().dispatch(RuntimeOrigin::root()).is_ok() {});
}

/// Returns the number of the block in which a referendum ends if nobody votes any more.
fn end_of(chain: &mut Chain, index: ReferendumIndex) -> BlockNumber {
	let mut copy = chain.fork();
	while matches!(referendum(&mut copy, index), ReferendumInfo::Ongoing(_)) {
		assert!(copy.number() < 300);
		copy.block();
	}
	copy.number()
}

/// The alarm that gives the place to the next referendum is set for the block after the end of this one.
#[test]
fn a_full_agenda_does_not_keep_the_place_of_a_referendum_that_has_ended() {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.run_to(2);
	let index = submit(&mut chain, Dave, root(), &authorize(&[7]));
	pass_days(&mut chain, 2);
	let decided = |chain: &mut Chain| chain.state(|| DecidingCount::<Runtime>::get(UPGRADE));
	assert_eq!(decided(&mut chain), 1);
	let end = end_of(&mut chain, index);
	fill_agenda(&mut chain, end + 1);
	chain.run_to(end);
	assert!(matches!(referendum(&mut chain, index), ReferendumInfo::Rejected(..)));
	assert_eq!(decided(&mut chain), 1);
	chain.run_to(end + 2);
	assert_eq!(decided(&mut chain), 0);
}

#[test]
fn a_full_agenda_delays_an_enactment_by_a_block() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	let index = submit(&mut chain, Dave, root(), &authorize(&[7]));
	for who in [Bob, Charlie, Dave, Eve, Ferdie] {
		vote(&mut chain, who, index, VOTE);
	}
	let enactment = end_of(&mut chain, index) + chain.state(<Days<1> as Get<BlockNumber>>::get);
	fill_agenda(&mut chain, enactment);
	chain.run_to(enactment);
	assert!(matches!(referendum(&mut chain, index), ReferendumInfo::Approved(..)));
	assert!(chain.state(System::authorized_upgrade).is_none());
	chain.run_to(enactment + 1);
	assert!(chain.state(System::authorized_upgrade).is_some());
}

/// Donations are on hold, and coins on hold vote. Dave votes with the coins of his donation, and Charlie has delegated with his.
#[test]
fn coins_that_are_paid_as_a_bounty_do_not_vote_twice() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	chain.state(|| {
		// No call can give the demo domain a target.
		Specs::<Runtime>::mutate(DEMO, |spec| spec.as_mut().expect("registered").target = 1 << 19);
	});
	let index = submit(&mut chain, Bob, root(), &authorize(&[7]));
	let (conviction, to) = (Conviction::Locked1x, Bob.to_account_id().into());
	chain.ok(Charlie, VotingCall::<Runtime>::delegate { class: UPGRADE, to, conviction, balance: VOTE });
	for who in [Bob, Dave] {
		vote(&mut chain, who, index, VOTE);
	}
	for who in [Charlie, Dave] {
		chain.ok(who, DomainsCall::<Runtime>::add_bounty { domain: DEMO, amount: VOTE });
	}
	let ayes = |chain: &mut Chain| match referendum(chain, index) {
		ReferendumInfo::Ongoing(status) => status.tally.ayes,
		_ => panic!("it is not decided yet"),
	};
	assert_eq!(ayes(&mut chain), 3 * VOTE);

	chain.state(|| {
		let state = States::<Runtime>::get(DEMO).expect("registered");
		let round = Some(RoundId { domain: DEMO, number: 1 });
		let champion = Champion { author: Some(One.to_account_id()), round, ..state.champion };
		let progress = Progress { high_water: state.high_water, carry: 0, upper: 0 };
		<Domains as doin_traits::Domains<AccountId>>::crown(DEMO, champion, progress);
	});
	assert!(balance(&mut chain, One).free > 2 * VOTE, "the bounty is paid");
	assert_eq!(ayes(&mut chain), VOTE, "the vote of Bob");
}

#[test]
fn bonded_coins_vote_and_votes_stay_locked() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	assert!(balance(&mut chain, Alice).free < 950_000 * DOIN, "a tenth of the coins of Alice is bonded");
	let call = staking_configs(ConfigOp::Set(2_000 * DOIN), ConfigOp::Noop, ConfigOp::Noop);
	let index = submit(&mut chain, Dave, parameters(), &change(call));
	vote(&mut chain, Alice, index, 950_000 * DOIN);
	for who in [Charlie, Eve] {
		vote(&mut chain, who, index, VOTE);
	}
	while !matches!(referendum(&mut chain, index), ReferendumInfo::Approved(..)) {
		assert!(chain.number() < 200);
		chain.block();
	}

	let unlock = || VotingCall::<Runtime>::unlock { class: PARAMETERS, target: Alice.to_account_id().into() };
	chain.ok(Alice, VotingCall::<Runtime>::remove_vote { class: Some(PARAMETERS), index });
	chain.ok(Alice, unlock());
	assert!(is_locked(&mut chain, Alice), "the vote won, so it stays locked for a day");
	pass_days(&mut chain, 1);
	chain.ok(Alice, unlock());
	assert!(!is_locked(&mut chain, Alice));
}

/// Slashes a tenth of the stake of Alice, as an equivocation would.
fn slash_alice(chain: &mut Chain) {
	let tenth = Perbill::from_percent(10);
	let slashed = chain.state(|| Staking::manual_slash(RuntimeOrigin::root(), Alice.to_account_id(), 0, tenth));
	assert_eq!(slashed, Ok(()));
}

#[test]
fn a_slash_is_deferred_and_cancelled_by_a_referendum() {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.run_to(2);
	let before = chain.total(&Alice.to_account_id());
	slash_alice(&mut chain);
	assert_eq!(chain.total(&Alice.to_account_id()), before);
	assert_eq!(chain.state(|| UnappliedSlashes::<Runtime>::get(SLASHED_AT)).len(), 1);

	let cancel = StakingCall::<Runtime>::cancel_deferred_slash { era: SLASHED_AT, slash_indices: vec![0] };
	let index = submit(&mut chain, Dave, root(), &cancel.into());
	for who in [Bob, Charlie, Dave, Eve, Ferdie] {
		vote(&mut chain, who, index, VOTE);
	}
	pass_days(&mut chain, 3);
	assert!(chain.state(|| UnappliedSlashes::<Runtime>::get(SLASHED_AT)).is_empty());
	assert_eq!(chain.total(&Alice.to_account_id()), before);
}

#[test]
fn a_slash_that_nobody_cancels_is_applied() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	let before = chain.total(&Alice.to_account_id());
	slash_alice(&mut chain);
	// Brings the era of the slash forward, from 28 to 1.
	chain.state(|| UnappliedSlashes::<Runtime>::insert(1, UnappliedSlashes::<Runtime>::take(SLASHED_AT)));
	while chain.state(|| ActiveEra::<Runtime>::get().expect("an era is active").index) < 1 {
		assert_eq!(chain.total(&Alice.to_account_id()), before);
		chain.block();
	}
	assert_eq!(before - chain.total(&Alice.to_account_id()), 10_000 * DOIN);
}

#[test]
fn no_account_is_root() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	let index = submit(&mut chain, Dave, root(), &authorize(&[7]));
	let remark: RuntimeCall = SystemCall::<Runtime>::remark { remark: vec![] }.into();
	let calls: Vec<RuntimeCall> = vec![
		authorize(&[7]),
		SystemCall::<Runtime>::set_code { code: vec![7] }.into(),
		SystemCall::<Runtime>::set_storage { items: vec![] }.into(),
		StakingCall::<Runtime>::force_no_eras {}.into(),
		StakingCall::<Runtime>::cancel_deferred_slash { era: 0, slash_indices: vec![0] }.into(),
		staking_configs(ConfigOp::Noop, ConfigOp::Noop, ConfigOp::Noop),
		change(staking_configs(ConfigOp::Noop, ConfigOp::Noop, ConfigOp::Noop)),
		SchedulerCall::<Runtime>::schedule { when: 100, maybe_periodic: None, priority: 0, call: Box::new(remark.clone()) }
			.into(),
		PreimageCall::<Runtime>::request_preimage { hash: Default::default() }.into(),
		ReferendaCall::<Runtime>::cancel { index }.into(),
		ReferendaCall::<Runtime>::kill { index }.into(),
		ReferendaCall::<Runtime>::nudge_referendum { index }.into(),
		UtilityCall::<Runtime>::dispatch_as { as_origin: Box::new(root()), call: Box::new(remark) }.into(),
	];
	// Alice is the validator, and Dave has submitted the referendum.
	for who in [Alice, Dave] {
		for call in &calls {
			assert_eq!(chain.fails(who, call.clone()), DispatchError::BadOrigin, "{call:?}");
		}
	}
}

/// Returns calls that set parameters beyond their bounds, or remove them.
fn beyond_bounds() -> Vec<RuntimeCall> {
	vec![
		// More candidates than an election takes.
		staking_configs(ConfigOp::Noop, ConfigOp::Set(MAX_TARGETS + 1), ConfigOp::Noop),
		staking_configs(ConfigOp::Noop, ConfigOp::Remove, ConfigOp::Noop),
		// Fewer candidates, or chilling of most of them.
		staking_configs(ConfigOp::Noop, ConfigOp::Set(1), ConfigOp::Noop),
		staking_configs(ConfigOp::Set(DOIN), ConfigOp::Noop, ConfigOp::Set(Percent::zero())),
		staking_configs(ConfigOp::Set(1_000_000 * DOIN), ConfigOp::Noop, ConfigOp::Noop),
		StakingCall::<Runtime>::set_validator_count { new: 19 }.into(),
		StakingCall::<Runtime>::set_min_commission { new: Perbill::from_percent(26) }.into(),
		// Members without a stake, pools in all places of nominators, or pools that take everything.
		pools_configs(PoolsConfigOp::Set(0), PoolsConfigOp::Noop, PoolsConfigOp::Noop),
		// A smallest bond of nominators above the stake of creators of pools, whom anybody could chill.
		StakingCall::<Runtime>::set_staking_configs {
			min_nominator_bond: ConfigOp::Set(101 * DOIN),
			min_validator_bond: ConfigOp::Noop,
			max_nominator_count: ConfigOp::Noop,
			max_validator_count: ConfigOp::Noop,
			chill_threshold: ConfigOp::Noop,
			min_commission: ConfigOp::Noop,
			max_staked_rewards: ConfigOp::Noop,
		}
		.into(),
		PoolsCall::<Runtime>::set_configs {
			min_join_bond: PoolsConfigOp::Noop,
			min_create_bond: PoolsConfigOp::Set(99 * DOIN),
			max_pools: PoolsConfigOp::Noop,
			max_members: PoolsConfigOp::Noop,
			max_members_per_pool: PoolsConfigOp::Noop,
			global_max_commission: PoolsConfigOp::Noop,
		}
		.into(),
		pools_configs(PoolsConfigOp::Remove, PoolsConfigOp::Noop, PoolsConfigOp::Noop),
		pools_configs(PoolsConfigOp::Noop, PoolsConfigOp::Set(MAX_NOMINATING), PoolsConfigOp::Noop),
		pools_configs(PoolsConfigOp::Noop, PoolsConfigOp::Remove, PoolsConfigOp::Noop),
		pools_configs(PoolsConfigOp::Noop, PoolsConfigOp::Noop, PoolsConfigOp::Set(Perbill::from_percent(26))),
		pools_configs(PoolsConfigOp::Noop, PoolsConfigOp::Noop, PoolsConfigOp::Remove),
	]
}

#[test]
fn the_origin_parameters_changes_nothing_but_parameters() {
	let mut chain = Chain::preset("development");
	let refused: Vec<RuntimeCall> = vec![
		authorize(&[7]),
		SystemCall::<Runtime>::set_code { code: vec![7] }.into(),
		SystemCall::<Runtime>::set_storage { items: vec![] }.into(),
		pallet_balances::Call::<Runtime>::force_set_balance { who: Bob.to_account_id().into(), new_free: DOIN }.into(),
		StakingCall::<Runtime>::force_new_era {}.into(),
		StakingCall::<Runtime>::cancel_deferred_slash { era: 0, slash_indices: vec![0] }.into(),
	];
	let refused = [refused, beyond_bounds()].concat();
	let origin = || RuntimeOrigin::from(Origin::Parameters);
	let error = |chain: &mut Chain, call: &RuntimeCall| {
		let call = call.clone();
		chain.state(|| call.dispatch(origin())).expect_err("it is refused").error
	};
	for call in &refused {
		assert!(!ParameterCalls::contains(call), "{call:?}");
		assert_eq!(error(&mut chain, &change(call.clone())), GovernanceError::<Runtime>::NotParameter.into(), "{call:?}");
		assert_eq!(error(&mut chain, call), DispatchError::BadOrigin, "{call:?}");
	}
	let pools = pools_configs(PoolsConfigOp::Set(2 * DOIN), PoolsConfigOp::Noop, PoolsConfigOp::Noop);
	assert!(chain.state(|| change(pools).dispatch(origin())).is_ok());
	assert_eq!(chain.state(pallet_nomination_pools::MinJoinBond::<Runtime>::get), 2 * DOIN);
	let count = change(StakingCall::<Runtime>::set_validator_count { new: 50 }.into());
	assert!(chain.state(|| count.dispatch(origin())).is_ok());
	assert_eq!(chain.state(Staking::validator_count), 50);
}
