// What the shopper does, told to the shop: one event each, with the answer that led to it.

import { call } from "./api.js";
import { visitor } from "./state.js";

/** Sends one event; returns whether it is on disk. A refused event never disturbs the shopper. */
export async function tell(type, { item, query, requestId, position, value, quantity, basket } = {}) {
  const event = {
    event_id: crypto.randomUUID(),
    type,
    time: new Date().toISOString(),
    visitor: visitor(),
    item,
    query,
    request_id: requestId,
    position,
    value,
    quantity,
    basket,
  };
  for (const name of Object.keys(event)) if (event[name] === undefined || event[name] === null) delete event[name];
  try {
    await call("v1/events", { method: "POST", body: event, quiet: true, keepalive: true });
    return true;
  } catch {
    return false;
  }
}
