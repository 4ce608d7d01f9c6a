# One virtual machine, from payload to results. Sourced, after common.sh, mirror.sh, kernel.sh and image.sh.
# shellcheck shell=bash

# A run has a working directory of its own, and at most one QEMU; both go when the script ends, however it ends.
VM_DIR='' VM_PID=''
vm_cleanup() {
    if [ -n "$VM_PID" ] && kill "$VM_PID" 2>/dev/null; then
        wait "$VM_PID" 2>/dev/null || true
    fi
    [ -z "$VM_DIR" ] || rm -rf "$VM_DIR"
}

vm_prepare() {
    VM_DIR=$(mktemp -d "${TMPDIR:-/tmp}/vhostwatch-lab.XXXXXX")
    trap vm_cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# distribution OPTION: the directory with bin/vhostwatch that goes into the VM; empty for "none".
distribution() {
    local dist=${1:-${VHOSTWATCH_DIST:-$PROJECT/agent/target/vhostwatch}}
    [ "$dist" = none ] && return
    [ -e "$dist/bin/vhostwatch" ] ||
        die "no vhostwatch distribution in $dist: run \`mvn package\` first, or name one with --dist DIR (--dist none: go without)"
    printf '%s\n' "$dist"
}

# guest_program: prints the cache directory with `guest`, the C program of lab/guest, built statically.
guest_program() { cached "program-$(content_key "$LAB"/guest/*)" build_guest_program; }
build_guest_program() { quietly make -s -C "$LAB/guest" OUT="$1" || die "lab/guest does not compile"; }

# vm_payload JOB DIST [INIT [FILE...]]: packs what goes to the VM; JOB is the shell script that the VM runs, INIT (lab or
# systemd) its PID 1, and the FILEs come to /opt/lab/files.
vm_payload() {
    local job=$1 dist=$2 init=${3:-lab} root=$VM_DIR/payload guest
    shift $(($# < 3 ? $# : 3))
    guest=$(guest_program)
    mkdir -p "$root/opt/lab/bin" "$root/opt/lab/files" "$root/opt/vhostwatch"
    cp -r "$LAB/lib/boot" "$LAB/lib/scenario.sh" "$LAB/lib/service.sh" "$LAB/lib/stimuli.sh" "$LAB/stimuli" "$LAB/scenarios" "$root/opt/lab/"
    cp -r "$PROJECT/monitoring" "$PROJECT/docs/runbooks" "$root/opt/lab/"
    cp "$guest/guest" "$root/opt/lab/bin/vhost-guest"
    [ $# = 0 ] || cp -- "$@" "$root/opt/lab/files/"
    printf '%s\n' "$init" >"$root/opt/lab/init"
    printf '%s\n' "$job" >"$root/opt/lab/job"
    [ -z "$dist" ] || cp -rL "$dist/." "$root/opt/vhostwatch/"
    tar --owner=0 --group=0 -cf "$VM_DIR/payload.tar" -C "$root" .
    truncate -s 512M "$VM_DIR/results.img"
}

# vm_slots: how many machines may run at a time: each emulated CPU gets a processor, as a livelock uses all of one. With two
# machines of two CPUs on two processors, each takes twice as long as alone and more: nothing is gained but timeouts.
vm_slots() {
    local slots=${VHOSTWATCH_LAB_SLOTS:-$(($(nproc) / ${VHOSTWATCH_LAB_CPUS:-2}))}
    echo $((slots < 1 ? 1 : slots))
}

# vm_slot: waits until this machine may run.
vm_slot() {
    local slots slot said=
    slots=$(vm_slots)
    mkdir -p "$CACHE/locks"
    while :; do
        for ((slot = 1; slot <= slots; slot++)); do
            exec 8>"$CACHE/locks/slot-$slot"
            flock -n 8 && return
        done
        [ -n "$said" ] || say "$slots VMs are running, waiting for one to end (VHOSTWATCH_LAB_SLOTS)"
        said=yes
        sleep 1
    done
}

# vm_command KERNEL-NAME IMAGE-NAME: sets VM, the QEMU command without its console and channel.
vm_command() {
    local name=$1 kernel_dir image tree lib boot
    kernel_dir=$(kernel "$name")
    image=$(guest_image "$2")
    tree=$(emulator)/root
    lib=$tree/usr/lib/x86_64-linux-gnu
    boot=$kernel_dir/vmlinux
    [ -e "$boot" ] || boot=$kernel_dir/vmlinuz
    # The emulator's own loader and libraries: nothing of the host's is used, and no chroot is needed.
    # shellcheck disable=SC2054  # the commas are QEMU's
    VM=(setpriv --pdeathsig TERM env "QEMU_MODULE_DIR=$lib/qemu" "TMPDIR=$VM_DIR"
        "$tree/usr/lib64/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$lib:$lib/pulseaudio:$lib/blas:$lib/lapack"
        "$tree/usr/bin/qemu-system-x86_64" -L "$tree/usr/share/qemu" -L "$tree/usr/share/seabios" -L "$tree/usr/lib/ipxe/qemu"
        -nodefaults -no-user-config -display none -no-reboot -machine q35 -accel "${VHOSTWATCH_LAB_ACCEL:-tcg,thread=multi}" -cpu max
        -smp "${VHOSTWATCH_LAB_CPUS:-2}" -m "${VHOSTWATCH_LAB_MEMORY:-2048}"
        -kernel "$boot"
        -append "root=PARTUUID=$ROOT_DISK_ID-01 rw rootwait init=/lab-init console=ttyS0 panic=1 mitigations=off nokaslr tsc=reliable audit=0 ${VHOSTWATCH_LAB_APPEND:-}"
        -device "nvme,id=disks,serial=lab"
        -drive "if=none,id=root,file=$image/root.img,format=raw,snapshot=on,cache=unsafe" -device nvme-ns,drive=root,bus=disks,shared=off,nsid=1
        -drive "if=none,id=modules,file=$kernel_dir/modules.ext4,format=raw,readonly=on" -device nvme-ns,drive=modules,bus=disks,shared=off,nsid=2
        -drive "if=none,id=payload,file=$VM_DIR/payload.tar,format=raw,readonly=on" -device nvme-ns,drive=payload,bus=disks,shared=off,nsid=3
        -drive "if=none,id=results,file=$VM_DIR/results.img,format=raw,cache=unsafe" -device nvme-ns,drive=results,bus=disks,shared=off,nsid=4
        -device virtio-serial)
    # Kernels that have what finds their root as modules.
    [ ! -e "$kernel_dir/initrd" ] || VM+=(-initrd "$kernel_dir/initrd")
}

# vm_results DIR: unpacks what the VM left; fails when it did not get that far.
vm_results() {
    mkdir -p "$1"
    tar -xf "$VM_DIR/results.img" -C "$1" 2>/dev/null && [ -e "$1/status" ]
}

# Why the VM ended early, in the console's own words.
# shellcheck disable=SC2120  # lab/run gives it one
console_tail() {
    say "the last lines of the console${1:+ ($1)}:"
    tail -n 30 "$VM_DIR/console.log" 2>/dev/null | tr -d '\r' | sed 's/^/    /' >&2
}

# vm_start SECONDS: starts the VM, no longer than that; what its job writes to /dev/hvc0 comes out of $VM_DIR/channel.
vm_start() {
    rm -f "$VM_DIR/channel" "$VM_DIR/console.log"
    mkfifo "$VM_DIR/channel"
    setpriv --pdeathsig TERM timeout -k 5 "$1" "${VM[@]}" -serial "file:$VM_DIR/console.log" \
        -chardev stdio,id=channel,signal=off -device virtconsole,chardev=channel \
        </dev/null >"$VM_DIR/channel" 2>"$VM_DIR/qemu.log" &
    VM_PID=$!
}

# vm_boot SECONDS: starts the VM and waits until its kernel is up; the channel is descriptor 7. An emulated CPU loses its
# timer now and then while the kernel boots, which then waits for ever: nothing of the project has run yet, so that one
# boot is ended and the next one tried. One that goes on to hang, or a kernel that dies, is not tried again.
vm_boot() {
    local boots=3 boot patience=${VHOSTWATCH_LAB_BOOT:-150} end
    for ((boot = 1; ; boot++)); do
        vm_start "$1"
        exec 7<"$VM_DIR/channel"
        end=$((SECONDS + patience))
        while kill -0 "$VM_PID" 2>/dev/null; do
            grep -qs '^lab: up after' "$VM_DIR/console.log" && return
            [ "$SECONDS" -lt "$end" ] || break
            sleep 0.5
        done
        [ "$SECONDS" -ge "$end" ] && [ "$boot" -lt "$boots" ] || return 0
        say "the kernel was not up after $patience s (VHOSTWATCH_LAB_BOOT): boot $((boot + 1)) of $boots"
        # shellcheck disable=SC2119
        console_tail
        kill "$VM_PID" 2>/dev/null || true
        vm_wait
    done
}

vm_wait() {
    wait "$VM_PID" || true
    VM_PID=''
}
