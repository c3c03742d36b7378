# Sourced, at the top of the source, by what builds for others: nothing that is built tells of the machine or the moment.
# shellcheck shell=bash
# Exports the time and the name of the commit, and the flags that put the same words for folders wherever they are.
# `toolchain` may name the folder of a compiler of packaging/compiler.sh.

if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
fi
if [ -z "${PRIKREP_COMMIT:-}" ]; then
    PRIKREP_COMMIT=$(git rev-parse --short=12 HEAD)
fi

# Of two that fit, the last counts.
prefixes=("$(pwd -P)=/prikrep" "$(realpath -m "${CARGO_TARGET_DIR:-target}")=/build" "${CARGO_HOME:-$HOME/.cargo}=/cargo"
    ${toolchain:+"$toolchain=/rust"})
RUSTFLAGS=${prefixes[*]/#/--remap-path-prefix=}
CFLAGS=${prefixes[*]/#/-ffile-prefix-map=}
unset CARGO_ENCODED_RUSTFLAGS
# forget_other_std TRIPLE FOLDER: what cargo has built there against another standard library than the toolchain's would
# not link with this one, and cargo does not see the difference.
forget_other_std() {
    local std=$toolchain/usr/lib/rustlib/$1/lib/.std
    cmp -s "$std" "$2/.std" || {
        rm -rf "${2:?}/$1"
        install -D -m 644 "$std" "$2/.std"
    }
}

export SOURCE_DATE_EPOCH PRIKREP_COMMIT RUSTFLAGS CFLAGS
