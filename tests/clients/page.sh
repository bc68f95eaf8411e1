#!/usr/bin/env bash
# The page at / in headless Chromium against a running devnet: it moves, decodes, shows who signed, and stays quick with
# more than 1,000 blocks. Then pages of elsewhere, which may only read.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
devnet=
cleanup() {
    [ -z "$devnet" ] || { kill "$devnet" 2>/dev/null || true; wait "$devnet" 2>/dev/null || true; }
    rm -rf "$work"
}
trap cleanup EXIT

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
[ ${#missing[@]} -eq 0 ] || { apt-get update -qq && apt-get install -y -qq "${missing[@]}"; }
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" playwright-core@1.65.1

# The steps before leave a build behind; without them it is built here. MOCKAMOTO names another one.
mockamoto="${MOCKAMOTO:-${CARGO_TARGET_DIR:-target}/debug/mockamoto}"
[ -x "$mockamoto" ] || cargo build --locked -p mockamoto
"$mockamoto" --port 0 --block-interval 1ms --burn-block-interval 4s --signers 4 --accounts-out "$work/accounts.json" \
    >"$work/devnet.log" 2>&1 &
devnet=$!
for _ in $(seq 600); do
    [ -s "$work/accounts.json" ] && break
    sleep 0.05
done
url=$(grep -o '"http_url": *"http://[^"]*' "$work/accounts.json" | head -1 | sed 's|.*"http:|http:|' || true)
[ -n "$url" ] || { cat "$work/devnet.log"; echo "no address"; exit 1; }

NODE_PATH="$work/node_modules" node tests/clients/page.cjs "${url%/}" "${SCREENSHOTS:-$work}" ||
    { tail -20 "$work/devnet.log"; exit 1; }
NODE_PATH="$work/node_modules" node tests/clients/origins.cjs "${url%/}" ||
    { tail -20 "$work/devnet.log"; exit 1; }
