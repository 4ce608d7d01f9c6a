# recordings: takes the recordings that the detector's tests play, one a behaviour of the guest; judges nothing
# kernels: all
# timeout: 400
# shellcheck shell=bash

# take NAME OPTION...: a recording of one diagnose while the guest behaves so.
take() {
    local name=$1
    shift
    start_guest --tap lab0 "$@"
    sleep 2
    vhostwatch diagnose --duration 5s --record "$RESULTS/$KERNEL-$name.ndjson" >"$RESULTS/$name.txt" 2>&1
    note "$name" "exit code $?: $(grep -m 1 confidence "$RESULTS/$name.txt")"
    check "$name: a recording is left" test -s "$RESULTS/$KERNEL-$name.ndjson"
    stop_guest
}

modprobe -a tun vhost_net
if [ "$KERNEL_STATUS" = affected ]; then take livelock; else take starved; fi
take slow --behaviour slow
take healthy --behaviour healthy --buffers 256
take overrun --behaviour healthy --buffers 256 --features no_mrg --size 1024
