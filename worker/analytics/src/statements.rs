//! SQL statements of the facts. Every one of them has the same effect in every database with the same earlier blocks.

/// SQL expression: UTC text of a time in milliseconds since 1970, or NULL.
macro_rules! utc {
	($ms:literal) => {
		concat!("(strftime('%Y-%m-%dT%H:%M:%S', (", $ms, ") / 1000, 'unixepoch') || printf('.%03dZ', (", $ms, ") % 1000))")
	};
}

/// SQL expression: UTC text of the time of a block `b`.
pub(crate) const UTC: &str = utc!("b.timestamp_ms");

/// SQL expression: number of the block whose facts are stored. Its row is the first of them.
macro_rules! this_block {
	() => {
		"(SELECT max(number) FROM block)"
	};
}

/// Returns an UPDATE of a table: assignments and condition. The changed rows are marked with the block.
macro_rules! update {
	($table:literal, $assignments:expr, $condition:expr) => {
		concat!("UPDATE ", $table, " SET ", $assignments, ", changed_block = ", this_block!(), " WHERE ", $condition)
	};
}

pub(crate) const BLOCK: &str = "INSERT INTO block VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
pub(crate) const EVENT: &str = "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Adds a domain, which later statements describe.
pub(crate) const DOMAIN: &str =
	concat!("INSERT INTO dim_domain (domain_id, changed_block) VALUES (?1, ", this_block!(), ") ON CONFLICT DO NOTHING");
/// Adds a domain of the state of the first stored block.
pub(crate) const KNOWN_DOMAIN: &str = concat!(
	"INSERT INTO dim_domain (domain_id, owner, weight, target, activated_block, initial, initial_error, champion, high_water, \
	 changed_block) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ",
	this_block!(),
	")"
);
pub(crate) const REGISTERED: &str = update!(
	"dim_domain",
	"owner = ?2, registered_block = ?3, deposit = ?4, registration_fee = ?5, target = ?6",
	"domain_id = ?1"
);
pub(crate) const ACTIVATED: &str =
	update!("dim_domain", "activated_block = ?2, initial = ?3, initial_error = ?4, champion = ?3", "domain_id = ?1");
pub(crate) const CHAMPION: &str = update!("dim_domain", "champion = ?2, high_water = ?3", "domain_id = ?1");
pub(crate) const HIGH_WATER: &str = update!("dim_domain", "high_water = ?2", "domain_id = ?1");
pub(crate) const WEIGHT: &str = update!("dim_domain", "weight = ?2", "domain_id = ?1");
pub(crate) const CLOSED: &str = update!("dim_domain", "closed_block = ?2", "domain_id = ?1");
pub(crate) const RETIRED: &str = update!("dim_domain", "retired_block = ?2", "domain_id = ?1");
pub(crate) const CONVERGED: &str =
	update!("dim_domain", "converged_block = ?2, converged_loss = ?3, bounty_paid = ?4", "domain_id = ?1");
pub(crate) const EXPERIMENTS_CONVERGED: &str = update!(
	"dim_experiment",
	concat!("converged = 1, finished_at = ", utc!("SELECT timestamp_ms FROM block WHERE number = ?2")),
	"domain_id = ?1"
);

/// Adds an experiment at its first seat. The target is divided in two steps, so that no product exceeds 64 bits.
pub(crate) const EXPERIMENT: &str = concat!(
	"INSERT INTO dim_experiment (experiment_id, domain_id, node_id, performance_metric, metric_schema, higher_is_better, \
	 target_performance, started_at, converged, started_block, changed_block) \
	 VALUES (?1, ?2, ?3, 'validation_error_sum', 'doin-1', 0, \
	 (SELECT iif(target > 0 AND typeof(initial_error) = 'integer', \
		initial_error / 1048576 * target + initial_error % 1048576 * target / 1048576, NULL) FROM dim_domain WHERE domain_id = ?2), ",
	utc!("SELECT timestamp_ms FROM block WHERE number = ?4"),
	", 0, ?4, ?4) ON CONFLICT DO NOTHING"
);
pub(crate) const OPTIMIZER: &str =
	update!("dim_experiment", "optimizer_plugin = ?2", "experiment_id = ?1 AND optimizer_plugin IS NOT ?2");

pub(crate) const ROUND: &str =
	"INSERT INTO round (domain, number, first_block, changed_block) VALUES (?1, ?2, ?3, ?3) ON CONFLICT DO NOTHING";
pub(crate) const ROUND_TASK: &str = update!("round", "task = ?3", "domain = ?1 AND number = ?2");
pub(crate) const ROUND_FEES: &str =
	update!("round", "payees = ?3, fees_paid = ?4, fees_settler = ?5, fees_burned = ?6", "domain = ?1 AND number = ?2");
pub(crate) const ROUND_CARRY: &str = update!("round", "carry_paid = ?3", "domain = ?1 AND number = ?2");
pub(crate) const ROUND_UNPAID: &str = update!("round", "unpaid_reason = ?3", "domain = ?1 AND number = ?2");
pub(crate) const ROUND_END: &str = update!("round", "end_block = ?3, result = ?4, winner = ?5", "domain = ?1 AND number = ?2");

pub(crate) const SEAT: &str = "INSERT INTO seat (domain, round, seat, account, experiment_id, commit_block, commitment, fee, \
	 fee_burned, hold, stake, status, changed_block) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'committed', ?6)";
pub(crate) const SEAT_REVEALED: &str = update!(
	"seat",
	"status = 'revealed', reveal_block = ?4, model = ?5, model_bytes = ?6, validation_error = ?7, author_experiment = ?8, \
	 author_round = ?9, author_millis = ?10, author_config = ?11, author_data = ?12, author_optimizer = ?13, genes = ?14",
	"domain = ?1 AND round = ?2 AND seat = ?3"
);
pub(crate) const SEAT_STATUS: &str = update!("seat", "status = ?4, reason = ?5", "domain = ?1 AND round = ?2 AND seat = ?3");
/// Drops a contender, whose round has ended. The reason is why its seat is not paid.
pub(crate) const CONTENDER_DROPPED: &str = update!(
	"seat",
	"status = 'rejected', reason = ?3, unpaid_reason = iif(end_block IS NULL, NULL, ?3)",
	"model = ?2 AND domain = ?1"
);
pub(crate) const SEAT_CROWNED: &str = update!("seat", "crowned_round = ?3", "model = ?2 AND domain = ?1");
/// Ends the seats of a round. A seat that is not the first champion of the round has the reason for which it is not paid: its own
/// one if its candidate did not take part to the end, and that of the round otherwise. A round without a new champion can be paid, for
/// carried bits; the candidate that stays in it is the contender.
pub(crate) const SEATS_END: &str = update!(
	"seat",
	"end_block = ?3, unpaid_reason = (SELECT CASE \
		WHEN seat.crowned_round = r.number THEN r.unpaid_reason \
		WHEN seat.status IN ('forfeited', 'excused') THEN seat.status \
		WHEN seat.status = 'rejected' AND seat.reason IS NOT 'lost' THEN seat.reason \
		WHEN r.unpaid_reason IS NOT NULL THEN r.unpaid_reason \
		WHEN r.result = 'voided' THEN 'voided' \
		WHEN seat.status = 'revealed' THEN 'contenderKept' \
		ELSE 'lost' END \
		FROM round r WHERE r.domain = seat.domain AND r.number = seat.round)",
	"domain = ?1 AND round = ?2"
);
/// Sets the reason for which the champion of a round that was the contender of an earlier one is not paid, or removes it.
pub(crate) const CONTENDER_END: &str = update!(
	"seat",
	"unpaid_reason = (SELECT unpaid_reason FROM round WHERE domain = ?1 AND number = ?2)",
	"model = (SELECT winner FROM round WHERE domain = ?1 AND number = ?2) AND domain = ?1 AND crowned_round = ?2 AND round <> ?2"
);
pub(crate) const OPTIMUM: &str = concat!(
	"INSERT INTO fact_chain_optimae SELECT ?1, ?2, ?3, ?4, ?5, s.genes, s.validation_error, ?6, ?7 / 4294967296.0, \
	 s.author_millis / 1000.0, s.author_config, s.author_data, ?8, CAST(?7 AS REAL) / nullif(CAST(?12 AS REAL), 0), NULL, b.number, ",
	utc!("b.timestamp_ms"),
	", strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?9, ?10, ?11, ?12, ?7, ?13 \
	 FROM block b LEFT JOIN seat s ON s.model = ?9 AND s.domain = ?2 WHERE b.number = ?14 ORDER BY s.round, s.seat LIMIT 1"
);

pub(crate) const TASK: &str =
	"INSERT INTO task (task, domain, subject, opened_block, target, quorums, changed_block) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?4)";
pub(crate) const TASK_DRAWN: &str = update!("task", "seed = ?2, quorums = quorums + 1", "task = ?1");
pub(crate) const TASK_SETTLED: &str = update!("task", "settled_block = ?2, settler = ?3", "task = ?1");
pub(crate) const TASK_REOPENED: &str = update!("task", "settled_block = NULL, settler = NULL", "task = ?1");
pub(crate) const TASK_END: &str = update!("task", "end_block = ?2, backing = ?3, void_reason = ?4", "task = ?1");
pub(crate) const ANSWER: &str = "INSERT INTO answer (task, account, quorum, drawn_block, changed_block) \
	 SELECT ?1, ?2, quorums, ?3, ?3 FROM task WHERE task = ?1 ON CONFLICT DO NOTHING";
pub(crate) const ANSWER_COMMITTED: &str =
	update!("answer", "commit_block = ?3", "task = ?1 AND account = ?2 AND quorum = (SELECT quorums FROM task WHERE task = ?1)");
pub(crate) const ANSWER_REVEALED: &str =
	update!("answer", "reveal_block = ?3", "task = ?1 AND account = ?2 AND quorum = (SELECT quorums FROM task WHERE task = ?1)");
pub(crate) const ANSWER_MISSED: &str = update!(
	"answer",
	"missed_block = ?3, is_excused = ?4",
	"task = ?1 AND account = ?2 AND quorum = (SELECT quorums FROM task WHERE task = ?1)"
);
pub(crate) const CLAIM_DISPROVED: &str =
	"INSERT INTO challenge (block, position, kind, is_upheld, challenger, domain, round, seat, \
	 chunk, claimed, computed, reward, burned) VALUES (?1, ?2, 'claim', 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
pub(crate) const CHALLENGE_UPHELD: &str =
	"INSERT INTO challenge (block, position, kind, is_upheld, challenger, task, model, chunk, \
	 reward) VALUES (?1, ?2, 'sums', 1, ?3, ?4, ?5, ?6, ?7)";
pub(crate) const CHALLENGE_REJECTED: &str =
	"INSERT INTO challenge (block, position, kind, is_upheld, challenger, task, paid, burned) \
	 VALUES (?1, ?2, 'sums', 0, ?3, ?4, ?5, ?6)";

pub(crate) const WORK_BLOCK: &str = "INSERT INTO work_block VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub(crate) const PAYMENT: &str = "INSERT INTO payment VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(crate) const PURSE_PAYMENT: &str = "INSERT INTO purse_payment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
pub(crate) const BURN: &str = "INSERT INTO burn VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// Seats of a round, in order, and their accounts.
pub(crate) const SEATS: &str = "SELECT seat, account FROM seat WHERE domain = ?1 AND round = ?2 ORDER BY seat";
/// Amounts that were minted to an account as optimizer after the block of its last fact.
pub(crate) const EARNED: &str =
	"SELECT amount FROM payment WHERE account = ?1 AND role = 'optimizer' AND is_forfeited = 0 AND block > \
	 (SELECT ifnull(max(p.chain_height), -1) FROM dim_experiment e JOIN fact_experiment_summary t USING (experiment_id) \
		JOIN fact_round p ON p.experiment_id = t.experiment_id AND p.experiment_round = t.total_rounds WHERE e.node_id = ?1)";
/// Adds the fact of one seat at the end of its round, with the reward `?5`. `p` is the fact before it of the same experiment. A false
/// claim is no performance. Performances are compared as integers: a claim has 32 bits for each of at most 256 chunks, so it is below
/// 2⁴⁰.
pub(crate) const FACT_ROUND: &str = concat!(
	"INSERT INTO fact_round
	 WITH this AS (
		SELECT s.*, b.number AS height, b.timestamp_ms AS now, d.converged_block IS NOT NULL AS converged,
			iif(s.reason IS 'falseClaim', NULL, s.validation_error) AS performance, p.best_performance AS best_before,
			ifnull(p.experiment_round, 0) AS rounds_before, p.time_to_current_best_seconds AS best_seconds,
			p.best_parameters AS genes_before,
			(b.timestamp_ms - (SELECT timestamp_ms FROM block WHERE number = e.started_block)) / 1000.0 AS elapsed
		FROM seat s JOIN block b ON b.number = ?4 JOIN dim_experiment e USING (experiment_id)
			JOIN dim_domain d ON d.domain_id = s.domain
			LEFT JOIN fact_experiment_summary t USING (experiment_id)
			LEFT JOIN fact_round p ON p.experiment_id = s.experiment_id AND p.experiment_round = t.total_rounds
		WHERE s.domain = ?1 AND s.round = ?2 AND s.seat = ?3
	 ), rated AS (
		SELECT *, performance IS NOT NULL AND (best_before IS NULL OR performance < best_before) AS is_better FROM this
	 )
	 SELECT domain || '/' || round || '/' || seat, experiment_id, domain, round, ",
	utc!("now"),
	", performance, iif(is_better, performance, best_before),
		iif(typeof(performance) = 'integer' AND typeof(best_before) = 'integer', performance - best_before, NULL),
		iif(performance IS NULL, NULL, is_better), genes, iif(is_better, genes, genes_before), author_millis / 1000.0, elapsed,
		iif(is_better, elapsed, best_seconds), NULL, height, NULL, ?5, converged,
		NULL, NULL, NULL, NULL, NULL, NULL, 'doin-1',
		iif(reveal_block IS NULL, NULL, json_object('config', author_config, 'data', author_data,
			'experiment', author_experiment, 'millis', CAST(author_millis AS TEXT), 'optimizer', author_optimizer, 'round', author_round)),
		seat, rounds_before + 1
	 FROM rated"
);
/// Adds the fact of one seat to the summary of its experiment.
pub(crate) const SUMMARY: &str = "INSERT INTO fact_experiment_summary
	 SELECT f.experiment_id, f.domain_id, f.experiment_round, f.performance, f.best_performance, NULL, f.elapsed_seconds,
		f.converged, NULL, e.node_id, NULL, f.chain_height
	 FROM fact_round f JOIN dim_experiment e USING (experiment_id) WHERE f.round_id = ?1 || '/' || ?2 || '/' || ?3
	 ON CONFLICT DO UPDATE SET total_rounds = excluded.total_rounds, best_performance = excluded.best_performance,
		final_performance = ifnull(excluded.final_performance, final_performance),
		total_elapsed_seconds = excluded.total_elapsed_seconds, changed_block = excluded.changed_block";
/// Completes the summaries of a domain that has reached its target. `time_to_target_seconds` counts from the start of each
/// experiment.
pub(crate) const SUMMARIES_CONVERGED: &str = update!(
	"fact_experiment_summary",
	"converged = 1, rounds_to_convergence = total_rounds, \
	 time_to_target_seconds = ((SELECT timestamp_ms FROM block WHERE number = ?2) \
		- (SELECT b.timestamp_ms FROM block b JOIN dim_experiment e ON b.number = e.started_block \
			WHERE e.experiment_id = fact_experiment_summary.experiment_id)) / 1000.0",
	"domain_id = ?1 AND rounds_to_convergence IS NULL"
);
