// Tells of the launch behind this page: that it is about to end or has ended, and that another chart was opened in this browser; and keeps
// what is typed into a form. Everything works without this.
(() => {
  const { launch, patient, idle, left, stay, csrf, ended, over: away, ...said } = document.currentScript.dataset;
  const again = said.again || "Open Rapport again from the patient's chart.";
  const words = {
    gone: "This page's session has ended.",
    kept: "This page's session has ended. Your answers stay on the page: press the button below, and they are kept.",
    soon: "This page closes in two minutes if it is not used.",
    keep: away ? "Go on" : "Keep it open",
    last: `This page closes in two minutes. Finish here, or ${again[0].toLowerCase()}${again.slice(1)}`,
    framed: "The record system shows Rapport in a locked frame, from which nothing can be sent. Open Rapport from the patient's chart in a window of its own. For the IT team: the frame's sandbox lacks allow-same-origin.",
    closed: "Rapport was closed in another tab.",
    other: "Another chart was opened in Rapport in this browser. Check the name at the top of this page.",
    hide: "Hide",
    ...said,
  };
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("rapport") : { postMessage() {} };
  if (ended) return channel.postMessage({ ended: launch });
  const main = document.querySelector("main");
  const form = document.querySelector("form.check");
  const box = main.insertBefore(document.createElement("div"), main.firstChild);
  const limit = Date.now() + left * 1000;
  let seen = Date.now();
  let over = false;
  let timer = 0;
  box.setAttribute("role", "status");
  const post = (address, body) => fetch(address, { method: "POST", body: new URLSearchParams(body), keepalive: true });
  const say = (text, button, press) => {
    if (box.dataset.said === text) return;
    box.dataset.said = box.className = "";
    box.replaceChildren();
    if (!text) return;
    box.dataset.said = text;
    box.className = "notice";
    box.append(Object.assign(document.createElement("p"), { textContent: text }));
    if (button) box.append(Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: button, onclick: press }));
  };
  const hide = () => say("");
  const end = (text) => {
    if (over) return;
    over = true;
    say(text);
    // Typed answers stay: sending them keeps them.
    if (!form) for (const one of [...document.querySelectorAll(".banner, .context"), ...main.children]) if (one !== box) one.remove();
  };
  const use = () => post(stay, { csrf }).then((answer) => {
    if (!answer.ok) return end(`${words.gone} ${again}`);
    seen = Date.now();
    hide();
  });
  const watch = () => {
    const rest = Math.min(seen + idle * 1000, limit) - Date.now();
    if (rest <= 0) away ? location.replace(away) : end(form ? words.kept : `${words.gone} ${again}`);
    else if (over || rest > 120000) return;
    else if (limit - Date.now() > 120000) say(words.soon, words.keep, use);
    else say(words.last);
  };
  if (origin === "null") return say(words.framed);
  setInterval(watch, 5000);
  channel.onmessage = ({ data }) => {
    if (data.ended === launch) end(`${words.closed} ${again}`);
    else if (data.launch === launch) seen = Date.now();
    else if (data.patient && data.patient !== patient && !over) say(words.other, words.hide, hide);
  };
  channel.postMessage({ launch, patient });
  // A page that the browser kept for its Back button is asked for anew: the device may have been lent since, or the answers sent.
  addEventListener("pageshow", (event) => event.persisted && (!form || location.pathname.includes("/p/")) && location.reload());
  if (!form) return;
  const later = () => (timer ||= setTimeout(save, 3000));
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    post(form.dataset.save, new FormData(form)).then(async (answer) => {
      if (answer.status === 410) end(await answer.text());
      else if (answer.status === 429) later();
      else if (answer.ok) channel.postMessage({ launch, patient }), (seen = Date.now());
    }, later);
  };
  form.addEventListener("change", later);
  form.addEventListener("turn", () => timer && (clearTimeout(timer), (timer = setTimeout(save, 300))));
  form.addEventListener("submit", () => clearTimeout(timer));
  document.addEventListener("visibilitychange", () => timer && document.hidden && save());
})();
