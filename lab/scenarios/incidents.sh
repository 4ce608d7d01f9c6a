# incidents: one record a livelock, of its queue alone; kept over kill -9, SIGTERM and a full disk; a bundle without names
# kernels: affected
# timeout: 1500
# shellcheck shell=bash

FOLDER=/var/lib/vhostwatch/incidents

livelocked_is() { metric_is vhostwatch_queue_livelocked == "$1" 'tap="lab0"' 'queue="2"'; }
files() { find "$FOLDER" -name "*.$1" | wc -l; }
newest() { find "$FOLDER" -name '*.json' | sort | tail -n 1; }
field() { jq -r "$1" "$(newest)"; }
field_is() { is "$(field "$1")" == "$2"; }
state_is() { is "$(field '"\(.state) \(.how_ended) \(.count)"')" == "$1"; }
looked() { field_is '.looks[0].when' onset; }
recorded() { test -s "${1%.json}.recording"; }
ready_again() { wait_for 240 "$1: it is ready" ask /-/ready; }

# 1. A livelock on queue 2 of 4.
start_guest --tap lab0 --queues 4 --queue 2 --rate 20 --onset-after -1
start_daemon
ready_again "the daemon"
check "incidents_total is 0 before the first" metric_is vhostwatch_incidents_total == 0
onset_guest
onset=$(seconds)
wait_for 120 "onset: queue_livelocked is 1" livelocked_is 1
wait_for 120 "incidents_open is 1" metric_is vhostwatch_incidents_open == 1
wait_for 120 "and has its first look" looked
note "onset to the incident with evidence on disk" "$(since "$onset") s"
record=$(newest)
id=$(basename "$record" .json)
cp "$record" "$RESULTS/onset.json"
check "it is the only one" is "$(files json)" -eq 1
check "the file is its owner's alone" is "$(stat -c %a "$record")" == 600
check "it names the queue, as exact" field_is '"\(.schema) \(.tap) \(.queue_index) \(.identity) \(.vm)"' "vhostwatch.incident/1 lab0 2 exact vhost-guest-$GUEST_PID"
check "process, worker and start" field_is '"\(.vm_pid) \(.worker_tid > 0) \(.vm_start_ticks > 0) \(.worker_start_ticks > 0)"' "$GUEST_PID true true true"
check "it is open, and the first" state_is "open null 1"
check "its look has a capture and the queue's verdict" field_is '"\(.looks[0].captured) \(.looks[0].queue.verdict) \(.looks[0].queue.queue_index) \(.looks[0].queue.evidence.peek_ret | keys[0])"' "true LIVELOCKED 2 60366"
check "boot, kernel, version" field_is '"\(.boot_id) \(.kernel) \(.vhostwatch | length > 0)"' "$(cat /proc/sys/kernel/random/boot_id) $(uname -r) true"
wait_for 120 "the recording is there" recorded "$record"
cp "$FOLDER/$id.recording" "$RESULTS/onset.recording"
run_vhostwatch replay replay --format json "$FOLDER/$id.recording"
check "the recording replays to LIVELOCKED (exit code 2)" is "$VW_STATUS" -eq 2
check "of that queue and no other" json replay '[.queues[] | select(.verdict == "LIVELOCKED") | "\(.tap) \(.queue_index)"] | join(",")' "lab0 2"
check "/api/v1/incidents has it" is "$(ask /api/v1/incidents | jq -r '[.incidents[] | "\(.id) \(.state)"] | join(",")')" == "$id open"
check "/api/v1/incidents/ID has its look" is "$(ask "/api/v1/incidents/$id" | jq -r '"\(.schema) \(.looks[0].when)"')" == "vhostwatch.incident/1 onset"
ask / >"$RESULTS/page.html"
check "the status page shows it" grep -c "$id" "$RESULTS/page.html"

# 2. kill -9 in the middle, and on.
wait_for 120 "last_seen is written now and then" field_is '.last_seen > .confirmed' true
end_daemon KILL
check "killed: the record is whole" field_is .state open
run_vhostwatch list incidents
check "incidents lists it; exit code 2" is "$VW_STATUS" -eq 2
check "with tap and queue" says list "lab0"
start_daemon
ready_again "started again"
wait_for 120 "it is continued, with the gap" field_is '"\(.state) \(.gaps | length) \(.count)"' "open 1 1"
check "in the same record" is "$(newest)" == "$record"
check "there is one" is "$(files json)" -eq 1
check "the gap has a beginning and an end" field_is '.gaps[0].to > .gaps[0].from' true
check "the log says so" grep -F "incident $id of the agent before goes on" "$DAEMON_LOG"
wait_for 120 "after a minute there is a second look" field_is '.looks[1].when' 1m
check "with a capture of its own" field_is '.looks[1].captured' true

# 3. SIGTERM and on.
end_daemon TERM
check "SIGTERM: exit code 143" is "$DAEMON_STATUS" -eq 143
check "interrupted, not ended" state_is "interrupted agent_stopped 1"
start_daemon
ready_again "started once more"
wait_for 120 "continued again" field_is '"\(.state) \(.gaps | length) \(.count)"' "open 2 1"

# 4. Stopped and on: a flap. Then refilled.
kill -STOP "$GUEST_PID"
wait_for 120 "the guest is stopped: closed as paused" state_is "closed paused 1"
kill -CONT "$GUEST_PID"
wait_for 120 "it goes on: the same incident is open again, as the second livelock of it" state_is "open null 2"
check "there is one record still" is "$(files json)" -eq 1
check "with both livelocks" field_is '[.occurrences[].how_ended] | join(",")' "paused,"
refill_guest
from=$(seconds)
wait_for 120 "refilled: it is closed as that" state_is "closed refilled 2"
note "refill to the closed record" "$(since "$from") s"
check "incidents_open is 0" metric_is vhostwatch_incidents_open == 0
check "its log has onset and end" field_is '[.log[] | select(test("LIVELOCKED"))] | length >= 2' true
run_vhostwatch closed incidents "${id:0:12}"
check "incidents ID: exit code 0 for one that is over" is "$VW_STATUS" -eq 0
check "it says how it ended" says closed refilled
check "and shows the evidence" says closed "@peek_ret[60366]"
run_vhostwatch nosuch incidents 2000
check "no such incident: exit code 64" is "$VW_STATUS" -eq 64

# 5. A bundle without names.
run_vhostwatch bundle bundle "$id" --redact --output "$RESULTS/bundle.zip"
check "bundle: exit code 0" is "$VW_STATUS" -eq 0
mkdir "$RESULTS/bundle"
check "it unpacks" unzip -q "$RESULTS/bundle.zip" -d "$RESULTS/bundle"
no_name() { ! grep -rnE "vhost-guest-$GUEST_PID|lab0|$(hostname)" "$RESULTS/bundle"; }
check "no name of VM, tap or host is in it" no_name
run_vhostwatch rebundle replay "$RESULTS"/bundle/vhostwatch-*/incident.recording
check "its recording replays to LIVELOCKED" is "$VW_STATUS" -eq 2
stop_guest

# 6. The guest is killed; the disk is full.
end_daemon TERM
mkdir -p /mnt/full
mount -t tmpfs -o size=512k,nr_inodes=64,mode=700 none /mnt/full
FOLDER=/mnt/full/incidents
mkdir -p "$FOLDER"
dd if=/dev/zero of=/mnt/full/filler bs=4k 2>/dev/null
start_guest --tap lab0 --queues 4 --queue 2 --rate 20 --onset-after -1
start_daemon --state-dir /mnt/full
ready_again "with a full disk"
onset_guest
wait_for 120 "full disk: queue_livelocked is 1" livelocked_is 1
wait_for 120 "incident_write_failures_total counts" metric_is vhostwatch_incident_write_failures_total '>' 0
check "the log says it" grep -F "incidents cannot be written" "$DAEMON_LOG"
wait_for 120 "it is captured all the same" metric_is vhostwatch_captures_total '>=' 1
check "in memory it is whole" is "$(ask /api/v1/incidents | jq -r '.incidents[0].state')" == open
check "nothing is on disk" is "$(files json)" -eq 0
check "the log says it once" is "$(grep -cF "incidents cannot be written" "$DAEMON_LOG")" -eq 1
rm /mnt/full/filler
wait_for 120 "there is room again: the record is written" field_is .state open
check "the log says so" grep -F "written to $FOLDER again" "$DAEMON_LOG"
wait_for 120 "with its look" looked
kill -KILL "$GUEST_PID"
wait "$GUEST_PID" 2>/dev/null
wait_for 120 "the guest is killed: closed as vm_gone" state_is "closed vm_gone 1"
end_daemon TERM
check "no daemon's log has a stack trace" is "$(cat "$RESULTS"/daemon-*.log | grep -cE '^\s+at |Exception')" -eq 0
