// Where the page is: `#/search?q=tea&filter=brand:Acme`. A view is a pure function of this address.

/** Returns {path: [..], parameters: URLSearchParams} of the present address. */
export function where() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), parameters: new URLSearchParams(query || "") };
}

/** Returns the address of a search with `changes` made to `parameters`; a null takes one away. */
export function searchAddress(parameters, changes = {}) {
  const next = new URLSearchParams(parameters);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) if (one !== null && one !== "") next.append(name, one);
  }
  return `#/search?${next}`;
}

/** Returns the address of an item's page; `trail` says which list led there. */
export function itemAddress(id, trail = {}) {
  const written = new URLSearchParams(trail);
  return `#/item/${encodeURIComponent(id)}${written.size ? `?${written}` : ""}`;
}
