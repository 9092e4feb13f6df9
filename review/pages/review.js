"use strict";
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const bar = table.previousElementSibling;
  const input = bar.querySelector("input[type=search]");
  const box = bar.querySelector("input[type=checkbox]");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  bar.hidden = false;

  bar.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const marked = !box?.checked || row.classList.contains("marked");
      row.hidden = !marked || !words.every((word) => texts.get(row).includes(word));
      shown += row.hidden ? 0 : 1;
    }
    bar.querySelector("output").value = `${shown} of ${rows.length}`;
  });

  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => row.cells[column].textContent.trim();
      const order = new Intl.Collator("en", { numeric: true });
      rows.sort((one, other) => order.compare(text(one), text(other)) * (down ? -1 : 1));
      body.append(...rows);
    });
  });
}

// What is folded on a screen is printed, but for the rules that nothing is wrong with.
const folded = new Set();
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details:not([open], .long, .long *)")) {
    folded.add(one);
    one.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const one of folded) one.open = false;
  folded.clear();
});
