// Moves the focus line by the arrow keys, the links, or a click or tap on a plot, and with it every cell of that day. What stood on each day
// the server says: of all stops at once, at the first step. Where the record is not the one of this page any more, the page of the link is
// opened. Everything works without this.
(() => {
  const box = document.querySelector("[data-stops]");
  if (!box) return;
  const stops = box.dataset.stops.split(" ").map((stop) => stop.split(","));
  const days = stops.map((stop) => stop[1]);
  const main = box.closest("main");
  const [earlier, later] = box.querySelectorAll("a");
  const output = box.querySelector("output");
  let wanted = box.dataset.at;
  let busy = false;
  let known;

  const addressOf = (day) => {
    const query = new URLSearchParams(location.search);
    query.set("at", day);
    return `${location.pathname}?${query}`;
  };
  // Every stop, of one read: the same one as this page's, and in its language.
  const told = async () => {
    const answer = await fetch(box.dataset.told);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const same = answer.ok && page.querySelector("[data-read]")?.dataset.read === box.dataset.read && page.documentElement.lang === document.documentElement.lang;
    return same && new Map([...page.querySelectorAll("[data-day]")].map((stop) => [stop.dataset.day, stop]));
  };
  const show = (stop) => {
    const [links, ...cells] = stop.children;
    const own = [...main.querySelectorAll(":is(.latest, .cells, .compact summary > span:first-child)")];
    if (own.length !== cells.length) return false;
    own.forEach((cell, index) => cells[index].localName === "hr" || cell.replaceChildren(...cells[index].cloneNode(true).childNodes));
    main.querySelectorAll(".ranges a, #focus a").forEach((link, index) => {
      const href = links.children[index].getAttribute("href");
      if (href) link.setAttribute("href", href);
      else link.removeAttribute("href");
    });
    const place = `${stops.find((one) => one[1] === stop.dataset.day)[0]}%`;
    for (const line of document.querySelectorAll(".focus")) for (const x of ["x1", "x2"]) line.setAttribute(x, place);
    box.parentElement.querySelector(".said")?.remove();
    output.textContent = stop.dataset.said;
    return true;
  };
  // Steps taken while they are fetched are made in one.
  const go = async (day) => {
    if (!day || day === wanted) return;
    wanted = day;
    if (busy) return;
    busy = true;
    main.classList.add("moving");
    known ||= await told().catch(() => false);
    const stop = known && known.get(wanted);
    if (!stop || !show(stop)) {
      location.assign(`${addressOf(wanted)}#focus`);
      return;
    }
    history.replaceState(null, "", addressOf(wanted));
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
