/** Beside the chat: what one turn understood, found, decided and spent, from its answer alone. */

import { h, shown } from "./dom.js";

const percent = (value) => (typeof value === "number" ? `${(value * 100).toFixed(1)} %` : "–");
const score = (value) => (typeof value === "number" ? value.toFixed(2) : "–");
const ms = (value) => (typeof value === "number" ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : "–");

function bar(share) {
  const element = h("div", { class: "bar" });
  element.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return element;
}

function section(title, content) {
  return content ? [h("h3", {}, title), content] : [];
}

function bars(rows, format) {
  const numbers = rows.map(([, value]) => (typeof value === "number" ? value : 0));
  const most = format === percent ? 1 : Math.max(...numbers, 0.001);
  return h("table", {}, h("tbody", {}, rows.map(([name, value]) =>
    h("tr", {},
      h("th", { scope: "row" }, name),
      h("td", { class: "barred" }, typeof value === "number" ? bar(value / most) : ""),
      h("td", { class: "number" }, typeof value === "string" ? value : format(value))))));
}

function table(rows) {
  return h("table", {}, h("tbody", {}, rows.map(([name, ...cells]) =>
    h("tr", {}, h("th", { scope: "row" }, name), cells.map((cell) => h("td", {}, cell))))));
}

function command(item) {
  const { command: name, quote, ...rest } = item;
  const words = Object.values(rest).filter((value) => value !== null).map(shown).join(", ");
  return h("li", { class: "tag", title: quote ? `“${quote}”` : null }, words ? `${name}(${words})` : name);
}

function verdict(answer) {
  const tags = [h("li", { class: "tag" }, answer.outcome)];
  if (answer.intent) tags.push(h("li", { class: "tag" }, answer.intent));
  for (const slot of answer.asks ?? []) tags.push(h("li", { class: "tag" }, `asks ${slot}`));
  if (answer.should_transfer) tags.push(h("li", { class: "tag bad" }, `transfer: ${answer.transfer_reason ?? "yes"}`));
  return h("ul", { class: "plain" }, tags);
}

function evidence(citations) {
  return h("div", {}, citations.map((citation) =>
    h("details", {},
      h("summary", {}, `${citation.title || citation.source} · ${Number(citation.score).toFixed(2)}`),
      h("p", { class: "faint" }, citation.source),
      h("blockquote", {}, citation.text))));
}

/** The flows under way, the one talked about first, with the customer's words for every value. */
function flows(stack) {
  return stack.toReversed().map((flow) => h("div", {},
    h("p", {}, `${flow.intent} · ${flow.status}`),
    table(Object.entries(flow.slots ?? {}).map(([name, slot]) =>
      [name, shown(slot.value), slot.quote ? `“${slot.quote}”` : slot.source]))));
}

function retrieved(found) {
  return bars((found.passages ?? []).map((passage) => [passage.title || passage.source, passage.score]), score);
}

function actions(list) {
  return table(list.map((action) => [action.name, action.status, ms(action.ms), shown(action.receipt)]));
}

/** The elements that show `answer`. */
export function explain(answer) {
  const found = answer.metadata?.diagnostics ?? {};
  const pairs = (value) => Object.entries(value ?? {});
  const steps = pairs(found.timing_ms);
  const total = steps.reduce((sum, [, value]) => sum + (typeof value === "number" ? value : 0), 0);
  const slots = pairs(answer.slots);
  const confidence = [["confidence", answer.confidence], ...pairs(found.confidence).filter(([name]) => name !== "confidence")];
  return [
    ...section("Decided", verdict(answer)),
    ...section("Commands", (found.commands ?? []).length && h("ul", { class: "plain" }, found.commands.map(command))),
    ...section("Intent ranking", (found.intent_ranking ?? []).length &&
      bars(found.intent_ranking.map((item) => [item.intent, item.score]), percent)),
    ...section("Noted", (found.notices ?? []).length && h("ul", {}, found.notices.map((notice) => h("li", {}, notice)))),
    ...section("Flows", (found.stack ?? []).length && h("div", {}, flows(found.stack))),
    ...section("Slots", slots.length && !(found.stack ?? []).length && table(slots.map(([name, value]) => [name, shown(value)]))),
    ...section("Confidence", bars(confidence, percent)),
    ...section("Found", found.retrieval?.passages?.length && retrieved(found.retrieval)),
    ...section("Cited", (answer.citations ?? []).length && evidence(answer.citations)),
    ...section("Actions", (found.actions ?? []).length && actions(found.actions)),
    ...section(`Time, ${ms(total)} in all`, steps.length && bars(steps, ms)),
    ...section("Model", found.llm?.calls ? table(pairs(found.llm).map(([name, value]) => [name, shown(value)])) : null),
    ...section("History", pairs(found.history).length &&
      h("ul", { class: "plain" }, pairs(found.history).map(([name, value]) => h("li", { class: "tag" }, `${name} ${value}`)))),
    ...section("Engine and version", h("p", { class: "faint" },
      [found.engine, answer.version, answer.locale, answer.message_id].filter(Boolean).join(" · "))),
    h("details", {}, h("summary", {}, "The whole answer as JSON"), h("pre", { tabindex: "0" }, JSON.stringify(answer, null, 2))),
  ];
}
