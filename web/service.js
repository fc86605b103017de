/** The service's HTTP interface as this page uses it; every address is in /openapi.json. */

const KEY = "switchboard-key";

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

export const remember = (key) => sessionStorage.setItem(KEY, key);
export const hasKey = () => Boolean(sessionStorage.getItem(KEY));

function headers(more = {}) {
  const key = sessionStorage.getItem(KEY);
  return key ? { ...more, "X-API-Key": key } : more;
}

async function checked(response) {
  if (response.ok) return response;
  const refused = new Refused(response.status, await response.json().catch(() => ({})));
  if (response.status === 401) document.dispatchEvent(new CustomEvent("keywanted"));
  throw refused;
}

export const get = async (path) => (await checked(await fetch(path, { headers: headers() }))).json();
export const text = async (path) => (await checked(await fetch(path, { headers: headers() }))).text();
export const remove = async (path) => (await checked(await fetch(path, { method: "DELETE", headers: headers() }))).json();
export const post = async (path, body) => (await checked(await fetch(path, {
  method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify(body ?? {}),
}))).json();

/** A session's address; its id may hold anything. */
export function sessionPath(id, project, rest = "", query = {}) {
  const parameters = new URLSearchParams(project ? { ...query, project } : query);
  return `/sessions/${encodeURIComponent(id)}${rest}${parameters.size ? `?${parameters}` : ""}`;
}

/** Sends a file; `told` hears which share of it has left. */
export function upload(file, project, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file);
    if (project) form.append("project", project);
    request.open("POST", "/knowledge/documents");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onload = () => (request.status < 400 ? resolve(request.response) : reject(new Refused(request.status, request.response ?? {})));
    request.onerror = () => reject(new Error("network"));
    request.send(form);
  });
}

/** One turn; yields each event's data and throws Refused where the turn was not begun. */
export async function* turn(body) {
  const response = await checked(await fetch("/chat", {
    method: "POST",
    headers: headers({ "Content-Type": "application/json", Accept: "text/event-stream" }),
    body: JSON.stringify(body),
  }));
  yield* events(response.body);
}

/** The data of server-sent events; comments, ids and names are skipped, because the data repeats the name. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let data = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
      else if (line === "" && data.length) {
        yield JSON.parse(data.join("\n"));
        data = [];
      }
    }
  }
}
