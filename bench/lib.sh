# What the benchmarks share. Sourced, from the folder of the project.
# shellcheck shell=bash

JAVA=${JAVA_HOME:+$JAVA_HOME/bin/}java
CLASSES="bench/target/classes:bench/target/lib/*"

# Builds the agent and the benchmarks, without tests; not if BENCH_BUILT says that it has been done.
build() { [ "${BENCH_BUILT:-}" ] || mvn -q -B -ntp -Pbench -DskipTests package; }

# installed FOLDER: the program with its archive of classes, as it is after the first start of the service.
installed() { cp -a agent/target/vhostwatch "$1" && "$1/bin/vhostwatch" --renew-archive; }

# on_made_up_host FOLDER WORKERS COMMAND...: runs the command where /proc and /sys show a host with so many workers. The
# folder is to be in memory. What a process needs of the real /proc and /sys, itself above all, is there as links.
on_made_up_host() {
    local folder=$1 workers=$2
    shift 2
    "$JAVA" -Xmx256m -cp "$CLASSES" org.vhostwatch.bench.MakeHost "$folder" "$workers" /proc/kallsyms || return
    install -m 755 bench/stand-in "$folder/bpftrace" || return
    # shellcheck disable=SC2016
    unshare -m sh -ec '
        folder=$1 && shift
        mkdir -p "$folder/real/proc" "$folder/real/sys"
        mount --rbind /proc "$folder/real/proc"
        mount --rbind /sys "$folder/real/sys"
        for name in self thread-self mounts cpuinfo meminfo stat uptime loadavg sys cgroups filesystems vmstat version diskstats net; do
            ln -s "$folder/real/proc/$name" "$folder/proc/$name"
        done
        for name in devices fs class block bus; do ln -s "$folder/real/sys/$name" "$folder/sys/$name"; done
        mount --bind "$folder/proc" /proc
        mount --bind "$folder/sys" /sys
        exec "$@"' - "$folder" "$@"
}
