# healthy: minutes of full-speed traffic, then a slow guest: never LIVELOCKED, and the slow guest's spins are counted
# kernels: affected
# timeout: 900
# shellcheck shell=bash

process_seconds() { # CPU time of processes, in seconds
    local pid total=0 fields stat
    for pid; do
        { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || continue
        read -ra fields <<<"${stat##*) }"
        total=$((total + fields[11] + fields[12]))
    done
    awk -v ticks="$total" -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f", ticks / hz }'
}
worker_seconds() { process_seconds "$(worker_of "$GUEST_PID")"; }
not_livelocked() { # NAME CODE...: diagnose gave one of these exit codes, and no verdict LIVELOCKED
    local name=$1
    shift
    printf 'exit code %s: %s' "$VW_STATUS" "$(json "$name" '[.queues[] | "\(.tap) \(.verdict) (\(.confidence)): \(.summary)"] | join("; ")')"
    [[ " $* " == *" $VW_STATUS "* ]] && [ "$(json "$name" '[.queues[].verdict, .verdict] | index("LIVELOCKED")')" = null ]
}

lengths_of_packets() { echo 0; sed -nE '/ packet=0 /d; s/^queue .* bytes=([0-9]+) .*/\1/p' "$RESULTS/censuses.txt"; }

time=${HEALTHY_SECONDS:-180} censuses=20
# The kernel counts the runs of each BPF program.
sysctl -qw kernel.bpf_stats_enabled=1
start_guest --tap lab0 --behaviour healthy
start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 60 "the daemon knows the queue" metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"'
watch_metric healthy.txt vhostwatch_queue_livelocked healthy-stalled.txt vhostwatch_queue_stalled
began=$(seconds) daemon=$(process_seconds "$DAEMON_PID") sentinel=$(process_seconds "$(pgrep -ox bpftrace)")
before=$(guest_truth received)
diagnosed=
until awk -v t="$(since "$began")" -v time="$time" 'BEGIN { exit !(t >= time) }'; do
    if [ -z "$diagnosed" ] && awk -v t="$(since "$began")" -v time="$time" 'BEGIN { exit !(t >= time / 2 - 20) }'; then
        diagnosed=yes
        cpu=$(process_seconds "$DAEMON_PID")
        note "healthy traffic: CPU time of the daemon in the first $(since "$began") s" "$(awk -v a="$cpu" -v b="$daemon" 'BEGIN { print a - b }') s"
        run_vhostwatch diagnosed-healthy diagnose --duration 5s --format json
        check "healthy traffic: diagnose says that nothing is wrong" not_livelocked diagnosed-healthy 0
        # What moves while a census reads it must not cost it the queue.
        vhostwatch check --script census >"$RESULTS/census.bt"
        for ((i = 0; i < censuses; i++)); do bpftrace -q "$RESULTS/census.bt" 2>&1; done >"$RESULTS/censuses.txt"
        check "healthy traffic: each of $censuses censuses has the queue" is "$(grep -c '^queue .* tap=lab0$' "$RESULTS/censuses.txt")" -eq "$censuses"
        check "and no packet at its head that cannot be one (bytes)" is "$(lengths_of_packets | sort -n | tail -n 1)" -le 65536
    fi
    sleep 1
done
packets=$(($(guest_truth received) - before))
note "healthy traffic" "$packets packets in $(since "$began") s"
note "healthy traffic: CPU time of the daemon in all" "$(awk -v a="$(process_seconds "$DAEMON_PID")" -v b="$daemon" 'BEGIN { print a - b }') s"
note "healthy traffic: CPU time of the resident bpftrace" "$(awk -v a="$(process_seconds "$(pgrep -ox bpftrace)")" -v b="$sentinel" 'BEGIN { print a - b }') s"
check "traffic flowed (packets)" is "$packets" -ge $((time * 1000))
check "healthy traffic makes no pass" metric_is vhostwatch_queue_spin_passes_total == 0 'tap="lab0"'
check "and no episode" metric_is vhostwatch_queue_spin_episodes_total == 0 'tap="lab0"'
runs_known() { [ "$(metric vhostwatch_probe_runs_total 'probe="vhost_discard_vq_desc"' | wc -l)" -eq 1 ]; }
wait_for 30 "the runs of the probe are counted" runs_known
note "healthy traffic: runs of the probe" "$(metric vhostwatch_probe_runs_total 'probe="vhost_discard_vq_desc"') in $packets packets"
# Once for each packet would be as many runs as packets; a ring that is empty for a moment makes one.
check "it does not run per packet" metric_is vhostwatch_probe_runs_total '<' $((packets / 100)) 'probe="vhost_discard_vq_desc"'
check "the daemon's probe stays attached" metric_is vhostwatch_bpftrace_restarts_total == 0
kill "$WATCH_PID"
check "healthy traffic: queue_livelocked was never 1" never healthy.txt 1
check "healthy traffic: queue_stalled was never 1" never healthy-stalled.txt 1
check "the daemon took no capture" metric_is vhostwatch_captures_total == 0
stop_guest

start_guest --tap slow0 --behaviour slow --buffers 20
watch_metric slow.txt vhostwatch_queue_livelocked slow-stalled.txt vhostwatch_queue_stalled
began=$(seconds)
first=$(guest_truth last_used_idx)
sleep 15
run_vhostwatch diagnosed-slow diagnose --duration 5s --format json
check "slow guest: diagnose does not say LIVELOCKED" not_livelocked diagnosed-slow 0 1
until awk -v t="$(since "$began")" 'BEGIN { exit !(t >= 60) }'; do sleep 1; done
note "slow guest" "$(($(guest_truth last_used_idx) - first)) buffers in $(since "$began") s; $(worker_seconds) s of CPU time"
wait_for 10 "the slow guest's spins are counted as episodes (more than 10)" metric_is vhostwatch_queue_spin_episodes_total '>' 10 'tap="slow0"'
note "slow guest: episodes, passes, seconds" "$(for what in episodes passes seconds; do metric "vhostwatch_queue_spin_${what}_total" 'tap="slow0"'; done | paste -sd ' ')"
kill "$WATCH_PID"
check "slow guest: queue_livelocked was never 1" never slow.txt 1
check "slow guest: queue_stalled was never 1" never slow-stalled.txt 1
check "the slow guest did make progress (buffers)" is "$(guest_truth received)" -gt 500
note "captures of the slow guest" "$(metric vhostwatch_captures_total)"
stop_guest
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
check "the daemon's log has no LIVELOCKED" is "$(grep -c LIVELOCKED "$DAEMON_LOG")" -eq 0
