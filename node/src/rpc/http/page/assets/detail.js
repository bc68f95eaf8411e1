// What is looked at: a block, a burn block, a transaction, or the chain itself. The address bar says which.

import { costBars } from './blocks.js';
import { transactionDetail } from './detail_transaction.js';
import { badge, byId, empty, h, link, mono, rows } from './dom.js';
import { bigEndian, bytes, clock, number, shortHash, shortPrincipal, shorten, stx, word } from './format.js';
import { statusBadge } from './transactions.js';
import { clarityText } from './clarity.js';
import { decoded } from './store.js';

const RECEIPTS_SHOWN = 100;
const READ_AGAIN_MS = 10_000;

export class DetailView {
  constructor(store, signatures) {
    Object.assign(this, { store, signatures });
    this.root = byId('detail');
    this.fetched = new Map();
    this.drawn = '';
    addEventListener('hashchange', () => this.route());
    byId('find').addEventListener('keydown', (event) => event.key === 'Enter' && this.find(event.target));
    this.route();
  }

  route() {
    const [kind, key] = location.hash.slice(1).split('/');
    this.target = key ? { kind, key: kind === 'tx' || key.startsWith('0x') ? key : '0x' + key } : { kind: 'chain', key: '' };
    this.drawn = '';
    this.store.dirty.add('detail');
    this.onTarget?.(this.target);
  }

  // A height, or the hash of anything.
  find(input) {
    const text = input.value.trim().replace(/^#/, '').replaceAll(',', '');
    const { store } = this;
    const hash = '0x' + text.toLowerCase().replace(/^0x/, '');
    const known = [...store.blocks.values()].findLast((block) => (block.height === Number(text) && block.canonical) || block.id === hash || block.block.block_hash === hash);
    input.setAttribute('aria-invalid', 'false');
    if (text && known) location.hash = `#block/${known.id}`;
    else if (store.burn.has(hash)) location.hash = `#burn/${hash}`;
    else if (/^0x[0-9a-f]{64}$/.test(hash)) location.hash = `#tx/${hash}`;
    else input.setAttribute('aria-invalid', 'true');
  }

  draw() {
    const { kind, key } = this.target;
    const content = { block: () => this.block(key), burn: () => this.burn(key), tx: () => transactionDetail(this, key), chain: () => this.chain() }[kind];
    const [version, build] = (content ?? (() => ['none', () => empty('There is nothing under this address.')]))();
    // What did not change stays, with its selection and open parts.
    const name = `${kind} ${key} ${version}`;
    if (name === this.drawn) return;
    const scrolled = this.drawn.startsWith(`${kind} ${key} `) ? this.root.scrollTop : 0;
    this.drawn = name;
    this.root.replaceChildren(h('div', {}, build()));
    this.root.scrollTop = scrolled;
    byId('detail-back').hidden = kind === 'chain';
  }

  // Runs a read once, and draws again when its answer is there.
  read(name, work) {
    const known = this.fetched.get(name);
    if (known) return known.value;
    if (this.fetched.size > 200) this.fetched.clear();
    const entry = { value: undefined };
    this.fetched.set(name, entry);
    work()
      .catch((error) => ({ error: error.message }))
      .then((value) => {
        entry.value = value;
        if (value?.error) setTimeout(() => this.fetched.delete(name), READ_AGAIN_MS);
        this.drawn = '';
        this.store.dirty.add('detail');
      });
    return undefined;
  }

  chain() {
    const { overview, mining } = this.store;
    if (!overview) return ['none', () => empty('Waiting for the node.')];
    const { node } = overview;
    const cycle = rewardCycle(this.store);
    return [
      JSON.stringify([mining, cycle]),
      () => [
        h('h3', {}, 'The chain'),
        h('p', { class: 'hint' }, 'Choose a block, a transaction or a burn block to see what is in it.'),
        rows([
          ['Network', `${node.network}, chain id 0x${node.chain_id.toString(16)}`],
          ['Node', node.server_version],
          ['Blocks are signed', word(node.signing_mode, 'SIGNING_MODE_')],
          ['Mining', `${word(mining?.mode, 'MINING_MODE_')}${mining?.interval ? `, every ${mining.interval}` : ''}`],
          ['Rules', overview.epoch],
          ['Reward cycle', `${number(cycle)}, of ${number(overview.reward_cycle_length)} burn blocks`],
          ['Journal', h('span', { class: 'mono' }, overview.journal.journal_id)],
        ]),
        h('h4', {}, 'Budget of a tenure'),
        rows(Object.entries(overview.tenure_cost_limit).map(([name, value]) => [name.replace('_', ' '), number(value)])),
        h('p', { class: 'hint' }, 'Also here: ', link('/openapi.json', 'the HTTP paths'), ' and ', link('/v2/info', '/v2/info'), '.'),
      ],
    ];
  }

  block(id) {
    const block = this.store.blocks.get(id);
    if (!block) return ['unknown', () => [h('h3', {}, 'Block'), mono(id), empty('Not among the blocks that this page holds: it is older, or not processed.')]];
    const signers = this.signatures.of(id);
    const receipts = block.receipts ?? (block.count ? this.read(`receipts ${id}`, () => readReceipts(block)) : []);
    const version = [block.version, signers ? 1 : 0, receipts ? 1 : 0].join();
    return [version, () => this.blockContent(block, signers, receipts)];
  }

  blockContent(block, signers, receipts) {
    const { header, burn_view: view } = block;
    return [
      h('h3', {}, `Block ${number(block.height)} `, badge(block.canonical ? 'canonical' : 'rolled back', block.canonical ? 'good' : 'bad'), ' ', block.new_tenure ? badge('first of its tenure', 'band') : null),
      rows([
        ['Block id', mono(block.id)],
        ['Block hash', mono(block.block.block_hash)],
        ['Parent', block.parentId ? link(`#block/${block.parentId}`, shortHash(block.parentId, 24)) : ''],
        ['Burn view', view ? link(`#burn/${view.burn_block_hash}`, `burn block ${number(view.height)}`) : ''],
        ['Tenure', number(block.tenure_height)],
        ['Produced by', view?.elected_producer ? mono(view.elected_producer) : ''],
        ['Time', `${clock(view?.timestamp_s)} by the burn view, seen ${clock(block.time)}`],
        ['Size', bytes(block.size_bytes)],
        ['Burn spent', header.burn_spent === undefined ? '' : `${number(header.burn_spent)} sats`],
        ['State root', header.state_index_root && mono(header.state_index_root)],
        ['Transaction root', header.tx_merkle_root && mono(header.tx_merkle_root)],
      ]),
      h('h4', {}, 'Signatures'),
      signatureList(block, signers),
      block.matured_rewards.length ? [h('h4', {}, 'Rewards paid'), rows(block.matured_rewards.map((reward) => [shortPrincipal(reward.recipient), `${stx(bigEndian(reward.coinbase_ustx))} and ${stx(bigEndian(reward.fees_ustx))} of fees`]))] : null,
      h('h4', {}, `Transactions (${number(block.count)})`),
      receiptList(block, receipts),
      h('h4', {}, 'Cost of this block, of a tenure’s budget'),
      costBars(block.cost, this.store.overview.tenure_cost_limit),
      h('h4', {}, 'Tenure so far'),
      costBars(block.tenure_cost, this.store.overview.tenure_cost_limit),
      block.height > 0 && h('details', {}, h('summary', {}, 'Proof and signatures, as bytes'), rows([['VRF proof', mono(header.vrf_proof)], ['Producer', mono(header.producer_signature)], ...header.stacker_signature.map((signature, i) => [`Stacker ${i + 1}`, mono(signature)])])),
    ];
  }

  burn(hash) {
    const block = this.store.burn.get(hash);
    if (!block) return ['unknown', () => [h('h3', {}, 'Burn block'), mono(hash), empty('Not among the burn blocks that this page holds.')]];
    const canonical = this.store.canonicalBurn().has(hash);
    return [
      `${canonical} ${block.blocks}`,
      () => {
        const blocks = [...this.store.blocks.values()].filter((one) => one.burn_view?.burn_block_hash === hash).reverse();
        return [
          h('h3', {}, `Burn block ${number(block.height)} `, badge(canonical ? 'canonical' : 'fork', canonical ? 'good' : 'warn')),
          rows([
            ['Hash', mono(hash)],
            ['Parent', link(`#burn/${block.parent}`, shortHash(block.parent, 24))],
            ['Elected producer', mono(block.elected_producer)],
            ['Time', clock(block.timestamp_s)],
            ['Spent', `${number(block.satoshis_spent)} sats`],
            ['Reward cycle', number(block.reward_cycle)],
            ['Consensus hash', mono(block.consensus_hash)],
            ['Sortition hash', mono(block.sortition_hash)],
          ]),
          h('h4', {}, `Stacks blocks of its tenure (${number(blocks.length)})`),
          blocks.length
            ? h('ul', { class: 'receipts' }, blocks.slice(0, RECEIPTS_SHOWN).map((one) => h('li', {}, link(`#block/${one.id}`, `Block ${number(one.height)}`), h('span', { class: 'dim' }, ` ${shortHash(one.id)}, ${one.count} tx`))))
            : empty('None: its producer made no block, or they are older than what this page holds.'),
        ];
      },
    ];
  }
}

function signatureList(block, signers) {
  if (block.height === 0) return empty('Nobody signs the boot block.');
  if (!signers) return h('p', { class: 'hint' }, `${block.header.stacker_signature.length} signatures; asking the node whose they are.`);
  if (signers.error) return h('p', { class: 'hint' }, `${block.header.stacker_signature.length} signatures; the node does not say whose: ${signers.error}.`);
  const total = signers.signers.reduce((sum, one) => sum + one.weight, 0);
  if (signers.signers.some((one) => one.signed === null)) return h('p', { class: 'hint' }, 'In this signing mode every signature is the same published constant, of nobody.');
  const weight = signers.signers.reduce((sum, one) => sum + (one.signed ? one.weight : 0), 0);
  return [
    h('p', { class: 'hint' }, `${number(weight)} of ${number(total)} weight; ${number(Math.ceil(total * 0.7))} are needed.`),
    h('ul', { class: 'signers' }, signers.signers.map((one) => h('li', { class: one.signed ? 'yes' : 'no' }, h('span', { class: 'mark', 'aria-label': one.signed ? 'signed' : 'did not sign' }, one.signed ? '✓' : '–'), mono(one.address), h('span', { class: 'dim' }, ` weight ${number(one.weight)}`)))),
  ];
}

// Of the newest burn block.
function rewardCycle({ overview, burn, burnTip }) {
  const tip = burn.get(burnTip);
  return tip ? Math.floor((tip.height - overview.first_burn_height) / overview.reward_cycle_length) : overview.stacker_set.reward_cycle;
}

function receiptList(block, receipts) {
  if (receipts?.error) return empty(receipts.error);
  if (!receipts) return h('p', { class: 'hint' }, 'Reading them from the journal.');
  if (!receipts.length) return empty(block.size_bytes > 1000 ? 'The block is too large for the feed: its receipts are not in it.' : 'The block is empty.');
  const items = receipts.slice(0, RECEIPTS_SHOWN).map((receipt) => {
    const { payload } = decoded({ receipt });
    return h('li', {}, statusBadge(receipt), ' ', badge(payload.kind, payload.kind), ' ', link(`#tx/${receipt.txid}`, shortHash(receipt.txid, 10)), ' ', h('span', {}, shorten(payload.short)), h('div', { class: 'mono dim result' }, clarityText(receipt.result)));
  });
  return [h('ul', { class: 'receipts' }, items), receipts.length > RECEIPTS_SHOWN ? h('p', { class: 'hint' }, `and ${number(receipts.length - RECEIPTS_SHOWN)} more`) : null];
}

// The event that announced the block, again: a stream of one event.
export function readReceipts(block) {
  return new Promise((resolve) => {
    const source = new EventSource(`/v3/events?kinds=block_processed&start=${block.sequence}`);
    const finish = (value) => {
      source.close();
      resolve(value);
    };
    source.addEventListener('block_processed', (message) => {
      const event = JSON.parse(message.data);
      finish(event.sequence === block.sequence ? event.block_processed.receipts : { error: 'The journal no longer holds its receipts.' });
    });
    source.onerror = () => finish({ error: 'The journal no longer holds its receipts.' });
  });
}
