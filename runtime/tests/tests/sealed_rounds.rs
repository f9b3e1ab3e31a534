//! Rounds with sealed evidence, from commit to pay.

use doin_primitives::{
	bounded_collections::BoundedVec,
	domain::PAGE_BYTES,
	evidence::MAX_SEGMENT_BYTES,
	payload::Reveal,
	round::Phase,
	views::{EvidenceView, RecomputationPhase},
	Balance, DomainSpec, Evidence, EvidenceKind, EvidenceRef, Limits, ModelRef, Page, RoundId, RoundResult, SizeClass, Split,
	UnpaidReason, DOIN, MILLION, Q32,
};
use doin_runtime::{
	chunk_scorer::{OnChainScorer, CHUNK_READS},
	AccountId, Balances, FeeMarket, Gauge, Runtime, RuntimeCall, RuntimeEvent, Timing, Work,
};
use doin_runtime_tests::{
	sealed::{self, threshold_reveal, SealedDomain, STAKE, UNITS},
	Chain,
};
use doin_scoring::{
	rows::{dealt, score_rows, RowTarget, Rows},
	Model, Program,
};
use doin_traits::{apis::runtime_decl_for_doin_api::DoinApi, ChunkDraw, ChunkScorer, DomainWeights as _, Timing as _};
use frame_support::{dispatch::GetDispatchInfo, traits::fungible::InspectHold};
use pallet_doin_evidence::{Call as EvidenceCall, Event as EvidenceEvent};
use pallet_doin_optimae::Event as OptimaeEvent;
use pallet_doin_oracle::Event as OracleEvent;
use pallet_doin_work::Event as WorkEvent;
use sp_keyring::Sr25519Keyring::{self, Bob, Charlie, Dave, Eve};

/// Returns the total of the holds of an account, in plancks.
fn on_hold(chain: &mut Chain, who: Sr25519Keyring) -> Balance {
	chain.state(|| Balances::total_balance_on_hold(&who.to_account_id()))
}

/// Returns the evidence of a sealed domain.
fn evidence(chain: &mut Chain, domain: &SealedDomain) -> EvidenceView<AccountId> {
	chain.state(|| Runtime::evidence(domain.id)).expect("the domain is sealed")
}

/// Returns the result of the last round of a domain.
fn last_result(chain: &mut Chain, domain: &SealedDomain) -> RoundResult {
	let view = chain.state(|| Runtime::domain(domain.id)).expect("registered");
	view.last_round.expect("a round has ended").result
}

/// Registers a domain with one segment and this purse, checks what the chain shows of it, and gives it the weight.
fn registered(chain: &mut Chain, purse: Balance) -> SealedDomain {
	let domain = chain.sealed_domain(Bob, 1, purse);
	let view = evidence(chain, &domain);
	assert_eq!((view.owner, view.units, view.segment_bytes), (Bob.to_account_id(), UNITS, 3 * UNITS));
	assert_eq!((view.stake, view.sealed, view.opened, view.purse, view.spent), (STAKE, 1, 0, purse, 0));
	let registered = chain.state(|| Runtime::domain(domain.id)).expect("registered");
	assert_eq!((registered.evidence, registered.licence.as_str()), (EvidenceKind::Sealed, "CC0-1.0"));
	assert_eq!(chain.state(|| Runtime::rows(domain.id)), Some(domain.published.clone()));
	chain.give_weight(domain.id);
	domain
}

/// Commits to `reveal`: the seat stakes, and the segment is asked for when the commits end, not before.
fn commit_until_asked(chain: &mut Chain, domain: &SealedDomain, round: RoundId, reveal: &Reveal) {
	let before = on_hold(chain, Dave);
	chain.commit(Dave, round, reveal);
	assert!(on_hold(chain, Dave) >= before + STAKE);
	assert_eq!((evidence(chain, domain).awaited, chain.state(|| Runtime::segment(domain.id, 0))), (None, None));
	chain.to_asked(round);
	let (commits_end, _) = chain.state(Timing::rounds).reveal_window(round);
	let view = evidence(chain, domain);
	assert_eq!((chain.number(), view.awaited), (commits_end, Some(round)), "it is asked for when the commits end");
	assert_eq!(view.awaited_until, Some(commits_end + chain.state(Timing::rounds).evidence));
	let waiting = chain.state(|| Runtime::open_round(round)).expect("undecided");
	assert_eq!((waiting.phase, waiting.evidence, waiting.stake), (Phase::Evidence, None, STAKE));
}

/// Opens the segment and reveals: nobody reveals before the evidence, and the next block takes reveals.
fn open_and_reveal(chain: &mut Chain, domain: &SealedDomain, round: RoundId, reveal: &Reveal) {
	chain.fails(Dave, Chain::reveal_call(round, reveal));
	chain.ok(Bob, domain.open_call(0));
	assert_eq!(chain.state(|| Runtime::segment(domain.id, 0)).as_ref(), Some(&domain.segments[0]));
	let revealing = chain.state(|| Runtime::open_round(round)).expect("undecided");
	assert_eq!((revealing.phase, revealing.evidence), (Phase::Reveal, Some(EvidenceRef::Segment(0))));
	chain.reveal(Dave, round, reveal);
}

/// Answers and settles: the answers are the sums on the rows of the segment that the seed deals.
fn answer_and_settle(chain: &mut Chain, domain: &SealedDomain, round: RoundId) {
	let view = chain.to_phase(round, RecomputationPhase::Answering);
	assert_eq!(
		(view.evidence, view.models.as_slice()),
		(EvidenceRef::Segment(0), &[ModelRef::Constant, ModelRef::Stored(0)][..])
	);
	let (sums, seed) = (chain.correct_sums(&view), view.seed.expect("drawn"));
	let Program::Rows(program) = &domain.spec.program else { panic!("a domain of rows") };
	for chunk in 0..program.chunks {
		let rows = dealt(program, &domain.segments[0], &seed, chunk);
		assert_eq!(sums[1][usize::from(chunk)], score_rows(&sealed::threshold(0), program, &rows), "chunk {chunk}");
	}
	let drawn = chain.answer(round, |_, sums| Some(sums.clone()));
	chain.settle(drawn[0], round);
}

/// Makes blocks until the verdict, which mints the pay and burns the same amount of the purse in one block. Returns the minted
/// amount and the effective improvement.
fn paid_by_the_purse(chain: &mut Chain, round: RoundId, purse: Balance) -> (Balance, Q32) {
	let (mut issuance, mut fees) = (chain.issuance(), chain.state(|| FeeMarket::view().burned));
	let events = loop {
		chain.block();
		if !chain.is_open(round) {
			break chain.events();
		}
		(issuance, fees) = (chain.issuance(), chain.state(|| FeeMarket::view().burned));
	};
	let paid = events.iter().find_map(|event| match event {
		RuntimeEvent::Work(WorkEvent::Paid { minted, effective, optimizers, evaluators, validators, .. }) => {
			Some((*minted, *effective, optimizers + evaluators + validators))
		}
		_ => None,
	});
	let (minted, effective, divided) = paid.expect("the improvement is paid");
	let spent = events.iter().find_map(|event| match event {
		RuntimeEvent::Evidence(EvidenceEvent::PurseSpent { minted, left, .. }) => Some((*minted, *left)),
		_ => None,
	});
	assert_eq!(spent, Some((minted, purse - minted)), "what is minted is burned of the purse, to the unit");
	assert_eq!(minted, divided);
	let price = chain.state(|| <Work as doin_traits::Work<AccountId>>::price(effective));
	assert!(
		price >= 2_500 * DOIN && price - minted < 8,
		"R / T = 50 DOIN / 0.02 bit, less what does not divide: {minted} of {price}"
	);
	let burned = |event: &RuntimeEvent| match event {
		RuntimeEvent::Optimae(OptimaeEvent::FeesPaid { burned, .. })
		| RuntimeEvent::Oracle(OracleEvent::Slept { burned, .. }) => *burned,
		_ => 0,
	};
	let dust: Balance = events.iter().map(burned).sum();
	assert_eq!(chain.state(|| FeeMarket::view().burned), fees, "the block has no transaction");
	assert_eq!(issuance - chain.issuance(), dust, "the issuance changes by the undivided rest of the seat's fee only");
	(minted, effective)
}

#[test]
fn thin_a_sealed_round_from_commit_to_pay() {
	let mut chain = Chain::preset("development");
	let purse = 4_000 * DOIN;
	let domain = registered(&mut chain, purse);
	let round = chain.to_next_round_of(domain.id);
	let reveal = threshold_reveal(0);
	commit_until_asked(&mut chain, &domain, round, &reveal);
	open_and_reveal(&mut chain, &domain, round, &reveal);
	answer_and_settle(&mut chain, &domain, round);
	let control = chain.state(Work::view);
	let (minted, effective) = paid_by_the_purse(&mut chain, round, purse);
	assert_eq!(effective, doin_primitives::ONE_Q32, "the candidate is certain of more than the one bit that a verdict pays");
	let view = evidence(&mut chain, &domain);
	assert_eq!((view.purse, view.spent, view.opened, view.sealed), (purse - minted, minted, 1, 1));
	assert_eq!(last_result(&mut chain, &domain), RoundResult::Paid { effective });
	let work = chain.state(Work::view);
	assert_eq!(
		(work.mined, work.work_blocks, work.threshold, work.queued),
		(control.mined, control.work_blocks, control.threshold, 0),
		"nothing of it is emission"
	);

	// The author keeps the hold of its model alone, and the progress above a bit is carried.
	let state = chain.state(|| pallet_doin_domains::States::<Runtime>::get(domain.id)).expect("registered");
	assert_eq!((state.champion.author, state.high_water), (Some(Dave.to_account_id()), effective));
	assert!(state.carry > 0, "{}", state.carry);
	let stake = chain.state(|| Balances::balance_on_hold(&pallet_doin_optimae::HoldReason::Stake.into(), &Dave.to_account_id()));
	assert_eq!(stake, 0, "the stake of a winner is returned");

	// No segment is left.
	let next = chain.to_next_round_of(domain.id);
	let hash = [1; 32];
	let call = pallet_doin_optimae::Call::commit { round: next, hash, max_fee: Balance::MAX };
	assert_eq!(chain.fails(Charlie, call), pallet_doin_evidence::Error::<Runtime>::NoSegmentsLeft.into());
}

/// Inserts a domain whose chunks read as much as possible: the rows of the largest segment are dealt to all chunks, and its
/// initial champion is stored. Returns its identifier.
fn widest_rows(chain: &mut Chain) -> u32 {
	let program = Rows { features: 255, image: None, target: RowTarget::Classes(2), rows: 8, chunks: 64 };
	let published: u32 = 65 * 256;
	let spec = DomainSpec {
		program: Program::Rows(program),
		limits: Limits { model_bytes: 64 * 1024, window_macs: 1_024 },
		values: published,
		split: Split { train_end: 1, validation_end: 64 + 1 },
		evidence: Evidence::Sealed { units: 512, stake: DOIN },
		..sealed::spec(b"widest")
	};
	assert_eq!(spec.segment_bytes(), MAX_SEGMENT_BYTES, "the largest segment");
	let largest = Model::Constant(vec![7; 16 * 1024 - 16]).to_bytes();
	chain.state(|| {
		let id = pallet_doin_domains::NextDomainId::<Runtime>::mutate(|next| core::mem::replace(next, *next + 1));
		pallet_doin_domains::Baselines::<Runtime>::insert(id, doin_primitives::domain::ModelBytes::truncate_from(largest));
		for index in 0..spec.pages() + spec.segment_pages() {
			let bytes = (0..PAGE_BYTES).map(|byte| if byte % 256 == 255 { 0 } else { (byte * 31 + index * 7) as u8 }).collect();
			pallet_doin_domains::Pages::<Runtime>::insert(id, index, Page::from_bytes(bytes).expect("a page"));
		}
		pallet_doin_domains::Specs::<Runtime>::insert(id, spec);
		id
	})
}

#[test]
fn no_rows_chunk_reads_more_than_it_pays() {
	let mut chain = Chain::preset("development");
	chain.block();
	let domain = widest_rows(&mut chain);
	// A page has three bytes more than its content in the state: variant and length.
	let large = |sizes: Vec<usize>| sizes.into_iter().filter(|size| *size > PAGE_BYTES as usize).count() as u64;
	let seed = [3; 32];
	let draw = ChunkDraw { domain, evidence: EvidenceRef::Segment(0), seed: &seed };
	let (sum, sizes) = chain.reads(|| OnChainScorer::drawn_sum(draw, &ModelRef::Constant, 0));
	assert!(sum.is_ok(), "{sum:?}");
	let read = large(sizes);
	assert_eq!(read, 32 + 1, "every page of the segment, and the initial champion");
	let (sum, sizes) = chain.reads(|| OnChainScorer::validation_sum(domain, &ModelRef::Constant, 0));
	assert!(sum.is_ok() && large(sizes) <= 3, "{sum:?}: a row and a chunk of 1 row lie on one or two pages");

	let charged = chain.state(|| {
		let per_read = <Runtime as frame_system::Config>::DbWeight::get().reads(1).ref_time();
		for (class, macs) in [SizeClass::Small, SizeClass::Large, SizeClass::Huge].into_iter().zip(SizeClass::MACS) {
			let weight = OnChainScorer::weight(class).ref_time();
			// A nanosecond per multiply-accumulate is the least that any net takes.
			assert!(weight >= macs * 1_000 + CHUNK_READS * per_read, "{class:?}: {weight}");
		}
		CHUNK_READS
	});
	assert!(read <= charged, "a chunk reads {read} values beside the benchmark's and pays for {charged}");
}

#[test]
fn a_missing_segment_returns_everything_and_suspends_the_domain() {
	let mut chain = Chain::preset("development");
	let domain = chain.sealed_domain(Bob, 2, 100 * DOIN);
	chain.give_weight(domain.id);
	let (round, _) = chain.commit_thresholds(&domain, &[(Dave, 0)]);
	assert!(on_hold(&mut chain, Dave) > STAKE);
	chain.to_asked(round);
	let until = evidence(&mut chain, &domain).awaited_until.expect("awaited");
	chain.run_to(until);
	assert!(!chain.is_open(round), "the round is void");
	assert_eq!(on_hold(&mut chain, Dave), 0);
	assert_eq!(last_result(&mut chain, &domain), RoundResult::Unpaid(UnpaidReason::EvidenceMissing));
	let view = evidence(&mut chain, &domain);
	assert_eq!((view.suspended, view.opened, view.awaited), (Some(until), 0, None));
	assert_eq!(chain.state(|| Gauge::weight(domain.id)), MILLION, "the weight stays");

	// It takes no commits until the segment is opened, by anyone, as training data.
	let next = chain.to_next_round_of(domain.id);
	let call = pallet_doin_optimae::Call::commit { round: next, hash: [1; 32], max_fee: Balance::MAX };
	let refused = chain.fails(Dave, call);
	assert!(matches!(refused, sp_runtime::DispatchError::Module(_)), "{refused:?}");
	chain.ok(Charlie, domain.open_call(0));
	assert_eq!(evidence(&mut chain, &domain).suspended, None);
	let (round, reveals) = chain.commit_thresholds(&domain, &[(Dave, 0)]);
	chain.to_asked(round);
	chain.ok(Charlie, domain.open_call(1));
	chain.reveal(Dave, round, &reveals[0].1);
	let revealing = chain.state(|| Runtime::open_round(round)).expect("undecided");
	assert_eq!(revealing.evidence, Some(EvidenceRef::Segment(1)), "the late segment is never measured");
}

#[test]
fn a_purse_stays_while_a_round_is_open_and_goes_back_afterwards() {
	let mut chain = Chain::preset("development");
	let domain = chain.sealed_domain(Bob, 2, 100 * DOIN);
	chain.give_weight(domain.id);
	let withdraw = |amount| pallet_doin_evidence::Call::withdraw { domain: domain.id, amount };
	let (round, _) = chain.commit_thresholds(&domain, &[(Dave, 0)]);
	assert_eq!(chain.fails(Bob, withdraw(DOIN)), pallet_doin_evidence::Error::<Runtime>::RoundsOpen.into());
	assert_eq!(chain.fails(Dave, withdraw(DOIN)), pallet_doin_evidence::Error::<Runtime>::NotOwner.into());
	chain.to_asked(round);
	chain.ok(Eve, domain.open_call(0));
	chain.to_verdict(round);
	chain.ok(Bob, withdraw(60 * DOIN));
	assert_eq!(evidence(&mut chain, &domain).purse, 40 * DOIN);

	// What is left does not cover a work block, so a commit would be work for nothing.
	let next = chain.to_next_round_of(domain.id);
	let call = pallet_doin_optimae::Call::commit { round: next, hash: [1; 32], max_fee: Balance::MAX };
	assert_eq!(chain.fails(Dave, call), pallet_doin_optimae::Error::<Runtime>::PurseTooSmall.into());
}

#[test]
fn opening_the_largest_segment_takes_a_few_milliseconds() {
	let bytes = BoundedVec::truncate_from(vec![0; MAX_SEGMENT_BYTES as usize]);
	let call = RuntimeCall::Evidence(EvidenceCall::open_segment { domain: 0, index: 0, bytes, salt: [0; 32] });
	Chain::preset("development").state(|| {
		let weight = call.get_dispatch_info().call_weight.ref_time();
		assert!(weight <= 5_000_000_000, "5 ms: {weight} ps");
		println!("opening 128 KiB weighs {:.2} ms", weight as f64 / 1e9);
	});
}
