#!/usr/bin/env bash
# Runs a network of three validators and a worker on this machine, and tests networks that fail.
# Usage: scripts/local-net.sh up     builds and starts Alice, Bob, Charlie and a worker, and prints their addresses
#        scripts/local-net.sh down   stops them; their data and logs are deleted by the next `up`
#        scripts/local-net.sh test   starts networks in network namespaces, cuts and heals them, and prints how long nodes took to find
#                                    each other and finality took to return; then runs the tests of zombienet/ (as root; an hour)
#        scripts/local-net.sh test namespaces [NAME]   runs the former only, or those of them whose names contain NAME
#        scripts/local-net.sh test zombienet [NAME]    runs the latter only, or those of them whose names contain NAME
. "$(dirname "$0")/lib.sh"

PLACE=${XDG_CACHE_HOME:-$HOME/.cache}/doin/local-net
NAMES=(alice bob charlie)

# Starts the program "$2" with the arguments behind it, and keeps its process id and its log under the name "$1".
start() {
	local name=$1; shift
	nohup "$@" >"$PLACE/$name.log" 2>&1 </dev/null &
	printf '%s\n' $! >"$PLACE/$name.pid"
}

# Prints the answer of the node at RPC port "$1" to the method "$2".
ask() {
	curl --silent --fail --max-time 5 --header 'Content-Type: application/json' \
		--data "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$2\",\"params\":[]}" "http://127.0.0.1:$1"
}

# Waits until the node "$1" at RPC port "$2" answers, and prints the answer of the method "$3".
wait_for() {
	local end=$((SECONDS + 120)) answer
	until answer=$(ask "$2" "$3"); do
		kill -0 "$(cat "$PLACE/$1.pid")" 2>/dev/null || die "$1 has ended: $(tail -n 3 "$PLACE/$1.log")"
		[ $SECONDS -lt $end ] || die "$1 does not answer at port $2: look at $PLACE/$1.log"
		sleep 1
	done
	printf '%s\n' "$answer"
}

up() {
	! is_up || die "the network is up already: stop it with scripts/local-net.sh down"
	build "${PROGRAMS[@]}"
	rm -rf "$PLACE"
	mkdir -p "$PLACE"
	local number=0 boot=() name id
	for name in "${NAMES[@]}"; do
		number=$((number + 1))
		start "$name" "$BIN/doin-node" --chain local "--$name" --base-path "$PLACE/$name" --port $((30332 + number)) \
			--rpc-port $((9943 + number)) --prometheus-port $((9614 + number)) \
			--node-key "$(printf "$number%.0s" {1..64})" --no-telemetry "${boot[@]}"
		# The nodes before this one run already. `die` ends the subshell only.
		if ! id=$(wait_for "$name" $((9943 + number)) system_localPeerId | jq -er .result); then
			down
			die "$name does not start, so all nodes were stopped; their logs are $PLACE/*.log"
		fi
		boot+=(--bootnodes "/ip4/127.0.0.1/tcp/$((30332 + number))/p2p/$id")
	done
	start worker "$BIN/doin-worker" run --dev --journal "$PLACE/journal.db" \
		--url ws://127.0.0.1:9944,ws://127.0.0.1:9945,ws://127.0.0.1:9946
	say "Alice    ws://127.0.0.1:9944    metrics http://127.0.0.1:9615/metrics"
	say "Bob      ws://127.0.0.1:9945    metrics http://127.0.0.1:9616/metrics"
	say "Charlie  ws://127.0.0.1:9946    metrics http://127.0.0.1:9617/metrics"
	say "worker   http://127.0.0.1:8470/dashboard"
	say "logs     $PLACE/*.log"
}

# Returns 0 if the process of the file "$1" runs. The id of a process that has ended can belong to another program, e.g. after a reboot.
runs() {
	local program
	[ -e "$1" ] && program=$(readlink "/proc/$(cat "$1")/exe") && [[ $program == "$(realpath -m -- "$BIN")"/doin-* ]]
}

# Returns 0 if a process of the network runs.
is_up() {
	local file
	for file in "$PLACE"/*.pid; do
		if runs "$file"; then return 0; fi
	done
	return 1
}

down() {
	local file end=$((SECONDS + 60))
	for file in "$PLACE"/*.pid; do
		if runs "$file"; then kill -INT "$(cat "$file")"; fi
	done
	while is_up; do
		[ $SECONDS -lt $end ] || die "a process of the network does not end: see $PLACE/*.pid"
		sleep 1
	done
	rm -f "$PLACE"/*.pid
}

# Deletes the network namespaces of tests that were killed, and ends their nodes. A name has the process id of its test.
sweep() {
	local name process
	for name in $(ip netns list | cut -d' ' -f1); do
		[[ $name =~ ^doin-([0-9]+)-[0-9]+$ ]] || continue
		[ ! -e "/proc/${BASH_REMATCH[1]}" ] || continue
		for process in $(ip netns pids "$name"); do kill -KILL "$process" 2>/dev/null || true; done
		ip netns delete "$name"
	done
}

# Checks that the tests can make namespaces.
namespaces_are_possible() {
	[ "$(id -u)" = 0 ] || die "network namespaces need root: run this as root"
	install iproute2 procps util-linux
}

# Prints the names of the tests of a cargo command that contain both parts. Fails if there is none.
names_of() { # part, another part, command...
	local part=$1 other=$2 names
	shift 2
	names=$("$@" -- --list) || die "the tests do not compile: the error is above"
	names=$(sed -n 's/: test$//p' <<<"$names" | grep -F -- "$part" | grep -F -- "$other") ||
		die "no test has $other in its name: the tests are functions in tests/tests/{discovery,partitions}.rs and zombienet/tests/networks.rs"
	printf '%s\n' "$names"
}

# The tests change bridges and addresses, so they get a network namespace of their own, where only they are.
namespaces() { # part of the names
	local tests command=(cargo test --offline --release --workspace --test system)
	build "${ALL[@]}"
	mapfile -t tests < <(names_of namespaces:: "$1" "${command[@]}")
	[ ${#tests[@]} -gt 0 ] || exit 1
	say "running ${#tests[@]} tests in network namespaces, one after another"
	trap sweep EXIT
	unshare --net bash -c 'ip link set lo up && exec "$@"' -- \
		"${command[@]}" -- --include-ignored --nocapture --test-threads 1 --exact "${tests[@]}"
}

# Runs the tests of zombienet/, a workspace of its own. All nodes are on the loopback interface of one network namespace. The process
# namespace ends with its first process, so no node outlives tests that are killed.
zombienet() { # part of the names
	local tests command=(cargo test --offline --locked --test networks)
	command -v python3 >/dev/null || install python3
	build "${PROGRAMS[@]}"
	local -x CARGO_TARGET_DIR=$CARGO_TARGET_DIR-zombienet PATH=$BIN:$PATH
	cd "$ROOT/zombienet"
	say "compiling the tests of zombienet, in $CARGO_TARGET_DIR"
	MANIFEST=$ROOT/zombienet/Cargo.toml build --locked --tests
	mapfile -t tests < <(names_of '' "$1" "${command[@]}")
	[ ${#tests[@]} -gt 0 ] || exit 1
	say "running ${#tests[@]} tests of zombienet, one after another"
	unshare --net --pid --fork --kill-child --mount-proc bash -c 'ip link set lo up && exec "$@"' -- \
		"${command[@]}" -- --nocapture --test-threads 1 --exact "${tests[@]}"
}

case ${1:-} in
	up) setup; up ;;
	down) down ;;
	test)
		setup
		namespaces_are_possible
		case ${2:-} in
			'') namespaces ''; zombienet '' ;;
			namespaces) namespaces "${3:-}" ;;
			zombienet) zombienet "${3:-}" ;;
			*) die "unknown tests $2: expected namespaces, zombienet, or none for both" ;;
		esac
		;;
	*) sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; exit 1 ;;
esac
