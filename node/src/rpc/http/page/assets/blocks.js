// The blocks, newest first, in bands of tenures.

import { badge, byId, h, mono } from './dom.js';
import { bytes, clock, number, shortHash, shortPrincipal, shorten } from './format.js';
import { List } from './list.js';
import { decoded } from './store.js';

const DIMENSIONS = ['runtime', 'read_count', 'read_length', 'write_count', 'write_length'];

// The dimension that is nearest to its limit.
export function costShare(cost, limit) {
  if (!cost || !limit) return 0;
  return Math.max(...DIMENSIONS.map((name) => (limit[name] ? cost[name] / limit[name] : 0)));
}

export function costBars(cost, limit) {
  return h(
    'div',
    { class: 'costs' },
    DIMENSIONS.map((name) => {
      const share = limit?.[name] ? cost[name] / limit[name] : 0;
      return [h('span', {}, name.replace('_', ' ')), meter(share, `${number(cost[name])} of ${number(limit?.[name] ?? 0)}`), h('span', { class: 'mono amount' }, number(cost[name]))];
    }),
  );
}

export function meter(share, title) {
  const percent = Math.min(100, share * 100);
  const fill = h('span', { class: percent > 80 ? 'fill high' : 'fill' });
  fill.style.width = `${percent > 0 ? Math.max(2, percent) : 0}%`;
  const label = `${title}: ${percent.toFixed(percent < 1 ? 2 : 0)} %`;
  return h('span', { class: 'meter', title: label, role: 'img', 'aria-label': label }, fill);
}

// The last transaction says most: the first may be the coinbase.
function glimpse(block) {
  const receipt = block.receipts?.at(-1);
  if (!receipt) return null;
  block.glimpse ??= decoded({ receipt }).payload;
  return h('span', { class: 'dim glimpse' }, `${block.glimpse.kind} ${block.glimpse.kind === 'coinbase' ? '' : shorten(block.glimpse.short)}`);
}

export class BlocksView {
  constructor(store) {
    this.store = store;
    this.list = new List(byId('blocks-list'), {
      rowHeight: 34,
      label: 'Blocks, newest first',
      none: 'No blocks yet. The first comes when a producer has made it and the stackers have signed it.',
      keyOf: (block) => block.id,
      classOf: (block) => `tenure-${block.tenure_height % 6} ${block.canonical ? '' : 'off'} ${block.new_tenure ? 'first' : ''}`,
      open: (block) => (location.hash = `#block/${block.id}`),
      render: (block) => [
        h('span', { class: 'height mono' }, number(block.height)),
        mono(shortHash(block.id, 10), block.id),
        h('span', { class: 'tenure' }, block.new_tenure ? badge(`tenure ${number(block.tenure_height)}`, 'band') : null, block.canonical ? null : badge('rolled back', 'bad'), glimpse(block)),
        h('span', { class: 'wide', title: block.burn_view?.elected_producer }, shortPrincipal(block.burn_view?.elected_producer)),
        h('span', { class: 'amount' }, block.count ? `${number(block.count)} tx` : h('span', { class: 'dim' }, 'empty')),
        h('span', { class: 'amount wide dim' }, bytes(block.size_bytes)),
        meter(costShare(block.tenure_cost, this.store.overview?.tenure_cost_limit), 'Tenure budget used so far'),
        h('span', { class: 'dim mono time' }, clock(block.time)),
      ],
    });
  }

  draw() {
    const newestFirst = [...this.store.blocks.values()].reverse();
    this.list.set(newestFirst);
    byId('tab-blocks').dataset.count = number(newestFirst.length);
  }
}
