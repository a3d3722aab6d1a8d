// The first page: what this household may want, and what sells.

import { h } from "../dom.js";
import { shelf } from "../parts/shelf.js";
import { state } from "../state.js";

/** Returns the first page. */
export function home() {
  const personal = state.token ? [shelf("for-you", { dismissable: true }), shelf("next-basket"), shelf("recent")] : [];
  return h("div", {}, ...personal, shelf("trending"));
}
