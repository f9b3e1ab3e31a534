#!/usr/bin/env bash
# Starts a development chain and a worker on the demo domain, and shows rounds, champions and work blocks. Ctrl-C stops everything; a
# second run continues.
#
# Usage: scripts/run.sh [--until-work-block N] [--data FILE --column NAME [--season N] [--horizon N] [--history N]
#        [--inputs NAME,...] [--steps N,... | --classes BOUND,...]] [--fresh]
#
#   --until-work-block N   exit 0 after the Nth sealed work block; the last line is a JSON summary
#   --data FILE            use a column of a CSV file instead of the demo domain (CO2 at Mauna Loa)
#   --fresh                delete the chain and journal of earlier runs first
#
# State lives in ${DOIN_HOME:-~/.local/share/doin/dev}; node log: node.log in it, worker log: worker.log.
. "$(dirname "$0")/lib.sh"

usage() { sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; }

HOME_DIR=${DOIN_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/doin/dev}
RPC_PORT=${DOIN_RPC_PORT:-9944}
fresh=no
watch=()
work=()
while [ $# -gt 0 ]; do
	case $1 in
		--until-work-block) watch+=("$1" "${2:?--until-work-block needs a number}"); shift 2 ;;
		--data | --column | --inputs | --time | --season | --horizon | --history | --unit | --unit-name | --scale | --fill | --name | --steps | \
			--classes | --missing | --where | --last | --decimal | --time-format | --zone)
			work+=("$1" "${2:?$1 needs a value}"); shift 2 ;;
		--no-header | --day-first | --month-first | --sort) work+=("$1"); shift ;;
		--fresh) fresh=yes; shift ;;
		-h | --help) usage; exit 0 ;;
		*) usage >&2; die "unknown option $1" ;;
	esac
done

# Worker and viewer would talk to the other program, whatever it is.
if (exec 3<>"/dev/tcp/127.0.0.1/$RPC_PORT") 2>/dev/null; then
	die "port $RPC_PORT is in use, perhaps by another node: stop that program, or choose another port with DOIN_RPC_PORT=$((RPC_PORT + 1))"
fi

setup
say "building the node and the worker (about 25 minutes the first time on two cores, later seconds)"
build "${PROGRAMS[@]}"

mkdir -p "$HOME_DIR"

# One chain per folder: a second run would fail on the database's lock in a less readable way.
exec 9>"$HOME_DIR/lock"
flock -n 9 || die "$HOME_DIR is in use by another run: stop that one, or choose another folder with DOIN_HOME"
# The lock stays: another run would otherwise take a new one.
[ $fresh = no ] || find "$HOME_DIR" -mindepth 1 ! -name lock -delete

pids=()
stop() {
	trap - EXIT INT TERM
	for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap stop EXIT
trap 'stop; exit 130' INT TERM

start() { # name, log, command...
	local name=$1 log=$2
	shift 2
	"$@" >>"$log" 2>&1 9>&- &
	pids+=($!)
	say "started $name (process $!, log $log)"
}

started=$(date +%s)
start node "$HOME_DIR/node.log" "$BIN/doin-node" --dev --base-path "$HOME_DIR/chain" --rpc-port "$RPC_PORT" \
	--listen-addr "/ip4/127.0.0.1/tcp/${DOIN_P2P_PORT:-30333}" --no-telemetry --no-prometheus
node=${pids[0]}
for _ in $(seq 120); do
	kill -0 "$node" 2>/dev/null || { tail -n 20 "$HOME_DIR/node.log" >&2; die "the node stopped; its last lines are above, the rest in $HOME_DIR/node.log"; }
	curl -sf -o /dev/null -H 'Content-Type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"system_health","params":[]}' \
		"http://127.0.0.1:$RPC_PORT" && break
	sleep 0.5
done

start worker "$HOME_DIR/worker.log" "$BIN/doin-worker" run --dev --url "ws://127.0.0.1:$RPC_PORT" --journal "$HOME_DIR/journal.db" "${work[@]}"
worker=${pids[1]}

"$BIN/doin-worker" watch --url "ws://127.0.0.1:$RPC_PORT" --since "$started" --alongside "$worker" --alongside "$node" "${watch[@]}" 9>&- &
viewer=$!
pids+=("$viewer")
if wait "$viewer"; then status=0; else status=$?; fi
if [ $status -ne 0 ]; then
	say "last lines of the worker ($HOME_DIR/worker.log):"
	tail -n 8 "$HOME_DIR/worker.log" >&2
fi
exit $status
