// One question on a screen without asking the server, which else turns the pages; and on a phone without being asked for. The form is here
// whole either way, so everything works without this.
(() => {
  const form = document.querySelector("form.check");
  const { turn, start, decline } = form.dataset;
  const find = (what, within = form) => within.querySelector(what);
  const add = (to, kind, how) => to.appendChild(Object.assign(document.createElement(kind), how));
  const enter = document.getElementById("enter");
  const chosen = form.elements.screen;
  const before = chosen.value;
  const open = find(".open");
  const screens = [...document.querySelectorAll(".intro, fieldset, .review")];
  const last = screens.length - 1;
  const asked = (at) => new URLSearchParams(at.search).get("question");
  let now;
  const show = (to) => {
    const from = now;
    now = to && to !== "all" ? Math.min(to, last) : -1;
    if (now === from) return;
    chosen.value = to;
    document.body.className = now < 0 ? "" : now ? (now < last ? "one" : "one last") : "one first";
    for (const one of document.querySelectorAll(".now")) one.classList.remove("now");
    const shown = screens[now];
    shown?.classList.add("now");
    shown?.closest(".block")?.classList.add("now");
    // Whoever is asked one by one is offered on each that it may be left out.
    if (shown?.matches(".block *") && !find(".decline", shown)) {
      const label = add(shown, "label", { className: "decline" });
      add(label, "input", { type: "checkbox", name: `${shown.id}.declined`, value: "yes" });
      label.append(decline);
    }
    find("progress").value = Math.max(now, 0);
    find(".prior").value = now - 1;
    find(".next").value = enter.value = now + 1;
    enter.name = (enter.formNoValidate = now >= 0 && now < last) ? "question" : "";
    open.replaceChildren();
    screens.forEach((each, value) => {
      if (each.matches(".block :not(.before)") && !find(":checked", each)) add(open, "button", { className: "go", name: "question", value, textContent: find("span", each).textContent });
    });
    open.parentNode.hidden = !open.firstChild;
    if (from === undefined) return;
    scrollTo(0, 0);
    screens[now < 0 ? from : now].focus({ preventScroll: now >= 0 });
  };
  if (start && !before && matchMedia("(max-width: 480px)").matches) {
    show(start);
    history.replaceState(null, "", turn + start);
  } else show(before);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[name=question], .summary a");
    const to = link && (link.value || asked(link));
    if (!to) return;
    event.preventDefault();
    // What was wrong is said once. The last screen says from then on what is not answered yet.
    document.getElementById("problems")?.remove();
    history.pushState(null, "", turn + to);
    form.dispatchEvent(new Event("turn"));
    show(to);
  });
  addEventListener("popstate", () => show(asked(location) ?? before));
})();
