// The page of the uploader's tests: Uppy with Golden Retriever, as an application has them. `uppy.mjs` bundles it with one
// of the two versions of Uppy.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import GoldenRetriever from "@uppy/golden-retriever";
import * as reelvault from "reelvault";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** What `@uppy/aws-s3` is told, by the way it talks to the API. */
const OPTIONS = {
  uppy6: (api, token) => reelvault.uppy6({ api, token }),
  uppy5: (api, token) => reelvault.uppy5({ api, token }),
  companion: (api, token) => ({
    endpoint: `${api}/v1/uppy`,
    headers: { authorization: `Bearer ${token()}` },
    shouldUseMultipart: (file) => file.size > 5 * MIB,
  }),
};

/** One application; what happened to it is in `seen`. */
window.begin = function begin({ way, api, access, name }) {
  const seen = { log: [], parts: 0, assets: [] };
  const note = (...words) => seen.log.push(words.map(String).join(" "));
  const uppy = new Uppy({ id: name, autoProceed: false, logger: { debug: note, warn: note, error: note } });
  uppy.use(AwsS3, { ...OPTIONS[way](api, () => access), limit: 1 });
  uppy.use(GoldenRetriever, { indexedDB: { maxFileSize: GIB, maxTotalSize: GIB } });
  // Companion's routes are told the size by this alone.
  if (way === "companion") uppy.on("file-added", (file) => uppy.setFileMeta(file.id, { size: file.size }));
  uppy.on("restored", () => (seen.restored = true));
  uppy.on("s3-multipart:part-uploaded", () => seen.parts++);
  uppy.on("upload-success", (_file, { body }) => seen.assets.push(body.key));
  uppy.on("upload-error", (_file, error) => (seen.error = error.message));
  uppy.on("complete", ({ failed }) => (seen.complete = failed.length === 0));
  Object.assign(window, { uppy, seen });
};

/** Adds a film of the driver's. */
window.add = async function add(path) {
  const octets = await (await fetch(path)).blob();
  uppy.addFile({ name: "film.mp4", type: "video/mp4", data: new File([octets], "film.mp4", { type: "video/mp4", lastModified: 1 }) });
};

/** The multipart upload under way, as Uppy knows it. */
window.underWay = () => uppy.getFiles()[0]?.s3Multipart?.uploadId;

/** Would it be found again after a reload: the octets, and which upload it is? */
window.kept = async function kept() {
  const id = window.underWay();
  const octets = seen.log.some((line) => /Added \d+ blobs/.test(line));
  if (!id || !octets) return false;
  const local = Object.values(localStorage).some((text) => text.includes(id));
  return local || (await metadata()).some((text) => text.includes(id));
};

function metadata() {
  return new Promise((resolve) => {
    const opening = indexedDB.open("uppy-blobs");
    opening.onerror = () => resolve([]);
    opening.onsuccess = () => {
      const db = opening.result;
      const has = db.objectStoreNames.contains("metadata");
      if (!has) return db.close(), resolve([]);
      const all = db.transaction("metadata").objectStore("metadata").getAll();
      all.onsuccess = () => (db.close(), resolve(all.result.map((record) => record.metadata)));
    };
  });
}
