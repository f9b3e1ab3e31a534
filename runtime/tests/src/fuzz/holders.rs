//! Calls of holders: referenda and votes, preimages, identities, pools and places; and what these calls conserve.
//!
//! They come with [`Kind::Block`](super::Kind::Block), whose numbers select them, so that the other operations stay as frequent as
//! they are.

use super::{Operation, World, ACTORS};
use codec::Encode;
use doin_primitives::{Balance, DOIN};
use doin_runtime::{
	configs::governance::{PARAMETERS, UPGRADE},
	governance::{Call as GovernanceCall, Origin},
	places::Call as PlacesCall,
	AccountId, NominationPools, OriginCaller, Runtime, RuntimeCall,
};
use frame_support::traits::{schedule::DispatchTime, Bounded, ConstU32};
use frame_system::{Call as SystemCall, RawOrigin};
use pallet_balances::{Holds, Locks};
use pallet_conviction_voting::{AccountVote, Call as VotingCall, Casting, ClassLocksFor, Conviction, Vote, Voting, VotingFor};
use pallet_identity::{legacy::IdentityInfo, Call as IdentityCall, Data, IdentityOf, SubsOf};
use pallet_nomination_pools::{BondExtra, BondedPools, Call as PoolsCall, LastPoolId, PoolMembers};
use pallet_preimage::Call as PreimageCall;
use pallet_referenda::{Call as ReferendaCall, ReferendumCount, ReferendumIndex, ReferendumInfo, ReferendumInfoFor};
use pallet_staking::Call as StakingCall;
use sp_keyring::Sr25519Keyring;
use sp_runtime::traits::{BlakeTwo256, Hash};
use std::collections::BTreeMap;

/// Identifier of the lock of votes.
const VOTING: [u8; 8] = *b"pyconvot";

/// A call and its sender.
type Sent = (Sr25519Keyring, RuntimeCall);

fn actor(n: u32) -> Sr25519Keyring {
	ACTORS[n as usize % ACTORS.len()]
}

fn account(n: u32) -> AccountId {
	actor(n).to_account_id()
}

/// Returns an amount of a stake or of a pool. All of them together leave an actor most of its coins.
fn stake(n: u32) -> Balance {
	[DOIN, 50 * DOIN, 450 * DOIN, 5_000 * DOIN][n as usize % 4]
}

/// Returns the amount of a vote. Four of the usual ones are the least support of the track `parameters`, and no account has the last
/// one.
fn votes(n: u32) -> Balance {
	[400_000, 400_000, 400_000, 400_000, 400_000, 1_000, 0, 20_000_000][n as usize % 8] * DOIN
}

/// Returns the bytes of a preimage.
fn preimage(n: u32) -> Vec<u8> {
	vec![n as u8 % 4; 200]
}

/// Returns a call that does nothing.
fn remark() -> RuntimeCall {
	SystemCall::<Runtime>::remark { remark: Vec::new() }.into()
}

impl World {
	/// Returns the calls of holders that the numbers of an operation select.
	pub(super) fn holders_calls(&mut self, operation: Operation) -> Vec<Sent> {
		let Operation { who, a, b, .. } = operation;
		let who = u32::from(who);
		let by_who = |calls: Vec<RuntimeCall>| -> Vec<Sent> { calls.into_iter().map(|call| (actor(who), call)).collect() };
		match a % 16 {
			0 | 1 => by_who(self.proposal(b)),
			2..=5 => (0..3).map(|place| self.vote(who + 5 * place, b.rotate_right(8 * place))).collect(),
			6 => by_who(vec![delegation(a >> 8, b)]),
			7 => by_who(self.withdrawal_of_vote(who, b)),
			8 => by_who(self.refunds(b)),
			9 => by_who(vec![stored_preimage(b)]),
			10 => by_who(vec![identity(who, b)]),
			11 => by_who(self.new_pool(who, b)),
			12..=14 => by_who(vec![self.pool_call(who, a >> 8, b)]),
			_ => by_who(vec![place(b)]),
		}
	}

	/// Returns the calls that submit a referendum and place its decision deposit. Some proposals are refused when they are enacted.
	fn proposal(&mut self, n: u32) -> Vec<RuntimeCall> {
		let index = self.chain.state(ReferendumCount::<Runtime>::get);
		let change = |call: RuntimeCall| RuntimeCall::from(GovernanceCall::<Runtime>::change { call: Box::new(call) });
		let parameters = OriginCaller::Governance(Origin::Parameters);
		let (origin, call) = match n % 4 {
			0 => (OriginCaller::system(RawOrigin::Root), remark()),
			1 => (parameters, change(remark())),
			// Places in a session: 19 are too few.
			_ => (parameters, change(StakingCall::<Runtime>::set_validator_count { new: 19 + (n >> 8) % 40 }.into())),
		};
		let proposal = Bounded::Inline(call.encode().try_into().expect("at most 128 bytes"));
		let (proposal_origin, enactment_moment) = (Box::new(origin), DispatchTime::After(0));
		vec![
			ReferendaCall::<Runtime>::submit { proposal_origin, proposal, enactment_moment }.into(),
			ReferendaCall::<Runtime>::place_decision_deposit { index }.into(),
		]
	}

	/// Returns the index of one of the two newest referenda.
	fn referendum(&mut self, n: u32) -> ReferendumIndex {
		self.chain.state(ReferendumCount::<Runtime>::get).saturating_sub(1 + n % 2)
	}

	/// Returns a vote on a referendum: seven of eight approve.
	fn vote(&mut self, who: u32, n: u32) -> Sent {
		let conviction =
			[Conviction::None, Conviction::Locked1x, Conviction::Locked2x, Conviction::Locked6x][(n >> 4) as usize % 4];
		let vote = Vote { aye: !(n >> 6).is_multiple_of(8), conviction };
		let vote = AccountVote::Standard { vote, balance: votes(n >> 9) };
		(actor(who), VotingCall::<Runtime>::vote { poll_index: self.referendum(n), vote }.into())
	}

	/// Returns the calls that withdraw a vote and release what it locked.
	fn withdrawal_of_vote(&mut self, who: u32, n: u32) -> Vec<RuntimeCall> {
		let (class, index) = (class(n), self.referendum(n >> 1));
		vec![
			VotingCall::<Runtime>::remove_vote { class: Some(class), index }.into(),
			VotingCall::<Runtime>::unlock { class, target: account(who).into() }.into(),
		]
	}

	/// Returns the calls that refund the deposits of a referendum.
	fn refunds(&mut self, n: u32) -> Vec<RuntimeCall> {
		let index = n % (self.chain.state(ReferendumCount::<Runtime>::get) + 1);
		vec![
			ReferendaCall::<Runtime>::refund_decision_deposit { index }.into(),
			ReferendaCall::<Runtime>::refund_submission_deposit { index }.into(),
		]
	}

	/// Returns the calls that make a pool and nominate with it.
	fn new_pool(&mut self, who: u32, n: u32) -> Vec<RuntimeCall> {
		let pool_id = self.chain.state(LastPoolId::<Runtime>::get) + 1;
		let role = || account(who).into();
		vec![
			PoolsCall::<Runtime>::create { amount: stake(n), root: role(), nominator: role(), bouncer: role() }.into(),
			PoolsCall::<Runtime>::nominate { pool_id, validators: vec![account(n % 3)] }.into(),
		]
	}

	/// Returns a call of a member of a pool, or of its creator.
	fn pool_call(&mut self, who: u32, kind: u32, n: u32) -> RuntimeCall {
		let pool_id = 1 + n % (self.chain.state(LastPoolId::<Runtime>::get) + 1);
		let member = || account(who).into();
		let call = match kind % 8 {
			0..=2 => PoolsCall::<Runtime>::join { amount: stake(n >> 8), pool_id },
			3 => PoolsCall::bond_extra { extra: BondExtra::FreeBalance(stake(n >> 8)) },
			4 => PoolsCall::unbond { member_account: member(), unbonding_points: stake(n >> 8) },
			5 => PoolsCall::withdraw_unbonded { member_account: member(), num_slashing_spans: 0 },
			6 => PoolsCall::claim_payout {},
			_ => PoolsCall::chill { pool_id },
		};
		call.into()
	}
}

/// Returns the identifier of a track.
fn class(n: u32) -> u16 {
	[PARAMETERS, UPGRADE][n as usize % 2]
}

/// Returns a call that delegates votes, or one that ends a delegation.
fn delegation(n: u32, m: u32) -> RuntimeCall {
	let class = class(m);
	let call = match n.is_multiple_of(3) {
		true => VotingCall::<Runtime>::undelegate { class },
		false => {
			VotingCall::delegate { class, to: account(m >> 8).into(), conviction: Conviction::Locked1x, balance: votes(m >> 1) }
		}
	};
	call.into()
}

/// Returns a call that stores a preimage or removes it.
fn stored_preimage(n: u32) -> RuntimeCall {
	let bytes = preimage(n);
	let call = match (n >> 8).is_multiple_of(3) {
		true => PreimageCall::<Runtime>::unnote_preimage { hash: BlakeTwo256::hash(&bytes) },
		false => PreimageCall::note_preimage { bytes },
	};
	call.into()
}

/// Returns a call that publishes an identity or its subordinate accounts, or removes both.
fn identity(who: u32, n: u32) -> RuntimeCall {
	let name = Data::Raw(vec![b'a'; n as usize % 33].try_into().expect("at most 32 bytes"));
	let info = IdentityInfo::<ConstU32<16>> { display: name.clone(), ..Default::default() };
	let call = match (n >> 8) % 4 {
		0 | 1 => IdentityCall::<Runtime>::set_identity { info: Box::new(info) },
		2 => IdentityCall::set_subs { subs: (1..=n % 3).map(|place| (account(who + place), name.clone())).collect() },
		_ => IdentityCall::clear_identity {},
	};
	call.into()
}

/// Returns a call that outbids for a place of staking. The chain has more places than accounts.
fn place(n: u32) -> RuntimeCall {
	match n % 3 {
		0 => PlacesCall::<Runtime>::outbid_candidate { prefs: Default::default() }.into(),
		1 => PlacesCall::<Runtime>::outbid_nominator { targets: vec![account((n >> 8) % 3).into()] }.into(),
		_ => PlacesCall::<Runtime>::outbid_for_pool { pool_id: 1 + (n >> 4) % 3, targets: vec![account((n >> 8) % 3)] }.into(),
	}
}

/// Checks what the calls of holders conserve.
///
/// # Errors
///
/// Fails with the first sum that differs.
pub(super) fn check() -> Result<(), String> {
	check_reserves()?;
	check_tallies()?;
	check_locks()?;
	check_pools()
}

/// Checks that all that is reserved is a hold, or a deposit of a proxy, an identity or a referendum that is stored.
fn check_reserves() -> Result<(), String> {
	let reserved: Balance = frame_system::Account::<Runtime>::iter().map(|(_, account)| account.data.reserved).sum();
	let held: Balance = Holds::<Runtime>::iter().flat_map(|(_, holds)| holds).map(|hold| hold.amount).sum();
	let proxies: Balance = pallet_proxy::Proxies::<Runtime>::iter().map(|(_, (_, deposit))| deposit).sum();
	let identities: Balance = IdentityOf::<Runtime>::iter().map(|(_, identity)| identity.deposit).sum();
	let subs: Balance = SubsOf::<Runtime>::iter().map(|(_, (deposit, _))| deposit).sum();
	let referenda: Balance = ReferendumInfoFor::<Runtime>::iter().map(|(_, info)| deposits(info)).sum();
	match held + proxies + identities + subs + referenda == reserved {
		true => Ok(()),
		false => Err(format!(
			"{reserved} plancks are reserved; holds: {held}, proxies: {proxies}, identities: {identities} and {subs}, referenda: \
			 {referenda}"
		)),
	}
}

/// Returns the deposits of a referendum that are not refunded, in plancks.
fn deposits(info: pallet_referenda::ReferendumInfoOf<Runtime, ()>) -> Balance {
	let (submission, decision) = match info {
		ReferendumInfo::Ongoing(status) => (Some(status.submission_deposit), status.decision_deposit),
		ReferendumInfo::Approved(_, submission, decision)
		| ReferendumInfo::Rejected(_, submission, decision)
		| ReferendumInfo::Cancelled(_, submission, decision)
		| ReferendumInfo::TimedOut(_, submission, decision) => (submission, decision),
		ReferendumInfo::Killed(_) => (None, None),
	};
	submission.into_iter().chain(decision).map(|deposit| deposit.amount).sum()
}

/// Checks that the tally of every referendum that is voted on is the sum of its votes.
fn check_tallies() -> Result<(), String> {
	let mut tallies = BTreeMap::<ReferendumIndex, [Balance; 3]>::new();
	for (_, _, voting) in VotingFor::<Runtime>::iter() {
		let Voting::Casting(Casting { votes, delegations, .. }) = voting else { continue };
		for (index, vote) in votes {
			let AccountVote::Standard { vote, balance } = vote else { continue };
			let own = vote.conviction.votes(balance);
			let [ayes, nays, support] = tallies.entry(index).or_default();
			match vote.aye {
				true => {
					*ayes += own.votes + delegations.votes;
					*support += own.capital + delegations.capital;
				}
				false => *nays += own.votes + delegations.votes,
			}
		}
	}
	for (index, info) in ReferendumInfoFor::<Runtime>::iter() {
		let ReferendumInfo::Ongoing(status) = info else { continue };
		let found = [status.tally.ayes, status.tally.nays, status.tally.support];
		let expected = tallies.get(&index).copied().unwrap_or_default();
		if found != expected {
			return Err(format!("the tally of referendum {index} is {found:?}, the votes are {expected:?}"));
		}
	}
	Ok(())
}

/// Checks that votes lock the largest amount of an account's tracks.
fn check_locks() -> Result<(), String> {
	for (who, classes) in ClassLocksFor::<Runtime>::iter() {
		let expected = classes.into_iter().map(|(_, amount)| amount).max();
		let locks = Locks::<Runtime>::get(&who);
		let found = locks.iter().find(|lock| lock.id == VOTING).map(|lock| lock.amount);
		if found.unwrap_or(0) != expected.unwrap_or(0) {
			return Err(format!("votes lock {found:?} of {who:?} in place of {expected:?}"));
		}
	}
	Ok(())
}

/// Checks that the points of a pool are those of its members and its active stake. No validator of the fuzz is slashed.
fn check_pools() -> Result<(), String> {
	for (id, pool) in BondedPools::<Runtime>::iter() {
		let of_members = PoolMembers::<Runtime>::iter().filter(|(_, member)| member.pool_id == id);
		let (count, points) = of_members.fold((0, 0), |(count, points), (_, member)| (count + 1, points + member.points));
		let stash = NominationPools::generate_bonded_account(id);
		let active = pallet_staking::Ledger::<Runtime>::get(stash).map_or(0, |ledger| ledger.active);
		if (count, points, active) != (pool.member_counter, pool.points, pool.points) {
			return Err(format!(
				"pool {id} has {} members with {} points; stored are {count} with {points}, and {active} is staked",
				pool.member_counter, pool.points
			));
		}
	}
	Ok(())
}
