// The page's words in the shopper's language.

import { state } from "../state.js";
import en from "./en.js";
import zh from "./zh.js";

const LANGUAGES = { en, zh };

/** Returns the words for `name`; a word that is a function is called with `values`. */
export function word(name, ...values) {
  const found = LANGUAGES[state.language][name] ?? en[name] ?? name;
  return typeof found === "function" ? found(...values) : found;
}

/** Returns a reason in words. A code that this page does not know is shown as it came, never left out. */
export function reason(given) {
  const say = LANGUAGES[state.language].reasons[given.code] ?? en.reasons[given.code];
  return say ? say(given) : given.code.replaceAll("_", " ");
}

/** Returns a price in the shopper's language. */
export function money(amount, currency) {
  const language = state.language === "zh" ? "zh-CN" : "en";
  return new Intl.NumberFormat(language, currency ? { style: "currency", currency } : { minimumFractionDigits: 2 }).format(amount);
}
