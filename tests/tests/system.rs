//! Whole-system tests in one executable: they wait for blocks most of the time, so two run side by side.

mod analytics;
mod anchors;
mod browser;
mod clients;
mod commands;
mod crash;
mod dashboard;
mod discovery;
mod faults;
mod forecast;
mod forks;
mod journal;
mod letters;
mod network;
mod node;
mod operator;
mod partitions;
mod referendum;
mod reporter;
mod round;
mod round_faults;
mod rpc;
mod rpc_load;
mod sealed;
mod sync;
mod worker;
