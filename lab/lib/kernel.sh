# Kernels: from a name in lab/kernels to a bootable image and a disk of modules. Sourced, after common.sh and mirror.sh.
# shellcheck shell=bash

kernel_table() { grep -Ev '^[[:space:]]*(#|$)' "$LAB/kernels"; }

# kernel_line NAME: the line of the table, or a usage error that lists what there is.
kernel_line() {
    local line
    line=$(kernel_table | awk -v want="$1" '{ n = split($1, names, ","); for (i = 1; i <= n; i++) if (names[i] == want) { print; exit } }')
    if [ -z "$line" ]; then
        say "unknown kernel '$1'. These are pinned in lab/kernels:"
        list_kernels >&2
        exit "$EX_USAGE"
    fi
    printf '%s\n' "$line"
}

list_kernels() { kernel_table | awk '{ split($1, n, ","); printf "    %-13s %-9s %s%s\n", n[1], $4, $3, (n[2] == "" ? "" : "  (also: " n[2] ")") }'; }
kernel_name() { kernel_line "$1" | awk '{ split($1, n, ","); print n[1] }'; }
kernel_release() { kernel_line "$1" | awk '{ print $3 }'; }
kernel_status() { kernel_line "$1" | awk '{ print $4 }'; }
kernel_notes() { kernel_line "$1" | awk '{ print ($6 == "" ? "-" : $6) }'; }

# kernel NAME: prints the cache entry with vmlinux (or vmlinuz), config, modules.ext4 and, where the kernel does not find its root
# without, initrd, fetching it if need be.
kernel() {
    local line name suites release
    line=$(kernel_line "$1")
    read -r name suites release _ <<<"$line"
    name=${name%%,*}
    cached "kernel-$name-$( (printf '%s' "$suites $release"; cat "$LAB/lib/kernel.sh" "$LAB/image/initrd") | content_key -)" build_kernel "$name" "$suites" "$release"
}

build_kernel() {
    local dir=$1 name=$2 suites=$3 release=$4 packages tree=$1/tree
    say "kernel $name: fetching $release from ${suites//,/, }"
    # shellcheck disable=SC2086  # the list is meant to be split
    private_apt "$dir/apt" ${suites//,/ }
    packages=$(kernel_packages "$dir/apt" "$release") || no_such_kernel "$dir/apt" "$name" "$suites" "$release"
    mkdir "$tree"
    # shellcheck disable=SC2086
    (cd "$dir" && quietly apt_in "$dir/apt" apt-get -q download $packages) || die "kernel $name: download failed"
    for deb in "$dir"/*.deb; do dpkg-deb -x "$deb" "$tree"; done

    local modules=$tree/usr/lib/modules
    [ -d "$modules" ] || modules=$tree/lib/modules
    local bzimage
    for bzimage in "$tree"/boot/vmlinuz-* "$modules/$release/vmlinuz"; do [ ! -e "$bzimage" ] || break; done
    unpack_vmlinux "$bzimage" "$dir"
    cp "$tree"/boot/config-* "$dir/config" 2>/dev/null || cp "$modules/$release/config" "$dir/config" 2>/dev/null || true
    modules_image "$modules" "$release" "$dir/modules.ext4" "$dir/initrd"
    rm -rf "$tree" "$dir/apt" "$dir"/*.deb
}

# Which packages make up this kernel: one up to 6.18, two from 6.19 on. Fails when the archive lacks one of them.
kernel_packages() {
    local apt=$1 release=$2 available
    available=$(apt_in "$apt" apt-cache pkgnames linux-)
    if grep -qx "linux-modules-$release" <<<"$available"; then
        grep -qx "linux-binary-$release" <<<"$available" || return 1
        printf '%s\n' "linux-binary-$release" "linux-modules-$release"
    else
        # An image whose modules package has gone is of no use: from 6.19 on it is only a wrapper.
        grep -qx "linux-image-$release" <<<"$available" || return 1
        ! grep -qx "linux-binary-$release" <<<"$available" || return 1
        printf '%s\n' "linux-image-$release"
    fi
}

no_such_kernel() {
    local apt=$1 name=$2 suites=$3 release=$4
    say "kernel $name: the archive has no (complete) $release in ${suites//,/, } any more. Cloud kernels that are there:"
    apt_in "$apt" apt-cache pkgnames linux-image- | sed -nE 's/^linux-image-([0-9].*-cloud-amd64)$/\1/p' | sort -V |
        while read -r there; do
            if kernel_packages "$apt" "$there" >/dev/null; then printf '    %s\n' "$there"; fi
        done >&2
    die "pin one of them in lab/kernels instead"
}

# The kernel inside a bzImage, uncompressed: QEMU starts it directly (PVH), which saves its decompressor the work.
unpack_vmlinux() {
    local bzimage=$1 dir=$2 offset
    cp "$bzimage" "$dir/vmlinuz"
    for codec in 'zstd \x28\xb5\x2f\xfd' 'xz \xfd7zXZ\x00'; do
        for offset in $(LC_ALL=C grep -obUaP "${codec#* }" "$bzimage" | cut -d: -f1 | head -n 3); do
            # The stream is followed by other data, which the decompressor complains about.
            tail -c "+$((offset + 1))" "$bzimage" | "${codec%% *}" -dc >"$dir/vmlinux" 2>/dev/null || true
            if [ "$(head -c 4 "$dir/vmlinux" | od -An -tx1 | tr -d ' ')" = 7f454c46 ]; then return; fi
        done
    done
    rm -f "$dir/vmlinux"
}

# modules_image MODULES RELEASE IMAGE INITRD: moves the modules to IMAGE; makes INITRD where the root needs some of them.
modules_image() {
    local modules=$1 release=$2 image=$3 root
    root=$(mktemp -d -p "$(dirname "$image")")
    mkdir -p "$root/lib/modules"
    mv "$modules/$release" "$root/lib/modules/"
    rm -rf "$root/lib/modules/$release"/{vmlinuz,System.map,config,build,source}
    depmod -b "$root" "$release"
    # What is not built in has a file: some packages come without the list of what is.
    if [ -n "$(find "$root/lib/modules/$release" -name 'nvme.ko*' -o -name 'ext4.ko*')" ]; then build_initrd "$root" "$release" "$4"; fi
    # Room for the files and half as much again for the file system's own.
    local megabytes
    megabytes=$(($(du -sm "$root/lib/modules" | cut -f1) * 3 / 2 + 16))
    quietly mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$root/lib/modules" "$image" "${megabytes}M"
    rm -rf "$root"
}

# build_initrd ROOT RELEASE FILE: busybox, the modules that lead to the root file system in the order of their needs, and
# lab/image/initrd, which loads them and goes on there. Debian's other flavours have NVMe and ext4 as modules.
build_initrd() {
    local root=$1 release=$2 file=$3 tree module name
    tree=$(mktemp -d -p "$(dirname "$file")")
    mkdir -p "$tree"/{bin,dev,proc,sys,mnt,modules}
    bootstrap "$EMULATOR_SUITE" "$tree/busybox" --variant=extract --include=busybox-static || die "initrd: mmdebstrap failed"
    mv "$tree/busybox/usr/bin/busybox" "$tree/bin/busybox" 2>/dev/null || mv "$tree/busybox/bin/busybox" "$tree/bin/busybox"
    rm -rf "$tree/busybox"
    install -m 755 "$LAB/image/initrd" "$tree/init"
    while read -r _ module _; do
        name=$(basename "$module")
        name=${name%%.ko*}.ko
        grep -qx "$name" "$tree/modules/order" 2>/dev/null && continue
        case $module in
        *.xz) xz -dc "$module" ;;
        *.zst) zstd -dqc "$module" ;;
        *) cat "$module" ;;
        esac >"$tree/modules/$name"
        printf '%s\n' "$name" >>"$tree/modules/order"
    done < <(modprobe -d "$root" -S "$release" -a --show-depends nvme ext4 | grep '^insmod')
    [ -s "$tree/modules/order" ] || die "initrd: what leads to the root of $release is not known"
    (cd "$tree" && find . -print0 | sort -z | cpio -0 -o -H newc --quiet) >"$file"
    rm -rf "$tree"
}
