//! DOIN's part of consensus. Slots, finality and synchronisation are those of BABE and GRANDPA.
//!
//! | module | task |
//! |---|---|
//! | [`digest`] | checks the DOIN digest of a header against that of its parent |
//! | [`fork_choice`] | ranks chains as BABE does, and by work blocks where BABE prefers none |
//! | [`import`] | applies both to the blocks that a node imports |
//! | [`author`] | lets slots pass on a development chain that has nothing to do |
//! | [`cli`] | options of the block author |
//!
//! Record 55 in `docs/adr` has the reasons, and the attacks that were considered.

pub mod author;
pub mod cli;
pub mod digest;
pub mod fork_choice;
pub mod import;
