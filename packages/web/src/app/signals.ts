/** What an app tells those who watch it: `app.on("templateRendered", …)` (Flask: signals). */
import { Events } from "@athanor/core";
import type { Scope } from "../scope/scope.js";
import type { Context } from "./context.js";

interface OfRequest {
  readonly context: Context;
}
interface OfTemplate {
  /** The name, or the first of several; null for template text. */
  readonly template: string | null;
  /** Everything the template sees but the environment's globals. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** May be asynchronous: the app waits for them, and what they throw counts as the request's error. */
export interface WaitedEvents {
  /** The route is found, no hook has run. */
  requestStarted: (event: OfRequest) => unknown;
  /** The answer as it is sent, the session's cookie included. */
  requestFinished: (event: OfRequest & { readonly response: Response }) => unknown;
  /** An error that no handler took, before it is answered or thrown. */
  gotRequestException: (event: OfRequest & { readonly error: unknown }) => unknown;
  /** With the teardowns, in the scope still. */
  requestTearingDown: (event: OfRequest & { readonly error: unknown }) => unknown;
  beforeRenderTemplate: (event: OfTemplate) => unknown;
  /** After the whole text; a stream: after its last piece. */
  templateRendered: (event: OfTemplate) => unknown;
  /** A scope of the app ends: a request, a command, a test. */
  scopeTearingDown: (event: { readonly scope: Scope; readonly error: unknown }) => unknown;
}
/** Synchronous. */
export interface AppEvents extends WaitedEvents {
  messageFlashed: (event: { readonly message: unknown; readonly category: string }) => void;
}
export type AppEventName = keyof AppEvents;

const NAMES: readonly AppEventName[] = [
  "requestStarted",
  "requestFinished",
  "gotRequestException",
  "requestTearingDown",
  "beforeRenderTemplate",
  "templateRendered",
  "scopeTearingDown",
  "messageFlashed",
];

/** The listeners of one app. Observers only: to change an answer use a hook such as `app.afterRequest`. */
export class Signals extends Events<AppEvents> {
  constructor() {
    super(NAMES);
  }
  /** One listener after another; free while nobody listens. */
  async send<K extends keyof WaitedEvents>(name: K, event: Parameters<WaitedEvents[K]>[0]): Promise<void> {
    for (const listener of this.of(name)) await (listener as (event: unknown) => unknown)(event);
  }
}
