// What the links in mails lead to. The token stands in the fragment, which no server sees, and leaves the
// address bar as soon as it is read.

const PAGES = {
  reset: { title: "A new password", text: "It ends every session of yours.", path: "/v1/password/reset", field: "new_password" },
  invitation: {
    title: "Join the organisation",
    text: "If the address has no account yet, choose a password for it. If it has one, leave this empty.",
    path: "/v1/invitations/accept",
    field: "password",
  },
  verify: { title: "Your address", text: "Confirm that this address is yours.", path: "/v1/email/verify" },
};

/** Wires the pages of forgotten passwords and of links. */
export function links({ $, api, on, say, show, wish }) {
  let link = null;
  on("forgot-form", "submit", () => wish($("forgot"), forgot));
  on("link-form", "submit", () => wish($("link"), follow));
  addEventListener("hashchange", route);
  route();

  function route() {
    const [path, query] = location.hash.replace(/^#\//, "").split("?");
    const token = new URLSearchParams(query ?? "").get("token");
    if (path === "forgot") return show("forgot");
    if (PAGES[path] && token) {
      history.replaceState(null, "", location.pathname);
      return ask({ ...PAGES[path], token });
    }
    if (["forgot", "link"].includes(document.body.dataset.view)) show("signed-out");
    return undefined;
  }

  function ask(next) {
    link = next;
    $("link-title").textContent = link.title;
    $("link-text").textContent = link.text;
    $("link-password").hidden = !link.field;
    show("link");
  }

  async function forgot() {
    await api.open("/v1/password/forgot", { email: $("forgot-email").value });
    show("signed-out");
    say("success", "If the address belongs to an account, a link is on its way.");
  }

  async function follow() {
    const password = $("new-password").value;
    await api.open(link.path, { token: link.token, ...(link.field && password && { [link.field]: password }) });
    $("new-password").value = "";
    link = null;
    show("signed-out");
    say("success", "Done. Sign in.");
  }
}
