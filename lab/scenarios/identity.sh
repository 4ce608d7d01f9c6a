# identity: real QEMUs, one of each kind: VM, UUID, tap, queue, bridge and namespace are named as /proc and ip have them
# kernels: all
# timeout: 900
# shellcheck shell=bash

# The truth of this scenario: file descriptors and fdinfo in /proc, `ip` in the VMM's own network namespace, and what
# the VMs were called when they were started. QEMU is paused (-S): no driver runs in the guest, so the kernel has no
# pointer from a vhost_net file to its tap, and the identity can only be inferred; vhost-guest has one, and is exact.

declare -A PIDS=() NAMES=() UUIDS=() IDS=() TAPS=() HOW=() WORKERS=()
QEMU=(qemu-system-x86_64 -S -nodefaults -no-user-config -display none -machine q35 -accel tcg -m 64)
uuid_of() { printf '%08x-1234-4abc-8def-0123456789ab' "$1"; }

# nic TAP [NETDEV OPTION]: QEMU's options for one NIC; romfile= saves the time to read its boot ROM.
NICS=0
nic() {
    NIC=(-netdev "tap,id=n$((++NICS)),${2:-ifname=$1,script=no,downscript=no,vhost=on}"
        -device "virtio-net-pci,netdev=n$NICS,romfile=${3:+,$3}")
}

# vm KEY NAME UUID ID TAPS: what is to be found of the process $!; TAPS is a list of TAP:QUEUES.
vm() { PIDS[$1]=$! NAMES[$1]=$2 UUIDS[$1]=$3 IDS[$1]=$4 TAPS[$1]=$5 HOW[$1]=inferred; }

vhosts_of() { find "/proc/$1/fd" -lname /dev/vhost-net 2>/dev/null | wc -l; }
queues_of() { local tap total=0; for tap in ${TAPS[$1]}; do total=$((total + ${tap#*:})); done; echo "$total"; }
# Started: as many vhost workers as queues, each made for a queue that has its owner.
workers_are() { is "$(worker_of "$1" | wc -l)" -eq "$2"; }

# The taps that the descriptors of a process are for, as the kernel says. A queue that is switched off names none.
taps_in_proc() {
    local fd target
    for fd in "/proc/$1/fd"/*; do
        target=$(readlink "$fd")
        case $target in
        /dev/net/tun) sed -nE 's/^iff:[[:space:]]*(.+)/\1/p' "/proc/$1/fdinfo/${fd##*/}" ;;
        /dev/tap[0-9]*) nsenter -t "$1" -n ip -o link show | sed -nE "s/^${target#/dev/tap}: ([^@:]+).*/\1/p" ;;
        esac
    done | sort -u | paste -sd ' '
}

# truth KEY: its rows, in the order of tap and queue.
truth() {
    local key=$1 pid=${PIDS[$1]} tap netns
    netns=$(stat -L -c %i "/proc/$pid/ns/net")
    for tap in ${TAPS[$key]}; do
        nsenter -t "$pid" -n ip -j link show dev "${tap%:*}" | jq -c --argjson queues "${tap#*:}" \
            --arg vm "${NAMES[$key]}" --arg uuid "${UUIDS[$key]}" --arg id "${IDS[$key]}" --argjson pid "$pid" --argjson netns "$netns" \
            --arg how "${HOW[$key]}" '
            def known: if . == "" then null else . end;
            .[0] as $link | range($queues) | {vm: $vm, vm_uuid: ($uuid | known), vm_id: ($id | known), vm_pid: $pid, tap: $link.ifname,
                queue_index: ., ifindex: $link.ifindex, bridge: ($link.master // $link.link), netns: $netns, identity: $how}'
    done | jq -cs 'sort_by(.tap, .queue_index)'
}
# listed FILE ARRAY PID: the same of what vhostwatch says.
listed() {
    jq -c --argjson pid "$3" "[.$2[] | select(.vm_pid == \$pid) | {vm, vm_uuid, vm_id, vm_pid, tap, queue_index, ifindex, bridge, netns, identity}]
        | sort_by(.tap, .queue_index)" "$1"
}
same() { # FILE ARRAY KEY
    local found expected
    found=$(listed "$1" "$2" "${PIDS[$3]}")
    expected=$(truth "$3")
    printf '%s' "$found"
    [ "$found" = "$expected" ] || { printf '\nexpected: %s' "$expected"; return 1; }
}
# The workers of a VM's queues, in the order of tap and queue, are its threads in the order in which they were made.
same_workers() { # FILE ARRAY KEY
    local pid=${PIDS[$3]}
    is "$(jq -r --argjson pid "$pid" "[.$2[] | select(.vm_pid == \$pid)] | sort_by(.tap, .queue_index) | map(.worker.tid) | join(\" \")" "$1")" \
        == "${WORKERS[$3]}"
}
ORDER=(web plain quad two odd backslash escapes inner macvtap handed guest proxmox)
all_rows() { # FILE ARRAY SENTENCE
    local key
    for key in "${ORDER[@]}"; do
        check "$3: $key" same "$1" "$2" "$key"
    done
}

# No line of a text breaks at the newline of a name, and none has a control character.
unbroken() { ! grep -nE '^\{\}|^[^[:space:]]*n\{\}$' "$1" && ! grep -nP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' "$1"; }

exposition() { # FILE: is each line of it a comment or one sample? In a label only \\, \" and \n may follow a backslash.
    local label='[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\[\\"n])*"'
    ! grep -nvE "^# (HELP|TYPE|UNIT) [a-zA-Z_:][a-zA-Z0-9_:]* .*$|^[a-zA-Z_:][a-zA-Z0-9_:]*(\{($label,?)*\})? (NaN|[+-]?Inf|[0-9.eE+-]+)$" "$1"
}
labelled() { # KEY: a sample of queue_livelocked with the VM's name as its label, for each of its queues
    local label=${NAMES[$1]} tap queue
    label=${label//\\/\\\\}
    label=${label//\"/\\\"}
    label=${label//$'\n'/\\n}
    for tap in ${TAPS[$1]}; do
        for ((queue = 0; queue < ${tap#*:}; queue++)); do
            grep -F "vhostwatch_queue_livelocked{vm=\"$label\",tap=\"${tap%:*}\",queue=\"$queue\"" "$RESULTS/metrics.txt" || {
                printf 'no sample with vm="%s",tap="%s",queue="%s"' "$label" "${tap%:*}" "$queue"
                return 1
            }
        done
    done
}

# save FILE PATH: the daemon's answer, however long it takes: this is not about time.
save() { curl -fsS --max-time 60 -o "$RESULTS/$1" "http://127.0.0.1:19739$2" || fatal "the daemon answers $2"; }

# ---------------------------------------------------------------- the VMs

modprobe -a bridge dummy macvtap
ip link add br0 type bridge
ip link add lower0 type dummy
ip link set lower0 up
ip netns add pod
odd=$'a",b\n{}'
# shellcheck disable=SC2016  # as they are
backslash='a",b\n{}'
# Clears the screen, sets the title, then a C1 control and an override that turns the text around.
escapes=$'e\e[2J\e]0;owned\a\xc2\x9b31m\xe2\x80\xaetxt'

nic web0
"${QEMU[@]}" -name guest=web01,debug-threads=on -uuid "$(uuid_of 1)" "${NIC[@]}" >"$RESULTS/web.log" 2>&1 &
vm web web01 "$(uuid_of 1)" '' web0:1
nic plain0
"${QEMU[@]}" -name web02 "${NIC[@]}" >"$RESULTS/plain.log" 2>&1 &
vm plain web02 '' '' plain0:1
nic quad0 ifname=quad0,script=no,downscript=no,vhost=on,queues=4 mq=on,vectors=10
"${QEMU[@]}" -name guest=quad,debug-threads=on -uuid "$(uuid_of 4)" "${NIC[@]}" >"$RESULTS/quad.log" 2>&1 &
vm quad quad "$(uuid_of 4)" '' quad0:4
nic two0
two=("${NIC[@]}")
nic two1
"${QEMU[@]}" -name two -smbios "type=1,uuid=$(uuid_of 2)" "${two[@]}" "${NIC[@]}" >"$RESULTS/two.log" 2>&1 &
vm two two "$(uuid_of 2)" '' 'two0:1 two1:1'
nic odd0
"${QEMU[@]}" -name "guest=${odd//,/,,},debug-threads=on" -uuid "$(uuid_of 5)" "${NIC[@]}" >"$RESULTS/odd.log" 2>&1 &
vm odd "$odd" "$(uuid_of 5)" '' odd0:1
nic esc0
"${QEMU[@]}" -name "guest=$escapes" "${NIC[@]}" >"$RESULTS/escapes.log" 2>&1 &
vm escapes "$escapes" '' '' esc0:1
# As in a container: network, mount and process namespaces of its own, and a tap with a name that the host has too.
nic web0
ip netns exec pod unshare -mpf --mount-proc "${QEMU[@]}" -name guest=inner -uuid "$(uuid_of 7)" "${NIC[@]}" >"$RESULTS/inner.log" 2>&1 &
vm inner inner "$(uuid_of 7)" '' web0:1
ip link add mv0 link lower0 type macvtap mode bridge
ip link set mv0 up
node=/dev/tap$(cat /sys/class/net/mv0/ifindex)
wait_for 10 "the macvtap has its device node" test -c "$node"
nic mv0 fd=3,vhost=on
"${QEMU[@]}" -name guest=mv -uuid "$(uuid_of 8)" "${NIC[@]}" 3<>"$node" >"$RESULTS/macvtap.log" 2>&1 &
vm macvtap mv "$(uuid_of 8)" '' mv0:1
# As libvirt does it: taps and vhost devices are opened by somebody else.
nic handed0 fds=20:21,vhostfds=40:41,vhost=on mq=on,vectors=6
vhost-guest --tap handed0 --queues 2 -- "${QEMU[@]}" -name guest=handed,debug-threads=on -uuid "$(uuid_of 9)" "${NIC[@]}" >"$RESULTS/handed.log" 2>&1 &
vm handed handed "$(uuid_of 9)" '' handed0:2

# VMMs that are no QEMU, with a driver in the guest; the second one looks like Proxmox' (stock QEMU has no -id).
start_guest --tap guest0 --queues 2 --queue 1 --behaviour starved --onset-after -1
vm guest "vhost-guest-$GUEST_PID" '' '' guest0:2
HOW[guest]=exact
start_guest --tap tap104i0 --behaviour starved --onset-after -1 --poses-as -id 104 -name db,debug-threads=on -uuid "$(uuid_of 104)"
vm proxmox db "$(uuid_of 104)" 104 tap104i0:1
HOW[proxmox]=exact
start_guest --tap bslash0 --behaviour starved --onset-after -1 --poses-as -name "guest=${backslash//,/,,}"
vm backslash "$backslash" '' '' bslash0:1
HOW[backslash]=exact

inner_pid() { pgrep -P "${PIDS[inner]}" qemu-system; }
wait_for 60 "the QEMU in the namespaces runs" inner_pid
PIDS[inner]=$(inner_pid)
for key in "${ORDER[@]}"; do
    wait_for 90 "$key has its workers" workers_are "${PIDS[$key]}" "$(queues_of "$key")" || fatal "$key runs: $(cat "$RESULTS/$key.log")"
done
ip link set web0 master br0
ip link set plain0 name renamed0
TAPS[plain]=renamed0:1
for key in "${ORDER[@]}"; do
    WORKERS[$key]=$(worker_of "${PIDS[$key]}" | paste -sd ' ')
    check "in /proc $key has the tap(s) that it was given, and a vhost device for each queue" \
        is "$(taps_in_proc "${PIDS[$key]}"), $(vhosts_of "${PIDS[$key]}")" == "$(sed -E 's/:[0-9]+//g' <<<"${TAPS[$key]}"), $(queues_of "$key")"
done
note "memory" "$(free -m | awk '/^Mem/ { print $3 " MB used of " $2 }')"

vhostwatch drill --seconds 900 --format json >"$RESULTS/drill.out" 2>"$RESULTS/drill.err" &
drill=$!
drill_runs() { grep -q "onset: " "$RESULTS/drill.err" && [ -n "$(worker_of "$drill")" ]; }
wait_for 180 "the drill's onset" drill_runs || fatal "the drill runs: $(cat "$RESULTS/drill.err")"

# ---------------------------------------------------------------- threads

run_vhostwatch lists threads --format json
check "threads exits 0" is "$VW_STATUS" -eq 0
check "its output is one JSON object, in ASCII" is "$(jq -s length "$RESULTS/lists.out") $(grep -cP '[^\x0a\x20-\x7e]' "$RESULTS/lists.out")" == "1 0"
check "no trouble, and one census" json lists '"\(.troubles | length) \(.censuses) \(.rejected_lines)"' "0 1 0"
all_rows "$RESULTS/lists.out" threads "threads"
for key in "${ORDER[@]}"; do check "its workers are those of its queues, in their order: $key" same_workers "$RESULTS/lists.out" threads "$key"; done
rows=1
for key in "${ORDER[@]}"; do rows=$((rows + $(queues_of "$key"))); done
check "it has one row a queue, and one for the drill" json lists '.threads | length' "$rows"
check "the drill is named, exactly, with its worker" json lists '.threads[] | select(.tap != null and (.tap | startswith("vwdrill"))) | "\(.vm_pid) \(.queue_index) \(.identity) \(.worker.tid)"' \
    "$drill 0 exact $(worker_of "$drill")"
kind=vmm_thread
case $KERNEL in 6.1.*) kind=kthread ;; esac
[ "$(cat /sys/module/vhost/parameters/fork_from_owner_default 2>/dev/null)" != N ] || kind=kthread
check "all workers are of the kind that this kernel makes" json lists '[.threads[].worker.kind] | unique | join(" ")' "$kind"
kill "$drill"
wait "$drill"

run_vhostwatch text threads
check "as text threads exits 0" is "$VW_STATUS" -eq 0
check "the names break no line of the text, and reach no terminal raw" unbroken "$RESULTS/text.out"
check "the table has a head, a line a row, and the kernel" is "$(wc -l <"$RESULTS/text.out")" -eq $((rows - 1 + 2))

# ---------------------------------------------------------------- the daemon

start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
quads() { is "$(metric vhostwatch_queue_livelocked 'vm="quad"' | wc -l)" -eq 4; }
wait_for 60 "it knows the VM with four queue pairs" quads
save status.json /api/v1/threads
all_rows "$RESULTS/status.json" queues "/api/v1/threads"
save metrics.txt /metrics
check "each line of /metrics is a comment or a sample" exposition "$RESULTS/metrics.txt"
for key in "${ORDER[@]}"; do check "/metrics labels its queues: $key" labelled "$key"; done
run_vhostwatch diagnose diagnose --duration 5s --format json
check "diagnose names the VMs as well" is "$(jq -r '[.queues[] | select(.vm == "web01" or .vm == "quad" or .vm == "db") | "\(.vm) \(.tap) \(.queue_index)"] | sort | join(", ")' "$RESULTS/diagnose.out")" \
    == "db tap104i0 0, quad quad0 0, quad quad0 1, quad quad0 2, quad quad0 3, web01 web0 0"

kill -STOP "${PIDS[web]}" "${PIDS[guest]}"
ip link set renamed0 name again0
TAPS[plain]=again0:1
renamed() { metric vhostwatch_queue_livelocked 'vm="web02"' 'tap="again0"' | grep -x 0.0; }
# The next census shows it.
wait_for 180 "a tap that is renamed has its new name in /metrics" renamed
save stopped.json /api/v1/threads
check "and in /api/v1/threads" same "$RESULTS/stopped.json" queues plain
check "a stopped QEMU keeps its name" same "$RESULTS/stopped.json" queues web
check "a stopped VMM keeps its name" same "$RESULTS/stopped.json" queues guest
kill -CONT "${PIDS[web]}" "${PIDS[guest]}"

kill -9 "${PIDS[quad]}"
no_quads() { is "$(metric vhostwatch_queue_livelocked 'vm="quad"' | wc -l)" -eq 0; }
wait_for 30 "a VM that is gone has no series" no_quads
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "the names break no line of the daemon's log" unbroken "$DAEMON_LOG"
for name in lists text diagnose; do check "no stack trace ($name)" clean "$name"; done
check "no bpftrace is left" not_probing
for key in "${ORDER[@]}"; do kill -9 "${PIDS[$key]}" 2>/dev/null; done
