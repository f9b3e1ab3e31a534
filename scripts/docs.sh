#!/usr/bin/env bash
# Checks and builds the documentation: the book in docs/book, and the links of all Markdown files. mdBook is compiled into the cache first.
#
# Usage: scripts/docs.sh            checks, builds the book, and checks the links of its pages; prints where it is
#        scripts/docs.sh check      checks only, in a second and without mdBook: links, pictures, quoted messages, generated pages
#        scripts/docs.sh generate   writes the pages that are generated from code: commands, configuration, JSON-RPC, REST, errors of
#                                   the chain
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

TOOLS=$CARGO_TARGET_DIR-tools
MDBOOK=0.5.4
BOOK=$CARGO_TARGET_DIR-book

command -v python3 >/dev/null || install python3

usage() { sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; }

check() {
	python3 docs/book/tools/check.py || die "documentation: correct the faults above"
	say "docs: links, pictures, quotes and generated pages are right"
}

# Compiled without optimization, since it runs for seconds, and without the server of previews.
mdbook() {
	if [ "$("$TOOLS/bin/mdbook" --version 2>/dev/null | awk '{print $2}')" != "v$MDBOOK" ]; then
		say "compiling mdbook $MDBOOK"
		CARGO_TARGET_DIR=$TOOLS/build CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
			cargo install --quiet --locked --root "$TOOLS" --no-default-features --features search "mdbook@$MDBOOK"
	fi
	"$TOOLS/bin/mdbook" "$@"
}

build_book() {
	rm -rf "$BOOK"
	mdbook build docs/book --dest-dir "$BOOK" 2>&1 | grep -E 'WARN|ERROR' && die "the book has warnings"
	[ -e "$BOOK/index.html" ] || die "mdbook wrote no $BOOK/index.html"
	python3 docs/book/tools/built.py "$BOOK" || die "the built book has faults"
	say "docs: $BOOK/index.html"
}

case ${1:-} in
	"") check; build_book ;;
	check) check ;;
	generate) python3 docs/book/tools/generate.py ;;
	-h | --help) usage ;;
	*) usage >&2; die "unknown argument $1" ;;
esac
