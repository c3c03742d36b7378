#!/usr/bin/env bash
# Sets up what build.sh and test.sh need: Rust that builds for x86_64-pc-windows-gnu on Debian 12, without touching rustup:
# Debian's rustc-web/cargo-web are unpacked (not installed) into a folder, and std for Windows
# is built there from rust-web-src, so that a plain `cargo build --target x86_64-pc-windows-gnu` works.
# Also sets up Wine with a prefix, for running what was built (WIN_CROSS_WINE=0 leaves that out).
#
# Environment: WIN_CROSS_DIR (default $HOME/.cache/windows-cross), WIN_CROSS_WINE (1), WIN_CROSS_JOBS (nproc)
# Needs: root or sudo for apt-get; apt's and cargo's clients as configured. Safe to run again: does only what is missing.
set -euo pipefail

SCRIPT_REV=2
TARGET=x86_64-pc-windows-gnu
DIR=${WIN_CROSS_DIR:-$HOME/.cache/windows-cross}
WITH_WINE=${WIN_CROSS_WINE:-1}
JOBS=${WIN_CROSS_JOBS:-$(nproc)}
MIN_RUST=1.95 # eframe 0.37's rust-version

say() { printf 'toolchain.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
SUDO=; [ "$(id -u)" = 0 ] || SUDO=sudo

mkdir -p "$DIR"
exec 9>"$DIR/.lock"
flock 9 # one setup at a time

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }
apt_updated=
apt_update() { [ -n "$apt_updated" ] || { $SUDO apt-get update -qq; apt_updated=1; }; }
apt_install() {
    local missing=() p
    for p in "$@"; do installed "$p" || missing+=("$p"); done
    [ ${#missing[@]} = 0 ] && return
    say "apt-get install ${missing[*]}"
    apt_update
    DEBIAN_FRONTEND=noninteractive $SUDO apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$DIR/apt.log" 2>&1 9>&- ||
        { tail -20 "$DIR/apt.log" >&2; die "apt-get install failed"; }
}
# Names that a package depends on: first alternative, no versions, no rust packages.
depends_of() {
    apt-cache show --no-all-versions "$1" | sed -n 's/^Depends: //p' | tr ',' '\n' |
        sed 's/|.*//; s/(.*//; s/ //g'
}

# ---- the toolchain -------------------------------------------------------------------------
if [ "$(cat "$DIR/toolchain/.complete" 2>/dev/null)" != "$SCRIPT_REV" ]; then
    apt_install gcc-mingw-w64-x86-64-win32 binutils-mingw-w64-x86-64 gcc libc6-dev ca-certificates
    apt_update
    ver=$(apt-cache policy rustc-web | sed -n 's/^ *Candidate: //p')
    [ -n "$ver" ] && [ "$ver" != "(none)" ] || die "apt knows no rustc-web"
    dpkg --compare-versions "$ver" ge "$MIN_RUST" || die "rustc-web $ver is older than $MIN_RUST"
    libstd=$(depends_of libstd-rust-web-dev | grep '^libstd-rust-web-[0-9]')
    say "Rust ${ver%%+*} from Debian's $libstd and its sisters"

    # Ordinary libraries that the unpacked cargo and rustc load (libllvm, libgit2, ...)
    mapfile -t libs < <(for p in cargo-web rustc-web "$libstd"; do depends_of "$p"; done |
        grep -vE '^(rust|cargo|libstd-rust)|^(binutils|gcc|libc-dev)$' | sort -u)
    apt_install "${libs[@]}"

    new=$DIR/toolchain.new
    rm -rf "$new" "$DIR/debs" "$DIR/std-build"
    mkdir -p "$new" "$DIR/debs"
    say "unpacking"
    (cd "$DIR/debs" && apt-get download -qq \
        "cargo-web=$ver" "rustc-web=$ver" "$libstd=$ver" "libstd-rust-web-dev=$ver" "rust-web-src=$ver" 2>/dev/null 9>&-)
    for d in "$DIR"/debs/*.deb; do
        case $d in
        */rust-web-src_*) dpkg --fsys-tarfile "$d" | tar -x -C "$new" --wildcards './usr/src/rustc-*/library' ;;
        *) dpkg -x "$d" "$new" ;;
        esac
    done
    rm -rf "$DIR/debs" "$new/usr/share" "$new/usr/libexec" "$new"/usr/bin/rust-*

    # Debian keeps librustc_driver in its multiarch folder; the loader is told of it for rustc alone.
    mkdir -p "$new/bin"
    for tool in rustc rustdoc; do
        cat >"$new/bin/$tool" <<'WRAP'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$here/../usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec "$here/../usr/bin/${0##*/}" "$@"
WRAP
        chmod +x "$new/bin/$tool"
    done
    cat >"$new/bin/cargo" <<'WRAP'
#!/bin/sh
# Debian's cargo with the variables that a build for x86_64-pc-windows-gnu needs.
here=$(dirname "$(readlink -f "$0")")
export RUSTC="$here/rustc" RUSTDOC="$here/rustdoc"
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
export CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc AR_x86_64_pc_windows_gnu=x86_64-w64-mingw32-ar
[ -x "$here/../../bin/wine-run" ] && export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$here/../../bin/wine-run"
unset RUSTUP_TOOLCHAIN
exec "$here/../usr/bin/cargo" "$@"
WRAP
    chmod +x "$new/bin/cargo"
    missing=$(ldd "$new"/usr/bin/cargo "$new"/usr/lib/x86_64-linux-gnu/librustc_driver-*.so | grep 'not found' || true)
    [ -z "$missing" ] || die "libraries missing: $missing"
    "$new/bin/rustc" -V >&2

    say "building std for $TARGET (about a minute of two cores)"
    lib=$(echo "$new"/usr/src/rustc-*/library)
    hash=$("$new/bin/rustc" -vV | sed -n 's/^commit-hash: //p')
    (
        cd "$lib" # away from any .cargo/config.toml of a project
        env -u CARGO_BUILD_TARGET -u CARGO_ENCODED_RUSTFLAGS -u RUSTC_WRAPPER RUSTC_BOOTSTRAP=1 __CARGO_DEFAULT_LIB_METADATA=win-cross \
            RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes --remap-path-prefix=$lib=/rustc/$hash/library" \
            CARGO_TARGET_DIR="$DIR/std-build" \
            "$new/bin/cargo" build -q -j "$JOBS" --locked --manifest-path sysroot/Cargo.toml --profile dist \
            --target $TARGET --features panic-unwind,backtrace 9>&-
    )
    out=$new/usr/lib/rustlib/$TARGET/lib
    mkdir -p "$out"
    cp "$DIR/std-build/$TARGET/dist/deps/"*.rlib "$out/"
    # start and end objects that the target's link line names
    for o in rsbegin rsend; do
        RUSTC_BOOTSTRAP=1 "$new/bin/rustc" --target $TARGET --emit=obj -o "$out/$o.o" "$lib/rtstartup/$o.rs"
    done
    # cargo tells stds apart by rustc's version alone; build.sh uses this to see another one
    sha256sum "$out"/libstd-*.rlib | cut -d' ' -f1 >"$new/.std-id"
    rm -rf "$DIR/std-build" "$new/usr/src" "$new/usr/lib/rustlib/src"
    echo $SCRIPT_REV >"$new/.complete"
    rm -rf "$DIR/toolchain"
    mv "$new" "$DIR/toolchain"
fi

# ---- Wine ----------------------------------------------------------------------------------
if [ "$WITH_WINE" = 1 ]; then
    apt_install wine wine64 xvfb xauth x11-utils imagemagick xdotool libgl1 libgl1-mesa-dri
    mkdir -p "$DIR/bin"
    cat >"$DIR/bin/wine-run" <<'WRAP'
#!/bin/sh
# Runs a Windows program in the prefix beside this script.
here=$(dirname "$(readlink -f "$0")")
export WINEPREFIX="${WINEPREFIX:-$here/../wine-prefix}" WINEARCH=win64
export WINEDEBUG="${WINEDEBUG:--all}" WINEDLLOVERRIDES="${WINEDLLOVERRIDES:-mscoree,mshtml=}"
export WGPU_BACKEND="${WGPU_BACKEND:-gl}" # Wine's Direct3D 12 loses the device here; no effect on glow
exec wine "$@"
WRAP
    chmod +x "$DIR/bin/wine-run"
    if [ "$(cat "$DIR/wine-prefix/.complete" 2>/dev/null)" != "$SCRIPT_REV" ]; then
        say "making the Wine prefix"
        rm -rf "$DIR/wine-prefix"
        # Wine 8.0 has no bcryptprimitives.dll, which every program of Rust 1.78 and later imports.
        cat >"$DIR/bcryptprimitives.c" <<'SRC'
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
        x86_64-w64-mingw32-gcc -O2 -shared -s -o "$DIR/bcryptprimitives.dll" "$DIR/bcryptprimitives.c" -ladvapi32
        env -u DISPLAY timeout 300 "$DIR/bin/wine-run" wineboot -u >"$DIR/wineboot.log" 2>&1 9>&- ||
            { tail "$DIR/wineboot.log" >&2; die "wineboot failed"; }
        WINEPREFIX="$DIR/wine-prefix" timeout 60 wineserver -w || true
        sys=$DIR/wine-prefix/drive_c/windows/system32
        [ -e "$sys/bcryptprimitives.dll" ] || cp "$DIR/bcryptprimitives.dll" "$sys/"
        echo $SCRIPT_REV >"$DIR/wine-prefix/.complete"
    fi
fi
say "ready: $DIR/toolchain/bin/cargo build --target $TARGET"
