# faults: bpftrace absent, hanging or killed, vhost_net absent or reloaded, no privileges: clear words, right exit codes, recovery
# kernels: affected
# timeout: 2400
# shellcheck shell=bash

spins() { is "$(cpu_percent "$(worker_of "$GUEST_PID")" 4)" -ge 80; }
says_clearly() { # NAME WORDS
    check "$1: it says why" says "$1" "$2"
    check "$1: without a stack trace" clean "$1"
}
failed_clearly() { # NAME CODE WORDS
    check "$1: exit code $2" is "$VW_STATUS" -eq "$2"
    says_clearly "$1" "$3"
}

# --- usage
run_vhostwatch usage-option diagnose --no-such-option
failed_clearly usage-option 64 "--no-such-option"
run_vhostwatch usage-value run --census-period never
failed_clearly usage-value 64 --census-period
run_vhostwatch usage-file replay /nonexistent
failed_clearly usage-file 64 /nonexistent

start_guest --tap lab0
check "there is a livelock (percent of a CPU)" spins

# --- a plain user
run_as_user() {
    # shellcheck disable=SC2317  # run_vhostwatch calls it
    vhostwatch() { setpriv --reuid=65534 --regid=65534 --clear-groups /opt/vhostwatch/bin/vhostwatch "$@"; }
    run_vhostwatch "$@"
    unset -f vhostwatch
}
run_as_user user-diagnose diagnose --duration 5s
failed_clearly user-diagnose 3 "not root"
run_as_user user-check check
failed_clearly user-check 3 "not root"

# --- bpftrace absent
hidden=$RESULTS/hidden
cat >"$hidden" <<'EOF'
#!/bin/sh
mount --bind /dev/null /usr/bin/bpftrace
exec /opt/vhostwatch/bin/vhostwatch "$@"
EOF
chmod +x "$hidden"
run_without_bpftrace() {
    # shellcheck disable=SC2317  # run_vhostwatch calls it
    vhostwatch() { unshare --mount "$hidden" "$@"; }
    run_vhostwatch "$@"
    unset -f vhostwatch
}
run_without_bpftrace absent-diagnose diagnose --duration 5s
failed_clearly absent-diagnose 3 "bpftrace is not installed"
run_without_bpftrace absent-check check
failed_clearly absent-check 3 "bpftrace is not installed"

start_daemon --bpftrace /nonexistent
wait_for 240 "bpftrace absent: the daemon serves" ask /-/healthy
wait_for 30 "bpftrace absent: the daemon is ready, for it knows why" ask /-/ready
check "bpftrace absent: bpftrace_up is 0" metric_is vhostwatch_bpftrace_up == 0
check "bpftrace absent: it counts the worker" metric_is vhostwatch_workers == 1
check "bpftrace absent: it does not say livelocked" is "$(metric vhostwatch_queue_livelocked | grep -c 1)" -eq 0
sleep 10
check "bpftrace absent: the daemon runs on" survives
check "bpftrace absent: and says why, once" is "$(grep -c /nonexistent "$DAEMON_LOG")" -eq 1
end_daemon TERM
check "bpftrace absent: it ends with 143" is "$DAEMON_STATUS" -eq 143

# --- bpftrace hanging: from the start, or once it has told its version
printf '#!/bin/sh\nexec sleep 1000\n' >"$RESULTS/hangs"
# shellcheck disable=SC2016  # for the script
printf '#!/bin/sh\n[ "$1" = --version ] && exec /usr/bin/bpftrace --version\nexec sleep 1000\n' >"$RESULTS/hangs-later"
chmod +x "$RESULTS/hangs" "$RESULTS/hangs-later"
for how in hangs hangs-later; do
    run_vhostwatch "$how" diagnose --duration 5s --bpftrace "$RESULTS/$how"
    failed_clearly "$how" 3 within
    # 60 s of patience and 20 s until it is killed, for livelocked hosts; the rest is the emulated start.
    check "$how: diagnose ends within 150 s" within 150 "$VW_SECONDS"
    check "$how: its bpftrace is gone" is "$(pgrep -fc '^sleep 1000')" -eq 0
done
start_daemon --bpftrace "$RESULTS/hangs-later"
wait_for 240 "bpftrace hanging: the daemon serves" ask /-/healthy
sleep 15
check "bpftrace hanging: the daemon goes round" ask /-/healthy
check "bpftrace hanging: bpftrace_up is 0" metric_is vhostwatch_bpftrace_up == 0
end_daemon TERM
check "bpftrace hanging: TERM ends the daemon within 10 s" is "${DAEMON_SECONDS%.*}" -lt 10
check "bpftrace hanging: its bpftrace is gone" is "$(pgrep -fc '^sleep 1000')" -eq 0

# --- bpftrace killed once a second
start_daemon
wait_for 240 "bpftrace killed: the daemon is ready" ask /-/ready
wait_for 30 "bpftrace killed: queue_livelocked is 1 before" livelocked_is 1 lab0
for ((i = 0; i < 20; i++)); do
    probing | xargs -r kill -9
    sleep 1
done
ended=$(seconds)
check "bpftrace killed: the daemon survives" survives
check "bpftrace killed: and serves" ask /-/healthy
up_and_livelocked() { metric_is vhostwatch_bpftrace_up == 1 && livelocked_is 1 lab0; }
wait_for 60 "bpftrace killed: the sentinel is back and queue_livelocked is 1" up_and_livelocked
note "from the last kill to recovery" "$(since "$ended") s"
check "bpftrace killed: restarts are counted" metric_is vhostwatch_bpftrace_restarts_total '>=' 1
refill_guest
wait_for 20 "bpftrace killed: after the refill queue_livelocked is 0" livelocked_is 0 lab0

# --- vhost_net reloaded under the daemon
stop_guest
check "vhost_net can be unloaded under the daemon" modprobe -r vhost_net
wait_for 30 "unloaded: bpftrace_up is 0" metric_is vhostwatch_bpftrace_up == 0
check "unloaded: the daemon serves" ask /-/healthy
modprobe vhost_net
start_guest --tap lab1
onset=$(seconds)
wait_for 60 "reloaded: a livelock is detected" livelocked_is 1 lab1
note "reloaded: from the onset to queue_livelocked 1" "$(since "$onset") s"
stop_guest
end_daemon TERM

# --- vhost_net not loaded at the start
modprobe -r vhost_net
check "vhost_net is not loaded" test ! -e /sys/module/vhost_net
run_vhostwatch unloaded-threads threads
failed_clearly unloaded-threads 0 "vhost_net is not loaded"
run_vhostwatch unloaded-diagnose diagnose --duration 5s
nothing_or_unknown() { printf '%s' "$VW_STATUS" && [[ $VW_STATUS == [03] ]]; }
check "unloaded: diagnose finds nothing wrong, or says that it cannot tell (exit code 0 or 3)" nothing_or_unknown
says_clearly unloaded-diagnose "vhost_net is not loaded"
start_daemon
wait_for 240 "unloaded: the daemon is ready" ask /-/ready
sleep 20
check "unloaded: the daemon is quiet (lines of log in 20 s)" is "$(wc -l <"$DAEMON_LOG")" -le 5
modprobe vhost_net
vhostwatch drill --seconds 200 >"$RESULTS/drill.out" 2>"$RESULTS/drill.err" &
drill=$!
wait_for 60 "the drill's onset" grep -q 'onset: ' "$RESULTS/drill.err"
onset=$(seconds)
wait_for 60 "loaded later: the drill's livelock is detected" livelocked_is 1 vwdrill0
note "loaded later: from the onset to queue_livelocked 1" "$(since "$onset") s"
kill "$drill"
wait "$drill"
wait_for 15 "the drill's queue is gone" no_series vwdrill0
end_daemon TERM
check "TERM ends the daemon with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
check "no daemon's log has a stack trace" is "$(cat "$RESULTS"/daemon-*.log | grep -cE '^\s+at |Exception')" -eq 0
