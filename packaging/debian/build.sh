#!/usr/bin/env bash
# Builds prikrepd and prikrep as Debian packages into target/debian. The same commit gives the same packages.
# VERSION=... names another version than the one in Cargo.toml; PACKAGES="prikrepd" builds only one of them.
# Files that --no-build finds in target/release are packed as they are.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo_deb_version=3.8.0
build=yes
for argument in "$@"; do
    case $argument in
        --no-build) build=no ;;
        *) printf 'unknown: %s\n' "$argument" >&2; exit 2 ;;
    esac
done
read -ra packages <<<"${PACKAGES:-prikrepd prikrep}"
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)-1}

need_tools() {
    command -v cargo >/dev/null || { echo "cargo is missing, see README.md" >&2; exit 1; }
    command -v dpkg-shlibdeps >/dev/null || {
        if [ "$(id -u)" -ne 0 ]; then
            echo "Install it:  sudo apt-get install -y --no-install-recommends dpkg-dev" >&2
            exit 1
        fi
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dpkg-dev >/dev/null
    }
    export PATH="$target/tools/bin:$PATH"
    [ "$(cargo deb --version 2>/dev/null)" = "$cargo_deb_version" ] || CARGO_TARGET_DIR="$target/tools/build" \
        cargo install --quiet --locked --root "$target/tools" "cargo-deb@$cargo_deb_version"
}

# The files of the packages that differ from version to version, or are compressed.
make_files() {
    local files=$target/release/debian font_license
    mkdir -p "$files"
    {
        printf 'prikrep (%s) stable; urgency=medium\n\n' "$version"
        printf '  * See the history of the source.\n\n'
        printf ' -- Prikrep maintainers <maintainers@prikrep.example.org>  %s\n' \
            "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
    } | gzip -9n >"$files/changelog.gz"
    gzip -9n <packaging/debian/prikrepd/prikrepd.8 >"$files/prikrepd.8.gz"
    gzip -9n <packaging/debian/prikrep/prikrep.1 >"$files/prikrep.1.gz"
    sed -e "s/@VERSION@/$version/" -e "s/@DATE@/$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)/" \
        packaging/debian/prikrep/ru.prikrep.prikrep.metainfo.xml >"$files/ru.prikrep.prikrep.metainfo.xml"
    # The pages stand alone there: pictures lie beside them, and what is not in the package is named without a link.
    for page in administrator integrator registrar; do
        sed -E -e 's#\]\(\.\./\.\./assets/pictures/#](pictures/#g' -e 's#\[([^]]*)\]\(\.\./[^)]*\)#\1#g' \
            -e 's#\[([^]]*)\]\(registrar\.md\)#\1#g' "packaging/docs/$page.md" >"$files/$page.md"
    done
    font_license=$(sed -e 's/^$/./' -e 's/^/ /' -e 's/[[:space:]]*$//' assets/fonts/OFL.txt)
    awk -v license="$font_license" '$0 == "@OFL@" { print license; next } { print }' \
        packaging/debian/copyright >"$files/copyright"
}

# shellcheck source=packaging/environment.sh
. packaging/environment.sh
need_tools
make_files
umask 022
crates=()
for package in "${packages[@]}"; do
    case $package in
        prikrepd) crates+=(prikrep-server) ;;
        prikrep) crates+=(prikrep-client) ;;
        *) printf 'no package of this name: %s\n' "$package" >&2; exit 2 ;;
    esac
done
# In one go: what both programs stand on is built once.
[ "$build" = no ] || cargo build --release --locked "${crates[@]/#/--package=}" --bins
for crate in "${crates[@]}"; do
    cargo deb --no-build --locked --strip --package "$crate" --deb-version "$version" --output "$target/debian/"
done
ls -l "$target"/debian/*.deb
