/** The desk: who waits for a person and why, answering them, and giving them back to the bot. */

import { byId, h, shown, table } from "./dom.js";
import { get, post, sessionPath } from "./service.js";
import { language, t } from "./words.js";

const NAME = "switchboard-agent";
const LISTED = 50;
const LINES = 200; // so many of a transcript stand in the page; the chat has them all
const status = byId("desk-status");
let chosen = null; // {project, session_id}
let barred = false; // the key does not reach here: it is not asked again and again
let drawn = ""; // what of the chosen case was drawn last
let offset = 0; // how many newer conversations stand before this page

const same = (one, other) => one?.session_id === other?.session_id && one?.project === other?.project;
/** How long ago, in the page's language. */
function ago(text) {
  const minutes = Math.round((Date.parse(text) - Date.now()) / 60000);
  const [count, unit] = minutes > -60 ? [minutes, "minute"] : minutes > -2880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
  return text ? new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(Math.min(0, count), unit) : "–";
}

const moment = (text) => (text ? new Date(text).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" }) : "–");

/** Look who waits; the number of them stands at the view's name. Says whether this key reaches here. */
export async function refresh({ again = false } = {}) {
  if (barred && byId("desk").hidden && !again) return false;
  const query = listed();
  const all = Boolean(query.contains) || !query.owner;
  try {
    const [found, waiting] = await Promise.all([!byId("desk").hidden && sessions(query), (all || byId("desk").hidden) && sessions({ owner: "person", limit: 1 })]);
    barred = false;
    tellWaiting((waiting || found).total);
    if (!found) return true;
    if (!found.sessions.length && offset) return turnTo(0);
    status.textContent = found.total ? "" : (all ? t("desk.nothing") : t("desk.none"));
    byId("desk-title").textContent = all ? t("desk.everybody") : t("desk.waiting");
    byId("sessions").replaceChildren(...found.sessions.map(row));
    pages(found);
    await look();
    return true;
  } catch (error) {
    barred = error.status === 403 || error.status === 401;
    status.textContent = error.status === 403 ? t("role", { role: "desk" }) : error.status ? error.message : t("unreachable");
    return !barred;
  }
}

const sessions = (query) => get(`/sessions?${new URLSearchParams(query)}`);

function listed() {
  const query = { limit: LISTED, offset };
  const contains = byId("find").value.trim();
  if (contains) query.contains = contains;
  else if (!byId("everybody").checked) query.owner = "person";
  return query;
}

function tellWaiting(count) {
  byId("waiting").hidden = !count;
  byId("waiting").textContent = count;
}

/** Which of how many are listed, and the ways to the others; nothing where one page holds them all. */
function pages({ total, sessions: shownNow }) {
  byId("pages").hidden = total <= LISTED;
  byId("page").textContent = t("desk.page", { first: offset + 1, last: offset + shownNow.length, total: total.toLocaleString(language()) });
  byId("newer").disabled = offset === 0;
  byId("older").disabled = offset + shownNow.length >= total;
}

function turnTo(first) {
  offset = Math.max(0, first);
  return refresh();
}

function row(session) {
  const { transfer } = session;
  const waits = session.owner === "person";
  return h("li", {}, h("button", { type: "button", class: "row", "aria-pressed": String(same(session, chosen)), onclick: () => choose(session) },
    h("span", { class: "code" }, session.session_id),
    h("span", { class: "faint" }, `${session.project} · ${session.locale} · ${t("desk.turns", { count: session.turns })} · `,
      waits && transfer ? t("desk.waits", { time: ago(transfer.at) }) : t("desk.last", { time: ago(session.last_active) })),
    waits && h("span", { class: "tag bad" }, transfer?.reason ?? t("person"))));
}

async function choose(session) {
  chosen = session;
  drawn = "";
  await refresh();
  byId("case").focus();
}

async function look() {
  if (!chosen) return byId("case").replaceChildren(h("p", { class: "faint" }, t("desk.pick")));
  const [state, said] = await Promise.all(["", "/messages"].map((rest) => get(sessionPath(chosen.session_id, chosen.project, rest))));
  const now = JSON.stringify([state.owner, state.transfer, state.slots, said.messages.length, said.earlier, language()]);
  if (now === drawn) return null; // what is being written stays
  drawn = now;
  const written = byId("case").querySelector("textarea")?.value ?? "";
  byId("case").replaceChildren(...packet(state), transcript(said.messages, said.earlier), answerForm(state, written));
  const lines = byId("case").querySelector(".transcript");
  lines.scrollTop = lines.scrollHeight;
  return null;
}

function packet(state) {
  const { transfer } = state;
  const open = transfer && !transfer.released && state.owner === "person";
  const rows = [
    open && [t("desk.reason"), h("span", { class: "tag bad" }, transfer.reason)],
    open && [t("desk.since"), moment(transfer.at)],
    open && transfer.summary && [t("desk.summary"), transfer.summary],
    state.intent && [t("desk.flow"), h("span", { class: "code" }, state.intent)],
  ].filter(Boolean);
  const known = Object.entries(state.slots ?? {}).map(([name, value]) => [name, shown(value)]);
  const done = (state.actions ?? []).map((deed) => [h("span", { class: "code" }, deed.name), [deed.status, deed.reference].filter(Boolean).join(" · ")]);
  const link = `#chat?project=${encodeURIComponent(chosen.project)}&session=${encodeURIComponent(chosen.session_id)}`;
  return [h("div", { class: "bar" }, h("h2", { class: "code" }, chosen.session_id), h("a", { href: link }, t("desk.open"))),
    rows.length ? table(rows) : "", known.length ? [h("h3", {}, t("desk.known")), table(known)] : "",
    done.length ? [h("h3", {}, t("desk.done")), table(done)] : ""].flat();
}

function transcript(messages, earlier) {
  const kind = { user: "you", assistant: "bot", human: "person", system: "system" };
  const who = { user: t("messages"), assistant: t("bot"), human: t("person"), system: t("desk.system") };
  const before = (earlier ?? 0) + Math.max(0, messages.length - LINES);
  return h("div", { class: "transcript", role: "log", tabindex: "0", "aria-label": t("messages") },
    before > 0 && h("p", { class: "marker faint" }, t("desk.before", { count: before })), messages.slice(-LINES).map((line) =>
    (line.role === "system" ? h("p", { class: "marker faint" }, t("released"))
      : h("div", { class: `bubble ${kind[line.role]}` }, h("span", { class: "hidden" }, `${who[line.role]}: `), h("div", { class: "words", dir: "auto" }, line.content)))));
}

function answerForm(state, written) {
  const name = h("input", { id: "agent", required: true, maxlength: "200", autocomplete: "name" });
  name.value = localStorage.getItem(NAME) ?? "";
  const words = h("textarea", { id: "answer", rows: "2", required: true, maxlength: "10000" });
  words.value = written;
  const path = (rest) => sessionPath(chosen.session_id, chosen.project, rest);
  const act = async (work) => {
    try {
      await work();
      drawn = "";
      await refresh();
    } catch (error) {
      status.textContent = error.message;
    }
  };
  const form = h("form", { class: "answer" },
    state.owner === "person" ? null : h("p", { class: "faint" }, t("desk.take_note")),
    h("label", {}, h("span", {}, t("desk.name")), name),
    h("label", {}, h("span", {}, t("desk.answer")), words),
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "main" }, t("desk.send")),
      h("button", { type: "button", disabled: state.owner !== "person", onclick: () => act(() => post(path("/desk/release"))) }, t("desk.release"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    localStorage.setItem(NAME, name.value.trim());
    const body = { text: words.value.trim(), agent: name.value.trim(), message_id: crypto.randomUUID?.() ?? String(Math.random()) };
    act(async () => {
      await post(path("/desk/messages"), body);
      words.value = "";
    });
  });
  return form;
}

byId("everybody").addEventListener("change", () => turnTo(0));
byId("find").addEventListener("input", () => turnTo(0));
byId("newer").addEventListener("click", () => turnTo(offset - LISTED));
byId("older").addEventListener("click", () => turnTo(offset + LISTED));
document.addEventListener("spoken", () => { drawn = ""; });
setInterval(() => { if (!document.hidden) refresh(); }, 3000);
