# unexplained: workers that spin for another cause than the livelock are found, with their stack, and not called livelocked
# kernels: all
# timeout: 1500
# shellcheck shell=bash

# unexplained_is TIDS: are these workers, and no others, what the daemon says of it?
unexplained_is() {
    local found
    found=$(ask /api/v1/threads | jq -r "[.unexplained[].worker.tid | tostring] | join(\" \")")
    is "$found" == "$1"
}
stacks_of() {
    ask /api/v1/threads | jq -e -r ".unexplained[] | select(.worker.tid == $1 and (.stacks | length) > 0) | .place"
}
logged() { grep -m 1 -F -- "$1" "$DAEMON_LOG"; }
knows() { ask /api/v1/threads | jq -e ".workers[] | select(.tid == $1)" >/dev/null; }

check "vhost_vsock is there" modprobe vhost_vsock
start_daemon --census-period 60s
wait_for 240 "the daemon is ready" ask /-/ready

start_guest --tap poll0 --behaviour busy-poll --onset-after -1
polling=$GUEST_PID
start_guest --tap flow0 --behaviour healthy --buffers 256
flow=$GUEST_PID
worker=$(worker_of "$polling")
flow_worker=$(worker_of "$flow")
wait_for 90 "the daemon knows the quiet worker" knows "$worker"
wait_for 90 "and the busy one" knows "$flow_worker"
check "nothing is unexplained yet" metric_is vhostwatch_workers_unexplained == 0
watch_metric livelocked.txt vhostwatch_queue_livelocked

# A worker that polls a transmit queue that holds nothing.
onset_guest "$polling"
onset=$(seconds)
note "CPU of the polling worker" "$(cpu_percent "$worker" 10) %"
note "CPU of the flood's worker" "$(cpu_percent "$flow_worker" 10) %"
wait_for 240 "the polling worker is reported" unexplained_is "$worker"
reported=$(since "$onset")
note "onset to report" "$reported s"
check "within three minutes" within 180 "$reported"
check "not before it has lasted" is "${reported%.*}" -ge 60
check "the metric says how many" metric_is vhostwatch_workers_unexplained == 1
check "and which" metric_is vhostwatch_worker_unexplained_start_timestamp_seconds '>' 0
wait_for 90 "its stack is captured" stacks_of "$worker"
check "its place is the transmit queue" grep -E '^handle_tx' <(stacks_of "$worker")
wait_for 30 "it is logged, with worker and devices" logged "tid=$worker: uses"
check "the device is named" logged "its process has open: vhost-net"
check "so is the place" grep -E 'stacks are in handle_tx' "$DAEMON_LOG"
note "logged" "$(logged "tid=$worker: uses")"
check "the queue is not in trouble" metric_is vhostwatch_queue_spinning == 0 'tap="poll0"'
check "the status page says it" grep -F "worker $worker: uses" <(ask /)
check "the flood beside it is not reported" unexplained_is "$worker"

run_vhostwatch diagnose diagnose --duration 5s --format json --record "$RESULTS/recording"
check "diagnose exits 1" is "$VW_STATUS" -eq 1
check "it names the worker" json diagnose '[.unexplained[].worker.tid | tostring] | join(" ")' "$worker"
check "with its stack" is "$(json diagnose '.unexplained[0].stacks | length')" -ge 1
run_vhostwatch text replay --tid "$worker" "$RESULTS/recording"
check "replayed it is the same" is "$VW_STATUS" -eq 1
check "in words too" says text UNEXPLAINED
check "with a stack" says text handle_tx

# The end: the queue is quiet, the worker sleeps.
refill_guest "$polling"
wait_for 10 "the polling ends" guest_says calm "$polling"
calm=$(seconds)
wait_for 90 "the report ends" metric_is vhostwatch_workers_unexplained == 0
note "end to end of the report" "$(since "$calm") s"
wait_for 20 "that is logged" logged "its unexplained CPU time ended"
stop_guest "$polling"
stop_guest "$flow"

# Another kind of worker, that no census lists.
start_guest --behaviour vsock-flood --ring 1024 --onset-after -1
vsock=$GUEST_PID
worker=$(worker_of "$vsock")
wait_for 90 "the daemon knows the worker of vhost_vsock" knows "$worker"
onset_guest "$vsock"
onset=$(seconds)
note "CPU of the worker of vhost_vsock" "$(cpu_percent "$worker" 10) %"
wait_for 240 "the worker of vhost_vsock is reported" unexplained_is "$worker"
note "onset to report, vhost_vsock" "$(since "$onset") s"
wait_for 90 "its stack is captured" stacks_of "$worker"
check "its place is vhost_vsock" grep -E '^vhost_vsock' <(stacks_of "$worker")
wait_for 30 "its device is logged" logged "its process has open: vhost-vsock"
note "logged" "$(logged "tid=$worker: uses")"
run_vhostwatch vsock diagnose --duration 5s --tid "$worker"
check "diagnose --tid finds it" is "$VW_STATUS" -eq 1
check "and says what it is" says vsock "it serves no vhost_net queue"
stop_guest "$vsock"
wait_for 90 "with the guest the report ends" metric_is vhostwatch_workers_unexplained == 0

kill "$WATCH_PID"
check "no queue was ever called livelocked" never livelocked.txt 1
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
for name in diagnose text vsock; do check "no stack trace ($name)" clean "$name"; done
