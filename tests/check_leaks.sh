#!/usr/bin/env bash
# Runs the command, built with sanitizers, over many files: no leak, no sanitizer report, no death
# by a signal, no internal error. Criterion hides leaks; here LeakSanitizer decides the exit
# status. A process takes several files, and where one of them fails, each gets its own. Prints
# `N passed, N failed`; exits with 1 on any.
#
#   tests/check_leaks.sh NNAC FILE-OR-FOLDER ...
#
# A folder stands for every file in it. Expected exit statuses: 0 clean, 1 reports,
# 2 unreadable or malformed input.
set -eu
nnac=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export ASAN_OPTIONS=detect_leaks=1:exitcode=99:allocator_may_return_null=1
export UBSAN_OPTIONS=exitcode=97:print_stacktrace=1

# First the detector itself: a program that leaks must be found, or silence means nothing.
cat >"$work/leak.c" <<'C'
#include <stdlib.h>
int main(void)
{
    void *volatile p = malloc(64);
    p = NULL;
    return p != NULL;
}
C
cc -fsanitize=address -o "$work/leak" "$work/leak.c"
status=0
"$work/leak" 2>/dev/null || status=$?
if [ "$status" != 99 ]; then
    echo "check_leaks: LeakSanitizer does not work here (a leak ended with $status, not 99)" >&2
    exit 1
fi

# check NNAC WORK FILE...: a line for each, `passed` or `failed`.
check() {
    local nnac=$1 work=$2 status=0 failed=0 log
    shift 2
    log=$(mktemp "$work/log.XXXXXX")
    timeout $((60 * $#)) "$nnac" --check "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -le 2 ]; then
        yes passed | head -n $#
    elif [ $# = 1 ]; then
        echo failed
        { echo "check_leaks: $1: exit status $status"; head -n 30 "$log"; } >&2
    else
        for file in "$@"; do check "$nnac" "$work" "$file"; done >"$log.each"
        cat "$log.each"
        grep -q failed "$log.each" || failed=1
    fi
    if [ "$failed" = 1 ]; then # together, and by itself none of them
        echo failed
        { echo "check_leaks: $*: exit status $status"; head -n 30 "$log"; } >&2
    fi
    rm -f "$log" "$log.each"
}
export -f check

find "$@" -type f -print0 | sort -z |
    xargs -0 -r -n 12 -P "$(nproc)" bash -c 'check "$@"' - "$nnac" "$work" >"$work/results"
passed=$(grep -c passed "$work/results" || true)
failed=$(grep -c failed "$work/results" || true)
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
