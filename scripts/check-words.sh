#!/usr/bin/env bash
# Rejects the synonyms that docs/glossary.md rejects, and documentation that starts without a verb or a noun.
# Usage: scripts/check-words.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

failed=0
# Prints the lines of the tracked files that match, unless they end in the comment `words: allow`.
reject() { # pattern, advice, path...
	local pattern=$1 advice=$2 found
	shift 2
	found=$(git grep --untracked -nIP "$pattern" -- "$@" ':!docs/glossary.md' ':!docs/adr' ':!docs/benchmarks/20*' ':!CHANGELOG.md' ':!scripts/check-words.sh' ':!*.lock' ':!*.csv' ':!*.snap' \
		| grep -v 'words: allow' || true)
	[ -z "$found" ] && return
	printf '%s\n' "$found" >&2
	say "^ $advice"
	failed=1
}

CODE=('*.rs' '*.wgsl')
TEXT=('*.rs' '*.wgsl' '*.md' '*.toml' '*.sh')

reject '(?i)\bdisput(e|ed|es|er|ing)\b|_dispute|Dispute' 'write challenge' "${TEXT[@]}"
reject '(?i)\bcontradict' 'write challenge, or differs from' "${TEXT[@]}"
# A file is replayed as the bars of a stream, and lines about files, sources and bars have that word. Chunks and tasks are recomputed.
reject '(?i)replay.*(chunk|\bsums?\b|\btasks?\b|quorum)|(chunk|\bsums?\b|\btasks?\b|quorum).*replay' 'write recompute, challenge or settle' "${TEXT[@]}"
reject '(?i)^(?!.*(\bfiles?\b|source|\bbars?\b|replay\.(toml|db))).*(\breplay(s|ed|ing)?\b|replay_|_replay|Replay[A-Z])' \
	'write recompute, challenge or settle, or name the file that is replayed' "${TEXT[@]}" ':!worker/sources'
reject '(?i)\bjudg(e|es|ed|ing)\b|Judge[A-Z]|_judge' 'write evaluate or score' "${TEXT[@]}"
reject '(?i)\bdeeds?\b|Deed[A-Z]' 'write behaviour' "${TEXT[@]}"
reject 'MeasurementOpened|\bMeasurement\b|fn measure_model' 'write recomputation or evaluation' "${CODE[@]}"
reject '(?i)\bwhoever\b' 'name the account' "${TEXT[@]}"
reject '^\s*//[/!] (What|Whether|The same|Who|Why|Of|How)\b' 'start documentation with a verb or a noun' "${CODE[@]}"
reject '^\s*//[/!] [A-Z][a-z]+\.$' 'one word documents nothing' ':(glob)pallets/**/*.rs' ':(glob)primitives/**/*.rs' ':(glob)worker/**/*.rs'
reject '"[^"]*(?<!there )\bis no (?!longer\b|more\b)[a-z]+[^"]*"' 'write "is not a …"' '*.rs'

[ $failed = 0 ] || die "wording: docs/glossary.md has the words of this project"
say "check-words: the vocabulary of docs/glossary.md"
