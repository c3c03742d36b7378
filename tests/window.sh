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
# shellcheck source=tests/shell/common.sh
. tests/shell/common.sh
# shellcheck source=tests/shell/screen.sh
. tests/shell/screen.sh

out=target/window
password="window-test-2026"

trap finish EXIT

# The patients of the choices that wait, and the one whose answer says this.
waiting() { list_all --status pending --type choice --sort name --limit 100; }
name='"{family} {given}".format(**one["patient"]["name"])'
name_of() { json "[$name for one in d['items']][$1]"; }
answered() {
    list_all --limit 2000 | json "[$name for one in d['items'] if any(answer['comment'] == '$1' for answer in one['answers'])]"
}
is_answer_of() { [ "$(answered "$1")" = "['$2']" ]; }

# fill COMMENT PICTURE: the rest of an answer, from the field of the district on.
fill() { fill_and_send "$2" "Петров Пётр Петрович" "Врач-терапевт" "$1"; }
provide() {
    open_form
    text 12
    fill "$1" "$2"
}

open_workstation() { open_window "$bin/prikrep" --server "$url" --data-dir "$work/workstation"; }

mkdir -p "$out"
rm -f "$out"/*.png
open_screen
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

start_gateway --applications 1500 --organizations 1 --seed 7 --now 2026-11-20T00:00:00Z
make_register 127.0.0.1:0 'pull_at = "live"'
add_anna "$password" --must-change-password no
serve_register
open_workstation
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
until_true "the register has a session of the window" has_sessions 1
sleep 4
picture list
ok "signed in with a passphrase that was chosen, and the list is shown"

show_type 1
picture choices

provide "Ответ с клавиатуры" form
until_true "the answer reaches the gateway" has_answers 1
picture answered
said "Ответ с клавиатуры" || fail "the register has the answer"
ok "an answer to a choice, given by keyboard alone, has reached the gateway"

close_card
third=$(waiting | name_of 2)
find_patient "$third"
picture found
provide "Найдено по фамилии" found-form
until_true "the found patient's application is answered" is_answer_of "Найдено по фамилии" "$third"
close_card
find_patient ""
ok "searched by a name typed in Cyrillic: that patient's application was answered"

first=$(waiting | name_of 0)
last=$(waiting | name_of -1)
press 250 125
picture sorted
provide "Первая по алфавиту" sorted-form
until_true "the first by name is answered" is_answer_of "Первая по алфавиту" "$first"
close_card
press 250 125
provide "Последняя по алфавиту" sorted-back-form
until_true "the last by name is answered" is_answer_of "Последняя по алфавиту" "$last"
close_card
ok "filtered by type and sorted by name both ways with the mouse: the first and the last were answered"

# Types the first field of an answer, ends the window in a way, opens it again and sends what is there with the rest.
drafted() {
    local district=$1 comment=$2 patient
    shift 2
    patient=$(waiting | name_of 0)
    find_patient "$patient"
    open_form
    text "$district"
    sleep 2
    "$@"
    wait "$window_process" 2>/dev/null || true
    open_workstation
    text "$password"
    keys Tab
    text "парольная фраза"
    keys Return
    sleep 5
    find_patient "$patient"
    open_form
    fill "$comment" "$district"
    until_true "what was typed is sent" is_answer_of "$comment" "$patient"
    said "\"district\": *\"$district\"" || fail "the district that was typed before"
    close_card
}
drafted killed "После падения" kill -KILL "$window_process"
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
[ "$(notices)" -eq $((before + 1)) ] || fail "one notification for one pull"
tail -n 40 "$work/notices" | grep -q "Новых заявлений: 3" || fail "the notification says how many"
families=$(list_all --sort -created_at --limit 2000 | json '"|".join({one["patient"]["name"]["family"] for one in d["items"]})')
! grep -qE "$families" "$work/notices" || fail "no notification names a patient"
xdotool mousemove 1200 70 click 1
until_true "a press brings the window up" is_seen
sleep 1
picture notice-pressed
ok "minimised: one notification for one pull, of no name, and a press brings the window up"

xdotool windowclose "$window" 2>/dev/null || true
wait "$window_process" 2>/dev/null || true
open_window "$bin/prikrep" demo --applications 300
sleep 5
picture demo
keys alt+F4
wait "$window_process" || fail "the demo ends well"
ok "the demo opens its window, and ends with it"
printf '%d passed, 0 failed\n' "$passed"
