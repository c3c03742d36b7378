#!/usr/bin/env bash
# The real programs and a real window: a gateway, a register, and a workstation that is driven by keyboard under Xvfb.
# What happened is asked of the register and the gateway, not read from pixels; pictures are kept in target/window.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${CARGO_TARGET_DIR:-target}/debug
out=target/window
work=$(mktemp -d)
password=window-test-2026
passed=0
pids=()

cleanup() {
    local status=$?
    if [ "$status" -ne 0 ]; then
        import -window root "$out/failed.png" 2>/dev/null || true
        tail -n 20 "$work"/*.log >&2 || true
        printf '%d passed, 1 failed\n' "$passed"
    fi
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

ok() {
    passed=$((passed + 1))
    printf 'ok   %s\n' "$1"
}

# Waits until a command succeeds, two minutes at most.
until_true() {
    local what=$1 end=$((SECONDS + 120))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { printf 'not so after two minutes: %s\n' "$what" >&2; return 1; }
        sleep 0.2
    done
}

# Types keys into the window; it has the keyboard of the screen all the time.
keys() { xdotool key --delay 60 "$@"; }
text() { xdotool type --delay 30 "$1"; }
picture() { import -window root "$out/$1.png"; }

json() { python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
register() { "$bin/prikrepd" "$@" --config "$work/prikrepd.toml" --json; }
answers() { curl -s "$gateway/control/answers" | json 'len(d["answers"])'; }
sessions() { register status | json 'd["sessions"]'; }
has_answers() { [ "$(answers)" -ge "$1" ]; }
signed_in() { [ "$(sessions)" -ge 1 ]; }
# Whether an answer that the register has says this.
said() { register list --from 2000-01-01 --to 2099-12-31 --limit 1000 | grep -q "$1" || { printf 'no answer says %s\n' "$1" >&2; return 1; }; }
first_line() { sed -n 's/^listening on //p' "$1" | grep .; }
window_of() { xdotool search --onlyvisible --pid "$1" | grep .; }

open_window() {
    "$bin/prikrep" --server "$url" --data-dir "$work/workstation" 2>>"$work/window.log" &
    window_pid=$!
    pids+=("$window_pid")
    until_true "the window is there" window_of "$window_pid"
    window=$(window_of "$window_pid" | tail -n 1)
    xdotool windowfocus --sync "$window"
    sleep 1
}

mkdir -p "$out"
rm -f "$out"/*.png
export DISPLAY
Xvfb -displayfd 1 -screen 0 1366x768x24 -noreset >"$work/display" 2>/dev/null &
pids+=($!)
until_true "a screen" grep -q . "$work/display"
DISPLAY=:$(cat "$work/display")
setxkbmap -layout us,ru
openbox >/dev/null 2>&1 &
pids+=($!)
# No keyring and no notification service of whoever runs this.
export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus

"$bin/prikrep-simulator" --listen 127.0.0.1:0 --applications 300 --organizations 1 --seed 7 --now 2026-11-20T00:00:00Z >"$work/gateway.out" 2>"$work/gateway.log" &
pids+=($!)
until_true "the gateway listens" first_line "$work/gateway.out"
gateway=$(first_line "$work/gateway.out")
(umask 077 && printf simulator >"$work/upstream.password")
cat >"$work/prikrepd.toml" <<TOML
data_dir = "$work/register"
key_file = "$work/store.key"
listen = "127.0.0.1:0"
[upstream]
url = "$gateway"
login = "region-22"
password_file = "$work/upstream.password"
pull_at = "live"
TOML
register pull >/dev/null
oid=$(register list --from 2000-01-01 --to 2099-12-31 --limit 1 | json 'd["items"][0]["organization"]["oid"]')
printf '%s\n' "$password" | register user add anna --organization "$oid" --name "Иванова Анна Андреевна" --role registrar --must-change-password no >/dev/null
"$bin/prikrepd" serve --config "$work/prikrepd.toml" >"$work/register.out" 2>"$work/register.log" &
pids+=($!)
until_true "the register listens" first_line "$work/register.out"
url=$(first_line "$work/register.out")
open_window
picture sign-in
text anna
keys Tab
text "$password"
keys Return
# Where there is no keyring a passphrase is chosen; its field has the keyboard by then.
sleep 4
picture passphrase
text "парольная фраза"
keys Return
until_true "the register has a session of the window" signed_in
sleep 4
picture list
ok "signed in with a passphrase that was chosen, and the list is shown"

keys Down Return
sleep 1
keys Return
sleep 1
text 12
keys Tab
text "Петров Пётр Петрович"
keys Tab
text "Врач-терапевт"
keys Tab
text "Ответ с клавиатуры"
picture form
keys ctrl+Return
until_true "the answer reaches the gateway" has_answers 1
picture answered
said "Ответ с клавиатуры"
ok "an answer to a choice, given by keyboard alone, has reached the gateway"

keys Escape Escape
keys Down Return
sleep 1
keys Return
sleep 1
text "Черновик"
sleep 2
kill -KILL "$window_pid"
wait "$window_pid" 2>/dev/null || true
open_window
text "$password"
keys Tab
text "парольная фраза"
keys Return
sleep 5
picture reopened
keys Down Return
sleep 1
keys Return
sleep 1
keys Tab
text "Петров Пётр Петрович"
keys Tab
text "Врач-терапевт"
keys Tab
text "После падения"
picture draft
keys ctrl+Return
until_true "the second answer reaches the gateway" has_answers 2
said "Черновик"
ok "killed and opened again: the draft was there and has been sent"

xdotool windowclose "$window" 2>/dev/null || true
wait "$window_pid" 2>/dev/null || true
"$bin/prikrep" demo --applications 300 2>>"$work/demo.log" &
window_pid=$!
pids+=("$window_pid")
until_true "the demo's window is there" window_of "$window_pid"
sleep 5
picture demo
ok "the demo opens its window"
printf '%d passed, 0 failed\n' "$passed"
