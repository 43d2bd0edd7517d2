/** What the parts below the app (context, templates, extensions) may know of it. `App` fulfils it. */
import type { Config } from "../config/config.js";
import type { Logger } from "./logger.js";

/** Values for a URL; keys that begin with "_" steer how it is built. */
export interface UrlValues {
  readonly _external?: boolean;
  readonly _anchor?: string;
  readonly _scheme?: string;
  readonly _method?: string;
  readonly [name: string]: unknown;
}

export interface Application {
  readonly name: string;
  readonly rootPath: string;
  readonly config: Config;
  readonly logger: Logger;
  readonly debug: boolean;
  readonly testing: boolean;
  /** What extensions left here, by their name. */
  readonly extensions: Map<string, unknown>;
  /** Tells those who watch; the rest of the signals belongs to the app's own parts. */
  readonly signals: {
    emit(name: "messageFlashed", event: { readonly message: unknown; readonly category: string }): void;
  };
  urlFor(endpoint: string, values?: UrlValues): string;
  /** Renders a template file with everything the app adds to its context. */
  render(name: string | readonly string[], context?: Record<string, unknown>): Promise<string>;
  /** Renders template text. */
  renderString(source: string, context?: Record<string, unknown>): Promise<string>;
}
