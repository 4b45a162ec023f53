# Timed steps, one after the other or side by side, and a table of them at the end. Sourced by tests/all and .ci/run; a script that
# another one calls adds its steps to the caller's table (STEPS is exported).

if [ -z "${STEPS:-}" ]; then
    STEPS=$(mktemp -d)
    export STEPS
    owns_steps=true
fi

# step NAME COMMAND...: runs a command, and ends the script if it fails.
step() {
    local name=$1 began=$SECONDS status=0
    shift
    printf '\n== %s\n' "$name"
    "$@" || status=$?
    record "$name" $((SECONDS - began)) "$status"
    [ "$status" = 0 ] || exit 1
}

# quietly NAME COMMAND...: the same for lanes: prints all output of the command when it has ended, and goes on if it failed.
quietly() {
    local name=$1 began=$SECONDS status=0
    shift
    "$@" > "$STEPS/$name.log" 2>&1 < /dev/null || status=$?
    record "$name" $((SECONDS - began)) "$status"
    {
        flock 9
        printf '\n== %s: %s after %d s\n' "$name" "$(outcome "$status")" $((SECONDS - began))
        cat "$STEPS/$name.log"
    } 9> "$STEPS/lock"
}

# side_by_side FUNCTION...: runs functions of `quietly` steps at once, each a lane of its own; waits for all, and fails if a step failed.
side_by_side() {
    local lane pids=() status=0
    # Job control gives each lane a process group, which the trap ends as a whole.
    set -m
    for lane in "$@"; do
        "$lane" &
        pids+=($!)
    done
    set +m
    trap 'kill -- "${pids[@]/#/-}" 2> /dev/null; exit 130' INT TERM
    for lane in "${pids[@]}"; do wait "$lane" || status=1; done
    trap - INT TERM
    [ "$status" = 0 ] && awk '$3 != 0 { failed = 1 } END { exit failed }' "$STEPS/table"
}

# Appends to the table: name, seconds, exit status.
record() {
    printf '%s %d %d\n' "$@" >> "$STEPS/table"
}

outcome() {
    if [ "$1" = 0 ]; then echo ok; else echo FAILED; fi
}

print_table() {
    local name seconds status
    printf '\n%-24s %8s\n' step seconds
    while read -r name seconds status; do
        printf '%-24s %8d  %s\n' "$name" "$seconds" "$(outcome "$status")"
    done < "$STEPS/table"
    printf '%-24s %8d\n' 'whole run' "$SECONDS"
}

finish() {
    local status=$?
    if [ "${owns_steps:-}" = true ]; then
        if [ -s "$STEPS/table" ]; then print_table; fi
        rm -rf "$STEPS"
    fi
    exit "$status"
}
trap finish EXIT
