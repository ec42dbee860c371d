// Where the link of a share leads. Its token stands in the fragment, which no server sees, and leaves the address bar as
// soon as it is read.

/** Wires the page of those who hold a link. */
export function shared({ $, api, on, show, wish, begin }) {
  let token = null;
  on("share-form", "submit", () => wish($("share-watch"), watch));
  addEventListener("hashchange", route);
  route();

  function route() {
    const [path, query] = location.hash.replace(/^#\//, "").split("?");
    const found = new URLSearchParams(query ?? "").get("token");
    if (path === "share" && found) {
      history.replaceState(null, "", location.pathname);
      token = found;
      $("share-guard").hidden = true;
      $("share-password").value = "";
      $("share-title").textContent = "Somebody shared a film with you";
      show("share");
    } else if (document.body.dataset.view === "share") {
      token = null;
      show(api.signedIn ? "signed-in" : "signed-out");
    }
  }

  async function watch() {
    const password = $("share-password").value;
    const exchanged = await api.open("/v1/shares/exchange", { token, ...(password && { password }) }).catch(asked);
    if (!exchanged) return;
    $("share-title").textContent = exchanged.title;
    $("share-guard").hidden = true;
    await begin(exchanged.asset_id, () => exchanged.media_token);
  }

  /** Asks for the password, if that is all that is missing. */
  function asked(error) {
    if (error.code !== "password_needed") throw error;
    $("share-guard").hidden = false;
    $("share-password").focus();
  }
}
