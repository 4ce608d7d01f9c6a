# matrix: one daemon, one stimulus of lab/stimuli after the other; --with "WORKERS NOTES STIMULUS..." (see lab/matrix)
# kernels: all
# timeout: 1500
# shellcheck shell=bash
# shellcheck disable=SC2034  # for stimuli.sh
STIMULI=/opt/lab/stimuli
# shellcheck source=lab/lib/stimuli.sh
. /opt/lab/stimuli.sh

# WORKERS: task or kthread. NOTES: those of lab/kernels, - for none.
read -r WORKERS NOTES names <<<"${WITH:-any - livelock slow}"
read -ra names <<<"$names"

declare -A GUEST=() TAP=() QUEUE=() EXPECTED=() HOW=() ONSET=() MISSING=() # by stimulus; of a pair the second is NAME+
declare -A FIRST=() # when a stimulus was first seen as expected
declare -A TID=()   # its worker
declare -A AT=()    # what its worker and its ring were at the onset
declare -A OUTCOME=() SEEN=() SURE=() TOOK=() WORDS=() # what came of it

# ---------------------------------------------------------------- what vhostwatch says

# One reading of the daemon: $RESULTS/status.json, and a line a queue in $RESULTS/now, kept in samples.tsv; there with a line
# for each worker whose tap is not known (before a census; those of vhost_vsock), since nothing may be said of them either.
look() {
    ask /api/v1/threads >"$RESULTS/status.json.new" 2>/dev/null || return
    mv "$RESULTS/status.json.new" "$RESULTS/status.json"
    jq -r '.queues[] | select(.tap and .vq) | "\(.tap)/\(.queue_index)\t\(.verdict)\t\(.confidence)"' "$RESULTS/status.json" >"$RESULTS/now" || return
    {
        cat "$RESULTS/now"
        jq -r '.queues[] | select((.tap and .vq) | not) | "worker \(.worker.tid)\t\(.verdict)\t\(.confidence)"' "$RESULTS/status.json"
    } | awk -v t="$(seconds)" '{ print t "\t" $0 }' >>"$RESULTS/samples.tsv"
}

key() { echo "${TAP[$1]}/${QUEUE[$1]}"; }
verdict() { awk -F'\t' -v key="$(key "$1")" '$1 == key { print $2 }' "$RESULTS/now"; }
confidence() { awk -F'\t' -v key="$(key "$1")" '$1 == key { print $3 }' "$RESULTS/now"; }
is_one_of() { [[ /$2/ == */"$1"/* ]]; }

# until_found SECONDS NAME...: looks until each has a verdict that is expected; FIRST tells when.
until_found() {
    local limit=$(($1 * PATIENCE)) from name missing
    shift
    from=$(seconds)
    while :; do
        missing=
        if look; then
            for name; do
                if is_one_of "$(verdict "$name")" "${EXPECTED[$name]}"; then FIRST[$name]=${FIRST[$name]:-$(seconds)}; else missing=yes; fi
            done
        else
            missing=yes
        fi
        [ "$missing" ] || return 0
        awk -v t="$(since "$from")" -v limit="$limit" 'BEGIN { exit !(t > limit) }' && return 1
        sleep 0.5
    done
}

# until_sure SECONDS NAME...: a livelock's confidence is high once it was captured.
until_sure() {
    local limit=$(($1 * PATIENCE)) from name unsure
    shift
    from=$(seconds)
    while :; do
        unsure=
        look || unsure=yes
        for name; do
            [[ ${EXPECTED[$name]} != LIVELOCKED || "$(verdict "$name") $(confidence "$name")" = "LIVELOCKED high" ]] || unsure=yes
        done
        [ "$unsure" ] || return 0
        awk -v t="$(since "$from")" -v limit="$limit" 'BEGIN { exit !(t > limit) }' && return 1
        sleep 1
    done
}

# watch SECONDS [CENSUSES]: looks for so long, whatever it sees, and until so many more censuses were completed: what is told
# by two censuses, of which each began while it went on, takes three.
watch() {
    local from goal=0 limit=$((240 * PATIENCE))
    look
    goal=$(($(censuses) + ${2:-0}))
    from=$(seconds)
    while awk -v t="$(since "$from")" -v limit="$1" 'BEGIN { exit !(t < limit) }' || [ "$(censuses)" -lt "$goal" ]; do
        awk -v t="$(since "$from")" -v limit="$limit" 'BEGIN { exit !(t > limit) }' && return 1
        look
        sleep 1
    done
}

censuses() { jq .probes.censuses "$RESULTS/status.json"; }

# strayed NAME: verdicts since it was first as expected (since the onset, where nothing may be found) that are not expected.
strayed() {
    local from=${FIRST[$1]:-}
    [[ ${EXPECTED[$1]} != HEALTHY* ]] || from=${ONSET[$1]}
    [ -z "$from" ] || awk -F'\t' -v key="$(key "$1")" -v from="$from" -v allowed="/${EXPECTED[$1]}/" '
        $1 > from && $2 == key && !index(allowed, "/" $3 "/") { print $3 }' "$RESULTS/samples.tsv" | sort | uniq -c | awk '{ print $1 " times " $2 }' | paste -sd ' '
}

# All that was said of a queue that it had better not, by samples and log: words, or nothing.
wrong() {
    local name=$1 allowed word event
    allowed=${EXPECTED[$name]}
    for word in LIVELOCKED:livelock-begins STALLED:stall-begins; do
        event=${word#*:} word=${word%:*}
        is_one_of "$word" "$allowed" && continue
        if awk -F'\t' -v key="$(key "$name")" -v word="$word" '$2 == key && $3 == word { found = 1 } END { exit !found }' "$RESULTS/samples.tsv" ||
            grep -q " $event .*tap=${TAP[$name]} queue=${QUEUE[$name]} " "$DAEMON_LOG"; then
            printf '%s ' "$word"
        fi
    done
}

# Queues that were called LIVELOCKED or STALLED without being under a stimulus by now.
bystanders() {
    local known='' name
    for name in "${!ONSET[@]}"; do known+=" $(key "$name") worker ${TID[$name]} "; done
    awk -F'\t' -v known="$known" '($3 == "LIVELOCKED" || $3 == "STALLED") && !index(known, " " $2 " ") { print $2 " " $3 }' "$RESULTS/samples.tsv" | sort -u | paste -sd ';'
}

# ---------------------------------------------------------------- what is so

worker_tid() { worker_of "${GUEST[$1]}" | sed -n "$((${QUEUE[$1]} + 1))p"; }

# Milliseconds that a worker was on a CPU or ready for one: beside others, CPU time alone would say little.
wanted_ms() { awk '{ printf "%d\n", ($1 + $2) / 1e6 }' "/proc/${1:?}/task/$1/schedstat"; }

# reading NAME: "uptime wanted used posted received sent tx_used others" of its queue; others: what the VM's other queues
# received. Nothing, if any of it cannot be had.
reading() {
    local line tid wanted others
    line=$(truth_line "${GUEST[$1]}" "${QUEUE[$1]}") && tid=$(worker_tid "$1") && [ "$tid" ] && wanted=$(wanted_ms "$tid") || return
    others=$(grep '^truth ' "${GUEST_LOGS[${GUEST[$1]}]}" | awk -v own="queue=${QUEUE[$1]}" '
        { match($0, /received=[0-9]+/); got[$2] = substr($0, RSTART + 9, RLENGTH - 9) } END { for (q in got) if (q != own) sum += got[q]; print sum + 0 }')
    field() { grep -oP "(?<= $1=)\S+" <<<"$line"; }
    echo "$(seconds) $wanted $(field last_used_idx) $(field avail_idx) $(field received) $(field sent) $(field tx_used_idx) $others"
}

# The share of a CPU in percent that the worker wanted between two readings.
share() { awk -v t="$1" -v u="$3" -v a="$2" -v b="$4" 'BEGIN { printf "%d", (b - a) / (u - t) / 10 }'; }

# came_about NAME: did the stimulus take place since the onset? Prints the figures.
came_about() {
    local name=$1 from to share used posted got sent tx more others cpus
    read -ra from <<<"${AT[$name]}"
    [ ${#from[@]} = 8 ] || { printf 'its guest or its worker did not tell of itself at the onset'; return 1; }
    [ "${ONSET[$name]}" ] || { printf 'the guest told of no onset'; return 1; }
    while awk -v t="$(since "${from[0]}")" 'BEGIN { exit !(t < 2) }'; do sleep 0.5; done
    read -ra to <<<"$(reading "$name")"
    [ ${#to[@]} = 8 ] || { printf 'its guest or its worker does not tell of itself'; return 1; }
    share=$(share "${from[@]:0:2}" "${to[@]:0:2}")
    used=$(((to[2] - from[2]) & 65535)) posted=$(((to[3] - to[2]) & 65535)) more=$(((to[3] - from[3]) & 65535))
    got=$((to[4] - from[4])) sent=$((to[5] - from[5])) tx=$(((to[6] - from[6]) & 65535)) others=$((to[7] - from[7]))
    printf 'the worker wants %s %% of a CPU; used +%d, posted %d, received +%d, sent +%d, transmitted +%d' "$share" $used $posted $got $sent $tx
    case ${HOW[$name]} in
    pin-*)
        cpus=$(grep -oP '^Cpus_allowed_list:\s*\K.*' "/proc/${TID[$name]}/status")
        printf ', may run on CPU %s' "$cpus"
        [ "$cpus" = "${HOW[$name]#pin-}" ] || return ;;
    one-cpu)
        cpus=$(cat /sys/devices/system/cpu/online)
        printf ', CPUs %s' "$cpus"
        [ "$cpus" = 0 ] || return ;;
    esac
    case ${HOW[$name]}:$(stimulus_field "${name%+}" 5) in
    vsock:*) vsock_flows; return ;;
    soon:*)
        printf ', %s ms in all, refilled after %s s' $((to[1] - from[1])) "$(refilled_after "$name")"
        refilled_after "$name" | awk '{ exit !($1 > 0.8 && $1 < 2.5) }' && [ $got -ge 15 ] && { [ "$KERNEL_STATUS" = fixed ] || [ $((to[1] - from[1])) -ge 800 ]; }
        return ;;
    *tx-flood*) [ "$share" -ge 30 ] && [ $tx -gt 0 ] && [ $got = 0 ]; return ;;
    *kick-storm*) [ "$share" -ge 5 ] && [ $used = 0 ] && [ $posted -gt 0 ]; return ;;
    *no_mrg*) [ "$share" -ge 5 ] && [ $used = 0 ] && [ $sent -ge 1000 ]; return ;;
    *healthy*) [ "$share" -ge 30 ] && [ $got -ge 1000 ]; return ;;
    watch:*) [ $got -ge 100 ]; return ;;
    *--kicks*) [ $used = 0 ] && [ $posted -gt 0 ] && [ "$share" -ge "$([ "$KERNEL_STATUS" = affected ] && echo 80 || echo 5)" ]; return ;;
    too-few:*) [ $more = 3 ] || return ;;
    beside-vsock:*) vsock_flows || return ;;
    *--transmit*) [ $tx -gt 0 ] && [ $used = 0 ] && [ $posted -gt 0 ] && [ "$share" -ge 30 ]; return ;;
    both:*) ;;
    *--queues*)
        printf ', the other queues received +%d' $others
        [ $others -ge 20 ] || return ;;
    esac
    # The frame is there: the guest printed `onset`, which it does when it was sent.
    [ $used = 0 ] || return
    if [ "${EXPECTED[$name]}" = LIVELOCKED ]; then [ $posted -gt 0 ] && [ "$share" -ge 80 ]; else [ "$share" -le 20 ]; fi
}

# refilled_after NAME: seconds from the onset to the refill, by the guest's clock.
refilled_after() {
    awk '$1 == "onset" || $1 == "refilled" { sub("t=", "", $2); at[$1] = $2 } END { printf "%.1f", at["refilled"] - at["onset"] }' "${GUEST_LOGS[${GUEST[$1]}]}"
}

vsock_flows() {
    local before
    before=$(guest_truth tx_used_idx "$VSOCK")
    sleep 0.5
    [ "$(guest_truth tx_used_idx "$VSOCK")" != "$before" ]
}

# ---------------------------------------------------------------- a cell

# result NAME pass|fail|stimulus-failed|not-applicable SEEN CONFIDENCE SECONDS WORDS
result() {
    local name=$1 outcome=$2
    jq -cn --arg stimulus "$name" --arg outcome "$outcome" --arg expected "${EXPECTED[$name]}" --arg seen "$3" --arg confidence "$4" \
        --arg seconds "$5" --arg words "$6" --arg missing "${MISSING[$name]:-}" '{stimulus: $stimulus, outcome: $outcome, expected: $expected,
            seen: (if $seen == "" then null else $seen end), confidence: (if $confidence == "" then null else $confidence end),
            seconds: (if $seconds == "" then null else ($seconds | tonumber) end), not_measurable: ($missing | split(" ")), words: $words}' >>"$RESULTS/cells.jsonl"
    case $outcome in
    pass) record pass "${5:-0}" "$name is ${EXPECTED[$name]}" "$3 $4; $6" ;;
    not-applicable) note "$name" "not applicable: $6" ;;
    *) record fail "${5:-0}" "$name is ${EXPECTED[$name]}" "$outcome: seen ${3:-nothing} $4; $6" ;;
    esac
}

# make_macvtap NUMBER: a macvtap m$1, and a macvlan v$1 that reaches it.
make_macvtap() {
    modprobe -qa dummy macvtap macvlan
    ip link add "l$1" type dummy && ip link add "m$1" link "l$1" type macvtap mode bridge && ip link add "v$1" link "l$1" type macvlan mode bridge || return
    ip link set "l$1" up && ip link set "v$1" up && wait_for 10 "the macvtap has its device node" test -c "/dev/tap$(cat "/sys/class/net/m$1/ifindex")"
}

# Starts the guest of a stimulus; what it cannot have here makes the cell not applicable.
set_up() {
    local name=$1 number=$2 how=$3 options tap
    EXPECTED[$name]=$(stimulus_expected "${name%+}" "$KERNEL_STATUS" "$NOTES")
    HOW[$name]=$how
    options=$(stimulus_field "${name%+}" 5)
    tap=m$number TAP[$name]=$tap QUEUE[$name]=0
    [[ $options =~ --queue\ ([0-9]+) ]] && QUEUE[$name]=${BASH_REMATCH[1]}
    case $how in
    # The other queue of the same guest.
    both)
        if [[ $name == *+ ]]; then
            GUEST[$name]=${GUEST[${name%+}]} TAP[$name]=${TAP[${name%+}]} QUEUE[$name]=1
            return
        fi ;;
    macvtap)
        make_macvtap "$number" || fatal "there is a macvtap for $name"
        options+=" --macvtap --via v$number" ;;
    esac
    # shellcheck disable=SC2086  # the options are words
    start_guest --tap "$tap" --onset-after -1 --traffic-at-onset $options
    GUEST[$name]=$GUEST_PID
    if guest_says "guest: this kernel does not offer"; then
        # Where the kernel has it, the guest is wrong.
        if [[ $options == *in_order* && ,$NOTES, == *,no-in-order,* ]]; then result "$name" not-applicable '' '' '' "the kernel does not offer it"; else
            result "$name" stimulus-failed '' '' '' "$(grep -h "^guest: this kernel does not offer" "$GUEST_LOG")"
        fi
        stop_guest "$GUEST_PID"
        unset "GUEST[$name]"
        return 1
    fi
    case $how in
    pin-*) taskset -pc "${how#pin-}" "$(worker_tid "$name")" >/dev/null || true ;; # came_about looks at what came of it
    esac
}

# begin NAME: the onset, of both queues where one guest has them.
begin() {
    local name queues=("$1")
    [ "${HOW[$1]}" != both ] || queues+=("$1+")
    for name in "${queues[@]}"; do TID[$name]=$(worker_tid "$name") AT[$name]=$(reading "$name") ONSET[$name]=''; done
    kill -HUP "${GUEST[$1]}"
    for _ in {1..200}; do
        if guest_says onset "${GUEST[$1]}"; then
            for name in "${queues[@]}"; do ONSET[$name]=$(seconds); done
            return
        fi
        sleep 0.05
    done
}

# judge NAME: what came of it, with the reading that is there.
judge() {
    local name=$1 bad others stray
    OUTCOME[$name]=pass TOOK[$name]=''
    WORDS[$name]=$(came_about "$name") || OUTCOME[$name]=stimulus-failed
    SEEN[$name]=$(verdict "$name") SURE[$name]=$(confidence "$name")
    MISSING[$name]=$(jq -r --arg key "$(key "$name")" \
        '[.queues[] | select("\(.tap)/\(.queue_index)" == $key) | .criteria[] | select(.outcome == "not_measurable") | .id] | join(" ")' "$RESULTS/status.json")
    [[ ${EXPECTED[$name]} == HEALTHY* || -z ${FIRST[$name]:-} || -z ${ONSET[$name]} ]] ||
        TOOK[$name]=$(awk -v a="${ONSET[$name]}" -v b="${FIRST[$name]}" 'BEGIN { printf "%.1f", b - a }')
    is_one_of "${SEEN[$name]}" "${EXPECTED[$name]}" || worse "$name" "the verdict is ${SEEN[$name]:-none}"
    bad=$(wrong "$name")
    others=$(bystanders)
    [ -z "$bad" ] || worse "$name" "it was called $bad"
    [ -z "$others" ] || worse "$name" "besides: $others"
    stray=$(strayed "$name")
    [ -z "$stray" ] || worse "$name" "in between: $stray"
}

# worse NAME WORDS: what makes a cell fail, unless its stimulus did.
worse() {
    [ "${OUTCOME[$1]}" != pass ] || OUTCOME[$1]=fail
    [ -e "$RESULTS/status-$1.json" ] || cp "$RESULTS/status.json" "$RESULTS/status-$1.json"
    WORDS[$1]+="; $2"
}

# finish NAME...: ends the stimuli; their verdicts end with them, and the series with the guests.
finish() {
    local name
    for name; do ! ends_by_refill "$name" || refill_guest "${GUEST[$name]}"; done
    for name; do
        ! ends_by_refill "$name" || calm_again 30 "$name" || worse "$name" "still $(verdict "$name") after the refill"
    done
    for name; do
        stop_guest "${GUEST[$name]}"
        unset "GUEST[$name]"
    done
    for name; do
        gone 20 "$name" || worse "$name" "its series stay"
        # The second of a pair is told by the first.
        [[ $name == *+ ]] || result "$name" "${OUTCOME[$name]}" "${SEEN[$name]}" "${SURE[$name]}" "${TOOK[$name]}" "${WORDS[$name]}"
    done
}

# Where IN_ORDER is not rewound, vhost has lost its place, and a refill does not help.
ends_by_refill() {
    [[ ${EXPECTED[$1]} != HEALTHY* ]] && ! [[ $(stimulus_field "${1%+}" 5) == *in_order* && ,$NOTES, == *,in-order-not-rewound,* ]]
}

calm_again() {
    local limit=$(($1 * PATIENCE)) from now
    from=$(seconds)
    while :; do
        look && now=$(verdict "$2") && [ "$now" ] && is_one_of "$now" HEALTHY/BUSY && return
        awk -v t="$(since "$from")" -v limit="$limit" 'BEGIN { exit !(t > limit) }' && return 1
        sleep 0.5
    done
}

gone() {
    local limit=$(($1 * PATIENCE)) from
    from=$(seconds)
    while look && grep -q "^${TAP[$2]}/" "$RESULTS/now"; do
        awk -v t="$(since "$from")" -v limit="$limit" 'BEGIN { exit !(t > limit) }' && return 1
        sleep 0.5
    done
}

start_vsock() {
    start_guest --behaviour vsock-flood --ring 1024 --onset-after -1
    VSOCK=$GUEST_PID
    kill -HUP "$VSOCK"
}

# Runs one cell; its guest is up, unless it starts late.
cell() {
    local name=$1 limit=30 unsure='' slow=''
    local all=("$name")
    [[ ${EXPECTED[$name]} != *STALLED ]] || limit=60
    case ${HOW[$name]} in
    late) set_up "$name" "$((++taps))" late || return ;;
    one-cpu) echo 0 >/sys/devices/system/cpu/cpu1/online ;;
    vsock | beside-vsock) start_vsock ;;
    esac
    if [ "${HOW[$name]}" = before ]; then AT[$name]=$(reading "$name") ONSET[$name]=${ONSET[$name]:+$DAEMON_READY}; else begin "$name"; fi
    case ${HOW[$name]} in
    pair | both)
        [ "${HOW[$name]}" = both ] || begin "$name+"
        all=("$name+" "$name")
        until_found $((2 * limit)) "$name" "$name+"
        until_sure 120 "$name" "$name+" || unsure=yes
        judge "$name"
        judge "$name+"
        [ "${OUTCOME[$name+]}" = pass ] || worse "$name" "the second: ${OUTCOME[$name+]}, ${WORDS[$name+]}" ;;
    soon)
        watch 6 3 || slow=yes
        judge "$name"
        calm_again 30 "$name" || worse "$name" "still $(verdict "$name") after the refill" ;;
    watch | vsock)
        watch 8 3 || slow=yes
        judge "$name" ;;
    diagnose)
        run_vhostwatch diagnose diagnose --duration 5s --format json --record "$RESULTS/recording"
        json diagnose '{measurements, troubles}' >"$RESULTS/sight.json"
        look
        judge "$name"
        told_by_diagnose "$name" ;;
    *)
        until_found $limit "$name"
        if [ "${HOW[$name]}" = too-few ]; then
            refill_guest "${GUEST[$name]}"
            watch 3
        fi
        until_sure 120 "$name" || unsure=yes
        # Of two verdicts that are right, one may come first and a wrong one follow.
        [[ ${EXPECTED[$name]} != */* ]] || watch 8
        judge "$name" ;;
    esac
    [ -z "$unsure" ] || worse "$name" "its confidence never became high"
    [ -z "$slow" ] || worse "$name" "three censuses were not completed in time"
    finish "${all[@]}"
    case ${HOW[$name]} in
    one-cpu) echo 1 >/sys/devices/system/cpu/cpu1/online ;;
    vsock | beside-vsock) stop_guest "$VSOCK" ;;
    esac
}

# What the command said of the queue takes the place of what the daemon did.
told_by_diagnose() {
    local name=$1 entry
    entry=".queues[] | select(\"\(.tap)/\(.queue_index)\" == \"$(key "$name")\")"
    SEEN[$name]=$(json diagnose "[$entry | .verdict] | join(\" \")")
    SURE[$name]=$(json diagnose "[$entry | .confidence] | join(\" \")")
    MISSING[$name]=$(json diagnose "[$entry | .criteria[] | select(.outcome == \"not_measurable\") | .id] | join(\" \")")
    TOOK[$name]=$VW_SECONDS
    [ "${SEEN[$name]}" = "${EXPECTED[$name]}" ] || worse "$name" "diagnose says ${SEEN[$name]:-nothing}"
    WORDS[$name]+="; exit code $VW_STATUS"
}

# ---------------------------------------------------------------- the boot

jq -n --arg os "$(. /etc/os-release && echo "$PRETTY_NAME")" --arg bpftrace "$(bpftrace --version)" --arg release "$(uname -r)" \
    --arg java "$(dpkg-query -W -f '${Package} ${Version}\n' 'openjdk-*-jre-headless' | awk 'NF == 2' | paste -sd ,)" --arg cpus "$(nproc)" \
    '{os: $os, bpftrace: $bpftrace, kernel: $release, java: $java, cpus: $cpus}' >"$RESULTS/boot.json"

modprobe -q vhost_vsock
taps=0 sleepers=() others=()
for name in "${names[@]}"; do
    how=$(stimulus_field "$name" 4)
    [ "$how" ] || fatal "there is no stimulus $name"
    EXPECTED[$name]=$(stimulus_expected "$name" "$KERNEL_STATUS" "$NOTES") HOW[$name]=$how
    if [[ $how == *vsock && ! -c /dev/vhost-vsock ]]; then
        result "$name" stimulus-failed '' '' '' "no vhost_vsock here"
        continue
    fi
    [ "$how" = late ] || set_up "$name" "$((++taps))" "$how" || continue
    [[ $how != pair && $how != both ]] || set_up "$name+" "$((++taps))" "$how"
    case $how:${EXPECTED[$name]}:$(stimulus_field "$name" 5) in
    *--transmit*) others+=("$name") ;;
    plain:STALLED:* | pin-*:STALLED:*) sleepers+=("$name") ;;
    *) others+=("$name") ;;
    esac
done
# The workers are of the kind that this boot is for.
for name in "${!GUEST[@]}"; do
    if [ -e "/proc/${GUEST[$name]}/task/$(worker_tid "$name")" ]; then found=task; else found=kthread; fi
    [ "$WORKERS" = any ] || [ "$found" = "$WORKERS" ] || fatal "the workers are of the kind $WORKERS: that of $name is a $found"
done
for name in "${others[@]}"; do [ "${HOW[$name]}" != before ] || begin "$name"; done

start_daemon --census-period 10s
wait_for 240 "the daemon is ready" ask /-/ready
DAEMON_READY=$(seconds)
known() {
    local name
    look || return
    for name in "${!GUEST[@]}"; do [ "$(verdict "$name")" ] || { echo "$name is not known"; return 1; }; done
}
# bpftrace 0.17 compiles a census for half a minute on an emulated CPU of its own, and one that takes too long is taken again.
wait_for 120 "it knows all queues" known

for name in "${others[@]}"; do [ "${HOW[$name]}" != before ] || cell "$name"; done
# Sleeping workers take nothing from each other: all at once.
if [ ${#sleepers[@]} -gt 0 ]; then
    for name in "${sleepers[@]}"; do begin "$name"; done
    until_found 90 "${sleepers[@]}"
    look
    for name in "${sleepers[@]}"; do judge "$name"; done
    finish "${sleepers[@]}"
fi
for name in "${others[@]}"; do [ "${HOW[$name]}" = before ] || cell "$name"; done
look
check "all series are gone at the end" is "$(wc -l <"$RESULTS/now")" -eq 0
end_daemon TERM
check "the daemon ends with 143" is "$DAEMON_STATUS" -eq 143
check "no bpftrace is left" not_probing
