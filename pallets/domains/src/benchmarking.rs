//! Benchmarks of the calls, at the sizes that cost most.

use super::*;
use alloc::{boxed::Box, vec, vec::Vec};
use codec::Encode;
use doin_primitives::{
	blake2_256,
	bounded_collections::{BoundedVec, ConstU32},
	domain::{
		Gene, Limits, ModelBytes, MACS_PER_UNIT, MAX_ACTIVATION_UNITS, MAX_GENES, MAX_LICENCE, MAX_MODEL_BYTES, MAX_PAGES,
		MAX_WINDOW_MACS, MIN_IMPROVEMENT_FLOOR, PAGE_BYTES, PAGE_VALUES,
	},
	DomainId, DomainSpec, Evidence, Growth, ModelRef, Page, Split, Status,
};
use doin_scoring::{
	model::REQUANTISE_MACS,
	program::{MAX_AR, MAX_CHANNELS, MAX_HISTORY, MAX_HORIZON, MAX_SEASON, MAX_SPAN, MAX_WINDOWS},
	rows::{RowTarget, Rows, MAX_ROWS, ROW_CHUNKS, VALUES},
	Encoder, Forecast, Generator, Layer, Loss, Model, Net, Program, Target, WindowPhase,
};
use doin_traits::Timing;
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, Get};
use frame_system::RawOrigin;

/// Maximum number of values of a series.
const MAX_VALUES: u32 = MAX_PAGES * PAGE_VALUES;
/// Minimum number of values of a series with the longest history, 256 chunks and the horizon of the benchmarks.
const MIN_VALUES: u32 = 4 * PAGE_VALUES;

/// Returns a text of `len` bytes that starts with `first`.
fn text<const N: u32>(len: usize, first: u8) -> BoundedVec<u8, ConstU32<N>> {
	let mut bytes = vec![b'x'; len];
	if let Some(byte) = bytes.first_mut() {
		*byte = first;
	}
	BoundedVec::truncate_from(bytes)
}

/// Returns a series of `len` values.
fn values(len: u32) -> Vec<i32> {
	(0..len).map(|t| (t.wrapping_mul(2_654_435_761) >> 20) as i32).collect()
}

/// Steps of one window over the most channels.
const CHANNEL_STEPS: u16 = (MAX_SPAN / MAX_CHANNELS as u32) as u16;

/// Shape of the program of a record: which of the bounds of a chunk it reaches.
#[derive(Clone, Copy)]
enum Shape {
	/// The most predictions: 64 windows of 64 steps.
	Values,
	/// The longest horizon, of which one step is scored.
	Steps,
	/// The most channels, and the most predictions that their windows admit.
	Channels,
}

impl Shape {
	/// Returns the record of a domain of this shape for a series of `len` values.
	fn spec(self, len: u32) -> DomainSpec {
		let mut spec = spec(len);
		if let Program::Forecast(program) = &mut spec.program {
			match self {
				Shape::Values => {}
				Shape::Steps => {
					program.horizon = MAX_HORIZON;
					program.target = Target::Steps(BoundedVec::truncate_from(vec![1]));
				}
				Shape::Channels => {
					(program.channels, program.horizon) = (MAX_CHANNELS, 120);
					program.history = CHANNEL_STEPS.saturating_sub(program.horizon);
					program.season = program.history;
					let steps = len.checked_div(MAX_CHANNELS.into()).unwrap_or(0);
					spec.split = Split { train_end: program.history.into(), validation_end: steps };
					spec.evidence = Evidence::Public;
				}
			}
			program.windows = program.most_windows();
		}
		spec
	}
}

/// Returns the largest possible record, for a series of `len` values.
fn spec(len: u32) -> DomainSpec {
	let genes = (0..MAX_GENES).map(|n| Gene { name: text(32, b'a'.saturating_add(n as u8)), lo: 1, hi: 64, log: true, frac: 0 });
	DomainSpec {
		name: text(64, b'x'),
		unit: text(32, b'x'),
		program: Program::Forecast(Forecast {
			horizon: 64,
			history: MAX_HISTORY,
			season: MAX_SEASON as u16,
			chunks: 256,
			windows: MAX_WINDOWS,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}),
		genes: BoundedVec::truncate_from(genes.collect()),
		limits: Limits { model_bytes: MAX_MODEL_BYTES, window_macs: MAX_WINDOW_MACS },
		data_root: blake2_256(&values(len).encode()),
		values: len,
		growth: Growth::Fixed,
		licence: text(MAX_LICENCE as usize, b'x'),
		split: Split { train_end: MAX_HISTORY.into(), validation_end: len },
		evidence: Evidence::Synthetic(Generator {
			template: BoundedVec::truncate_from(vec![1; MAX_SEASON as usize]),
			ar: BoundedVec::truncate_from(vec![1; MAX_AR as usize]),
			noise: 256,
			level: 0,
		}),
		min_improvement: MIN_IMPROVEMENT_FLOOR,
		target: 1,
	}
}

/// Values of a row of the benchmark: the most, since the median of each is found by a pass over all rows.
const ROW_VALUES: u32 = *VALUES.end() as u32;
/// Bytes of a row of the benchmark: one feature, and the values, which are as many as possible for the bytes.
const ROW_BYTES: u32 = 1 + 4 * ROW_VALUES;
/// Minimum number of bytes of the rows of the benchmark, with a row in each chunk and others for training.
const MIN_ROW_DATA: u32 = 4 * PAGE_BYTES;
/// Maximum number of bytes of rows.
const MAX_ROW_DATA: u32 = MAX_PAGES * PAGE_BYTES;
/// Outputs of the linear models that are registered: as many as the horizon.
const OUTPUTS: u16 = 64;
/// Largest number of bytes of an encoded linear model of [`OUTPUTS`] outputs beside its weights: an overhead, and four per bias.
const NET_OVERHEAD: u32 = 32 + 4 * OUTPUTS as u32;
/// Bytes of the weights of one step of the history.
const STEP_BYTES: u32 = 2 * OUTPUTS as u32;
/// Horizon of the domain whose owner hands in a linear model of several outputs.
const LINEAR_HORIZON: u16 = 16;
/// Values of its series.
const LINEAR_VALUES: u32 = 20 * PAGE_VALUES;
/// Units of a linear model of one output that reads the longest history of one channel.
const MOST_NARROW: u32 = 8 * (MAX_HISTORY as u32 + REQUANTISE_MACS as u32);

/// Returns `len` bytes of rows.
fn rows(len: u32) -> Vec<u8> {
	let mut bytes = Vec::with_capacity(len as usize);
	for n in 0..len.checked_div(ROW_BYTES).unwrap_or(0) {
		bytes.push(n as u8);
		for place in 0..ROW_VALUES {
			let value = n.wrapping_mul(ROW_VALUES).wrapping_add(place).wrapping_mul(2_654_435_761) >> 18;
			bytes.extend(value.to_le_bytes());
		}
	}
	bytes
}

/// Returns the record of a domain of `len` bytes of rows. As many of them as possible are for training, where a row costs more than
/// in the validation split.
fn rows_spec(len: u32) -> DomainSpec {
	let (values, chunks) = (*VALUES.end(), *ROW_CHUNKS.start());
	let count = len.checked_div(ROW_BYTES).unwrap_or(0);
	DomainSpec {
		program: Program::Rows(Rows { features: 1, image: None, target: RowTarget::Values(values), rows: MAX_ROWS, chunks }),
		data_root: blake2_256(&rows(len).encode()),
		values: len,
		split: Split { train_end: count.saturating_sub(chunks.into()), validation_end: count },
		evidence: Evidence::Public,
		..spec(len)
	}
}

/// Returns a linear model that reads `window` steps of a series, with `outputs` outputs.
fn linear(window: u16, outputs: u16) -> ModelBytes {
	let weights = vec![1; usize::from(window).saturating_mul(outputs.into())];
	let layer = Layer { inputs: window, outputs, shift: 1, weights, bias: vec![1; outputs.into()] };
	let net = Net { window, in_shifts: vec![0], skip: Some(layer), encoder: Encoder::None, layers: Vec::new() };
	ModelBytes::truncate_from(Model::Net(net).to_bytes())
}

/// Returns an account that can pay for every call.
fn funded<T: Config>(n: u32) -> T::AccountId {
	let who = account("domains", n, 0);
	let amount = Pallet::<T>::deposit(&spec(MIN_VALUES), None).saturating_mul(200);
	let amount = amount.saturating_add(T::RegistrationFee::get()).saturating_add(T::MinBounty::get().saturating_mul(4));
	assert!(T::Currency::mint_into(&who, amount).is_ok());
	who
}

/// Returns a page of `values`.
fn page_of(values: &[i32]) -> Result<Page, BenchmarkError> {
	Page::from_values(values.to_vec()).ok_or(BenchmarkError::Stop("a page holds the values"))
}

/// Registers a domain of `len` values and stores all but the last `missing` pages.
fn loading<T: Config>(owner: &T::AccountId, len: u32, missing: u32) -> Result<DomainId, BenchmarkError> {
	loading_as::<T>(owner, Shape::Values, len, missing)
}

/// Registers a domain of this shape and `len` values, and stores all but the last `missing` pages.
fn loading_as<T: Config>(owner: &T::AccountId, shape: Shape, len: u32, missing: u32) -> Result<DomainId, BenchmarkError> {
	let spec = shape.spec(len);
	if spec.check().is_err() {
		return Err(BenchmarkError::Stop("the record is admitted"));
	}
	let loaded = spec.pages().saturating_sub(missing);
	let domain = Pallet::<T>::do_register(owner.clone(), spec, None, 0)?;
	for (index, page) in (0..loaded).zip(values(len).chunks(PAGE_VALUES as usize)) {
		Pages::<T>::insert(domain, index, page_of(page)?);
	}
	States::<T>::mutate_extant(domain, |state| state.pages_missing = missing);
	Ok(domain)
}

/// Registers and loads a domain with as many windows as a validation split can have, 64 in each of 256 chunks, and a linear model
/// of `outputs` outputs that takes at most `units` units. Returns the owner, the domain, and the units that the model takes.
fn loading_linear<T: Config>(outputs: u16, units: u32) -> Result<(T::AccountId, DomainId, u32), BenchmarkError> {
	let owner = funded::<T>(0);
	let mut spec = spec(LINEAR_VALUES);
	spec.evidence = Evidence::Public;
	if let Program::Forecast(program) = &mut spec.program {
		program.horizon = outputs;
	}
	let macs = u64::from(units).saturating_mul(MACS_PER_UNIT).checked_div(64 * 256).unwrap_or(0);
	let products = macs.saturating_sub(REQUANTISE_MACS.saturating_mul(outputs.into()));
	let window = products.checked_div(outputs.into()).unwrap_or(0).max(1) as u16;
	let model = linear(window, outputs);
	let macs = Model::from_bytes(&model).map_or(0, |model| model.macs());
	let taken = spec.activation_units(macs) as u32;
	assert!(taken <= units && spec.check().is_ok(), "the model is not more expensive");
	let domain = Pallet::<T>::do_register(owner.clone(), spec, Some(model), 0)?;
	for (index, page) in (0u32..).zip(values(LINEAR_VALUES).chunks(PAGE_VALUES as usize)) {
		Pages::<T>::insert(domain, index, page_of(page)?);
	}
	States::<T>::mutate_extant(domain, |state| state.pages_missing = 0);
	Ok((owner, domain, taken))
}

/// Fills the list of donors of a bounty: the owner, for whom a place is reserved, and the maximum number of other donors.
fn donated<T: Config>(owner: T::AccountId, domain: DomainId) -> Result<(), BenchmarkError> {
	Pallet::<T>::do_add_bounty(owner, domain, T::MinBounty::get())?;
	for n in 1..MAX_DONORS {
		Pallet::<T>::do_add_bounty(funded::<T>(n), domain, T::MinBounty::get())?;
	}
	Ok(())
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The owner hands in a linear model of at most `b` bytes. Without one, a registration costs less than with the smallest.
	#[benchmark]
	fn register(b: Linear<{ NET_OVERHEAD + STEP_BYTES }, MAX_MODEL_BYTES>) {
		let owner = funded::<T>(0);
		let spec = spec(MIN_VALUES);
		let window = b.saturating_sub(NET_OVERHEAD).checked_div(STEP_BYTES).unwrap_or(0) as u16;
		let baseline = Some(linear(window, OUTPUTS));
		let domain = NextDomainId::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), Box::new(spec), baseline);
		assert!(Baselines::<T>::contains_key(domain));
	}

	#[benchmark]
	fn upload_page(n: Linear<1, PAGE_VALUES>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		let domain = loading::<T>(&owner, MIN_VALUES.saturating_add(n), 1)?;
		let index = MIN_VALUES / PAGE_VALUES;
		let page = page_of(&values(n))?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), domain, index, page);
		assert!(Pages::<T>::contains_key(domain, index));
		Ok(())
	}

	#[benchmark]
	fn activate_values(v: Linear<MIN_VALUES, MAX_VALUES>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		let domain = loading_as::<T>(&owner, Shape::Values, v, 0)?;
		#[extrinsic_call]
		activate(RawOrigin::Signed(owner), domain, v, 0);
		assert!(States::<T>::get(domain).is_some_and(|state| state.status == Status::Active));
		Ok(())
	}

	#[benchmark]
	fn activate_steps(v: Linear<MIN_VALUES, MAX_VALUES>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		let domain = loading_as::<T>(&owner, Shape::Steps, v, 0)?;
		#[extrinsic_call]
		activate(RawOrigin::Signed(owner), domain, v, 0);
		assert!(States::<T>::get(domain).is_some_and(|state| state.status == Status::Active));
		Ok(())
	}

	#[benchmark]
	fn activate_channels(v: Linear<MIN_VALUES, MAX_VALUES>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		// Every step has a value of each channel.
		let len = v.saturating_sub(v.checked_rem(MAX_CHANNELS.into()).unwrap_or(0));
		let domain = loading_as::<T>(&owner, Shape::Channels, len, 0)?;
		#[extrinsic_call]
		activate(RawOrigin::Signed(owner), domain, len, 0);
		assert!(States::<T>::get(domain).is_some_and(|state| state.status == Status::Active));
		Ok(())
	}

	/// Rows of as many values as possible, which are sorted for their medians.
	#[benchmark]
	fn activate_rows(v: Linear<MIN_ROW_DATA, MAX_ROW_DATA>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		let len = v.saturating_sub(v.checked_rem(ROW_BYTES).unwrap_or(0));
		let spec = rows_spec(len);
		if spec.check().is_err() {
			return Err(BenchmarkError::Stop("the record is admitted"));
		}
		let domain = Pallet::<T>::do_register(owner.clone(), spec, None, 0)?;
		for (index, page) in (0u32..).zip(rows(len).chunks(PAGE_BYTES as usize)) {
			let page = Page::from_bytes(page.to_vec()).ok_or(BenchmarkError::Stop("a page holds the bytes"))?;
			Pages::<T>::insert(domain, index, page);
		}
		States::<T>::mutate_extant(domain, |state| state.pages_missing = 0);
		#[extrinsic_call]
		activate(RawOrigin::Signed(owner), domain, len, 0);
		assert!(States::<T>::get(domain).is_some_and(|state| state.initial == ModelRef::Constant));
		Ok(())
	}

	/// A linear model of several outputs is scored on as many windows as a validation split can have. Its cost is at most `u`
	/// units.
	#[benchmark]
	fn activate_linear(u: Linear<1_500, MAX_ACTIVATION_UNITS>) -> Result<(), BenchmarkError> {
		let (owner, domain, units) = loading_linear::<T>(LINEAR_HORIZON, u)?;
		#[extrinsic_call]
		activate(RawOrigin::Signed(owner), domain, LINEAR_VALUES, units);
		assert!(States::<T>::get(domain).is_some_and(|state| state.status == Status::Active));
		Ok(())
	}

	/// A linear model of one output, which spends most of its time on its inputs.
	#[benchmark]
	fn activate_narrow(u: Linear<100, MOST_NARROW>) -> Result<(), BenchmarkError> {
		let (owner, domain, units) = loading_linear::<T>(1, u)?;
		#[extrinsic_call]
		activate(RawOrigin::Signed(owner), domain, LINEAR_VALUES, units);
		assert!(States::<T>::get(domain).is_some_and(|state| state.status == Status::Active));
		Ok(())
	}

	#[benchmark]
	fn add_bounty() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		let domain = loading::<T>(&owner, MIN_VALUES, 0)?;
		assert!(Pallet::<T>::do_activate(domain, MIN_VALUES, 0)?.is_ok());
		donated::<T>(owner, domain)?;
		// A larger donation replaces the smallest, which is refunded.
		let (donor, amount) = (funded::<T>(MAX_DONORS), T::MinBounty::get().saturating_mul(2));
		#[extrinsic_call]
		_(RawOrigin::Signed(donor.clone()), domain, amount);
		assert!(Bounties::<T>::get(domain).contains(&Donation { donor, amount, withdrawal: None }));
		Ok(())
	}

	/// Another account than the owner closes an abandoned domain.
	#[benchmark]
	fn close() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		let domain = loading::<T>(&owner, MIN_VALUES, 0)?;
		assert!(Pallet::<T>::do_activate(domain, MIN_VALUES, 0)?.is_ok());
		let since = States::<T>::get(domain).map_or(0, |state| state.champion.block);
		let abandoned = since.saturating_add(T::Timing::blocks(ABANDONED_MS));
		frame_system::Pallet::<T>::set_block_number(abandoned.into());
		#[extrinsic_call]
		_(RawOrigin::Signed(account("anyone", 0, 0)), domain);
		assert!(States::<T>::get(domain).is_some_and(|state| state.status == Status::Closing));
		Ok(())
	}

	#[benchmark]
	fn retire(p: Linear<4, MAX_PAGES>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		let domain = loading::<T>(&owner, p.saturating_mul(PAGE_VALUES), 0)?;
		States::<T>::mutate_extant(domain, |state| state.status = Status::Active);
		donated::<T>(owner.clone(), domain)?;
		Pallet::<T>::close(RawOrigin::Root.into(), domain)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), domain);
		assert!(!States::<T>::contains_key(domain));
		Ok(())
	}

	#[benchmark]
	fn announce_withdrawal() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		let domain = loading::<T>(&owner, MIN_VALUES, 0)?;
		assert!(Pallet::<T>::do_activate(domain, MIN_VALUES, 0)?.is_ok());
		donated::<T>(owner.clone(), domain)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), domain);
		assert!(Bounties::<T>::get(domain).iter().any(|donation| donation.withdrawal.is_some()));
		Ok(())
	}

	#[benchmark]
	fn withdraw_bounty() -> Result<(), BenchmarkError> {
		let owner = funded::<T>(0);
		let domain = loading::<T>(&owner, MIN_VALUES, 0)?;
		assert!(Pallet::<T>::do_activate(domain, MIN_VALUES, 0)?.is_ok());
		donated::<T>(owner.clone(), domain)?;
		Pallet::<T>::do_announce_withdrawal(owner.clone(), domain)?;
		// Ends the notice.
		Bounties::<T>::mutate(domain, |donations| {
			for withdrawal in donations.iter_mut().filter_map(|donation| donation.withdrawal.as_mut()) {
				withdrawal.from = 0;
			}
		});
		let before = Bounties::<T>::get(domain).len();
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), domain);
		assert!(Bounties::<T>::get(domain).len() < before);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
