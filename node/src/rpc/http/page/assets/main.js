// Puts the page together: one store, one stream, one loop that draws what changed.

import { BlocksView } from './blocks.js';
import { BurnView } from './burnchain.js';
import { DetailView } from './detail.js';
import { byId, tabs } from './dom.js';
import { FeedView } from './feed.js';
import { HeadView } from './head.js';
import { PeopleView, Signatures } from './people.js';
import { SlotsView } from './slots.js';
import { Store } from './store.js';
import { Stream } from './stream.js';
import { MempoolView, TransactionsView } from './transactions.js';

// Between two drawings of one view. A reader follows no faster; a chain of hundred blocks a second costs no more.
const PAUSE_MS = { head: 100, blocks: 120, transactions: 150, mempool: 150, feed: 150, detail: 200, slots: 300, burn: 300, people: 400 };

const store = new Store();
const signatures = new Signatures(store);
const head = new HeadView(store);
const blocks = new BlocksView(store);
const detail = new DetailView(store, signatures);
const views = {
  head,
  burn: new BurnView(store),
  blocks,
  transactions: new TransactionsView(store),
  mempool: new MempoolView(store),
  detail,
  people: new PeopleView(store, signatures),
  slots: new SlotsView(store),
  feed: new FeedView(store),
};
const due = Object.fromEntries(Object.keys(views).map((name) => [name, 0]));

function draw(now) {
  requestAnimationFrame(draw);
  for (const name of store.dirty) {
    if (now < due[name]) continue;
    store.dirty.delete(name);
    due[name] = now + PAUSE_MS[name];
    views[name].draw();
  }
}

function mark({ kind, key }) {
  blocks.list.select(kind === 'block' ? key : null);
  if (kind !== 'chain' && matchMedia('(max-width: 900px)').matches) byId('detail').scrollIntoView({ block: 'start' });
}

tabs(byId('tabs'));
detail.onTarget = mark;
mark(detail.target);
setInterval(() => store.dirty.add('head').add('people').add('detail'), 1000);
new Stream({
  begin: (overview) => store.reset(overview),
  apply: (event, characters) => store.apply(event, characters),
  state: (name, text) => head.setState(name, text),
});
requestAnimationFrame(draw);
