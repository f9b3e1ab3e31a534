#!/usr/bin/env bash
# Runs a network of three validators with a block each second and of a worker for three days, and fails if memory, open files, databases or
# the state grow more than its blocks and rounds explain (docs/benchmarks/README.md). For every night, or before a release.
# Usage: scripts/soak.sh [--minutes N]    minutes of the run: 4320, i.e. 72 hours, if absent; at least 8
#
# Figures of each minute are in ${XDG_CACHE_HOME:-~/.cache}/doin/soak/DATE.csv, also while it runs. The last line is a JSON summary, which
# DATE.json has too.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

minutes=4320
while [ $# -gt 0 ]; do
	case $1 in
		--minutes)
			[[ ${2:-} =~ ^[1-9][0-9]{0,5}$ && $2 -ge 8 ]] || die "invalid --minutes ${2:-}: expected a whole number from 8 on, e.g. --minutes 20"
			minutes=$2; shift 2 ;;
		*) sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; exit 1 ;;
	esac
done

setup
build "${PROGRAMS[@]}"
# With progress: the benchmark is started in the background below.
build --release --workspace --bench soak
folder=${XDG_CACHE_HOME:-$HOME/.cache}/doin/soak
mkdir -p "$folder"
run=$folder/$(date +%F-%H%M)
say "figures of each minute: $run.csv"
status=0
# A process group of its own, whose end this script can wait for: a signal to the script has to end the network, too.
set -m
cargo bench --quiet --workspace --bench soak -- --minutes "$minutes" --csv "$run.csv" >"$run.json" &
group=$!
set +m
trap 'kill -TERM -- "-$group"' INT TERM HUP
wait "$group" || status=$?
# A signal ends the wait at once, and the network a little later.
while kill -0 "$group" 2>/dev/null; do wait "$group" || true; done
trap - INT TERM HUP
figures=$(<"$run.json")
# A run that failed before its end has no summary.
[ -n "$figures" ] || { rm "$run.json"; exit "$status"; }
machine | jq -c --argjson soak "$figures" '. + {soak: $soak}' | tee "$run.json"
exit "$status"
