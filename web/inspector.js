/** Beside the chat: what one turn understood, found, decided, did and spent, from its answer alone. */

import { bar, barred, h, ms, percent, score, shown, table } from "./dom.js";
import { drawing } from "./drawing.js";
import { get } from "./service.js";
import { t } from "./words.js";

const CLOSED = "switchboard-closed"; // the parts that this reader has folded away
let figure = null;
const graph = () => (figure ??= get("/graph").catch(() => { figure = null; }));

const pairs = (value) => Object.entries(value ?? {});
const tags = (list) => h("ul", { class: "chips" }, list.map((item) => h("li", { class: "tag" }, item)));
const small = (...words) => h("p", { class: "faint small" }, words);
const closed = () => new Set(JSON.parse(localStorage.getItem(CLOSED) ?? "[]"));

/** A part that can be folded away, and stays so; null where there is nothing in it. `beside` stands at its title. */
function part(name, title, content, beside = "") {
  const inside = [content].flat().filter(Boolean);
  if (!inside.length) return null;
  const element = h("details", { class: "part", open: !closed().has(name) },
    h("summary", {}, h("h3", {}, title), beside && h("span", { class: "faint" }, beside)), inside);
  element.addEventListener("toggle", () => {
    const folded = closed();
    if (element.open) folded.delete(name);
    else folded.add(name);
    localStorage.setItem(CLOSED, JSON.stringify([...folded]));
  });
  return element;
}

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
    const way = h("div", { class: "figure", role: "group", tabindex: "0", "aria-label": t("s.path") });
    this.element.replaceChildren(
      h("div", { class: "bar" }, h("h2", {}, t("behind")), move(number - 1, t("earlier"), "←", earlier),
        h("span", { class: "faint" }, t("turn", { number, total })), move(number + 1, t("later"), "→", later),
        h("button", { type: "button", class: "quiet needs-admin", onclick: () => this.fork(turn) }, t("fork"))),
      ...parts(turn, answer, found, way).filter(Boolean),
      h("details", {}, h("summary", {}, t("s.json")), h("pre", { tabindex: "0" }, JSON.stringify(answer, null, 2))));
    this.element.scrollTop = 0;
    const drawn = found.path?.length ? await graph() : null;
    if (drawn && this.shown === number) way.append(drawing(drawn, found.path, t("s.path")));
  }
}

function parts(turn, answer, found, way) {
  const frame = found.ended ?? found.stack?.at(-1);
  const cited = answer.citations ?? [];
  const elsewhere = cited.filter((item) => !found.retrieval?.passages?.some((passage) => same(item, passage)));
  return [
    part("decided", t("s.decided"), verdict(answer)),
    part("commands", t("s.commands"), found.commands?.length && h("ul", { class: "chips" }, found.commands.map(command))),
    part("ranking", t("s.ranking"), found.intent_ranking?.length && barred(found.intent_ranking.map((item) => [item.intent, item.score]), percent, 1)),
    part("slots", t("s.slots"), slots(frame), frame && `${frame.intent} · ${frame.status}`),
    part("flows", t("s.flows"), found.stack?.length > 0 && flows(found.stack)),
    part("evidence", t("s.evidence"), found.retrieval && evidence(found.retrieval, cited)),
    part("cited", t("s.cited"), elsewhere.map((item) => passage(item, item.score))),
    part("confidence", t("s.confidence"), confidence(answer, found)),
    part("transfer", t("s.transfer"), h("p", { class: "small" }, answer.should_transfer ? t("transfers", { reason: answer.transfer_reason ?? "–" }) : t("no_transfer"))),
    part("actions", t("s.actions"), found.actions?.map(receipt)),
    part("path", t("s.path"), found.path?.length && way),
    time(turn, found.timing_ms),
    model(found.llm),
    part("history", t("s.history"), pairs(found.history).length && tags(pairs(found.history).map(([name, value]) => `${name} ${value}`))),
    part("notices", t("s.notices"), found.notices?.length && h("ul", {}, found.notices.map((notice) => h("li", {}, notice)))),
    part("engines", t("s.engine"), [engines(found), h("p", { class: "faint code" }, [answer.version, answer.locale, answer.message_id].filter(Boolean).join(" · "))]),
  ];
}

function verdict(answer) {
  const list = [h("li", { class: "tag strong" }, answer.outcome)];
  if (answer.intent) list.push(h("li", { class: "tag" }, answer.intent));
  for (const slot of answer.asks ?? []) list.push(h("li", { class: "tag" }, t("asks", { slot })));
  return h("ul", { class: "chips" }, list);
}

function command({ command: name, quote, ...rest }) {
  const words = Object.values(rest).filter((value) => value !== null).map(shown).join(", ");
  return h("li", { class: "tag code" }, words ? `${name}(${words})` : name, quote && h("q", {}, quote));
}

/** Every value with the customer's words and what it replaced, of the flow that is talked about or has just ended. */
function slots(frame) {
  const records = pairs(frame?.slots);
  if (!records.length) return null;
  return table(records.map(([name, record]) => [name, shown(record.value),
    record.quote ? h("q", {}, record.quote) : t(`from.${record.source}`), past(record.previous)]),
  ["", t("value"), t("quote"), t("before")]);
}

function past(record) {
  const values = [];
  for (let each = record; each; each = each.previous) values.push(`${shown(each.value)} (${t("turn_short", { number: each.turn })})`);
  return values.length ? values.join(" ← ") : "–";
}

function flows(stack) {
  return h("ol", { class: "flows" }, stack.toReversed().map((frame, index) => h("li", {}, h("span", { class: "code" }, frame.intent),
    ` · ${frame.status}${index ? ` · ${t("waits")}` : ""} · ${t("slots_filled", { count: pairs(frame.slots).length })}`)));
}

const same = (one, other) => one.source === other.source && one.text === other.text;

function passage(item, value, { cited = false, share = null } = {}) {
  return h("details", { class: "source" },
    h("summary", {}, `${item.title || item.source} · ${score(value)} `, cited && h("span", { class: "tag good" }, t("cited")), share !== null && bar(share)),
    h("p", { class: "faint" }, item.source), h("blockquote", { dir: "auto" }, item.text ?? ""));
}

function evidence(found, cited) {
  return [small(t("asked_for", { query: found.query, hits: found.hits }), found.insufficient ? ` · ${t("insufficient")}` : ""),
    ...(found.passages ?? []).map((item) =>
      passage(item, item.score, { cited: cited.some((each) => same(each, item)), share: item.relevance ?? item.score }))];
}

/** The parts that were judged, with bars; the others and the rule in a line. */
function confidence(answer, found) {
  const given = pairs(found.confidence).filter(([name]) => name !== "confidence");
  const judged = given.filter(([, value]) => typeof value === "number");
  const unjudged = given.filter(([, value]) => value === null).map(([name]) => name);
  const rule = given.filter(([, value]) => typeof value === "string").map((pair) => pair.join(" "));
  if (typeof answer.confidence !== "number" && !judged.length) return small(t("not_judged"));
  const searched = typeof found.confidence?.retrieval === "number"; // the weights of the service: what was found says more
  return [barred([[t("s.overall"), answer.confidence], ...judged], percent, 1), searched && small(t("understanding_aside")),
    small([unjudged.length && t("unjudged", { parts: unjudged.join(", ") }), ...rule].filter(Boolean).join(" · "))];
}

function receipt(action) {
  const { receipt: kept = {} } = action;
  const rows = [
    [t("status"), [shown(kept.http_status), kept.error].filter(Boolean).join(" · ")],
    [t("reference"), `${shown(kept.reference)}${kept.replayed ? ` · ${t("replayed")}` : ""}`],
    [t("result"), h("span", { class: "code" }, shown(kept.result))],
    [t("key_once"), h("span", { class: "code" }, String(kept.key ?? "–").slice(0, 16))],
  ];
  return h("div", { class: "receipt" },
    h("p", { class: "of" }, h("strong", { class: "code" }, action.name), h("span", { class: action.status === "succeeded" ? "tag good" : "tag bad" }, action.status),
      h("span", { class: "faint" }, ms(action.ms))),
    table(rows));
}

/** The steps one under the other, each begun where the one before ended; last what saving and the graph itself took. */
function time(turn, timing) {
  const order = ["queue", ...pairs(timing).map(([name]) => name).filter((name) => name !== "queue" && name !== "graph"), "graph"];
  const steps = order.filter((name) => typeof timing?.[name] === "number").map((name) => [name, timing[name]]);
  if (!steps.length) return null;
  const total = steps.reduce((sum, [, value]) => sum + value, 0) || 1;
  const named = { queue: t("s.queue"), graph: t("s.rest") };
  let before = 0;
  const rows = steps.map(([name, value]) => {
    const row = h("tr", {}, h("th", { scope: "row", class: named[name] ? "" : "code" }, named[name] ?? name), h("td", { class: "barred" }, bar(value / total, before / total)), h("td", { class: "number" }, ms(value)));
    before += value;
    return row;
  });
  return part("time", t("s.time", { total: ms(total) }), [turn.first && small(t("s.first", { value: ms(turn.first) })),
    h("table", { class: "waterfall" }, h("tbody", {}, rows))]);
}

function model(llm) {
  if (!llm?.calls) return part("model", t("s.no_model"), llm?.status && llm.status !== "not_asked" ? small(llm.status) : small(t("embedded_only")));
  return part("model", t("s.model", { calls: llm.calls, tokens: llm.input_tokens + llm.output_tokens }),
    table((llm.uses ?? []).map((use) => [use.purpose, use.model, use.mode, `${use.input_tokens} + ${use.output_tokens}`, ms(use.ms), use.failure ?? ""]),
      [t("purpose"), t("model_name"), t("mode"), t("tokens"), t("took"), ""]));
}

function engines(found) {
  const rows = (found.readings ?? []).map((one) => [one.engine, percent(one.certainty), one.failure ?? (one.served ? t("served") : "")]);
  return rows.length ? table(rows, ["", t("certainty"), ""]) : found.engine && h("p", {}, found.engine);
}
