#!/usr/bin/env bash
# Everything that must hold before a change is taken: formatter, clippy, layers, all tests, documentation.
# On a fresh Debian it installs what is missing when run by root, and otherwise says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

started=$SECONDS
step="preparing"

heading() {
    step=$1
    printf '\n==> %s\n' "$step"
}

minutes() {
    printf '%d min %02d s' $(($1 / 60)) $(($1 % 60))
}

finish() {
    local status=$?
    if [ "$status" -eq 0 ]; then
        printf '\nAll is well (%s).\n' "$(minutes $((SECONDS - started)))"
    else
        printf '\nFAILED at: %s (after %s, exit status %d).\n' "$step" "$(minutes $((SECONDS - started)))" "$status" >&2
    fi
}
trap finish EXIT

missing() {
    printf '%s\n' "$@" >&2
    exit 1
}

# What a real window needs without a screen, what drives it, a bus for the tests of notifications, and what the examples
# of the pages run.
window_packages=(xvfb libgl1-mesa-dri libxcursor1 libxi6 libxkbcommon-x11-0 x11-xkb-utils openbox xdotool imagemagick
    dbus curl openssl python3 python3-venv dunst x11-utils)

# A C compiler and linker: ring and, for the tests only, SQLite are built from their C sources.
# The certificates are for cargo, which fetches the dependencies.
need_packages() {
    local packages=()
    if ! printf '#include <stdlib.h>\nint main(void){return 0;}' | cc -x c -o /dev/null - 2>/dev/null; then
        packages+=(gcc libc6-dev)
    fi
    if [ -f /etc/debian_version ] && [ ! -e /etc/ssl/certs/ca-certificates.crt ]; then
        packages+=(ca-certificates)
    fi
    if [ -f /etc/debian_version ]; then
        for package in "${window_packages[@]}"; do
            dpkg -s "$package" >/dev/null 2>&1 || packages+=("$package")
        done
    fi
    [ ${#packages[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || missing "A C compiler with its headers is missing: install one."
    [ "$(id -u)" -eq 0 ] || missing "Packages are missing. Install them:" \
        "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}"
    printf 'installing %s\n' "${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

need_rust() {
    local wanted have
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    fi
    command -v cargo >/dev/null || missing "Rust $wanted or newer is missing (Debian's own is older)." \
        "Install it as https://rustup.rs says:  rustup-init -y --profile minimal -c rustfmt -c clippy"
    have=$(cargo --version | cut -d' ' -f2)
    if [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" != "$wanted" ]; then
        missing "Rust $wanted or newer is needed, here is $have. Renew it:  rustup update stable"
    fi
    cargo fmt --version >/dev/null 2>&1 || missing "The formatter is missing. Install it:  rustup component add rustfmt"
    cargo clippy --version >/dev/null 2>&1 || missing "Clippy is missing. Install it:  rustup component add clippy"
    rustc --version
}

heading "what is needed"
need_packages
need_rust

heading "formatter"
cargo fmt --all --check

heading "clippy, warnings are errors"
cargo clippy --workspace --all-targets -- -D warnings

heading "layers of the workspace"
cargo test --quiet --package prikrep-tests --test layers

heading "programs that the tests run"
cargo build --quiet --package prikrep-server --package prikrep-simulator --package prikrep-client --bins

if cargo nextest --version >/dev/null 2>&1; then
    heading "all tests"
    cargo nextest run --workspace --no-fail-fast
    heading "examples in the documentation"
    cargo test --quiet --workspace --doc
else
    heading "all tests"
    cargo test --workspace --no-fail-fast
fi

if command -v curl >/dev/null && command -v openssl >/dev/null; then
    heading "examples of the pages"
    cargo test --quiet --package prikrep-tests --test documentation -- --ignored
else
    heading "examples of the pages: left out, there is no curl or no openssl"
fi

if command -v Xvfb >/dev/null; then
    heading "the window on a real screen"
    bash tests/window.sh
else
    heading "the window on a real screen: left out, there is no Xvfb"
fi

heading "requests made from the descriptions of the API"
bash tests/schema-fuzz.sh

heading "documentation, warnings are errors"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps
