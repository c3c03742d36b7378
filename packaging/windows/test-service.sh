#!/usr/bin/env bash
# prikrepd.exe as a service, under Wine: installed, started, asked over HTTP, given applications by a native gateway,
# stopped, started with its data still there, killed, started again, uninstalled without a loss.
#
# Wine has no accounts of services, no rights on files, no restart after a failure and no delayed start: what is asked of
# Windows for these is seen here only to be asked without an error. PRIKREPD_EXE=... names a program that is built
# already.
set -euo pipefail
cd "$(dirname "$0")/../.."

# shellcheck source=tests/shell/common.sh
. tests/shell/common.sh

cross=${CROSS_DIR:-$HOME/.cache/prikrep-cross}
password=service-test-2026-window
export WINEPREFIX=$work/prefix WINEDEBUG=-all
unset DISPLAY WAYLAND_DISPLAY

look() { tail -n 30 "${service_folder:-$work/none}"/logs/* >&2; }
undo() {
    [ ! -d "$WINEPREFIX" ] || timeout 20 wineserver -k || true
}
trap finish EXIT

prikrepd() { timeout 120 "$cross/bin/wine-run" 'C:\Program Files\prikrep\prikrepd.exe' "$@" 2>>"$work/commands.log"; }
# The log's last word of where it listens.
address() { cat "$service_folder"/logs/*.log 2>/dev/null | sed -n 's/.*"message":"listening on \([^"]*\)".*/\1/p' | tail -n 1; }
healthy() { [ "$(curl -sf --max-time 10 "$(address)/healthz")" = ok ]; }
state() { prikrepd service status --json | json 'd["state"]' || true; }
running() { [ "$(state)" = running ]; }
stopped() { [ "$(state)" = stopped ]; }
whole() { [ "$(prikrepd user list --json | json 'len(d)')" = 1 ] && [ "$(prikrepd status --json | json 'd["store"]["applications"]')" = "$pulled" ]; }
# The program of the service, in the eyes of Linux.
process() { pgrep -f 'prikrepd.exe.* service run' | head -n 1; }

bash packaging/windows/wine.sh
need_packages curl python3 procps
PRIKREPD_EXE=${PRIKREPD_EXE:-$target/windows/dist/prikrepd.exe}
[ -e "$PRIKREPD_EXE" ] || bash packaging/windows/build.sh
need_programs
cp -a "$cross/wine-prefix" "$WINEPREFIX"
service_folder=$WINEPREFIX/drive_c/ProgramData/prikrep
configuration=$service_folder/prikrepd.toml
install -D "$PRIKREPD_EXE" "$WINEPREFIX/drive_c/Program Files/prikrep/prikrepd.exe"
# Wine ends its services with the last program that a person has started.
mkfifo "$work/held"
"$cross/bin/wine-run" cmd <>"$work/held" >/dev/null 2>&1 &

! prikrepd service start >/dev/null || fail "what is not installed is not started"
grep -q 'служба не установлена' "$work/commands.log" || fail "the reason is told in words"
! prikrepd service run >/dev/null || fail "no person is the service control manager"
ok "what cannot be is refused in words"

prikrepd service install >"$work/install.log" || fail "service install"
for made in "$configuration" "$service_folder/data" "$service_folder/logs"; do [ -e "$made" ] || fail "$made is there"; done
prikrepd config check >/dev/null || fail "the sample is good as it is"
[ "$(prikrepd service status --json | json 'd["account"]')" = 'NT SERVICE\prikrepd' ] || fail "it has an account of its own"
stopped || fail "it is not started by its installation"
sed 's/^/     /' "$work/install.log"
ok "service install: the sample configuration, folders, an account of its own"

start_gateway --applications 2000 --organizations 2 --seed 1
printf simulator >"$service_folder/upstream.password"
sed -i 's/^listen = .*/listen = "127.0.0.1:0"\r/' "$configuration"
printf '[upstream]\r\nurl = "%s"\r\nlogin = "region-22"\r\npassword_file = "upstream.password"\r\n' \
    "$gateway" >>"$configuration"
prikrepd service install >/dev/null || fail "a second installation is a change"
grep -q region-22 "$configuration" || fail "it leaves the configuration alone"
prikrepd service start >/dev/null || fail "service start"
running || fail "it runs"
healthy || fail "it answers on $(address)"
ok "service start: running once it listens, the log names the address, /healthz answers"

prikrepd pull >"$work/pull.log" || fail "prikrepd pull"
pulled=$(prikrepd status --json | json 'd["store"]["applications"]')
[ "$pulled" -gt 500 ] || fail "there are applications: $pulled"
prikrepd status >"$work/status.log" || fail "prikrepd status"
grep -q 'Регистр: работает' "$work/status.log" || fail "prikrepd status speaks to the service"
printf '%s\n' "$password" | prikrepd user add anna --role registrar --name 'Иванова Анна' \
    --organization 1.2.643.5.1.13.13.12.2.22.2001 >/dev/null || fail "prikrepd user add"
whole || fail "the account and the applications are there"
ok "it pulls from a gateway beyond Wine ($pulled applications), takes an account, and status tells"

started=$(date +%s%N)
prikrepd service stop >/dev/null || fail "service stop"
took=$((($(date +%s%N) - started) / 1000000))
stopped || fail "it has stopped"
grep -q 'the register has stopped' "$service_folder"/logs/*.log || fail "it stopped by itself"
ok "service stop: cleanly, in $took ms"

prikrepd service start >/dev/null || fail "it starts again"
healthy || fail "it answers"
whole || fail "everything is there after a stop"
ok "started again, everything is there"

before=$(process)
kill -KILL "$before"
gone() { ! kill -0 "$before" 2>/dev/null; }
until_true "its process is gone" gone
# Windows would start it again after five seconds.
prikrepd service start >/dev/null || fail "it starts after it was killed"
healthy || fail "it answers"
whole || fail "everything is there after it was killed"
ok "killed and started again, everything is there"

prikrepd service stop >/dev/null || fail "service stop"
sed -i 's/^timezone = .*/timezone = "Nowhere"\r/' "$configuration"
! prikrepd service start >/dev/null || fail "a wrong configuration is a failure"
cat "$service_folder"/logs/*.log | grep -q 'ожидается часовой пояс' || fail "the reason is in the log"
stopped || fail "a service that cannot start is stopped"
sed -i 's/^timezone = .*/timezone = "Asia\/Barnaul"\r/' "$configuration"
ok "a wrong configuration: told as a failure, the reason is in the log"

prikrepd service start >/dev/null || fail "it starts with the right configuration"
prikrepd service uninstall >/dev/null || fail "service uninstall"
is_gone() { ! prikrepd service status; }
until_true "the service is gone" is_gone
[ -z "$(process)" ] || fail "its process is gone"
[ -e "$configuration" ] || fail "the configuration stays"
whole || fail "key and data stay"
ok "service uninstall stops it and leaves configuration, key and data"
printf '%d passed\n' "$passed"
