// The links to the film that is open, for people without an account: for those who may hand them out, hidden from others.

const DAY = 86_400;

/** Wires the card of shares; `show(assetId)` looks at a film. */
export function shares({ $, api, on, say, wish }) {
  let film = null;
  let cursor = null;
  const path = (rest = "") => `/v1/assets/${encodeURIComponent(film)}/shares${rest}`;

  on("shares-form", "submit", () => wish($("share"), make));
  on("shares-more", "click", () => wish($("shares-more"), () => page(cursor)));

  async function show(id) {
    film = id;
    $("share-told").hidden = true;
    $("share-link").value = "";
    try {
      await page(null);
    } catch (error) {
      // Not theirs to hand out: 403, or 404 for what they may not even see.
      if (error.status !== 403 && error.status !== 404) throw error;
      $("shares-card").hidden = true;
    }
  }

  async function page(after) {
    const id = film;
    const query = after ? `?${new URLSearchParams({ cursor: after })}` : "";
    const told = await api.call("GET", path(query));
    if (film !== id) return;
    cursor = told.cursor ?? null;
    $("shares-card").hidden = false;
    if (!after) $("shares").replaceChildren();
    $("shares").append(...told.shares.map(line));
    $("shares-none").hidden = $("shares").childElementCount > 0;
    $("shares-more").hidden = !cursor;
  }

  function line(share) {
    const item = document.createElement("li");
    const text = Object.assign(document.createElement("span"), { textContent: `${share.name}: ${facts(share)}` });
    item.append(text);
    if (!share.revoked) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "ghost", textContent: "Revoke" });
      button.addEventListener("click", () => wish(button, () => revoke(share)));
      item.append(button);
    }
    return item;
  }

  function facts({ revoked, views, max_views: most, expires_at: end, password, first_played_at: first }) {
    if (revoked) return `revoked, ${views} views`;
    return [
      most ? `${views} of ${most} views` : `${views} views`,
      end && `until ${new Date(end * 1000).toLocaleString()}`,
      password && "with a password",
      first && `first seen ${new Date(first * 1000).toLocaleString()}`,
    ].filter(Boolean).join(", ");
  }

  async function make() {
    const [views, days, secret] = ["share-views", "share-days", "share-secret"].map((id) => $(id).value);
    const wanted = {
      name: $("share-name").value,
      ...(views && { max_views: Number(views) }),
      ...(days && { expires_at: Math.floor(Date.now() / 1000) + Number(days) * DAY }),
      ...(secret && { password: secret }),
    };
    const made = await api.call("POST", path(), wanted, { "idempotency-key": crypto.randomUUID() });
    for (const id of ["share-name", "share-views", "share-days", "share-secret"]) $(id).value = "";
    $("share-told").hidden = false;
    $("share-link").value = made.link;
    await page(null);
    say("success", "The link is made");
  }

  async function revoke({ share_id: id }) {
    await api.call("POST", path(`/${encodeURIComponent(id)}/revoke`));
    await page(null);
    say("success", "Revoked: whoever watches by it gets no further key.");
  }

  return { show };
}
