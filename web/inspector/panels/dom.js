// Making elements. Text is always set as text: it may be from the other side.

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * Makes an element of HTML.
 * @param {string} tag
 * @param {object} [attributes] null and false are left out; a function is a listener, as in { onclick }
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Makes an element of SVG. @param {string} tag @param {object} [attributes] @param {...(Node|string)} children @returns {SVGElement} */
export function shape(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, tag), attributes, children);
}

function fill(e, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") e.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children);
  return e;
}

/** Copies text; without a clipboard, as over plain http, by the old command. @param {string} text @returns {Promise<boolean>} whether it is copied */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { readonly: true, class: "visually-hidden", "aria-hidden": "true" });
    const focused = document.activeElement;
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return copied;
  }
}

/** Makes a button that copies what text() returns, and says so. @param {string} label @param {() => string|Promise<string>} text */
export function copyButton(label, text) {
  const button = element("button", { type: "button" }, label);
  let timer;
  button.addEventListener("click", async () => {
    button.textContent = (await copy(await text())) ? "Copied" : "Cannot copy";
    document.getElementById("said").textContent = button.textContent;
    clearTimeout(timer);
    timer = setTimeout(() => { button.textContent = label; }, 2000);
  });
  return button;
}

/** Loads a style sheet. @param {string} path from the landing page @returns {Promise<void>} when it is there, or cannot be had */
export function styles(path) {
  const href = document.documentElement.dataset.root + path;
  const link = element("link", { rel: "stylesheet", href });
  const loaded = new Promise((done) => { link.onload = link.onerror = done; });
  document.head.append(link);
  return loaded;
}
