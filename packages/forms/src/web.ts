/** The one door to @athanor/web: everything this package takes from it. */
export {
  type App,
  BadRequest,
  Blueprint,
  type Context,
  currentContext,
  findContext,
  TimedSigner,
  UploadedFile,
} from "@athanor/web";
export { escape, Markup } from "../../web/src/templates/index.js";
