// The library: found by how a title begins or by state, opened by a click, renamed without overwriting anyone.

const PAGE = 20;

/** Wires the library; `open(assetId)` looks at a film. Resolves to what shows its first page anew. */
export function library({ $, api, on, say, wish, open }) {
  let cursor = null;
  let looked = null;

  on("library-form", "submit", () => wish($("library-find"), find));
  on("library-more", "click", () => wish($("library-more"), more));
  on("rename-form", "submit", () => wish($("rename"), rename));

  async function find() {
    $("library").replaceChildren();
    cursor = null;
    await more();
  }

  async function more() {
    const wanted = { limit: PAGE, title: $("library-title").value.trim(), state: $("library-state").value, cursor };
    const asked = Object.entries(wanted).filter(([, value]) => value);
    const page = await api.call("GET", `/v1/assets?${new URLSearchParams(asked)}`);
    $("library").append(...page.assets.map(entry));
    cursor = page.cursor ?? null;
    $("library-more").hidden = !cursor;
    $("library-none").hidden = $("library").childElementCount > 0;
  }

  function entry({ asset_id: id, title, state, created_at: at }) {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "ghost", textContent: title });
    button.addEventListener("click", () => wish(button, () => look(id)));
    const label = Object.assign(document.createElement("span"), { className: "state", textContent: state });
    label.dataset.state = state;
    const time = document.createElement("time");
    time.dateTime = new Date(at * 1000).toISOString();
    time.textContent = new Date(at * 1000).toLocaleDateString();
    item.append(button, label, time);
    return item;
  }

  async function look(id) {
    await show(id);
    await open(id);
  }

  async function show(id) {
    looked = await api.call("GET", `/v1/assets/${encodeURIComponent(id)}`);
    $("rename-form").hidden = false;
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
    say("success", "Renamed.");
    await find();
  }

  return { find, show };
}
