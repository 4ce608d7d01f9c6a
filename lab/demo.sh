# What ./demo runs in the VM. Every wait has a deadline; what does not come ends the demo with exit code 1.
# shellcheck shell=bash

METRICS=http://127.0.0.1:19739/metrics

stamp() { printf '\n[%6.1f s] %s\n' "$(cut -d' ' -f1 /proc/uptime)" "$*"; }
give_up() {
    stamp "this did not work: $*"
    cat /tmp/daemon.log
    exit 1
}
# 1 if any queue is livelocked, else 0: no queue is no livelock either.
livelocked() { curl -s "$METRICS" | awk '/^vhostwatch_queue_livelocked/ { if ($NF > worst) worst = $NF } END { print worst + 0 }'; }
until_livelocked_is() {
    local tries=$((2 * $2))
    until [ "$(livelocked)" = "$1" ]; do
        [ $((tries -= 1)) -gt 0 ] || give_up "vhostwatch_queue_livelocked is not $1 after $2 s"
        sleep 0.5
    done
    stamp "vhostwatch_queue_livelocked is $1"
    curl -s "$METRICS" | grep '^vhostwatch_queue_livelocked' || echo "(no vhost_net queue on this host now)"
}

stamp "Linux $(uname -r), bpftrace $(bpftrace --version | grep -o '[0-9.]*$')"
modprobe -a tun vhost_net
# An emulated CPU is several times slower: what is little on hardware would be over the ceiling.
stamp "starting the daemon: vhostwatch run --max-cpu 0"
vhostwatch run --max-cpu 0 >/tmp/daemon.log 2>&1 &
tries=180
until curl -sf http://127.0.0.1:19739/-/ready >/dev/null; do
    [ $((tries -= 1)) -gt 0 ] || give_up "the daemon is not ready after 90 s"
    sleep 0.5
done
stamp "the daemon is ready"
until_livelocked_is 0 5

stamp "livelocking a vhost worker on purpose: vhostwatch drill"
vhostwatch drill --seconds 500 >/tmp/drill.out 2>/tmp/drill.log &
drill=$!
until_livelocked_is 1 90

stamp "the one-shot command, while it lasts: vhostwatch diagnose"
code=0
vhostwatch diagnose --duration 5s || code=$?
[ "$code" = 2 ] || give_up "diagnose ended with $code, not with 2 (livelocked)"

stamp "ending the drill: it refills the ring"
kill -TERM "$drill"
wait "$drill"
cat /tmp/drill.log /tmp/drill.out
until_livelocked_is 0 30

stamp "what the daemon logged"
cat /tmp/daemon.log
kill %1
stamp "that was it"
