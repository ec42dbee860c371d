// Who may do what with the film that is open, and what is on record of it: for those who may say so, hidden from others.

const RECORDS = 12;

/** Wires the card of access; `show(assetId)` looks at a film. */
export function access({ $, api, on, say, wish }) {
  let film = null;
  const path = (rest = "") => `/v1/assets/${encodeURIComponent(film)}/access${rest}`;

  on("access-form", "submit", () => wish($("grant"), grant));
  $("access-visibility").addEventListener("change", () => wish($("access-visibility"), restrict));

  async function show(id) {
    film = id;
    try {
      const list = await api.call("GET", path());
      if (film === id) tell(list);
      await record(id);
    } catch (error) {
      // Not theirs to say: 403, or 404 for what they may not even see.
      if (error.status !== 403 && error.status !== 404) throw error;
      $("access-card").hidden = true;
    }
  }

  function tell({ visibility, entries }) {
    $("access-card").hidden = false;
    $("access-visibility").value = visibility;
    $("access-entries").replaceChildren(...entries.map(entry));
  }

  function entry({ principal, access: level, expires_at: end }) {
    const item = document.createElement("li");
    const until = end ? ` until ${new Date(end * 1000).toLocaleString()}` : "";
    const text = Object.assign(document.createElement("span"), { textContent: `${principal}: ${level}${until}` });
    const button = Object.assign(document.createElement("button"), { type: "button", className: "ghost", textContent: "Take back" });
    button.addEventListener("click", () => wish(button, () => revoke(principal)));
    item.append(text, button);
    return item;
  }

  async function restrict() {
    await changed(await api.call("PATCH", path(), { visibility: $("access-visibility").value }));
  }

  async function grant() {
    const principal = encodeURIComponent($("access-principal").value.trim());
    await changed(await api.call("PUT", path(`/${principal}`), { access: $("access-level").value }));
    $("access-principal").value = "";
  }

  async function revoke(principal) {
    await changed(await api.call("DELETE", path(`/${encodeURIComponent(principal)}`)));
  }

  async function changed(list) {
    tell(list);
    await record(film);
    say("success", "Access changed");
  }

  // Owners and admins alone see the record.
  async function record(id) {
    const query = new URLSearchParams({ asset: id, limit: RECORDS });
    const { records } = await api.call("GET", `/v1/audit?${query}`).catch((error) => {
      if (error.status === 403) return { records: [] };
      throw error;
    });
    if (film === id) $("record").replaceChildren(...records.map(line));
  }

  function line({ at, event, author, policies, address }) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = new Date(at * 1000).toISOString();
    time.textContent = new Date(at * 1000).toLocaleTimeString();
    const by = [author.split("/")[0], policies?.join(", "), address].filter(Boolean).join(" · ");
    const what = Object.assign(document.createElement("strong"), { textContent: event });
    const who = Object.assign(document.createElement("span"), { className: "quiet", textContent: by });
    item.append(time, what, who);
    return item;
  }

  return { show };
}
