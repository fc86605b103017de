/** Beside the chat: what one turn understood, found, decided, did and spent, from its answer alone. */

import { bar, barred, h, ms, percent, score, shown, table } from "./dom.js";
import { drawing } from "./drawing.js";
import { get } from "./service.js";
import { t } from "./words.js";

let figure = null;
const graph = () => (figure ??= get("/graph").catch(() => { figure = null; }));

const pairs = (value) => Object.entries(value ?? {});
const section = (title, ...content) => (content.flat().some(Boolean) ? h("section", {}, h("h3", {}, title), content) : null);
const tags = (list) => h("ul", { class: "chips" }, list.map((item) => h("li", { class: "tag" }, item)));

export class Inspector {
  /** `fork(turn)` begins a copy before a turn; `step(number)` shows another one. */
  constructor(element, { fork, step }) {
    this.element = element;
    this.fork = fork;
    this.step = step;
  }

  clear() {
    this.element.replaceChildren(h("h2", {}, t("behind")), h("p", { class: "faint" }, t("nothing_yet")));
  }

  async show(turn, { total, earlier, later }) {
    const { answer, number } = turn;
    const found = answer.metadata?.diagnostics ?? {};
    this.shown = number;
    const move = (to, label, sign, possible) =>
      h("button", { type: "button", class: "quiet", "aria-label": label, disabled: !possible, onclick: () => this.step(to) }, sign);
    const way = h("div", { class: "figure" });
    this.element.replaceChildren(
      h("div", { class: "bar" }, h("h2", {}, t("behind")), move(number - 1, t("earlier"), "←", earlier),
        h("span", { class: "faint" }, t("turn", { number, total })), move(number + 1, t("later"), "→", later)),
      h("button", { type: "button", class: "quiet", onclick: () => this.fork(turn) }, t("fork")),
      ...this.#sections(turn, answer, found, way).filter(Boolean),
      h("details", {}, h("summary", {}, t("s.json")), h("pre", { tabindex: "0" }, JSON.stringify(answer, null, 2))));
    this.element.scrollTop = 0;
    const drawn = found.path?.length ? await graph() : null;
    if (drawn && this.shown === number) way.append(drawing(drawn, found.path, t("s.path")));
  }

  #sections(turn, answer, found, way) {
    return [
      section(t("s.decided"), verdict(answer)),
      section(t("s.commands"), found.commands?.length && h("ul", { class: "chips" }, found.commands.map(command))),
      section(t("s.ranking"), found.intent_ranking?.length && barred(found.intent_ranking.map((item) => [item.intent, item.score]), percent, 1)),
      section(t("s.slots"), slots(answer, found)),
      section(t("s.flows"), found.stack?.length > 0 && flows(found.stack)),
      section(t("s.path"), found.path?.length && way),
      section(t("s.evidence"), found.retrieval && evidence(found.retrieval)),
      section(t("s.cited"), answer.citations?.length && answer.citations.map((item) => passage(item, item.score))),
      section(t("s.confidence"), confidence(answer, found)),
      section(t("s.transfer"), h("p", {}, answer.should_transfer ? t("transfers", { reason: answer.transfer_reason ?? "–" }) : t("no_transfer"))),
      section(t("s.actions"), found.actions?.length && found.actions.map(receipt)),
      time(turn, found.timing_ms),
      model(found.llm),
      section(t("s.history"), pairs(found.history).length && tags(pairs(found.history).map(([name, value]) => `${name} ${value}`))),
      section(t("s.notices"), found.notices?.length && h("ul", {}, found.notices.map((notice) => h("li", {}, notice)))),
      section(t("s.engine"), engines(found), h("p", { class: "faint code" }, [answer.version, answer.locale, answer.message_id].filter(Boolean).join(" · "))),
    ];
  }
}

function verdict(answer) {
  const list = [h("li", { class: "tag strong" }, answer.outcome)];
  if (answer.intent) list.push(h("li", { class: "tag" }, answer.intent));
  for (const slot of answer.asks ?? []) list.push(h("li", { class: "tag" }, `? ${slot}`));
  return h("ul", { class: "chips" }, list);
}

function command({ command: name, quote, ...rest }) {
  const words = Object.values(rest).filter((value) => value !== null).map(shown).join(", ");
  return h("li", { class: "tag code" }, words ? `${name}(${words})` : name, quote && h("q", {}, quote));
}

/** Every value with the customer's words and what it replaced, of the flow that is talked about or has just ended. */
function slots(answer, found) {
  const frame = found.ended ?? found.stack?.at(-1);
  const records = pairs(frame?.slots);
  if (!records.length) return null;
  return table(records.map(([name, record]) => [name, shown(record.value),
    record.quote ? h("q", {}, record.quote) : t(`from.${record.source}`), past(record.previous)]),
  [`${frame.intent} · ${frame.status}`, t("value"), t("quote"), t("before")]);
}

function past(record) {
  const values = [];
  for (let each = record; each; each = each.previous) values.push(`${shown(each.value)} (${t("turn_short", { number: each.turn })})`);
  return values.length ? values.join(" ← ") : "–";
}

function flows(stack) {
  return h("ol", { class: "flows" }, stack.toReversed().map((frame, index) => h("li", {}, h("span", { class: "code" }, frame.intent),
    ` · ${frame.status}${index ? ` · ${t("waits")}` : ""} · ${pairs(frame.slots).length}`)));
}

function passage(item, value) {
  return h("details", { class: "source" }, h("summary", {}, `${item.title || item.source} · ${score(value)}`),
    h("p", { class: "faint" }, item.source), h("blockquote", { dir: "auto" }, item.text ?? ""));
}

function evidence(found) {
  return [h("p", { class: "faint" }, t("asked_for", { query: found.query, hits: found.hits }), found.insufficient ? ` · ${t("insufficient")}` : ""),
    (found.passages ?? []).map((item) => h("div", { class: "found" }, bar(item.relevance ?? item.score), passage(item, item.score)))];
}

function confidence(answer, found) {
  const parts = pairs(found.confidence).filter(([name]) => name !== "confidence");
  return barred([[t("s.decided"), answer.confidence], ...parts.map(([name, value]) => [name, value ?? "–"])], percent, 1);
}

function receipt(action) {
  const { receipt: kept = {} } = action;
  return h("div", { class: "receipt" }, table([
    [action.name, h("span", { class: action.status === "succeeded" ? "tag good" : "tag bad" }, action.status), ` ${ms(action.ms)}`],
    [t("status"), shown(kept.http_status), kept.error ?? ""],
    [t("reference"), shown(kept.reference), kept.replayed ? "↻" : ""],
    [t("result"), h("span", { class: "code" }, shown(kept.result)), ""],
    ["key", h("span", { class: "code" }, String(kept.key ?? "–").slice(0, 16)), ""],
  ]));
}

/** The steps one under the other, each begun where the one before ended. */
function time(turn, timing) {
  const order = ["queue", ...pairs(timing).map(([name]) => name).filter((name) => name !== "queue" && name !== "graph"), "graph"];
  const steps = order.filter((name) => typeof timing?.[name] === "number").map((name) => [name, timing[name]]);
  if (!steps.length) return null;
  const total = steps.reduce((sum, [, value]) => sum + value, 0) || 1;
  let before = 0;
  const rows = steps.map(([name, value]) => {
    const row = h("tr", {}, h("th", { scope: "row", class: "code" }, name), h("td", { class: "barred" }, bar(value / total, before / total)), h("td", { class: "number" }, ms(value)));
    before += value;
    return row;
  });
  return section(t("s.time", { total: ms(total) }), turn.first && h("p", { class: "faint" }, t("s.first", { value: ms(turn.first) })),
    h("table", { class: "waterfall" }, h("tbody", {}, rows)));
}

function model(llm) {
  if (!llm?.calls) return section(t("s.no_model"), h("p", { class: "faint" }, llm?.status ?? "–"));
  return section(t("s.model", { calls: llm.calls, tokens: llm.input_tokens + llm.output_tokens }),
    table((llm.uses ?? []).map((use) => [use.purpose, use.model, use.mode, `${use.input_tokens} + ${use.output_tokens}`, ms(use.ms), use.failure ?? ""]),
      [t("purpose"), "", t("mode"), t("tokens"), "", ""]));
}

function engines(found) {
  const rows = (found.readings ?? []).map((one) => [one.engine, percent(one.certainty), one.failure ?? (one.served ? "✓" : "")]);
  return rows.length ? table(rows) : found.engine && h("p", {}, found.engine);
}
