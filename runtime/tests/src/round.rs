//! Players of one round on the demo domain: what a worker does, in a few lines, against the real runtime.

use crate::Chain;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::{ChunkSums, Metrics, Reveal, Sums},
	views::{QuorumPhase, QuorumView},
	Hash, RoundId, SizeClass,
};
use doin_primitives_frame::{Judge, Timing as _};
use doin_runtime::{judge::Recomputer, AccountId, Optimae, Quorum, RuntimeCall, System, Timing};
use doin_scoring::{sample, score, Encoder, Layer, Model, Net, Program};
use sp_keyring::Sr25519Keyring;

/// The domain of the development presets.
pub const DEMO: u32 = 0;

/// A linear model of the demo domain that adds `growth` hundredths of ppm to the value one season before. The series grows by about 125 a
/// year, so that is a good model; other values are worse by a known sign.
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

/// The claimed sums of `model` on the demo domain's validation split, computed outside the runtime.
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

/// A reveal of `model` with honest sums.
pub fn reveal_of(model: &Model) -> Reveal {
	Reveal {
		genes: vec![104, 4, 0, 6, 1, 0, 0, 0].try_into().expect("eight genes"),
		model: model.to_bytes().try_into().expect("at most 64 KiB"),
		validation: validation_sums(model),
		metrics: Metrics::default(),
	}
}

/// The salt every player uses; its secrecy is not under test.
pub const SALT: [u8; 32] = [9; 32];

impl Chain {
	/// Hash of block 0.
	pub fn genesis_hash(&mut self) -> Hash {
		self.state(|| System::block_hash(0).0)
	}

	/// Empty blocks until the demo domain takes commits in the next block, at the start of a round.
	pub fn to_next_round(&mut self) -> RoundId {
		self.block();
		let params = self.state(Timing::rounds);
		loop {
			let next = self.number() + 1;
			let place = params.place(DEMO, next);
			if place.phase_end - next == params.commit && place.phase == doin_primitives::round::Phase::Commit {
				return place.round;
			}
			self.block();
		}
	}

	/// Commits `reveal` for `who` in `round`.
	pub fn commit(&mut self, who: Sr25519Keyring, round: RoundId, reveal: &Reveal) {
		let hash = commitment(Tag::Optimae, &self.genesis_hash(), round, &who.to_account_id(), &payload_hash(reveal), &SALT);
		self.ok(who, RuntimeCall::Optimae(pallet_doin_optimae::Call::commit { round, hash }));
	}

	/// Empty blocks until `round` takes reveals in the next block.
	pub fn to_reveals(&mut self, round: RoundId) {
		let (from, _) = self.state(Timing::rounds).reveal_window(round);
		self.run_to(from - 1);
	}

	/// Reveals for `who`.
	pub fn reveal(&mut self, who: Sr25519Keyring, round: RoundId, reveal: &Reveal) {
		self.ok(who, Self::reveal_call(round, reveal));
	}

	/// The call that reveals.
	pub fn reveal_call(round: RoundId, reveal: &Reveal) -> RuntimeCall {
		RuntimeCall::Optimae(pallet_doin_optimae::Call::reveal { round, reveal: Box::new(reveal.clone()), salt: SALT })
	}

	/// The recomputation of `round` as it stands.
	pub fn quorum(&mut self, round: RoundId) -> Option<QuorumView<AccountId>> {
		self.state(|| Quorum::quorum(round))
	}

	/// Empty blocks until the recomputation of `round` is in `phase`.
	pub fn to_phase(&mut self, round: RoundId, phase: QuorumPhase) -> QuorumView<AccountId> {
		for _ in 0..400 {
			match self.quorum(round) {
				Some(view) if view.phase == phase => return view,
				_ => self.block(),
			};
		}
		panic!("round {round:?} never came to {phase:?}: {:?}", self.quorum(round));
	}

	/// The drawn evaluators as keys.
	pub fn drawn(view: &QuorumView<AccountId>) -> Vec<Sr25519Keyring> {
		let key = |who: &AccountId| {
			Sr25519Keyring::iter().find(|key| key.to_account_id() == *who).expect("evaluators are development keys")
		};
		view.seats.iter().map(|seat| key(&seat.who)).collect()
	}

	/// The true sums of every model of a drawn round.
	pub fn true_sums(&mut self, view: &QuorumView<AccountId>) -> Sums {
		let seed = view.seed.expect("drawn");
		let sums = self.state(|| {
			let chunks = Recomputer::chunks(view.round.domain).expect("the domain exists");
			view.models
				.iter()
				.map(|model| {
					let sums = (0..chunks).map(|i| Recomputer::chunk(view.round.domain, model, &seed, i).expect("computable"));
					sums.collect::<Vec<_>>().try_into().expect("at most 256 chunks")
				})
				.collect::<Vec<ChunkSums>>()
		});
		sums.try_into().expect("at most 19 models")
	}

	/// `who` commits to `sums`.
	pub fn commit_sums(&mut self, who: Sr25519Keyring, round: RoundId, sums: &Sums) {
		let hash = commitment(Tag::Sums, &self.genesis_hash(), round, &who.to_account_id(), &payload_hash(sums), &SALT);
		self.ok(who, RuntimeCall::Quorum(pallet_doin_quorum::Call::commit_sums { round, hash }));
	}

	/// `who` reveals `sums`.
	pub fn reveal_sums(&mut self, who: Sr25519Keyring, round: RoundId, sums: &Sums) {
		self.ok(who, RuntimeCall::Quorum(pallet_doin_quorum::Call::reveal_sums { round, sums: sums.clone(), salt: SALT }));
	}

	/// Every drawn evaluator answers with what `answer` makes of its place and the truth; `None` stays silent.
	pub fn answer(&mut self, round: RoundId, answer: impl Fn(usize, &Sums) -> Option<Sums>) -> Vec<Sr25519Keyring> {
		let view = self.to_phase(round, QuorumPhase::Answering);
		let (drawn, truth) = (Self::drawn(&view), self.true_sums(&view));
		let answers: Vec<_> = drawn.iter().enumerate().map(|(place, who)| (*who, answer(place, &truth))).collect();
		for (who, sums) in &answers {
			if let Some(sums) = sums {
				self.commit_sums(*who, round, sums);
			}
		}
		if answers.iter().any(|(_, sums)| sums.is_some()) {
			self.to_phase(round, QuorumPhase::Revealing);
		}
		for (who, sums) in &answers {
			if let Some(sums) = sums {
				self.reveal_sums(*who, round, sums);
			}
		}
		drawn
	}

	/// Settles `round` until nothing more is to narrow down.
	pub fn settle(&mut self, who: Sr25519Keyring, round: RoundId) {
		self.to_phase(round, QuorumPhase::Settling);
		for _ in 0..16 {
			if self.quorum(round).is_none_or(|view| view.phase != QuorumPhase::Settling) {
				return;
			}
			self.ok(who, RuntimeCall::Quorum(pallet_doin_quorum::Call::settle { round, class: SizeClass::Small }));
		}
		panic!("sixteen settlements did not end round {round:?}");
	}

	/// Empty blocks until `round` is decided.
	pub fn to_verdict(&mut self, round: RoundId) {
		for _ in 0..400 {
			if self.state(|| Optimae::open_round(round)).is_none() {
				return;
			}
			self.block();
		}
		panic!("round {round:?} was never decided");
	}

	/// A whole honest round in which `models` are submitted, each by its author. Returns the drawn evaluators.
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
		let drawn = self.answer(round, |_, truth| Some(truth.clone()));
		self.settle(Sr25519Keyring::Eve, round);
		self.to_verdict(round);
		(round, drawn)
	}
}
