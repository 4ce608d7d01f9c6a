# The two trees that every VM needs: the guest's root file system and the emulator. Sourced, after common.sh and mirror.sh.
# shellcheck shell=bash

readonly SUITE=trixie ROOT_DISK_ID=76686f73

image_packages() { grep -Ev '^[[:space:]]*(#|$)' "$LAB/image/packages" | paste -sd,; }

# guest_image: prints the cache entry with root.img, the guest's root file system (no kernel, no modules).
guest_image() { cached "guest-$(content_key "$LAB/lib/image.sh" "$LAB/image/packages" "$LAB/image/init")" build_guest_image; }

build_guest_image() {
    local dir=$1 root=$1/root
    say "guest image: Debian $SUITE with $(image_packages | tr ',' ' ') (about a minute)"
    bootstrap "$root" --variant=minbase --include="$(image_packages)" \
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
    say "emulator: QEMU of Debian $SUITE"
    bootstrap "$1/root" --variant=extract --include=qemu-system-x86 || die "emulator: mmdebstrap failed"
}

bootstrap() {
    local root=$1 settings status=0
    shift
    settings=$(mktemp)
    host_acquire_settings >"$settings"
    quietly mmdebstrap --mode=root --format=directory --aptopt="$settings" "$@" "$SUITE" "$root" "$(source_line "$SUITE")" || status=$?
    rm -f "$settings"
    return "$status"
}
