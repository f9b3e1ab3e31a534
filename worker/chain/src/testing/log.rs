//! Warnings that code under test logs.

use std::{
	fmt::{Debug, Write},
	sync::{Arc, Mutex},
};
use tracing::{
	field::{Field, Visit},
	span::{Attributes, Id, Record},
	subscriber::{set_default, DefaultGuard},
	Event, Level, Metadata, Subscriber,
};

/// Warnings of a module on one thread, in order. A warning is the text `field=value` of each of its fields.
#[derive(Clone)]
pub(crate) struct Warnings {
	module: &'static str,
	texts: Arc<Mutex<Vec<String>>>,
}

/// Text of an event.
struct Text(String);

impl Visit for Text {
	fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
		let _ = write!(self.0, "{field}={value:?} ");
	}
}

impl Warnings {
	/// Collects the warnings of `module` on this thread, until the guard is dropped.
	pub(crate) fn of(module: &'static str) -> (Self, DefaultGuard) {
		let warnings = Self { module, texts: Arc::default() };
		(warnings.clone(), set_default(warnings))
	}

	/// Returns the warnings so far.
	pub(crate) fn texts(&self) -> Vec<String> {
		self.texts.lock().unwrap().clone()
	}
}

impl Subscriber for Warnings {
	fn enabled(&self, metadata: &Metadata<'_>) -> bool {
		*metadata.level() == Level::WARN && metadata.target().starts_with(self.module)
	}

	fn new_span(&self, _: &Attributes<'_>) -> Id {
		Id::from_u64(1)
	}

	fn record(&self, _: &Id, _: &Record<'_>) {}

	fn record_follows_from(&self, _: &Id, _: &Id) {}

	fn event(&self, event: &Event<'_>) {
		let mut text = Text(String::new());
		event.record(&mut text);
		self.texts.lock().unwrap().push(text.0);
	}

	fn enter(&self, _: &Id) {}

	fn exit(&self, _: &Id) {}
}
