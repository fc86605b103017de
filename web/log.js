/**
 * The conversation as a window over its turns: however many there are, only some stand in the page. Older and newer
 * ones are fetched as the reader comes near them, and those far away are taken out again.
 */

import { h } from "./dom.js";
import { get, sessionPath } from "./service.js";

const PAGE = 30;
const MOST = 90;

export class Log {
  /** `draw(turn)` makes a turn's element. */
  constructor(element, draw) {
    this.element = element;
    this.draw = draw;
    this.above = h("div", { class: "edge", "aria-hidden": "true" });
    this.below = h("div", { class: "edge", "aria-hidden": "true" });
    this.watcher = new IntersectionObserver((seen) => this.#near(seen), { root: element, rootMargin: "600px 0px" });
    this.clear();
  }

  /** An empty conversation with something to say in its place. */
  clear(...welcome) {
    this.watcher.disconnect();
    this.turns = new Map(); // by number, those that stand in the page, oldest first
    this.total = 0;
    this.place = null;
    this.element.replaceChildren(...welcome);
  }

  get first() { return this.turns.keys().next().value ?? 1; }
  get last() { return [...this.turns.keys()].at(-1) ?? 0; }
  get newest() { return this.turns.get(this.total); }

  /** The newest turns of a stored conversation. */
  async open(id, project) {
    this.clear();
    this.place = { id, project };
    const found = await this.#fetch({});
    this.total = found.total;
    this.element.append(this.above, ...found.turns.map((turn) => this.#keep(turn)), this.below);
    // Turns out of sight have no height yet: only once the last are laid out is the end where it is.
    this.down();
    await new Promise((laid) => requestAnimationFrame(() => requestAnimationFrame(laid)));
    this.down();
    this.watcher.observe(this.above);
    this.watcher.observe(this.below);
  }

  /** A new turn at the end; the reader is taken there. */
  async add(turn) {
    if (this.last < this.total && this.place) await this.open(this.place.id, this.place.project);
    this.total += 1;
    const element = this.#keep({ ...turn, number: this.total });
    if (this.below.parentNode === this.element) this.below.before(element);
    else this.element.append(element);
    this.#trim("above");
    this.down();
    return element;
  }

  /** Something beside the turns, at the end or after a turn. */
  note(element, after = this.total) {
    const place = this.turns.get(after)?.element;
    if (place) place.append(element);
    else if (this.below.parentNode === this.element) this.below.before(element);
    else this.element.append(element);
    this.down();
  }

  down() { this.element.scrollTop = this.element.scrollHeight; }

  #keep(turn) {
    turn.element = this.draw(turn);
    this.turns.set(turn.number, turn);
    return turn.element;
  }

  #fetch(query) {
    return get(sessionPath(this.place.id, this.place.project, "/turns", { limit: PAGE, ...query }));
  }

  async #near(seen) {
    if (this.busy || !this.place) return;
    this.busy = true;
    this.element.setAttribute("aria-live", "off"); // what is fetched was said before
    try {
      for (const { isIntersecting, target } of seen) {
        if (isIntersecting && target === this.above && this.first > 1) await this.#older();
        if (isIntersecting && target === this.below && this.last < this.total) await this.#newer();
      }
    } finally {
      this.busy = false;
      this.element.setAttribute("aria-live", "polite");
    }
  }

  async #older() {
    const found = await this.#fetch({ before: this.first });
    const height = this.element.scrollHeight;
    const newer = [...this.turns];
    this.turns.clear();
    this.above.after(...found.turns.map((turn) => this.#keep(turn)));
    for (const [number, turn] of newer) this.turns.set(number, turn);
    this.element.scrollTop += this.element.scrollHeight - height;
    this.#trim("below");
    this.#again(this.above);
  }

  async #newer() {
    const last = this.last;
    const found = await this.#fetch({ before: Math.min(last + PAGE, this.total) + 1, limit: Math.min(PAGE, this.total - last) });
    this.below.before(...found.turns.map((turn) => this.#keep(turn)));
    this.#trim("above");
    this.#again(this.below);
  }

  /** Asked once more: an edge that is still near says nothing by itself. */
  #again(edge) {
    this.watcher.unobserve(edge);
    this.watcher.observe(edge);
  }

  #trim(side) {
    const numbers = [...this.turns.keys()];
    const gone = side === "above" ? numbers.slice(0, -MOST) : numbers.slice(MOST);
    const height = this.element.scrollHeight;
    for (const number of gone) {
      this.turns.get(number).element.remove();
      this.turns.delete(number);
    }
    if (gone.length && side === "above") this.element.scrollTop -= height - this.element.scrollHeight;
  }
}
