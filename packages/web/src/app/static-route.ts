/** The built-in route for a static folder (Flask: static files). */
import { sendFromDirectory } from "../files/send-file.js";
import type { Context } from "./context.js";
import type { RouteRecord } from "./scaffold.js";

export function staticRoute(urlPath: string, endpoint: string, folder: string): RouteRecord {
  return {
    rule: `${urlPath.replace(/\/+$/, "")}/<path:filename>`,
    methods: new Set(["GET", "HEAD", "OPTIONS"]),
    endpoint,
    handler: (c: Context) =>
      sendFromDirectory(folder, String(c.args.filename), { maxAge: c.app.config.SEND_FILE_MAX_AGE_DEFAULT }),
    strictSlashes: true,
    defaults: {},
    automaticOptions: true,
  };
}
