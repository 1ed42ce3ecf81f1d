// Draws the page's curves with uPlot, each when it is first seen.
"use strict";
(function () {
  const LONG = 10; // s, from which on a run is shown in parts at first
  const DENSE = 20000; // samples, from which on lines are one pixel wide: browsers draw these ten times as fast
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawn = [];

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function values(packed) {
    const bytes = Uint8Array.from(atob(packed.levels), (c) => c.charCodeAt(0));
    const levels = new Uint16Array(bytes.buffer);
    const found = new Float64Array(levels.length);
    const size = (packed.high - packed.low) / 65535;
    for (let i = 0; i < levels.length; i++) found[i] = packed.low + size * levels[i];
    return found;
  }

  function shown(number) {
    return number == null ? "–" : number.toPrecision(4);
  }

  function axis(label) {
    return {
      label: label, labelSize: 18, labelFont: "12px system-ui", font: "12px system-ui", size: 54,
      stroke: () => colour("--ink"),
      values: (u, ticks) => ticks.map((tick) => (tick == null ? "" : String(+tick.toPrecision(4)))),
      grid: { stroke: () => colour("--line"), width: 1 },
      ticks: { stroke: () => colour("--line"), width: 1 },
    };
  }

  function make(place, plot, time, curves, height, unit, others) {
    const width = time.length > DENSE ? 1 / devicePixelRatio : 1.4;
    const options = {
      width: place.clientWidth || 300, height: height,
      cursor: { sync: { key: plot.title }, drag: { x: true, y: false } },
      scales: { x: { time: false } },
      axes: [
        Object.assign(axis(others.last ? "time (s)" : ""), { size: others.last ? 34 : 20 }),
        Object.assign(axis(unit), {
          space: height < 200 ? 14 : 24,
          // as wide as the longest number of the figure, of letters of 7 pixels: its plots stand in line
          size: (u, ticks) => {
            others.longest = Math.max(others.longest, ...(ticks || []).map((tick) => tick.length));
            return 26 + 7 * others.longest;
          },
        }),
      ],
      series: [{ label: "time (s)", value: (u, v) => shown(v) }].concat(
        curves.map((curve) => ({
          label: curve.label, stroke: curve.colour, width: width,
          alpha: curve.label.startsWith("ideal") ? 0.6 : 0.95, value: (u, v) => shown(v),
        }))
      ),
      hooks: {
        draw: [function () {
          if (others.longest === others.fitted) return;
          others.fitted = others.longest;
          for (const each of others.all) each.redraw(false, true);
        }],
        setScale: [function (u, key) {
          if (key !== "x") return;
          for (const other of others.all) {
            const now = other.scales.x;
            if (other !== u && (now.min !== u.scales.x.min || now.max !== u.scales.x.max))
              other.setScale("x", { min: u.scales.x.min, max: u.scales.x.max });
          }
        }],
      },
    };
    const made = new uPlot(options, [time].concat(curves.map((curve) => curve.values)), place);
    others.all.push(made);
    // the legend's rows are buttons for a keyboard too
    made.root.querySelectorAll(".u-series").forEach(function (row, k) {
      const name = row.querySelector("th");
      if (!k || !name) return;
      name.tabIndex = 0;
      name.setAttribute("role", "button");
      name.setAttribute("aria-pressed", "true");
      const press = () => name.setAttribute("aria-pressed", String(made.series[k].show));
      name.addEventListener("click", () => setTimeout(press));
      name.addEventListener("keydown", function (event) {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        made.setSeries(k, { show: !made.series[k].show });
        press();
      });
    });
    return made;
  }

  function buttons(figure, all, begin, end) {
    const bar = document.createElement("div");
    bar.className = "buttons";
    const range = () => [all[0].scales.x.min, all[0].scales.x.max];
    function go(low, high) {
      const width = Math.min(high - low, end - begin);
      low = Math.max(begin, Math.min(low, end - width));
      all[0].setScale("x", { min: low, max: low + width });
    }
    const moves = {
      "earlier": () => { const [a, b] = range(); go(a - (b - a), b - (b - a)); },
      "later": () => { const [a, b] = range(); go(a + (b - a), b + (b - a)); },
      "closer": () => { const [a, b] = range(); go(a + (b - a) / 4, b - (b - a) / 4); },
      "all": () => go(begin, end),
    };
    for (const [name, move] of Object.entries(moves)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.addEventListener("click", move);
      bar.append(button);
    }
    figure.querySelector(".plot").before(bar);
    if (end - begin > LONG) go(begin, begin + LONG);
  }

  function draw(figure) {
    if (figure.dataset.drawn) return;
    figure.dataset.drawn = "yes";
    const plot = JSON.parse(figure.querySelector("script").textContent);
    const curves = plot.curves.map((curve) => Object.assign({ values: values(curve) }, curve));
    const n = curves[0].values.length;
    const time = Float64Array.from({ length: n }, (_, i) => plot.begin + i * plot.step);
    const place = figure.querySelector(".plot");
    const others = { all: [], last: !plot.difference, longest: 4, fitted: 4 };
    make(place, plot, time, curves, plot.difference ? 220 : 200, plot.unit, others);
    if (plot.difference) {
      others.last = true;
      const strip = { label: "difference", colour: colour("--soft"), values: values(plot.difference) };
      make(place, plot, time, [strip], 140, "difference", others);
    }
    buttons(figure, others.all, time[0], time[n - 1]);
    drawn.push([place, others.all]);
  }

  function fit() {
    for (const [place, all] of drawn)
      for (const each of all)
        if (place.clientWidth && each.width !== place.clientWidth)
          each.setSize({ width: place.clientWidth, height: each.height });
  }

  const seen = new IntersectionObserver(
    (entries) => entries.forEach((entry) => entry.isIntersecting && draw(entry.target)),
    { rootMargin: "400px" }
  );
  document.querySelectorAll("figure.curves").forEach(function (figure) {
    const box = figure.getBoundingClientRect();
    if (box.width && box.top < 2 * innerHeight) draw(figure);
    else seen.observe(figure);
  });
  addEventListener("resize", fit);
  dark.addEventListener("change", () => drawn.forEach(([, all]) => all.forEach((u) => u.redraw())));
  // paper has no folds, and all that is on it was not seen before
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
    document.querySelectorAll("figure.curves").forEach(draw);
  });
  // a link to what is folded unfolds it
  function unfold() {
    const goal = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = goal && goal.closest("details"); fold; fold = fold.parentElement.closest("details"))
      fold.open = true;
    if (goal) goal.scrollIntoView();
  }
  addEventListener("hashchange", unfold);
  unfold();
})();
