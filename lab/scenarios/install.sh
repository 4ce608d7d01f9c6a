# install: the package on a host with systemd: upgrade, readiness, sandbox, livelock, reload, signals, watchdog, full disk, purge
# kernels: affected
# distribution: none
# packages: yes
# init: systemd
# timeout: 1800
# shellcheck shell=bash

export DEBIAN_FRONTEND=noninteractive
PACKAGE=$(echo /opt/lab/files/vhostwatch_*_amd64.deb)
STATE=/var/lib/vhostwatch
CONF=/etc/vhostwatch/vhostwatch.conf

apt() { apt-get -o Dpkg::Options::=--force-confold "$@" >>"$RESULTS/apt.log" 2>&1 </dev/null || { tail -n 20 "$RESULTS/apt.log"; return 1; }; }
show() { systemctl show --value -p "$1" vhostwatch; }
shows() { is "$(show "$1")" == "$2"; }
main_pid() { show MainPID; }
journal() { journalctl --no-hostname -u vhostwatch -o cat "$@"; }
said() { journal --since "@$1" | grep -m 3 -F -- "$2"; }
ready() { shows ActiveState active && ask /-/ready; }
another_pid() { [ "$(main_pid)" != 0 ] && [ "$(main_pid)" != "$1" ] && ready; }
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
newest() { find "$STATE/incidents" -name '*.json' 2>/dev/null | sort | tail -n 1; }
field_is() { is "$(jq -r "$1" "$(newest)")" == "$2"; }
# The capabilities of a process, as their numbers.
capabilities() {
    local mask i
    mask=$((16#$(awk '/^CapEff:/ { print $2 }' "/proc/$1/status")))
    for i in {0..40}; do ((mask >> i & 1)) && printf '%s ' "$i"; done
}
# What the unit grants: DAC_READ_SEARCH 2, SYS_PTRACE 19, SYSLOG 34, PERFMON 38, BPF 39; on Debian SYS_ADMIN, 21.
UPSTREAM='2 19 34 38 39 '
DEBIAN='2 19 21 34 38 39 '
timed() { # timed NAME COMMAND...: TOOK, in seconds
    local from status=0
    from=$(seconds)
    "${@:2}" || status=$?
    TOOK=$(since "$from")
    note "$1" "$TOOK s"
    return "$status"
}

wait_for 120 "systemd has started the host" systemctl is-system-running --wait
check "systemd is PID 1" is "$(readlink /proc/1/exe)" == /usr/lib/systemd/systemd

# 1. An earlier version, its configuration edited, the service disabled; then this one.
dpkg-deb -R "$PACKAGE" /tmp/old
sed -i 's/^Version: .*/Version: 0.0.1/' /tmp/old/DEBIAN/control
sed -i '1s/^/# Of version 0.0.1.\n/' "/tmp/old$CONF"
(cd /tmp/old && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | xargs -0 md5sum >DEBIAN/md5sums)
dpkg-deb -Zgzip -z1 --root-owner-group -b /tmp/old /tmp/vhostwatch_0.0.1_amd64.deb >/dev/null
check "apt install of an earlier version" apt install -y /tmp/vhostwatch_0.0.1_amd64.deb
check "it is installed" is "$(dpkg-query -Wf '${Version} ${db:Status-Status}' vhostwatch)" == "0.0.1 installed"
check "the service is enabled" is "$(systemctl is-enabled vhostwatch)" == enabled
check "and active: apt ends when it is ready" shows ActiveState active
# Emulated CPUs are slower than what the ceiling is for.
printf 'max-cpu = 0\nconfirm = 4s\n' >>"$CONF"
systemctl disable -q vhostwatch
before=$(main_pid)
from=$(seconds)
check "apt install of this version over it" apt install -y "$PACKAGE"
note "upgrade" "$(since "$from") s"
check "the edited configuration is kept" is "$(tail -n 1 "$CONF")" == "confirm = 4s"
check "the new default file is beside it" test -e "$CONF.dpkg-dist"
check "what was disabled stays disabled" is "$(systemctl is-enabled vhostwatch)" == disabled
wait_for 60 "and what ran runs again, as the new version" another_pid "$before"
systemctl enable -q vhostwatch

# 2. Ready, and what it may do.
check "active (running)" is "$(show ActiveState) $(show SubState)" == "active running"
check "STATUS is a sentence" is "$(show StatusText)" != ""
note "STATUS" "$(show StatusText)"
wait_for 30 "the sentinel is attached, under the unit's sandbox" metric_is vhostwatch_bpftrace_up == 1
check "nothing is in the way" is "$(show StatusText | grep -c degraded)" == 0
check "the agent has the unit's capabilities" is "$(capabilities "$(main_pid)")" == "$DEBIAN"
check "bpftrace too" is "$(capabilities "$(pgrep -x bpftrace)")" == "$DEBIAN"
check "bpftrace is in the service's cgroup" is "$(cat "/proc/$(pgrep -x bpftrace)/cgroup")" == "0::/system.slice/vhostwatch.service"
check "systemd-analyze verify" systemd-analyze verify --man=no vhostwatch.service
systemd-analyze security --no-pager vhostwatch.service >"$RESULTS/security.txt"
exposure=$(sed -nE 's/.*exposure level for .*: ([0-9.]+) .*/\1/p' "$RESULTS/security.txt")
check "exposure at most 4.0" awk -v e="$exposure" 'BEGIN { print e; exit !(e > 0 && e <= 4.0) }'
check "journal: nobody complains" is "$(journal -p warning)" == ""
run_vhostwatch in-force check --no-probes --format json
check "check says where confirm comes from" says in-force "$CONF"

check "the archive of classes is made" is "$(find "$STATE" -name 'classes-*.jsa' | wc -l)" -eq 1
archived() { grep -c -F "$(find "$STATE" -name 'classes-*.jsa')" "/proc/$(main_pid)/maps"; }
systemctl restart vhostwatch
check "and the next start uses it" archived
check "no second one is made" is "$(find "$STATE" -name 'classes-*.jsa' | wc -l)" -eq 1

# 3. A livelock: journal, metric, incident with evidence; stop and start in the middle; the refill.
start_guest --tap lab0 --onset-after -1
guest=$GUEST_PID
wait_for 120 "the queue is known" livelocked_is 0
began=$(date +%s)
onset_guest "$guest"
onset=$(seconds)
wait_for 60 "queue_livelocked is 1" livelocked_is 1
note "onset to queue_livelocked 1" "$(since "$onset") s"
looked() { field_is '.looks[0].captured' true; }
wait_for 120 "the incident has evidence: the evidence script attaches in the sandbox" looked
note "onset to the incident with evidence" "$(since "$onset") s"
cp "$(newest)" "$RESULTS/with-sys-admin.json"
check "@peek_ret has the frame's length" field_is '.looks[0].queue.evidence.peek_ret | keys[0]' 60366
check "exactly that queue, from the census" field_is '"\(.tap) \(.identity) \(.vm_pid)"' "lab0 exact $guest"
check "the journal has it as critical" is "$(journal --since "@$began" -p crit | grep -c LIVELOCKED)" -ge 1
check "and says what to do" is "$(journal --since "@$began" -p crit | grep -c diagnose)" -ge 1
check "STATUS says so" is "$(show StatusText | grep -c '^LIVELOCKED: VM vhost-guest-.*lab0')" == 1
check "the state is root's alone" is "$(stat -c '%U %a' "$STATE")" == "root 700"
timed "stop during a livelock" systemctl stop vhostwatch
check "systemctl stop during a livelock: within 10 s" is "${TOOK%.*}" -lt 10
check "stopped, not failed" is "$(show ActiveState) $(show Result)" == "inactive success"
check "no bpftrace is left" not_probing
timed "start during a livelock, until ready" systemctl start vhostwatch
wait_for 60 "started again: queue_livelocked is 1" livelocked_is 1
wait_for 60 "the incident goes on" field_is '"\(.state) \(.gaps | length)"' "open 1"
refill_guest "$guest"
wait_for 60 "the refill ends it" livelocked_is 0
wait_for 90 "and the incident" field_is '"\(.state) \(.how_ended)"' "closed refilled"
stop_guest "$guest"

# 4. Reload.
pid=$(main_pid)
began=$(date +%s)
sed -i 's/^confirm = .*/confirm = 5s/' "$CONF"
check "systemctl reload" systemctl reload vhostwatch
wait_for 30 "the new value is in force" said "$began" "confirm"
check "the process is the same" is "$(main_pid)" == "$pid"
printf 'confrim = 3s\n' >>"$CONF"
began=$(date +%s)
reload_fails() { ! systemctl reload vhostwatch; }
check "systemctl reload with a mistake fails" reload_fails
check "the journal names file, line and key" said "$began" "$CONF:$(wc -l <"$CONF")"
check "the daemon goes on" is "$(main_pid) $(show ActiveState)" == "$pid active"
restart_fails() { systemctl restart vhostwatch; systemctl is-failed vhostwatch; }
check "a restart with it fails" restart_fails
check "and is not tried again: exit code 78" is "$(show ExecMainStatus) $(show NRestarts)" == "78 0"
sed -i '/^confrim/d' "$CONF"
check "mended: restart" systemctl restart vhostwatch
check "ready" ready

# 5. Signals.
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
check "one and no more" is "$(pgrep -cx bpftrace)" -eq 1
pid=$(main_pid)
kill -STOP "$pid"
from=$(seconds)
wait_for 240 "SIGSTOP of the agent: the watchdog ends it, and another is ready" another_pid "$pid"
note "SIGSTOP to ready" "$(since "$from") s"
check "systemd says why" is "$(journalctl -u vhostwatch -o cat --grep 'Watchdog timeout' | wc -l)" -ge 1
check "one bpftrace after all that" is "$(pgrep -cx bpftrace)" -eq 1

# An upgrade of Java puts other files in the places of those that run.
pid=$(main_pid)
began=$(date +%s)
helper=$(readlink -f /usr/bin/java)
helper=${helper%/bin/java}/lib/jspawnhelper
cp -p "$helper" "$helper.new" && mv "$helper.new" "$helper"
from=$(seconds)
wait_for 120 "Java upgraded: the daemon ends, and another is ready" another_pid "$pid"
note "upgrade of Java to ready" "$(since "$from") s"
check "the journal says why" said "$began" "Java was upgraded"

# 6. Too little memory for bpftrace: the kernel ends that one, the service goes on and says so; with more it is whole again.
pid=$(main_pid)
systemctl set-property --runtime vhostwatch.service MemoryMax=110M
kill -KILL "$(pgrep -x bpftrace)"
without() { show StatusText | grep -F degraded && journalctl -k -o cat --grep 'Memory cgroup out of memory.*bpftrace' | tail -n 1; }
wait_for 180 "with 110 MB: bpftrace is killed for memory, and STATUS says that it is missing" without
check "the agent is the same, and active" is "$(main_pid) $(show ActiveState)" == "$pid active"
systemctl set-property --runtime vhostwatch.service MemoryMax=512M
wait_for 180 "with 512 MB: the sentinel is back" metric_is vhostwatch_bpftrace_up == 1
check "and the agent still the same" is "$(main_pid)" == "$pid"

# 7. Without CAP_SYS_ADMIN: said, and where perf_event_paranoid is upstream's, every probe attaches. Meanwhile the clock
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

# 8. The folder of the state is read-only.
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
rm -r "/etc/systemd/system/${DROP_IN%/*}"
systemctl daemon-reload
sysctl -qw kernel.perf_event_paranoid=3

# 9. Removed, installed again, purged.
check "apt remove" apt remove -y vhostwatch
check "the service is gone" not_probing
check "configuration and state stay" test -e "$CONF" -a -e "$(newest)"
check "apt install again" apt install -y "$PACKAGE"
check "with the configuration as it was" is "$(tail -n 1 "$CONF")" == "confirm = 5s"
wait_for 60 "it runs" ready
check "apt purge" apt purge -y vhostwatch
left() { find / -xdev -iname '*vhostwatch*' -not -path '/opt/*' -not -path '/results/*' -not -path '/proc/*' -not -path '/tmp/*' -not -path '/var/log/*' -not -path '/sys/*'; }
check "nothing is left" is "$(left)" == ""
check "systemd knows it no more" is "$(systemctl show --value -p LoadState vhostwatch)" == not-found
check "nobody listens" is "$(curl -so /dev/null -w '%{http_code}' http://127.0.0.1:19739/)" == 000
