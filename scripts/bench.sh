#!/usr/bin/env bash
# Runs benchmarks. Benchmarks of pallets compile the SDK with other features, in a target folder of their own.
#
# Usage: scripts/bench.sh pallets     runs every pallet benchmark once, as a test
#        scripts/bench.sh weights [RATIO]
#                                     measures pallet benchmarks, scales them by RATIO to the reference machine, and writes
#                                     the files weights.rs (builds frame-omni-bencher first: half an hour). RATIO is measured if absent:
#                                     1.89 divided by the scoring_ns_per_mac of `cargo bench --workspace --bench scoring`, rounded up to a tenth
#        scripts/bench.sh compute [--peers] [--work mlp,lstm,rows] [--json]
#                                     measures training; with --peers beside JAX, Keras + DEAP, Burn and PyTorch, which are installed in the cache
#                                     first (DOIN_DATA_DIR: the folder that has ett/ETTh1.csv, data/ if unset; rows need none)
#        scripts/bench.sh accuracy    measures exact linear models on ETTh1 beside published figures; reads DOIN_DATA_DIR as compute does
#        scripts/bench.sh forecasts [--rounds N] [--seeds N] [--json] [--plot FILE]
#                                     simulates attacks on the market of forecasts: mean returns of strategies over 1,056 rounds and 20 seeds
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

PEERS=$CARGO_TARGET_DIR-peers
# Programs that no feature of this workspace changes.
TOOLS=$CARGO_TARGET_DIR/tools
OURS=(timing budget domains evidence forecasts gauge optimae oracle evaluators recomputation reputation work fee-market)
MEASURED=(budget domains evidence forecasts gauge optimae oracle evaluators recomputation reputation work fee-market)
# Pallets that are modules of the runtime.
MODULES=(governance places)

# Other features, another folder.
apart() { export CARGO_TARGET_DIR=$CARGO_TARGET_DIR-bench; }

pallets() {
	local selection=()
	for pallet in "${OURS[@]}"; do selection+=(-p "pallet-doin-$pallet"); done
	cargo test --release --features runtime-benchmarks "${selection[@]}" bench
}

# Prints the ratio of the reference machine's time of scoring to that of this machine, rounded up to a tenth.
ratio() {
	cargo bench --quiet --workspace --bench scoring | tail -1 |
		python3 -c 'import json, math, sys; print(math.ceil(18.9 / json.load(sys.stdin)["scoring_ns_per_mac"]) / 10)'
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

# Fails if a strategy without skill gains, or one with skill does not.
forecasts() {
	local arguments=()
	while [ $# -gt 0 ]; do
		arguments+=("$1")
		# The simulation runs in the folder of its crate.
		if [ "$1" = --plot ] && [ $# -gt 1 ]; then shift; arguments+=("$(realpath -m "$1")"); fi
		shift
	done
	cargo bench --quiet --workspace --bench forecasts -- "${arguments[@]}"
}

case ${1:-} in
	pallets) setup; apart; pallets ;;
	compute) setup; shift; compute "$@" ;;
	accuracy) setup; accuracy ;;
	forecasts) setup; shift; forecasts "$@" ;;
	weights) setup; factor=${2:-$(ratio)}; apart; weights "$factor" ;;
	*) sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; exit 1 ;;
esac
