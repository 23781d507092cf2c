// Draws the figures: each from its CSV, which is also its table and its download.
(() => {
  "use strict";
  const DAY = 86400000;
  const LOG_ERRORS = 1;
  const config = JSON.parse(document.getElementById("chart-config").textContent);

  // RFC 4180, as the page's own writer makes it.
  const parseCsv = (text) => {
    const lines = [];
    let line = [];
    for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
      line.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
      if (end !== ",") {
        lines.push(line);
        line = [];
      }
    }
    return lines;
  };

  // The apostrophe before what a spreadsheet would take for a formula is not part of the text.
  const cell = (text, kind) => {
    if (text === "") return null;
    if (kind === "text") return /^'+[=+\-@\t\r\n]/.test(text) ? text.slice(1) : text;
    return kind === "date" ? text : Number(text);
  };

  const words = (value, kind) => {
    if (value === null) return "–";
    if (kind === "share") return `${(100 * value).toFixed(1)} %`;
    if (kind === "count") return Math.round(value).toLocaleString("en");
    if (kind === "number") return value.toLocaleString("en", { maximumSignificantDigits: 4 });
    return value;
  };

  // A figure and its sign of per cent stay on one line.
  const unbroken = (text) => text.replace(/(\d) %/g, "$1\u00a0%");

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text !== null) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  class Figure {
    constructor(node) {
      this.node = node;
      this.data = JSON.parse(node.querySelector(".figure-data").textContent);
      const [, ...lines] = parseCsv(this.data.csv);
      this.rows = lines.map((line) =>
        Object.fromEntries(this.data.columns.map(({ name, kind }, n) => [name, cell(line[n], kind)])),
      );
      this.drawn = [];
      this.queue = Promise.resolve();
      for (const select of node.querySelectorAll("select")) {
        select.addEventListener("change", () => this.show());
      }
      node.querySelector(".download").addEventListener("click", () => this.download());
      node.querySelector("details").addEventListener("toggle", () => this.table());
    }

    chosen() {
      return this.data.choices.map(({ column }) => this.node.querySelector(`[data-column="${column}"]`).value);
    }

    shown() {
      const values = this.chosen();
      return this.rows.filter((row) =>
        this.data.choices.every(
          ({ column, is_drawing }, n) => is_drawing || row[column] === values[n] || row[column] === null,
        ),
      );
    }

    show() {
      const values = this.chosen();
      const view = this.data.views.find((each) => each.values.every((value, n) => value === values[n]));
      this.node.querySelector(".title").textContent = unbroken(view.title);
      this.node.querySelector(".basis").textContent = unbroken(view.basis);
      this.table();
      this.queue = this.queue.then(() => this.draw());
      return this.queue;
    }

    async draw() {
      const rows = this.shown();
      const days = rows.map((row) => row[this.data.date]).sort();
      const [first, last] = [days[0], days.at(-1)];
      const marks = this.data.marks
        .filter(({ day, until }) => day <= last && until >= first)
        .map(({ sign, day }) => ({ sign, day: day < first ? first : day }));
      for (const view of this.drawn.splice(0)) view.finalize();
      for (const holder of this.node.querySelectorAll(".chart")) {
        const { needed } = this.data;
        if (!rows.some((row) => needed === null || row[needed] !== null)) {
          const why = rows.length ? "No figure to draw; the table below says why." : "No figures yet.";
          holder.replaceChildren(element("p", why));
          continue;
        }
        const panel = this.data.panels;
        const spec = {
          ...this.data.spec,
          ...(this.data.aspect && { height: Math.round(this.data.aspect * holder.clientWidth) }),
          params: [
            { name: "first_ms", value: Date.parse(first) - DAY / 2 },
            { name: "last_ms", value: Date.parse(last) + DAY / 2 },
            ...this.data.choices
              .map(({ column, is_drawing }, n) => is_drawing && { name: column, value: this.chosen()[n] })
              .filter(Boolean),
          ],
          datasets: {
            ...this.data.spec.datasets,
            rows: panel ? rows.filter((row) => row[panel] === holder.dataset.value) : rows,
            marks,
          },
        };
        try {
          const made = await vegaEmbed(holder, spec, {
            mode: "vega-lite",
            renderer: "svg",
            actions: false,
            ast: true, // expressions are interpreted, as the page's policy forbids to compile them
            config,
            defaultStyle: false,
            logLevel: LOG_ERRORS, // of layers without a row Vega warns that they have no extent
            tooltip: { disableDefaultStyle: true },
          });
          this.drawn.push(made);
          holder.querySelector("svg").setAttribute("aria-hidden", "true"); // the holder is named instead
        } catch (error) {
          holder.replaceChildren(element("p", `The chart could not be drawn: ${error.message}`, { class: "failed" }));
          console.error(error);
        }
      }
    }

    table() {
      const holder = this.node.querySelector("details .scroll");
      if (!this.node.querySelector("details").open) {
        holder.replaceChildren();
        return;
      }
      const columns = this.data.columns.filter(({ name }) => !this.data.choices.some(({ column }) => column === name));
      const table = element("table", null);
      table.append(element("caption", this.node.querySelector(".title").textContent));
      const side = (kind) => ({ class: kind === "date" ? "date" : kind === "text" ? "words" : "number" });
      const head = element("tr", null);
      for (const { label, kind } of columns) head.append(element("th", label, { scope: "col", ...side(kind) }));
      const body = element("tbody", null);
      const day = this.data.date;
      for (const row of this.shown().sort((a, b) => b[day].localeCompare(a[day]))) {
        const line = element("tr", null);
        columns.forEach(({ name, kind }, n) => {
          const text = words(row[name], kind);
          line.append(element(n ? "td" : "th", text, n ? side(kind) : { scope: "row", ...side(kind) }));
        });
        body.append(line);
      }
      const top = element("thead", null);
      top.append(head);
      table.append(top, body);
      holder.replaceChildren(table);
    }

    download() {
      // Spreadsheets take a file for UTF-8 only where it begins with the mark.
      const url = URL.createObjectURL(new Blob(["\ufeff", this.data.csv], { type: "text/csv;charset=utf-8" }));
      const link = element("a", null, { href: url, download: this.data.file });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), DAY / 1440);
    }
  }

  const begin = async () => {
    const figures = [...document.querySelectorAll(".figure")].map((node) => new Figure(node));
    for (const figure of figures) {
      await new Promise((next) => setTimeout(next)); // the page is seen before its charts are drawn
      await figure.show();
    }
    document.documentElement.dataset.drawn = String(figures.length);
  };
  begin();
})();
