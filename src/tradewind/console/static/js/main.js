// Starts the page and shows the view that the address asks for.

import { call } from "./api.js";
import { fill, h } from "./dom.js";
import { person } from "./parts/person.js";
import { searchbox } from "./parts/searchbox.js";
import { where } from "./route.js";
import { speak, state } from "./state.js";
import { home } from "./views/home.js";
import { product } from "./views/item.js";
import { search } from "./views/search.js";
import { word } from "./words/index.js";

const content = document.getElementById("content");
let households = [];
let shown = 0;

async function start() {
  speak(state.language);
  await demo();
  document.addEventListener("timing", timing);
  addEventListener("hashchange", () => show(true));
  frame();
  show(false);
}

/** In demo mode, on this machine only, the server hands out a browser key and lets the visitor choose a household. */
async function demo() {
  try {
    const { body } = await call("demo/key", { quiet: true });
    state.key = body.key;
    state.demo = true;
    households = (await call("demo/households", { quiet: true })).body;
    notice(body.notice);
  } catch {
    state.key = sessionStorage.getItem("tradewind.key");
  }
}

function notice(text) {
  const place = document.getElementById("notice");
  place.textContent = text ?? "";
  place.hidden = !text;
}

function frame() {
  document.querySelectorAll("[data-word]").forEach((element) => (element.textContent = word(element.dataset.word)));
  fill(document.getElementById("search"), searchbox());
  fill(document.getElementById("person"), ...person(households, () => { frame(); show(false); }));
}

async function show(moved) {
  const number = ++shown;
  content.setAttribute("aria-busy", "true");
  const page = await view().catch((refusal) => h("p", { class: "empty", role: "alert" }, `${word("failed")} ${refusal.message}`, refusal.status === 401 && keyForm()));
  if (number !== shown) return;
  fill(content, page);
  content.removeAttribute("aria-busy");
  const typed = document.getElementById("q");
  if (typed && document.activeElement !== typed) typed.value = where().parameters.get("q") ?? "";
  if (moved) {
    scrollTo(0, 0);
    content.focus({ preventScroll: true });
  }
}

async function view() {
  const { path, parameters } = where();
  if (path[0] === "search") return search(parameters);
  if (path[0] === "item" && path[1]) return product(path[1], parameters);
  return home();
}

function keyForm() {
  const input = h("input", { type: "password", "aria-label": word("key"), placeholder: word("key_hint"), autocomplete: "off" });
  const use = (event) => {
    event.preventDefault();
    sessionStorage.setItem("tradewind.key", input.value.trim());
    state.key = input.value.trim();
    show(false);
  };
  return h("form", { class: "box", onsubmit: use }, input, h("button", { class: "button", type: "submit" }, word("use")));
}

function timing({ detail }) {
  const server = detail.server === null ? "" : ` · ${word("server")} ${detail.server.toFixed(1)} ms`;
  const cached = detail.cache === "hit" ? ` · ${word("cached")}` : "";
  document.getElementById("latency").textContent = `${word("browser")} ${detail.browser.toFixed(0)} ms${server}${cached}`;
  document.getElementById("standing").textContent = `${word("generation")} ${detail.generation ?? "–"} · ${word("delta")} ${detail.delta ?? "–"}`;
}

start();
