// Who shops, whether their history may be used, and the language.

import { call } from "../api.js";
import { h, say } from "../dom.js";
import { speak, state } from "../state.js";
import { word } from "../words/index.js";

/** Returns the controls; `changed` is called when answers may differ from now on. */
export function person(households, changed) {
  const language = h("button", { class: "button small plain", type: "button", lang: state.language === "zh" ? "en" : "zh-CN", onclick: () => switchLanguage(changed) }, word("language"));
  return [state.demo && chooser(households, changed), state.token && consent(changed), language];
}

function chooser(households, changed) {
  const choose = async (event) => {
    await become(event.target.value);
    changed();
  };
  const options = [["", word("nobody")], ...households.map(({ id, label }) => [id, label])];
  const select = h("select", { id: "household", "aria-label": word("household"), onchange: choose }, options.map(([value, label]) => h("option", { value, selected: value === (state.household ?? "") }, label)));
  return select;
}

async function become(household) {
  state.household = household || null;
  state.token = null;
  if (!household) return;
  const { body } = await call("demo/token", { method: "POST", body: { household }, quiet: true });
  state.token = body.token;
  state.personalise = (await call("v1/users/me/consent", { quiet: true })).body.personalise;
}

function consent(changed) {
  const set = async (event) => {
    const { body } = await call("v1/users/me/consent", { method: "PUT", body: { personalise: event.target.checked }, quiet: true });
    state.personalise = body.personalise;
    say(word(body.personalise ? "switch_on" : "switch_off"));
    changed();
  };
  return h("label", { class: "switch" }, h("input", { type: "checkbox", id: "personalise", role: "switch", checked: state.personalise, onchange: set }), word("personalise"));
}

function switchLanguage(changed) {
  speak(state.language === "zh" ? "en" : "zh");
  changed();
}
