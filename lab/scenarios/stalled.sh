# stalled: on a fixed kernel the same stimulus is STALLED with tap and packet length, never LIVELOCKED, and ends at the refill
# kernels: fixed
# timeout: 700
# shellcheck shell=bash

stalled_is() { metric_is vhostwatch_queue_stalled == "$1" 'tap="lab0"' 'queue="0"'; }
sleeps() { is "$(cpu_percent "$(worker_of "$GUEST_PID")" 4)" -le 20; }

start_guest --tap lab0 --onset-after -1
worker=$(worker_of "$GUEST_PID")
start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 30 "before the onset queue_stalled is 0" stalled_is 0
watch_metric livelocked.txt vhostwatch_queue_livelocked
onset_guest
onset=$(seconds)
check "the worker sleeps (percent of a CPU)" sleeps
used=$(guest_truth last_used_idx)
wait_for 90 "queue_stalled is 1" stalled_is 1
note "onset to queue_stalled 1" "$(since "$onset") s"
check "queue_head_packet_bytes is 60366" metric_is vhostwatch_queue_head_packet_bytes == 60366 'tap="lab0"'
check "queue_posted_buffers is 10" metric_is vhostwatch_queue_posted_buffers == 10 'tap="lab0"'

run_vhostwatch stalled diagnose --duration 5s --format json --record "$RESULTS/recording"
check "diagnose exits 1" is "$VW_STATUS" -eq 1
# See diagnose.sh for the limit.
check "within 90 s" within 90 "$VW_SECONDS"
check "the queue is STALLED, with its tap" json stalled '.queues[] | "\(.verdict) \(.tap) \(.queue_index) \(.worker.tid)"' "STALLED lab0 0 $worker"
check "with the packet that waits (bytes)" json stalled '.queues[0].head.bytes' 60366
check "num, avail_idx, last_avail_idx, last_used_idx as the guest knows" json stalled \
    '.queues[0] | "\(.num) \(.avail_idx) \(.last_avail_idx) \(.last_used_idx)"' \
    "$(guest_truth num) $(guest_truth avail_idx) $(guest_truth last_avail_idx) $used"
check "no criterion is contradicted" json stalled '[.queues[0].criteria[] | select(.outcome == "not_met") | .id] | join(" ")' ""
check "nobody is LIVELOCKED" json stalled '[.queues[] | select(.verdict == "LIVELOCKED")] | length' 0
case $KERNEL in
6.1.*) kind=kthread ;;
*) kind=vmm_thread ;;
esac
check "the worker is named with its VM's process" json stalled '.workers[] | "\(.tid) \(.kind) \(.vm)"' "$worker $kind vhost-guest-$GUEST_PID"
run_vhostwatch text replay "$RESULTS/recording"
check "replayed as text it exits 1 too" is "$VW_STATUS" -eq 1
first=$(head -n 1 "$RESULTS/text.out")
check "the text begins with the verdict" is "${first%% *}" == STALLED
check "and names the tap" says text "tap lab0"
check "and the packet" says text "packet of 60366 bytes"

refill_guest
refilled=$(seconds)
received() { is "$(guest_truth received)" -ge 15; }
wait_for 10 "the frame is received after the refill" received
wait_for 40 "queue_stalled is 0 after the refill" stalled_is 0
note "refill to queue_stalled 0" "$(since "$refilled") s"

# An interface that the guest has not brought up is told, and is no warning.
stop_guest
start_guest --tap lab0 --behaviour starved --onset-after -1
onset_guest
wait_for 150 "nothing was ever posted: queue_unused is 1" metric_is vhostwatch_queue_unused == 1 'tap="lab0"'
check "it is STALLED" stalled_is 1
run_vhostwatch status status
check "status exits 0 all the same" is "$VW_STATUS" -eq 0
check "and tells of it" says status "1 interface not brought up"
check "and of the queue" says status "its interface was not brought up"

run_vhostwatch drill drill --seconds 8
check "the drill says that this kernel does not spin" is "$VW_STATUS" -eq 0
kill "$WATCH_PID"
check "queue_livelocked was never 1" never livelocked.txt 1
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
for name in stalled text drill; do check "no stack trace ($name)" clean "$name"; done
stop_guest
