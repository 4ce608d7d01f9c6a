# stream-faults: the real bpftrace is stopped, its pipe stalls, its lines are damaged: what can be read is, the rest ends by itself
# kernels: affected
# timeout: 900
# shellcheck shell=bash

# A program that becomes the real one, whose output goes through a filter that does what $how says. As it is the same process,
# all else is as it would be.
how=$RESULTS/how
cat >"$RESULTS/bpftrace" <<EOF
#!/bin/bash
[[ \$* == *json* ]] || exec /usr/bin/bpftrace "\$@"
exec /usr/bin/bpftrace "\$@" > >(exec -a damage mawk -W interactive -v how="$how" '
    { getline what <how; close(how) }
    what == "damage" && NR % 5 == 0 {
        print substr(\$0, 1, length(\$0) / 2) "\\ntext between\\n{\"type\": \"map\", \"data\": {\"@x\": {\"1\": 2, \"1\": 3}}}"
        fflush()
        next
    }
    { print; fflush() }')
EOF
chmod +x "$RESULTS/bpftrace"
echo well >"$how"

# freeze PID...: by a control group, not by SIGSTOP: the kernel wakes up, and hangs up on, all of a process group that is
# orphaned with a stopped process in it.
group=/sys/fs/cgroup/frozen
freeze() {
    local pid
    [ $# -gt 0 ] && mkdir -p "$group" || return
    for pid; do echo "$pid" >"$group/cgroup.procs" || return; done
    echo 1 >"$group/cgroup.freeze"
}
thaw() { echo 0 >"$group/cgroup.freeze"; }

restarted() { metric_is vhostwatch_bpftrace_restarts_total '>=' "$1"; }
well() { up 1 && livelocked_is 1 && metric_is vhostwatch_bpftrace_restarts_total == "$1"; }

start_guest --tap lab0
start_daemon --bpftrace "$RESULTS/bpftrace"
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 60 "queue_livelocked is 1" livelocked_is 1
wait_for 120 "it is captured through the filter" metric_is vhostwatch_captures_total '>=' 1
watch_metric livelocked.txt vhostwatch_queue_livelocked
check "no line was rejected" metric_is vhostwatch_bpftrace_lines_rejected_total == 0

echo damage >"$how"
wait_for 60 "damaged lines are rejected, and counted" metric_is vhostwatch_bpftrace_lines_rejected_total '>=' 20
check "damaged lines: bpftrace is up" up 1
check "damaged lines: queue_livelocked is 1" livelocked_is 1
check "damaged lines: nothing was started again" metric_is vhostwatch_bpftrace_restarts_total == 0
echo well >"$how"

# The pipe: whoever should forward the lines stands still, until bpftrace waits for it.
stalled=$(seconds)
mapfile -t filters < <(pgrep -f '^damage ')
freeze "${filters[@]}" || fatal "the filter stands still"
wait_for 120 "the pipe stalls: the sentinel is ended and started again" restarted 1
wait_for 120 "the pipe stalls: it sees again" well 1
note "the pipe stalls: to recovery" "$(since "$stalled") s"
thaw

# bpftrace itself.
hung=$(seconds)
freeze "$(pgrep -o -x bpftrace)" || fatal "bpftrace stands still"
wait_for 120 "bpftrace is stopped: it is ended, by SIGKILL, and started again" restarted 2
wait_for 120 "bpftrace is stopped: it sees again" well 2
note "bpftrace is stopped: to recovery" "$(since "$hung") s"
thaw
check "the log says it" grep -F "nothing that makes sense for 60 s" "$DAEMON_LOG"
kill "$WATCH_PID"
note "queue_livelocked meanwhile" "$(sort "$RESULTS/livelocked.txt" | uniq -c | awk '{ printf "%s: %d times; ", $2, $1 }')"
check "it was never 0: the livelock went on" never livelocked.txt 0
check "and is one incident" is "$(incidents)" == "open 1"
check "there is one bpftrace" is "$(pgrep -cx bpftrace)" -eq 1
note "lag of the loop" "$(metric vhostwatch_lag_seconds_max) s at most"
note "the agent" "$(metric vhostwatch_resident_memory_bytes 'process="agent"') bytes"
refill_guest
wait_for 30 "after the refill queue_livelocked is 0" livelocked_is 0
stop_guest
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
check "its log has no stack trace" is "$(grep -cE '^\s+at |Exception' "$DAEMON_LOG")" -eq 0
