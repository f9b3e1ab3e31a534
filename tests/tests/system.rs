//! Tests the built node and worker as processes. Each module tests one part of the system, e.g. `forks` or `dashboard`.
//!
//! All modules are one executable, and its tests run on as many threads as there are cores. Most of a test is waiting for blocks.

mod analytics;
mod anchors;
mod browser;
mod buyers;
mod claim;
mod clients;
mod commands;
mod crash;
mod dashboard;
mod discovery;
mod faults;
mod forecast;
mod forks;
mod genomes;
mod inference;
mod journal;
mod landscape;
mod letters;
mod network;
mod node;
mod operator;
mod partitions;
mod plugins;
mod referendum;
mod reporter;
mod round;
mod round_faults;
mod rpc;
mod rpc_load;
mod sealed;
mod shared_work;
mod sync;
mod tolerance;
mod worker;
