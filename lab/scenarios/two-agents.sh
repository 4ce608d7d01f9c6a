# two-agents: a second agent with the same address or state directory says so and ends; the first one is not disturbed
# kernels: affected
# timeout: 900
# shellcheck shell=bash

FOLDER=/var/lib/vhostwatch/incidents
ids() { ask /api/v1/incidents | jq -r '[.incidents[].id] | join(" ")'; }
looked() { [ "$(jq -r '.looks[0].when' "$FOLDER"/*.json)" = onset ]; }
ready_at() { curl -fsS --max-time 5 "http://127.0.0.1:$1/-/ready"; }
second() { # NAME CODE WORDS OPTION...
    local name=$1 code=$2 words=$3
    shift 3
    run_vhostwatch "$name" run --max-cpu 0 "$@"
    check "$name: exit code $code" is "$VW_STATUS" -eq "$code"
    check "$name: it says why" says "$name" "$words"
    check "$name: without a stack trace" clean "$name"
}

start_guest --tap lab0
start_daemon
wait_for 240 "the first is ready" ask /-/ready
wait_for 30 "queue_livelocked is 1" livelocked_is 1
wait_for 120 "the incident has its first look" looked
before=$(ids)
sentinel=$(pgrep -ox bpftrace)

second same-everything 3 "another agent runs with the state directory /var/lib/vhostwatch"
second same-state 3 "another agent runs with the state directory /var/lib/vhostwatch" --listen 127.0.0.1:19740
mkdir /tmp/other
second same-address 3 19739 --state-dir /tmp/other
check "the bpftrace of the first is the same" is "$(pgrep -ox bpftrace)" == "$sentinel"
check "and was never started again" metric_is vhostwatch_bpftrace_restarts_total == 0
check "queue_livelocked is still 1" livelocked_is 1
check "the incident is the same, alone" is "$(ids)" == "$before"

# With an address and a state directory of its own the second one watches as well: two probes at the same place.
vhostwatch run --max-cpu 0 --listen 127.0.0.1:19740 --state-dir /tmp/other >"$RESULTS/other.log" 2>&1 &
other=$!
wait_for 240 "a second one with both its own is ready" ready_at 19740
seen_by_both() { curl -fsS --max-time 5 http://127.0.0.1:19740/metrics | grep 'queue_livelocked{.*tap="lab0".* 1.0' && livelocked_is 1; }
wait_for 60 "both see the livelock" seen_by_both
end_daemon KILL
wait_for 3 "the first is killed: its bpftrace goes, the other's stays" is "$(pgrep -cx bpftrace)" -ge 1
check "the other sees on" is "$(curl -fsS http://127.0.0.1:19740/metrics | awk '/^vhostwatch_bpftrace_up/ { print $2 }')" == 1.0
start_daemon
wait_for 240 "the first is started again at once, for a killed one holds no lock" ask /-/ready
wait_for 60 "it goes on with its incident" grep -F "incident-continued incident=$before" "$DAEMON_LOG"
kill "$other"
wait "$other"
check "the other ends with 143" is "$?" -eq 143
end_daemon TERM
check "the first ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
stop_guest
