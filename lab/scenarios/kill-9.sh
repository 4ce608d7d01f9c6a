# kill-9: the agent is killed at random moments of a livelock: no bpftrace outlives it, no file is torn, its incident goes on
# kernels: affected
# timeout: 9000
# set: KILL9_ROUNDS=200 KILL9_LONGEST (seconds from a start to the kill, at most; else a quarter more than a start takes here until its capture is on disk) KILL9_SEED (of the dice; else any)
# shellcheck shell=bash

# Two of three rounds kill during the start, within a sixth of the longest time; every tenth does not roll dice: it kills as
# soon as a record is being written, which random moments hardly ever hit. Every other chapter of 25 rounds begins with nothing,
# so that the first writing of a record is among what is hit.

STATE=/var/lib/vhostwatch
FOLDER=$STATE/incidents
rounds=${KILL9_ROUNDS:-200} longest=${KILL9_LONGEST:-} seed=${KILL9_SEED:-$RANDOM}
table=$RESULTS/rounds.tsv faults=$RESULTS/faults.txt
: >"$faults"
mkfifo "$RESULTS/never"
exec 9<>"$RESULTS/never"
rm "$RESULTS/never"

fault() { printf 'round %s: %s\n' "$round" "$*" | tee -a "$faults"; }
pause() { read -r -t "$1" -u 9; }
writing() { compgen -G "$FOLDER/.unfinished-*" >/dev/null; }

# Kills the daemon, and waits for what it had started. Sets phase, unfinished and orphans (seconds).
kill_daemon() {
    local probes left from
    writing && unfinished=1
    kill -9 "$DAEMON_PID"
    probes=$(pgrep -x bpftrace | wc -l)
    wait "$DAEMON_PID" 2>/dev/null
    from=$(seconds)
    while left=$(pgrep -x 'bpftrace|setpriv|jspawnhelper') && within_seconds 3 "$from"; do pause 0.1; done
    orphans=$(since "$from")
    [ -z "$left" ] || fault "left after 3 s: $(ps -o pid,ppid,stat,comm,args -p "${left//$'\n'/,}")"
    phase=$(awk -v probes="$probes" '
        / started / { at = "serves" } / sentinel-up/ { at = "attached" } / census-taken/ { counted = 1 }
        / livelock-begins/ { at = "livelocked" } / incident-(opened|continued)/ { at = "recorded" } / capture-taken/ { at = "captured" }
        END { print (at ? at : "starting") (probes > 1 ? "+probing" : "") }' "$DAEMON_LOG")
    unfinished=$(compgen -G "$FOLDER/.unfinished-*" | wc -l)
}
within_seconds() { awk -v t="$(since "$2")" -v limit="$1" 'BEGIN { exit !(t < limit) }'; }

# Every file that is there is whole; once there is an incident, it is the only one, and goes on.
look_at_files() {
    local file id sum
    for file in "$STATE"/*.json "$FOLDER"/*.json; do
        [ -e "$file" ] || continue
        jq -e . "$file" >/dev/null 2>&1 || fault "$file is not JSON: $(head -c 300 "$file")"
    done
    for file in "$FOLDER"/*.json; do
        [ -e "$file" ] || continue
        id=$(basename "$file" .json)
        known=${known:-$id}
        [ "$id" = "$known" ] || fault "incident $id beside $known"
        [ "$(jq -r '"\(.schema) \(.id) \(.state) \(.count) \(.occurrences[-1].how_ended)"' "$file")" = "vhostwatch.incident/1 $id open 1 null" ] ||
            fault "$id: $(jq -c '{id, state, count, occurrences}' "$file")"
        jq -r '.gaps | length' "$file" >"$RESULTS/gaps"
    done
    for file in "$FOLDER"/*.recording; do
        [ -e "$file" ] || continue
        sum=$(sha256sum <"$file")
        # Written once, whole: what it was the first time it stays. Whether that replays is seen once a chapter.
        recorded=${recorded:-$sum}
        [ "$sum" = "$recorded" ] || fault "$file has changed"
    done
}

# A chapter ends with an agent that is let live: it goes on with the incident, and its recording replays.
end_chapter() {
    start_daemon --log-level debug
    wait_for 240 "rounds up to $round: the agent after them goes on with incident ${known:-none}" \
        grep -E "incident-${known:+continued incident=}${known:-opened}" "$DAEMON_LOG"
    [ -z "$known" ] || continued=$((continued + 1))
    wait_for 120 "rounds up to $round: there is a recording" has_recording
    look_at_files
    note "rounds up to $round" "phases: $(phases)"
    check "rounds up to $round: it is the only incident" is "$(ask /api/v1/incidents | jq -r '[.incidents[].id] | join(" ")')" == "$known"
    wait_for 10 "rounds up to $round: nothing unfinished is left" not writing
    end_daemon KILL
    run_vhostwatch "replay-$round" replay "$FOLDER/$known.recording"
    check "rounds up to $round: its recording replays to LIVELOCKED (exit code 2)" is "$VW_STATUS" -eq 2
}
has_recording() { compgen -G "$FOLDER/*.recording"; }
phases() { tail -n +2 "$table" | cut -f 4 | sort | uniq -c | awk '{ printf "%s%s %d", s, $2, $1; s = ", " }'; }
not() { ! "$@"; }

# What another scenario of this boot has left open is not this livelock.
rm -rf "$FOLDER"
check "the archive of classes is made, as a package does it" vhostwatch --renew-archive
start_guest --tap lab0
# A worker that has a CPU for itself leaves an emulated machine little to start agents with.
echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
mkdir -p /sys/fs/cgroup/guest
echo "20000 100000" >/sys/fs/cgroup/guest/cpu.max
echo "$GUEST_PID" >/sys/fs/cgroup/guest/cgroup.procs
if [ -z "$longest" ]; then
    from=$(seconds)
    start_daemon
    wait_for 240 "an agent that is let live has a recording" has_recording
    longest=$(awk -v t="$(since "$from")" 'BEGIN { printf "%d", t * 1.25 + 1 }')
    end_daemon KILL
    rm -rf "$STATE"
fi
note "longest" "$longest s"
note "seed" "$seed"
RANDOM=$seed
known='' recorded='' continued=0
printf 'round\tkind\tseconds\tphase\tunfinished\torphans_s\tincident\tgaps\n' >"$table"
for ((round = 1; round <= rounds; round++)); do
    kind=random unfinished=0
    delay=$(awk -v r="$((RANDOM * 32768 + RANDOM))" -v longest="$longest" 'BEGIN { printf "%.3f", r / 1073741824 * longest }')
    ((round % 3)) && delay=$(awk -v t="$delay" 'BEGIN { print t / 6 }')
    ((round % 10)) || kind='write'
    : >"$RESULTS/gaps"
    from=$(seconds)
    start_daemon --log-level debug
    if [ "$kind" = random ]; then pause "$delay"; else
        until writing || ! within_seconds $((longest * 3 / 2)) "$from"; do pause 0.002; done
    fi
    kill_daemon
    look_at_files
    printf '%d\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n' "$round" "$kind" "$(since "$from")" "$phase" "$unfinished" "$orphans" "$known" "$(cat "$RESULTS/gaps")" >>"$table"
    if ((round % 25 == 0 || round == rounds)); then
        end_chapter
        note "rounds" "$round of $rounds after $(seconds) s; faults $(wc -l <"$faults")"
        if ((round % 50 == 0)); then rm -rf "$STATE" && known='' recorded=''; fi
    fi
done

note "phases that were hit" "$(phases)"
note "kills with a file half written" "$(awk -F'\t' 'NR > 1 && $5 > 0' "$table" | wc -l)"
note "longest time that a bpftrace outlived its agent" "$(tail -n +2 "$table" | cut -f 6 | sort -g | tail -n 1) s"
note "rounds in which a record was there" "$(awk -F'\t' 'NR > 1 && $7 != ""' "$table" | wc -l)"
check "the agent was killed (times)" is "$(($(wc -l <"$table") - 1))" -eq "$rounds"
check "an incident was there to go on with (chapters)" is "$continued" -ge 1
check "while it started, too" grep -c starting "$table"
check "while it was attached, too" grep -cE 'attached|livelocked|recorded|captured' "$table"
check "while it wrote, too" is "$(awk -F'\t' 'NR > 1 && $5 > 0' "$table" | wc -l)" -ge 1
check "no bpftrace outlived it by 3 s, no file was torn, no second incident" not grep . "$faults"
check "no agent's log has a stack trace" is "$(cat "$RESULTS"/daemon-*.log | grep -cE '^\s+at |Exception')" -eq 0
stop_guest
