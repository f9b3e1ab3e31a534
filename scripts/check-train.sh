#!/usr/bin/env bash
# Checks that every Polkadot SDK crate comes from one release train, scripts/train-2609.toml. Crates of two trains do not link, and the
# compiler only says that two types of the same name differ. Reads Cargo.toml and Cargo.lock, changes and downloads nothing.
# Usage: scripts/check-train.sh
. "$(dirname "$0")/lib.sh"

TRAIN=$ROOT/scripts/train-2609.toml
failed=0
complain() { say "$*"; failed=1; }

# 1. No SDK crate twice: a second copy means that a dependency asks for another train. Other crates may be there twice.
while read -r name versions; do
	complain "Cargo.lock has $name more than once: $versions"
	say "  find who asks for it:  cargo tree --workspace -i $name@<version>"
	say "  then give that dependency the version of this train, or \`cargo update -p <dependency> --precise <version>\`"
done < <(awk '
	/^name = /    { name = $3; gsub(/"/, "", name) }
	/^version = / { version = $3; gsub(/"/, "", version)
		if (name ~ /^(sp|sc|frame|pallet|substrate)-/) { count[name]++; versions[name] = versions[name] " " version } }
	END { for (name in count) if (count[name] > 1) print name versions[name] }
' "$ROOT/Cargo.lock" | sort)

# 2. Cargo.toml asks for the train's versions, and only for crates of the table.
while read -r name found wanted; do
	if [ "$wanted" = none ]; then
		complain "Cargo.toml asks for $name $found, which ${TRAIN#"$ROOT"/} does not list"
		say "  add its line from https://crates.io/crates/polkadot-sdk/2609.2.0/dependencies, and use that version"
	else
		complain "Cargo.toml asks for $name $found; the train has $wanted"
		say "  write $name = \"$wanted\" there (\`cargo add\` takes the newest version, which may belong to a later train)"
	fi
done < <(awk '
	{ sub(/#.*/, "") }
	FNR == 1 { file++; section = "" }
	/^\[/    { section = $1 }
	file == 1 && section == "[train]" && /=/ { split($0, part, "\""); train[$1] = part[2] }
	file == 2 && section == "[workspace.dependencies]" && /=/ && $0 !~ /path *=/ {
		name = $1
		# `crate = "1.2.3"` or `crate = { version = "1.2.3", … }`
		text = $0; if (text ~ /version *=/) sub(/.*version *= */, "", text)
		split(text, part, "\""); found = part[2]
		if (name in train) { if (found != train[name]) print name, found, train[name] }
		# Has the name of an SDK crate, but is released apart from it.
		else if (name != "frame-metadata" && name ~ /^(sp|sc|frame|pallet|substrate)-/) print name, found, "none"
	}
' "$TRAIN" "$ROOT/Cargo.toml")

[ $failed = 0 ] || die "the SDK crates do not come from one train"
say "check-train: every SDK crate is of train 2609"
