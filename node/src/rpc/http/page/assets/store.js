// What the page knows: built from the overview and the events, bounded, and drawn by others.
//
// Events may come twice (a stream that resumes), so each is applied by id.

import { decodeTransaction } from './transaction.js';
import { decodeMessage } from './message.js';
import { describe } from './feed.js';

export const BLOCKS_MAX = 2000;
export const BURN_BLOCKS_MAX = 2000;
export const TRANSACTIONS_MAX = 2000;
export const PENDING_MAX = 5000;
export const FEED_MAX = 500;
// Receipts are what grows: characters of JSON that are kept; older ones are read again when they are looked at.
const RECEIPT_CHARACTERS_MAX = 8_000_000;
const RATE_SECONDS = 10;

export class Store {
  constructor() {
    this.dirty = new Set();
    this.reset(null);
  }

  reset(overview) {
    this.overview = overview;
    this.blocks = new Map(); // by id, oldest first
    this.byHash = new Map(); // block hash to id: what stackers sign
    this.burn = new Map(); // by hash, oldest first
    this.withReceipts = []; // blocks, oldest first
    this.receiptCharacters = 0;
    this.transactions = []; // oldest first
    this.byTxid = new Map(); // the canonical one where a transaction is in several blocks
    this.pending = new Map();
    this.pendingBeyond = 0; // those that wait and are not in `pending`
    this.toldBy = 0; // sequence of the newest event that the overview knew
    this.slots = new Map();
    this.feed = []; // oldest first
    this.sequence = 0;
    this.tip = null;
    this.burnTip = null;
    this.mining = null;
    this.recent = [];
    if (overview) this.begin(overview);
    for (const topic of ['head', 'burn', 'blocks', 'transactions', 'mempool', 'people', 'slots', 'feed', 'detail']) this.dirty.add(topic);
  }

  begin(overview) {
    const { tips, pending, stackerdbs } = overview;
    this.burnTip = tips.burn_tip.burn_block_hash;
    this.tip = tips.tip.block_id;
    this.tipHeight = tips.tip.chain_length;
    this.tenureHeight = tips.tenure_height;
    this.mining = overview.mining;
    this.noteBurn(tips.burn_tip);
    this.noteBurn(tips.burn_view);
    for (const one of pending.transactions) {
      this.pending.set(one.txid, { ...one, raw: null, time: null, version: 0 });
    }
    this.pendingBeyond = Math.max(0, pending.count - pending.transactions.length);
    this.toldBy = Number(overview.journal.newest_sequence);
    for (const { contract_id, slots } of stackerdbs) {
      const known = new Map();
      for (const slot of slots) known.set(slot.slot_id, { id: slot.slot_id, version: slot.slot_version, owner: slot.signer, message: null, time: null });
      this.slots.set(contract_id, known);
    }
  }

  // Applies an event and returns nothing: who draws looks at `dirty`.
  apply(event, characters) {
    if (event.sequence <= this.sequence) return;
    this.sequence = event.sequence;
    const [name, body] = Object.entries(event).find(([, value]) => value && typeof value === 'object') ?? [];
    this.note(event, name, body);
    this['on_' + name]?.(body, event, characters);
  }

  note(event, name, body) {
    this.feed.push({ key: String(event.sequence), sequence: event.sequence, name, time: event.observe_time, ...describe(name, body) });
    if (this.feed.length > FEED_MAX * 1.5) this.feed.splice(0, this.feed.length - FEED_MAX);
    this.dirty.add('feed');
  }

  noteBurn(block) {
    if (!block) return;
    const known = this.burn.get(block.burn_block_hash);
    if (known) return known;
    const noted = { ...block, hash: block.burn_block_hash, parent: block.parent_burn_block_hash, blocks: 0 };
    this.burn.set(noted.hash, noted);
    if (this.burn.size > BURN_BLOCKS_MAX) this.burn.delete(this.burn.keys().next().value);
    this.dirty.add('burn');
    return noted;
  }

  on_burn_block({ burn_block, is_canonical_tip }) {
    // What the overview named before the history came takes its place in the order.
    const noted = this.noteBurn(burn_block);
    this.burn.delete(noted.hash);
    this.burn.set(noted.hash, noted);
    if (is_canonical_tip) this.burnTip = burn_block.burn_block_hash;
    for (const topic of ['burn', 'head', 'people']) this.dirty.add(topic);
  }

  on_block_processed(body, event, characters) {
    const id = body.block.block_id;
    if (this.blocks.has(id)) return;
    const { receipts, ...rest } = body;
    const block = {
      ...rest,
      id,
      // The boot block was never encoded: it has neither header nor parent.
      header: body.header ?? { stacker_signature: [] },
      parentId: body.header?.parent_block_id,
      height: body.block.chain_length,
      time: event.observe_time,
      sequence: event.sequence,
      count: receipts.length,
      receipts,
      entries: [],
      characters,
      canonical: body.block.chain_length === 0,
      version: 0,
    };
    this.blocks.set(id, block);
    this.byHash.set(body.block.block_hash, id);
    const view = this.noteBurn(body.burn_view);
    if (view) view.blocks++;
    this.keepReceipts(block);
    for (const receipt of receipts) this.leavePending(receipt.txid, receipt);
    if (this.blocks.size > BLOCKS_MAX) this.forgetBlock(this.blocks.values().next().value);
    this.recent.push([Date.parse(event.observe_time), receipts.length]);
    for (const topic of ['blocks', 'transactions', 'head', 'burn', 'detail', 'people']) this.dirty.add(topic);
  }

  keepReceipts(block) {
    this.withReceipts.push(block);
    this.receiptCharacters += block.characters;
    for (const receipt of block.receipts) {
      const entry = { key: receipt.txid + block.id.slice(2, 10), txid: receipt.txid, receipt, block, version: 0 };
      this.transactions.push(entry);
      block.entries.push(entry);
      if (!this.byTxid.get(receipt.txid)?.block.canonical) this.byTxid.set(receipt.txid, entry);
    }
    while (this.withReceipts.length > 1 && (this.receiptCharacters > RECEIPT_CHARACTERS_MAX || this.transactions.length > TRANSACTIONS_MAX)) {
      const oldest = this.withReceipts.shift();
      this.receiptCharacters -= oldest.characters;
      for (const entry of this.transactions.splice(0, oldest.count)) {
        if (this.byTxid.get(entry.txid) === entry) this.byTxid.delete(entry.txid);
      }
      oldest.receipts = null;
      oldest.entries = [];
    }
  }

  forgetBlock(block) {
    this.blocks.delete(block.id);
    this.byHash.delete(block.block.block_hash);
  }

  on_tip_changed({ new_tip, rolled_back, applied }) {
    for (const [refs, canonical] of [[rolled_back, false], [applied, true]]) {
      for (const { block_id } of refs) {
        const block = this.blocks.get(block_id);
        if (!block || block.canonical === canonical) continue;
        block.canonical = canonical;
        block.version++;
        for (const entry of block.entries) {
          entry.version++;
          if (canonical) this.byTxid.set(entry.txid, entry);
        }
      }
    }
    this.tip = new_tip.block_id;
    this.tipHeight = new_tip.chain_length;
    this.tenureHeight = this.blocks.get(this.tip)?.tenure_height ?? this.tenureHeight;
    for (const topic of ['head', 'blocks', 'transactions', 'burn', 'people', 'detail']) this.dirty.add(topic);
  }

  on_mempool_accepted({ txid, transaction }, event) {
    // The overview has counted it, or it is gone again before the overview.
    if (!this.pending.has(txid) && this.sequence <= this.toldBy) this.pendingBeyond--;
    this.pending.set(txid, { txid, raw: transaction, time: event.observe_time, version: 1 });
    if (this.pending.size > PENDING_MAX) {
      this.pending.delete(this.pending.keys().next().value);
      this.pendingBeyond++;
    }
    this.dirty.add('mempool').add('head');
  }

  on_mempool_dropped({ txids }) {
    for (const txid of txids) this.leavePending(txid);
  }

  // One that was mined comes with its receipt.
  leavePending(txid, receipt) {
    if (this.pending.delete(txid)) {
      if (this.sequence <= this.toldBy) this.pendingBeyond++;
    } else if (this.pendingBeyond > 0 && this.sequence > this.toldBy && !isProducers(receipt)) {
      this.pendingBeyond--;
    } else {
      return;
    }
    this.dirty.add('mempool').add('head');
  }

  on_stackerdb_chunks({ contract_id, chunks }, event) {
    const slots = this.slots.get(contract_id) ?? new Map();
    this.slots.set(contract_id, slots);
    for (const chunk of chunks) {
      const old = slots.get(chunk.slot_id);
      if (old && old.version > chunk.slot_version) continue;
      slots.set(chunk.slot_id, { id: chunk.slot_id, version: chunk.slot_version, owner: old?.owner, message: decodeMessage(chunk.data), time: event.observe_time });
    }
    this.dirty.add('slots');
  }

  on_mining_changed({ policy }) {
    this.mining = policy;
    this.dirty.add('detail');
  }

  // Blocks and transactions a second over the last seconds.
  rates(now) {
    const since = now - RATE_SECONDS * 1000;
    this.recent = this.recent.filter(([time]) => time >= since);
    const transactions = this.recent.reduce((sum, [, count]) => sum + count, 0);
    return { blocks: this.recent.length / RATE_SECONDS, transactions: transactions / RATE_SECONDS };
  }

  // Hashes on the way back from the canonical burn tip.
  canonicalBurn() {
    const chain = new Set();
    for (let at = this.burn.get(this.burnTip); at && !chain.has(at.hash); at = this.burn.get(at.parent)) chain.add(at.hash);
    return chain;
  }

  // Producers rotate, so the newest burn block tells who is elected.
  elected() {
    return this.burn.get(this.burnTip)?.elected_producer;
  }
}

// Tenure changes and coinbases never wait.
function isProducers(receipt) {
  return ['coinbase', 'tenure change'].includes(receipt && decodeTransaction(receipt.transaction).payload.kind);
}

// A transaction is decoded when it is first looked at.
export function decoded(entry) {
  entry.decoded ??= decodeTransaction(entry.receipt ? entry.receipt.transaction : entry.raw);
  return entry.decoded;
}
