/** The page's own words: one file a language, loaded when it is spoken. What bots say comes from the service. */

const SPOKEN = ["tr", "zh", "en"];
const KEPT = "switchboard-words";
let words = {};
let spoken = "en";

export const language = () => spoken;

/** The words of that key, with `{name}` replaced; a key without words shows itself. */
export function t(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

function preferred() {
  const asked = [localStorage.getItem(KEPT), ...navigator.languages].filter(Boolean).map((tag) => tag.slice(0, 2).toLowerCase());
  return asked.find((tag) => SPOKEN.includes(tag)) ?? "en";
}

/** Speak a language from now on, everywhere on the page. */
export async function speak(code) {
  if (code) localStorage.setItem(KEPT, code);
  const chosen = code ?? preferred();
  spoken = chosen;
  const read = (await import(`./words/${chosen}.js`)).default;
  if (spoken !== chosen) return; // another was chosen while this one was on its way
  words = read;
  document.documentElement.lang = spoken;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of document.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
  document.dispatchEvent(new CustomEvent("spoken"));
}

/** A language in its own words; browsers without the data, or with a malformed setting, show the code. */
export function languageName(code) {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
