// The HTTP API, as any client would call it. The key and the person's token go in headers, never in an address.

import { state } from "./state.js";

/** An answer that the API refused, with its own words. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
  }
}

/** Returns {body, requestId, cache} of a call; shows how long it took. Throws Refusal. */
export async function call(path, { method = "GET", body, quiet = false, keepalive = false } = {}) {
  const started = performance.now();
  const ask = () => fetch(path, { method, keepalive, headers: headers(body), body: body && JSON.stringify(body) });
  let reply = await ask();
  if (reply.status === 401 && state.token && (await renew())) reply = await ask();
  const content = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Refusal(reply.status, content);
  if (!quiet) showTiming(performance.now() - started, reply.headers);
  return { body: content, requestId: reply.headers.get("X-Request-Id"), cache: reply.headers.get("X-Cache") };
}

/** A person's token is short-lived: asks the backend (here the demo's) for the next one. */
async function renew() {
  const reply = await fetch("demo/token", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ household: state.household }) });
  state.token = reply.ok ? (await reply.json()).token : null;
  return reply.ok;
}

function headers(body) {
  const found = {};
  if (state.key) found["X-Api-Key"] = state.key;
  if (state.token) found["X-User-Token"] = state.token;
  if (body) found["Content-Type"] = "application/json";
  return found;
}

function showTiming(browser, replied) {
  const stages = (replied.get("Server-Timing") || "").split(",").map((part) => part.match(/^\s*([\w-]+).*dur=([\d.]+)/));
  const total = stages.find((stage) => stage && stage[1] === "total");
  document.dispatchEvent(
    new CustomEvent("timing", {
      detail: {
        browser,
        server: total ? Number(total[2]) : null,
        cache: replied.get("X-Cache"),
        generation: replied.get("X-Generation"),
        delta: replied.get("X-Delta"),
      },
    }),
  );
}

/** Returns an address with those parameters that hold something; lists are repeated. */
export function address(path, parameters) {
  const written = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") written.append(name, one);
    }
  }
  return `${path}?${written}`;
}
