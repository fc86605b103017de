/** The chat page: pick a bot, talk to it, see beside it what it made of every message. */

import { byId, h } from "./dom.js";
import { explain } from "./inspector.js";
import { Refused, get, remember, turn } from "./service.js";

const log = byId("log");
const status = byId("status");
const field = byId("message");
let projects = [];
let busy = false;
let id = null;

const project = () => projects.find((item) => item.name === byId("project").value);
const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const place = () => `switchboard-session-${byId("project").value}`;

/** The conversation's id; it is kept over a reload once something was said. */
function session({ keep = false } = {}) {
  id = sessionStorage.getItem(place()) ?? id ?? `web-${newId()}`;
  if (keep) sessionStorage.setItem(place(), id);
  byId("session").textContent = id;
  return id;
}

function localized(text) {
  if (typeof text === "string" || !text) return text;
  const locale = byId("locale").value || project()?.locales[0];
  return text[locale] ?? Object.values(text)[0];
}

// --- the projects -------------------------------------------------------------------------------------------------

function option(value, text = value) {
  return h("option", { value }, text);
}

async function loadProjects() {
  try {
    projects = (await get("/projects")).projects;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) return askForKey();
    projects = []; // a key that may chat but not list: the service names the choices when it must be told
  }
  offer(projects.map((item) => item.name));
  await begin();
}

function offer(names) {
  byId("project").replaceChildren(...(names.length ? names.map((name) => option(name)) : [option("", "the only one")]));
}

/** A language in its own words; browsers without the data, or with a malformed setting, show the code. */
function languageName(code) {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

function offerLocales() {
  const locales = project()?.locales ?? [];
  byId("locale").replaceChildren(option("", "follows you"), ...locales.map((code) => option(code, languageName(code))));
}

function welcome() {
  const intents = Object.values(project()?.intents ?? {}).map(localized).filter(Boolean).slice(0, 8);
  return h("div", { id: "welcome" },
    h("p", { class: "faint" }, projects.length || byId("project").value ? "Write to the bot, or begin with one of these:" : "Write to the bot."),
    h("div", { class: "starters" }, intents.map((title) => h("button", { type: "button", onclick: () => say(title) }, title))));
}

async function begin() {
  offerLocales();
  id = null;
  const known = sessionStorage.getItem(place()) !== null;
  session();
  log.replaceChildren(welcome());
  byId("turn").replaceChildren(h("p", { class: "faint" }, "Say something: here is then what was understood, found and decided."));
  if (known) await showTranscript();
}

async function showTranscript() {
  const query = byId("project").value ? `?project=${encodeURIComponent(byId("project").value)}` : "";
  const found = await get(`/sessions/${encodeURIComponent(id)}/messages${query}`).catch(() => null);
  for (const message of found?.messages ?? []) {
    bubble(message.role === "user" || message.role === "human" ? "mine" : "bot").querySelector(".words").textContent = message.content;
  }
}

// --- the conversation ---------------------------------------------------------------------------------------------

function bubble(kind) {
  const element = h("div", { class: `bubble ${kind}` },
    h("span", { class: "hidden" }, kind === "mine" ? "You: " : "Bot: "), h("div", { class: "words", dir: "auto" }));
  byId("welcome")?.remove();
  log.append(element);
  log.scrollTop = log.scrollHeight;
  return element;
}

function show(element, answer) {
  log.querySelectorAll(".shown").forEach((other) => other.classList.remove("shown"));
  element.classList.add("shown");
  byId("turn").replaceChildren(...explain(answer));
}

function finish(element, answer) {
  element.querySelector(".words").textContent = answer.reply || "(a person has this conversation; the bot is silent)";
  if (answer.locale) element.querySelector(".words").lang = answer.locale;
  const sources = (answer.citations ?? []).map((item) =>
    h("details", {}, h("summary", {}, item.title || item.source), h("blockquote", {}, item.text)));
  const tags = [h("span", { class: "tag" }, answer.outcome)];
  if (answer.should_transfer) tags.push(h("span", { class: "tag bad" }, "to a person"));
  if (typeof answer.confidence === "number") tags.push(h("span", {}, `${Math.round(answer.confidence * 100)} % sure`));
  element.append(...sources, h("div", { class: "under" }, tags,
    h("button", { type: "button", onclick: () => show(element, answer) }, "Behind it")));
  show(element, answer);
}

function fail(element, text, again) {
  element.classList.add("broken");
  element.querySelector(".words").textContent += (element.querySelector(".words").textContent ? "\n" : "") + text;
  element.append(h("div", { class: "under" },
    h("button", { type: "button", onclick: () => { element.remove(); again(); } }, "Try again")));
}

async function say(text) {
  if (busy) return;
  bubble("mine").querySelector(".words").textContent = text;
  const body = { message: text, session_id: session({ keep: true }), message_id: newId() };
  if (byId("project").value) body.project = byId("project").value;
  if (byId("locale").value) body.locale = byId("locale").value;
  await send(body);
}

/** Sends a turn; sent again after a failure it has the same message_id, so nothing is done twice. */
async function send(body) {
  setBusy(true);
  const element = bubble("bot");
  element.setAttribute("aria-busy", "true");
  try {
    await follow(element, body);
  } catch (error) {
    if (error instanceof Refused && error.status === 401) askForKey();
    if (error.problem?.choices) offer(error.problem.choices);
    fail(element, error instanceof Refused ? error.problem.reply ?? error.message : "The service could not be reached.", () => send(
      error.problem?.choices ? { ...body, project: byId("project").value } : body));
  } finally {
    element.setAttribute("aria-busy", "false");
    setBusy(false);
    field.focus();
  }
}

async function follow(element, body) {
  const words = element.querySelector(".words");
  let ended = false;
  for await (const event of turn(body)) {
    if (event.type === "message") words.textContent += event.delta;
    else if (event.type === "final") finish(element, event);
    else fail(element, `${event.message} (${event.error_id})`, () => send(body));
    ended ||= event.type !== "message";
    log.scrollTop = log.scrollHeight;
  }
  if (!ended) throw new Error("the stream ended early");
}

function setBusy(now) {
  busy = now;
  byId("send").disabled = now;
  status.textContent = now ? "The bot is answering…" : "";
}

// --- the controls -------------------------------------------------------------------------------------------------

function submit() {
  const text = field.value.trim();
  if (!text || busy) return;
  field.value = "";
  field.style.height = "";
  say(text);
}

function askForKey() {
  byId("key").showModal();
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
}

byId("form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
field.addEventListener("input", () => { field.style.height = ""; field.style.height = `${field.scrollHeight}px`; });
byId("project").addEventListener("change", begin);
byId("restart").addEventListener("click", () => { sessionStorage.removeItem(place()); begin(); field.focus(); });
byId("theme").addEventListener("click", () => {
  const dark = byId("theme").getAttribute("aria-pressed") !== "true";
  setTheme(dark);
  localStorage.setItem("switchboard-theme", dark ? "dark" : "light");
});
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  remember(byId("key-value").value.trim());
  byId("key-value").value = "";
  byId("key").close();
  loadProjects();
});

const wanted = localStorage.getItem("switchboard-theme");
if (wanted) setTheme(wanted === "dark");
else byId("theme").setAttribute("aria-pressed", String(matchMedia("(prefers-color-scheme: dark)").matches));
loadProjects().catch(() => { status.textContent = "The service could not be reached. Reload to try again."; });
