// Moves the focus line by the arrow keys, the links, or a click or tap on a plot, and with it every cell of that day: the server says what
// stood on it, at the address the links have. Where anything else of the history is another by now, that page is opened. Everything works
// without this.
(() => {
  const box = document.querySelector("[data-stops]");
  if (!box) return;
  const stops = box.dataset.stops.split(" ").map((stop) => stop.split(","));
  const days = stops.map((stop) => stop[1]);
  const main = box.closest("main");
  const [earlier, later] = box.querySelectorAll("a");
  const output = box.querySelector("output");
  let at = box.dataset.at;
  let wanted = at;
  let busy = false;

  const addressOf = (day) => {
    const query = new URLSearchParams(location.search);
    query.set("at", day);
    return `${location.pathname}?${query}`;
  };
  // What the history is, apart from what the line changes.
  const held = (page) => [...page.querySelectorAll(".panel table, .changes")].map((one) => one.textContent).join();
  const take = (page) => {
    const moved = page.querySelector("[data-stops]");
    const all = (selector) => [document, page].map((one) => [...one.querySelectorAll(selector)]);
    const [cells, newCells] = all("main :is(.latest, .cells)");
    const [lines, newLines] = all(".focus");
    if (!moved || cells.length !== newCells.length || lines.length !== newLines.length || held(document) !== held(page)) return false;
    cells.forEach((cell, index) => cell.replaceChildren(...newCells[index].childNodes));
    lines.forEach((line, index) => {
      for (const x of ["x1", "x2"]) line.setAttribute(x, newLines[index].getAttribute(x));
    });
    moved.querySelectorAll("a").forEach((link, index) => {
      const href = link.getAttribute("href");
      const mine = index ? later : earlier;
      if (href) mine.setAttribute("href", href);
      else mine.removeAttribute("href");
    });
    box.parentElement.querySelector(".said")?.remove();
    output.textContent = moved.querySelector("output").textContent;
    return moved.dataset.at;
  };
  const show = async (day) => {
    const answer = await fetch(addressOf(day));
    return answer.ok && !answer.redirected && take(new DOMParser().parseFromString(await answer.text(), "text/html")) === day;
  };
  // One page is asked for at a time: steps taken meanwhile are made in one.
  const go = async (day) => {
    if (!day) return;
    wanted = day;
    if (busy) return;
    busy = true;
    main.classList.add("moving");
    while (at !== wanted) {
      const goal = wanted;
      if (!(await show(goal).catch(() => false))) {
        location.assign(`${addressOf(goal)}#focus`);
        return;
      }
      at = goal;
      history.replaceState(null, "", addressOf(goal));
    }
    main.classList.remove("moving");
    busy = false;
  };
  const before = () => days.filter((day) => day < wanted).pop();
  const after = () => days.find((day) => day > wanted);
  const keys = { ArrowLeft: before, ArrowRight: after, Home: () => days[0], End: () => days[days.length - 1] };
  const plain = (event) => !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented);

  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", box.dataset.label);
  main.classList.add("steps");
  box.addEventListener("keydown", (event) => {
    const step = keys[event.key];
    if (!step || !plain(event)) return;
    event.preventDefault();
    go(step());
  });
  box.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || !plain(event)) return;
    event.preventDefault();
    box.focus({ preventScroll: true });
    go(link === earlier ? before() : after());
  });
  // A click is what a tap makes too, and a swipe does not: nothing is taken from scrolling.
  main.addEventListener("click", (event) => {
    const plot = event.target.closest(".plot");
    if (!plot || !plain(event) || `${getSelection()}`) return;
    const { left, width } = plot.getBoundingClientRect();
    const place = ((event.clientX - left) / width) * 100;
    const far = (stop) => Math.abs(stop[0] - place);
    go(stops.reduce((best, stop) => (far(stop) < far(best) ? stop : best))[1]);
  });
})();
