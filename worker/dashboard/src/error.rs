//! Errors of a request, as status and JSON.

use crate::{shape::Problem, source::SourceError};
use axum::{
	http::StatusCode,
	response::{IntoResponse, Response},
	Json,
};
use doin_serve::{tasks::QueueFault, Kind, Refusal};

/// Error of a request: a status, the reason, and the next step of the sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error} ({next})")]
pub struct ApiError {
	/// Status of the response.
	pub status: StatusCode,
	/// Reason for which the request was not answered.
	pub error: String,
	/// Next step of the sender.
	pub next: String,
}

impl ApiError {
	/// Returns an error with this status.
	pub fn new(status: StatusCode, error: impl Into<String>, next: impl Into<String>) -> Self {
		Self { status, error: error.into(), next: next.into() }
	}

	/// Returns the error of a path that is not a route.
	pub fn no_route(path: &str) -> Self {
		Self::new(
			StatusCode::NOT_FOUND,
			format!("there is no route `{}`", shortened(path)),
			"GET /api/openapi.json lists all routes",
		)
	}

	/// Returns the error of something that the chain or the worker does not have.
	pub fn not_found(what: impl Into<String>, next: impl Into<String>) -> Self {
		Self::new(StatusCode::NOT_FOUND, what, next)
	}

	/// Returns the error of a request whose values are well-formed and not possible.
	pub fn impossible(error: impl Into<String>, next: impl Into<String>) -> Self {
		Self::new(StatusCode::UNPROCESSABLE_ENTITY, error, next)
	}
}

/// Returns at most 100 characters of a text of the sender.
pub(crate) fn shortened(text: &str) -> String {
	match text.char_indices().nth(100) {
		Some((end, _)) => format!("{}…", &text[..end]),
		None => text.into(),
	}
}

impl From<SourceError> for ApiError {
	fn from(error: SourceError) -> Self {
		match error {
			SourceError::Absent { reason, next } => Self::new(StatusCode::NOT_IMPLEMENTED, reason, next),
			SourceError::Unavailable { reason, next } => Self::new(StatusCode::SERVICE_UNAVAILABLE, reason, next),
			SourceError::NotFound { reason, next } => Self::new(StatusCode::NOT_FOUND, reason, next),
			SourceError::Broken { reason, next } => Self::new(StatusCode::INTERNAL_SERVER_ERROR, reason, next),
		}
	}
}

impl From<Refusal> for ApiError {
	fn from(Refusal { kind, reason, next }: Refusal) -> Self {
		let status = match kind {
			Kind::Malformed => StatusCode::BAD_REQUEST,
			Kind::Unpaid => StatusCode::PAYMENT_REQUIRED,
			Kind::Unknown => StatusCode::NOT_FOUND,
			Kind::InUse => StatusCode::CONFLICT,
			Kind::Impossible => StatusCode::UNPROCESSABLE_ENTITY,
			Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
			Kind::Busy | Kind::Behind => StatusCode::SERVICE_UNAVAILABLE,
			Kind::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
			Kind::Broken => StatusCode::INTERNAL_SERVER_ERROR,
		};
		Self::new(status, reason, next)
	}
}

impl From<QueueFault> for ApiError {
	fn from(fault: QueueFault) -> Self {
		let (status, next) = match fault {
			QueueFault::Unknown(_) => (StatusCode::NOT_FOUND, "GET /tasks/pending lists the tasks of this host"),
			QueueFault::Leased { .. } | QueueFault::Done(_) => (StatusCode::CONFLICT, "claim another task of GET /tasks/pending"),
			QueueFault::Full => (StatusCode::SERVICE_UNAVAILABLE, "repeat the request once tasks are done"),
			QueueFault::TooLong(_) => (StatusCode::PAYLOAD_TOO_LARGE, "hand in a shorter result"),
		};
		Self::new(status, fault.to_string(), next)
	}
}

impl IntoResponse for ApiError {
	fn into_response(self) -> Response {
		(self.status, Json(Problem { error: self.error, next: self.next })).into_response()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_long_path_is_quoted_in_part() {
		let error = ApiError::no_route(&"é".repeat(5_000));
		assert!(error.error.chars().count() < 150, "{error}");
		assert!(error.error.contains('…'));
		assert!(ApiError::no_route("/x").error.ends_with("`/x`"));
	}

	#[test]
	fn every_refusal_of_a_server_has_a_status() {
		let kinds = [
			(Kind::Malformed, 400),
			(Kind::Unpaid, 402),
			(Kind::Unknown, 404),
			(Kind::InUse, 409),
			(Kind::Impossible, 422),
			(Kind::TooMany, 429),
			(Kind::Busy, 503),
			(Kind::Behind, 503),
			(Kind::NoSpace, 507),
			(Kind::Broken, 500),
		];
		for (kind, status) in kinds {
			assert_eq!(ApiError::from(Refusal::new(kind, "reason", "next")).status, status);
		}
		let leased = QueueFault::Leased { task: "1".into(), holder: "a".into() };
		assert_eq!(ApiError::from(leased).status, 409);
		assert_eq!(ApiError::from(QueueFault::Unknown("1".into())).status, 404);
	}

	#[test]
	fn every_error_of_a_source_has_a_status_of_its_own() {
		let errors = [
			(SourceError::absent("reason", "next"), 501),
			(SourceError::unavailable("reason", "next"), 503),
			(SourceError::not_found("reason", "next"), 404),
			(SourceError::broken("reason", "next"), 500),
		];
		for (error, status) in errors {
			assert_eq!(ApiError::from(error).status, status);
		}
	}
}
