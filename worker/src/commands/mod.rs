//! Commands: each module has the arguments, the work and the report of one.

pub mod bench;
pub mod bond;
pub mod budget;
pub mod clean_up;
mod curve;
pub mod devices;
pub mod domain;
pub mod evaluate;
pub mod export;
mod genes;
pub mod history;
pub mod index;
pub mod journal;
pub mod keys;
mod likeness;
pub mod own;
pub mod predict;
mod registration;
mod row_figures;
pub mod run;
pub mod service;
pub mod status;
pub mod top;
pub mod train;
pub mod verify;
pub mod vote;
pub mod watch;
