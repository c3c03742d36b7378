#!/usr/bin/env bash
# Builds prikrepd for Linux x86_64 as one file that needs no library of the system: target/static/prikrepd, stripped.
# Its C library is musl, which looks names up by itself (/etc/hosts, /etc/resolv.conf). The same commit gives the same file,
# wherever it is built.
# The compiler is set up by packaging/compiler.sh. Needs Debian 12 and its archive, root or sudo for apt-get.
set -euo pipefail
cd "$(dirname "$0")/../.."

triple=x86_64-unknown-linux-musl
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/static

toolchain=$(bash packaging/compiler.sh $triple)
# shellcheck source=packaging/environment.sh
. packaging/environment.sh
forget_other_std "$triple" "$target/build"
CFLAGS+=" -isystem $toolchain/kernel-headers"
export CC_x86_64_unknown_linux_musl=musl-gcc AR_x86_64_unknown_linux_musl=ar
export CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=symbols
# Code in C asks for helpers of its compiler.
CARGO_TARGET_DIR=$target/build "$toolchain/bin/cargo" rustc --release --locked --target $triple \
    --package prikrep-server --bin prikrepd -- -C link-arg=-lgcc
install -m 755 "$target/build/$triple/release/prikrepd" "$target/prikrepd"
! ldd "$target/prikrepd" 2>/dev/null | grep -q '=>' || { echo "it asks for libraries" >&2; exit 1; }
ls -l "$target/prikrepd"
sha256sum "$target/prikrepd"
