/** The console: views, bots, the page's language, its theme, its key. */

import * as chat from "./chat.js";
import * as desk from "./desk.js";
import { byId, h } from "./dom.js";
import * as knowledge from "./knowledge.js";
import { Refused, get, hasKey, remember } from "./service.js";
import { language, speak, t } from "./words.js";

const VIEWS = ["chat", "desk", "knowledge"];
const PROJECT = "switchboard-project";
let projects = [];

const bot = () => projects.find((item) => item.name === byId("project").value) ?? null;

/** Where the address leads: a view, perhaps a bot and a conversation. */
function wanted() {
  const [view, query] = location.hash.slice(1).split("?");
  const asked = new URLSearchParams(query ?? "");
  return { view: VIEWS.includes(view) ? view : "chat", project: asked.get("project"), session: asked.get("session") };
}

async function go() {
  const { view, project, session } = wanted();
  for (const name of VIEWS) byId(name).hidden = name !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (project && projects.some((item) => item.name === project)) byId("project").value = project;
  if (view === "chat" && session) {
    await chat.choose(bot(), session);
    history.replaceState(null, "", "#chat");
  }
  if (view === "desk") await desk.refresh();
  if (view === "knowledge") await knowledge.choose(byId("project").value);
}

async function begin() {
  byId("rekey").hidden = !hasKey();
  const role = await reached();
  if (!role) return;
  document.documentElement.dataset.role = role;
  if (role === "desk" && !location.hash) history.replaceState(null, "", "#desk"); // whoever may not publish is here to answer
  offer(projects.map((item) => item.name));
  const kept = localStorage.getItem(PROJECT);
  if (projects.some((item) => item.name === kept)) byId("project").value = kept;
  if (!wanted().session) await chat.choose(bot());
  await go();
  desk.refresh({ again: true });
}

const start = () => begin().catch(() => { byId("status").textContent = t("unreachable"); });

/** How far the key reaches, with the bots that it sees; null where there is none yet. */
async function reached() {
  try {
    projects = (await get("/projects")).projects;
    return "admin";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status !== 403) return null;
  }
  projects = (await get("/v1/models")).data.map((item) => ({ name: item.id })); // their names, which any key may see
  return (await desk.refresh({ again: true })) ? "desk" : "chat";
}

function offer(names) {
  byId("project").replaceChildren(...(names.length ? names : [""]).map((name) => h("option", { value: name }, name || t("only_one"))));
}

function askKey(wrong) {
  byId("key-wrong").hidden = !wrong;
  byId("rekey").hidden = false;
  if (!byId("key").open) byId("key").showModal();
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
}

byId("project").addEventListener("change", async () => {
  localStorage.setItem(PROJECT, byId("project").value);
  await chat.choose(bot());
  await knowledge.choose(byId("project").value);
});
byId("words").addEventListener("change", () => speak(byId("words").value));
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
  start();
});
document.addEventListener("keywanted", () => { askKey(hasKey()); });
byId("rekey").addEventListener("click", () => askKey(false));
document.addEventListener("choices", (event) => offer(event.detail));

const theme = document.documentElement.dataset.theme;
byId("theme").setAttribute("aria-pressed", String(theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches));
await speak();
byId("words").value = language();
document.addEventListener("spoken", go);
addEventListener("hashchange", go);
start();
