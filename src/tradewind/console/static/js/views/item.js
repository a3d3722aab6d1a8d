// One product, with what is like it and what is bought with it.

import { call } from "../api.js";
import { h, say } from "../dom.js";
import { tell } from "../events.js";
import { acts, price, tile } from "../parts/card.js";
import { shelf } from "../parts/shelf.js";
import { word } from "../words/index.js";

/** Returns the page of item `id`; the shopper's arrival is a view event. Throws Refusal. */
export async function product(id, parameters) {
  const { item } = (await call(`v1/items/${encodeURIComponent(id)}`)).body;
  const trail = { requestId: parameters.get("r") || undefined, query: parameters.get("q") || undefined };
  if (parameters.has("p")) trail.position = Number(parameters.get("p"));
  tell("view", { item: id, ...trail });
  const buy = async () => say(word((await tell("purchase", { item: id, ...trail, value: item.price ?? undefined, quantity: 1, basket: crypto.randomUUID() })) ? "bought" : "event_lost"));
  const facts = Object.entries(item.attributes).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  const text = h(
    "div",
    {},
    h("p", { class: "quiet" }, item.category.join(" › ")),
    h("h1", {}, item.title),
    item.brand && h("p", { class: "quiet" }, item.brand),
    price(item),
    facts.length > 0 && h("dl", {}, facts),
    item.availability === "out_of_stock" ? h("p", {}, word("out_of_stock")) : h("div", { class: "acts" }, acts(item, trail, false), h("button", { class: "button small plain", id: "buy", type: "button", onclick: buy }, word("buy"))),
  );
  return h("div", {}, h("article", { class: "product" }, tile(item), text), shelf("bought-together", { item: id }), shelf("similar", { item: id }));
}
