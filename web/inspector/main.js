// The inspector shows a negotiation as it happens. It is loaded when the program runs,
// which gives it the lines of its trace.

import { Store } from "./store.js";

const store = new Store();
const { early, connections } = globalThis.inspector;
globalThis.inspector = { store, connections, add: (text) => store.add(text) };
for (const text of early) store.add(text);
