// A list of any length of which only what is in sight is in the document.
//
// Rows have one height. The list keeps what is being read in place: when rows are put in above it, the view moves along,
// unless it stands at the top, where the newest is. Under a pressed pointer it stands still: a press that ends on another
// row than it began on is a click on neither.

import { h } from './dom.js';

const OVERSCAN = 6;

export class List {
  // render(item) gives the cells of a row; keyOf(item) names it; open(item) follows a click or Enter.
  constructor(root, { rowHeight, render, keyOf, open, classOf, none, label }) {
    Object.assign(this, { root, rowHeight, render, keyOf, open, classOf, none });
    this.items = [];
    this.drawn = new Map();
    this.selected = null;
    this.pressed = false;
    this.waiting = null;
    this.space = h('div', { class: 'list-space' });
    this.hint = h('p', { class: 'empty' }, none);
    root.classList.add('list');
    root.tabIndex = 0;
    root.setAttribute('role', 'listbox');
    root.setAttribute('aria-label', label);
    root.append(this.space, this.hint);
    root.addEventListener('scroll', () => this.draw(), { passive: true });
    root.addEventListener('keydown', (event) => this.onKey(event));
    root.addEventListener('click', (event) => {
      const row = event.target.closest('.row');
      if (row && !event.target.closest('a')) this.pick(row.dataset.key);
    });
    root.addEventListener('pointerdown', (event) => (this.pressed = event.button === 0 && event.target.closest('.row') !== null));
    // The click comes right behind, in the same task. A menu takes the release of its press with it.
    for (const end of ['pointerup', 'pointercancel', 'contextmenu', 'blur']) addEventListener(end, () => this.pressed && setTimeout(() => this.release()));
    new ResizeObserver(() => this.draw()).observe(root);
  }

  // Newest first. Items that did not change must be the same objects.
  set(items) {
    if (this.pressed) {
      this.waiting = items;
      return;
    }
    const first = this.items[0];
    if (this.root.scrollTop > this.rowHeight && first) {
      const key = this.keyOf(first);
      const moved = items.findIndex((item) => this.keyOf(item) === key);
      if (moved > 0) this.root.scrollTop += moved * this.rowHeight;
    }
    this.items = items;
    this.draw();
  }

  release() {
    const items = this.waiting;
    this.pressed = false;
    this.waiting = null;
    if (items) this.set(items);
  }

  select(key) {
    this.selected = key;
    this.draw();
  }

  draw() {
    const { root, rowHeight, items } = this;
    this.hint.hidden = items.length > 0;
    this.space.style.height = `${items.length * rowHeight}px`;
    const from = Math.max(0, Math.floor(root.scrollTop / rowHeight) - OVERSCAN);
    const to = Math.min(items.length, Math.ceil((root.scrollTop + root.clientHeight) / rowHeight) + OVERSCAN);
    const kept = new Map();
    for (let i = from; i < to; i++) {
      const item = items[i];
      const key = this.keyOf(item);
      const old = this.drawn.get(key);
      const same = old && old.item === item && old.version === item.version;
      const row = same ? old.row : this.row(item, key);
      const top = `${i * rowHeight}px`;
      if (row.style.top !== top) row.style.top = top;
      row.setAttribute('aria-selected', String(key === this.selected));
      kept.set(key, { row, item, version: item.version });
    }
    for (const [key, { row }] of this.drawn) if (kept.get(key)?.row !== row) row.remove();
    this.drawn = kept;
    this.order();
    const active = kept.get(this.selected)?.row.id;
    if (active) root.setAttribute('aria-activedescendant', active);
    else root.removeAttribute('aria-activedescendant');
  }

  // Rows stand by their place, but are read in the document's order.
  order() {
    let next = this.space.firstChild;
    for (const { row } of this.drawn.values()) {
      if (row === next) next = next.nextSibling;
      else this.space.insertBefore(row, next);
    }
  }

  row(item, key) {
    const row = h('div', { class: `row ${this.classOf?.(item) ?? ''}`, role: 'option', id: `${this.root.id}-${key}` }, this.render(item));
    row.dataset.key = key;
    row.style.height = `${this.rowHeight}px`;
    return row;
  }

  pick(key) {
    const item = this.items.find((one) => this.keyOf(one) === key);
    if (!item) return;
    this.select(key);
    this.open?.(item);
  }

  onKey(event) {
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.rowHeight) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || !this.items.length || event.target !== this.root) return;
    event.preventDefault();
    const at = this.items.findIndex((item) => this.keyOf(item) === this.selected);
    const next = Math.min(this.items.length - 1, Math.max(0, at + step));
    const top = next * this.rowHeight;
    const { scrollTop, clientHeight } = this.root;
    if (top < scrollTop) this.root.scrollTop = top;
    if (top + this.rowHeight > scrollTop + clientHeight) this.root.scrollTop = top + this.rowHeight - clientHeight;
    this.pick(this.keyOf(this.items[next]));
  }
}
