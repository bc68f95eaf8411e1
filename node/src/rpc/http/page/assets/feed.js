// The feed of events: what each says in a line, and the list of them.

import { byId, h, link } from './dom.js';
import { clock, number, shortHash, shortPrincipal, word } from './format.js';
import { List } from './list.js';
import { decodeMessage, messageText } from './message.js';

const block = (ref) => ({ href: `#block/${ref.block_id}`, label: `block ${number(ref.chain_length)}` });
const transactions = (count) => `${number(count)} transaction${count === 1 ? '' : 's'}`;

// Group, link and text of an event, by the name of its body.
const DESCRIBE = {
  burn_block: ({ burn_block: burn, is_canonical_tip: tip }) => ({
    group: 'burn',
    href: `#burn/${burn.burn_block_hash}`,
    label: `burn block ${number(burn.height)}`,
    text: tip ? `elects ${shortPrincipal(burn.elected_producer)}` : 'on a fork',
  }),
  block_stored: ({ block: ref }) => ({ group: 'block', ...block(ref), text: 'stored' }),
  block_processed: ({ block: ref, receipts, new_tenure: first }) => ({
    group: 'block',
    ...block(ref),
    text: `processed, ${transactions(receipts.length)}${first ? ', begins a tenure' : ''}`,
  }),
  block_rejected: ({ block: ref, rejection }) => ({ group: 'block', ...block(ref), tone: 'bad', text: `rejected: ${rejected(rejection)}` }),
  tip_changed: ({ new_tip: tip, rolled_back: back }) => ({
    group: 'block',
    ...block(tip),
    tone: back.length ? 'warn' : '',
    text: back.length ? `is the tip; ${back.length} rolled back` : 'is the tip',
  }),
  template_finished: ({ transaction_count: count, state, failure_reason: reason }) => ({
    group: 'work',
    text: state === 'JOB_STATE_SUCCEEDED' ? `template with ${transactions(count)}` : `no template: ${word(reason, '')}`,
  }),
  validation_finished: ({ state, verdict }) => {
    if (!verdict) return { group: 'work', tone: 'warn', text: `validation ${word(state, 'JOB_STATE_')}` };
    const label = shortHash(verdict.block_id);
    const text = verdict.valid ? 'is valid' : `is not valid: ${rejected(verdict.rejection)}`;
    return { group: 'work', href: `#block/${verdict.block_id}`, label, tone: verdict.valid ? '' : 'bad', text };
  },
  stackerdb_chunks: ({ contract_id, chunks }) => ({
    group: 'stackerdb',
    text: chunks.map((chunk) => `${contract_id.split('.')[1]} slot ${chunk.slot_id}: ${messageText(decodeMessage(chunk.data))}`).join(', '),
  }),
  mempool_accepted: ({ txid }) => ({ group: 'mempool', href: `#tx/${txid}`, label: shortHash(txid), text: 'waits' }),
  mempool_dropped: ({ txids, reason }) => ({
    group: 'mempool',
    href: `#tx/${txids[0]}`,
    label: shortHash(txids[0]),
    tone: 'warn',
    text: `dropped: ${word(reason, 'DROP_REASON_')}${txids.length > 1 ? ` (${txids.length})` : ''}`,
  }),
  mining_changed: ({ policy }) => ({ group: 'work', text: `mining is ${word(policy.mode, 'MINING_MODE_')}` }),
};

const rejected = (rejection) => `${word(rejection?.reason, 'REJECT_REASON_')}${rejection?.detail ? ` (${rejection.detail})` : ''}`;

export const describe = (name, body) => DESCRIBE[name]?.(body) ?? { group: 'work', text: word(name, '') };

export class FeedView {
  constructor(store) {
    this.store = store;
    this.list = new List(byId('feed-list'), {
      rowHeight: 26,
      label: 'Events, newest first',
      none: 'No events of these kinds yet.',
      keyOf: (event) => event.key,
      classOf: (event) => event.tone ?? '',
      open: (event) => event.href && (location.hash = event.href),
      render: (event) => [
        h('span', { class: 'mono dim sequence' }, event.key),
        h('span', { class: `dot ${event.group}`, title: event.group }),
        h('span', { class: 'text', title: event.text }, event.href ? [link(event.href, event.label), ' '] : null, event.text),
        h('span', { class: 'dim mono time' }, clock(event.time)),
      ],
    });
    this.groups = [...byId('feed-groups').querySelectorAll('input')];
    byId('feed-groups').addEventListener('change', () => this.draw());
  }

  draw() {
    const shown = new Set(this.groups.filter((box) => box.checked).map((box) => box.value));
    this.list.set(this.store.feed.filter((event) => shown.has(event.group)).reverse());
  }
}
