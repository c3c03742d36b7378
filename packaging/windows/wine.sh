#!/usr/bin/env bash
# Sets up Wine for the tests of this folder: a prefix to be copied, and `wine-run`, which runs a program in WINEPREFIX,
# or in that one. Both lie in CROSS_DIR (default $HOME/.cache/prikrep-cross). Safe to run again: does only what is
# missing. Needs Debian 12 and its archive, root or sudo for apt-get.
set -euo pipefail

revision=1
cross=${CROSS_DIR:-$HOME/.cache/prikrep-cross}
sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
missing=()

say() { printf 'wine: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

mkdir -p "$cross/bin"
exec 9>"$cross/.wine-lock"
flock 9 # One setting up at a time.
for package in wine wine64 gcc-mingw-w64-x86-64-win32 xvfb xauth x11-utils imagemagick xdotool libgl1 libgl1-mesa-dri; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    say "apt-get install ${missing[*]}"
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$cross/apt.log" 2>&1 9>&- ||
        { tail -n 20 "$cross/apt.log" >&2; die "apt-get install failed"; }
fi

cat >"$cross/bin/wine-run" <<'WRAP'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export WINEPREFIX="${WINEPREFIX:-$here/../wine-prefix}" WINEARCH=win64
export WINEDEBUG="${WINEDEBUG:--all}" WINEDLLOVERRIDES="${WINEDLLOVERRIDES:-mscoree,mshtml=}"
exec wine "$@"
WRAP
chmod +x "$cross/bin/wine-run"
[ "$(cat "$cross/wine-prefix/.complete" 2>/dev/null)" != $revision ] || exit 0

say "making the prefix"
rm -rf "$cross/wine-prefix"
# Wine 8.0 has no bcryptprimitives.dll, which every program of Rust 1.78 and later imports.
x86_64-w64-mingw32-gcc -O2 -shared -s -o "$cross/bcryptprimitives.dll" -x c - -ladvapi32 <<'SRC'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length); /* RtlGenRandom, in advapi32 */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    while (length) {
        ULONG n = length > 0x10000000 ? 0x10000000 : (ULONG)length;
        if (!SystemFunction036(data, n)) return FALSE;
        data += n;
        length -= n;
    }
    return TRUE;
}
SRC
env -u DISPLAY timeout 300 "$cross/bin/wine-run" wineboot -u >"$cross/wineboot.log" 2>&1 9>&- ||
    { tail "$cross/wineboot.log" >&2; die "wineboot failed"; }
WINEPREFIX="$cross/wine-prefix" timeout 60 wineserver -w || true
system=$cross/wine-prefix/drive_c/windows/system32
[ -e "$system/bcryptprimitives.dll" ] || mv "$cross/bcryptprimitives.dll" "$system/"
echo $revision >"$cross/wine-prefix/.complete"
