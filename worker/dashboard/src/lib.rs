//! HTTP server of the worker: chain, worker and analytics database as JSON, events as they happen, and a page.
//!
//! ```text
//!   bind ──▶ Bound ── serve(slot, feed, token, shutdown) ──▶ routes ──▶ Source ──▶ Chain, Progress, analytics Reader
//!   ChainSource::follow ── blocks, events, searches ──▶ Feed ──▶ /events, /api/events
//! ```
//!
//! A worker binds the server before it does anything else, so that a port in use is an error at once. The server answers while the
//! worker still waits for its node; routes that read the chain return 503 until its [`Slot`] is filled.
//!
//! # Routes
//!
//! Keys and paths are those of upstream where the number exists here. `/api/openapi.json` describes them all in OpenAPI 3.1.
//!
//! | route | content |
//! |---|---|
//! | `GET /dashboard` | the page |
//! | `GET /health` | the server answers |
//! | `GET /status?limit&offset` | summary of worker, node, domains, tasks, work, fees and coins |
//! | `GET /fees` | fee market |
//! | `GET /peers`, `GET /api/peers` | peers of the node; 501 if the node refuses to name them |
//! | `GET /chain/status` | heights and hashes |
//! | `GET /chain/blocks?from&to` | finalized blocks, at most 50 |
//! | `GET /chain/block/{n}` | one finalized block |
//! | `GET /tasks/pending?domains&limit` | recomputation tasks that are not final, and work of this host |
//! | `POST /tasks/claim`, `POST /tasks/complete` | lease of work of this host, and its result |
//! | `POST /inference` | answer of a champion, for a voucher; 501 for a worker that does not serve |
//! | `GET /price`, `/models`, `/channel/{id}` | prices, champions that answer, the newest voucher of a channel |
//! | `GET /api/serving` | answers, refusals and earnings since the start |
//! | `GET /api/answers` | offers of servers, payment channels, and paid demand beside voted weights |
//! | `GET /stats?limit&offset` | summary of every domain |
//! | `GET /stats/chain-metrics` | means over the newest blocks |
//! | `GET /stats/{experiments,rounds}?domain&limit&offset`, `GET /api/metrics` | rows of the analytics database; 501 without one |
//! | `GET /stats/export` | the analytics database; needs the token |
//! | `GET /api/node` | the worker, and its node |
//! | `GET /api/optimization?domain&limit&offset` | domains with champions, and rounds |
//! | `GET /api/domain/{id}`, `/api/evidence/{id}` | one domain |
//! | `GET /api/champion/{id}?block` | the champion in the state of a block, with its genes |
//! | `GET /api/history/{id}` | champions over time, and rungs |
//! | `GET /api/forecast/{id}` | forecasts of the champion |
//! | `GET /api/streams?limit&offset` | streams of bars, with their markets of forecasts |
//! | `GET /api/stream/{id}` | one stream with its closes, its rounds and revealed forecasts |
//! | `GET /api/stream/{id}/round/{n}` | one round of forecasts with its seats |
//! | `GET /api/work`, `/api/reputation/{account}` | views of the chain |
//! | `GET /api/training` | searches; 501 for a worker that does not optimize |
//! | `GET /api/evaluations` | open tasks, who is late, and recently completed tasks |
//! | `GET /api/{challenges,absences,unpaid}` | rows of the analytics database |
//! | `GET /api/events?limit` | recent events |
//! | `GET /api/chain?limit` | newest blocks |
//! | `GET /api/plugins?limit&offset` | programs of the domains |
//! | `GET /events` | server-sent events |
//!
//! # Limits
//!
//! The server listens on the loopback interface unless it is given another address. It answers requests whose `Host` is an address or
//! `localhost`, so that no page of another site reaches it by a name of its own, and none that a script of such a page sends. Other
//! requests of such a page, e.g. for an image, are refused on the loopback interface; browsers do not mark them elsewhere. The server
//! sends no CORS headers. Requests other than `GET`, and `/stats/export`, need a [`Token`], apart from `/inference`, which needs a voucher. The routes of clients
//! who pay may name the server by another name, and [`Bound::serve_clients`] has them alone. A body has at most 64 KiB, one of
//! `/inference` and `/tasks/complete` 2 MiB, and 64 of more than 64 KiB are read at a time, a request is
//! answered within 10 s, and there are at most 2,048 connections, fewer where the system allows fewer open files. A client that takes
//! no bytes of its answer for a minute is disconnected. An answer lists at most 1,000 domains, tasks or rows, 500 events, or 50 blocks;
//! `limit` and `offset` choose others, and the total number of domains stands beside them. Only the weights of `/status` and
//! `/api/work` are those of all domains that have one.
//!
//! # Load
//!
//! Views of the chain are read once per block, by one task, and only if a request asks for them. Queries of the database run on threads
//! of their own, at most four at a time; rungs and forecasts on one thread each, one at a time.
//!
//! Forecasts of streams are kept as finalized blocks reveal them, of the newest 16 rounds of each stream. Those of the 4,096 blocks
//! before the start of the server are read once a request asks for a stream.
//!
//! # Errors
//!
//! Every error is `{"error": reason, "next": next step}`.
//!
//! | status | reason |
//! |---|---|
//! | 400 | a query, path or body cannot be read, or the body was cut |
//! | 401, 403 | no token, or another one; the request is one of another site |
//! | 402, 409 | no voucher pays for the request, or another request shows it; another worker has the task |
//! | 404, 405 | there is no such route, method, block, domain, stream, round, channel or task |
//! | 408 | the body was not sent in time |
//! | 413, 415, 422 | the body is too long, is not JSON, or has other fields; a limit, a range or an input is not possible |
//! | 429 | the address has sent too many requests for pay |
//! | 500 | the analytics database is damaged, or the worker has a fault |
//! | 501 | the feature is not a part of this worker |
//! | 503, 504 | node or database do not answer, or not in time; the database has no block yet; the server has too much to do |
//! | 507 | the disk is full, so no voucher can be journalled |

#![warn(clippy::missing_errors_doc)]

mod auth;
mod body;
mod error;
mod events;
mod extract;
mod files;
#[cfg(test)]
mod fixtures;
mod page;
mod patient;
mod routes;
mod server;
pub mod shape;
mod source;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use auth::{Token, TokenError};
pub use events::{Feed, Item, Published, Reader, BEHIND, KEPT};
pub use server::{bind, BindError, Bound, DEFAULT_ADDRESS};
pub use source::{
	About, Answer, ChainSource, Database, Export, Parts, Query, Selection, Slot, Source, SourceError, Views, PAGE_BLOCKS,
};
