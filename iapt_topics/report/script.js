"use strict";
// Sorts, filters, pages and saves the tables and charts, finds quotes, draws the responses of a private
// map and reads them out, opens what a link leads to, names what is under the pointer, and marks in the
// contents what is on the screen.
// The page is whole without it. It only moves nodes and sets text: nothing is ever read as HTML.
(() => {
  const DRAWING = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "opacity", "paint-order",
    "font-size", "font-weight", "font-family", "text-anchor"];
  // What each point says, and the tables' and quotes' own limits.
  const named = new Map();
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

  // Rows of texts, defused: no spreadsheet takes one for a formula.
  function csv(rows) {
    const cell = (words) => {
      const text = words.trim().replace(/\s+/g, " ").replace(/\u2212/g, "-");
      const safe = /^[=+@\t]|^-(?![\d.])/.test(text) && !/^[+]?[\d.]/.test(text) ? `'${text}` : text;
      return `"${safe.replace(/"/g, '""')}"`;
    };
    return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}`;
  }

  // A part of the page as one drawing: its words, drawings and shades, in their places and colours.
  function picture(root) {
    const box = root.getBoundingClientRect(), size = { width: box.width, height: box.height };
    const put = (name, values, text = "") => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(values)) node.setAttribute(key, value);
      node.textContent = text;
      svg?.append(node);
      return node;
    };
    const placed = ({ left, top, width, height }) => ({ x: left - box.left, y: top - box.top, width, height });
    let svg = null;
    svg = put("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${box.width} ${box.height}`, ...size });
    put("rect", { ...size, fill: getComputedStyle(document.body).backgroundColor });
    for (const node of root.querySelectorAll(".heat")) {
      put("rect", { ...placed(node.getBoundingClientRect()), fill: getComputedStyle(node).backgroundColor });
    }
    for (const node of root.querySelectorAll("canvas:not([hidden])")) put("image", { ...placed(node.getBoundingClientRect()), href: node.toDataURL() });
    for (const node of root.querySelectorAll("svg")) {
      const copy = node.cloneNode(true), copies = copy.querySelectorAll("*");
      for (const [key, value] of Object.entries(placed(node.getBoundingClientRect()))) copy.setAttribute(key, value);
      copy.setAttribute("overflow", "visible");
      node.querySelectorAll("*").forEach((part, i) => {
        const style = getComputedStyle(part);
        for (const key of DRAWING) copies[i].setAttribute(key, style.getPropertyValue(key));
      });
      svg.append(copy);
    }
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), range = new Range();
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      if (node.parentElement.closest("svg, details, .save, .hide")) continue;
      const style = getComputedStyle(node.parentElement);
      let line = null, low = 0;
      for (const { 0: word, index } of node.data.matchAll(/\S+/g)) {
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const at = range.getClientRects()[0];
        if (at && line && Math.abs(at.bottom - low) < 3) line.textContent += ` ${word}`;
        else if (at) {
          low = at.bottom;
          const where = { x: at.left - box.left, y: at.top - box.top + 0.8 * at.height, fill: style.color };
          line = put("text", { ...where, "font-size": style.fontSize, "font-weight": style.fontWeight, "font-family": style.fontFamily }, word);
        }
      }
    }
    return new XMLSerializer().serializeToString(svg);
  }

  // Buttons that save a chart, and the figures behind it: of its table, or of its points.
  function savers() {
    const offer = (place, kind, name, make) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "save", textContent: kind, ariaLabel: `${kind}: ${name}` });
      button.addEventListener("click", () => save(name, kind.toLowerCase(), make()));
      place.append(button);
    };
    const bar = (node) => {
      const made = make("div", { class: "savers" });
      node.after(made);
      return made;
    };
    for (const region of document.querySelectorAll("main .scroll:has(table)")) {
      const table = region.querySelector("table"), name = table.caption.textContent, place = bar(region);
      if (region.matches(".dumbbell, .bars, .heatmap")) offer(place, "SVG", name, () => picture(table));
      offer(place, "CSV", name, () => csv([...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent))));
    }
    for (const root of document.querySelectorAll("figure.chart, .multiples, .theme .split > div:has(svg), .map")) {
      const name = root.dataset.title ?? (root.closest("details.theme")?.querySelector("h3") ?? root.parentElement.querySelector("h2")).textContent;
      const place = bar(root);
      if (!root.matches(".multiples")) root.append(place); // beside it would be a column of its own
      offer(place, "SVG", name, () => picture(root));
      if (root.matches(".map")) continue;
      offer(place, "CSV", name, () => csv([["Point", "Figure"], ...[...root.querySelectorAll("circle")].filter((node) => named.has(node)).map((node) => {
        const words = named.get(node), cut = words.lastIndexOf(": ");
        const under = root.matches(".multiples") ? `${node.closest("div").firstChild.textContent}, ` : "";
        return [under + words.slice(0, cut), words.slice(cut + 2)];
      })]));
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
    for (const node of document.querySelectorAll("svg title")) named.set(node.parentElement, node.textContent);
    for (const node of document.querySelectorAll(".heat")) {
      named.set(node, node.title);
      node.removeAttribute("title");
      node.setAttribute("aria-label", named.get(node));
    }
    const say = (words, at) => {
      tip.hidden = !words;
      if (!words) return;
      tip.textContent = words;
      const wide = document.documentElement.clientWidth;
      const left = at.left + at.width / 2 - tip.offsetWidth / 2;
      tip.style.left = `${scrollX + Math.max(4, Math.min(left, wide - tip.offsetWidth - 4))}px`;
      tip.style.top = `${scrollY + at.bottom + 8}px`;
    };
    const open = ({ target }) => {
      if (target.tagName === "CANVAS") return;
      const node = target.closest?.("circle, path, .heat, .map a");
      say(named.get(node) ?? named.get(node?.closest("a")), node?.getBoundingClientRect());
    };
    addEventListener("pointerover", open);
    addEventListener("focusin", open);
    addEventListener("focusout", () => say(""));
    addEventListener("keydown", (event) => { if (event.key === "Escape") say(""); });
    for (const node of document.querySelectorAll("svg title")) node.remove();
    return say;
  }

  // A private report: every response as a dot, found by words, topic, theme and wave, and read.
  function reader(say) {
    const data = document.getElementById("responses"), plot = document.querySelector(".plot");
    if (!data || !plot) return;
    const { places, topics, themes, waves, topic, wave, theme, text } = JSON.parse(data.textContent);
    const at = new Uint16Array(Uint8Array.from(atob(places), (c) => c.charCodeAt(0)).buffer), n = text.length;
    const canvas = plot.querySelector("canvas"), svg = plot.querySelector("svg"), pen = canvas.getContext("2d");
    const W = canvas.width, H = canvas.height, radius = Math.max(2, Math.min(7, 0.32 * Math.sqrt(0.4 * W * H / n)));
    const group = new Map(topics.map(([number, , of]) => [number, of])), name = new Map(topics);
    const colours = [...document.querySelectorAll(".map .legend circle")].map((node) => getComputedStyle(node).fill);
    const tools = document.getElementById("find"), state = make("p", { class: "state", role: "status" });
    const pane = make("div", { class: "read", role: "region", tabindex: "0", "aria-label": "Responses found" });
    const list = make("ol"), more = make("button", { type: "button", class: "save" }, "Show more");
    let lower = null, found = new Uint8Array(n).fill(1), order = [], shown = 0, kept = -1, hovered = -1;

    function field(label, node) {
      const outer = make("label", {}, `${label} `);
      outer.append(node);
      tools.append(outer);
      node.addEventListener(node.tagName === "SELECT" ? "change" : "input", () => { kept = -1; filter(); });
      return node;
    }
    function choice(label, entries) {
      const node = make("select");
      node.append(make("option", { value: "" }, "all"));
      for (const [value, words] of entries) node.append(make("option", { value }, words));
      return field(label, node);
    }
    const search = field("Search responses", make("input", { type: "search", autocomplete: "off" }));
    const ofTopic = choice("Topic", topics.map(([number, words]) => [number, `${number}: ${words}`]));
    const ofTheme = choice("Theme", themes.map((words, i) => [i, words]));
    const ofWave = choice("Wave", waves.map((words, i) => [i, words]));
    tools.append(state);
    tools.hidden = false;

    function draw() {
      pen.clearRect(0, 0, W, H);
      for (const on of [0, 1]) {
        colours.forEach((colour, of) => {
          pen.beginPath();
          for (let i = 0; i < n; i += 1) {
            if (found[i] !== on || (group.get(topic[i]) ?? colours.length - 1) !== of) continue;
            const x = at[2 * i] / 65535 * W, y = at[2 * i + 1] / 65535 * H;
            pen.moveTo(x + radius, y);
            pen.arc(x, y, radius, 0, 7);
          }
          pen.globalAlpha = on ? 1 : 0.13;
          pen.fillStyle = colour;
          pen.fill();
        });
      }
      for (const i of [kept, hovered]) {
        if (i < 0) continue;
        pen.beginPath();
        pen.arc(at[2 * i] / 65535 * W, at[2 * i + 1] / 65535 * H, radius + 5, 0, 7);
        pen.lineWidth = 4;
        pen.strokeStyle = getComputedStyle(document.body).color;
        pen.stroke();
      }
    }

    function entry(i) {
      const item = make("li"), box = make("figure", { class: `quote${i === kept ? " kept" : ""}` }), chips = make("figcaption");
      box.append(make("p", { dir: "auto" }, text[i]), chips);
      const labels = [waves[wave[i]], ...theme[i].map((t) => themes[t])];
      for (const words of labels) chips.append(make("span", { class: "chip" }, words));
      if (name.has(topic[i])) chips.append(make("a", { href: `#topic-${topic[i]}` }, `Topic ${topic[i]}: ${name.get(topic[i])}`));
      item.append(box);
      return item;
    }
    function show(most) {
      list.append(...order.slice(shown, shown + most).map(entry));
      shown = Math.min(order.length, shown + most);
      more.hidden = shown >= order.length;
    }
    function filter() {
      const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      if (words.length) lower ??= text.map((t) => t.toLocaleLowerCase());
      order = [];
      for (let i = 0; i < n; i += 1) {
        found[i] = (!ofTopic.value || topic[i] === +ofTopic.value) && (!ofWave.value || wave[i] === +ofWave.value) &&
          (!ofTheme.value || theme[i].includes(+ofTheme.value)) && words.every((w) => lower[i].includes(w));
        if (found[i] && i !== kept) order.push(i);
      }
      state.textContent = order.length + (kept >= 0) === n ? `${n.toLocaleString("en")} responses` : `${(order.length + (kept >= 0)).toLocaleString("en")} of ${n.toLocaleString("en")} responses`;
      if (kept >= 0) order.unshift(kept);
      shown = 0;
      list.replaceChildren();
      pane.scrollTop = 0;
      show(20);
      draw();
    }
    function near(event) {
      const box = canvas.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * W, y = (event.clientY - box.top) / box.height * H;
      let best = -1, least = (radius + 10) ** 2;
      for (let i = 0; i < n; i += 1) {
        if (!found[i]) continue;
        const far = (at[2 * i] / 65535 * W - x) ** 2 + (at[2 * i + 1] / 65535 * H - y) ** 2;
        if (far < least) [best, least] = [i, far];
      }
      return best;
    }
    canvas.addEventListener("pointermove", (event) => {
      const i = near(event);
      if (i === hovered) return;
      hovered = i;
      say(i < 0 ? "" : `${waves[wave[i]]}: ${text[i].length > 300 ? `${text[i].slice(0, 300)}…` : text[i]}`,
        { left: event.clientX, width: 0, bottom: event.clientY + 8 });
      draw();
    });
    canvas.addEventListener("pointerleave", () => { hovered = -1; say(""); draw(); });
    canvas.addEventListener("click", (event) => { kept = near(event); filter(); });
    for (const link of svg.querySelectorAll("a")) link.addEventListener("click", (event) => {
      event.preventDefault();
      kept = -1;
      ofTopic.value = link.getAttribute("href").slice(7);
      filter();
    });
    more.addEventListener("click", () => show(50));
    pane.append(list, more);
    document.querySelector(".atlas .names").replaceWith(pane);
    canvas.hidden = false;
    filter();
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
  reader(tips());
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
