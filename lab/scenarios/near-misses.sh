# near-misses: the spins of a slow guest, counted by a script beside the daemon, agree within 5 %; attach and detach times in a livelock
# kernels: affected
# timeout: 1200
# shellcheck shell=bash

# Not the sentinel's way: an episode ends with the packet that is received, whatever the used index says.
cat >"$RESULTS/count.bt" <<'BT'
BEGIN { printf("ready\n"); }
kprobe:vhost_discard_vq_desc /(int32)arg1 > 0/ {
  if (@on == 0) { @on = 1; @start = nsecs; @episodes = count(); }
  @passes = count();
  @last = nsecs;
}
kprobe:tun_recvmsg /@on == 1/ { @on = 0; @nanos = sum(@last - @start); }
BT
counted() { jq -rn --arg name "@$1" '[inputs | select(.type == "map") | .data[$name] // empty] | last' "$RESULTS/count.out"; }
ours() { metric "$1" 'tap="slow0"'; }
agree() { awk -v a="$1" -v b="$2" 'BEGIN { printf "vhostwatch %s, script %s, ratio %.4f", a, b, b ? a / b : 0; exit !(b > 0 && a >= 0.95 * b && a <= 1.05 * b) }'; }

start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
bpftrace -f json "$RESULTS/count.bt" >"$RESULTS/count.out" 2>"$RESULTS/count.err" &
counter=$!
wait_for 60 "the script counts" grep -q ready "$RESULTS/count.out"
# Its traffic ends and its queue stays, so that both can be read when nothing is counted any more.
start_guest --tap slow0 --behaviour slow --buffers 20 --traffic-for 60
sleep 60
still() {
    local passes
    passes=$(ours vhostwatch_queue_spin_passes_total)
    sleep 4
    [ -n "$passes" ] && [ "$passes" = "$(ours vhostwatch_queue_spin_passes_total)" ]
}
wait_for 120 "the spins have ended" still
ask /metrics >"$RESULTS/metrics.txt"
kill -INT "$counter"
wait "$counter"
note "slow guest" "$(ours vhostwatch_queue_spin_episodes_total) episodes, the longest $(ours vhostwatch_queue_spin_longest_seconds) s"
check "there were some (more than 50)" is "$(counted episodes)" -gt 50
check "episodes agree" agree "$(ours vhostwatch_queue_spin_episodes_total)" "$(counted episodes)"
check "passes agree" agree "$(ours vhostwatch_queue_spin_passes_total)" "$(counted passes)"
check "lengths of the episodes agree, added up (seconds)" agree "$(metric vhostwatch_spin_episode_seconds_sum)" "$(awk -v n="$(counted nanos)" 'BEGIN { printf "%.6f", n / 1e9 }')"
stop_guest
end_daemon TERM

# --- what attaching costs while a worker spins
start_guest --tap lab0
worker=$(worker_of "$GUEST_PID")
check "there is a livelock (percent of a CPU)" is "$(cpu_percent "$worker" 4)" -ge 80
vhostwatch check --script sentinel >"$RESULTS/sentinel.bt"
vhostwatch check --script evidence --tid "$worker" >"$RESULTS/evidence.bt"
for script in sentinel evidence; do
    for round in 1 2 3 4 5; do
        began=$(seconds)
        bpftrace -f json "$RESULTS/$script.bt" >"$RESULTS/$script.$round.out" 2>"$RESULTS/$script.$round.err" &
        probe=$!
        wait_for 60 "$script, round $round: it is attached" grep -q ready "$RESULTS/$script.$round.out"
        since "$began" >>"$RESULTS/$script.attach"
        echo >>"$RESULTS/$script.attach"
        sleep 2
        began=$(seconds)
        kill -TERM "$probe"
        wait "$probe"
        since "$began" >>"$RESULTS/$script.detach"
        echo >>"$RESULTS/$script.detach"
    done
    note "$script in a livelock: start of bpftrace to attached, and TERM to its end, medians of 5" \
        "$(grep . "$RESULTS/$script.attach" | median) s, $(grep . "$RESULTS/$script.detach" | median) s"
done
check "the livelock went on" is "$(cpu_percent "$worker" 4)" -ge 80
stop_guest
check "no bpftrace is left" not_probing
