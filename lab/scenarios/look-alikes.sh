# look-alikes: diagnose shows what goes on around a queue in trouble, and tells a livelock and a stall from what resembles them
# kernels: all
# timeout: 900
# shellcheck shell=bash

around='.queues[0].surroundings'
# outcome NAME ID VALUE: what the report says of a look-alike.
outcome() { json "$1" "[.queues[0].look_alikes[] | select(.id == \"$2\") | .outcome] | join(\" \")" "$3"; }

# Frames to the tap from outside, as a host's traffic: what the guest does not take is dropped once the ring is full.
traffic_to() {
    ip link set "$1" txqueuelen 10 && ip address add 198.51.100.1/24 dev "$1" &&
        ip neighbour replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev "$1" || return
    while sleep 0.05; do for _ in {1..20}; do echo x >/dev/udp/198.51.100.2/9; done; done 2>/dev/null &
    TRAFFIC_PID=$!
}

start_guest --tap lab0 --onset-after -1
worker=$(worker_of "$GUEST_PID")
traffic_to lab0 || fatal "traffic to the tap"
onset_guest
# Something else on the worker's CPU, that leaves most of it to the worker and to the probes.
cpu=$(awk '{ sub(/.*\) /, ""); print $37 }' "/proc/$GUEST_PID/task/$worker/stat")
taskset -pc "$cpu" "$worker" >/dev/null
taskset -c "$cpu" nice -n 10 bash -c 'while :; do :; done' &
burner=$!
sleep 3
run_vhostwatch trouble diagnose --duration 5s --format json --record "$RESULTS/recording"
kill "$burner" "$TRAFFIC_PID"
if [ "$KERNEL_STATUS" = affected ]; then
    check "diagnose exits 2" is "$VW_STATUS" -eq 2
    for other in slow_guest saturation starved_guest overrun busy_polling iotlb tx_spin; do
        check "a livelock is not $other" outcome trouble "$other" ruled_out
    done
    check "the worker waited for its CPU (percent)" is "$(json trouble "$around.cpu.waited_percent | floor")" -ge 3
else
    check "diagnose exits 1" is "$VW_STATUS" -eq 1
    check "a stall is a guest that does not give buffers" outcome trouble starved_guest it_is_this
    check "and not a slow one" outcome trouble slow_guest ruled_out
    check "and not a lock of libvirt" outcome trouble management_lock ruled_out
    check "nor a worker without a CPU" outcome trouble cpu_starved ruled_out
fi
check "the tap stands still and drops" json trouble "$around.tap.flow" dropping
check "tx_packets did not grow" json trouble "$around.tap.tx_packets_more" 0
check "tx_dropped did" is "$(json trouble "$around.tap.tx_dropped_more")" -gt 0
check "the other thread on the worker's CPU is named" json trouble \
    "[$around.on_cpu[] | select(.tid == $burner) | .comm] | join(\" \")" bash
check "the worker's CPU is the one it is pinned to" json trouble "$around.cpu.allowed" "$cpu"
check "no thread of the VMM is in D state" outcome trouble vmm_in_d_state ruled_out
check "the VM is not paused" outcome trouble host_paused ruled_out
run_vhostwatch replayed replay --format json "$RESULTS/recording"
check "replayed it is the same, byte for byte" cmp "$RESULTS/trouble.out" "$RESULTS/replayed.out"
run_vhostwatch text replay "$RESULTS/recording"
check "the text says why it is not something else" says text "why it is not something else"
note "text" "$(grep -A 12 'why it is not' "$RESULTS/text.out")"

if [ "$KERNEL_STATUS" = fixed ]; then
    kill -STOP "$GUEST_PID"
    run_vhostwatch stopped diagnose --duration 5s --format json
    kill -CONT "$GUEST_PID"
    check "a stopped VMM explains the stall" outcome stopped host_paused it_is_this
fi
stop_guest

if [ "$KERNEL_STATUS" = affected ]; then
    start_guest --tap lab0 --behaviour slow
    sleep 3
    run_vhostwatch slow diagnose --duration 5s --format json
    check "a slow guest is called so" outcome slow slow_guest it_is_this
    stop_guest
fi

start_guest --tap lab0 --behaviour kick-storm --rate 0
sleep 3
run_vhostwatch kicks diagnose --duration 5s --format json
check "a kick storm is nothing wrong" is "$VW_STATUS" -eq 0
stop_guest

start_guest --tap lab0 --behaviour healthy --buffers 256 --features no_mrg --size 1024
sleep 3
run_vhostwatch overrun diagnose --duration 5s --format json
check "frames that are too large are nothing wrong" is "$VW_STATUS" -eq 0
stop_guest

start_guest --tap lab0 --behaviour healthy --buffers 256
sleep 3
run_vhostwatch full diagnose --duration 5s --format json
check "full traffic is nothing wrong" is "$VW_STATUS" -eq 0
# Where the worker is too slow to be conspicuous, nothing is looked at and nothing is said.
for name in kicks overrun full; do
    check "$name: nothing is said to be what it is not" json "$name" \
        '[.queues[].look_alikes[] | select(.outcome == "it_is_this" and .id != "saturation") | .id] | join(" ")' ""
done
stop_guest
for name in trouble replayed text kicks overrun full; do check "no stack trace ($name)" clean "$name"; done
