// StackerDB slots: what producers and signers wrote last.

import { byId, empty, h } from './dom.js';
import { bytes, clock, number, shortPrincipal } from './format.js';
import { messageText } from './message.js';

const SLOTS_SHOWN = 64;
const TONES = { accepted: 'signs', rejected: 'bad' };

export class SlotsView {
  constructor(store) {
    this.store = store;
  }

  draw() {
    const { slots } = this.store;
    const tables = [...slots].map(([contract, known]) => [h('h4', { title: contract }, shortPrincipal(contract)), known.size ? table([...known.values()]) : empty('No slots.')]);
    byId('slots').replaceChildren(...(tables.length ? tables.flat() : [empty('No StackerDB yet.')]));
  }
}

function table(slots) {
  const shown = slots.sort((a, b) => a.id - b.id).slice(0, SLOTS_SHOWN);
  return h(
    'table',
    {},
    h('thead', {}, h('tr', {}, ['Slot', 'Owner', 'Version', 'Last message', 'Written'].map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, shown.map(row)),
    slots.length > shown.length ? h('caption', { class: 'hint' }, `and ${number(slots.length - shown.length)} more`) : null,
  );
}

function row(slot) {
  const { message } = slot;
  const said = message
    ? [h('span', { class: TONES[message.kind] }, messageText(message)), h('span', { class: 'dim' }, ` ${bytes(message.size)}`)]
    : h('span', { class: 'dim' }, slot.version ? 'written before this page opened' : 'never written');
  return h('tr', {}, h('td', { class: 'mono' }, String(slot.id)), h('td', { class: 'mono', title: slot.owner }, shortPrincipal(slot.owner ?? '')), h('td', { class: 'mono' }, number(slot.version)), h('td', {}, said), h('td', { class: 'dim mono' }, slot.time ? clock(slot.time) : ''));
}
