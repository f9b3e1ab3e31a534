//! Growing data of domains with sealed evidence: appended segments, suspension, penalties and votes.

use super::*;
use crate::{Baselines, Deposits};
use doin_primitives::DOIN;

/// Returns the pages of a segment of [`sealed`]: 512 rows of three bytes.
fn segment() -> Vec<Page> {
	byte_pages(&[1; 512 * 3])
}

/// Returns `true` if a round of `domain` can be opened. Closes it again.
fn takes_commits(domain: DomainId) -> bool {
	let opened = <Registry as Domains<AccountId>>::open_round(domain);
	if opened.is_ok() {
		close_round(domain, 1);
	}
	opened.is_ok()
}

#[test]
fn segments_are_appended_behind_the_published_pages() {
	build_and_execute(|| {
		let domain = active_rows();
		assert_eq!(sealed().pages(), 3);
		for index in 0..3 {
			<Registry as GrowingDomains>::append(domain, index, segment());
			let page = <Registry as Domains<AccountId>>::page(domain, 3 + u32::from(index));
			assert_eq!(page.as_ref(), segment().first());
		}
		assert_eq!(Pages::<Test>::iter_prefix(domain).count(), 6);
		assert_eq!(Registry::rows(domain), Some(rows()), "the rows published at activation do not change");
	});
}

#[test]
fn a_suspended_domain_takes_no_commits_until_its_segment_is_appended() {
	build_and_execute(|| {
		let domain = active_rows();
		assert!(takes_commits(domain));
		at_block(70);
		<Registry as GrowingDomains>::suspend(domain);
		assert_eq!((state(domain).suspended, state(domain).status), (Some(70), Status::Active));
		assert_eq!(events().last(), Some(&Event::Suspended { domain }));
		assert_noop!(<Registry as Domains<AccountId>>::open_round(domain), Error::<Test>::Suspended);
		at_block(90);
		<Registry as GrowingDomains>::suspend(domain);
		assert_eq!(state(domain).suspended, Some(70), "the time counts from the first missed segment");
		<Registry as GrowingDomains>::append(domain, 0, segment());
		assert_eq!(events().last(), Some(&Event::Resumed { domain }));
		assert!(takes_commits(domain));
		// A domain that was never suspended is not resumed.
		let before = events().len();
		<Registry as GrowingDomains>::append(domain, 1, segment());
		assert_eq!(events().len(), before);
	});
}

#[test]
fn a_missed_segment_burns_a_part_of_the_deposit() {
	build_and_execute(|| {
		let domain = active_rows();
		let (deposit, issuance) = (Deposits::<Test>::get(domain), Balances::total_issuance());
		let tenth = deposit.div_ceil(10);
		let slash = || <Registry as GrowingDomains>::slash_deposit(domain, Perbill::from_percent(10));
		assert_eq!(slash(), tenth);
		assert_eq!((Deposits::<Test>::get(domain), deposit_of(OWNER)), (deposit - tenth, deposit - tenth));
		assert_eq!(slash(), tenth, "a tenth of the whole deposit, not of the rest");
		let burned = 2 * tenth;
		assert_eq!(Balances::total_issuance(), issuance - burned);
		assert_ok!(Registry::close(signed(OWNER), domain));
		assert_ok!(Registry::retire(signed(OWNER), domain));
		assert_eq!(Balances::balance(&OWNER), ENDOWMENT - FEE - burned, "the rest is released");
		assert_eq!(slash(), 0, "no such domain");
	});
}

#[test]
fn ten_missed_segments_burn_the_whole_deposit() {
	build_and_execute(|| {
		let domain = active_rows();
		let (deposit, issuance) = (Deposits::<Test>::get(domain), Balances::total_issuance());
		let slash = || <Registry as GrowingDomains>::slash_deposit(domain, Perbill::from_percent(10));
		let burned: Vec<Balance> = (0..10).map(|_| slash()).collect();
		assert!(burned[..9].iter().all(|burned| *burned == deposit.div_ceil(10)), "{burned:?}");
		assert_eq!((burned.iter().sum::<Balance>(), issuance - Balances::total_issuance()), (deposit, deposit));
		assert_eq!((slash(), Deposits::<Test>::get(domain), deposit_of(OWNER)), (0, 0, 0), "nothing is left");
		assert_ok!(Registry::close(signed(OWNER), domain));
		assert_ok!(Registry::retire(signed(OWNER), domain));
		assert_eq!(Balances::balance(&OWNER), ENDOWMENT - FEE - deposit);
	});
}

#[test]
fn anyone_closes_a_domain_that_is_suspended_for_30_days_even_with_a_weight() {
	build_and_execute(|| {
		let domain = active_rows();
		at_block(100);
		<Registry as GrowingDomains>::suspend(domain);
		VotedWeight::set(1);
		at_block(100 + 30 * 24 - 1);
		assert_noop!(Registry::close(signed(OTHER), domain), Error::<Test>::NotOwner);
		assert_noop!(Registry::close(signed(OWNER), domain), Error::<Test>::StillWeighted);
		at_block(100 + 30 * 24);
		assert_ok!(Registry::close(signed(OTHER), domain));
		assert_ok!(Registry::retire(signed(OTHER), domain));
	});
}

#[test]
fn an_opened_segment_ends_the_time_after_which_anyone_closes_the_domain() {
	build_and_execute(|| {
		let domain = active_rows();
		<Registry as GrowingDomains>::suspend(domain);
		at_block(29 * 24);
		<Registry as GrowingDomains>::append(domain, 0, segment());
		at_block(31 * 24);
		assert_noop!(Registry::close(signed(OTHER), domain), Error::<Test>::NotOwner);
	});
}

#[test]
fn a_removed_domain_takes_its_segments_and_its_evidence_with_it() {
	build_and_execute(|| {
		let other = active_rows();
		let domain = active_rows();
		for index in 0..9 {
			<Registry as GrowingDomains>::append(domain, index, segment());
		}
		assert_ok!(Registry::close(signed(OWNER), domain));
		let post = Registry::retire(signed(OWNER), domain).expect("it retires");
		assert_eq!(post.actual_weight, None, "the number of opened segments is not known here");
		assert_eq!(RetiredEvidence::get(), [domain]);
		assert_eq!(Pages::<Test>::iter_prefix(domain).count(), 0);
		assert!(!Baselines::<Test>::contains_key(domain) && Baselines::<Test>::contains_key(other));
		let call = crate::Call::<Test>::retire { domain };
		let weight = frame_support::dispatch::GetDispatchInfo::get_dispatch_info(&call).call_weight;
		assert_eq!(weight, <() as WeightInfo>::retire(MAX_PAGES) + RETIRED_WEIGHT);
	});
}

#[test]
fn a_sealed_domain_gains_its_first_weight_only_with_a_segment_and_a_purse() {
	build_and_execute(|| {
		let domain = active_rows();
		assert!(!<Registry as Votable>::votable(domain), "no segment");
		ReadyPurse::set(Some(0));
		assert!(!<Registry as Votable>::votable(domain), "an empty purse");
		ReadyPurse::set(Some(1));
		assert!(<Registry as Votable>::votable(domain));
		<Registry as GrowingDomains>::suspend(domain);
		assert!(!<Registry as Votable>::votable(domain), "a suspended domain takes no commits");

		// An owner must not be able to reset the mark of a weighted domain by emptying its purse for a session.
		VotedWeight::set(1);
		ReadyPurse::set(None);
		assert!(<Registry as Votable>::votable(domain));
		assert_ok!(Registry::close(RuntimeOrigin::root(), domain));
		assert!(!<Registry as Votable>::votable(domain));
	});
}

#[test]
fn a_record_of_sealed_evidence_is_checked() {
	build_and_execute(|| {
		let rejected = |change: fn(&mut DomainSpec), error: Error<Test>| {
			let mut spec = sealed();
			change(&mut spec);
			assert_noop!(Registry::register(signed(OWNER), Box::new(spec), None), error);
		};
		rejected(|s| s.licence = Default::default(), Error::InvalidLicence);
		rejected(|s| s.growth = Growth::Fixed, Error::InvalidGrowth);
		rejected(|s| s.evidence = Evidence::Sealed { units: 512, stake: DOIN - 1 }, Error::InvalidStake);
		rejected(|s| s.evidence = Evidence::Sealed { units: 512, stake: 100 * DOIN + 1 }, Error::InvalidStake);
		rejected(|s| s.evidence = Evidence::Sealed { units: 513, stake: DOIN }, Error::InvalidSegment);
		rejected(|s| s.evidence = forecast().evidence, Error::InvalidGrowth);
		rejected(|s| (s.evidence, s.growth) = (forecast().evidence, Growth::Fixed), Error::NotSynthetic);
		rejected(|s| s.target = 1, Error::AwaitedTarget);
		rejected(|s| s.values += 1, Error::InvalidRowLength);
		rejected(|s| s.split.train_end = 0, Error::InvalidSplit);
		rejected(|s| s.split.validation_end = s.split.train_end + 63, Error::InvalidSplit);
		let program = |change: fn(&mut doin_scoring::rows::Rows), error: Error<Test>| {
			let mut spec = sealed();
			let Program::Rows(rows) = &mut spec.program else { unreachable!() };
			change(rows);
			assert_noop!(Registry::register(signed(OWNER), Box::new(spec), None), error);
		};
		use doin_scoring::rows::{Image, RowTarget};
		program(|r| r.features = 0, Error::InvalidFeatures);
		program(|r| r.features = 1_025, Error::InvalidFeatures);
		program(|r| r.image = Some(Image { height: 2, width: 2 }), Error::InvalidImage);
		program(|r| r.target = RowTarget::Classes(65), Error::InvalidClasses);
		program(|r| r.target = RowTarget::Classes(1), Error::InvalidClasses);
		program(|r| r.target = RowTarget::Values(17), Error::InvalidLabelValues);
		program(|r| r.rows = 65, Error::InvalidRows);
		program(|r| r.chunks = 63, Error::InvalidRows);
		// A series whose chunks are shorter than a horizon.
		let mut narrow = DomainSpec { growth: Growth::Appending, licence: sealed().licence, target: 0, ..forecast() };
		narrow.evidence = Evidence::Sealed { units: 100, stake: DOIN };
		if let Program::Forecast(program) = &mut narrow.program {
			program.windows = 1;
		}
		assert_noop!(Registry::register(signed(OWNER), Box::new(narrow), None), Error::<Test>::InvalidStride);
	});
}

#[test]
fn the_deposit_of_rows_has_room_for_their_baseline() {
	build_and_execute(|| {
		let domain = active_rows();
		let stored = sealed().encode().len() + rows().len() + Baselines::<Test>::get(domain).expect("stored").len();
		assert_eq!(deposit_of(OWNER), BASE + PER_BYTE * stored as Balance);
	});
}

#[test]
fn a_genesis_domain_of_rows_is_active_from_block_0() {
	execute(with_genesis(vec![GenesisDomain::of_rows(OWNER, &sealed(), &rows())]), || {
		assert_eq!((state(0).status, state(0).initial), (Status::Active, ModelRef::Constant));
		assert_eq!(Registry::rows(0), Some(rows()));
	});
}

#[test]
#[should_panic(expected = "InvalidRow")]
fn a_genesis_domain_needs_valid_labels() {
	let mut bytes = rows();
	*bytes.last_mut().expect("rows") = 2;
	let spec = DomainSpec { data_root: blake2_256(&bytes.encode()), ..sealed() };
	with_genesis(vec![GenesisDomain::of_rows(OWNER, &spec, &bytes)]);
}

/// The owner could reach any target with a model that has learned the next segment, and take what others have donated.
#[test]
fn a_sealed_domain_has_no_bounty() {
	build_and_execute(|| {
		let domain = active_rows();
		assert_noop!(Registry::add_bounty(signed(OTHER), domain, 300), Error::<Test>::NoTarget);
		// The smallest error does not end the domain.
		assert_ok!(<Registry as Domains<AccountId>>::open_round(domain));
		crown(domain, champion(OTHER, 1), 1, 1);
		assert_eq!((state(domain).status, state(domain).bounty), (Status::Active, 0));
	});
}
