//! Files of the page `/dashboard`, which are a part of the executable.
//!
//! The page has no build step: a browser loads the modules as they are. Every answer has the policy that lets the page load and
//! connect to nothing but this server and a node of this machine.

use crate::error::ApiError;
use axum::{
	extract::Path,
	http::{
		header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, REFERRER_POLICY},
		HeaderMap, HeaderValue, StatusCode,
	},
	response::{IntoResponse, Response},
	routing::get,
	Router,
};
use doin_primitives::blake2_256;
use std::{collections::BTreeMap, sync::LazyLock};

/// Policy of the page. Compiled scoring code of the page needs `wasm-unsafe-eval`; text is never run as code.
const POLICY: &str =
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self'; \
	connect-src 'self' ws://127.0.0.1:* ws://localhost:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page.
struct File {
	content_type: &'static str,
	bytes: &'static [u8],
	/// Entity tag: hash of the bytes, in quotes.
	tag: HeaderValue,
}

/// Returns the entries of a list of files with their bytes, by their paths in the folder `page`.
macro_rules! files {
	($($path:literal),+ $(,)?) => {
		[$(($path, include_bytes!(concat!("../page/", $path)).as_slice())),+]
	};
}

/// Licences of the vendored files, one after another.
const LICENCES: &str = concat!(
	"Preact (preact.js, hooks.js)\n\n",
	include_str!("../page/vendor/LICENSE-preact.txt"),
	"\n\n\nhtm (htm.js)\n\n",
	include_str!("../page/vendor/LICENSE-htm.txt"),
	"\n\n\nuPlot (uplot.js, uplot.css)\n\n",
	include_str!("../page/vendor/LICENSE-uplot.txt"),
);

/// Files by their paths below `/dashboard/`.
static FILES: LazyLock<BTreeMap<&'static str, File>> = LazyLock::new(|| {
	let files = files![
		"index.html",
		"style.css",
		"theme.js",
		"icon.svg",
		"app.js",
		"lib/chart.js",
		"lib/domain.js",
		"lib/format.js",
		"lib/html.js",
		"lib/items.js",
		"lib/store.js",
		"lib/ui.js",
		"panels/domains.js",
		"panels/evaluations.js",
		"panels/events.js",
		"panels/forecast.js",
		"panels/network.js",
		"panels/overview.js",
		"panels/rounds.js",
		"panels/training.js",
		"panels/unpaid.js",
		"panels/verify.js",
		"panels/work.js",
		"vendor/hooks.js",
		"vendor/htm.js",
		"vendor/preact.js",
		"vendor/uplot.css",
		"vendor/uplot.js",
		"verify/chain.js",
		"verify/rpc.js",
		"verify/scoring.js",
		"verify/verify.js",
		"verify/worker.js",
	];
	let made = [("vendor/licences.txt", LICENCES.as_bytes())];
	let scoring = doin_browser::SCORING_WASM.map(|bytes| ("verify/doin_scoring.wasm", bytes));
	files.into_iter().chain(made).chain(scoring).map(|(path, bytes)| (path, File::new(path, bytes))).collect()
});

impl File {
	fn new(path: &str, bytes: &'static [u8]) -> Self {
		let content_type = match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
			"html" => "text/html; charset=utf-8",
			"css" => "text/css; charset=utf-8",
			"js" => "text/javascript; charset=utf-8",
			"svg" => "image/svg+xml",
			"wasm" => "application/wasm",
			_ => "text/plain; charset=utf-8",
		};
		let tag = format!("\"{}\"", hex::encode(&blake2_256(bytes)[..16]));
		// Quotes and hexadecimal digits are visible ASCII.
		let tag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"0\""));
		Self { content_type, bytes, tag }
	}

	/// Returns the response to a request with these headers: 304 if the client has the same bytes.
	fn response(&self, headers: &HeaderMap) -> Response {
		let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
		let is_known = known.flat_map(|list| list.split(',')).any(|tag| {
			let tag = tag.trim();
			tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.tag.as_bytes()
		});
		let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { self.bytes.into_response() };
		let headers = response.headers_mut();
		headers.insert(ETAG, self.tag.clone());
		headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
		headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
		headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
		if !is_known {
			headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
		}
		response
	}
}

/// Returns the routes of the page: `/dashboard`, the files below it, and `/`, which leads to it.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
	Router::new()
		.route("/", get(|| async { (StatusCode::SEE_OTHER, [(LOCATION, "/dashboard")]) }))
		.route("/dashboard", get(|headers: HeaderMap| async move { file("index.html", &headers) }))
		.route("/dashboard/{*path}", get(|Path(path): Path<String>, headers: HeaderMap| async move { file(&path, &headers) }))
}

fn file(path: &str, headers: &HeaderMap) -> Response {
	match FILES.get(path) {
		Some(file) => file.response(headers),
		None => ApiError::no_route(&format!("/dashboard/{path}")).into_response(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use axum::{
		body::{to_bytes, Body},
		http::Request,
	};
	use std::{fs, path::PathBuf};
	use tower::ServiceExt;

	/// Most bytes that a browser loads for the page, without the scoring module, which it loads to verify a champion.
	const LARGEST: usize = 250_000;

	async fn get(path: &str, known: Option<&str>) -> Response {
		let mut request = Request::get(path);
		if let Some(tag) = known {
			request = request.header(IF_NONE_MATCH, tag);
		}
		routes().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
	}

	fn header(response: &Response, name: axum::http::HeaderName) -> &str {
		response.headers().get(name).map_or("", |value| value.to_str().unwrap())
	}

	/// Returns the paths of all files of a folder that a browser can load, relative to `page`.
	fn loadable(folder: &str) -> Vec<String> {
		let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("page");
		let mut found = Vec::new();
		for entry in fs::read_dir(root.join(folder)).unwrap() {
			let entry = entry.unwrap();
			let path = format!("{folder}{}", entry.file_name().to_str().unwrap());
			if entry.file_type().unwrap().is_dir() {
				found.extend(loadable(&format!("{path}/")));
			} else if !path.ends_with(".md") && !path.contains("LICENSE") {
				found.push(path);
			}
		}
		found
	}

	#[test]
	fn every_file_of_the_folder_is_embedded() {
		let missing: Vec<_> = loadable("").into_iter().filter(|path| !FILES.contains_key(path.as_str())).collect();
		assert!(missing.is_empty(), "add them to FILES: {missing:?}");
	}

	#[test]
	fn the_page_stays_small() {
		let bytes: usize = FILES
			.iter()
			.filter(|(path, _)| !path.ends_with(".txt") && !path.ends_with(".wasm"))
			.map(|(_, file)| file.bytes.len())
			.sum();
		assert!(bytes < LARGEST, "{bytes} bytes");
	}

	#[test]
	fn every_import_and_link_is_a_file_of_the_page() {
		for (path, file) in FILES.iter().filter(|(path, _)| path.ends_with(".js") || path.ends_with(".html")) {
			let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
			let text = std::str::from_utf8(file.bytes).unwrap();
			let quoted = text.split('"').chain(text.split('\''));
			for name in quoted.filter(|name| name.ends_with(".js") || name.ends_with(".css") || name.ends_with(".svg")) {
				let target = match (name.strip_prefix("/dashboard/"), name.strip_prefix("./"), name.strip_prefix("../")) {
					(Some(path), ..) => path.to_owned(),
					(_, Some(path), _) if folder.is_empty() => path.to_owned(),
					(_, Some(path), _) => format!("{folder}/{path}"),
					(.., Some(path)) => path.to_owned(),
					_ => continue,
				};
				assert!(FILES.contains_key(target.as_str()), "{path} loads {name}");
			}
		}
	}

	#[tokio::test]
	async fn files_have_types_a_policy_and_tags() {
		let page = get("/dashboard", None).await;
		assert_eq!((page.status(), header(&page, CONTENT_TYPE)), (StatusCode::OK, "text/html; charset=utf-8"));
		assert_eq!(header(&page, CACHE_CONTROL), "no-cache");
		let policy = header(&page, CONTENT_SECURITY_POLICY);
		assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
		assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
		let tag = header(&page, ETAG).to_owned();
		let body = to_bytes(page.into_body(), LARGEST).await.unwrap();
		assert_eq!(body, include_bytes!("../page/index.html").as_slice());

		let script = get("/dashboard/verify/worker.js", None).await;
		assert_eq!(header(&script, CONTENT_TYPE), "text/javascript; charset=utf-8");
		assert_eq!(header(&script, CONTENT_SECURITY_POLICY), POLICY);
		assert_ne!(header(&script, ETAG), tag);

		for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".into()] {
			let again = get("/dashboard", Some(&known)).await;
			assert_eq!((again.status(), header(&again, ETAG)), (StatusCode::NOT_MODIFIED, tag.as_str()), "{known}");
			assert!(to_bytes(again.into_body(), 1).await.unwrap().is_empty());
		}
		assert_eq!(get("/dashboard", Some("\"x\"")).await.status(), StatusCode::OK);
	}

	#[tokio::test]
	async fn other_paths_are_not_found() {
		for path in ["/dashboard/", "/dashboard/none.js", "/dashboard/../src/page.rs", "/dashboard/%2e%2e/Cargo.toml"] {
			assert_eq!(get(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
		}
		let start = get("/", None).await;
		assert_eq!((start.status(), header(&start, LOCATION)), (StatusCode::SEE_OTHER, "/dashboard"));
	}

	/// Nothing of the page runs text as code or draws text as HTML, which the policy would refuse or an attacker could use.
	#[test]
	fn the_page_has_no_inline_code() {
		let own = FILES.iter().filter(|(path, _)| !path.starts_with("vendor/") && !path.ends_with(".wasm"));
		for (path, file) in own {
			let text = std::str::from_utf8(file.bytes).unwrap();
			for unwanted in
				["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "javascript:"]
			{
				assert!(!text.contains(unwanted), "{path} has {unwanted}");
			}
		}
		let page = include_str!("../page/index.html");
		assert_eq!(
			page.matches("<script").count(),
			page.matches("<script src=").count() + page.matches("<script type=\"module\" src=").count()
		);
		assert!(!page.contains("<style") && !page.contains(" style="), "styles are in style.css");
	}
}
