//! Domains with live evidence: their records, and high-water marks that decay.

use super::{
	activation::{bytes, constant_change, rising},
	*,
};
use crate::Call;
use doin_primitives::{Split, Status::Active};
use doin_scoring::Forecast;
use frame_support::dispatch::GetDispatchInfo;
use sp_runtime::DispatchError;

/// Blocks in which a mark halves: 90 days of the mock.
const HALF_LIFE: BlockNumber = 90 * 24;

/// Registers a record.
fn register(spec: DomainSpec) -> Result<(), DispatchError> {
	Registry::register(signed(OWNER), Box::new(spec), None)
}

/// Returns the mark of a domain at this block.
fn mark(domain: DomainId) -> Q32 {
	<Registry as Domains<AccountId>>::high_water(domain)
}

/// Applies the progress of a verdict that keeps the champion.
fn record(domain: DomainId, high_water: Q32, carry: Q32) {
	<Registry as Domains<AccountId>>::record_progress(domain, high_water, carry);
}

#[test]
fn a_live_domain_is_registered_loaded_and_activated_and_takes_rounds() {
	build_and_execute(|| {
		at_block(40);
		let domain = load(live(), &series());
		at_block(70);
		assert_ok!(Registry::activate(signed(OTHER), domain, VALUES, 0));
		let now = state(domain);
		assert_eq!((now.status, now.initial, now.is_alike), (Active, ModelRef::Seasonal, true));
		assert_eq!((now.high_water, now.high_water_at, mark(domain)), (0, 70, 0));
		assert_ok!(<Registry as Domains<AccountId>>::open_round(domain));
		assert_ok!(<Registry as Domains<AccountId>>::open_round(domain));
		assert_eq!(state(domain).open_rounds, 2);
	});
}

#[test]
fn every_fault_of_a_live_record_has_its_own_error() {
	build_and_execute(|| {
		let rejected = |change: fn(&mut DomainSpec), error: Error<Test>| {
			let mut spec = live();
			change(&mut spec);
			assert_noop!(register(spec), error);
		};
		fn program(spec: &mut DomainSpec) -> &mut Forecast {
			let Program::Forecast(forecast) = &mut spec.program else { unreachable!() };
			forecast
		}
		rejected(|s| s.target = 1, Error::AwaitedTarget);
		rejected(|s| s.evidence = Evidence::Live { stream: 3, unit: 0 }, Error::InvalidLive);
		rejected(|s| program(s).chunks = 41, Error::InvalidLive);
		rejected(|s| program(s).chunks = 32, Error::InvalidLive);
		rejected(|s| program(s).windows = 1, Error::InvalidStride);
		rejected(|s| s.growth = Growth::Appending, Error::InvalidGrowth);
		rejected(
			|s| {
				program(s).channels = 2;
				s.split = Split { train_end: 600, validation_end: 1_000 };
			},
			Error::InvalidLive,
		);
		rejected(|s| *s = DomainSpec { evidence: s.evidence.clone(), target: 0, ..quadratic() }, Error::InvalidLive);
		let rows = DomainSpec { evidence: live().evidence, growth: Growth::Fixed, ..sealed() };
		assert_noop!(register(rows), Error::<Test>::InvalidLive);
	});
}

#[test]
fn a_record_whose_stream_provides_nothing_is_refused_before_the_fee() {
	build_and_execute(|| {
		NoStream::set(true);
		// The storage is unchanged, so neither fee nor deposit was taken.
		assert_noop!(register(live()), DispatchError::Other("the stream is unknown"));
		assert_ok!(register(forecast()));
		assert_ok!(register(sealed()));
		// The record is checked first.
		assert_noop!(register(DomainSpec { target: 1, ..live() }), Error::<Test>::AwaitedTarget);
		NoStream::set(false);
		assert_ok!(register(live()));
	});
	let call = Call::<Test>::register { spec: Box::new(live()), baseline: None };
	assert_eq!(call.get_dispatch_info().call_weight, <() as WeightInfo>::register(0) + STREAM_WEIGHT, "it reads the stream");
}

#[test]
fn an_owner_of_a_live_domain_can_hand_in_a_linear_model_and_the_bar_stays_that_of_the_baselines() {
	build_and_execute(|| {
		let (public, values) = rising();
		let spec = DomainSpec { data_root: public.data_root, ..live() };
		let model = constant_change(&[48, 96, 144, 192]);
		let domain = NextDomainId::<Test>::get();
		assert_ok!(Registry::register(signed(OWNER), Box::new(spec.clone()), Some(bytes(&model))));
		for (index, page) in (0..).zip(pages(&values)) {
			assert_ok!(Registry::upload_page(signed(OWNER), domain, index, page));
		}
		let units = spec.activation_units(model.macs()) as u32;
		assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, units));
		assert_eq!(state(domain).initial, ModelRef::Linear);
		assert!(state(domain).initial_validation_error < state(domain).bar);
	});
}

#[test]
fn a_live_domain_gains_its_first_weight_only_while_its_stream_is_paid() {
	build_and_execute(|| {
		let domain = active_live();
		assert!(!<Registry as Votable>::votable(domain), "the stream is not paid for a round");
		ReadyPurse::set(Some(1));
		assert!(<Registry as Votable>::votable(domain));
		// A weighted domain keeps its weight and its mark while the stream is not paid.
		VotedWeight::set(1);
		ReadyPurse::set(None);
		assert!(<Registry as Votable>::votable(domain));
	});
}

/// A stretch of bars that is easy to forecast must not end the domain.
#[test]
fn a_live_domain_has_no_bounty_and_never_converges() {
	build_and_execute(|| {
		let domain = active_live();
		assert_noop!(Registry::add_bounty(signed(OTHER), domain, 300), Error::<Test>::NoTarget);
		assert_ok!(<Registry as Domains<AccountId>>::open_round(domain));
		crown(domain, champion(OTHER, 1), 1, 0);
		assert_eq!((state(domain).status, state(domain).bounty), (Active, 0));
	});
}

#[test]
fn a_removed_live_domain_takes_its_evidence_with_it() {
	build_and_execute(|| {
		let domain = active_live();
		assert_ok!(Registry::close(signed(OWNER), domain));
		let post = Registry::retire(signed(OWNER), domain).expect("it retires");
		assert_eq!((post.actual_weight, RetiredEvidence::get()), (None, vec![domain]));
		assert_eq!(mark(domain), 0, "no such domain");
	});
}

#[test]
fn a_mark_halves_every_90_days_without_being_written() {
	build_and_execute(|| {
		let domain = active_live();
		at_block(100);
		crown(domain, champion(7, 900_000), 4 * ONE_Q32, 950_000);
		let written = state(domain);
		assert_eq!((written.high_water, written.high_water_at), (4 * ONE_Q32, 100));
		for halvings in 0..4 {
			at_block(100 + halvings * HALF_LIFE);
			assert_eq!(mark(domain), (4 * ONE_Q32) >> halvings);
		}
		at_block(100 + 24);
		let day = 4 * ONE_Q32 - mark(domain);
		assert_eq!(day * 100_000 / (4 * ONE_Q32), 767, "1 − 2^(−1/90) = 0.007 672");
		assert_eq!(state(domain), written);
	});
}

#[test]
fn marks_of_other_evidence_do_not_decay() {
	build_and_execute(|| {
		for domain in [active(), active_rows()] {
			at_block(100);
			crown(domain, champion(7, 900_000), 4 * ONE_Q32, 950_000);
			at_block(100 + 40 * HALF_LIFE);
			assert_eq!(mark(domain), 4 * ONE_Q32);
			record(domain, ONE_Q32, 0);
			assert_eq!((state(domain).high_water, mark(domain)), (4 * ONE_Q32, 4 * ONE_Q32), "a lower one has no effect");
		}
	});
}

#[test]
fn a_verdict_compares_with_the_mark_at_its_block_and_decay_begins_again() {
	build_and_execute(|| {
		let domain = active_live();
		at_block(100);
		crown(domain, champion(7, 900_000), 4 * ONE_Q32, 950_000);
		at_block(100 + HALF_LIFE);
		// One below the written mark, but above the one at this block.
		crown(domain, champion(8, 890_000), 3 * ONE_Q32, 940_000);
		assert_eq!((state(domain).high_water, state(domain).high_water_at), (3 * ONE_Q32, 100 + HALF_LIFE));
		let high_water = 3 * ONE_Q32;
		assert!(matches!(events().last(), Some(Event::ChampionReplaced { high_water: mark, .. }) if *mark == high_water));
		at_block(100 + 2 * HALF_LIFE);
		// A lower one writes the mark at this block.
		record(domain, ONE_Q32, 5);
		let now = state(domain);
		assert_eq!((now.high_water, now.high_water_at, now.carry), (3 * ONE_Q32 / 2, 100 + 2 * HALF_LIFE, 5));
		at_block(100 + 3 * HALF_LIFE);
		assert_eq!(mark(domain), 3 * ONE_Q32 / 4);
		record(domain, 2 * ONE_Q32, 0);
		assert_eq!((state(domain).high_water, mark(domain)), (2 * ONE_Q32, 2 * ONE_Q32));
	});
}

/// Progress counts as of the verdict that measured it: losing a vote for a session does not undo the decay since then.
#[test]
fn a_vote_raises_the_mark_to_the_decayed_progress_of_the_champion() {
	build_and_execute(|| {
		let domain = active_live();
		at_block(100);
		// The champion is two bits below the initial champion, and nothing was paid.
		crown(domain, Champion { block: 100, ..champion(7, 250_000) }, 0, 950_000);
		at_block(100 + HALF_LIFE);
		<Registry as OnWeightGained>::weight_gained(domain);
		let high_water = state(domain).high_water;
		assert!(high_water.abs_diff(ONE_Q32) <= 2 && high_water == mark(domain), "{high_water}");
		assert_eq!(state(domain).high_water_at, 100 + HALF_LIFE);
		assert_eq!(events().last(), Some(&Event::HighWaterRaised { domain, high_water }));
		at_block(100 + 2 * HALF_LIFE);
		let before = state(domain);
		<Registry as OnWeightGained>::weight_gained(domain);
		let after = state(domain);
		assert_eq!((after.high_water, after.high_water_at), (before.high_water, before.high_water_at), "it decays all the same");
	});
}

/// However often the mark is written, it decays like one that is not, but for rounding.
#[test]
fn verdicts_do_not_hasten_the_decay() {
	build_and_execute(|| {
		let (often, once) = (active_live(), active_live());
		for domain in [often, once] {
			crown(domain, champion(7, 900_000), 4 * ONE_Q32, 950_000);
		}
		let start = System::block_number() as BlockNumber;
		for day in 1..=90 {
			at_block(start + 24 * day);
			record(often, 0, 0);
		}
		assert_eq!(state(often).high_water_at, start + HALF_LIFE);
		assert_eq!(mark(once), 2 * ONE_Q32);
		assert!(mark(once).abs_diff(mark(often)) < 90 * 64, "{} and {}", mark(once), mark(often));
	});
}
