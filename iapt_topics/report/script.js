"use strict";
// Sorts, filters, pages and saves the tables, finds quotes, opens what a link leads to, names what is
// under the pointer, and marks in the contents what is on the screen.
// The page is whole without it. It only moves nodes and sets text: nothing is ever read as HTML.
(() => {
  const PAGE = 50, SORTABLE = 4, SEARCHABLE = 20, DRAWN = 60, PRINTED = 2000, COLLATED = 2000;

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
    const drawn = table.closest(".dumbbell, .heatmap, .bars") !== null;
    const searched = total >= (drawn ? DRAWN : SEARCHABLE) || (!drawn && "choices" in table.dataset);
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

  function save(name, kind, text) {
    const link = make("a", { download: `${name.replace(/[^\p{L}\p{N}]+/gu, "_").slice(0, 60)}.${kind}` });
    link.href = URL.createObjectURL(new Blob([text], { type: kind === "svg" ? "image/svg+xml" : "text/csv" }));
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // Cells as text, defused: no spreadsheet takes one for a formula.
  function csv(table) {
    const cell = (node) => {
      const text = node.textContent.trim().replace(/\s+/g, " ").replace(/\u2212/g, "-");
      const safe = /^[=+@\t]|^-(?![\d.])/.test(text) && !/^[+]?[\d.]/.test(text) ? `'${text}` : text;
      return `"${safe.replace(/"/g, '""')}"`;
    };
    return `\ufeff${[...table.rows].map((row) => [...row.cells].map(cell).join(",")).join("\r\n")}`;
  }

  // A drawing by itself, with the colours it has on the page.
  function standalone(svg) {
    const copy = svg.cloneNode(true), nodes = [...svg.querySelectorAll("*")], copies = [...copy.querySelectorAll("*")];
    const box = svg.getBoundingClientRect();
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", box.width);
    nodes.forEach((node, i) => {
      const style = getComputedStyle(node);
      for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "font-weight", "font-family", "text-anchor"]) {
        copies[i].setAttribute(name, style.getPropertyValue(name));
      }
    });
    return new XMLSerializer().serializeToString(copy);
  }

  function offer(place, label, name, act) {
    const button = make("button", { type: "button", class: "save", "aria-label": `${label}: ${name}` }, label);
    button.addEventListener("click", act);
    place.append(button);
  }

  function savers() {
    for (const region of document.querySelectorAll("main .scroll:has(table)")) {
      const table = region.querySelector("table"), name = table.caption.textContent;
      const bar = make("div", { class: "savers" });
      region.after(bar);
      offer(bar, "CSV", name, () => save(name, "csv", csv(table)));
    }
    for (const figure of document.querySelectorAll("figure.chart")) {
      offer(figure, "SVG", figure.dataset.title, () => save(figure.dataset.title, "svg", standalone(figure.querySelector("svg"))));
    }
  }

  function finder() {
    const tools = document.querySelector(".finder"), quotes = [...document.querySelectorAll(".theme .quote")];
    if (!tools || !quotes.length) return () => {};
    const search = tools.querySelector("input"), wave = tools.querySelector("select"), state = tools.querySelector(".state");
    const said = quotes.map((quote) => quote.textContent.toLocaleLowerCase());
    const themes = [...document.querySelectorAll("details.theme")];
    tools.hidden = false;
    function show() {
      const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      const any = words.length > 0 || wave.value !== "";
      let n = 0;
      quotes.forEach((quote, i) => {
        const found = (!wave.value || quote.dataset.wave === wave.value) && words.every((w) => said[i].includes(w));
        quote.hidden = !found;
        n += found;
      });
      for (const theme of themes) theme.hidden = any && !theme.querySelector(".quote:not([hidden])");
      state.textContent = any ? `${n} of ${quotes.length} quotes, in ${themes.filter((t) => !t.hidden).length} themes` : `${quotes.length} quotes`;
    }
    search.addEventListener("input", show);
    wave.addEventListener("change", show);
    show();
    return (value) => { search.value = ""; wave.value = value; show(); };
  }

  function lead() {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.hidden) showWave("");
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.scrollIntoView();
  }

  // The title of whatever is under the pointer or the focus, where it can be read at once.
  function tips() {
    const tip = make("p", { class: "tip", "aria-hidden": "true" });
    tip.hidden = true;
    document.body.append(tip);
    const named = new Map();
    for (const node of document.querySelectorAll("svg title")) named.set(node.parentElement, node.textContent);
    for (const node of document.querySelectorAll(".heat")) {
      named.set(node, node.title);
      node.removeAttribute("title");
      node.setAttribute("aria-label", named.get(node));
    }
    const open = (event) => {
      const node = event.target.closest?.("circle, .heat, .map a");
      const words = named.get(node) ?? named.get(node?.closest("a"));
      tip.hidden = !words;
      if (!words) return;
      tip.textContent = words;
      const at = node.getBoundingClientRect(), wide = document.documentElement.clientWidth;
      const left = at.left + at.width / 2 - tip.offsetWidth / 2;
      tip.style.left = `${scrollX + Math.max(4, Math.min(left, wide - tip.offsetWidth - 4))}px`;
      tip.style.top = `${scrollY + at.bottom + 8}px`;
    };
    const close = () => { tip.hidden = true; };
    addEventListener("pointerover", open);
    addEventListener("focusin", open);
    addEventListener("focusout", close);
    addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    for (const node of document.querySelectorAll("svg title")) node.remove();
  }

  function contents() {
    const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(target.id)?.setAttribute("aria-current", "true");
      }
    }, { rootMargin: "-20% 0px -75% 0px" });
    for (const section of document.querySelectorAll("main section")) seen.observe(section);
  }

  document.querySelectorAll("table").forEach(equip);
  savers();
  const showWave = finder();
  tips();
  contents();
  for (const cell of document.querySelectorAll(".heat")) cell.addEventListener("click", () => showWave(cell.dataset.wave));
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.theme:not([open])")];
    closed.forEach((node) => { node.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((node) => { node.open = false; }));
  addEventListener("hashchange", lead);
  lead();
})();
