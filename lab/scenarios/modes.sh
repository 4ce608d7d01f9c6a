# modes: on demand nothing is attached on a calm host and a livelock is found; continuous counts what the receive path returns
# kernels: affected
# timeout: 900
# shellcheck shell=bash

start_guest --tap lab0 --onset-after -1
guest=$GUEST_PID
start_daemon --mode on-demand
wait_for 240 "on demand: the daemon is ready" ask /-/ready
wait_for 60 "it knows the queue" metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"'
wait_for 30 "its census has ended" not_probing
for ((i = 0; i < 10; i++)); do
    probing
    sleep 1
done >"$RESULTS/calm.txt"
check "on a calm host no bpftrace runs (lines of 10 looks)" is "$(wc -l <"$RESULTS/calm.txt")" -eq 0
note "resident memory of the agent" "$(metric vhostwatch_resident_memory_bytes 'process="agent"') bytes"
onset_guest "$guest"
onset=$(seconds)
wait_for 120 "a livelock: queue_livelocked is 1" metric_is vhostwatch_queue_livelocked == 1 'tap="lab0"'
note "onset to queue_livelocked 1" "$(since "$onset") s"
check "the sentinel has come" metric_is vhostwatch_bpftrace_up == 1
wait_for 120 "evidence is captured" metric_is vhostwatch_captures_total '>=' 1
refill_guest "$guest"
wait_for 60 "after the refill it is 0" metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"'
wait_for 180 "and the sentinel goes again" metric_is vhostwatch_bpftrace_up == 0
check "which is no restart" metric_is vhostwatch_bpftrace_restarts_total == 0
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
stop_guest "$guest"

start_guest --tap flow0 --behaviour healthy --rate 200
flow=$GUEST_PID
start_daemon --mode continuous
wait_for 240 "continuous: the daemon is ready" ask /-/ready
wait_for 60 "the packets' lengths are counted" metric_is vhostwatch_peek_length_bytes_count '>=' 1
first=$(metric vhostwatch_peek_length_bytes_count)
received=$(guest_truth received "$flow")
sleep 20
last=$(metric vhostwatch_peek_length_bytes_count)
received=$(($(guest_truth received "$flow") - received))
peeked=$(awk -v a="$first" -v b="$last" 'BEGIN { printf "%d", b - a }')
# A packet may be peeked at more than once, and the two are not read at one instant.
check "as many as were received, or some more" is "$((peeked * 10))" -ge "$((received * 9))"
note "packets in 20 s" "received $received, peeked $peeked"
check "descriptor fetches are counted" metric_is vhostwatch_desc_returns_total '>=' 100 'result="head"'
check "so are returns of get_rx_bufs" metric_is vhostwatch_get_rx_bufs_returns_total '>=' 100 'result="positive"'
check "the healthy queue is not livelocked" metric_is vhostwatch_queue_livelocked == 0 'tap="flow0"'
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
stop_guest "$flow"
