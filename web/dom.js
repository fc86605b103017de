/** Elements without innerHTML: whatever a customer, a bot or a document says stays text. */

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

export function shown(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "object" && "amount" in value && "currency" in value) return `${value.amount} ${value.currency}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}
