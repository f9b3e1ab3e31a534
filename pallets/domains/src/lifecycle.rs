//! Registration, upload, closing and removal of domains.

use crate::{
	types::{ABANDONED_MS, SUSPENDED_MS},
	Baselines, Bounties, Config, Deposits, Donation, Error, Event, HoldReason, NextDomainId, Pages, Pallet, Specs, States,
};
use alloc::{vec, vec::Vec};
use codec::Encode;
use doin_primitives::{
	domain::{Champion, DomainState, ModelBytes, MAX_ACTIVATION_UNITS, MAX_PAGES},
	Balance, DomainId, DomainSpec, EvidenceKind, ModelRef, Page, Status,
};
use doin_scoring::{genome::library::baselines, Encoder, Model, Program};
use doin_traits::{block::current_block, DomainWeights, EvidenceSource, Timing};
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

impl<T: Config> Pallet<T> {
	/// Returns the deposit of a domain in plancks: a base, and a price per byte of the record, of the declared data, and of the
	/// encoded initial champion. `baseline` is the linear model that its owner hands in. A constant baseline can take its place.
	pub fn deposit(spec: &DomainSpec, baseline: Option<&ModelBytes>) -> Balance {
		let constant = match &spec.program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Tolerance(_) => 0,
			Program::Rows(rows) => Model::Constant(vec![0; rows.outputs().into()]).to_bytes().len(),
			Program::LossGenome(_) => {
				let lengths = baselines().map(|(_, genome)| Model::Genome(genome).to_bytes().len());
				lengths.into_iter().max().unwrap_or(0)
			}
		};
		let model = constant.max(baseline.map_or(0, |bytes| bytes.len()));
		let bytes =
			Balance::from(spec.data_bytes()).saturating_add(spec.encoded_size() as Balance).saturating_add(model as Balance);
		T::BaseDeposit::get().saturating_add(T::ByteDeposit::get().saturating_mul(bytes))
	}

	/// Checks a record and the linear model of its owner, burns the fee and registers the domain; see
	/// [`Call::register`](crate::Call::register).
	pub(crate) fn do_register_paid(owner: T::AccountId, spec: DomainSpec, baseline: Option<ModelBytes>) -> DispatchResult {
		let fee = T::RegistrationFee::get();
		spec.check().map_err(Error::<T>::from)?;
		if let Some(bytes) = &baseline {
			Self::check_linear(&spec, bytes)?;
		}
		if spec.evidence.kind().is_awaited() {
			T::Evidence::ensure_provided(&spec)?;
		}
		T::Currency::burn_from(&owner, fee, Preservation::Preserve, Precision::Exact, Fortitude::Polite)?;
		Self::do_register(owner, spec, baseline, fee).map(drop)
	}

	/// Checks that `bytes` is a linear model that a checked record admits, and that it is not too expensive on the validation
	/// split.
	fn check_linear(spec: &DomainSpec, bytes: &ModelBytes) -> Result<(), Error<T>> {
		// The length is checked first: it bounds the cost of decoding.
		ensure!(bytes.len() as u64 <= u64::from(spec.limits.model_bytes), Error::<T>::BaselineNotAdmitted);
		let model = Model::from_bytes(bytes).map_err(|_| Error::<T>::BaselineNotAdmitted)?;
		let is_linear = matches!(&model, Model::Net(net) if net.encoder == Encoder::None && net.layers.len() <= 1);
		ensure!(is_linear, Error::<T>::BaselineNotLinear);
		model
			.admit(&spec.program, spec.limits.model_bytes, spec.limits.window_macs, bytes.len())
			.map_err(|_| Error::<T>::BaselineNotAdmitted)?;
		ensure!(spec.activation_units(model.macs()) <= MAX_ACTIVATION_UNITS.into(), Error::<T>::BaselineTooCostly);
		Ok(())
	}

	/// Registers a checked record, whose `fee` has been burned, with the checked linear model of its owner.
	pub(crate) fn do_register(
		owner: T::AccountId,
		spec: DomainSpec,
		baseline: Option<ModelBytes>,
		fee: Balance,
	) -> Result<DomainId, DispatchError> {
		let domain = NextDomainId::<T>::get();
		NextDomainId::<T>::put(domain.checked_add(1).ok_or(Error::<T>::NoMoreIds)?);
		let deposit = Self::deposit(&spec, baseline.as_ref());
		T::Currency::hold(&HoldReason::Domain.into(), &owner, deposit)?;
		let pages = spec.pages();
		// The initial champion of a domain with data is chosen at its activation.
		let origin = match &spec.program {
			// The runtime cannot run the program, so its owner states the error.
			Program::Tolerance(tolerance) => Some(tolerance.initial_error),
			Program::Quadratic(_) | Program::Landscape(_) | Program::Forecast(_) | Program::Rows(_) | Program::LossGenome(_) => {
				spec.program.point_error(&[])
			}
		};
		ensure!(origin != Some(0), Error::<T>::ConstantSeries);
		let active = origin.is_some();
		let (initial, error) = origin.map_or((ModelRef::RepeatLast, 0), |error| (ModelRef::Origin, error));
		let state = DomainState {
			owner: owner.clone(),
			status: if active { Status::Active } else { Status::Loading },
			pages_missing: pages,
			initial,
			initial_validation_error: error,
			bar: error,
			champion: Self::baseline_champion(initial, error),
			high_water: 0,
			high_water_at: current_block::<T>(),
			bounty: 0,
			open_rounds: 0,
			last_round: None,
			unanswered: false,
			suspended: None,
			carry: 0,
			weight_since: 0,
			is_alike: spec.evidence.kind() != EvidenceKind::Synthetic,
		};
		Specs::<T>::insert(domain, spec);
		States::<T>::insert(domain, state);
		Deposits::<T>::insert(domain, deposit);
		if let Some(bytes) = baseline {
			Baselines::<T>::insert(domain, bytes);
		}
		Self::deposit_event(Event::Registered { domain, owner, pages, deposit, fee });
		if active {
			Self::deposit_event(Event::Activated { domain, initial, error });
		}
		Ok(domain)
	}

	/// Registers, loads and activates a domain at genesis.
	pub(crate) fn do_genesis(owner: T::AccountId, spec: DomainSpec, pages: Vec<Page>) -> DispatchResult {
		spec.check().map_err(Error::<T>::from)?;
		let values = pages.iter().fold(0u32, |sum, page| sum.saturating_add(page.units()));
		ensure!(values == spec.values, Error::<T>::ValueCountMismatch);
		ensure!(pages.iter().all(|page| Self::suits(&spec.program, page)), Error::<T>::InvalidPageKind);
		let domain = Self::do_register(owner, spec, None, 0)?;
		if pages.is_empty() {
			return Ok(());
		}
		for (index, page) in (0u32..).zip(pages) {
			Pages::<T>::insert(domain, index, page);
		}
		States::<T>::mutate_extant(domain, |state| state.pages_missing = 0);
		let units = Specs::<T>::get(domain).map_or(0, |spec| spec.activation_price(0)) as u32;
		match Self::do_activate(domain, values, units)? {
			Ok(()) => Ok(()),
			Err(reason) => Err(Error::<T>::from(reason).into()),
		}
	}

	/// Returns `true` if `page` is of the kind that `program` reads.
	fn suits(program: &Program, page: &Page) -> bool {
		match program {
			Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) => false,
			Program::Forecast(_) => matches!(page, Page::Values(_)),
			Program::Rows(_) | Program::LossGenome(_) => matches!(page, Page::Bytes(_)),
		}
	}

	/// Stores a page; see [`Call::upload_page`](crate::Call::upload_page).
	pub(crate) fn do_upload_page(who: T::AccountId, domain: DomainId, index: u32, page: Page) -> DispatchResult {
		let spec = Specs::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		ensure!(state.owner == who, Error::<T>::NotOwner);
		ensure!(state.status == Status::Loading, Error::<T>::NotLoading);
		ensure!(Self::suits(&spec.program, &page), Error::<T>::InvalidPageKind);
		let len = spec.page_len(index).ok_or(Error::<T>::NoSuchPage)?;
		ensure!(page.units() == len, Error::<T>::InvalidPageLength);
		ensure!(!Pages::<T>::contains_key(domain, index), Error::<T>::PageAlreadyUploaded);
		state.pages_missing = state.pages_missing.saturating_sub(1);
		let missing = state.pages_missing;
		Pages::<T>::insert(domain, index, page);
		States::<T>::insert(domain, state);
		Self::deposit_event(Event::PageUploaded { domain, index, missing });
		Ok(())
	}

	/// Returns an initial champion as the champion, which has no author.
	pub(crate) fn baseline_champion(model: ModelRef, error: u64) -> Champion<T::AccountId> {
		let block = current_block::<T>();
		Champion { model, author: None, round: None, block, error, initial_error: error, validation_error: error }
	}

	/// Returns `true` if the domain has had no new champion for [`ABANDONED_MS`].
	fn is_abandoned(state: &DomainState<T::AccountId>) -> bool {
		current_block::<T>() >= state.champion.block.saturating_add(T::Timing::blocks(ABANDONED_MS))
	}

	/// Returns `true` if the domain has been suspended for [`SUSPENDED_MS`].
	fn is_forsaken(state: &DomainState<T::AccountId>) -> bool {
		state.suspended.is_some_and(|since| current_block::<T>() >= since.saturating_add(T::Timing::blocks(SUSPENDED_MS)))
	}

	/// Closes an active domain; see [`Call::close`](crate::Call::close). `who` is `None` for root.
	pub(crate) fn do_close(who: Option<T::AccountId>, domain: DomainId) -> DispatchResult {
		let mut state = States::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		if let Some(who) = who {
			let is_forsaken = Self::is_forsaken(&state);
			ensure!(is_forsaken || state.owner == who || Self::is_abandoned(&state), Error::<T>::NotOwner);
			ensure!(is_forsaken || T::DomainWeights::weight(domain) == 0, Error::<T>::StillWeighted);
		}
		ensure!(state.status == Status::Active, Error::<T>::NotActive);
		state.status = Status::Closing;
		let open_rounds = state.open_rounds;
		States::<T>::insert(domain, state);
		Self::deposit_event(Event::Closed { domain, open_rounds });
		Ok(())
	}

	/// Removes a domain; see [`Call::retire`](crate::Call::retire). `who` is `None` for root. Returns the number of
	/// removed pages, or `None` if the evidence of the domain is awaited.
	pub(crate) fn do_retire(who: Option<T::AccountId>, domain: DomainId) -> Result<Option<u32>, DispatchError> {
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

		let spec = Specs::<T>::get(domain).ok_or(Error::<T>::UnknownDomain)?;
		let is_awaited = spec.evidence.kind().is_awaited();
		if is_awaited {
			// Reads record and state, so it is called before they are removed.
			T::Evidence::retired(domain);
		}
		Specs::<T>::remove(domain);
		Baselines::<T>::remove(domain);
		let pages = spec.pages().saturating_sub(state.pages_missing);
		// Data and segments have at most `MAX_PAGES` pages, so one call removes all of them.
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
		Ok((!is_awaited).then_some(pages))
	}
}
