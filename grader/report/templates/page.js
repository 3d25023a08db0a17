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

  for (const part of document.querySelectorAll(".needs-script")) part.hidden = false;
  const $ = (id) => document.getElementById(id);
  const folded = (text) => text.toLocaleLowerCase();

  // Filtering the candidates: their rows, and their sections below.
  const board = [...document.querySelectorAll(".board tbody tr")];
  const filterBoard = () => {
    const [name, kind] = [folded($("filter-name").value.trim()), $("filter-provenance").value];
    const least = $("filter-score").value === "" ? -Infinity : Number($("filter-score").value);
    let shown = 0;
    for (const row of board) {
      const score = Number(row.querySelector(".score").dataset.value);
      const fits = folded(row.dataset.name).includes(name) && score >= least
        && (!kind || row.dataset.provenance === kind);
      row.hidden = !fits;
      $(row.dataset.target).hidden = !fits;
      shown += fits;
    }
    $("filter-count").textContent = `${shown} of ${board.length} shown`;
  };
  // Filtering the requirements.
  const requirements = [...document.querySelectorAll(".matrix tbody tr:not(.area)")];
  const filterMatrix = () => {
    const [text, level] = [folded($("filter-row").value.trim()), $("filter-level").value];
    const failed = $("filter-failed").checked;
    let shown = 0;
    for (const row of requirements) {
      const head = row.cells[0];
      const fits = folded(`${head.textContent} ${head.title}`).includes(text)
        && (!level || row.dataset.level === level)
        && (!failed || row.querySelector(".fail, .error") !== null);
      row.hidden = !fits;
      shown += fits;
    }
    for (const body of document.querySelectorAll(".matrix tbody"))
      body.hidden = [...body.rows].slice(1).every((row) => row.hidden);
    $("matrix-count").textContent = `${shown} of ${requirements.length} shown`;
  };
  for (const [form, filter] of [["board-filter", filterBoard], ["matrix-filter", filterMatrix]]) {
    $(form).addEventListener("input", filter);
    $(form).addEventListener("submit", (event) => event.preventDefault());
  }

  // Area profiles of two candidates, out of the leaderboard's own cells.
  const areas = [...document.querySelectorAll(".board thead th.part")].map((head) => head.textContent.trim());
  const draw = () => {
    const pair = ["profile-a", "profile-b"].map((id) => board[Number($(id).value)]);
    const picture = $("profile");
    picture.replaceChildren();
    const add = (tag, attributes, text) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      if (text !== undefined) made.textContent = text;
      picture.append(made);
    };
    picture.setAttribute("viewBox", `0 0 720 ${areas.length * 34 + 6}`);
    const told = [];
    areas.forEach((area, index) => {
      const top = index * 34 + 4;
      add("text", { x: 0, y: top + 16, class: "area-name" }, area);
      const values = pair.map((row, side) => {
        const value = Number(row.querySelectorAll("td.part")[index].dataset.value);
        const width = Math.max(0, value) * 540;
        add("rect", { x: 120, y: top + side * 12, width: 540, height: 10, class: "track" });
        add("rect", { x: 120, y: top + side * 12, width, height: 10, class: side ? "second" : "first" });
        const share = value < 0 ? "–" : `${Math.round(value * 100)}`;
        add("text", { x: 668, y: top + side * 12 + 9, class: "figure" }, share);
        return share;
      });
      told.push(`${area} ${values[0]} and ${values[1]}`);
    });
    const names = pair.map((row) => row.querySelector("th a").textContent);
    $("profile-words").textContent = `${names[0]} above, ${names[1]} below, in per cent: ${told.join("; ")}.`;
  };
  if (board.length > 1) {
    board.forEach((row, index) => {
      for (const id of ["profile-a", "profile-b"])
        $(id).append(new Option(row.querySelector("th a").textContent, String(index)));
    });
    $("profile-b").value = "1";
    for (const id of ["profile-a", "profile-b"]) $(id).addEventListener("change", draw);
    draw();
  } else $("profiles").hidden = true;

  // Disputes: kept by this page until they are exported; they change nothing that it shows.
  const disputes = new Map();
  let about = null;
  const ask = (row) => {
    const article = row.closest("article");
    const requirement = row.id.slice(article.id.length + 2);
    about = { candidate: article.dataset.candidate, requirement, verdict: row.dataset.verdict, row };
    const known = disputes.get(row.id);
    $("dispute-about").textContent = `${about.candidate}, ${requirement}: the verdict is ${about.verdict}.`;
    $("dispute-verdict").value = known ? known.should_be : about.verdict === "pass" ? "fail" : "pass";
    $("dispute-reason").value = known ? known.reason : "";
    $("dispute").returnValue = "";
    $("dispute").showModal();
  };
  $("dispute").addEventListener("close", () => {
    const { row, ...entry } = about;
    if ($("dispute").returnValue === "keep")
      disputes.set(row.id, { ...entry, should_be: $("dispute-verdict").value, reason: $("dispute-reason").value.trim() });
    else if ($("dispute").returnValue === "drop") disputes.delete(row.id);
    row.classList.toggle("disputed", disputes.has(row.id));
    row.querySelector("button.dispute").textContent = disputes.has(row.id) ? "disputed" : "dispute";
    $("disputes").hidden = disputes.size === 0;
    $("disputes-count").textContent = `${disputes.size} disputed`;
  });
  $("dispute-reason").addEventListener("input", (event) => {
    event.target.setCustomValidity(event.target.value.trim() ? "" : "Give a reason.");
  });
  const quoted = (text) => JSON.stringify(text.toWellFormed()).replaceAll("\u007f", "\\u007f");
  const save = (name, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text]));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  $("export-toml").addEventListener("click", () => save("disputes.toml", [...disputes.values()]
    .map((entry) => "[[dispute]]\n" + Object.entries(entry).map(([key, value]) => `${key} = ${quoted(value)}\n`).join(""))
    .join("\n")));
  $("export-json").addEventListener("click", () =>
    save("disputes.json", JSON.stringify({ dispute: [...disputes.values()] }, null, 2) + "\n"));
  addEventListener("beforeunload", (event) => { if (disputes.size) event.preventDefault(); });
  // Of many candidates each is unpacked as it comes into view, and so are the buttons of its rows.
  const opened = new Map();
  const unpack = async (article) => {
    if (article.dataset.packed) {
      const bytes = Uint8Array.from(atob(article.dataset.packed), (letter) => letter.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      const parsed = new DOMParser().parseFromString(await new Response(stream).text(), "text/html");
      article.replaceChildren(...parsed.querySelector("article").childNodes);
      delete article.dataset.packed;
    }
    for (const row of article.querySelectorAll(".in-area .rows > li")) {
      row.dataset.verdict = row.querySelector(".vh").textContent;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "dispute";
      button.textContent = "dispute";
      button.setAttribute("aria-label", `Dispute ${row.querySelector("code").textContent}`);
      button.addEventListener("click", () => ask(row));
      row.querySelector(".rule").append(" ", button);
    }
  };
  const open = (article) => {
    if (!opened.has(article)) opened.set(article, unpack(article));
    return opened.get(article);
  };
  const arrived = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) open(target);
  }, { rootMargin: "800px" });
  for (const article of document.querySelectorAll("article")) arrived.observe(article);

  // A link into something folded away unfolds it.
  const reveal = async () => {
    const name = decodeURIComponent(location.hash.slice(1));
    const article = $(name.split("--")[0]);
    if (article?.matches("article")) await open(article);
    const target = $(name);
    if (!target) return;
    let shut = target.closest("details:not([open])");
    while (shut) {
      shut.open = true;
      shut = target.closest("details:not([open])");
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
