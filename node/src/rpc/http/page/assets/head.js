// The head of the page: where the chain stands, how fast it moves, and whether we hear from it.

import { byId, setText } from './dom.js';
import { number, rate, word } from './format.js';

const STATES = {
  connecting: ['Connecting', 'wait'],
  history: ['Reading history', 'wait'],
  live: ['Live', 'good'],
  lagging: ['Lagging', 'warn'],
  reconnecting: ['Reconnecting', 'bad'],
  paused: ['Paused', 'wait'],
};

export class HeadView {
  constructor(store) {
    this.store = store;
    this.setState('connecting');
  }

  setState(name, detail) {
    const [text, tone] = STATES[name];
    const element = byId('state');
    setText(element, text);
    element.className = `state ${tone}`;
    element.title = detail ?? '';
    this.state = name;
  }

  draw() {
    const { store } = this;
    if (!store.overview) return;
    const { node } = store.overview;
    const rates = store.rates(Date.now());
    const burn = store.burn.get(store.burnTip);
    setText(byId('network'), `${node.network} · ${word(node.signing_mode, 'SIGNING_MODE_')}`);
    setText(byId('stat-tip'), number(store.tipHeight));
    setText(byId('stat-burn'), burn ? number(burn.height) : '–');
    setText(byId('stat-tenure'), number(store.tenureHeight));
    setText(byId('stat-mempool'), number(store.pending.size + store.pendingBeyond));
    setText(byId('stat-blocks'), rate(rates.blocks));
    setText(byId('stat-rate'), rate(rates.transactions));
    byId('stat-tip-link').setAttribute('href', `#block/${store.tip}`);
    byId('stat-burn-link').setAttribute('href', `#burn/${store.burnTip}`);
    document.title = `${number(store.tipHeight)} · Mockamoto`;
  }
}
