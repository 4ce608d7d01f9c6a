# hang: VMMs in D state, whose command line and maps nobody can read, slow nothing down and keep their names
# kernels: affected
# timeout: 1200
# shellcheck shell=bash

# The VMMs hang on a page of a file on a frozen file system, with their memory map locked (vhost-guest --hang).
HUNG=5
DISK=/tmp/disk

# Reads of this process block: a child that tries it has to be killed.
unreadable() { ! timeout -s KILL 1 cat "/proc/$1/cmdline" >/dev/null; }
readable() { timeout -s KILL 2 cat "/proc/$1/cmdline" >/dev/null; }
in_d_state() { # PID COUNT: that many of its threads are in D state
    local stat count=0
    for stat in "/proc/$1/task"/*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue
        line=${line##*) }
        [ "${line%% *}" != D ] || count=$((count + 1))
    done
    is "$count" -eq "$2"
}

# cycles NAME SECONDS: the median length of the daemon's cycles meanwhile, in ms, from its counters: CYCLE_MS. Each look
# asks for its health as well; UNWELL counts the answers that were not 200.
cycles() {
    local file=$RESULTS/cycles-$1.txt from sum count last_sum='' last_count='' code
    from=$(seconds) UNWELL=0
    : >"$file"
    while awk -v t="$(since "$from")" -v limit="$2" 'BEGIN { exit !(t < limit) }'; do
        code=$(curl -so /dev/null --max-time 3 -w '%{http_code}' http://127.0.0.1:19739/-/healthy)
        [ "$code" = 200 ] || UNWELL=$((UNWELL + 1))
        read -r sum count < <(ask /metrics | awk '$1 == "vhostwatch_cycle_seconds_sum" { s = $2 } $1 == "vhostwatch_cycle_seconds_count" { c = $2 } END { print s, c }')
        if [ -n "$last_sum" ]; then
            awk -v s="$sum" -v c="$count" -v ls="$last_sum" -v lc="$last_count" 'BEGIN { if (c > lc) printf "%.1f\n", (s - ls) / (c - lc) * 1000 }' >>"$file"
        fi
        last_sum=$sum last_count=$count
        sleep 0.5
    done
    CYCLE_MS=$(sort -g "$file" | awk '{ v[NR] = $1 } END { if (NR == 0) exit 1; printf "%.1f", v[int((NR + 1) / 2)] }')
    note "cycles, $1" "$(wc -l <"$file") looks, median $CYCLE_MS ms, longest $(sort -g "$file" | tail -n 1) ms, $UNWELL without an answer 200"
}
no_slower() { awk -v a="$1" -v b="$2" -v more="$3" 'BEGIN { printf "%s, before %s", a, b; exit !(a <= 2 * b + more) }'; }
named() { # NAME OF VMM NUMBER: /api/v1/threads says so
    is "$(ask /api/v1/threads | jq -r --argjson pid "${PIDS[$2]}" '[.queues[] | select(.vm_pid == $pid) | "\(.vm) \(.tap) \(.queue_index)"] | join(", ")')" == "$1 hang$2 0"
}
all_named() { local i; for ((i = 1; i <= HUNG; i++)); do named "${1/\%d/$i}" "$i" || return; done; }
# NAME of an output: each VMM that hangs is there, by its name or by its process.
lists_all() {
    local i
    for ((i = 1; i <= HUNG; i++)); do
        jq -re --argjson pid "${PIDS[$i]}" --arg name "sick$i" --arg process "vhost-guest-${PIDS[$i]}" --arg array "$2" \
            '.[$array][] | select(.vm_pid == $pid) | select(.vm == $name or .vm == $process) | "\(.vm) \(.tap)"' "$RESULTS/$1.out" || {
            printf 'not there: VMM %s, process %s' "$i" "${PIDS[$i]}"
            return 1
        }
    done
}
livelocked_is() { metric_is vhostwatch_queue_livelocked == "$1" "tap=\"$2\"" "vm=\"$3\""; }
thaw() { fsfreeze -u "$DISK" 2>/dev/null; }
trap 'thaw; jobs -p | xargs -r kill -9 2>/dev/null' EXIT

modprobe loop
truncate -s 32M "$DISK.img"
mkfs.ext4 -q -O ^has_journal "$DISK.img"
mkdir "$DISK"
mount -o loop "$DISK.img" "$DISK" || fatal "a file system on a loop device"

start_guest --tap fine0 --onset-after -1 --poses-as -name fine
fine=$GUEST_PID
declare -A PIDS=()
for ((i = 1; i <= HUNG; i++)); do
    # The last one answers nothing at all: its main thread hangs too.
    whole=()
    [ "$i" -lt "$HUNG" ] || whole=(--hang-main)
    start_guest --tap "hang$i" --onset-after -1 --hang "$DISK/page$i" "${whole[@]}" --poses-as -name "guest=sick$i,debug-threads=on"
    PIDS[$i]=$GUEST_PID
done

run_vhostwatch before threads --format json
usual_threads=$VW_SECONDS
run_vhostwatch diagnose-before diagnose --duration 5s --format json
usual_diagnose=$VW_SECONDS
check "before: diagnose finds nothing wrong" is "$VW_STATUS" -eq 0

start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 60 "it knows the VMMs" all_named 'sick%d'
cycles usual 20
usual_cycle=$CYCLE_MS

fsfreeze -f "$DISK" || fatal "the file system freezes"
for ((i = 1; i <= HUNG; i++)); do kill -QUIT "${PIDS[$i]}"; done
for ((i = 1; i <= HUNG; i++)); do
    wait_for 20 "VMM $i hangs: two of its threads are in D state" in_d_state "${PIDS[$i]}" 2
    check "and its command line cannot be read ($i)" unreadable "${PIDS[$i]}"
done

cycles hung 30
check "with $HUNG VMMs that hang, the daemon's cycle takes no longer (ms)" no_slower "$CYCLE_MS" "$usual_cycle" 20
check "and it is healthy all the time (answers that were not 200)" is "$UNWELL" -eq 0
check "they still have their names" all_named 'sick%d'
run_vhostwatch diagnose-hung diagnose --duration 5s --format json
check "diagnose takes its usual time among them (s)" no_slower "$VW_SECONDS" "$usual_diagnose" 20
onset_guest "$fine"
onset=$(seconds)
wait_for 20 "a livelock elsewhere: queue_livelocked is 1" livelocked_is 1 fine0 fine
note "onset to queue_livelocked 1" "$(since "$onset") s"
wait_for 60 "and its evidence is captured" metric_is vhostwatch_captures_total '>=' 1

run_vhostwatch threads threads --format json
check "threads exits 0" is "$VW_STATUS" -eq 0
check "in its usual time (s)" no_slower "$VW_SECONDS" "$usual_threads" 10
check "and lists the VMMs that hang" lists_all threads threads
run_vhostwatch diagnose diagnose --duration 5s --format json
check "diagnose exits 2" is "$VW_STATUS" -eq 2
check "and lists the VMMs that hang" lists_all diagnose queues
check "the livelock is on the queue that has it, and on no other" json diagnose '[.queues[] | select(.verdict == "LIVELOCKED") | .tap] | join(" ")' fine0
for name in threads diagnose; do check "no stack trace ($name)" clean "$name"; done
refill_guest "$fine"
wait_for 20 "after the refill queue_livelocked is 0" livelocked_is 0 fine0 fine

onset_guest "${PIDS[2]}"
onset=$(seconds)
wait_for 20 "a livelock of a VMM that hangs: queue_livelocked is 1, with its name" livelocked_is 1 hang2 sick2
note "onset to queue_livelocked 1, of a VMM that hangs" "$(since "$onset") s"
vhost-guest --tap "hang$HUNG" --behaviour send --traffic-for 0 --seconds 1 >"$RESULTS/send.log" 2>&1
wait_for 20 "and of one whose main thread hangs" livelocked_is 1 "hang$HUNG" "sick$HUNG"
check "both of them still hang" unreadable "${PIDS[2]}"
check "(the other too)" unreadable "${PIDS[$HUNG]}"

# Two workers spin on two CPUs now.
cycles livelocked 30

end_daemon TERM
check "TERM, with livelocks and VMMs that hang: gone within 10 s" is "${DAEMON_SECONDS%.*}" -lt 10
check "with exit code 143" is "$DAEMON_STATUS" -eq 143
start_daemon
wait_for 240 "started among VMMs that hang: the daemon is ready" ask /-/ready
by_process() { named "vhost-guest-${PIDS[1]}" 1; }
wait_for 60 "it names them by their process" by_process
wait_for 20 "and finds the livelock" livelocked_is 1 hang2 "vhost-guest-${PIDS[2]}"
cycles restarted 30
# Its code is cold yet, so that no figure of the daemon before it compares.
check "and no cycle waits for what hangs (median below 1000 ms)" is "${CYCLE_MS%.*}" -lt 1000

thaw
for ((i = 1; i <= HUNG; i++)); do wait_for 20 "thawed: VMM $i can be read again" readable "${PIDS[$i]}"; done
wait_for 90 "and all have their names" all_named 'sick%d'
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
check "no daemon's log has a stack trace" is "$(cat "$RESULTS"/daemon-*.log | grep -cE '^\s+at |Exception')" -eq 0
for ((i = 1; i <= HUNG; i++)); do stop_guest "${PIDS[$i]}"; done
stop_guest "$fine"
