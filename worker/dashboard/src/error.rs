//! Errors of a request, as status and JSON.

use crate::{shape::Problem, source::SourceError};
use axum::{
	http::StatusCode,
	response::{IntoResponse, Response},
	Json,
};

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
