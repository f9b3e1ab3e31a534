//! The call of an operation in the present state.

use super::{
	genesis::{amount, forecast, landscape, live, quadratic, samples, series, tolerance, training_runs},
	operation::{kinds, WRAPPERS},
	sealed::{page, SEALED},
	Kind, Operation, Secret, World, ACTORS, DRIFT,
};
use crate::sealed;
use doin_primitives::{
	bounded_collections::BoundedVec,
	commitment::{commitment, payload_hash, Tag},
	domain::PAGE_VALUES,
	payload::{Challenge, ChunkSums, Metrics, Reveal, Sums},
	round::Phase,
	views::RecomputationPhase,
	DomainId, Hash, ModelRef, Page, RoundId, SeatStatus, SizeClass, TaskId, MILLION,
};
use doin_runtime::{
	chunk_scorer::OnChainScorer, configs::system::ProxyType, AccountId, Optimae, Runtime, RuntimeCall, System, Timing,
};
use doin_scoring::{genome::library, sample, score, Encoder, Layer, Model, Net, Program};
use doin_training::run::run_sum;
use doin_traits::{ChunkDraw, ChunkScorer, Models, Timing as _};
use sp_keyring::Sr25519Keyring;
use std::cell::OnceCell;

/// Returns the chunk sum of an opaque model that begins with a byte, as the program of a tolerance domain would compute it; that of the
/// empty model without one.
fn approximate(byte: Option<u8>) -> u32 {
	byte.map_or(1_000_000, |byte| 400_000 + 15_000 * u32::from(byte))
}

/// Returns the first byte of an opaque model, or `None` for any other one.
fn first_byte(model: &ModelRef) -> Option<u8> {
	let ModelRef::Stored(id) = model else { return None };
	let Ok(Model::Opaque(bytes)) = Model::from_bytes(&<Optimae as Models>::bytes(*id)?) else { return None };
	bytes.first().copied()
}

/// Salt of every commitment.
pub(super) const SALT: [u8; 32] = [3; 32];

type OptimaeCall = pallet_doin_optimae::Call<Runtime>;
type RecomputationCall = pallet_doin_recomputation::Call<Runtime>;
type EvaluatorsCall = pallet_doin_evaluators::Call<Runtime>;
type DomainsCall = pallet_doin_domains::Call<Runtime>;
type GaugeCall = pallet_doin_gauge::Call<Runtime>;
type StakingCall = pallet_staking::Call<Runtime>;

fn account(n: u32) -> AccountId {
	ACTORS[n as usize % ACTORS.len()].to_account_id()
}

/// Returns a model that adds `growth` per step to the last value: the better, the closer it is to [`DRIFT`].
fn model(growth: i32) -> Model {
	let (window, horizon) = (1, 2);
	let skip = Layer {
		inputs: window,
		outputs: horizon,
		shift: 1,
		weights: vec![0; usize::from(window) * usize::from(horizon)],
		bias: (1..=i32::from(horizon)).map(|ahead| growth * ahead * 32).collect(),
	};
	Model::Net(Net { window, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] })
}

/// Returns the validation sums of `model` on a small forecasting domain.
fn validation(model: &Model) -> ChunkSums {
	thread_local! { static SERIES: OnceCell<Vec<i32>> = const { OnceCell::new() }; }
	let spec = forecast(b"");
	let Program::Forecast(program) = &spec.program else { unreachable!("a forecasting domain") };
	SERIES.with(|values| {
		let values = values.get_or_init(series);
		let sums = (0..program.chunks).map(|index| {
			let span =
				sample::validation_span(program, spec.split.train_end, spec.split.validation_end, index).expect("long enough");
			score(model, program, &sample::validation(program, &values[span.start as usize..span.end as usize]))
		});
		BoundedVec::truncate_from(sums.collect())
	})
}

/// An open task: its id, the actors that are members of its quorum, and its correct sums once it is drawn.
type OpenTask = (TaskId, Vec<Sr25519Keyring>, Option<Sums>);

impl World {
	/// Returns the sender and the call of an operation, or no call if the state has nothing that the operation needs.
	pub(super) fn call(&mut self, operation: Operation) -> (Sr25519Keyring, Option<RuntimeCall>) {
		let Operation { kind, who, a, b } = operation;
		let who = ACTORS[usize::from(who) % ACTORS.len()];
		match kind {
			Kind::Commit | Kind::Reveal | Kind::ChallengeClaim | Kind::ReleaseModel => self.optimae_call(kind, who, a, b),
			Kind::CommitSums | Kind::RevealSums | Kind::Settle | Kind::Recompute => self.answer_call(kind, who, a, b),
			Kind::AnnounceChallenge | Kind::Challenge | Kind::CancelChallenge => self.challenge_call(kind, who, a, b),
			Kind::Proxied | Kind::Spend | Kind::Batch => self.wrapped_call(kind, who, a, b),
			Kind::Seal | Kind::Fund | Kind::WithdrawPurse | Kind::OpenSegment => self.sealed_call(kind, who, a, b),
			_ => (who, self.plain_call(kind, a, b)),
		}
	}

	/// Returns a call whose arguments need no secret.
	fn plain_call(&mut self, kind: Kind, a: u32, b: u32) -> Option<RuntimeCall> {
		let domain = self.domain(a);
		Some(match kind {
			Kind::Transfer => {
				RuntimeCall::Balances(pallet_balances::Call::transfer_allow_death { dest: account(a).into(), value: amount(b) })
			}
			Kind::Bond => {
				let class = [SizeClass::Small, SizeClass::Small, SizeClass::Large, SizeClass::Huge][a as usize % 4];
				EvaluatorsCall::bond { amount: if b.is_multiple_of(4) { amount(a >> 8) } else { amount(5) }, class }.into()
			}
			Kind::BondExtra => EvaluatorsCall::bond_extra { amount: amount(b) }.into(),
			Kind::Serve => EvaluatorsCall::serve { domain }.into(),
			Kind::Unserve => EvaluatorsCall::unserve { domain }.into(),
			// Seldom, so that quorums can be drawn.
			Kind::Unbond if a.is_multiple_of(4) => EvaluatorsCall::unbond {}.into(),
			Kind::Withdraw => EvaluatorsCall::withdraw {}.into(),
			Kind::Register => {
				let specs = [forecast, quadratic, sealed::spec, live, landscape, tolerance, training_runs];
				let spec = specs[a as usize % specs.len()](b"more");
				DomainsCall::register { spec: Box::new(spec), baseline: None }.into()
			}
			Kind::UploadPage => {
				let page = match b % 4 {
					0 => page(),
					1 => Page::from_bytes(samples()).expect("one page"),
					_ => Page::Values(BoundedVec::truncate_from(series().into_iter().take(PAGE_VALUES as usize).collect())),
				};
				DomainsCall::upload_page { domain, index: (b >> 2) % 2, page }.into()
			}
			Kind::Activate => {
				let (values, units) = match b % 3 {
					0 => (series().len() as u32, 0),
					1 => (sealed::published().len() as u32, 0),
					_ => {
						let spec = training_runs(b"");
						(spec.values, spec.activation_price(0) as u32)
					}
				};
				DomainsCall::activate { domain, values, units }.into()
			}
			Kind::AddBounty => DomainsCall::add_bounty { domain, amount: amount(b) }.into(),
			Kind::CloseDomain if a.is_multiple_of(4) => DomainsCall::close { domain }.into(),
			Kind::RetireDomain => DomainsCall::retire { domain }.into(),
			Kind::Nominate => GaugeCall::nominate { domain }.into(),
			Kind::WithdrawNomination => GaugeCall::withdraw_nomination { domain }.into(),
			Kind::Vote => {
				let other = self.domain(b);
				let votes =
					if a.is_multiple_of(3) { vec![(domain, MILLION)] } else { vec![(domain, MILLION / 2), (other, MILLION / 2)] };
				GaugeCall::vote { votes: BoundedVec::truncate_from(votes) }.into()
			}
			Kind::ClearBallot => GaugeCall::clear_ballot { who: account(a) }.into(),
			Kind::RemoveRecord => RuntimeCall::Reputation(pallet_doin_reputation::Call::remove_record { who: account(a) }),
			Kind::AddProxy | Kind::RemoveProxy => {
				let (delegate, proxy_type) = (account(a).into(), [ProxyType::Work, ProxyType::Any][b as usize % 2]);
				match kind {
					Kind::AddProxy => RuntimeCall::Proxy(pallet_proxy::Call::add_proxy { delegate, proxy_type, delay: 0 }),
					_ => RuntimeCall::Proxy(pallet_proxy::Call::remove_proxy { delegate, proxy_type, delay: 0 }),
				}
			}
			Kind::SetBudget => RuntimeCall::Budget(pallet_doin_budget::Call::set { limit: amount(a), period: b % 200 }),
			_ => return self.staking_call(kind, a, b),
		})
	}

	/// Returns a call of pallet `staking`.
	fn staking_call(&mut self, kind: Kind, a: u32, b: u32) -> Option<RuntimeCall> {
		Some(match kind {
			Kind::StakingBond => StakingCall::bond { value: amount(b), payee: pallet_staking::RewardDestination::Staked }.into(),
			Kind::StakingUnbond => StakingCall::unbond { value: amount(b) }.into(),
			Kind::StakingNominate => StakingCall::nominate { targets: vec![account(a).into()] }.into(),
			Kind::StakingValidate => StakingCall::validate { prefs: Default::default() }.into(),
			Kind::StakingChill => StakingCall::chill {}.into(),
			Kind::StakingPayout => {
				let era = self.chain.state(|| pallet_staking::CurrentEra::<Runtime>::get().unwrap_or(0));
				StakingCall::payout_stakers { validator_stash: account(a % 3), era: era.saturating_sub(b % 4) }.into()
			}
			Kind::StakingWithdraw => StakingCall::withdraw_unbonded { num_slashing_spans: 0 }.into(),
			_ => return None,
		})
	}

	/// Returns the id of a registered domain, or one past them.
	pub(super) fn domain(&mut self, n: u32) -> DomainId {
		let next = self.chain.state(pallet_doin_domains::NextDomainId::<Runtime>::get);
		n % (next + 1)
	}

	/// Returns the commitment of `who` to a payload.
	pub(super) fn hash(&self, tag: Tag, scope: &impl codec::Encode, who: Sr25519Keyring, payload: &Hash) -> Hash {
		commitment(tag, &self.genesis_hash, scope, &who.to_account_id(), payload, &SALT)
	}

	fn optimae_call(&mut self, kind: Kind, who: Sr25519Keyring, a: u32, b: u32) -> (Sr25519Keyring, Option<RuntimeCall>) {
		let call = match kind {
			Kind::Commit => {
				// Mostly one of the domains that are there from the start, and most often the sealed one: it has one round at a
				// time.
				let domain = if !a.is_multiple_of(4) { ((a >> 4) % 6).min(SEALED) } else { self.domain(a) };
				self.commit_call(who, domain, b)
			}
			Kind::Reveal => {
				// The latest commitments are those that can be revealed.
				let recent = self.reveals.len().min(12);
				let Some(secret) = self.reveals.iter().rev().nth(a as usize % recent.max(1)).cloned() else { return (who, None) };
				let reveal = Box::new(secret.payload);
				return (secret.who, Some(OptimaeCall::reveal { round: secret.scope, reveal, salt: SALT }.into()));
			}
			Kind::ChallengeClaim => {
				let domain = self.domain(a);
				let open = self.chain.state(|| pallet_doin_optimae::Pending::<Runtime>::get(domain));
				let number = open.get(b as usize % open.len().max(1)).copied().unwrap_or(0);
				let (seat, chunk) = ((b >> 8) as u8 % 4, (b >> 16) as u16 % 33);
				OptimaeCall::challenge_claim { round: RoundId { domain, number }, seat, chunk, class: SizeClass::Small }.into()
			}
			_ => {
				let next = self.chain.state(pallet_doin_optimae::NextModelId::<Runtime>::get);
				OptimaeCall::release_model { model: u64::from(a) % (next + 1) }.into()
			}
		};
		(who, Some(call))
	}

	/// Returns a commit of `who` in the present round of `domain`.
	pub(super) fn commit_call(&mut self, who: Sr25519Keyring, domain: DomainId, n: u32) -> RuntimeCall {
		let round = self.chain.state(|| Timing::rounds().place(domain, System::block_number()).round);
		// Every sixth claim is false.
		let reveal = self.candidate(domain, n, n.is_multiple_of(6));
		let hash = self.hash(Tag::Optimae, &round, who, &payload_hash(&reveal));
		self.reveals.push(Secret { who, scope: round, payload: reveal });
		let max_fee = if n.is_multiple_of(9) { 0 } else { 100 * doin_primitives::DOIN };
		OptimaeCall::commit { round, hash, max_fee }.into()
	}

	/// Returns a candidate of a domain: the domains of one kind share their program.
	fn candidate(&mut self, domain: DomainId, n: u32, lies: bool) -> Reveal {
		let program = self.chain.state(|| pallet_doin_domains::Specs::<Runtime>::get(domain).map(|spec| spec.program));
		let (model, mut sums, gene) = match program {
			Some(program @ (Program::Quadratic(_) | Program::Landscape(_))) => {
				let dimensions = program.coordinates().map_or(0, |(dimensions, _)| dimensions);
				let point = vec![(n % 320) as i32; dimensions.into()];
				let sums = (0..program.chunks()).filter_map(|index| program.point_sum(&point, index)).collect();
				(Model::Point(point), sums, 0)
			}
			Some(Program::Tolerance(program)) => {
				let byte = (n % 60) as u8;
				(Model::Opaque(vec![byte]), vec![approximate(Some(byte)); program.chunks.into()], i32::from(byte))
			}
			Some(Program::LossGenome(runs)) => {
				let genome = if n.is_multiple_of(2) { library::cross_entropy() } else { library::squared_error() };
				let (seed, samples) = (training_runs(b"").data_root, samples());
				let sums = (0..runs.chunks).map(|run| run_sum(&runs, &genome, &samples, &seed, run)).collect();
				(Model::Genome(genome), sums, 0)
			}
			Some(Program::Rows(_)) => {
				let least = (n % 60) as i32;
				let model = sealed::threshold(least);
				let sums = sealed::threshold_reveal(least).validation.into_inner();
				(model, sums, least)
			}
			Some(Program::Forecast(_)) | None => {
				let growth = DRIFT - (n % 60) as i32;
				let model = model(growth);
				let sums = validation(&model).into_inner();
				(model, sums, growth)
			}
		};
		if lies {
			let at = n as usize % sums.len();
			sums[at] = sums[at].saturating_sub(1 + n % 100);
		}
		Reveal {
			genes: BoundedVec::truncate_from(vec![gene.into()]),
			model: BoundedVec::truncate_from(model.to_bytes()),
			validation: BoundedVec::truncate_from(sums),
			metrics: Metrics::default(),
		}
	}

	/// Returns the id of an open task, with its members and its correct sums once it is drawn.
	fn task(&mut self, n: u32) -> Option<OpenTask> {
		self.chain.state(|| {
			let mut ids: Vec<_> = pallet_doin_recomputation::Tasks::<Runtime>::iter_keys().collect();
			ids.sort_unstable();
			let id = *ids.get(n as usize % ids.len().max(1))?;
			let task = pallet_doin_recomputation::Tasks::<Runtime>::get(id)?;
			let key = |who: &AccountId| ACTORS.into_iter().find(|key| key.to_account_id() == *who);
			let members = task.members.iter().filter_map(|member| key(&member.who)).collect();
			let sums = task.seed.map(|seed| {
				let draw = ChunkDraw { domain: task.domain, evidence: task.evidence, seed: &seed };
				let sum = |model, index| {
					OnChainScorer::drawn_sum(draw, model, index).unwrap_or_else(|_| approximate(first_byte(model)))
				};
				let of_model = |model| ChunkSums::truncate_from((0..task.chunks).map(|index| sum(model, index)).collect());
				Sums::truncate_from(task.models.iter().map(of_model).collect())
			});
			Some((id, members, sums))
		})
	}

	fn answer_call(&mut self, kind: Kind, who: Sr25519Keyring, a: u32, b: u32) -> (Sr25519Keyring, Option<RuntimeCall>) {
		if kind == Kind::RevealSums {
			let recent = self.sums.len().min(12);
			let Some(secret) = self.sums.iter().rev().nth(a as usize % recent.max(1)).cloned() else { return (who, None) };
			let call = RecomputationCall::reveal_sums { task: secret.scope, sums: secret.payload, salt: SALT };
			return (secret.who, Some(call.into()));
		}
		let Some((task, members, sums)) = self.task(a) else { return (who, None) };
		match kind {
			Kind::CommitSums => {
				let Some(mut sums) = sums else { return (who, None) };
				// Mostly a member answers. Some answers are false, and half of those alike.
				let who = if b.is_multiple_of(10) {
					who
				} else {
					members.get((b >> 4) as usize % members.len().max(1)).copied().unwrap_or(who)
				};
				if (b >> 8).is_multiple_of(5) {
					sums = altered(&sums, (b >> 12) % 2);
				}
				let hash = self.hash(Tag::Sums, &task, who, &payload_hash(&sums));
				self.sums.push(Secret { who, scope: task, payload: sums });
				(who, Some(RecomputationCall::commit_sums { task, hash }.into()))
			}
			Kind::Settle => (who, Some(RecomputationCall::settle { task, class: SizeClass::Small }.into())),
			_ => {
				let (model, from, count) = ((b % 7) as u8, (b >> 8) as u16 % 2 * 16, [1, 16, 32, 33][(b >> 16) as usize % 4]);
				(who, Some(RecomputationCall::recompute { task, model, from, count, class: SizeClass::Small }.into()))
			}
		}
	}

	/// Returns the number of blocks to the end of a phase: of a task that is drawn, answered or challenged, or of a domain's
	/// grid.
	pub(super) fn blocks_of_phase(&mut self, n: u32) -> u32 {
		let domain = self.domain(n >> 8);
		let end = match self.task(n) {
			Some(task) if !n.is_multiple_of(4) => self.chain.state(|| {
				let view = doin_runtime::Recomputation::recomputation(task.0).expect("the task is open");
				match view.phase {
					RecomputationPhase::Settling | RecomputationPhase::Recomputing => 0,
					_ => view.phase_end,
				}
			}),
			_ => self.chain.state(|| Timing::rounds().place(domain, System::block_number()).phase_end),
		};
		let longest = if self.is_sealed_round_due() { 2 } else { 20 };
		end.saturating_sub(self.chain.number()).min(longest)
	}

	/// Returns the calls that workers send at this block.
	pub(super) fn work(&mut self, n: u32) -> Vec<(Sr25519Keyring, RuntimeCall)> {
		let mut calls = self.owners_work(n);
		let recent: Vec<_> = self.reveals.iter().rev().take(24).cloned().collect();
		for Secret { who, scope: round, payload } in recent {
			let commitment = self.hash(Tag::Optimae, &round, who, &payload_hash(&payload));
			let is_due = self.chain.state(|| {
				let spec = pallet_doin_domains::Specs::<Runtime>::get(round.domain);
				let is_awaited = spec.is_some_and(|spec| spec.evidence.kind().is_awaited());
				let on_grid = Timing::rounds().place(round.domain, System::block_number()).round == round;
				let open = Optimae::open_round(round).filter(|view| view.phase == Phase::Reveal && (is_awaited || on_grid));
				let mut seats = open.into_iter().flat_map(|round| round.seats);
				seats.any(|seat| seat.commitment == commitment && seat.status == SeatStatus::Committed)
			});
			if is_due {
				calls.push((who, OptimaeCall::reveal { round, reveal: Box::new(payload), salt: SALT }.into()));
			}
		}
		for index in 0..4 {
			let Some((task, members, sums)) = self.task(index) else { break };
			let view = self.chain.state(|| doin_runtime::Recomputation::recomputation(task).expect("the task is open"));
			match (view.phase, sums) {
				(RecomputationPhase::Answering, Some(sums)) if view.seats.iter().all(|seat| !seat.committed) => {
					calls.extend(self.answers(task, members, &sums, n));
				}
				(RecomputationPhase::Revealing, _) => {
					let committed =
						|who: Sr25519Keyring| view.seats.iter().any(|seat| seat.who == who.to_account_id() && !seat.revealed);
					let of_task = self.sums.iter().filter(|secret| secret.scope == task && committed(secret.who)).cloned();
					calls.extend(of_task.map(|Secret { who, payload, .. }| {
						(who, RecomputationCall::reveal_sums { task, sums: payload, salt: SALT }.into())
					}));
				}
				(RecomputationPhase::Settling, _) if !n.is_multiple_of(3) && self.is_settling(task) => {
					calls.push((ACTORS[0], RecomputationCall::settle { task, class: SizeClass::Small }.into()));
				}
				(RecomputationPhase::Challenge, Some(sums)) => calls.extend(self.watch(task, &view.sums, &sums)),
				_ => {}
			}
		}
		calls
	}

	/// Returns `true` if a task takes settlements: the view names the phase a block earlier.
	fn is_settling(&mut self, task: TaskId) -> bool {
		self.chain.state(|| {
			let open = pallet_doin_recomputation::Tasks::<Runtime>::get(task);
			open.is_some_and(|task| matches!(task.stage, pallet_doin_recomputation::types::Stage::Settling { .. }))
		})
	}

	/// Returns the call of an honest observer of settled sums: it announces a challenge of the first wrong sum, and makes it
	/// later.
	fn watch(&mut self, task: TaskId, settled: &[Vec<u32>], correct: &Sums) -> Option<(Sr25519Keyring, RuntimeCall)> {
		let wrong = settled.iter().zip(correct).enumerate().find_map(|(model, (settled, correct))| {
			let chunk = settled.iter().zip(correct).position(|(settled, correct)| settled != correct)?;
			Some(Challenge { model: model as u8, chunk: chunk as u16 })
		})?;
		let observer = ACTORS[1];
		let hash = self.hash(Tag::Challenge, &task, observer, &payload_hash(&wrong));
		let announced = self.chain.state(|| {
			pallet_doin_recomputation::Challenges::<Runtime>::get(observer.to_account_id())
				.is_some_and(|known| known.hash == hash)
		});
		let Challenge { model, chunk } = wrong;
		let call = match announced {
			true => RecomputationCall::challenge { task, model, chunk, salt: SALT, class: SizeClass::Small },
			false => RecomputationCall::announce_challenge { hash },
		};
		Some((observer, call.into()))
	}

	/// Returns the commitments of the members of a task. In half of the cases all are correct, and in an eighth all are
	/// false and alike. Otherwise, of eight answers, five are correct, one is missing, and two are false.
	fn answers(&mut self, task: TaskId, members: Vec<Sr25519Keyring>, sums: &Sums, n: u32) -> Vec<(Sr25519Keyring, RuntimeCall)> {
		let mut calls = Vec::new();
		for (place, who) in members.into_iter().enumerate() {
			let way = match n % 16 {
				1 | 3 => 1,
				n if n % 2 == 0 => 7,
				_ => (n >> (4 + 3 * (place % 9))) % 8,
			};
			let sums = match way {
				0 => continue,
				1 | 2 => altered(sums, way),
				_ => sums.clone(),
			};
			let hash = self.hash(Tag::Sums, &task, who, &payload_hash(&sums));
			self.sums.push(Secret { who, scope: task, payload: sums });
			calls.push((who, RecomputationCall::commit_sums { task, hash }.into()));
		}
		calls
	}

	fn challenge_call(&mut self, kind: Kind, who: Sr25519Keyring, a: u32, b: u32) -> (Sr25519Keyring, Option<RuntimeCall>) {
		match kind {
			Kind::AnnounceChallenge => {
				let Some((task, ..)) = self.task(a) else { return (who, None) };
				let challenge = Challenge { model: (b % 5) as u8, chunk: (b >> 8) as u16 % 32 };
				let hash = self.hash(Tag::Challenge, &task, who, &payload_hash(&challenge));
				self.challenges.push(Secret { who, scope: task, payload: challenge });
				(who, Some(RecomputationCall::announce_challenge { hash }.into()))
			}
			Kind::Challenge => {
				let recent = self.challenges.len().min(4);
				let Some(secret) = self.challenges.iter().rev().nth(a as usize % recent.max(1)).cloned() else {
					return (who, None);
				};
				let Challenge { model, chunk } = secret.payload;
				let call = RecomputationCall::challenge { task: secret.scope, model, chunk, salt: SALT, class: SizeClass::Small };
				(secret.who, Some(call.into()))
			}
			_ => (who, Some(RecomputationCall::cancel_challenge {}.into())),
		}
	}

	/// Returns another call in a proxy call, a budgeted call or a batch.
	fn wrapped_call(&mut self, kind: Kind, who: Sr25519Keyring, a: u32, b: u32) -> (Sr25519Keyring, Option<RuntimeCall>) {
		let kinds = kinds();
		let inner = kinds[a as usize % kinds.len()];
		if WRAPPERS.contains(&inner) {
			return (who, None);
		}
		let (sender, call) = self.call(Operation { kind: inner, who: b as u8, a: b, b: a.rotate_left(7) });
		let Some(call) = call else { return (who, None) };
		let call = Box::new(call);
		match kind {
			Kind::Proxied => {
				let call = match b % 2 {
					0 => Box::new(RuntimeCall::Budget(pallet_doin_budget::Call::spend { call })),
					_ => call,
				};
				let force_proxy_type = (a.is_multiple_of(2)).then_some(ProxyType::Work);
				let real = sender.to_account_id().into();
				(who, Some(RuntimeCall::Proxy(pallet_proxy::Call::proxy { real, force_proxy_type, call })))
			}
			Kind::Spend => (sender, Some(RuntimeCall::Budget(pallet_doin_budget::Call::spend { call }))),
			_ => {
				let calls = vec![(*call).clone(), *call];
				(sender, Some(RuntimeCall::Utility(pallet_utility::Call::force_batch { calls })))
			}
		}
	}
}

/// Returns `sums` with one chunk changed, in one of two ways.
fn altered(sums: &Sums, way: u32) -> Sums {
	let mut sums = sums.clone();
	if let Some(sum) = sums.last_mut().and_then(|model| model.get_mut(way as usize)) {
		*sum = sum.saturating_add(1);
	}
	sums
}
