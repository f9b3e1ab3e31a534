//! Facts of a DOIN chain in SQLite, for analytics.
//!
//! ```text
//!   finalized blocks ──▶ facts(&Block) ──▶ rows ──▶ Store::write   one transaction a batch, with the position
//!                          pure                       │
//!                                                     ├──▶ Store::check, Store::content   gaps; canonical hash
//!                                                     ├──▶ StatsFile::append              CSV, one line a seat
//!                                                     ├──▶ Reader                         queries of a dashboard
//!                                                     ├──▶ export_parquet                 Parquet files
//!                                                     └──▶ export_postgres                PostgreSQL, with views
//! ```
//!
//! Blocks are stored from block 0 on, with the facts of all accounts. A batch and the position after it are one transaction, so a
//! process that is killed leaves neither a gap nor a duplicate. All facts are functions of the stored blocks alone, so a database
//! that is built anew has the same [content](Store::content). Three things come from the state of a block, since no event has them: the
//! domains of block 0, the target of a registered domain, and the genes of a revealed model.
//!
//! A node that has removed the states of old blocks has no events of them. From such a node, a database can
//! [begin](Store::begin_with) with a later block, which stands in `_position`. It has no facts of the blocks before, and of a round that
//! was open then, it has the later seats and answers only.
//!
//! # Star schema
//!
//! The tables `dim_domain`, `dim_experiment`, `fact_round`, `fact_experiment_summary`, `fact_chain_optimae` and `_schema_version`
//! have the columns of the Python implementation of DOIN, and then columns of this chain. Queries for the former work here, with
//! these meanings:
//!
//! | column | meaning on this chain |
//! |---|---|
//! | `experiment_id` | participation of one account in one domain: `DOMAIN/ACCOUNT` |
//! | `node_id`, `optimizer_id` | the account, SS58 |
//! | `round_id` | a seat of a round: `DOMAIN/ROUND/SEAT`; a row is added when the round ends |
//! | `performance` | claimed error sum on the validation split, lower is better; NULL without a claim, or after a false one |
//! | `best_performance` | smallest performance of the experiment so far |
//! | `performance_delta` | performance minus the best one of earlier rounds; negative if it is better |
//! | `is_improvement` | 1 if performance is below that of all earlier rounds of the experiment |
//! | `wall_clock_seconds`, `time_to_this_result_seconds` | time of the search, as the author states it |
//! | `elapsed_seconds`, `total_elapsed_seconds` | time from the block of the first seat of the experiment to the end of the round |
//! | `chain_height`, `block_height` | block that ended the round |
//! | `converged` | 1 if the domain had reached its target |
//! | `metrics` | what the author states about the experiment, without proof |
//! | `parameters`, `best_parameters` | genes of the model, and of the one with `best_performance`: a JSON array, in their order |
//! | `target_performance` | target of the domain as an error sum on the validation split; NULL without a target |
//! | `block_reward_earned` | plancks that were minted to the account as optimizer since its row before |
//! | `reward_fraction` | `effective` / `increment`: the part of the rise that is paid |
//! | `verified_performance` | error sum of a new champion on the drawn windows; `previous_best_performance`: of the former one |
//! | `effective_increment` | effective improvement in bits; `effective` is the exact value, Q32 |
//!
//! `seat.unpaid_reason` is why a seat of an ended round is not paid: the reason of its rejection, that of the round, `forfeited`,
//! `excused`, `voided` or `lost`. It is NULL for a seat that is paid. `changed_block` is the block that changed a row last.
//!
//! A reveal that is rejected at once as `notBetter` has no event of its own, so its claim, model and metrics are not known.
//!
//! Columns that nothing on the chain fills are NULL, never 0: bounds, configurations, host names, numbers of peers, mean absolute
//! errors, `doin_version`, `domain_type`, `description` and `quorum_agree_fraction`.
//!
//! A target is a loss. `target_performance` is the error sum of the initial champion times target / 2²⁰, rounded down, to be compared
//! with `performance`; the chain itself compares losses on the drawn windows.
//!
//! A work block pays several rounds together, and `Work.Rewarded` names none. `block_reward_earned` is therefore what the account has
//! earned, in all domains, after the block of its row before and up to `chain_height`, so that its sum over the rows of an account is
//! what it was minted up to the last of them; each amount is in `payment`. Two rows of one block share nothing: the first has the amount,
//! and the second has 0.
//!
//! # Origin of every number
//!
//! `dim_source` has a row for every column of every table, and of every view in PostgreSQL. `origin` is one of these, and `storage` is the
//! storage item that has the value, or that it is computed from, in the state of the block of the row; NULL if no item keeps it:
//!
//! | `origin` | meaning |
//! |---|---|
//! | `event: PALLET.EVENT.FIELD, …` | field of an event, which `event` has too; before the first stored block, the storage item |
//! | `block: PALLET.EVENT, …` | block of an event, or a mark that it was deposited |
//! | `header: …` | part of a block other than its events |
//! | `state: …` | field of the storage item `storage`, in the state of the block of an event |
//! | `rule: …` | computed from other columns |
//! | `column: TABLE.COLUMN, …` | columns of a view |
//! | `none` | nothing fills it, so it is NULL in every row |
//!
//! ```sql
//! SELECT origin, storage FROM dim_source WHERE relation = 'fact_round' AND field = 'performance';
//! -- event: Optimae.Revealed.validation_error | Optimae.Models
//! ```
//!
//! Further tables are those of this chain: `block`, `event` (all events, their fields as JSON), `round`, `seat`, `task`, `answer`,
//! `challenge`, `work_block`, `payment`, `purse_payment` and `burn`. `burn` has the amounts that events name as burned; slashes of
//! evaluators and fees of transactions are in `event` only.
//!
//! # Numbers
//!
//! Amounts are decimal TEXT in plancks. Integers of 64 bits are INTEGER below 2⁶³, and decimal TEXT from there on. REAL occurs only
//! in columns of the Python implementation that are derived: seconds and bits.

#![warn(clippy::missing_errors_doc)]

mod block;
mod check;
mod error;
mod events;
mod facts;
mod parquet;
mod postgres;
mod reader;
mod statements;
mod stats;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use block::{Block, Event, Hash, KnownChampions, KnownDomain, RegisteredTarget, RevealedGenes};
pub use check::{Content, Finding, TableContent};
pub use error::StoreError;
pub use facts::{facts, FactsError, Row};
pub use parquet::{export_parquet, ExportedFiles, ParquetError};
pub use postgres::{export_postgres, Exported, PostgresError};
pub use reader::{Reader, Record, MAX_ROWS};
pub use stats::StatsFile;
pub use store::{name_aside, Position, Store, SCHEMA_VERSION};
