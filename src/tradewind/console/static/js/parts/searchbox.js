// The search box with completion: a combobox as WAI-ARIA describes it (arrows, Enter, Escape).

import { address, call } from "../api.js";
import { h } from "../dom.js";
import { searchAddress, where } from "../route.js";
import { word } from "../words/index.js";

/** Returns the search form. */
export function searchbox() {
  const options = h("ul", { class: "options", id: "options", role: "listbox", "aria-label": word("search"), hidden: true });
  const input = h("input", {
    type: "search", id: "q", name: "q", placeholder: word("searchHint"), "aria-label": word("searchLabel"), autocomplete: "off", enterkeyhint: "search", maxlength: 1000,
    role: "combobox", "aria-expanded": "false", "aria-controls": "options", "aria-autocomplete": "list", value: where().parameters.get("q") ?? "",
  });
  const box = new Box(input, options);
  input.addEventListener("input", () => box.complete());
  input.addEventListener("keydown", (event) => box.key(event));
  input.addEventListener("blur", () => setTimeout(() => box.close(), 150));
  const form = h("form", { class: "box", onsubmit: (event) => box.submit(event) }, input, h("button", { class: "button", type: "submit" }, word("search")), options);
  return form;
}

class Box {
  constructor(input, options) {
    this.input = input;
    this.options = options;
    this.chosen = -1;
    this.asked = 0;
  }

  async complete() {
    const typed = this.input.value.trim();
    const asked = ++this.asked;
    if (!typed) return this.close();
    const found = await call(address("v1/suggest", { q: typed, k: 8 }), { quiet: true }).catch(() => null);
    if (!found || asked !== this.asked || document.activeElement !== this.input) return undefined;
    return this.show(found.body.completions);
  }

  show(completions) {
    this.chosen = -1;
    this.options.replaceChildren(...completions.map((completion, index) => this.option(completion, index)));
    this.options.hidden = completions.length === 0;
    this.input.setAttribute("aria-expanded", String(completions.length > 0));
    this.input.removeAttribute("aria-activedescendant");
  }

  option({ text, kind }, index) {
    const take = (event) => {
      event.preventDefault();
      this.take(text);
    };
    return h("li", { role: "option", id: `option-${index}`, "aria-selected": "false", "data-text": text, onmousedown: take }, h("span", {}, text), h("small", {}, word(kind)));
  }

  key(event) {
    if (event.key === "Escape") this.close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || this.options.hidden) return;
    event.preventDefault();
    const all = [...this.options.children];
    this.chosen = (this.chosen + step + all.length + (this.chosen < 0 && step < 0 ? 1 : 0)) % all.length;
    all.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.chosen)));
    this.input.setAttribute("aria-activedescendant", `option-${this.chosen}`);
  }

  submit(event) {
    event.preventDefault();
    const chosen = this.options.hidden ? null : this.options.children[this.chosen];
    this.take(chosen ? chosen.dataset.text : this.input.value.trim());
  }

  take(text) {
    this.input.value = text;
    this.asked += 1;
    this.close();
    const target = searchAddress(new URLSearchParams(), { q: text });
    if (location.hash === target) dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = target;
  }

  close() {
    this.options.hidden = true;
    this.chosen = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
