#!/usr/bin/env bash
# target/static/prikrepd in a folder that has nothing but it, its configuration and /etc/hosts: no C library, no shell, no
# certificates of the system. It serves, with and without TLS, pulls from a gateway by name, by address and over TLS,
# takes an account, lists, backs up and stops. Needs root (chroot), curl, openssl and socat.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || { echo "Run it as root: it needs chroot." >&2; exit 1; }
# shellcheck source=tests/shell/common.sh
. tests/shell/common.sh

password=static-test-2026-window
served=
root=$work/root
trap finish EXIT

inside() { env -i "$(command -v chroot)" "$root" /prikrepd "$@"; }

configure() {
    printf 'listen = "127.0.0.1:0"\n[log]\nformat = "text"\n%s\n' "$2" >"$root/etc/prikrep/prikrepd.toml"
    [ -z "$1" ] || printf '[upstream]\nurl = "%s"\nlogin = "region-22"\npassword_file = "upstream.password"\n%s\n' \
        "$1" "${3:-}" >>"$root/etc/prikrep/prikrepd.toml"
}

start_serving() {
    : >"$work/serve.out"
    env -i "$(command -v chroot)" "$root" /prikrepd serve >"$work/serve.out" 2>"$work/serve.log" </dev/null &
    served=$!
    pids+=("$served")
    until_true "it serves" address_of "$work/serve.out"
    url=$(address_of "$work/serve.out")
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

need_packages curl openssl socat
need_programs
mkdir -p "$root/etc/prikrep" "$root/var/lib" "$root/tmp"
install -m 755 "$target/static/prikrepd" "$root/prikrepd"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
printf simulator >"$root/etc/prikrep/upstream.password"
chmod 600 "$root/etc/prikrep/upstream.password"
[ -z "$(find "$root" -name '*.so*')" ] || fail "there is no library"
inside --version >/dev/null || fail "it starts without any library"
ok "it starts without any library: $(inside --version)"

start_gateway --applications 2000 --organizations 2 --seed 1
port=${gateway##*:}
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
pids+=($!)
until_true "TLS stands before the gateway" grep 'listening on' "$work/socat.log"
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
