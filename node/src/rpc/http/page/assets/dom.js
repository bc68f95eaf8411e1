// Building elements: text is always text, never markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'on') for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else element.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

export const byId = (id) => document.getElementById(id);

// Sets text only when it differs: an unchanged page costs no layout.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const empty = (text) => h('p', { class: 'empty' }, text);

export const rows = (pairs) =>
  h(
    'dl',
    { class: 'fields' },
    pairs.filter((pair) => pair && pair[1] !== undefined && pair[1] !== '').map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  );

export const mono = (text, title) => h('span', { class: 'mono', title }, text);
export const link = (href, text, title) => h('a', { href, title }, text);
export const badge = (text, tone) => h('span', { class: `badge ${tone ?? ''}` }, text);

// Tabs by the pattern of the ARIA guide: arrows move, the panel follows. Options beside the list show with their tab.
export function tabs(list) {
  const all = [...list.querySelectorAll('[role=tab]')];
  const show = (tab) => {
    for (const one of all) {
      const on = one === tab;
      one.setAttribute('aria-selected', String(on));
      one.tabIndex = on ? 0 : -1;
      byId(one.getAttribute('aria-controls')).hidden = !on;
    }
    for (const option of list.parentElement.querySelectorAll('[data-tab]')) option.hidden = option.dataset.tab !== tab.id;
    list.dispatchEvent(new CustomEvent('shown', { detail: tab.id }));
  };
  list.addEventListener('click', (event) => {
    const tab = event.target.closest('[role=tab]');
    if (tab) show(tab);
  });
  list.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    show(next);
    next.focus();
  });
}
