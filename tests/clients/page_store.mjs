// What the page knows, fed with events by hand: node page_store.mjs
import assert from 'node:assert/strict';

import { BURN_BLOCKS_MAX, Store } from '../../node/src/rpc/http/page/assets/store.js';
import { decodeTransaction } from '../../node/src/rpc/http/page/assets/transaction.js';

const hash = (name) => '0x' + Buffer.from(name).toString('hex').padEnd(64, '0');
const burnBlock = (height, fork = 'a') => ({ burn_block_hash: hash(`burn ${height} ${fork}`), parent_burn_block_hash: hash(`burn ${height - 1} ${fork}`), height });

// A store that begins at a burn block, with so many transactions that wait; `feed` gives it events.
function begin({ burn = burnBlock(1), count = 0, listed = [], toldBy = 0 } = {}) {
  const store = new Store();
  store.reset({
    tips: { burn_tip: burn, burn_view: burn, tip: { block_id: hash('boot'), chain_length: 0 }, tenure_height: 0 },
    pending: { count, transactions: listed.map((txid) => ({ txid })) },
    stackerdbs: [],
    mining: null,
    journal: { newest_sequence: toldBy },
  });
  let sequence = 0;
  const feed = (name, body) => store.apply({ sequence: ++sequence, observe_time: '2026-01-01T00:00:00Z', [name]: body }, 10);
  const accept = (txid) => feed('mempool_accepted', { txid, transaction: '0x' });
  const block = (id, height, txids, burn_view = burn) => {
    const receipts = txids.map((txid) => ({ txid, transaction: '0x', events: [] }));
    feed('block_processed', { block: { block_id: hash(id), block_hash: hash(id), chain_length: height }, burn_view, receipts });
  };
  const move = (rolled_back, applied) => {
    const refs = (ids) => ids.map((id) => ({ block_id: hash(id) }));
    feed('tip_changed', { new_tip: { block_id: hash(applied.at(-1)), chain_length: 1 }, rolled_back: refs(rolled_back), applied: refs(applied) });
  };
  return { store, feed, accept, block, move, waiting: () => store.pending.size + store.pendingBeyond };
}

const tests = {
  'a transaction is shown where it is canonical, there and back'() {
    const { store, block, move } = begin();
    const [a, b] = ['fork a', 'fork b'];
    block(a, 4, ['t']);
    move([], [a]);
    block(b, 3, ['t']);
    assert.equal(store.byTxid.get('t').block.id, hash(a), 'the other fork has not won');
    move([a], [b]);
    assert.equal(store.byTxid.get('t').block.id, hash(b));
    const versions = () => store.transactions.map((entry) => entry.version);
    const before = versions();
    move([b], [a]);
    assert.equal(store.byTxid.get('t').block.id, hash(a));
    assert.deepEqual(store.transactions.map((entry) => entry.block.canonical), [true, false]);
    assert.ok(versions().every((version, index) => version > before[index]), 'both rows are drawn again');
  },
  'those that wait are counted once, listed or not'() {
    const ids = Array.from({ length: 250 }, (_, index) => `t${index}`);
    const { accept, block, waiting } = begin({ count: 250, listed: ids.slice(0, 200), toldBy: 253 });
    assert.equal(waiting(), 250);
    accept('mined before');
    for (const txid of ids) accept(txid);
    assert.equal(waiting(), 250, 'the history tells what the overview knew');
    block('old', 1, ['mined before']);
    assert.equal(waiting(), 250);
    accept('new');
    accept('newer');
    assert.equal(waiting(), 251, 'one was the last of the history');
    block('all', 2, [...ids, 'newer']);
    assert.equal(waiting(), 0);
  },
  'what the history does not tell is counted down as it is mined'() {
    const { block, waiting } = begin({ count: 3, listed: ['t0'], toldBy: 0 });
    block('all', 1, ['t0', 't1', 't2']);
    assert.equal(waiting(), 0);
  },
  'the oldest burn blocks are forgotten, and not the tip that the overview named'() {
    const { store, feed } = begin({ burn: burnBlock(BURN_BLOCKS_MAX) });
    for (let height = 1; height <= BURN_BLOCKS_MAX + 5; height++) {
      feed('burn_block', { burn_block: burnBlock(height), is_canonical_tip: true });
    }
    assert.equal(store.burn.size, BURN_BLOCKS_MAX);
    assert.equal(store.canonicalBurn().size, BURN_BLOCKS_MAX, 'no gap, and so no fork');
  },
  'conditions of every kind and memos in any script are read'() {
    const u32 = (number) => number.toString(16).padStart(8, '0');
    const origin = '04' + '00' + '11'.repeat(20) + '00'.repeat(8) + '00'.repeat(8) + '00' + '00'.repeat(65);
    const memo = Buffer.from('héé😀').toString('hex').padEnd(68, '0');
    const transfer = (conditions, memo) => '0x80' + u32(0x80000000) + origin + '0302' + u32(conditions.length) + conditions.join('') + '00' + '051a' + '22'.repeat(20) + '0'.repeat(15) + '7' + memo;
    const pox = '04' + '01' + '32';
    const staking = '03' + '01' + '05' + '0'.repeat(15) + '9';
    const read = decodeTransaction(transfer([pox, staking], memo));
    assert.equal(read.payload.kind, 'transfer', read.payload.short);
    assert.equal(read.payload.memo, 'héé😀');
    assert.match(read.postConditions.join(), /origin changes something in PoX,origin stakes ≤/);
    assert.equal(decodeTransaction(transfer([], 'ff01'.padEnd(68, '0'))).payload.memo, '0xff01');
    assert.equal(decodeTransaction(transfer([], '0'.repeat(68))).payload.memo, '');
  },
};

for (const [name, test] of Object.entries(tests)) {
  test();
  console.log(`ok ${name}`);
}
