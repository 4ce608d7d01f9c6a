# alerting: a livelock, its end and an agent that is gone reach a receiver, through real Prometheus and Alertmanager, with what is shipped
# kernels: affected
# timeout: 1800
# shellcheck shell=bash

MONITORING=/opt/lab/monitoring RECEIVED=$RESULTS/received
PROMETHEUS=http://127.0.0.1:9090 ALERTMANAGER=http://127.0.0.1:9093
mkdir -p "$RECEIVED"

query() { curl -fsS --max-time 10 -G "$PROMETHEUS/api/v1/query" --data-urlencode "query=$1" | jq -er '.data.result[0].value[1]'; }
target_is() { is "$(query 'up{job="vhostwatch"}')" == "$1"; }
loaded() { is "$(curl -fsS --max-time 10 "$PROMETHEUS/api/v1/rules" | jq '[.data.groups[].rules[]] | length')" -gt 30; }

# delivered PATH STATUS ALERT FILTER: prints the labels of such an alert that came to that receiver, not before AFTER.
AFTER=0
delivered() {
    local file found
    for file in "$RECEIVED"/*-"$1".json; do
        [ -e "$file" ] || break
        DELIVERED=${file##*/} DELIVERED=${DELIVERED%%-*}
        [ "${DELIVERED%.*}" -ge "${AFTER%.*}" ] || continue
        found=$(jq -er --arg status "$2" --arg alert "$3" \
            "[.alerts[] | select(.status == \$status and .labels.alertname == \$alert) | select($4)][0] | \"\(.labels.vm) \(.labels.tap) \(.labels.queue) \(.labels.instance)\"" "$file") || continue
        printf '%s' "$found"
        return
    done
    return 1
}
# arrives SECONDS WHAT SINCE PATH STATUS ALERT FILTER: waits for it, and notes how long that took from SINCE (date +%s.%3N).
arrives() {
    local limit=$1 what=$2 from=$3
    shift 3
    AFTER=$from
    wait_for "$limit" "$what" delivered "$@" || return
    delivered "$@" >/dev/null
    note "$what" "$(awk -v a="$from" -v b="$DELIVERED" 'BEGIN { printf "%.1f s (from %s to %s)", b - a, a, b }')"
}
now() { date +%s.%3N; }

# What is shipped, but for the interval of the scrapes and the folder of the rules.
sed -e 's/15s/5s/' -e "s|/etc/prometheus/vhostwatch|$MONITORING/prometheus|;s|/\*\.yml\$|/vhostwatch-*.yml|" \
    "$MONITORING/prometheus/prometheus.yml" >/tmp/prometheus.yml
check "the example for Prometheus is right" promtool check config /tmp/prometheus.yml
check "the example for Alertmanager is right" amtool check-config "$MONITORING/alertmanager/alertmanager.yml"
systemd-socket-activate --accept --inetd --listen 127.0.0.1:19740 "$MONITORING/receiver" "$RECEIVED" 2>"$RESULTS/receiver.log" &
prometheus-alertmanager --config.file="$MONITORING/alertmanager/alertmanager.yml" --storage.path=/tmp/alertmanager \
    --web.listen-address=127.0.0.1:9093 --cluster.listen-address= >"$RESULTS/alertmanager.log" 2>&1 &
prometheus --config.file=/tmp/prometheus.yml --storage.tsdb.path=/tmp/prometheus --web.listen-address=127.0.0.1:9090 \
    >"$RESULTS/prometheus.log" 2>&1 &
sysctl -qw kernel.bpf_stats_enabled=1

start_daemon
wait_for 240 "the daemon is ready" ask /-/ready
wait_for 120 "Alertmanager answers" curl -fsS --max-time 5 "$ALERTMANAGER/-/ready"
wait_for 120 "Prometheus answers" curl -fsS --max-time 5 "$PROMETHEUS/-/ready"
wait_for 60 "Prometheus has the rules" loaded
wait_for 60 "and scrapes the daemon" target_is 1
ask /metrics >"$RESULTS/metrics.txt"
check "promtool finds nothing to say of the metrics" promtool check metrics <"$RESULTS/metrics.txt"
check "on a calm host nothing was delivered" is "$(find "$RECEIVED" -name '*.json' | wc -l)" -eq 0

# 1. A drill livelocks, and refills after a while.
vhostwatch drill --tap drill0 --seconds 200 --refill-after 120 >"$RESULTS/drill.out" 2>&1 &
drill=$!
wait_for 120 "the drill has livelocked its queue" grep -h '^onset' "$RESULTS/drill.out"
onset=$(now)
wait_for 60 "queue_livelocked is 1" metric_is vhostwatch_queue_livelocked == 1 'tap="drill0"'
note "onset to queue_livelocked 1" "$(awk -v a="$onset" -v b="$(now)" 'BEGIN { printf "%.1f s", b - a }')"
arrives 110 "a page arrives" "$onset" page firing VhostQueueLivelocked '.labels.tap == "drill0" and .labels.queue == "0"'
check "with VM, tap, queue and host" is "$(delivered page firing VhostQueueLivelocked '.labels.tap == "drill0"')" == "java-$drill drill0 0 127.0.0.1:19739"
check "and with words and a runbook" jq -er '.alerts[0].annotations | select((.description | test("tap drill0, queue 0")) and (.runbook_url | endswith("/docs/runbooks/VhostQueueLivelocked.md"))) | .description' \
    "$(grep -l VhostQueueLivelocked "$RECEIVED"/*-page.json | head -n 1)"
wait_for 180 "the drill has refilled" grep -h '^refilled' "$RESULTS/drill.out"
refill=$(now)
wait_for 60 "queue_livelocked is 0" metric_is vhostwatch_queue_livelocked == 0 'tap="drill0"'
arrives 120 "the page is resolved" "$refill" page resolved VhostQueueLivelocked '.labels.tap == "drill0"'
check "while it was livelocked, nothing else of this host was delivered" is "$(find "$RECEIVED" -name '*.json' ! -name '*-page.json' | wc -l)" -eq 0
wait "$drill"
check "the drill says that this kernel is affected (exit code 2)" is "$?" -eq 2

# 2. A VM with a name that wants to be more than a name; and the read-only commands of the runbooks during its livelock.
name='web"01\<b>'
start_guest --tap lab0 --onset-after -1 --poses-as -name "$name"
wait_for 60 "the guest's queue is known" metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"'
onset_guest
onset=$(now)
arrives 150 "a page of a VM with a hostile name arrives" "$onset" page firing VhostQueueLivelocked '.labels.tap == "lab0"'
check "with its name, as it is" is "$(delivered page firing VhostQueueLivelocked '.labels.tap == "lab0"')" == "$name lab0 0 127.0.0.1:19739"
wait_for 120 "evidence is captured" metric_is vhostwatch_captures_total '>=' 1
worker=$(worker_of "$GUEST_PID")
# Each line of the blocks under "How to look", once.
for page in /opt/lab/runbooks/*.md; do
    awk '/^## / { look = /How to look/ } /^```/ { code = look && /sh$/; next } code' "$page"
done | sort -u >"$RESULTS/commands.txt"
check "the runbooks have commands" is "$(wc -l <"$RESULTS/commands.txt")" -ge 15
ran=0
while IFS= read -r line; do
    line=${line//TAP/lab0} line=${line//PID/$GUEST_PID} line=${line//TID/$worker}
    ran=$((ran + 1))
    timeout 180 bash -o pipefail -c "$line" >"$RESULTS/command-$ran.txt" 2>&1 </dev/null
    status=$?
    case $line in
    # The verdict is in their exit code: 2 is the livelock; exposure says 1 on an affected kernel.
    'vhostwatch diagnose'* | 'vhostwatch incidents'*) wanted=2 ;;
    'vhostwatch exposure'*) wanted=1 ;;
    *) wanted=0 ;;
    esac
    check "from a runbook: $line" is "$status" -eq "$wanted"
    check "it says something" is "$(wc -c <"$RESULTS/command-$ran.txt")" -gt 0
done <"$RESULTS/commands.txt"

# 3. The dashboards, over what this run has seen.
"$MONITORING/queries" --none-empty "$PROMETHEUS" >"$RESULTS/queries.txt" 2>&1
status=$?
check "every query of the dashboards has data ($(grep -c ^PASS "$RESULTS/queries.txt") have)" is "$(grep -A 1 ^FAIL "$RESULTS/queries.txt" | head -c 1500; echo "$status")" == 0

# 4. The end of that livelock; then the agent is killed.
refill_guest
refill=$(now)
wait_for 60 "refilled: queue_livelocked is 0" metric_is vhostwatch_queue_livelocked == 0 'tap="lab0"'
arrives 180 "its page is resolved" "$refill" page resolved VhostQueueLivelocked '.labels.tap == "lab0"'
killed=$(now)
end_daemon KILL
arrives 240 "that the agent is gone arrives" "$killed" work firing VhostwatchDown '.labels.instance == "127.0.0.1:19739"'
start_daemon
wait_for 240 "started again: ready" ask /-/ready
wait_for 60 "Prometheus has it again" target_is 1
down_ended() { ! query 'ALERTS{alertname="VhostwatchDown"}'; }
wait_for 60 "the alert has ended" down_ended
never_again() { is "$(curl -fsS --max-time 10 -G "$PROMETHEUS/api/v1/query" --data-urlencode 'query=ALERTS{alertname="VhostQueueLivelocksAgain"}' | jq '.data.result | length')" -eq 0; }
check "a livelock and a restart are not livelocks again and again" never_again
check "no rule has failed, of all that were evaluated" is "$(curl -fsS --max-time 10 "$PROMETHEUS/metrics" | awk '
    /^prometheus_rule_evaluation_failures_total/ { groups++; failed += $2 } END { print (groups > 3), failed + 0 }')" == "1 0"
curl -fsS --max-time 10 "$PROMETHEUS/api/v1/rules" | jq -r '.data.groups[].rules[] | select(.health == "err") | "\(.name): \(.lastError)"' >"$RESULTS/rule-errors.txt"
check "none is in error" is "$(wc -l <"$RESULTS/rule-errors.txt")" -eq 0
end_daemon TERM
stop_guest
check "no daemon's log has a stack trace" is "$(cat "$RESULTS"/daemon-*.log | grep -cE '^\s+at |Exception')" -eq 0
