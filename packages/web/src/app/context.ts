/** What a handler receives: the request, the route's arguments, the session; and the helpers that find them without it. */

import type { Context as HonoContext } from "hono";
import type { Globals } from "../augment.js";
import { NoContextError } from "../errors/web-error.js";
import type { AppRequest } from "../http/request.js";
import { currentScope, type Scope, slotKey } from "../scope/scope.js";
import { openSession } from "../session/cookie-session.js";
import type { Session } from "../session/session.js";
import type { Application } from "./application.js";

/** Changes the answer of this request only. */
export type AfterThisRequest = (
  response: Response,
) => Response | undefined | void | Promise<Response | undefined | void>;

/** One request (Flask: request context). `A` is the type of the route's arguments. */
export class Context<A = Readonly<Record<string, unknown>>> {
  readonly app: Application;
  readonly scope: Scope;
  readonly request: AppRequest;
  /** Hono's own context, once the request is inside its chain. */
  hono: HonoContext | undefined;
  /** Arguments of the route, converted. */
  args: A;
  /** Endpoint that matched, or null when routing failed. */
  endpoint: string | null = null;
  /** Text of the rule that matched. */
  rule: string | null = null;
  /** The routing failure that will be thrown after the beforeRequest hooks, if any. */
  routingError: unknown = null;
  readonly afterThis: AfterThisRequest[] = [];
  #session: Session | undefined;

  constructor(app: Application, scope: Scope, request: AppRequest, args: A) {
    this.app = app;
    this.scope = scope;
    this.request = request;
    this.args = args;
  }

  /** The browser session. */
  get session(): Session {
    return (this.#session ??= openSession(this.app.config, this.request.cookies));
  }

  /** The session if anything has used it. */
  get openedSession(): Session | undefined {
    return this.#session;
  }

  /** Blueprints of the endpoint, innermost first: "a.b.view" gives ["a.b", "a"]. */
  get blueprints(): readonly string[] {
    const names: string[] = [];
    let at = this.endpoint?.lastIndexOf(".") ?? -1;
    while (at > 0 && this.endpoint !== null) {
      const name: string = this.endpoint.slice(0, at);
      names.push(name);
      at = name.lastIndexOf(".");
    }
    return names;
  }

  /** Innermost blueprint, or null. */
  get blueprint(): string | null {
    return this.blueprints[0] ?? null;
  }

  /** Per-scope values, the same object as `g()`. */
  get g(): Globals {
    return this.scope.slot(GLOBALS, newGlobals);
  }

  /** A variable that Hono middleware set with `c.set`. */
  get(name: string): unknown {
    return this.hono?.get(name);
  }

  /** Sets a variable that Hono middleware reads with `c.get`. */
  set(name: string, value: unknown): void {
    this.hono?.set(name, value);
  }

  urlFor(endpoint: string, values?: Parameters<Application["urlFor"]>[1]): string {
    return this.app.urlFor(endpoint, values);
  }

  /** Registers a change to this answer; runs before the other afterRequest hooks. */
  afterThisRequest(fn: AfterThisRequest): void {
    this.afterThis.push(fn);
  }
}

const CONTEXT = slotKey<Context>("request context");
const GLOBALS = slotKey<Globals>("g");
const newGlobals = (): Globals => Object.create(null) as Globals;

/** Puts a context into its scope. */
export function installContext(context: Context): void {
  context.scope.setSlot(CONTEXT, context);
}

/** The running request's context, or undefined. */
export function findContext(): Context | undefined {
  return currentScope()?.peek(CONTEXT);
}

/**
 * The running request's context.
 *
 * @throws NoContextError outside a request
 */
export function currentContext(): Context {
  const context = findContext();
  if (context === undefined) throw new NoContextError("The current request");
  return context;
}

/**
 * Values of the running scope.
 *
 * @throws NoContextError outside any scope
 * @example g().user = user;
 */
export function g(): Globals {
  const scope = currentScope();
  if (scope === undefined) throw new NoContextError("g()");
  return scope.slot(GLOBALS, newGlobals);
}

/** Changes the answer of the running request only (Flask: after_this_request). */
export function afterThisRequest(fn: AfterThisRequest): void {
  currentContext().afterThisRequest(fn);
}
