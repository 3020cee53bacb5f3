// Draws the charts, switches language and theme, hands out data. It works out no numbers and loads nothing.
(() => {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const { specs, tables, looks } = read("drawings");
  const said = read("said");
  const root = document.documentElement;
  const pages = [...document.querySelectorAll(".page")];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();
  let theme = dark.matches ? "dark" : "light";
  let busy = Promise.resolve();

  const page = () => pages.find((one) => !one.hidden);
  const rowsOf = (name) => {
    const { n, columns } = tables[name];
    const names = Object.keys(columns);
    return Array.from({ length: n }, (_, i) => {
      const row = {};
      for (const key of names) if (columns[key][i] !== null) row[key] = columns[key][i];
      return row;
    });
  };

  async function draw(figure) {
    const plot = figure.querySelector(".plot");
    const width = Math.floor(plot.clientWidth);
    if (!width || (figure.dataset.drawn === `${theme} ${width}`)) return;
    const spec = specs[figure.dataset.chart];
    const look = structuredClone(looks[theme]);
    look.legend.columns = Math.max(1, Math.floor(width / (width < 480 ? 145 : 165)));
    if (width < 480) { look.axis.labelLimit = 108; look.legend.labelLimit = 120; look.axis.titleFontSize = 11; look.axis.labelFontSize = 11; }
    const full = { ...structuredClone(spec), width, datasets: { [spec.data.name]: rowsOf(spec.data.name) } };
    try {
      views.get(figure)?.finalize();
      const made = await window.vegaEmbed(plot, full, { renderer: "svg", actions: false, mode: "vega-lite", config: look, tooltip: { theme } });
      views.set(figure, made);
      figure.dataset.drawn = `${theme} ${width}`;
    } catch (error) {
      figure.dataset.failed = String(error);
      plot.textContent = said[page().dataset.lang].not_drawn;
      console.error(error);
    }
  }

  function drawAll() {
    delete root.dataset.ready;
    busy = busy.then(async () => {
      for (const figure of page().querySelectorAll("figure.chart")) {
        if (figure.offsetParent !== null) await draw(figure);
      }
      root.dataset.ready = "yes";
    });
    return busy;
  }

  function setTheme(name) {
    theme = name;
    root.dataset.theme = name;
    for (const one of pages) {
      const button = one.querySelector('[data-do="theme"]');
      button.textContent = said[one.dataset.lang][name === "dark" ? "theme_light" : "theme"];
    }
    return drawAll();
  }

  function setLang(lang) {
    const section = location.hash.slice(1).replace(/-(en|zh)$/, "");
    for (const one of pages) one.hidden = one.dataset.lang !== lang;
    root.dataset.lang = lang;
    root.lang = page().lang;
    if (section) document.getElementById(`${section}-${lang}`)?.scrollIntoView();
    return drawAll();
  }

  function save(name, text, type) {
    const link = document.createElement("a");
    link.href = text.startsWith("data:") ? text : URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    if (link.href.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // A spreadsheet takes text that begins so for a formula; a sign in front keeps it text.
  const plain = (value) => (typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
  const quoted = (value) => {
    const text = value === null || value === undefined ? "" : String(plain(value));
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  function csv(figure) {
    const { n, columns } = tables[specs[figure.dataset.chart].data.name];
    const names = Object.keys(columns);
    const lines = [names.map(quoted).join(",")];
    for (let i = 0; i < n; i += 1) lines.push(names.map((key) => quoted(columns[key][i])).join(","));
    return `\ufeff${lines.join("\r\n")}\r\n`;
  }

  function table(figure, button) {
    const place = figure.querySelector(".data");
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
    button.textContent = said[page().dataset.lang][place.hidden ? "table" : "table_hide"];
    if (place.hidden || place.firstChild) return;
    const { n, columns } = tables[specs[figure.dataset.chart].data.name];
    const names = Object.keys(columns);
    const made = document.createElement("table");
    const line = (cells, kind) => {
      const row = document.createElement("tr");
      for (const value of cells) {
        const cell = document.createElement(kind);
        if (kind === "th") cell.scope = "col";
        cell.textContent = value === null ? "" : String(value);
        row.append(cell);
      }
      return row;
    };
    const head = document.createElement("thead");
    const body = document.createElement("tbody");
    head.append(line(names.map((name) => name.replaceAll("_", " ")), "th"));
    for (let i = 0; i < n; i += 1) body.append(line(names.map((key) => columns[key][i]), "td"));
    made.append(head, body);
    place.tabIndex = 0;
    place.setAttribute("role", "region");
    place.setAttribute("aria-label", figure.querySelector("h3").textContent);
    place.append(made);
  }

  async function png(figure) {
    const made = views.get(figure);
    if (made) save(`${figure.dataset.name}.png`, await made.view.background(theme === "dark" ? "#15191e" : "#ffffff").toImageURL("png", 2), "image/png");
  }

  function pick(value) {
    for (const one of document.querySelectorAll("[data-pick]")) one.value = value;
    for (const panel of document.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== value;
    return drawAll();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (!button) return;
    const figure = button.closest("figure");
    const what = button.dataset.do;
    if (what === "lang") { setLang(page().dataset.lang === "en" ? "zh" : "en"); page().querySelector('[data-do="lang"]').focus(); }
    if (what === "theme") setTheme(theme === "dark" ? "light" : "dark");
    if (what === "print") window.print();
    if (what === "csv") save(`${figure.dataset.name}.csv`, csv(figure), "text/csv;charset=utf-8");
    if (what === "png") png(figure);
    if (what === "table") table(figure, button);
  });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-pick]")) pick(event.target.value); });
  dark.addEventListener("change", (event) => setTheme(event.matches ? "dark" : "light"));
  let waiting;
  let wide = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === wide) return;
    wide = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 150);
  });
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of page().querySelectorAll("nav a")) {
        if (link.hash === `#${entry.target.id}`) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  for (const section of document.querySelectorAll("section")) seen.observe(section);
  setTheme(theme);
})();
