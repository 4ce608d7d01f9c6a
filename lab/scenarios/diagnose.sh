# diagnose: a livelock, by the guest and by the drill, is proven in time, with all its numbers, and replayed bit for bit
# kernels: affected
# timeout: 600
# shellcheck shell=bash

spins() { is "$(cpu_percent "$1" 4)" -ge 80; }
derived=true
grep -qE '^get_rx_bufs(\.[a-z0-9.]+)?( |$)' /sys/kernel/tracing/available_filter_functions && derived=false

# livelock_found NAME WHAT TAP QUEUE TID: what every report of a livelock must have.
livelock_found() {
    local name=$1 what=$2 q='.queues[0]' e='.queues[0].evidence'
    check "$what: diagnose exits 2" is "$VW_STATUS" -eq 2
    # Half a minute when the VM has two cores to itself; beside a second one bpftrace alone takes a
    # minute of an emulated CPU that it shares with what spins.
    check "$what: within 180 s" within 180 "$VW_SECONDS"
    check "$what: exactly one queue is flagged, with high confidence" json "$name" \
        '[.queues[] | select(.verdict != "HEALTHY" and .verdict != "BUSY") | "\(.verdict) \(.confidence) \(.tap) \(.queue_index) \(.worker.tid)"] | join(", ")' \
        "LIVELOCKED high $3 $4 $5"
    check "$what: it is the host's verdict too" json "$name" '"\(.verdict) \(.exit_code)"' "LIVELOCKED 2"
    check "$what: the packet at the head (bytes)" json "$name" "$q.head.bytes" 60366
    check "$what: peek_ret has only that length" json "$name" "$e.peek_ret | keys | join(\" \")" 60366
    check "$what: which was peeked at many times" is "$(json "$name" "$e.peek_ret[\"60366\"]")" -gt 1000
    check "$what: get_rx_bufs returned 0, nothing else" json "$name" "$e.get_rx_ret | keys | join(\" \")" 0
    check "$what: many times" is "$(json "$name" "$e.get_rx_ret[\"0\"]")" -gt 1000
    check "$what: marked as derived where it is inlined" json "$name" "$e.get_rx_ret_derived" "$derived"
    check "$what: vhost_enable_notify said \"new buffers!\", nothing else" json "$name" "$e.notify_ret | keys | join(\" \")" 1
    check "$what: recvmsg was called 0 times" json "$name" "$e.recvmsg" 0
    check "$what: nothing was signalled" json "$name" "$e.signalled" 0
    check "$what: the stack has handle_rx" is "$(json "$name" "[$e.stacks[].frames[] | select(test(\"handle_rx\"))] | length")" -gt 0
    check "$what: all criteria are met" json "$name" "[$q.criteria[] | select(.outcome != \"met\") | .id] | join(\" \")" ""
    note "$what: passes a second" "$(json "$name" "$e.passes_per_second")"
    check "$what: no bpftrace is left" not_probing
    check "$what: no stack trace on stderr" clean "$name"
    check "$what: the livelock still goes on (percent of a CPU)" spins "$5"
}

# Two queue pairs, one under traffic, the other livelocked with indices that wrap.
start_guest --tap lab0 --queues 2 --queue 1 --base 65530 --onset-after -1
onset_guest
worker=$(worker_of "$GUEST_PID" | sed -n 2p)
check "the guest's worker spins (percent of a CPU)" spins "$worker"
used=$(guest_truth last_used_idx "$GUEST_PID" 1)
run_vhostwatch guest diagnose --duration 5s --format json --record "$RESULTS/recording"
livelock_found guest "guest" lab0 1 "$worker"
check "num, avail_idx, last_used_idx as the guest knows" json guest '.queues[0] | "\(.num) \(.avail_idx) \(.last_used_idx)"' \
    "$(guest_truth num "$GUEST_PID" 1) $(guest_truth avail_idx "$GUEST_PID" 1) $used"
# VHOST_GET_VRING_BASE takes the queue's mutex: it reads the index after a roll-back, never within a pass.
check "last_avail_idx after a roll-back as VHOST_GET_VRING_BASE says" json guest '.queues[0].last_avail_idx_after_roll_back' \
    "$(guest_truth last_avail_idx "$GUEST_PID" 1)"
caught=$((($(json guest '.queues[0].last_avail_idx') - used) & 65535))
check "last_avail_idx is within a pass (buffers beyond last_used_idx)" is "$caught" -le 10
posted=$((($(guest_truth avail_idx "$GUEST_PID" 1) - used) & 65535))
check "posted_buffers is the difference" json guest '.queues[0].posted_buffers' "$posted"
check "the heads are those of the posted buffers" json guest '.queues[0].evidence.heads | sort | join(" ")' \
    "$(for ((i = 0; i < posted; i++)); do echo $((((used + i) & 65535) % 256)); done | sort -n | paste -sd ' ')"
check "the other queue pair is not flagged" is "$(json guest '[.queues[] | select(.queue_index == 0) | .verdict] | join(" ")' | grep -E 'HEALTHY|BUSY')" != ""
check "the used index has not moved" is "$(guest_truth last_used_idx "$GUEST_PID" 1)" -eq "$used"

run_vhostwatch replay replay --format json "$RESULTS/recording"
check "replay exits 2" is "$VW_STATUS" -eq 2
check "replay writes the same JSON, byte for byte" cmp "$RESULTS/guest.out" "$RESULTS/replay.out"
run_vhostwatch text replay "$RESULTS/recording"
first=$(head -n 1 "$RESULTS/text.out")
check "the text begins with the verdict" is "${first%%:*}" == "LIVELOCKED (confidence high)"
for words in "tap lab0" "worker $worker" "tid $worker " "@get_rx_ret[0]: " "@peek_ret[60366]: " "@desc_ret[256]: " "heads " "recvmsg 0 " \
    handle_rx "what to do"; do
    check "the text has '$words'" says text "$words"
done

refill_guest
received() { is "$(guest_truth received "$GUEST_PID" 1)" -ge 15; }
wait_for 10 "the frame is received after the refill" received
run_vhostwatch refilled diagnose --duration 5s --format json
check "after the refill diagnose exits 0" is "$VW_STATUS" -eq 0
check "and no queue is flagged" json refilled '[.queues[] | select(.verdict != "HEALTHY" and .verdict != "BUSY")] | length' 0
stop_guest

vhostwatch drill --seconds 300 --format json >"$RESULTS/drill.out" 2>"$RESULTS/drill.err" &
drill=$!
wait_for 60 "the drill's onset" grep 'onset: ' "$RESULTS/drill.err" || fatal "the drill runs: $(cat "$RESULTS/drill.err")"
worker=$(worker_of "$drill")
check "the drill has one worker" is "$(wc -w <<<"$worker")" -eq 1
check "the drill's worker spins (percent of a CPU)" spins "$worker"
run_vhostwatch drilled diagnose --duration 5s --format json
livelock_found drilled "drill" "$(json drilled '.queues[0].tap' | grep '^vwdrill')" 0 "$worker"
kill "$drill"
wait "$drill"
note drill "exit code $?: $(json drill .summary)"
check "the drill itself says that this kernel spins" json drill .result SPUN
check "on that worker" json drill '.worker_tids | join(" ")' "$worker"
check "last_used_idx and posted buffers as the drill's own ring says" json drilled '.queues[0] | "\(.last_used_idx) \(.posted_buffers)"' \
    "$(json drill '"\(.refill.used_idx) \(.refill.posted_buffers)"')"
check "the drill's ring size" json drilled '.queues[0].num' "$(json drill .options.ring_size)"
