#!/usr/bin/env bash
# The packages of packaging/debian/build.sh as a machine meets them: a clean Debian 12 in a folder, in which prikrepd is
# installed, started by its unit's command as its user, upgraded, removed and purged; prikrep is installed and its
# libraries are all there; lintian, systemd-analyze and the validators of desktop files find no errors.
# Needs root (chroot) and Debian's package archive. systemd itself does not run here.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || { echo "Run it as root: it needs chroot." >&2; exit 1; }
# What is mounted below is nobody else's, and goes with this process.
[ -n "${PRIKREP_OWN_MOUNTS:-}" ] || exec unshare --mount env PRIKREP_OWN_MOUNTS=yes bash "packaging/debian/$(basename "$0")"
work=$(mktemp -d /var/tmp/prikrep-deb.XXXXXX)
# shellcheck source=tests/shell/common.sh
. tests/shell/common.sh

debs=$target/debian
password=deb-test-2026-window
served=
root=$work/root

undo() {
    wait || true
    for point in proc dev; do umount "$root/$point" 2>/dev/null || true; done
}
trap finish EXIT

inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
apt_get() { inside apt-get -y -qq -o Dpkg::Options::=--force-confold "$@" >>"$work/apt.log" 2>&1; }
as_service() { inside runuser -u prikrepd -- "$@"; }
# shellcheck disable=SC2016 # A format of dpkg's own.
status_of() { inside dpkg-query -W -f '${db:Status-Abbrev}' prikrepd 2>/dev/null || true; }

# What the unit starts, as the user that it names, without any right to gain others.
start_serving() {
    local unit=$root/lib/systemd/system/prikrepd.service command user
    command=$(sed -n 's/^ExecStart=//p' "$unit")
    user=$(sed -n 's/^User=//p' "$unit")
    : >"$work/serve.out"
    # shellcheck disable=SC2086 # The command of the unit is a program and its arguments.
    env -i PATH=/usr/sbin:/usr/bin PRIKREP_LISTEN=127.0.0.1:0 chroot "$root" setpriv --reuid "$user" --regid "$user" \
        --init-groups --no-new-privs --bounding-set=-all --inh-caps=-all $command \
        >"$work/serve.out" 2>"$work/serve.log" </dev/null &
    served=$!
    pids+=("$served")
    until_true "prikrepd serves" address_of "$work/serve.out"
    url=$(address_of "$work/serve.out")
}

stop_serving() {
    [ -n "$served" ] || return 0
    kill "$served" 2>/dev/null || true
    wait "$served" || fail "prikrepd ends well"
    served=
}

stop_gateway() {
    kill "$gateway_process"
    wait "$gateway_process" || true
}

add_account() {
    printf '%s\n' "$password" | as_service prikrepd user add anna --role registrar --name 'Иванова Анна' \
        --organization 1.2.643.5.1.13.13.12.2.22.2001 --must-change-password no >/dev/null
}

queued() { as_service prikrepd status --json | json 'd["outbox"]["queued"]'; }
api() { curl -sSf --max-time 30 -H 'Content-Type: application/json' "$@"; }

# A registrar refuses a choice.
answer_one() {
    local token id
    token=$(api "$url/v1/sessions" -d "{\"login\": \"anna\", \"password\": \"$password\"}" | json 'd["token"]')
    id=$(as_service prikrepd list --from 2000-01-01 --to 2099-12-31 --status pending --type choice --json | json 'd["items"][0]["id"]')
    api -X PUT -H "Authorization: Bearer $token" -o "$work/answered.json" \
        "$url/v1/applications/$id/answers/$(cat /proc/sys/kernel/random/uuid)" \
        -d "{\"decision\": \"refuse\", \"comment\": \"Не та территория\", \"refusal_reason\": \"Не та территория\",
            \"answered_at\": \"$(date -u +%FT%TZ)\", \"answered_by\": \"Иванова Анна\"}"
}

is_healthy() { [ "$(curl -sf --max-time 10 "$url/healthz")" = ok ]; }
# Names, rights and contents of the service's files.
state() { (cd "$root/var/lib/prikrep" && find . -printf '%p %M %U\n' | sort && find . -type f -exec sha256sum {} + | sort); }

# A higher version of the package, whose own configuration differs.
higher() {
    local folder=$work/higher
    dpkg-deb -R "$1" "$folder"
    sed -i 's/^Version: .*/&+upgrade/' "$folder/DEBIAN/control"
    printf '\n# Новое в этой версии.\n' >>"$folder/etc/prikrep/prikrepd.toml"
    (cd "$folder" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group -b "$folder" "$root/prikrepd-higher.deb" >/dev/null
}

need_packages mmdebstrap lintian desktop-file-utils appstream systemd curl python3
register_package=$(find "$debs" -name 'prikrepd_*.deb' | sort -V | tail -n 1)
window_package=$(find "$debs" -name 'prikrep_*.deb' | sort -V | tail -n 1)
[ -n "$register_package" ] || fail "there is target/debian/prikrepd_*.deb: run packaging/debian/build.sh first"

for package in "$register_package" $window_package; do
    lintian --fail-on error --tag-display-limit 0 --allow-root "$package" || fail "lintian: $package"
    ok "lintian has no errors: $(basename "$package")"
done
desktop-file-validate packaging/debian/prikrep/*.desktop
ok "the desktop files are valid"
if [ -n "$window_package" ]; then
    dpkg-deb --fsys-tarfile "$window_package" | tar -xO ./usr/share/metainfo/ru.prikrep.prikrep.metainfo.xml >"$work/ru.prikrep.prikrep.metainfo.xml"
    appstreamcli validate --no-net "$work/ru.prikrep.prikrep.metainfo.xml" || fail "appstreamcli"
    ok "the AppStream data are valid"
fi

mmdebstrap --quiet --variant=minbase --mode=root bookworm "$root" "${MIRROR:-http://deb.debian.org/debian}" 2>"$work/bootstrap.log"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
cp "$register_package" "$root/prikrepd.deb"
apt_get update
ok "a clean Debian 12"

apt_get install --no-install-recommends /prikrepd.deb
[ "$(status_of)" = "ii " ] || fail "prikrepd is installed"
[ "$(inside stat -c '%U %G %a' /var/lib/prikrep)" = "prikrepd prikrepd 700" ] || fail "only the service enters its folder"
inside test -L /etc/systemd/system/multi-user.target.wants/prikrepd.service || fail "the service is enabled"
as_service prikrepd config check >/dev/null
ok "prikrepd is installed, enabled, and its configuration is good as it is"

# Beside the units of systemd, which is not in the folder.
units=$work/units
mkdir -p "$units/usr/bin" "$units/lib/systemd" "$units/etc"
cp -r /lib/systemd/system "$units/lib/systemd/"
cp "$root/lib/systemd/system/prikrepd.service" "$units/lib/systemd/system/"
cp "$root/usr/bin/prikrepd" "$units/usr/bin/"
systemd-analyze verify --man=no --root="$units" prikrepd.service >"$work/verify.log" 2>&1 || fail "systemd-analyze verify"
! grep prikrepd "$work/verify.log" || fail "systemd-analyze verify has nothing to say of the unit"
exposure=$(systemd-analyze security --offline=true --root="$units" --threshold=20 --no-pager prikrepd.service) ||
    fail "systemd-analyze security: $(tail -n 1 <<<"$exposure")"
ok "the unit is good; $(tail -n 1 <<<"$exposure" | sed 's/^[^A-Za-z]*//')"

start_serving
is_healthy || fail "/healthz answers"
add_account
stop_serving
[ "$(inside stat -c '%U %a' /var/lib/prikrep/store.key)" = "prikrepd 600" ] || fail "only the service reads its key"
ok "prikrepd is started by its unit's command as its user, answers on /healthz, and takes an account"

printf '\n# Своё.\n' >>"$root/etc/prikrep/prikrepd.toml"
before=$(state)
higher "$register_package"
apt_get install --no-install-recommends /prikrepd-higher.deb
inside dpkg -s prikrepd | grep -q '^Version: .*+upgrade$' || fail "the version is higher"
[ "$(state)" = "$before" ] || fail "an upgrade leaves the data alone"
tail -n 1 "$root/etc/prikrep/prikrepd.toml" | grep -q Своё || fail "an upgrade leaves the configuration alone"
inside test -e /etc/prikrep/prikrepd.toml.dpkg-dist || fail "the new configuration lies beside"
start_serving
is_healthy || fail "/healthz answers after the upgrade"
as_service prikrepd user list | grep -q anna || fail "the account is there after the upgrade"
stop_serving
ok "an upgrade to a higher version touches neither data nor configuration"

apt_get remove prikrepd
[ "$(status_of)" = "rc " ] || fail "prikrepd is removed"
inside test ! -e /usr/bin/prikrepd || fail "the program is gone"
inside test -e /var/lib/prikrep/store.key -a -d /var/lib/prikrep/desk -a -e /etc/prikrep/prikrepd.toml || fail "data and configuration stay"
inside test ! -e /var/lib/prikrep/undelivered || fail "nothing waits to be delivered"
apt_get install --no-install-recommends /prikrepd.deb
as_service prikrepd user list | grep -q anna || fail "the data are found again"
ok "a removal leaves data and configuration"

apt_get purge prikrepd
[ "$(status_of)" != "rc " ] || fail "prikrepd is purged"
inside test ! -e /var/lib/prikrep -a ! -e /etc/prikrep || fail "a purge removes data and configuration"
ok "a purge removes data and configuration"

# An answer is accepted while the federal service is away.
apt_get install --no-install-recommends /prikrepd.deb
need_programs
start_gateway --applications 200 --organizations 1 --seed 1
printf simulator | inside install -o prikrepd -g prikrepd -m 0600 /dev/stdin /etc/prikrep/upstream.password
printf '[upstream]\nurl = "%s"\nlogin = "region-22"\npassword_file = "/etc/prikrep/upstream.password"\n' "$gateway" \
    >>"$root/etc/prikrep/prikrepd.toml"
start_serving
add_account
as_service prikrepd pull >/dev/null
stop_gateway
answer_one
[ "$(queued)" = 1 ] || fail "the answer waits"
stop_serving
: >"$work/apt.log"
apt_get purge prikrepd
grep -q 'ВНИМАНИЕ: ответов, ещё не доставленных в федеральный сервис: 1' "$work/apt.log" || fail "undelivered answers are told"
grep -q 'ВНИМАНИЕ: /var/lib/prikrep не удалена' "$work/apt.log" || fail "the purge says what it keeps"
[ "$(status_of)" != "rc " ] || fail "prikrepd is purged"
apt_get install --no-install-recommends /prikrepd.deb
[ "$(queued)" = 1 ] || fail "the answer waits in what a purge has kept"
ok "a purge keeps answers that are not delivered and says so; the register, installed again, has them"

# Without its key nobody knows what waits.
mv "$root/var/lib/prikrep/store.key" "$root/store.key"
: >"$work/apt.log"
apt_get purge prikrepd
grep -q 'неизвестно сколько' "$work/apt.log" || fail "what cannot be read is told"
inside test -d /var/lib/prikrep/desk || fail "what cannot be read is kept"
rm -r "$root/var/lib/prikrep"
ok "a purge keeps what it cannot read"

if [ -n "$window_package" ]; then
    cp "$window_package" "$root/prikrep.deb"
    apt_get install --no-install-recommends /prikrep.deb
    inside prikrep --version >/dev/null
    # Those that winit, glutin and glow open by name.
    for library in libX11.so.6 libX11-xcb.so.1 libXcursor.so.1 libXi.so.6 libXrender.so.1 libxcb.so.1 libxkbcommon.so.0 libxkbcommon-x11.so.0 libGL.so.1 libEGL.so.1; do
        inside sh -c "ldconfig -p | grep -q '$library '" || fail "$library is there"
    done
    ! inside ldd /usr/bin/prikrep | grep 'not found' || fail "all libraries are there"
    inside test -e /usr/share/icons/hicolor/scalable/apps/ru.prikrep.prikrep.svg || fail "the icon is there"
    grep -q '^Hidden=true' "$root/etc/xdg/autostart/ru.prikrep.prikrep.desktop" || fail "autostart is off"
    apt_get purge prikrep
    inside test ! -e /usr/bin/prikrep -a ! -e /etc/xdg/autostart/ru.prikrep.prikrep.desktop || fail "prikrep is purged"
    ok "prikrep is installed with every library that it opens, and purged"
fi

printf '%d passed\n' "$passed"
