#!/usr/bin/env bash
# Holds what of the house style a script can see. Prints each line that breaks it; exits
# with 1 on any. Layout is left to .clang-format and to the reader.
set -eu
cd "${1:-$(dirname "$0")/..}"
export LC_ALL=C.UTF-8
shopt -s lastpipe # `report` at the end of a pipe sets `bad` in this shell
code="grammar frontend ir passes backend"
bad=0

# report RULE: reads the offending lines, which are empty where all is well.
report() {
    local lines
    lines=$(cat)
    [ -n "$lines" ] || return 0
    printf '%s\n' "$lines" | sed "s|\$|   [$1]|"
    bad=1
}

# calls NAMES FILE...: places where one of NAMES is called, outside comments and strings.
calls() {
    local names=$1
    shift
    [ $# -gt 0 ] || return 0
    awk -v names="(^|[^A-Za-z0-9_.>])($names)[ \t]*[(]" '
    FNR == 1 { inside = 0 }
    {
        line = $0
        gsub(/\\./, "", line)                # escapes first, so that quotes pair up
        gsub(/"[^"]*"/, "\"\"", line)
        gsub(/\047[^\047]*\047/, "0", line)
        text = ""
        while (line != "") {
            if (inside) {
                end = index(line, "*/")
                if (!end) break
                line = substr(line, end + 2); inside = 0
            } else {
                start = index(line, "/*")
                if (!start) { text = text line; break }
                text = text substr(line, 1, start - 1)
                line = substr(line, start + 2); inside = 1
            }
        }
        sub(/\/\/.*/, "", text)
        if (text ~ names) print FILENAME ":" FNR ": " $0
    }' "$@"
}

# files FOLDERS... -- FIND-EXPRESSION: into the array `found`.
files() {
    local folders=()
    while [ "$1" != -- ]; do
        [ ! -e "$1" ] || folders+=("$1")
        shift
    done
    shift
    mapfile -d '' found < <(find "${folders[@]}" -type f \( "$@" \) -print0 | sort -z)
}

# The library reports and returns; the command alone speaks and leaves. backend/rt is a
# program of its own, linked into what nnac makes.
files $code -- -name '*.[chly]' -not -path 'backend/main/*' -not -path 'backend/rt/*'
calls 'exit|abort|quick_exit|printf|vprintf|fprintf|vfprintf|puts|putchar|perror' \
    "${found[@]}" | report "the library never prints, exits or aborts"

files $code -- -name '*.[chly]'
calls 'system|popen|strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atoll|atof|strtok|tmpnam' \
    "${found[@]}" | report "unsafe function"

files $code -- -name '*.[chly]' -not -path 'backend/rt/*' \
    -not -path 'ir/base/arena.c' -not -path 'ir/base/ctx.c' -not -path 'ir/base/vec.[ch]'
calls 'malloc|calloc|realloc|free|aligned_alloc|strdup|strndup|asprintf|getline' \
    "${found[@]}" | report "memory comes from arenas"

# Sizes. Tables (.def) are aligned by hand, as wide as they must be.
files $code tests examples -- -name '*.[chly]' -o -name '*.sh' -o -name '*.py'
for file in "${found[@]}"; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 800 ] || echo "$file: $lines lines"
done | report "at most 800 lines a file"
grep -nEH '^.{101,}' "${found[@]}" | cut -c 1-100 | report "at most 100 columns"
grep -nHP '\t|[ \t]$' "${found[@]}" | report "no tabs, no white space at line ends"
grep -nwHE '([T]ODO|[F]IXME|[X]XX)' "${found[@]}" |
    report "finish it, or list it in docs/pending.md"

# Every file says first what it is for.
files $code tests -- -name '*.[chly]' -o -name '*.def'
for file in "${found[@]}"; do
    head -n 2 "$file" | grep -q '/\*' || echo "$file:1: no head comment"
done | report "head comment"
files tests examples cmake -- -name '*.sh' -o -name '*.cmake' -o -name CMakeLists.txt
for file in "${found[@]}"; do
    head -n 3 "$file" | grep -q '^# ' || echo "$file:1: no head comment"
done | report "head comment"

# Paths that exist on one machine alone. The brackets keep this line from matching itself.
files . -- -not -path './.git' -not -path './.git/*' -not -path './build/*' -not -name '*.npy' \
    -not -name '*.safetensors' -not -path './tests/fuzz/seeds/*'
grep -nHIE '(^|[^A-Za-z0-9_.])/([w]ork|[h]ome|[r]oot|[U]sers)/|[.][.]/[s]hared' "${found[@]}" |
    report "no path of one machine"

[ "$bad" = 0 ] || echo "check_style: see HACKING.md, \"House style\"" >&2
exit "$bad"
