//! From a request to its answers: the beacon, the draw, the deadlines, and the end.

use crate::{
	roster::part,
	types::{Answer, BeaconState, Member, Request, Stage},
	AgendaOf, Answers, Beacon, Config, Error, Event, Known, Pallet, Requests, Truths, MAX_OPEN,
};
use codec::Encode;
use doin_primitives::{
	beacon, blake2_256,
	commitment::{commitment, payload_hash, Tag},
	payload::Sums,
	quorum, BlockNumber, Hash, RoundId, SizeClass,
};
use doin_primitives_frame::{
	Authors, Deed, Entropy, Evaluators, Judge, ModelList, OnRecomputed, Outcome, Recompute, Reputation, Timing,
};
use frame_support::{
	ensure,
	pallet_prelude::*,
	weights::{Weight, WeightMeter},
};
use sp_runtime::SaturatedConversion;

/// Part of a block's weight that a block's deadlines may take, in parts per million.
const SHARE_PPM: u32 = 100_000;

impl<T: Config> Pallet<T> {
	/// This block.
	pub(crate) fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Folds the parent's VRF output into the beacon.
	pub(crate) fn fold() {
		if let Some(vrf) = T::Entropy::parent_vrf() {
			Beacon::<T>::mutate(|state| {
				*state = BeaconState { value: beacon::fold(&state.value, &vrf), folded: state.folded.saturating_add(1) }
			});
		}
	}

	/// Weight of the dearest step on the agenda.
	pub(crate) fn step_weight() -> Weight {
		use crate::WeightInfo;
		T::WeightInfo::step().saturating_add(T::Handler::weight())
	}

	/// Serves what is due, within its share of the block. One step is always served, so that no choice of weights can stop the agenda.
	pub(crate) fn serve_agenda(now: BlockNumber) -> Weight {
		let block = T::BlockWeights::get().max_block;
		let scale = |whole: u64| part(whole.into(), SHARE_PPM) as u64;
		let step = Self::step_weight();
		let share = Weight::from_parts(scale(block.ref_time()), scale(block.proof_size())).max(step);
		let mut meter = WeightMeter::with_limit(share);
		AgendaOf::<T>::serve(now, &mut meter, step, |round| Self::step(now, round));
		meter.consumed()
	}

	/// Puts the one item of `round` on the agenda.
	fn schedule(now: BlockNumber, wish: BlockNumber, round: RoundId, request: &mut Request<T::AccountId>) {
		request.due = AgendaOf::<T>::schedule(now, wish, round);
	}

	/// Moves the one item of `round` from the end of a stage that ended early.
	pub(crate) fn reschedule(now: BlockNumber, wish: BlockNumber, round: RoundId, request: &mut Request<T::AccountId>) {
		AgendaOf::<T>::cancel(request.due, &round);
		Self::schedule(now, wish, round, request);
	}

	/// What falls due for `round`.
	fn step(now: BlockNumber, round: RoundId) {
		let Some(mut request) = Requests::<T>::get(round) else {
			return;
		};
		match request.stage {
			Stage::Drawing { target } => {
				let state = Beacon::<T>::get();
				if state.folded >= target {
					Self::draw(now, round, &mut request, &state.value);
				} else {
					let missing = target.saturating_sub(state.folded).saturated_into();
					Self::schedule(now, now.saturating_add(missing), round, &mut request);
				}
			}
			Stage::Answering { .. } => Self::close(now, round, &mut request),
			Stage::Settling { .. } | Stage::Replaying { .. } => return Self::void(round, request),
			Stage::Challenge { .. } => {
				if T::Handler::ready() {
					return Self::finish(round, request);
				}
				Self::schedule(now, now.saturating_add(1), round, &mut request);
			}
		}
		Requests::<T>::insert(round, request);
	}

	/// Draws windows and evaluators.
	fn draw(now: BlockNumber, round: RoundId, request: &mut Request<T::AccountId>, beacon: &Hash) {
		let seed = beacon::round_seed(beacon, round);
		let exclude = core::mem::take(&mut request.exclude);
		let drawn = Self::draw_members(seed, Self::roster(round.domain, request.class), &exclude);
		request.seed = Some(seed);
		for who in &drawn {
			// A quorum is never larger than the list.
			let _ = request.members.try_push(Member { who: who.clone(), answer: Answer::Awaited });
		}
		Self::deposit_event(Event::Drawn { round, seed, evaluators: drawn });
		if request.members.is_empty() {
			return Self::start_replay(now, round, request);
		}
		let params = T::Timing::rounds();
		let commits_until = now.saturating_add(params.answer);
		let reveals_until = commits_until.saturating_add(params.answer_reveal);
		request.stage = Stage::Answering { commits_until, reveals_until };
		Self::schedule(now, reveals_until, round, request);
	}

	/// Takes the commitment of a drawn evaluator.
	pub(crate) fn do_commit(who: &T::AccountId, round: RoundId, hash: Hash) -> DispatchResult {
		let mut request = Requests::<T>::get(round).ok_or(Error::<T>::UnknownRound)?;
		let Stage::Answering { commits_until, .. } = request.stage else {
			return Err(Error::<T>::WrongPhase.into());
		};
		ensure!(Self::now() < commits_until, Error::<T>::WrongPhase);
		let member = Self::member(&mut request, who)?;
		ensure!(member.answer == Answer::Awaited, Error::<T>::AlreadyCommitted);
		member.answer = Answer::Committed(hash);
		Requests::<T>::insert(round, request);
		Self::deposit_event(Event::SumsCommitted { round, who: who.clone() });
		Ok(())
	}

	/// Takes the sums of a drawn evaluator.
	pub(crate) fn do_reveal(who: &T::AccountId, round: RoundId, sums: Sums, salt: [u8; 32]) -> DispatchResult {
		let mut request = Requests::<T>::get(round).ok_or(Error::<T>::UnknownRound)?;
		let Stage::Answering { commits_until, reveals_until } = request.stage else {
			return Err(Error::<T>::WrongPhase.into());
		};
		ensure!((commits_until..reveals_until).contains(&Self::now()), Error::<T>::WrongPhase);
		let (models, chunks) = (request.models.len(), usize::from(request.chunks));
		let member = Self::member(&mut request, who)?;
		let hash = match member.answer {
			Answer::Committed(hash) => hash,
			Answer::Revealed => return Err(Error::<T>::AlreadyRevealed.into()),
			_ => return Err(Error::<T>::NotCommitted.into()),
		};
		ensure!(sums.len() == models && sums.iter().all(|model| model.len() == chunks), Error::<T>::WrongShape);
		let committed = commitment(Tag::Sums, &T::GenesisHash::get(), round, who, &payload_hash(&sums), &salt);
		ensure!(committed == hash, Error::<T>::CommitmentMismatch);
		member.answer = Answer::Revealed;
		Answers::<T>::insert(round, who, sums);
		Requests::<T>::insert(round, request);
		Self::deposit_event(Event::SumsRevealed { round, who: who.clone() });
		Ok(())
	}

	/// The seat of `who` among the members, if it has something at stake.
	fn member<'a>(
		request: &'a mut Request<T::AccountId>,
		who: &T::AccountId,
	) -> Result<&'a mut Member<T::AccountId>, DispatchError> {
		// Who was slashed to nothing has no bond left that its word could be worth.
		ensure!(crate::Evaluators::<T>::contains_key(who), Error::<T>::NotBonded);
		Ok(request.members.iter_mut().find(|member| member.who == *who).ok_or(Error::<T>::NotDrawn)?)
	}

	/// The reveals are over: punishes who is missing, and goes on with what is there.
	fn close(now: BlockNumber, round: RoundId, request: &mut Request<T::AccountId>) {
		let mut answers = 0u32;
		for member in request.members.iter_mut() {
			if member.answer == Answer::Revealed {
				answers = answers.saturating_add(1);
				Self::forgive_absences(&member.who);
			} else {
				member.answer = Answer::Missed;
				Self::deposit_event(Event::NoShow { round, who: member.who.clone() });
				Self::punish_absence(&member.who);
			}
		}
		if answers < quorum::needed(request.members.len() as u32) {
			return Self::start_replay(now, round, request);
		}
		let until = now.saturating_add(T::Timing::rounds().settle_timeout);
		// Taken here and not in the settlement, whose block its sender could choose.
		let spot = blake2_256(&(b"spot", Beacon::<T>::get().value, round).encode());
		request.stage = Stage::Settling { until, spot };
		Self::schedule(now, until, round, request);
	}

	/// No quorum decides this round: the runtime will, chunk by chunk.
	pub(crate) fn start_replay(now: BlockNumber, round: RoundId, request: &mut Request<T::AccountId>) {
		let until = now.saturating_add(T::Timing::rounds().settle_timeout);
		let missing = (request.models.len() as u32).saturating_mul(request.chunks.into());
		request.stage = Stage::Replaying { until, missing };
		request.settler = None;
		Self::reschedule(now, until, round, request);
		Self::deposit_event(Event::ReplayStarted { round, until });
	}

	/// Removes everything stored for `round`.
	fn clear(round: RoundId, request: &Request<T::AccountId>) -> Option<Sums> {
		Requests::<T>::remove(round);
		for member in &request.members {
			Answers::<T>::remove(round, &member.who);
		}
		if let Stage::Replaying { .. } = request.stage {
			for model in 0..request.models.len() as u8 {
				Known::<T>::remove(round, model);
			}
		}
		Truths::<T>::take(round)
	}

	/// Nobody decided in time.
	fn void(round: RoundId, request: Request<T::AccountId>) {
		Self::clear(round, &request);
		Self::deposit_event(Event::Voided { round });
		T::Handler::voided(round);
	}

	/// Hands the sums over, with everybody who earned a share.
	fn finish(round: RoundId, request: Request<T::AccountId>) {
		let (Some(truth), Some(seed)) = (Self::clear(round, &request), request.seed) else {
			// Cannot happen: a challenge window opens with both stored.
			return T::Handler::voided(round);
		};
		let mut truthful = Evaluators::<T::AccountId>::new();
		for member in request.members.iter().filter(|member| member.answer == Answer::Revealed) {
			T::Reputation::note(&member.who, Deed::Agreed);
			let _ = truthful.try_push(member.who.clone());
		}
		// Who had less than one seat's part computed has earned none.
		let total = (request.models.len() as u32).saturating_mul(request.chunks.into());
		for helper in request.helpers {
			if !truthful.contains(&helper.who) && helper.chunks.saturating_mul(quorum::MAX_QUORUM) >= total {
				let _ = truthful.try_push(helper.who);
			}
		}
		Self::deposit_event(Event::Recomputed { round, truthful: truthful.to_vec() });
		T::Handler::recomputed(round, Outcome { seed, truth, truthful, settler: request.settler });
	}
}

impl<T: Config> Recompute<T::AccountId> for Pallet<T> {
	fn open(round: RoundId, class: SizeClass, models: ModelList, exclude: Authors<T::AccountId>) -> DispatchResult {
		ensure!(Requests::<T>::count() < MAX_OPEN, Error::<T>::TooBusy);
		ensure!(!Requests::<T>::contains_key(round), Error::<T>::AlreadyOpen);
		ensure!(!models.is_empty(), Error::<T>::NoModels);
		let chunks = T::Judge::chunks(round.domain).ok_or(Error::<T>::UnknownDomain)?;
		let outputs = T::Timing::rounds().draw_outputs;
		let target = Beacon::<T>::get().folded.saturating_add(outputs.into());
		let mut request = Request {
			class,
			models,
			chunks,
			exclude,
			stage: Stage::Drawing { target },
			due: 0,
			seed: None,
			members: BoundedVec::new(),
			settler: None,
			helpers: BoundedVec::new(),
		};
		let now = Self::now();
		Self::schedule(now, now.saturating_add(outputs), round, &mut request);
		Requests::<T>::insert(round, request);
		Self::deposit_event(Event::Requested { round, target });
		Ok(())
	}

	fn available(domain: doin_primitives::DomainId, class: SizeClass) -> u32 {
		Self::seats_without(Self::roster(domain, class), &[])
	}
}
