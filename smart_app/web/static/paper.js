// On a form typed in from paper a digit chooses the answer of that number and goes on to the next item. Everything works without this.
(() => {
  const form = document.querySelector("form.paper");
  const items = [...form.querySelectorAll("fieldset")];
  let minus = false;
  const numbered = (item, number) => [...item.querySelectorAll(".options label")].find((label) => label.textContent.replace("+", "") === number);
  document.getElementById("keys").hidden = false;
  form.addEventListener("keydown", (event) => {
    if (event.target.type !== "radio" || event.ctrlKey || event.altKey || event.metaKey) return;
    const { key } = event;
    const item = event.target.closest("fieldset");
    const found = /^\d$/.test(key) && (numbered(item, (minus ? "−" : "") + key) || (key === "0" && numbered(item, "10")));
    minus = key === "-";
    if (!found) return;
    event.preventDefault();
    found.control.checked = true;
    const next = items[items.indexOf(item) + 1] || form.querySelector(".send");
    (next.querySelector("input:checked") || next.querySelector("input, button")).focus();
  });
})();
