//! Random paths: whatever happens, in whatever order, money is conserved and no hold is stranded.

use crate::{mock::*, *};
use doin_primitives::{round::Phase, RoundParams};
use doin_primitives_frame::OnRecomputed;
use proptest::prelude::*;

/// The domains that are played.
const DOMAINS: [DomainId; 2] = [DOMAIN, 20];
/// Who plays.
const PLAYERS: [AccountId; 4] = [1, 2, 3, 4];

/// A seat that somebody takes.
#[derive(Clone, Debug)]
struct Taken {
	/// Who takes it.
	who: usize,
	/// Parts per million of the champion's validation error that its model makes.
	ratio: u64,
	/// How far its sums lie above and below their mean, in per cent.
	swing: u64,
	/// By how much its claim about chunk 0 is too good.
	boast: u32,
}

/// One thing that somebody does, if it is possible.
#[derive(Clone, Debug)]
enum Deed {
	/// Seats are taken in the domain's next commit phase, or in this one.
	Commit { domain: usize, seats: Vec<Taken> },
	/// All that can be revealed in the domain's next reveal phase, or in this one, is; but for every n-th seat.
	Reveal { domain: usize, skip: usize },
	/// Some blocks pass.
	Wait(u32),
	/// A seat of the earliest open round is disputed.
	Dispute { domain: usize, seat: u8 },
	/// The measured round is decided by a draw that adds this much to every second model.
	Decide { domain: usize, tilt: u32 },
	/// The measured round is void.
	Void { domain: usize },
	/// The base fee moves.
	BaseFee(Balance),
	/// The recomputation service fills up or drains.
	Service(bool),
	/// A player asks for a model's release.
	Release { who: usize, model: ModelId },
}

fn taken() -> impl Strategy<Value = Taken> {
	(0..PLAYERS.len(), 850_000u64..1_005_000, 0u64..25, prop_oneof![4 => Just(0u32), 1 => 1u32..50])
		.prop_map(|(who, ratio, swing, boast)| Taken { who, ratio, swing, boast })
}

fn deed() -> impl Strategy<Value = Deed> {
	let domain = 0..DOMAINS.len();
	prop_oneof![
		8 => (domain.clone(), proptest::collection::vec(taken(), 1..7)).prop_map(|(domain, seats)| Deed::Commit { domain, seats }),
		8 => (domain.clone(), 2usize..20).prop_map(|(domain, skip)| Deed::Reveal { domain, skip }),
		4 => (1u32..12).prop_map(Deed::Wait),
		3 => (domain.clone(), 0u8..6).prop_map(|(domain, seat)| Deed::Dispute { domain, seat }),
		7 => (domain.clone(), 0u32..40).prop_map(|(domain, tilt)| Deed::Decide { domain, tilt }),
		1 => domain.prop_map(|domain| Deed::Void { domain }),
		1 => prop_oneof![4 => Just(1_000u128), 1 => Just(10_000), 1 => Just(1_000_000_000)].prop_map(Deed::BaseFee),
		1 => prop_oneof![1 => Just(true), 4 => Just(false)].prop_map(Deed::Service),
		1 => (0..PLAYERS.len(), 0u64..12).prop_map(|(who, model)| Deed::Release { who, model }),
	]
}

/// What was committed and may be revealed.
struct Promise {
	who: AccountId,
	round: RoundId,
	solution: Reveal,
	salt: [u8; 32],
}

/// The domain's round that is being measured.
fn measured(domain: DomainId) -> Option<RoundId> {
	Requests::iter_keys().find(|round| round.domain == domain)
}

/// Runs to the next phase of this kind unless the domain is in one.
fn enter_phase(domain: DomainId, phase: Phase) {
	if RoundParams::DEV.place(domain, block()).phase != phase {
		run_to_phase(domain, phase);
	}
}

fn play(deed: Deed, promises: &mut Vec<Promise>) {
	match deed {
		Deed::Commit { domain, seats } => {
			let domain = DOMAINS[domain];
			enter_phase(domain, Phase::Commit);
			let round = current(domain);
			for Taken { who, ratio, swing, boast } in seats {
				let mean = state(domain).champion.validation_error * ratio / CHUNKS as u64 / 1_000_000;
				let mut solution = candidate(shaky(mean as u32, (mean * swing / 100) as u32));
				let mut sums = solution.validation.into_inner();
				sums[0] = sums[0].saturating_sub(boast);
				solution.validation = sums.try_into().unwrap();
				let (who, salt) = (PLAYERS[who], [promises.len() as u8; 32]);
				if commit(who, domain, &solution, salt).is_ok() {
					promises.push(Promise { who, round, solution, salt });
				}
			}
		}
		Deed::Reveal { domain, skip } => {
			let domain = DOMAINS[domain];
			enter_phase(domain, Phase::Reveal);
			let here = promises.iter().enumerate().filter(|(_, promise)| promise.round == current(domain));
			for (_, promise) in here.filter(|(i, _)| i % skip != 0) {
				let _may_fail = reveal(promise.who, promise.round, &promise.solution, promise.salt);
			}
		}
		Deed::Wait(blocks) => run_to(block() + blocks),
		Deed::Dispute { domain, seat } => {
			let domain = DOMAINS[domain];
			if let Some(number) = Pending::<Test>::get(domain).first() {
				let _may_fail = dispute(WATCHER, RoundId { domain, number: *number }, seat, 0);
			}
		}
		Deed::Decide { domain, tilt } => {
			if let Some(round) = measured(DOMAINS[domain]) {
				let tilted = |model: &ModelRef| {
					let add = if matches!(model, ModelRef::Stored(id) if id % 2 == 1) { tilt } else { 0 };
					coordinates(model).expect("stored").into_iter().map(|sum| sum + add).collect()
				};
				let leader = Optimae::leader(round, &truth_by(round, tilted));
				let models = Requests::get(round).unwrap().models;
				decide_by(round, tilted);
				let crowned = leader.map(|index| models[usize::from(index)]);
				assert!(crowned.is_none_or(|model| state(round.domain).champion.model == model), "the leader is crowned");
			}
		}
		Deed::Void { domain } => {
			if let Some(round) = measured(DOMAINS[domain]) {
				expire(round);
			}
		}
		Deed::BaseFee(fee) => BaseFeeNow::set(fee),
		Deed::Service(full) => ServiceFull::set(full),
		Deed::Release { who, model } => {
			let _may_fail = send(PLAYERS[who], Call::release { model });
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

	#[test]
	fn no_path_strands_a_hold_or_loses_a_unit(deeds in proptest::collection::vec(deed(), 1..100)) {
		test(|| {
			add_domain(DOMAINS[1], synthetic());
			Room::set(1_000);
			let issued = <Balances as Inspect<AccountId>>::total_issuance();
			let mut promises = Vec::new();
			for deed in deeds {
				play(deed, &mut promises);
				check(issued);
			}
			// Everything that was begun ends, nothing is left over, and every unit is free again.
			while Rounds::<Test>::count() > 0 {
				run_to(block() + RoundParams::DEV.period());
				DOMAINS.into_iter().filter_map(measured).for_each(expire);
			}
			check(issued);
			for domain in DOMAINS {
				States::remove(domain);
				Specs::remove(domain);
			}
			for model in Models::<Test>::iter_keys().collect::<Vec<_>>() {
				send(WATCHER, Call::release { model }).expect("the domain is gone");
			}
			for who in PLAYERS {
				for reason in [HoldReason::SeatFee, HoldReason::Seat, HoldReason::Model] {
					assert_eq!(held(reason, who), 0, "{reason:?} of {who}");
				}
			}
			assert_eq!(Contenders::<Test>::iter().count(), 0);
			assert_eq!(Due::<Test>::iter().count(), 0);
		});
	}
}
