# The two trees that every VM needs: a root file system of lab/images and the emulator. Sourced, after common.sh and mirror.sh.
# shellcheck shell=bash

# The emulator's suite is no choice: older ones have bugs that the kernels of the lab run into.
readonly EMULATOR_SUITE=trixie ROOT_DISK_ID=76686f73

image_table() { grep -Ev '^[[:space:]]*(#|$)' "$LAB/images"; }

# image_line NAME: the line of the table, or a usage error that lists what there is.
image_line() {
    local line
    line=$(image_table | awk -v want="$1" '{ n = split($1, names, ","); for (i = 1; i <= n; i++) if (names[i] == want) { print; exit } }')
    [ -n "$line" ] || usage_error "unknown image '$1'. These are pinned in lab/images: $(image_names | paste -sd ' ')"
    printf '%s\n' "$line"
}

image_names() { image_table | awk '{ split($1, n, ","); print n[1] }'; }
image_name() { image_line "$1" | awk '{ split($1, n, ","); print n[1] }'; }
default_image() { image_names | head -n 1; }
list_images() { image_table | awk '{ split($1, n, ","); printf "    %-10s Debian %s, bpftrace %s, Java %s%s\n", n[1], $2, $3, $4, (n[2] == "" ? "" : "  (also: " n[2] ")") }'; }

# image_packages JAVA LISTS: comma-separated, for one line of the table.
image_packages() {
    local list
    {
        printf 'openjdk-%s-jre-headless\n' "$1"
        for list in ${2//,/ }; do grep -Ev '^[[:space:]]*(#|$)' "$LAB/image/$list"; done
    } | sort | paste -sd,
}

# guest_image NAME: prints the cache entry with root.img, that image's root file system (no kernel, no modules).
guest_image() {
    local line name suite java lists
    line=$(image_line "$1")
    read -r name suite _ java lists <<<"$line"
    name=${name%%,*}
    cached "guest-$name-$( (printf '%s\n' "$suite" "$(image_packages "$java" "$lists")"; cat "$LAB/lib/image.sh" "$LAB/image/init") | content_key -)" \
        build_guest_image "$suite" "$(image_packages "$java" "$lists")"
}

build_guest_image() {
    local dir=$1 suite=$2 packages=$3 root=$1/root
    say "guest image: Debian $suite with ${packages//,/ } (about a minute)"
    bootstrap "$suite" "$root" --variant=minbase --include="$packages" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' ||
        die "guest image: mmdebstrap failed"
    install -m 755 "$LAB/image/init" "$root/lab-init"
    printf 'vhostwatch-lab\n' >"$root/etc/hostname"
    printf '127.0.0.1 localhost vhostwatch-lab\n' >"$root/etc/hosts"
    mkdir -p "$root/usr/lib/modules" "$root/results" "$root/opt"
    rm -rf "$root"/usr/share/man/* "$root"/etc/apt/sources.list* "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
    say "guest image: making the disk"
    # In a partition, because that is the only thing that the kernel can find a root by without an initramfs: NVMe
    # names come in random order. Sectors of 512: 2048 in front of the partition.
    truncate -s 3073M "$dir/root.img"
    printf 'label: dos\nlabel-id: 0x%s\nstart=2048, type=83\n' "$ROOT_DISK_ID" | quietly sfdisk "$dir/root.img"
    quietly mke2fs -q -t ext4 -O ^has_journal -m 0 -E offset=1048576 -d "$root" "$dir/root.img" 3G
    rm -rf "$root"
}

# emulator: prints the cache entry with the tree of QEMU 10 and its libraries; it runs from there, without a chroot.
emulator() { cached "emulator-$(content_key "$LAB/lib/image.sh")" build_emulator; }

build_emulator() {
    say "emulator: QEMU of Debian $EMULATOR_SUITE"
    bootstrap "$EMULATOR_SUITE" "$1/root" --variant=extract --include=qemu-system-x86 || die "emulator: mmdebstrap failed"
}

# bootstrap SUITE ROOT OPTION...
bootstrap() {
    local suite=$1 root=$2 settings status=0
    shift 2
    settings=$(mktemp)
    host_acquire_settings >"$settings"
    quietly mmdebstrap --mode=root --format=directory --aptopt="$settings" "$@" "$suite" "$root" "$(source_line "$suite")" || status=$?
    rm -f "$settings"
    return "$status"
}
