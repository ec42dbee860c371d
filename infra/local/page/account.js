// The person's own account: second factor, sessions, password.

/** Wires the account's page. */
export function account({ $, api, on, say, show, wish }) {
  on("account-open", "click", () => wish($("account-open"), open));
  on("account-close", "click", () => show("signed-in"));
  on("reauthenticate-form", "submit", () => wish($("reauthenticate"), reauthenticate));
  on("totp-begin", "click", () => wish($("totp-begin"), begin));
  on("totp-form", "submit", () => wish($("totp-confirm"), confirm));
  on("totp-remove", "click", () => wish($("totp-remove"), remove));
  on("sessions-end", "click", () => wish($("sessions-end"), endOthers));
  on("password-form", "submit", () => wish($("password-change"), changePassword));

  async function open() {
    show("account");
    $("recovery").hidden = true;
    $("totp-form").hidden = true;
    await Promise.all([describe(), list()]);
  }

  async function describe() {
    const { factors } = await api.call("GET", "/v1/account");
    const app = factors.totp;
    const left = factors.recovery_codes;
    $("totp-state").textContent = app ? `An authenticator app is set up; ${left} recovery codes are left.` : "None yet.";
    $("totp-begin").hidden = app;
    $("totp-remove").hidden = !app;
  }

  async function reauthenticate() {
    const code = $("reauthenticate-code").value.trim();
    const password = $("reauthenticate-password").value;
    await api.call("POST", "/v1/account/reauthenticate", { password, ...(code && { code }) });
    for (const id of ["reauthenticate-password", "reauthenticate-code"]) $(id).value = "";
    say("success", "Thank you. For ten minutes nobody asks again.");
  }

  async function begin() {
    const { secret, qr_svg: picture } = await api.call("POST", "/v1/account/totp");
    $("totp-qr").src = `data:image/svg+xml;base64,${btoa(picture)}`;
    $("totp-secret").textContent = secret;
    $("totp-form").hidden = false;
  }

  async function confirm() {
    const code = $("totp-code").value.replace(/\s/g, "");
    const { recovery_codes: codes } = await api.call("POST", "/v1/account/totp/confirm", { code });
    $("totp-form").hidden = true;
    $("totp-code").value = "";
    $("totp-secret").textContent = "";
    $("totp-qr").removeAttribute("src");
    $("recovery-codes").replaceChildren(...codes.map((text) => item(text)));
    $("recovery").hidden = false;
    say("success", "Your authenticator app is set up.");
    await describe();
  }

  async function remove() {
    await api.call("POST", "/v1/account/totp/remove");
    say("success", "The second factor is switched off.");
    await describe();
  }

  async function list() {
    const { sessions } = await api.call("GET", "/v1/account/sessions");
    $("sessions").replaceChildren(...sessions.map((session) => row(session)));
  }

  function row(session) {
    const last = new Date(session.last_used_at * 1000).toLocaleString();
    const line = item(`${session.device || "unknown device"} · ${session.address} · last used ${last}`);
    line.dataset.session = session.session_id;
    if (session.current) {
      line.append(Object.assign(document.createElement("strong"), { textContent: "this one" }));
      return line;
    }
    const end = Object.assign(document.createElement("button"), { type: "button", className: "ghost", textContent: "Sign out" });
    end.addEventListener("click", () => wish(end, async () => {
      await api.call("POST", `/v1/account/sessions/${encodeURIComponent(session.session_id)}/revoke`);
      await list();
    }));
    line.append(end);
    return line;
  }

  async function endOthers() {
    await api.call("POST", "/v1/account/sessions/revoke", { keep_current: true });
    say("success", "Every other session is over.");
    await list();
  }

  async function changePassword() {
    const [current, next] = [$("current-password").value, $("change-password").value];
    await api.call("POST", "/v1/account/password", { current_password: current, new_password: next });
    for (const id of ["current-password", "change-password"]) $(id).value = "";
    api.forget();
    show("signed-out");
    say("success", "The password is changed. Sign in with the new one.");
  }

  function item(text) {
    const line = document.createElement("li");
    line.append(Object.assign(document.createElement("span"), { textContent: text }));
    return line;
  }
}
