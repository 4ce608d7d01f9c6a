# What the lab needs from the system, installed when it is lacking. Sourced, after common.sh; `lab/deps` runs it by itself.
# shellcheck shell=bash

# A command that tells that a package is there, and the package.
LAB_DEPS='
mmdebstrap:mmdebstrap mke2fs:e2fsprogs zstd:zstd xz:xz-utils sfdisk:fdisk gcc:gcc make:make depmod:kmod flock:util-linux setpriv:util-linux
/usr/include/linux/vhost.h:linux-libc-dev /usr/lib/x86_64-linux-gnu/libc.a:libc6-dev
/usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring tar:tar stty:coreutils cpio:cpio jq:jq
'

# What the build and the tests of the agent need beyond that.
BUILD_DEPS='/usr/sbin/ip:iproute2 javac:default-jdk-headless mvn:maven bpftrace:bpftrace unshare:util-linux git:git curl:curl'

# What the distributions test packages with, for packaging/check.
PACKAGE_DEPS='rpm:rpm rpmlint:rpmlint lintian:lintian systemd-analyze:systemd deb-systemd-helper:init-system-helpers gzip:gzip jq:jq unzip:unzip'

# What looks at the project's scripts.
SCRIPT_DEPS='shellcheck:shellcheck dash:dash'

package_deps() { install_missing "$PACKAGE_DEPS"; }
# What the tests of the agent in a browser and with Alertmanager need.
TEST_DEPS='chromium:chromium w3m:w3m node:nodejs npm:npm /usr/bin/prometheus-alertmanager:prometheus-alertmanager'

lab_deps() { install_missing "$LAB_DEPS"; }
build_deps() { install_missing "$BUILD_DEPS"; }
test_deps() { install_missing "$TEST_DEPS"; }
script_deps() { install_missing "$SCRIPT_DEPS"; }

# install_missing PAIRS: installs the packages of those pairs whose command or file is not there.
install_missing() {
    local pair missing=()
    for pair in $1; do
        case $pair in
        /*) [ -e "${pair%%:*}" ] || missing+=("${pair#*:}") ;;
        *) command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    [ "$(id -u)" = 0 ] || die "that needs root; or install them yourself: apt-get install ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    without_services update_and_install "${missing[@]}" || die "installing ${missing[*]} failed"
}

update_and_install() { apt_get update && apt_get install -y --no-install-recommends "$@"; }

# apt_get ARGUMENT...: its output is shown only if it fails. While another program has one of its locks, as one that upgrades by itself
# after a boot, it is tried again for five minutes: its own DPkg::Lock::Timeout is not about the lock of the lists.
apt_get() {
    local said began=$SECONDS told=''
    until said=$(LC_ALL=C apt-get -q "$@" 2>&1); do
        if [[ $said != *'Could not get lock'* ]] || ((SECONDS - began >= 300)); then
            tail -n 25 <<<"$said" | sed 's/^/    /' >&2
            return 1
        fi
        if [ ! "$told" ] && ((SECONDS - began >= 2)); then
            told=yes
            say "waiting for another program: $(grep -m 1 'Could not get lock' <<<"$said")"
        fi
        sleep 1
    done
}

# Where no udev runs, as in a container, the kernel may have tun and /dev not: what is tested with taps would be skipped.
tun_device() {
    [ -e /dev/net/tun ] || { mkdir -p /dev/net && mknod -m 666 /dev/net/tun c 10 200 && say "made /dev/net/tun"; }
}

POLICY=/usr/sbin/policy-rc.d POLICY_LOCK=/run/vhostwatch-install.lock
# One that was left behind, as of a machine that stopped, forbids nothing: nobody has the lock.
POLICY_TEXT="#!/bin/sh
# vhostwatch: packages are being installed for its tests, and nobody has asked for their services.
flock -n $POLICY_LOCK true && exit 0
exit 101"

# without_services COMMAND...: while it runs, packages that are installed start no service, as policy-rc.d(8) says. A policy
# that is there stays as it is. In a shell of its own, which takes its policy away however it ends; one at a time, else the
# first to end would take it from the other.
without_services() (
    exec 9>"$POLICY_LOCK"
    flock 9
    if [ "$(cat "$POLICY" 2>/dev/null)" = "$POLICY_TEXT" ] || ! { [ -e "$POLICY" ] || [ -L "$POLICY" ]; }; then
        trap 'exit 1' HUP INT TERM
        trap 'rm -f "$POLICY"' EXIT
        { printf '%s\n' "$POLICY_TEXT" >"$POLICY" && chmod 755 "$POLICY"; } || exit
    fi
    "$@"
)
