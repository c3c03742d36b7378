#!/usr/bin/env bash
# target/static/prikrepd in a folder that has nothing but it, its configuration and /etc/hosts: no C library, no shell, no
# certificates of the system. It serves, with and without TLS, pulls from a gateway by name, by address and over TLS,
# takes an account, lists, backs up and stops. Needs root (chroot), curl, openssl and socat.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
simulator=${SIMULATOR:-$target/debug/prikrep-simulator}
password=static-test-2026-window
passed=0
served=
others=()
[ "$(id -u)" -eq 0 ] || { echo "Run it as root: it needs chroot." >&2; exit 1; }
work=$(mktemp -d)
root=$work/root

cleanup() {
    local status=$?
    for process in $served "${others[@]}"; do { kill -KILL "$process" && wait "$process"; } 2>/dev/null || true; done
    [ "$status" -eq 0 ] || { tail -n 20 "$work"/*.log >&2 || true; printf 'FAILED after %d\n' "$passed" >&2; }
    rm -rf "$work"
}
trap cleanup EXIT

ok() {
    passed=$((passed + 1))
    printf 'ok   %s\n' "$1"
}

fail() {
    printf 'not so: %s\n' "$1" >&2
    exit 1
}

need_tools() {
    local missing=() package
    for package in curl openssl socat; do command -v "$package" >/dev/null || missing+=("$package"); done
    [ ${#missing[@]} -eq 0 ] ||
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    [ -x "$simulator" ] || cargo build --quiet --locked --package prikrep-server --package prikrep-simulator --package prikrep-client --bins
}

inside() { env -i "$(command -v chroot)" "$root" /prikrepd "$@"; }

within() {
    local end=$((SECONDS + 60))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

configure() {
    printf 'listen = "127.0.0.1:0"\n[log]\nformat = "text"\n%s\n' "$2" >"$root/etc/prikrep/prikrepd.toml"
    [ -z "$1" ] || printf '[upstream]\nurl = "%s"\nlogin = "region-22"\npassword_file = "upstream.password"\n%s\n' \
        "$1" "${3:-}" >>"$root/etc/prikrep/prikrepd.toml"
}

start_serving() {
    : >"$work/serve.out"
    env -i "$(command -v chroot)" "$root" /prikrepd serve >"$work/serve.out" 2>"$work/serve.log" </dev/null &
    served=$!
    within grep -q '^listening on ' "$work/serve.out" || fail "it serves"
    url=$(sed -n 's/^listening on //p' "$work/serve.out")
}

stop_serving() {
    kill "$served"
    wait "$served" || fail "it ends well"
    served=
}

# Pulls into an empty store.
pull_from() {
    rm -rf "$root/var/lib/prikrep"
    configure "$1" "" "${2:-}"
    inside pull >"$work/pull.log" 2>&1 || fail "it pulls from $1"
    [ "$(inside list --from 2000-01-01 --to 2099-12-31 --limit 1 --json | sed -n 's/.*"total": *\([0-9]*\).*/\1/p')" -gt 100 ] ||
        fail "there is something to list"
}

need_tools
mkdir -p "$root/etc/prikrep" "$root/var/lib" "$root/tmp"
install -m 755 "$target/static/prikrepd" "$root/prikrepd"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
printf simulator >"$root/etc/prikrep/upstream.password"
chmod 600 "$root/etc/prikrep/upstream.password"
[ -z "$(find "$root" -name '*.so*')" ] || fail "there is no library"
inside --version >/dev/null || fail "it starts without any library"
ok "it starts without any library: $(inside --version)"

"$simulator" --listen 127.0.0.1:0 --applications 2000 --organizations 2 --seed 1 >"$work/gateway.out" 2>"$work/gateway.log" &
others+=($!)
within grep -q '^listening on ' "$work/gateway.out" || fail "the gateway serves"
port=$(sed -n 's/^listening on .*://p' "$work/gateway.out")
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca -keyout "$work/ca.key" \
    -out "$work/ca.pem" 2>"$work/openssl.log"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=gateway -keyout "$work/key.pem" \
    -out "$work/request.pem" 2>>"$work/openssl.log"
openssl x509 -req -in "$work/request.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
    -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$work/certificate.pem" 2>>"$work/openssl.log"
cp "$work/ca.pem" "$work/certificate.pem" "$root/etc/prikrep/"
install -m 600 "$work/key.pem" "$root/etc/prikrep/key.pem"
socat -d -d "OPENSSL-LISTEN:0,bind=127.0.0.1,reuseaddr,fork,cert=$work/certificate.pem,key=$work/key.pem,verify=0" \
    "TCP:127.0.0.1:$port" 2>"$work/socat.log" &
others+=($!)
within grep -q 'listening on' "$work/socat.log" || fail "TLS stands before the gateway"
secure=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$work/socat.log" | head -n 1)

pull_from "http://127.0.0.1:$port"
ok "it pulls by address"
pull_from "http://localhost:$port"
ok "it pulls by name"
pull_from "https://localhost:$secure" 'ca_file = "ca.pem"'
ok "it pulls by name over TLS, with an authority of its own, where the system has none"
pull_from "https://127.0.0.1:$secure" 'ca_file = "ca.pem"'
ok "it pulls by address over TLS"

printf '%s\n' "$password" | inside user add anna --role registrar --name 'Иванова Анна' \
    --organization 1.2.643.5.1.13.13.12.2.22.2001 --must-change-password no >/dev/null || fail "it takes an account"
start_serving
[ "$(curl -sf --max-time 10 "$url/healthz")" = ok ] || fail "/healthz answers"
curl -sSf --max-time 30 -H 'Content-Type: application/json' -o /dev/null "$url/v1/sessions" \
    -d "{\"login\": \"anna\", \"password\": \"$password\"}" || fail "anna signs in"
inside status >/dev/null || fail "status speaks to the one that serves"
inside backup /tmp/copy >/dev/null || fail "it backs up"
stop_serving
ok "it serves, signs in, tells its status, backs up and stops"

configure "" '[tls]
certificate_file = "certificate.pem"
key_file = "key.pem"'
start_serving
[ "$(curl -sf --max-time 10 --cacert "$work/ca.pem" "$url/healthz")" = ok ] || fail "/healthz answers over TLS"
stop_serving
ok "it serves over TLS"
printf '%d passed\n' "$passed"
