#!/bin/sh
# Stands before the linker, which orders a program's imports by the paths of the archives that they come from: here
# the folders of this machine get names that are the same everywhere.
set -eu
cd "$PRIKREP_SOURCE"
ln -sfn "$PRIKREP_TOOLCHAIN" "$PRIKREP_BUILD/toolchain"
build=${PRIKREP_BUILD#"$PRIKREP_SOURCE"/}
count=$#
for argument in "$@"; do
    case $argument in
        "$PRIKREP_TOOLCHAIN"/*) argument=$build/toolchain/${argument#"$PRIKREP_TOOLCHAIN"/} ;;
        "$PRIKREP_SOURCE"/*) argument=${argument#"$PRIKREP_SOURCE"/} ;;
    esac
    set -- "$@" "$argument"
done
shift "$count"
exec x86_64-w64-mingw32-gcc "$@"
