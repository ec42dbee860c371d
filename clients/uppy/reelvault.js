// Reelvault for Uppy: options for `@uppy/aws-s3` 6 (`signRequest`) and 5 (its callbacks), over the API's own routes.
//
//   import { uppy6 } from "./reelvault.js";
//   new Uppy().use(AwsS3, uppy6({ api: "https://api.example.com", token: () => accessToken }));
//
// Bytes go from the browser straight to S3. What begins, lists, completes and ends an upload goes to the API: the browser
// holds signatures of PUTs alone. `token` is asked before every request, so a long upload goes on with a fresh token.

const MIB = 1024 * 1024;
/** Up to here one PUT serves. */
const ONE_PUT = 8 * MIB;
/** S3's most parts of an upload. */
const MOST_PARTS = 10_000;

/** The size of every part but the last: whole MiB, at least 8, at most 10,000 of them. */
export function partSize(size) {
  const least = Math.ceil(size / MOST_PARTS);
  return Math.max(ONE_PUT, Math.ceil(least / MIB) * MIB);
}

/** Why the API refused; `code` is one of its problem codes. */
export class ReelvaultError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The API answered ${status}`);
    Object.assign(this, { name: "ReelvaultError", status, code: problem.code });
  }
}

/** Options for `@uppy/aws-s3` 6. */
export function uppy6({ api, token }) {
  const uploads = new Uploads(api, token);
  const files = new Map();
  return {
    shouldUseMultipart: (file) => file.size > ONE_PUT,
    getChunkSize: ({ size }) => partSize(size),
    // What Uppy asks to announce is known by its file; what is announced, by its asset.
    generateObjectKey(file) {
      files.set(file.id, file);
      return file.id;
    },
    async signRequest({ method, key, uploadId, partNumber }) {
      if (method === "PUT" && uploadId) return uploads.sign(uploadId, partNumber);
      if (method === "PUT") return uploads.begin(files.get(key), "single");
      if (method === "GET") return answer(listResult(await uploads.list(uploadId)));
      if (method === "DELETE") return answer(`<Aborted>${await uploads.cancel(uploadId)}</Aborted>`);
      if (!uploadId) {
        const { key: id } = await uploads.begin(files.get(key), "multipart");
        return { ...answer(tag("InitiateMultipartUploadResult", tag("UploadId", id))), key: id };
      }
      const told = tag("Location", await uploads.complete(uploadId)) + tag("Key", uploadId);
      return answer(tag("CompleteMultipartUploadResult", told));
    },
  };
}

/** Options for `@uppy/aws-s3` 5. */
export function uppy5({ api, token }) {
  const uploads = new Uploads(api, token);
  return {
    shouldUseMultipart: (file) => file.size > ONE_PUT,
    getChunkSize: (file) => partSize(file.size),
    async getUploadParameters(file, { signal }) {
      const { url, headers, key } = await uploads.begin(file, "single", signal);
      return { method: "PUT", url, headers, fields: { key } };
    },
    async createMultipartUpload(file, signal) {
      const { key } = await uploads.begin(file, "multipart", signal);
      return { key, uploadId: key };
    },
    signPart: (_file, { uploadId, partNumber, signal }) => uploads.sign(uploadId, partNumber, signal),
    async listParts(_file, { uploadId, signal }) {
      const parts = await uploads.list(uploadId, signal);
      return parts.map(({ number, size, etag }) => ({ PartNumber: number, Size: size, ETag: etag }));
    },
    async completeMultipartUpload(_file, { uploadId, signal }) {
      return { key: uploadId, location: await uploads.complete(uploadId, signal) };
    },
    async abortMultipartUpload(_file, { uploadId, signal }) {
      await uploads.cancel(uploadId, signal);
    },
  };
}

const tag = (name, content) => `<${name}>${content}</${name}>`;

function listResult(parts) {
  const part = ({ number, etag }) => tag("Part", tag("PartNumber", number) + tag("ETag", etag));
  return tag("ListPartsResult", parts.map(part).join(""));
}

/**
 * Uppy 6 sends what it had signed, and reads S3's XML. What the API has done already is answered by a URL that is its own
 * reply (Fetch standard, "scheme fetch": `data:`). A content security policy needs `connect-src data:`.
 */
const answer = (xml) => ({ url: `data:application/xml,${encodeURIComponent(xml)}` });

class Uploads {
  #api;
  #token;
  /** By file: the name of its announcement, so that trying again is the same upload. */
  #names = new Map();

  constructor(api, token) {
    this.#api = api.replace(/\/+$/, "");
    this.#token = token;
  }

  /** Announces a file; where its one PUT goes, and under which id. */
  async begin(file, kind, signal) {
    const announce = (name) =>
      this.#call("POST", "/v1/uploads", signal, {
        filename: file.name,
        size: file.size,
        content_type: file.type || "application/octet-stream",
        kind,
        ...(kind === "multipart" && { part_size: partSize(file.size) }),
      }, { "idempotency-key": name });
    const known = this.#names.get(file.id);
    let slot;
    try {
      slot = await announce(known ?? this.#named(file));
    } catch (error) {
      // That upload has ended: this is another one.
      const over = ["wrong_state", "conflict", "idempotency_mismatch", "asset_withdrawn"];
      if (!known || !over.includes(error.code)) throw error;
      slot = await announce(this.#named(file));
    }
    const { url, headers } = slot.parts[0];
    return { url, headers, key: slot.asset_id };
  }

  #named(file) {
    const name = crypto.randomUUID();
    this.#names.set(file.id, name);
    return name;
  }

  /** A part, as often as it is asked for. */
  async sign(id, number, signal) {
    const body = { part_numbers: [number] };
    const { parts } = await this.#call("POST", `${place(id)}/parts`, signal, body);
    return { method: "PUT", url: parts[0].url, headers: parts[0].headers };
  }

  /** All parts that S3 holds. */
  async list(id, signal) {
    const all = [];
    for (let after = 0; after !== undefined; ) {
      const path = `${place(id)}/parts?after=${after}`;
      let page;
      try {
        page = await this.#call("GET", path, signal);
      } catch (error) {
        if (error.status === 409 && (await this.#arrived(id, signal))) return EVERY_PART;
        throw error;
      }
      all.push(...page.parts);
      after = page.next;
    }
    return all;
  }

  /** Was it completed, though the reply was lost? */
  async #arrived(id, signal) {
    const { state } = await this.complete(id, signal).then(() => this.#call("GET", place(id), signal));
    return ["uploaded", "processing", "ready"].includes(state);
  }

  /** Completes it, by the parts as S3 lists them; where it tells how it fares. */
  async complete(id, signal) {
    const { state, code, reason } = await this.#call("POST", `${place(id)}/finalize`, signal);
    if (state === "failed") throw new ReelvaultError(409, { code, detail: reason });
    return this.#api + place(id);
  }

  async cancel(id, signal) {
    return (await this.#call("DELETE", place(id), signal)).state;
  }

  async #call(method, path, signal, body, headers) {
    const reply = await fetch(this.#api + path, {
      method,
      signal,
      headers: {
        authorization: `Bearer ${await this.#token()}`,
        ...(body && { "content-type": "application/json" }),
        ...headers,
      },
      body: body && JSON.stringify(body),
    });
    const told = await reply.json().catch(() => ({}));
    if (!reply.ok) throw new ReelvaultError(reply.status, told);
    return told;
  }
}

const place = (id) => `/v1/uploads/${encodeURIComponent(id)}`;

/** Nothing is left to send. */
const EVERY_PART = Array.from({ length: MOST_PARTS }, (_, at) => ({ number: at + 1, size: 0, etag: "sent" }));
