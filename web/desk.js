/** The desk: who waits for a person and why, answering them, and giving them back to the bot. */

import { byId, h, shown, table } from "./dom.js";
import { get, post, sessionPath } from "./service.js";
import { language, t } from "./words.js";

const NAME = "switchboard-agent";
const LISTED = 100;
const status = byId("desk-status");
let chosen = null; // {project, session_id}
let barred = false; // the key does not reach here: it is not asked again and again
let drawn = ""; // what of the chosen case was drawn last

const same = (one, other) => one?.session_id === other?.session_id && one?.project === other?.project;
const moment = (text) => (text ? new Date(text).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" }) : "–");

/** Look who waits; the number of them stands at the view's name. */
export async function refresh() {
  if (barred && byId("desk").hidden) return;
  const everybody = byId("everybody").checked;
  try {
    const waiting = await get("/sessions?owner=person&limit=1");
    barred = false;
    byId("waiting").hidden = !waiting.total;
    byId("waiting").textContent = waiting.total;
    if (byId("desk").hidden) return;
    const found = await get(`/sessions?limit=${LISTED}${everybody ? "" : "&owner=person"}`);
    status.textContent = found.total ? "" : t("desk.none");
    byId("sessions").replaceChildren(...found.sessions.map(row));
    await look();
  } catch (error) {
    barred = error.status === 403 || error.status === 401;
    status.textContent = error.status === 403 ? t("role", { role: "desk" }) : error.status ? error.message : t("unreachable");
  }
}

function row(session) {
  return h("li", {}, h("button", { type: "button", class: "row", "aria-pressed": String(same(session, chosen)), onclick: () => choose(session) },
    h("span", { class: "code" }, session.session_id),
    h("span", { class: "faint" }, `${session.project} · ${session.locale} · ${t("desk.turns", { count: session.turns })} · ${moment(session.last_active)}`),
    session.owner === "person" && h("span", { class: "tag bad" }, t("person"))));
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
  const now = JSON.stringify([state.owner, state.transfer, state.slots, said.messages.length, language()]);
  if (now === drawn) return null; // what is being written stays
  drawn = now;
  const written = byId("case").querySelector("textarea")?.value ?? "";
  byId("case").replaceChildren(...packet(state), transcript(said.messages), answerForm(state, written));
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
    ...Object.entries(state.slots ?? {}).map(([name, value]) => [`${t("desk.known")}: ${name}`, shown(value)]),
  ].filter(Boolean);
  const link = `#chat?project=${encodeURIComponent(chosen.project)}&session=${encodeURIComponent(chosen.session_id)}`;
  return [h("div", { class: "bar" }, h("h2", { class: "code" }, chosen.session_id), h("a", { href: link }, t("desk.open"))), table(rows)];
}

function transcript(messages) {
  const kind = { user: "you", assistant: "bot", human: "person", system: "system" };
  const who = { user: t("messages"), assistant: t("bot"), human: t("person"), system: t("desk.system") };
  return h("div", { class: "transcript", role: "log", tabindex: "0", "aria-label": t("messages") }, messages.map((line) =>
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

byId("everybody").addEventListener("change", refresh);
document.addEventListener("spoken", () => { drawn = ""; });
setInterval(() => { if (!document.hidden) refresh(); }, 3000);
