#!/usr/bin/env bash
# Runs benchmarks. Benchmarks of pallets compile the SDK with other features, in a target folder of their own.
#
# Usage: scripts/bench.sh pallets     runs every pallet benchmark once, as a test
#        scripts/bench.sh weights [RATIO]
#                                     measures pallet benchmarks, scales them by RATIO to the reference machine, and writes the files
#                                     weights.rs (builds frame-omni-bencher first: half an hour). RATIO is measured if absent: 0.95 divided
#                                     by the scoring_ns_per_mac of `cargo bench --workspace --bench scoring`, rounded up to a tenth
#        scripts/bench.sh compute [--peers] [--work mlp,lstm,rows] [--isa native|avx2] [--json]
#                                     measures training; with --peers beside JAX, Keras + DEAP, Burn and PyTorch, which are installed in the
#                                     cache first (DOIN_DATA_DIR: the folder that has ett/ETTh1.csv, data/ if unset; rows need none).
#                                     `--isa avx2` limits DOIN and its peers to AVX2, for the ratios of a processor without AVX-512
#        scripts/bench.sh accuracy    measures exact linear models on ETTh1 beside published figures; reads DOIN_DATA_DIR as compute does
#        scripts/bench.sh forecasts [--rounds N] [--seeds N] [--json] [--plot FILE]
#                                     simulates attacks on the market of forecasts: mean returns of strategies over 1,056 rounds and 20
#                                     seeds
#        scripts/bench.sh islands [--parts functions,etth1,peers,chain,eurusd] [--runs N] [--seeds N] [--json] [--plot FILE]
#                                     measures searches on 1, 2, 4 and 8 islands: rounds on functions, the genes of a net of ETTh1 with the
#                                     same budget as DEAP, Optuna and random search, times to a target beside Propulate, Optuna with ASHA
#                                     and others, optimizers on one chain, and EUR/USD. Peers are installed in the cache first, and need
#                                     Open MPI. Reads DOIN_DATA_DIR: ett/ETTh1.csv and eurusd_4h/. `--parts functions` needs neither
#        scripts/bench.sh genomes speed [--peers] [--seconds N]
#                                     measures training runs of loss genomes per second on two cores; with --peers beside PyTorch, one
#                                     process per core, which is installed in the cache first. The last line is JSON
#        scripts/bench.sh genomes search FILE [--seeds N | FROM..TO] [--minutes N] [--runs N] [--transfer CSV LABEL]
#                                     evolves losses on digits with so many seeds (10, from 0 on), 60,000 training runs each, and adds a
#                                     line of JSON to FILE for each seed that it does not have. No seed is begun that would probably end
#                                     after so many minutes (18, without compiling): run it again for the rest. Then prints for each seed of
#                                     FILE formula, fingerprint, and mistakes beside those of cross-entropy, squared error and label
#                                     smoothing 0.1 on the same runs, and medians over all seeds with their intervals; the last line is JSON
#        scripts/bench.sh chain [--accounts N] [--blocks N]
#                                     measures the import of a block of 1,000 transfers and of one of 200 reveals, transactions per second
#                                     of a development node that 512 accounts flood and of the SDK's solochain template, and the lag of
#                                     finality of five validators over 20 full blocks (0: not); the last line is JSON. Fails if a target is
#                                     missed
#        scripts/bench.sh warp [--sessions N] [--entries N] [--mib N] [--slot-ms N]
#                                     measures the warp sync of a chain with 4,383 sessions of 10 s, each with new voters, 200,000 short
#                                     storage entries and 64 MiB of long ones, as a year leaves: a night; `--slot-ms 200` makes sessions of
#                                     2 s, and three hours of it; `--sessions 30` takes six minutes. Fails above two minutes
#        scripts/bench.sh dashboard [--rounds N] [--clients N] [--seconds N]
#                                     measures every query of the dashboard over 1,000,000 synthetic rounds, whose database of 2.4 GB is
#                                     written first, then for six minutes the memory of its server with 1,000 clients and of its page in
#                                     Chromium, at ten times the speed of a public network; the last line is JSON
#        scripts/bench.sh indexer [--blocks N] [--slot-ms N] [--minutes N] | --url URL
#                                     measures the blocks per second that `index` reads from a local node. Without --url, a development chain
#                                     with slots of 100 ms grows first, to 3,000 blocks: five minutes, and 15 at most. It is kept, and used
#                                     and grown again. The last line is JSON. Fails if the target of 2,000 blocks/s is missed
#        scripts/bench.sh inference [--seconds N] [--requests N] [--minutes N]
#                                     measures the answers per second of a server in batches of 64 windows, the delay of 1,000 single ones a
#                                     second, and its memory over 1,000,000 requests, all with vouchers checked; then a plain server with
#                                     ONNX Runtime, which is installed in the cache first. 35 minutes at most; the last line is JSON. Fails
#                                     if a target is missed
#        scripts/bench.sh skill [MODEL...]
#                                     measures the skill of base models (linear, mlp, lstm and gru) against the references on real series,
#                                     as a table; reads DOIN_DATA_DIR: ett/ETTh1.csv, nab/*.csv and eurusd_4h/base_d4.csv
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

PEERS=$CARGO_TARGET_DIR-peers
# Programs that no feature of this workspace changes.
TOOLS=$CARGO_TARGET_DIR/tools
OURS=(timing budget channels domains evidence forecasts gauge inference optimae oracle evaluators recomputation reputation work fee-market)
MEASURED=(budget channels domains evidence forecasts gauge inference optimae oracle evaluators recomputation reputation work fee-market)
# Pallets that are modules of the runtime.
MODULES=(governance places)

# Other features, another folder.
apart() { export CARGO_TARGET_DIR=$CARGO_TARGET_DIR-bench; }

pallets() {
	local selection=()
	for pallet in "${OURS[@]}"; do selection+=(-p "pallet-doin-$pallet"); done
	cargo test --release --features runtime-benchmarks "${selection[@]}" bench
}

# Prints the ratio of the reference machine's time of scoring to that of this machine, rounded up to a tenth. The benchmark also fails if a
# price exceeds what weights charge, which is a reason to measure them.
ratio() {
	{ cargo bench --quiet --workspace --bench scoring || true; } | tail -1 |
		python3 -c 'import json, math, sys; print(math.ceil(9.5 / json.load(sys.stdin)["scoring_ns_per_mac"]) / 10)'
}

weights() {
	# The bencher carries a test runtime that only another benchmark needs. It is optimized as a whole: without optimization of the host,
	# e.g. of its allocator, calls take three to ten times as long.
	SKIP_WASM_BUILD=1 cargo install --quiet --root "$TOOLS" --locked frame-omni-bencher@0.28.0
	cargo build --release -p doin-runtime --features runtime-benchmarks
	local wasm=$CARGO_TARGET_DIR/release/wbuild/doin-runtime/doin_runtime.compact.compressed.wasm
	for pallet in "${MEASURED[@]}"; do
		measure "$wasm" "pallet_doin_${pallet//-/_}" "pallets/$pallet/src/weights.rs" "$1"
	done
	for module in "${MODULES[@]}"; do
		measure "$wasm" "$module" "runtime/src/$module/weights.rs" "$1"
	done
}

# Measures the benchmarks of pallet $2 of the runtime $1, scales their times by $4 and writes them to the file $3.
measure() {
	"$TOOLS/bin/frame-omni-bencher" v1 benchmark pallet --runtime "$1" --genesis-builder runtime --genesis-builder-preset development \
		--pallet "$2" --extrinsic '*' --steps 10 --repeat 10 --template "$ROOT/scripts/weights.hbs" --output "$ROOT/$3"
	"$ROOT/scripts/scale-weights.py" "$4" "$ROOT/$3"
	rustfmt --edition 2021 "$ROOT/$3"
}

compute() {
	command -v python3 >/dev/null || die "python3 is missing: install it (Debian: apt-get install python3 python3-venv)"
	python3 benches/peers/run.py --cache "$PEERS" "$@"
}

# Fails without the data: a figure that is not measured must not look like one that is.
accuracy() {
	local folder; folder=$(realpath -m "${DOIN_DATA_DIR:-data}")
	[ -r "$folder/ett/ETTh1.csv" ] || die "$folder/ett/ETTh1.csv is missing: set DOIN_DATA_DIR to the folder that has ett/ETTh1.csv"
	DOIN_DATA_DIR=$folder cargo bench --workspace --bench accuracy
}

# Fails if a strategy without skill gains, or one with skill does not. Runs in the folder of its crate, so
# the file of a picture is named in full.
forecasts() {
	local arguments=()
	while [ $# -gt 0 ]; do
		arguments+=("$1")
		if [ "$1" = --plot ] && [ $# -gt 1 ]; then shift; arguments+=("$(realpath -m "$1")"); fi
		shift
	done
	cargo bench --quiet --workspace --bench forecasts -- "${arguments[@]}"
}

# Builds node and worker first, unless only functions are searched.
islands() {
	command -v python3 >/dev/null || die "python3 is missing: install it (Debian: apt-get install python3 python3-venv)"
	if [[ " $* " != *" --parts functions "* ]]; then
		build "${PROGRAMS[@]}"
		set -- --worker "$BIN/doin-worker" "$@"
	fi
	python3 benches/peers/search.py --cache "$PEERS" "$@"
}

# Installs PyTorch, unless it is there, and prints its Python.
torch() {
	python3 - "$PEERS/torch" <<-END >&2
		import pathlib, sys
		sys.path.insert(0, "benches/peers")
		import peers
		peers.install(pathlib.Path(sys.argv[1]), peers.HERE / "requirements-torch.txt")
	END
	echo "$PEERS/torch/bin/python"
}

genomes_speed() {
	local own seconds=20 peers=no python kind core figures=()
	while [ $# -gt 0 ]; do
		case $1 in
			--peers) peers=yes ;;
			--seconds) seconds=${2:?--seconds has no number, e.g. --seconds 20}; shift ;;
			*) die "unknown option $1: give --peers or --seconds N" ;;
		esac
		shift
	done
	cargo bench --quiet --workspace --bench genomes --no-run
	own=$(taskset -c 0,1 cargo bench --quiet --workspace --bench genomes -- speed --seconds "$seconds")
	if [ $peers = yes ]; then
		python=$(torch)
		for kind in builtin genome; do
			say "PyTorch, $kind loss, a process on each of two cores"
			for core in 0 1; do
				# Numbers are words.
				# shellcheck disable=SC2046
				taskset -c $core "$python" benches/peers/torch_genomes.py $kind "$seconds" $(jq -r '"\(.steps) \(.batch) \(.hidden[0])"' <<<"$own") \
					>"$CARGO_TARGET_DIR/torch-genomes-$core.json" &
			done
			wait
			figures+=("$(jq -sc '{kind: .[0].kind, torch: .[0].torch, runsPerSecond: (map(.runs / .seconds) | add)}' "$CARGO_TARGET_DIR"/torch-genomes-[01].json)")
		done
	fi
	machine | jq -c --argjson own "$own" --argjson peers "$(printf '%s\n' "${figures[@]}" | jq -sc .)" \
		'. + {genomes: $own, peers: ($peers | map(. + {times: ($own.runsPerSecond / .runsPerSecond)}))}'
}

# Seeds whose line is in the file are left out, so the command can be stopped and repeated. A seed probably takes as long as the longest one
# before it.
genomes_search() {
	local file=${1:?genomes search needs a file for its lines, e.g. genomes.jsonl} from=0 to=9 minutes=18 options=()
	local seed begun started longest=0 left=0
	shift
	while [ $# -gt 0 ]; do
		case $1 in
			--seeds)
				if [[ ${2:-} =~ ^([0-9]+)\.\.([0-9]+)$ ]]; then from=${BASH_REMATCH[1]} to=${BASH_REMATCH[2]}
				elif [[ ${2:-} =~ ^[1-9][0-9]{0,5}$ ]]; then from=0 to=$(($2 - 1))
				else die "invalid --seeds ${2:-}: expected their number, e.g. 10, or FROM..TO, e.g. 10..19"
				fi
				shift ;;
			--minutes) [[ ${2:-} =~ ^[1-9][0-9]{0,5}$ ]] || die "invalid --minutes ${2:-}: expected a whole number from 1 on, e.g. 18"
				minutes=$2; shift ;;
			--transfer) options+=("$1" "$(realpath -m "${2:?--transfer needs a file and its column of classes}")" "${3:?--transfer needs a column}"); shift 2 ;;
			*) options+=("$1") ;;
		esac
		shift
	done
	cargo bench --quiet --workspace --bench genomes --no-run
	touch "$file"
	begun=$SECONDS
	for seed in $(seq "$from" "$to"); do
		! grep -q "\"seed\":$seed[,}]" "$file" || continue
		if [ $((SECONDS - begun + longest)) -ge $((60 * minutes)) ]; then
			left=$((left + 1))
			continue
		fi
		say "seed $seed"
		started=$SECONDS
		cargo bench --quiet --workspace --bench genomes -- search --seed "$seed" "${options[@]}" >>"$file"
		[ $((SECONDS - started)) -le $longest ] || longest=$((SECONDS - started))
	done
	[ $left -eq 0 ] || say "$left seeds would end after $minutes minutes: run this again, and it goes on with them"
	cargo bench --quiet --workspace --bench genomes -- summary "$(realpath "$file")"
}

genomes() {
	case ${1:-} in
		speed) shift; genomes_speed "$@" ;;
		search) shift; genomes_search "$@" ;;
		*) die "give genomes speed or genomes search FILE" ;;
	esac
}

# Builds the nodes first, since the benchmark starts them. The template is compiled by this feature only.
chain() {
	local blocks chain figures missed
	build "${PROGRAMS[@]}" --bin template-node --features doin-template-node/chain
	blocks=$(benchmark import)
	# The figures of the import are printed although the other benchmark fails.
	chain=$(benchmark chain "$@") || {
		machine | jq -c --argjson blocks "$blocks" '. + {"import": $blocks}'
		return 1
	}
	figures=$(machine | jq -c --argjson blocks "$blocks" --argjson chain "$chain" '. + {"import": $blocks} + $chain')
	printf '%s\n' "$figures"
	missed=$(jq -r '[
		(select(.import.transfers.slot_percent > 25) | "a block of 1,000 transfers takes more than 25 % of a slot"),
		(select(.import.reveals.slot_percent > 25) | "a block of 200 reveals takes more than 25 % of a slot"),
		(select(.ratio < 0.9) | "fewer than 0.9 of the transactions per second of the template"),
		(select(.finality != null and .finality.lag_blocks.median > 3) | "finality lags by more than 3 blocks")
	] | join("; ")' <<<"$figures")
	[ -z "$missed" ] || die "$missed"
}

# Sessions of a year, of two hours each.
warp() {
	local figures
	build "${PROGRAMS[@]}"
	[[ " $* " == *" --sessions "* ]] || set -- --sessions 4383 "$@"
	figures=$(benchmark warp "$@") || { printf '%s\n' "$figures"; return 1; }
	machine | jq -c --argjson warp "$figures" '. + {warp: $warp}'
}

# Copies the tests of the page beside the compiled files, installs their packages as the tests do, and prints the folder.
page_tests() {
	local folder=$CARGO_TARGET_DIR/browser/tests
	mkdir -p "$folder"
	cp tests/browser/.npmrc tests/browser/*.mjs tests/browser/package*.json "$folder"
	if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed"; then
		(cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
		cp "$folder/package-lock.json" "$folder/node_modules/.installed"
	fi
	echo "$folder"
}

# Fails if a query is too slow, or if server or page grow, and prints the figures all the same.
dashboard() {
	local folder queries soak status=0 rounds=1000000 options=()
	while [ $# -gt 0 ]; do
		case $1 in
			--rounds) rounds=${2:?--rounds has no number, e.g. --rounds 100000}; shift ;;
			*) options+=("$1") ;;
		esac
		shift
	done
	folder=$(page_tests)
	say "queries: compiles the benchmark, writes a database of $rounds rounds, and runs each query ten times"
	queries=$(cargo bench --quiet --workspace --bench reader -- "$rounds") || status=$?
	say "server and page: compiles the benchmark, and publishes blocks"
	soak=$(cargo bench --quiet --workspace --bench clients -- --page "$folder" "${options[@]}") || status=$?
	# A benchmark that failed before its end has no figures.
	machine | jq -c --argjson queries "${queries:-null}" --argjson soak "${soak:-null}" '. + {"queries": $queries, "soak": $soak}'
	return "$status"
}

# Builds node and worker first, since the benchmark starts both.
indexer() {
	local figures
	[[ " $* " == *" --url "* || " $* " == *" --blocks "* ]] || set -- --blocks 3000 "$@"
	build "${PROGRAMS[@]}"
	figures=$(cargo bench --quiet --workspace --bench indexer -- "$@")
	figures=$(machine | jq -c --argjson indexer "$figures" --argjson target 2000 \
		'. + {"indexer": ($indexer + {target_per_second: $target, is_reached: ($indexer.per_second >= $target)})}')
	printf '%s\n' "$figures"
	[ "$(jq .indexer.is_reached <<<"$figures")" = true ] || die "the indexer reads fewer than 2,000 blocks a second"
}

# Builds node and worker first, since the benchmark starts both. Without the packages of the peer, the peer is left out.
inference() {
	local figures missed requirements=benches/peers/requirements-inference.txt python=$PEERS/inference/bin/python peer=()
	command -v python3 >/dev/null || die "python3 is missing: install it (Debian: apt-get install python3 python3-venv)"
	if ! cmp -s $requirements "$PEERS/inference/installed.txt"; then
		say "installing ONNX Runtime"
		if timeout 600 python3 -m venv --clear "$PEERS/inference" && timeout 600 "$python" -m pip install --quiet --requirement $requirements >&2; then
			cp $requirements "$PEERS/inference/installed.txt"
		fi
	fi
	if cmp -s $requirements "$PEERS/inference/installed.txt"; then
		peer=(--python "$python")
	else
		say "ONNX Runtime cannot be installed, so the peer is left out: the reason is above"
	fi
	build "${PROGRAMS[@]}"
	figures=$(benchmark inference "$@" "${peer[@]}")
	machine | jq -c --argjson inference "$figures" '. + $inference'
	missed=$(jq -r '[
		(select(.batches.answers_per_second < 20000) | "fewer than 20,000 answers a second in batches"),
		(select(.single.p99_ms > 5) | "the p99 of single windows is above 5 ms"),
		(select(.memory.growth_kib > 2048) | "the memory of the server grows by more than 2 MiB")
	] | join("; ")' <<<"$figures")
	[ -z "$missed" ] || die "$missed"
}

# Series of `skill`: file, then options of `doin-worker backtest`. Rows of the machine are bars whatever their times are, since an hour
# comes twice in them, and those of the exchange rate, since markets close.
SERIES=(
	"ett/ETTh1.csv --column OT --horizon 24 --lookback 96 --lead 4 --batch 1"
	"nab/machine_temperature.csv --column value --time none"
	"nab/twitter_volume_goog.csv --column value"
	"eurusd_4h/base_d4.csv --column typical_price --time none --horizon 24 --lookback 96 --lead 4 --batch 1"
)

# Fails without the data, as `accuracy` does.
skill() {
	local folder series model options file; folder=$(realpath -m "${DOIN_DATA_DIR:-data}")
	[ $# -gt 0 ] || set -- linear mlp lstm gru
	for series in "${SERIES[@]}"; do
		[ -r "$folder/${series%% *}" ] || die "$folder/${series%% *} is missing: set DOIN_DATA_DIR to the folder that has it"
	done
	build "${PROGRAMS[@]}"
	echo "| series | base model | rounds | skill | uncertainty | error | reference |"
	echo "|---|---|---|---|---|---|---|"
	for series in "${SERIES[@]}"; do
		read -r file options <<<"$series"
		for model in "$@"; do
			# The options are words.
			# shellcheck disable=SC2086
			"$BIN/doin-worker" backtest --csv "$folder/$file" $options --base-model "$model" --json | python3 -c '
import json, sys
report = json.load(sys.stdin)
unit, certainty = 10 ** report["decimals"], report["certainty"]["standard_error"]
cells = [sys.argv[1], report["base_model"], report["rounds"], f"""{report["skill"]:+.4f}""", "-" if certainty is None else f"± {certainty:.4f}"]
cells += [f"{report[name] / unit:.5g}" for name in ("error", "reference_error")]
print("|", " | ".join(map(str, cells)), "|")' "$file"
		done
	done
}

case ${1:-} in
	pallets) setup; apart; pallets ;;
	compute) setup; shift; compute "$@" ;;
	accuracy) setup; accuracy ;;
	forecasts) setup; shift; forecasts "$@" ;;
	islands) setup; shift; islands "$@" ;;
	genomes) setup; shift; genomes "$@" ;;
	chain) setup; shift; chain "$@" ;;
	warp) setup; shift; warp "$@" ;;
	dashboard) setup; shift; dashboard "$@" ;;
	indexer) setup; shift; indexer "$@" ;;
	inference) setup; shift; inference "$@" ;;
	skill) setup; shift; skill "$@" ;;
	weights) setup; factor=${2:-$(ratio)}; apart; weights "$factor" ;;
	*) sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; exit 1 ;;
esac
