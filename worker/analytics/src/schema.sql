-- Schema version 3. Amounts are decimal TEXT in plancks. ANY holds integers of 64 bits: INTEGER, or decimal TEXT from 2^63 on.
-- changed_block: block that changed the row last, so that an export finds what it has not seen.

CREATE TABLE _schema_version (version INTEGER NOT NULL, applied_at TEXT NOT NULL) STRICT;
-- One row: the first stored block, the next block to store, and the hash of the block before it.
CREATE TABLE _position (
	genesis TEXT NOT NULL PRIMARY KEY, first_block INTEGER NOT NULL, next_block INTEGER NOT NULL, last_hash TEXT NOT NULL
) STRICT;
-- Origin of every column of every table, and of every view in PostgreSQL; see sql/sources.tsv.
CREATE TABLE dim_source (
	relation TEXT NOT NULL, field TEXT NOT NULL, origin TEXT NOT NULL, storage TEXT, PRIMARY KEY (relation, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE dim_domain (
	domain_id INTEGER PRIMARY KEY, domain_type TEXT, description TEXT,
	owner TEXT, registered_block INTEGER, deposit TEXT, registration_fee TEXT, target INTEGER,
	activated_block INTEGER, initial TEXT, initial_error ANY, champion TEXT, high_water ANY, weight INTEGER,
	converged_block INTEGER, converged_loss ANY, bounty_paid TEXT, closed_block INTEGER, retired_block INTEGER,
	changed_block INTEGER NOT NULL
) STRICT;
CREATE TABLE dim_experiment (
	experiment_id TEXT PRIMARY KEY, domain_id INTEGER NOT NULL REFERENCES dim_domain, node_id TEXT NOT NULL, hostname TEXT,
	optimizer_plugin TEXT, performance_metric TEXT, metric_schema TEXT, higher_is_better INTEGER, optimization_config TEXT,
	param_bounds TEXT, target_performance ANY, started_at TEXT, finished_at TEXT, converged INTEGER, doin_version TEXT,
	started_block INTEGER NOT NULL, changed_block INTEGER NOT NULL
) STRICT;
CREATE TABLE fact_round (
	round_id TEXT PRIMARY KEY, experiment_id TEXT NOT NULL REFERENCES dim_experiment, domain_id INTEGER NOT NULL,
	round_number INTEGER NOT NULL, timestamp_utc TEXT, performance ANY, best_performance ANY, performance_delta ANY,
	is_improvement INTEGER, parameters TEXT, best_parameters TEXT, wall_clock_seconds REAL, elapsed_seconds REAL,
	time_to_current_best_seconds REAL, time_to_target_seconds REAL, chain_height INTEGER NOT NULL, peers_count INTEGER,
	block_reward_earned TEXT, converged INTEGER, train_mae REAL, train_naive_mae REAL, val_mae REAL, val_naive_mae REAL,
	test_mae REAL, test_naive_mae REAL, metric_schema TEXT, metrics TEXT,
	seat INTEGER NOT NULL, experiment_round INTEGER NOT NULL
) STRICT;
CREATE TABLE fact_experiment_summary (
	experiment_id TEXT PRIMARY KEY REFERENCES dim_experiment, domain_id INTEGER NOT NULL, total_rounds INTEGER NOT NULL,
	final_performance ANY, best_performance ANY, time_to_target_seconds REAL, total_elapsed_seconds REAL, converged INTEGER,
	rounds_to_convergence INTEGER, node_id TEXT NOT NULL, hostname TEXT,
	changed_block INTEGER NOT NULL
) STRICT;
CREATE TABLE fact_chain_optimae (
	optimae_id TEXT PRIMARY KEY, domain_id INTEGER NOT NULL, optimizer_id TEXT NOT NULL, experiment_id TEXT NOT NULL,
	round_number INTEGER NOT NULL, parameters TEXT, reported_performance ANY, verified_performance ANY, effective_increment REAL,
	time_to_this_result_seconds REAL, optimization_config_hash TEXT, data_hash TEXT, previous_best_performance ANY,
	reward_fraction REAL, quorum_agree_fraction REAL, block_height INTEGER NOT NULL, block_timestamp TEXT, ingested_at TEXT,
	model ANY NOT NULL, initial_error ANY, upper_error ANY, increment ANY, effective ANY, carry ANY
) STRICT;
CREATE UNIQUE INDEX fact_round_experiment ON fact_round (experiment_id, experiment_round);
CREATE INDEX fact_round_domain ON fact_round (domain_id, round_number, seat);
CREATE INDEX fact_round_timestamp ON fact_round (timestamp_utc);
CREATE INDEX fact_round_performance ON fact_round (performance);
CREATE INDEX fact_round_height ON fact_round (chain_height, domain_id, round_number, seat);
CREATE INDEX dim_experiment_domain ON dim_experiment (domain_id, started_block, experiment_id);
CREATE INDEX dim_experiment_started ON dim_experiment (started_block, experiment_id);
CREATE INDEX dim_experiment_node ON dim_experiment (node_id);
CREATE INDEX fact_experiment_summary_domain ON fact_experiment_summary (domain_id);
CREATE INDEX fact_chain_optimae_domain ON fact_chain_optimae (domain_id, block_height);
CREATE INDEX fact_chain_optimae_height ON fact_chain_optimae (block_height);
CREATE INDEX fact_chain_optimae_experiment ON fact_chain_optimae (experiment_id);
CREATE INDEX dim_domain_changed ON dim_domain (changed_block);
CREATE INDEX dim_experiment_changed ON dim_experiment (changed_block);
CREATE INDEX fact_experiment_summary_changed ON fact_experiment_summary (changed_block);

CREATE TABLE block (
	number INTEGER PRIMARY KEY, hash TEXT NOT NULL, parent TEXT NOT NULL, timestamp_ms INTEGER, spec_version INTEGER NOT NULL,
	authority INTEGER, slot ANY, work_index ANY, seal_taken ANY, seal_threshold ANY, extrinsics INTEGER NOT NULL,
	events INTEGER NOT NULL
) STRICT;
CREATE TABLE event (
	block INTEGER NOT NULL REFERENCES block, position INTEGER NOT NULL, extrinsic INTEGER, pallet TEXT NOT NULL, name TEXT NOT NULL,
	fields TEXT NOT NULL, PRIMARY KEY (block, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_name ON event (pallet, name);
CREATE TABLE round (
	domain INTEGER NOT NULL, number INTEGER NOT NULL, first_block INTEGER NOT NULL, task ANY, end_block INTEGER, result TEXT,
	unpaid_reason TEXT, winner ANY, payees INTEGER, fees_paid TEXT, fees_settler TEXT, fees_burned TEXT, carry_paid ANY,
	changed_block INTEGER NOT NULL, PRIMARY KEY (domain, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX round_changed ON round (changed_block);
CREATE TABLE seat (
	domain INTEGER NOT NULL, round INTEGER NOT NULL, seat INTEGER NOT NULL, account TEXT NOT NULL, experiment_id TEXT NOT NULL,
	commit_block INTEGER NOT NULL, commitment TEXT NOT NULL, fee TEXT NOT NULL, fee_burned TEXT NOT NULL, hold TEXT NOT NULL,
	stake TEXT NOT NULL, reveal_block INTEGER, model ANY, model_bytes INTEGER, genes TEXT, validation_error ANY, author_experiment TEXT,
	author_round INTEGER, author_millis ANY, author_config TEXT, author_data TEXT, author_optimizer TEXT,
	status TEXT NOT NULL, reason TEXT, crowned_round INTEGER, end_block INTEGER, unpaid_reason TEXT,
	changed_block INTEGER NOT NULL, PRIMARY KEY (domain, round, seat)
) STRICT, WITHOUT ROWID;
CREATE INDEX seat_model ON seat (model);
CREATE INDEX seat_account ON seat (account);
CREATE INDEX seat_unpaid ON seat (end_block) WHERE unpaid_reason IS NOT NULL;
CREATE INDEX seat_unpaid_account ON seat (account, end_block) WHERE unpaid_reason IS NOT NULL;
CREATE INDEX seat_changed ON seat (changed_block);
CREATE TABLE task (
	task ANY NOT NULL PRIMARY KEY, domain INTEGER NOT NULL, subject TEXT NOT NULL, opened_block INTEGER NOT NULL, target ANY,
	seed TEXT, quorums INTEGER NOT NULL, settled_block INTEGER, settler TEXT, end_block INTEGER, backing TEXT, void_reason TEXT,
	changed_block INTEGER NOT NULL
) STRICT;
CREATE INDEX task_changed ON task (changed_block);
CREATE TABLE answer (
	task ANY NOT NULL, account TEXT NOT NULL, quorum INTEGER NOT NULL, drawn_block INTEGER NOT NULL, commit_block INTEGER,
	reveal_block INTEGER, missed_block INTEGER, is_excused INTEGER, changed_block INTEGER NOT NULL,
	PRIMARY KEY (task, account, quorum)
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_missed ON answer (missed_block) WHERE missed_block IS NOT NULL;
CREATE INDEX answer_changed ON answer (changed_block);
CREATE TABLE challenge (
	block INTEGER NOT NULL, position INTEGER NOT NULL, kind TEXT NOT NULL, is_upheld INTEGER NOT NULL, challenger TEXT NOT NULL,
	task ANY, domain INTEGER, round INTEGER, seat INTEGER, model INTEGER, chunk INTEGER, claimed INTEGER, computed INTEGER,
	reward TEXT, paid TEXT, burned TEXT, PRIMARY KEY (block, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE work_block (
	number ANY NOT NULL PRIMARY KEY, block INTEGER NOT NULL, taken ANY, threshold ANY, minted TEXT NOT NULL,
	optimizers TEXT NOT NULL, evaluators TEXT NOT NULL, validators TEXT NOT NULL
) STRICT;
CREATE INDEX work_block_block ON work_block (block);
CREATE TABLE payment (
	block INTEGER NOT NULL, position INTEGER NOT NULL, account TEXT NOT NULL, role TEXT NOT NULL, amount TEXT NOT NULL,
	is_forfeited INTEGER NOT NULL, PRIMARY KEY (block, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX payment_account ON payment (account, block);
CREATE TABLE burn (
	block INTEGER NOT NULL, position INTEGER NOT NULL, cause TEXT NOT NULL, amount TEXT NOT NULL, domain INTEGER, round INTEGER,
	account TEXT, PRIMARY KEY (block, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE purse_payment (
	block INTEGER NOT NULL, position INTEGER NOT NULL, domain INTEGER NOT NULL, round INTEGER NOT NULL, effective ANY,
	minted TEXT NOT NULL, optimizers TEXT NOT NULL, evaluators TEXT NOT NULL, validators TEXT NOT NULL,
	PRIMARY KEY (block, position)
) STRICT, WITHOUT ROWID;
