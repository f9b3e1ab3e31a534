//! A domain of a program that the runtime does not have, from its registration to its bounty.

use doin_primitives::{
	bounded_collections::BoundedVec,
	commitment::{payload_hash, Tag},
	domain::Gene,
	payload::{Metrics, Reveal, Sums},
	views::{RecomputationPhase, RecomputationView},
	Balance, DomainId, DomainSpec, Evidence, Growth, Limits, ModelRef, RoundId, RoundResult, SizeClass, Split, Status,
	UnpaidReason, DOIN,
};
use doin_runtime::{AccountId, Balances, Domains, Evaluators, Runtime, RuntimeCall};
use doin_runtime_tests::{round::SALT, Chain};
use doin_scoring::{Model, Program, Tolerance};
use doin_traits::{Domains as _, Votable};
use frame_support::traits::fungible::InspectHold;
use pallet_doin_domains::{Bounties, Call as DomainsCall, Error, NextDomainId, States};
use pallet_doin_evaluators::{types::Offence, Call as EvaluatorsCall};
use pallet_doin_optimae::Error as OptimaeError;
use pallet_doin_recomputation::Call as RecomputationCall;
use sp_keyring::Sr25519Keyring::{self, Charlie, Dave, Eve, Ferdie, One, Two};

/// Chunks of the domain.
const CHUNKS: usize = 32;
/// Chunk sum of the empty model, and of the candidate.
const INITIAL: u32 = 1_000_000;
const BETTER: u32 = 400_000;
const BOUNTY: Balance = 1_000 * DOIN;

fn spec() -> DomainSpec {
	let gene = Gene { name: BoundedVec::truncate_from(b"rate".to_vec()), lo: 0, hi: 9, log: false, frac: 0 };
	DomainSpec {
		name: BoundedVec::truncate_from(b"training of a user".to_vec()),
		unit: BoundedVec::default(),
		program: Program::Tolerance(Tolerance {
			code: [0xC0; 32],
			epsilon: 500,
			chunks: CHUNKS as u16,
			initial_error: u64::from(INITIAL) * CHUNKS as u64,
		}),
		genes: BoundedVec::truncate_from(vec![gene]),
		limits: Limits { model_bytes: 1_024, window_macs: 1 },
		data_root: [0; 32],
		values: 0,
		growth: Growth::Fixed,
		split: Split { train_end: 0, validation_end: 0 },
		licence: BoundedVec::default(),
		evidence: Evidence::Public,
		min_improvement: 2_000,
		target: 1 << 19,
	}
}

/// Registers the domain with a bounty. Returns the chain and the identifier.
fn registered() -> (Chain, DomainId) {
	let mut chain = Chain::preset("development");
	chain.check_invariants();
	let domain = chain.state(NextDomainId::<Runtime>::get);
	chain.ok(Charlie, DomainsCall::register { spec: Box::new(spec()), baseline: None });
	chain.ok(Charlie, DomainsCall::add_bounty { domain, amount: BOUNTY });
	(chain, domain)
}

/// Has all development evaluators serve the domain.
fn serve(chain: &mut Chain, domain: DomainId) {
	for who in [Eve, Ferdie, One, Two] {
		chain.ok(who, EvaluatorsCall::serve { domain });
	}
}

/// Returns a candidate that claims `sum` for every chunk.
fn candidate(sum: u32) -> Reveal {
	Reveal {
		genes: BoundedVec::truncate_from(vec![5]),
		model: Model::Opaque(b"rate = 5".to_vec()).to_bytes().try_into().expect("short"),
		validation: BoundedVec::truncate_from(vec![sum; CHUNKS]),
		metrics: Metrics::default(),
	}
}

/// Runs a round with one candidate of Dave up to the answers, which are those of `answer` by place: sums of the empty model and of the
/// candidate. Returns the round and the drawn evaluators.
fn answered(chain: &mut Chain, domain: DomainId, answer: impl Fn(usize) -> [u32; 2]) -> (RoundId, Vec<Sr25519Keyring>) {
	let (round, reveal) = (chain.to_next_round_of(domain), candidate(BETTER));
	chain.commit(Dave, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	let view = chain.to_phase(round, RecomputationPhase::Answering);
	assert_eq!(view.models.first(), Some(&ModelRef::Origin));
	let drawn = Chain::drawn(&view);
	let answers: Vec<(Sr25519Keyring, Sums)> = drawn.iter().enumerate().map(|(place, who)| (*who, sums(answer(place)))).collect();
	let commits: Vec<_> = answers.iter().map(|(who, sums)| (*who, commit_sums(chain, &view, *who, sums))).collect();
	chain.ok_all(commits);
	chain.to_phase(round, RecomputationPhase::Revealing);
	let call = |sums: &Sums| -> RuntimeCall {
		RecomputationCall::reveal_sums { task: view.task, sums: sums.clone(), salt: SALT }.into()
	};
	chain.ok_all(answers.iter().map(|(who, sums)| (*who, call(sums))));
	(round, drawn)
}

/// Returns the sums of two models that have the same sum on every chunk.
fn sums(models: [u32; 2]) -> Sums {
	Sums::truncate_from(models.map(|sum| BoundedVec::truncate_from(vec![sum; CHUNKS])).to_vec())
}

fn commit_sums(chain: &mut Chain, view: &RecomputationView<AccountId>, who: Sr25519Keyring, sums: &Sums) -> RuntimeCall {
	let hash = chain.commitment(Tag::Sums, &view.task, who, &payload_hash(sums));
	RecomputationCall::commit_sums { task: view.task, hash }.into()
}

fn total(chain: &mut Chain, who: Sr25519Keyring) -> Balance {
	chain.total(&who.to_account_id())
}

#[test]
fn the_median_of_a_quorum_pays_the_bounty_and_mints_nothing() {
	let (mut chain, domain) = registered();
	serve(&mut chain, domain);
	assert!(!chain.state(|| <Domains as Votable>::votable(domain)), "it can never weigh");
	let (round, drawn) = answered(&mut chain, domain, |place| {
		[[INITIAL, BETTER], [INITIAL + 400, BETTER - 100], [INITIAL - 400, BETTER + 100]][place]
	});
	assert_eq!(drawn.len(), 3);
	let (before, seals) = (total(&mut chain, Dave), chain.state(|| doin_runtime::Work::view().last_seal));
	chain.settle(Eve, round);
	chain.to_verdict(round);
	let state = chain.state(|| Domains::state(domain).expect("registered"));
	assert_eq!(state.status, Status::Converged);
	let champion = state.champion;
	assert_eq!(champion.author, Some(Dave.to_account_id()));
	assert_eq!((champion.error, champion.initial_error), (CHUNKS as u64 * u64::from(BETTER), CHUNKS as u64 * u64::from(INITIAL)));
	assert_eq!(champion.validation_error, champion.error, "the medians take the place of the claim");
	assert!(total(&mut chain, Dave) > before + BOUNTY - 10 * DOIN, "the bounty, without the fee of the seat");
	assert!(chain.state(|| Bounties::<Runtime>::get(domain)).is_empty());
	for _ in 0..30 {
		chain.block();
	}
	assert_eq!(chain.state(|| doin_runtime::Work::view().last_seal), seals, "nothing is queued for work blocks");
	// Nothing is left behind.
	chain.ok(Charlie, DomainsCall::retire { domain });
	assert_eq!(chain.state(|| Balances::total_balance_on_hold(&Charlie.to_account_id())), 0);
}

#[test]
fn an_answer_out_of_the_tolerance_is_slashed_by_a_hundredth() {
	let (mut chain, domain) = registered();
	serve(&mut chain, domain);
	let (round, drawn) = answered(&mut chain, domain, |place| [INITIAL, if place == 2 { BETTER / 2 } else { BETTER }]);
	let bond = chain.state(|| Evaluators::bond_of(&drawn[2].to_account_id()));
	chain.settle(Eve, round);
	assert_eq!(chain.state(|| Evaluators::bond_of(&drawn[2].to_account_id())), bond - bond / 100);
	let slashed = pallet_doin_evaluators::Event::<Runtime>::Slashed {
		who: drawn[2].to_account_id(),
		amount: bond / 100,
		offence: Offence::Deviation,
	};
	assert!(chain.events().contains(&slashed.into()));
	chain.to_verdict(round);
	let error = chain.state(|| Domains::state(domain).expect("registered").champion.error);
	assert_eq!(error, CHUNKS as u64 * u64::from(BETTER));
}

#[test]
fn answers_that_do_not_agree_pay_no_bounty_and_slash_nobody() {
	let (mut chain, domain) = registered();
	serve(&mut chain, domain);
	let (round, drawn) = answered(&mut chain, domain, |place| [INITIAL, BETTER + 10_000 * place as u32]);
	let bonds =
		|chain: &mut Chain| chain.state(|| drawn.iter().map(|who| Evaluators::bond_of(&who.to_account_id())).sum::<Balance>());
	let before = bonds(&mut chain);
	let task = chain.to_phase(round, RecomputationPhase::Settling).task;
	chain.ok(Eve, RecomputationCall::settle { task, class: SizeClass::Small });
	let state = chain.state(|| States::<Runtime>::get(domain).expect("registered"));
	assert_eq!(state.last_round.map(|last| last.result), Some(RoundResult::Unpaid(UnpaidReason::NoQuorum)));
	assert_eq!((state.status, state.bounty, state.champion.author), (Status::Active, BOUNTY, None));
	assert_eq!(bonds(&mut chain), before);
	assert_eq!(chain.state(|| Balances::total_balance_on_hold(&Dave.to_account_id())), 0, "holds are released");
	assert!(chain.recomputation(round).is_none());
}

#[test]
fn a_domain_that_no_quorum_serves_takes_no_commits() {
	let (mut chain, domain) = registered();
	let round = chain.to_next_round_of(domain);
	let hash = chain.commitment(Tag::Optimae, &round, Dave, &payload_hash(&candidate(BETTER)));
	let commit = pallet_doin_optimae::Call::commit { round, hash, max_fee: Balance::MAX };
	assert_eq!(chain.fails(Dave, commit), OptimaeError::<Runtime>::NotServed.into());
}

#[test]
fn a_false_claim_cannot_be_challenged_and_wins_nothing() {
	let (mut chain, domain) = registered();
	serve(&mut chain, domain);
	let (round, reveal) = (chain.to_next_round_of(domain), candidate(1));
	chain.commit(Dave, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	let challenge = pallet_doin_optimae::Call::challenge_claim { round, seat: 0, chunk: 3, class: SizeClass::Small };
	assert_eq!(chain.fails(Two, challenge), OptimaeError::<Runtime>::NotComputable.into());
}

#[test]
fn a_record_with_a_fault_is_refused_with_its_name() {
	let mut chain = Chain::preset("development");
	let refused = |chain: &mut Chain, change: &dyn Fn(&mut DomainSpec)| {
		let mut spec = spec();
		change(&mut spec);
		chain.fails(Charlie, DomainsCall::register { spec: Box::new(spec), baseline: None })
	};
	let program = |spec: &mut DomainSpec, change: &dyn Fn(&mut Tolerance)| {
		let Program::Tolerance(program) = &mut spec.program else { unreachable!("a tolerance domain") };
		change(program);
	};
	let with =
		|chain: &mut Chain, change: &dyn Fn(&mut Tolerance)| refused(chain, &|spec: &mut DomainSpec| program(spec, change));
	assert_eq!(with(&mut chain, &|program: &mut Tolerance| program.code = [0; 32]), Error::<Runtime>::InvalidCode.into());
	assert_eq!(with(&mut chain, &|program: &mut Tolerance| program.epsilon = 501), Error::<Runtime>::InvalidTolerance.into());
	assert_eq!(with(&mut chain, &|program: &mut Tolerance| program.chunks = 16), Error::<Runtime>::InvalidChunks.into());
	assert_eq!(
		with(&mut chain, &|program: &mut Tolerance| program.initial_error = 0),
		Error::<Runtime>::InvalidInitialError.into()
	);
	let sealed = |spec: &mut DomainSpec| spec.growth = Growth::Appending;
	assert_eq!(refused(&mut chain, &sealed), Error::<Runtime>::InvalidGrowth.into());
	let with_data = |spec: &mut DomainSpec| spec.values = 8;
	assert_eq!(refused(&mut chain, &with_data), Error::<Runtime>::InvalidSplit.into());
}
