#!/usr/bin/env bash
# The installer of packaging/windows/build.sh as a person meets it, under Wine: installed silently, the window opened from
# where it lies, signed in to a register and a gateway of this machine, an answer given, killed, updated, started without a
# window, uninstalled. What happened is asked of the gateway, the register and the files, not read from pixels; pictures
# are kept in target/windows/screenshots. Needs root, or what wine.sh and build.sh would install.
# Wine keeps no property of a shortcut and shows no notifications: that the program names itself to them is seen here in
# the registry and in Wine's words about the call.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=packaging/windows
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
dist=$target/windows/dist
out=$target/windows/screenshots
cross=${CROSS_DIR:-$HOME/.cache/prikrep-cross}
work=$(mktemp -d)
password=windows-test-2026
name='Прикрепление онлайн'
passed=0
pids=()

cleanup() {
    local status=$?
    if [ "$status" -ne 0 ]; then
        import -window root "$out/failed.png" 2>/dev/null || true
        tail -n 20 "$work"/*.log >&2 || true
        printf '%d passed, 1 failed\n' "$passed"
    fi
    # Of this prefix alone.
    WINEPREFIX=$work/prefix wineserver -k 2>/dev/null || true
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

ok() {
    passed=$((passed + 1))
    printf 'ok   %s\n' "$1"
}

fail() {
    printf 'not so: %s\n' "$1" >&2
    exit 1
}

# Waits until a command succeeds, two minutes at most.
until_true() {
    local what=$1 end=$((SECONDS + 120))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "$what, after two minutes"
        sleep 0.3
    done
}

need_tools() {
    local packages=(openbox x11-xkb-utils curl python3) missing=() package
    bash "$here/wine.sh"
    for package in "${packages[@]}"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
    [ ${#missing[@]} -eq 0 ] || {
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    }
}

wine_run() { WINEPREFIX=$work/prefix "$cross/bin/wine-run" "$@"; }
# The same to its end; what Wine starts beside may outlive it and keep an output open.
wine_to_end() { timeout 180 env WINEPREFIX="$work/prefix" "$cross/bin/wine-run" "$@" </dev/null >>"$work/wine.log" 2>&1; }
registry() { wine_run reg query "$@" 2>/dev/null; }
picture() { import -window root "$out/$1.png"; }
# A key that moves the focus counts from the next frame on, and frames may take long here.
keys() {
    local key
    for key in "$@"; do
        xdotool key "$key"
        sleep 1
    done
}
text() {
    xdotool type --delay 60 "$1"
    sleep 2
}
json() { python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
register() { "$target/debug/prikrepd" "$@" --config "$work/prikrepd.toml" --json; }
answers() { curl -s "$gateway/control/answers" | json 'len(d["answers"])'; }
has_answers() { [ "$(answers)" -ge "$1" ]; }
has_sessions() { [ "$(register status | json 'd["sessions"]')" -ge "$1" ]; }
said() { register list --from 2000-01-01 --to 2099-12-31 --limit 1000 | grep -q "$1"; }
first_line() { sed -n 's/^listening on //p' "$1" | grep .; }
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
    window_pid=$!
    pids+=("$window_pid")
}

sign_in_again() {
    take_window
    text "$password"
    keys Return
    sleep 6
}

# Points of the window below its title bar.
press() { xdotool mousemove --window "$window" "$1" "$2" click 1; }

# Leaves the choices of an organization that wait, as tests/window.sh does.
only_choices() {
    press 830 33
    sleep 2
    keys Down Return
    sleep 1
    press 1230 33
    sleep 2
}

# The form of the first application in the list; the keyboard is in its first field then.
open_form() {
    keys Down Return
    sleep 2
    keys Return
    sleep 2
}

# From the field of the district on.
fill_and_send() {
    keys Tab
    text "Petrov Petr"
    keys Tab
    text "GP"
    keys Tab
    text "$1"
    picture "$2"
    keys ctrl+Return
}

installer() {
    makensis -V1 -NOCD -INPUTCHARSET UTF8 "-XSetCompressor /FINAL zlib" "-DVERSION=$1" "-DNUMBERS=$1.0" "-DPROGRAM=$dist/prikrep.exe" \
        "-DCONSOLE=$target/windows/resources/prikrep.com" "-DPICTURES=$target/windows/resources" "-DOUT=$work/$1.exe" \
        "$here/prikrep.nsi"
}

mkdir -p "$out"
rm -f "$out"/*.png
need_tools
setup=$(ls "$dist"/prikrep-*-setup.exe 2>/dev/null) || { bash "$here/build.sh"; setup=$(ls "$dist"/prikrep-*-setup.exe); }
version=$(basename "$setup" -setup.exe)
version=${version#prikrep-}
cargo build --quiet --locked --package prikrep-server --package prikrep-simulator --package prikrep-client --bins

export DISPLAY
Xvfb -displayfd 1 -screen 0 1366x768x24 -noreset >"$work/display" 2>/dev/null &
pids+=($!)
until_true "a screen" grep -q . "$work/display"
DISPLAY=:$(cat "$work/display")
setxkbmap -layout us,ru
openbox >/dev/null 2>&1 &
pids+=($!)
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

"$target/debug/prikrep-simulator" --listen 127.0.0.1:0 --applications 600 --organizations 1 --seed 7 --now 2026-11-20T00:00:00Z \
    >"$work/gateway.out" 2>"$work/gateway.log" &
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
"$target/debug/prikrepd" serve --config "$work/prikrepd.toml" >"$work/register.out" 2>"$work/register.log" &
pids+=($!)
until_true "the register listens" first_line "$work/register.out"
url=$(first_line "$work/register.out")

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
only_choices
[ -n "$(find "$data/data/profiles" -name profile.json)" ] || fail "a profile in %LOCALAPPDATA%"
[ -s "$data/config/settings.json" ] || fail "settings in %LOCALAPPDATA%"
is_gone "${home%/Local}/Roaming/prikrep" || fail "nothing roams"
open_form
text 12
fill_and_send "First from Windows" form
until_true "the answer reaches the gateway" has_answers 1
sleep 2
picture answered
said "First from Windows" || fail "the register has the answer"
ok "opened from where it was installed, signed in, listed; an answer has reached the gateway"

keys Escape Escape
open_form
text 31
sleep 3
kill -KILL "$window_pid"
wait "$window_pid" 2>/dev/null || true
until_true "the program is dead" no_window
start
sign_in_again
only_choices
open_form
picture draft
fill_and_send "After the kill" draft-form
until_true "what was typed before the kill is sent" has_answers 2
said '"district": *"31"' || fail "the district that was typed before the kill"
ok "killed and opened again: what was typed was there and has been sent"

# ---- the update, with the window open ----
keys Escape Escape
open_form
text 44
sleep 3
before=$(find "$data" -name profile.json -exec sha256sum {} +)
wine_to_end "$setup" /S || fail "the update"
until_true "the update has closed the program" has_ended "$window_pid"
registry "$uninstall_key" | grep -q "DisplayVersion.*$version" || fail "the new version is told"
[ "$before" = "$(find "$data" -name profile.json -exec sha256sum {} +)" ] || fail "the profile is the same"
[ -s "$menu/StartUp/$name.lnk" ] || [ -s "$menu/Startup/$name.lnk" ] || fail "the autostart that was chosen before"
ok "updated over the open window: it was closed, data and choices are as before"

# ---- without a window at first, as the autostart does ----
start --hidden
sleep 10
no_window || fail "no window at first"
kill -0 "$window_pid" || fail "the program runs without its window"
picture hidden
wine_to_end "$programs\\prikrep.exe" || fail "a second start"
sign_in_again
picture shown
only_choices
open_form
fill_and_send "After the update" updated-form
until_true "what was typed before the update is sent" has_answers 3
said '"district": *"44"' || fail "the district that was typed before the update"
keys Escape Escape alt+F4
until_true "the closed window hides" no_window
kill -0 "$window_pid" || fail "the program goes on without its window"
wine_to_end "$programs\\prikrep.exe"
take_window
picture locked
wine_to_end "$programs\\prikrep.exe" --quit
until_true "the program ends when it is asked to" has_ended "$window_pid"
ok "started hidden, brought up by a second start, hidden and locked when closed, ended when asked"

start demo --applications 300
take_window
sleep 6
picture demo
keys alt+F4
until_true "the demo ends" has_ended "$window_pid"
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
until_true "the program ends when it is asked to" has_ended "$window_pid"
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
