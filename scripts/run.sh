#!/usr/bin/env bash
# Starts a development chain and a worker, and shows rounds, champions and work blocks: first on the demo domain (CO2 at Mauna Loa); after
# the first work block also on a sealed domain, Letter Recognition, whose owner opens a segment of rows after the commits of each round, and
# a server that answers requests for the champion of the demo domain for pay.
# With --live, it shows forecasts of a stream instead: the file of the same series is replayed, a week a second, and reported; a forecaster
# stakes wagers on it. With --genomes, it shows a domain of loss genomes: miners evolve the loss that nets of 8 x 8 digits are trained with.
# Ctrl-C stops everything; a second run continues, and one with --live begins anew.
#
# Usage: scripts/run.sh [--until-work-block N] [--no-sealed | --sealed-only MINUTES] [--no-server] [--fresh]
#        [--data FILE --column NAME [--season N] [--horizon N] [--history N] [--inputs NAME,...] [--steps N,... | --classes BOUND,...]]
#        scripts/run.sh --genomes [--until-work-block N] [--fresh]
#        scripts/run.sh --live [--until-paid N]
#
#   --until-work-block N   exit 0 after the Nth sealed work block; the last line is a JSON summary. The first one is sealed before the
#                          second domain is made and the server starts
#   --no-sealed            leave out the sealed domain
#   --no-server            leave out the server
#   --sealed-only MINUTES  only the sealed domain: search for so many minutes, then exit 0; the last line is a JSON summary
#   --genomes              only a domain of loss genomes, on data/digits.csv.gz
#   --data FILE            use a column of a CSV file instead of both domains, without the server
#   --fresh                delete chain, journals, logs and the sealed domain of earlier runs first
#   --live                 forecasts of a stream of bars, on a chain of its own, which is deleted at the end
#   --until-paid N         with --live: exit 0 once N rounds of forecasts are paid; the last line is a JSON summary
#
# State lives in ${DOIN_HOME:-~/.local/share/doin/dev}; logs in it: node.log, worker.log, owner.log (openings of segments), server.log.
# DOIN_RPC_PORT, DOIN_P2P_PORT, DOIN_DASHBOARD_PORT and DOIN_SERVER_PORT choose other ports than 9944, 30333, 8470 and 8475. The dashboard,
# REST and events are at http://127.0.0.1:8470/dashboard, the explorer at /explorer; the facts of all blocks are in doin-olap.db.
. "$(dirname "$0")/lib.sh"

usage() { sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; }

HOME_DIR=${DOIN_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/doin/dev}
RPC_PORT=${DOIN_RPC_PORT:-9944}
DASHBOARD_PORT=${DOIN_DASHBOARD_PORT:-8470}
SERVER_PORT=${DOIN_SERVER_PORT:-8475}
fresh=no
sealed=yes
serve=yes
minutes=0
until=0
live=no
genomes=no
until_paid=0
data=
work=()

# Checks that an option has a value.
has_value() { # example, option and its value...
	[ $# -ge 3 ] || die "$2 needs a value, e.g. $2 $1"
}

# Checks that a value is a whole number from 1 on.
is_count() { # option, value, example
	[[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || die "invalid $1 $2: expected a whole number from 1 on, e.g. $1 $3"
}

while [ $# -gt 0 ]; do
	case $1 in
		--until-work-block) has_value 1 "$@"; is_count "$1" "$2" 1; until=$2; shift 2 ;;
		--no-sealed) sealed=no; shift ;;
		--no-server) serve=no; shift ;;
		--sealed-only) has_value 15 "$@"; is_count "$1" "$2" 15; minutes=$2; shift 2 ;;
		--data | --column | --inputs | --time | --season | --horizon | --history | --unit | --unit-name | --scale | --fill | --name | --steps | \
			--classes | --missing | --where | --last | --decimal | --time-format | --zone)
			has_value VALUE "$@"
			[ "$1" != --data ] || data=$2
			work+=("$1" "$2"); sealed=no; serve=no; shift 2 ;;
		--no-header | --day-first | --month-first | --sort) work+=("$1"); sealed=no; serve=no; shift ;;
		--fresh) fresh=yes; shift ;;
		--live) live=yes; shift ;;
		--genomes) genomes=yes; shift ;;
		--until-paid) has_value 1 "$@"; is_count "$1" "$2" 1; until_paid=$2; shift 2 ;;
		-h | --help) usage; exit 0 ;;
		*) usage >&2; die "unknown option $1" ;;
	esac
done
# Before a build of many minutes.
if [ ${#work[@]} -gt 0 ]; then
	[ -n "$data" ] || die "${work[0]} describes the file of --data: add --data FILE, or leave ${work[0]} out"
	[ -r "$data" ] || [ -r "${data%:*}" ] || die "cannot read $data: correct the name after --data"
fi
if [ "$minutes" -gt 0 ] && { [ $sealed = no ] || [ "$until" -gt 0 ]; }; then
	die "--sealed-only excludes --until-work-block, --no-sealed and --data: omit it, or the others"
fi
if [ $live = yes ] && { [ $sealed = no ] || [ "$until" -gt 0 ] || [ "$minutes" -gt 0 ] || [ $fresh = yes ]; }; then
	die "--live excludes --until-work-block, --no-sealed, --sealed-only, --data and --fresh: omit it, or the others"
fi
if [ $genomes = yes ] && { [ $sealed = no ] || [ "$minutes" -gt 0 ] || [ $live = yes ]; }; then
	die "--genomes excludes --no-sealed, --sealed-only, --data and --live: omit it, or the others"
fi
# These end before the server would start, or have no demo domain.
if [ $live = yes ] || [ $genomes = yes ] || [ "$minutes" -gt 0 ] || [ "$until" -eq 1 ]; then serve=no; fi
[ "$until_paid" -eq 0 ] || [ $live = yes ] || die "--until-paid counts rounds of forecasts: add --live"

is_in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# Worker and viewer would talk to the other program, whatever it is.
if is_in_use "$RPC_PORT"; then
	die "port $RPC_PORT is in use, perhaps by another node: stop that program, or choose another port with DOIN_RPC_PORT=$((RPC_PORT + 1))"
fi
if is_in_use "$DASHBOARD_PORT"; then
	die "port $DASHBOARD_PORT is in use, perhaps by another worker: stop that program, or choose another port with DOIN_DASHBOARD_PORT=$((DASHBOARD_PORT + 1))"
fi
if [ $serve = yes ] && is_in_use "$SERVER_PORT"; then
	die "port $SERVER_PORT is in use, perhaps by another server: stop that program, choose another port with DOIN_SERVER_PORT=$((SERVER_PORT + 1)), or add --no-server"
fi

setup
say "building the node and the worker (about 25 minutes the first time on two cores, later seconds)"
build "${PROGRAMS[@]}"
compiled=$(date +%s)

mkdir -p "$HOME_DIR"
# A stream that is awake asks for the bars of a pause one batch after the other, so this chain is never continued.
[ $live = no ] || HOME_DIR=$(mktemp -d "$HOME_DIR/live.XXXXXX")

# One chain per folder: a second run would fail on the database's lock in a less readable way.
exec 9>"$HOME_DIR/lock"
flock -n 9 || die "$HOME_DIR is in use by another run: stop that one, or choose another folder with DOIN_HOME"
# What these runs have written, and nothing else: DOIN_HOME can be a folder with other files. The lock stays, since another run would
# otherwise take a new one.
if [ $fresh = yes ]; then
	rm -rf "$HOME_DIR"/{chain,letters,genomes,archive}
	# Beside a journal is a folder of searches.
	rm -rf "$HOME_DIR"/{node,worker,owner,server}.log "$HOME_DIR"/{journal,doin-olap,server}{,-*}.db*
fi

pids=()
# `yes` once the folder of --live is needed no more: after an error, its logs are.
clean=no
server=
stop() {
	trap - EXIT INT TERM HUP
	[ -z "$server" ] || stop_server
	for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
	[ $clean = no ] || rm -rf "$HOME_DIR"
}
trap stop EXIT
trap 'clean=$live; stop; exit 130' INT TERM HUP

# Processes whose end ends the viewer.
companions=()
start() { # name, log, command...
	local name=$1 log=$2
	shift 2
	# In a session of its own, Ctrl-C does not end it: the node is needed until the server has redeemed its vouchers.
	setsid "$@" >>"$log" 2>&1 9>&- &
	pids+=($!)
	companions+=(--alongside "$!")
	say "started $name (process $!, log $log)"
}

worker() { "$BIN/doin-worker" "$@"; }
NODE=(--url "ws://127.0.0.1:$RPC_PORT")

# Prints the result of a JSON-RPC method, or nothing if the node does not answer.
rpc() { # method, parameters as JSON
	curl -s -m 10 -H 'Content-Type: application/json' -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":$2}" \
		"http://127.0.0.1:$RPC_PORT" | jq -c '.result // empty' || true
}

# Lines do not mix with the status line of the viewer.
say() {
	[ ! -t 2 ] || printf '\r\e[K' >&2
	printf '%s\n' "$*" >&2
}

# Prints the last lines of the logs, and ends.
failed() { # status
	local name
	for name in worker owner server; do
		[ -s "$HOME_DIR/$name.log" ] || continue
		say "last lines of $HOME_DIR/$name.log:"
		tail -n 8 "$HOME_DIR/$name.log" >&2
	done
	exit "$1"
}

# Shows the work in the background.
show() { # options of the viewer...
	"$BIN/doin-worker" watch "${NODE[@]}" --since "$started" "${companions[@]}" "$@" 9>&- &
	viewer=$!
	pids+=("$viewer")
}

# Waits until a command succeeds. Ends with the viewer, and with an error if the owner of the sealed domain has ended.
await() { # command...
	local status=0
	while kill -0 "$viewer" 2>/dev/null; do
		"$@" && return 0
		if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
			say "the owner of the sealed domain (process $owner) has ended"
			failed 1
		fi
		sleep 1
	done
	wait "$viewer" || status=$?
	[ $status -eq 0 ] || failed $status
	exit 0
}

# --- The sealed domain: 18,668 rows of letters.csv.gz differ. Ten segments of 64 chunks x 24 rows are sealed, 3,308 rows are published.
LETTERS=$ROOT/data/letters.csv.gz
LETTERS_DIR=$HOME_DIR/letters
LETTERS_OWNER=(--dev-key //Bob)
letters=
owner=

# Makes the domain, or continues where an earlier run stopped: the command finds its domain by owner and record.
make_letters() {
	mkdir -p "$LETTERS_DIR"
	if [ ! -s "$LETTERS_DIR/domain" ]; then
		say "making a sealed domain: Letter Recognition, 26 letters, 16 measures of each image. Its owner keeps ten segments of 1,536 rows back"
		worker domain create --csv "$LETTERS" --label lettr --name "Letter Recognition" --sealed 10 --segment-rows 1536 \
			--licence CC-BY-4.0 --stake "10 DOIN" --fund "7500 DOIN" \
			--segment-key "$LETTERS_DIR/segments.key" "${LETTERS_OWNER[@]}" "${NODE[@]}" --json >"$LETTERS_DIR/created.json" 2>"$LETTERS_DIR/create.log" || {
			cat "$LETTERS_DIR/create.log" >&2
			die "the sealed domain cannot be made; run this again to continue, or leave it out with --no-sealed"
		}
		jq -e .domain "$LETTERS_DIR/created.json" >"$LETTERS_DIR/domain" || die "no domain in $LETTERS_DIR/created.json: look at it"
	fi
	letters=$(cat "$LETTERS_DIR/domain")
	start owner "$HOME_DIR/owner.log" "$BIN/doin-worker" own --domain "$letters" --csv "$LETTERS" --label lettr \
		--segment-key "$LETTERS_DIR/segments.key" "${LETTERS_OWNER[@]}" "${NODE[@]}"
	owner=${pids[-1]}
}

# --- The server: its price is so high that each answer is worth the fee of redeeming.
SERVER_URL=http://127.0.0.1:$SERVER_PORT
SERVER_ACCOUNT=5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y

# Offers the demo domain, unless an earlier run has, and starts to answer.
start_server() {
	if [ "$(rpc doin_offers '[0]' | jq --arg who $SERVER_ACCOUNT '[.[] | select(.who == $who)] | length')" != 1 ]; then
		worker offer make --domain 0 --price 1DOIN --endpoint "$SERVER_URL" --dev-key //Charlie "${NODE[@]}" >/dev/null || {
			say "the demo domain cannot be offered, so no server is started; the reason is above"
			return 0
		}
	fi
	cat >"$HOME_DIR/server.toml" <<-END
		url = "ws://127.0.0.1:$RPC_PORT"
		journal = "server.db"
		olap_db_path = "none"
		port = $SERVER_PORT
		[[identities]]
		role = "serve"
		dev = "//Charlie"
		[serve]
		domains = [0]
	END
	# Lines of earlier runs are not repeated.
	touch "$HOME_DIR/server.log"
	exec 7<"$HOME_DIR/server.log"
	cat <&7 >/dev/null
	start server "$HOME_DIR/server.log" "$BIN/doin-worker" run --config "$HOME_DIR/server.toml"
	server=${pids[-1]}
	say "Charlie answers requests for the champion of the demo domain, each for 1 DOIN. Buy an answer in another terminal, which checks it:"
	say "  $BIN/doin-worker infer --domain 0 --csv $ROOT/data/mauna-loa-co2-weekly.csv --column ppm \\"
	say "    --server $SERVER_URL --deposit 10DOIN --dev-key //Bob ${NODE[*]}"
	say "Charlie redeems vouchers once they are worth 50 fees, and all of them when this script ends"
}

# Prints what the server has redeemed since the last call.
server_part=
tell_redeemed() {
	local line
	while true; do
		if ! IFS= read -r line <&7; then
			# The line is not whole yet.
			server_part+=$line
			return 0
		fi
		line=$server_part$line
		server_part=
		[[ $line =~ 'voucher redeemed'.*\ net=([0-9]+) ]] || continue
		say "Charlie has redeemed a voucher: $(jq -n "${BASH_REMATCH[1]} / 1e12") DOIN have arrived"
	done
}

# Fails always, since the server goes on.
follow_server() {
	[ -n "$server" ] || return 1
	tell_redeemed
	kill -0 "$server" 2>/dev/null && return 1
	say "the server (process $server) has ended: look into $HOME_DIR/server.log"
	server=
	return 1
}

# Ends the server, which redeems its vouchers first.
stop_server() {
	local second ended=$server
	kill -TERM "$ended" 2>/dev/null || true
	for second in $(seq 30); do
		kill -0 "$ended" 2>/dev/null || break
		[ "$second" -lt 30 ] || say "the server has not redeemed its vouchers within 30 s: its next start does"
		sleep 1
	done
	tell_redeemed
	server=
}

vote() { # DOMAIN=WEIGHT...
	worker vote "$@" --dev-key //Alice "${NODE[@]}" >/dev/null
}

is_over() { [ $(($(date +%s) - started)) -ge $((60 * minutes)) ]; }

has_work_block() { [ "$(rpc doin_work '[]' | jq .workBlocks)" -ge 1 ] 2>/dev/null; }

# Writes the configuration of a worker that does nothing else than one domain.
one_domain_config() { # domain
	local identity
	printf 'url = "ws://127.0.0.1:%s"\njournal = "journal.db"\nport = %s\n' "$RPC_PORT" "$DASHBOARD_PORT"
	for identity in optimize=//Dave evaluate=//Eve evaluate=//Ferdie evaluate=//One evaluate=//Two; do
		printf '[[identities]]\nrole = "%s"\ndev = "%s"\n' "${identity%=*}" "${identity#*=}"
	done
	printf '[[domains]]\ndomain_id = %s\noptimize = true\nevaluate = true\n' "$1"
}

# Prints what was found on the sealed domain, as JSON. Errors count mistakes in sixteenths; bits are fixed-point numbers with 32
# fractional bits.
letters_summary() {
	jq -nc --argjson minutes "$minutes" --argjson domain "$(rpc doin_domain "[$letters]")" --argjson evidence "$(rpc doin_evidence "[$letters]")" \
		--argjson champion "$(rpc doin_champion "[$letters]")" --argjson work "$(rpc doin_work '[]')" '
		def bits: (tonumber / 4294967296 * 10000 | round) / 10000;
		def percent: (tonumber / 16 / $evidence.units * 10000 | round) / 100;
		{
			domain: $domain.id, minutes: $minutes,
			segments: { sealed: $evidence.sealed, opened: $evidence.opened, rows: $evidence.units },
			bits: ($domain.highWater | bits), carry: ($domain.carry | bits),
			champion: {
				author: $champion.author, model: $champion.model, bytes: $champion.bytes, round: $champion.round.number,
				# The sums of an initial champion are not those of a segment.
				wrongPercent: (if $champion.round then $champion.error | percent else null end),
				initialWrongPercent: (if $champion.round then $champion.initialError | percent else null end)
			},
			purse: $evidence.purse, spent: $evidence.spent, mined: $work.mined, workBlocks: $work.workBlocks
		}'
}

# --- Loss genomes: a chunk trains a net of 64-32-10 with a genome as its loss, on digits that the draw chooses.
DIGITS=$ROOT/data/digits.csv.gz
GENOMES_DIR=$HOME_DIR/genomes
genomes_id=

# Makes the domain, or continues where an earlier run stopped.
make_genomes() {
	mkdir -p "$GENOMES_DIR"
	if [ ! -s "$GENOMES_DIR/domain" ]; then
		say "making a domain of loss genomes: 1,797 digits of 8 x 8 pixels; each run draws its own first weights, training and validation samples"
		worker domain create --genome --csv "$DIGITS" --label digit --name "losses for digits" --dev-key //Bob "${NODE[@]}" --json \
			>"$GENOMES_DIR/created.json" 2>"$GENOMES_DIR/create.log" || {
			cat "$GENOMES_DIR/create.log" >&2
			die "the domain of loss genomes cannot be made; run this again to continue"
		}
		jq -e .domain "$GENOMES_DIR/created.json" >"$GENOMES_DIR/domain" || die "no domain in $GENOMES_DIR/created.json: look at it"
		say "built-in losses: $(jq -r '[.baselines[] | "\(.name) errs in \(.wrong * 10000 | round / 100) %"] | join(", ")' "$GENOMES_DIR/created.json")"
	fi
	genomes_id=$(cat "$GENOMES_DIR/domain")
}

# Prints the champion as a formula, and what it saves on fresh draws. Without a champion, that is the better built-in loss.
genomes_summary() {
	worker genome show --champion "$genomes_id" "${NODE[@]}" >&2 || true
	jq -nc --argjson domain "$genomes_id" --argjson seconds "$(since_compiled)" --argjson champion "$(rpc doin_champion "[$genomes_id]")" \
		--argjson work "$(rpc doin_work '[]')" \
		--argjson fresh "$(worker genome evaluate --champion "$genomes_id" --runs 128 "${NODE[@]}" --json)" '{
			domain: $domain, seconds: $seconds,
			champion: { author: $champion.author, model: $champion.model, round: $champion.round.number },
			fresh: { runs: $fresh.runs, wrong: $fresh.wrong, others: $fresh.others },
			mined: $work.mined, workBlocks: $work.workBlocks
		}'
}

# --- Forecasts: a forecaster has learnt the first 1,000 weeks of the series, and the weeks after them are the bars of the stream.
LIVE_STREAM=CO2-DEMO
LIVE_CSV=$ROOT/data/mauna-loa-co2-weekly.csv
LIVE_KNOWN=1000
# Chain with a block each second, whose rounds are paid a minute and a half after the stream is woken at the latest.
chain=()
[ $live = no ] || chain=(--chain live)

# Writes the configuration of a worker that reports the stream and forecasts it.
live_config() {
	head -n $((LIVE_KNOWN + 1)) "$LIVE_CSV" >"$HOME_DIR/known.csv"
	cat <<-END
		url = "ws://127.0.0.1:$RPC_PORT"
		journal = "journal.db"
		olap_db_path = "none"
		port = $DASHBOARD_PORT
		[[identities]]
		role = "report"
		dev = "//Alice"
		[[identities]]
		role = "forecast"
		dev = "//Dave"
		[[reported]]
		symbol = "$LIVE_STREAM"
		[[reported.sources]]
		csv = '$LIVE_CSV'
		close = "ppm"
		skip = $LIVE_KNOWN
		[[forecasts]]
		symbol = "$LIVE_STREAM"
		wager = "2 DOIN"
		base_model = "linear"
		lookback = 104
		channels = "none"
		history = "known.csv"
		column = "ppm"
		time = "none"
	END
}

since_compiled() { echo $(($(date +%s) - compiled)); }

# Says in words what a line of the worker's log means. Counts the rounds that are paid.
paid=0
result=
tell() { # line
	local round='' skill wager back
	if [[ $1 =~ \ round=([0-9]+) ]]; then round=${BASH_REMATCH[1]}; fi
	case $1 in
		*'net trained'*) say "the forecaster has trained a linear net on $LIVE_KNOWN weeks, none of which it will forecast" ;;
		*'report revealed'*) say "the reporter has revealed a batch of bars; the chain takes them for the stream" ;;
		*'forecast committed'*) say "round $round: Dave stakes 2 DOIN on a forecast of 24 bars, which is sealed until they exist" ;;
		*'forecast revealed'*) say "round $round: its bars stand, and Dave reveals the forecast" ;;
		*'round paid'*)
			paid=$((paid + 1))
			result=$(sed -E 's/.* round=([0-9]+) skill="([^"]*)" wager=(.*) paid=(.*)$/\1|\2|\3|\4/' <<<"$1")
			IFS='|' read -r round skill wager back <<<"$result"
			say "round $round: PAID $back for a wager of $wager and a skill of $skill against the reference," \
				"$(since_compiled) s after the programs were compiled"
			;;
		*'round void'*) say "round $round: too few bars stand, and the wager was returned" ;;
		*' sleeps, so '*) ;;
		*' WARN '* | *' ERROR '*) say "${1#* }" ;;
	esac
}

# Prints the paid rounds as JSON.
live_summary() {
	local round skill wager back
	IFS='|' read -r round skill wager back <<<"$result"
	jq -nc --argjson paid "$paid" --argjson seconds "$(since_compiled)" --argjson round "$round" --arg skill "$skill" --arg wager "$wager" \
		--arg back "$back" '{ paidRounds: $paid, seconds: $seconds, last: { round: $round, skill: $skill, wager: $wager, paid: $back } }'
}

# Follows the log of the worker until enough rounds are paid. Ends with an error if the node or the worker does.
follow_live() {
	local line part=
	exec 8<"$HOME_DIR/worker.log"
	while true; do
		if IFS= read -r line <&8; then
			tell "$part$line"
			part=
			[ "$until_paid" -eq 0 ] || [ "$paid" -lt "$until_paid" ] || return 0
			continue
		fi
		# The line is not whole yet.
		part+=$line
		kill -0 "$node" 2>/dev/null || { say "the node (process $node) has ended: look into $HOME_DIR/node.log"; failed 1; }
		kill -0 "$live_worker" 2>/dev/null || { say "the worker (process $live_worker) has ended"; failed 1; }
		sleep 0.5
	done
}

# A database keeps the pruning that it was made with.
archive=(--state-pruning archive)
if [ -d "$HOME_DIR/chain" ] && [ ! -e "$HOME_DIR/archive" ]; then
	say "the chain in $HOME_DIR has no states of old blocks: past champions cannot be verified and facts are incomplete; --fresh begins anew"
	archive=()
else
	touch "$HOME_DIR/archive"
fi

started=$(date +%s)
start node "$HOME_DIR/node.log" "$BIN/doin-node" --dev "${chain[@]}" --base-path "$HOME_DIR/chain" --rpc-port "$RPC_PORT" \
	--listen-addr "/ip4/127.0.0.1/tcp/${DOIN_P2P_PORT:-30333}" "${archive[@]}" --no-telemetry --no-prometheus
node=${pids[0]}
for second in $(seq 300); do
	kill -0 "$node" 2>/dev/null || { tail -n 20 "$HOME_DIR/node.log" >&2; die "the node stopped; its last lines are above, the rest in $HOME_DIR/node.log"; }
	[ -z "$(rpc system_health '[]')" ] || break
	[ "$second" -lt 300 ] || die "the node has not answered on port $RPC_PORT for five minutes: look into $HOME_DIR/node.log"
	sleep 1
done

if [ $live = yes ]; then
	live_config >"$HOME_DIR/worker.toml"
	start worker "$HOME_DIR/worker.log" "$BIN/doin-worker" run --config "$HOME_DIR/worker.toml"
	live_worker=${pids[-1]}
	say "dashboard: http://127.0.0.1:$DASHBOARD_PORT/dashboard"
	worker sponsor "$LIVE_STREAM" "1000 DOIN" --dev-key //Bob "${NODE[@]}" >/dev/null || die "the stream cannot be sponsored; logs are in $HOME_DIR"
	say "Bob has sponsored the stream $LIVE_STREAM, a week of CO2 at Mauna Loa each second: its bars are asked for, in batches of 14"
	follow_live
	live_summary
	clean=yes
	exit
fi

if [ "$minutes" -gt 0 ]; then
	make_letters
	vote "$letters=1000000"
	one_domain_config "$letters" >"$LETTERS_DIR/worker.toml"
	started=$(date +%s)
	start worker "$HOME_DIR/worker.log" "$BIN/doin-worker" run --config "$LETTERS_DIR/worker.toml"
	say "dashboard: http://127.0.0.1:$DASHBOARD_PORT/dashboard"
	show --domain "$letters"
	await is_over
	kill -TERM "$viewer" 2>/dev/null && wait "$viewer" || true
	letters_summary
	exit
fi

if [ $genomes = yes ]; then
	make_genomes
	vote "$genomes_id=1000000"
	one_domain_config "$genomes_id" >"$GENOMES_DIR/worker.toml"
	started=$(date +%s)
	start worker "$HOME_DIR/worker.log" "$BIN/doin-worker" run --config "$GENOMES_DIR/worker.toml"
	say "dashboard: http://127.0.0.1:$DASHBOARD_PORT/dashboard"
	until_work_block=()
	[ "$until" -eq 0 ] || until_work_block=(--until-work-block "$until")
	show --domain "$genomes_id" "${until_work_block[@]}"
	status=0
	wait "$viewer" || status=$?
	[ $status -eq 0 ] || failed $status
	genomes_summary
	exit
fi

start worker "$HOME_DIR/worker.log" "$BIN/doin-worker" run --dev "${NODE[@]}" --journal "$HOME_DIR/journal.db" \
	--dashboard-port "$DASHBOARD_PORT" "${work[@]}"
say "dashboard: http://127.0.0.1:$DASHBOARD_PORT/dashboard"
say "explorer: http://127.0.0.1:$DASHBOARD_PORT/explorer"
until_work_block=()
[ "$until" -eq 0 ] || until_work_block=(--until-work-block "$until")
show "${until_work_block[@]}"
if [ "$until" -ne 1 ] && { [ $sealed = yes ] || [ $serve = yes ]; }; then
	await has_work_block
fi
[ $serve = no ] || start_server
if [ $sealed = yes ] && [ "$until" -ne 1 ]; then
	make_letters
	# One validator votes, and each domain gets half.
	vote 0=500000 "$letters=500000"
	say "domain $letters is sealed, and has half of the weight from the next session on. Its owner opens a segment when a round asks for one"
fi
await follow_server
