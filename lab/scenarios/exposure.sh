# exposure: says of each kernel whether it has the bug, the drill agrees, and which taps can be hit
# kernels: all
# timeout: 900
# shellcheck shell=bash

state=/tmp/exposure-state
case $KERNEL_STATUS in affected) code=1 ;; *) code=0 ;; esac
field() { jq -r "$2" "$RESULTS/$1.out"; }
queue() { jq -r --arg tap "$2" ".queues[] | select(.tap == \$tap) | $3" "$RESULTS/$1.out"; }
uplink_gro() { queue "$1" lab0 '.uplinks | map("\(.name) \(.gro)") | join(",")'; }
exposed_as() {
    local status
    for status in affected fixed unknown; do
        metric_is vhostwatch_kernel_exposure == "$([ "$status" = "$1" ] && echo 1 || echo 0)" "status=\"$status\"" || return
    done
}

modprobe vhost_net
# A tap with a guest in a bridge, and an uplink that merges packets.
start_guest --tap lab0 --behaviour starved
ip link add br0 type bridge
ip link add up0 type veth peer name far0
for port in lab0 up0; do ip link set "$port" master br0; done
for link in br0 up0 far0; do ip link set "$link" up; done
ethtool -K up0 gro on >"$RESULTS/ethtool.txt" 2>&1
run_vhostwatch on exposure --format json --state-dir "$state"
check "a tap with offloads, in a bridge: its queue can be hit" is "$(queue on lab0 '"\(.vm) \(.can_be_hit) \(.mergeable) \(.backend) \(.bridge) \(.identity)"')" \
    == "vhost-guest-$GUEST_PID true true tun br0 exact"
check "its offloads are those of the guest" is "$(queue on lab0 '.offloads | map(select(. == "tx-tcp-segmentation" or . == "tx-tcp6-segmentation")) | sort | join(",")')" \
    == tx-tcp-segmentation,tx-tcp6-segmentation
check "its uplink is named, and merges" is "$(uplink_gro on)" == "up0 true"
check "by version alone the kernel is $KERNEL_STATUS" json on '"\(.status) \(.decided_by)"' "$KERNEL_STATUS version"
check "with the exit code $code" is "$VW_STATUS" -eq "$code"
check "the schema is vhostwatch.exposure/1, and there was a census" json on '"\(.schema) \(.census) \(.queues | length)"' "vhostwatch.exposure/1 true 1"
note "reason" "$(field on .reason)"
note "seconds" "$VW_SECONDS"

ethtool -K lab0 tso off gso off >>"$RESULTS/ethtool.txt" 2>&1
ethtool -K up0 gro off >>"$RESULTS/ethtool.txt" 2>&1
run_vhostwatch off exposure --format json --state-dir "$state"
check "the offloads off: it cannot be hit" is "$(queue off lab0 '"\(.can_be_hit) \(.offloads | length) \(.mtu)"')" == "false 0 1500"
check "its uplink does not merge" is "$(uplink_gro off)" == "up0 false"
check "no queue can be hit: exit code 0 on any kernel" is "$VW_STATUS" -eq 0

ethtool -K lab0 tso on gso on >>"$RESULTS/ethtool.txt" 2>&1
chmod 1777 /tmp
VW_SECONDS=0 VW_STATUS=0
setpriv --reuid 65534 --regid 65534 --clear-groups vhostwatch exposure --format json --state-dir "$state" >"$RESULTS/user.out" 2>"$RESULTS/user.err" || VW_STATUS=$?
check "a plain user hears the same of the kernel" json user .status "$KERNEL_STATUS"
check "with the exit code $code" is "$VW_STATUS" -eq "$code"
check "and sees the tap, its offloads and its uplink, without the queue" is "$(queue user lab0 '"\(.mergeable) \(.offloads != null) \(.uplinks[0].name)"')" == "null true up0"
check "and is told that there is no census" json user '"\(.census) \(.troubles[0] | startswith("not root"))"' "false true"
stop_guest

start_daemon --state-dir "$state"
wait_for 240 "the daemon answers" ask /-/healthy
wait_for 60 "the metric says $KERNEL_STATUS" exposed_as "$KERNEL_STATUS"
check "/api/v1/threads says so, by version" is "$(ask /api/v1/threads | jq -r '"\(.exposure.status) \(.exposure.decided_by)"')" == "$KERNEL_STATUS version"
decided() { is "$(ask /api/v1/threads | jq -r '"\(.exposure.status) \(.exposure.decided_by)"')" == "$KERNEL_STATUS drill"; }

run_vhostwatch drill drill --seconds 10 --state-dir "$state"
case $KERNEL_STATUS in affected) found=2 word=": affected" ;; *) found=0 word=": not affected" ;; esac
check "the drill agrees: exit code $found" is "$VW_STATUS" -eq "$found"
check "and says so" says drill "CVE-2026-74356$word"
wait_for 60 "the daemon hears of it" decided
check "the metric still says $KERNEL_STATUS" exposed_as "$KERNEL_STATUS"
end_daemon TERM

run_vhostwatch after exposure --format json --state-dir "$state"
check "after the drill: decided by experiment, $KERNEL_STATUS" json after '"\(.status) \(.decided_by)"' "$KERNEL_STATUS drill"
check "the file is for root alone" is "$(stat -c '%a %U' "$state/drill.json")" == "600 root"
for name in on off user drill after; do check "$name: no stack trace" clean "$name"; done
