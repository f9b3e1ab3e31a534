//! Optimizers and evaluators of a round on the demo domain, as calls against the real runtime.

use crate::Chain;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::{ChunkSums, Metrics, Reveal, Sums},
	round::Phase,
	views::{RecomputationPhase, RecomputationView},
	Balance, DomainId, Hash, RoundId, SizeClass, Subject, TaskId,
};
use doin_runtime::{chunk_scorer::OnChainScorer, AccountId, Optimae, Runtime, RuntimeCall, System, Timing};
use doin_scoring::{sample, score, Encoder, Layer, Model, Net, Program};
use doin_traits::{apis::runtime_decl_for_doin_api::DoinApi, ChunkDraw, ChunkScorer, Timing as _};
use sp_keyring::Sr25519Keyring;

/// Domain of the development presets.
pub const DEMO: u32 = 0;

/// Salt of every commitment. Tests do not depend on its secrecy.
pub const SALT: [u8; 32] = [9; 32];

/// Returns a linear model of the demo domain that forecasts the value one season before plus `growth` hundredths of ppm. The
/// series grows by about 125 a year, so 125 is a good model, and the error of other values is known in order.
pub fn seasonal_with_growth(growth: i32) -> Model {
	let spec = doin_runtime::demo::spec();
	let Program::Forecast(program) = &spec.program else { panic!("the demo domain forecasts") };
	let (window, horizon, season) = (program.history, program.horizon, program.season);
	let mut weights = vec![0; usize::from(window) * usize::from(horizon)];
	for ahead in 0..horizon {
		// The last input is the last value; one season before step `ahead + 1` lies `season - 1 - ahead` inputs before it.
		let input = window - 1 - (season - 1 - ahead);
		weights[usize::from(ahead) * usize::from(window) + usize::from(input)] = 32;
	}
	let skip = Layer { inputs: window, outputs: horizon, shift: 1, weights, bias: vec![growth * 32; usize::from(horizon)] };
	Model::Net(Net { window, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] })
}

/// Returns the sums of `model` on the validation split of the demo domain, computed outside the runtime.
pub fn validation_sums(model: &Model) -> ChunkSums {
	let (spec, values) = (doin_runtime::demo::spec(), doin_runtime::demo::values());
	let Program::Forecast(program) = &spec.program else { panic!("the demo domain forecasts") };
	let sums = (0..program.chunks).map(|index| {
		let span = sample::validation_span(program, spec.split.train_end, spec.split.validation_end, index)
			.expect("the split is long enough");
		score(model, program, &sample::validation(program, &values[span.start as usize..span.end as usize]))
	});
	sums.collect::<Vec<_>>().try_into().expect("at most 256 chunks")
}

/// Returns a reveal of `model` with correct validation sums.
pub fn reveal_of(model: &Model) -> Reveal {
	Reveal {
		genes: vec![104, 4, 0, 6, 1, 0, 0, 0].try_into().expect("eight genes"),
		model: model.to_bytes().try_into().expect("at most 64 KiB"),
		validation: validation_sums(model),
		metrics: Metrics::default(),
	}
}

/// Rounds of optimization.
impl Chain {
	/// Returns the hash of block 0.
	pub fn genesis_hash(&mut self) -> Hash {
		self.state(|| System::block_hash(0).0)
	}

	/// Makes empty blocks until the next block is the first of a round of the demo domain. Returns the round.
	pub fn to_next_round(&mut self) -> RoundId {
		self.to_next_round_of(DEMO)
	}

	/// Makes empty blocks, at least one, until the next block is the first of a round of `domain`. Returns the round.
	pub fn to_next_round_of(&mut self, domain: DomainId) -> RoundId {
		self.block();
		let params = self.state(Timing::rounds);
		loop {
			let next = self.number() + 1;
			let place = params.place(domain, next);
			if place.phase_end - next == params.commit && place.phase == Phase::Commit {
				return place.round;
			}
			self.block();
		}
	}

	/// Commits `reveal` for `who` in `round`, for any fee.
	pub fn commit(&mut self, who: Sr25519Keyring, round: RoundId, reveal: &Reveal) {
		let hash = self.commitment(Tag::Optimae, &round, who, &payload_hash(reveal));
		self.ok(who, RuntimeCall::Optimae(pallet_doin_optimae::Call::commit { round, hash, max_fee: Balance::MAX }));
	}

	/// Makes empty blocks until the next block takes reveals of `round`.
	pub fn to_reveals(&mut self, round: RoundId) {
		let (from, _) = self.state(Timing::rounds).reveal_window(round);
		self.run_to(from - 1);
	}

	/// Sends `reveal` for `who` in `round`.
	pub fn reveal(&mut self, who: Sr25519Keyring, round: RoundId, reveal: &Reveal) {
		self.ok(who, Self::reveal_call(round, reveal));
	}

	/// Returns the call of [`reveal`](Self::reveal).
	pub fn reveal_call(round: RoundId, reveal: &Reveal) -> RuntimeCall {
		RuntimeCall::Optimae(pallet_doin_optimae::Call::reveal { round, reveal: Box::new(reveal.clone()), salt: SALT })
	}

	/// Makes empty blocks until `round` is decided.
	pub fn to_verdict(&mut self, round: RoundId) {
		for _ in 0..400 {
			if self.state(|| Optimae::open_round(round)).is_none() {
				return;
			}
			self.block();
		}
		panic!("round {round:?} was never decided");
	}

	/// Runs a round in which each author submits its model and all evaluators answer correctly. Returns the round and the drawn
	/// evaluators.
	pub fn honest_round(&mut self, models: &[(Sr25519Keyring, Model)]) -> (RoundId, Vec<Sr25519Keyring>) {
		let round = self.to_next_round();
		let reveals: Vec<_> = models.iter().map(|(who, model)| (*who, reveal_of(model))).collect();
		for (who, reveal) in &reveals {
			self.commit(*who, round, reveal);
		}
		self.to_reveals(round);
		for (who, reveal) in &reveals {
			self.reveal(*who, round, reveal);
		}
		let drawn = self.answer(round, |_, sums| Some(sums.clone()));
		self.settle(Sr25519Keyring::Eve, round);
		self.to_verdict(round);
		(round, drawn)
	}

	/// Returns the commitment of `who` to a payload within `scope`, with [`SALT`].
	pub fn commitment(&mut self, tag: Tag, scope: &impl codec::Encode, who: Sr25519Keyring, payload: &Hash) -> Hash {
		commitment(tag, &self.genesis_hash(), scope, &who.to_account_id(), payload, &SALT)
	}
}

/// Recomputations of rounds.
impl Chain {
	/// Returns the recomputation of `round`, while it is not final.
	pub fn recomputation(&mut self, round: RoundId) -> Option<RecomputationView<AccountId>> {
		let open = self.state(|| Runtime::recomputations(round.domain));
		open.into_iter().find(|view| view.subject == Subject::Round(round))
	}

	/// Makes empty blocks until the recomputation of `round` is in `phase`.
	pub fn to_phase(&mut self, round: RoundId, phase: RecomputationPhase) -> RecomputationView<AccountId> {
		for _ in 0..400 {
			match self.recomputation(round) {
				Some(view) if view.phase == phase => return view,
				_ => self.block(),
			};
		}
		panic!("round {round:?} never came to {phase:?}: {:?}", self.recomputation(round));
	}

	/// Returns the keys of the drawn evaluators.
	pub fn drawn(view: &RecomputationView<AccountId>) -> Vec<Sr25519Keyring> {
		let key = |who: &AccountId| {
			Sr25519Keyring::iter().find(|key| key.to_account_id() == *who).expect("evaluators are development keys")
		};
		view.seats.iter().map(|seat| key(&seat.who)).collect()
	}

	/// Returns the correct sums of every model of a drawn task.
	pub fn correct_sums(&mut self, view: &RecomputationView<AccountId>) -> Sums {
		let seed = view.seed.expect("drawn");
		let sums = self.state(|| {
			let chunks = OnChainScorer::chunks(view.domain).expect("the domain exists");
			let draw = ChunkDraw { domain: view.domain, evidence: view.evidence, seed: &seed };
			let sum = |model, index| OnChainScorer::drawn_sum(draw, model, index).expect("computable");
			view.models
				.iter()
				.map(|model| {
					let sums = (0..chunks).map(|index| sum(model, index));
					sums.collect::<Vec<_>>().try_into().expect("at most 256 chunks")
				})
				.collect::<Vec<ChunkSums>>()
		});
		sums.try_into().expect("at most 19 models")
	}

	/// Commits `who` to `sums`.
	pub fn commit_sums(&mut self, who: Sr25519Keyring, task: TaskId, sums: &Sums) {
		let call = self.commit_sums_call(who, task, sums);
		self.ok(who, call);
	}

	/// Returns the call of [`commit_sums`](Self::commit_sums).
	fn commit_sums_call(&mut self, who: Sr25519Keyring, task: TaskId, sums: &Sums) -> RuntimeCall {
		let hash = self.commitment(Tag::Sums, &task, who, &payload_hash(sums));
		RuntimeCall::Recomputation(pallet_doin_recomputation::Call::commit_sums { task, hash })
	}

	/// Reveals `sums` for `who`.
	pub fn reveal_sums(&mut self, who: Sr25519Keyring, task: TaskId, sums: &Sums) {
		self.ok(who, Self::reveal_sums_call(task, sums));
	}

	/// Returns the call of [`reveal_sums`](Self::reveal_sums).
	fn reveal_sums_call(task: TaskId, sums: &Sums) -> RuntimeCall {
		RuntimeCall::Recomputation(pallet_doin_recomputation::Call::reveal_sums { task, sums: sums.clone(), salt: SALT })
	}

	/// Commits and reveals the answers of the drawn evaluators, each time in one block: `answer` of an evaluator's place and the
	/// correct sums, or nothing for `None`. Returns the drawn evaluators.
	pub fn answer(&mut self, round: RoundId, answer: impl Fn(usize, &Sums) -> Option<Sums>) -> Vec<Sr25519Keyring> {
		let view = self.to_phase(round, RecomputationPhase::Answering);
		let (drawn, sums) = (Self::drawn(&view), self.correct_sums(&view));
		let answers: Vec<_> = drawn.iter().enumerate().filter_map(|(place, who)| Some((*who, answer(place, &sums)?))).collect();
		if answers.is_empty() {
			return drawn;
		}
		let commits: Vec<_> = answers.iter().map(|(who, sums)| (*who, self.commit_sums_call(*who, view.task, sums))).collect();
		self.ok_all(commits);
		self.to_phase(round, RecomputationPhase::Revealing);
		self.ok_all(answers.iter().map(|(who, sums)| (*who, Self::reveal_sums_call(view.task, sums))));
		drawn
	}

	/// Settles the recomputation of `round` until no answers differ.
	pub fn settle(&mut self, who: Sr25519Keyring, round: RoundId) {
		let task = self.to_phase(round, RecomputationPhase::Settling).task;
		for _ in 0..16 {
			if self.recomputation(round).is_none_or(|view| view.phase != RecomputationPhase::Settling) {
				return;
			}
			let call = pallet_doin_recomputation::Call::settle { task, class: SizeClass::Small };
			self.ok(who, RuntimeCall::Recomputation(call));
		}
		panic!("sixteen settlements did not settle round {round:?}");
	}
}
