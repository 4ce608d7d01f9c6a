# For scenarios with the package as a service of systemd; they source it in the VM, where lab/lib/scenario.sh comes before.
# shellcheck shell=bash
# shellcheck disable=SC2034  # for the scenario

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
newest() { find "$STATE/incidents" -name '*.json' 2>/dev/null | sort | tail -n 1; }
field_is() { is "$(jq -r "$1" "$(newest)")" == "$2"; }
looked() { field_is '.looks[0].captured' true; }
# The capabilities of a process, as their numbers: DAC_READ_SEARCH 2, SYS_PTRACE 19, SYS_ADMIN 21, SYSLOG 34, PERFMON 38, BPF 39.
capabilities() {
    local mask i
    mask=$((16#$(awk '/^CapEff:/ { print $2 }' "/proc/$1/status")))
    for i in {0..40}; do ((mask >> i & 1)) && printf '%s ' "$i"; done
}

# emulated_cpu: what the unit allows is for CPUs of hardware. On emulated ones the archive of classes takes nearly the minute
# that it may, and the first census and the sentinel, compiled side by side, more than the one CPU that they have by then.
LAB_DROP_IN=/run/systemd/system/vhostwatch.service.d/lab.conf
emulated_cpu() {
    local archive
    archive=$(dpkg-deb --fsys-tarfile "$PACKAGE" | tar -xO ./usr/lib/systemd/system/vhostwatch.service | sed -n "s/^\(ExecStartPost=.*timeout\) 60 /\1 $((60 * PATIENCE)) /p")
    [ "$archive" ] || fatal "the unit gives the archive of classes 60 s"
    mkdir -p "${LAB_DROP_IN%/*}"
    printf '[Service]\nExecStartPost=\n%s\nTimeoutStartSec=%d\nCPUQuota=\n' "$archive" $((90 * PATIENCE)) >"$LAB_DROP_IN"
    systemctl daemon-reload
}
real_cpu() {
    rm -r "${LAB_DROP_IN%/*}"
    systemctl daemon-reload
}
