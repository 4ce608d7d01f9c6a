# two-devices: of a livelocked device and a healthy one under load, diagnose and the daemon flag only the first
# kernels: affected
# timeout: 600
# shellcheck shell=bash

start_guest --tap good0 --behaviour healthy --rate 2000
good=$GUEST_PID
start_guest --tap bad0 --onset-after -1
bad=$GUEST_PID
start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 30 "it knows the healthy queue" metric_is vhostwatch_queue_livelocked == 0 'tap="good0"'
wait_for 30 "and the other" metric_is vhostwatch_queue_livelocked == 0 'tap="bad0"'
while sleep 1; do metric vhostwatch_queue_livelocked 'tap="good0"'; done >"$RESULTS/good.txt" &
watch=$!
watch_metric stalled.txt vhostwatch_queue_stalled
onset_guest "$bad"
before=$(guest_truth received "$good")
onset=$(seconds)
wait_for 20 "the livelocked queue's metric is 1" metric_is vhostwatch_queue_livelocked == 1 'tap="bad0"'
run_vhostwatch two diagnose --duration 5s --format json
check "diagnose exits 2" is "$VW_STATUS" -eq 2
check "it flags the livelocked queue, and only that" json two \
    '[.queues[] | select(.verdict != "HEALTHY" and .verdict != "BUSY") | "\(.verdict) \(.confidence) \(.tap) \(.vm_pid) \(.worker.tid)"] | join(", ")' \
    "LIVELOCKED high bad0 $bad $(worker_of "$bad")"
check "it saw the healthy one too" json two '[.queues[] | select(.tap == "good0")] | length' 1
check "the evidence is of the livelocked worker alone" json two '[.queues[] | select(.evidence != null) | .tap] | join(" ")' bad0
check "whose peek_ret has one length" json two '.queues[0].evidence.peek_ret | keys | join(" ")' 60366
packets=$(($(guest_truth received "$good") - before))
note "the healthy device meanwhile" "$packets packets in $(since "$onset") s"
check "the healthy device was under load (packets)" is "$packets" -gt 5000
check "the daemon still flags the first" metric_is vhostwatch_queue_livelocked == 1 'tap="bad0"'
check "and not the second" metric_is vhostwatch_queue_livelocked == 0 'tap="good0"'
check "nor as spinning" metric_is vhostwatch_queue_spinning == 0 'tap="good0"'
check "nor as stalled" metric_is vhostwatch_queue_stalled == 0 'tap="good0"'
kill "$watch"
check "the healthy queue's metric was never 1" never good.txt 1
refill_guest "$bad"
wait_for 20 "after the refill the first is 0 too" metric_is vhostwatch_queue_livelocked == 0 'tap="bad0"'
sleep 5
kill "$WATCH_PID"
check "queue_stalled was never 1, for neither of them" never stalled.txt 1
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
stop_guest "$bad"
stop_guest "$good"
