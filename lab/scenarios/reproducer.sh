# reproducer: the bug itself, with the C guest alone: affected kernels spin, fixed ones sleep, a refill ends both
# kernels: all
# distribution: none
# shellcheck shell=bash

worker_cpu() { cpu_percent "$(worker_of "$GUEST_PID")" "${1:-4}"; }
cpu_at_least() { is "$(worker_cpu)" -ge "$1"; }
cpu_at_most() { is "$(worker_cpu)" -le "$1"; }
same_used_index() { is "$(guest_truth last_used_idx)" -eq "$1"; }
received_at_least() { is "$(guest_truth received)" -ge "$1"; }
# vhost_net has IN_ORDER from 6.17 on; all else that is tried here every kernel has.
may_lack() { is "$1 $(printf '%s\n6.17\n' "$(uname -r)" | sort -V | head -n 1)" == "in_order $(uname -r)"; }

for features in '' in_order event_idx; do
    with=${features:+ with $features}
    start_guest --tap lab0 --onset-after 1 ${features:+--features $features}
    if grep -q 'does not offer' "$GUEST_LOG"; then
        # The guest goes without: that would be the first round once more.
        note "$features" "not tried: this kernel does not offer it"
        check "it is one of those that may lack $features" may_lack "$features"
        stop_guest
        continue
    fi
    wait_for 20 "the frame is sent$with" guest_says onset
    check "there is exactly one worker thread vhost-PID$with" is "$(worker_of "$GUEST_PID" | wc -l)" -eq 1
    note "truth$with" "$(guest_truth avail_idx) posted, $(guest_truth last_used_idx) used of $(guest_truth num)"
    used=$(guest_truth last_used_idx)
    if [ "$KERNEL_STATUS" = affected ]; then
        check "the worker spins (percent of a CPU)$with" cpu_at_least 80
    else
        check "the worker sleeps (percent of a CPU)$with" cpu_at_most 20
    fi
    check "nothing is received meanwhile$with" same_used_index "$used"
    refill_guest
    wait_for 10 "the frame is received after the refill$with" received_at_least 15
    check "and the worker rests (percent of a CPU)$with" cpu_at_most 20
    stop_guest
    check "the guest detaches and leaves$with" guest_says "done"
done

start_guest --tap lab1 --behaviour slow
first=$(guest_truth last_used_idx)
note "slow guest: worker CPU" "$(worker_cpu 5) %"
check "a slow guest (a buffer each 20 ms) still makes progress" is "$(guest_truth last_used_idx)" -gt "$first"
stop_guest

start_guest --tap lab2 --behaviour healthy --buffers 256
before=$(guest_truth received)
worker_cpu 20 >/dev/null
during=$(($(guest_truth received) - before))
check "healthy traffic flows (buffers in 20 s)" is "$during" -ge 20000
stop_guest

start_guest --tap lab3 --queues 2 --queue 1 --onset-after 1
wait_for 20 "the frame for queue 1 of 2 is sent" guest_says onset
check "two queue pairs have two workers" is "$(worker_of "$GUEST_PID" | wc -l)" -eq 2
used=$(guest_truth last_used_idx "$GUEST_PID" 1)
before=$(guest_truth received "$GUEST_PID" 0)
sleep 2
check "queue 1 stands still" is "$(guest_truth last_used_idx "$GUEST_PID" 1)" -eq "$used"
check "while queue 0 flows" is "$(guest_truth received "$GUEST_PID" 0)" -gt "$before"
stop_guest
