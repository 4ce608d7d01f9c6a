# auto-mitigate: the daemon, allowed to, turns offloads off once, says and counts it, and leaves alone what an operator takes back
# kernels: affected
# timeout: 900
# shellcheck shell=bash

flags() { ethtool -k "$1" >"$RESULTS/$2.flags"; }
same_flags() { diff "$RESULTS/$1.flags" "$RESULTS/$2.flags"; }
off() { ethtool -k "$1" | grep -qE "^\s*$2: off"; }
small_guest() { start_guest --tap lab0 --existing --onset-after -1; }
acts() { metric_is vhostwatch_mitigations_total == "$1"; }
ip tuntap add lab0 mode tap vnet_hdr
small_guest
flags lab0 daemon-before
start_daemon --auto-mitigate --census-period 10s --mitigate-cooldown 1s
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 120 "it has mitigated the tap" acts 1
check "segmentation is off by it" off lab0 tx-tcp-segmentation
check "with one line in its log" is "$(grep -c 'mitigated: tap lab0 ' "$DAEMON_LOG")" -eq 1
run_vhostwatch operator mitigate --undo
check "an operator takes it back" is "$VW_STATUS" -eq 0
flags lab0 daemon-undone
check "every flag is as before the daemon" same_flags daemon-before daemon-undone
censuses() { metric vhostwatch_censuses_total; }
seen=$(censuses)
three_more() { is "$(censuses | cut -d. -f1)" -ge "$((${seen%.*} + 3))"; }
wait_for 120 "three more censuses" three_more
flags lab0 daemon-later
check "the daemon does not touch it again" same_flags daemon-before daemon-later
check "and has acted once" acts 1
check "without a failure" metric_is vhostwatch_mitigation_failures_total == 0
end_daemon KILL
start_daemon --auto-mitigate --census-period 10s --mitigate-cooldown 1s
wait_for 240 "the daemon, started again, is ready" ask /-/ready
left_alone() { grep 'not mitigated: tap lab0 .*took it back' "$DAEMON_LOG"; }
wait_for 120 "it leaves the tap alone too, and says so" left_alone
flags lab0 daemon-again
check "every flag is as the operator left it" same_flags daemon-before daemon-again
end_daemon TERM
stop_guest
check "no bpftrace is left" not_probing
check "no stack trace" clean operator
check "no daemon's log has a stack trace" is "$(cat "$RESULTS"/daemon-*.log | grep -cE '^\s+at |Exception')" -eq 0
