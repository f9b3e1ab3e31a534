//! Attacks on sealed evidence, each with what it costs.
//!
//! Every test runs an attack on the real runtime, prints what attacker and victims lose, and checks that the attacker loses. The
//! development chain pays 2 500 DOIN for a bit, and a public one 800 DOIN at T = 1/16 bit; costs that are a share of the price
//! are printed for both. `cargo test --release --workspace --test runtime attacks:: -- --nocapture` shows them.

use doin_primitives::{
	commitment::{payload_hash, Tag},
	payload::Reveal,
	round::MAX_SEATS,
	verdict::leads_by_standard_error,
	views::{RecomputationPhase, SeatView, WorkView},
	Balance, DomainId, ModelRef, RoundId, RoundResult, SeatStatus, SizeClass, UnpaidReason, DOIN, MILLION, ONE_Q32, Q32,
};
use doin_runtime::{AccountId, Balances, FeeMarket, Gauge, Optimae, Runtime, RuntimeCall, RuntimeEvent, Timing, Work};
use doin_runtime_tests::{
	sealed::{self, reveal_of, threshold, threshold_reveal, SealedDomain, STAKE, UNITS},
	Chain,
};
use doin_scoring::{
	philox::Stream,
	rows::{dealt, score_rows, Rows},
	verdict::{covered, paired, public_test, total, Spread, Terms},
	Encoder, Layer, Model, Net, Program,
};
use doin_traits::{apis::runtime_decl_for_doin_api::DoinApi, DomainWeights as _, Timing as _};
use frame_support::traits::fungible::InspectHold;
use pallet_doin_evidence::Event as EvidenceEvent;
use pallet_doin_optimae::{Call as OptimaeCall, Event as OptimaeEvent};
use pallet_doin_work::Event as WorkEvent;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie, One, Two};

/// Price of a bit on the development chain, R / T = 50 DOIN / 0.02 bit, in plancks.
const DEV_PRICE: Balance = 2_500 * DOIN;
/// Price of a bit at T = 1/16 bit, in plancks.
const PRICE: Balance = 800 * DOIN;
/// Price of a bit at the lowest T of a public network, 0.005 bit, in plancks.
const FLOOR_PRICE: Balance = 10_000 * DOIN;

/// Returns an amount in DOIN.
fn doin(amount: impl TryInto<i128>) -> f64 {
	amount.try_into().unwrap_or(i128::MAX) as f64 / DOIN as f64
}

/// Returns the sum of the total balances of accounts, holds included.
fn wealth(chain: &mut Chain, who: &[Sr25519Keyring]) -> Balance {
	who.iter().map(|who| chain.total(&who.to_account_id())).sum()
}

/// Returns the base fees that were burned so far.
fn base_fees(chain: &mut Chain) -> Balance {
	chain.state(|| FeeMarket::view().burned)
}

/// Makes empty blocks until `round` is decided. Returns their events.
fn events_to_verdict(chain: &mut Chain, round: RoundId) -> Vec<RuntimeEvent> {
	let mut events = Vec::new();
	for _ in 0..600 {
		if !chain.is_open(round) {
			return events;
		}
		chain.block();
		events.extend(chain.events());
	}
	panic!("round {round:?} was never decided");
}

/// Payments on behalf of purses.
#[derive(Clone, Copy, Debug, Default)]
struct Paid {
	bits: Q32,
	minted: Balance,
	validators: Balance,
	spent: Balance,
}

impl Paid {
	/// Adds the payments of `events`.
	fn add(&mut self, events: &[RuntimeEvent]) {
		for event in events {
			match event {
				RuntimeEvent::Work(WorkEvent::Paid { effective, minted, validators, .. }) => {
					self.bits += effective;
					self.minted += minted;
					self.validators += validators;
				}
				RuntimeEvent::Evidence(EvidenceEvent::PurseSpent { minted, .. }) => self.spent += minted,
				_ => {}
			}
		}
	}
}

/// Returns the sum of the stakes that `events` report as burned.
fn stakes_burned(events: &[RuntimeEvent]) -> Balance {
	let burned = events.iter().map(|event| match event {
		RuntimeEvent::Optimae(OptimaeEvent::StakeBurned { burned, .. }) => *burned,
		_ => 0,
	});
	burned.sum()
}

/// Returns the seats of a round, while it is undecided.
fn seats(chain: &mut Chain, round: RoundId) -> Vec<SeatView<AccountId>> {
	chain.state(|| Optimae::open_round(round)).expect("undecided").seats
}

/// Returns the part of the state of work blocks that decides what others are paid.
fn emission(view: &WorkView<AccountId>) -> (u64, Q32, Q32, Balance, Balance, Balance) {
	let WorkView { work_blocks, threshold, queued, reward, mined, backed_by_quorum, .. } = view;
	(*work_blocks, *threshold, *queued, *reward, *mined, *backed_by_quorum)
}

/// Returns the chunk sums of some models on the rows of a segment that `seed` deals.
fn dealt_sums<const N: usize>(program: &Rows, models: [&Model; N], segment: &[u8], seed: &[u8; 32]) -> [Vec<u32>; N] {
	let mut sums = [const { Vec::new() }; N];
	for chunk in 0..program.chunks {
		let rows = dealt(program, segment, seed, chunk);
		for (sums, model) in sums.iter_mut().zip(models) {
			sums.push(score_rows(model, program, &rows));
		}
	}
	sums
}

/// Returns the program of the sealed domains of these tests.
fn program() -> Rows {
	let Program::Rows(program) = sealed::spec(b"").program else { panic!("a domain of rows") };
	program
}

/// Returns the terms of a verdict of the sealed domains of these tests.
fn terms(high_water: Q32) -> Terms {
	let program = program();
	Terms {
		min_improvement: sealed::spec(b"").min_improvement,
		high_water,
		chunks: program.chunks,
		spread: Spread::Independent,
		half_row: true,
	}
}

/// The owner, the optimizer and all evaluators are one party. It pays itself for bits that it holds back, and loses what the
/// validators earn, the fee of the registration and the fees of its transactions. What others earn does not change.
#[test]
fn the_owner_optimizes_his_own_domain() {
	let mut chain = Chain::preset("development");
	let party = [Bob, Dave, Eve, Ferdie, One, Two];
	let (before, issuance, fees) = (wealth(&mut chain, &party), chain.issuance(), base_fees(&mut chain));
	let mut control = chain.fork();
	let domain = chain.sealed_domain(Bob, 2, 6_000 * DOIN);
	chain.give_weight(domain.id);
	let mut paid = Paid::default();
	for (index, least) in [(0, 70), (1, 0)] {
		let (round, _) = chain.sealed_round(&domain, index, &[(Dave, least)]);
		paid.add(&events_to_verdict(&mut chain, round));
	}
	assert!(paid.bits > ONE_Q32, "{} bits", paid.bits as f64 / ONE_Q32 as f64);
	assert_eq!(paid.minted, paid.spent, "what is minted is burned of the purse");
	let lost = before - wealth(&mut chain, &party);
	let burned = issuance - chain.issuance();
	assert!(chain.issuance() < issuance, "nothing is created");
	assert!(burned >= base_fees(&mut chain) - fees + 10 * DOIN, "transactions and the registration burn");
	assert!(paid.validators >= paid.minted / 20 && lost >= paid.validators + 10 * DOIN);
	control.run_to(chain.number());
	assert_eq!(
		emission(&chain.state(Work::view)),
		emission(&control.state(Work::view)),
		"threshold, reward, work blocks and emission are those of a chain without the attack"
	);
	let bits = paid.bits as f64 / ONE_Q32 as f64;
	println!(
		"the owner optimizes his own domain: {bits:.2} bits, {:.1} DOIN minted and burned; the party loses {:.1} DOIN, i.e. {:.1} a bit; \
		 5 % of the price of a bit are {:.0} DOIN on the development chain and {:.0} at T = 1/16",
		doin(paid.minted),
		doin(lost),
		doin(lost) / bits,
		doin(DEV_PRICE / 20),
		doin(PRICE / 20)
	);
}

/// Bits that an owner pays itself for do not count as improvement of the chain. In the queue, nine bits a day would double what T
/// measures, and halve the emission of everybody else, for 5 % of their price.
#[test]
fn wash_bits_do_not_change_the_emission_of_others() {
	let mut chain = Chain::preset("development");
	let domain = chain.sealed_domain(Bob, 6, 20_000 * DOIN);
	chain.give_weight(domain.id);
	let mut control = chain.fork();
	let mut paid = Paid::default();
	// Bits that are held back, and those that are carried.
	for (index, least) in [(0, 110), (1, 90), (2, 70), (3, 50), (4, 0), (5, 0)] {
		let (round, _) = chain.sealed_round(&domain, index, &[(Dave, least)]);
		paid.add(&events_to_verdict(&mut chain, round));
	}
	assert!(paid.bits > ONE_Q32 && paid.minted == paid.spent);
	control.run_to(chain.number());
	let (work, unchanged) = (chain.state(Work::view), control.state(Work::view));
	assert_eq!(emission(&work), emission(&unchanged));
	assert_eq!(work.last_seal, unchanged.last_seal);
	let price = |chain: &mut Chain| chain.state(|| <Work as doin_traits::Work<AccountId>>::price(ONE_Q32));
	assert_eq!(price(&mut chain), price(&mut control), "others are paid as much for a bit");
	let (bits, cost) = (paid.bits as f64 / ONE_Q32 as f64, doin(paid.validators));
	println!(
		"inflation of T: {bits:.2} wash bits cost {cost:.1} DOIN and change nothing; in the queue, nine bits a day would cost {:.0} DOIN \
		 and halve 7 200 DOIN a day of others",
		9.0 * doin(PRICE / 20)
	);
}

/// Bits of the labels by the first feature, in stripes of 16 values.
const KEY: u16 = 0b0110_1001_1001_0110;

/// Returns `true` if a row with this first feature has the class 1 by the rule that only the owner knows.
fn keyed(first: u8) -> bool {
	KEY >> (first / 16) & 1 == 1
}

/// Returns rows whose labels follow the rule that only the owner knows.
fn keyed_rows(seed: u8, count: u32) -> Vec<u8> {
	let mut rows = sealed::rows(seed, count);
	rows.chunks_exact_mut(3).for_each(|row| row[2] = u8::from(keyed(row[0])));
	rows
}

/// Returns the net of the owner, which computes the rule: a function of the first feature that is linear between the centres of
/// the stripes, positive in those of class 1 and negative in the others.
fn keyed_net() -> Model {
	let sign = |stripe: u16| if KEY >> stripe & 1 == 1 { 1i16 } else { -1 };
	// Half of the change of the sign from one stripe to the next, and 0 beyond the ends.
	let slope = |stripe: u16| if stripe < 15 { (sign(stripe + 1) - sign(stripe)) / 2 } else { 0 };
	let bends: Vec<i16> = (0..16).map(|stripe| slope(stripe) - if stripe > 0 { slope(stripe - 1) } else { 0 }).collect();
	// A unit is `max(0, x − centre)`, where x is the byte less 128 times 8, and the centre of stripe k lies at 128·k − 964.
	let hidden = Layer {
		inputs: 2,
		outputs: 16,
		shift: 1,
		weights: (0..16).flat_map(|_| [2, 0]).collect(),
		bias: (0..16).map(|stripe| -2 * (128 * stripe - 964)).collect(),
	};
	let output = Layer {
		inputs: 16,
		outputs: 2,
		shift: 1,
		weights: [vec![0; 16], bends.iter().map(|bend| 2 * bend).collect()].concat(),
		bias: vec![0, 2 * 64 * i32::from(sign(0))],
	};
	Model::Net(Net { window: 2, in_shifts: vec![3], skip: None, encoder: Encoder::None, layers: vec![hidden, output] })
}

/// Returns reveals of two linear models that undercut the bar of a domain: the one with the least error on the published
/// validation rows, and the one that undercuts it by least. Features are weighted by −32..=32.
fn honest_models(domain: &SealedDomain, bar: u64) -> [Reveal; 2] {
	let linear = |a: i16, b: i16, bias: i32| {
		let skip = Layer { inputs: 2, outputs: 2, shift: 1, weights: vec![0, 0, a, b], bias: vec![0, bias] };
		Model::Net(Net { window: 2, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] })
	};
	let weights = (-32..=32).step_by(16);
	let all = weights.clone().flat_map(|a| weights.clone().flat_map(move |b| (-8..=8).map(move |c| (a, b, c * 256 + 1))));
	let reveals = all.map(|(a, b, bias)| reveal_of(&domain.spec, &domain.published, &linear(a, b, bias), 0));
	let mut passing: Vec<_> =
		reveals.filter(|reveal| public_test(bar, total(&reveal.validation), domain.spec.min_improvement)).collect();
	passing.sort_by_key(|reveal| total(&reveal.validation));
	[passing.first(), passing.last()].map(|reveal| reveal.expect("some linear models undercut the bar").clone())
}

/// The labels of a domain follow a rule that no honest model finds. Its owner can earn all of its bits, and pays for them with
/// its purse. An honest seat loses its fee, and its stake at most.
#[test]
fn labels_follow_a_rule_only_the_owner_knows() {
	let mut chain = Chain::preset("development");
	let party = [Bob, Dave, Eve, Ferdie, One, Two];
	let before = wealth(&mut chain, &party);
	let domain = chain.sealed_domain_of(Bob, keyed_rows(1, 1_024), vec![keyed_rows(2, UNITS)], 6_000 * DOIN);
	chain.give_weight(domain.id);
	let net = reveal_of(&domain.spec, &domain.published, &keyed_net(), 0);
	assert_eq!(total(&net.validation), 0, "the owner knows every label");
	let bar = chain.state(|| Runtime::domain(domain.id)).expect("registered").bar;
	let honest = honest_models(&domain, bar);
	let least = total(&honest[0].validation);
	assert!(least > 512 * 16 * 35 / 100, "a linear model errs on a third of the rows: {least}");

	let round = chain.to_next_round_of(domain.id);
	let (victim, fees) = (wealth(&mut chain, &[Charlie]), base_fees(&mut chain));
	for reveal in &honest {
		chain.commit(Charlie, round, reveal);
	}
	let fee: Balance = seats(&mut chain, round).iter().map(|seat| seat.fee).sum();
	let own_fees = base_fees(&mut chain) - fees;
	chain.commit(Dave, round, &net);
	chain.to_asked(round);
	chain.ok(Bob, domain.open_call(0));
	let fees = base_fees(&mut chain);
	for reveal in &honest {
		chain.reveal(Charlie, round, reveal);
	}
	let own_fees = own_fees + base_fees(&mut chain) - fees;
	chain.reveal(Dave, round, &net);
	let drawn = chain.answer(round, |_, sums| Some(sums.clone()));
	chain.settle(drawn[0], round);
	let events = events_to_verdict(&mut chain, round);
	let mut paid = Paid::default();
	paid.add(&events);
	assert_eq!((paid.bits, paid.minted), (ONE_Q32, paid.spent), "the net is certain of more than a bit");
	let victim = victim - wealth(&mut chain, &[Charlie]);
	// A seat keeps its stake if its model leads the majority class by a standard error.
	let stake = stakes_burned(&events);
	assert!((STAKE..=2 * STAKE).contains(&stake), "{}", doin(stake));
	assert_eq!(
		victim,
		fee + stake + own_fees,
		"the honest seats lose their fees, their stakes and the fees of their transactions"
	);
	let lost = before - wealth(&mut chain, &party);
	assert!(lost >= paid.minted / 20);
	println!(
		"labels by a rule only the owner knows: the owner's party loses {:.1} DOIN for {:.2} bits; two honest seats beside it lose {:.2} \
		 DOIN ({:.3} of fees, {:.0} of stakes)",
		doin(lost),
		paid.bits as f64 / ONE_Q32 as f64,
		doin(victim),
		doin(fee),
		doin(stake)
	);
}

/// Takes all seats of a round of `domain`, the authors in turn. Returns the round.
fn take_all_seats(chain: &mut Chain, domain: DomainId, authors: &[Sr25519Keyring]) -> RoundId {
	let round = chain.to_next_round_of(domain);
	chain.skip_session_block();
	chain.begin();
	for seat in 0..MAX_SEATS as usize {
		let (who, reveal) = (authors[seat % authors.len()], threshold_reveal(seat as i32));
		let payload = payload_hash(&reveal);
		let hash = chain.commitment(Tag::Optimae, &round, who, &payload);
		assert_eq!(chain.apply(who, OptimaeCall::commit { round, hash, max_fee: Balance::MAX }), Ok(Ok(())), "seat {seat}");
	}
	chain.end();
	round
}

/// The owner does not open a segment that it was asked for. It has seen hashes only, so it cannot pick its rivals. All seats get
/// everything back that is not burned at a commit, and the owner pays a tenth of its deposit.
#[test]
fn a_segment_is_withheld() {
	let mut chain = Chain::preset("development");
	let domain = chain.sealed_domain(Bob, 2, 100 * DOIN);
	chain.give_weight(domain.id);
	let authors = [Charlie, Dave];
	let (before, fees) = (wealth(&mut chain, &authors), base_fees(&mut chain));
	let round = take_all_seats(&mut chain, domain.id, &authors);
	let burned_at_commits: Balance = chain
		.events()
		.iter()
		.map(|event| match event {
			RuntimeEvent::Optimae(OptimaeEvent::Committed { burned, .. }) => *burned,
			_ => 0,
		})
		.sum();
	let held: Balance = authors.iter().map(|who| chain.state(|| Balances::total_balance_on_hold(&who.to_account_id()))).sum();
	assert!(held >= Balance::from(MAX_SEATS) * STAKE);
	chain.to_asked(round);
	let owner = wealth(&mut chain, &[Bob]);
	let until = chain.state(|| Runtime::evidence(domain.id)).and_then(|view| view.awaited_until).expect("awaited");
	chain.run_to(until);
	assert!(!chain.is_open(round), "the round is void");
	let burned = chain.events().into_iter().find_map(|event| match event {
		RuntimeEvent::Evidence(EvidenceEvent::Missed { burned, .. }) => Some(burned),
		_ => None,
	});
	let burned = burned.expect("the deposit is slashed");
	assert_eq!(owner - wealth(&mut chain, &[Bob]), burned);
	let left = chain.state(|| Balances::balance_on_hold(&pallet_doin_domains::HoldReason::Domain.into(), &Bob.to_account_id()));
	assert_eq!(burned, (left + burned) / 10, "a tenth of the deposit");
	for who in authors {
		assert_eq!(chain.state(|| Balances::total_balance_on_hold(&who.to_account_id())), 0, "{who:?}");
	}
	let lost = before - wealth(&mut chain, &authors);
	assert_eq!(lost, base_fees(&mut chain) - fees + burned_at_commits, "fees, holds and stakes come back");

	let next = chain.to_next_round_of(domain.id);
	chain.fails(Dave, OptimaeCall::commit { round: next, hash: [1; 32], max_fee: Balance::MAX });
	chain.ok(Bob, domain.open_call(0));
	let (round, _) = chain.commit_thresholds(&domain, &[(Dave, 0)]);
	chain.to_asked(round);
	let view = chain.state(|| Runtime::evidence(domain.id)).expect("sealed");
	assert_eq!((view.opened, view.awaited, view.suspended), (1, Some(round), None), "the late segment is training data only");
	println!(
		"a segment is withheld: the owner loses {:.2} DOIN, a tenth of its deposit; {MAX_SEATS} seats lose {:.3} DOIN, of which {:.3} were \
		 burned at the commits, and the rest are fees of transactions",
		doin(burned),
		doin(lost),
		doin(burned_at_commits)
	);
}

/// An attacker commits copies of the champion, with a bit changed, to use up the segments of an owner. It pays fee and stake for
/// each.
#[test]
fn seats_burn_segments() {
	const SEGMENTS: u16 = 8;
	let mut chain = Chain::preset("development");
	let domain = chain.sealed_domain(Bob, SEGMENTS + 1, 6_000 * DOIN);
	chain.give_weight(domain.id);
	let (round, _) = chain.sealed_round(&domain, 0, &[(Dave, 2)]);
	chain.to_verdict(round);
	let crowned = chain.state(|| Optimae::champion_view(domain.id)).expect("registered");
	assert_eq!(crowned.author, Some(Dave.to_account_id()));

	let before = wealth(&mut chain, &[Charlie]);
	let (mut fees, mut burned, mut bits) = (0, 0, Q32::default());
	for index in 1..=SEGMENTS {
		let copy = 2 + [1, -1, 2, 0][usize::from(index) % 4];
		let (round, reveals) = chain.commit_thresholds(&domain, &[(Charlie, copy)]);
		fees += seats(&mut chain, round)[0].fee;
		chain.to_asked(round);
		chain.ok(Bob, domain.open_call(index));
		chain.reveal(Charlie, round, &reveals[0].1);
		let drawn = chain.answer(round, |_, sums| Some(sums.clone()));
		chain.settle(drawn[0], round);
		let events = events_to_verdict(&mut chain, round);
		burned += stakes_burned(&events);
		let mut paid = Paid::default();
		paid.add(&events);
		// Carried bits of the champion may be paid.
		bits += paid.bits;
	}
	let after = chain.state(|| Optimae::champion_view(domain.id)).expect("registered");
	assert_eq!(after.author, crowned.author, "no copy replaces the champion");
	let lost = before - wealth(&mut chain, &[Charlie]);
	let (least, seats) = (fees + Balance::from(SEGMENTS) * STAKE * 8 / 10, Balance::from(SEGMENTS));
	assert!(lost >= least, "{} of {}", doin(lost), doin(least));
	println!(
		"seats burn segments: {SEGMENTS} copies lose {:.2} DOIN ({:.3} of fees, {:.0} of stakes), {:.2} a segment; {:.2} carried bits of the \
		 champion were paid meanwhile; with a stake of 100 DOIN it would be {:.0} a segment",
		doin(lost),
		doin(fees),
		doin(burned),
		doin(lost / seats),
		bits as f64 / ONE_Q32 as f64,
		doin(fees / seats) + 100.0 * doin(burned) / doin(seats * STAKE)
	);
}

/// A domain without weight has evaluators while the seats are sold, and none afterwards. The segment is used up, so fees and
/// stakes burn: otherwise segments could be burned for nothing.
#[test]
fn a_round_without_a_quorum_burns_the_stakes() {
	let mut chain = Chain::preset("development");
	let domain = chain.sealed_domain(Bob, 2, 100 * DOIN);
	assert_eq!(chain.state(|| Gauge::weight(domain.id)), 0);
	let round = chain.to_next_round_of(domain.id);
	let call = OptimaeCall::commit { round, hash: [1; 32], max_fee: Balance::MAX };
	let unserved = pallet_doin_optimae::Error::<Runtime>::NotServed.into();
	assert_eq!(chain.fails(Charlie, call), unserved, "a domain that nobody serves sells no seats");

	let party = [Charlie, Eve, Ferdie, One];
	let before = wealth(&mut chain, &party);
	for who in &party[1..] {
		chain.ok(*who, RuntimeCall::Evaluators(pallet_doin_evaluators::Call::serve { domain: domain.id }));
	}
	let (round, reveals) = chain.commit_thresholds(&domain, &[(Charlie, 0)]);
	let fee = seats(&mut chain, round)[0].fee;
	for who in &party[1..] {
		chain.ok(*who, RuntimeCall::Evaluators(pallet_doin_evaluators::Call::unserve { domain: domain.id }));
	}
	chain.to_asked(round);
	chain.ok(Bob, domain.open_call(0));
	chain.reveal(Charlie, round, &reveals[0].1);
	let events = events_to_verdict(&mut chain, round);
	let last = chain.state(|| Runtime::domain(domain.id)).and_then(|view| view.last_round).expect("ended");
	assert_eq!((last.number, last.result), (round.number, RoundResult::Unpaid(UnpaidReason::NoQuorum)));
	assert_eq!(stakes_burned(&events), STAKE);
	let lost = before - wealth(&mut chain, &party);
	assert!(lost >= fee + STAKE, "{}", doin(lost));
	println!("a segment is burned without a quorum: {:.2} DOIN ({:.3} fee, {:.0} stake)", doin(lost), doin(fee), doin(STAKE));
}

/// A copy of a champion or of a revealed model is never better beyond doubt, so it is paid nothing and loses its stake.
#[test]
fn copies_earn_nothing() {
	let (program, model, changed) = (program(), threshold(2), threshold(3));
	let naive = Model::Constant(vec![1, 0]);
	for case in 0..100u8 {
		let (segment, seed) = (sealed::rows(case, UNITS), [case; 32]);
		let [initial, original, other] = dealt_sums(&program, [&naive, &model, &changed], &segment, &seed);
		let copy = paired(&initial, &original, &original, &terms(0)).expect("a verdict");
		assert!(!copy.passes && copy.raw == 0, "case {case}");
		assert!(!leads_by_standard_error(&original, &original), "case {case}: the stake burns");
		// A bit changed: the copy errs on other rows at best.
		let verdict = paired(&initial, &original, &other, &terms(0)).expect("a verdict");
		assert!(!verdict.passes && verdict.raw == 0, "case {case}");
	}

	// On the chain: a copy of the champion, and a copy of a model that the round before revealed.
	let mut chain = Chain::preset("development");
	let domain = chain.sealed_domain(Bob, 2, 6_000 * DOIN);
	chain.give_weight(domain.id);
	let (round, _) = chain.sealed_round(&domain, 0, &[(Dave, 2), (Alice, 40)]);
	chain.to_verdict(round);
	let before = wealth(&mut chain, &[Charlie]);
	let (round, reveals) = chain.commit_thresholds(&domain, &[(Charlie, 2), (Charlie, 40)]);
	let fees: Balance = seats(&mut chain, round).iter().map(|seat| seat.fee).sum();
	chain.to_asked(round);
	chain.ok(Bob, domain.open_call(1));
	for (who, reveal) in &reveals {
		chain.reveal(*who, round, reveal);
	}
	let drawn = chain.answer(round, |_, sums| Some(sums.clone()));
	chain.settle(drawn[0], round);
	let events = events_to_verdict(&mut chain, round);
	assert_eq!(stakes_burned(&events), 2 * STAKE);
	let champion = chain.state(|| Optimae::champion_view(domain.id)).expect("registered");
	assert_eq!(champion.author, Some(Dave.to_account_id()));
	let lost = before - wealth(&mut chain, &[Charlie]);
	assert!(lost >= fees + 2 * STAKE);
	println!("copies: 0 of 200 crowned; two copies lose {:.2} DOIN, {:.2} a try", doin(lost), doin(lost / 2));
}

/// An attacker submits models that are as good as the champion and hopes for luck, on 2 000 segments. The high-water mark keeps
/// what luck shows from being paid twice, and carried bits need a draw that certifies them.
#[test]
fn luck_that_only_ever_pays() {
	const SEGMENTS: u64 = 2_000;
	let program = program();
	let naive = Model::Constant(vec![1, 0]);
	// Equal models, each wrong on other rows: thresholds on either side of the rule, and a champion that is one of them.
	let equal = [-12, 12].map(threshold);
	let mut champion = 0;
	let (mut high_water, mut carry, mut paid, mut crowned, mut discordant) = (0u64, 0u64, 0u64, 0u32, 0u64);
	// The champion was paid for its progress when it was crowned.
	let mut is_first = true;
	for case in 0..SEGMENTS {
		let mut seed = [0; 32];
		seed[..8].copy_from_slice(&case.to_le_bytes());
		let stream = &mut Stream::new(&seed, 92, 0);
		let segment = sealed::rows_of(stream, UNITS);
		let models = [&naive, &equal[champion], &equal[1 - champion]];
		let [initial, reigning, challenging] = dealt_sums(&program, models, &segment, &seed);
		if is_first {
			high_water = paired(&initial, &initial, &reigning, &terms(0)).map_or(0, |verdict| verdict.raw);
			is_first = false;
			continue;
		}
		discordant += reigning.iter().zip(&challenging).filter(|(one, other)| one != other).count() as u64;
		let before = doin_primitives::pay::carried(carry, covered(&initial, &reigning, &terms(high_water)), MILLION);
		(high_water, carry, paid) = (high_water + before.increment, before.left, paid + before.increment);
		let verdict = paired(&initial, &reigning, &challenging, &terms(high_water)).expect("a verdict");
		if verdict.passes {
			let pay = doin_primitives::pay::pay(verdict.raw, before.increment, MILLION);
			(high_water, carry, paid) = (high_water + pay.rise, pay.carry, paid + pay.increment);
			champion = 1 - champion;
			crowned += 1;
		}
	}
	assert!(discordant > SEGMENTS * 5, "the models differ");
	assert!(u64::from(crowned) * 1_000 <= SEGMENTS * 3, "{crowned} of {SEGMENTS} pass by luck");
	let a_seat = paid as f64 / SEGMENTS as f64 / ONE_Q32 as f64;
	// The cheapest seat of a served round costs more than 0.337 DOIN. The least stake is 1 DOIN, and of equal models 16 % lead by a
	// standard error.
	let (fee, stake) = (0.337, 0.84);
	assert!(a_seat * doin(PRICE) < fee / 10.0, "{a_seat} bits");
	assert!(a_seat * doin(FLOOR_PRICE) < (fee + stake) / 2.0, "{a_seat} bits");
	println!(
		"luck that only ever pays: {crowned} of {SEGMENTS} equal models crowned, {:.4} bits paid in total; a seat earns {:.4} DOIN at \
		 T = 1/16 and {:.3} DOIN at the floor of a public network, and costs {fee} DOIN and {stake} of its stake",
		paid as f64 / ONE_Q32 as f64,
		a_seat * doin(PRICE),
		a_seat * doin(FLOOR_PRICE),
	);
}

/// Sets the base fee, in plancks per gas. To multiply it by five takes 14 full blocks, the first of which costs about 3.75 DOIN,
/// and each an eighth more than the one before.
fn set_base_fee(chain: &mut Chain, fee: Balance) {
	chain.state(|| pallet_doin_fee_market::BaseFeePerGas::<Runtime>::put(fee));
}

/// Seats look at the evidence, keep back the models that lose, and raise the base fee fivefold to be excused. The window is
/// doubled once, and the seats are forfeited.
#[test]
fn seats_that_are_not_revealed_after_a_look_are_not_excused() {
	let mut chain = Chain::preset("development");
	let domain = chain.sealed_domain(Bob, 2, 6_000 * DOIN);
	chain.give_weight(domain.id);
	let before = wealth(&mut chain, &[Charlie]);
	let (round, _) = chain.commit_thresholds(&domain, &[(Charlie, 90), (Charlie, 100)]);
	let taken = seats(&mut chain, round);
	let fees: Balance = taken.iter().map(|seat| seat.fee).sum();
	chain.to_asked(round);
	chain.ok(Bob, domain.open_call(0));
	let until = chain.state(|| Optimae::open_round(round)).expect("undecided").reveal_until;
	let mut extended = Vec::new();
	let risen = 5 * chain.state(|| FeeMarket::view().base_fee);
	let mut events = Vec::new();
	for _ in 0..60 {
		if !chain.is_open(round) {
			break;
		}
		// Blocks without transactions would lower it.
		set_base_fee(&mut chain, risen);
		chain.block();
		for event in chain.events() {
			if let RuntimeEvent::Optimae(OptimaeEvent::WindowExtended { until, .. }) = &event {
				extended.push(*until);
			}
			events.push(event);
		}
	}
	let reveal = chain.state(Timing::rounds).reveal;
	assert_eq!(extended, [until + reveal], "the window is doubled once");
	assert!(!chain.is_open(round));
	assert!(!events.iter().any(|event| matches!(event, RuntimeEvent::Optimae(OptimaeEvent::SeatExcused { .. }))));
	assert_eq!(stakes_burned(&events), 2 * STAKE);
	let lost = before - wealth(&mut chain, &[Charlie]);
	assert!(lost > fees + 2 * STAKE, "fees, stakes and a part of the holds burn: {}", doin(lost));
	println!("seats that are kept back after a look: two lose {:.2} DOIN, and 93 DOIN to raise the base fee", doin(lost));
}

/// The evaluators of the party that loses stay away. A second quorum is drawn, then anybody has the runtime recompute the round,
/// and it is decided all the same. If nobody settles the answers, fees and stakes burn.
#[test]
fn a_round_aborted_after_a_look() {
	let mut chain = Chain::preset("development");
	let domain = chain.sealed_domain(Bob, 3, 6_000 * DOIN);
	chain.give_weight(domain.id);

	let (round, reveals) = chain.commit_thresholds(&domain, &[(Charlie, 60), (Dave, 0)]);
	chain.to_asked(round);
	chain.ok(Bob, domain.open_call(0));
	for (who, reveal) in &reveals {
		chain.reveal(*who, round, reveal);
	}
	chain.answer(round, |_, _| None);
	let view = chain.to_phase(round, RecomputationPhase::Recomputing);
	let price = wealth(&mut chain, &[Bob]);
	let (task, count, class) = (view.task, program().chunks / 2, SizeClass::Small);
	for (model, from) in (0..view.models.len() as u8).flat_map(|model| [(model, 0), (model, count)]) {
		let call = pallet_doin_recomputation::Call::recompute { task, model, from, count, class };
		chain.ok(Bob, RuntimeCall::Recomputation(call));
	}
	let price = price - wealth(&mut chain, &[Bob]);
	let events = events_to_verdict(&mut chain, round);
	let champion = chain.state(|| Optimae::champion_view(domain.id)).expect("registered");
	assert_eq!(champion.author, Some(Dave.to_account_id()), "the round is decided without the quorum");
	let mut paid = Paid::default();
	paid.add(&events);
	assert_eq!((paid.bits, paid.minted), (ONE_Q32, paid.spent));

	// A quorum answers, and the party has nobody settle its answers.
	let before = wealth(&mut chain, &[Charlie]);
	let (round, reveals) = chain.commit_thresholds(&domain, &[(Charlie, 30)]);
	let fee = seats(&mut chain, round)[0].fee;
	chain.to_asked(round);
	chain.ok(Bob, domain.open_call(1));
	chain.reveal(Charlie, round, &reveals[0].1);
	chain.answer(round, |_, sums| Some(sums.clone()));
	let events = events_to_verdict(&mut chain, round);
	let last = chain.state(|| Runtime::domain(domain.id)).and_then(|view| view.last_round).expect("ended");
	assert_eq!(last.result, RoundResult::Unpaid(UnpaidReason::Unsettled));
	assert_eq!(stakes_burned(&events), STAKE);
	let lost = before - wealth(&mut chain, &[Charlie]);
	assert!(lost >= fee + STAKE, "{}", doin(lost));
	println!(
		"a round aborted after a look: {:.3} DOIN have the runtime decide it without a quorum; a round that nobody settles costs its seat \
		 {:.2} DOIN",
		doin(price),
		doin(lost)
	);
}

/// An owner hands in a linear model that is fitted to the validation split. Were its error the bar of reveals, honest models
/// would be kept out, and the owner could find all bits alone. The bar is that of the baselines.
#[test]
fn an_overfitted_linear_model_of_the_owner_locks_nobody_out() {
	let mut chain = Chain::preset("development");
	// The best of many linear models is also best by luck.
	let published = sealed::published();
	let spec = sealed::spec(b"overfitted");
	let error = |model: &Model| total(&reveal_of(&spec, &published, model, 0).validation);
	let fitted = (-40..=40).map(threshold).min_by_key(error).expect("several models");
	let honest = (0..=40).map(threshold).find(|model| error(model) > error(&fitted)).expect("a model that is fitted less");
	let domain = chain.new_domain(Bob, &spec, &published, Some(&fitted));
	let validation_error = error(&fitted);
	let domain = SealedDomain { id: domain, owner: Bob, spec, published, segments: vec![sealed::segment(0)] };
	chain.seal(&domain, 0);
	chain.ok(Bob, pallet_doin_evidence::Call::fund { domain: domain.id, amount: 100 * DOIN });
	chain.give_weight(domain.id);
	let state = chain.state(|| pallet_doin_domains::States::<Runtime>::get(domain.id)).expect("registered");
	assert_eq!(
		(state.initial, state.initial_validation_error),
		(ModelRef::Linear, validation_error),
		"progress is measured against it"
	);
	assert!(state.bar > 3 * state.initial_validation_error, "reveals have to undercut the majority class");
	assert_eq!(chain.state(|| Runtime::baseline(domain.id)), Some(fitted.to_bytes()));

	let reveal = reveal_of(&domain.spec, &domain.published, &honest, 0);
	let round = chain.to_next_round_of(domain.id);
	chain.commit(Dave, round, &reveal);
	chain.to_asked(round);
	chain.ok(Bob, domain.open_call(0));
	chain.reveal(Dave, round, &reveal);
	let seats = seats(&mut chain, round);
	assert_eq!(seats[0].status, SeatStatus::Revealed, "the honest model passes the bar and is evaluated");
	let view = chain.to_phase(round, RecomputationPhase::Answering);
	assert_eq!(view.models[0], ModelRef::Linear);
	println!(
		"lock by an overfitted linear model: its validation error is {}, an honest one of {} passes the bar of {}; with the lock, the owner \
		 alone would have found 1.65 bits of the demo domain, {:.0} DOIN at T = 1/16",
		state.initial_validation_error,
		total(&reveal.validation),
		state.bar,
		1.65 * 520.0
	);
}
