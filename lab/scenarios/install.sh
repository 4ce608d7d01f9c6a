# install: the package on a host with systemd: upgrade, readiness, sandbox, livelock, reload, purge
# kernels: affected
# distribution: none
# packages: yes
# init: systemd
# timeout: 1000
# shellcheck shell=bash

# shellcheck source=../lib/service.sh
. /opt/lab/service.sh

timed() { # timed NAME COMMAND...: TOOK, in seconds
    local from status=0
    from=$(seconds)
    "${@:2}" || status=$?
    TOOK=$(since "$from")
    note "$1" "$TOOK s"
    return "$status"
}
# What the unit grants on Debian.
DEBIAN='2 19 21 34 38 39 '

wait_for 120 "systemd has started the host" systemctl is-system-running --wait
check "systemd is PID 1" is "$(readlink /proc/1/exe)" == /usr/lib/systemd/systemd
emulated_cpu

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
# The sentinel's is the oldest: a census may be under way.
check "bpftrace too" is "$(capabilities "$(pgrep -o -x bpftrace)")" == "$DEBIAN"
check "bpftrace is in the service's cgroup" is "$(cat "/proc/$(pgrep -o -x bpftrace)/cgroup")" == "0::/system.slice/vhostwatch.service"
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
check "systemctl stop during a livelock" within 5 "$TOOK"
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

# 5. Removed, installed again, purged.
check "apt remove" apt remove -y vhostwatch
check "the service is gone" not_probing
check "configuration and state stay" test -e "$CONF" -a -e "$(newest)"
check "apt install again" apt install -y "$PACKAGE"
check "with the configuration as it was" is "$(tail -n 1 "$CONF")" == "confirm = 5s"
wait_for 60 "it runs" ready
check "apt purge" apt purge -y vhostwatch
real_cpu
left() { find / -xdev -iname '*vhostwatch*' -not -path '/opt/*' -not -path '/results/*' -not -path '/proc/*' -not -path '/tmp/*' -not -path '/var/log/*' -not -path '/sys/*'; }
check "nothing is left" is "$(left)" == ""
check "systemd knows it no more" is "$(systemctl show --value -p LoadState vhostwatch)" == not-found
check "nobody listens" is "$(curl -so /dev/null -w '%{http_code}' http://127.0.0.1:19739/)" == 000
