/** The chat: talk to a bot, see every turn of it, go back to an earlier one and try another message. */

import { byId, h, percent } from "./dom.js";
import { Inspector } from "./inspector.js";
import { Log } from "./log.js";
import { Refused, turn as ask, get, post, sessionPath, text } from "./service.js";
import { language, languageName, t } from "./words.js";

const FORK = "~fork-";
const field = byId("message");
const status = byId("status");
const random = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

let bot = null; // the chosen project, as /projects has it; null for a key that may not list
let id = null;
let busy = false;
let owner = "bot";
let begun = null;
const chosen = new Promise((resolve) => { begun = resolve; }); // until a bot is chosen nothing can be sent
let opening = null; // the conversation being fetched, which would take the place of what is sent meanwhile
let spoken = 0; // how many of the transcript's lines that are no turns were shown
const log = new Log(byId("log"), draw);
const inspector = new Inspector(byId("inspector"), { fork, step: (number) => inspect(log.turns.get(number)) });

const named = () => bot?.name ?? byId("project").value;
const place = () => `switchboard-session-${named()}`;

// --- which conversation -------------------------------------------------------------------------------------------

/** Talk to this bot; in the conversation of that id, or in the one that was under way here. */
export async function choose(project, session = null) {
  bot = project;
  const options = [["", t("follows")], ...(bot?.locales ?? []).map((code) => [code, languageName(code)])];
  byId("locale").replaceChildren(...options.map(([value, words]) => h("option", { value }, words)));
  if (session) sessionStorage.setItem(place(), session);
  const known = sessionStorage.getItem(place());
  name(known ?? `web-${random()}`);
  opening = show(Boolean(known));
  begun();
  await opening;
}

function name(session) {
  id = session;
  byId("session").textContent = id;
  byId("session").title = id;
}

async function show(stored) {
  offer([]);
  owner = "bot";
  spoken = 0;
  log.clear(welcome());
  inspector.clear();
  tellOrigin();
  status.textContent = "";
  if (!stored) return;
  try {
    await log.open(id, named());
    const last = log.newest?.answer;
    if (last) settle(last);
    await hear();
    if (log.newest) inspect(log.newest);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    log.clear(welcome()); // nothing was said yet, or the key may not read it
  }
}

function welcome() {
  const say = (words) => (typeof words === "string" ? words : words?.[byId("locale").value] ?? words?.[language()] ?? Object.values(words ?? {})[0]);
  const titles = Object.values(bot?.intents ?? {}).map(say).filter(Boolean).slice(0, 8);
  return h("div", { class: "welcome" }, h("p", { class: "faint" }, t("welcome")),
    h("div", { class: "chips" }, titles.map((title) => h("button", { type: "button", onclick: () => send(title) }, title))));
}

function tellOrigin() {
  const [origin, mark] = id.split(FORK);
  byId("origin").hidden = !mark;
  byId("origin").replaceChildren(mark ? h("span", { class: "tag" }, t("forked_of", { origin })) : "", " ",
    mark ? h("button", { type: "button", class: "quiet", onclick: () => choose(bot, origin) }, t("back")) : "");
}

// --- the turns ----------------------------------------------------------------------------------------------------

function bubble(kind, words, locale) {
  return h("div", { class: `bubble ${kind}` }, h("span", { class: "hidden" }, `${t(kind)}: `),
    h("div", { class: "words", dir: "auto", lang: locale }, words));
}

function draw(turn) {
  const { number, message, answer } = turn;
  const mine = bubble("you", message || t("event"), answer?.locale);
  const again = h("button", { type: "button", class: "quiet fork needs-admin", onclick: () => fork(turn) }, t("fork"));
  const element = h("article", { class: "turn", "data-number": number }, h("div", { class: "said" }, mine, again));
  if (answer) finish(turn, element);
  else element.append(h("div", { class: "bubble bot", "aria-busy": "true" }, h("span", { class: "hidden" }, `${t("bot")}: `), h("div", { class: "words", dir: "auto" })));
  return element;
}

/** The answer in the turn's place, with its passages and what it came to. */
function finish(turn, element = turn.element) {
  const { answer } = turn;
  const reply = bubble("bot", answer.reply || t("muted"), answer.locale);
  const marks = [...new Set(answer.reply?.match(/\[\d{1,2}\]/g))]; // sources come in the order of their marks in a model's words
  const sources = (answer.citations ?? []).map((item, at) => h("details", { class: "source" },
    h("summary", {}, [marks[at], item.title || item.source].filter(Boolean).join(" ")), h("p", { class: "faint" }, item.source), h("blockquote", { dir: "auto" }, item.text)));
  const tags = [h("span", { class: "tag" }, answer.outcome)];
  if (answer.should_transfer) tags.push(h("span", { class: "tag bad" }, answer.transfer_reason ?? t("s.transfer")));
  if (typeof answer.confidence === "number") tags.push(h("span", {}, t("sure", { value: percent(answer.confidence) })));
  reply.append(...sources, h("div", { class: "under" }, tags,
    h("button", { type: "button", class: "quiet link", onclick: () => { inspect(turn); byId("inspector").focus(); } }, t("behind_it"))));
  reply.addEventListener("click", (event) => { if (!event.target.closest("button, summary, blockquote") && !getSelection().toString()) inspect(turn); });
  element.querySelector(".bubble.bot")?.remove();
  element.append(reply);
}

function inspect(turn) {
  if (!turn?.answer) return;
  byId("log").querySelectorAll(".shown").forEach((other) => other.classList.remove("shown"));
  turn.element.classList.add("shown");
  inspector.show(turn, { total: log.total, earlier: log.turns.has(turn.number - 1), later: log.turns.has(turn.number + 1) });
}

function offer(replies) {
  byId("offers").replaceChildren(...replies.map((reply) =>
    h("button", { type: "button", class: "chip", onclick: () => send(reply.message) }, reply.title)));
}

function settle(answer) {
  owner = ["transferred", "muted"].includes(answer.outcome) ? "person" : "bot";
  offer(answer.quick_replies ?? []);
}

async function send(message) {
  if (busy) return;
  working(true);
  await chosen;
  await opening.catch(() => {});
  log.element.querySelector(".welcome")?.remove();
  sessionStorage.setItem(place(), id);
  offer([]);
  const body = { message, session_id: id, message_id: random() };
  if (named()) body.project = named();
  if (byId("locale").value) body.locale = byId("locale").value;
  log.place ??= { id, project: named() };
  try {
    await log.add({ message, message_id: body.message_id });
  } catch {
    working(false);
    field.value ||= message;
    status.textContent = t("unreachable");
    return;
  }
  await follow(log.newest, body);
}

/** Sends a turn; sent again after a failure it has the same message_id, so nothing is done twice. */
async function follow(turn, body) {
  working(true);
  try {
    await stream(turn, body);
  } catch (error) {
    if (error.problem?.choices) document.dispatchEvent(new CustomEvent("choices", { detail: error.problem.choices }));
    fail(turn, error instanceof Refused ? error.problem.reply ?? error.message : t("unreachable"), body);
  } finally {
    working(false);
    field.focus();
  }
}

async function stream(turn, body) {
  const begun = performance.now();
  const words = turn.element.querySelector(".bubble.bot .words");
  let ended = false;
  for await (const event of ask(body)) {
    if (event.type === "message") {
      turn.first ??= performance.now() - begun;
      words.append(event.delta);
    } else if (event.type === "final") {
      turn.answer = event;
      finish(turn);
      inspect(turn);
      settle(event);
    } else fail(turn, `${event.message} (${event.error_id})`, body);
    ended ||= event.type !== "message";
    log.down();
  }
  if (!ended) throw new Error("the stream ended early");
}

function fail(turn, words, body) {
  const reply = turn.element.querySelector(".bubble.bot");
  reply.classList.add("broken");
  reply.setAttribute("aria-busy", "false");
  reply.querySelector(".words").append(words);
  reply.append(h("div", { class: "under" }, h("button", { type: "button", onclick: () => {
    reply.replaceChildren(h("div", { class: "words", dir: "auto" }));
    reply.classList.remove("broken");
    follow(turn, named() ? { ...body, project: named() } : body);
  } }, t("again"))));
}

function working(now) {
  busy = now;
  byId("send").disabled = now;
  status.textContent = now ? t("answering") : "";
}

// --- going back ---------------------------------------------------------------------------------------------------

/** Begin a copy before this turn, with its message to be changed. */
async function fork(turn) {
  if (turn.number === 1) {
    name(`web-${random()}`);
    sessionStorage.removeItem(place());
    await show(false);
  } else {
    const before = log.turns.get(turn.number - 1) ?? (await get(sessionPath(id, named(), "/turns", { before: turn.number, limit: 1 }))).turns[0];
    try {
      const made = await post(sessionPath(id, named(), "/fork"), { after: before.message_id });
      await choose(bot, made.session_id);
    } catch (error) {
      status.textContent = error.status === 403 ? t("role", { role: "admin" }) : error.message;
      return;
    }
  }
  field.value = turn.message;
  field.focus();
  field.select();
}

// --- a person's part ----------------------------------------------------------------------------------------------

/** What a person said, put where it was said: as many of the customer's messages stand after it there as here. */
async function hear() {
  const found = await get(sessionPath(id, named(), "/messages")).catch(() => null);
  const lines = found?.messages ?? [];
  const beside = lines.map((line, at) => ({ ...line, after: lines.slice(at).filter((each) => each.role === "user").length }))
    .filter((line) => line.role === "human" || line.role === "system");
  for (const line of beside.slice(spoken)) {
    const said = line.role === "human" ? bubble("person", line.content) : h("p", { class: "marker faint" }, t("released"));
    log.note(said, log.total - line.after);
  }
  if (beside.length > spoken && beside.at(-1).role === "system") owner = "bot";
  spoken = beside.length;
}

setInterval(() => {
  if (owner === "person" && !busy && !document.hidden && !byId("chat").hidden) hear();
}, 2000);

// --- the controls -------------------------------------------------------------------------------------------------

function submit() {
  const message = field.value.trim();
  if (!message || busy) return;
  field.value = "";
  field.style.height = "";
  send(message);
}

byId("form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
field.addEventListener("input", () => { field.style.height = ""; field.style.height = `${field.scrollHeight}px`; });
byId("locale").addEventListener("change", () => { if (!log.total) log.clear(welcome()); });
byId("restart").addEventListener("click", () => { sessionStorage.removeItem(place()); choose(bot); field.focus(); });
byId("copy").addEventListener("click", async () => {
  try {
    byId("scenario-text").textContent = await text(sessionPath(id, named(), "/scenario"));
    byId("scenario").showModal();
  } catch (error) {
    status.textContent = error.message;
  }
});
byId("scenario-close").addEventListener("click", () => byId("scenario").close());
byId("scenario-copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(byId("scenario-text").textContent);
  byId("scenario-copy").textContent = t("copied");
  setTimeout(() => { byId("scenario-copy").textContent = t("copy"); }, 2000);
});
document.addEventListener("spoken", () => { if (bot || id) choose(bot); });
