// Filters beside the results. Each click is a new address, so that Back takes it away again.

import { h } from "../dom.js";
import { searchAddress, where } from "../route.js";
import { word } from "../words/index.js";

const MOST_SHOWN = 12;

/** Returns the filters for the counts in `facets`, with those of `parameters` ticked. */
export function facets(counts, parameters) {
  const chosen = parameters.getAll("filter");
  const groups = Object.entries(counts).filter(([field]) => field !== "price").map(([field, values]) => group(field, values, chosen, parameters));
  const clear = (chosen.length || parameters.has("price_min") || parameters.has("price_max")) &&
    h("a", { class: "button small plain", href: searchAddress(parameters, { filter: null, price_min: null, price_max: null, offset: null }) }, word("clear"));
  const details = h("details", { class: "facets", open: matchMedia("(min-width: 761px)").matches }, h("summary", {}, word("filters")), range(counts.price, parameters), groups, clear);
  return h("aside", { "aria-label": word("filters") }, details);
}

function group(field, values, chosen, parameters) {
  const ticked = new Set(chosen.filter((written) => written.startsWith(`${field}:`)).map((written) => written.slice(field.length + 1)));
  const shown = [...values.filter(({ value }) => ticked.has(value)), ...values.filter(({ value }) => !ticked.has(value))].slice(0, MOST_SHOWN);
  if (field === "category") shown.sort((one, other) => one.value.localeCompare(other.value));
  if (!shown.length) return null;
  return h("fieldset", { class: "facet", "data-facet": field }, h("legend", {}, word(field)), shown.map((count) => choice(field, count, ticked.has(count.value), chosen, parameters)));
}

function choice(field, { value, count }, ticked, chosen, parameters) {
  const written = `${field}:${value}`;
  const next = ticked ? chosen.filter((one) => one !== written) : [...chosen, written];
  const go = () => (location.hash = searchAddress(where().parameters, { filter: next, offset: null }));
  const levels = field === "category" ? value.split(" > ") : [value];
  const box = h("input", { type: "checkbox", checked: ticked, "aria-label": value, onchange: go });
  return h("label", { "--depth": levels.length - 1, title: value }, box, h("span", {}, levels.at(-1)), h("small", {}, String(count)));
}

function range(bounds, parameters) {
  if (!bounds || bounds.min === null || bounds.min === undefined) return null;
  const box = (name, hint, bound) => h("input", { type: "number", name, min: 0, step: "any", inputmode: "decimal", "aria-label": `${word("price")} ${word(hint)}`, placeholder: String(Math.round(bound * 100) / 100), value: parameters.get(name) ?? "" });
  const low = box("price_min", "from", bounds.min);
  const high = box("price_max", "to", bounds.max);
  const go = (event) => {
    event.preventDefault();
    location.hash = searchAddress(where().parameters, { price_min: low.value, price_max: high.value, offset: null });
  };
  const form = h("form", { class: "range", onsubmit: go }, low, "–", high, h("button", { class: "button small plain", type: "submit" }, word("apply")));
  return h("fieldset", { "data-facet": "price" }, h("legend", {}, word("price")), form);
}
