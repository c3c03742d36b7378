#!/usr/bin/env bash
# Builds prikrep and prikrepd for 64-bit Windows and the installer of the window into target/windows/dist, and prints the
# paths of what was made. The same commit gives the same files.
# VERSION=... names another version than the one in Cargo.toml. PROFILE=dev builds for a look at one's own change.
# The compiler is set up by packaging/compiler.sh; root installs the rest, others are told what to install.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=packaging/windows
target=x86_64-pc-windows-gnu
out=$(realpath -m "${CARGO_TARGET_DIR:-target}")/windows
dist=$out/dist
made=$out/resources
profile=${PROFILE:-release}
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}
# Four numbers, for what Windows compares.
dotted=$(printf '%s' "$version" | sed 's/[^0-9.].*//').0
numbers=${dotted//./,}

need_tools() {
    local packages=(nsis icoutils imagemagick git) missing=() package
    for package in "${packages[@]}"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
    if [ ${#missing[@]} -gt 0 ]; then
        if [ "$(id -u)" -ne 0 ]; then
            echo "Install them:  sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
            exit 1
        fi
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    fi
    toolchain=$(bash packaging/compiler.sh "$target")
}

# The icon and the pictures of the installer.
make_pictures() {
    local icons=assets/icons
    icotool -c -o "$made/prikrep.ico" "$icons"/prikrep-{16,24,32,48,64,128}.png -r "$icons/prikrep-256.png"
    convert -size 164x314 'xc:#ffffff' "$icons/prikrep-128.png" -geometry +18+60 -composite \
        -define bmp:format=bmp3 -type truecolor "$made/side.bmp"
}

# The resources of a program: its name and what it is.
make_resources() {
    local name=$1 description=$2
    fill() {
        sed -e "s/@NAME@/$name/g" -e "s/@DESCRIPTION@/$description/g" -e "s/@VERSION@/$version/g" \
            -e "s/@NUMBERS@/$numbers/g" -e "s/@NUMBERS_DOTTED@/$dotted/g" "$1"
    }
    fill "$here/prikrep.manifest" >"$made/$name.manifest"
    fill "$here/resources.rc" >"$made/$name.rc"
    (cd "$made" && x86_64-w64-mingw32-windres "$name.rc" "$name.res.o")
}

need_tools
mkdir -p "$dist" "$made"
rm -f "$dist"/*
# shellcheck source=packaging/environment.sh
. packaging/environment.sh
forget_other_std "$target" "$out"
make_pictures
make_resources prikrep 'Прикрепление онлайн'
make_resources prikrepd 'Прикрепление онлайн: регистр'

RUSTFLAGS+=' -C link-arg=-Wl,--no-insert-timestamp'
PRIKREP_SOURCE=$(pwd -P)
export PRIKREP_SOURCE PRIKREP_BUILD=$out PRIKREP_TOOLCHAIN=$toolchain
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=$PRIKREP_SOURCE/$here/linker.sh
export CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc AR_x86_64_pc_windows_gnu=x86_64-w64-mingw32-ar
export CARGO_TARGET_DIR=$out CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_DEV_DEBUG=0 PRIKREP_RESOURCES=$made
# In one go: what both programs stand on is built once.
"$toolchain/bin/cargo" build --locked --quiet --profile "$profile" --target "$target" --package prikrep-client \
    --package prikrep-server --bins
for name in prikrep prikrepd; do
    x86_64-w64-mingw32-strip --enable-deterministic-archives -o "$dist/$name.exe" "$out/$target/${profile/dev/debug}/$name.exe"
done

# The same program for consoles, which find it before the other: cmd waits for it and shows what it prints.
x86_64-w64-mingw32-objcopy --subsystem console "$dist/prikrep.exe" "$made/prikrep.com"
makensis -V2 -NOCD -INPUTCHARSET UTF8 "-DVERSION=$version" "-DNUMBERS=$dotted" "-DPROGRAM=$dist/prikrep.exe" \
    "-DCONSOLE=$made/prikrep.com" "-DPICTURES=$made" "-DOUT=$dist/prikrep-$version-setup.exe" "$here/prikrep.nsi" >&2
printf '%s\n' "$dist"/*
