#!/usr/bin/env bash
# Holds the options in docs/nnac.1 against the command's own table of options.
#
#   tests/check_manual.sh [--update] NNAC
set -eu
update=
if [ "$1" = --update ]; then
    update=yes
    shift
fi
nnac=$(realpath "$1")
page=$(dirname "$0")/../docs/nnac.1
made=$(mktemp)
trap 'rm -f "$made" "$made.options"' EXIT

"$nnac" --help-manual >"$made.options"
awk -v options="$made.options" '
    skipping && /^\.Bl/ { inner++ } # a list within an item
    skipping && /^\.El/ { if (inner) { inner--; next } skipping = 0 }
    !skipping
    /The lines from here to the end of the list are/ {
        while ((getline line < options) > 0) print line
        skipping = 1
    }' "$page" >"$made"
if [ -n "$update" ]; then
    cat "$made" >"$page"
elif ! diff -u "$page" "$made"; then
    echo "check_manual: docs/nnac.1 is behind; run tests/check_manual.sh --update $nnac" >&2
    exit 1
fi
