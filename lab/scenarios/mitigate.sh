# mitigate: offloads off on a tap keep a starved guest from a livelock, also after its VMM came back; undo restores every flag, after kill -9 too
# kernels: all
# timeout: 1800
# shellcheck shell=bash

spins() { is "$(cpu_percent "$(worker_of "$GUEST_PID")" 4)" -ge 80; }
sleeps() { is "$(cpu_percent "$(worker_of "$GUEST_PID")" 4)" -le 20; }
flags() { ethtool -k "$1" >"$RESULTS/$2.flags"; }
same_flags() { diff "$RESULTS/$1.flags" "$RESULTS/$2.flags"; }
off() { ethtool -k "$1" | grep -qE "^\s*$2: off"; }
in_pieces() { is "$(guest_truth last_used_idx)" -eq 10; }
small_guest() { start_guest --tap lab0 --existing --onset-after -1; }
remembered() { jq '[.taps[] | select(.requested | length > 0)] | length' /var/lib/vhostwatch/mitigation.json 2>/dev/null || echo 0; }

ip tuntap add lab0 mode tap vnet_hdr || fatal "a tap that stays is made"
small_guest
flags lab0 before

if [ "$KERNEL_STATUS" = fixed ]; then
    run_vhostwatch dry mitigate --format json
    check "a dry run on a fixed kernel exits 4" is "$VW_STATUS" -eq 4
    check "and says why" json dry '"\(.schema) \(.mode) \(.kernel_status) \(.refused)"' "vhostwatch.mitigation/1 dry_run fixed true"
    run_vhostwatch refused mitigate --apply
    check "--apply on a fixed kernel is refused" is "$VW_STATUS" -eq 4
    check "and says so" says refused "refused: this kernel does not have the fault"
    flags lab0 refused
    check "and changes nothing" same_flags before refused
    check "and remembers nothing" is "$(remembered)" -eq 0
    run_vhostwatch forced mitigate --apply --force
    check "--force does it all the same" is "$VW_STATUS" -eq 0
    check "segmentation is off" off lab0 tx-tcp-segmentation
    run_vhostwatch undone mitigate --undo
    check "--undo exits 0" is "$VW_STATUS" -eq 0
    flags lab0 undone
    check "every flag is as before" same_flags before undone
    for name in dry refused forced undone; do check "no stack trace ($name)" clean "$name"; done
    stop_guest
    return
fi

# ---------------------------------------------------------------- dry run, apply, and what it is for
run_vhostwatch dry mitigate --format json
check "a dry run exits 0" is "$VW_STATUS" -eq 0
check "it names kernel, tap, VM and index" json dry '"\(.kernel_status) \(.taps[0] | "\(.tap) \(.vm) \(.ifindex) \(.own_netns) \(.outcome)")"' \
    "affected lab0 vhost-guest-$GUEST_PID $(cat /sys/class/net/lab0/ifindex) true would_change"
check "and each change" json dry '[.taps[0].changes[] | "\(.feature) \(.from) \(.to)"] | join(", ")' \
    "tx-generic-segmentation true false, tx-scatter-gather true false, tx-tcp-segmentation true false, tx-tcp6-segmentation true false"
flags lab0 dry
check "it changes nothing" same_flags before dry
check "and remembers nothing" is "$(remembered)" -eq 0

run_vhostwatch applied mitigate --apply --format json
check "--apply exits 0" is "$VW_STATUS" -eq 0
check "all was read back as done" json applied '.taps[0] | "\(.outcome) \([.changes[].done] | all)"' "changed true"
for feature in tx-tcp-segmentation tx-tcp6-segmentation generic-segmentation-offload tx-scatter-gather; do check "$feature is off" off lab0 "$feature"; done
check "what was before is remembered, for its owner alone" is "$(stat -c %a /var/lib/vhostwatch/mitigation.json) $(remembered)" == "600 1"
onset_guest
check "the 60 KB frame comes to the guest in pieces: its 10 buffers are used" in_pieces
check "the worker sleeps (percent of a CPU)" sleeps
run_vhostwatch quiet diagnose --duration 4s --format json
check "diagnose finds no livelock" json quiet '[.queues[] | select(.verdict == "LIVELOCKED" or .verdict == "SPINNING")] | length' 0

stop_guest
small_guest
check "a new VMM has requested segmentation anew" is "$(ethtool -k lab0 | grep -c 'tx-tcp-segmentation: off \[requested on\]')" -eq 1
onset_guest
check "and its guest, starved, gets the frame in pieces too" in_pieces
check "the worker sleeps with it (percent of a CPU)" sleeps
run_vhostwatch again mitigate --apply
check "a second --apply exits 0" is "$VW_STATUS" -eq 0
run_vhostwatch undone mitigate --undo --format json
check "--undo exits 0" is "$VW_STATUS" -eq 0
check "it restored the tap" json undone '[.taps[] | "\(.tap) \(.outcome)"] | join(", ")' "lab0 restored"
flags lab0 undone
check "every flag is as before the first --apply" same_flags before undone
check "nothing is left to restore" is "$(remembered)" -eq 0
stop_guest

small_guest
onset_guest
check "without it the same frame livelocks the same guest (percent of a CPU)" spins
run_vhostwatch late mitigate
check "a dry run says that a packet waits already, and that this does not end it" says late "this does not end it"
refill_guest
stop_guest
ip link del lab0

# ---------------------------------------------------------------- kill -9 in the middle
taps=() guests=()
for n in {1..20}; do
    ip tuntap add "many$n" mode tap vnet_hdr
    start_guest --tap "many$n" --existing --behaviour healthy --traffic-for 0 --ring 64
    taps+=("many$n") guests+=("$GUEST_PID")
    flags "many$n" "many$n-before"
done
# A kill comes before the first change, after the last or between them, as it happens: until one came between, three at least.
round=0 killed=0 middle=0 deadline=$((SECONDS + 600 * PATIENCE))
until [ "$round" -ge 3 ] && { [ "$middle" -ge 1 ] || [ "$SECONDS" -ge "$deadline" ]; }; do
    round=$((round + 1))
    rm -f /var/lib/vhostwatch/mitigation.json
    # The JVM itself, not the launcher: that is replaced by it.
    vhostwatch mitigate --apply >"$RESULTS/killed-$round.out" 2>&1 &
    run=$!
    for _ in {1..6000}; do
        [ -e /var/lib/vhostwatch/mitigation.json ] && break
        kill -0 "$run" 2>/dev/null || break
        sleep 0.02
    done
    # The moment that any one of the taps is changed, which may be any of the twenty changes.
    tap=${taps[RANDOM % 20]}
    for _ in {1..200}; do
        off "$tap" tx-tcp-segmentation && break
        kill -0 "$run" 2>/dev/null || break
    done
    kill -9 "$run" 2>/dev/null
    wait "$run" 2>/dev/null
    # 137: it did not come to its own end before.
    ended=$?
    [ "$ended" != 137 ] || killed=$((killed + 1))
    changed=0
    for tap in "${taps[@]}"; do
        flags "$tap" "$tap-killed"
        same_flags "$tap-before" "$tap-killed" >/dev/null || changed=$((changed + 1))
    done
    note "round $round" "$changed of 20 taps were changed when it ended with $ended"
    [ "$ended" = 137 ] && [ "$changed" -gt 0 ] && [ "$changed" -lt 20 ] && middle=$((middle + 1))
    check "round $round: all 20 taps were remembered before" is "$(remembered)" -eq 20
    run_vhostwatch "undone-$round" mitigate --undo
    check "round $round: --undo exits 0" is "$VW_STATUS" -eq 0
    different=0
    for tap in "${taps[@]}"; do
        flags "$tap" "$tap-undone"
        same_flags "$tap-before" "$tap-undone" || different=$((different + 1))
    done
    check "round $round: every flag of every tap is as before" is "$different" -eq 0
done
note "killed while it ran" "$killed of $round, with some taps changed and some not: $middle"
check "it was killed with some taps changed and some not" is "$middle" -ge 1
for pid in "${guests[@]}"; do stop_guest "$pid"; done
for tap in "${taps[@]}"; do ip link del "$tap"; done
rm -f /var/lib/vhostwatch/mitigation.json

# ---------------------------------------------------------------- a namespace of its own, a new name, a tap that is gone
ip netns add other
# shellcheck disable=SC2317  # start_guest calls it
vhost-guest() { exec ip netns exec other vhost-guest "$@"; }
ip netns exec other ip tuntap add far0 mode tap vnet_hdr
start_guest --tap far0 --existing --onset-after -1
far=$GUEST_PID
unset -f vhost-guest
start_guest --tap gone0 --onset-after -1
gone=$GUEST_PID
ip netns exec other ethtool -k far0 >"$RESULTS/far-before.flags"
run_vhostwatch far mitigate --apply --format json
check "a tap in a namespace of its own: --apply exits 0" is "$VW_STATUS" -eq 0
check "it is named with that namespace" json far '.taps[] | select(.tap == "far0") | "\(.netns) \(.own_netns) \(.outcome)"' \
    "$(stat -Lc %i "/proc/$far/ns/net") false changed"
off_there() { ip netns exec other ethtool -k far0 | grep -E 'tx-tcp-segmentation: off'; }
check "segmentation is off there" off_there
onset_guest "$far"
check "the frame comes in pieces there too" is "$(guest_truth last_used_idx "$far")" -eq 10
stop_guest "$gone"
stop_guest "$far"
ip netns exec other ip link set far0 down
ip netns exec other ip link set far0 name near0
run_vhostwatch back mitigate --undo --format json
check "--undo exits 0 although a tap is gone" is "$VW_STATUS" -eq 0
check "it says which, and finds the one with a new name in a namespace without processes" json back \
    '[.taps[] | "\(.tap) \(.outcome)"] | sort | join(", ")' "gone0 gone, near0 restored"
ip netns exec other ethtool -k near0 | sed 's/near0/far0/' >"$RESULTS/far-after.flags"
same_requests() { diff <(sed 's/ \[not requested\]//' "$RESULTS/far-before.flags") "$RESULTS/far-after.flags"; }
check "every flag there is as before" same_requests
ip netns del other

check "no bpftrace is left" not_probing
for name in dry applied again undone late far back; do check "no stack trace ($name)" clean "$name"; done
