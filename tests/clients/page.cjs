// Looks at the page as a person would: node page.cjs URL FOLDER_FOR_SCREENSHOTS.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { chromium } = require('playwright-core');

const [node, screenshots] = process.argv.slice(2);
const DEADLINE_MS = 120_000;
const MANY_DEADLINE_MS = 300_000;
const BLOCKS = 1_000;
// Of the document, whatever the chain's length: rows in sight, forty burn blocks, a detail.
const ELEMENTS_MAX = 4_000;
// A frame on a slow and shared machine. Without bounds the page takes seconds at this many blocks.
const FRAME_MS_MAX = 1_500;

const vectors = JSON.parse(fs.readFileSync(path.join(__dirname, '../vectors/stacksjs_transactions.json'), 'utf8'));

// Posts a transaction of the vectors and waits until it is mined.
async function send({ label, raw, txid }) {
  const answer = await fetch(`${node}/v2/transactions`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(raw, 'hex'),
  });
  assert.equal(answer.status, 200, `${label}: ${await answer.clone().text()}`);
  await until(`${label} is mined`, async () => (await fetch(`${node}/v3/transaction/${txid}`)).ok, DEADLINE_MS);
}

async function until(what, condition, deadline) {
  const end = Date.now() + deadline;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${what}: not within ${deadline / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// Between page and node, so that a test can cut the connection.
class Wire {
  constructor() {
    this.sockets = new Set();
    this.isCut = false;
    this.server = net.createServer((near) => {
      if (this.isCut) return near.destroy();
      const far = net.connect(Number(new URL(node).port), new URL(node).hostname);
      for (const [socket, other] of [[near, far], [far, near]]) {
        this.sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }
  async open() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.server.address().port}`;
  }
  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }
}

// Has the burn chain fork below its tip: a gRPC-Web call with depth 2.
async function reorganize() {
  const answer = await fetch(`${node}/nakamoto.v1.AdminService/ReorganizeBurnchain`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto' },
    body: Buffer.from([0, 0, 0, 0, 2, 8, 2]),
  });
  assert.match(Buffer.from(await answer.arrayBuffer()).toString('latin1'), /grpc-status:\s*0/);
}

const text = (page, selector) => page.locator(selector).first().textContent();
const tipOf = async (page) => Number((await text(page, '#stat-tip')).replaceAll(',', ''));

async function main() {
  const wire = new Wire();
  const url = await wire.open();
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'page-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    viewport: { width: 1440, height: 1000 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(DEADLINE_MS);
    const errors = [];
    const elsewhere = [];
    // Of connections that the test itself cuts the browser complains rightly, until the page lives again.
    const isCut = (message) => /net::ERR_(INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|CONNECTION_RESET|CONNECTION_CLOSED|SOCKET_NOT_CONNECTED)/.test(message.text());
    page.on('console', (message) => message.type() === 'error' && !(wire.wasCut && isCut(message)) && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('request', (request) => request.url().startsWith(url) || elsewhere.push(request.url()));
    await page.goto(url);
    await lives(page);
    await decodes(page);
    await people(page);
    await forks(page);
    await page.screenshot({ path: path.join(screenshots, 'page-light.png') });
    await manyBlocks(page, browser, url);
    await reconnects(page, wire);
    await narrowAndDark(page);
    assert.deepEqual(errors, [], 'the console has no errors');
    assert.deepEqual(elsewhere, [], 'the page asks this node only');
    console.log('the page lives, decodes, shows who signed, and is quick with many blocks');
  } finally {
    await browser.close();
    wire.cut();
    wire.server.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
}

async function lives(page) {
  await page.locator('#state', { hasText: 'Live' }).waitFor();
  const before = await tipOf(page);
  await until('the tip moves', async () => (await tipOf(page)) > before, DEADLINE_MS);
  await page.locator('#blocks-list .row .badge', { hasText: 'tenure' }).first().waitFor();
  await page.locator('#burn-picture a').first().waitFor();
  await page.locator('#feed-list .row').first().waitFor();
  console.log(`live, tip ${await tipOf(page)}`);
}

async function decodes(page) {
  const sent = vectors.transactions.filter((one) => !one.refused).slice(0, 14);
  for (const one of sent) await send(one);
  const { txid, sender_address: sender } = sent.find((one) => one.label === 'increment');
  await page.locator('#tab-transactions').click();
  await page.evaluate((id) => (location.hash = `#tx/0x${id}`), txid);
  const detail = page.locator('#detail');
  await detail.locator('dd', { hasText: txid }).waitFor();
  await detail.locator('dd', { hasText: sender }).first().waitFor();
  await detail.locator('dd', { hasText: '.counter' }).first().waitFor();
  await detail.locator('pre', { hasText: '(ok u5)' }).first().waitFor();
  const rows = await page.locator('#transactions-list .row').allTextContents();
  for (const shown of [/transfer/, /call/, /deploy/, /\(ok true\)/, /aborted/]) assert.ok(rows.some((row) => shown.test(row)), `${shown} in ${rows.join('\n')}`);
  await coinbases(page, rows);
  await names(page, txid);
  await page.screenshot({ path: path.join(screenshots, 'page-transaction.png') });
  // Every transaction of the vectors, as the page's own modules read it.
  const read = await page.evaluate(async (all) => {
    const { decodeTransaction } = await import('/page/transaction.js');
    return all.map((raw) => decodeTransaction(raw)).map(({ payload, origin }) => ({ kind: payload.kind, sender: origin?.address, nonce: String(origin?.nonce) }));
  }, vectors.transactions.map((one) => one.raw));
  vectors.transactions.forEach((one, i) => {
    assert.notEqual(read[i].kind, 'unreadable', one.label);
    assert.deepEqual([read[i].sender, read[i].nonce], [one.sender_address, String(one.nonce)], one.label);
  });
  await page.locator('#tab-blocks').click();
}

// The chain's own transactions show when they are asked for.
async function coinbases(page, rows) {
  assert.ok(!rows.some((row) => /coinbase/.test(row)), 'coinbases are hidden');
  await page.locator('#transactions-all').check();
  await page.locator('#transactions-list .row .coinbase').first().waitFor();
  await page.locator('#transactions-all').uncheck();
  await page.locator('#transactions-list .row .coinbase').first().waitFor({ state: 'detached' });
}

// What the page does not hold is asked of the node; that there is nothing is said without an error in the console.
async function names(page, txid) {
  const detail = page.locator('#detail');
  const find = page.locator('#find');
  await find.fill('ab'.repeat(32));
  await find.press('Enter');
  await detail.locator('p', { hasText: 'knows no transaction' }).waitFor();
  // As the node tells it, not as the page remembers it.
  const told = await page.evaluate(async (id) => (await fetch(`/v3/lookup/${id}`)).json(), txid);
  assert.equal(told.transaction.receipt.status, 'TRANSACTION_STATUS_SUCCESS');
  await page.evaluate((id) => (location.hash = `#tx/0x${id}`), txid);
  await detail.locator('dd', { hasText: txid }).waitFor();
}

// Presses the third row, holds until newer blocks are there, and releases; the key of what was pressed.
async function slowPress(page, rows) {
  let key = null;
  await until('a row under the pressed pointer', async () => {
    // The list may be drawn anew between the look for the row and the look for its place, and move until the press.
    const box = await page.locator(rows).nth(2).boundingBox();
    if (box === null) return false;
    const point = [box.x + 20, box.y + box.height / 2];
    await page.mouse.move(...point);
    await page.mouse.down();
    key = await page.evaluate(([x, y]) => document.elementFromPoint(x, y)?.closest('.row')?.dataset.key ?? null, point);
    if (key === null) await page.mouse.up();
    return key !== null;
  }, DEADLINE_MS);
  const [newest, before] = [await page.locator(rows).first().getAttribute('data-key'), await tipOf(page)];
  const stands = async () => (await page.locator(rows).first().getAttribute('data-key')) === newest;
  await until('newer blocks', async () => (await tipOf(page)) > before + 30, DEADLINE_MS);
  assert.ok(await stands(), 'the list stands still under a pressed pointer');
  await page.mouse.up();
  await until('the list moves on', async () => !(await stands()), DEADLINE_MS);
  return key;
}

// A press for the menu of a row may never be released on the page: the list goes on.
async function pressForMenu(page, rows) {
  // The list may be drawn anew between the look for the row and the look for its place.
  let box = null;
  await until('a third row', async () => (box = await page.locator(rows).nth(2).boundingBox()) !== null, DEADLINE_MS);
  await page.mouse.move(box.x + 20, box.y + box.height / 2);
  await page.mouse.down({ button: 'right' });
  const newest = await page.locator(rows).first().getAttribute('data-key');
  await until('the list moves on', async () => (await page.locator(rows).first().getAttribute('data-key')) !== newest, DEADLINE_MS);
  await page.mouse.up({ button: 'right' });
}

async function people(page) {
  await page.locator('#signers .person').nth(3).waitFor();
  await page.locator('#signers .matrix .yes').first().waitFor();
  await page.locator('#producers .badge', { hasText: 'elected' }).waitFor();
  await page.locator('#slots td', { hasText: 'signs' }).first().waitFor();
  // A block that someone signed: whoever did has a tick. The list moves all the time; the press is as slow as a hand.
  await pressForMenu(page, '#blocks-list .row');
  const pressed = await slowPress(page, '#blocks-list .row');
  assert.equal(await page.evaluate(() => location.hash), `#block/${pressed}`, 'the row under the pointer is what opens');
  await page.locator('#detail .signers .yes').first().waitFor();
  assert.ok((await page.locator('#detail .signers .yes').count()) >= 3, 'three of four make 70 %');
}

async function forks(page) {
  await reorganize();
  await page.locator('#burn-picture a.fork').nth(1).waitFor();
  let said;
  await until('a rolled-back block is in the list', async () => (said = await scrollTo(page, '.row.off .badge.bad')), DEADLINE_MS);
  assert.equal(said, 'rolled back');
}

// Scrolls the list of blocks down to the first such thing, as one who looks for it does, and gives its text; null when there is
// none. The text is read at once: blocks that come push it out of sight.
const scrollTo = (page, selector) => page.evaluate(async (selector) => {
  const list = document.getElementById('blocks-list');
  for (let top = 0; top < list.scrollHeight; top += list.clientHeight / 2) {
    list.scrollTop = top;
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const found = list.querySelector(selector);
    if (found) return found.textContent;
  }
  return null;
}, selector);

async function manyBlocks(page, browser, url) {
  await until(`${BLOCKS} blocks`, async () => (await tipOf(page)) > BLOCKS, MANY_DEADLINE_MS);
  for (const [name, one] of [['grown with the chain', page], ['opened late', await browser.newPage()]]) {
    if (one !== page) await one.goto(url);
    await one.bringToFront();
    const held = async () => Number((await one.locator('#tab-blocks').getAttribute('data-count'))?.replaceAll(',', '') ?? 0);
    await until(`${name}: the page holds the blocks`, async () => (await held()) > BLOCKS, DEADLINE_MS);
    const frames = await one.evaluate(async () => {
      const list = document.getElementById('blocks-list');
      const taken = [];
      for (let i = 0; i < 30; i++) {
        const begun = performance.now();
        list.scrollTop = (i % 10) * 3000;
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        taken.push(performance.now() - begun);
      }
      list.scrollTop = 0;
      return taken.sort((a, b) => a - b);
    });
    const elements = await one.evaluate(() => document.querySelectorAll('*').length);
    console.log(`${name}: ${await held()} blocks, ${elements} elements, frame median ${frames[15].toFixed(0)} ms, longest ${frames[29].toFixed(0)} ms`);
    assert.ok(elements < ELEMENTS_MAX, `${name}: ${elements} elements`);
    assert.ok(frames[15] < FRAME_MS_MAX, `${name}: a frame takes ${frames[15]} ms`);
    if (one !== page) await one.close();
  }
  await page.bringToFront();
  await page.screenshot({ path: path.join(screenshots, 'page-1000.png') });
}

// A cut connection: the page says so, and goes on where it was without a gap.
async function reconnects(page, wire) {
  wire.wasCut = true;
  wire.cut();
  await page.locator('#state', { hasText: 'Reconnecting' }).waitFor();
  wire.isCut = false;
  await page.locator('#state', { hasText: 'Live' }).waitFor();
  const before = await tipOf(page);
  await until('the tip moves again', async () => (await tipOf(page)) > before, DEADLINE_MS);
  wire.wasCut = false;
  // The rows in sight hold every height from here to the tip: more blocks came meanwhile than one sees at once.
  const gap = await page.evaluate(async () => {
    const list = document.getElementById('blocks-list');
    const seen = new Set();
    // What comes while one scrolls may pass unseen above.
    let newest = Infinity;
    for (let top = 0; top < 8000; top += 300) {
      list.scrollTop = top;
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const heights = [...list.querySelectorAll('.row .height')].map((height) => Number(height.textContent.replaceAll(',', '')));
      if (top === 0) newest = Math.max(...heights);
      for (const height of heights) if (height <= newest) seen.add(height);
    }
    list.scrollTop = 0;
    const heights = [...seen].sort((a, b) => a - b);
    return heights.find((height, i) => i > 0 && height > heights[i - 1] + 1);
  });
  assert.equal(gap, undefined, `no block is missing before ${gap}`);
}

async function narrowAndDark(page) {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: path.join(screenshots, 'page-dark.png') });
  await page.setViewportSize({ width: 420, height: 900 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the narrow page is ${overflow} pixels too wide`);
  await page.screenshot({ path: path.join(screenshots, 'page-narrow.png'), fullPage: true });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
