# threads: lists every queue with owner, tap, indices, features and worker, as the guest and /proc know them
# kernels: all
# timeout: 600
# shellcheck shell=bash

# A guest knows what it posted; vhost's own copy of that index is behind unless it had to look for more buffers.
row() { jq -c --arg tap "$2" --argjson queue "$3" '.threads[] | select(.tap == $tap and .queue_index == $queue)' "$RESULTS/$1.out"; }
field() { row "$1" "$2" "$3" | jq -r "$4"; }

listed_state() {
    field "$1" "$2" "$3" '"num=\(.num) avail_idx=\(.avail_idx) last_avail_idx=\(.last_avail_idx) last_used_idx=\(.last_used_idx) features=\(.features)"'
}
true_state() { truth_line "$1" "$2" | sed -E 's/^truth queue=[0-9]+ //; s/ tx_used_idx=[0-9]+//; s/ received=.*//'; }
same_state() { # PID TAP QUEUE [SED SCRIPT that takes away what cannot be compared]
    local listed truth
    listed=$(listed_state lists "$2" "$3")
    truth=$(true_state "$1" "$3")
    printf '%s' "$listed"
    [ "$(sed -E "${4:-}" <<<"$listed")" = "$(sed -E "${4:-}" <<<"$truth")" ] || { printf ', the guest: %s' "$truth"; false; }
}
avail_is_between() { # PID TAP QUEUE: fetched <= vhost's copy <= posted, modulo 65536
    local posted fetched copy
    posted=$(guest_truth avail_idx "$1" "$3")
    fetched=$(guest_truth last_avail_idx "$1" "$3")
    copy=$(field lists "$2" "$3" .avail_idx)
    printf 'fetched %s, copy %s, posted %s' "$fetched" "$copy" "$posted"
    [ $(((copy - fetched) & 65535)) -le $(((posted - fetched) & 65535)) ]
}
kind_in_proc() {
    if grep -qx $'PPid:\t2' "/proc/$1/status"; then echo kthread; else echo vmm_thread; fi
}
owner_and_worker() { # PID TAP QUEUE [IDENTITY]: workers are made in the order of the queues
    local tid
    tid=$(worker_of "$1" | sed -n "$(($3 + 1))p")
    is "$(field lists "$2" "$3" '"\(.vm) \(.vm_pid) \(.worker.tid) \(.worker.comm) \(.worker.kind) \(.identity)"')" \
        == "vhost-guest-$1 $1 $tid $(cat "/proc/$tid/comm") $(kind_in_proc "$tid") ${4:-exact}"
}

start_guest --tap busy0 --behaviour healthy --traffic-for 2
busy=$GUEST_PID
start_guest --tap pair0 --behaviour starved --queues 2 --queue 1 --buffers 4 --ring 512 --base 65534 --traffic-for 3
pair=$GUEST_PID
start_guest --tap dry0 --behaviour healthy --features event_idx --rate 500 --traffic-for 5 --dry-after 3
dry=$GUEST_PID
kthread=
vhost-guest --kthread --tap try0 --seconds 0.1 >"$RESULTS/kthread.log" 2>&1 && kthread=--kthread
start_guest --tap own0 --behaviour starved ${kthread:+$kthread}
own=$GUEST_PID
note "kthread workers on request" "${kthread:-not offered here: $(cat "$RESULTS/kthread.log")}"
start_guest --tap part0 --behaviour starved --queues 3 --detach 1 --onset-after -1
part=$GUEST_PID
for pid in "$busy" "$pair" "$dry"; do wait_for 30 "the traffic of guest $pid ends" guest_says quiet "$pid"; done
ran_dry() { is "$(guest_truth avail_idx "$dry")" -eq "$(guest_truth last_used_idx "$dry")"; }
wait_for 20 "the dry guest's last buffer is used" ran_dry

run_vhostwatch lists threads --format json
check "threads exits 0" is "$VW_STATUS" -eq 0
check "within 120 s" within 120 "$VW_SECONDS"
check "it lists 8 queues" json lists '.threads | length' 8
check "it took one census and rejected no line" json lists '"\(.schema) \(.censuses) \(.rejected_lines)"' "vhostwatch.threads/1 1 0"
check "no trouble" json lists '.troubles | length' 0

check "a quiet queue after full-speed traffic: num, last_avail_idx, last_used_idx, features" same_state "$busy" busy0 0 's/ avail_idx=[0-9]+//'
check "and avail_idx is between fetched and posted" avail_is_between "$busy" busy0 0
check "queue 0 of 2: num, last_avail_idx, last_used_idx, features" same_state "$pair" pair0 0 's/ avail_idx=[0-9]+//'
check "and avail_idx is between fetched and posted (queue 0 of 2)" avail_is_between "$pair" pair0 0
check "queue 1 of 2, indices that wrapped: all that the guest knows" same_state "$pair" pair0 1
check "a queue that ran dry: all that the guest knows" same_state "$dry" dry0 0
check "with a packet at its head (bytes)" is "$(field lists dry0 0 .head.bytes)" -eq 1400
check "and none posted" is "$(field lists dry0 0 .posted_buffers)" -eq 0
check "a queue that never had a buffer: all that the guest knows" same_state "$own" own0 0
check "with a packet at its head (own0, bytes)" is "$(field lists own0 0 .head.bytes)" -eq 90
check "the quiet queue has no packet at its head" is "$(field lists busy0 0 .head.waiting)" -eq 0

check "busy0: VM, process, worker thread, its name and kind, as /proc has them" owner_and_worker "$busy" busy0 0
check "queue 0 of 2: VM, process, worker thread, its name and kind" owner_and_worker "$pair" pair0 0
check "queue 1 of 2: VM, process, worker thread, its name and kind" owner_and_worker "$pair" pair0 1
for queue in 0 1 2; do
    check "queue $queue of 3, of which the guest uses two: its worker thread, inferred by its place" owner_and_worker "$part" part0 "$queue" inferred
done
check "dry0: VM, process, worker thread, its name and kind" owner_and_worker "$dry" dry0 0
check "own0: VM, process, worker thread, its name and kind" owner_and_worker "$own" own0 0
case $KERNEL in
6.1.*) check "a worker is a kthread on this kernel" is "$(field lists busy0 0 .worker.kind)" == kthread ;;
*) check "a worker is a thread of its process on this kernel" is "$(field lists busy0 0 .worker.kind)" == vmm_thread ;;
esac
[ -z "$kthread" ] || check "and a kthread where the VMM asked for one" is "$(field lists own0 0 .worker.kind)" == kthread

user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
# shellcheck disable=SC2317  # run_vhostwatch calls it
vhostwatch() { "${user[@]}" /opt/vhostwatch/bin/vhostwatch "$@"; }
run_vhostwatch plain-user threads --format json
unset -f vhostwatch
check "as a plain user threads exits 1" is "$VW_STATUS" -eq 1
check "and says why" says plain-user "not root"
check "and has no stack trace" clean plain-user
check "it lists the 8 workers that /proc has" is "$(json plain-user '[.threads[].worker.tid] | sort | join(" ")')" \
    == "$(for pid in "$busy" "$pair" "$dry" "$own" "$part"; do worker_of "$pid"; done | sort -n | paste -sd ' ')"
check "with their owners, by inference" is "$(json plain-user '[.threads[] | "\(.vm_pid) \(.identity)"] | unique | sort | join(", ")')" \
    == "$(printf '%s inferred\n' "$busy" "$pair" "$dry" "$own" "$part" | sort | paste -sd , | sed 's/,/, /g')"

run_vhostwatch check check
check "check finds that this host can be watched" is "$VW_STATUS" -eq 0
check "and says so" says check "this host can be watched"
check "no bpftrace is left" not_probing
for pid in "$busy" "$pair" "$dry" "$own" "$part"; do stop_guest "$pid"; done
run_vhostwatch empty threads
check "without guests threads exits 0" is "$VW_STATUS" -eq 0
check "and says that there is nothing" says empty "no vhost worker and no vhost_net queue"
