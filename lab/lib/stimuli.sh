# The table lab/stimuli, for lab/matrix on the host and for its scenario in the VM. Sourced.
# shellcheck shell=bash

STIMULI=${STIMULI:-$(dirname "$(dirname "${BASH_SOURCE[0]}")")/stimuli}

stimulus_table() { grep -Ev '^[[:space:]]*(#|$)' "$STIMULI" | sed -E 's/ *\| */|/g; s/ *$//'; }
stimulus_names() { stimulus_table | cut -d'|' -f1; }

# stimulus_field NAME N: 4 how, 5 options, 6 what.
stimulus_field() { stimulus_table | awk -F'|' -v name="$1" -v field="$2" '$1 == name { print $field }'; }

# stimulus_expectations STATUS [NOTES]: a line "NAME VERDICTS" each; a slash stands between verdicts that are all right.
stimulus_expectations() {
    stimulus_table | awk -F'|' -v status="$1" -v notes=",${2:-}," '{
        print $1, $5 ~ /in_order.*--fresh/ && index(notes, ",in-order-not-rewound,") ? "STALLED" : status == "affected" ? $2 : $3
    }'
}

# stimulus_expected NAME STATUS [NOTES]: those of one.
stimulus_expected() { stimulus_expectations "$2" "${3:-}" | awk -v name="$1" '$1 == name { print $2 }'; }
