//! Commands: each module has the arguments, the work and the report of one.

pub mod bench;
pub mod bond;
pub mod budget;
mod curve;
pub mod devices;
pub mod domain;
pub mod evaluate;
mod genes;
pub mod journal;
pub mod keys;
mod likeness;
pub mod own;
pub mod predict;
mod registration;
mod row_figures;
pub mod run;
pub mod status;
pub mod train;
pub mod verify;
pub mod vote;
pub mod watch;
