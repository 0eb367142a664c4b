// Prints by a button; and where the record system shows Rapport in a frame, opens what is printed in a tab of its own, as a frame prints
// badly. The tab gets the page from here: cookies of the frame stay behind. Everything works without this.
(() => {
  const ready = (page, view) => {
    const button = page.getElementById("print");
    if (!button) return;
    button.hidden = false;
    page.getElementById("by-hand").hidden = true;
    button.addEventListener("click", () => {
      let begun = false;
      view.addEventListener("beforeprint", () => (begun = true), { once: true });
      // A frame sandboxed without allow-modals, or a tab opened from one, passes over this in silence.
      view.print();
      page.getElementById("silent").hidden = begun;
    });
  };
  ready(document, window);
  if (window === top) return;
  const { nonce } = document.currentScript;
  const fill = async (tab, address) => {
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const one of page.querySelectorAll("script, .choices a:not([download])")) one.remove();
    for (const one of page.querySelectorAll("[nonce]")) one.setAttribute("nonce", nonce);
    tab.document.open();
    tab.document.write(`<!doctype html>${page.documentElement.outerHTML}`);
    tab.document.close();
    ready(tab.document, tab);
    for (const link of tab.document.querySelectorAll("a[download]")) link.addEventListener("click", (event) => save(event, tab));
  };
  // The file too is asked for from the frame; an answer that is none leads to the page that says why.
  const save = async (event, tab) => {
    if (!event.isTrusted) return;
    event.preventDefault();
    const link = event.currentTarget;
    const answer = await fetch(link.href);
    if (!answer.ok) {
      fill(tab, link.href);
      return;
    }
    const file = Object.assign(tab.document.createElement("a"), { href: tab.URL.createObjectURL(await answer.blob()), download: link.download });
    file.click();
    tab.setTimeout(() => tab.URL.revokeObjectURL(file.href), 60000);
  };
  for (const link of document.querySelectorAll("a[data-tab]")) {
    link.addEventListener("click", (event) => {
      const tab = open("", "_blank");
      if (!tab) return;
      event.preventDefault();
      fill(tab, link.href).catch(() => {
        tab.close();
        location.assign(link.href);
      });
    });
  }
})();
