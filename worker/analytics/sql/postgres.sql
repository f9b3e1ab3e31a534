-- Tables of an export in PostgreSQL, schema version 3: those of src/schema.sql with the same columns in the same order.
-- Integers of 32 bits are BIGINT, of 64 bits NUMERIC(20), amounts NUMERIC(39) in plancks. Tables do not refer to one another: while
-- an export catches up, a fact may be there before a later change of its dimension.

CREATE TABLE _schema_version (version BIGINT NOT NULL, applied_at TIMESTAMPTZ NOT NULL);
-- One row: the database that was exported last, and the next block to export.
CREATE TABLE _sync_state (
	source_path TEXT NOT NULL, last_sync_utc TIMESTAMPTZ NOT NULL, genesis TEXT PRIMARY KEY, next_block BIGINT NOT NULL,
	last_hash TEXT NOT NULL
);

CREATE TABLE dim_source (
	relation TEXT, field TEXT, origin TEXT NOT NULL, storage TEXT, PRIMARY KEY (relation, field)
);
CREATE TABLE dim_domain (
	domain_id BIGINT, domain_type TEXT, description TEXT, owner TEXT, registered_block BIGINT, deposit NUMERIC(39),
	registration_fee NUMERIC(39), target BIGINT, activated_block BIGINT, initial TEXT, initial_error NUMERIC(20), champion TEXT,
	high_water NUMERIC(20), weight BIGINT, converged_block BIGINT, converged_loss NUMERIC(20), bounty_paid NUMERIC(39),
	closed_block BIGINT, retired_block BIGINT, changed_block BIGINT NOT NULL, PRIMARY KEY (domain_id)
);
CREATE TABLE dim_experiment (
	experiment_id TEXT, domain_id BIGINT NOT NULL, node_id TEXT NOT NULL, hostname TEXT, optimizer_plugin TEXT,
	performance_metric TEXT, metric_schema TEXT, higher_is_better BOOLEAN, optimization_config JSONB, param_bounds JSONB,
	target_performance NUMERIC(20), started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, converged BOOLEAN, doin_version TEXT,
	started_block BIGINT NOT NULL, changed_block BIGINT NOT NULL, PRIMARY KEY (experiment_id)
);
CREATE TABLE fact_round (
	round_id TEXT, experiment_id TEXT NOT NULL, domain_id BIGINT NOT NULL, round_number BIGINT NOT NULL,
	timestamp_utc TIMESTAMPTZ, performance NUMERIC(20), best_performance NUMERIC(20), performance_delta NUMERIC(20),
	is_improvement BOOLEAN, parameters JSONB, best_parameters JSONB, wall_clock_seconds DOUBLE PRECISION,
	elapsed_seconds DOUBLE PRECISION, time_to_current_best_seconds DOUBLE PRECISION,
	time_to_target_seconds DOUBLE PRECISION, chain_height BIGINT NOT NULL, peers_count BIGINT,
	block_reward_earned NUMERIC(39), converged BOOLEAN, train_mae DOUBLE PRECISION, train_naive_mae DOUBLE PRECISION,
	val_mae DOUBLE PRECISION, val_naive_mae DOUBLE PRECISION, test_mae DOUBLE PRECISION, test_naive_mae DOUBLE PRECISION,
	metric_schema TEXT, metrics JSONB, seat BIGINT NOT NULL, experiment_round BIGINT NOT NULL, PRIMARY KEY (round_id)
);
CREATE TABLE fact_experiment_summary (
	experiment_id TEXT, domain_id BIGINT NOT NULL, total_rounds BIGINT NOT NULL, final_performance NUMERIC(20),
	best_performance NUMERIC(20), time_to_target_seconds DOUBLE PRECISION, total_elapsed_seconds DOUBLE PRECISION,
	converged BOOLEAN, rounds_to_convergence BIGINT, node_id TEXT NOT NULL, hostname TEXT, changed_block BIGINT NOT NULL,
	PRIMARY KEY (experiment_id)
);
CREATE TABLE fact_chain_optimae (
	optimae_id TEXT, domain_id BIGINT NOT NULL, optimizer_id TEXT NOT NULL, experiment_id TEXT NOT NULL,
	round_number BIGINT NOT NULL, parameters JSONB, reported_performance NUMERIC(20), verified_performance NUMERIC(20),
	effective_increment DOUBLE PRECISION, time_to_this_result_seconds DOUBLE PRECISION, optimization_config_hash TEXT,
	data_hash TEXT, previous_best_performance NUMERIC(20), reward_fraction DOUBLE PRECISION,
	quorum_agree_fraction DOUBLE PRECISION, block_height BIGINT NOT NULL, block_timestamp TIMESTAMPTZ,
	ingested_at TIMESTAMPTZ, model NUMERIC(20) NOT NULL, initial_error NUMERIC(20), upper_error NUMERIC(20),
	increment NUMERIC(20), effective NUMERIC(20), carry NUMERIC(20), PRIMARY KEY (optimae_id)
);
CREATE TABLE block (
	number BIGINT, hash TEXT NOT NULL, parent TEXT NOT NULL, timestamp_ms BIGINT, spec_version BIGINT NOT NULL,
	authority BIGINT, slot NUMERIC(20), work_index NUMERIC(20), seal_taken NUMERIC(20), seal_threshold NUMERIC(20),
	extrinsics BIGINT NOT NULL, events BIGINT NOT NULL, PRIMARY KEY (number)
);
CREATE TABLE event (
	block BIGINT NOT NULL, position BIGINT NOT NULL, extrinsic BIGINT, pallet TEXT NOT NULL, name TEXT NOT NULL,
	fields JSONB NOT NULL, PRIMARY KEY (block, position)
);
CREATE TABLE round (
	domain BIGINT NOT NULL, number BIGINT NOT NULL, first_block BIGINT NOT NULL, task NUMERIC(20), end_block BIGINT,
	result TEXT, unpaid_reason TEXT, winner NUMERIC(20), payees BIGINT, fees_paid NUMERIC(39), fees_settler NUMERIC(39),
	fees_burned NUMERIC(39), carry_paid NUMERIC(20), changed_block BIGINT NOT NULL, PRIMARY KEY (domain, number)
);
CREATE TABLE seat (
	domain BIGINT NOT NULL, round BIGINT NOT NULL, seat BIGINT NOT NULL, account TEXT NOT NULL,
	experiment_id TEXT NOT NULL, commit_block BIGINT NOT NULL, commitment TEXT NOT NULL, fee NUMERIC(39) NOT NULL,
	fee_burned NUMERIC(39) NOT NULL, hold NUMERIC(39) NOT NULL, stake NUMERIC(39) NOT NULL, reveal_block BIGINT,
	model NUMERIC(20), model_bytes BIGINT, genes JSONB, validation_error NUMERIC(20), author_experiment TEXT,
	author_round BIGINT, author_millis NUMERIC(20), author_config TEXT, author_data TEXT, author_optimizer TEXT, status TEXT NOT NULL,
	reason TEXT, crowned_round BIGINT, end_block BIGINT, unpaid_reason TEXT, changed_block BIGINT NOT NULL,
	PRIMARY KEY (domain, round, seat)
);
CREATE TABLE task (
	task NUMERIC(20) NOT NULL, domain BIGINT NOT NULL, subject TEXT NOT NULL, opened_block BIGINT NOT NULL,
	target NUMERIC(20), seed TEXT, quorums BIGINT NOT NULL, settled_block BIGINT, settler TEXT, end_block BIGINT,
	backing TEXT, void_reason TEXT, changed_block BIGINT NOT NULL, PRIMARY KEY (task)
);
CREATE TABLE answer (
	task NUMERIC(20) NOT NULL, account TEXT NOT NULL, quorum BIGINT NOT NULL, drawn_block BIGINT NOT NULL,
	commit_block BIGINT, reveal_block BIGINT, missed_block BIGINT, is_excused BOOLEAN, changed_block BIGINT NOT NULL,
	PRIMARY KEY (task, account, quorum)
);
CREATE TABLE challenge (
	block BIGINT NOT NULL, position BIGINT NOT NULL, kind TEXT NOT NULL, is_upheld BOOLEAN NOT NULL,
	challenger TEXT NOT NULL, task NUMERIC(20), domain BIGINT, round BIGINT, seat BIGINT, model BIGINT, chunk BIGINT,
	claimed BIGINT, computed BIGINT, reward NUMERIC(39), paid NUMERIC(39), burned NUMERIC(39),
	PRIMARY KEY (block, position)
);
CREATE TABLE work_block (
	number NUMERIC(20) NOT NULL, block BIGINT NOT NULL, taken NUMERIC(20), threshold NUMERIC(20),
	minted NUMERIC(39) NOT NULL, optimizers NUMERIC(39) NOT NULL, evaluators NUMERIC(39) NOT NULL,
	validators NUMERIC(39) NOT NULL, PRIMARY KEY (number)
);
CREATE TABLE payment (
	block BIGINT NOT NULL, position BIGINT NOT NULL, account TEXT NOT NULL, role TEXT NOT NULL,
	amount NUMERIC(39) NOT NULL, is_forfeited BOOLEAN NOT NULL, PRIMARY KEY (block, position)
);
CREATE TABLE burn (
	block BIGINT NOT NULL, position BIGINT NOT NULL, cause TEXT NOT NULL, amount NUMERIC(39) NOT NULL, domain BIGINT,
	round BIGINT, account TEXT, PRIMARY KEY (block, position)
);
CREATE TABLE purse_payment (
	block BIGINT NOT NULL, position BIGINT NOT NULL, domain BIGINT NOT NULL, round BIGINT NOT NULL, effective NUMERIC(20),
	minted NUMERIC(39) NOT NULL, optimizers NUMERIC(39) NOT NULL, evaluators NUMERIC(39) NOT NULL,
	validators NUMERIC(39) NOT NULL, PRIMARY KEY (block, position)
);

CREATE INDEX fact_round_domain ON fact_round (domain_id, round_number, seat);
CREATE INDEX fact_round_timestamp ON fact_round (timestamp_utc);
CREATE INDEX fact_round_experiment ON fact_round (experiment_id, experiment_round);
CREATE INDEX dim_experiment_domain ON dim_experiment (domain_id);
CREATE INDEX fact_chain_optimae_domain ON fact_chain_optimae (domain_id, block_height);
CREATE INDEX event_name ON event (pallet, name);
CREATE INDEX seat_account ON seat (account);
CREATE INDEX seat_unpaid ON seat (end_block) WHERE unpaid_reason IS NOT NULL;
CREATE INDEX answer_missed ON answer (missed_block) WHERE missed_block IS NOT NULL;
CREATE INDEX payment_account ON payment (account);
