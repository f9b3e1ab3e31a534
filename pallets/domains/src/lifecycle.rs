//! Registration, activation, champions and removal of domains.

use crate::{
	types::{RefusalReason, ABANDONED_MS},
	Bounties, Config, Deposits, Donation, Error, Event, HoldReason, NextDomainId, Pages, Pallet, Specs, States, LOG_TARGET,
};
use alloc::vec::Vec;
use codec::Encode;
use doin_primitives::{
	blake2_256,
	domain::{Champion, DomainState, MAX_PAGES, PAGE_VALUES},
	settlement::Backing,
	Balance, DomainId, DomainSpec, Evidence, LastRound, ModelRef, Page, RoundId, RoundResult, Status, UnpaidReason, Q32,
};
use doin_scoring::{
	math::log2_q32,
	sample::{validation, validation_span},
	score, score_point,
	verdict::loss,
	Forecast, Model, Program,
};
use doin_traits::{block::current_block, DomainWeights, Domains, OnWeightGained, Timing, Votable};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{hold::Mutate as MutateHold, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		Get,
	},
};
use sp_runtime::DispatchError;

/// Baseline, and its error sum on the validation split.
struct ScoredBaseline {
	/// The baseline.
	model: ModelRef,
	/// Error sum on the validation split.
	error: u64,
}

impl<T: Config> Pallet<T> {
	/// Returns the deposit of a domain in plancks: a base, and a price per byte of the record and of the declared series.
	pub fn deposit(spec: &DomainSpec) -> Balance {
		let bytes = Balance::from(spec.values).saturating_mul(4).saturating_add(spec.encoded_size() as Balance);
		T::BaseDeposit::get().saturating_add(T::ByteDeposit::get().saturating_mul(bytes))
	}

	/// Returns the whole series of a domain, if all pages are stored.
	pub fn series(domain: DomainId) -> Option<Vec<i32>> {
		let spec = Specs::<T>::get(domain)?;
		let mut values = Vec::with_capacity(spec.values as usize);
		for index in 0..spec.pages() {
			values.extend_from_slice(Pages::<T>::get(domain, index)?.values()?);
		}
		(values.len() as u32 == spec.values).then_some(values)
	}

	/// Checks a record, burns the fee and registers the domain; see [`Call::register`](crate::Call::register).
	pub(crate) fn do_register_paid(owner: T::AccountId, spec: DomainSpec) -> DispatchResult {
		let fee = T::RegistrationFee::get();
		spec.check().map_err(Error::<T>::from)?;
		T::Currency::burn_from(&owner, fee, Preservation::Preserve, Precision::Exact, Fortitude::Polite)?;
		Self::do_register(owner, spec, fee).map(drop)
	}

	/// Registers a checked record, whose `fee` has been burned.
	pub(crate) fn do_register(owner: T::AccountId, spec: DomainSpec, fee: Balance) -> Result<DomainId, DispatchError> {
		let domain = NextDomainId::<T>::get();
		NextDomainId::<T>::put(domain.checked_add(1).ok_or(Error::<T>::NoMoreIds)?);
		let deposit = Self::deposit(&spec);
		T::Currency::hold(&HoldReason::Domain.into(), &owner, deposit)?;
		let pages = spec.pages();
		// The initial champion of a domain with a series is chosen at its activation.
		let origin = match &spec.program {
			Program::Quadratic(quadratic) => {
				let chunks = 0..spec.program.chunks();
				let error = chunks.fold(0u64, |sum, chunk| sum.saturating_add(score_point(quadratic, &[], chunk).into()));
				ensure!(error > 0, Error::<T>::ConstantSeries);
				Some(ScoredBaseline { model: ModelRef::Origin, error })
			}
			Program::Forecast(_) => None,
		};
		let active = origin.is_some();
		let ScoredBaseline { model: initial, error } = origin.unwrap_or(ScoredBaseline { model: ModelRef::RepeatLast, error: 0 });
		let state = DomainState {
			owner: owner.clone(),
			status: if active { Status::Active } else { Status::Loading },
			pages_missing: pages,
			initial,
			initial_validation_error: error,
			champion: Self::baseline(initial, error),
			high_water: 0,
			bounty: 0,
			open_rounds: 0,
			last_round: None,
			unanswered: false,
		};
		Specs::<T>::insert(domain, spec);
		States::<T>::insert(domain, state);
		Deposits::<T>::insert(domain, deposit);
		Self::deposit_event(Event::Registered { domain, owner, pages, deposit, fee });
		if active {
			Self::deposit_event(Event::Activated { domain, initial, error });
		}
		Ok(domain)
	}

	/// Registers, loads and activates a domain at genesis.
	pub(crate) fn do_genesis(owner: T::AccountId, spec: DomainSpec, values: &[i32]) -> DispatchResult {
		spec.check().map_err(Error::<T>::from)?;
		ensure!(values.len() as u32 == spec.values, Error::<T>::ValueCountMismatch);
		let domain = Self::do_register(owner, spec, 0)?;
		if values.is_empty() {
			return Ok(());
		}
		for (index, values) in (0u32..).zip(values.chunks(PAGE_VALUES as usize)) {
			let page = Page::from_values(values.to_vec()).ok_or(Error::<T>::InvalidPageLength)?;
			Pages::<T>::insert(domain, index, page);
		}
		States::<T>::mutate_extant(domain, |state| state.pages_missing = 0);
		match Self::do_activate(domain, values.len() as u32)? {
			Ok(()) => Ok(()),
			Err(reason) => Err(Error::<T>::from(reason).into()),
		}
	}

	/// Stores a page; see [`Call::upload_page`](crate::Call::upload_page).
	pub(crate) fn do_upload_page(who: T::AccountId, domain: DomainId, index: u32, page: Page) -> DispatchResult {
		let values = page.values().ok_or(Error::<T>::UnsupportedPage)?;
		let spec = Specs::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.owner == who, Error::<T>::NotOwner);
		ensure!(state.status == Status::Loading, Error::<T>::NotLoading);
		let len = spec.page_len(index).ok_or(Error::<T>::NoSuchPage)?;
		ensure!(values.len() as u32 == len, Error::<T>::InvalidPageLength);
		ensure!(!Pages::<T>::contains_key(domain, index), Error::<T>::PageAlreadyUploaded);
		state.pages_missing = state.pages_missing.saturating_sub(1);
		let missing = state.pages_missing;
		Pages::<T>::insert(domain, index, page);
		States::<T>::insert(domain, state);
		Self::deposit_event(Event::PageUploaded { domain, index, missing });
		Ok(())
	}

	/// Activates a loaded domain, or refuses it for good; see [`Call::activate`](crate::Call::activate). Returns the reason of
	/// a refusal, which is stored as [`Status::Refused`]: a call that failed after reading and scoring the series could be
	/// repeated.
	pub(crate) fn do_activate(domain: DomainId, values: u32) -> Result<Result<(), RefusalReason>, DispatchError> {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Loading, Error::<T>::NotLoading);
		ensure!(state.pages_missing == 0, Error::<T>::PagesMissing);
		let spec = Specs::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(spec.values == values, Error::<T>::ValueCountMismatch);
		let Program::Forecast(program) = &spec.program else {
			return Err(Error::<T>::NotLoading.into());
		};
		let series = Self::series(domain).ok_or(Error::<T>::PagesMissing)?;
		let activated = match Self::initial_champion(&spec, program, &series) {
			Ok(ScoredBaseline { model: initial, error }) => {
				state.status = Status::Active;
				state.initial = initial;
				state.initial_validation_error = error;
				state.champion = Self::baseline(initial, error);
				Self::deposit_event(Event::Activated { domain, initial, error });
				Ok(())
			}
			Err(reason) => {
				state.status = Status::Refused;
				Self::deposit_event(Event::ActivationRefused { domain, reason });
				Err(reason)
			}
		};
		States::<T>::insert(domain, state);
		Ok(activated)
	}

	/// Returns the initial champion of a domain with this series: the baseline with the smaller error sum on the validation
	/// split; repeat-last if they are equal.
	fn initial_champion(spec: &DomainSpec, program: &Forecast, series: &[i32]) -> Result<ScoredBaseline, RefusalReason> {
		ensure!(series.using_encoded(blake2_256) == spec.data_root, RefusalReason::DataRootMismatch);
		let (mut last, mut seasonal) = (0u64, 0u64);
		for chunk in 0..program.chunks {
			let span = validation_span(program, spec.split.train_end, spec.split.validation_end, chunk)
				.map_err(|_| RefusalReason::InvalidSplit)?;
			let values = series.get(span.start as usize..span.end as usize).ok_or(RefusalReason::InvalidSplit)?;
			let windows = validation(program, values);
			last = last.saturating_add(score(&Model::RepeatLast, program, &windows).into());
			seasonal = seasonal.saturating_add(score(&Model::Seasonal, program, &windows).into());
		}
		let better = if seasonal < last {
			ScoredBaseline { model: ModelRef::Seasonal, error: seasonal }
		} else {
			ScoredBaseline { model: ModelRef::RepeatLast, error: last }
		};
		ensure!(better.error > 0, RefusalReason::ConstantSeries);
		Ok(better)
	}

	/// Returns a baseline as the champion, which has no author.
	fn baseline(model: ModelRef, error: u64) -> Champion<T::AccountId> {
		let block = current_block::<T>();
		Champion { model, author: None, round: None, block, error, initial_error: error, validation_error: error }
	}

	/// Returns `true` if the domain has had no new champion for [`ABANDONED_MS`].
	fn is_abandoned(state: &DomainState<T::AccountId>) -> bool {
		current_block::<T>() >= state.champion.block.saturating_add(T::Timing::blocks(ABANDONED_MS))
	}

	/// Closes an active domain; see [`Call::close`](crate::Call::close). `who` is `None` for root.
	pub(crate) fn do_close(who: Option<T::AccountId>, domain: DomainId) -> DispatchResult {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		if let Some(who) = who {
			ensure!(state.owner == who || Self::is_abandoned(&state), Error::<T>::NotOwner);
			ensure!(T::DomainWeights::weight(domain) == 0, Error::<T>::StillWeighted);
		}
		ensure!(state.status == Status::Active, Error::<T>::NotActive);
		state.status = Status::Closing;
		let open_rounds = state.open_rounds;
		States::<T>::insert(domain, state);
		Self::deposit_event(Event::Closed { domain, open_rounds });
		Ok(())
	}

	/// Removes a domain; see [`Call::retire`](crate::Call::retire). `who` is `None` for root. Returns the number of
	/// removed pages.
	pub(crate) fn do_retire(who: Option<T::AccountId>, domain: DomainId) -> Result<u32, DispatchError> {
		let state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status != Status::Active, Error::<T>::StillActive);
		let permitted = who.is_none_or(|who| who == state.owner)
			|| match state.status {
				Status::Closing | Status::Refused => true,
				Status::Converged => Self::is_abandoned(&state),
				Status::Loading | Status::Active => false,
			};
		ensure!(permitted, Error::<T>::NotOwner);
		ensure!(state.open_rounds == 0, Error::<T>::RoundsOpen);

		let pages = Specs::<T>::take(domain).map_or(0, |spec| spec.pages()).saturating_sub(state.pages_missing);
		// A record has at most `MAX_PAGES` pages, so one call removes all of them.
		if Pages::<T>::clear_prefix(domain, MAX_PAGES, None).maybe_cursor.is_some() {
			defensive!("a domain must not have more than the maximum number of pages", domain);
		}
		States::<T>::remove(domain);
		let deposit = Deposits::<T>::take(domain);
		T::Currency::release(&HoldReason::Domain.into(), &state.owner, deposit, Precision::BestEffort)?;
		let mut bounty: Balance = 0;
		for Donation { donor, amount, .. } in Bounties::<T>::take(domain) {
			T::Currency::release(&HoldReason::Bounty.into(), &donor, amount, Precision::BestEffort)?;
			bounty = bounty.saturating_add(amount);
		}
		Self::deposit_event(Event::Retired { domain, owner: state.owner, deposit, bounty });
		Ok(pages)
	}
}

impl<T: Config> Domains<T::AccountId> for Pallet<T> {
	fn spec(domain: DomainId) -> Option<DomainSpec> {
		Specs::<T>::get(domain)
	}

	fn state(domain: DomainId) -> Option<DomainState<T::AccountId>> {
		States::<T>::get(domain)
	}

	fn page(domain: DomainId, index: u32) -> Option<Page> {
		Pages::<T>::get(domain, index)
	}

	fn open_round(domain: DomainId) -> DispatchResult {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Active, Error::<T>::NotActive);
		state.open_rounds = state.open_rounds.saturating_add(1);
		States::<T>::insert(domain, state);
		Ok(())
	}

	fn close_round(round: RoundId, result: RoundResult, backing: Option<Backing>) {
		States::<T>::mutate_extant(round.domain, |state| {
			state.open_rounds = state.open_rounds.saturating_sub(1);
			state.unanswered = match (backing, result) {
				(Some(Backing::Quorum), _) => false,
				(_, RoundResult::Unpaid(UnpaidReason::NoQuorum)) => true,
				_ => state.unanswered,
			};
			state.last_round = Some(LastRound { number: round.number, block: current_block::<T>(), result });
		});
	}

	fn crown(domain: DomainId, champion: Champion<T::AccountId>, high_water: Q32, upper: u64) {
		let (Some(spec), Some(mut state)) = (Specs::<T>::get(domain), States::<T>::get(domain)) else {
			log::warn!(target: LOG_TARGET, "champion {:?} is dropped: domain {domain} does not exist", champion.model);
			return;
		};
		let loss = loss(upper, champion.initial_error);
		let converges = spec.target > 0 && loss <= spec.target.into() && state.status != Status::Converged;
		let (model, former, author) = (champion.model, state.champion.model, champion.author.clone());
		// A champion with an author has a round.
		let number = champion.round.map_or(0, |round| round.number);
		state.champion = champion;
		state.high_water = state.high_water.max(high_water);
		Self::deposit_event(Event::ChampionReplaced { domain, model, former, high_water: state.high_water });
		if converges {
			state.status = Status::Converged;
			let bounty = author.as_ref().map_or(0, |author| Self::pay_bounty(domain, author, number));
			if author.is_some() {
				state.bounty = 0;
			}
			Self::deposit_event(Event::Converged { domain, author, loss, bounty });
		}
		States::<T>::insert(domain, state);
	}
}

impl<T: Config> OnWeightGained for Pallet<T> {
	fn weight_gained(domain: DomainId) {
		let Some(mut state) = States::<T>::get(domain) else { return };
		let champion = &state.champion;
		let progress = log2_q32(champion.initial_error.max(1)).saturating_sub(log2_q32(champion.error.max(1)));
		if progress > state.high_water {
			state.high_water = progress;
			States::<T>::insert(domain, state);
			Self::deposit_event(Event::HighWaterRaised { domain, high_water: progress });
		}
	}
}

impl<T: Config> Votable for Pallet<T> {
	fn votable(domain: DomainId) -> bool {
		let active = States::<T>::get(domain).is_some_and(|state| state.status == Status::Active);
		active
			&& Specs::<T>::get(domain)
				.is_some_and(|spec| matches!(spec.program, Program::Forecast(_)) && !matches!(spec.evidence, Evidence::Public))
	}
}
