// One item in a list.

import { h, say } from "../dom.js";
import { tell } from "../events.js";
import { itemAddress } from "../route.js";
import { money, reason, word } from "../words/index.js";

/** Returns a coloured tile that stands for an item without a picture; a category always has the same colour. */
export function tile(item) {
  const kind = item.category[0] || item.title;
  const hue = [...kind].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 360, 7);
  const picture = item.image ? h("img", { src: item.image, alt: "", loading: "lazy" }) : [...item.title.trim()][0]?.toUpperCase();
  return h("div", { class: "tile", "--hue": hue, "aria-hidden": "true" }, picture ?? "");
}

/** Returns an item's price, and how it was come by. */
export function price(item) {
  if (item.price === null) return h("p", { class: "price" }, h("small", {}, word("no_price")));
  const derived = item.price_derived && h("small", {}, ` ${word("derived")}`);
  return h("p", { class: "price" }, money(item.price, item.currency), derived);
}

/** Returns the reasons for a result, closed until asked for. */
export function why(reasons) {
  if (!reasons?.length) return null;
  const said = [...new Set(reasons.map(reason))].map((text) => h("li", {}, text));
  return h("details", { class: "why" }, h("summary", {}, word("why")), h("ul", {}, said));
}

/** Returns the buttons that put an item into the basket and, where it can be turned away, dismiss it. */
export function acts(item, trail, dismissable) {
  const send = async (type, done, extra = {}) => say(word((await tell(type, { item: item.id, ...trail, ...extra })) ? done : "event_lost"));
  const add = h("button", { class: "button small", type: "button", "aria-label": `${word("add")}: ${item.title}`, onclick: () => send("add_to_cart", "added") }, "+ ", word("basket"));
  const away = h(
    "button",
    { class: "button small plain", type: "button", "aria-label": `${word("dismiss")}: ${item.title}`, onclick: (event) => turnAway(event, send) },
    word("dismiss"),
  );
  return h("div", { class: "acts" }, add, dismissable && away);
}

async function turnAway(event, send) {
  const card = event.target.closest(".card");
  await send("dismiss", "dismissed");
  const next = card.nextElementSibling ?? card.previousElementSibling;
  card.remove();
  next?.querySelector("a")?.focus();
}

/** Returns the card of a result. `trail`: {requestId, query, position} of the answer that holds it. */
export function card(item, trail, dismissable = false) {
  const link = h("a", { href: itemAddress(item.id, { r: trail.requestId ?? "", p: trail.position, ...(trail.query ? { q: trail.query } : {}) }) }, item.title);
  return h(
    "li",
    { class: "card", "data-item": item.id },
    tile(item),
    h(
      "div",
      { class: "text" },
      h("div", { class: "title" }, link),
      h("div", { class: "quiet" }, [item.brand, item.category.at(-1)].filter(Boolean).join(" · ")),
      item.availability === "out_of_stock" && h("div", { class: "quiet" }, word("out_of_stock")),
      price(item),
      acts(item, trail, dismissable),
      why(item.why),
    ),
  );
}
