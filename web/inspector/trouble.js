// The bar of troubles: the program takes over what the form says; here it is told in words.

const form = document.getElementById("trouble-form");
const bar = document.getElementById("trouble");
const summary = document.getElementById("trouble-summary");
const input = (name) => document.getElementById(`trouble-${name}`);

// In words, where it is on. The delay is that of one way.
const words = {
  delay: (n) => `${n} ms late`,
  jitter: (n) => `up to ${n} ms of jitter`,
  drop: (n) => `${n} % lost`,
  duplicate: (n) => `${n} % doubled`,
};
const units = { delay: "ms", jitter: "ms", drop: "%", duplicate: "%" };

function show() {
  const on = [];
  for (const [name, say] of Object.entries(words)) {
    const n = input(name).valueAsNumber;
    input(name).nextElementSibling.value = `${n} ${units[name]}`;
    if (n > 0) on.push(say(n));
  }
  if (input("hold").checked) on.push("all held");
  summary.textContent = on.join(" · ") || "off";
  bar.dataset.on = String(on.length > 0);
  bar.open ||= on.length > 0;
}

form.addEventListener("input", show);
// The values are reset after this event.
form.addEventListener("reset", () => setTimeout(() => form.dispatchEvent(new Event("input"))));
show();
