# Sourced, at the top of the source, by what builds for others: nothing that is built tells of the machine or the moment.
# shellcheck shell=bash disable=SC2034
# Gives `prefixes`: paths of this machine, each with what stands for it in programs.

# Of the commit: its time and its name.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
fi
if [ -z "${PRIKREP_COMMIT:-}" ]; then
    PRIKREP_COMMIT=$(git rev-parse --short=12 HEAD)
fi
export SOURCE_DATE_EPOCH PRIKREP_COMMIT

prefixes=("$(pwd -P)=/prikrep" "$(realpath -m "${CARGO_TARGET_DIR:-target}")=/build" "${CARGO_HOME:-$HOME/.cargo}=/cargo")
