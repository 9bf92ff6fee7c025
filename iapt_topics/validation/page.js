"use strict";
// Shows one item at a time, takes answers by key or pointer, keeps them in the browser and exports
// them. It sets text and attributes alone: no text of anyone is ever read as HTML, and nothing is sent.
(() => {
  const task = JSON.parse(document.getElementById("task").textContent);
  const find = (id) => document.getElementById(id);
  const KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm", UNDONE = 500;
  const place = `iapt_topics ${task.task} ${task.rater}`;
  // answers: item -> [values, note, time]; past: what an undo brings back.
  let state = { answers: {}, past: [], at: 0, rater: task.rater, keys: true, helps: false }, stored = true;

  try {
    const kept = JSON.parse(localStorage.getItem(place) ?? "null");
    if (kept && typeof kept === "object" && kept.answers && Array.isArray(kept.past)) state = { ...state, ...kept };
  } catch { stored = false; }

  function keep() {
    try { localStorage.setItem(place, JSON.stringify(state)); stored = true; } catch { stored = false; }
    if (!stored) say("This browser keeps nothing: export before you close the page.");
  }

  function make(tag, attributes = {}, text = "") {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  }

  function marked(text, sentence) {
    const at = text.indexOf(sentence), node = make("p", { class: "text last", dir: "auto" }, text.slice(0, at));
    node.append(make("mark", {}, sentence), text.slice(at + sentence.length));
    return node;
  }

  const say = (text) => { find("said").textContent = text; };
  const item = () => task.items[state.at];
  const choicesOf = (of) => (of[2].length ? of[2] : task.choices);
  const known = new Map(task.items.map((of, i) => [of[0], i]));
  // What was kept by a page that was since changed is left.
  for (const id of Object.keys(state.answers)) if (!known.has(id)) delete state.answers[id];
  state.at = Math.min(Math.max(0, state.at | 0), task.items.length - 1);
  if (task.rater) state.rater = task.rater;

  function count() {
    const n = Object.keys(state.answers).length;
    find("done").value = n;
    find("count").textContent = `${n} of ${task.items.length}`;
    find("undo").disabled = !state.past.length;
  }

  function show(focus) {
    const [id, parts] = item(), choices = choicesOf(item()), answer = state.answers[id];
    find("where").textContent = `Item ${state.at + 1} of ${task.items.length}`;
    find("jump").value = state.at + 1;
    // A sentence that stands in the last text is marked there, and not shown twice.
    const last = parts.at(-1), part = parts.find((of) => of !== last && of[0] === task.sentence && last[1].includes(of[1]));
    find("parts").replaceChildren(...parts.filter((of) => of !== part).flatMap((of) => [
      ...(of[0] ? [make("h3", {}, of[0])] : []),
      ...(of === last && part ? [marked(of[1], part[1])] : [make("p", { class: of === last ? "text last" : "text", dir: "auto" }, of[1])]),
    ]));
    const type = task.several ? "checkbox" : "radio";
    const many = choices.length > 12;
    find("choices").className = `${choices.length > 9 ? "many" : ""} ${many && !state.helps ? "short" : ""}`;
    find("choices").replaceChildren(...choices.map(([value, label, help], i) => {
      const row = make("label", { class: "choice" });
      const box = make("input", { type, name: "answer", value });
      box.checked = Boolean(answer?.[0].includes(value));
      const words = make("span", { dir: "auto" }, label);
      if (help) words.append(make("small", {}, help));
      row.append(box, ...(i < KEYS.length ? [make("kbd", { "aria-hidden": "true" }, KEYS[i])] : []), words);
      return row;
    }));
    find("filtering").hidden = !many;
    find("filter").value = "";
    find("reason").hidden = task.note === "none";
    find("note").value = answer?.[1] ?? "";
    find("back").disabled = state.at === 0;
    find("next").textContent = state.at === task.items.length - 1 ? "Finish" : "Next →";
    count();
    if (focus) { find("item").focus({ preventScroll: false }); }
  }

  // Sets or removes an answer, and remembers what stood there.
  function answer(values, note) {
    const id = item()[0], before = state.answers[id] ?? null;
    const order = choicesOf(item()).map((c) => c[0]).filter((v) => values.includes(v));
    if (before && before[1] === note && before[0].join("\n") === order.join("\n")) return;
    if (!before && !order.length) return;
    state.past.push([state.at, before]);
    if (state.past.length > UNDONE) state.past.shift();
    if (order.length) state.answers[id] = [order, note, new Date().toISOString()];
    else delete state.answers[id];
    keep();
    count();
  }

  function read(changed) {
    const boxes = [...find("choices").querySelectorAll("input")];
    if (changed?.checked && task.several) {  // "none" excludes all others
      for (const box of boxes) {
        if (box !== changed && (changed.value === task.none || box.value === task.none)) box.checked = false;
      }
    }
    return boxes.filter((box) => box.checked).map((box) => box.value);
  }

  const noteOf = () => (task.note === "none" ? "" : find("note").value.trim());

  function missing() {
    const values = state.answers[item()[0]];
    return values && task.note === "required" && !values[1] ? "Say why before you go on." : "";
  }

  function go(to) {
    answer(read(), noteOf());
    const fault = missing();
    if (fault) { say(fault); find("note").focus(); return; }
    if (to >= task.items.length) {
      const left = task.items.length - Object.keys(state.answers).length;
      say(left ? `${left} items have no answer yet.` : "All items have an answer: export them.");
      return;
    }
    state.at = Math.max(0, to);
    say("");
    keep();
    show(true);
  }

  function undo() {
    const last = state.past.pop();
    if (!last) { say("There is nothing to undo."); return; }
    const [at, before] = last, id = task.items[at][0];
    if (before) state.answers[id] = before;
    else delete state.answers[id];
    state.at = at;
    keep();
    show(true);
    say(`The last answer to item ${at + 1} was undone.`);
  }

  find("choices").addEventListener("change", (event) => {
    answer(read(event.target), noteOf());
    say("");
  });
  find("note").addEventListener("change", () => answer(read(), noteOf()));
  find("filter").addEventListener("input", () => {
    const wanted = find("filter").value.toLocaleLowerCase();
    for (const row of find("choices").children) row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
  });
  find("form").addEventListener("submit", (event) => event.preventDefault());
  find("back").addEventListener("click", () => go(state.at - 1));
  find("next").addEventListener("click", () => go(state.at + 1));
  find("undo").addEventListener("click", undo);
  find("jump").addEventListener("change", () => {
    const to = Math.trunc(Number(find("jump").value)) - 1;
    if (to >= 0 && to < task.items.length) go(to);
    else find("jump").value = state.at + 1;
  });
  find("open").addEventListener("click", () => {
    const n = task.items.length, order = task.items.map((_, i) => (state.at + 1 + i) % n);
    const to = order.find((i) => !state.answers[task.items[i][0]]);
    if (to === undefined) say("All items have an answer: export them.");
    else go(to);
  });
  find("rater").addEventListener("input", () => { state.rater = find("rater").value.trim(); keep(); });
  find("helps").addEventListener("change", () => {
    state.helps = find("helps").checked;
    find("choices").classList.toggle("short", !state.helps);
    keep();
  });
  find("keys").addEventListener("change", () => { state.keys = find("keys").checked; keep(); });

  document.addEventListener("keydown", (event) => {
    const at = event.target, writing = at.matches("textarea, input:not([type=radio]):not([type=checkbox])");
    if (event.altKey || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !writing) {
      event.preventDefault();
      undo();
      return;
    }
    if (event.ctrlKey || event.metaKey || !find("keys").checked) return;
    if (writing) {
      if (event.key === "Escape") find("item").focus();
      if (event.key === "Enter" && at.id === "filter") {
        event.preventDefault();
        const shown = [...find("choices").children].filter((row) => !row.hidden);
        if (shown.length) { shown[0].querySelector("input").click(); find("item").focus(); }
      }
      return;
    }
    if (at.matches("button, summary, a") && (event.key === "Enter" || event.key === " ")) return;
    if (event.key === "Enter" || event.key === "ArrowRight") { event.preventDefault(); go(state.at + 1); return; }
    if (event.key === "ArrowLeft") { event.preventDefault(); go(state.at - 1); return; }
    if (event.key === "Backspace") { event.preventDefault(); undo(); return; }
    if (event.key === "/" && !find("filtering").hidden) { event.preventDefault(); find("filter").focus(); return; }
    const i = event.key.length === 1 ? KEYS.indexOf(event.key.toLowerCase()) : -1;
    const box = i < 0 ? null : find("choices").children[i]?.querySelector("input");
    if (!box) return;
    event.preventDefault();
    box.checked = task.several ? !box.checked : true;
    answer(read(box), noteOf());
    say("");
    // One answer and no reason: the next item comes of itself.
    if (!task.several && task.note === "none" && state.at < task.items.length - 1) go(state.at + 1);
    else if (task.note === "required") find("note").focus();
  });

  // SHA-256 (FIPS 180-4): pages opened from a file may have no crypto.subtle.
  function sha256(text) {
    const root = (n, k) => Math.floor((n ** (1 / k) % 1) * 2 ** 32), primes = [];
    for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
    const k = primes.map((p) => root(p, 3)), h = primes.slice(0, 8).map((p) => root(p, 2));
    const bytes = new TextEncoder().encode(text), size = ((bytes.length + 8) >> 6) + 1;
    const block = new Uint8Array(size * 64), view = new DataView(block.buffer), w = new Int32Array(64);
    block.set(bytes);
    block[bytes.length] = 0x80;
    view.setUint32(size * 64 - 8, Math.floor(bytes.length / 2 ** 29));
    view.setUint32(size * 64 - 4, (bytes.length * 8) >>> 0);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    for (let start = 0; start < block.length; start += 64) {
      for (let i = 0; i < 64; i++) {
        if (i < 16) { w[i] = view.getInt32(start + 4 * i); continue; }
        const a = w[i - 15], b = w[i - 2];
        w[i] = (w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
      }
      const s = [...h];
      for (let i = 0; i < 64; i++) {
        const one = (s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i]) | 0;
        const two = ((turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]))) | 0;
        s.unshift((one + two) | 0);
        s[4] = (s[4] + one) | 0;
        s.pop();
      }
      s.forEach((v, i) => { h[i] = (h[i] + v) | 0; });
    }
    return h.map((v) => (v >>> 0).toString(16).padStart(8, "0")).join("");
  }

  // Text without control characters, marks of direction and halves of letters, as the reader asks.
  const plain = (text) => text.replace(/[^\n\t\P{Cc}]|\p{Cs}|[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu, "");

  find("export").addEventListener("click", () => {
    answer(read(), noteOf());
    const fault = missing(), rater = plain(task.rater || find("rater").value).replace(/[\n\t]/g, " ").trim();
    if (fault) { say(fault); find("note").focus(); return; }
    if (!rater) { say("Write your name first."); find("rater").focus(); return; }
    const rows = task.items.filter((of) => state.answers[of[0]]).map((of) => {
      const [values, note, time] = state.answers[of[0]];
      return [of[0], values, plain(note), time];
    });
    const content = {
      format: task.format, task: task.task, rater, answers: rows,
      check: sha256(JSON.stringify([task.task, rater, rows])),
    };
    const link = make("a", { download: `answers_${rater.replace(/[^\p{L}\p{N}]+/gu, "_").slice(0, 40)}_${task.task.slice(0, 8)}.json` });
    link.href = URL.createObjectURL(new Blob([JSON.stringify(content)], { type: "application/json" }));
    link.click();
    URL.revokeObjectURL(link.href);
    const left = task.items.length - rows.length;
    say(`${rows.length} answers exported${left ? `; ${left} items have none yet` : ""}. Send the file back.`);
  });

  find("rater").value = state.rater;
  find("keys").checked = state.keys;
  find("helps").checked = state.helps;
  if (state.past.length || Object.keys(state.answers).length) find("about").open = false;
  show(false);
})();
