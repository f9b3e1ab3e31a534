//! Life cycle of domains and deposits, and attacks of their owners.

mod activation;
mod bounties;
mod growth;
mod live;
mod runs;
mod tolerance;

use crate::{mock::*, Error, Event, GenesisDomain, HoldReason, NextDomainId, Pages, RefusalReason, States, WeightInfo};
use codec::Encode;
use doin_primitives::{
	blake2_256,
	bounded_collections::BoundedVec,
	domain::{Champion, DomainState, MAX_MODEL_BYTES, MAX_PAGES, MAX_WINDOW_MACS, PAGE_VALUES},
	settlement::Backing,
	Balance, BlockNumber, DomainId, DomainSpec, Evidence, Growth, LastRound, ModelRef, Page, RoundId, RoundResult, Status,
	UnpaidReason, ONE_Q32, Q32,
};
use doin_scoring::{
	landscape::{Landscape, Shape},
	Loss, Program, Quadratic, WindowPhase,
};
use doin_traits::{DomainWeights, Domains, GrowingDomains, OnWeightGained, Progress, Votable};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{hold::Inspect as _, Inspect as _},
	weights::constants::ParityDbWeight,
};
use sp_runtime::{Perbill, TokenError};

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn deposit_of(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Domain.into(), &who)
}

fn bounty_of(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Bounty.into(), &who)
}

fn state(domain: DomainId) -> DomainState<AccountId> {
	States::<Test>::get(domain).expect("the domain exists")
}

fn deposited(event: Event<Test>) -> bool {
	events().contains(&event)
}

/// Sets the number of the current block.
fn at_block(number: BlockNumber) {
	System::set_block_number(number.into());
}

/// Removes an open round of `domain` that earned nothing.
fn close_round(domain: DomainId, number: u32) {
	let result = RoundResult::Unpaid(UnpaidReason::NoImprovement);
	<Registry as Domains<AccountId>>::close_round(RoundId { domain, number }, result, None);
}

fn empty_page() -> Page {
	Page::from_values(Vec::new()).expect("a page can be empty")
}

/// Replaces the champion of `domain` after a verdict without carried bits.
fn crown(domain: DomainId, champion: Champion<AccountId>, high_water: Q32, upper: u64) {
	<Registry as Domains<AccountId>>::crown(domain, champion, Progress { high_water, carry: 0, upper });
}

/// Returns a champion of `author` with error sum `error`, where that of the initial champion is 1 000 000.
fn champion(author: AccountId, error: u64) -> Champion<AccountId> {
	Champion {
		model: ModelRef::Stored(9),
		author: Some(author),
		round: Some(RoundId { domain: 0, number: 3 }),
		block: 5,
		error,
		initial_error: 1_000_000,
		validation_error: error,
	}
}

#[docify::export]
#[test]
fn a_domain_is_registered_loaded_activated_closed_and_retired() {
	build_and_execute(|| {
		let issuance = Balances::total_issuance();
		assert_ok!(Registry::register(signed(OWNER), Box::new(forecast()), None));
		let deposit = BASE + PER_BYTE * (forecast().encoded_size() as Balance + 4 * Balance::from(VALUES));
		assert_eq!(events(), [Event::Registered { domain: 0, owner: OWNER, pages: 3, deposit, fee: FEE }]);
		assert_eq!(deposit_of(OWNER), deposit);
		assert_eq!(Balances::balance(&OWNER), ENDOWMENT - deposit - FEE);
		assert_eq!(Balances::total_issuance(), issuance - FEE, "the fee is burned");
		assert_eq!((state(0).status, state(0).pages_missing), (Status::Loading, 3));

		// Any order, the last page first.
		for (missing, (index, page)) in pages(&series()).into_iter().enumerate().rev().enumerate() {
			assert_ok!(Registry::upload_page(signed(OWNER), 0, index as u32, page));
			assert!(deposited(Event::PageUploaded { domain: 0, index: index as u32, missing: 2 - missing as u32 }));
		}
		assert_ok!(Registry::activate(signed(OTHER), 0, VALUES, 0));
		let champion = state(0).champion;
		assert_eq!((champion.model, champion.author), (ModelRef::Seasonal, None), "the series is seasonal");
		assert!(champion.error > 0 && champion.error == champion.initial_error && champion.error == champion.validation_error);
		assert!(deposited(Event::Activated { domain: 0, initial: ModelRef::Seasonal, error: champion.error }));
		assert_eq!(Registry::series(0), Some(series()));
		assert_eq!(
			<Registry as Domains<AccountId>>::page(0, 2).and_then(|page| page.values().map(<[i32]>::to_vec)),
			Some(series()[2_048..].to_vec())
		);

		assert_ok!(Registry::close(signed(OWNER), 0));
		assert!(deposited(Event::Closed { domain: 0, open_rounds: 0 }));
		let post = Registry::retire(signed(OWNER), 0).expect("it retires");
		assert_eq!(post.actual_weight, Some(<() as WeightInfo>::retire(3)));
		assert!(deposited(Event::Retired { domain: 0, owner: OWNER, deposit, bounty: 0 }));
		assert_eq!(Balances::balance(&OWNER), ENDOWMENT - FEE);
		assert_eq!(Pages::<Test>::iter().count(), 0);
		assert_noop!(Registry::close(signed(OWNER), 0), Error::<Test>::UnknownDomain);
		assert_eq!(NextDomainId::<Test>::get(), 1, "identifiers are never reused");
	});
}

#[test]
fn a_domain_without_a_series_is_active_at_once() {
	build_and_execute(|| {
		assert_ok!(Registry::register(signed(OWNER), Box::new(quadratic()), None));
		let state = state(0);
		assert_eq!((state.status, state.initial, state.champion.error), (Status::Active, ModelRef::Origin, 32 * 256 * 256));
		assert!(deposited(Event::Activated { domain: 0, initial: ModelRef::Origin, error: 32 * 256 * 256 }));
		assert_noop!(Registry::activate(signed(OWNER), 0, 0, 0), Error::<Test>::NotLoading);
		assert_noop!(Registry::upload_page(signed(OWNER), 0, 0, empty_page()), Error::<Test>::NotLoading);
		assert!(!<Registry as Votable>::votable(0), "a problem with a public optimum is not votable");
	});
}

/// Returns the record of a landscape of 5 coordinates.
fn landscape(shape: Shape, seed: Option<u64>) -> DomainSpec {
	DomainSpec { program: Program::Landscape(Landscape { shape, dimensions: 5, seed }), genes: Default::default(), ..quadratic() }
}

#[test]
fn a_landscape_is_active_at_once_and_never_votable() {
	build_and_execute(|| {
		assert_ok!(Registry::register(signed(OWNER), Box::new(landscape(Shape::Rastrigin, Some(1))), None));
		let Program::Landscape(rastrigin) = landscape(Shape::Rastrigin, Some(1)).program else { unreachable!() };
		let error = rastrigin.value(&[]);
		let state = state(0);
		assert_eq!((state.status, state.initial, state.champion.error), (Status::Active, ModelRef::Origin, error));
		assert_eq!((state.bar, state.initial_validation_error), (error, error));
		assert!(deposited(Event::Activated { domain: 0, initial: ModelRef::Origin, error }));
		assert!(!<Registry as Votable>::votable(0), "its optimum follows from its record");
		// Rosenbrock's valley does not begin at its end.
		assert_ok!(Registry::register(signed(OWNER), Box::new(landscape(Shape::Rosenbrock, None)), None));
		is_rejected(landscape(Shape::Rastrigin, None), Error::ConstantSeries);
		is_rejected(landscape(Shape::Ellipsoid, Some(1)), Error::InvalidLandscape);
		is_rejected(DomainSpec { evidence: forecast().evidence, ..landscape(Shape::Sphere, Some(1)) }, Error::NotSynthetic);
	});
}

#[test]
fn the_weight_of_a_registration_includes_the_value_at_the_origin() {
	let weight = |spec: DomainSpec| Registry::register_weight(&spec, None);
	let difference = weight(landscape(Shape::Sphere, Some(1))).saturating_sub(weight(forecast()));
	let products = |units| <() as WeightInfo>::activate_linear(units);
	assert_eq!(difference, products(256) - products(0));
}

/// Registers this record, which is rejected with this error.
fn is_rejected(spec: DomainSpec, error: Error<Test>) {
	assert_noop!(Registry::register(signed(OWNER), Box::new(spec), None), error);
}

#[test]
fn every_fault_of_a_record_has_its_own_error() {
	build_and_execute(|| {
		let rejected = |change: fn(&mut DomainSpec), error: Error<Test>| {
			let mut spec = forecast();
			change(&mut spec);
			is_rejected(spec, error);
		};
		rejected(|s| s.name = Default::default(), Error::InvalidName);
		rejected(|s| s.name = BoundedVec::truncate_from(vec![0xff]), Error::InvalidName);
		rejected(|s| s.unit = BoundedVec::truncate_from(vec![0xff]), Error::InvalidUnit);
		rejected(|s| s.genes[0].name = Default::default(), Error::InvalidGeneName);
		rejected(|s| s.genes[1].name = s.genes[0].name.clone(), Error::DuplicateGene);
		rejected(|s| s.genes[0].lo = s.genes[0].hi + 1, Error::InvalidGeneBounds);
		rejected(|s| (s.genes[0].log, s.genes[0].lo) = (true, 0), Error::InvalidGeneScale);
		rejected(|s| s.genes[0].frac = 33, Error::InvalidGeneFraction);
		rejected(|s| s.limits.model_bytes = MAX_MODEL_BYTES + 1, Error::InvalidModelBytes);
		rejected(|s| s.limits.window_macs = MAX_WINDOW_MACS + 1, Error::InvalidWindowMacs);
		rejected(|s| s.values = MAX_PAGES * PAGE_VALUES + 1, Error::TooManyPages);
		rejected(|s| s.min_improvement = 1_999, Error::InvalidMinImprovement);
		rejected(|s| s.target = 1 << 20, Error::InvalidTarget);
		rejected(|s| (s.evidence, s.target) = (Evidence::Live { stream: 0, unit: 1 }, 0), Error::InvalidLive);
		rejected(|s| s.growth = Growth::Appending, Error::InvalidGrowth);
		rejected(|s| s.licence = BoundedVec::truncate_from(vec![0xff]), Error::InvalidLicence);
		rejected(|s| s.split.validation_end = VALUES + 1, Error::InvalidSplit);
		rejected(|s| s.split.validation_end = s.split.train_end + 20, Error::InvalidSplit);
		is_rejected(DomainSpec { data_root: [1; 32], ..quadratic() }, Error::InvalidDataRoot);
	});
}

#[test]
fn every_fault_of_a_program_has_its_own_error() {
	build_and_execute(|| {
		let program = |change: fn(&mut doin_scoring::Forecast), error: Error<Test>| {
			let mut spec = forecast();
			if let Program::Forecast(forecast) = &mut spec.program {
				change(forecast);
			}
			is_rejected(spec, error);
		};
		program(|f| f.loss = Loss::Squared, Error::UnsupportedLoss);
		program(|f| f.loss = Loss::WeightedSquared, Error::UnsupportedLoss);
		program(|f| f.phase = WindowPhase::Input, Error::UnsupportedPhase);
		program(|f| f.horizon = 0, Error::InvalidHorizon);
		program(|f| f.season = 25, Error::InvalidSeason);
		program(|f| f.history = 1_025, Error::InvalidHistory);
		program(|f| f.chunks = 31, Error::InvalidChunks);
		program(|f| f.season = 6, Error::InvalidTemplate);
		program(|f| f.channels = 0, Error::InvalidChannels);
		// Twice the channels are half the steps.
		program(|f| f.channels = 2, Error::InvalidSplit);
		program(|f| f.target = doin_scoring::Target::Classes(Default::default()), Error::InvalidBounds);
		program(|f| f.target = doin_scoring::Target::Steps(Default::default()), Error::InvalidSteps);
		let target = |target| DomainSpec { program: Program::Quadratic(Quadratic { target }), ..quadratic() };
		is_rejected(target(BoundedVec::truncate_from(vec![1; 31])), Error::InvalidDimensions);
		is_rejected(target(BoundedVec::truncate_from(vec![0; 32])), Error::ConstantSeries);
	});
}

#[test]
fn every_fault_of_a_generator_has_its_own_error() {
	build_and_execute(|| {
		let generator = |change: fn(&mut doin_scoring::Generator), error: Error<Test>| {
			let mut spec = forecast();
			if let Evidence::Synthetic(generator) = &mut spec.evidence {
				change(generator);
			}
			is_rejected(spec, error);
		};
		generator(|g| g.ar = BoundedVec::truncate_from(vec![4_096]), Error::UnstableGenerator);
		generator(|g| g.noise = u32::MAX, Error::GeneratorOutOfRange);
		generator(|g| g.noise = 0, Error::GeneratorTooQuiet);
		is_rejected(DomainSpec { evidence: forecast().evidence, ..quadratic() }, Error::NotSynthetic);
	});
}

#[test]
fn an_owner_has_to_afford_fee_and_deposit() {
	build_and_execute(|| {
		assert_noop!(Registry::register(signed(77), Box::new(quadratic()), None), TokenError::FundsUnavailable);
		// The fee alone is there, the deposit is not.
		assert_ok!(Balances::transfer_allow_death(signed(OTHER), 77, FEE + MIN_BOUNTY));
		assert_noop!(Registry::register(signed(77), Box::new(quadratic()), None), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_registration_without_identifiers_left_is_refused() {
	build_and_execute(|| {
		NextDomainId::<Test>::put(DomainId::MAX);
		assert_noop!(Registry::register(signed(OWNER), Box::new(quadratic()), None), Error::<Test>::NoMoreIds);
	});
}

#[test]
fn pages_are_uploaded_by_the_owner_once_and_in_full() {
	build_and_execute(|| {
		assert_ok!(Registry::register(signed(OWNER), Box::new(forecast()), None));
		let pages = pages(&series());
		assert_noop!(Registry::upload_page(signed(OWNER), 7, 0, pages[0].clone()), Error::<Test>::UnknownDomain);
		assert_noop!(Registry::upload_page(signed(OTHER), 0, 0, pages[0].clone()), Error::<Test>::NotOwner);
		assert_noop!(Registry::upload_page(signed(OWNER), 0, 3, empty_page()), Error::<Test>::NoSuchPage);
		assert_noop!(Registry::upload_page(signed(OWNER), 0, u32::MAX, empty_page()), Error::<Test>::NoSuchPage);
		assert_noop!(Registry::upload_page(signed(OWNER), 0, 0, pages[2].clone()), Error::<Test>::InvalidPageLength);
		assert_noop!(Registry::upload_page(signed(OWNER), 0, 2, pages[0].clone()), Error::<Test>::InvalidPageLength);
		assert_ok!(Registry::upload_page(signed(OWNER), 0, 0, pages[0].clone()));
		assert_noop!(Registry::upload_page(signed(OWNER), 0, 0, pages[0].clone()), Error::<Test>::PageAlreadyUploaded);
		assert_noop!(Registry::activate(signed(OWNER), 0, VALUES, 0), Error::<Test>::PagesMissing);
		assert_eq!(Registry::series(0), None);
	});
}

#[test]
fn a_page_suits_its_program() {
	build_and_execute(|| {
		assert_ok!(Registry::register(signed(OWNER), Box::new(forecast()), None));
		let bytes = byte_pages(&rows())[0].clone();
		assert_noop!(Registry::upload_page(signed(OWNER), 0, 0, bytes), Error::<Test>::InvalidPageKind);
		assert_ok!(Registry::register(signed(OWNER), Box::new(sealed()), None));
		let values = pages(&series())[0].clone();
		assert_noop!(Registry::upload_page(signed(OWNER), 1, 0, values), Error::<Test>::InvalidPageKind);
		let short = byte_pages(&rows())[2].clone();
		assert_noop!(Registry::upload_page(signed(OWNER), 1, 0, short), Error::<Test>::InvalidPageLength);
		assert_ok!(Registry::upload_page(signed(OWNER), 1, 0, byte_pages(&rows())[0].clone()));
		assert!(deposited(Event::PageUploaded { domain: 1, index: 0, missing: 2 }));
	});
}

#[test]
fn activation_checks_its_price_and_happens_once() {
	build_and_execute(|| {
		let domain = load(forecast(), &series());
		assert_noop!(Registry::activate(signed(OWNER), domain, VALUES - 1, 0), Error::<Test>::ValueCountMismatch);
		assert_noop!(Registry::activate(signed(OWNER), 9, VALUES, 0), Error::<Test>::UnknownDomain);
		assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, 0));
		assert_noop!(Registry::activate(signed(OWNER), domain, VALUES, 0), Error::<Test>::NotLoading);
		assert_noop!(Registry::upload_page(signed(OWNER), domain, 0, pages(&series())[0].clone()), Error::<Test>::NotLoading);
	});
}

#[test]
fn another_series_than_the_declared_one_is_rejected_and_the_deposit_is_released() {
	build_and_execute(|| {
		let mut forged = series();
		forged[2_100] += 1;
		let domain = load(forecast(), &forged);
		assert_noop!(Registry::retire(signed(OTHER), domain), Error::<Test>::NotOwner);
		assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, 0));
		assert!(deposited(Event::ActivationRefused { domain, reason: RefusalReason::DataRootMismatch }));
		assert_eq!(state(domain).status, Status::Refused);
		assert_ok!(Registry::retire(signed(OTHER), domain));
		assert_eq!(Balances::balance(&OWNER), ENDOWMENT - FEE);
	});
}

#[test]
fn a_half_loaded_domain_retires_too() {
	build_and_execute(|| {
		assert_ok!(Registry::register(signed(OWNER), Box::new(forecast()), None));
		assert_ok!(Registry::upload_page(signed(OWNER), 0, 1, pages(&series())[1].clone()));
		let post = Registry::retire(signed(OWNER), 0).expect("it retires");
		assert_eq!(post.actual_weight, Some(<() as WeightInfo>::retire(1)));
		assert_eq!(deposit_of(OWNER), 0);
	});
}

#[test]
fn a_series_without_error_is_rejected() {
	build_and_execute(|| {
		let constant = vec![5; VALUES as usize];
		let seasonal: Vec<i32> = (0..VALUES).map(|t| (t % 12) as i32).collect();
		for values in [constant, seasonal] {
			let spec = DomainSpec { data_root: blake2_256(&values.encode()), ..forecast() };
			let domain = load(spec, &values);
			assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, 0));
			assert!(deposited(Event::ActivationRefused { domain, reason: RefusalReason::ConstantSeries }));
			assert_eq!(state(domain).status, Status::Refused);
			assert_ok!(Registry::retire(signed(OWNER), domain));
		}
		assert_eq!(Balances::balance(&OWNER), ENDOWMENT - 2 * FEE);
	});
}

/// Returns a loaded domain whose series is constant.
fn constant() -> DomainId {
	let values = vec![5; VALUES as usize];
	load(DomainSpec { data_root: blake2_256(&values.encode()), ..forecast() }, &values)
}

#[test]
fn n9_a_refused_activation_is_not_repeated() {
	build_and_execute(|| {
		let domain = constant();
		assert_ok!(Registry::activate(signed(OTHER), domain, VALUES, 0));
		// Without a page, an activation that read the series would fail with `PagesMissing`.
		let page = Pages::<Test>::take(domain, 0).expect("the page is stored");
		assert_noop!(Registry::activate(signed(OTHER), domain, VALUES, 0), Error::<Test>::NotLoading);
		Pages::<Test>::insert(domain, 0, page);
	});
}

#[test]
fn n9_a_refused_domain_can_only_be_retired() {
	build_and_execute(|| {
		let domain = constant();
		assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, 0));
		assert_noop!(Registry::upload_page(signed(OWNER), domain, 0, empty_page()), Error::<Test>::NotLoading);
		assert_noop!(Registry::add_bounty(signed(OTHER), domain, 300), Error::<Test>::NotActive);
		assert_noop!(Registry::close(signed(OWNER), domain), Error::<Test>::NotActive);
		assert_noop!(Registry::close(RuntimeOrigin::root(), domain), Error::<Test>::NotActive);
		assert_noop!(<Registry as Domains<AccountId>>::open_round(domain), Error::<Test>::NotActive);
		assert!(!<Registry as Votable>::votable(domain), "a refused domain cannot be voted for");
		assert_ok!(Registry::retire(signed(OTHER), domain));
		assert_eq!(
			Balances::balance(&OWNER),
			ENDOWMENT - FEE,
			"the deposit goes to the owner, also if another account removes the domain"
		);
	});
}

#[test]
fn n9_the_weight_of_an_activation_counts_its_pages() {
	use frame_support::dispatch::GetDispatchInfo;
	let weight = |values| crate::Call::<Test>::activate { domain: 0, values, units: 0 }.get_dispatch_info().call_weight;
	let read = |pages| ParityDbWeight::get().reads(pages);
	for values in [1, PAGE_VALUES, PAGE_VALUES + 1, MAX_PAGES * PAGE_VALUES] {
		let measured = <() as WeightInfo>::activate_values(values);
		let pages = values.div_ceil(PAGE_VALUES);
		assert!(weight(values).all_gte(measured.saturating_add(read(pages.into()))), "{values} values on {pages} pages");
		assert!(weight(values).all_gte(<() as WeightInfo>::activate_steps(values)));
		assert!(weight(values).all_gte(<() as WeightInfo>::activate_channels(values)));
	}
}

#[test]
fn a_series_without_season_starts_from_its_last_value() {
	build_and_execute(|| {
		let walk: Vec<i32> = (0..VALUES).map(|t| (t * 3) as i32).collect();
		let spec = DomainSpec { data_root: blake2_256(&walk.encode()), ..forecast() };
		let domain = load(spec, &walk);
		assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, 0));
		assert_eq!(state(domain).initial, ModelRef::RepeatLast);
		// Steps 1 to 4 ahead are off by 3, 6, 9 and 12 in 15 windows of 32 chunks, in 1/16 units.
		assert_eq!(state(domain).champion.error, 30 * 16 * 15 * 32);
	});
}

/// Blocks of 180 days.
const ABANDONED: BlockNumber = 180 * 24;

#[test]
fn n11_anyone_closes_a_domain_without_a_new_champion_for_180_days() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		at_block(ABANDONED);
		assert_noop!(Registry::close(signed(OTHER), domain), Error::<Test>::NotOwner);
		// A new champion starts the time again.
		let crowned = Champion { block: ABANDONED, ..champion(7, 900_000) };
		crown(domain, crowned, 0, 950_000);
		at_block(2 * ABANDONED - 1);
		assert_noop!(Registry::close(signed(OTHER), domain), Error::<Test>::NotOwner);
		at_block(2 * ABANDONED);
		VotedWeight::set(1);
		assert_noop!(Registry::close(signed(OTHER), domain), Error::<Test>::StillWeighted);
		VotedWeight::set(0);
		assert_ok!(Registry::close(signed(OTHER), domain));
		assert_ok!(Registry::retire(signed(OTHER), domain));
		assert_eq!((Balances::balance(&OTHER), Balances::balance(&OWNER)), (ENDOWMENT, ENDOWMENT - FEE));
	});
}

#[test]
fn n11_anyone_retires_a_converged_domain_after_180_days() {
	build_and_execute(|| {
		let domain = active();
		crown(domain, champion(7, 100_000), 0, 110_000);
		let since = champion(7, 100_000).block;
		at_block(since + ABANDONED - 1);
		assert_noop!(Registry::retire(signed(OTHER), domain), Error::<Test>::NotOwner);
		at_block(since + ABANDONED);
		assert_ok!(Registry::retire(signed(OTHER), domain));
	});
}

#[test]
fn a_better_model_becomes_champion_and_raises_the_high_water_mark() {
	build_and_execute(|| {
		let domain = active();
		crown(domain, champion(7, 900_000), 500, 950_000);
		let now = state(domain);
		assert_eq!((now.champion, now.high_water, now.status), (champion(7, 900_000), 500, Status::Active));
		let (model, former) = (ModelRef::Stored(9), ModelRef::Seasonal);
		assert_eq!(events().last(), Some(&Event::ChampionReplaced { domain, model, former, high_water: 500 }));

		crown(domain, champion(8, 890_000), 400, 940_000);
		assert_eq!(state(domain).high_water, 500, "the mark does not fall");
		crown(4_000, champion(8, 1), 400, 1);
		assert_eq!(Reported::get(), [(domain, ModelRef::Stored(9)); 2], "the champion of an unknown domain is not reported");
		assert_eq!(<Registry as Domains<AccountId>>::crown_weight(), CROWNED_WEIGHT);
	});
}

#[test]
fn passing_the_target_converges_and_pays_the_bounty() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		assert_ok!(Registry::add_bounty(signed(7), domain, 200));
		let issuance = Balances::total_issuance();
		// The upper bound is just above the target.
		crown(domain, champion(7, 400_000), ONE_Q32, 500_001);
		assert_eq!((state(domain).status, state(domain).bounty), (Status::Active, 500));
		crown(domain, champion(7, 390_000), ONE_Q32, 500_000);
		assert_eq!((state(domain).status, state(domain).bounty), (Status::Converged, 0));
		assert_eq!(events().last(), Some(&Event::Converged { domain, author: Some(7), loss: 1 << 19, bounty: 500 }));
		assert_eq!((Balances::balance(&7), Balances::balance(&OTHER)), (ENDOWMENT + 300, ENDOWMENT - 300));
		assert_eq!((bounty_of(7), bounty_of(OTHER)), (0, 0));
		assert_eq!(Balances::total_issuance(), issuance);

		assert_noop!(<Registry as Domains<AccountId>>::open_round(domain), Error::<Test>::NotActive);
		assert_noop!(Registry::add_bounty(signed(OTHER), domain, 300), Error::<Test>::NotActive);
		assert_noop!(Registry::close(signed(OWNER), domain), Error::<Test>::NotActive);
		assert!(!<Registry as Votable>::votable(domain));

		// The verdict of an open round can still replace the champion, but the bounty is not paid twice.
		let before = events().len();
		crown(domain, champion(8, 300_000), ONE_Q32, 310_000);
		assert_eq!(events().len(), before + 1);
		assert_noop!(Registry::retire(signed(OTHER), domain), Error::<Test>::NotOwner);
		assert_ok!(Registry::retire(signed(OWNER), domain));
	});
}

#[test]
fn a_bounty_reaches_an_author_without_an_account() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, MIN_BOUNTY));
		crown(domain, champion(777, 1), 0, 1);
		assert_eq!(Balances::balance(&777), MIN_BOUNTY);
	});
}

#[test]
fn a_domain_without_target_never_converges() {
	build_and_execute(|| {
		assert_ok!(Registry::register(signed(OWNER), Box::new(DomainSpec { target: 0, ..quadratic() }), None));
		crown(0, champion(7, 0), 0, 0);
		assert_eq!(state(0).status, Status::Active);
	});
}

#[test]
fn open_rounds_of_a_closing_domain_run_to_their_verdicts() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		assert_ok!(<Registry as Domains<AccountId>>::open_round(domain));
		assert_ok!(<Registry as Domains<AccountId>>::open_round(domain));
		assert_noop!(Registry::retire(signed(OWNER), domain), Error::<Test>::StillActive);
		assert_ok!(Registry::close(signed(OWNER), domain));
		assert_eq!(events().last(), Some(&Event::Closed { domain, open_rounds: 2 }));
		assert_noop!(<Registry as Domains<AccountId>>::open_round(domain), Error::<Test>::NotActive);
		assert_noop!(Registry::retire(signed(OWNER), domain), Error::<Test>::RoundsOpen);
		close_round(domain, 3);
		assert_noop!(Registry::retire(signed(OWNER), domain), Error::<Test>::RoundsOpen);
		// Closing the domain does not avoid the payment of the bounty.
		crown(domain, champion(7, 100_000), 0, 110_000);
		close_round(domain, 4);
		assert_eq!(Balances::balance(&7), ENDOWMENT + 300);
		assert_eq!(state(domain).status, Status::Converged);
		assert_ok!(Registry::retire(signed(OWNER), domain));
	});
}

#[test]
fn anyone_retires_a_closed_domain_and_the_bounty_goes_back_to_its_donors() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		assert_ok!(Registry::add_bounty(signed(OWNER), domain, 200));
		assert_ok!(Registry::close(signed(OWNER), domain));
		assert_ok!(Registry::retire(signed(OTHER), domain));
		assert_eq!((Balances::balance(&OWNER), Balances::balance(&OTHER)), (ENDOWMENT - FEE, ENDOWMENT));
		assert!(matches!(events().last(), Some(Event::Retired { bounty: 500, owner: OWNER, .. })));
	});
}

#[test]
fn an_owner_cannot_close_a_weighted_domain_nor_take_its_bounty_nor_change_its_record() {
	build_and_execute(|| {
		let domain = active();
		assert_ok!(Registry::add_bounty(signed(OTHER), domain, 300));
		VotedWeight::set(1);
		assert_noop!(Registry::close(signed(OTHER), domain), Error::<Test>::NotOwner);
		assert_noop!(Registry::close(signed(OWNER), domain), Error::<Test>::StillWeighted);
		assert_noop!(Registry::retire(signed(OWNER), domain), Error::<Test>::StillActive);
		assert_noop!(Registry::retire(RuntimeOrigin::root(), domain), Error::<Test>::StillActive);
		// Registering again makes another domain; this one stays as it is.
		assert_ok!(Registry::register(signed(OWNER), Box::new(DomainSpec { min_improvement: 999_999, ..forecast() }), None));
		assert_eq!(<Registry as Domains<AccountId>>::spec(domain), Some(forecast()));
		assert_eq!(state(domain).bounty, 300);
		// Root can close it; open rounds would run to their verdicts.
		assert_ok!(Registry::close(RuntimeOrigin::root(), domain));
		assert_ok!(Registry::retire(RuntimeOrigin::root(), domain));
		assert_eq!(bounty_of(OTHER), 0);
	});
}

#[test]
fn registering_the_same_problem_again_and_again_only_costs_fees() {
	build_and_execute(|| {
		// A copy of a domain starts from its baseline without weight, and needs votes of its own.
		for round in 1..=3 {
			let domain = active();
			assert!(<Registry as Votable>::votable(domain));
			assert_eq!(<MockWeights as DomainWeights>::weight(domain), 0);
			assert_eq!((state(domain).high_water, state(domain).champion.author), (0, None));
			assert_ok!(Registry::close(signed(OWNER), domain));
			assert_ok!(Registry::retire(signed(OWNER), domain));
			assert_eq!(Balances::balance(&OWNER), ENDOWMENT - round * FEE);
		}
		assert_eq!(NextDomainId::<Test>::get(), 3);
	});
}

#[test]
fn progress_before_the_vote_is_put_below_the_mark() {
	build_and_execute(|| {
		let domain = active();
		<Registry as OnWeightGained>::weight_gained(domain);
		assert_eq!(state(domain).high_water, 0, "a baseline has made no progress");
		crown(domain, champion(7, 250_000), 10, 600_000);
		<Registry as OnWeightGained>::weight_gained(domain);
		let high_water = state(domain).high_water;
		assert!(high_water.abs_diff(2 * ONE_Q32) <= 2, "a quarter of the error is two bits: {high_water}");
		assert_eq!(events().last(), Some(&Event::HighWaterRaised { domain, high_water }));
		// A later champion on luckier windows: the mark stays.
		crown(domain, champion(7, 900_000), 10, 950_000);
		<Registry as OnWeightGained>::weight_gained(domain);
		assert_eq!(state(domain).high_water, high_water);
		<Registry as OnWeightGained>::weight_gained(4_000);
	});
}

#[test]
fn pay_ramps_up_from_the_last_vote_and_nothing_is_carried_into_it() {
	build_and_execute(|| {
		let domain = active();
		let progress = Progress { high_water: 1, carry: 2 * ONE_Q32, upper: 950_000 };
		<Registry as Domains<AccountId>>::crown(domain, champion(7, 900_000), progress);
		assert_eq!((state(domain).carry, state(domain).weight_since), (2 * ONE_Q32, 0));
		at_block(70);
		<Registry as OnWeightGained>::weight_gained(domain);
		assert_eq!((state(domain).carry, state(domain).weight_since), (0, 70));
		at_block(90);
		<Registry as OnWeightGained>::weight_gained(domain);
		assert_eq!(state(domain).weight_since, 90, "also if the mark stays");
	});
}

#[test]
fn a_paid_bit_raises_the_mark_and_keeps_the_champion() {
	build_and_execute(|| {
		let domain = active();
		let progress = Progress { high_water: ONE_Q32, carry: 2 * ONE_Q32, upper: 950_000 };
		<Registry as Domains<AccountId>>::crown(domain, champion(7, 900_000), progress);
		<Registry as Domains<AccountId>>::record_progress(domain, 2 * ONE_Q32, ONE_Q32);
		let after = state(domain);
		assert_eq!((after.high_water, after.carry, after.champion), (2 * ONE_Q32, ONE_Q32, champion(7, 900_000)));
		<Registry as Domains<AccountId>>::record_progress(domain, 0, 0);
		assert_eq!((state(domain).high_water, state(domain).carry), (2 * ONE_Q32, 0), "the mark never falls");
		<Registry as Domains<AccountId>>::record_progress(domain, 0, 5);
		crown(domain, champion(8, 800_000), 0, 850_000);
		assert_eq!(state(domain).carry, 0, "the carried bits of a former champion are gone");
		<Registry as Domains<AccountId>>::record_progress(4_000, 1, 1);
	});
}

#[test]
fn only_active_forecasts_with_unseen_evidence_are_votable() {
	build_and_execute(|| {
		assert!(!<Registry as Votable>::votable(0), "no such domain");
		let loading = load(forecast(), &series());
		assert!(!<Registry as Votable>::votable(loading));
		assert_ok!(Registry::activate(signed(OWNER), loading, VALUES, 0));
		assert!(<Registry as Votable>::votable(loading));
		assert_ok!(Registry::close(signed(OWNER), loading));
		assert!(!<Registry as Votable>::votable(loading));
		let public = load(DomainSpec { evidence: Evidence::Public, ..forecast() }, &series());
		assert_ok!(Registry::activate(signed(OWNER), public, VALUES, 0));
		assert!(!<Registry as Votable>::votable(public));
	});
}

#[test]
fn rounds_are_opened_in_active_domains_only() {
	build_and_execute(|| {
		assert_noop!(<Registry as Domains<AccountId>>::open_round(0), Error::<Test>::UnknownDomain);
		let domain = load(forecast(), &series());
		assert_noop!(<Registry as Domains<AccountId>>::open_round(domain), Error::<Test>::NotActive);
		assert_ok!(Registry::activate(signed(OWNER), domain, VALUES, 0));
		assert_ok!(<Registry as Domains<AccountId>>::open_round(domain));
		assert_eq!(state(domain).open_rounds, 1);
		assert_eq!(state(domain).last_round, None);
		at_block(77);
		close_round(domain, 5);
		assert_eq!(state(domain).open_rounds, 0);
		let result = RoundResult::Unpaid(UnpaidReason::NoImprovement);
		assert_eq!(state(domain).last_round, Some(LastRound { number: 5, block: 77, result }));
		close_round(4_000, 5);
	});
}

/// A round without reveals ends without an evaluation, and an account that has the runtime compute a round is no evaluator.
#[test]
fn n5_a_domain_is_unanswered_until_a_quorum_decides_a_round() {
	build_and_execute(|| {
		let domain = active();
		let unanswered_after = |reason, backing| {
			assert_ok!(<Registry as Domains<AccountId>>::open_round(domain));
			let result = RoundResult::Unpaid(reason);
			<Registry as Domains<AccountId>>::close_round(RoundId { domain, number: 1 }, result, backing);
			state(domain).unanswered
		};
		assert!(!unanswered_after(UnpaidReason::Unsettled, None));
		assert!(unanswered_after(UnpaidReason::NoQuorum, None));
		assert!(unanswered_after(UnpaidReason::NoCandidate, None));
		assert!(unanswered_after(UnpaidReason::Unsettled, None));
		assert!(unanswered_after(UnpaidReason::NoImprovement, Some(Backing::Runtime)));
		assert!(!unanswered_after(UnpaidReason::NoImprovement, Some(Backing::Quorum)));
		assert!(!unanswered_after(UnpaidReason::NoCandidate, None));
	});
}

#[test]
fn a_genesis_domain_is_active_from_block_0_on_a_deposit_without_fee() {
	let domains = vec![GenesisDomain::new(OTHER, &forecast(), series()), GenesisDomain::new(OWNER, &quadratic(), Vec::new())];
	execute(with_genesis(domains), || {
		assert_eq!((state(0).status, state(0).initial, state(0).owner), (Status::Active, ModelRef::Seasonal, OTHER));
		assert_eq!((state(1).status, state(1).initial), (Status::Active, ModelRef::Origin));
		assert_eq!(Registry::series(0), Some(series()));
		assert_eq!(deposit_of(OTHER), Registry::deposit(&forecast(), None));
		assert_eq!(Balances::balance(&OTHER), ENDOWMENT - Registry::deposit(&forecast(), None));
		assert!(<Registry as Votable>::votable(0));
		assert_eq!(NextDomainId::<Test>::get(), 2);
	});
}

#[test]
#[should_panic(expected = "genesis: domain 0, `Tides`: Token(FundsUnavailable); its owner 77 has 0 free")]
fn a_genesis_owner_has_to_be_funded() {
	with_genesis(vec![GenesisDomain::new(77, &forecast(), series())]);
}

#[test]
#[should_panic(expected = "DataRootMismatch")]
fn a_genesis_series_has_to_match_its_root() {
	let mut values = series();
	values[0] += 1;
	with_genesis(vec![GenesisDomain::new(OWNER, &forecast(), values)]);
}

#[test]
#[should_panic(expected = "ValueCountMismatch")]
fn a_genesis_series_has_to_be_complete() {
	with_genesis(vec![GenesisDomain::new(OWNER, &forecast(), vec![1])]);
}

#[test]
#[should_panic(expected = "domain 0, `Tides` has a weight, but only active forecasts and rows can be voted for")]
fn a_weighted_genesis_domain_has_to_be_votable() {
	let mut chain = new_test_ext();
	chain.execute_with(|| {
		VotedWeight::set(1);
		let domains = vec![GenesisDomain::new(OWNER, &quadratic(), Vec::new())];
		frame_support::traits::BuildGenesisConfig::build(&crate::GenesisConfig::<Test> { domains });
	});
}

#[test]
#[should_panic(expected = "ConstantSeries")]
fn a_genesis_series_needs_an_error() {
	let values = vec![5; VALUES as usize];
	let spec = DomainSpec { data_root: blake2_256(&values.encode()), ..forecast() };
	with_genesis(vec![GenesisDomain::new(OWNER, &spec, values)]);
}

#[test]
#[should_panic(expected = "genesis: domain 0: the record is not a SCALE-encoded DomainSpec")]
fn a_genesis_record_has_to_decode() {
	with_genesis(vec![GenesisDomain { owner: OWNER, spec: "0x0102".into(), values: Vec::new(), rows: String::new() }]);
}

#[test]
fn every_fault_of_a_genesis_record_has_its_own_message() {
	let entry = |spec: &str| GenesisDomain { owner: OWNER, spec: spec.into(), values: Vec::new(), rows: String::new() };
	assert_eq!(entry("0102").decoded(), Err("the record does not start with 0x".into()));
	assert!(entry("0x0g").decoded().is_err_and(|reason| reason.starts_with("the record is not hex")));
	let mut long = GenesisDomain::new(OWNER, &quadratic(), Vec::new());
	assert_eq!(long.decoded(), Ok(quadratic()));
	assert_eq!(long.pages(), Ok(Vec::new()));
	long.rows = "00".into();
	assert_eq!(long.pages(), Err("`rows` does not start with 0x".into()));
	long.spec.push_str("00");
	assert!(long.decoded().is_err(), "nothing may be left over");
}

#[test]
fn the_largest_series_fits() {
	build_and_execute(|| {
		let values: Vec<i32> = (0..MAX_PAGES * PAGE_VALUES).map(|t| (t.wrapping_mul(2_654_435_761) >> 20) as i32).collect();
		let spec = DomainSpec {
			data_root: blake2_256(&values.encode()),
			values: MAX_PAGES * PAGE_VALUES,
			split: doin_primitives::Split { train_end: 200_000, validation_end: 260_000 },
			..forecast()
		};
		let domain = load(spec, &values);
		assert_ok!(Registry::activate(signed(OWNER), domain, MAX_PAGES * PAGE_VALUES, 0));
		assert_ok!(Registry::close(signed(OWNER), domain));
		let post = Registry::retire(signed(OWNER), domain).expect("it retires");
		assert_eq!(post.actual_weight, Some(<() as WeightInfo>::retire(MAX_PAGES)));
		assert_eq!(Pages::<Test>::iter().count(), 0);
	});
}

mod properties {
	use super::*;
	use proptest::prelude::*;

	/// Returns random steps: (account, kind of step, domain, amount).
	fn steps() -> impl Strategy<Value = Vec<(AccountId, u8, DomainId, u64)>> {
		prop::collection::vec((1..5u64, 0..15u8, 0..3u32, 0..2_000u64), 1..60)
	}

	/// Makes one step: a call of `who`, or of another pallet. Returns the slashed part of a deposit, in plancks.
	fn step(who: AccountId, what: u8, domain: DomainId, much: u64) -> Balance {
		let grows = <Registry as Domains<AccountId>>::spec(domain).is_some_and(|spec| spec.growth == Growth::Appending);
		// Only an open round ends, and receives a verdict.
		let is_open = States::<Test>::get(domain).is_some_and(|state| state.open_rounds > 0);
		let _may_fail = match what {
			0 => Registry::register(signed(who), Box::new(quadratic()), None),
			1 => Registry::register(signed(who), Box::new(forecast()), None),
			2 => Registry::upload_page(signed(who), domain, much as u32 % 3, pages(&series())[much as usize % 3].clone()),
			3 => Registry::add_bounty(signed(who), domain, much.into()),
			4 => Registry::close(signed(who), domain),
			5 => Registry::retire(signed(who), domain).map(drop).map_err(|error| error.error),
			6 => <Registry as Domains<AccountId>>::open_round(domain),
			8 => Registry::announce_withdrawal(signed(who), domain),
			9 => {
				EarliestRound::set(much.is_multiple_of(2).then_some(much as u32));
				at_block(System::block_number() as BlockNumber + much as u32);
				Registry::withdraw_bounty(signed(who), domain)
			}
			_ => {
				match what {
					7 if is_open => close_round(domain, much as u32),
					7 => {}
					10 if NextDomainId::<Test>::get() < 3 => {
						active_rows();
					}
					11 if grows => <Registry as GrowingDomains>::suspend(domain),
					12 if grows => {
						// Three pages are published, and a segment has one.
						let opened = Pages::<Test>::iter_prefix(domain).count() as u16 - 3;
						<Registry as GrowingDomains>::append(domain, opened, byte_pages(&[0; 512 * 3]));
					}
					13 if grows => return <Registry as GrowingDomains>::slash_deposit(domain, Perbill::from_percent(10)),
					_ if is_open => crown(domain, champion(who, much * 500), much, much * 500),
					_ => {}
				}
				Ok(())
			}
		};
		0
	}

	/// Closes and removes every domain, which releases all holds.
	fn retire_all() {
		for domain in States::<Test>::iter_keys().collect::<Vec<_>>() {
			while state(domain).open_rounds > 0 {
				close_round(domain, 0);
			}
			let _may_fail = Registry::close(RuntimeOrigin::root(), domain);
			assert_ok!(Registry::retire(RuntimeOrigin::root(), domain));
		}
		for who in 1..5 {
			assert_eq!((deposit_of(who), bounty_of(who)), (0, 0), "all holds are released in the end");
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]

		#[test]
		fn any_sequence_of_steps_loses_only_fees(steps in steps()) {
			build_and_execute(|| {
				let issuance = Balances::total_issuance();
				let mut slashed = 0;
				for (who, what, domain, much) in steps {
					slashed += step(who, what, domain, much);
					Registry::do_try_state().expect("the registry is consistent after every step");
				}
				let fees = FEE * Balance::from(NextDomainId::<Test>::get());
				assert_eq!(Balances::total_issuance(), issuance - fees - slashed);
				retire_all();
			});
		}
	}
}
