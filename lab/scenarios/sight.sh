# sight: with less and less of what the kernel shows, check says what is in force and what would raise it, and a livelock is told no surer than that
# kernels: affected
# timeout: 1500
# shellcheck shell=bash

start_guest --tap quiet0 --onset-after -1
start_guest --tap lab0 --onset-after -1
worker=$(worker_of "$GUEST_PID")
onset_guest
check "the worker spins (percent of a CPU)" is "$(cpu_percent "$worker" 4)" -ge 80
mount -t securityfs securityfs /sys/kernel/security

# sees NAME DEGREE VERDICTS LACK COMMAND...: runs check and diagnose through COMMAND and holds them against what there is to see:
# the degree of sight, "VERDICT CONFIDENCE" of the livelocked queue (with / between what is all right), and a word of what is lacking.
sees() {
    local name=$1 degree=$2 verdicts=$3 lack=$4 found
    shift 4
    "$@" vhostwatch check --format json >"$RESULTS/check-$name.out" 2>"$RESULTS/check-$name.err"
    note "$name: check" "exit code $?: $(json "check-$name" '[.host.degree, (.host.lacks[] | .what)] | join("; ")')"
    check "$name: the degree of sight" json "check-$name" .host.degree "$degree"
    [ -z "$lack" ] || check "$name: what lacks is named, with what would raise it" is \
        "$(json "check-$name" "[.host.lacks[] | select(.what | contains(\"$lack\")) | select((.lost | length) > 0 and (.raise | length) > 0)] | length")" -ge 1
    "$@" vhostwatch diagnose --duration 5s --format json >"$RESULTS/diagnose-$name.out" 2>"$RESULTS/diagnose-$name.err"
    note "$name: diagnose" "exit code $?: $(json "diagnose-$name" '[.queues[] | "\(.verdict) \(.confidence) \(.tap) \(.identity) \(.worker.tid)"] | join("; ")')"
    found=$(json "diagnose-$name" "[.queues[] | select(.worker.tid == $worker) | \"\(.verdict) \(.confidence)\"] | join(\", \")")
    check "$name: the livelocked queue is ${verdicts//\// or }" grep -qxF "$found" <<<"${verdicts//\//$'\n'}"
    note "$name: said" "$found"
    check "$name: nothing else is flagged" json "diagnose-$name" \
        "[.queues[] | select(.worker.tid != $worker) | select(.verdict == \"LIVELOCKED\" or .verdict == \"STALLED\" or .verdict == \"SPINNING\")] | length" 0
    check "$name: no stack trace" clean "diagnose-$name"
    check "$name: no bpftrace is left" not_probing
}

# without COMMAND...: an environment of its own file systems in which the shell line COMMAND took something away.
without() {
    local line=$1
    shift
    unshare --mount --propagation private bash -c "$line"' && exec "$@"' -- "$@"
}
types() { echo "mkdir -p /tmp/btf && cp $1 /tmp/btf/ && mount --bind /tmp/btf /sys/kernel/btf"; }
only() { rm -rf /tmp/btf; }

sees whole full "LIVELOCKED high" "" env
only
sees no-tun-types full "LIVELOCKED high" /sys/kernel/btf/tun without "$(types '/sys/kernel/btf/vmlinux /sys/kernel/btf/vhost /sys/kernel/btf/vhost_net')"
only
sees no-module-types counts "LIVELOCKED medium" /sys/kernel/btf/vhost without "$(types /sys/kernel/btf/vmlinux)"
only
sees no-types counts "LIVELOCKED medium" /sys/kernel/btf/vmlinux without "mkdir -p /tmp/btf && mount --bind /tmp/btf /sys/kernel/btf"

sysctl -qw kernel.kptr_restrict=2
sees hidden-addresses counts "LIVELOCKED medium" "hides them" env
sysctl -qw kernel.kptr_restrict=0

# bpftrace 0.25 and newer does not start without tracefs, whatever it is to do.
case $IMAGE in
forky) sees no-tracefs proc "UNKNOWN low" tracefs without "umount /sys/kernel/debug/tracing /sys/kernel/tracing 2>/dev/null; umount -l /sys/kernel/tracing /sys/kernel/debug 2>/dev/null; ! ls /sys/kernel/tracing/README 2>/dev/null" ;;
*) sees no-tracefs full "LIVELOCKED high" tracefs without "umount /sys/kernel/debug/tracing 2>/dev/null; umount -l /sys/kernel/tracing /sys/kernel/debug; ! ls /sys/kernel/tracing/README 2>/dev/null" ;;
esac

echo 0 >/sys/kernel/debug/kprobes/enabled
sees kprobes-off census "LIVELOCKED medium" "kprobes are disabled" env
echo 1 >/sys/kernel/debug/kprobes/enabled
sysctl -qw kernel.ftrace_enabled=0
sees ftrace-off census "LIVELOCKED medium" "ftrace is off" env
sysctl -qw kernel.ftrace_enabled=1

sees host-pid-container full "LIVELOCKED high" "" unshare --mount --uts --ipc --net --cgroup
# Nothing of the host's processes is to be seen: whatever is said of the queue, it is no all-clear for a known worker.
vhostwatch_in_pid_namespace() { unshare --pid --fork --mount-proc --mount "$@"; }
vhostwatch_in_pid_namespace vhostwatch check --format json >"$RESULTS/check-pid.out" 2>"$RESULTS/check-pid.err"
check "own-pid-namespace: it is named" is "$(json check-pid '[.host.lacks[] | select(.what | contains("PID namespace"))] | length')" -eq 1
note "own-pid-namespace: check" "$(json check-pid .host.degree)"

# A daemon notices that its probes are disarmed, and does not take a silent sentinel for a calm host.
livelocked() { metric_is vhostwatch_queue_livelocked == 1 'tap="lab0"'; }
start_daemon --census-period 10s
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 60 "daemon: the livelock is known" livelocked
watch_metric stalled.txt vhostwatch_queue_stalled
echo 0 >/sys/kernel/debug/kprobes/enabled
wait_for 30 "daemon: disarmed, the sentinel goes" metric_is vhostwatch_bpftrace_up == 0
wait_for 30 "daemon: why is among the troubles" troubled "kprobes are disabled"
wait_for 90 "daemon: by the census alone the livelock is known" livelocked
echo 1 >/sys/kernel/debug/kprobes/enabled
wait_for 60 "daemon: armed again, the sentinel comes" metric_is vhostwatch_bpftrace_up == 1
kill "$WATCH_PID"
check "daemon: queue_stalled was never 1" never stalled.txt 1
end_daemon TERM

# Where the addresses are hidden it counts passes, and says that it sees no more.
sysctl -qw kernel.kptr_restrict=2
start_daemon --census-period 10s
wait_for 240 "hidden addresses: the daemon is ready" ask /-/ready
wait_for 60 "hidden addresses: it is degraded" metric_is vhostwatch_degraded == 1
wait_for 30 "hidden addresses: why is among the troubles" troubled "no census, and so no stall is seen"
by_passes() { is "$(ask /api/v1/threads | jq -r --argjson tid "$worker" '[.queues[] | select(.worker.tid == $tid) | "\(.verdict) \(.confidence)"] | join(",")')" == "LIVELOCKED medium"; }
wait_for 120 "hidden addresses: passes tell of the livelock" by_passes
end_daemon TERM
sysctl -qw kernel.kptr_restrict=0

# What is locked stays locked: last.
echo integrity >/sys/kernel/security/lockdown
sees integrity full "LIVELOCKED high" "" env
echo confidentiality >/sys/kernel/security/lockdown
sees confidentiality proc "UNKNOWN low" confidentiality env

check "the worker spun all along (percent of a CPU)" is "$(cpu_percent "$worker" 4)" -ge 80
stop_guest
