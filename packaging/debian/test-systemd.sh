#!/usr/bin/env bash
# prikrepd's package under a real systemd: a Debian 12 with its own kernel, started by qemu, in which the package is
# installed, run, killed, upgraded and rebooted by packaging/debian/systemd/checks.sh. The processor is emulated, which takes
# its minutes; QEMU_ACCEL=kvm does without, where it works.
# Needs root, Debian's package archive, and target/debian/prikrepd_*.deb of packaging/debian/build.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || { echo "Run it as root: it makes a Debian." >&2; exit 1; }
[ -n "${PRIKREP_OWN_MOUNTS:-}" ] || exec unshare --mount env PRIKREP_OWN_MOUNTS=yes bash "packaging/debian/$(basename "$0")"
work=$(mktemp -d /var/tmp/prikrep-systemd.XXXXXX)
# shellcheck source=tests/shell/common.sh
. tests/shell/common.sh

limit_secs=${LIMIT_SECS:-3600}
root=$work/root
trap finish EXIT

# A higher version of the package.
higher() {
    dpkg-deb -R "$1" "$work/higher"
    sed -i 's/^Version: .*/&+upgrade/' "$work/higher/DEBIAN/control"
    dpkg-deb --root-owner-group -Znone -b "$work/higher" "$2" >/dev/null
}

make_disk() {
    mmdebstrap --quiet --variant=minbase --mode=root \
        --include=systemd-sysv,dbus,udev,adduser,curl,linux-image-cloud-amd64,initramfs-tools \
        bookworm "$root" "${MIRROR:-http://deb.debian.org/debian}" 2>"$work/bootstrap.log" || fail "a Debian is made"
    cp "$1" "$root/root/prikrepd.deb"
    higher "$1" "$root/root/prikrepd-higher.deb"
    strip -o "$root/usr/bin/prikrep-simulator" "$bin/prikrep-simulator"
    install -m 755 packaging/debian/systemd/checks.sh "$root/root/checks.sh"
    echo prikrep-test >"$root/etc/hostname"
    printf '127.0.0.1 localhost prikrep-test\n' >"$root/etc/hosts"
    echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
    mkdir -p "$root/var/log/journal"
    cat >"$root/etc/systemd/system/checks.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=exec
ExecStart=/root/checks.sh
[Install]
WantedBy=multi-user.target
UNIT
    ln -s /etc/systemd/system/checks.service "$root/etc/systemd/system/multi-user.target.wants/checks.service"
    cp "$root"/boot/vmlinuz-* "$work/vmlinuz"
    cp "$root"/boot/initrd.img-* "$work/initrd"
    mke2fs -q -t ext4 -d "$root" "$work/disk" 2G
}

need_packages mmdebstrap qemu-system-x86 e2fsprogs
package=$(find "$target/debian" -name 'prikrepd_*.deb' | sort -V | tail -n 1)
[ -n "$package" ] || fail "there is target/debian/prikrepd_*.deb: run packaging/debian/build.sh first"
need_programs
make_disk "$package"

timeout "$limit_secs" qemu-system-x86_64 -accel "${QEMU_ACCEL:-tcg}" -cpu max -smp 2 -m 2048 -nographic -nodefaults -serial stdio \
    -kernel "$work/vmlinuz" -initrd "$work/initrd" -append "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=no" \
    -drive "file=$work/disk,format=raw,if=virtio,cache=unsafe" </dev/null 2>"$work/qemu.log" |
    tee "$work/console.log" | sed -un 's/\r//; s/^.*@@ //p' || fail "the machine ran to its end in $limit_secs s"
grep -q '@@ done' "$work/console.log" || fail "every check passed"
printf '%d passed\n' "$(grep -c '@@ ok ' "$work/console.log")"
