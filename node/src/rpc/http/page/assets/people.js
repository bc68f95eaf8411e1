// Producers and signers: who is elected, and who signed which of the newest blocks.

import { badge, byId, empty, h, setText, svg } from './dom.js';
import { number, shortPrincipal } from './format.js';

const BLOCKS_SHOWN = 40;
const BACK_MAX = 63;
const ASK_AGAIN_MS = 1500;
const READ_AGAIN_MS = 10_000;
const KEPT_MAX = 2500;

// Whose signatures blocks carry, by the node: recovering keys is nothing for a page.
export class Signatures {
  constructor(store) {
    this.store = store;
    this.known = new Map();
    this.asked = new Set();
    this.next = 0;
  }

  // What is known of a block; asks when nothing is.
  of(id) {
    const known = this.known.get(id);
    if (!known && !this.asked.has(id)) this.ask(id, 0);
    return known;
  }

  // Asks for the newest blocks, not more often than one can follow.
  follow() {
    const { store } = this;
    const tip = store.blocks.get(store.tip);
    if (!tip || this.known.has(tip.id) || performance.now() < this.next) return;
    this.next = performance.now() + ASK_AGAIN_MS;
    let back = 0;
    for (let at = tip; at && back < BLOCKS_SHOWN && !this.known.has(at.id); at = store.blocks.get(at.parentId)) back++;
    this.ask(tip.id, Math.min(BACK_MAX, Math.max(0, back - 1)));
  }

  async ask(id, back) {
    this.asked.add(id);
    try {
      const answer = await fetch(`/v3/blocks/${id}/signers?back=${back}`);
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      for (const block of (await answer.json()).blocks) this.known.set(block.block_id, block);
    } catch (error) {
      if (!back) {
        this.known.set(id, { error: error.message, signers: [] });
        // A busy node answers later.
        setTimeout(() => {
          this.known.delete(id);
          this.store.dirty.add('detail');
        }, READ_AGAIN_MS);
      }
    }
    this.asked.delete(id);
    while (this.known.size > KEPT_MAX) this.known.delete(this.known.keys().next().value);
    this.store.dirty.add('people').add('detail');
  }
}

export class PeopleView {
  constructor(store, signatures) {
    Object.assign(this, { store, signatures });
  }

  draw() {
    const { store, signatures } = this;
    if (!store.overview) return;
    signatures.follow();
    this.producers();
    const blocks = this.shown();
    const newest = [...blocks].reverse().find((block) => signatures.known.get(block.id)?.signers.length);
    const members = newest ? signatures.known.get(newest.id).signers : store.overview.stacker_set.stackers;
    const total = members.reduce((sum, one) => sum + one.weight, 0);
    const cycle = newest ? signatures.known.get(newest.id).reward_cycle : store.overview.stacker_set.reward_cycle;
    setText(byId('signers-note'), `cycle ${number(cycle)}, ${blocks.length} blocks`);
    byId('signers').replaceChildren(members.length ? h('div', { class: 'people' }, members.map((member) => this.signer(member, total, blocks))) : empty('No stackers in this cycle.'));
  }

  // The newest blocks, oldest on the left as in the burn chain; when they come faster than one asks for signatures, the newest of which
  // some are known.
  shown() {
    const { store, signatures } = this;
    const upTo = (tip) => {
      const blocks = [];
      for (let at = tip; at && at.height > 0 && blocks.length < BLOCKS_SHOWN; at = store.blocks.get(at.parentId)) blocks.unshift(at);
      return blocks;
    };
    const newest = upTo(store.blocks.get(store.tip));
    if (newest.some((block) => signatures.known.has(block.id))) return newest;
    for (let at = newest[0]; at; at = store.blocks.get(at.parentId)) if (signatures.known.has(at.id)) return upTo(at);
    return newest;
  }

  signer(member, total, blocks) {
    let [signed, seen] = [0, 0];
    const cells = blocks.map((block, i) => {
      const known = this.signatures.known.get(block.id)?.signers.find((one) => one.address === member.address);
      const kind = known === undefined ? 'unknown' : known.signed === null ? 'constant' : known.signed ? 'yes' : 'no';
      if (kind === 'yes' || kind === 'no') seen++;
      if (kind === 'yes') signed++;
      return svg('a', { href: `#block/${block.id}`, tabindex: -1 }, svg('rect', { x: i * 7, y: 0, width: 5, height: 16, rx: 1.5, class: kind }, svg('title', {}, `block ${block.height}: ${{ yes: 'signed', no: 'not signed', constant: 'the constant', unknown: 'not asked yet' }[kind]}`)));
    });
    const share = seen ? `${Math.round((signed / seen) * 100)} %` : '–';
    const label = seen ? `signed ${signed} of the newest ${seen} blocks` : 'not known yet';
    return h(
      'div',
      { class: 'person' },
      h('span', { class: 'mono', title: member.address }, shortPrincipal(member.address)),
      h('span', { class: 'dim' }, `${number(member.weight)} of ${number(total)}`),
      svg('svg', { class: 'matrix', viewBox: `0 0 ${BLOCKS_SHOWN * 7} 16`, role: 'img', 'aria-label': label }, cells),
      h('span', { class: 'amount', title: label }, share),
    );
  }

  producers() {
    const { store } = this;
    const made = new Map();
    for (const block of store.blocks.values()) if (block.canonical && block.height > 0) made.set(block.burn_view?.elected_producer, (made.get(block.burn_view?.elected_producer) ?? 0) + 1);
    const elected = store.elected();
    const all = [...store.overview.producers];
    for (const address of made.keys()) if (address && !all.some((one) => one.address === address)) all.push({ address, slot_id: null });
    byId('producers').replaceChildren(
      h(
        'div',
        { class: 'people' },
        all.map((one) =>
          h('div', { class: 'person' }, h('span', { class: 'mono', title: one.address }, shortPrincipal(one.address)), h('span', { class: 'dim' }, one.slot_id === null ? 'no slot' : `slot ${one.slot_id}`), h('span', {}, one.address === elected ? badge('elected', 'good') : null), h('span', { class: 'amount' }, `${number(made.get(one.address) ?? 0)} blocks`)),
        ),
      ),
    );
  }
}
