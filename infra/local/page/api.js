// Calls to Reelvault's API. Tokens live in this module's memory only: a reload signs out.

/** A refusal, with what a person should read. */
export class ApiError extends Error {
  constructor(status, body) {
    super(describe(status, body));
    this.name = "ApiError";
    this.status = status;
    this.code = body?.code ?? body?.error;
    this.requestId = body?.request_id;
  }
}

// RFC 9457 problems, OAuth 2.0 errors (RFC 6749 §5.2), and the gateway's own refusals.
function describe(status, body) {
  const title = body?.title ?? body?.error_description ?? body?.error ?? body?.message;
  const detail = body?.detail && body.detail !== title ? `: ${body.detail}` : "";
  const request = body?.request_id ? ` (request ${body.request_id})` : "";
  return title ? `${title}${detail}${request}` : `The server answered ${status}.`;
}

/** Seconds before its end at which an access token is no longer used. */
const MARGIN = 30;
const DEVICE = "reelvault device of ";

export class Api {
  #base;
  #session = null;
  #refreshing = null;

  constructor(base) {
    this.#base = base;
  }

  get signedIn() {
    return this.#session !== null;
  }

  /** Forgets a session that is over. */
  forget() {
    this.#session = null;
  }

  /** Ends the session (RFC 7009) and forgets it. */
  async signOut() {
    const token = this.#session?.refreshToken;
    this.#session = null;
    if (token) await this.#send("POST", "/v1/token/revoke", { form: { token } });
  }

  /** Signs in; resolves to what a second factor needs, if one is asked for. */
  async signIn(email, password) {
    const known = localStorage.getItem(DEVICE + email) ?? undefined;
    const reply = await this.#send("POST", "/v1/login", { json: { email, password, device_token: known } });
    // It opens nothing: it keeps this browser's attempts apart from a stranger's.
    if (reply.device_token) localStorage.setItem(DEVICE + email, reply.device_token);
    if (reply.second_factor) return reply.second_factor;
    this.#keep(reply);
    return undefined;
  }

  /** The second step: six digits are an app's code, anything else a recovery code. */
  async secondFactor(token, answer) {
    const digits = answer.replace(/\s/g, "");
    const named = /^\d{6}$/.test(digits) ? { code: digits } : { recovery_code: answer.trim() };
    this.#keep(await this.#send("POST", "/v1/login/second-factor", { json: { token, ...named } }));
  }

  /** A call that needs no token: forgotten passwords, links from mails. */
  open(path, json) {
    return this.#send("POST", path, { json });
  }

  /** A call with the access token, which is renewed when it has run out or is refused. */
  async call(method, path, json, headers) {
    const token = await this.#accessToken();
    try {
      return await this.#send(method, path, { json, token, headers });
    } catch (error) {
      if (error.status !== 401 || !this.#session?.refreshToken) throw error;
      return this.#send(method, path, { json, token: await this.#refresh(), headers });
    }
  }

  /** A media token for one view or one download of one film (RFC 8693). */
  async mediaToken(assetId, scope = "play") {
    const form = {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: await this.#accessToken(),
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      resource: `urn:reelvault:asset:${assetId}`,
      scope,
      lifetime: "300",
      max_views: "1",
    };
    return (await this.#send("POST", "/v1/token", { form })).access_token;
  }

  /** Spends a media token: opens a playback session. */
  openPlayback(assetId, mediaToken) {
    return this.#send("POST", `/v1/assets/${encodeURIComponent(assetId)}/playback`, { token: mediaToken });
  }

  /** Spends a media token on a download: the original, by a signed URL that saves it under its name. */
  openDownload(assetId, mediaToken) {
    return this.#send("POST", `/v1/assets/${encodeURIComponent(assetId)}/download`, { token: mediaToken });
  }

  async #accessToken() {
    if (!this.#session) throw new ApiError(401, { title: "Please sign in" });
    const live = this.#session.expiresAt - MARGIN * 1000 > Date.now();
    return live || !this.#session.refreshToken ? this.#session.accessToken : this.#refresh();
  }

  // Refresh tokens are used once: callers at the same time share one renewal.
  #refresh() {
    this.#refreshing ??= this.#renew().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #renew() {
    const form = { grant_type: "refresh_token", refresh_token: this.#session.refreshToken };
    try {
      this.#keep(await this.#send("POST", "/v1/token", { form }));
    } catch (error) {
      if (error.status === 400 || error.status === 401) this.#session = null;
      throw error;
    }
    return this.#session.accessToken;
  }

  #keep(reply) {
    this.#session = {
      accessToken: reply.access_token,
      refreshToken: reply.refresh_token ?? this.#session?.refreshToken,
      expiresAt: Date.now() + reply.expires_in * 1000,
    };
  }

  async #send(method, path, { json, form, token, headers: given }) {
    const headers = { ...given };
    let body;
    if (json !== undefined) {
      headers["content-type"] = "application/json";
      body = JSON.stringify(json);
    } else if (form) {
      body = new URLSearchParams(form);
    }
    if (token) headers.authorization = `Bearer ${token}`;
    let reply;
    try {
      reply = await fetch(this.#base + path, { method, headers, body, cache: "no-store" });
    } catch {
      throw new ApiError(0, { title: "The server cannot be reached" });
    }
    const text = await reply.text();
    const value = parse(text);
    if (!reply.ok) throw new ApiError(reply.status, value);
    return value;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
