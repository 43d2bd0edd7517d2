/** The one door to @athanor/web: everything this package takes from it. */
export {
  type App,
  BadRequest,
  Blueprint,
  type Context,
  currentContext,
  escape,
  findContext,
  Markup,
  TimedSigner,
  type UploadedFile,
} from "@athanor/web";
