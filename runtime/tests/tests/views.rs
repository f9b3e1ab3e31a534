//! Views of the runtime API that combine several pallets.

use doin_primitives::{
	bounded_collections::BoundedVec, views::RecomputationPhase, DomainSpec, EvidenceKind, ProgramKind, MILLION,
};
use doin_runtime::{Optimae, Runtime, System};
use doin_runtime_tests::{
	round::{reveal_of, seasonal_with_growth, DEMO},
	Chain,
};
use doin_scoring::{Program, Target};
use doin_traits::apis::runtime_decl_for_doin_api::DoinApi;
use sp_keyring::Sr25519Keyring::{Alice, Dave, Eve};

/// Replaces the target of the demo domain, which no call can do.
fn set_target(target: Target) {
	pallet_doin_domains::Specs::<Runtime>::mutate(DEMO, |spec| {
		let Some(DomainSpec { program: Program::Forecast(program), .. }) = spec else { panic!("the demo domain forecasts") };
		program.target = target;
	});
}

#[test]
fn a_domain_has_one_kind_in_its_view_and_in_its_record() {
	Chain::preset("development").state(|| {
		let classes = Target::Classes(BoundedVec::truncate_from(vec![-5, 5]));
		for (target, kind) in [(Target::Values, ProgramKind::Forecast), (classes, ProgramKind::Classify)] {
			set_target(target);
			let view = Runtime::domain(DEMO).expect("registered");
			assert_eq!(view.program, kind);
			assert_eq!(ProgramKind::from(&Runtime::domain_spec(DEMO).expect("registered").program), kind);
			assert_eq!(Runtime::domains(0, 8), vec![view]);
			assert_eq!((Runtime::domains(DEMO + 1, 8), Runtime::domains(0, 0)), (vec![], vec![]), "pages end");
		}
	});
}

#[test]
fn a_domain_view_combines_record_state_and_weight() {
	Chain::preset("development").state(|| {
		let (view, spec) = (Runtime::domain(DEMO).expect("registered"), doin_runtime::demo::spec());
		assert_eq!((view.name.as_str(), view.unit.as_str()), ("Mauna Loa CO2, weekly, 13 weeks ahead", "0.01 ppm"));
		assert_eq!((view.evidence, view.class), (EvidenceKind::Synthetic, spec.class()));
		assert_eq!((view.owner, view.weight), (Alice.to_account_id(), MILLION));
		assert_eq!((view.min_improvement, view.target), (spec.min_improvement, spec.target));
		assert_eq!(Runtime::domain(DEMO + 1), None);
	});
}

#[test]
fn a_reputation_view_has_the_bond_of_an_evaluator() {
	let mut chain = Chain::preset("development");
	chain.block();
	chain.state(|| {
		assert_eq!(System::block_number(), 1);
		let evaluator = Runtime::reputation(Eve.to_account_id());
		assert_eq!((evaluator.score, evaluator.bond), (3_000_000, 1_000 * doin_primitives::DOIN));
		let optimizer = Runtime::reputation(Dave.to_account_id());
		assert_eq!((optimizer.bond, optimizer.accepted, optimizer.rejected), (0, 0, 0));
	});
}

/// A request for the recomputations of a domain reads its undecided rounds and their tasks. It does not visit the tasks of all
/// domains, of which there can be a thousand.
#[test]
fn n13_the_recomputations_of_a_domain_are_read_from_its_rounds() {
	use pallet_doin_recomputation::Tasks;
	let mut chain = Chain::preset("development");
	let (round, reveal) = (chain.to_next_round(), reveal_of(&seasonal_with_growth(125)));
	chain.commit(Dave, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	assert!(chain.state(|| Runtime::recomputations(DEMO)).is_empty());
	let view = chain.to_phase(round, RecomputationPhase::Answering);
	chain.state(|| {
		assert_eq!(Optimae::tasks(DEMO), vec![view.task]);
		assert_eq!(Runtime::recomputations(DEMO), vec![view.clone()]);
		assert!(Runtime::recomputations(DEMO + 1).is_empty());
		// A task that belongs to no round is found only by visiting all of them.
		Tasks::<Runtime>::insert(view.task + 1, Tasks::<Runtime>::get(view.task).expect("open"));
		assert_eq!(Runtime::recomputations(DEMO), vec![view]);
	});
}
