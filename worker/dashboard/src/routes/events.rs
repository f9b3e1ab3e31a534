//! Events as they happen, as server-sent events.

use super::App;
use crate::{
	events::{Item, Reader},
	shape::{Event, Problem},
};
use axum::{
	extract::State,
	http::HeaderMap,
	response::{
		sse::{self, KeepAlive},
		Sse,
	},
};
use futures::{stream, Stream};
use std::{convert::Infallible, time::Duration};
use tokio::sync::watch;

/// Pause between two comments that keep a silent stream open.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Returns a stream of events. Each message is the JSON of one event; `best` and `search` have no id and are not kept. A client that
/// comes back with `Last-Event-ID` gets the kept events after that one first. A client that is too slow gets the event `dropped`, and its
/// stream ends.
#[utoipa::path(get, path = "/events", tag = "api",
	params(("Last-Event-ID" = Option<u64>, Header, description = "Last event that was seen")),
	responses((status = 200, body = Event, content_type = "text/event-stream"), (status = "default", body = Problem)))]
pub(super) async fn events(
	State(app): State<App>,
	headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
	// A browser repeats the id for ever, so one that is not a number is not an error.
	let after = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.trim().parse().ok());
	let state = (app.feed.reader(after), app.stop.clone());
	let stream = stream::unfold(state, |(mut reader, mut stop): (Reader, watch::Receiver<bool>)| async move {
		let item = reader.next(&mut stop).await?;
		Some((Ok(sent(&item)), (reader, stop)))
	});
	Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat"))
}

/// Returns the form of an item in the stream.
fn sent(item: &Item) -> sse::Event {
	match item {
		Item::Event(published) => {
			let event = sse::Event::default();
			let event = match published.event.id {
				Some(id) => event.id(id.to_string()),
				None => event,
			};
			event.data(&published.json)
		}
		Item::Missed(missed) => {
			let problem = Problem {
				error: format!("this client was too slow and missed {missed} events"),
				next: "open /events again; with the header `Last-Event-ID`, the kept events after that one come first".into(),
			};
			sse::Event::default().event("dropped").data(serde_json::to_string(&problem).unwrap_or_default())
		}
	}
}
