//! Parser of server-sent events, as the HTML standard defines `text/event-stream`.

/// Longest line, bytes.
const MAX_LINE: usize = 1 << 20;
/// Most data of one event, bytes.
const MAX_DATA: usize = 4 << 20;

/// An event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
	/// Name of the event; empty for a message.
	pub name: String,
	/// Data lines, joined by line feeds.
	pub data: String,
}

/// Error of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Parser that is fed with parts of a stream.
#[derive(Debug, Default)]
pub struct SseParser {
	line: Vec<u8>,
	/// The last byte was a carriage return, which a line feed may follow.
	after_return: bool,
	event: SseEvent,
	has_data: bool,
}

impl SseParser {
	/// Reads further bytes, and calls `on_event` with each event that they complete.
	///
	/// # Errors
	///
	/// Errors if a line or an event is longer than any event of a worker.
	pub fn feed(&mut self, bytes: &[u8], mut on_event: impl FnMut(SseEvent)) -> Result<(), TooLong> {
		for byte in bytes {
			let follows_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
			match byte {
				b'\n' if follows_return => {}
				b'\n' | b'\r' => {
					if let Some(event) = self.end_line()? {
						on_event(event);
					}
				}
				_ if self.line.len() == MAX_LINE => return Err(TooLong),
				_ => self.line.push(*byte),
			}
		}
		Ok(())
	}

	/// Takes the line that has ended; returns the event that an empty line completes.
	fn end_line(&mut self) -> Result<Option<SseEvent>, TooLong> {
		let line = std::mem::take(&mut self.line);
		if line.is_empty() {
			let event = std::mem::take(&mut self.event);
			return Ok(std::mem::take(&mut self.has_data).then_some(event));
		}
		let line = String::from_utf8_lossy(&line);
		let (field, value) = line.split_once(':').unwrap_or((&line, ""));
		let value = value.strip_prefix(' ').unwrap_or(value);
		match field {
			"data" => {
				if self.event.data.len() + value.len() >= MAX_DATA {
					return Err(TooLong);
				}
				if std::mem::replace(&mut self.has_data, true) {
					self.event.data.push('\n');
				}
				self.event.data.push_str(value);
			}
			"event" => self.event.name = value.into(),
			// A comment, the identifier or the pause before a reconnection.
			_ => {}
		}
		Ok(None)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parsed(parts: &[&[u8]]) -> Vec<(String, String)> {
		let (mut parser, mut events) = (SseParser::default(), Vec::new());
		for part in parts {
			parser.feed(part, |event| events.push((event.name, event.data))).unwrap();
		}
		events
	}

	fn message(data: &str) -> (String, String) {
		(String::new(), data.into())
	}

	#[test]
	fn events_are_read_from_any_parts() {
		let text =
			b": heartbeat\n\nid: 7\ndata: {\"a\":1}\n\nevent: dropped\r\ndata:x\r\ndata: y\r\n\r\ndata\n\ndata: \xc3\xa9\n\n";
		let expected = [message("{\"a\":1}"), ("dropped".into(), "x\ny".into()), message(""), message("é")];
		assert_eq!(parsed(&[text]), expected);
		let bytes: Vec<&[u8]> = text.chunks(1).collect();
		assert_eq!(parsed(&bytes), expected);
	}

	#[test]
	fn an_event_without_data_or_an_end_is_none() {
		assert_eq!(parsed(&[b"event: x\nid: 3\n\ndata: unfinished\n"]), []);
		assert_eq!(parsed(&[b"event: x\n\ndata: y\n\n"]), [message("y")], "the name of an event without data is forgotten");
	}

	#[test]
	fn a_stream_that_never_ends_a_line_is_refused() {
		let mut parser = SseParser::default();
		assert_eq!(parser.feed(&vec![b'x'; MAX_LINE], |_| {}), Ok(()));
		assert_eq!(parser.feed(b"x", |_| {}), Err(TooLong));
		let mut parser = SseParser::default();
		let line = [b"data: ".as_slice(), &vec![b'x'; MAX_LINE - 10], b"\n"].concat();
		assert_eq!((0..5).map(|_| parser.feed(&line, |_| {})).find(Result::is_err), Some(Err(TooLong)));
	}
}
