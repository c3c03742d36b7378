# shellcheck shell=bash disable=SC2154 # What is read here comes from common.sh.
# A screen of 1366x768 without a monitor, and the window on it, driven by keyboard and mouse. Sourced after common.sh.

# Where pictures go.
out=${out:-$target/screen}
# Seconds after a key, after a text, and until a page is drawn. A slower window wants more.
key_pause=0.1
text_pause=0.1
page_pause=1

open_screen() {
    export DISPLAY
    Xvfb -displayfd 1 -screen 0 1366x768x24 -noreset >"$work/display" 2>/dev/null &
    pids+=($!)
    until_true "a screen" grep -q . "$work/display"
    DISPLAY=:$(cat "$work/display")
    setxkbmap -layout us,ru
    openbox >/dev/null 2>&1 &
    pids+=($!)
}

picture() { import -window root "$out/$1.png"; }

look() { import -window root "$out/failed.png"; }

# Types keys into the window; it has the keyboard of the screen all the time.
keys() {
    local key
    for key in "$@"; do
        xdotool key "$key"
        sleep "$key_pause"
    done
}

text() {
    xdotool type --delay 40 "$1"
    sleep "$text_pause"
}

# press X Y: points of the window below its title bar.
press() {
    xdotool mousemove --window "$window" "$1" "$2" click 1
    sleep "$page_pause"
}

window_of() { xdotool search --onlyvisible --pid "$1" | grep .; }

# open_window PROGRAM OPTIONS...: starts it; $window is what it opens.
open_window() {
    "$@" 2>>"$work/window.log" &
    window_process=$!
    pids+=("$window_process")
    until_true "the window is there" window_of "$window_process"
    window=$(window_of "$window_process" | tail -n 1)
    xdotool windowfocus --sync "$window"
    sleep "$page_pause"
}

# show_type N: 0 all applications, 1 choices, 2 cancellations, 3 detachments; of them those that wait for an answer.
show_type() {
    press 1305 33
    if [ "$1" -gt 0 ]; then
        press 830 33
        for ((i = 0; i < $1; i++)); do keys Down; done
        keys Return
        press 1230 33
    fi
}

# find_patient NAME: the list is of patients with this name; no card is open.
find_patient() {
    press 1170 96
    keys ctrl+a Delete
    text "$1"
    sleep "$page_pause"
}

# The form of the first application in the list; the keyboard is in its first field then.
open_form() {
    keys Down Return
    sleep "$page_pause"
    keys Return
    sleep "$page_pause"
}

close_card() { keys Escape Escape; }

# fill_and_send PICTURE DOCTOR POSITION COMMENT: the form of an answer from the field of the district on.
fill_and_send() {
    local picture=$1 field
    shift
    for field in "$@"; do
        keys Tab
        text "$field"
    done
    picture "$picture"
    keys ctrl+Return
}
