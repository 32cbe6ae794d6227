# Counts the tests in the output of `ctest --verbose`. A criterion binary counts by its
# closing line, another program by its last line `N passed, N failed`, any other as one.
# Prints what failed programs said, then `N passed, N failed`.
function strip(text) { gsub(/\033\[[0-9;]*m/, "", text); return text }
/^[0-9]+: / {
    id = $1 + 0
    text = strip(substr($0, index($0, ": ") + 2))
    said[id] = said[id] text "\n"
    if (text ~ /Synthesis: Tested: [0-9]+ \| Passing: [0-9]+ \| Failing: [0-9]+ \| Crashing: [0-9]+/) {
        split(text, part, "|")
        for (i in part) gsub(/[^0-9]/, "", part[i])
        good[id] = part[2] + 0; bad[id] = part[3] + part[4]
    } else if (text ~ /^[0-9]+ passed, [0-9]+ failed$/) {
        split(text, word, " ")
        good[id] = word[1] + 0; bad[id] = word[3] + 0
    }
}
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    match($0, /#[0-9]+/)
    id = substr($0, RSTART + 1, RLENGTH - 1) + 0
    ok = $0 ~ / Passed +[0-9.]+ sec/
    if (!(id in good)) { good[id] = ok; bad[id] = !ok }
    if (!ok && bad[id] == 0) bad[id] = 1     # a program that ends badly after all its tests
    if (!ok) printf "%s\n%s", $0, said[id]
    passed += good[id]; failed += bad[id]
}
END { printf "%d passed, %d failed\n", passed, failed }
