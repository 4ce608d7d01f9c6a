#!/bin/bash
# The scenario library. In the VM, `scenario.sh NAME` runs lab/scenarios/NAME.sh with these functions; what a scenario
# leaves in $RESULTS comes back to the host. A check that fails is recorded and the scenario goes on; `fatal` ends it.
#
#   check SENTENCE COMMAND...      passes when COMMAND does; what it prints are the figures of the check
#   wait_for SECONDS WHAT COMMAND...  polls COMMAND until it succeeds; when it does not in time, that is a failed check
#   within LIMIT SECONDS           did it take less than LIMIT seconds?
#   note KEY VALUE                 a figure worth keeping: console, results/notes.tsv
#   fatal SENTENCE                 a failed check, and the end of the scenario
#   start_guest OPTION...          starts vhost-guest and waits until it is ready: GUEST_PID, GUEST_LOG
#   guest_truth FIELD [PID] [QUEUE]   a field of its truth line (avail_idx, last_used_idx, ...), read now
#   truth_line [PID] [QUEUE]       all of that line
#   guest_says WORD [PID]          has it printed a line that begins so? onset_guest, refill_guest, stop_guest [PID]
#   worker_of PID                  the vhost worker threads of that process, one tid a line, oldest first
#   cpu_percent TID SECONDS        CPU time of a thread over so many seconds, in percent of one CPU
#   is VALUE OP VALUE              a comparison (-eq, -ge, ...; == for text) that prints what it compared
#   run_vhostwatch NAME ARGUMENT...   runs it, with NAME.out and NAME.err in $RESULTS: VW_STATUS (exit code), VW_SECONDS
#   json NAME FILTER [VALUE]       jq on NAME.out; with VALUE, whether it is that
#   says NAME TEXT                 do NAME.out or NAME.err have that text?   clean NAME: neither has a stack trace
#   start_daemon OPTION...         `vhostwatch run`: DAEMON_PID, DAEMON_LOG, DAEMON_START (uptime); ask PATH: its answer
#   end_daemon SIGNAL              ends it and waits: DAEMON_STATUS, DAEMON_SECONDS
#   metric NAME [LABEL...]         the daemon's samples of that name with those labels (tap="lab0"), one value a line
#   metric_is NAME OP VALUE [LABEL...]   is there exactly one such sample, and does it compare so (==, >, >=, <)?
#   livelocked_is VALUE [TAP [LABEL...]]   is queue_livelocked of that tap (lab0) that?   no_series TAP   has it no series?
#   up VALUE                       is bpftrace_up that?   survives: does the daemon run?   troubled TEXT: is that among its troubles?
#   incidents                      the daemon's: state and count of each, joined by commas
#   median                         of the numbers on stdin, one a line
#   watch_metric FILE NAME [FILE NAME]...   writes the largest sample of that name to FILE every second, `none` without: WATCH_PID
#   never FILE VALUE               was that never seen by watch_metric, in more than a few samples?
#   probing, not_probing           is there a bpftrace process? Prints the pids
#   $KERNEL $KERNEL_STATUS         the kernel's name in lab/kernels, and affected or fixed
#   $PATIENCE                      limits of wait_for and within are those of a machine for itself, times this
# shellcheck shell=bash
set -uo pipefail

CHANNEL=${CHANNEL:-/dev/hvc0}
PATIENCE=${PATIENCE:-1}
GUEST_PID='' GUEST_LOG=''
DAEMON_PID='' DAEMON_LOG='' DAEMONS=0
declare -A GUEST_LOGS=()

seconds() { cut -d' ' -f1 /proc/uptime; }
since() { awk -v from="$1" -v to="$(seconds)" 'BEGIN { printf "%.1f", to - from }'; }

# One line to the host: @KIND, then the fields, separated by tabs; a line break in a field becomes \n.
tell() {
    local kind=$1 line field
    shift
    line=@$kind
    for field; do
        field=${field//$'\t'/ }
        field=${field//$'\r'/}
        line+=$'\t'${field//$'\n'/\\n}
    done
    printf '%s\n' "$line" >>"$CHANNEL"
    printf '%s\n' "$line"
}

record() { tell check "$SCENARIO" "$1" "$2" "$3" "$4"; } # pass|fail SECONDS SENTENCE FIGURES

check() {
    local sentence=$1 from output status=0
    shift
    from=$(seconds)
    output=$("$@" 2>&1) || status=$?
    output=$(tail -c 2000 <<<"$output")
    if [ "$status" = 0 ]; then record pass "$(since "$from")" "$sentence" "$output"; else
        record fail "$(since "$from")" "$sentence" "${output:-no output} (exit code $status of: $*)"
    fi
    return "$status"
}

wait_for() {
    local limit=$(($1 * PATIENCE)) what=$2 from output
    shift 2
    from=$(seconds)
    until output=$("$@" 2>&1); do
        if awk -v t="$(since "$from")" -v limit="$limit" 'BEGIN { exit !(t > limit) }'; then
            record fail "$(since "$from")" "$what within $limit s" "${output:+$(tail -c 2000 <<<"$output") }(still failing: $*)"
            return 1
        fi
        sleep 0.2
    done
    record pass "$(since "$from")" "$what within $limit s" "after $(since "$from") s"
}

within() { is "${2%.*}" -lt $(($1 * PATIENCE)); }

note() {
    printf '%s\t%s\n' "$1" "$2" >>"$RESULTS/notes.tsv"
    tell note "$SCENARIO" "$1" "$2"
}

fatal() {
    record fail 0 "$1" "the scenario cannot go on"
    exit 1
}

is() {
    printf '%s' "$*"
    test "$1" "$2" "$3"
}

start_guest() {
    local log
    log=$RESULTS/guest-$((${#GUEST_LOGS[@]} + 1)).log
    vhost-guest "$@" >"$log" 2>&1 &
    # shellcheck disable=SC2034  # for the scenario
    GUEST_PID=$! GUEST_LOG=$log GUEST_LOGS[$GUEST_PID]=$log
    for _ in {1..300}; do
        if grep -q '^ready ' "$log"; then return; fi
        kill -0 "$GUEST_PID" 2>/dev/null || break
        sleep 0.1
    done
    fatal "vhost-guest $* starts: $(cat "$log")"
}

guest_says() { grep -q "^$1" "${GUEST_LOGS[${2:-$GUEST_PID}]}"; }

truth_line() {
    local pid=${1:-$GUEST_PID} queue=${2:-0} log before
    log=${GUEST_LOGS[$pid]}
    before=$(grep -c "^truth queue=$queue " "$log")
    kill -USR2 "$pid" || return
    # An old line would say that nothing moves.
    for _ in {1..200}; do
        if [ "$(grep -c "^truth queue=$queue " "$log")" -gt "$before" ]; then
            grep "^truth queue=$queue " "$log" | tail -n 1
            return
        fi
        sleep 0.05
    done
    return 1
}

guest_truth() { truth_line "${2:-$GUEST_PID}" "${3:-0}" | grep -oP "(?<= $1=)\S+"; }

# The guest sends its big frame now; it was started with --onset-after -1.
onset_guest() { kill -HUP "${1:-$GUEST_PID}" && wait_for 10 "the frame is sent" guest_says onset "${1:-$GUEST_PID}"; }

refill_guest() { kill -USR1 "${1:-$GUEST_PID}"; }

stop_guest() {
    local pid=${1:-$GUEST_PID}
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

worker_of() {
    local IFS='|' threads=(/proc/"$1"/task/*)
    threads=("${threads[@]##*/}")
    {
        # A thread of the process; or (up to 6.3, or if asked for) a kthread, named after the thread that opened the device.
        grep -lsE '^vhost-[0-9]+$' /proc/"$1"/task/*/comm
        grep -lsxE "vhost-(${threads[*]})" /proc/[0-9]*/comm
        true
    } | sed -E 's|.*/([0-9]+)/comm|\1|' | sort -un
}

# Sets CPU_TICKS (utime + stime) of a thread and CPU_TIME (uptime in 1/100 s). Without a fork: under load one takes seconds.
cpu_sample() {
    local stat fields
    # Through task/: /proc/TID/stat adds up the whole process.
    { read -r stat <"/proc/$1/task/$1/stat"; } 2>/dev/null || return
    # The name may hold spaces and parentheses: fields count from the last one.
    read -ra fields <<<"${stat##*) }"
    CPU_TICKS=$((fields[11] + fields[12]))
    read -r CPU_TIME _ </proc/uptime
    CPU_TIME=${CPU_TIME/./}
}

cpu_percent() {
    local CPU_TICKS CPU_TIME ticks time
    cpu_sample "$1" || return
    ticks=$CPU_TICKS time=$CPU_TIME
    sleep "$2"
    cpu_sample "$1" || return
    echo $(((CPU_TICKS - ticks) * 10000 / $(getconf CLK_TCK) / (CPU_TIME - time)))
}

# ---------------------------------------------------------------- the program under test

run_vhostwatch() {
    local name=$1 from
    shift
    from=$(seconds)
    vhostwatch "$@" >"$RESULTS/$name.out" 2>"$RESULTS/$name.err"
    VW_STATUS=$?
    VW_SECONDS=$(since "$from")
    note "$name" "exit code $VW_STATUS after $VW_SECONDS s: vhostwatch $*"
}

json() {
    local found
    found=$(jq -cr "$2" "$RESULTS/$1.out") || return
    if [ $# -gt 2 ]; then is "$found" == "$3"; else printf '%s\n' "$found"; fi
}

says() { grep -hm 3 -F -- "$2" "$RESULTS/$1.out" "$RESULTS/$1.err"; }
clean() { ! grep -HnE '^\s+at |Exception' "$RESULTS/$1.out" "$RESULTS/$1.err"; }

# shellcheck disable=SC2034  # for the scenario
start_daemon() {
    DAEMON_LOG=$RESULTS/daemon-$((++DAEMONS)).log DAEMON_START=$(seconds)
    # An emulated CPU is several times slower: what is little on hardware would be over the ceiling.
    vhostwatch run --max-cpu "${MAX_CPU:-0}" "$@" >"$DAEMON_LOG" 2>&1 &
    DAEMON_PID=$!
}

# shellcheck disable=SC2034  # for the scenario
end_daemon() {
    local from
    from=$(seconds)
    kill -"$1" "$DAEMON_PID"
    wait "$DAEMON_PID" 2>/dev/null
    DAEMON_STATUS=$? DAEMON_SECONDS=$(since "$from")
}

ask() { curl -fsS --max-time "$((5 * PATIENCE))" "http://127.0.0.1:19739$1"; }

metric() { ask /metrics | samples "$@"; }

# samples NAME [LABEL...]: of metrics on stdin.
samples() {
    local name=$1
    shift
    awk -v name="$name" -v labels="$*" '
        BEGIN { n = split(labels, wanted, " ") }
        index($0, name "{") == 1 || $1 == name {
            for (i = 1; i <= n; i++) if (!index($0, wanted[i])) next
            print $NF
        }'
}

metric_is() {
    local name=$1 op=$2 value=$3 found
    shift 3
    found=$(metric "$name" "$@")
    printf '%s %s: %s' "$name" "$*" "${found:-no sample}"
    [ "$(wc -w <<<"$found")" = 1 ] && awk -v a="$found" -v b="$value" "BEGIN { exit !(a + 0 $op b + 0) }"
}

livelocked_is() { metric_is vhostwatch_queue_livelocked == "$1" "tap=\"${2:-lab0}\"" "${@:3}"; }
no_series() { ! metric vhostwatch_queue_livelocked "tap=\"$1\"" | grep .; }
up() { metric_is vhostwatch_bpftrace_up == "$1"; }
survives() { kill -0 "$DAEMON_PID"; }
incidents() { ask /api/v1/incidents | jq -r '[.incidents[] | "\(.state) \(.count)"] | join(",")'; }
troubled() { ask /api/v1/threads | jq -e -r --arg what "$1" '.troubles[] | select(contains($what))'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# All of one answer: each takes the daemon time, and the VM.
watch_metric() {
    local i said largest
    for ((i = 1; i < $#; i += 2)); do : >"$RESULTS/${!i}"; done
    while sleep 1; do
        said=$(ask /metrics 2>/dev/null)
        for ((i = 1; i < $#; i += 2)); do
            largest=$(samples "${@:i+1:1}" <<<"$said" | sort -g | tail -n 1)
            echo "${largest:-none}" >>"$RESULTS/${!i}"
        done
    done &
    # shellcheck disable=SC2034  # for the scenario
    WATCH_PID=$!
}

never() {
    local known
    known=$(grep -cv none "$RESULTS/$1")
    sort "$RESULTS/$1" | uniq -c | awk '{ printf "%s: %d times; ", $2, $1 }'
    [ "$known" -ge 5 ] && ! grep -qxE "$2(\.0)?" "$RESULTS/$1"
}

probing() { pgrep -x bpftrace; }
not_probing() { ! probing; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    SCENARIO=$1 RESULTS=/results/$1
    export RESULTS
    mkdir -p "$RESULTS"
    trap 'jobs -p | xargs -r kill -9 2>/dev/null' EXIT
    # bash reads as it goes: a mistake halfway would only end what has been read so far, and the rest would not be missed.
    unsound() { record fail 0 "bash makes sense of all of the scenario" "$1"; exit 1; }
    said=$(bash -n "/opt/lab/scenarios/$1.sh" 2>&1) || unsound "$said"
    # shellcheck source=/dev/null
    . "/opt/lab/scenarios/$1.sh"
    # A line that it cannot compute it leaves out, the check on it too, says so in the log, and goes on.
    said=$(grep -sE "^/opt/lab/(scenario|service|stimuli|scenarios/$SCENARIO)\.sh: line [0-9]+: .*(syntax error|division by 0|value too great|bad substitution|command not found)" \
        "/results/$SCENARIO/scenario.log") && unsound "$said"
    exit 0
fi
