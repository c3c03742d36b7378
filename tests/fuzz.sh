#!/usr/bin/env bash
# Runs every fuzz target for some time (60 seconds each, or as many as are given), over the corpus in tests/fuzz/corpus.
# What it finds lies in tests/fuzz/artifacts: mend it, and put the input into the corpus, which tests/run.sh replays.
#
#   bash tests/fuzz.sh                # every target
#   bash tests/fuzz.sh 600 page       # one target for ten minutes
#   bash tests/fuzz.sh merge          # what has been found new is taken into the corpus, without what adds nothing
#
# A nightly compiler instruments the targets where there is one (rustup toolchain install nightly); without it the
# stable one is told to do the same. No sanitizer: nothing of ours is `unsafe`, and without it all is twice as fast.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=run
seconds=60
case ${1:-} in
    merge) mode=merge && shift ;;
    [0-9]*) seconds=$1 && shift ;;
esac

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "cargo-fuzz is missing. Install it:  cargo install cargo-fuzz --locked --version 0.13.2" >&2
    exit 1
fi
if cargo +nightly --version >/dev/null 2>&1; then
    fuzz=(cargo +nightly fuzz)
else
    export RUSTC_BOOTSTRAP=1
    fuzz=(cargo fuzz)
fi

targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd tests/fuzz/fuzz_targets && ls | sed 's/\.rs$//')
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")/fuzz
"${fuzz[@]}" build --fuzz-dir tests/fuzz --sanitizer none --target-dir "$built"

for target in "${targets[@]}"; do
    corpus=tests/fuzz/corpus/$target
    found=$built/found/$target
    mkdir -p "$corpus" "$found"
    if [ "$mode" = merge ]; then
        "${fuzz[@]}" run --fuzz-dir tests/fuzz --sanitizer none --target-dir "$built" "$target" \
            "$corpus" "$found" -- -set_cover_merge=1 -use_counters=0 -max_len=1500 -verbosity=0
        continue
    fi
    echo "==> $target, $seconds s"
    # What is new is kept beside the corpus; `merge` takes it in.
    "${fuzz[@]}" run --fuzz-dir tests/fuzz --sanitizer none --target-dir "$built" "$target" "$found" "$corpus" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0
done
echo "All targets held."
