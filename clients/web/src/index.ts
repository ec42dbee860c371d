export { type Keep, keptDevice } from "./device.js";
export { type ErrorCode, ReelvaultError } from "./errors.js";
export { attachHls, type HlsClass, type HlsLike, type HlsOptions } from "./hls.js";
export { attachNative } from "./native.js";
export type { Fetch } from "./reply.js";
export type { Controller, PlayOptions, State } from "./session.js";
export { attachShaka, type ShakaLike } from "./shaka.js";
export {
  endView,
  type Mode,
  openView,
  type Previews,
  type RefreshOptions,
  refreshView,
  type TokenWish,
  type View,
  type ViewOptions,
} from "./view.js";
