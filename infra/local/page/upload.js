// Uploads: every byte goes from the browser straight to the object store, in parts.

import { ApiError } from "./api.js";

const PARALLEL = 3;
const ATTEMPTS = 4;
/** How many part URLs are asked for at once. */
const BATCH = 20;
/** Headers that a browser sets by itself and lets no script set. */
const BROWSERS_OWN = new Set(["host", "content-length"]);

/** Uploads `file`; `onProgress` gets the bytes sent so far. Resolves to the asset's id. */
export async function upload(api, file, title, { onProgress, onBegin }) {
  const slot = await api.call("POST", "/v1/uploads", {
    filename: file.name,
    size: file.size,
    content_type: file.type || "application/octet-stream",
    title: title || file.name,
  });
  const multipart = slot.kind === "multipart";
  const partSize = multipart ? slot.part_size : Math.max(file.size, 1);
  const count = Math.max(1, Math.ceil(file.size / partSize));
  const job = new Job(api, slot, file, partSize, count, onProgress);
  onBegin?.(slot.asset_id, count);
  const parts = await job.run();
  const path = `/v1/uploads/${encodeURIComponent(slot.asset_id)}/finalize`;
  await api.call("POST", path, { parts });
  return slot.asset_id;
}

class Job {
  #signed = new Map();
  #signing = null;
  #sent;
  #next = 1;
  #failed = false;

  constructor(api, slot, file, partSize, count, onProgress) {
    Object.assign(this, { api, slot, file, partSize, count, onProgress });
    this.#sent = new Array(count + 1).fill(0);
    this.#remember(slot.parts);
  }

  async run() {
    const parts = [];
    const worker = async () => {
      while (this.#next <= this.count && !this.#failed) {
        const number = this.#next++;
        parts.push({ number, etag: await this.#part(number) });
      }
    };
    const workers = Array.from({ length: Math.min(PARALLEL, this.count) }, worker);
    try {
      await Promise.all(workers);
    } catch (error) {
      this.#failed = true;
      await Promise.allSettled(workers);
      throw error;
    }
    return parts.sort((a, b) => a.number - b.number);
  }

  async #part(number) {
    const start = (number - 1) * this.partSize;
    const bytes = this.file.slice(start, Math.min(start + this.partSize, this.file.size));
    for (let attempt = 1; ; attempt++) {
      try {
        const url = await this.#urlOf(number);
        return await put(url, bytes, (sent) => this.#count(number, sent));
      } catch (error) {
        this.#count(number, 0);
        if (attempt === ATTEMPTS || this.#failed || !error.retry) throw error;
        // The URL may have run out while other parts were sent.
        if (error.status === 403) this.#signed.delete(number);
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
      }
    }
  }

  async #urlOf(number) {
    if (!this.#signed.has(number)) {
      this.#signing ??= this.#sign(number).finally(() => (this.#signing = null));
      await this.#signing;
      if (!this.#signed.has(number)) return this.#urlOf(number);
    }
    return this.#signed.get(number);
  }

  async #sign(number) {
    const wanted = [];
    for (let n = number; n <= this.count && wanted.length < BATCH; n++) {
      if (!this.#signed.has(n)) wanted.push(n);
    }
    const path = `/v1/uploads/${encodeURIComponent(this.slot.asset_id)}/parts`;
    const reply = await this.api.call("POST", path, { part_numbers: wanted });
    this.#remember(reply.parts);
    if (!this.#signed.has(number)) throw new ApiError(0, { title: `Part ${number} was not signed` });
  }

  #remember(parts = []) {
    for (const part of parts) this.#signed.set(part.number, part);
  }

  #count(number, sent) {
    this.#sent[number] = sent;
    this.onProgress?.(this.#sent.reduce((sum, bytes) => sum + bytes, 0));
  }
}

/** PUTs one part and resolves to its entity tag. XMLHttpRequest, since fetch tells no progress. */
function put(part, bytes, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (status, title, retry) => {
      reject(Object.assign(new ApiError(status, { title }), { retry }));
    };
    request.open("PUT", part.url);
    for (const [name, value] of Object.entries(part.headers ?? {})) {
      if (!BROWSERS_OWN.has(name.toLowerCase())) request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      const { status } = request;
      if (status >= 200 && status < 300) {
        const etag = request.getResponseHeader("ETag");
        if (!etag) return fail(0, "The store hid the part's ETag (its CORS must expose it)", false);
        onProgress(bytes.size);
        return resolve(etag);
      }
      const retry = status === 403 || status === 408 || status === 429 || status >= 500;
      fail(status, `The store refused a part (${status})`, retry);
    };
    request.onerror = () => fail(0, "The store cannot be reached", true);
    request.ontimeout = request.onerror;
    request.send(bytes);
  });
}
