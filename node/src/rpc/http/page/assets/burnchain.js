// The burn chain as a picture: newest on the right, the canonical chain on the first line, forks below it.

import { byId, setText, svg } from './dom.js';
import { clock, number, shortPrincipal } from './format.js';

const HEIGHTS_SHOWN = 48;
const [COLUMN, LANE, WIDTH, HEIGHT] = [104, 58, 84, 44];
const LANES_MAX = 4;
const MARGIN = 8;

export class BurnView {
  constructor(store) {
    this.store = store;
    this.frame = byId('burn-frame');
    this.picture = byId('burn-picture');
  }

  draw() {
    const { store, frame } = this;
    const tip = store.burn.get(store.burnTip);
    if (!tip) return;
    const canonical = store.canonicalBurn();
    const shown = [...store.burn.values()].filter((block) => block.height > tip.height - HEIGHTS_SHOWN).sort((a, b) => a.height - b.height);
    const lanes = placeLanes(shown, canonical, store.burn);
    const first = shown[0].height;
    const newest = shown[shown.length - 1].height;
    const place = (block) => ({ x: MARGIN + (block.height - first) * COLUMN, y: MARGIN + lanes.get(block.hash) * LANE });
    const drawn = shown.filter((block) => lanes.has(block.hash));
    const edges = drawn.filter((block) => lanes.has(block.parent)).map((block) => edge(place(store.burn.get(block.parent)), place(block), canonical.has(block.hash)));
    const view = store.blocks.get(store.tip)?.burn_view?.burn_block_hash;
    const nodes = drawn.map((block) => node(block, place(block), canonical.has(block.hash), block.hash === view));
    const atEnd = frame.scrollLeft + frame.clientWidth > frame.scrollWidth - COLUMN || !this.scrolled;
    const width = MARGIN * 2 + (newest - first) * COLUMN + WIDTH;
    const height = MARGIN * 2 + Math.max(...drawn.map((block) => lanes.get(block.hash)), 0) * LANE + HEIGHT;
    this.picture.setAttribute('width', width);
    this.picture.setAttribute('height', height);
    this.picture.replaceChildren(...edges, ...nodes);
    if (atEnd) frame.scrollLeft = frame.scrollWidth;
    this.scrolled = true;
    const forks = shown.length - shown.filter((block) => canonical.has(block.hash)).length;
    setText(byId('burn-note'), forks ? `${forks} block${forks === 1 ? '' : 's'} on forks` : 'no forks in sight');
  }
}

// A fork takes the first line that is free from its first block to its last; what finds none is left out.
function placeLanes(shown, canonical, burn) {
  const lanes = new Map();
  const branches = new Map();
  for (const block of shown) {
    if (canonical.has(block.hash)) lanes.set(block.hash, 0);
    else {
      const parent = branches.get(block.parent);
      // A second child of a fork's block begins a branch of its own.
      const branch = parent && parent.last === block.parent ? parent : { from: burn.get(block.parent)?.height ?? block.height, blocks: [] };
      branch.blocks.push(block.hash);
      branch.last = block.hash;
      branch.to = block.height;
      branches.set(block.hash, branch);
    }
  }
  const ends = [];
  for (const branch of new Set(branches.values())) {
    let lane = 1;
    while (ends[lane] !== undefined && ends[lane] >= branch.from) lane++;
    if (lane > LANES_MAX) continue;
    ends[lane] = branch.to;
    for (const hash of branch.blocks) lanes.set(hash, lane);
  }
  return lanes;
}

function edge(from, to, canonical) {
  const [x, y, end, down] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  const middle = (x + end) / 2;
  return svg('path', { d: `M${x} ${y} C${middle} ${y} ${middle} ${down} ${end} ${down}`, class: canonical ? 'edge' : 'edge fork' });
}

function node(block, { x, y }, canonical, isView) {
  const tenure = block.blocks === 0 ? 'no blocks' : `${number(block.blocks)} block${block.blocks === 1 ? '' : 's'}`;
  const title = `Burn block ${block.height}, ${clock(block.timestamp_s)}\nelected ${shortPrincipal(block.elected_producer)}\n${tenure}`;
  const kind = ['burn', canonical ? '' : 'fork', block.blocks ? 'used' : '', isView ? 'view' : ''].join(' ');
  return svg(
    'a',
    { href: `#burn/${block.hash}`, class: kind, 'aria-label': title },
    svg('title', {}, title),
    svg('rect', { x, y, width: WIDTH, height: HEIGHT, rx: 7 }),
    svg('text', { x: x + WIDTH / 2, y: y + 19, class: 'height' }, number(block.height)),
    svg('text', { x: x + WIDTH / 2, y: y + 35, class: 'tenure' }, tenure),
  );
}
