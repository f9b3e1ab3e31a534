//! The champion of a live domain as a reference.

use crate::{
	mock::*,
	types::{Path, Reigning, Stage},
	Call, Event, Markets, Rounds, Seats, WeightInfo,
};
use doin_market::{reference::CHAMPION_BARS, truth::squared, Error, Reference, Truth};
use doin_primitives::{ModelRef, RoundId, DOIN};
use frame_support::{assert_ok, dispatch::GetDispatchInfo, weights::Weight};

/// Crowns a model whose forecast rises by `slope` a bar. With 1 it is right: closes rise by 1.
fn crown(model: u64, slope: i32) -> ModelRef {
	Names::set(true);
	Crowned::set(Some((ModelRef::Stored(model), slope)));
	ModelRef::Stored(model)
}

/// Has the champion err less than the other references in so many rounds that it is the reference of the next one.
fn prove() {
	Markets::<Test>::mutate(STREAM, |market| {
		let market = market.as_mut().expect("it is sponsored");
		let error = Some(squared(SCALE));
		(0..200).for_each(|_| market.errors.observe(&[error, error, error, error, Some(0)]));
	});
	assert_eq!(market().errors.best(true), Reference::Champion);
}

/// Makes a round in which the champion is run first, and proves it.
fn known_champion() {
	crown(1, 1);
	let round = open();
	assert_ok!(commit(1, round, &still(), DOIN));
	to_reveals(round);
	prove();
}

/// Returns the error of a forecast of no change, which is equal in all rounds.
fn still_error() -> Error {
	let changes: Vec<_> = (2..2 + HORIZON as i64).map(Some).collect();
	Truth::new(0, &changes).and_then(|truth| truth.error(&still())).expect("all bars stand")
}

/// Returns the average error of the champion after rounds with these errors.
fn average_after(errors: impl IntoIterator<Item = Error>) -> Error {
	let mut averages = market().errors;
	errors.into_iter().for_each(|error| averages.observe(&[None, None, None, None, Some(error)]));
	averages.averages()[4]
}

/// Takes a seat. Returns the weight that the call reports, if it is another one than it was charged for.
fn weight_of_commit(who: AccountId, round: RoundId) -> Option<Weight> {
	Forecasts::commit(RuntimeOrigin::signed(who), round, [1; 32], DOIN).expect("a seat is free").actual_weight
}

#[test]
fn the_first_commitment_of_a_round_runs_the_champion_and_pays_for_it() {
	build_and_execute(|| {
		let seat = <() as WeightInfo>::commit();
		let round = open();
		assert_eq!(weight_of_commit(1, round), Some(seat), "the stream names no domain");
		to_reveals(round);
		crown(1, 3);
		let round = open();
		assert!(Runs::get().is_empty() && self::round(round).champion.is_none());
		let charged = Call::<Test>::commit { round, hash: [1; 32], wager: DOIN }.get_dispatch_info().call_weight;
		assert_eq!(charged, seat.saturating_add(RUN));
		assert_eq!(weight_of_commit(1, round), None, "all of it");
		assert_eq!(weight_of_commit(2, round), Some(seat));
		let refused = Forecasts::commit(RuntimeOrigin::signed(1), round, [1; 32], DOIN).expect_err("the account has a seat");
		assert_eq!(refused.post_info.actual_weight, Some(seat));
		assert_eq!(Runs::get(), [self::round(round).bar]);
		let path = Path::truncate_from((1..=CHAMPION_BARS as i32).map(|bar| 3 * bar).collect());
		assert_eq!(self::round(round).champion, Some(path));
		assert_eq!(market().champion, Some(Reigning { model: ModelRef::Stored(1), since: market().next }));
		to_reveals(round);
		assert_eq!(self::round(round).champion, None, "it is not stored any more");
	});
}

#[test]
fn a_champion_that_errs_less_is_the_reference_and_a_copy_gains_nothing() {
	build_and_execute(|| {
		known_champion();
		let round = open();
		assert_eq!(self::round(round).reference, Reference::Champion);
		assert_ok!(commit(1, round, &perfect(), DOIN));
		assert_ok!(commit(2, round, &still(), DOIN));
		let expected = average_after([0]);
		to_reveals(round);
		assert_eq!(market().errors.averages()[4], expected, "its forecast comes true");
		assert_ok!(reveal(1, round, &perfect()));
		assert_ok!(reveal(2, round, &still()));
		let skills: Vec<_> = Seats::<Test>::get(round).iter().map(|seat| seat.skill).collect();
		assert!(skills[0] == Some(0) && skills[1] < Some(0), "{skills:?}");
	});
}

/// The averages of the champion and of others would otherwise be those of other rounds.
#[test]
fn a_round_that_nobody_enters_counts_the_best_other_reference() {
	build_and_execute(|| {
		known_champion();
		let round = open();
		let expected = average_after([still_error()]);
		let mut average = market().average;
		average.observe(still_error());
		to_reveals(round);
		assert!(!Rounds::<Test>::contains_key(round) && events().contains(&Event::Empty { round }));
		assert_eq!((market().errors.averages()[4], market().average), (expected, average));
		assert_eq!(Runs::get().len(), 1, "nothing was run");
	});
}

/// A new champion has no errors, so it is compared with others first. What the former one forecasts stays the reference of rounds that
/// accounts have entered, and does not count for the new one.
#[test]
fn a_new_champion_is_not_the_reference_of_open_rounds() {
	build_and_execute(|| {
		known_champion();
		let one = open();
		Ahead::mutate(|ahead| *ahead += BATCH);
		let two = open();
		assert_ok!(commit(1, one, &perfect(), DOIN));
		let model = crown(2, -1);
		assert_ok!(commit(2, one, &still(), DOIN));
		assert_eq!(
			market().champion.map(|champion| champion.model),
			Some(ModelRef::Stored(1)),
			"a second commitment runs nothing"
		);
		assert_ok!(commit(1, two, &perfect(), DOIN));
		assert_eq!(market().champion, Some(Reigning { model, since: two.number + 1 }));
		let averages = market().errors.averages();
		assert_eq!(averages[4], averages[..4].iter().copied().min().expect("four others"));
		assert_eq!([one, two].map(|round| self::round(round).reference), [Reference::Champion, Reference::RepeatLast]);
		assert!(events().contains(&Event::ReferenceReplaced { round: two, reference: Reference::RepeatLast }));
		let expected = average_after([still_error(); 2]);
		to_reveals(one);
		to_reveals(two);
		assert_eq!(market().errors.averages()[4], expected);
		for (round, gains) in [(one, false), (two, true)] {
			assert_ok!(reveal(1, round, &perfect()));
			let skill = Seats::<Test>::get(round)[0].skill;
			assert_eq!(skill > Some(0), gains, "{round:?}: {skill:?}");
		}
	});
}

#[test]
fn a_champion_without_a_forecast_is_replaced() {
	build_and_execute(|| {
		known_champion();
		let round = open();
		assert_eq!(self::round(round).reference, Reference::Champion);
		Crowned::set(None);
		assert_eq!(weight_of_commit(1, round), None, "to find no champion is charged");
		assert_eq!((self::round(round).reference, market().champion), (Reference::RepeatLast, None));
		to_reveals(round);
		assert!(matches!(self::round(round).stage, Stage::Revealing(outcome) if outcome.error == still_error()));
		let next = open();
		assert_eq!(self::round(next).reference, Reference::RepeatLast);
	});
}
