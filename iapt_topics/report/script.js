"use strict";
// Sorts, filters and pages the tables, opens what a link leads to, and names the topics on the map.
// The page is whole without it. It only moves nodes and sets text: nothing is ever read as HTML.
(() => {
  const PAGE = 50, SORTABLE = 4, SEARCHABLE = 20, PRINTED = 2000, COLLATED = 2000;

  function make(tag, attributes = {}, text = "") {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  }

  // A row with its texts, read once: asking the page for each of 20,000 rows at every key is slow.
  function read(row) {
    const cells = [...row.cells].map((cell) => cell.textContent.trim());
    const lower = cells.map((text) => text.toLocaleLowerCase());
    return { row, cells, lower, all: lower.join(" ") };
  }

  // The number that a cell begins with; "< .001" stands just below .001.
  function numberOf(text) {
    const found = /^([<>]?)\s*([-+\u2212]?(?:\d[\d,\u00a0]*(?:\.\d+)?|\.\d+))/.exec(text);
    if (!found) return NaN;
    return Number(found[2].replace(/[\u00a0,]/g, "").replace("\u2212", "-")) - (found[1] === "<" ? 1e-9 : 0);
  }

  // A text without accents and the marks that it begins with, as a dictionary orders it.
  function plain(text) {
    return /^[a-z][ -~]*$/.test(text) ? text : text.normalize("NFKD").replace(/^[^\p{L}\p{N}]+/u, "");
  }

  function sorted(rows, column, up) {
    const keyed = rows.map((entry) => ({ entry, number: numberOf(entry.cells[column] ?? "") }));
    if (keyed.filter((k) => !Number.isNaN(k.number)).length * 2 > keyed.length) {
      keyed.sort((a, b) => {
        // What is not shown comes last either way.
        if (Number.isNaN(a.number) || Number.isNaN(b.number)) {
          return Number.isNaN(a.number) - Number.isNaN(b.number);
        }
        return (up ? 1 : -1) * (a.number - b.number);
      });
      return keyed.map((k) => k.entry);
    }
    // The language's own order takes too long for many texts.
    const many = rows.length > COLLATED, same = new Map();
    for (const entry of rows) {
      const text = entry.lower[column] ?? "", key = many ? plain(text) : text;
      if (same.has(key)) same.get(key).push(entry);
      else same.set(key, [entry]);
    }
    const order = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
    const keys = [...same.keys()].sort(many ? undefined : order);
    return (up ? keys : keys.reverse()).flatMap((key) => same.get(key));
  }

  function equip(table, index) {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
    let rows = [...body.rows].map(read), found = rows, page = 0;
    const total = rows.length, name = table.caption.textContent;
    if (total < SORTABLE) return;
    const searched = total >= SEARCHABLE || "choices" in table.dataset;
    const tools = make("div", { class: "tools", role: "group", "aria-label": `Find in: ${name}` });
    const state = make("p", { class: "state", role: "status" });
    const pager = make("div", { class: "pager" });
    const back = make("button", { type: "button" }, "Previous"), on = make("button", { type: "button" }, "Next");
    const lists = new Map();
    let search = null;

    function put(first, most) {
      const shown = found.slice(first, first + most);
      body.replaceChildren(...shown.map((entry) => entry.row));
      return shown.length;
    }

    function tell(part) {
      state.textContent = found.length === total ? `${part} rows` : `${part} rows found, of ${total}`;
    }

    function show() {
      const first = page * PAGE, shown = put(first, PAGE);
      back.disabled = page === 0;
      on.disabled = first + PAGE >= found.length;
      pager.hidden = found.length <= PAGE;
      tell(pager.hidden ? `${found.length}` : `${first + 1} to ${first + shown} of ${found.length}`);
    }

    function print() {
      const shown = put(0, PRINTED);
      tools.classList.toggle("partial", shown < total);
      tell(shown < found.length ? `The first ${shown} of ${found.length}` : `${shown}`);
    }

    function filter() {
      const words = (search?.value ?? "").toLocaleLowerCase().split(/\s+/).filter(Boolean);
      const wanted = [...lists].filter(([, list]) => list.value !== "");
      found = rows.filter(({ cells, all }) =>
        words.every((word) => all.includes(word)) &&
        wanted.every(([column, list]) => cells[column].split("; ").includes(list.value)));
      page = 0;
      show();
    }

    function sort(column, button) {
      const up = heads[column].getAttribute("aria-sort") !== "ascending";
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[column].setAttribute("aria-sort", up ? "ascending" : "descending");
      rows = sorted(rows, column, up);
      filter();
      button.focus();
    }

    heads.forEach((head, column) => {
      const button = make("button", { type: "button", class: "sort" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => sort(column, button));
    });
    if (searched) {
      const label = make("label", {}, "Search ");
      search = make("input", { type: "search", id: `search-${index}`, autocomplete: "off" });
      label.append(search);
      tools.append(label);
      search.addEventListener("input", filter);
    }
    for (const column of (table.dataset.choices ?? "").split(" ").filter(Boolean).map(Number)) {
      const values = new Set(rows.flatMap(({ cells }) => cells[column].split("; ")));
      const label = make("label", {}, `${heads[column].textContent} `), list = make("select");
      list.append(make("option", { value: "" }, "all"));
      for (const value of [...values].sort(new Intl.Collator("en", { numeric: true }).compare)) {
        list.append(make("option", { value }, value));
      }
      label.append(list);
      tools.append(label);
      lists.set(column, list);
      list.addEventListener("change", filter);
    }
    back.addEventListener("click", () => { page -= 1; show(); });
    on.addEventListener("click", () => { page += 1; show(); });
    pager.append(back, on);
    const region = table.closest(".scroll");
    if (searched) { tools.append(state); region.before(tools); }
    if (total > PAGE) { region.after(pager); show(); }
    table.classList.remove("many");
    addEventListener("beforeprint", print);
    addEventListener("afterprint", show);
  }

  function lead() {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.scrollIntoView();
  }

  function nameTopics(map) {
    const tip = make("p", { class: "tip", "aria-hidden": "true" });
    tip.hidden = true;
    map.append(tip);
    for (const link of map.querySelectorAll("a")) {
      link.querySelector("title")?.remove();
      const open = () => {
        tip.textContent = link.getAttribute("aria-label");
        tip.hidden = false;
        const at = link.getBoundingClientRect(), frame = map.getBoundingClientRect();
        const left = at.left - frame.left + at.width / 2 - tip.offsetWidth / 2;
        tip.style.left = `${Math.max(0, Math.min(left, frame.width - tip.offsetWidth))}px`;
        tip.style.top = `${at.bottom - frame.top + 6}px`;
      };
      const close = () => { tip.hidden = true; };
      for (const name of ["pointerenter", "focus"]) link.addEventListener(name, open);
      for (const name of ["pointerleave", "blur"]) link.addEventListener(name, close);
    }
    addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
  }

  document.querySelectorAll("table").forEach(equip);
  document.querySelectorAll(".map").forEach(nameTopics);
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.theme:not([open])")];
    closed.forEach((node) => { node.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((node) => { node.open = false; }));
  addEventListener("hashchange", lead);
  lead();
})();
