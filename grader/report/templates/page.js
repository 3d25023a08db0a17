"use strict";
(() => {
  // Sorting: the header cells become buttons, so that without a script nothing is promised.
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const first = head.dataset.first || "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const order = now === first ? other : first;
        for (const each of heads) each.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        const compare = (a, b) =>
          key(a).localeCompare(key(b), "en", { numeric: false, sensitivity: "base" });
        const numeric = (a, b) => Number(key(a)) - Number(key(b));
        const rows = [...body.rows];
        const by = rows.every((row) => !Number.isNaN(Number(key(row)))) ? numeric : compare;
        body.append(...rows.sort((a, b) => sign * by(a, b)));
      });
    });
  }

  // A link into something folded away unfolds it.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    let folded = target.closest("details:not([open])");
    while (folded) {
      folded.open = true;
      folded = target.closest("details:not([open])");
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // Paper cannot be unfolded. What passed stays folded (the matrix has it), and so do sources.
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details.blocked-group")) folded.open = true;
  });
})();
