// What pages can do better with a script; all of them work without. No library, no build.
"use strict";

document.documentElement.classList.add("live");

// A filter form shows its results while somebody types, and keeps them in the address.
for (const form of document.querySelectorAll("form[data-live]")) {
  let timer, asked = 0;
  const update = async () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    const address = query.size ? `${form.action}?${query}` : form.action;
    const mine = ++asked;
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (mine !== asked) return;
    if (!answer.ok) return void location.assign(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    document.querySelector("[data-results]").replaceWith(page.querySelector("[data-results]"));
    history.replaceState(null, "", address);
  };
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(update, event.target.type === "search" ? 200 : 0);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); update(); });
}

// Where there is little room, filters that nobody uses are closed.
if (matchMedia("(max-width: 40rem)").matches && !location.search)
  for (const more of document.querySelectorAll("details.more")) more.open = false;

// What is current is in sight: the page in the navigation, the chosen entity in the graph.
for (const [outer, inner] of [[".bar nav", "[aria-current]"], [".graph", ".focus"]]) {
  const frame = document.querySelector(outer), current = frame?.querySelector(inner);
  if (!current) continue;
  const [seen, there] = [frame, current].map((element) => element.getBoundingClientRect());
  frame.scrollBy(there.x + there.width / 2 - seen.x - seen.width / 2, 0);
}

// "/" goes to the search, Escape leaves it.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  const writes = event.target.closest("input, textarea, select");
  if (event.key === "/" && search && !writes && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape" && writes) {
    writes.blur();
  }
});

// The log of a task grows while somebody looks at it, and what stands above it follows, such as the approval that it
// waits for; when the task ends, its page is shown again.
for (const log of document.querySelectorAll("[data-follow]")) {
  let later;
  const renew = async () => {
    later = undefined;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const state = page.querySelector("[data-state]");
    if (state) document.querySelector("[data-state]").replaceWith(state);
  };
  const events = new EventSource(`${log.dataset.follow}?after=${log.dataset.after}`);
  const add = ({ data }) => {
    const event = JSON.parse(data);
    if (event.id <= Number(log.dataset.after)) return;
    log.dataset.after = event.id;
    log.querySelector(".muted")?.remove();
    const line = log.appendChild(document.createElement("li"));
    line.appendChild(document.createElement("time")).textContent = event.createdAt.slice(11, 19);
    line.appendChild(document.createElement("span")).textContent = event.body.message ?? event.type;
    log.parentElement.scrollTop = log.parentElement.scrollHeight;
    later ??= setTimeout(renew, 500);
  };
  for (const type of ["log", "cancelled", "recovered"]) events.addEventListener(type, add);
  events.addEventListener("completion", (event) => { add(event); events.close(); location.reload(); });
  addEventListener("pagehide", () => { events.close(); clearTimeout(later); });
}
