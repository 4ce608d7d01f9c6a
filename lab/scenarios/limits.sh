# limits: no file descriptors, no processes, no memory, few perf samples: it says so, calls nothing over that goes on, and recovers
# kernels: affected
# timeout: 1800
# shellcheck shell=bash

FOLDER=/var/lib/vhostwatch/incidents
well() { up 1 && livelocked_is 1; }
looked() { [ "$(jq -r '.looks[0].captured' "$FOLDER"/*.json)" = true ]; }
no_files() { prlimit --pid "$DAEMON_PID" --nofile=3:65536; } # those that are open stay

# --- perf samples: the capture's stack takes 49 a second.
rate=$(sysctl -n kernel.perf_event_max_sample_rate)
sysctl -qw kernel.perf_event_paranoid=4 2>/dev/null || sysctl -qw kernel.perf_event_paranoid=2
sysctl -qw kernel.perf_event_max_sample_rate=10
start_guest --tap lab0
start_daemon
wait_for 240 "few perf samples: the daemon is ready" ask /-/ready
wait_for 60 "few perf samples: queue_livelocked is 1" livelocked_is 1
wait_for 180 "few perf samples: the incident has evidence" looked
check "few perf samples: but no stacks" is "$(jq -c '.looks[0].queue.evidence.stacks | length' "$FOLDER"/*.json)" -eq 0
sysctl -qw kernel.perf_event_max_sample_rate="$rate"

# --- file descriptors
no_files || fatal "prlimit"
began=$(seconds)
sleep 15 # what happens is that nothing happens
survives_so_far() { survives && [ "$(jq -r '"\(.state) \(.count)"' "$FOLDER"/*.json)" = "open 1" ]; }
check "no file descriptors: it lives, and has not called the livelock over" survives_so_far
prlimit --pid "$DAEMON_PID" --nofile=65536:65536
ended=$(seconds)
wait_for 60 "files can be opened again: queue_livelocked is 1" well
note "file descriptors back: to recovery, after $(since "$began") s without" "$(since "$ended") s"
check "no file descriptors: the incident is the same" is "$(incidents)" == "open 1"
check "no file descriptors: that was said" grep -F "no file can be opened" "$DAEMON_LOG"

# The same, and bpftrace has to be started: that takes some.
no_files
pkill -KILL -x bpftrace
sleep 20
check "no file descriptors for bpftrace: the agent lives" survives
prlimit --pid "$DAEMON_PID" --nofile=65536:65536
ended=$(seconds)
wait_for 90 "file descriptors for bpftrace: it is started, and queue_livelocked is 1" well
note "file descriptors for bpftrace: to recovery" "$(since "$ended") s"
check "file descriptors: the incident is the same" is "$(incidents)" == "open 1"

# --- processes: a control group that may have no more.
group=/sys/fs/cgroup/agent
mkdir -p "$group"
echo "+pids +memory" >/sys/fs/cgroup/cgroup.subtree_control
for pid in "$DAEMON_PID" $(probing); do echo "$pid" >"$group/cgroup.procs"; done
echo 1 >"$group/pids.max"
began=$(seconds)
pkill -KILL -x bpftrace
wait_for 30 "no processes: bpftrace_up is 0" up 0
wait_for 60 "no processes: it says why" troubled "bpftrace"
note "no processes: it says" "$(ask /api/v1/threads | jq -r '.troubles | join("; ")')"
sleep 20
check "no processes: the agent lives" survives
check "no processes: it answers" ask /-/healthy
echo max >"$group/pids.max"
ended=$(seconds)
wait_for 120 "processes again: queue_livelocked is 1" well
note "processes again: to recovery, after $(since "$began") s without" "$(since "$ended") s"
check "no processes: the incident is the same" is "$(incidents)" == "open 1"

# --- memory: less than bpftrace needs beside the agent.
agent=$(awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$DAEMON_PID/status")
echo $((agent + (24 << 20))) >"$group/memory.max" || note "memory.max" "refused: $(cat "$group/memory.current") in use"
began=$(seconds)
pkill -KILL -x bpftrace
killed_for_memory() { is "$(sed -n 's/^oom_kill //p' "$group/memory.events")" -ge 1; }
wait_for 120 "no memory: the kernel has killed somebody" killed_for_memory
wait_for 60 "no memory: bpftrace_up is 0" up 0
sleep 20 # what happens to the agent is that nothing happens
note "no memory: the kernel's events" "$(tr '\n' ' ' <"$group/memory.events")"
check "no memory: the agent lives" survives
check "no memory: it answers" ask /-/healthy
note "no memory: it says" "$(ask /api/v1/threads | jq -r '.troubles | join("; ")')"
echo max >"$group/memory.max"
ended=$(seconds)
wait_for 120 "memory again: queue_livelocked is 1" well
note "memory again: to recovery, after $(since "$began") s without" "$(since "$ended") s"
check "no memory: the incident is the same" is "$(incidents)" == "open 1"
# The capture that memory was short for is made again when its time comes, which may be half an hour.
others() { ask /api/v1/threads | jq -r '[.troubles[] | select(startswith("the capture") | not)] | join("; ")'; }
check "no other trouble is left" is "$(others)" == ''

# --- the ceiling: agent and bpftrace take more than they may, so probing pauses for a minute, comes back, and pauses again.
end_daemon TERM
began=$(seconds)
start_daemon --max-memory 128M
wait_for 240 "ceiling: the daemon is ready" ask /-/ready
wait_for 60 "ceiling: queue_livelocked is 1" livelocked_is 1
hits() { metric_is vhostwatch_ceiling_hits_total == "$1"; }
wait_for 120 "ceiling: it is hit" hits 1
check "ceiling: not before it has lasted" is "$(since "$began" | cut -d. -f1)" -ge 60
wait_for 30 "ceiling: bpftrace_up is 0" up 0
wait_for 30 "ceiling: no bpftrace is left" not_probing
check "ceiling: the metric says so" metric_is vhostwatch_ceiling_exceeded == 1
check "ceiling: so do the troubles" troubled "over the ceiling"
ended=$(seconds)
wait_for 150 "ceiling: it comes back" up 1
note "ceiling: from the pause to the probes" "$(since "$ended") s"
check "ceiling: the metric says so" metric_is vhostwatch_ceiling_exceeded == 0
check "ceiling: the incident is the same" is "$(incidents)" == "open 1"
wait_for 150 "ceiling: it is hit again" hits 2
end_daemon TERM
start_daemon
wait_for 240 "no ceiling: the daemon is ready" ask /-/ready
wait_for 60 "no ceiling: queue_livelocked is 1" livelocked_is 1

refill_guest
wait_for 30 "after the refill queue_livelocked is 0" livelocked_is 0
stop_guest
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
check "its log has no stack trace" is "$(grep -cE '^\s+at |Exception|OutOfMemory' "$DAEMON_LOG")" -eq 0
