// Builds elements; text always goes in as text, so nothing that an item says can become markup.

/** Returns an element. `properties`: on* handlers, dataset, style variables (--x), class, attributes. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) set(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name.startsWith("--")) element.style.setProperty(name, value);
  else if (name === "checked" || name === "value") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

/** Puts `children` in place of all that `target` holds. */
export function fill(target, ...children) {
  target.replaceChildren(...children.flat().filter(Boolean));
}

/** Says one line to the eye and to a screen reader, for two seconds. */
export function say(text) {
  const place = document.getElementById("said");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => place.classList.remove("shown"), 2000);
}
