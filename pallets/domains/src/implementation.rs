//! The life of a domain, and what other pallets see of it.

use crate::*;
use codec::Encode;
use doin_primitives::{blake2_256, domain::PAGE_VALUES, BlockNumber, Evidence};
use doin_primitives_frame::{Domains, OnWeighed, Votable};
use doin_scoring::{math::log2_q32, sample, score, score_point, verdict, Forecast, Model, Program};
use frame_support::traits::tokens::Restriction;
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
	/// What a domain's owner has on hold: a base, and a price per byte of the record and of the declared series.
	pub fn deposit(spec: &DomainSpec) -> Balance {
		let bytes = Balance::from(spec.values).saturating_mul(4).saturating_add(spec.encoded_size() as Balance);
		T::BaseDeposit::get().saturating_add(T::ByteDeposit::get().saturating_mul(bytes))
	}

	/// The whole series of a domain, when every page is there.
	pub fn series(domain: DomainId) -> Option<Vec<i32>> {
		let spec = Specs::<T>::get(domain)?;
		let mut values = Vec::with_capacity(spec.values as usize);
		for index in 0..spec.pages() {
			values.extend(Pages::<T>::get(domain, index)?);
		}
		(values.len() as u32 == spec.values).then_some(values)
	}

	/// This block, as the contract counts blocks.
	fn now() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Registers a checked record; `fee` has been burned already.
	pub(crate) fn do_register(owner: T::AccountId, spec: DomainSpec, fee: Balance) -> Result<DomainId, DispatchError> {
		let domain = NextDomainId::<T>::get();
		NextDomainId::<T>::put(domain.checked_add(1).ok_or(Error::<T>::NoMoreIds)?);
		let deposit = Self::deposit(&spec);
		T::Currency::hold(&HoldReason::Domain.into(), &owner, deposit)?;
		let pages = spec.pages();
		// A domain with a series gets its champion when the series is there.
		let origin = match &spec.program {
			Program::Quadratic(quadratic) => {
				let chunks = 0..spec.program.chunks();
				let error = chunks.fold(0u64, |sum, chunk| sum.saturating_add(score_point(quadratic, &[], chunk).into()));
				ensure!(error > 0, Error::<T>::ConstantSeries);
				Some((ModelRef::Origin, error))
			}
			Program::Forecast(_) => None,
		};
		let (initial, error) = origin.unwrap_or((ModelRef::RepeatLast, 0));
		let state = DomainState {
			owner: owner.clone(),
			status: if origin.is_some() { Status::Active } else { Status::Loading },
			pages_missing: pages,
			initial,
			initial_validation_error: error,
			champion: Self::baseline(initial, error),
			high_water: 0,
			bounty: 0,
			open_rounds: 0,
		};
		Specs::<T>::insert(domain, spec);
		States::<T>::insert(domain, state);
		Deposits::<T>::insert(domain, deposit);
		Self::deposit_event(Event::Registered { domain, owner, pages, deposit, fee });
		if origin.is_some() {
			Self::deposit_event(Event::Activated { domain, initial, error });
		}
		Ok(domain)
	}

	/// Registers, loads and activates a domain.
	pub(crate) fn do_genesis(owner: T::AccountId, spec: DomainSpec, values: &[i32]) -> DispatchResult {
		spec.check().map_err(Error::<T>::from)?;
		ensure!(values.len() as u32 == spec.values, Error::<T>::WrongValues);
		let domain = Self::do_register(owner, spec, 0)?;
		if values.is_empty() {
			return Ok(());
		}
		for (index, page) in (0u32..).zip(values.chunks(PAGE_VALUES as usize)) {
			Pages::<T>::insert(domain, index, Page::truncate_from(page.to_vec()));
		}
		States::<T>::mutate(domain, |state| {
			if let Some(state) = state {
				state.pages_missing = 0;
			}
		});
		Self::do_activate(domain, values.len() as u32)
	}

	/// Opens a loaded domain.
	pub(crate) fn do_activate(domain: DomainId, values: u32) -> DispatchResult {
		let spec = Specs::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(spec.values == values, Error::<T>::WrongValues);
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Loading, Error::<T>::NotLoading);
		ensure!(state.pages_missing == 0, Error::<T>::PagesMissing);
		let series = Self::series(domain).ok_or(Error::<T>::PagesMissing)?;
		ensure!(series.using_encoded(blake2_256) == spec.data_root, Error::<T>::DataRootMismatch);
		let Program::Forecast(program) = &spec.program else {
			return Err(Error::<T>::NotLoading.into());
		};
		let (initial, error) = Self::better_baseline(&spec, program, &series)?;
		ensure!(error > 0, Error::<T>::ConstantSeries);
		state.status = Status::Active;
		state.initial = initial;
		state.initial_validation_error = error;
		state.champion = Self::baseline(initial, error);
		States::<T>::insert(domain, state);
		Self::deposit_event(Event::Activated { domain, initial, error });
		Ok(())
	}

	/// The baseline with the smaller error sum on the validation split, and that sum; repeat-last when they are equal.
	fn better_baseline(spec: &DomainSpec, program: &Forecast, series: &[i32]) -> Result<(ModelRef, u64), Error<T>> {
		let (mut last, mut seasonal) = (0u64, 0u64);
		for chunk in 0..program.chunks {
			let span = sample::validation_span(program, spec.split.train_end, spec.split.validation_end, chunk)?;
			let values = series.get(span.start as usize..span.end as usize).ok_or(Error::<T>::BadSplit)?;
			let windows = sample::validation(program, values);
			last = last.saturating_add(score(&Model::RepeatLast, program, &windows).into());
			seasonal = seasonal.saturating_add(score(&Model::Seasonal, program, &windows).into());
		}
		Ok(if seasonal < last { (ModelRef::Seasonal, seasonal) } else { (ModelRef::RepeatLast, last) })
	}

	/// A champion that nobody found.
	fn baseline(model: ModelRef, error: u64) -> Champion<T::AccountId> {
		Champion { model, author: None, round: None, block: Self::now(), error, initial_error: error, validation_error: error }
	}

	/// Puts `amount` of `donor` on hold for a domain's bounty.
	pub(crate) fn do_add_bounty(donor: T::AccountId, domain: DomainId, amount: Balance) -> DispatchResult {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Active, Error::<T>::NotActive);
		ensure!(Specs::<T>::get(domain).is_some_and(|spec| spec.target > 0), Error::<T>::NoTarget);
		ensure!(amount >= T::MinBounty::get(), Error::<T>::BountyTooSmall);
		let mut donations = Bounties::<T>::get(domain);
		let mut displaced = None;
		match donations.iter_mut().find(|(who, _)| *who == donor) {
			Some((_, given)) => *given = given.saturating_add(amount),
			None => {
				if donor != state.owner {
					displaced = Self::make_place(&state.owner, &mut donations, amount)?;
				}
				donations.try_push((donor.clone(), amount)).map_err(|_| Error::<T>::TooManyDonors)?
			}
		}
		T::Currency::hold(&HoldReason::Bounty.into(), &donor, amount)?;
		state.bounty = state.bounty.saturating_add(amount);
		if let Some((former, given)) = displaced {
			T::Currency::release(&HoldReason::Bounty.into(), &former, given, Precision::BestEffort)?;
			state.bounty = state.bounty.saturating_sub(given);
			Self::deposit_event(Event::GiftReturned { domain, donor: former, amount: given });
		}
		let bounty = state.bounty;
		Bounties::<T>::insert(domain, donations);
		States::<T>::insert(domain, state);
		Self::deposit_event(Event::BountyAdded { domain, donor, amount, bounty });
		Ok(())
	}

	/// Makes sure that somebody other than `owner` finds a place among the donors, of which one is kept for the owner: where there is none,
	/// the smallest gift is taken out, and returned, if `amount` is larger.
	fn make_place(
		owner: &T::AccountId,
		donations: &mut Donations<T::AccountId>,
		amount: Balance,
	) -> Result<Option<(T::AccountId, Balance)>, Error<T>> {
		let others = || donations.iter().enumerate().filter(|(_, (who, _))| who != owner);
		if (others().count() as u32) < MAX_DONORS.saturating_sub(1) {
			return Ok(None);
		}
		// The first of equal ones.
		let smallest = others().min_by_key(|(_, (_, given))| *given).filter(|(_, (_, given))| *given < amount);
		let place = smallest.map(|(place, _)| place).ok_or(Error::<T>::TooManyDonors)?;
		Ok(Some(donations.remove(place)))
	}

	/// Removes a domain and says how many pages it had. `who` is `None` for root.
	pub(crate) fn do_retire(who: Option<T::AccountId>, domain: DomainId) -> Result<u32, DispatchError> {
		let state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status != Status::Active, Error::<T>::StillActive);
		let owner = who.is_none_or(|who| who == state.owner);
		ensure!(owner || state.status == Status::Closing, Error::<T>::NotOwner);
		ensure!(state.open_rounds == 0, Error::<T>::RoundsOpen);

		let pages = Specs::<T>::take(domain).map_or(0, |spec| spec.pages()).saturating_sub(state.pages_missing);
		// The record allows no more pages than that, so one call removes them all.
		let _ = Pages::<T>::clear_prefix(domain, MAX_PAGES, None);
		States::<T>::remove(domain);
		let deposit = Deposits::<T>::take(domain);
		T::Currency::release(&HoldReason::Domain.into(), &state.owner, deposit, Precision::BestEffort)?;
		for (donor, given) in Bounties::<T>::take(domain) {
			T::Currency::release(&HoldReason::Bounty.into(), &donor, given, Precision::BestEffort)?;
		}
		Self::deposit_event(Event::Retired { domain, owner: state.owner, deposit, bounty: state.bounty });
		Ok(pages)
	}

	/// Pays the bounty of `domain` to `author` and says how much that was. A gift that cannot be moved goes back to its donor: a verdict
	/// never fails on money.
	fn pay_bounty(domain: DomainId, author: &T::AccountId) -> Balance {
		let reason: T::RuntimeHoldReason = HoldReason::Bounty.into();
		let mut paid: Balance = 0;
		for (donor, given) in Bounties::<T>::take(domain) {
			let moved = if donor == *author {
				T::Currency::release(&reason, &donor, given, Precision::BestEffort)
			} else {
				let (precision, mode) = (Precision::BestEffort, Restriction::Free);
				T::Currency::transfer_on_hold(&reason, &donor, author, given, precision, mode, Fortitude::Force)
			};
			match moved {
				Ok(amount) => paid = paid.saturating_add(amount),
				Err(_) => {
					let _ = T::Currency::release(&reason, &donor, given, Precision::BestEffort);
				}
			}
		}
		paid
	}

	/// Checks that records, states, pages, deposits and bounties belong together and that every hold is there.
	#[cfg(any(feature = "try-runtime", test))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use alloc::collections::BTreeMap;
		use frame_support::traits::fungible::hold::Inspect as InspectHold;

		let mut deposits: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
		let mut bounties: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
		let mut pages: u32 = 0;
		for (domain, state) in States::<T>::iter() {
			let spec = Specs::<T>::get(domain).ok_or("every state has a record")?;
			ensure!(domain < NextDomainId::<T>::get(), "identifiers below the next one only");
			let here = Pages::<T>::iter_key_prefix(domain).count() as u32;
			pages = pages.saturating_add(here);
			ensure!(spec.pages() == here.saturating_add(state.pages_missing), "pages are stored or missing");
			let loading = state.status == Status::Loading;
			ensure!(loading || state.pages_missing == 0, "only a loading domain misses pages");
			ensure!(!loading || state.open_rounds == 0, "a loading domain takes no commits");
			ensure!(loading || state.champion.initial_error > 0, "progress is measured against an error");
			let baseline = state.champion.author.is_none();
			ensure!(!baseline || state.champion.model == state.initial, "only the initial champion has no author");
			ensure!(
				!baseline || state.champion.validation_error == state.initial_validation_error,
				"the bar of the initial champion is its own"
			);
			ensure!(
				baseline || matches!(state.champion.model, ModelRef::Stored(_)),
				"a champion with an author is a stored model"
			);

			let sum = deposits.entry(state.owner).or_default();
			*sum = sum.saturating_add(Deposits::<T>::get(domain));
			let mut bounty: Balance = 0;
			for (donor, given) in Bounties::<T>::get(domain) {
				bounty = bounty.saturating_add(given);
				let sum = bounties.entry(donor).or_default();
				*sum = sum.saturating_add(given);
			}
			ensure!(bounty == state.bounty, "a bounty is the sum of its gifts");
		}
		let domains = States::<T>::iter_keys().count();
		ensure!(Specs::<T>::iter_keys().count() == domains, "every record has a state");
		ensure!(Deposits::<T>::iter_keys().count() == domains, "every domain has a deposit");
		ensure!(Bounties::<T>::iter_keys().all(States::<T>::contains_key), "every bounty has a domain");
		ensure!(Pages::<T>::iter_keys().count() as u32 == pages, "every page has a domain");
		for (who, sum) in deposits {
			ensure!(T::Currency::balance_on_hold(&HoldReason::Domain.into(), &who) == sum, "every deposit is on hold");
		}
		for (who, sum) in bounties {
			ensure!(T::Currency::balance_on_hold(&HoldReason::Bounty.into(), &who) == sum, "every bounty is on hold");
		}
		Ok(())
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

	fn enter(domain: DomainId) -> DispatchResult {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.status == Status::Active, Error::<T>::NotActive);
		state.open_rounds = state.open_rounds.saturating_add(1);
		States::<T>::insert(domain, state);
		Ok(())
	}

	fn leave(domain: DomainId) {
		States::<T>::mutate_extant(domain, |state| state.open_rounds = state.open_rounds.saturating_sub(1));
	}

	fn crown(domain: DomainId, champion: Champion<T::AccountId>, high_water: Q32, upper: u64) {
		let (Some(spec), Some(mut state)) = (Specs::<T>::get(domain), States::<T>::get(domain)) else {
			return;
		};
		let loss = verdict::loss(upper, champion.initial_error);
		let converges = spec.target > 0 && loss <= spec.target.into() && state.status != Status::Converged;
		let (model, former, author) = (champion.model, state.champion.model, champion.author.clone());
		state.champion = champion;
		state.high_water = state.high_water.max(high_water);
		Self::deposit_event(Event::ChampionReplaced { domain, model, former, high_water: state.high_water });
		if converges {
			state.status = Status::Converged;
			let bounty = author.as_ref().map_or(0, |author| Self::pay_bounty(domain, author));
			if author.is_some() {
				state.bounty = 0;
			}
			Self::deposit_event(Event::Converged { domain, author, loss, bounty });
		}
		States::<T>::insert(domain, state);
	}
}

impl<T: Config> OnWeighed for Pallet<T> {
	fn left_zero(domain: DomainId) {
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
		States::<T>::get(domain).is_some_and(|state| state.status == Status::Active)
			&& Specs::<T>::get(domain)
				.is_some_and(|spec| matches!(spec.program, Program::Forecast(_)) && !matches!(spec.evidence, Evidence::Public))
	}
}
