#!/usr/bin/env bash
# The real programs and a real window: a gateway, a register, and a workstation that is driven by keyboard and mouse
# under Xvfb, with a real notification service (dunst) on a bus of its own. What happened is asked of the register, the
# gateway and that service, not read from pixels; pictures are kept in target/window.
set -euo pipefail
# No keyring and no notification service of whoever runs this.
if [ -z "${WINDOW_TEST_BUS:-}" ]; then
    exec env WINDOW_TEST_BUS=own dbus-run-session -- bash "$0" "$@"
fi
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

# Points of the window below its title bar.
press() { xdotool mousemove --window "$window" "$1" "$2" click 1; }
# The patients of the choices that wait, and the one whose answer says this.
waiting() { register list --from 2000-01-01 --to 2099-12-31 --status pending --type choice --sort name --limit 100; }
name='"{family} {given}".format(**one["patient"]["name"])'
name_of() { json "[$name for one in d['items']][$1]"; }
answered() {
    register list --from 2000-01-01 --to 2099-12-31 --limit 2000 |
        json "[$name for one in d['items'] if any(answer['comment'] == '$1' for answer in one['answers'])]"
}
is_answer_of() { [ "$(answered "$1")" = "['$2']" ]; }
find() {
    press 1170 96
    keys ctrl+a
    text "$1"
    sleep 1
}
# The form of the first application; the keyboard is in its first field then.
open_form() {
    keys Down Return
    sleep 1
    keys Return
    sleep 1
}
# From the field of the district on: the doctor, and what is said to the citizen.
fill_and_send() {
    keys Tab
    text "Петров Пётр Петрович"
    keys Tab
    text "Врач-терапевт"
    keys Tab
    text "$1"
    picture "$2"
    keys ctrl+Return
}
provide() {
    open_form
    text 12
    fill_and_send "$1" "$2"
}

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
cat >"$work/dunstrc" <<'INI'
[global]
    mouse_left_click = do_action, close_current
    origin = top-right
    offset = 20x40
    width = 300
INI
stdbuf -oL dunst -config "$work/dunstrc" -print >"$work/notices" 2>"$work/dunst.log" &
pids+=($!)
until_true "the notification service is there" dunstctl count

"$bin/prikrep-simulator" --listen 127.0.0.1:0 --applications 1500 --organizations 1 --seed 7 --now 2026-11-20T00:00:00Z >"$work/gateway.out" 2>"$work/gateway.log" &
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

press 830 33
sleep 1
picture types
keys Down Return
sleep 0.5
press 1230 33
sleep 1
picture choices

provide "Ответ с клавиатуры" form
until_true "the answer reaches the gateway" has_answers 1
picture answered
said "Ответ с клавиатуры"
ok "an answer to a choice, given by keyboard alone, has reached the gateway"

keys Escape Escape
third=$(waiting | name_of 2)
find "$third"
picture found
provide "Найдено по фамилии" found-form
until_true "the found patient's application is answered" is_answer_of "Найдено по фамилии" "$third"
keys Escape Escape
press 1170 96
keys ctrl+a Delete
ok "searched by a name typed in Cyrillic: that patient's application was answered"

first=$(waiting | name_of 0)
last=$(waiting | name_of -1)
press 250 125
sleep 1
picture sorted
provide "Первая по алфавиту" sorted-form
until_true "the first by name is answered" is_answer_of "Первая по алфавиту" "$first"
keys Escape Escape
press 250 125
sleep 1
provide "Последняя по алфавиту" sorted-back-form
until_true "the last by name is answered" is_answer_of "Последняя по алфавиту" "$last"
keys Escape Escape
ok "filtered by type and sorted by name both ways with the mouse: the first and the last were answered"

# Types the first field of an answer, ends the window in a way, opens it again and sends what is there with the rest.
drafted() {
    local district=$1 comment=$2 patient
    shift 2
    patient=$(waiting | name_of 0)
    find "$patient"
    open_form
    text "$district"
    sleep 2
    "$@"
    wait "$window_pid" 2>/dev/null || true
    open_window
    text "$password"
    keys Tab
    text "парольная фраза"
    keys Return
    sleep 5
    find "$patient"
    open_form
    fill_and_send "$comment" "$district"
    until_true "what was typed is sent" is_answer_of "$comment" "$patient"
    said "\"district\": *\"$district\""
    keys Escape Escape
}
drafted killed "После падения" kill -KILL "$window_pid"
ok "killed and opened again: what was typed was there and has been sent"
drafted closed "После закрытия" keys alt+F4
ok "closed and opened again: what was typed was there and has been sent"

# What dunst prints of a notification is its body among other things.
notices() { grep -c "body: '" "$work/notices" || true; }
has_notices() { [ "$(notices)" -ge "$1" ]; }
is_seen() { xprop -id "$window" WM_STATE | grep -q Normal; }
is_hidden() { xprop -id "$window" WM_STATE | grep -q Iconic; }
before=$(notices)
xdotool windowminimize "$window"
until_true "the window is minimised" is_hidden
curl -s -X POST -H 'content-type: application/json' -d '{"count": 3}' "$gateway/control/arrive" >/dev/null
until_true "a notification has come" has_notices $((before + 1))
sleep 3
picture notice
[ "$(notices)" -eq $((before + 1)) ] || { echo "not one notification for one pull" >&2; exit 1; }
tail -n 40 "$work/notices" | grep -q "Новых заявлений: 3" || { echo "the notification does not say how many" >&2; exit 1; }
families=$(register list --from 2000-01-01 --to 2099-12-31 --sort -created_at --limit 2000 | json '"|".join({one["patient"]["name"]["family"] for one in d["items"]})')
if grep -qE "$families" "$work/notices"; then echo "a notification names a patient" >&2; exit 1; fi
xdotool mousemove 1200 70 click 1
until_true "a press brings the window up" is_seen
sleep 1
picture notice-pressed
ok "minimised: one notification for one pull, of no name, and a press brings the window up"

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
