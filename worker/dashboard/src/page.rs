//! Files of the pages `/dashboard` and `/explorer`, which are a part of the executable.
//!
//! The pages have no build step: a browser loads the modules as they are. Every answer has the policy that lets a page load and
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

/// Policy of the pages. Compiled scoring code of the dashboard needs `wasm-unsafe-eval`; text is never run as code.
const POLICY: &str =
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self'; \
	connect-src 'self' ws://127.0.0.1:* ws://localhost:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of a page.
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
	"\n\n\nPolkadot-API (papi/*) and scale-ts (scale-ts/*)\n\n",
	include_str!("../page/vendor/LICENSE-polkadot-api.txt"),
	"\n\n\nnoble-hashes (noble-hashes/*)\n\n",
	include_str!("../page/vendor/LICENSE-noble-hashes.txt"),
	"\n\n\nscure-base (scure-base/*)\n\n",
	include_str!("../page/vendor/LICENSE-scure-base.txt"),
);

/// Files by their paths below `/dashboard/`.
static FILES: LazyLock<BTreeMap<&'static str, File>> = LazyLock::new(|| {
	let files = files![
		"app.js",
		"explorer.html",
		"icon.svg",
		"index.html",
		"style.css",
		"theme.js",
		"explorer/app.js",
		"explorer/blocks.js",
		"explorer/codec.js",
		"explorer/explorer.css",
		"explorer/node.js",
		"explorer/panels/accounts.js",
		"explorer/panels/challenges.js",
		"explorer/panels/decode.js",
		"explorer/panels/domains.js",
		"explorer/panels/network.js",
		"explorer/panels/reference.js",
		"explorer/panels/rounds.js",
		"explorer/panels/search.js",
		"explorer/panels/staking.js",
		"explorer/panels/storage.js",
		"explorer/panels/tasks.js",
		"explorer/parts.js",
		"explorer/use.js",
		"lib/chart.js",
		"lib/domain.js",
		"lib/format.js",
		"lib/frame.js",
		"lib/html.js",
		"lib/items.js",
		"lib/lines.js",
		"lib/points.js",
		"lib/store.js",
		"lib/ui.js",
		"panels/answers.js",
		"panels/domains.js",
		"panels/evaluations.js",
		"panels/events.js",
		"panels/forecast.js",
		"panels/network.js",
		"panels/overview.js",
		"panels/rounds.js",
		"panels/streams.js",
		"panels/training.js",
		"panels/unpaid.js",
		"panels/verify.js",
		"panels/work.js",
		"vendor/hooks.js",
		"vendor/htm.js",
		"vendor/noble-hashes/_blake.js",
		"vendor/noble-hashes/_md.js",
		"vendor/noble-hashes/_u64.js",
		"vendor/noble-hashes/blake2.js",
		"vendor/noble-hashes/blake3.js",
		"vendor/noble-hashes/legacy.js",
		"vendor/noble-hashes/sha2.js",
		"vendor/noble-hashes/sha3.js",
		"vendor/noble-hashes/utils.js",
		"vendor/papi/metadata-builders/dynamic-builder.js",
		"vendor/papi/metadata-builders/lookup-codec-builder.js",
		"vendor/papi/metadata-builders/lookups.js",
		"vendor/papi/metadata-builders/with-cache.js",
		"vendor/papi/substrate-bindings/codecs/blockHeader.js",
		"vendor/papi/substrate-bindings/codecs/metadata/deprecation.js",
		"vendor/papi/substrate-bindings/codecs/metadata/docs.js",
		"vendor/papi/substrate-bindings/codecs/metadata/lookup.js",
		"vendor/papi/substrate-bindings/codecs/metadata/metadata.js",
		"vendor/papi/substrate-bindings/codecs/metadata/pallets.js",
		"vendor/papi/substrate-bindings/codecs/metadata/runtime-api.js",
		"vendor/papi/substrate-bindings/codecs/metadata/unified.js",
		"vendor/papi/substrate-bindings/codecs/metadata/v14.js",
		"vendor/papi/substrate-bindings/codecs/metadata/v15.js",
		"vendor/papi/substrate-bindings/codecs/metadata/v16.js",
		"vendor/papi/substrate-bindings/codecs/scale/AccountId.js",
		"vendor/papi/substrate-bindings/codecs/scale/Binary.js",
		"vendor/papi/substrate-bindings/codecs/scale/BitSeq.js",
		"vendor/papi/substrate-bindings/codecs/scale/Hex.js",
		"vendor/papi/substrate-bindings/codecs/scale/Self.js",
		"vendor/papi/substrate-bindings/codecs/scale/Variant.js",
		"vendor/papi/substrate-bindings/codecs/scale/bitSequence.js",
		"vendor/papi/substrate-bindings/codecs/scale/char.js",
		"vendor/papi/substrate-bindings/codecs/scale/compact.js",
		"vendor/papi/substrate-bindings/codecs/scale/ethAccount.js",
		"vendor/papi/substrate-bindings/codecs/scale/fixed-str.js",
		"vendor/papi/substrate-bindings/codecs/scale/shaped.js",
		"vendor/papi/substrate-bindings/codecs/scale/with-inner.js",
		"vendor/papi/substrate-bindings/extrinsics/extrinsic-format.js",
		"vendor/papi/substrate-bindings/hashes/blake2.js",
		"vendor/papi/substrate-bindings/hashes/blake3.js",
		"vendor/papi/substrate-bindings/hashes/h64.js",
		"vendor/papi/substrate-bindings/hashes/identity.js",
		"vendor/papi/substrate-bindings/hashes/keccak.js",
		"vendor/papi/substrate-bindings/hashes/twoX.js",
		"vendor/papi/substrate-bindings/index.js",
		"vendor/papi/substrate-bindings/storage.js",
		"vendor/papi/substrate-bindings/trie/node-decoder.js",
		"vendor/papi/substrate-bindings/trie/proofs.js",
		"vendor/papi/substrate-bindings/trie/types.js",
		"vendor/papi/substrate-bindings/types/enum.js",
		"vendor/papi/substrate-bindings/utils/multisig.js",
		"vendor/papi/substrate-bindings/utils/ss58-util.js",
		"vendor/papi/utils/AbortError.js",
		"vendor/papi/utils/filterObject.js",
		"vendor/papi/utils/hex.js",
		"vendor/papi/utils/index.js",
		"vendor/papi/utils/mapObject.js",
		"vendor/papi/utils/mergeUint8.js",
		"vendor/papi/utils/noop.js",
		"vendor/preact.js",
		"vendor/scale-ts/scale-ts.js",
		"vendor/scure-base/index.js",
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

/// Returns the routes of the pages: `/dashboard` and `/explorer`, the files of both below `/dashboard`, and `/`, which leads there.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
	Router::new()
		.route("/", get(|| async { (StatusCode::SEE_OTHER, [(LOCATION, "/dashboard")]) }))
		.route("/dashboard", get(|headers: HeaderMap| async move { file("index.html", &headers) }))
		.route("/explorer", get(|headers: HeaderMap| async move { file("explorer.html", &headers) }))
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
	use std::{collections::BTreeSet, fs, path::PathBuf};
	use tower::ServiceExt;

	/// Most bytes that a browser loads for the dashboard, without the scoring module, which it loads to verify a champion.
	const LARGEST: usize = 285_000;
	/// Most bytes that only the explorer loads: most of them are the codecs of metadata, without a build step that would shorten them.
	const LARGEST_EXPLORER: usize = 400_000;

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

	/// Returns the files that this file names in quotes: imports relative to its folder, and links below `/dashboard`.
	fn named_files(path: &str, file: &File) -> Vec<String> {
		let text = std::str::from_utf8(file.bytes).unwrap();
		let quoted = text.split('"').chain(text.split('\''));
		let names = quoted.filter(|name| name.ends_with(".js") || name.ends_with(".css") || name.ends_with(".svg"));
		names.filter_map(|name| name.strip_prefix("/dashboard/").map(str::to_owned).or_else(|| beside(path, name))).collect()
	}

	/// Returns the path of a file that is named relative to another one, e.g. `../lib/ui.js`.
	fn beside(path: &str, name: &str) -> Option<String> {
		if !name.starts_with("./") && !name.starts_with("../") {
			return None;
		}
		let mut parts: Vec<&str> = path.split('/').collect();
		parts.pop();
		for part in name.split('/') {
			match part {
				"." => (),
				".." => {
					parts.pop();
				}
				_ => parts.push(part),
			}
		}
		Some(parts.join("/"))
	}

	/// Returns the files that a browser can load for a page.
	fn loaded_by(page: &str) -> BTreeSet<String> {
		let (mut found, mut next) = (BTreeSet::new(), vec![page.to_owned()]);
		while let Some(path) = next.pop() {
			let file = FILES.get(path.as_str()).unwrap_or_else(|| panic!("{path} is not a file of the page"));
			let is_text = path.ends_with(".js") || path.ends_with(".html");
			if is_text && found.insert(path.clone()) {
				next.extend(named_files(&path, file));
			} else {
				found.insert(path);
			}
		}
		found
	}

	#[test]
	fn the_pages_stay_small() {
		let size = |paths: &BTreeSet<String>| paths.iter().map(|path| FILES[path.as_str()].bytes.len()).sum::<usize>();
		let dashboard = loaded_by("index.html");
		let bytes = size(&dashboard);
		assert!(bytes < LARGEST, "{bytes} bytes");
		let bytes = size(&(&loaded_by("explorer.html") - &dashboard));
		assert!(bytes < LARGEST_EXPLORER, "{bytes} bytes");
	}

	#[test]
	fn every_import_and_link_is_a_file_of_the_page_and_no_file_is_left_over() {
		let named = &loaded_by("index.html") | &loaded_by("explorer.html");
		let left: Vec<_> = FILES.keys().filter(|path| !named.contains(**path)).copied().collect();
		let others = ["vendor/licences.txt", "verify/doin_scoring.wasm"];
		assert!(left.iter().all(|path| others.contains(path)), "no page loads {left:?}");
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

		let explorer = get("/explorer", None).await;
		assert_eq!((explorer.status(), header(&explorer, CONTENT_SECURITY_POLICY)), (StatusCode::OK, POLICY));
		let body = to_bytes(explorer.into_body(), LARGEST).await.unwrap();
		assert_eq!(body, include_bytes!("../page/explorer.html").as_slice());

		for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".into()] {
			let again = get("/dashboard", Some(&known)).await;
			assert_eq!((again.status(), header(&again, ETAG)), (StatusCode::NOT_MODIFIED, tag.as_str()), "{known}");
			assert!(to_bytes(again.into_body(), 1).await.unwrap().is_empty());
		}
		assert_eq!(get("/dashboard", Some("\"x\"")).await.status(), StatusCode::OK);
	}

	#[tokio::test]
	async fn other_paths_are_not_found() {
		for path in
			["/dashboard/", "/dashboard/none.js", "/dashboard/../src/page.rs", "/dashboard/%2e%2e/Cargo.toml", "/explorer/app.js"]
		{
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
		for page in [include_str!("../page/index.html"), include_str!("../page/explorer.html")] {
			assert_eq!(
				page.matches("<script").count(),
				page.matches("<script src=").count() + page.matches("<script type=\"module\" src=").count()
			);
			assert!(!page.contains("<style") && !page.contains(" style="), "styles are in style.css");
		}
	}
}
