# Where packages come from: the Debian mirror that this system's apt is set up for, and no other. Sourced.
# shellcheck shell=bash

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# apt's own reading of sources.list and sources.list.d, as "URI SUITE" lines; both formats, mirror+file included.
# shellcheck disable=SC2016  # the fields are for apt
configured_archives() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null | sort -u
}

# The URI of the archive that holds SUITE: the same mirror serves every suite of its kind.
mirror_of() {
    local suite=$1 main security
    main=$(configured_archives | awk '$2 ~ /^(bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)$/ { print $1; exit }')
    security=$(configured_archives | awk '$2 ~ /-security$/ { print $1; exit }')
    [ -n "$main" ] || die "no Debian archive in the apt settings of this system (/etc/apt/sources.list, sources.list.d): the lab takes its kernels and its image from there"
    case $suite in
    *-security)
        # A system without security updates configured: by convention the sibling of the main archive.
        printf '%s\n' "${security:-${main%/debian*}/debian-security}" ;;
    *) printf '%s\n' "$main" ;;
    esac
}

source_line() { printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$(mirror_of "$1")" "$1"; }

# The host's transport settings (proxies, validity checks), for a tool that does not read its apt.conf.d by itself.
host_acquire_settings() {
    apt-config dump --no-empty Acquire | grep -E '^Acquire::(Check-|http|https|ftp|Retries|AllowInsecure|AllowWeak|ForceIPv)' || true
}

# private_apt DIR SUITE...: an apt root of its own below DIR. Afterwards `apt_in DIR apt-get ...` acts on it; the
# host's apt.conf.d applies, its package lists and its installed packages are not touched.
private_apt() {
    local dir=$1 suite
    shift
    mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
    : >"$dir/status"
    : >"$dir/sources.list"
    for suite; do source_line "$suite" >>"$dir/sources.list"; done
    apt_in "$dir" apt-get -qq update
}

apt_in() {
    local dir=$1 tool=$2
    shift 2
    "$tool" -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State="$dir/state" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
        -o APT::Sandbox::User=root -o APT::Get::List-Cleanup=true "$@"
}
