//! Seats: commits, reveals and rejections.

use crate::{
	fees::{Price, Service},
	types::{Round, Seat, Stage},
	AgendaOf, Config, Error, Event, HoldReason, NextModelId, Pallet, Pending, Records, Rounds, WeightInfo,
};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::Reveal,
	round::{Phase, MAX_SEATS},
	verdict::bar,
	Balance, DomainId, DomainSpec, EvidenceKind, EvidenceRef, Hash, RejectionReason, RoundId, RoundParams, SeatStatus, SizeClass,
	Status,
};
use doin_scoring::{
	verdict::{public_test, total},
	Model,
};
use doin_traits::{block::current_block, BaseFee, ChunkScorer, Domains, EvidenceSource, Timing, Work};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{Mutate, MutateHold},
		tokens::{Fortitude, Precision, Preservation},
		Get,
	},
	weights::Weight,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	/// Returns the weight of the reveal of an encoded model. A genome is run on the probe, which takes less than the smallest chunk.
	pub(crate) fn reveal_weight(model: &[u8]) -> Weight {
		let run = if Model::is_genome(model) { T::ChunkScorer::weight(SizeClass::Small) } else { Weight::zero() };
		T::WeightInfo::reveal(model.len() as u32).saturating_add(run)
	}

	/// Takes a seat of round `id` for the candidate behind `hash`; see [`Call::commit`](crate::Call::commit).
	pub(crate) fn do_commit(who: T::AccountId, id: RoundId, hash: Hash, max_fee: Balance) -> DispatchResult {
		let domain = id.domain;
		let spec = T::Domains::spec(domain).ok_or(Error::<T>::UnknownDomain)?;
		let state = T::Domains::state(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Active, Error::<T>::NotActive);
		let rounds = T::Timing::rounds();
		let place = rounds.place(domain, current_block::<T>());
		ensure!(place.round == id && place.phase == Phase::Commit, Error::<T>::NotInCommitPhase);

		let opened = Rounds::<T>::get(id);
		let optimizers = opened.iter().flat_map(|round| round.seats.iter().map(|seat| seat.who.clone()));
		let service = Self::service(domain, &spec, &state, optimizers.chain([who.clone()]));
		let kind = spec.evidence.kind();
		ensure!(service.is_exact || service.has_quorum(), Error::<T>::NotServed);
		Self::ensure_evidence(domain, kind, service, opened.is_none())?;
		let mut round = match opened {
			Some(round) => round,
			None => {
				let left = place.phase_end.saturating_sub(current_block::<T>());
				ensure!(kind != EvidenceKind::Live || left >= rounds.commit / 2, Error::<T>::TooLateToOpen);
				Self::open(id, &rounds, kind, service)?
			}
		};
		// An equal commitment of another account is a copy that cannot be revealed. It must not keep the author of the
		// original out.
		ensure!(!round.seats.iter().any(|seat| seat.who == who && seat.commitment == hash), Error::<T>::AlreadyCommitted);

		let index = round.seats.len() as u32;
		let price = Self::price(id, &spec, &state, service, &round);
		ensure!(index >= MAX_SEATS || price.fee <= max_fee, Error::<T>::SeatTooExpensive);
		let stake = spec.evidence.stake();
		let seat = Seat {
			who: who.clone(),
			commitment: hash,
			fee: price.fee,
			fee_held: price.held,
			recomputation: price.recomputation,
			hold: price.hold,
			stake,
			base_fee: T::BaseFee::base_fee(),
			status: SeatStatus::Committed,
			model: None,
		};
		round.seats.try_push(seat).map_err(|_| Error::<T>::RoundFull)?;
		let burned = Self::charge(&who, &price, stake)?;
		Rounds::<T>::insert(id, round);
		Self::deposit_event(Event::Committed {
			round: id,
			seat: index as u8,
			who,
			commitment: hash,
			fee: price.fee,
			burned,
			hold: price.hold,
			stake,
		});
		Ok(())
	}

	/// Takes the holds, the `stake` and the burned part of the price of a seat from `who`. Returns the burned part.
	fn charge(who: &T::AccountId, price: &Price, stake: Balance) -> Result<Balance, DispatchError> {
		T::Currency::hold(&HoldReason::SeatFee.into(), who, price.held)?;
		T::Currency::hold(&HoldReason::Seat.into(), who, price.hold)?;
		if stake > 0 {
			T::Currency::hold(&HoldReason::Stake.into(), who, stake)?;
		}
		let burned = price.fee.saturating_sub(price.held);
		if burned > 0 {
			T::Currency::burn_from(who, burned, Preservation::Preserve, Precision::Exact, Fortitude::Polite)?;
		}
		Ok(burned)
	}

	/// Checks that a seat whose evidence is awaited can be evaluated and paid. A segment or a bar can be used once, so a domain
	/// without weight needs a quorum. The purse of sealed evidence has to cover one work block; live evidence is paid by the
	/// queue.
	/// The bars of a live round are checked when its first seat opens it: a later seat must not fail because a bar has passed.
	fn ensure_evidence(domain: DomainId, kind: EvidenceKind, service: Service, is_first: bool) -> DispatchResult {
		if !kind.is_awaited() {
			return Ok(());
		}
		if is_first || kind == EvidenceKind::Sealed {
			T::Evidence::ensure_open(domain)?;
		}
		ensure!(service.weighted || service.has_quorum(), Error::<T>::NotServed);
		let is_purse_needed = service.weighted && kind == EvidenceKind::Sealed;
		ensure!(!is_purse_needed || T::Evidence::purse(domain) >= T::Work::reward(), Error::<T>::PurseTooSmall);
		Ok(())
	}

	/// Opens a round: counts it in its domain, and schedules the end of its reveal window, or of its commits if its evidence is
	/// awaited.
	///
	/// A round with sealed evidence is the only undecided one of its domain. A seat would otherwise lose its stake because the
	/// verdict of an earlier round overtook it, and two rounds would count on the same purse. Rounds with live evidence have
	/// neither stakes nor a purse, and wait for bars of their own.
	fn open(
		id: RoundId,
		rounds: &RoundParams,
		kind: EvidenceKind,
		service: Service,
	) -> Result<Round<T::AccountId>, DispatchError> {
		ensure!(Rounds::<T>::count() < service.places(kind), Error::<T>::TooManyRounds);
		Pending::<T>::try_mutate(id.domain, |pending| {
			let is_only_one = service.is_unserved() || kind == EvidenceKind::Sealed;
			ensure!(pending.is_empty() || !is_only_one, Error::<T>::TooManyRounds);
			pending.try_push(id.number).map_err(|_| Error::<T>::TooManyRounds)
		})?;
		T::Domains::open_round(id.domain)?;
		let (commits_end, closing) = rounds.reveal_window(id);
		let (due, evidence) = if kind.is_awaited() { (commits_end, None) } else { (closing, Some(EvidenceRef::Drawn)) };
		AgendaOf::<T>::schedule(current_block::<T>(), due, id);
		Ok(Round::new(service.sale(), evidence))
	}

	/// Returns `true` if `round` takes reveals at this block.
	fn takes_reveals(id: RoundId, round: &Round<T::AccountId>) -> bool {
		let now = current_block::<T>();
		match round.stage {
			Stage::Revealing { until, .. } => now < until,
			Stage::Collecting if round.evidence.is_some() => {
				let place = T::Timing::rounds().place(id.domain, now);
				place.round == id && place.phase == Phase::Reveal
			}
			Stage::Collecting | Stage::Waiting | Stage::Evaluating { .. } | Stage::Awaiting => false,
		}
	}

	/// Reveals the candidate of a seat; see [`Call::reveal`](crate::Call::reveal).
	pub(crate) fn do_reveal(who: T::AccountId, id: RoundId, reveal: Reveal, salt: [u8; 32]) -> DispatchResult {
		let mut round = Rounds::<T>::get(id).ok_or(Error::<T>::UnknownRound)?;
		ensure!(Self::takes_reveals(id, &round), Error::<T>::NotInRevealPhase);
		let committed = commitment(Tag::Optimae, &T::GenesisHash::get(), &id, &who, &payload_hash(&reveal), &salt);
		let (index, seat) = round
			.seats
			.iter_mut()
			.enumerate()
			.find(|(_, seat)| seat.who == who && seat.commitment == committed)
			.ok_or(Error::<T>::CommitmentMismatch)?;
		ensure!(seat.status == SeatStatus::Committed, Error::<T>::AlreadyRevealed);

		let spec = T::Domains::spec(id.domain).ok_or(Error::<T>::UnknownDomain)?;
		let state = T::Domains::state(id.domain).ok_or(Error::<T>::UnknownDomain)?;
		Self::ensure_admitted(id.domain, &spec, &reveal)?;
		let validation_error = total(&reveal.validation);
		let index = index as u8;
		if public_test(bar(spec.evidence.kind(), &state), validation_error, spec.min_improvement) {
			let model = NextModelId::<T>::mutate(|next| core::mem::replace(next, next.saturating_add(1)));
			let (bytes, metrics) = (reveal.model.len() as u32, reveal.metrics.clone());
			let hold = Self::store_model(model, who.clone(), id, reveal)?;
			seat.status = SeatStatus::Revealed;
			seat.model = Some(model);
			Self::deposit_event(Event::Revealed { round: id, seat: index, who, model, bytes, validation_error, hold, metrics });
		} else {
			Self::reject(id, index, seat, RejectionReason::NotBetter);
		}
		Rounds::<T>::insert(id, round);
		Ok(())
	}

	/// Checks that `domain` admits the candidate of a reveal.
	fn ensure_admitted(domain: DomainId, spec: &DomainSpec, reveal: &Reveal) -> DispatchResult {
		ensure!(reveal.genes.len() == spec.genes.len(), Error::<T>::InvalidGeneCount);
		let bounded = reveal.genes.iter().zip(spec.genes.iter()).all(|(value, gene)| (gene.lo..=gene.hi).contains(value));
		ensure!(bounded, Error::<T>::GeneOutOfRange);
		let chunks = T::ChunkScorer::chunks(domain).map(usize::from);
		ensure!(chunks == Some(reveal.validation.len()), Error::<T>::InvalidChunkCount);
		// The length is checked first: it bounds the cost of decoding.
		ensure!(reveal.model.len() as u64 <= u64::from(spec.limits.model_bytes), Error::<T>::ModelTooLarge);
		let model = Model::from_bytes(&reveal.model).map_err(Error::<T>::from)?;
		model
			.admit(&spec.program, spec.limits.model_bytes, spec.limits.window_macs, reveal.model.len())
			.map_err(Error::<T>::from)?;
		Ok(())
	}

	/// Takes a seat out of the race, releases its hold, and burns its stake. A stake that has to be returned is returned before.
	/// The model of the seat stays until the caller removes it.
	pub(crate) fn reject(round: RoundId, index: u8, seat: &mut Seat<T::AccountId>, reason: RejectionReason) {
		seat.status = SeatStatus::Rejected(reason);
		Self::release_hold(seat);
		Records::<T>::mutate(&seat.who, |record| record.rejected = record.rejected.saturating_add(1));
		Self::deposit_event(Event::Rejected { round, seat: index, who: seat.who.clone(), model: seat.model, reason });
		Self::burn_stake(round, index, seat);
	}
}
