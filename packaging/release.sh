#!/usr/bin/env bash
# Builds a release of the commit that is checked out into target/dist: the Debian packages, prikrepd for any Linux, the
# programs and the installer for Windows, the source, the bills of materials and SHA256SUMS over all of them.
#
#   bash packaging/release.sh                     # everything
#   bash packaging/release.sh debian source       # some of it: debian static windows source sbom
#   bash packaging/release.sh --twice [PART...]   # and once more in another folder: both must be the same bits
#
# It builds from clones, so that nothing that is not committed gets in. Needs Debian 12; what is missing is installed
# when it is run by root, otherwise it is said.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$(realpath -m "${CARGO_TARGET_DIR:-target}")
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
commit=$(git rev-parse --short=12 HEAD)
twice=no parts=()
for argument in "$@"; do
    case $argument in
        --twice) twice=yes ;;
        debian | static | windows | source | sbom) parts+=("$argument") ;;
        *) printf 'unknown: %s\n' "$argument" >&2; exit 2 ;;
    esac
done
[ ${#parts[@]} -gt 0 ] || parts=(debian static windows source sbom)

# What one build has installed for itself serves the next.
export PATH="$out/tools/bin:$out/release-source/target/tools/bin:$PATH"

die() { printf '%s\n' "$@" >&2; exit 1; }

[ -z "$(git status --porcelain)" ] || die "There is something that is not committed: a release is built of a commit."
[ -e "crates/client/tests/releases/$version.tar.zst" ] || die \
    "The data of $version is not kept for the tests of later releases. Keep it and commit it:" \
    "  PRIKREP_KEEP_RELEASE=1 cargo test -p prikrep-client --test device releases::"

# Each of these runs at the top of a clone and writes into the folder that it is given.
make_debian() {
    bash packaging/debian/build.sh >&2
    cp target/debian/*.deb "$1/"
}

make_static() {
    bash packaging/static/build.sh >&2
    cp target/static/prikrepd "$1/prikrepd-$version-linux-x86_64"
}

make_windows() {
    bash packaging/windows/build.sh >&2
    cp target/windows/dist/* "$1/"
}

make_source() {
    git archive --format=tar --prefix="prikrep-$version/" HEAD | gzip -9n >"$1/prikrep-$version.tar.gz"
}

make_sbom() {
    local triple program
    for triple in x86_64-unknown-linux-gnu x86_64-pc-windows-gnu; do
        bash packaging/sbom.sh "$triple" >&2
        for program in prikrep prikrepd; do
            cp "target/sbom/$program.cdx.json" "$1/$program-$version-$triple.cdx.json"
        done
    done
}

# Builds the parts of a clone in a folder of its own, into another folder.
build() {
    local clone=$1 dist=$2 part
    rm -rf "$clone" "$dist"
    mkdir -p "$dist"
    git clone --quiet --no-local . "$clone"
    for part in "${parts[@]}"; do
        printf '==> %s\n' "$part"
        (cd "$clone" && unset CARGO_TARGET_DIR && "make_$part" "$dist")
    done
    (cd "$dist" && sha256sum -- * >"$out/SHA256SUMS" && mv "$out/SHA256SUMS" .)
}

# What can be asked on this machine names the commit.
check() {
    local program version_told folder
    folder=$(mktemp -d)
    for program in "$1"/*_amd64.deb; do
        [ -e "$program" ] || continue
        dpkg-deb -x "$program" "$folder"
    done
    if [ -e "$1/prikrepd-$version-linux-x86_64" ]; then
        cp "$1/prikrepd-$version-linux-x86_64" "$folder/"
    fi
    find "$folder" -type f -executable | while read -r program; do
        version_told=$("$program" --version)
        case $version_told in
            *"$version ($commit)") ;;
            *) die "$program says «$version_told», not $version ($commit)" ;;
        esac
        # The paths of this machine would tell of it, and make other bits elsewhere.
        ! grep -qaF -e "$out" -e "${CARGO_HOME:-$HOME/.cargo}" "$program" || die "$program names a folder of this machine"
    done
    rm -rf "$folder"
}

build "$out/release-source" "$out/dist"
check "$out/dist"
if [ "$twice" = yes ]; then
    printf '==> once more\n'
    again=$(mktemp -d)
    build "$again/elsewhere" "$again/dist"
    diff "$out/dist/SHA256SUMS" "$again/dist/SHA256SUMS" || die "Not the same bits twice; both are kept: $out/dist $again/dist"
    rm -rf "$again"
    printf 'The same bits twice.\n'
fi
cat "$out/dist/SHA256SUMS"
