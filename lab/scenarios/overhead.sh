# overhead: packets a second that a worker with more than it can do receives, without and with what can watch it, in turn; runs of probes a packet
# kernels: affected
# timeout: 3600
# shellcheck shell=bash

ROUNDS=${OVERHEAD_ROUNDS:-5} EACH=${OVERHEAD_SECONDS:-10} COUNTED=${OVERHEAD_COUNTED:-300}
# probes: the sentinel's script without the agent. script: return histograms of the receive path, always on, as an
# operator writes them. funclatency: a tool of libbpf-tools on one of its functions.
WAYS=(probes sentinel on-demand continuous script funclatency)
RATES=$RESULTS/rates.tsv

cat >"$RESULTS/script.bt" <<'BT'
kretprobe:vhost_net_buf_peek { @peek_ret[retval] = count(); }
kretprobe:vhost_get_vq_desc_n { @desc_ret[retval] = count(); }
kretprobe:tun_recvmsg { @recvmsg_ret = hist(retval); }
interval:s:1 { print(@peek_ret); print(@desc_ret); print(@recvmsg_ret); }
BT
vhostwatch check --script sentinel >"$RESULTS/sentinel.bt"
FUNCLATENCY=$(dpkg -L libbpf-tools | grep -m 1 -E '/funclatency(-libbpf)?$')

OBSERVER=''
observe() { # WAY: starts it, and returns when it watches
    OBSERVER=''
    case $1 in
    probes | script)
        bpftrace -f json "$RESULTS/${1/probes/sentinel}.bt" >"$RESULTS/$1.out" 2>"$RESULTS/$1.err" &
        OBSERVER=$!
        wait_for 60 "$1: it is attached" grep -q . "$RESULTS/$1.out" ;;
    funclatency)
        stdbuf -oL "$FUNCLATENCY" -i 1 vhost_get_vq_desc_n >"$RESULTS/$1.out" 2>"$RESULTS/$1.err" &
        OBSERVER=$!
        wait_for 60 "$1: it is attached" grep -q -i tracing "$RESULTS/$1.out" "$RESULTS/$1.err" ;;
    *)
        start_daemon --mode "$1"
        wait_for 240 "$1: the daemon is ready" ask /-/ready
        wait_for 60 "$1: it knows the queue" metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"' ;;
    esac
    # A JVM that has just started compiles.
    sleep 5
}
leave() {
    case $1 in
    probes | script | funclatency)
        kill -INT "$OBSERVER"
        wait "$OBSERVER" ;;
    *) end_daemon TERM ;;
    esac
}
worker_nanos() { cut -d' ' -f1 "/proc/$GUEST_PID/task/$WORKER/schedstat"; }
received() { guest_truth received "$GUEST_PID"; }
rate() { # SECONDS: PACKETS, PER_SECOND, NANOS (of the worker's CPU, a packet)
    local from first nanos
    first=$(received) nanos=$(worker_nanos) from=$(seconds)
    sleep "$1"
    PACKETS=$(($(received) - first))
    PER_SECOND=$(awk -v n="$PACKETS" -v t="$(since "$from")" 'BEGIN { printf "%.0f", n / t }')
    NANOS=$(awk -v n="$PACKETS" -v t="$(($(worker_nanos) - nanos))" 'BEGIN { printf "%.0f", t / n }')
}
# Runs so far of the programs of all bpftraces, or of funclatency.
runs() {
    local pid
    for pid in $(pgrep -x bpftrace) ${OBSERVER:+"$OBSERVER"}; do cat "/proc/$pid/fdinfo/"* 2>/dev/null; done |
        awk '/^prog_id:/ { id = $2 } /^run_cnt:/ { if (!seen[id]++) n += $2 } END { print n + 0 }'
}
# of WAY COLUMN: its values, one a round.
of() { awk -F '\t' -v way="$1" -v column="$2" '$1 == way { print $column }' "$RATES"; }

# The kernel's own generator, on the other CPU than the worker: the guest's would be slower than the worker.
generate() {
    local dev=/proc/net/pktgen/lab0 word
    modprobe pktgen && echo "add_device lab0" >/proc/net/pktgen/kpktgend_0 || return
    for word in "count 0" "delay 0" "pkt_size 60" "dst 198.51.100.2" "dst_mac 02:00:00:00:00:02"; do echo "$word" >"$dev" || return; done
    (echo start >/proc/net/pktgen/pgctrl) &
}
start_guest --tap lab0 --behaviour healthy --traffic-for 0
WORKER=$(worker_of "$GUEST_PID")
taskset -pc 1 "$WORKER" >/dev/null
generate || fatal "pktgen sends to the tap"
rate 10
check "the worker has more than it can do (percent of a CPU)" is "$(cpu_percent "$WORKER" 5)" -ge 80
for ((round = 1; round <= ROUNDS; round++)); do
    rate "$EACH"
    for ((i = 0; i < ${#WAYS[@]}; i++)); do
        # Each round begins with another one. What comes right before and after is what it is compared with: the machine
        # below is not always as fast.
        way=${WAYS[(i + round - 1) % ${#WAYS[@]}]}
        before=$PER_SECOND
        printf 'none\t%s\t%s\t%s\n' "$round" "$PER_SECOND" "$NANOS" >>"$RATES"
        observe "$way"
        rate "$EACH"
        with=$PER_SECOND nanos=$NANOS
        leave "$way"
        rate "$EACH"
        printf '%s\t%s\t%s\t%s\t%s\n' "$way" "$round" "$with" "$nanos" \
            "$(awk -v with="$with" -v a="$before" -v b="$PER_SECOND" 'BEGIN { printf "%.4f", 2 * with / (a + b) }')" >>"$RATES"
    done
done
note "none" "median $(of none 3 | median) packets/s, $(of none 4 | median) ns of the worker's CPU a packet, of $(of none 3 | wc -l)"
for way in "${WAYS[@]}"; do
    note "$way" "median $(of "$way" 3 | median) packets/s, $(of "$way" 4 | median) ns of the worker's CPU a packet, ratio $(of "$way" 5 | median) to none before and after: $(of "$way" 5 | paste -sd ' ')"
done

sysctl -qw kernel.bpf_stats_enabled=1
for way in probes sentinel continuous script funclatency; do
    observe "$way"
    before=$(runs)
    rate "$([ "$way" = sentinel ] && echo "$COUNTED" || echo "$EACH")"
    after=$(runs)
    note "$way: runs of BPF programs" "$((after - before)) in $PACKETS packets ($(awk -v a="$((after - before))" -v b="$PACKETS" 'BEGIN { printf "%.5f", a / b }') a packet)"
    if [ "$way" = sentinel ]; then
        # What is run besides: the tick of each second, the census of each minute, and the probe when the ring is empty for a
        # moment, which is 130 to 180 times a second and says more of the guest and of the machine than of packets.
        check "sentinel, $COUNTED s of full speed: no program runs per packet (runs in packets)" test "$((after - before))" -lt "$((PACKETS / 100))"
    fi
    leave "$way"
done
sysctl -qw kernel.bpf_stats_enabled=0
ratio() { of "$1" 5 | median; }
check "mode sentinel costs no packets: ratio at least 0.99" awk -v r="$(ratio sentinel)" 'BEGIN { print r; exit !(r >= 0.99) }'
check "the script that is always on does" awk -v a="$(ratio script)" -v b="$(ratio sentinel)" 'BEGIN { print a; exit !(a < b) }'
check "nothing was called livelocked" is "$(cat "$RESULTS"/daemon-*.log | grep -c LIVELOCKED)" -eq 0
echo stop >/proc/net/pktgen/pgctrl
stop_guest
