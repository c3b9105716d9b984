// Sorts a table by the column whose head is clicked. Without scripts the tables are whole, in the run's order.
for (const table of document.querySelectorAll("table:not(.fixed)")) {
  const heads = [...table.querySelectorAll("thead th")];
  const body = table.tBodies[0];
  if (!body || body.rows.length < 2) continue;
  const number = (text) => {
    const found = text.replace(/,/g, "").match(/^[^\d+-]*([+-]?\d+(\.\d+)?)/);
    return found ? parseFloat(found[1]) : NaN;
  };
  heads.forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const sort = () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      // A row that explains another stays below it.
      const groups = [];
      for (const row of body.rows) {
        if (row.classList.contains("more") && groups.length) groups[groups.length - 1].push(row);
        else groups.push([row]);
      }
      const text = (group) => (group[0].cells[column] ? group[0].cells[column].textContent.trim() : "");
      const numeric = head.classList.contains("n");
      groups.sort((a, b) => {
        const [x, y] = [text(a), text(b)];
        if (!numeric) return (up ? 1 : -1) * x.localeCompare(y);
        // What has no number comes last, whichever way.
        const [p, q] = [number(x), number(y)];
        if (isNaN(p) || isNaN(q)) return isNaN(p) - isNaN(q);
        return (up ? 1 : -1) * (p - q);
      });
      body.append(...groups.flat());
    };
    head.tabIndex = 0;
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        sort();
      }
    });
  });
}
