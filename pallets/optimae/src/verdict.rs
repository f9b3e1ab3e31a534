//! Verdicts: who wins, who stays contender, what is paid.

use crate::{
	types::{Gathered, Measurement, SeatState, Stage, CONTENDER_ROUNDS},
	*,
};
use alloc::vec::Vec;
use doin_primitives::{
	domain::{Champion, DomainState},
	payload::{ChunkSums, Sums},
	DomainSpec, Evidence, MILLION,
};
use doin_primitives_frame::{Eff, OnRecomputed, Outcome};
use doin_scoring::verdict::{paired, public_test, total};

/// The candidate to crown, and the statistics it is crowned with: errors of one draw. For a contender they are the means, rounded down, of
/// all the draws it was measured on, so that errors of champions can be compared with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Win {
	/// Its place in the model list.
	pub index: u8,
	/// The model.
	pub model: ModelId,
	/// Its error sum.
	pub error: u64,
	/// The champion's on the same windows.
	pub champion_error: u64,
	/// The initial champion's on the same windows.
	pub initial_error: u64,
	/// Upper bound of its error.
	pub upper: u64,
	/// What it adds to the high-water mark.
	pub increment: Q32,
}

/// One draw, and everything a verdict on it needs.
pub(crate) struct Trial<'a> {
	/// Whether the draw has been published before, so that bounds mean nothing.
	public: bool,
	min_improvement: u32,
	high_water: Q32,
	measurement: &'a Measurement,
	truth: &'a Sums,
	contender: Option<&'a Contender>,
}

impl<'a> Trial<'a> {
	/// The trial of `measurement`, whose true sums are `truth`.
	pub fn new<AccountId>(
		spec: &DomainSpec,
		state: &DomainState<AccountId>,
		measurement: &'a Measurement,
		truth: &'a Sums,
		contender: Option<&'a Contender>,
	) -> Self {
		Self {
			public: matches!(spec.evidence, Evidence::Public),
			min_improvement: spec.min_improvement,
			high_water: state.high_water,
			measurement,
			truth,
			contender,
		}
	}

	/// Place of a model in the list.
	fn index(&self, model: &ModelRef) -> Option<usize> {
		self.measurement.models.iter().position(|other| other == model)
	}

	/// Sums of a model on this draw.
	fn sums(&self, model: &ModelRef) -> Option<&'a [u32]> {
		self.truth.get(self.index(model)?).map(|sums| sums.as_slice())
	}

	/// Sums of the initial champion, which heads every list.
	pub fn initial(&self) -> Option<&'a [u32]> {
		self.truth.first().map(|sums| sums.as_slice())
	}

	/// Sums of the champion.
	pub fn champion(&self) -> Option<&'a [u32]> {
		self.sums(&self.measurement.champion)
	}

	/// Sums of a submitted model.
	pub fn submitted(&self, model: ModelId) -> Option<&'a [u32]> {
		self.sums(&ModelRef::Stored(model))
	}

	/// Upper bound and increment of `own` if it passes against `champion`.
	fn passes(&self, initial: &[u32], champion: &[u32], own: &[u32]) -> Option<(u64, Q32)> {
		if self.public {
			return public_test(total(champion), total(own), self.min_improvement).then(|| (total(own), 0));
		}
		let verdict = paired(initial, champion, own, self.min_improvement, self.high_water)?;
		verdict.passes.then_some((verdict.upper, verdict.increment))
	}

	/// Whether `own` is better than `champion` by the least improvement as far as these draws tell, and by more than luck usually brings.
	pub fn near_miss(&self, champion: &[u32], own: &[u32]) -> bool {
		public_test(total(champion), total(own), self.min_improvement) && near(champion, own)
	}

	fn win(&self, model: ModelId, initial: &[u32], champion: &[u32], own: &[u32]) -> Option<Win> {
		let (upper, increment) = self.passes(initial, champion, own)?;
		let chunks = self.initial()?.len().max(1);
		let draws = own.len().checked_div(chunks).unwrap_or(1).max(1) as u64;
		let mean = |error: u64| error.checked_div(draws).unwrap_or(error);
		Some(Win {
			index: u8::try_from(self.index(&ModelRef::Stored(model))?).ok()?,
			model,
			error: mean(total(own)),
			champion_error: mean(total(champion)),
			initial_error: mean(total(initial)),
			upper: mean(upper),
			increment,
		})
	}

	/// Of the contender and `candidates`, the passing one with the smallest error on this draw, the earlier one on a tie. A contender passes
	/// on everything it was measured on; a candidate has to pass against the contender as well.
	pub fn winner(&self, candidates: &[ModelId]) -> Option<Win> {
		let (initial, champion) = (self.initial()?, self.champion()?);
		let rival = self.contender.and_then(|contender| Some((contender, self.submitted(contender.model)?)));
		let mut best: Option<(u64, Win)> = None;
		if let Some((contender, own)) = rival {
			let all = [(&contender.initial, initial), (&contender.champion, champion), (&contender.own, own)]
				.map(|(old, new)| joined(old, new));
			let [all_initial, all_champion, all_own] = &all;
			best = self.win(contender.model, all_initial, all_champion, all_own).map(|win| (total(own), win));
		}
		for model in candidates {
			let Some(own) = self.submitted(*model) else { continue };
			if rival.is_some_and(|(_, theirs)| self.passes(initial, theirs, own).is_none()) {
				continue;
			}
			let Some(win) = self.win(*model, initial, champion, own) else {
				continue;
			};
			let error = total(own);
			if best.as_ref().is_none_or(|(smallest, _)| error < *smallest) {
				best = Some((error, win));
			}
		}
		best.map(|(_, win)| win)
	}
}

/// Whether `own` is better than `champion` by at least one standard error of the difference: near enough to be measured again.
///
/// With `d` the differences per chunk, `D = Σd` and `Q = Σd²`, one standard error is `√((n·Q − D²) / (n − 1))`, so D reaches it exactly when
/// `D² ≥ Q`. A smaller lead is luck as likely as not, and a contender of wild sums would only stand in the way of the others.
pub(crate) fn near(champion: &[u32], own: &[u32]) -> bool {
	let (mut lead, mut squares) = (0i128, 0i128);
	for (champion, own) in champion.iter().zip(own) {
		let difference = i128::from(*champion).saturating_sub(i128::from(*own));
		lead = lead.saturating_add(difference);
		squares = squares.saturating_add(difference.saturating_mul(difference));
	}
	lead > 0 && lead.saturating_mul(lead) >= squares
}

/// Two vectors of sums as one.
fn joined(old: &[u32], new: &[u32]) -> Vec<u32> {
	old.iter().chain(new).copied().collect()
}

/// As [`joined`], for storage: what does not fit is left out.
fn gathered(old: &[u32], new: &[u32]) -> Gathered {
	Gathered::truncate_from(joined(old, new))
}

impl<T: Config> Pallet<T> {
	/// The domain's contender, if this measurement has it.
	fn measured_contender(domain: DomainId, measurement: &Measurement) -> Option<Contender> {
		Contenders::<T>::get(domain).filter(|contender| measurement.contender == Some(contender.model))
	}

	/// Crowns `win` and queues what is paid for it.
	fn crown(
		id: RoundId,
		spec: &DomainSpec,
		state: &DomainState<T::AccountId>,
		win: &Win,
		validation_error: u64,
		author: T::AccountId,
		outcome: &Outcome<T::AccountId>,
	) {
		let Win { model, error, champion_error, initial_error, upper, increment, .. } = *win;
		let champion = Champion {
			model: ModelRef::Stored(model),
			author: Some(author.clone()),
			round: Some(id),
			block: Self::now(),
			error,
			initial_error,
			validation_error,
		};
		let rate = u64::from(T::Gauge::weight(id.domain)).saturating_mul(spec.evidence.value().into());
		// The rate is a product of two parts per million.
		const WHOLE: u128 = MILLION as u128 * MILLION as u128;
		let eff = (u128::from(increment).saturating_mul(rate.into()) / WHOLE) as Q32;
		T::Domains::crown(id.domain, champion, state.high_water.saturating_add(increment), upper);
		if eff > 0 {
			T::Work::enqueue(Eff { round: id, eff, optimizer: author.clone(), evaluators: outcome.truthful.clone() });
		}
		Records::<T>::mutate(&author, |record| record.accepted = record.accepted.saturating_add(1));
		Self::deposit_event(Event::Crowned {
			round: id,
			model,
			who: author,
			error,
			champion_error,
			initial_error,
			upper,
			increment,
			eff,
		});
		if let ModelRef::Stored(old) = state.champion.model {
			Self::remove_model(old);
		}
	}

	/// Decides whether the contender stays, against the champion that is there after the verdict. `reference` is that one's sums on this draw.
	fn judge_contender(domain: DomainId, trial: &Trial, contender: Contender, won: Option<&Win>, reference: &[u32]) -> bool {
		let model = contender.model;
		let (Some(initial), Some(own)) = (trial.initial(), trial.submitted(model)) else {
			return false;
		};
		let mut next = match won {
			// It starts anew against the new champion, on the one draw that both were measured on.
			Some(win) => Contender {
				against: ModelRef::Stored(win.model),
				initial: gathered(&[], initial),
				champion: gathered(&[], reference),
				own: gathered(&[], own),
				..contender
			},
			None => Contender {
				initial: gathered(&contender.initial, initial),
				champion: gathered(&contender.champion, reference),
				own: gathered(&contender.own, own),
				..contender
			},
		};
		next.rounds_left = next.rounds_left.saturating_sub(1);
		if next.rounds_left == 0 || !trial.near_miss(&next.champion, &next.own) {
			if let Some(stored) = Models::<T>::get(model) {
				Records::<T>::mutate(&stored.author, |record| record.rejected = record.rejected.saturating_add(1));
			}
			Self::drop_contender(domain, model, Reason::Expired);
			return false;
		}
		Self::deposit_event(Event::ContenderKept { domain, model, rounds_left: next.rounds_left });
		Contenders::<T>::insert(domain, next);
		true
	}

	/// Of the near-misses among the candidates that did not win, the one with the smallest error stays contender.
	fn choose_contender(
		domain: DomainId,
		trial: &Trial,
		candidates: &[ModelId],
		champion: ModelRef,
		reference: &[u32],
	) -> Option<ModelId> {
		let below = |model: &ModelId| {
			let own = trial.submitted(*model)?;
			trial.near_miss(reference, own).then(|| (total(own), *model, own))
		};
		// The first of equal ones: the earlier seat.
		let (_, model, own) = candidates
			.iter()
			.filter(|model| ModelRef::Stored(**model) != champion)
			.filter_map(below)
			.min_by_key(|near| near.0)?;
		let contender = Contender {
			model,
			against: champion,
			rounds_left: CONTENDER_ROUNDS,
			initial: gathered(&[], trial.initial()?),
			champion: gathered(&[], reference),
			own: gathered(&[], own),
		};
		Self::deposit_event(Event::ContenderKept { domain, model, rounds_left: CONTENDER_ROUNDS });
		Contenders::<T>::insert(domain, contender);
		Some(model)
	}

	/// The verdict on a measured round. `None` if nothing can be concluded from it.
	fn decide(
		id: RoundId,
		round: &mut Round<T::AccountId>,
		measurement: &Measurement,
		outcome: &Outcome<T::AccountId>,
	) -> Option<Option<ModelId>> {
		let spec = T::Domains::spec(id.domain)?;
		let state = T::Domains::state(id.domain)?;
		if state.champion.model != measurement.champion || outcome.truth.len() != measurement.models.len() {
			return None;
		}
		let contender = Self::measured_contender(id.domain, measurement);
		let trial = Trial::new(&spec, &state, measurement, &outcome.truth, contender.as_ref());
		let champion = trial.champion()?;
		// Without an error of the initial champion there is no progress to speak of.
		if total(trial.initial()?) == 0 {
			return None;
		}
		let candidates = round.candidates();
		let win = trial.winner(&candidates);
		let winner = win.as_ref().map(|win| win.model);

		let mut reference = champion;
		if let Some(win) = &win {
			let stored = Models::<T>::get(win.model)?;
			reference = trial.submitted(win.model)?;
			let mut validation_error = total(&stored.validation);
			if matches!(spec.evidence, Evidence::Public) {
				// The draw is the validation split: the truth about it is known, and takes the place of the claim.
				validation_error = win.error;
				let known = ChunkSums::truncate_from(reference.to_vec());
				Models::<T>::mutate_extant(win.model, |stored| stored.validation = known);
			}
			Self::crown(id, &spec, &state, win, validation_error, stored.author, outcome);
		}
		let mut kept = None;
		match contender.clone() {
			Some(contender) if Some(contender.model) == winner => Contenders::<T>::remove(id.domain),
			Some(contender) => {
				let model = contender.model;
				kept = Self::judge_contender(id.domain, &trial, contender, win.as_ref(), reference).then_some(model);
			}
			None => (),
		}
		if kept.is_none() && !matches!(spec.evidence, Evidence::Public) {
			let now = winner.map_or(state.champion.model, ModelRef::Stored);
			kept = Self::choose_contender(id.domain, &trial, &candidates, now, reference);
		}
		Self::clear_seats(id, round, winner, kept);
		Some(winner)
	}

	/// Releases the holds of a decided round's seats, and removes the models that nothing needs any more.
	fn clear_seats(id: RoundId, round: &mut Round<T::AccountId>, winner: Option<ModelId>, kept: Option<ModelId>) {
		for (index, seat) in round.seats.iter_mut().enumerate() {
			let Some(model) = seat.model else { continue };
			if seat.state == SeatState::Revealed && (Some(model) == winner || Some(model) == kept) {
				Self::release_hold(seat);
				continue;
			}
			if seat.state == SeatState::Revealed {
				Self::reject(id, index as u8, seat, Reason::Lost);
			}
			Self::remove_model(model);
		}
	}
}

impl<T: Config> OnRecomputed<T::AccountId> for Pallet<T> {
	fn leader(id: RoundId, truth: &Sums) -> Option<u8> {
		let round = Rounds::<T>::get(id)?;
		let Stage::Measuring(measurement) = &round.stage else {
			return None;
		};
		let spec = T::Domains::spec(id.domain)?;
		let state = T::Domains::state(id.domain)?;
		let contender = Self::measured_contender(id.domain, measurement);
		Trial::new(&spec, &state, measurement, truth, contender.as_ref()).winner(&round.candidates()).map(|win| win.index)
	}

	fn ready() -> bool {
		T::Work::room() > 0
	}

	fn recomputed(id: RoundId, outcome: Outcome<T::AccountId>) {
		let Some(mut round) = Rounds::<T>::get(id) else { return };
		let Stage::Measuring(measurement) = round.stage.clone() else {
			return;
		};
		match Self::decide(id, &mut round, &measurement, &outcome) {
			Some(winner) => Self::finish(id, round, winner, outcome.settler.as_ref(), &outcome.truthful),
			None => Self::void(id, round),
		}
	}

	fn voided(id: RoundId) {
		if let Some(round) = Rounds::<T>::get(id) {
			// Without its domain a round could not have been settled.
			if T::Domains::spec(id.domain).is_some() {
				Self::lapse(id, round);
			} else {
				Self::void(id, round);
			}
		}
	}

	fn weight() -> Weight {
		T::WeightInfo::verdict()
	}
}
