// Two comparisons of the page side by side.
"use strict";
(function () {
  const WIDEST = 2; // margins
  const compared = JSON.parse(document.getElementById("compared").textContent);
  const place = document.getElementById("two");
  const COLOURS = { A: "#1f77b4", B: "#e4572e" }; // as reference and chip in reports
  const MARKS = { same: "ok", different: "no", open: "open" };

  function make(name, text, kind) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  function table(caption, headings, rows) {
    const box = make("div", undefined, "scroll");
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", caption);
    const found = make("table"), head = make("tr");
    for (const heading of headings) head.append(make("th", heading));
    found.append(make("thead"), make("tbody"));
    found.tHead.append(head);
    for (const cells of rows) {
      const row = make("tr");
      for (const cell of cells) {
        const made = make("td", typeof cell === "string" ? cell : undefined);
        if (cell && cell.words !== undefined) {
          made.textContent = cell.words;
          made.className = MARKS[cell.outcome] || "";
        } else if (cell instanceof Node) made.append(cell);
        row.append(made);
      }
      found.tBodies[0].append(row);
    }
    box.append(found);
    return box;
  }

  function drawn(name, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  // where both are, with the margin in grey
  function strip(effects) {
    const svg = drawn("svg", { viewBox: "-52 -8 104 16", width: 104, height: 16, role: "img" });
    const said = [];
    svg.append(drawn("rect", { x: -25, y: -7, width: 50, height: 14, fill: "#8a8a8a", opacity: 0.3 }));
    svg.append(drawn("line", { x1: 0, x2: 0, y1: -7, y2: 7, stroke: "currentColor", "stroke-width": 0.6 }));
    for (const [side, effect] of Object.entries(effects)) {
      if (!effect || effect.at == null) continue;
      const at = Math.max(-WIDEST, Math.min(WIDEST, effect.at));
      svg.append(drawn("circle", { cx: 25 * at, cy: side === "A" ? -2.5 : 2.5, r: 3.5, fill: COLOURS[side] }));
      said.push(side + " at " + effect.at.toPrecision(2) + " margins");
    }
    svg.setAttribute("aria-label", said.join(", "));
    return svg;
  }

  function effects(a, b) {
    const key = (effect) => effect.of + "\n" + effect.quantity;
    const others = new Map(b.effects.map((effect) => [key(effect), effect]));
    const rows = a.effects.map((effect) => [effect, others.get(key(effect))]);
    const known = new Set(a.effects.map(key));
    for (const effect of b.effects) if (!known.has(key(effect))) rows.push([undefined, effect]);
    const rank = (pair) =>
      Math.max(...pair.filter(Boolean).map((e) => ({ different: 1e6, open: 1e3 }[e.outcome] || 0) + Math.abs(e.at || 0)));
    rows.sort((x, y) => rank(y) - rank(x));
    return rows.map(function ([one, two]) {
      const either = one || two;
      return [either.of, either.quantity, one || "not judged", two || "not judged", strip({ A: one, B: two })];
    });
  }

  function differing(a, b) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...names]
      .filter((name) => a[name] !== b[name])
      .map((name) => [name, String(a[name] === undefined ? "—" : a[name]), String(b[name] === undefined ? "—" : b[name])]);
  }

  function show() {
    const chosen = (side) => document.querySelector(`input[name=${side}]:checked`);
    if (!chosen("A") || !chosen("B")) return;
    const a = compared[+chosen("A").value], b = compared[+chosen("B").value];
    place.replaceChildren(make("h2", "A and B"));
    for (const [side, each] of [["A", a], ["B", b]]) {
      const line = make("p"), name = make("b", side + " ");
      name.style.color = COLOURS[side];
      line.append(name, each.name + ": " + each.verdict);
      place.append(line);
    }
    const rows = effects(a, b);
    place.append(make("h3", "Effects"));
    place.append(make("p", "The worst of either first; grey is the margin.", "soft"));
    place.append(rows.length ? table("Effects", ["of", "quantity", "A", "B", "in margins"], rows) : make("p", "Neither has any."));
    for (const [title, of] of [["How they were made", "made"], ["Changes for the chip, by rule", "changes"]]) {
      const found = differing(a[of], b[of]);
      place.append(make("h3", title));
      place.append(found.length ? table(title, ["what", "A", "B"], found) : make("p", "In both the same."));
    }
  }

  // at first the newest, and what of the same model came before it
  const there = compared.map((each, k) => [each, k]).filter(([each]) => each);
  if (there.length > 1) {
    const [newest, last] = there[0];
    const before = there.slice(1).find(([each]) => each.model === newest.model) || there[1];
    const choose = (side, k) => { document.querySelector(`input[name=${side}][value="${k}"]`).checked = true; };
    choose("A", before[1]);
    choose("B", last);
    document.getElementById("all").addEventListener("change", show);
    show();
  }
})();
