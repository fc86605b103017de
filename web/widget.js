/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Switchboard's chat on a page of another site. One tag:
 *
 *   <script src="https://bots.example/widget.js" data-key="…" data-project="shop" data-locale="en" async></script>
 *
 * The key's `origins` must name the page's site; such a key can only chat. Everything said stays text. The widget lives
 * in a shadow root with a style sheet of its own, and asks nobody but the service it came from.
 */
(() => {
  const script = document.currentScript;
  const service = new URL(script.src).origin;
  const { key = "", project = "", locale = "", title = "" } = script.dataset;
  const WORDS = {
    tr: { open: "Sohbeti aç", close: "Sohbeti kapat", title: "Size nasıl yardımcı olabiliriz?", message: "İletiniz", send: "Gönder", error: "Şu an ulaşamıyoruz, lütfen yeniden deneyin.", you: "Siz: ", bot: "Asistan: ", human: "Temsilci: ", waiting: "Yanıt yazılıyor…", person: "Bir temsilci yanıtlayacak." },
    zh: { open: "打开聊天", close: "关闭聊天", title: "有什么可以帮您？", message: "您的消息", send: "发送", error: "暂时无法连接，请重试。", you: "您：", bot: "助手：", human: "人工：", waiting: "正在回复…", person: "人工客服将回复您。" },
    en: { open: "Open the chat", close: "Close the chat", title: "How can we help?", message: "Your message", send: "Send", error: "We cannot be reached right now, please try again.", you: "You: ", bot: "Assistant: ", human: "Agent: ", waiting: "Writing…", person: "A person will answer you." },
    de: { open: "Chat öffnen", close: "Chat schließen", title: "Wie können wir helfen?", message: "Ihre Nachricht", send: "Senden", error: "Wir sind gerade nicht erreichbar, bitte versuchen Sie es noch einmal.", you: "Sie: ", bot: "Assistent: ", human: "Mitarbeiter: ", waiting: "Schreibt…", person: "Ein Mensch antwortet Ihnen." },
  };
  const tongue = [locale, document.documentElement.lang, ...navigator.languages].map((tag) => (tag ?? "").slice(0, 2).toLowerCase()).find((tag) => WORDS[tag]) ?? "en";
  const words = WORDS[tongue];
  const STYLE = `
    :host { all: initial; --ink: #1b1f27; --card: #fff; --mine: #dfe8fb; --line: #d5d9e2; --accent: #2457c5; --on: #fff; --faint: #565e6d; color-scheme: light dark; }
    @media (prefers-color-scheme: dark) { :host { --ink: #e8eaf0; --card: #1d2027; --mine: #263454; --line: #4a5060; --accent: #8fb0ff; --on: #10131a; --faint: #a9b1c0; } }
    * { box-sizing: border-box; font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", sans-serif; }
    .launch { position: fixed; inset: auto 20px 20px auto; z-index: 2147483000; width: 56px; height: 56px; border-radius: 50%; border: 0; background: var(--accent); color: var(--on); cursor: pointer; box-shadow: 0 4px 14px rgb(0 0 0 / .3); }
    .launch svg { width: 26px; height: 26px; display: block; margin: auto; }
    .panel { position: fixed; inset: auto 20px 88px auto; z-index: 2147483000; width: 370px; height: min(560px, calc(100dvh - 110px)); display: flex; flex-direction: column; background: var(--card); color: var(--ink); border: 1px solid var(--line); border-radius: 14px; box-shadow: 0 8px 30px rgb(0 0 0 / .25); overflow: hidden; }
    [hidden] { display: none !important; }
    header { display: flex; align-items: center; gap: 8px; padding: 10px 14px; background: var(--accent); color: var(--on); }
    header h2 { margin: 0; font-weight: 600; flex: 1; }
    header button { background: none; border: 0; color: inherit; font-size: 20px; line-height: 1; cursor: pointer; padding: 4px 8px; }
    .log { flex: 1; overflow-y: auto; padding: 12px; display: flex; flex-direction: column; gap: 8px; }
    .said { align-self: start; max-width: 86%; border: 1px solid var(--line); border-radius: 12px; padding: 7px 11px; white-space: pre-wrap; overflow-wrap: anywhere; }
    .said.you { align-self: end; background: var(--mine); border-color: var(--mine); }
    .said.human { border-color: var(--accent); }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    details { font-size: 13px; color: var(--faint); } summary { cursor: pointer; font-size: 13px; }
    .status { min-height: 20px; margin: 0; padding: 0 14px; color: var(--faint); font-size: 13px; }
    .offers { display: flex; flex-wrap: wrap; gap: 6px; padding: 0 12px; }
    .offers button { border: 1px solid var(--accent); color: var(--accent); background: none; border-radius: 16px; padding: 4px 12px; cursor: pointer; }
    .offers button::first-letter { text-transform: uppercase; }
    form { display: flex; gap: 8px; padding: 10px 12px; }
    input { flex: 1; min-width: 0; border: 1px solid #848c9b; border-radius: 10px; padding: 8px 10px; background: var(--card); color: var(--ink); }
    form button { border: 0; border-radius: 10px; padding: 8px 14px; background: var(--accent); color: var(--on); cursor: pointer; }
    button:disabled { opacity: .5; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    header :focus-visible { outline-color: var(--on); }
    @media (max-width: 480px) { .panel { inset: 0; width: auto; height: auto; border-radius: 0; border: 0; } }
  `;

  const h = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const icon = () => {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
    picture.setAttribute("viewBox", "0 0 24 24");
    picture.setAttribute("aria-hidden", "true");
    shape.setAttribute("fill", "currentColor");
    shape.setAttribute("d", "M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z");
    picture.append(shape);
    return picture;
  };

  // --- the session: kept on this site, made of 128 random bits --------------------------------------------------------
  const place = `switchboard-${service}-${project}`;
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const store = (work) => { try { return work(localStorage); } catch { return null; } };
  let known = store((kept) => kept.getItem(place));
  const session = known ?? `visitor-${random()}`;
  const headers = key ? { "X-API-Key": key } : {};

  // --- what it looks like ---------------------------------------------------------------------------------------------
  const host = h("switchboard-chat");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const log = h("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0", "aria-label": title || words.title });
  const status = h("p", { class: "status", role: "status" });
  const offers = h("div", { class: "offers" });
  const field = h("input", { "aria-label": words.message, placeholder: words.message, autocomplete: "off", maxlength: "4000" });
  const button = h("button", { type: "submit" }, words.send);
  const form = h("form", { onsubmit: (event) => { event.preventDefault(); say(field.value.trim()); } }, field, button);
  const panel = h("section", { class: "panel", role: "dialog", "aria-label": title || words.title, lang: tongue, hidden: "" },
    h("header", {}, h("h2", {}, title || words.title), h("button", { type: "button", "aria-label": words.close, onclick: () => show(false) }, "×")),
    log, status, offers, form);
  const launch = h("button", { class: "launch", type: "button", "aria-label": words.open, "aria-expanded": "false", onclick: () => show(panel.hidden) }, icon());
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") show(false); });
  root.append(panel, launch);

  let shown = 0; // lines of a person that were shown
  let person = false;
  let busy = false;

  function show(now) {
    panel.hidden = !now;
    launch.setAttribute("aria-expanded", String(now));
    launch.setAttribute("aria-label", now ? words.close : words.open);
    if (now && known && !log.childElementCount) recall();
    (now ? field : launch).focus();
  }

  function said(who, text, language) {
    const body = h("span", { dir: "auto", lang: language ?? tongue }, text);
    const element = h("div", { class: `said ${who}` }, h("span", { class: "hidden" }, words[who]), body);
    log.append(element);
    log.scrollTop = log.scrollHeight;
    return { element, body };
  }

  function offer(replies) {
    offers.replaceChildren(...(replies ?? []).map((reply) => h("button", { type: "button", onclick: () => say(reply.message) }, reply.title)));
  }

  // --- talking --------------------------------------------------------------------------------------------------------
  async function transcript() {
    const address = `${service}/sessions/${session}/messages${project ? `?project=${encodeURIComponent(project)}` : ""}`;
    const response = await fetch(address, { headers }).catch(() => null);
    return response?.ok ? (await response.json()).messages : null;
  }

  async function recall() {
    const messages = await transcript();
    const who = { user: "you", assistant: "bot", human: "human" };
    for (const line of messages ?? []) if (who[line.role]) said(who[line.role], line.content);
    hear(messages ?? [], true);
  }

  /** A person's words as they come; a note in the transcript says that the person has gone again. */
  function hear(messages, silent = false) {
    const lines = messages.filter((line) => line.role === "human" || line.role === "system");
    for (const line of lines.slice(shown)) if (line.role === "human" && !silent) said("human", line.content);
    if (lines.length > shown) person = lines.at(-1).role === "human";
    shown = lines.length;
    status.textContent = person ? words.person : "";
  }

  setInterval(async () => {
    if (!person || panel.hidden || busy || document.hidden) return;
    const messages = await transcript();
    if (messages) hear(messages);
  }, 3000);

  async function say(message, id = random()) {
    if (!message || busy) return;
    known ??= store((kept) => (kept.setItem(place, session), session)) ?? session;
    field.value = "";
    offer([]);
    said("you", message);
    busy = button.disabled = true;
    status.textContent = words.waiting;
    const { element, body } = said("bot", "");
    element.hidden = true;
    try {
      await follow({ message, session_id: session, message_id: id, ...(project && { project }), ...(locale && { locale }) }, element, body);
    } catch {
      element.hidden = false;
      body.textContent ||= words.error;
    } finally {
      busy = button.disabled = false;
      status.textContent = person ? words.person : "";
      log.scrollTop = log.scrollHeight;
      field.focus();
    }
  }

  async function follow(request, element, body) {
    const response = await fetch(`${service}/chat`, {
      method: "POST", headers: { ...headers, "Content-Type": "application/json", Accept: "text/event-stream" }, body: JSON.stringify(request),
    });
    if (!response.ok) {
      body.textContent = (await response.json().catch(() => ({}))).reply ?? words.error;
      element.hidden = false;
      return;
    }
    for await (const event of events(response.body)) {
      if (event.type === "message") body.append(event.delta);
      else if (event.type === "error") body.textContent = event.message;
      else finish(event, element, body);
      element.hidden = !body.textContent;
      log.scrollTop = log.scrollHeight;
    }
  }

  function finish(answer, element, body) {
    body.lang = answer.locale ?? tongue;
    person = answer.outcome === "transferred" || answer.outcome === "muted";
    const marks = [...new Set(answer.reply?.match(/\[\d{1,2}\]/g))]; // sources come in the order of their marks
    for (const [at, source] of (answer.citations ?? []).entries()) {
      const name = [marks[at], source.title || source.source].filter(Boolean).join(" ");
      element.append(h("details", {}, h("summary", {}, name), h("div", { dir: "auto" }, source.text)));
    }
    offer(answer.quick_replies);
  }

  async function* events(stream) {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(line[5] === " " ? 6 : 5));
        if (data.length) yield JSON.parse(data.join("\n"));
      }
    }
  }

  const place_it = () => document.body.append(host);
  if (document.body) place_it();
  else addEventListener("DOMContentLoaded", place_it);
})();
