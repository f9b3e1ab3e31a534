//! Domains of programs that the chain does not have.

use super::*;
use doin_scoring::Tolerance;

/// Returns the record after `change` of its program.
fn changed(change: fn(&mut Tolerance)) -> DomainSpec {
	let mut spec = tolerance();
	let Program::Tolerance(program) = &mut spec.program else { unreachable!("a tolerance domain") };
	change(program);
	spec
}

#[test]
fn a_tolerance_domain_is_active_at_once_and_can_never_be_voted_for() {
	build_and_execute(|| {
		assert_ok!(Registry::register(signed(OWNER), Box::new(tolerance()), None));
		let state = state(0);
		assert_eq!((state.status, state.initial, state.bar), (Status::Active, ModelRef::Origin, 3_200));
		assert!(deposited(Event::Activated { domain: 0, initial: ModelRef::Origin, error: 3_200 }));
		assert!(!<Registry as Votable>::votable(0));
		assert_noop!(Registry::activate(signed(OWNER), 0, 0, 0), Error::<Test>::NotLoading);
		assert_ok!(Registry::close(signed(OWNER), 0));
		assert_ok!(Registry::retire(signed(OWNER), 0));
		assert_eq!(deposit_of(OWNER), 0);
	});
}

#[test]
fn every_fault_of_a_tolerance_has_its_own_error() {
	build_and_execute(|| {
		is_rejected(changed(|program| program.code = [0; 32]), Error::InvalidCode);
		is_rejected(changed(|program| program.epsilon = 0), Error::InvalidTolerance);
		is_rejected(changed(|program| program.epsilon = 501), Error::InvalidTolerance);
		is_rejected(changed(|program| program.chunks = 257), Error::InvalidChunks);
		is_rejected(changed(|program| program.initial_error = 0), Error::InvalidInitialError);
		assert_ok!(Registry::register(
			signed(OWNER),
			Box::new(DomainSpec { min_improvement: 2_004, ..changed(|program| program.epsilon = 501) }),
			None
		));
	});
}

#[test]
fn a_tolerance_domain_has_public_evidence_and_no_data_of_its_own() {
	build_and_execute(|| {
		is_rejected(DomainSpec { evidence: forecast().evidence, ..tolerance() }, Error::NotSynthetic);
		let live = Evidence::Live { stream: 0, unit: 1 };
		is_rejected(DomainSpec { evidence: live, target: 0, ..tolerance() }, Error::InvalidLive);
		let sealed = DomainSpec {
			evidence: Evidence::Sealed { units: 512, stake: 10 * doin_primitives::DOIN },
			growth: Growth::Appending,
			licence: BoundedVec::truncate_from(b"CC0-1.0".to_vec()),
			target: 0,
			..tolerance()
		};
		is_rejected(sealed, Error::InvalidSegment);
		is_rejected(DomainSpec { data_root: [1; 32], ..tolerance() }, Error::InvalidDataRoot);
		is_rejected(DomainSpec { values: 9, ..tolerance() }, Error::InvalidSplit);
	});
}

#[test]
fn no_model_of_the_owner_is_an_initial_champion_of_a_tolerance_domain() {
	build_and_execute(|| {
		let bytes = doin_scoring::Model::Opaque(vec![1, 2, 3]).to_bytes();
		let baseline = Some(BoundedVec::truncate_from(bytes));
		assert_noop!(Registry::register(signed(OWNER), Box::new(tolerance()), baseline), Error::<Test>::BaselineNotLinear);
	});
}
