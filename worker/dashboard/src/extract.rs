//! Extractors whose rejections are JSON with a next step.

use crate::error::{shortened, ApiError};
use axum::{
	body::{Bytes, HttpBody as _},
	extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request},
	http::{header, request::Parts, StatusCode},
};
use serde::de::DeserializeOwned;
use serde_json::{error::Category, Map, Value};
use tokio::sync::Semaphore;

/// Next step after a request that cannot be read.
const NEXT: &str = "GET /api/openapi.json describes the parameters and bodies of all routes";

/// Query of a request. All its values are texts, so a number is read with `DisplayFromStr`.
pub(crate) struct Query<T>(pub T);

/// Parts of the path of a request.
pub(crate) struct Path<T>(pub T);

/// JSON body of a request.
pub(crate) struct Body<T>(pub T);

/// JSON body of a request that may be as long as 64 windows are.
pub(crate) struct LongBody<T>(pub T);

/// Greatest body of such a request, in bytes: 64 windows of 2,048 numbers.
const LONG: usize = 2 << 20;
/// Greatest body that is read without a place among the long ones, in bytes.
const SHORT: u64 = 64 * 1_024;
/// Places of the longer bodies that are read at a time: all connections together could fill the memory with theirs otherwise.
static PLACES: Semaphore = Semaphore::const_new(64);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
	type Rejection = ApiError;

	async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
		let refused = |fault: String| rejected(StatusCode::BAD_REQUEST, &format!("invalid query: {fault}"));
		let mut fields = Map::new();
		for (key, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
			if fields.insert(key.to_string(), Value::String(value.into_owned())).is_some() {
				return Err(refused(format!("`{key}` is given twice")));
			}
		}
		serde_json::from_value(Value::Object(fields)).map(Self).map_err(|fault| refused(fault.to_string()))
	}
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
	type Rejection = ApiError;

	async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
		let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
		path.map(|path| Self(path.0)).map_err(|fault| rejected(fault.status(), &fault.body_text()))
	}
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
	type Rejection = ApiError;

	async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
		let body = axum::Json::<T>::from_request(request, state).await;
		body.map(|body| Self(body.0)).map_err(|fault| rejected(fault.status(), &fault.body_text()))
	}
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for LongBody<T> {
	type Rejection = ApiError;

	async fn from_request(mut request: Request, state: &S) -> Result<Self, ApiError> {
		let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
		if !kind.trim_start().starts_with("application/json") {
			return Err(rejected(
				StatusCode::UNSUPPORTED_MEDIA_TYPE,
				"the body has to be JSON, with `Content-Type: application/json`",
			));
		}
		let is_short = request.body().size_hint().upper().is_some_and(|bytes| bytes <= SHORT);
		let busy = |_| {
			let reason = "the server reads as many long bodies as it can";
			ApiError::new(StatusCode::SERVICE_UNAVAILABLE, reason, "repeat the request in a second, or send fewer windows")
		};
		let _place = if is_short { None } else { Some(PLACES.try_acquire().map_err(busy)?) };
		DefaultBodyLimit::max(LONG).apply(&mut request);
		let bytes = Bytes::from_request(request, state).await.map_err(|fault| match fault.status() {
			StatusCode::PAYLOAD_TOO_LARGE => rejected(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 2 MiB"),
			status => ApiError::new(status, "the body was cut", "repeat the request, and send as many bytes as it states"),
		})?;
		serde_json::from_slice(&bytes).map(Self).map_err(|fault| {
			let is_of_fields = fault.classify() == Category::Data;
			let status = if is_of_fields { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
			rejected(status, &format!("invalid body: {fault}"))
		})
	}
}

fn rejected(status: StatusCode, fault: &str) -> ApiError {
	ApiError::new(status, shortened(fault), NEXT)
}
