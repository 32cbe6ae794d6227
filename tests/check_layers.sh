#!/usr/bin/env bash
# Holds the direction of includes: `grammar -> frontend -> ir <- passes <- backend`, where
# an arrow points at what is included. The table below is the whole rule; the first row
# that matches a file is its row. Prints each line that breaks it; exits with 1 on any.
set -eu
cd "${1:-$(dirname "$0")/..}"

find grammar frontend ir passes backend tests -type f \
    \( -name '*.[chly]' -o -name '*.def' -o -name '*.in' \) -print0 |
    sort -z | xargs -0 awk '
# rule(files, quoted, system): what files whose path matches `files` may include, in
# quotes and in angle brackets beyond the C and POSIX library. "none" matches nothing.
function rule(files, quoted, angled) {
    n++; row_files[n] = files; row_quoted[n] = quoted; row_angled[n] = angled
}
BEGIN {
    none = "^$"
    generated = "nna[.](tab|lex)[.]h$"
    rule("^ir/base/", "^ir/base/", none)
    rule("^ir/", "^ir/", none)
    rule("^grammar/", "^(frontend/(parse_internal|ast)[.]h$|ir/base/|" generated ")", none)
    # The parser and the words of its errors alone know the numbers of tokens.
    rule("^frontend/(parse|syntax_error)[.]c$", "^(frontend/|ir/|" generated ")", none)
    rule("^frontend/exact[.]c$", "^(frontend|ir)/", "^(gmp|mpfr)[.]h$")
    rule("^frontend/", "^(frontend|ir)/", "^jansson[.]h$")
    rule("^passes/", "^(passes|ir)/", none)
    rule("^backend/rt/", "^(backend/rt/|ir/(scalar_math|order)[.]h$)", none)
    rule("^backend/codegen/", "^(backend|passes|ir)/", "^llvm-c/")
    rule("^backend/(main/|[^/]*$)", "^(backend|passes|frontend|ir)/", "^jansson[.]h$")
    rule("^tests/", "^", "^(criterion/|jansson[.]h$)")
    library = "^(jansson|llvm|llvm-c|clang-c|criterion|zlib|gmp|mpfr|xxhash|protobuf-c|ffi)([./]|$)"
}
FNR == 1 {
    for (row = 1; row <= n && FILENAME !~ row_files[row]; row++) { }
    if (row > n) { print FILENAME ": no row in tests/check_layers.sh is for this folder"; bad = 1 }
}
/^[ \t]*#[ \t]*include[ \t]*["<]/ {
    path = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", path)
    quoted = substr(path, 1, 1) == "\""
    path = substr(path, 2)
    sub(/[">].*/, "", path)
    if (quoted ? path ~ row_quoted[row] && path !~ /[.][.]/ : \
                 path !~ library || path ~ row_angled[row]) next
    print FILENAME ":" FNR ": may not include " path
    bad = 1
}
END { exit bad }' || {
    echo "check_layers: an include goes against the direction (HACKING.md, \"The tree\")" >&2
    exit 1
}
