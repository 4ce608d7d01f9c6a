# Shared by every command of the lab: words to the user, the cache, locks. Sourced, never run.
# shellcheck shell=bash

PATH=$PATH:/usr/sbin:/sbin
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034  # used by vm.sh
PROJECT=$(dirname "$LAB")
CACHE=${VHOSTWATCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vhostwatch}

# Exit codes of lab/run and lab/shell, besides 0 (all passed) and 1 (a check failed).
readonly EX_LAB=3 EX_USAGE=64

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit "$EX_LAB"; }
usage_error() { say "$*"; exit "$EX_USAGE"; }

# Runs a command quietly; its output is shown only if it fails.
quietly() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 || status=$?
    [ "$status" = 0 ] || { tail -n 25 "$log" | sed 's/^/    /' >&2; }
    rm -f "$log"
    return "$status"
}

content_key() { cat "$@" | sha256sum | cut -c1-16; }

# cached NAME BUILDER [ARG...]: prints the path of the cache entry NAME; when it is not there, BUILDER DIR ARG... fills
# an empty directory that is then renamed into place. Of two runs that want the same entry, one builds and one waits.
cached() {
    local name=$1 builder=$2 entry=$CACHE/$1 work started=$SECONDS
    shift 2
    if [ ! -d "$entry" ]; then
        mkdir -p "$CACHE/locks"
        exec 9>"$CACHE/locks/$name"
        if ! flock -n 9; then
            say "$name is being built by another run, waiting"
            flock 9
        fi
        if [ ! -d "$entry" ]; then
            work=$CACHE/.building-$name
            rm -rf "$work" && mkdir -p "$work"
            # Not in an `if`: that would switch off `set -e` inside the builder.
            (set -e; trap '[ "$?" = 0 ] || rm -rf "$work"' EXIT; "$builder" "$work" "$@") >&2
            mv "$work" "$entry"
            # What no run has used for two weeks goes; a use touches its entry.
            find "$CACHE" -mindepth 1 -maxdepth 1 -mtime +14 -name "*-????????????????" -exec rm -rf {} +
            say "$name ready after $((SECONDS - started)) s"
        fi
        exec 9>&-
    fi
    touch "$entry"
    printf '%s\n' "$entry"
}
