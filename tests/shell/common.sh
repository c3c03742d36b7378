# shellcheck shell=bash disable=SC2034 # What is set here is for whoever sources this.
# What the tests in shell have in common: telling what holds, waiting, and a gateway with a register before it. Sourced by
# a script with `set -euo pipefail` that stands at the top of the repository.

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
bin=$target/debug
# Files of this run alone.
work=${work:-$(mktemp -d)}
# What runs in the background and ends with the test.
pids=()
passed=0

# The test's trap: `trap finish EXIT`. A test's own `look` sees what has failed while all runs still, its `undo` undoes
# what stays when all has been ended.
finish() {
    local status=$?
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$work"/*.log >&2 || true
        ! declare -F look >/dev/null || look || true
    fi
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    ! declare -F undo >/dev/null || undo
    wait 2>/dev/null || true
    rm -rf --one-file-system "$work"
    [ "$status" -eq 0 ] || printf 'FAILED after %d\n' "$passed" >&2
}

ok() {
    passed=$((passed + 1))
    printf 'ok   %s\n' "$1"
}

fail() {
    printf 'not so: %s\n' "$1" >&2
    exit 1
}

# until_true WHAT COMMAND...: waits until it succeeds, two minutes at most.
until_true() {
    local what=$1 end=$((SECONDS + 120))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "$what, after two minutes"
        sleep 0.2
    done
}

# Installs those of Debian's packages that are missing.
need_packages() {
    local missing=() package
    for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The programs of this source, as tests/run.sh builds them.
need_programs() {
    cargo build --quiet --locked --package prikrep-server --package prikrep-simulator --package prikrep-client --bins
}

# json EXPRESSION: what Python makes of the JSON `d` that comes in.
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

# Where a program listens, by the first line of its output.
address_of() { sed -n 's/^listening on //p' "$1" | grep .; }

# start_gateway OPTIONS...: a federal service of generated applications, at $gateway.
start_gateway() {
    "$bin/prikrep-simulator" --listen 127.0.0.1:0 "$@" >"$work/gateway.out" 2>"$work/gateway.log" &
    gateway_process=$!
    pids+=("$gateway_process")
    until_true "the gateway listens" address_of "$work/gateway.out"
    gateway=$(address_of "$work/gateway.out")
}

# How many answers have reached the gateway.
has_answers() { [ "$(curl -s "$gateway/control/answers" | json 'len(d["answers"])')" -ge "$1" ]; }

register() { "$bin/prikrepd" "$@" --config "$work/prikrepd.toml" --json; }

# What the register has: list_all OPTIONS...
list_all() { register list --from 2000-01-01 --to 2099-12-31 "$@"; }

# make_register LISTEN TOML: a register that has pulled everything from the gateway; $oid is an organization of it. TOML is
# added to the table of the upstream.
make_register() {
    (umask 077 && printf simulator >"$work/upstream.password")
    cat >"$work/prikrepd.toml" <<TOML
data_dir = "$work/register"
key_file = "$work/store.key"
listen = "$1"
[upstream]
url = "$gateway"
login = "region-22"
password_file = "$work/upstream.password"
$2
TOML
    register pull >/dev/null
    oid=$(list_all --limit 1 | json 'd["items"][0]["organization"]["oid"]')
}

# add_anna PASSWORD OPTIONS...: a registrar of that organization.
add_anna() {
    local password=$1
    shift
    printf '%s\n' "$password" |
        register user add anna --organization "$oid" --name "Иванова Анна Андреевна" --role registrar "$@" >/dev/null
}

# Starts the register, at $url.
serve_register() {
    "$bin/prikrepd" serve --config "$work/prikrepd.toml" >"$work/register.out" 2>>"$work/register.log" &
    register_process=$!
    pids+=("$register_process")
    until_true "the register listens" address_of "$work/register.out"
    url=$(address_of "$work/register.out")
}

has_sessions() { [ "$(register status | json 'd["sessions"]')" -ge "$1" ]; }

# Whether an answer that the register has says this.
said() { list_all --limit 1000 | grep -q "$1"; }
