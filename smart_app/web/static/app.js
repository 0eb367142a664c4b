// Moves the focus line with the arrow keys, or the links, without loading the page again. Everything works without this.
(() => {
  const box = document.querySelector("[data-stops]");
  if (!box) return;
  const stops = box.dataset.stops.split(" ").map((stop) => stop.split(","));
  const [earlier, later] = box.querySelectorAll("a");
  const day = box.querySelector("output");
  let at = stops.findIndex((stop) => stop[1] === box.dataset.at);
  const allow = (link, may) => (may ? link.setAttribute("href", "#focus") : link.removeAttribute("href"));
  const move = (to) => {
    at = Math.min(Math.max(to, 0), stops.length - 1);
    for (const line of document.querySelectorAll(".focus")) for (const x of ["x1", "x2"]) line.setAttribute(x, `${stops[at][0]}%`);
    day.textContent = stops[at][1];
    allow(earlier, at > 0);
    allow(later, at < stops.length - 1);
  };
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", box.dataset.label);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    move(at + step);
  });
  box.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    box.focus();
    move(at + (link === earlier ? -1 : 1));
  });
})();
