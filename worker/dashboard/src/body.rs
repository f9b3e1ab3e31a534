//! A request body that knows whether somebody waits for its next bytes.

use axum::{
	body::{Body, Bytes, HttpBody},
	extract::Request,
};
use hyper::body::{Frame, SizeHint};
use std::{
	pin::Pin,
	sync::{
		atomic::{AtomicBool, Ordering::Relaxed},
		Arc,
	},
	task::{Context, Poll},
};

/// Arrival of the body of a request. It outlives the request, so that a request that took too long can be told from a slow client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrival(Arc<AtomicBool>);

impl Arrival {
	/// Returns the request with a body whose arrival is watched.
	pub fn watch(request: Request) -> (Request, Self) {
		let arrival = Self::default();
		let watched = arrival.clone();
		(request.map(|body| Body::new(Watched { body, arrival: watched })), arrival)
	}

	/// Returns `true` if a handler waits for bytes that the client has not sent, or did so when it was given up.
	pub fn is_awaited(&self) -> bool {
		self.0.load(Relaxed)
	}
}

/// Body whose arrival is watched.
struct Watched {
	body: Body,
	arrival: Arrival,
}

impl HttpBody for Watched {
	type Data = Bytes;
	type Error = axum::Error;

	fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
		let frame = Pin::new(&mut self.body).poll_frame(context);
		self.arrival.0.store(frame.is_pending(), Relaxed);
		frame
	}

	fn is_end_stream(&self) -> bool {
		self.body.is_end_stream()
	}

	fn size_hint(&self) -> SizeHint {
		self.body.size_hint()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::{channel::mpsc, SinkExt, StreamExt};

	#[tokio::test]
	async fn a_body_is_awaited_while_its_reader_waits() {
		let (mut client, sent) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
		let (request, arrival) = Arrival::watch(Request::new(Body::from_stream(sent)));
		assert!(!arrival.is_awaited(), "nobody reads it yet");
		let mut body = request.into_body().into_data_stream();
		assert!(futures::poll!(body.next()).is_pending() && arrival.is_awaited());
		client.send(Ok(Bytes::from_static(b"12"))).await.unwrap();
		assert_eq!(body.next().await.unwrap().unwrap(), Bytes::from_static(b"12"));
		assert!(!arrival.is_awaited(), "its reader is at work");
		drop(client);
		assert!(body.next().await.is_none() && !arrival.is_awaited());
		let (known, _) = Arrival::watch(Request::new(Body::from("123")));
		assert_eq!(known.body().size_hint().exact(), Some(3), "the length of a body is not hidden");
	}
}
