#!/usr/bin/env bash
# Requests made from the descriptions of the API (schemathesis), valid and not, against a running register that is fed by a
# running gateway, all on loopback: no 5xx, no status, header or body that the description does not have.
#
#   bash tests/schema-fuzz.sh              # as tests/run.sh calls it: about two minutes
#   SCHEMA_FUZZ_EXAMPLES=500 SCHEMA_FUZZ_SEED=7 bash tests/schema-fuzz.sh
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
programs=$target/debug
venv=$target/schemathesis
examples=${SCHEMA_FUZZ_EXAMPLES:-40}
seed=${SCHEMA_FUZZ_SEED:-22}
organization=1.2.643.5.1.13.13.12.2.22.2001

if ! cmp -s tests/schema_fuzz/requirements.txt "$venv/requirements.txt"; then
    if ! { rm -rf "$venv" && python3 -m venv "$venv" && "$venv/bin/pip" --version; } >/dev/null 2>&1; then
        echo "Left out: python3 with venv and pip is missing (Debian: python3-venv)."
        exit 0
    fi
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement tests/schema_fuzz/requirements.txt
    cp tests/schema_fuzz/requirements.txt "$venv/"
fi

work=$(mktemp -d)
running=()
finish() {
    local status=$?
    [ ${#running[@]} -eq 0 ] || kill "${running[@]}" 2>/dev/null || true
    wait || true
    if [ "$status" -ne 0 ] && [ -f "$work/register.log" ]; then
        grep -h '"level":"\(WARN\|ERROR\)"' "$work/register.log" | tail -n 20 >&2 || true
    fi
    rm -rf "$work"
}
trap finish EXIT

# Starts a program and waits for the line that tells its address.
serve() {
    local log=$work/$1.log
    shift
    : >"$log"
    "$@" >>"$log" 2>&1 &
    running+=($!)
    for _ in $(seq 300); do
        address=$(sed -n 's/^listening on //p' "$log")
        [ -z "$address" ] || return 0
        kill -0 "${running[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    cat "$log" >&2
    return 1
}

serve gateway "$programs/prikrep-simulator" --listen 127.0.0.1:0 --applications 300 --organizations 2 --seed 22
gateway=$address
printf simulator >"$work/upstream.password"
chmod 600 "$work/upstream.password"
cat >"$work/directory.json" <<JSON
{"$organization": {"departments": ["№ 1"], "refusal_reasons": ["Не та территория"],
    "districts": [{"number": "12", "kind": "therapeutic", "doctor": {"full_name": "Петров П. П.", "position": "врач"}}],
    "doctors": [{"full_name": "Петров П. П.", "position": "врач"}]}}
JSON
# Limits on how often one may ask are tested elsewhere, and would answer nearly everything here.
cat >"$work/prikrepd.toml" <<TOML
data_dir = "data"
listen = "127.0.0.1:0"
[upstream]
url = "$gateway"
login = "region-22"
password_file = "upstream.password"
pull_at = "live"
[directory]
file = "directory.json"
[sessions]
attempts = 1000
address_attempts = 100000
lockout_secs = 1
[limits]
requests_per_sec = 1000000
burst = 1000000
sign_ins_per_min = 1000000
sign_in_burst = 1000000
TOML
export SCHEMA_FUZZ_PASSWORD="Тихая-заводь-41-у-моста"
add() {
    printf '%s\n' "$SCHEMA_FUZZ_PASSWORD" | "$programs/prikrepd" user add "$1" --role "$2" --name "Учётная запись $2" \
        --must-change-password no --config "$work/prikrepd.toml" "${@:3}" >/dev/null
}
add anna registrar --organization "$organization"
add changer registrar --organization "$organization"
add leaver registrar --organization "$organization"
add auditor auditor
serve register "$programs/prikrepd" serve --config "$work/prikrepd.toml"
register=$address
# Until the register has read what the gateway has.
for _ in $(seq 300); do
    [ "$("$programs/prikrepd" list --from 2000-01-01 --to 2099-12-31 --json --config "$work/prikrepd.toml" |
        grep -c '"id"')" -gt 0 ] && break
    sleep 0.1
done

failed=0
# fuzz ADDRESS LOGIN PASSWORD DESCRIPTION OPTIONS...
fuzz() {
    SCHEMA_FUZZ_BASE=$1 SCHEMA_FUZZ_LOGIN=$2 SCHEMA_FUZZ_PASSWORD=$3 \
        "$venv/bin/schemathesis" --config-file tests/schema_fuzz/schemathesis.toml run "$4" --url "$1" \
        --seed "$seed" --max-examples "$examples" --suppress-health-check all "${@:5}" || failed=1
}

echo "--- the register by its own description"
fuzz "$register" anna "$SCHEMA_FUZZ_PASSWORD" "$register/openapi.json"
echo "--- the journal, as an auditor reads it"
fuzz "$register" auditor "$SCHEMA_FUZZ_PASSWORD" "$register/openapi.json" --include-path /v1/journal
# The protocol names what a consumer has to know: other refusals, and what a server offers beyond it, are in the
# server's own description, by which they have been checked above.
beyond=status_code_conformance,unsupported_method,allow_header_conformance
echo "--- the register by the protocol"
fuzz "$register" anna "$SCHEMA_FUZZ_PASSWORD" tests/protocol.yaml --exclude-checks "$beyond"
echo "--- the gateway of the tests by the protocol"
SCHEMA_FUZZ_LEAVER=region-22 fuzz "$gateway" region-22 simulator tests/protocol.yaml --exclude-checks "$beyond"

[ "$failed" -eq 0 ] || exit 1

# A run that never gets in would find nothing: every path that may be passed was passed.
curl --silent --fail "$register/metrics" >"$work/metrics"
for passed in 'POST",route="/v1/sessions",status="201' 'DELETE",route="/v1/sessions",status="204' \
    'DELETE",route="/v1/sessions/current",status="204' 'GET",route="/v1/sessions/current",status="200' \
    'GET",route="/v1/feed",status="200' 'GET",route="/v1/applications",status="200' \
    'GET",route="/v1/applications/{id}",status="200' 'PUT",route="/v1/applications/{id}/answers/{answer_id}",status="201' \
    'GET",route="/v1/directory",status="200' 'POST",route="/v1/journal",status="200' 'GET",route="/v1/journal",status="200'; do
    grep --quiet --fixed-strings "$passed" "$work/metrics" || {
        echo "Nothing was answered so: $passed" >&2
        exit 1
    }
done

# Whatever was asked, it still serves.
kill -0 "${running[@]}"
"$programs/prikrepd" verify --config "$work/prikrepd.toml" >/dev/null
if grep -q 'panicked' "$work"/*.log; then
    grep -h 'panicked' "$work"/*.log >&2
    exit 1
fi
