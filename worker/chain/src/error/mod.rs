//! Errors of the three APIs of this crate: [`ConnectError`], [`ReadError`] and [`SubmitError`].
//!
//! Every message names the thing and the next step. The reason is the [`source`](std::error::Error::source) of the error: print
//! the whole chain of sources, e.g. with `{:#}` of `anyhow`.

mod connect;
mod read;
mod request;
mod submit;

pub use connect::{ConnectError, Difference, InvalidUrl};
pub use read::ReadError;
pub use request::RequestError;
pub use submit::{Rejection, Setback, SubmitError};
