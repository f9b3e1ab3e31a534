//! Anchors of a chain of given headers, published to files and to a server in this process.

use super::{
	check::{fault, gaps},
	http::anchors_of,
	publish::due,
	*,
};
use anyhow::Result;
use doin_chain::{BlockHeader, Head};
use doin_primitives::{BlockNumber, DoinLog, Hash};
use parking_lot::Mutex;
use proptest::prelude::*;
use std::{
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
	sync::Arc,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
};

/// Number of work blocks from one anchor to the next in most tests.
const INTERVAL: u64 = 3;
/// Block 0 of the own chain.
const GENESIS: Hash = [1; 32];

/// A chain whose blocks are final up to a number. Block n has the hash [n; 32].
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
	genesis: Hash,
	headers: Vec<BlockHeader>,
	bodies: Vec<(BlockNumber, Vec<Vec<u8>>)>,
	finalized: BlockNumber,
	reads: usize,
}

impl Fake {
	/// Returns a chain that seals a work block in each of these blocks, ascending, and ends with final block `last`.
	fn sealing(sealing: &[BlockNumber], last: u8) -> Self {
		let header = |number: u8| {
			let block = BlockNumber::from(number);
			let work_index = sealing.iter().filter(|at| **at <= block).count() as u64;
			let seal = sealing.contains(&block).then_some((1, 1));
			BlockHeader {
				head: Head { number: block, hash: [number; 32] },
				parent: [number.saturating_sub(1); 32],
				state_root: [number ^ 0xff; 32],
				log: (number > 0).then_some(DoinLog::V1 { work_index, seal }),
			}
		};
		let headers = (0..=last).map(header).collect();
		let content = Content { genesis: GENESIS, headers, finalized: last.into(), ..Content::default() };
		Self(Arc::new(Mutex::new(content)))
	}

	fn reads(&self) -> usize {
		self.0.lock().reads
	}
}

impl Source for Fake {
	fn genesis(&self) -> Hash {
		self.0.lock().genesis
	}

	async fn finalized(&self) -> Result<BlockNumber> {
		Ok(self.0.lock().finalized)
	}

	async fn header(&self, number: BlockNumber) -> Result<Option<BlockHeader>> {
		let mut content = self.0.lock();
		content.reads += 1;
		Ok(content.headers.get(number as usize).cloned())
	}

	async fn extrinsics(&self, at: Head) -> Result<Option<Vec<Vec<u8>>>> {
		let content = self.0.lock();
		Ok(content.bodies.iter().find(|(number, _)| *number == at.number).map(|(_, body)| body.clone()))
	}
}

/// Returns the anchor of block `number` of a chain.
fn anchor(chain: &Fake, number: usize) -> Anchor {
	let content = chain.0.lock();
	Anchor::of(content.genesis, &content.headers[number]).expect("the block seals a work block")
}

/// A server that keeps what is posted, one anchor a line, and answers with all of it.
struct Server {
	address: SocketAddr,
	kept: Arc<Mutex<String>>,
	/// Status of all answers.
	status: Arc<Mutex<u16>>,
}

impl Server {
	async fn start() -> Self {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		let (kept, status) = (Arc::new(Mutex::new(String::new())), Arc::new(Mutex::new(200)));
		let (of_task, of_status) = (kept.clone(), status.clone());
		tokio::spawn(async move {
			while let Ok((stream, _)) = listener.accept().await {
				let status = *of_status.lock();
				Self::answer(stream, status, &of_task).await;
			}
		});
		Self { address, kept, status }
	}

	async fn answer(mut stream: TcpStream, status: u16, kept: &Mutex<String>) {
		let mut request = Vec::new();
		let (head, body) = loop {
			let mut part = [0; 1_024];
			let read = stream.read(&mut part).await.unwrap();
			request.extend_from_slice(&part[..read]);
			let text = String::from_utf8_lossy(&request).into_owned();
			let Some((head, body)) = text.split_once("\r\n\r\n") else {
				assert!(read > 0, "the request has an end");
				continue;
			};
			let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
			if body.len() >= length.unwrap_or(0) {
				break (head.to_owned(), body.to_owned());
			}
			assert!(read > 0, "the request has an end");
		};
		assert!(head.contains(" /anchors HTTP/1.1"), "{head}");
		let answer = if head.starts_with("POST") && status == 200 {
			kept.lock().push_str(&(body + "\n"));
			String::new()
		} else {
			kept.lock().clone()
		};
		let length = answer.len();
		let response = format!("HTTP/1.1 {status} Some\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}");
		stream.write_all(response.as_bytes()).await.unwrap();
	}

	fn endpoint(&self) -> Endpoint {
		format!("http://{}/anchors", self.address).parse().unwrap()
	}
}

/// Returns a file in `folder`.
fn file(folder: &Path) -> (AnchorFile, PathBuf) {
	let path = folder.join("anchors.jsonl");
	(AnchorFile::new(&path).unwrap(), path)
}

/// Returns the report on a file and a server alone.
async fn checked(own: &Fake, file: &AnchorFile, http: Option<&Endpoint>) -> Report {
	check(own, INTERVAL, &Published { file, http, other: None::<&Fake> }).await.unwrap()
}

fn work_blocks_of(anchors: &[Anchor]) -> Vec<u64> {
	anchors.iter().map(|anchor| anchor.work_block).collect()
}

#[test]
fn an_anchor_follows_from_a_header_with_a_seal() {
	let chain = Fake::sealing(&[4, 7], 9);
	let found = anchor(&chain, 7);
	let hash = |byte: u8| HexHash([byte; 32]);
	let expected =
		Anchor { genesis: hash(1), work_block: 2, block: 7, hash: hash(7), parent: hash(6), state_root: hash(7 ^ 0xff) };
	assert_eq!(found, expected);
	assert_eq!([0, 6].map(|at| Anchor::of(GENESIS, &chain.0.lock().headers[at])), [None, None], "blocks without a seal");
}

#[test]
fn a_text_of_an_anchor_has_the_names_of_its_parts() {
	let found = anchor(&Fake::sealing(&[4], 4), 4);
	let text = serde_json::to_string(&found).unwrap();
	let start = format!(r#"{{"genesis":"0x{}","workBlock":1,"block":4,"hash":"0x{}","#, "01".repeat(32), "04".repeat(32));
	assert!(text.starts_with(&start), "{text}");
	assert_eq!(serde_json::from_str::<Anchor>(&text).unwrap(), found);
	for wrong in ["0x0404", "04", "0xzz"] {
		assert!(wrong.parse::<HexHash>().unwrap_err().contains("64 hexadecimal digits"), "{wrong}");
	}
}

#[test]
fn an_anchor_is_found_in_the_extrinsics_of_a_block() {
	let chain = Fake::sealing(&[2, 4], 4);
	let (first, second) = (anchor(&chain, 2), anchor(&chain, 4));
	let signed = [&[0x84, 0, 7][..], &first.remark(), &[9]].concat();
	let batch = [&[1][..], &second.remark(), &first.remark()].concat();
	assert_eq!(Anchor::in_extrinsics(&[vec![4, 3], signed, batch]), [first, second, first]);
	let short = first.remark()[..40].to_vec();
	let mut other_version = first.remark();
	other_version[b"doin-anchor".len()] = 2;
	assert!(Anchor::in_extrinsics(&[short, other_version, vec![]]).is_empty());
}

#[test]
fn the_newest_anchor_is_the_first_and_then_each_one_is_due() {
	assert_eq!([0, 99, 100, 199, 250].map(|sealed| due(None, sealed, 100)), [None, None, Some(100), Some(100), Some(200)]);
	assert_eq!([199, 200, 470].map(|sealed| due(Some(100), sealed, 100)), [None, Some(200), Some(200)]);
	assert_eq!(due(Some(7), 300, 100), Some(100), "the interval was another one");
	assert_eq!([due(None, 1, 1), due(Some(1), 1, 1), due(Some(1), 2, 1)], [Some(1), None, Some(2)]);
	assert_eq!(due(Some(u64::MAX), 5, 1), None);
}

#[test]
fn missing_anchors_between_others_are_found() {
	assert!(gaps(&[3, 6, 9], 3).is_empty());
	assert_eq!(gaps(&[3, 9, 18, 21], 3), [(6, 6), (12, 15)]);
	assert!(gaps(&[], 3).is_empty() && gaps(&[300], 3).is_empty());
}

#[test]
fn each_changed_part_of_an_anchor_is_found() {
	let chain = Fake::sealing(&[4, 7], 9);
	let header = |at: usize| chain.0.lock().headers[at].clone();
	let (good, other) = (anchor(&chain, 7), HexHash([99; 32]));
	let of = |anchor: Anchor, finalized, at: usize| fault(&anchor, GENESIS, finalized, Some(&header(at)));
	assert_eq!(of(good, 9, 7), None);
	let tampered = [
		(Anchor { genesis: other, ..good }, "genesis"),
		(Anchor { work_block: 1, ..good }, "work block 1 was published"),
		(Anchor { hash: other, ..good }, "hash 0x6363"),
		(Anchor { parent: other, ..good }, "parent 0x6363"),
		(Anchor { state_root: other, ..good }, "state root 0x6363"),
	];
	for (anchor, part) in tampered {
		let fault = of(anchor, 9, 7).unwrap();
		assert!(fault.is_tampered && fault.reason.contains(part), "`{part}` is missing in: {fault:?}");
	}
	let fault = of(Anchor { block: 6, ..good }, 9, 6).unwrap();
	assert!(fault.is_tampered && fault.reason.contains("seals no work block"), "{fault:?}");
	let above = of(good, 6, 7).unwrap();
	assert!(!above.is_tampered && above.reason.contains("last final block"), "{above:?}");
	let unknown = check::fault(&good, GENESIS, 9, None).unwrap();
	assert!(!unknown.is_tampered && unknown.reason.contains("use a node that has it"), "{unknown:?}");
}

#[test]
fn an_address_of_a_server_is_checked() {
	let shown = |text: &str| text.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
	assert_eq!(shown("http://host/a?b=1").as_deref(), Ok("http://host:80/a?b=1"));
	assert_eq!(shown(" http://[::1]:8080 ").as_deref(), Ok("http://[::1]:8080/"));
	assert_eq!(shown("https://host/a").as_deref(), Ok("https://host:443/a"));
	assert_eq!(shown("https://[::1]:8080").as_deref(), Ok("https://[::1]:8080/"));
	for (wrong, part) in [("ws://host/", "does not begin"), ("http://a:b@host/", "user name"), ("", "URL")] {
		let error = shown(wrong).unwrap_err();
		assert!(error.contains(part) && error.contains("e.g. http://"), "{error}");
	}
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_that_does_not_encrypt() {
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let endpoint: Endpoint = format!("https://{}/anchors", listener.local_addr().unwrap()).parse().unwrap();
	let server = tokio::spawn(async move {
		let (mut stream, _) = listener.accept().await.unwrap();
		let mut hello = vec![0; 4_096];
		let length = stream.read(&mut hello).await.unwrap();
		stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok();
		hello.truncate(length);
		hello
	});
	let error = format!("{:#}", endpoint.get().await.unwrap_err());
	assert!(error.starts_with("https://127.0.0.1:") && error.contains("cannot be encrypted"), "{error}");
	let sent = server.await.unwrap();
	assert!(!String::from_utf8_lossy(&sent).contains("/anchors"));
}

#[test]
fn an_answer_is_a_list_or_one_anchor_a_line() {
	let chain = Fake::sealing(&[2, 4], 4);
	let both = [anchor(&chain, 2), anchor(&chain, 4)];
	let texts = both.map(|anchor| serde_json::to_string(&anchor).unwrap());
	assert_eq!(anchors_of(format!(" [{}]", texts.join(",")).as_bytes()).unwrap(), both);
	assert_eq!(anchors_of(format!("{}\n", texts.join("\n")).as_bytes()).unwrap(), both);
	assert_eq!(anchors_of(texts[0].as_bytes()).unwrap(), both[..1]);
	assert!(anchors_of(b"\n").unwrap().is_empty());
	anchors_of(b"<html>").unwrap_err();
}

#[tokio::test]
async fn every_due_anchor_is_published_once_and_read_back() {
	let folder = tempfile::tempdir().unwrap();
	let ((file, path), server) = (file(folder.path()), Server::start().await);
	let chain = Fake::sealing(&[5, 10, 20, 30, 41, 42, 43, 60, 100, 120], 200);
	chain.0.lock().finalized = 25;
	let open = || Publisher::without_chain(chain.clone(), INTERVAL, file.clone(), Some(server.endpoint()));
	let mut publisher = open().unwrap();
	assert_eq!(work_blocks_of(&publisher.publish_due().await.unwrap()), [3]);
	assert!(publisher.publish_due().await.unwrap().is_empty(), "nothing is due");

	// The role was away while two anchors became final.
	chain.0.lock().finalized = 200;
	let mut publisher = open().unwrap();
	assert_eq!(work_blocks_of(&publisher.publish_due().await.unwrap()), [6, 9]);
	let lines: Vec<Record> = fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
	let expected = [20, 42, 100].map(|block| anchor(&chain, block));
	assert_eq!(lines.iter().map(|record| record.anchor).collect::<Vec<_>>(), expected);
	assert!(lines.iter().all(|record| record.http == Some(server.endpoint().to_string())));
	assert_eq!(anchors_of(server.kept.lock().as_bytes()).unwrap(), expected);

	let report = publisher.check().await.unwrap();
	assert_eq!((report.verified, report.unpublished, report.findings.len()), (6, 0, 0));
	assert!(report.is_verified());
}

#[tokio::test]
async fn an_anchor_that_is_not_final_is_not_published() {
	let folder = tempfile::tempdir().unwrap();
	let chain = Fake::sealing(&[5, 10, 20], 40);
	chain.0.lock().finalized = 19;
	let mut publisher = Publisher::without_chain(chain.clone(), INTERVAL, file(folder.path()).0, None).unwrap();
	assert!(publisher.publish_due().await.unwrap().is_empty());
	chain.0.lock().finalized = 20;
	assert_eq!(publisher.publish_due().await.unwrap(), [anchor(&chain, 20)]);
}

#[tokio::test]
async fn a_tampered_anchor_is_reported_wherever_it_is() {
	let folder = tempfile::tempdir().unwrap();
	let ((file, path), server) = (file(folder.path()), Server::start().await);
	let chain = Fake::sealing(&[5, 10, 20, 30, 41, 42, 43, 60, 100], 200);
	chain.0.lock().finalized = 30;
	let endpoint = server.endpoint();
	let mut publisher = Publisher::without_chain(chain.clone(), INTERVAL, file.clone(), Some(endpoint.clone())).unwrap();
	publisher.publish_due().await.unwrap();
	chain.0.lock().finalized = 200;
	publisher.publish_due().await.unwrap();
	assert!(checked(&chain, &file, Some(&endpoint)).await.is_verified());
	let (text, kept) = (fs::read_to_string(&path).unwrap(), server.kept.lock().clone());
	let tampered = async |target: Target, part: &str| {
		let report = checked(&chain, &file, Some(&endpoint)).await;
		let found = report.findings.iter().any(|finding| finding.target == target && finding.reason.contains(part));
		assert!(report.is_tampered() && !report.is_verified() && found, "`{part}` is missing in: {report:?}");
		fs::write(&path, &text).unwrap();
		server.kept.lock().clone_from(&kept);
	};

	// Block 42 has the hash 2a2a….
	fs::write(&path, text.replace(&"2a".repeat(32), &"2b".repeat(32))).unwrap();
	tampered(Target::File, "hash 0x2b2b").await;
	fs::write(
		&path,
		text.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect::<String>(),
	)
	.unwrap();
	tampered(Target::File, "are missing between others").await;
	fs::write(&path, text.replacen("workBlock", "workblock", 1)).unwrap();
	tampered(Target::File, "line 1 is not a record").await;

	*server.kept.lock() = kept.replace(&"2a".repeat(32), &"2b".repeat(32));
	tampered(Target::Http, "hash 0x2b2b").await;
	*server.kept.lock() = kept.replace(&"2a".repeat(32), &"2b".repeat(32));
	tampered(Target::Http, "it is not the one that the file has").await;
	*server.kept.lock() = kept.lines().skip(1).map(|line| format!("{line}\n")).collect();
	tampered(Target::Http, "does not list it any more").await;

	// The other way round: the own chain was exchanged.
	let exchanged = Fake::sealing(&[6, 10, 21, 30, 41, 42, 43, 60, 100], 200);
	let report = checked(&exchanged, &file, Some(&endpoint)).await;
	let files = report.findings.iter().filter(|finding| finding.target == Target::File && finding.is_tampered).count();
	assert_eq!(files, 1, "block 20 seals nothing on the other history: {report:?}");
}

#[tokio::test]
async fn a_server_that_fails_delays_an_anchor_and_loses_none() {
	let folder = tempfile::tempdir().unwrap();
	let ((file, path), server) = (file(folder.path()), Server::start().await);
	let chain = Fake::sealing(&[5, 10, 20], 40);
	let mut publisher = Publisher::without_chain(chain.clone(), INTERVAL, file.clone(), Some(server.endpoint())).unwrap();
	*server.status.lock() = 503;
	let error = format!("{:#}", publisher.publish_due().await.unwrap_err());
	assert!(error.contains("503") && error.contains("/anchors"), "{error}");
	assert!(!path.exists(), "the file is written last");
	*server.status.lock() = 200;
	assert_eq!(publisher.publish_due().await.unwrap(), [anchor(&chain, 20)]);

	*server.status.lock() = 503;
	let report = checked(&chain, &file, Some(&server.endpoint())).await;
	assert!(!report.is_tampered() && !report.is_verified(), "what cannot be read is not tampered with: {report:?}");
}

#[tokio::test]
async fn a_remark_is_read_back_from_the_block_that_has_it() {
	let folder = tempfile::tempdir().unwrap();
	let (file, path) = file(folder.path());
	let (chain, other) = (Fake::sealing(&[5, 10, 20], 40), Fake::sealing(&[], 60));
	let (genesis, good) = (HexHash([2; 32]), anchor(&chain, 20));
	other.0.lock().genesis = genesis.0;
	let report = async |remark: Remark, body: Vec<Vec<u8>>| {
		other.0.lock().bodies = vec![(33, body)];
		let record = Record { remark: Some(remark), ..good.into() };
		fs::write(&path, serde_json::to_string(&record).unwrap() + "\n").unwrap();
		check(&chain, INTERVAL, &Published { file: &file, http: None, other: Some(&other) }).await.unwrap()
	};
	let (remark, body) = (Remark { genesis, block: 33, hash: HexHash([33; 32]) }, vec![vec![4], good.remark()]);
	let found = report(remark, body.clone()).await;
	assert_eq!((found.verified, found.findings.len()), (2, 0), "{found:?}");

	let changed = Anchor { hash: HexHash([9; 32]), ..good };
	for (remark, body, part) in [
		(remark, vec![vec![4]], "has no remark"),
		(remark, vec![changed.remark()], "has no remark"),
		(Remark { hash: HexHash([34; 32]), ..remark }, body.clone(), "block 33 has hash"),
	] {
		let found = report(remark, body).await;
		assert!(found.is_tampered() && found.findings[0].target == Target::Chain, "{found:?}");
		assert!(found.findings[0].reason.contains(part), "`{part}` is missing in: {found:?}");
	}
	for (remark, part) in [
		(Remark { genesis: HexHash([3; 32]), ..remark }, "name a node of that network"),
		(Remark { block: 61, ..remark }, "use another node"),
		(Remark { block: 34, hash: HexHash([34; 32]), ..remark }, "keeps all blocks"),
	] {
		let found = report(remark, body.clone()).await;
		assert!(!found.is_tampered() && !found.is_verified(), "{found:?}");
		assert!(found.findings[0].reason.contains(part), "`{part}` is missing in: {found:?}");
	}
}

#[tokio::test]
async fn a_file_that_a_crash_has_cut_is_continued() {
	let folder = tempfile::tempdir().unwrap();
	let (file, path) = file(folder.path());
	let chain = Fake::sealing(&[5, 10, 20, 30, 41, 42], 60);
	chain.0.lock().finalized = 25;
	let open = || Publisher::without_chain(chain.clone(), INTERVAL, file.clone(), None);
	open().unwrap().publish_due().await.unwrap();
	chain.0.lock().finalized = 60;
	open().unwrap().publish_due().await.unwrap();
	let text = fs::read_to_string(&path).unwrap();
	fs::write(&path, &text[..text.len() - 20]).unwrap();
	assert_eq!(open().unwrap().publish_due().await.unwrap(), [anchor(&chain, 42)]);
	assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn the_file_of_another_network_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let (file, path) = file(folder.path());
	let chain = Fake::sealing(&[5, 10, 20], 40);
	let open = || Publisher::without_chain(chain.clone(), INTERVAL, file.clone(), None);
	open().unwrap().publish_due().await.unwrap();
	chain.0.lock().genesis = [7; 32];
	let Err(error) = open() else { panic!("the file is of another network") };
	let error = error.to_string();
	assert!(error.contains(&path.display().to_string()) && error.contains("name another file"), "{error}");
}

#[tokio::test]
async fn a_chain_without_anchors_verifies_nothing() {
	let folder = tempfile::tempdir().unwrap();
	let report = checked(&Fake::sealing(&[5, 10], 40), &file(folder.path()).0, None).await;
	assert_eq!(report, Report::default());
	assert!(!report.is_verified() && !report.is_tampered());
}

#[tokio::test]
async fn anchors_that_are_not_published_yet_are_counted() {
	let folder = tempfile::tempdir().unwrap();
	let (file, _) = file(folder.path());
	let chain = Fake::sealing(&[5, 10, 20, 30, 41, 42, 43, 60, 100], 200);
	chain.0.lock().finalized = 25;
	Publisher::without_chain(chain.clone(), INTERVAL, file.clone(), None).unwrap().publish_due().await.unwrap();
	chain.0.lock().finalized = 200;
	let report = checked(&chain, &file, None).await;
	assert_eq!((report.verified, report.unpublished), (1, 2));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// Bisection finds the block of every anchor with few reads.
	#[test]
	fn the_block_of_an_anchor_is_found_by_bisection(sealing in prop::collection::btree_set(1u32..=250, 1..60), interval in 1u64..7) {
		let sealing: Vec<_> = sealing.into_iter().collect();
		let chain = Fake::sealing(&sealing, 250);
		let folder = tempfile::tempdir().unwrap();
		let mut publisher = Publisher::without_chain(chain.clone(), interval, file(folder.path()).0, None).unwrap();
		let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
		let published = runtime.block_on(publisher.publish_due()).unwrap();
		let newest = sealing.len() / interval as usize * interval as usize;
		let expected: Vec<_> = newest.checked_sub(1).map(|at| sealing[at]).into_iter().collect();
		prop_assert_eq!(published.iter().map(|anchor| anchor.block).collect::<Vec<_>>(), expected);
		prop_assert!(chain.reads() < 40, "{} reads", chain.reads());
	}
}
