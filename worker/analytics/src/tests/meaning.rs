//! Facts of given events.

use super::*;
use crate::testing::{block, committed, crowned, of_round, revealed, task};
use serde_json::{json, Value};

/// Returns a chain whose blocks from 1 on have these events.
fn blocks(events: Vec<Vec<(&'static str, &'static str, Value)>>) -> Vec<Block> {
	let later = (1..).zip(events).map(|(number, events)| block(1, number, events));
	std::iter::once(block(1, 0, Vec::new())).chain(later).collect()
}

/// Returns the end of a round.
fn decided(domain: u32, round: u32) -> (&'static str, &'static str, Value) {
	of_round("RoundDecided", domain, round, &[("winner", Value::Null)])
}

#[test]
fn domains_of_the_first_block_are_known_without_an_event() {
	let known = |id, champions| crate::KnownDomain { id, owner: "5Alice".into(), weight: 1_000_000, target: 5, champions };
	let champions = crate::KnownChampions {
		activated_block: Some(0),
		initial: json!("seasonal"),
		initial_error: u64::MAX,
		champion: json!("seasonal"),
		high_water: 0,
	};
	let mut all = blocks(vec![vec![(
		"Domains",
		"ChampionReplaced",
		json!({ "domain": 0, "model": { "stored": "7" }, "former": "seasonal", "highWater": "5" }),
	)]]);
	all[0].domains = vec![known(0, Some(champions)), known(1, None)];
	let (_folder, store) = stored(&all);
	let columns =
		"owner, weight, target, activated_block, initial, initial_error, champion, high_water, changed_block, registered_block";
	let found = |id: u32| text(&store, &format!("SELECT {columns} FROM dim_domain WHERE domain_id = {id}"));
	let expected = "'5Alice' 1000000 5 0 'seasonal' '18446744073709551615' '{\"stored\":\"7\"}' 5 1 NULL";
	assert_eq!(found(0), expected, "the initial champion stays known once it is dethroned");
	assert_eq!(found(1), "'5Alice' 1000000 5 NULL NULL NULL NULL NULL 0 NULL");
}

/// Columns of a fact.
const SEEN: &str = "performance, best_performance, performance_delta, is_improvement, experiment_round, chain_height";

#[test]
fn a_round_is_a_fact_once_it_has_ended() {
	let all = blocks(vec![vec![committed(3, 1, 0, "5Alice")], vec![revealed(3, 1, 0, "5Alice", 7, 100)], vec![decided(3, 1)]]);
	let (_folder, open) = stored(&all[..3]);
	assert_eq!(text(&open, "SELECT count(*) FROM fact_round"), "0");
	assert_eq!(text(&open, "SELECT status, model, validation_error FROM seat"), "'revealed' 7 100");
	let (_folder, store) = stored(&all);
	let seen =
		"SELECT round_id, experiment_id, performance, best_performance, performance_delta, is_improvement, elapsed_seconds, \
		wall_clock_seconds, chain_height, timestamp_utc FROM fact_round";
	let expected = "'3/1/0' '3/5Alice' 100 100 NULL 1 12.0 1.5 3 '2023-11-14T22:13:38.000Z'";
	assert_eq!(text(&store, seen), expected);
	let summary = "SELECT total_rounds, final_performance, best_performance, total_elapsed_seconds, converged, node_id \
		FROM fact_experiment_summary";
	assert_eq!(text(&store, summary), "1 100 100 12.0 0 '5Alice'");
	let experiment = "SELECT domain_id, node_id, optimizer_plugin, started_at, higher_is_better, converged FROM dim_experiment";
	assert_eq!(text(&store, experiment), "3 '5Alice' 'doin' '2023-11-14T22:13:26.000Z' 0 0");
}

#[test]
fn columns_that_no_event_fills_are_null() {
	let (_folder, store) = stored(&blocks(vec![vec![committed(3, 1, 0, "5Alice")], vec![decided(3, 1)]]));
	let unknown = "SELECT performance, best_performance, performance_delta, is_improvement, parameters, best_parameters, \
		wall_clock_seconds, time_to_current_best_seconds, time_to_target_seconds, peers_count, train_mae, train_naive_mae, \
		 val_mae, val_naive_mae, test_mae, test_naive_mae, metrics FROM fact_round";
	assert!(row(&store, unknown).unwrap().iter().all(|value| *value == Sql::Null));
	let unknown = "SELECT domain_type, description, owner, weight, champion FROM dim_domain";
	assert!(row(&store, unknown).unwrap().iter().all(|value| *value == Sql::Null));
	let unknown =
		"SELECT hostname, optimizer_plugin, optimization_config, param_bounds, target_performance, finished_at, doin_version \
		FROM dim_experiment";
	assert!(row(&store, unknown).unwrap().iter().all(|value| *value == Sql::Null));
}

#[test]
fn the_best_performance_is_that_of_all_seats_so_far_and_never_a_false_claim() {
	let rejected = of_round("Rejected", 3, 1, &[("seat", json!(1)), ("reason", json!("falseClaim")), ("model", Value::Null)]);
	let lost = of_round("Rejected", 3, 1, &[("seat", json!(2)), ("reason", json!("lost"))]);
	let (_folder, store) = stored(&blocks(vec![
		(0..3).map(|seat| committed(3, 1, seat, "5Alice")).collect(),
		vec![
			revealed(3, 1, 0, "5Alice", 1, 100),
			revealed(3, 1, 1, "5Alice", 2, 50),
			revealed(3, 1, 2, "5Alice", 3, 95),
			rejected,
			lost,
			decided(3, 1),
		],
		vec![committed(3, 2, 0, "5Alice"), revealed(3, 2, 0, "5Alice", 4, 97), decided(3, 2)],
	]));
	let fact = |id: &str| text(&store, &format!("SELECT {SEEN} FROM fact_round WHERE round_id = '{id}'"));
	assert_eq!(fact("3/1/0"), "100 100 NULL 1 1 2");
	assert_eq!(fact("3/1/1"), "NULL 100 NULL NULL 2 2");
	assert_eq!(fact("3/1/2"), "95 95 -5 1 3 2");
	assert_eq!(fact("3/2/0"), "97 95 2 0 4 3");
	assert_eq!(text(&store, "SELECT total_rounds, final_performance, best_performance FROM fact_experiment_summary"), "4 97 95");
}

#[test]
fn a_champion_is_linked_to_its_seat_also_if_it_was_a_contender() {
	let (_folder, store) = stored(&blocks(vec![
		vec![committed(3, 1, 0, "5Alice"), revealed(3, 1, 0, "5Alice", 7, 100)],
		vec![decided(3, 1)],
		vec![crowned(3, 2, "5Alice", 7, 101), decided(3, 2)],
	]));
	let champion = "SELECT optimae_id, optimizer_id, experiment_id, round_number, reported_performance, verified_performance, \
		effective_increment, effective, previous_best_performance, block_height, block_timestamp, reward_fraction, \
		parameters FROM fact_chain_optimae";
	let expected = "'3/2/7' '5Alice' '3/5Alice' 2 100 101 0.25 1073741824 111 3 '2023-11-14T22:13:38.000Z' 0.5 '[7,-7]'";
	assert_eq!(text(&store, champion), expected);
	assert_eq!(text(&store, "SELECT crowned_round FROM seat"), "2");
}

#[test]
fn targets_and_genes_come_from_the_state_of_their_block() {
	let registered = json!({ "domain": 3, "owner": "5Alice", "pages": 1, "deposit": "1", "fee": "0" });
	let mut all = blocks(vec![
		vec![
			("Domains", "Registered", registered),
			("Domains", "Activated", json!({ "domain": 3, "initial": "seasonal", "error": "1000001" })),
		],
		vec![committed(3, 1, 0, "5Alice"), committed(3, 1, 1, "5Alice"), committed(4, 1, 0, "5Alice")],
		vec![revealed(3, 1, 0, "5Alice", 7, 100), revealed(3, 1, 1, "5Alice", 8, 110)],
		vec![decided(3, 1)],
	]);
	all[1].targets = vec![crate::RegisteredTarget { domain: 3, target: 943_718 }];
	// The block has removed model 8 again.
	all[3].genes = vec![crate::RevealedGenes { model: 7, genes: vec![12, i64::MIN] }];
	let (_folder, store) = stored(&all);
	assert_eq!(text(&store, "SELECT target FROM dim_domain WHERE domain_id = 3"), "943718");
	let target = |domain: u32| text(&store, &format!("SELECT target_performance FROM dim_experiment WHERE domain_id = {domain}"));
	// 1000001 · 943718 / 2²⁰ = 900000.51…
	assert_eq!((target(3), target(4)), ("900000".into(), "NULL".into()), "a domain without a target has none");
	let genes = |id: &str| text(&store, &format!("SELECT parameters, best_parameters FROM fact_round WHERE round_id = '{id}'"));
	assert_eq!(genes("3/1/0"), "'[12,-9223372036854775808]' '[12,-9223372036854775808]'");
	assert_eq!(genes("3/1/1"), "NULL '[12,-9223372036854775808]'");
}

#[test]
fn the_reward_of_a_row_is_what_its_account_was_minted_since_the_row_before() {
	let minted =
		|who: &str, amount: &str, role: &str| ("Work", "Rewarded", json!({ "who": who, "amount": amount, "role": role }));
	let forfeited = ("Work", "RewardForfeited", json!({ "who": "5Alice", "amount": "8", "role": "optimizer" }));
	let (_folder, store) = stored(&blocks(vec![
		vec![
			committed(3, 1, 0, "5Alice"),
			committed(3, 1, 1, "5Alice"),
			committed(3, 1, 2, "5Bob"),
			// A sum of more than 64 bits.
			minted("5Alice", "79228162514264337593543950335", "optimizer"),
		],
		vec![decided(3, 1), minted("5Alice", "5", "optimizer"), minted("5Alice", "9", "evaluator")],
		vec![minted("5Alice", "7", "optimizer"), forfeited],
		vec![committed(4, 1, 0, "5Alice"), decided(4, 1)],
	]));
	let earned = |id: &str| text(&store, &format!("SELECT block_reward_earned FROM fact_round WHERE round_id = '{id}'"));
	let found = ["3/1/0", "3/1/1", "3/1/2", "4/1/0"].map(earned);
	assert_eq!(found, ["'79228162514264337593543950340'", "'0'", "'0'", "'7'"]);
}

#[test]
fn an_amount_that_is_no_number_is_an_error() {
	let minted = ("Work", "Rewarded", json!({ "who": "5Alice", "amount": "5", "role": "optimizer" }));
	let all = blocks(vec![vec![committed(3, 1, 0, "5Alice"), minted], vec![decided(3, 1)]]);
	let (_folder, mut store) = stored(&all[..2]);
	assert_eq!(raw(&store).execute("UPDATE payment SET amount = 'five'", []).unwrap(), 1);
	let error = store.write(&all[2..]).unwrap_err();
	assert!(matches!(error, crate::StoreError::Database { .. }), "{error:?}");
}

#[test]
fn a_converged_domain_completes_its_experiments() {
	let converged = ("Domains", "Converged", json!({ "domain": 3, "author": "5Alice", "loss": "12", "bounty": "9" }));
	let (_folder, store) = stored(&blocks(vec![
		vec![committed(3, 1, 0, "5Alice")],
		// The event precedes the end of the round that it belongs to.
		vec![revealed(3, 1, 0, "5Alice", 7, 100), converged, decided(3, 1)],
	]));
	let summary = "SELECT converged, rounds_to_convergence, time_to_target_seconds FROM fact_experiment_summary";
	assert_eq!(text(&store, summary), "1 1 6.0");
	assert_eq!(text(&store, "SELECT converged, finished_at FROM dim_experiment"), "1 '2023-11-14T22:13:32.000Z'");
	assert_eq!(text(&store, "SELECT converged FROM fact_round"), "1");
	assert_eq!(text(&store, "SELECT converged_block, converged_loss, bounty_paid FROM dim_domain"), "2 12 '9'");
}

#[test]
fn the_facts_of_a_round_include_later_events_of_its_block() {
	let status = of_round("Rejected", 3, 1, &[("seat", json!(0)), ("reason", json!("falseClaim"))]);
	let (_folder, store) = stored(&blocks(vec![
		vec![committed(3, 1, 0, "5Alice"), revealed(3, 1, 0, "5Alice", 7, 100)],
		vec![decided(3, 1), status],
	]));
	assert_eq!(text(&store, "SELECT performance FROM fact_round"), "NULL");
}

#[test]
fn answers_belong_to_the_quorum_that_was_drawn_last() {
	let opened = json!({ "subject": { "round": { "domain": 3, "number": 1 } }, "domain": 3, "target": "7" });
	let drawn = |who: &[&str]| task("QuorumDrawn", 5, json!({ "seed": "0x01", "evaluators": who }));
	let (_folder, store) = stored(&blocks(vec![
		vec![task("TaskOpened", 5, opened), drawn(&["5Alice", "5Bob"])],
		vec![
			task("SumsCommitted", 5, json!({ "who": "5Alice" })),
			task("AnswerMissed", 5, json!({ "who": "5Bob", "excused": true })),
		],
		vec![drawn(&["5Alice"]), task("SumsRevealed", 5, json!({ "who": "5Alice" }))],
		vec![task("TaskCompleted", 5, json!({ "backing": "quorum", "pay": [], "subject": null }))],
	]));
	let answer = |who: &str, quorum: u32| {
		let columns = "drawn_block, commit_block, reveal_block, missed_block, is_excused";
		text(&store, &format!("SELECT {columns} FROM answer WHERE account = '{who}' AND quorum = {quorum}"))
	};
	assert_eq!(answer("5Alice", 1), "1 2 NULL NULL NULL");
	assert_eq!(answer("5Bob", 1), "1 NULL NULL 2 1");
	assert_eq!(answer("5Alice", 2), "3 NULL 3 NULL NULL");
	assert_eq!(text(&store, "SELECT quorums, end_block, backing, void_reason FROM task"), "2 4 'quorum' NULL");
}

#[test]
fn amounts_and_wide_integers_are_exact() {
	let opened = json!({ "subject": "other", "domain": 3, "target": u64::MAX.to_string() });
	let (_folder, store) = stored(&blocks(vec![vec![
		committed(3, 1, 0, "5Alice"),
		revealed(3, 1, 0, "5Alice", (1 << 53) + 1, 100),
		task("TaskOpened", (1 << 63) - 1, opened),
		("Work", "Rewarded", json!({ "who": "5Alice", "amount": "79228162514264337593543950335", "role": "optimizer" })),
	]]));
	assert_eq!(text(&store, "SELECT fee, model FROM seat"), "'340282366920938463463374607431768211455' 9007199254740993");
	assert_eq!(text(&store, "SELECT task, target FROM task"), "9223372036854775807 '18446744073709551615'");
	assert_eq!(text(&store, "SELECT amount, role FROM payment"), "'79228162514264337593543950335' 'optimizer'");
	assert_eq!(
		text(&store, "SELECT cause, amount, domain, round, account FROM burn"),
		"'Optimae.Committed' '1000000000000' 3 1 '5Alice'"
	);
}

#[test]
fn every_event_is_kept_also_one_that_no_fact_reads() {
	let (_folder, store) = stored(&blocks(vec![vec![("Other", "Thing", json!({ "b": 1, "a": ["x"] })), decided(9, 9)]]));
	assert_eq!(
		text(&store, "SELECT block, position, extrinsic, pallet, name, fields FROM event"),
		r#"1 0 0 'Other' 'Thing' '{"a":["x"],"b":1}'"#
	);
	assert_eq!(text(&store, "SELECT count(*) FROM event"), "2");
	assert_eq!(
		text(&store, "SELECT authority, slot, work_index, seal_taken, extrinsics, events FROM block WHERE number = 1"),
		"1 8 0 NULL 2 2"
	);
}
