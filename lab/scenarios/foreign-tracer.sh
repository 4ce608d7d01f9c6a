# foreign-tracer: another's fentry probe cannot get off a livelocked worker, and holds ftrace's lock: the agent goes on, and starts
# kernels: affected
# timeout: 1500
# shellcheck shell=bash

# Whoever looks at it now waits in the kernel, where SIGKILL does not reach: it is left behind.
held() {
    local looker
    cat /proc/sys/kernel/ftrace_enabled >/dev/null 2>&1 &
    looker=$!
    sleep 2
    kill -0 "$looker" 2>/dev/null
}
is_held() { held && echo "a look at ftrace_enabled waits"; }
is_free() { ! held; }
known() { metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"'; }
confidence() { ask /api/v1/threads | jq -r '[.queues[] | select(.tap == "lab0") | "\(.verdict) \(.confidence)"] | join(",")'; }
is_said() { is "$(confidence)" == "$1"; }
untroubled() { ! troubled "ftrace does not answer"; }
hooked() { grep -q Attach "$RESULTS/foreign.out"; }
open_once() { is "$(incidents)" == "open 1"; }

start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
start_guest --tap lab0 --onset-after -1
wait_for 60 "the queue is known" known
bpftrace -e 'BEGIN { printf("Attached\n"); } fentry:vhost:vhost_discard_vq_desc { @runs = count(); }' >"$RESULTS/foreign.out" 2>&1 &
FOREIGN=$!
wait_for 120 "the other tracer is attached" hooked
onset_guest
wait_for 60 "queue_livelocked is 1" livelocked_is 1
wait_for 180 "with high confidence" is_said "LIVELOCKED high"

# --- it is told to end, and cannot
kill "$FOREIGN"
wait_for 60 "ftrace's lock is held" is_held
note "the other tracer waits in" "$(head -n 6 "/proc/$FOREIGN/stack" 2>/dev/null | awk '{ print $2 }' | paste -sd ' ')"
for _ in {1..30}; do
    ask /-/healthy >/dev/null || break
    sleep 1
done
check "the daemon is well for half a minute of it" ask /-/healthy
check "queue_livelocked is 1" livelocked_is 1
check "the incident is the same" open_once
run_vhostwatch check check
note "check" "$VW_SECONDS s, exit code $VW_STATUS"
check "check says what is in the way" says check "something holds its lock"
check "in time" awk -v t="$VW_SECONDS" 'BEGIN { printf "%s s", t; exit !(t < 90) }'
run_vhostwatch diagnose diagnose --duration 5s
note "diagnose" "$VW_SECONDS s, exit code $VW_STATUS"
check "diagnose names the livelock: exit code" is "$VW_STATUS" -eq 2
run_vhostwatch threads threads
check "threads lists the queue" says threads lab0

# --- an agent that starts meanwhile: censuses and CPU time are left
end_daemon TERM
check "the daemon ends within 40 s" awk -v t="$DAEMON_SECONDS" 'BEGIN { printf "%s s", t; exit !(t < 40) }'
check "ftrace's lock is held still" is_held
start_daemon --census-period 10s
wait_for 240 "a daemon that starts now is ready" ask /-/ready
check "it says what is in the way" troubled "ftrace does not answer"
wait_for 120 "it finds the livelock by censuses: queue_livelocked is 1" livelocked_is 1
check "with medium confidence" is_said "LIVELOCKED medium"
check "it has started nothing that attaches: bpftraces that are left" is "$(pgrep -fcx '/usr/bin/bpftrace -f json --no-warnings -')" -le 1

# --- the livelock ends, and with it all that
refill_guest
wait_for 60 "the lock is free" is_free
wait_for 120 "nothing is in the way any more" untroubled
wait_for 120 "bpftrace is up" up 1
wait_for 60 "queue_livelocked is 0" livelocked_is 0
stop_guest
start_guest --tap lab0 --onset-after -1
wait_for 60 "the next guest is known" known
onset_guest
wait_for 60 "its livelock is found" livelocked_is 1
wait_for 180 "with high confidence" is_said "LIVELOCKED high"
stop_guest
end_daemon TERM
wait_for 30 "no bpftrace is left" not_probing
