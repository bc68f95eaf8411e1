// Mined transactions and those that wait, newest first.

import { badge, byId, h, mono } from './dom.js';
import { clarityText } from './clarity.js';
import { clock, number, shortHash, shortPrincipal, shorten, stx } from './format.js';
import { List } from './list.js';
import { decoded } from './store.js';

const STATUS = {
  TRANSACTION_STATUS_SUCCESS: ['ok', 'good'],
  TRANSACTION_STATUS_ABORT_BY_RESPONSE: ['aborted', 'bad'],
  TRANSACTION_STATUS_ABORT_BY_POST_CONDITION: ['post-condition', 'bad'],
};

export const statusBadge = (receipt) => badge(...(STATUS[receipt.status] ?? ['?', '']));

// What the chain itself puts into blocks: one in each tenure, and on a quiet chain nothing but those.
const OWN = new Set(['coinbase', 'tenure change']);

export class TransactionsView {
  constructor(store) {
    this.store = store;
    this.all = byId('transactions-all');
    this.all.addEventListener('change', () => store.dirty.add('transactions'));
    this.list = new List(byId('transactions-list'), {
      rowHeight: 34,
      label: 'Transactions, newest first',
      none: 'No transactions yet. Send one to POST /v2/transactions and it shows here. Coinbases are hidden.',
      keyOf: (entry) => entry.key,
      classOf: (entry) => (entry.block.canonical ? '' : 'off'),
      open: (entry) => (location.hash = `#tx/${entry.txid}`),
      render: (entry) => {
        const { payload, origin } = decoded(entry);
        const result = clarityText(entry.receipt.result);
        return [
          h('span', { class: 'height mono' }, number(entry.block.height)),
          mono(shortHash(entry.txid, 10), entry.txid),
          badge(payload.kind, payload.kind),
          h('span', { class: 'text', title: payload.short }, shorten(payload.short)),
          h('span', { class: 'text mono result', title: result }, result),
          h('span', { class: 'wide', title: origin?.address }, shortPrincipal(origin?.address)),
          statusBadge(entry.receipt),
        ];
      },
    });
  }

  draw() {
    const { transactions } = this.store;
    const shown = this.all.checked ? [...transactions] : transactions.filter((entry) => !isOwn(entry));
    this.list.set(shown.reverse());
    byId('tab-transactions').dataset.count = number(shown.length);
  }
}

function isOwn(entry) {
  entry.own ??= OWN.has(decoded(entry).payload.kind);
  return entry.own;
}

export class MempoolView {
  constructor(store) {
    this.store = store;
    this.list = new List(byId('mempool-list'), {
      rowHeight: 34,
      label: 'Waiting transactions, newest first',
      none: 'Nothing waits: every transaction was mined.',
      keyOf: (entry) => entry.txid,
      open: (entry) => (location.hash = `#tx/${entry.txid}`),
      render: (entry) => {
        // One that waited before the page opened is listed without its bytes.
        const { payload, origin, fee } = entry.raw?.length > 2 ? decoded(entry) : { payload: { kind: 'waiting', short: `${number(entry.size_bytes ?? 0)} bytes` }, origin: { address: entry.origin, nonce: entry.nonce }, fee: entry.fee_ustx };
        return [
          mono(shortHash(entry.txid, 10), entry.txid),
          badge(payload.kind, payload.kind),
          h('span', { class: 'text', title: payload.short }, shorten(payload.short)),
          h('span', { title: origin?.address }, shortPrincipal(origin?.address)),
          h('span', { class: 'amount dim' }, `nonce ${origin?.nonce ?? '?'}`),
          h('span', { class: 'amount' }, `fee ${stx(fee ?? 0)}`),
          h('span', { class: 'dim mono time' }, entry.time ? clock(entry.time) : ''),
        ];
      },
    });
  }

  draw() {
    this.list.set([...this.store.pending.values()].reverse());
    byId('tab-mempool').dataset.count = number(this.store.pending.size + this.store.pendingBeyond);
  }
}
