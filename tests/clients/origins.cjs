// What pages may do to a node on the machine of whoever opens them: node origins.cjs URL. A page of elsewhere reads by GET
// and changes nothing; one of localhost does what programs do; one whose name was resolved to this machine reads nothing.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { chromium } = require('playwright-core');

const node = process.argv[2];
// As many burn blocks as no clock mines while the test runs.
const MINED = 200;

const burnHeight = async () => (await (await fetch(`${node}/v2/info`)).json()).burn_block_height;

// In the page: the status of a request, or the name of the error that the browser throws.
const ask = (page, url, options) =>
  page.evaluate(
    async ([url, { bytes, ...options }]) => {
      if (bytes) options.body = new Blob([new Uint8Array(bytes)]);
      try {
        const answer = await fetch(url, options);
        return options.mode === 'no-cors' ? answer.type : answer.status;
      } catch (error) {
        return error.name;
      }
    },
    [url, options ?? {}],
  );

// A message of one number in its gRPC frame: field 1 of MineBurnBlocksRequest is how many.
const mine = [0, 0, 0, 0, 3, 8, 0x80 | (MINED & 0x7f), MINED >> 7];
const MINE = `${node}/nakamoto.v1.AdminService/MineBurnBlocks`;
const grpcWeb = { method: 'POST', headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' } };
const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"tx":"00"}' };

async function elsewhere(page) {
  const before = await burnHeight();
  // Sent without asking the node first, whatever its kind may be.
  assert.equal(await ask(page, MINE, { method: 'POST', mode: 'no-cors', bytes: mine }), 'opaque');
  await page.evaluate(([url, bytes]) => navigator.sendBeacon(url, new Blob([new Uint8Array(bytes)])), [MINE, mine]);
  assert.equal(await ask(page, MINE, { ...grpcWeb, bytes: mine }), 'TypeError');
  assert.equal(await ask(page, `${node}/v3/block_template`, { method: 'POST', mode: 'no-cors' }), 'opaque');
  assert.equal(await ask(page, `${node}/v3/block_template`, json), 403);
  assert.equal(await ask(page, `${node}/v2/transactions`, json), 403);
  assert.equal(await ask(page, `${node}/v2/info`), 200, 'reads are for all');
  const after = await burnHeight();
  assert.ok(after < before + MINED, `a page of elsewhere mined: ${before} to ${after}`);
}

async function localhost(page) {
  assert.equal(await ask(page, `${node}/v2/transactions`, json), 400, 'the node reads what it is given, and refuses that');
  const before = await burnHeight();
  assert.equal(await ask(page, MINE, { ...grpcWeb, bytes: mine }), 200);
  assert.ok((await burnHeight()) >= before + MINED, 'a page of localhost mines');
}

async function rebound(page) {
  const url = new URL(node);
  const answer = await page.goto(`http://rebound.test:${url.port}/v2/info`);
  assert.equal(answer.status(), 403);
  assert.match(await answer.text(), /allowed_hosts/);
}

async function main() {
  const server = http.createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<p>a page'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'origins-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP *.test 127.0.0.1'],
  });
  try {
    for (const [what, url, check] of [
      ['a page of elsewhere', `http://evil.test:${port}/`, elsewhere],
      ['a page of localhost', `http://localhost:${port}/`, localhost],
      ['a name that was resolved to this machine', undefined, rebound],
    ]) {
      const page = await browser.newPage();
      if (url) await page.goto(url);
      await check(page);
      await page.close();
      console.log(`${what}: as it should be`);
    }
  } finally {
    await browser.close();
    server.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
