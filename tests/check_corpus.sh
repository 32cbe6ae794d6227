#!/usr/bin/env bash
# Holds the reports on every file of tests/corpus against the expectations in it (--verify).
# A file that this version does not handle may get NNA0004 and nothing else; what differs
# must stand in corpus_differs.txt, and what stands there must differ.
#
#   tests/check_corpus.sh [--formatted] NNAC
#
# --formatted does so with a copy that went through --fmt, twice: the reports, and the lines that
# expect them, must be what they were, and the second time must change nothing.
set -eu
formatted=
if [ "$1" = --formatted ]; then
    formatted=yes
    shift
fi
nnac=$(realpath "$1")
cd "$(dirname "$0")"
root=$(realpath ..)
logs=$(mktemp -d)
trap 'rm -r "$logs"' EXIT
if [ -n "$formatted" ]; then
    mkdir "$logs/tests"
    cp -r corpus corpus_differs.txt "$logs/tests"
    cd "$logs/tests"
    find corpus -name '*.nna' -exec "$nnac" --fmt {} +
    find corpus -name '*.nna' -exec "$nnac" --fmt --check {} +
fi

# Few files at a time: what is slow is spread over the processors. Status 1 is for reports.
find corpus -name '*.nna' | LC_ALL=C sort >"$logs/files"
xargs -P "$(nproc)" -n 12 bash -c '
    logs=$1 nnac=$2 status=0
    shift 2
    "$nnac" --check --verify --format=short --limit reports=100000 "$@" \
        >"$logs/$$.log" 2>&1 || status=$?
    [ "$status" -le 1 ] || echo "$1 and so on: exit status $status" >>"$logs/$$.log"
    ' - "$logs" "$nnac" <"$logs/files"

# Codes that the tool reports somewhere; the table of all codes and --explain aside.
grep -rohE --include='*.[ch]' --include='*.def' --include='*.nna' --exclude=diag.def \
    --exclude=explain.def 'NNA[0-9]{4}' "$root"/frontend "$root"/ir "$root"/passes "$root"/backend |
    sort -u >"$logs/made"

awk '
function fault(text) { print text; failed++ }
function judge(path,    state) {
    if (waits[path]) return "not handled yet"
    if (path in agrees) return "agrees"
    if (path in counted && !differs[path]) return "lacks a rule"
    return path in counted ? "differs" : "no word of it"
}
FILENAME ~ /\/files$/ { files[++count] = $1; next }
FILENAME ~ /\/made$/ { made[$1] = 1; next }
FILENAME == "corpus_differs.txt" {
    if ($1 == "" || $1 ~ /^#/) next
    if (NF < 2) fault($1 ": listed without a reason")
    if ($1 in made) fault($1 ": listed, but the rule is made; list the files that still differ")
    listed[$1] = 1
    next
}
{ path = $1; sub(/:.*/, "", path); said[path] = said[path] "    " $0 "\n" }
/: NNA[0-9]+ was expected and not reported$/ {
    if ($2 in listed) missed[$2] = 1
    else differs[path] = 1
    next
}
/: [0-9]+ expected, 0 unexpected, 0 missed$/ { agrees[path] = 1; next }
/: [0-9]+ expected, 0 unexpected, [0-9]+ missed$/ { counted[path] = 1; next }
/: [0-9]+ expected, [0-9]+ unexpected, [0-9]+ missed$/ { counted[path] = differs[path] = 1; next }
/: not verified: [0-9]+ parts? not supported by this version$/ { waits[path] = 1; next }
/: not verified: / { counted[path] = differs[path] = 1; next }
/: exit status [0-9]+$/ { fault($0) }
END {
    for (i = 1; i <= count; i++) {
        path = files[i]
        state = judge(path)
        how[state]++
        if (state == "no word of it") fault(path ": " state)
        else if (state == "differs" && !(path in listed)) fault(path ":\n" said[path])
        else if (state != "differs" && path in listed) fault(path ": listed, but it " state)
        known[path] = 1
    }
    for (name in listed) {
        if (name ~ /^NNA/ && !(name in missed)) fault(name ": listed, but nothing misses it")
        if (name !~ /^NNA/ && !(name in known)) fault(name ": listed, but there is no such file")
    }
    printf "%d files: %d agree, %d lack a rule, %d differ, %d not handled yet\n", count,
        how["agrees"], how["lacks a rule"], how["differs"], how["not handled yet"]
    printf "%d passed, %d failed\n", (count > failed ? count - failed : 0), failed
    exit failed > 0
}' "$logs/files" "$logs/made" corpus_differs.txt "$logs"/*.log
