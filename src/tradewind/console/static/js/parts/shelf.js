// A titled row of recommendations.

import { address, call } from "../api.js";
import { h } from "../dom.js";
import { word } from "../words/index.js";
import { card } from "./card.js";

/** Returns a section that fills itself from /v1/recommend; an empty answer takes the section away. */
export function shelf(surface, { item, k = 12, dismissable = false } = {}) {
  const name = surface.replaceAll("-", "_");
  const list = h("ul", { class: "grid row" });
  const section = h("section", { "data-surface": surface, "aria-label": word(name) }, h("h2", {}, word(name)), list);
  load(section, list, { surface, item, k, dismissable });
  return section;
}

async function load(section, list, { surface, item, k, dismissable }) {
  try {
    const { body, requestId } = await call(address(`v1/recommend/${surface}`, { item, k }), { quiet: true });
    if (!body.results.length) return section.remove();
    section.dataset.personalised = body.personalised;
    section.querySelector("h2").after(h("p", { class: "quiet" }, word(body.personalised ? "personal" : "impersonal")));
    return list.replaceChildren(...body.results.map((result, position) => card(result, { requestId, position }, dismissable)));
  } catch (refusal) {
    return list.replaceWith(h("p", { class: "quiet" }, `${word("failed")} ${refusal.message}`));
  }
}
