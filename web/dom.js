/** Elements without innerHTML: whatever a customer, a bot or a document says stays text. */

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
export const byId = (id) => document.getElementById(id);

/** A value as an author reads it. */
export function shown(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "object" && "amount" in value && "currency" in value) return `${value.amount} ${value.currency}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

export const percent = (value) => (typeof value === "number" ? `${(value * 100).toFixed(1)} %` : "–");
export const score = (value) => (typeof value === "number" ? value.toFixed(3) : "–");
export const ms = (value) => (typeof value === "number" ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : "–");

/** A bar of `share` of its place, begun at `from`; what it says stands beside it as a number. */
export function bar(share, from = 0, kind = "bar") {
  const element = h("div", { class: kind, "aria-hidden": "true" });
  const width = Math.max(0, Math.min(1, share));
  element.style.width = `${width * 100}%`;
  element.style.marginInlineStart = `${Math.max(0, Math.min(1 - width, from)) * 100}%`;
  return element;
}

export const table = (rows, head) => h("table", {},
  head && h("thead", {}, h("tr", {}, head.map((cell) => (cell ? h("th", { scope: "col" }, cell) : h("td"))))),
  h("tbody", {}, rows.map(([name, ...cells]) => h("tr", {}, h("th", { scope: "row" }, name), cells.map((cell) => h("td", {}, cell))))));

export const barred = (rows, format, most) => h("table", {}, h("tbody", {}, rows.map(([name, value]) => h("tr", {},
  h("th", { scope: "row" }, name),
  h("td", { class: "barred" }, typeof value === "number" ? bar(value / most) : ""),
  h("td", { class: "number" }, typeof value === "string" ? value : format(value))))));
