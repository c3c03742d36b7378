#!/usr/bin/env bash
# Sets up Rust for a target whose std a plain installation of Rust does not have, and prints the folder where it is:
#
#   bash packaging/compiler.sh x86_64-pc-windows-gnu
#   bash packaging/compiler.sh x86_64-unknown-linux-musl
#
# Debian's compiler is unpacked (not installed) beside whatever is installed, into CROSS_DIR (default
# $HOME/.cache/prikrep-cross, 1.2 GB), and std is built there from Debian's source of it, once. Safe to run again: does
# only what is missing. Needs Debian 12 and its archive, root or sudo for apt-get.
set -euo pipefail

revision=1
triple=${1:?which target}
min_rust=1.95 # eframe 0.37's rust-version
cross=${CROSS_DIR:-$HOME/.cache/prikrep-cross}
# At its own place from the beginning: what is built does not know a path that is renamed later.
toolchain=$cross/toolchain
libraries=$toolchain/usr/lib/rustlib/$triple/lib
sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo

say() { printf 'compiler: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

apt_install() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "apt-get install ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >"$cross/apt.log" 2>&1 9>&- || { tail -n 20 "$cross/apt.log" >&2; die "apt-get install failed"; }
}

# What a package stands on: first alternatives, without versions, without parts of Rust.
depends_of() {
    apt-cache show --no-all-versions "$1" | sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g'
}

# Gets packages of the archive into a folder of their own, which it prints.
download() {
    rm -rf "$cross/debs"
    mkdir -p "$cross/debs"
    (cd "$cross/debs" && apt-get download -qq "$@" 2>/dev/null 9>&-) || die "apt-get download failed"
    printf '%s\n' "$cross/debs"
}

unpack_compiler() {
    local version libstd wanted deb tool missing
    $sudo apt-get update -qq
    version=$(apt-cache policy rustc-web | sed -n 's/^ *Candidate: //p')
    dpkg --compare-versions "${version:-0}" ge $min_rust || die "Debian's rustc-web ${version:-(none)} is older than $min_rust"
    libstd=$(depends_of libstd-rust-web-dev | grep '^libstd-rust-web-[0-9]')
    # What the compiler itself loads: libllvm, libgit2 and others.
    mapfile -t wanted < <(for tool in cargo-web rustc-web "$libstd"; do depends_of "$tool"; done |
        grep -vE '^(rust|cargo|libstd-rust)|^(binutils|gcc|libc-dev)$' | sort -u)
    apt_install gcc libc6-dev ca-certificates git "${wanted[@]}"
    say "unpacking Rust ${version%%+*}"
    rm -rf "$toolchain"
    mkdir -p "$toolchain/bin"
    for deb in "$(download "cargo-web=$version" "rustc-web=$version" "$libstd=$version" "libstd-rust-web-dev=$version" \
        "rust-web-src=$version")"/*.deb; do
        case $deb in
            */rust-web-src_*) dpkg --fsys-tarfile "$deb" | tar -x -C "$toolchain" --wildcards './usr/src/rustc-*/library' ;;
            *) dpkg -x "$deb" "$toolchain" ;;
        esac
    done
    rm -rf "$cross/debs" "${toolchain:?}/usr/share" "${toolchain:?}/usr/libexec" "${toolchain:?}"/usr/bin/rust-*
    # The loader is told of the compiler's own library for the compiler alone.
    for tool in rustc rustdoc; do
        cat >"$toolchain/bin/$tool" <<'WRAP'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$here/../usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec "$here/../usr/bin/${0##*/}" "$@"
WRAP
    done
    # Cargo with this compiler, whatever the machine prefers.
    cat >"$toolchain/bin/cargo" <<'WRAP'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
unset RUSTUP_TOOLCHAIN
RUSTC="$here/rustc" RUSTDOC="$here/rustdoc" exec "$here/../usr/bin/cargo" "$@"
WRAP
    chmod +x "$toolchain"/bin/*
    missing=$(ldd "$toolchain"/usr/bin/cargo "$toolchain"/usr/lib/x86_64-linux-gnu/librustc_driver-*.so | grep 'not found' || true)
    [ -z "$missing" ] || die "libraries are missing: $missing"
    echo $revision >"$toolchain/.complete"
}

# What the linker is told to begin and to end a program with, and the C library.
add_windows() {
    local source=$1 object
    apt_install gcc-mingw-w64-x86-64-win32 binutils-mingw-w64-x86-64
    for object in rsbegin rsend; do
        RUSTC_BOOTSTRAP=1 "$toolchain/bin/rustc" --target "$triple" --emit=obj -o "$libraries/$object.o" "$source/rtstartup/$object.rs"
    done
}

add_musl() {
    local own=$libraries/self-contained object
    apt_install musl-tools musl-dev linux-libc-dev
    mkdir -p "$own"
    for object in crt1.o Scrt1.o rcrt1.o crti.o crtn.o libc.a; do cp "/usr/lib/x86_64-linux-musl/$object" "$own/"; done
    for object in crtbegin.o crtbeginS.o crtend.o crtendS.o; do cp "$(gcc -print-file-name=$object)" "$own/"; done
    # The unwinder was made for glibc's checked printing, which is the only thing of it that musl does not have.
    dpkg --fsys-tarfile "$(download libunwind-16-dev)"/*.deb | tar -x -O ./usr/lib/llvm-16/lib/libunwind.a >"$own/libunwind.a"
    rm -r "$cross/debs"
    musl-gcc -O2 -c -x c -o "$cross/checked.o" - <<'SRC'
#include <stdarg.h>
#include <stdio.h>
int __fprintf_chk(FILE *to, int flag, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vfprintf(to, format, arguments);
    va_end(arguments);
    return written;
}
SRC
    ar rD "$own/libunwind.a" "$cross/checked.o"
    rm "$cross/checked.o"
    # Headers of the kernel, which are for any C library, and of no other.
    mkdir -p "$toolchain/kernel-headers"
    ln -sf /usr/include/linux /usr/include/asm-generic /usr/include/x86_64-linux-gnu/asm "$toolchain/kernel-headers/"
}

add_std() {
    local source=$1 hash prefixes
    hash=$("$toolchain/bin/rustc" -vV | sed -n 's/^commit-hash: //p')
    prefixes="--remap-path-prefix=$source=/rustc/$hash/library --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    say "building std for $triple, which takes about a minute"
    rm -rf "$cross/std-build"
    (
        cd "$source" # Away from the configuration of any project.
        env -u CARGO_BUILD_TARGET -u CARGO_ENCODED_RUSTFLAGS -u RUSTC_WRAPPER RUSTC_BOOTSTRAP=1 \
            __CARGO_DEFAULT_LIB_METADATA=cross RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes $prefixes" \
            CARGO_TARGET_DIR="$cross/std-build" "$toolchain/bin/cargo" build -q --locked --manifest-path sysroot/Cargo.toml \
            --profile dist --target "$triple" --features panic-unwind,backtrace 9>&-
    )
    cp "$cross/std-build/$triple/dist/deps/"*.rlib "$libraries/"
    rm -rf "$cross/std-build"
    # Cargo tells one std from another by the compiler's version alone; what builds by this one can compare these.
    cat "$libraries"/libstd-*.rlib | sha256sum | cut -d' ' -f1 >"$libraries/.std"
}

mkdir -p "$cross"
exec 9>"$cross/.lock"
flock 9 # One setting up at a time.
[ "$(cat "$toolchain/.complete" 2>/dev/null)" = $revision ] || unpack_compiler
if [ ! -e "$libraries/.std" ]; then
    mkdir -p "$libraries"
    case $triple in
        x86_64-pc-windows-gnu) add_windows "$(echo "$toolchain"/usr/src/rustc-*/library)" ;;
        x86_64-unknown-linux-musl) add_musl ;;
        *) die "nothing is known of $triple" ;;
    esac
    add_std "$(echo "$toolchain"/usr/src/rustc-*/library)"
fi
printf '%s\n' "$toolchain"
