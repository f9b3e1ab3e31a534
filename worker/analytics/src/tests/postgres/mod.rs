//! Exports to a PostgreSQL server that the tests start.

mod server;

use super::{rebuilt::random_chain, *};
use crate::{events::canonical, export_postgres, store::sources, Exported, PostgresError};
use server::Server;
use std::path::Path;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Connects to a database of a server.
async fn connect(server: &Server, database: &str) -> Client {
	let (client, connection) = tokio_postgres::connect(&server.address(database), NoTls).await.unwrap();
	tokio::spawn(connection);
	client
}

/// Creates a database on a server, and returns its connection string.
async fn database(server: &Server, name: &str) -> String {
	connect(server, "postgres").await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
	server.address(name)
}

/// Returns a chain that changes rows of all tables long after they were added.
fn long_chain() -> Vec<Block> {
	let mut number = 7u16;
	let mut next = || {
		number = number.wrapping_mul(25_173).wrapping_add(13_849);
		number
	};
	let choices: Vec<Vec<u16>> = (0..60).map(|block| (0..block % 7).map(|_| next()).collect()).collect();
	random_chain(&choices, [5, 20, 40, 59])
}

/// Returns the rows of every table of facts of a server, as comparable texts.
async fn rows_of_server(client: &Client) -> Vec<(String, Vec<Vec<String>>)> {
	let mut tables = Vec::new();
	for name in tables_of_facts() {
		let (mut expressions, mut types) = (Vec::new(), Vec::new());
		let query = "SELECT column_name::text, data_type::text FROM information_schema.columns \
			WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position";
		for column in client.query(query, &[&name]).await.unwrap() {
			let (column, data_type): (String, String) = (column.get(0), column.get(1));
			expressions.push(match data_type.as_str() {
				"timestamp with time zone" => {
					format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
				}
				"boolean" => format!("{column}::int"),
				_ => column,
			});
			types.push(data_type);
		}
		let messages = client.simple_query(&format!("SELECT {} FROM {name}", expressions.join(", "))).await.unwrap();
		let rows = messages.iter().filter_map(|message| match message {
			SimpleQueryMessage::Row(row) => {
				let cells = types.iter().enumerate().map(|(at, data_type)| comparable(row.get(at).map(str::to_owned), data_type));
				Some(cells.collect())
			}
			_ => None,
		});
		let mut rows: Vec<Vec<String>> = rows.collect();
		rows.sort();
		tables.push((name, rows));
	}
	tables
}

/// Returns the rows of every table of facts of a database, as comparable texts.
fn rows_of_store(store: &Store) -> Vec<(String, Vec<Vec<String>>)> {
	let rows = |name: String| {
		let mut statement = store.database.prepare(&format!("SELECT * FROM {name}")).unwrap();
		let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
		let data_type = |at: usize| if ["fields", "metrics"].contains(&columns[at].as_str()) { "jsonb" } else { "" };
		let cells = |row: &rusqlite::Row<'_>| {
			(0..columns.len())
				.map(|at| {
					Ok(match row.get(at)? {
						Sql::Null => comparable(None, ""),
						Sql::Integer(number) => number.to_string(),
						Sql::Real(number) => comparable(Some(number.to_string()), "double precision"),
						Sql::Text(text) => comparable(Some(text), data_type(at)),
						Sql::Blob(_) => panic!("{name} has bytes"),
					})
				})
				.collect::<rusqlite::Result<Vec<String>>>()
		};
		let mut rows: Vec<_> = statement.query_map([], cells).unwrap().map(Result::unwrap).collect();
		rows.sort();
		(name.clone(), rows)
	};
	tables_of_facts().into_iter().map(rows).collect()
}

fn comparable(cell: Option<String>, data_type: &str) -> String {
	match (cell, data_type) {
		(None, _) => "NULL".into(),
		(Some(text), "jsonb") => canonical(&serde_json::from_str(&text).unwrap()),
		(Some(text), "double precision") => format!("{:?}", text.parse::<f64>().unwrap()),
		(Some(text), _) => text,
	}
}

/// Returns the names of all tables but those of versions and positions.
fn tables_of_facts() -> Vec<String> {
	let (_folder, store) = stored(&[]);
	let query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name";
	let mut statement = store.database.prepare(query).unwrap();
	statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

async fn assert_equal(server: &Server, database: &str, store: &Store) {
	let client = connect(server, database).await;
	for ((name, found), (_, expected)) in rows_of_server(&client).await.into_iter().zip(rows_of_store(store)) {
		assert_eq!(found, expected, "{name}");
	}
}

async fn export(store: &Store, address: &str) -> Result<Exported, PostgresError> {
	export_postgres(store.path(), address, |_| ()).await
}

#[tokio::test]
async fn an_export_adds_what_is_new_and_can_be_repeated() {
	let (server, blocks) = (Server::start(), long_chain());
	let address = database(&server, "steps").await;
	let (_folder, mut store) = stored(&[]);
	assert_eq!(export(&store, &address).await.unwrap().last, None);
	for part in blocks.chunks(17) {
		store.write(part).unwrap();
		let exported = export(&store, &address).await.unwrap();
		assert_eq!((exported.blocks as usize, exported.last), (part.len(), part.last().map(|block| block.number)));
		assert_equal(&server, "steps", &store).await;
		let again = export(&store, &address).await.unwrap();
		assert_eq!((again.blocks, again.rows, again.last), (0, 0, exported.last));
	}
	let filled = rows_of_store(&store).into_iter().filter(|(_, rows)| !rows.is_empty()).count();
	assert!(filled >= 11, "the chain changes {filled} tables only");

	// Two exports at a time, each of which sees the batches of the other.
	let address = database(&server, "twice").await;
	let (first, second) = tokio::join!(export(&store, &address), export(&store, &address));
	assert_eq!(first.unwrap().blocks + second.unwrap().blocks, blocks.len() as u32);
	assert_equal(&server, "twice", &store).await;
}

#[tokio::test]
async fn a_server_that_goes_away_loses_nothing_and_the_next_export_goes_on() {
	let (mut server, blocks) = (Server::start(), long_chain());
	let address = database(&server, "facts").await;
	let (_folder, store) = stored(&blocks);
	let (mut batches, mut last) = (0, 0);
	let lost = export_postgres(store.path(), &address, |block| {
		(batches, last) = (batches + 1, block);
		if batches == 2 {
			server.stop();
		}
	});
	let error = lost.await.unwrap_err();
	assert!(matches!(error, PostgresError::Lost { .. }), "{error:?}");
	for part in ["/facts", &format!("up to {last}"), "run the same command again"] {
		assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
	}
	let error = export(&store, &address).await.unwrap_err();
	assert!(matches!(error, PostgresError::Unreachable { .. }), "{error:?}");

	server.restart();
	let rest = export(&store, &address).await.unwrap();
	assert_eq!(rest.blocks, blocks.len() as u32 - 1 - last);
	assert_equal(&server, "facts", &store).await;
}

#[tokio::test]
async fn a_refused_row_leaves_nothing_of_its_batch() {
	let (server, blocks) = (Server::start(), long_chain());
	let address = database(&server, "facts").await;
	let (_folder, store) = stored(&blocks[..10]);
	export(&store, &address).await.unwrap();
	let client = connect(&server, "facts").await;
	client.batch_execute("ALTER TABLE event ADD CONSTRAINT few CHECK (block < 30)").await.unwrap();
	let mut store = store;
	store.write(&blocks[10..]).unwrap();
	let error = export(&store, &address).await.unwrap_err();
	assert!(matches!(&error, PostgresError::Refused { last: Some(last), .. } if *last < 30), "{error:?}");
	let state = client.query_one("SELECT next_block, (SELECT max(number) FROM block) FROM _sync_state", &[]).await.unwrap();
	assert_eq!(state.get::<_, i64>(0), state.get::<_, i64>(1) + 1);
	client.batch_execute("ALTER TABLE event DROP CONSTRAINT few").await.unwrap();
	export(&store, &address).await.unwrap();
	assert_equal(&server, "facts", &store).await;
}

#[tokio::test]
async fn servers_of_others_are_refused_and_not_changed() {
	let (server, blocks) = (Server::start(), long_chain());
	let (_folder, store) = stored(&blocks[..20]);

	let address = database(&server, "others").await;
	connect(&server, "others").await.batch_execute("CREATE TABLE dim_domain (domain_id TEXT)").await.unwrap();
	assert!(matches!(export(&store, &address).await, Err(PostgresError::OtherTables { .. })));

	let address = database(&server, "facts").await;
	export(&store, &address).await.unwrap();
	let (_shorter_folder, shorter) = stored(&blocks[..10]);
	let error = export(&shorter, &address).await.unwrap_err();
	assert!(matches!(error, PostgresError::Ahead { block: 19, .. }), "{error:?}");
	assert!(error.to_string().contains("doin-worker index"), "{error}");

	let anew: Vec<Block> = blocks[..25]
		.iter()
		.map(|original| {
			let mut block = original.clone();
			if block.number > 5 {
				block.hash[31] ^= 1;
			}
			if block.number > 6 {
				block.parent[31] ^= 1;
			}
			block
		})
		.collect();
	let (_anew_folder, anew) = stored(&anew);
	let error = export(&anew, &address).await.unwrap_err();
	assert!(matches!(error, PostgresError::OtherChain { block: 19, .. }), "{error:?}");
	let (_other_folder, other) = stored(&[crate::testing::block(9, 0, vec![])]);
	let error = export(&other, &address).await.unwrap_err();
	assert!(matches!(error, PostgresError::OtherChain { block: 0, .. }), "{error:?}");

	let client = connect(&server, "facts").await;
	client.batch_execute("INSERT INTO _schema_version VALUES (4, now())").await.unwrap();
	let error = export(&store, &address).await.unwrap_err();
	assert!(matches!(error, PostgresError::NewerSchema { found: 4, .. }), "{error:?}");
	assert_equal(&server, "facts", &store).await;

	client.batch_execute("UPDATE _schema_version SET version = 1; DROP TABLE dim_source CASCADE").await.unwrap();
	let error = export(&store, &address).await.unwrap_err();
	assert!(matches!(error, PostgresError::OlderSchema { found: 1, .. }), "{error:?}");
	assert!(error.to_string().contains("name an empty database"), "{error}");
}

#[tokio::test]
async fn a_database_that_begins_later_is_exported_and_leaves_no_gap() {
	let (server, blocks) = (Server::start(), long_chain());
	let later = |first: u32, end: usize| {
		let (folder, path) = folder();
		let mut store = Store::open(&path).unwrap();
		store.begin_with(blocks[0].hash, first);
		store.write(&blocks[first as usize..end]).unwrap();
		(folder, store)
	};
	let address = database(&server, "later").await;
	let (_folder, store) = later(9, 40);
	let exported = export(&store, &address).await.unwrap();
	assert_eq!((exported.blocks, exported.last), (31, Some(39)));
	assert_equal(&server, "later", &store).await;
	// A database that begins with the next block goes on, and one that begins later would leave a gap.
	let (_next_folder, next) = later(40, 50);
	assert_eq!(export(&next, &address).await.unwrap().last, Some(49));
	let (_gap_folder, gap) = later(51, 60);
	let error = export(&gap, &address).await.unwrap_err();
	assert!(matches!(error, PostgresError::Behind { block: 49, first: 51, .. }), "{error:?}");
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_explained_without_their_passwords() {
	let (_folder, store) = stored(&chain(1));
	let texts = [
		("postgresql://doin:hunter2@127.0.0.1:1/facts", "127.0.0.1:1/facts"),
		("postgresql://doin:hunter2@127.0.0.1:1/facts?sslmode=require", "127.0.0.1:1/facts"),
		("postgresql://doin:hunter2@127.0.0.1:1/facts?sslmode=maybe", "invalid connection string"),
		("password=hunter2 hots=localhost", "postgresql://doin@localhost/doin"),
		("postgresql://doin:hunter2@127.0.0.1:x/facts", "invalid connection string"),
		("postgresql://doin:p@hunter2@127.0.0.1:1/facts", "%40"),
		("postgresql://doin:p@hunter2/hunter2@127.0.0.1:1/facts", "%40"),
		("postgresql://doin:hunter2@127.0.0.1:1/facts?sslmode=verify-full&sslrootcert=missing.pem", "missing.pem"),
	];
	for (address, part) in texts {
		let error = export(&store, address).await.unwrap_err();
		let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
		assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
		assert!(!format!("{error} {error:?} {source}").contains("hunter2"), "{error:?}");
	}
}

#[tokio::test]
async fn a_connection_is_encrypted_and_verified_as_the_connection_string_asks() {
	let (plain, (server, authority)) = (Server::over_tcp(), Server::encrypted("localhost"));
	let (_folder, store) = stored(&chain(1));
	let encrypted =
		|server: &Server, mode: &str| format!("host=localhost port={} user=doin dbname=postgres {mode}", server.port());
	// The certificate is that of `localhost`, signed by an authority of this test. Over TCP, the server takes encrypted connections only.
	let trusted = format!("sslmode=verify-full sslrootcert='{}'", authority.display());
	let refused = export(&store, &encrypted(&server, "sslmode=disable")).await.unwrap_err();
	assert!(matches!(refused, PostgresError::Unreachable { .. }), "{refused:?}");
	for (mode, blocks) in [("", 6), ("sslmode=require", 0), (trusted.as_str(), 0)] {
		let exported = export(&store, &encrypted(&server, mode)).await.unwrap_or_else(|error| panic!("{mode}: {error:?}"));
		assert_eq!(exported.blocks, blocks, "{mode}");
	}
	// The address is not in the certificate.
	let by_address = encrypted(&server, &trusted).replace("host=localhost", "host=127.0.0.1");
	// The authorities of the system did not sign it.
	let by_others = encrypted(&server, "sslmode=verify-full");
	// The other server has no encryption.
	let without = encrypted(&plain, "sslmode=require");
	// Who names an authority does not accept other certificates, and no connection without one.
	let named = format!("sslrootcert='{}'", authority.display());
	export(&store, &encrypted(&server, &named)).await.unwrap();
	let named_by_address = encrypted(&server, &format!("sslmode=require {named}")).replace("host=localhost", "host=127.0.0.1");
	let named_without = encrypted(&plain, &named);
	for address in [by_address, by_others, without, named_by_address, named_without] {
		match export(&store, &address).await.unwrap_err() {
			error @ PostgresError::Encryption { .. } => {
				for part in ["localhost", "ssl = on", "sslrootcert=FILE"] {
					assert!(error.to_string().contains(part) || address.contains("127.0.0.1"), "{error}");
				}
			}
			// Where the system has no authorities at all.
			error @ PostgresError::Authorities { path: None, .. } => {
				assert!(error.to_string().contains("this system"), "{error}")
			}
			error => panic!("{address}: {error:?}"),
		}
	}
	export(&store, &encrypted(&plain, "")).await.unwrap();
}

#[tokio::test]
async fn views_and_the_dashboard_of_grafana_read_the_exported_facts() {
	let (server, blocks) = (Server::start(), chain(8));
	let address = database(&server, "facts").await;
	let (_folder, store) = stored(&blocks);
	export(&store, &address).await.unwrap();
	let client = connect(&server, "facts").await;
	let views = client.query("SELECT viewname::text FROM pg_views WHERE viewname LIKE 'doin\\_%' ORDER BY 1", &[]).await.unwrap();
	assert!(views.len() >= 10);
	for view in views {
		let name: String = view.get(0);
		client.query(&format!("SELECT * FROM {name}"), &[]).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
	}
	// Every number of a view leads to a column of a table, and that one to the chain.
	let columns = "SELECT table_name::text, column_name::text FROM information_schema.columns \
		WHERE table_name LIKE 'doin\\_%' AND table_schema = 'public' ORDER BY 1, 2";
	let columns: Vec<(String, String)> =
		client.query(columns, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
	let named = sources().filter(|[relation, ..]| relation.starts_with("doin_"));
	let mut named: Vec<(String, String)> = named.map(|[relation, field, ..]| (relation.into(), field.into())).collect();
	named.sort();
	assert_eq!(columns, named);
	let champion =
		"SELECT domain, author, loss::text, bits::float8, effective_bits::float8 FROM doin_champions ORDER BY block LIMIT 1";
	let row = client.query_one(champion, &[]).await.unwrap();
	assert_eq!((row.get::<_, i64>(0), row.get::<_, String>(1)), (0, "5Alice".into()));
	assert!(row.get::<_, String>(2).starts_with("0.9999"), "{}", row.get::<_, String>(2));
	assert_eq!((row.get::<_, f64>(3), row.get::<_, f64>(4)), (0.5, 0.25));

	let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/grafana/doin.json");
	let dashboard: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
	let mut queries = Vec::new();
	for panel in dashboard["panels"].as_array().unwrap() {
		for target in panel["targets"].as_array().into_iter().flatten() {
			queries.push(target["rawSql"].as_str().unwrap().to_owned());
		}
	}
	for variable in dashboard["templating"]["list"].as_array().unwrap() {
		queries.extend(variable["query"].as_str().filter(|query| query.starts_with("SELECT")).map(str::to_owned));
	}
	assert!(queries.len() >= 10);
	for query in queries {
		let query = query.replace("$__timeFilter(time)", "time IS NOT NULL").replace("$domain", "0, 1, 2");
		client.query(&query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}"));
	}
}
