// The inspector shows a negotiation as it happens. It is loaded when the program runs,
// which gives it the lines of its trace.

import { Ladder } from "./ladder.js";
import { Layers } from "./layers.js";
import { announce } from "./announce.js";
import "./trouble.js";
import { bar } from "./bar.js";
import { create as createExport } from "./exporting.js";
import { styles } from "./panels/dom.js";
import { create as createPanels } from "./panels/tabs.js";
import { Recording } from "./recording.js";
import { create as createSaving } from "./saving.js";
import { Store } from "./store.js";
import { keys, messageButtons, tools } from "./tools.js";
import { Why } from "./why.js";

await styles("inspector/ladder.css");

const byId = (id) => document.getElementById(id);

const store = new Store();
const layers = new Layers();
new Ladder(store, layers, byId("ladder"));

let why = null;
const buttons = messageButtons(store, () => why);
why = new Why(store, byId("why"), buttons.row);
keys(tools(store, layers, byId("ladder-tools")), buttons);
bar(store);
announce(store, byId("said"));

createPanels(byId("panels"), store);

const recording = new Recording();
createSaving(byId("trace-file"), byId("trace-banner"), store, recording);
createExport(byId("trace-export"), store, layers, byId("ladder"));

const { early, connections } = globalThis.inspector;
const add = (text) => {
  recording.add(text);
  store.add(text);
};
globalThis.inspector = { store, layers, connections, add };
early.forEach(add);
document.documentElement.dataset.inspector = "true";
