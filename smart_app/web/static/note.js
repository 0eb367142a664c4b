// Copies the lines by a button, and leaves out what is ticked at once. Everything works without this.
(() => {
  const lines = document.getElementById("lines");
  const button = document.getElementById("copy");
  const said = document.getElementById("copied");
  const form = document.querySelector(".leave-out");
  button.hidden = false;
  document.getElementById("by-hand").hidden = true;
  const select = () => {
    lines.focus();
    lines.select();
  };
  // In a frame the record system may not let pages write to the clipboard; what is selected may be copied there all the same.
  const bySelection = () => {
    select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  };
  const write = async () => {
    try {
      await navigator.clipboard.writeText(lines.value);
      return true;
    } catch {
      return bySelection();
    }
  };
  button.addEventListener("click", async () => {
    said.textContent = "";
    const done = await write();
    if (!done) select();
    said.textContent = done ? said.dataset.copied : said.dataset.selected;
  });
  form.addEventListener("change", () => form.requestSubmit());
})();
