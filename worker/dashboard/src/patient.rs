//! A stream whose writes end with an error if the other side takes nothing for a while.

use std::{
	future::Future,
	io,
	pin::Pin,
	task::{ready, Context, Poll},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite, ReadBuf},
	time::{sleep, Sleep},
};

/// A stream whose writes fail once the other side has taken nothing for `patience`. A client that does not read what it asked for would
/// otherwise hold its connection for ever.
pub(crate) struct Patient<S> {
	stream: S,
	patience: Duration,
	/// End of the patience, while a write waits.
	end: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
	/// Returns a stream over `stream`.
	pub fn new(stream: S, patience: Duration) -> Self {
		Self { stream, patience, end: None }
	}

	/// Returns the outcome of a write, or an error if it has waited for too long.
	fn limited<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
		if outcome.is_ready() {
			self.end = None;
			return outcome;
		}
		let patience = self.patience;
		let end = self.end.get_or_insert_with(|| Box::pin(sleep(patience)));
		ready!(end.as_mut().poll(context));
		Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read what it asked for")))
	}
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
	fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_read(context, buffer)
	}
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
	fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
		let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
		self.limited(outcome, context)
	}

	fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_flush(context)
	}

	fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_shutdown(context)
	}

	fn poll_write_vectored(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
		buffers: &[io::IoSlice<'_>],
	) -> Poll<io::Result<usize>> {
		let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
		self.limited(outcome, context)
	}

	fn is_write_vectored(&self) -> bool {
		self.stream.is_write_vectored()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use tokio::io::{duplex, AsyncReadExt, AsyncWriteExt};

	#[tokio::test]
	async fn a_client_that_reads_nothing_is_given_up() {
		let (server, mut client) = duplex(8);
		let mut server = Patient::new(server, Duration::from_millis(20));
		server.write_all(b"12345678").await.unwrap();
		let error = server.write_all(b"9").await.unwrap_err();
		assert_eq!(error.kind(), io::ErrorKind::TimedOut);
		let mut read = [0; 8];
		client.read_exact(&mut read).await.unwrap();
		assert_eq!(&read, b"12345678");
		server.write_all(b"9").await.unwrap();
	}
}
