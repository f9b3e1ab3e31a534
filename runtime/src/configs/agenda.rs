//! Places in the agendas of the scheduler for what referenda have scheduled.

use crate::*;
use frame_support::traits::{
	schedule::{
		v3::{Anon, Named, TaskName},
		DispatchTime, Period, Priority,
	},
	Bounded,
};
use sp_runtime::DispatchError;

/// Most blocks by which a full agenda delays a call. To fill so many agendas, an account has to give away the deposits of 4,160
/// referenda.
const LONGEST_DELAY: BlockNumber = 64;

/// The scheduler, except that a call whose block has a full agenda is scheduled for the next block with a free place.
///
/// Pallet `referenda` does not try again where a call finds no place. Anybody can fill the agenda of a block, by as many submissions
/// as it has places, 14 days before: the alarms of their timeouts take all of them. A referendum that ended in the block before
/// would then keep its place among those that are decided for good, until the track has none left. An approved call that found no place
/// would never be dispatched.
pub struct FirstFree;

/// Place of a call in an agenda.
type AgendaPlace = <Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::Address;
/// Call that is scheduled.
type ScheduledCall = Bounded<RuntimeCall, BlakeTwo256>;

/// Schedules a call at `when`, or in the first block after it with a free place.
fn first_free(
	when: DispatchTime<BlockNumber>,
	mut schedule: impl FnMut(DispatchTime<BlockNumber>) -> Result<AgendaPlace, DispatchError>,
) -> Result<AgendaPlace, DispatchError> {
	let later = |blocks: BlockNumber| match when {
		DispatchTime::At(block) => DispatchTime::At(block.saturating_add(blocks)),
		DispatchTime::After(count) => DispatchTime::After(count.saturating_add(blocks)),
	};
	let mut outcomes = (0..=LONGEST_DELAY).map(|blocks| schedule(later(blocks)));
	let scheduled = outcomes.find(|outcome| !matches!(outcome, Err(DispatchError::Exhausted)));
	scheduled.unwrap_or(Err(DispatchError::Exhausted))
}

impl Anon<BlockNumber, RuntimeCall, OriginCaller> for FirstFree {
	type Address = AgendaPlace;
	type Hasher = BlakeTwo256;

	fn schedule(
		when: DispatchTime<BlockNumber>,
		maybe_periodic: Option<Period<BlockNumber>>,
		priority: Priority,
		origin: OriginCaller,
		call: ScheduledCall,
	) -> Result<AgendaPlace, DispatchError> {
		first_free(when, |when| {
			<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::schedule(
				when,
				maybe_periodic,
				priority,
				origin.clone(),
				call.clone(),
			)
		})
	}

	fn cancel(address: AgendaPlace) -> Result<(), DispatchError> {
		<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::cancel(address)
	}

	fn reschedule(address: AgendaPlace, when: DispatchTime<BlockNumber>) -> Result<AgendaPlace, DispatchError> {
		<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::reschedule(address, when)
	}

	fn next_dispatch_time(address: AgendaPlace) -> Result<BlockNumber, DispatchError> {
		<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::next_dispatch_time(address)
	}
}

impl Named<BlockNumber, RuntimeCall, OriginCaller> for FirstFree {
	type Address = AgendaPlace;
	type Hasher = BlakeTwo256;

	fn schedule_named(
		id: TaskName,
		when: DispatchTime<BlockNumber>,
		maybe_periodic: Option<Period<BlockNumber>>,
		priority: Priority,
		origin: OriginCaller,
		call: ScheduledCall,
	) -> Result<AgendaPlace, DispatchError> {
		first_free(when, |when| {
			<Scheduler as Named<BlockNumber, RuntimeCall, OriginCaller>>::schedule_named(
				id,
				when,
				maybe_periodic,
				priority,
				origin.clone(),
				call.clone(),
			)
		})
	}

	fn cancel_named(id: TaskName) -> Result<(), DispatchError> {
		<Scheduler as Named<BlockNumber, RuntimeCall, OriginCaller>>::cancel_named(id)
	}

	fn reschedule_named(id: TaskName, when: DispatchTime<BlockNumber>) -> Result<AgendaPlace, DispatchError> {
		<Scheduler as Named<BlockNumber, RuntimeCall, OriginCaller>>::reschedule_named(id, when)
	}

	fn next_dispatch_time(id: TaskName) -> Result<BlockNumber, DispatchError> {
		<Scheduler as Named<BlockNumber, RuntimeCall, OriginCaller>>::next_dispatch_time(id)
	}
}
