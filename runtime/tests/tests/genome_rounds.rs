//! A round of loss genomes, from commit to verdict.

use doin_primitives::{
	bounded_collections::BoundedVec,
	payload::{Metrics, Reveal},
	views::RecomputationPhase,
	DomainId, DomainSpec, EvidenceKind, EvidenceRef, Limits, ModelRef, ProgramKind, RoundResult, SizeClass, UnpaidReason,
};
use doin_runtime::Runtime;
use doin_runtime_tests::{genomes, Chain};
use doin_scoring::{
	genome::{library, Genome, TrainingRuns},
	Model, Program,
};
use doin_training::run::run_sum;
use doin_traits::apis::runtime_decl_for_doin_api::DoinApi;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Eve};

/// Returns runs of the smallest size class.
fn runs() -> TrainingRuns {
	TrainingRuns {
		features: 4,
		classes: 3,
		hidden: BoundedVec::truncate_from(vec![6]),
		training: 32,
		validation: 24,
		batch: 8,
		steps: 40,
		rate: 13,
		..genomes::digits()
	}
}

/// Returns a reveal of a genome with the sums of its published runs.
fn reveal_of(spec: &DomainSpec, bytes: &[u8], genome: &Genome) -> Reveal {
	let Program::LossGenome(runs) = &spec.program else { panic!("a domain of training runs") };
	let sums = (0..runs.chunks).map(|run| run_sum(runs, genome, bytes, &spec.data_root, run)).collect();
	Reveal {
		genes: BoundedVec::default(),
		model: BoundedVec::truncate_from(Model::Genome(genome.clone()).to_bytes()),
		validation: BoundedVec::truncate_from(sums),
		metrics: Metrics::default(),
	}
}

/// Registers a domain of training runs with weight, and returns its identifier.
fn registered(chain: &mut Chain, spec: &DomainSpec, bytes: &[u8]) -> DomainId {
	let domain = chain.new_domain(Bob, spec, bytes, None);
	let view = chain.state(|| Runtime::domain(domain)).expect("registered");
	assert_eq!((view.program, view.evidence, view.class), (ProgramKind::LossGenome, EvidenceKind::Drawn, SizeClass::Small));
	assert_eq!(chain.state(|| Runtime::champion(domain)).expect("active").model, ModelRef::BuiltIn);
	assert_eq!(chain.state(|| Runtime::rows(domain)).as_deref(), Some(bytes));
	chain.give_weight(domain);
	domain
}

#[test]
fn a_genome_is_committed_revealed_recomputed_and_decided_like_any_model() {
	let mut chain = Chain::preset("development");
	let (spec, _, bytes) = genomes::domain(&runs(), 120);
	let spec = DomainSpec { limits: Limits { model_bytes: 1_024, window_macs: 300 }, ..spec };
	assert_eq!(spec.check(), Ok(()));
	let domain = registered(&mut chain, &spec, &bytes);

	// A genome that computes the initial champion by other instructions.
	let built_in = chain.state(|| Runtime::baseline(domain)).expect("stored");
	let initial = library::baselines().into_iter().find(|(_, genome)| Model::Genome(genome.clone()).to_bytes() == built_in);
	let (_, mut equal) = initial.expect("one of the built-in genomes");
	let end = equal.instructions.len() - 1;
	equal.instructions.splice(end.., genomes::genome("[[454]]").instructions);
	// One that climbs the loss, and one without a gradient.
	let mut opposite = library::cross_entropy();
	opposite.instructions.retain(|instruction| instruction.code() != 11);
	let count = opposite.instructions.len();
	opposite.instructions.splice(count - 2..count - 1, genomes::genome("[[200,3,-1,9]]").instructions);
	let flat = genomes::genome("[[400,100,101,9],[453,9]]");

	let round = chain.to_next_round_of(domain);
	let reveals =
		[(Dave, &equal), (Charlie, &opposite), (Alice, &flat)].map(|(who, genome)| (who, reveal_of(&spec, &bytes, genome)));
	for (who, reveal) in &reveals {
		chain.commit(*who, round, reveal);
	}
	chain.to_reveals(round);
	let [(dave, equal), (charlie, opposite), (alice, flat)] = &reveals;
	chain.reveal(*dave, round, equal);
	// A reveal that does not undercut the bar takes its seat out of the race.
	chain.reveal(*charlie, round, opposite);
	let refused = chain.fails(*alice, Chain::reveal_call(round, flat));
	assert_eq!(refused, pallet_doin_optimae::Error::<Runtime>::GenomeWithoutGradient.into());

	let view = chain.to_phase(round, RecomputationPhase::Answering);
	assert_eq!(view.evidence, EvidenceRef::Drawn);
	assert_eq!(view.models[..], [ModelRef::BuiltIn, ModelRef::Stored(0)]);
	let sums = chain.correct_sums(&view);
	let seed = view.seed.expect("drawn");
	let genome = Model::from_bytes(&equal.model).expect("a model");
	let Model::Genome(genome) = genome else { panic!("a genome") };
	let native: Vec<u32> = (0..32).map(|run| run_sum(&runs(), &genome, &bytes, &seed, run)).collect();
	assert!(sums.iter().all(|sums| sums.as_slice() == native), "equal functions have equal sums on fresh runs");
	chain.answer(round, |_, sums| Some(sums.clone()));
	chain.settle(Eve, round);
	chain.to_verdict(round);
	let last = chain.state(|| Runtime::domain(domain)).and_then(|view| view.last_round).expect("a round has ended");
	assert_eq!(last.result, RoundResult::Unpaid(UnpaidReason::NoImprovement));
	assert_eq!(chain.state(|| Runtime::champion(domain)).expect("active").model, ModelRef::BuiltIn);
}
