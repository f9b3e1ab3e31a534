-- Views of the exported facts for Metabase, Superset and Grafana. Times are TIMESTAMPTZ, amounts DOIN, improvements bits.
-- A loss is an error relative to that of the initial champion on the same windows: 1 at the start, lower is better.

CREATE OR REPLACE VIEW doin_blocks AS
SELECT number AS block, to_timestamp(timestamp_ms / 1000.0) AS time, hash, authority, extrinsics, events, spec_version,
	work_index AS work_blocks, seal_taken / 4294967296.0 AS sealed_bits
FROM block;

CREATE OR REPLACE VIEW doin_champions AS
SELECT o.block_timestamp AS time, o.block_height AS block, o.domain_id AS domain, o.round_number AS round, o.optimizer_id AS author,
	o.model, o.verified_performance / nullif(o.initial_error, 0) AS loss,
	o.previous_best_performance / nullif(o.initial_error, 0) AS previous_loss,
	o.increment / 4294967296.0 AS bits, o.effective / 4294967296.0 AS effective_bits, o.carry / 4294967296.0 AS carried_bits,
	t.backing, (SELECT count(*) FROM event e, jsonb_array_elements(e.fields #> '{pay,shares}') share
		WHERE e.block = t.end_block AND e.pallet = 'Recomputation' AND e.name = 'TaskCompleted' AND e.fields ->> 'task' = t.task::text
		AND EXISTS (SELECT FROM answer a
			WHERE a.task = t.task AND a.account = share ->> 'who' AND a.reveal_block IS NOT NULL)) AS verifiers
FROM fact_chain_optimae o LEFT JOIN round r ON r.domain = o.domain_id AND r.number = o.round_number
	LEFT JOIN task t ON t.task = r.task;

CREATE OR REPLACE VIEW doin_rounds AS
SELECT r.domain, r.number AS round, to_timestamp(b.timestamp_ms / 1000.0) AS time, r.first_block, r.end_block AS block,
	coalesce(r.result, 'open') AS result, r.unpaid_reason, r.winner AS model, s.seats, s.revealed, r.payees AS paid_evaluators,
	r.fees_paid / 1e12 AS fees_paid_doin, r.fees_burned / 1e12 AS fees_burned_doin
FROM round r LEFT JOIN block b ON b.number = r.end_block
	LEFT JOIN LATERAL (SELECT count(*) AS seats, count(reveal_block) AS revealed FROM seat
		WHERE domain = r.domain AND round = r.number) s ON true;

CREATE OR REPLACE VIEW doin_unpaid AS
SELECT to_timestamp(b.timestamp_ms / 1000.0) AS time, s.end_block AS block, s.domain, s.round, s.seat, s.account, s.status,
	s.unpaid_reason AS reason, s.fee / 1e12 AS fee_doin, s.stake / 1e12 AS stake_doin
FROM seat s JOIN block b ON b.number = s.end_block WHERE s.unpaid_reason IS NOT NULL;

CREATE OR REPLACE VIEW doin_work_blocks AS
SELECT to_timestamp(b.timestamp_ms / 1000.0) AS time, w.number AS work_block, w.block, w.taken / 4294967296.0 AS bits,
	w.threshold / 4294967296.0 AS threshold_bits, w.minted / 1e12 AS minted_doin, w.optimizers / 1e12 AS optimizers_doin,
	w.evaluators / 1e12 AS evaluators_doin, w.validators / 1e12 AS validators_doin
FROM work_block w JOIN block b ON b.number = w.block;

CREATE OR REPLACE VIEW doin_payments AS
SELECT to_timestamp(b.timestamp_ms / 1000.0) AS time, p.block, p.account, p.role, p.amount / 1e12 AS doin, p.is_forfeited
FROM payment p JOIN block b ON b.number = p.block;

CREATE OR REPLACE VIEW doin_purse_payments AS
SELECT to_timestamp(b.timestamp_ms / 1000.0) AS time, p.block, p.domain, p.round, p.effective / 4294967296.0 AS bits,
	p.minted / 1e12 AS minted_doin, p.optimizers / 1e12 AS optimizers_doin, p.evaluators / 1e12 AS evaluators_doin,
	p.validators / 1e12 AS validators_doin
FROM purse_payment p JOIN block b ON b.number = p.block;

CREATE OR REPLACE VIEW doin_burned AS
SELECT to_timestamp(b.timestamp_ms / 1000.0) AS time, u.block, u.cause, u.domain, u.round, u.account, u.amount / 1e12 AS doin
FROM burn u JOIN block b ON b.number = u.block;

CREATE OR REPLACE VIEW doin_evaluators AS
SELECT account, count(*) AS drawn, count(reveal_block) AS answered, count(missed_block) AS missed,
	count(*) FILTER (WHERE is_excused) AS excused
FROM answer GROUP BY account;

CREATE OR REPLACE VIEW doin_absences AS
SELECT to_timestamp(b.timestamp_ms / 1000.0) AS time, a.missed_block AS block, t.domain, a.task, a.account, a.quorum, a.is_excused
FROM answer a JOIN block b ON b.number = a.missed_block LEFT JOIN task t ON t.task = a.task;

CREATE OR REPLACE VIEW doin_challenges AS
SELECT to_timestamp(b.timestamp_ms / 1000.0) AS time, c.block, c.kind, c.is_upheld, c.challenger, c.task, c.domain, c.round, c.chunk,
	c.reward / 1e12 AS reward_doin, c.paid / 1e12 AS paid_doin, c.burned / 1e12 AS burned_doin
FROM challenge c JOIN block b ON b.number = c.block;

CREATE OR REPLACE VIEW doin_experiments AS
SELECT e.experiment_id AS experiment, e.domain_id AS domain, e.node_id AS account, e.optimizer_plugin AS optimizer, e.started_at AS time,
	s.total_rounds AS seats, s.best_performance, s.final_performance, s.total_elapsed_seconds AS seconds, s.converged
FROM dim_experiment e LEFT JOIN fact_experiment_summary s USING (experiment_id);

-- Origin of every column: event, header, rule or column, and the storage item with the same value.
CREATE OR REPLACE VIEW doin_sources AS
SELECT relation, field, origin, storage FROM dim_source;
