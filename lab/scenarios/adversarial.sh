# adversarial: an hour of traffic that does its worst and stays healthy: never LIVELOCKED; its spins are counted as near misses
# kernels: affected
# timeout: 4800
# set: ADVERSARIAL_MINUTES=60 ADVERSARIAL_SEED (of the dice; else any)
# shellcheck shell=bash

# Guests pause for up to 2.5 s with a frame at the head that does not fit what is left: their workers spin, for less than the
# confirm time. The kernel takes VIRTIO_F_IN_ORDER apart from the rest, so every other guest has it; one or two queues.

minutes=${ADVERSARIAL_MINUTES:-60} seed=${ADVERSARIAL_SEED:-$RANDOM} began=$(seconds)
spins=0 fits=0 longest=0
total() { metric "vhostwatch_queue_spin_$1_total" "tap=\"$2\"" | awk '{ n += $1 } END { printf "%.1f", n }'; }
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%s, %s", a, b; exit !(a >= b) }'; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%s, %s", a, b; exit !(a < b) }'; }

# chapter SECONDS OPTION...: one guest; what it says of its pauses against what the daemon has counted.
chapter() {
    local time=$1 from name said
    shift
    number=$((number + 1)) name=adv$number from=$(seconds)
    start_guest --tap "$name" --behaviour adversary --seed $((seed + 100 * number)) "$@"
    until awk -v t="$(since "$from")" -v time="$time" 'BEGIN { exit !(t >= time) }'; do sleep 1; done
    episodes=$(total episodes "$name") seconds_spun=$(total seconds "$name")
    stop_guest
    said=$(awk '/^paused/ { split($3, f, "="); split($5, s, "="); n[f[2]]++; if (s[2] > most) most = s[2] } END { print n[0] + 0, n[1] + 0, most + 0 }' "$GUEST_LOG")
    read -r over under most <<<"$said"
    spins=$((spins + over)) fits=$((fits + under))
    longest=$(printf '%s\n' "$longest" "$most" | sort -g | tail -n 1)
    note "$name $*" "$(since "$from") s: $over pauses with a frame that did not fit, $under with one that did, the longest $most s; $episodes spins of $seconds_spun s in all; $(grep '^done' "$GUEST_LOG")"
    check "$name: each frame that did not fit is a near miss that is counted" at_least "$episodes" $((over * 9 / 10))
    wait_for 60 "$name is gone" no_series "$name"
    check "$name: nothing was called livelocked" is "$(grep -c livelock- "$DAEMON_LOG")" -eq 0
}

note "seed" "$seed"
start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
watch_metric livelocked.txt vhostwatch_queue_livelocked stalled.txt vhostwatch_queue_stalled
number=0
end=$(awk -v t="$(seconds)" -v m="$minutes" 'BEGIN { print t + 60 * m }')
length=$(awk -v m="$minutes" 'BEGIN { n = 60 * m / 8; print int(n < 300 ? n : 300) }')
while below "$(seconds)" "$end" >/dev/null; do
    chapter "$length" --queues 2
    chapter "$length" --queues 2 --features in_order
    chapter "$length" --queues 1 --features event_idx
    chapter "$length" --queues 1 --features in_order,event_idx
done
kill "$WATCH_PID"
note "in all" "$(since "$began") s: $spins pauses with a frame that did not fit, $fits with one that did, the longest $longest s"
check "the guest kept its pauses below the confirm time of 3 s" below "$longest" 3
check "there were many" is "$spins" -ge $((minutes * 5))
check "queue_livelocked was never 1" never livelocked.txt 1
check "queue_stalled was never 1" never stalled.txt 1
check "there is no incident" metric_is vhostwatch_incidents_total == 0
check "the log has no livelock" is "$(grep -c livelock- "$DAEMON_LOG")" -eq 0
check "the sentinel stayed attached" metric_is vhostwatch_bpftrace_restarts_total == 0
note "captures of spins" "$(metric vhostwatch_captures_total)"
note "the agent" "$(metric vhostwatch_resident_memory_bytes 'process="agent"') bytes"

# It was not blind.
start_guest --tap lab0
onset=$(seconds)
wait_for 30 "a livelock afterwards is found" livelocked_is 1 lab0
note "onset to queue_livelocked 1" "$(since "$onset") s"
stop_guest
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
