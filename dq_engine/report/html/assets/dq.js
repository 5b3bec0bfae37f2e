// What makes pages handier. Everything can be read without it.
"use strict";
(() => {
  const root = document.documentElement.dataset.root;
  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // ---------------------------------------------------------------------------------------------------------- light, dark

  const dark = () => document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const toggle = document.querySelector(".dq-theme");
  const name = () => { toggle.textContent = dark() ? "Light colours" : "Dark colours"; };
  toggle.hidden = false;
  name();
  toggle.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("dq-theme", document.documentElement.dataset.theme); } catch (refused) { /* for this page only */ }
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);

  // ---------------------------------------------------------------------------------------------------------------- copying

  const said = element("p", "", { class: "nhsuk-u-visually-hidden", role: "status" });
  document.body.append(said);
  const copy = async (text, button, label) => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch (refused) {
      const area = element("textarea", text, { class: "nhsuk-u-visually-hidden" });
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = done ? "Copied" : "Select and copy by hand";
    said.textContent = button.textContent;
    setTimeout(() => { button.textContent = label; }, 2000);
  };
  const copier = (source, label, spoken) => {
    const button = element("button", label, { type: "button", class: "dq-copy", "aria-label": spoken });
    button.addEventListener("click", () => copy(source.textContent, button, label));
    source.after(button);
  };
  for (const pre of document.querySelectorAll("pre.dq-sql")) copier(pre, "Copy SQL", `Copy ${pre.getAttribute("aria-label")}`);
  for (const code of document.querySelectorAll("code[data-copy]")) copier(code, "Copy", `Copy ${code.textContent}`);

  // ------------------------------------------------------------------------------------------- what an address leads to

  const open = (target) => {
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const inner = target.querySelector("details");
    if (inner) inner.open = true;
  };
  const arrive = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || target.id === "maincontent") return;
    target.hidden = false;
    open(target);
    target.scrollIntoView();
  };

  // ---------------------------------------------------------------------------------------------------- filters, sorting

  const table = document.querySelector("table.dq-list");
  const form = document.querySelector("form.dq-filters");
  const rows = table ? [...table.tBodies[0].rows] : [];
  const fields = form ? [...form.querySelectorAll("[data-key]")] : [];
  const texts = new Map();
  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const filter = () => {
    const wanted = fields.filter((field) => field.value);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !wanted.every((field) => field.dataset.key === "text"
        ? field.value.toLowerCase().split(/\s+/).every((word) => text(row).includes(word))
        : (row.dataset[field.dataset.key] || "").split(" ").includes(field.value));
      if (!row.hidden) shown += 1;
    }
    form.querySelector(".dq-filters__count").textContent = `${shown} of ${rows.length} ${form.dataset.what} shown`;
  };
  const chosen = () => fields.filter((field) => field.value)
    .map((field) => `${field.dataset.key}=${encodeURIComponent(field.value)}`).join("&");
  const read = () => {
    const given = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    for (const field of fields) {
      field.value = given.get(field.dataset.key) || "";
      if (field.value === "" && field.tagName === "SELECT") field.selectedIndex = 0;
    }
    filter();
  };
  if (form && rows.length) {
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => { location.hash = chosen(); });
    form.addEventListener("input", (event) => { if (event.target.dataset.key === "text") filter(); });
    form.addEventListener("reset", () => { setTimeout(() => { location.hash = ""; filter(); }); });
    read();
  }
  addEventListener("hashchange", () => {
    if (form && (location.hash.includes("=") || location.hash.length < 2)) read();
    arrive();
  });

  for (const sorted of document.querySelectorAll("table.dq-list")) {
    const body = sorted.tBodies[0];
    const heads = [...sorted.tHead.rows[0].cells];
    const key = (row, place) => {
      const cell = row.cells[place];
      const value = cell.dataset.value ?? cell.textContent.trim();
      return value !== "" && !Number.isNaN(Number(value)) ? Number(value) : value.toLowerCase();
    };
    heads.forEach((head, place) => {
      if (!("sort" in head.dataset)) return;
      const button = element("button", head.textContent, { type: "button", class: "dq-sort" });
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const compare = (a, b) => typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
        const keyed = [...body.rows].map((row) => [key(row, place), row]);
        keyed.sort((a, b) => compare(a[0], b[0]) * (down ? -1 : 1));
        body.append(...keyed.map((pair) => pair[1]));
      });
    });
  }
  arrive();

  // -------------------------------------------------------------------------------------------------------------- printing

  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not([open])")) {
      details.open = true;
      details.dataset.closed = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const details of document.querySelectorAll("details[data-closed]")) {
      details.open = false;
      delete details.dataset.closed;
    }
  });

  // ------------------------------------------------------------------------------------------- search over the whole site

  const box = document.querySelector(".dq-search");
  const input = document.getElementById("search");
  const list = document.getElementById("search-results");
  const found = document.getElementById("search-found");
  box.hidden = false;
  let index = null;
  window.dqSearch = (entries) => {
    index = entries.map(([kind, title, address, more]) => ({ kind, title, address, more, text: `${title} ${more} ${kind}`.toLowerCase() }));
    search();
  };
  const load = () => {
    if (document.getElementById("search-data")) return;
    document.head.append(element("script", "", { id: "search-data", src: `${root}assets/search.js` }));
  };
  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.replaceChildren();
    list.hidden = !words.length || !index;
    found.textContent = "";
    if (list.hidden) return;
    const hits = index.filter((entry) => words.every((word) => entry.text.includes(word)));
    hits.sort((a, b) => b.title.toLowerCase().startsWith(words[0]) - a.title.toLowerCase().startsWith(words[0]));
    for (const hit of hits.slice(0, 20)) {
      const link = element("a", hit.title, { href: root + hit.address });
      link.append(element("span", hit.more ? `${hit.kind} · ${hit.more}` : hit.kind));
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    const more = hits.length > 20 ? `, the first 20 are listed` : "";
    found.textContent = `${hits.length} found${more}`;
    if (!hits.length || more) {
      const item = element("li", hits.length ? `${hits.length - 20} more: say it more exactly` : "Nothing found", { class: "dq-hint" });
      list.append(item);
    }
  };
  input.addEventListener("focus", load, { once: true });
  input.addEventListener("input", search);
  box.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") { input.value = ""; search(); input.focus(); }
    if (event.key === "Enter" && event.target === input && links.length) { event.preventDefault(); links[0].click(); }
    if (event.key === "ArrowDown" && links.length) { event.preventDefault(); links[Math.min(at + 1, links.length - 1)].focus(); }
    if (event.key === "ArrowUp" && links.length) { event.preventDefault(); (at > 0 ? links[at - 1] : input).focus(); }
  });
  box.addEventListener("focusout", (event) => { if (!box.contains(event.relatedTarget)) list.hidden = true; });
  input.addEventListener("focus", search);
})();
