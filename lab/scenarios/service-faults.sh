# service-faults: the service of the package: signals, watchdog, an upgrade of Java, little memory, no CAP_SYS_ADMIN, clock, state that cannot be written
# kernels: affected
# distribution: none
# packages: yes
# init: systemd
# timeout: 1500
# shellcheck shell=bash

# shellcheck source=../lib/service.sh
. /opt/lab/service.sh

at_rest() { livelocked_is 0 && printf '; ' && metric_is vhostwatch_queue_stalled == 0 'tap="lab0"'; }
# Not later: the clock may have been set back.
another_picture() { metric_is vhostwatch_snapshot_timestamp_seconds '!=' "$1"; }
# Two pictures, one after the other: a daemon that stands still would show the one from before for ever.
none_livelocked() {
    local first
    at_rest && first=$(metric vhostwatch_snapshot_timestamp_seconds) && [ "$first" ] || return
    for _ in {1..60}; do
        another_picture "$first" >/dev/null && break
        sleep 0.5
    done
    printf '; after %s: ' "$first"
    another_picture "$first" && printf '; ' && at_rest
}
restart_fails() { ! systemctl restart vhostwatch; }
# What the unit grants where perf_event_paranoid is upstream's.
UPSTREAM='2 19 34 38 39 '

wait_for 120 "systemd has started the host" systemctl is-system-running --wait
emulated_cpu
check "apt install" apt install -y "$PACKAGE"
# Emulated CPUs are slower than what the ceiling is for.
printf 'max-cpu = 0\nconfirm = 4s\n' >>"$CONF"
check "restart" systemctl restart vhostwatch
wait_for 30 "the sentinel is attached" metric_is vhostwatch_bpftrace_up == 1

# 1. Signals.
pid=$(main_pid)
systemctl kill -s KILL --kill-whom=main vhostwatch
from=$(seconds)
wait_for 10 "kill -9 of the agent: no bpftrace is left behind" not_probing
wait_for 120 "systemd has started another" another_pid "$pid"
note "kill -9 of the agent to ready" "$(since "$from") s"
pid=$(main_pid)
child=$(pgrep -x bpftrace)
kill -KILL "$child"
from=$(seconds)
other_child() { is "$(pgrep -x bpftrace)" != "$child" && probing && metric_is vhostwatch_bpftrace_up == 1; }
wait_for 90 "kill -9 of bpftrace: there is another" other_child
note "kill -9 of bpftrace to the next" "$(since "$from") s"
check "the agent is the same" is "$(main_pid)" == "$pid"
kill -KILL "$pid" "$(pgrep -x bpftrace)"
from=$(seconds)
wait_for 120 "kill -9 of both: ready again" another_pid "$pid"
note "kill -9 of both to ready" "$(since "$from") s"
wait_for 60 "one bpftrace" probing
# A census may be under way.
only_one() { is "$(pgrep -cx bpftrace)" -eq 1; }
wait_for 60 "one and no more" only_one
pid=$(main_pid)
kill -STOP "$pid"
from=$(seconds)
wait_for 240 "SIGSTOP of the agent: the watchdog ends it, and another is ready" another_pid "$pid"
note "SIGSTOP to ready" "$(since "$from") s"
check "systemd says why" is "$(journalctl -u vhostwatch -o cat --grep 'Watchdog timeout' | wc -l)" -ge 1
wait_for 60 "one bpftrace after all that" only_one

# 2. An upgrade of Java puts other files in the places of those that run.
pid=$(main_pid)
began=$(date +%s)
helper=$(readlink -f /usr/bin/java)
helper=${helper%/bin/java}/lib/jspawnhelper
cp -p "$helper" "$helper.new" && mv "$helper.new" "$helper"
from=$(seconds)
wait_for 120 "Java upgraded: the daemon ends, and another is ready" another_pid "$pid"
note "upgrade of Java to ready" "$(since "$from") s"
check "the journal says why" said "$began" "Java was upgraded"

# 3. Too little memory for bpftrace: the kernel ends that one, the service goes on and says so; with more it is whole again.
pid=$(main_pid)
systemctl set-property --runtime vhostwatch.service MemoryMax=110M
kill -KILL "$(pgrep -x bpftrace)"
without() { show StatusText | grep -F degraded && journalctl -k -o cat --grep 'Memory cgroup out of memory.*bpftrace' | tail -n 1; }
wait_for 180 "with 110 MB: bpftrace is killed for memory, and STATUS says that it is missing" without
check "the agent is the same, and active" is "$(main_pid) $(show ActiveState)" == "$pid active"
systemctl set-property --runtime vhostwatch.service MemoryMax=512M
wait_for 180 "with 512 MB: the sentinel is back" metric_is vhostwatch_bpftrace_up == 1
check "and the agent still the same" is "$(main_pid)" == "$pid"

# 4. Without CAP_SYS_ADMIN: said, and where perf_event_paranoid is upstream's, every probe attaches. Meanwhile the clock
# jumps, by an hour there and back: no verdict, no restart.
DROP_IN=vhostwatch.service.d/10-perf-event-paranoid.conf
mkdir -p "/etc/systemd/system/${DROP_IN%/*}"
ln -s /dev/null "/etc/systemd/system/$DROP_IN"
systemctl daemon-reload
systemctl restart vhostwatch
check "kernel.perf_event_paranoid is Debian's" is "$(sysctl -n kernel.perf_event_paranoid)" -eq 3
blind() { show StatusText | grep -F "degraded: the sentinel ended: the kernel refuses perf events"; }
wait_for 60 "without CAP_SYS_ADMIN there: STATUS says what is missing" blind
sysctl -qw kernel.perf_event_paranoid=2
systemctl restart vhostwatch
wait_for 60 "with 2 the sentinel is attached" metric_is vhostwatch_bpftrace_up == 1
check "the agent has no CAP_SYS_ADMIN" is "$(capabilities "$(main_pid)")" == "$UPSTREAM"
check "bpftrace has none" is "$(capabilities "$(pgrep -x bpftrace)")" == "$UPSTREAM"
pid=$(main_pid)
start_guest --tap lab0 --onset-after -1
guest=$GUEST_PID
wait_for 120 "the queue is known" livelocked_is 0
date -s '+1 hour' >/dev/null
sleep 8
check "an hour ahead: no queue is livelocked or stalled" none_livelocked
date -s '-1 hour' >/dev/null
sleep 8
check "and back: nor then" none_livelocked
check "the process is the same" is "$(main_pid)" == "$pid"
earlier=$(newest)
onset_guest "$guest"
date -s '+1 hour' >/dev/null
wait_for 60 "a livelock across a jump is found" livelocked_is 1
looked_anew() { [ "$(newest)" != "$earlier" ] && looked; }
wait_for 120 "the evidence script attaches without CAP_SYS_ADMIN" looked_anew
cp "$(newest)" "$RESULTS/without-sys-admin.json"
check "its capture has returns of the probes" field_is '.looks[0].queue.evidence.peek_ret | keys[0]' 60366
date -s '-1 hour' >/dev/null
refill_guest "$guest"
wait_for 60 "and its end" livelocked_is 0
stop_guest "$guest"

# 5. The folder of the state is read-only.
systemctl stop vhostwatch
mount -t tmpfs -o size=300k,mode=700 none "$STATE"
# As after an error of the disk: the file system is read-only, not the mount, of which the service has one of its own.
mount -o remount,ro "$STATE"
mount -o remount,bind,rw "$STATE"
began=$(date +%s)
systemctl start vhostwatch
check "$STATE read-only: it is active" shows ActiveState active
start_guest --tap lab0 --onset-after -1
guest=$GUEST_PID
wait_for 120 "the queue is known" livelocked_is 0
onset_guest "$guest"
wait_for 60 "a livelock is found all the same" livelocked_is 1
wait_for 120 "the journal says that incidents cannot be written" said "$began" "incidents cannot be written"
mount -o remount,rw "$STATE"
wait_for 180 "writable again: the incident is on disk" field_is .state open
refill_guest "$guest"
wait_for 60 "its end is seen" livelocked_is 0
stop_guest "$guest"
systemctl stop vhostwatch
umount "$STATE"

# 6. Another folder for the state: the sandbox lets nothing be written there until the drop-in of docs/service.md says so.
mkdir -m 0700 /srv/vhostwatch
printf 'state-dir = /srv/vhostwatch\n' >>"$CONF"
began=$(date +%s)
check "another state-dir: the service starts" systemctl start vhostwatch
check "and says that nothing can be kept there, and what to do" said "$began" "ReadWritePaths="
printf '[Service]\nReadWritePaths=/srv/vhostwatch\n' >"/etc/systemd/system/${DROP_IN%/*}/20-state-dir.conf"
systemctl daemon-reload
began=$(date +%s)
check "with the drop-in it starts" systemctl restart vhostwatch
silent_on_it() { ! said "$began" "/srv/vhostwatch"; }
check "and has nothing to say of the folder" silent_on_it
STATE=/srv/vhostwatch
start_guest --tap lab0 --onset-after -1
guest=$GUEST_PID
wait_for 120 "the queue is known" livelocked_is 0
onset_guest "$guest"
wait_for 120 "the incident is kept there" field_is .state open
refill_guest "$guest"
wait_for 60 "its end, too" field_is .state closed
stop_guest "$guest"

# 7. A port that takes a capability.
printf 'listen = 127.0.0.1:80\n' >>"$CONF"
began=$(date +%s)
check "a port below 1024: the service does not start" restart_fails
check "and says which capability that takes" said "$began" "CapabilityBoundingSet=CAP_NET_BIND_SERVICE"
printf '[Service]\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n' >"/etc/systemd/system/${DROP_IN%/*}/30-port.conf"
systemctl daemon-reload
systemctl reset-failed vhostwatch
check "with the drop-in it starts" systemctl restart vhostwatch
check "and answers there" curl -fsS -o /dev/null http://127.0.0.1:80/-/ready
