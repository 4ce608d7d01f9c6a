# What the VM says on its channel, as lines for people, as checks.tsv and as junit.xml. Sourced.
# shellcheck shell=bash

# report_line OUT LINE: @check SCENARIO pass|fail SECONDS SENTENCE FIGURES, @note, @begin, @end.
report_line() {
    local out=$1 kind scenario fields
    IFS=$'\t' read -r kind scenario fields <<<"${2%$'\r'}"
    case $kind in
    @begin) printf -- '--- %s\n' "$scenario" ;;
    @check)
        printf '%s\n' "$fields" >>"$out/$scenario/checks.tsv"
        awk -F '\t' '{
            figures = $4; gsub(/\\n/, "\n          ", figures)
            printf "%s  %s%s  [%s s]\n", ($1 == "pass" ? "PASS" : "FAIL"), $3, (figures == "" ? "" : ": " figures), $2
        }' <<<"$fields" ;;
    @note) printf '      %s\n' "${fields/$'\t'/: }" ;;
    @end)
        [ "$fields" = 0 ] || {
            case $fields in
            124 | 137) set -- "the scenario ends in time" "stopped by its timeout" ;;
            *) set -- "the scenario runs to its end" "exit code $fields; see scenario.log" ;;
            esac
            # `fatal` has told why already.
            [ "$fields" = 1 ] && grep -q '^fail' "$out/$scenario/checks.tsv" 2>/dev/null && return
            printf 'fail\t0\t%s\t%s\n' "$1" "$2" >>"$out/$scenario/checks.tsv"
            printf 'FAIL  %s: %s\n' "$1" "$2"
        } ;;
    *) printf '      %s\n' "$2" ;;
    esac
}

# write_junit DIR KERNEL SCENARIO FAILURE: one test case a check; FAILURE, if any, is one more, as an error.
write_junit() {
    local dir=$1 kernel=$2 scenario=$3 failure=$4
    touch "$dir/checks.tsv"
    awk -F '\t' -v suite="lab.$kernel" -v class="$scenario" -v failure="$failure" '
        function xml(text) {
            gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); gsub(/"/, "\\&quot;", text)
            gsub(/[\001-\010\013\014\016-\037]/, "?", text)
            return text
        }
        {
            total++; time += $2; if ($1 == "fail") failed++
            body = body sprintf("  <testcase classname=\"%s.%s\" name=\"%s\" time=\"%s\"", xml(suite), xml(class), xml($3), $2)
            figures = xml($4); gsub(/\\n/, "\n", figures)
            if ($1 == "fail") body = body sprintf("><failure message=\"%s\">%s</failure></testcase>\n", xml($3), figures)
            else body = body sprintf("><system-out>%s</system-out></testcase>\n", figures)
        }
        END {
            if (failure != "") { total++; errors = 1; body = body sprintf("  <testcase classname=\"%s.%s\" name=\"the lab runs\"><error message=\"%s\"/></testcase>\n", xml(suite), xml(class), xml(failure)) }
            printf "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"%s.%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" time=\"%.1f\">\n%s</testsuite>\n", xml(suite), xml(class), total, failed, errors, time, body
        }' "$dir/checks.tsv" >"$dir/junit.xml"
}

# report_end OUT KERNEL FAILURE SCENARIO...: the last line, and the exit code.
report_end() {
    local out=$1 kernel=$2 failure=$3 scenario passed=0 failed=0
    shift 3
    for scenario; do
        passed=$((passed + $(grep -c '^pass' "$out/$scenario/checks.tsv" || true)))
        failed=$((failed + $(grep -c '^fail' "$out/$scenario/checks.tsv" || true)))
    done
    printf '%s: %s: %d passed, %d failed, %d s; results in %s\n' "$kernel" "$*" "$passed" "$failed" "$SECONDS" "$out"
    [ -z "$failure" ] || die "$failure"
    # A run that checked nothing has shown nothing.
    [ $((passed + failed)) -gt 0 ] || die "no check was made"
    [ "$failed" = 0 ] || exit 1
}
