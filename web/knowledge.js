/** The knowledge: a bot's documents, adding and removing them, and what retrieval finds for a question. */

import { bar, byId, h, score } from "./dom.js";
import { get, post, remove, upload } from "./service.js";
import { t } from "./words.js";

const status = byId("knowledge-status");
let project = null;

const told = (error) => (error.status === 403 ? t("role", { role: "admin" }) : error.status ? error.message : t("unreachable"));
const query = () => (project ? `?project=${encodeURIComponent(project)}` : "");

/** Show this bot's documents. */
export async function choose(name) {
  if (name !== project) {
    byId("found").replaceChildren();
    byId("found-status").textContent = "";
    byId("uploads").replaceChildren();
  }
  project = name;
  if (byId("knowledge").hidden) return;
  try {
    const { documents } = await get(`/knowledge/documents${query()}`);
    status.textContent = documents.length ? t("knowledge.count", { count: documents.length }) : t("knowledge.none");
    byId("documents").replaceChildren(...documents.map(row));
  } catch (error) {
    status.textContent = told(error);
  }
}

function row(item) {
  const marks = [item.locale, ...(item.labels ?? []), ...(item.channels ?? [])].filter(Boolean);
  return h("li", {}, h("div", { class: "row" },
    h("span", {}, item.title || item.name),
    h("span", { class: "faint" }, `${item.name} · ${t("knowledge.passages", { count: item.passages })}`),
    h("span", { class: "chips" }, marks.map((mark) => h("span", { class: "tag" }, mark))),
    h("button", { type: "button", class: "quiet needs-admin", "aria-label": t("knowledge.remove", { name: item.name }), onclick: () => drop(item) }, "×")));
}

async function drop(item) {
  if (!confirm(t("knowledge.sure", { name: item.name }))) return;
  try {
    await remove(`/knowledge/documents/${encodeURIComponent(item.id)}${query()}`);
    await choose(project);
  } catch (error) {
    status.textContent = told(error);
  }
}

async function send(file) {
  const share = h("progress", { max: "1", value: "0", "aria-label": file.name });
  const words = h("span", { role: "status" }, t("knowledge.sending"));
  byId("uploads").prepend(h("div", { class: "upload" }, h("span", {}, file.name), share, words));
  try {
    const made = await upload(file, project, (part) => {
      share.value = part;
      words.textContent = part < 1 ? `${t("knowledge.sending")} ${Math.round(part * 100)} %` : t("knowledge.reading");
      if (part >= 1) share.removeAttribute("value"); // how long reading takes nobody knows
    });
    share.value = 1;
    words.textContent = t("knowledge.done", { count: made.passages });
  } catch (error) {
    share.remove();
    words.className = "tag bad";
    words.textContent = told(error);
  }
}

async function sendAll(files) {
  for (const file of files) await send(file); // one after the other: the service indexes one at a time
  await choose(project);
}

byId("file").addEventListener("change", async () => {
  await sendAll([...byId("file").files]);
  byId("file").value = "";
});
byId("knowledge").addEventListener("dragover", (event) => event.preventDefault());
byId("knowledge").addEventListener("drop", (event) => {
  event.preventDefault();
  sendAll([...event.dataTransfer.files]);
});

byId("search").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { query: byId("query").value, ...(project ? { project } : {}) };
  try {
    const { passages } = await post("/knowledge/search", body);
    byId("found-status").textContent = t("knowledge.found", { count: passages.length });
    byId("found").replaceChildren(...passages.map(found));
  } catch (error) {
    byId("found-status").textContent = error.status === 403 ? t("role", { role: "desk" }) : told(error);
  }
});

function found(passage) {
  const figures = ["relevance", "cosine", "coverage"].filter((name) => typeof passage[name] === "number");
  return h("li", {},
    h("h3", {}, [passage.title, passage.heading].filter(Boolean).join(" · ") || passage.source),
    h("div", { class: "scored" }, bar(passage.relevance ?? passage.score), h("span", { class: "number" }, score(passage.score))),
    h("p", { class: "faint" }, [passage.source, ...figures.map((name) => `${name} ${score(passage[name])}`)].join(" · ")),
    h("blockquote", { dir: "auto", lang: passage.locale }, passage.text));
}
