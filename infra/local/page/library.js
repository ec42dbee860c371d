// The library: found by how a title begins or by state, opened by a click, renamed without overwriting anyone.

const PAGE = 20;

/** Wires the library; `open(assetId)` looks at a film until its state is final. */
export function library({ $, api, on, say, wish, open }) {
  // What was asked for last: answers to anything before it are not shown.
  let asked = {};
  let looked = null;

  on("library-form", "submit", () => wish($("library-find"), find));
  on("library-more", "click", () => wish($("library-more"), () => more(asked)));
  on("rename-form", "submit", () => wish($("rename"), rename));

  async function find() {
    asked = { title: $("library-title").value.trim(), state: $("library-state").value };
    await more(asked);
  }

  async function more(wanted) {
    const first = !wanted.cursor;
    const query = Object.entries({ ...wanted, limit: PAGE }).filter(([, value]) => value);
    const page = await api.call("GET", `/v1/assets?${new URLSearchParams(query)}`);
    if (wanted !== asked) return;
    if (first) $("library").replaceChildren();
    $("library").append(...page.assets.map(entry));
    asked = { ...wanted, cursor: page.cursor };
    $("library-more").hidden = !page.cursor;
    $("library-none").hidden = Boolean(page.cursor) || $("library").childElementCount > 0;
  }

  function entry({ asset_id: id, title, state, created_at: at }) {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "ghost", textContent: title });
    button.addEventListener("click", () => wish(button, () => open(id)));
    const label = Object.assign(document.createElement("span"), { className: "state", textContent: state });
    label.dataset.state = state;
    const time = document.createElement("time");
    time.dateTime = new Date(at * 1000).toISOString();
    time.textContent = new Date(at * 1000).toLocaleDateString();
    item.append(button, label, time);
    return item;
  }

  async function show(id) {
    looked = await api.call("GET", `/v1/assets/${encodeURIComponent(id)}`);
    $("rename-form").hidden = looked.state === "withdrawn";
    $("film-title").value = looked.title;
  }

  // What others changed meanwhile is not overwritten: the film as it is then is shown, and the wish is told as refused.
  async function rename() {
    const id = looked.asset_id;
    try {
      const change = { title: $("film-title").value };
      looked = await api.call("PATCH", `/v1/assets/${encodeURIComponent(id)}`, change, { "if-match": looked.etag });
    } catch (error) {
      if (error.status === 412) await show(id);
      throw error;
    }
    await find();
    say("success", `Renamed: ${looked.title}`);
  }

  return { find, show };
}
