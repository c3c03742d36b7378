#!/usr/bin/env bash
# Builds prikrepd for Linux x86_64 as one file that needs no library of the system: target/static/prikrepd, stripped.
# Its C library is musl, which looks names up by itself (/etc/hosts, /etc/resolv.conf). The same commit gives the same file,
# wherever it is built.
#
# There is no std for musl in a plain installation of Rust, so it is built here, once, from Debian's source of the
# compiler, beside that compiler in a folder of its own: STATIC_CROSS_DIR (default $HOME/.cache/static-cross, 1.1 GB).
# Needs Debian 12 and its archive, root or sudo for apt-get.
set -euo pipefail
cd "$(dirname "$0")/../.."

revision=1
triple=x86_64-unknown-linux-musl
min_rust=1.95
cross=${STATIC_CROSS_DIR:-$HOME/.cache/static-cross}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/static
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo

say() { printf 'static: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

apt_install() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "apt-get install ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$cross/apt.log" 2>&1 ||
        { tail -n 20 "$cross/apt.log" >&2; die "apt-get install failed"; }
}

# What a package stands on: first alternatives, without versions, without parts of Rust.
depends_of() {
    apt-cache show --no-all-versions "$1" | sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g'
}

# Debian's compiler, unpacked beside whatever is installed.
unpack() {
    local new=$1 version libstd libraries deb tool
    version=$(apt-cache policy rustc-web | sed -n 's/^ *Candidate: //p')
    dpkg --compare-versions "${version:-0}" ge $min_rust || die "Debian's rustc-web ${version:-(none)} is older than $min_rust"
    libstd=$(depends_of libstd-rust-web-dev | grep '^libstd-rust-web-[0-9]')
    mapfile -t libraries < <(for tool in cargo-web rustc-web "$libstd"; do depends_of "$tool"; done |
        grep -vE '^(rust|cargo|libstd-rust)|^(binutils|gcc|libc-dev)$' | sort -u)
    apt_install "${libraries[@]}"
    say "unpacking Rust ${version%%+*}"
    rm -rf "$new" "$cross/debs"
    mkdir -p "$new/bin" "$cross/debs"
    (cd "$cross/debs" && apt-get download -qq "cargo-web=$version" "rustc-web=$version" "$libstd=$version" \
        "libstd-rust-web-dev=$version" "rust-web-src=$version" libunwind-16-dev 2>/dev/null) || die "apt-get download failed"
    for deb in "$cross"/debs/*.deb; do
        case $deb in
            */rust-web-src_*) dpkg --fsys-tarfile "$deb" | tar -x -C "$new" --wildcards './usr/src/rustc-*/library' ;;
            */libunwind-*) dpkg --fsys-tarfile "$deb" | tar -x -C "$new" ./usr/lib/llvm-16/lib/libunwind.a ;;
            *) dpkg -x "$deb" "$new" ;;
        esac
    done
    rm -rf "$cross/debs" "$new/usr/share" "$new/usr/libexec"
    # The loader is told of the compiler's own library for the compiler alone.
    for tool in rustc rustdoc; do
        cat >"$new/bin/$tool" <<'WRAP'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$here/../usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec "$here/../usr/bin/${0##*/}" "$@"
WRAP
        chmod +x "$new/bin/$tool"
    done
}

# The start of a program, the C library and the unwinder, where the compiler looks for them.
add_c_library() {
    local new=$1 own object
    own=$new/usr/lib/rustlib/$triple/lib/self-contained
    mkdir -p "$own"
    for object in crt1.o Scrt1.o rcrt1.o crti.o crtn.o libc.a; do cp "/usr/lib/x86_64-linux-musl/$object" "$own/"; done
    for object in crtbegin.o crtbeginS.o crtend.o crtendS.o; do cp "$(gcc -print-file-name=$object)" "$own/"; done
    # The unwinder was made for glibc's checked printing, which is the only thing of it that musl does not have.
    cp "$new/usr/lib/llvm-16/lib/libunwind.a" "$own/"
    musl-gcc -O2 -c -x c -o "$new/checked.o" - <<'SRC'
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
    ar rD "$own/libunwind.a" "$new/checked.o"
    # Headers of the kernel, which are for any C library, and of no other.
    mkdir -p "$new/kernel-headers"
    ln -s /usr/include/linux /usr/include/asm-generic /usr/include/x86_64-linux-gnu/asm "$new/kernel-headers/"
}

build_std() {
    local new=$1 library hash
    library=$(echo "$new"/usr/src/rustc-*/library)
    hash=$("$new/bin/rustc" -vV | sed -n 's/^commit-hash: //p')
    say "building std for $triple"
    (
        cd "$library" # Away from the configuration of any project.
        env -u CARGO_BUILD_TARGET -u CARGO_ENCODED_RUSTFLAGS -u RUSTC_WRAPPER -u RUSTUP_TOOLCHAIN RUSTC_BOOTSTRAP=1 \
            __CARGO_DEFAULT_LIB_METADATA=static RUSTC="$new/bin/rustc" CARGO_TARGET_DIR="$cross/std-build" \
            RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes --remap-path-prefix=$library=/rustc/$hash/library --remap-path-prefix=$cargo_home=/cargo" \
            "$new/usr/bin/cargo" build -q --locked --manifest-path sysroot/Cargo.toml --profile dist --target $triple \
            --features panic-unwind,backtrace
    )
    cp "$cross/std-build/$triple/dist/deps/"*.rlib "$new/usr/lib/rustlib/$triple/lib/"
    rm -rf "$cross/std-build" "$new/usr/src" "$new/usr/lib/llvm-16"
}

set_up() {
    mkdir -p "$cross"
    exec 9>"$cross/.lock"
    flock 9
    [ "$(cat "$cross/toolchain/.complete" 2>/dev/null)" = $revision ] && return
    $sudo apt-get update -qq
    apt_install gcc musl-tools musl-dev libc6-dev linux-libc-dev git ca-certificates
    rm -rf "$cross/std-build"
    # At its own place from the beginning: what is built does not know a path that is renamed later.
    rm -rf "$cross/toolchain"
    unpack "$cross/toolchain"
    add_c_library "$cross/toolchain"
    build_std "$cross/toolchain"
    echo $revision >"$cross/toolchain/.complete"
}

set_up
export RUSTC=$cross/toolchain/bin/rustc RUSTDOC=$cross/toolchain/bin/rustdoc
# No path of this machine is in the program.
prefixes=("$PWD=/prikrep" "$target=/build" "$cargo_home=/cargo" "$cross/toolchain=/rust")
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS="${prefixes[*]/#/--remap-path-prefix=}"
export CC_x86_64_unknown_linux_musl=musl-gcc AR_x86_64_unknown_linux_musl=ar
export CFLAGS_x86_64_unknown_linux_musl="-isystem $cross/toolchain/kernel-headers ${prefixes[*]/#/-ffile-prefix-map=}"
export CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=symbols
unset RUSTUP_TOOLCHAIN RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
# Code in C asks for helpers of its compiler.
CARGO_TARGET_DIR=$target/build "$cross/toolchain/usr/bin/cargo" rustc --release --locked --target $triple \
    --package prikrep-server --bin prikrepd -- -C link-arg=-lgcc
install -m 755 "$target/build/$triple/release/prikrepd" "$target/prikrepd"
! ldd "$target/prikrepd" 2>/dev/null | grep -q '=>' || die "it asks for libraries"
ls -l "$target/prikrepd"
sha256sum "$target/prikrepd"
