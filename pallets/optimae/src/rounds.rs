//! A round from its first commit to its measurement.

use crate::{
	types::{Measurement, Seat, SeatState, Stage, MAX_ROUNDS, RESERVED_ROUNDS},
	*,
};
use codec::Encode;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	domain::{DomainState, Genes},
	payload::ChunkSums,
	round::Phase,
	DomainSpec, Evidence, Status,
};
use doin_primitives_frame::Authors;
use doin_scoring::{
	verdict::{public_test, total},
	Model,
};
use frame_support::traits::{
	tokens::{Fortitude, Precision, Preservation},
	Imbalance,
};

/// Times the base fee of a commit that the base fee may reach before a missing reveal is excused: who fills the blocks of a reveal phase
/// must not make honest people break their word.
const EXCUSING_RISE: Balance = 4;

impl<T: Config> Pallet<T> {
	/// [`Call::commit`].
	pub(crate) fn take_seat(who: T::AccountId, id: RoundId, hash: Hash) -> DispatchResult {
		let domain = id.domain;
		let spec = T::Domains::spec(domain).ok_or(Error::<T>::UnknownDomain)?;
		let state = T::Domains::state(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Active, Error::<T>::NotActive);
		let rounds = T::Timing::rounds();
		let place = rounds.place(domain, Self::now());
		ensure!(place.round == id && place.phase == Phase::Commit, Error::<T>::NotCommitting);

		let mut round = match Rounds::<T>::get(id) {
			Some(round) => round,
			None => {
				let reserved = if T::Gauge::weight(domain) > 0 { 0 } else { RESERVED_ROUNDS };
				ensure!(Rounds::<T>::count() < MAX_ROUNDS.saturating_sub(reserved), Error::<T>::TooBusy);
				Pending::<T>::try_mutate(domain, |pending| pending.try_push(id.number)).map_err(|_| Error::<T>::TooBusy)?;
				T::Domains::enter(domain)?;
				let (_, closing) = rounds.reveal_window(id);
				Agenda::<Due<T>, Cursor<T>, RoundId>::schedule(Self::now(), closing, id);
				Round::new()
			}
		};
		// Somebody else's equal commitment is a copy that he can never reveal, and must not keep its author out.
		ensure!(!round.seats.iter().any(|seat| seat.who == who && seat.commitment == hash), Error::<T>::CommittedTwice);

		let index = round.seats.len() as u32;
		let price = Self::price(domain, spec.class(), index);
		let burned = price.whole.saturating_sub(price.base);
		let seat = Seat {
			who: who.clone(),
			commitment: hash,
			fee: price.whole,
			fee_held: price.base,
			hold: price.hold,
			base_fee: T::BaseFee::base_fee(),
			state: SeatState::Committed,
			model: None,
		};
		round.seats.try_push(seat).map_err(|_| Error::<T>::RoundFull)?;
		T::Currency::hold(&HoldReason::SeatFee.into(), &who, price.base)?;
		T::Currency::hold(&HoldReason::Seat.into(), &who, price.hold)?;
		if burned > 0 {
			T::Currency::burn_from(&who, burned, Preservation::Preserve, Precision::Exact, Fortitude::Polite)?;
		}
		Rounds::<T>::insert(id, round);
		Self::deposit_event(Event::Committed {
			round: id,
			seat: index as u8,
			who,
			commitment: hash,
			fee: price.whole,
			burned,
			hold: price.hold,
		});
		Ok(())
	}

	/// [`Call::reveal`].
	pub(crate) fn open_seat(who: T::AccountId, id: RoundId, reveal: Reveal, salt: [u8; 32]) -> DispatchResult {
		let mut round = Rounds::<T>::get(id).ok_or(Error::<T>::UnknownRound)?;
		let place = T::Timing::rounds().place(id.domain, Self::now());
		ensure!(place.round == id && place.phase == Phase::Reveal, Error::<T>::NotRevealing);
		let promised = commitment(Tag::Optimae, &T::GenesisHash::get(), id, &who, &payload_hash(&reveal), &salt);
		let (index, seat) = round
			.seats
			.iter_mut()
			.enumerate()
			.find(|(_, seat)| seat.who == who && seat.commitment == promised)
			.ok_or(Error::<T>::NoMatchingSeat)?;
		ensure!(seat.state == SeatState::Committed, Error::<T>::RevealedTwice);

		let spec = T::Domains::spec(id.domain).ok_or(Error::<T>::UnknownDomain)?;
		let state = T::Domains::state(id.domain).ok_or(Error::<T>::UnknownDomain)?;
		Self::admit(id.domain, &spec, &reveal)?;
		let validation_error = total(&reveal.validation);
		let index = index as u8;
		if public_test(Self::bar(&spec, &state), validation_error, spec.min_improvement) {
			let model = NextModelId::<T>::mutate(|next| core::mem::replace(next, next.saturating_add(1)));
			let bytes = reveal.model.len() as u32;
			let hold = Self::store(model, who.clone(), id, reveal.model, reveal.genes, reveal.validation)?;
			seat.state = SeatState::Revealed;
			seat.model = Some(model);
			Self::deposit_event(Event::Revealed {
				round: id,
				seat: index,
				who,
				model,
				bytes,
				validation_error,
				hold,
				metrics: reveal.metrics,
			});
		} else {
			Self::reject(id, index, seat, Reason::NotBetter);
		}
		Rounds::<T>::insert(id, round);
		Ok(())
	}

	/// The validation error that a candidate has to beat by the domain's least improvement, or it is not measured.
	fn bar(spec: &DomainSpec, state: &DomainState<T::AccountId>) -> u64 {
		match spec.evidence {
			Evidence::Public => state.champion.validation_error,
			Evidence::Synthetic(_) => state.initial_validation_error,
		}
	}

	/// Whether `domain` admits what was revealed.
	fn admit(domain: DomainId, spec: &DomainSpec, reveal: &Reveal) -> DispatchResult {
		ensure!(reveal.genes.len() == spec.genes.len(), Error::<T>::GeneCount);
		let bounded = reveal.genes.iter().zip(spec.genes.iter()).all(|(value, gene)| (gene.lo..=gene.hi).contains(value));
		ensure!(bounded, Error::<T>::GeneRange);
		ensure!(T::Judge::chunks(domain).map(usize::from) == Some(reveal.validation.len()), Error::<T>::ChunkCount);
		// The size first: it bounds what decoding costs.
		ensure!(reveal.model.len() as u64 <= u64::from(spec.limits.model_bytes), Error::<T>::ModelTooLarge);
		Model::from_bytes(&reveal.model)
			.and_then(|model| {
				model.admit(&spec.program, spec.limits.model_bytes, spec.limits.window_macs, reveal.model.len()).map(|_| ())
			})
			.map_err(|error| Error::<T>::from(error).into())
	}

	/// Stores a model against its author's hold, and says how much that is.
	fn store(
		model: ModelId,
		author: T::AccountId,
		round: RoundId,
		bytes: doin_primitives::domain::ModelBytes,
		genes: Genes,
		validation: ChunkSums,
	) -> Result<Balance, DispatchError> {
		let mut stored = StoredModel { author, round, bytes, genes, validation, hold: 0 };
		stored.hold = T::ByteHold::get().saturating_mul(stored.encoded_size() as Balance);
		T::Currency::hold(&HoldReason::Model.into(), &stored.author, stored.hold)?;
		let hold = stored.hold;
		Models::<T>::insert(model, stored);
		Ok(hold)
	}

	/// Removes a stored model and releases its author's hold.
	pub(crate) fn remove_model(model: ModelId) {
		if let Some(StoredModel { author, hold, .. }) = Models::<T>::take(model) {
			let released = Self::unhold(HoldReason::Model, &author, hold);
			Self::deposit_event(Event::ModelReleased { model, author, released });
		}
	}

	/// Takes a seat out of the race. What is still held as its word is released; its model stays until the caller removes it.
	pub(crate) fn reject(round: RoundId, index: u8, seat: &mut Seat<T::AccountId>, reason: Reason) {
		seat.state = SeatState::Rejected;
		Self::release_hold(seat);
		Records::<T>::mutate(&seat.who, |record| record.rejected = record.rejected.saturating_add(1));
		Self::deposit_event(Event::Rejected { round, seat: index, who: seat.who.clone(), model: seat.model, reason });
	}

	/// Model and claim that a dispute of a candidate is about.
	fn claim(
		round: &Round<T::AccountId>,
		id: RoundId,
		index: u8,
		chunk: u16,
		class: SizeClass,
	) -> Result<(ModelId, u32), Error<T>> {
		let spec = T::Domains::spec(id.domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(class == spec.class(), Error::<T>::WrongClass);
		let seat = round.seats.get(usize::from(index)).ok_or(Error::<T>::NoSuchSeat)?;
		ensure!(seat.state == SeatState::Revealed, Error::<T>::NotRevealed);
		let model = seat.model.ok_or(Error::<T>::NotRevealed)?;
		let stored = Models::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		let claimed = *stored.validation.get(usize::from(chunk)).ok_or(Error::<T>::NoSuchChunk)?;
		Ok((model, claimed))
	}

	/// The true validation sum of `chunk`, which must differ from the claimed one.
	fn contradict(domain: DomainId, model: ModelId, chunk: u16, claimed: u32) -> Result<u32, Error<T>> {
		let truth = T::Judge::claim(domain, &ModelRef::Stored(model), chunk).map_err(|_| Error::<T>::CannotJudge)?;
		ensure!(truth != claimed, Error::<T>::ClaimHolds);
		Ok(truth)
	}

	/// [`Call::dispute_claim`]. What is refused before the runtime computes a chunk is charged without it.
	pub(crate) fn disprove(
		challenger: T::AccountId,
		id: RoundId,
		index: u8,
		chunk: u16,
		class: SizeClass,
	) -> DispatchResultWithPostInfo {
		let cheap = |error: Error<T>| error.with_weight(T::WeightInfo::dispute_claim());
		let mut round = Rounds::<T>::get(id).ok_or(Error::<T>::UnknownRound).map_err(cheap)?;
		let (model, claimed) = Self::claim(&round, id, index, chunk, class).map_err(cheap)?;
		let truth = Self::contradict(id.domain, model, chunk, claimed)?;

		let measuring = matches!(round.stage, Stage::Measuring(_));
		let seat = round.seats.get_mut(usize::from(index)).ok_or(Error::<T>::NoSuchSeat)?;
		let penalty = Self::penalise(seat);
		let (reward, burned) = Self::reward(&challenger, penalty);
		Self::reject(id, index, seat, Reason::FalseClaim);
		// Evaluators still need the bytes of a model whose measurement has begun.
		if !measuring {
			seat.model = None;
			Self::remove_model(model);
		}
		Rounds::<T>::insert(id, round);
		Self::deposit_event(Event::ClaimDisproved { round: id, seat: index, challenger, chunk, claimed, truth, burned, reward });
		Ok(Pays::No.into())
	}

	/// [`Call::release`].
	pub(crate) fn release_model(who: T::AccountId, model: ModelId) -> DispatchResult {
		let stored = Models::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		let domain = stored.round.domain;
		ensure!(Pending::<T>::get(domain).is_empty(), Error::<T>::ModelInUse);
		let contends = Contenders::<T>::get(domain).is_some_and(|contender| contender.model == model);
		if let Some(state) = T::Domains::state(domain) {
			ensure!(contends && (who == stored.author || state.status != Status::Active), Error::<T>::ModelInUse);
		}
		if contends {
			Self::drop_contender(domain, model, Reason::Withdrawn);
		} else {
			Self::remove_model(model);
		}
		Ok(())
	}

	/// Removes a contender that did not become champion.
	pub(crate) fn drop_contender(domain: DomainId, model: ModelId, reason: Reason) {
		Contenders::<T>::remove(domain);
		Self::deposit_event(Event::ContenderDropped { domain, model, reason });
		Self::remove_model(model);
	}

	/// Serves an agenda item: closes a round's reveals, or measures a round whose turn has come.
	pub(crate) fn serve(id: RoundId) {
		let Some(round) = Rounds::<T>::get(id) else { return };
		match round.stage {
			Stage::Collecting => Self::close(id, round),
			Stage::Waiting => Self::measure(id, round),
			// Its verdict is the recomputation service's to bring.
			Stage::Measuring(_) => (),
		}
	}

	/// The reveals are closed: whoever broke his word pays, and the round is measured, waits or ends.
	fn close(id: RoundId, mut round: Round<T::AccountId>) {
		let base_fee = T::BaseFee::base_fee();
		for (index, seat) in round.seats.iter_mut().enumerate().filter(|(_, seat)| seat.state == SeatState::Committed) {
			seat.state = SeatState::Unrevealed;
			let (seat_index, who) = (index as u8, seat.who.clone());
			if base_fee > seat.base_fee.saturating_mul(EXCUSING_RISE) {
				Self::refund(seat);
				Self::deposit_event(Event::Excused { round: id, seat: seat_index, who });
			} else {
				let burned = Self::penalise(seat).peek().saturating_add(Self::burn_fee(seat));
				Records::<T>::mutate(&who, |record| record.unrevealed = record.unrevealed.saturating_add(1));
				Self::deposit_event(Event::Unrevealed { round: id, seat: seat_index, who, burned });
			}
		}
		if round.candidates().is_empty() {
			Self::finish(id, round, None, None, &Default::default());
		} else if Pending::<T>::get(id.domain).first() == Some(&id.number) {
			Self::measure(id, round);
		} else {
			round.stage = Stage::Waiting;
			Rounds::<T>::insert(id, round);
			Self::deposit_event(Event::WaitingForVerdict { round: id });
		}
	}

	/// Asks for the sums of a round's candidates; it is the domain's earliest undecided round.
	fn measure(id: RoundId, mut round: Round<T::AccountId>) {
		let (Some(spec), Some(state)) = (T::Domains::spec(id.domain), T::Domains::state(id.domain)) else {
			return Self::void(id, round);
		};
		Self::reject_overtaken(id, &mut round, &spec, &state);
		let candidates = round.candidates();
		if candidates.is_empty() {
			return Self::finish(id, round, None, None, &Default::default());
		}
		let contender = Contenders::<T>::get(id.domain).map(|contender| contender.model);
		let measurement = Self::measurement(&state, contender, &candidates);
		let authors = Self::authors(&round, contender);
		if T::Recompute::open(id, spec.class(), measurement.models.clone(), authors).is_err() {
			return Self::void(id, round);
		}
		Self::deposit_event(Event::MeasurementOpened { round: id, models: measurement.models.clone() });
		round.stage = Stage::Measuring(measurement);
		Rounds::<T>::insert(id, round);
	}

	/// Rejects the candidates that do not beat the champion that is there now; a verdict may have changed it since they were revealed.
	fn reject_overtaken(id: RoundId, round: &mut Round<T::AccountId>, spec: &DomainSpec, state: &DomainState<T::AccountId>) {
		for (index, seat) in round.seats.iter_mut().enumerate().filter(|(_, seat)| seat.state == SeatState::Revealed) {
			let Some(model) = seat.model else { continue };
			let claimed = Models::<T>::get(model).map_or(u64::MAX, |stored| total(&stored.validation));
			if !public_test(Self::bar(spec, state), claimed, spec.min_improvement) {
				Self::reject(id, index as u8, seat, Reason::Overtaken);
				seat.model = None;
				Self::remove_model(model);
			}
		}
	}

	/// The models to measure, each once.
	fn measurement(state: &DomainState<T::AccountId>, contender: Option<ModelId>, candidates: &[ModelId]) -> Measurement {
		let champion = state.champion.model;
		let mut models = ModelList::new();
		let rest = contender.iter().chain(candidates).copied().map(ModelRef::Stored);
		for model in [state.initial, champion].into_iter().chain(rest) {
			if !models.contains(&model) {
				// Sixteen seats and three more fit.
				let _fits = models.try_push(model);
			}
		}
		Measurement { models, champion, contender }
	}

	/// Who must not judge: the candidates' authors, and the contender's while there is room in the list.
	fn authors(round: &Round<T::AccountId>, contender: Option<ModelId>) -> Authors<T::AccountId> {
		let candidates = round.seats.iter().filter(|seat| seat.state == SeatState::Revealed).map(|seat| seat.who.clone());
		let contender = contender.and_then(Models::<T>::get).map(|stored| stored.author);
		let mut authors = Authors::new();
		for who in candidates.chain(contender) {
			if !authors.contains(&who) {
				// A seventeenth name is the contender's; the quorum's other answers keep him honest.
				let _full = authors.try_push(who);
			}
		}
		authors
	}

	/// Ends a round: its fees are paid or, if nobody measured it, burned.
	pub(crate) fn finish(
		id: RoundId,
		round: Round<T::AccountId>,
		winner: Option<ModelId>,
		settler: Option<&T::AccountId>,
		truthful: &doin_primitives_frame::Evaluators<T::AccountId>,
	) {
		Self::pay_fees(id, round.seats, settler, truthful);
		Self::deposit_event(Event::RoundDecided { round: id, winner });
		Self::forget(id);
	}

	/// Ends a round that ran into its time-out: the fees of its seats are burned. Whoever sits on them could have settled it, and must not be
	/// able to have a bad draw forgotten.
	pub(crate) fn lapse(id: RoundId, mut round: Round<T::AccountId>) {
		Self::pay_fees(id, round.seats.iter().cloned(), None, &Default::default());
		round.seats.iter_mut().for_each(|seat| seat.fee_held = 0);
		Self::void(id, round);
	}

	/// Ends a round as if it had not been: everything still held for it goes back.
	pub(crate) fn void(id: RoundId, mut round: Round<T::AccountId>) {
		for seat in round.seats.iter_mut() {
			Self::refund(seat);
			if let Some(model) = seat.model.take() {
				Self::remove_model(model);
			}
		}
		Self::deposit_event(Event::RoundVoided { round: id });
		Self::forget(id);
	}

	/// Removes a round. If it was the domain's earliest, the next one gets its turn.
	fn forget(id: RoundId) {
		Rounds::<T>::remove(id);
		let mut pending = Pending::<T>::get(id.domain);
		let was_first = pending.first() == Some(&id.number);
		pending.retain(|number| *number != id.number);
		let next = pending.first().map(|number| RoundId { domain: id.domain, number: *number });
		if pending.is_empty() {
			Pending::<T>::remove(id.domain);
		} else {
			Pending::<T>::insert(id.domain, pending);
		}
		T::Domains::leave(id.domain);
		// A later round may end first, when nobody revealed in it; the earliest one has its turn already.
		if let Some(next) = next.filter(|_| was_first) {
			if Rounds::<T>::get(next).is_some_and(|round| round.stage == Stage::Waiting) {
				Agenda::<Due<T>, Cursor<T>, RoundId>::schedule(Self::now(), Self::now(), next);
			}
		}
	}
}
