//! Origin of the track `parameters`, and the call with which it changes parameters.
//!
//! Staking changes its parameters with calls that only root can send. The origin [`Parameters`](Origin::Parameters) is not root:
//! it can send [`change`](Call::change) and nothing else, and that call accepts a short list of calls ([`Config::Parameters`]). The
//! track `upgrade` needs no origin of its own, since its proposals are dispatched as root.

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use frame_support::traits::{EnsureOrigin, OriginTrait};

#[frame_support::pallet]
pub mod pallet {
	use super::WeightInfo;
	use alloc::boxed::Box;
	use frame_support::{
		dispatch::{GetDispatchInfo, PostDispatchInfo},
		pallet_prelude::*,
		traits::Contains,
	};
	use frame_system::{pallet_prelude::*, RawOrigin};
	use sp_runtime::traits::Dispatchable;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Calls of the runtime.
		type RuntimeCall: Parameter
			+ Dispatchable<RuntimeOrigin = Self::RuntimeOrigin, PostInfo = PostDispatchInfo>
			+ GetDispatchInfo;
		/// Origin that can change parameters.
		type ParametersOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Calls of root that change a parameter. Must contain no call that contains another call.
		type Parameters: Contains<<Self as Config>::RuntimeCall>;
		/// Weight of [`change`](Call::change), beside that of the call that it sends.
		type WeightInfo: WeightInfo;
	}

	/// Origins of proposals, beside root.
	#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
	#[pallet::origin]
	pub enum Origin {
		/// A referendum of the track `parameters` was approved.
		#[codec(index = 0)]
		Parameters,
	}

	#[pallet::error]
	pub enum Error<T> {
		/// This call changes no parameter, or changes it beyond its limit. Propose it on the track `upgrade`.
		NotParameter,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Sends `call`, which changes a parameter, as root.
		///
		/// ## Dispatch Origin
		///
		/// Must be [`Parameters`](Origin::Parameters), i.e. an approved referendum of the track `parameters`.
		///
		/// ## Errors
		///
		/// - [`NotParameter`](Error::NotParameter): the call is not on the list.
		/// - The error of `call`.
		#[pallet::call_index(0)]
		#[pallet::weight({
			let info = call.get_dispatch_info();
			(T::WeightInfo::change().saturating_add(info.call_weight), info.class)
		})]
		pub fn change(origin: OriginFor<T>, call: Box<<T as Config>::RuntimeCall>) -> DispatchResult {
			T::ParametersOrigin::ensure_origin(origin)?;
			ensure!(T::Parameters::contains(&call), Error::<T>::NotParameter);
			(*call).dispatch(RawOrigin::<T::AccountId>::Root.into()).map_err(|failed| failed.error)?;
			Ok(())
		}
	}
}

/// Succeeds for the origin [`Parameters`](Origin::Parameters).
pub struct EnsureParameters;
impl<O: OriginTrait + From<Origin>> EnsureOrigin<O> for EnsureParameters
where
	for<'a> &'a O::PalletsOrigin: TryInto<&'a Origin>,
{
	type Success = ();

	fn try_origin(origin: O) -> Result<(), O> {
		if let Ok(Origin::Parameters) = origin.caller().try_into() {
			return Ok(());
		}
		Err(origin)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<O, ()> {
		Ok(Origin::Parameters.into())
	}
}
