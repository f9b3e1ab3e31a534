//! DOIN's part of consensus: the digest, the fork choice and authoring on work, on chains of headers without a node.

mod author;
mod chain;
mod digest;
mod import;
