// A transaction: what it asked, what came of it.

import { costBars } from './blocks.js';
import { clarityText } from './clarity.js';
import { badge, empty, h, link, mono, rows } from './dom.js';
import { bigEndian, number, stx, word } from './format.js';
import { decoded } from './store.js';
import { decodeTransaction } from './transaction.js';
import { statusBadge } from './transactions.js';

const EVENTS_SHOWN = 100;
const STAND_MS = 3000;

// Version and builder, as the detail view wants them.
export function transactionDetail(view, txid) {
  const { store } = view;
  const mined = store.byTxid.get(txid);
  if (mined && (mined.block.canonical || !store.pending.has(txid))) return [`mined ${mined.block.id} ${mined.block.canonical}`, () => minedContent(store, mined)];
  const waiting = store.pending.get(txid);
  if (waiting?.raw?.length > 2) {
    const stand = standOf(view, txid);
    return [`waits ${stand}`, () => [title('waits', 'warn'), hint(stand), ...shared(txid, decoded(waiting))]];
  }
  const found = view.read(`lookup ${txid} ${waiting ? 'waits' : ''}`, () => lookup(txid));
  if (!found) return ['reading', () => [h('h3', {}, 'Transaction'), mono(txid), h('p', { class: 'hint' }, 'Asking the node.')]];
  if (found.error) return ['none', () => [h('h3', {}, 'Transaction'), mono(txid), empty(found.error)]];
  return ['found', () => foundContent(store, txid, found)];
}

// Asked again with each block, and every few seconds: no event says what is executed now, or what has no budget left.
function standOf(view, txid) {
  const { store } = view;
  const time = Math.floor(Date.now() / STAND_MS);
  const found = view.read(`stand ${txid} ${store.tip} ${store.pending.size} ${time}`, () => lookup(txid));
  if (found) view.stand = { txid, text: found.transaction?.detail };
  return view.stand?.txid === txid ? view.stand.text : undefined;
}

const hint = (text) => (text ? h('p', { class: 'hint' }, text) : null);
const title = (text, tone) => h('h3', {}, 'Transaction ', badge(text, tone));

function minedContent(store, { txid, receipt, block, ...entry }) {
  const transaction = decoded({ receipt, ...entry });
  return [
    h('h3', {}, 'Transaction ', statusBadge(receipt), block.canonical ? null : [' ', badge('rolled back', 'bad')]),
    ...shared(txid, transaction, [['Block', link(`#block/${block.id}`, `block ${number(block.height)}, place ${receipt.tx_index}`)]]),
    h('h4', {}, 'Result'),
    h('pre', { class: 'value' }, clarityText(receipt.result) || '–'),
    receipt.vm_error ? h('p', { class: 'bad' }, receipt.vm_error) : null,
    receipt.status === 'TRANSACTION_STATUS_SUCCESS' ? null : h('p', { class: 'hint' }, 'Only its fee and nonce stand.'),
    h('h4', {}, `Events (${number(receipt.events.length)})`),
    receipt.events.length ? h('ol', { class: 'events' }, receipt.events.slice(0, EVENTS_SHOWN).map(eventItem)) : empty('None.'),
    receipt.events.length > EVENTS_SHOWN ? h('p', { class: 'hint' }, `and ${number(receipt.events.length - EVENTS_SHOWN)} more`) : null,
    h('h4', {}, 'Cost, of a tenure’s budget'),
    costBars(receipt.cost, store.overview.tenure_cost_limit),
    h('details', {}, h('summary', {}, 'As bytes'), h('pre', { class: 'value' }, receipt.transaction)),
  ];
}

// What the page does not hold: older than it keeps, or there before the page was opened.
function foundContent(store, txid, { transaction, block, burn_block }) {
  if (transaction?.block) {
    const held = { id: transaction.block.block_id, height: transaction.block.chain_length, canonical: transaction.is_canonical };
    return minedContent(store, { txid, receipt: transaction.receipt, block: held });
  }
  if (transaction?.state === 'TRANSACTION_STATE_DROPPED') {
    return [title('dropped', 'bad'), mono(txid), h('p', { class: 'bad' }, transaction.detail), transaction.new_txid?.length > 2 ? link(`#tx/${transaction.new_txid}`, 'what took its place') : null];
  }
  if (transaction) return [title('waits', 'warn'), hint(transaction.detail), ...shared(txid, decodeTransaction(transaction.transaction))];
  if (block) return [h('h3', {}, `Block ${number(block.chain_length)}`), mono(txid), empty('A block that this page does not hold: it is older, or not processed.')];
  return [h('h3', {}, `Burn block ${number(burn_block.height)}`), mono(txid), empty('A burn block that this page does not hold: it is older.')];
}

function shared(txid, { origin, sponsor, fee, mode, postConditions, payload }, more = []) {
  return [
    rows([
      ['Txid', mono(txid)],
      ...more,
      ['From', origin && mono(origin.address)],
      ['Sponsor', sponsor && mono(sponsor.address)],
      ['Nonce', origin && number(origin.nonce)],
      ['Fee', fee === undefined ? '' : stx(fee)],
      ['Signed by', origin?.signers > 1 ? `${origin.signers} keys` : ''],
    ].filter((pair) => pair && pair[1])),
    h('h4', {}, payload.kind),
    payloadContent(payload),
    postConditions.length ? [h('h4', {}, `Post-conditions (${mode} what is not named)`), h('ul', { class: 'events' }, postConditions.map((text) => h('li', { class: 'mono' }, text)))] : null,
  ];
}

function payloadContent(payload) {
  switch (payload.kind) {
    case 'transfer':
      return rows([['To', mono(payload.recipient)], ['Amount', stx(payload.amount)], ['Memo', payload.memo]]);
    case 'call':
      return [
        rows([['Contract', mono(payload.contract)], ['Function', mono(payload.called)]]),
        payload.args.length ? h('ol', { class: 'events' }, payload.args.map((text) => h('li', { class: 'mono' }, text))) : h('p', { class: 'hint' }, 'No arguments.'),
      ];
    case 'deploy':
      return [rows([['Name', mono(payload.name)], ['Clarity', payload.version ? `version ${payload.version}` : ''], ['Lines', number(payload.lines)]]), h('pre', { class: 'code' }, payload.code)];
    case 'coinbase':
      return rows([['Recipient', payload.recipient ? mono(payload.recipient) : 'the producer']]);
    default:
      return h('p', { class: 'hint' }, payload.short);
  }
}

const move = (from, to, what) => [mono(from), ' → ', mono(to), ': ', what];
const EVENTS = {
  contract_print: (event) => ['print', [mono(event.contract_id), h('pre', { class: 'value' }, clarityText(event.value))]],
  stx_transfer: (event) => ['STX transfer', move(event.sender, event.recipient, stx(bigEndian(event.amount_ustx)))],
  stx_mint: (event) => ['STX mint', [mono(event.recipient), ': ', stx(bigEndian(event.amount_ustx))]],
  stx_burn: (event) => ['STX burn', [mono(event.sender), ': ', stx(bigEndian(event.amount_ustx))]],
  stx_lock: (event) => ['STX lock', [mono(event.locked_address), ': ', stx(bigEndian(event.locked_amount_ustx))]],
  ft_transfer: (event) => ['token transfer', move(event.sender, event.recipient, [number(bigEndian(event.amount)), ' ', mono(event.asset_id)])],
  ft_mint: (event) => ['token mint', [mono(event.recipient), ': ', number(bigEndian(event.amount)), ' ', mono(event.asset_id)]],
  ft_burn: (event) => ['token burn', [mono(event.sender), ': ', number(bigEndian(event.amount)), ' ', mono(event.asset_id)]],
  nft_transfer: (event) => ['NFT transfer', move(event.sender, event.recipient, [mono(event.asset_id), ' ', clarityText(event.value)])],
  nft_mint: (event) => ['NFT mint', [mono(event.recipient), ': ', mono(event.asset_id), ' ', clarityText(event.value)]],
  nft_burn: (event) => ['NFT burn', [mono(event.sender), ': ', mono(event.asset_id), ' ', clarityText(event.value)]],
};

function eventItem(event) {
  const [name, body] = Object.entries(event).find(([, value]) => value && typeof value === 'object') ?? ['', {}];
  const [kind, content] = EVENTS[name]?.(body) ?? [word(name, ''), ''];
  return h('li', {}, badge(kind, 'event'), ' ', content);
}

// Nothing of this name is an answer, so that the browser has no failed request to complain of.
async function lookup(hash) {
  const answer = await fetch(`/v3/lookup/${hash.replace(/^0x/, '')}`);
  if (!answer.ok) throw new Error(answer.status === 404 ? 'That is no hash.' : `the node answers ${answer.status}`);
  const found = await answer.json();
  return found.transaction || found.block || found.burn_block ? found : { error: 'The node knows no transaction or block of this name.' };
}
