//! Identities: their deposits, the opinions of registrars on them, and user names.

use codec::Encode;
use doin_primitives::{Balance, DOIN};
use doin_runtime::{
	configs::{governance::Days, system::deposit},
	BlockNumber, Hash, Runtime, RuntimeCall, RuntimeOrigin,
};
use doin_runtime_tests::Chain;
use frame_support::{
	traits::{ConstU32, Get},
	BoundedVec,
};
use pallet_identity::Judgement as Opinion; // words: allow
use pallet_identity::{
	legacy::IdentityInfo, AuthorityOf, Call as IdentityCall, Data, Error as IdentityError, IdentityOf, PendingUsernames, SubsOf,
	SuperOf, UnbindingUsernames, UsernameOf,
};
use sp_core::Pair;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, One};
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash as _},
	DispatchError, MultiSignature,
};

type Info = IdentityInfo<ConstU32<16>>;
type Call = IdentityCall<Runtime>;
type Error = IdentityError<Runtime>;

/// Fee of the registrar, in plancks.
const FEE: Balance = 5 * DOIN;
/// Deposit of a user name, in plancks.
const USERNAME: Balance = deposit(1, 32);

/// Returns a field of an identity.
fn raw(text: &str) -> Data {
	Data::Raw(text.as_bytes().to_vec().try_into().expect("at most 32 bytes"))
}

/// Returns an identity with a name.
fn info(name: &str) -> Info {
	Info { display: raw(name), ..Info::default() }
}

/// Returns the call that publishes an identity.
fn set(info: &Info) -> Call {
	Call::set_identity { info: Box::new(info.clone()) }
}

/// Returns the deposit of an identity, in plancks.
fn held_for(info: &Info) -> Balance {
	deposit(1, 258 + info.encoded_size() as u32)
}

/// Returns a user name in a call.
fn username(text: &str) -> BoundedVec<u8, ConstU32<32>> {
	text.as_bytes().to_vec().try_into().expect("at most 32 bytes")
}

/// Returns the call by which an authority gives `who` a user name.
fn name(who: Sr25519Keyring, text: &str, signature: Option<MultiSignature>, use_allocation: bool) -> Call {
	let (who, username) = (who.to_account_id().into(), text.as_bytes().to_vec());
	Call::set_username_for { who, username, signature, use_allocation }
}

/// Returns the amount of an account that is reserved, in plancks.
fn reserved(chain: &mut Chain, who: Sr25519Keyring) -> Balance {
	chain.state(|| frame_system::Account::<Runtime>::get(who.to_account_id())).data.reserved
}

/// Sends a call as root, as a referendum of the track `upgrade` does.
fn as_root(chain: &mut Chain, call: Call) {
	let call = RuntimeCall::from(call);
	chain.state(|| call.dispatch(RuntimeOrigin::root())).expect("root can send it");
}

/// Returns a chain in its second block.
fn chain() -> Chain {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	chain.run_to(2);
	chain
}

/// Returns a chain with Bob as a registrar.
fn with_registrar() -> Chain {
	let mut chain = chain();
	let add = || Call::add_registrar { account: Bob.to_account_id().into() };
	assert_eq!(chain.fails(Alice, add()), DispatchError::BadOrigin);
	as_root(&mut chain, add());
	chain.ok(Bob, Call::set_fee { index: 0, fee: FEE });
	chain
}

#[test]
fn the_deposit_of_an_identity_follows_its_size_and_is_released_with_it() {
	let mut chain = chain();
	let before = chain.total(&Dave.to_account_id());
	assert_eq!(chain.fails(Dave, Call::clear_identity {}), Error::NoIdentity.into());
	let (long, short) = (info("A validator with a long name"), info("Dave"));
	for info in [&short, &long, &short] {
		chain.ok(Dave, set(info));
		assert_eq!(reserved(&mut chain, Dave), held_for(info));
	}
	assert!(held_for(&long) > held_for(&short));

	let subs = vec![(Eve.to_account_id(), raw("hot")), (One.to_account_id(), raw("cold"))];
	chain.ok(Dave, Call::set_subs { subs });
	assert_eq!(reserved(&mut chain, Dave), held_for(&short) + 2 * deposit(1, 53));
	let claimed = Call::add_sub { sub: Eve.to_account_id().into(), data: raw("mine") };
	chain.ok(Charlie, set(&info("Charlie")));
	assert_eq!(chain.fails(Charlie, claimed), Error::AlreadyClaimed.into());

	chain.ok(Dave, Call::clear_identity {});
	assert_eq!(reserved(&mut chain, Dave), 0);
	assert!(before - chain.total(&Dave.to_account_id()) < DOIN, "fees alone are paid");
	chain.state(|| {
		assert!(!IdentityOf::<Runtime>::contains_key(Dave.to_account_id()));
		assert!(SubsOf::<Runtime>::get(Dave.to_account_id()).1.is_empty());
		assert!(!SuperOf::<Runtime>::contains_key(Eve.to_account_id()));
	});
}

/// Returns the call that asks the registrar for its opinion.
fn ask(max_fee: Balance) -> Call {
	Call::request_judgement { reg_index: 0, max_fee } // words: allow
}

/// Returns the call by which the registrar confirms the identity of Dave with this hash.
fn confirm(identity: Hash) -> Call {
	let (target, opinion) = (Dave.to_account_id().into(), Opinion::KnownGood);
	Call::provide_judgement { reg_index: 0, target, judgement: opinion, identity } // words: allow
}

/// Returns the opinions of registrars on the identity of Dave.
fn opinions(chain: &mut Chain) -> Vec<(u32, Opinion<Balance>)> {
	let found = chain.state(|| IdentityOf::<Runtime>::get(Dave.to_account_id())).expect("Dave has an identity");
	found.judgements.into_inner() // words: allow
}

#[test]
fn a_registrar_is_paid_for_its_opinion_which_a_change_removes() {
	let mut chain = with_registrar();
	let info = info("Dave");
	chain.ok(Dave, set(&info));
	assert_eq!(chain.fails(Dave, ask(FEE - 1)), Error::FeeChanged.into());
	chain.ok(Dave, ask(FEE));
	assert_eq!(reserved(&mut chain, Dave), held_for(&info) + FEE);

	let hash = BlakeTwo256::hash_of(&info);
	assert_eq!(chain.fails(Eve, confirm(hash)), Error::InvalidIndex.into());
	let of_another = Error::JudgementForDifferentIdentity; // words: allow
	assert_eq!(chain.fails(Bob, confirm(Hash::zero())), of_another.into());
	let (bob, issuance) = (chain.total(&Bob.to_account_id()), chain.issuance());
	chain.ok(Bob, confirm(hash));
	let fee = issuance - chain.issuance();
	assert!(fee < DOIN, "the base fee alone is burned");
	assert_eq!(chain.total(&Bob.to_account_id()) + fee, bob + FEE);
	assert_eq!(reserved(&mut chain, Dave), held_for(&info));
	assert_eq!(opinions(&mut chain), vec![(0, Opinion::KnownGood)]);

	let other = self::info("Mallory");
	chain.ok(Dave, set(&other));
	assert!(opinions(&mut chain).is_empty(), "the opinion was on another name");
	// The fee of an opinion that is not given is returned.
	chain.ok(Dave, ask(FEE));
	chain.ok(Dave, Call::cancel_request { reg_index: 0 });
	assert_eq!(reserved(&mut chain, Dave), held_for(&other));
}

#[test]
fn an_identity_that_root_removes_loses_its_deposit() {
	let mut chain = chain();
	let info = info("Alice of the foundation");
	chain.ok(Dave, set(&info));
	let kill = || Call::kill_identity { target: Dave.to_account_id().into() };
	assert_eq!(chain.fails(Alice, kill()), DispatchError::BadOrigin);
	let (issuance, before) = (chain.issuance(), chain.total(&Dave.to_account_id()));
	as_root(&mut chain, kill());
	assert_eq!(before - chain.total(&Dave.to_account_id()), held_for(&info));
	assert_eq!(issuance - chain.issuance(), held_for(&info), "it is burned");
	assert_eq!(reserved(&mut chain, Dave), 0);
}

#[test]
fn a_username_is_given_by_an_authority_and_taken_by_its_owner() {
	let mut chain = chain();
	let authority =
		|| Call::add_username_authority { authority: Bob.to_account_id().into(), suffix: b"doin".to_vec(), allocation: 1 };
	assert_eq!(chain.fails(Bob, authority()), DispatchError::BadOrigin);
	as_root(&mut chain, authority());
	assert_eq!(chain.fails(Charlie, name(Dave, "dave.doin", None, true)), Error::NotUsernameAuthority.into());
	assert_eq!(chain.fails(Bob, name(Dave, "Dave.doin", None, true)), Error::InvalidUsername.into());

	chain.ok(Bob, name(Dave, "dave.doin", None, true));
	assert_eq!(chain.state(|| UsernameOf::<Runtime>::get(Dave.to_account_id())), None, "it is not accepted yet");
	let accept = || Call::accept_username { username: username("dave.doin") };
	assert_eq!(chain.fails(Eve, accept()), Error::InvalidUsername.into());
	chain.ok(Dave, accept());
	assert_eq!(chain.state(|| UsernameOf::<Runtime>::get(Dave.to_account_id())), Some(username("dave.doin")));
	assert_eq!(reserved(&mut chain, Bob), 0, "the allocation paid");
	assert_eq!(chain.fails(Bob, name(Eve, "eve.doin", None, true)), Error::NoAllocation.into());

	// Beyond the allocation, the authority pays a deposit. A signature of the owner stands for its acceptance.
	let signature = MultiSignature::Sr25519(Eve.pair().sign(b"eve.doin"));
	assert_eq!(chain.fails(Bob, name(One, "one.doin", Some(signature.clone()), false)), Error::InvalidSignature.into());
	chain.ok(Bob, name(Eve, "eve.doin", Some(signature), false));
	assert_eq!(reserved(&mut chain, Bob), USERNAME);
	assert_eq!(chain.state(|| UsernameOf::<Runtime>::get(Eve.to_account_id())), Some(username("eve.doin")));
	assert_eq!(chain.fails(Bob, name(One, "eve.doin", None, false)), Error::UsernameTaken.into());
	assert_eq!(chain.state(|| AuthorityOf::<Runtime>::iter().count()), 1);
}

#[test]
fn a_username_ends_after_a_grace_and_an_offer_after_a_week() {
	let mut chain = chain();
	let (authority, suffix) = (Bob.to_account_id().into(), b"doin".to_vec());
	as_root(&mut chain, Call::add_username_authority { authority, suffix, allocation: 0 });
	let signature = MultiSignature::Sr25519(Eve.pair().sign(b"eve.doin"));
	chain.ok(Bob, name(Eve, "eve.doin", Some(signature), false));
	chain.ok(Bob, name(One, "one.doin", None, false));
	assert_eq!(reserved(&mut chain, Bob), 2 * USERNAME);

	let expire = || Call::remove_expired_approval { username: username("one.doin") };
	assert_eq!(chain.fails(Charlie, expire()), Error::NotExpired.into());
	let (_, expiry, _) = chain.state(|| PendingUsernames::<Runtime>::get(username("one.doin"))).expect("it is offered");
	let week = chain.state(<Days<7> as Get<BlockNumber>>::get);
	assert!(expiry <= chain.number() + week);
	chain.run_to(expiry + 1);
	chain.ok(Charlie, expire());
	assert_eq!(reserved(&mut chain, Bob), USERNAME);

	let remove = || Call::remove_username { username: username("eve.doin") };
	assert_eq!(chain.fails(Charlie, remove()), Error::NotUnbinding.into());
	chain.ok(Bob, Call::unbind_username { username: username("eve.doin") });
	assert_eq!(chain.fails(Charlie, remove()), Error::TooEarly.into());
	// Brings the end of the grace forward, from 30 days.
	let now = chain.number();
	chain.state(|| UnbindingUsernames::<Runtime>::insert(username("eve.doin"), now));
	chain.ok(Charlie, remove());
	assert_eq!(reserved(&mut chain, Bob), 0);
	assert_eq!(chain.state(|| UsernameOf::<Runtime>::get(Eve.to_account_id())), None);
}
