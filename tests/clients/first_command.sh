#!/usr/bin/env bash
# The README's first command, for a few seconds: it builds, starts, mines, answers curl's requests, takes the README's
# transaction, and stops on a signal.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
devnet=
cleanup() {
    [ -z "$devnet" ] || kill "$devnet" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

command -v curl >/dev/null || { apt-get update -qq && apt-get install -y -qq curl; }
# The same build as `cargo run --release -p mockamoto`; started directly so that a signal reaches it and not cargo.
cargo build --release --locked -p mockamoto
"${CARGO_TARGET_DIR:-target}/release/mockamoto" --port 0 --accounts-out "$work/accounts.json" >"$work/log" 2>&1 &
devnet=$!
for _ in $(seq 200); do
    grep -q "first block" "$work/log" && break
    sleep 0.05
done
cat "$work/log"
grep -q "first block" "$work/log" || { echo "no first block within ten seconds"; exit 1; }
address=$(grep -o '"http_url": *"http://[^"/]*' "$work/accounts.json" | head -1 | sed "s|.*http://||" || true)
curl -sf "http://$address/v2/info" | grep -q '"stacks_tip_height"'
curl -sf "http://$address/v2/accounts/ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5?proof=0" | grep -q '"nonce":0'

# The README's signed transaction, word for word: taken, and mined.
raw=$(grep -o '{"tx":"[0-9a-f]*"}' README.md)
txid=$(grep -o '/v3/transaction/[0-9a-f]*' README.md | head -1 | sed 's|.*/||')
curl -sf "http://$address/v2/transactions" -H 'content-type: application/json' -d "$raw" | grep -q "\"$txid\""
for _ in $(seq 200); do
    mined=$(curl -s "http://$address/v3/transaction/$txid")
    grep -q '"result":"(ok true)"' <<<"$mined" && break
    sleep 0.05
done
grep -q '"result":"(ok true)"' <<<"$mined" || { echo "the README's transaction was not mined: $mined"; exit 1; }

kill -INT "$devnet"
wait "$devnet"
devnet=
echo "the first command works"
