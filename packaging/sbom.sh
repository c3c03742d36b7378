#!/usr/bin/env bash
# Writes the bill of materials of each program, CycloneDX JSON, into target/sbom: everything that is compiled into it or
# for it on this target, with versions, licences, checksums and who depends on whom.
#
#   bash packaging/sbom.sh [TARGET]     # for example x86_64-pc-windows-msvc; by default the machine's own
#
# The same commit gives the same bytes. Needs python3, and cargo-cyclonedx, which is installed when it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=0.5.9
triple=${1:-$(rustc -vV | sed -n 's/^host: //p')}
out=${CARGO_TARGET_DIR:-target}/sbom

if [ "$(cargo cyclonedx --version 2>/dev/null | sed 's/.* //')" != "$wanted" ]; then
    cargo install cargo-cyclonedx --locked --quiet --version "$wanted"
fi
if ! git diff --quiet HEAD -- Cargo.lock '*.toml'; then
    echo "What is not committed yet stands in the list as well; it is no list of the commit that it names." >&2
fi

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
trap 'rm -f crates/*/*_bin.cdx.json tests/*_bin.cdx.json tests/*/*_bin.cdx.json' EXIT
cargo cyclonedx --quiet --format json --spec-version 1.5 --describe binaries --target "$triple"

mkdir -p "$out"
for program in server:prikrepd simulator:prikrep-simulator client:prikrep; do
    crate=${program%%:*} name=${program##*:}
    cargo tree --quiet --locked --package "prikrep-$crate" --edges normal,build --target "$triple" --prefix none \
        --format '{p}' >"$out/$name.tree"
    python3 packaging/sbom.py "crates/$crate/${name}_bin.cdx.json" "$out/$name.tree" "$(git rev-parse HEAD)" \
        >"$out/$name.cdx.json"
    rm "$out/$name.tree"
done
