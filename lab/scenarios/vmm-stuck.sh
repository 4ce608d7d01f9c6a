# vmm-stuck: a VMM that cannot be ended, because its vhost worker gets no CPU time, is told while it is so and not before
# kernels: affected
# timeout: 900
# shellcheck shell=bash

stuck_is() { metric_is vhostwatch_vmm_waits_for_vhost == "$1" "vm=\"vhost-guest-$GUEST_PID\""; }
no_series() { ! metric vhostwatch_vmm_waits_for_vhost | grep .; }
no_process() { ! kill -0 "$GUEST_PID" 2>/dev/null; }
captured() { metric_is vhostwatch_captures_total '>=' 1; }

start_guest --tap lab0 --onset-after -1
start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 60 "it knows the VM, which waits for nothing" stuck_is 0
onset_guest
wait_for 60 "onset: queue_livelocked is 1" livelocked_is 1
wait_for 120 "the livelock is captured" captured
check "a livelock alone is not that" stuck_is 0
refill_guest
wait_for 60 "refilled: queue_livelocked is 0" livelocked_is 0

# A real-time task has the worker's CPU for itself: neither the limit of such tasks nor the server for the others takes it away.
sysctl -qw kernel.sched_rt_runtime_us=-1
for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do echo 0 >"$server"; done
burns() { grep -qx bash "/proc/$burner/comm" && chrt -p "$burner" | grep SCHED_FIFO && is "$(cpu_percent "$burner" 2)" -ge 90; }
# stop_in_vain WHOSE SECONDS: the guest is told to end while its worker gets no CPU time, and then the worker gets it again.
stop_in_vain() {
    local from
    taskset -pc 1 "$(worker_of "$GUEST_PID")" >/dev/null
    taskset -c 1 chrt -f 50 bash -c 'while :; do :; done' &
    burner=$!
    wait_for 60 "$1: a real-time task has its CPU" burns
    kill -TERM "$GUEST_PID"
    from=$(seconds)
    wait_for "$2" "$1: it is told to end, and vmm_waits_for_vhost is 1" stuck_is 1
    note "from SIGTERM to vmm_waits_for_vhost 1" "$(since "$from") s"
    note "where its threads wait" "$(for task in /proc/"$GUEST_PID"/task/*; do printf '%s %s; ' "$(cat "$task/comm")" "$(cat "$task/wchan")"; done)"
    kill -KILL "$GUEST_PID"
    sleep 3
    check "$1: kill -9 does not end it" stuck_is 1
    kill -KILL "$burner"
    wait_for 60 "$1: the worker has its CPU again, and the VMM ends" no_process
    wait_for 60 "$1: and is forgotten" no_series
}
stop_in_vain "after a livelock" 90

# One that had no trouble: the next census shows that its queue has no backend any more.
start_guest --tap lab1 --onset-after -1
wait_for 120 "another VM is known, which waits for nothing" stuck_is 0
stop_in_vain "without trouble before" 150
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no daemon's log has a stack trace" is "$(cat "$RESULTS"/daemon-*.log | grep -cE '^\s+at |Exception')" -eq 0
