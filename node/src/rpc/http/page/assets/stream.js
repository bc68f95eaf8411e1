// Follows the node: first the history of the chain, then every event as it comes.
//
//   overview ──▶ history (events of the chain) ──caught up──▶ live (all events) ──┐
//      ▲                                                          ▲    resumes    │
//      └── another journal, or a place that is gone ◀─────────────┴───────────────┘

const CHAIN_KINDS = ['burn_block', 'block_processed', 'block_rejected', 'tip_changed', 'mempool_accepted', 'mempool_dropped'];
const OTHER_KINDS = ['block_stored', 'template', 'validation', 'stackerdb_chunks', 'mining'];
const KINDS = [...CHAIN_KINDS, ...OTHER_KINDS];
// Some fourteen events a block: this many hold more blocks than the page keeps.
const HISTORY_EVENTS = 30_000;
// So near to the newest there is no history to read first.
const NEAR_EVENTS = 250;
const RETRY_MS = 1500;
// Heartbeats come every ten seconds.
const SILENCE_MS = 30_000;
// A tab that nobody sees takes nothing from the node, and goes on where it was.
const HIDDEN_MS = 60_000;

export class Stream {
  // begin(overview), apply(event, characters), state(name, detail).
  constructor(target) {
    this.target = target;
    this.cursor = '';
    this.live = false;
    setInterval(() => this.watch(), 5000);
    document.addEventListener('visibilitychange', () => this.onVisibility());
    this.start();
  }

  async start() {
    this.close();
    this.target.state('connecting');
    try {
      const answer = await fetch('/v3/overview', { cache: 'no-store' });
      if (!answer.ok) throw new Error(`the node answers ${answer.status}`);
      const overview = await answer.json();
      this.target.begin(overview);
      const { oldest_sequence: oldest, newest_sequence: newest } = overview.journal;
      const from = Math.max(1, oldest, newest - HISTORY_EVENTS);
      if (newest - from < NEAR_EVENTS) this.open(`start=${from}`, true);
      else this.open(`kinds=${CHAIN_KINDS}&start=${from}`, false);
    } catch (error) {
      this.target.state('reconnecting', error.message);
      this.later();
    }
  }

  later() {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.start(), RETRY_MS);
  }

  close() {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = null;
  }

  open(query, live) {
    this.close();
    this.live = live;
    const source = new EventSource(`/v3/events?${query}`);
    this.source = source;
    this.heard = performance.now();
    const on = (name, handle) =>
      source.addEventListener(name, (message) => {
        if (this.source !== source) return;
        this.heard = performance.now();
        this.cursor = message.lastEventId;
        handle(message.data);
      });
    for (const kind of KINDS) on(kind, (data) => this.target.apply(JSON.parse(data), data.length));
    on('started', () => this.target.state(live ? 'live' : 'history'));
    on('heartbeat', () => this.target.state(live ? 'live' : 'history'));
    on('lagging', () => this.target.state('lagging'));
    on('caught_up', () => {
      if (live) this.target.state('live');
      else this.open(`cursor=${this.cursor}`, true);
    });
    // The browser resumes by itself after the last id, unless the node refused: then the page begins anew.
    source.onerror = () => {
      if (this.source !== source) return;
      this.target.state('reconnecting');
      if (source.readyState === EventSource.CLOSED) this.later();
    };
  }

  watch() {
    if (this.source && performance.now() - this.heard > SILENCE_MS) this.resume();
  }

  resume() {
    this.target.state('reconnecting');
    if (this.live && this.cursor) this.open(`cursor=${this.cursor}`, true);
    else this.start();
  }

  onVisibility() {
    clearTimeout(this.sleep);
    if (document.hidden) {
      this.sleep = setTimeout(() => {
        this.close();
        this.target.state('paused');
      }, HIDDEN_MS);
    } else if (!this.source) this.resume();
  }
}
