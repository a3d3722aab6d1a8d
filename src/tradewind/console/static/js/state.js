// What the page knows between views: the key, the language, the household and whether its history may be used.

export const state = {
  key: null,
  token: null,
  household: null,
  personalise: true,
  demo: false,
  language: localStorage.getItem("tradewind.language") || (navigator.language.startsWith("zh") ? "zh" : "en"),
};

/** Returns this browser's visitor id: random, and nothing about a person. */
export function visitor() {
  let known = localStorage.getItem("tradewind.visitor");
  if (!known) {
    known = crypto.randomUUID();
    localStorage.setItem("tradewind.visitor", known);
  }
  return known;
}

/** Keeps the language for the next visit. */
export function speak(language) {
  state.language = language;
  localStorage.setItem("tradewind.language", language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}
