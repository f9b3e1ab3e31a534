//! Talks to a DOIN node.
//!
//! Reads go through the runtime API `DoinApi` and come back as the types of [`doin_primitives::views`]; calls are written in SCALE behind
//! indices looked up in the metadata of the connected chain, which is checked for every call this crate knows when it connects. So
//! nothing here is generated, and a node of another version is refused with a sentence instead of a wrong transaction.
//!
//! ```no_run
//! # async fn example() -> Result<(), doin_chain::ChainError> {
//! let chain = doin_chain::Chain::connect("ws://127.0.0.1:9944", doin_chain::Patience::Once).await?;
//! for domain in chain.domains(chain.head()).await? {
//!     println!("{} {} weighs {}", domain.id, domain.name, domain.weight);
//! }
//! # Ok(()) }
//! ```

mod account;
mod calls;
mod client;
mod error;
mod reads;
mod submit;

pub use account::{Account, Signer};
pub use calls::{Call, Vote};
pub use client::{Chain, Head, Patience};
pub use error::ChainError;
pub use reads::Funds;
pub use submit::{Event, Included, Urgency};
