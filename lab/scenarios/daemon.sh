# daemon: the metric goes 0, 1, 0 in time, before and after a restart; evidence is captured; TERM and KILL leave nothing
# kernels: affected
# timeout: 900
# shellcheck shell=bash

spins() { is "$(cpu_percent "$(worker_of "$GUEST_PID")" 4)" -ge 80; }
livelocked_is() { metric_is vhostwatch_queue_livelocked == "$1" 'tap="lab0"' 'queue="0"' "vm=\"vhost-guest-$GUEST_PID\""; }
answers() { ask "$1" | grep -F "$2"; }
up() {
    wait_for 240 "$1: it answers" ask /-/healthy
    note "$1: from its start to its first answer" "$(since "$DAEMON_START") s"
    ANSWERED=$(seconds)
    wait_for 240 "$1: it is ready" ask /-/ready
    note "$1: from its start to ready" "$(since "$DAEMON_START") s"
}

start_guest --tap lab0 --onset-after -1
start_daemon
up "the daemon"
wait_for 30 "before the onset queue_livelocked is 0" livelocked_is 0
check "the status page says that nothing is wrong" answers / "Nothing wrong"
check "/api/v1/threads lists the queue" is "$(ask /api/v1/threads | jq -r '"\(.schema) \(.queues[0].tap) \(.verdict)"')" == "vhostwatch.status/1 lab0 HEALTHY"
check "bpftrace_up is 1" metric_is vhostwatch_bpftrace_up == 1
check "an unknown path is 404" is "$(curl -so /dev/null -w '%{http_code}' http://127.0.0.1:19739/nothing)" == 404

watch_metric stalled.txt vhostwatch_queue_stalled
began=$(date +%s)
onset_guest
onset=$(seconds)
wait_for 20 "onset: queue_livelocked is 1" livelocked_is 1
note "onset to queue_livelocked 1" "$(since "$onset") s"
# 40 s when the VM has two cores to itself, as the design says of emulation.
wait_for 90 "onset: get_rx_bufs_returns_total{result=\"zero\"} is above 0" metric_is vhostwatch_get_rx_bufs_returns_total '>' 0 'result="zero"'
check "the evidence came within 90 s of the onset" within 90 "$(since "$onset")"
note "onset to evidence" "$(since "$onset") s"
ask /metrics >"$RESULTS/metrics.txt"
check "desc_returns_total{result=\"head\"} is above 0" metric_is vhostwatch_desc_returns_total '>' 0 'result="head"'
check "peek_length_bytes has samples" metric_is vhostwatch_peek_length_bytes_bucket '>' 0 'le="+Inf"'
check "peek_length_bytes: on average 60366" metric_is vhostwatch_peek_length_bytes_sum == "$(metric vhostwatch_peek_length_bytes_count | awk '{ printf "%.0f", $1 * 60366 }')"
check "queue_head_packet_bytes is 60366" metric_is vhostwatch_queue_head_packet_bytes == 60366 'tap="lab0"'
check "queue_spin_passes_total counts" metric_is vhostwatch_queue_spin_passes_total '>' 10000 'tap="lab0"'
start_time=$(metric vhostwatch_queue_livelock_start_timestamp_seconds 'tap="lab0"' | awk '{ printf "%d", $1 }')
check "queue_livelock_start_timestamp_seconds is that of the onset (seconds after it)" is "$((start_time - began))" -le 5
check "and not before it" is "$((start_time - began))" -ge -1
check "the status page says so" answers / "1 queue livelocked"
# A look at it after a minute takes CPU time from the worker, and with less than half a CPU the confidence is medium.
status_is() { is "$(ask /api/v1/threads | jq -r '"\(.verdict) \(.exit_code) \(.queues[0].tap) \(.queues[0].worker.tid) \(.queues[0].confidence)"')" == "$1"; }
wait_for 60 "/api/v1/threads says so" status_is "LIVELOCKED 2 lab0 $(worker_of "$GUEST_PID") high"

refill_guest
from=$(seconds)
wait_for 20 "refill: queue_livelocked is 0" livelocked_is 0
note "refill to queue_livelocked 0" "$(since "$from") s"
sleep 5
kill "$WATCH_PID"
check "neither livelock nor recovery is taken for a stall: queue_stalled was never 1" never stalled.txt 1
check "the episode stays counted" metric_is vhostwatch_queue_spin_episodes_total '>=' 1 'tap="lab0"'
stop_guest
wait_for 15 "a guest that is gone has no series" no_series lab0
check "the daemon is healthy" ask /-/healthy

start_guest --tap lab0
onset=$(seconds)
wait_for 20 "a second livelock: queue_livelocked is 1" livelocked_is 1
wait_for 90 "it is captured too" metric_is vhostwatch_captures_total '>=' 2
wait_for 60 "the worker spins (percent of a CPU)" spins
end_daemon TERM
check "TERM during a livelock: gone within 10 s" is "${DAEMON_SECONDS%.*}" -lt 10
note "TERM to the end" "$DAEMON_SECONDS s"
check "with exit code 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left after TERM" not_probing
wait_for 60 "the livelock goes on without it (percent of a CPU)" spins

start_daemon
up "started during a livelock"
wait_for 20 "started during a livelock: queue_livelocked is 1" livelocked_is 1
note "started during a livelock: from its first answer to queue_livelocked 1" "$(since "$ANSWERED") s"
note "started during a livelock: from its start to queue_livelocked 1" "$(since "$DAEMON_START") s"
wait_for 90 "and evidence is captured" metric_is vhostwatch_get_rx_bufs_returns_total '>' 0 'result="zero"'

end_daemon KILL
wait_for 3 "KILL during a livelock: no bpftrace is left" not_probing
start_daemon
up "started again after KILL"
wait_for 20 "started again after KILL: queue_livelocked is 1" livelocked_is 1
refill_guest
wait_for 20 "and 0 after the refill" livelocked_is 0
end_daemon TERM
check "TERM of a quiet daemon: exit code 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
stop_guest
check "no daemon's log has a stack trace" is "$(cat "$RESULTS"/daemon-*.log | grep -cE '^\s+at |Exception')" -eq 0
