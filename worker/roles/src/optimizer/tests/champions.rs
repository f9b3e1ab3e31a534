//! Tests of champions, and of the models that a search is given.

use super::*;
use doin_chain::Account;
use doin_primitives::views::DomainView;

fn of(model: u64, author: Option<Account>) -> View {
	let loss = u64::from(INITIAL_LOSS) / 4;
	View { champion: ChampionView { model: ModelRef::Stored(model), author, loss, ..champion() }, ..view() }
}

#[test]
fn a_new_champion_is_reported_once_with_its_improvement() {
	let mut policy = policy();
	let report = Report::Champion { model: ModelRef::Stored(4), author: Some(OTHER), is_own: false, percent_better: 75.0 };
	assert_eq!(policy.follow_champion(&of(4, Some(OTHER))), Some(Action::Report(report)));
	assert_eq!(policy.follow_champion(&of(4, Some(OTHER))), None);
}

/// Returns the models that a policy gives its search at a look.
fn given(policy: &mut Policy, view: &View) -> Vec<u64> {
	let model = |action| match action {
		Action::Immigrate(model) => model,
		other => panic!("{other:?} gives no model"),
	};
	policy.give_models(view).into_iter().map(model).collect()
}

#[test]
fn champions_of_others_and_the_first_one_enter_the_search_once() {
	let mut policy = policy();
	assert_eq!(given(&mut policy, &of(4, Some(ME))), [4], "an own champion from before a restart");
	assert!(given(&mut policy, &of(5, Some(ME))).is_empty(), "the search has bred these genes itself");
	assert_eq!(given(&mut policy, &of(6, Some(OTHER))), [6]);
	assert!(given(&mut policy, &of(6, Some(OTHER))).is_empty());
}

#[test]
fn contenders_and_all_that_others_reveal_enter_the_search_once() {
	let mut policy = policy();
	let revealed = |who, model| seat(who, [7; 32], SeatStatus::Revealed, Some(model));
	let rejected = SeatStatus::Rejected(RejectionReason::FalseClaim);
	let mut view = View { round: round(8, Phase::Reveal), ..of(6, Some(OTHER)) };
	view.round.contender = Some(ModelRef::Stored(2));
	view.round.seats = vec![
		revealed(OTHER, 10),
		revealed(ME, 11),
		seat(OTHER, [7; 32], rejected, Some(12)),
		seat(OTHER, [7; 32], COMMITTED, None),
	];
	// A round of a sealed domain takes reveals while the next one takes commits.
	let mut earlier = round(7, Phase::Reveal);
	earlier.seats = vec![revealed(OTHER, 9)];
	view.open_rounds.insert(round_id(7), earlier);
	// Seasonal, which needs no search, and model 4, whose round was over before the first look.
	view.recomputations = vec![task(1, RecomputationPhase::Answering, 120, &[OTHER])];
	assert_eq!(given(&mut policy, &view), [6, 2, 10, 9, 4]);
	assert!(given(&mut policy, &view).is_empty());
	view.round.seats[3] = revealed(OTHER, 13);
	assert_eq!(given(&mut policy, &view), [13], "the last one to reveal");
	let crowned = of(10, Some(OTHER));
	assert!(given(&mut policy, &crowned).is_empty(), "the search has it from its reveal");
	let mut next = View { round: round(9, Phase::Commit), ..of(6, Some(OTHER)) };
	next.round.contender = Some(ModelRef::Stored(11));
	assert!(given(&mut policy, &next).is_empty(), "the search has found this near miss itself");
	policy.give_again(13);
	assert_eq!(given(&mut policy, &view), [13], "it could not be read before");
}

/// After a long absence, more models are shown than a search takes in.
#[test]
fn of_too_many_models_the_most_important_ones_enter_the_search() {
	let mut policy = policy();
	let revealed = |model| seat(OTHER, [7; 32], SeatStatus::Revealed, Some(model));
	let mut view = View { round: round(8, Phase::Reveal), ..of(6, Some(OTHER)) };
	view.round.contender = Some(ModelRef::Stored(2));
	view.round.seats = (200..230).map(revealed).collect();
	let mut earlier = round(7, Phase::Reveal);
	earlier.seats = (100..130).map(revealed).collect();
	view.open_rounds.insert(round_id(7), earlier);
	view.recomputations = vec![task(1, RecomputationPhase::Answering, 120, &[OTHER])];
	let newest = [6, 2].into_iter().chain(200..230).chain(100..116);
	assert_eq!(given(&mut policy, &view), newest.collect::<Vec<u64>>());
	assert!(given(&mut policy, &view).is_empty(), "what was left out is not given later");
}

#[test]
fn a_baseline_has_no_genes_to_breed_with() {
	assert_eq!(policy().give_models(&view()), []);
}

#[test]
fn an_ended_search_takes_no_immigrants() {
	let mut policy = policy();
	let closing = View { domain: DomainView { status: Status::Closing, ..domain() }, ..view() };
	policy.step(&closing);
	assert_eq!(policy.give_models(&of(6, Some(OTHER))), []);
	assert!(policy.follow_champion(&of(6, Some(OTHER))).is_some());
}
