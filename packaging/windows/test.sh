#!/usr/bin/env bash
# The installer of packaging/windows/build.sh as a person meets it, under Wine: installed silently, the window opened from
# where it lies, signed in to a register and a gateway of this machine, an answer given, killed, updated, started without a
# window, uninstalled. What happened is asked of the gateway, the register and the files, not read from pixels; pictures
# are kept in target/windows/screenshots. Needs root, or what wine.sh and build.sh would install.
# Wine keeps no property of a shortcut and shows no notifications: that the program names itself to them is seen here in
# the registry and in Wine's words about the call.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/shell/common.sh
. tests/shell/common.sh
# shellcheck source=tests/shell/screen.sh
. tests/shell/screen.sh

here=packaging/windows
dist=$target/windows/dist
out=$target/windows/screenshots
cross=${CROSS_DIR:-$HOME/.cache/prikrep-cross}
password="windows-test-2026"
name='Прикрепление онлайн'
# A key that moves the focus counts from the next frame on, and frames may take long here.
key_pause=1
text_pause=2
page_pause=2

undo() {
    # Of this prefix alone.
    WINEPREFIX=$work/prefix wineserver -k 2>/dev/null || true
}
trap finish EXIT

wine_run() { WINEPREFIX=$work/prefix "$cross/bin/wine-run" "$@"; }
# The same to its end; what Wine starts beside may outlive it and keep an output open.
wine_to_end() { timeout 180 env WINEPREFIX="$work/prefix" "$cross/bin/wine-run" "$@" </dev/null >>"$work/wine.log" 2>&1; }
registry() { wine_run reg query "$@" 2>/dev/null; }
# Windows of programs under Wine are known by their class, which is the program's name.
window_now() { xdotool search --onlyvisible --class '^prikrep\.(exe|com)$' | tail -n 1 | grep .; }
no_window() { ! window_now; }
has_ended() { ! kill -0 "$1" 2>/dev/null; }
is_gone() { [ ! -e "$1" ]; }

# Takes up the window that is there.
take_window() {
    until_true "the window is there" window_now
    window=$(window_now)
    xdotool windowfocus --sync "$window" 2>/dev/null || true
    sleep 3
}

# Starts the installed program with these arguments.
start() {
    # Not through the function: its shell would be killed instead of the program.
    WINEPREFIX=$work/prefix "$cross/bin/wine-run" "$programs\\prikrep.exe" "$@" >>"$work/window.log" 2>&1 </dev/null &
    window_process=$!
    pids+=("$window_process")
}

sign_in_again() {
    take_window
    text "$password"
    keys Return
    sleep 6
}

# From the field of the district on; Wine's keyboard has no Cyrillic.
fill() { fill_and_send "$2" "Petrov Petr" "GP" "$1"; }

installer() {
    makensis -V1 -NOCD -INPUTCHARSET UTF8 "-XSetCompressor /FINAL zlib" "-DVERSION=$1" "-DNUMBERS=$1.0" "-DPROGRAM=$dist/prikrep.exe" \
        "-DCONSOLE=$target/windows/resources/prikrep.com" "-DPICTURES=$target/windows/resources" "-DOUT=$work/$1.exe" \
        "$here/prikrep.nsi"
}

mkdir -p "$out"
rm -f "$out"/*.png
bash "$here/wine.sh"
need_packages openbox x11-xkb-utils curl python3
setup=$(ls "$dist"/prikrep-*-setup.exe 2>/dev/null) || { bash "$here/build.sh"; setup=$(ls "$dist"/prikrep-*-setup.exe); }
version=$(basename "$setup" -setup.exe)
version=${version#prikrep-}
need_programs
open_screen
cp -a "$cross/wine-prefix" "$work/prefix"
# Nothing is written into the home of whoever runs this: no shortcut on its desktop, no entry in its menus.
find "$work"/prefix/drive_c/users -mindepth 2 -maxdepth 2 -type l -exec sh -c 'rm "$1" && mkdir "$1"' _ {} ';'
export WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d'
wine_to_end winecfg -v win10
home=$(echo "$work"/prefix/drive_c/users/*/AppData/Local | tr ' ' '\n' | grep -v /Public/ | head -n 1)
user=$(basename "${home%/AppData/Local}")
programs="C:\\users\\$user\\AppData\\Local\\Programs\\Prikrep"
installed=$home/Programs/Prikrep
menu=${home%/Local}/Roaming/Microsoft/Windows/Start\ Menu/Programs
data=$home/prikrep
uninstall_key='HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\prikrep'

start_gateway --applications 600 --organizations 1 --seed 7 --now 2026-11-20T00:00:00Z
make_register 127.0.0.1:0 'pull_at = "live"'
add_anna "$password" --must-change-password no
serve_register

# ---- the installer ----
installer 0.0.1
WINEDEBUG=fixme+shell timeout 180 env WINEPREFIX="$work/prefix" "$cross/bin/wine-run" "$work/0.0.1.exe" /S /AUTOSTART=1 </dev/null >"$work/install.log" 2>&1
[ -s "${home%/AppData/Local}/Desktop/$name.lnk" ] || fail "a shortcut on the desktop"
for file in prikrep.exe prikrep.com prikrep.ico uninstall.exe; do [ -s "$installed/$file" ] || fail "$file is installed"; done
cmp "$dist/prikrep.exe" "$installed/prikrep.exe"
[ -s "$menu/$name.lnk" ] || fail "a shortcut in the Start menu"
[ -s "$menu/StartUp/$name.lnk" ] || [ -s "$menu/Startup/$name.lnk" ] || fail "a shortcut of the autostart"
registry "$uninstall_key" | grep -q 'DisplayVersion.*0\.0\.1' || fail "an entry to uninstall by"
registry 'HKCU\Software\Classes\AppUserModelId\ru.prikrep.prikrep' | grep -q 'IconUri' || fail "the name of notifications"
[ "$(grep -c 'propertystore_SetValue' "$work/install.log")" -eq 3 ] || fail "three shortcuts were given the identifier"
[ "$(grep -c 'propertystore_Commit' "$work/install.log")" -eq 3 ] || fail "three identifiers were kept"
ok "installed silently for one person: programs, shortcuts with the identifier, the entry to uninstall by"

wine_run "$programs\\prikrep.com" --version </dev/null 2>/dev/null | grep -q '^prikrep ' || fail "prikrep.com tells its version"
wine_run "$programs\\prikrep.exe" --version </dev/null 2>/dev/null | grep -q '^prikrep ' || fail "prikrep.exe tells it to a pipe"
wine_run "$programs\\prikrep.com" demo --terminal --applications 200 </dev/null >"$work/terminal.out" 2>>"$work/wine.log" || fail "the demo in a terminal"
grep -q 'доставлен' "$work/terminal.out" || fail "the demo in a terminal follows an answer to the gateway"
ok "from a console: the version, and the whole demo in the terminal"

# ---- the window ----
start --server "$url"
take_window
picture sign-in
text anna
keys Tab
text "$password"
keys Return
until_true "the register has a session of the window" has_sessions 1
sleep 6
picture list
show_type 1
[ -n "$(find "$data/data/profiles" -name profile.json)" ] || fail "a profile in %LOCALAPPDATA%"
[ -s "$data/config/settings.json" ] || fail "settings in %LOCALAPPDATA%"
is_gone "${home%/Local}/Roaming/prikrep" || fail "nothing roams"
open_form
text 12
fill "First from Windows" form
until_true "the answer reaches the gateway" has_answers 1
sleep 2
picture answered
said "First from Windows" || fail "the register has the answer"
ok "opened from where it was installed, signed in, listed; an answer has reached the gateway"

close_card
open_form
text 31
sleep 3
kill -KILL "$window_process"
wait "$window_process" 2>/dev/null || true
until_true "the program is dead" no_window
start
sign_in_again
show_type 1
open_form
picture draft
fill "After the kill" draft-form
until_true "what was typed before the kill is sent" has_answers 2
said '"district": *"31"' || fail "the district that was typed before the kill"
ok "killed and opened again: what was typed was there and has been sent"

# ---- the update, with the window open ----
close_card
open_form
text 44
sleep 3
before=$(find "$data" -name profile.json -exec sha256sum {} +)
wine_to_end "$setup" /S || fail "the update"
until_true "the update has closed the program" has_ended "$window_process"
registry "$uninstall_key" | grep -q "DisplayVersion.*$version" || fail "the new version is told"
[ "$before" = "$(find "$data" -name profile.json -exec sha256sum {} +)" ] || fail "the profile is the same"
[ -s "$menu/StartUp/$name.lnk" ] || [ -s "$menu/Startup/$name.lnk" ] || fail "the autostart that was chosen before"
ok "updated over the open window: it was closed, data and choices are as before"

# ---- without a window at first, as the autostart does ----
start --hidden
sleep 10
no_window || fail "no window at first"
kill -0 "$window_process" || fail "the program runs without its window"
picture hidden
wine_to_end "$programs\\prikrep.exe" || fail "a second start"
sign_in_again
picture shown
show_type 1
open_form
fill "After the update" updated-form
until_true "what was typed before the update is sent" has_answers 3
said '"district": *"44"' || fail "the district that was typed before the update"
keys Escape Escape alt+F4
until_true "the closed window hides" no_window
kill -0 "$window_process" || fail "the program goes on without its window"
wine_to_end "$programs\\prikrep.exe"
take_window
picture locked
wine_to_end "$programs\\prikrep.exe" --quit
until_true "the program ends when it is asked to" has_ended "$window_process"
ok "started hidden, brought up by a second start, hidden and locked when closed, ended when asked"

start demo --applications 300
take_window
sleep 6
picture demo
keys alt+F4
until_true "the demo ends" has_ended "$window_process"
ok "the demo opens its window"

# ---- what a person sees of the installer ----
touch "$work/before"
wine_run "$setup" >>"$work/wine.log" 2>&1 </dev/null &
pids+=($!)
# Its last act before the page that says so.
installed_again() { [ "$installed/uninstall.exe" -nt "$work/before" ] && [ -s "$menu/$name.lnk" ]; }
installer_window() { xdotool search --onlyvisible --class -- '-setup\.exe$' | grep .; }
no_installer_window() { ! installer_window; }
until_true "the installer opens" installer_window
page() {
    sleep 4
    picture "installer-$1"
    keys Return
}
page mode
page folder
page components
until_true "the programs are written" installed_again
page written
page finish
until_true "the installer ends" no_installer_window
until_true "the installer opens the program" window_now
take_window
picture installed
wine_to_end "$programs\\prikrep.exe" --quit
until_true "the program ends when it is asked to" no_window
ok "the pages of the installer, which opens the program at last"

wine_to_end "$programs\\uninstall.exe" /CurrentUser /S
until_true "the programs are removed" is_gone "$installed"
[ -z "$(find "$work/prefix/drive_c/users" -name '*.lnk' -path "*$name*")" ] || fail "no shortcut is left"
if registry "$uninstall_key" >/dev/null; then fail "no entry is left"; fi
[ -n "$(find "$data/data/profiles" -name profile.json)" ] || fail "the data are kept"
ok "uninstalled silently: nothing is left of the program, and the data are kept"

# ---- for everybody on the computer ----
programs='C:\Program Files\Prikrep'
installed=$work/prefix/drive_c/Program\ Files/Prikrep
menu=$work/prefix/drive_c/ProgramData/Microsoft/Windows/Start\ Menu/Programs
wine_to_end "$setup" /S /AllUsers /AUTOSTART=1 || fail "the installation for everybody"
for file in prikrep.exe prikrep.com prikrep.ico uninstall.exe; do [ -s "$installed/$file" ] || fail "$file is installed for everybody"; done
[ -s "$menu/$name.lnk" ] || fail "a shortcut in everybody's menu"
[ -s "$menu/StartUp/$name.lnk" ] || [ -s "$menu/Startup/$name.lnk" ] || fail "everybody's autostart"
registry "${uninstall_key/HKCU/HKLM}" | grep -q "DisplayVersion.*$version" || fail "an entry to uninstall by, for everybody"
if registry "$uninstall_key" >/dev/null; then fail "no entry of one person"; fi
start
take_window
wine_to_end "$programs\prikrep.exe" --quit
until_true "the program ends when it is asked to" has_ended "$window_process"
ok "installed for everybody: programs, shortcuts and the entry are theirs, and it opens"

# The uninstaller goes on as a copy of itself with a name of its own.
wine_run "$programs\uninstall.exe" /AllUsers >>"$work/wine.log" 2>&1 </dev/null &
pids+=($!)
uninstaller_window() { xdotool search --onlyvisible --class -- '^(un|Un).*\.exe$' | grep .; }
no_uninstaller_window() { ! uninstaller_window; }
until_true "the uninstaller opens" uninstaller_window
page uninstall
until_true "the programs are removed" is_gone "$installed/prikrep.exe"
[ -n "$(find "$data/data/profiles" -name profile.json)" ] || fail "nothing of the data goes before the answer"
sleep 4
picture installer-data
keys Tab Return
until_true "the data are removed" is_gone "$data"
page uninstalled
until_true "the uninstaller ends" no_uninstaller_window
is_gone "$installed" || fail "no folder is left"
[ -z "$(find "$work/prefix/drive_c" -name "$name.lnk")" ] || fail "no shortcut is left to anybody"
if registry "${uninstall_key/HKCU/HKLM}" >/dev/null; then fail "no entry is left to anybody"; fi
ok "uninstalled by its pages: it asks about the data, and they go when that is the answer"
printf '%d passed, 0 failed\n' "$passed"
