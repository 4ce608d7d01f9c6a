# crowded: on a host whose CPUs others use up, a livelock is found, does not end before it ends, and is never called healthy
# kernels: affected
# timeout: 1200
# shellcheck shell=bash

start_guest --tap lab0 --onset-after -1
guest=$GUEST_PID
start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 60 "it knows the queue" metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"'
hogs=()
for ((i = 0; i < 4; i++)); do
    (while :; do :; done) &
    hogs+=($!)
done
onset_guest "$guest"
onset=$(seconds)
wait_for 60 "with four busy processes on two CPUs: queue_livelocked is 1" metric_is vhostwatch_queue_livelocked == 1 'tap="lab0"'
note "onset to queue_livelocked 1" "$(since "$onset") s"
watch_metric livelocked.txt vhostwatch_queue_livelocked
run_vhostwatch crowded diagnose --duration 5s --format json
# bpftrace may not get its probes attached there in time: then it is not known, and said so.
found_or_unknown() { printf '%s' "$VW_STATUS" && [[ $VW_STATUS == [23] ]]; }
check "diagnose finds it, or says that it does not know (exit code 2 or 3)" found_or_unknown
check "it does not call the queue healthy" json crowded '[.queues[] | select(.tap == "lab0" and (.verdict == "HEALTHY" or .verdict == "BUSY"))] | length' 0
sleep 30
kill "$WATCH_PID"
check "queue_livelocked was 1 all the time" never livelocked.txt 0
check "the daemon's log has no end of it" is "$(grep -c 'LIVELOCKED ended' "$DAEMON_LOG")" -eq 0
refill_guest "$guest"
wait_for 60 "after the refill it is 0" metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"'
kill "${hogs[@]}"
wait_for 90 "and the incident has ended" metric_is vhostwatch_incidents_open == 0
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
stop_guest "$guest"
