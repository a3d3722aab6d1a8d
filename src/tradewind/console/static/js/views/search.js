// Results of a search, with filters, sorting and pages.

import { address, call } from "../api.js";
import { h } from "../dom.js";
import { card } from "../parts/card.js";
import { facets } from "../parts/facets.js";
import { searchAddress, where } from "../route.js";
import { word } from "../words/index.js";

const PAGE = 24;
const DEEPEST = 1000;
const SORTS = ["relevance", "popularity", "price_asc", "price_desc", "newest"];

/** Returns the page of results for `parameters`. Throws Refusal. */
export async function search(parameters) {
  const query = parameters.get("q") ?? "";
  const { body, requestId } = await call(
    address("v1/search", {
      q: query, k: PAGE, offset: parameters.get("offset"), sort: parameters.get("sort"), filter: parameters.getAll("filter"),
      price_min: parameters.get("price_min"), price_max: parameters.get("price_max"), facets: "category,brand,price",
    }),
  );
  const offset = Number(parameters.get("offset") ?? 0);
  const cards = body.results.map((result, index) => card(result, { requestId, query, position: offset + index }));
  const list = cards.length ? h("ul", { class: "grid", id: "results" }, cards) : h("p", { class: "empty" }, word("nothing"));
  return h("div", { class: "found" }, facets(body.facets, parameters), h("section", {}, bar(body, query, parameters), rewritten(body), degraded(body), list, pages(body, offset, parameters)));
}

function bar(body, query, parameters) {
  const sort = (event) => (location.hash = searchAddress(where().parameters, { sort: event.target.value, offset: null }));
  const present = parameters.get("sort") ?? "relevance";
  const select = h("select", { id: "sort", onchange: sort }, SORTS.map((name) => h("option", { value: name, selected: name === present }, word(name))));
  return h("div", { class: "bar" }, h("h1", {}, word("found", body.total, query)), h("label", {}, `${word("sort")} `, select));
}

/** Says how the query was read: slips mended, words looked for in the catalogue's language. */
function rewritten(body) {
  const told = [
    ...(body.corrections ?? []).map(({ typed, read_as }) => `${typed} → ${read_as}`),
    ...(body.translations ?? []).map(({ from, to }) => `${from} → ${to.join(", ")}`),
  ];
  return told.length > 0 && h("p", { class: "quiet", id: "rewritten" }, `${word("read_as")} ${told.join("; ")}`);
}

function degraded(body) {
  return body.degraded.length > 0 && h("p", { class: "degraded" }, `${word("degraded")} ${body.degraded.join(", ")}`);
}

function pages(body, offset, parameters) {
  const link = (name, to) => h("a", { class: "button plain", href: searchAddress(parameters, { offset: to || null }) }, word(name));
  const more = offset + PAGE < Math.min(body.total, DEEPEST - PAGE) && body.results.length === PAGE;
  return h("nav", { class: "pages" }, offset > 0 && link("earlier", Math.max(0, offset - PAGE)), more && link("later", offset + PAGE));
}
