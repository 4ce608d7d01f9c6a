# overhead: packets a second of a queue at full speed, without and with what can watch it, alternating; runs of probes a packet
# kernels: affected
# timeout: 3600
# shellcheck shell=bash

ROUNDS=${OVERHEAD_ROUNDS:-5} EACH=${OVERHEAD_SECONDS:-20} COUNTED=${OVERHEAD_COUNTED:-300}
# probes: the sentinel's script without the agent. script: return histograms of the receive path, always on, as an
# operator writes them. funclatency: a tool of libbpf-tools on one of its functions.
WAYS=(none probes sentinel on-demand continuous script funclatency)
RATES=$RESULTS/rates.tsv

cat >"$RESULTS/script.bt" <<'BT'
kretprobe:vhost_net_buf_peek { @peek_ret[retval] = count(); }
kretprobe:vhost_get_vq_desc_n { @desc_ret[retval] = count(); }
kretprobe:tun_recvmsg { @recvmsg_ret = hist(retval); }
interval:s:1 { print(@peek_ret); print(@desc_ret); print(@recvmsg_ret); }
BT
vhostwatch check --script sentinel >"$RESULTS/sentinel.bt"
FUNCLATENCY=$(dpkg -L libbpf-tools | grep -m 1 -E '/(bpf-)?funclatency$')

OBSERVER=''
observe() { # WAY: starts it, and returns when it watches
    OBSERVER=''
    case $1 in
    none) ;;
    probes | script)
        bpftrace -f json "$RESULTS/${1/probes/sentinel}.bt" >"$RESULTS/$1.out" 2>"$RESULTS/$1.err" &
        OBSERVER=$!
        wait_for 60 "$1: it is attached" grep -q . "$RESULTS/$1.out" ;;
    funclatency)
        "$FUNCLATENCY" -i 1 vhost_get_vq_desc_n >"$RESULTS/$1.out" 2>"$RESULTS/$1.err" &
        OBSERVER=$!
        wait_for 60 "$1: it is attached" grep -q -i tracing "$RESULTS/$1.out" "$RESULTS/$1.err" ;;
    *)
        start_daemon --mode "$1"
        wait_for 240 "$1: the daemon is ready" ask /-/ready
        wait_for 60 "$1: it knows the queue" metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"' ;;
    esac
    # A JVM that has just started compiles.
    [ "$1" = none ] || sleep 10
}
leave() {
    case $1 in
    none) ;;
    probes | script | funclatency)
        kill -INT "$OBSERVER"
        wait "$OBSERVER" ;;
    *) end_daemon TERM ;;
    esac
}
received() { guest_truth received "$GUEST_PID"; }
rate() { # SECONDS: PACKETS, PER_SECOND
    local from first
    first=$(received) from=$(seconds)
    sleep "$1"
    PACKETS=$(($(received) - first))
    PER_SECOND=$(awk -v n="$PACKETS" -v t="$(since "$from")" 'BEGIN { printf "%.0f", n / t }')
}
# Runs so far of the programs of all bpftraces, or of funclatency.
runs() {
    local pid
    for pid in $(pgrep -x bpftrace) ${OBSERVER:+"$OBSERVER"}; do cat "/proc/$pid/fdinfo/"* 2>/dev/null; done |
        awk '/^prog_id:/ { id = $2 } /^run_cnt:/ { if (!seen[id]++) n += $2 } END { print n + 0 }'
}
median() { awk -F '\t' -v way="$1" '$1 == way { print $3 }' "$RATES" | sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
ratio() { awk -v a="$(median "$1")" -v b="$(median none)" 'BEGIN { printf "%.3f", a / b }'; }

start_guest --tap lab0 --behaviour healthy
rate 10 # the generator is warm
for ((round = 1; round <= ROUNDS; round++)); do
    for ((i = 0; i < ${#WAYS[@]}; i++)); do
        # Each round begins with another one.
        way=${WAYS[(i + round - 1) % ${#WAYS[@]}]}
        observe "$way"
        rate "$EACH"
        printf '%s\t%s\t%s\n' "$way" "$round" "$PER_SECOND" >>"$RATES"
        leave "$way"
    done
done
for way in "${WAYS[@]}"; do
    note "$way" "median $(median "$way") packets/s, ratio $(ratio "$way"); rounds: $(awk -F '\t' -v way="$way" '$1 == way { printf "%s ", $3 }' "$RATES")"
done

sysctl -qw kernel.bpf_stats_enabled=1
for way in probes sentinel continuous script funclatency; do
    observe "$way"
    before=$(runs)
    rate "$([ "$way" = sentinel ] && echo "$COUNTED" || echo "$EACH")"
    after=$(runs)
    note "$way: runs of BPF programs" "$((after - before)) in $PACKETS packets ($(awk -v a="$((after - before))" -v b="$PACKETS" 'BEGIN { printf "%.5f", a / b }') a packet)"
    if [ "$way" = sentinel ]; then
        # The tick of each second and the census of each minute run programs too, and the ring is empty now and then.
        check "sentinel, $COUNTED s of full speed: no program runs per packet (runs in packets)" test "$((after - before))" -lt "$((PACKETS / 1000))"
    fi
    leave "$way"
done
sysctl -qw kernel.bpf_stats_enabled=0
check "the sentinel's probes cost no packets: ratio of the medians at least 0.99 ($(ratio probes))" awk -v r="$(ratio probes)" 'BEGIN { exit !(r >= 0.99) }'
check "the script that is always on costs more (ratio $(ratio script))" awk -v a="$(ratio script)" -v b="$(ratio probes)" 'BEGIN { exit !(a < b) }'
check "nothing was called livelocked" is "$(cat "$RESULTS"/daemon-*.log | grep -c LIVELOCKED)" -eq 0
stop_guest
