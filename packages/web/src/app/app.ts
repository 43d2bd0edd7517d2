/** The application: answers requests inside one scope each, from outside Hono's chain (Flask: Flask). */
import { fileURLToPath } from "node:url";
import { Hono, type Context as HonoContext, type MiddlewareHandler } from "hono";
import type { CommandOutput } from "../commands/command.js";
import { CommandRunner, runCommand } from "../commands/run.js";
import { WebError } from "../errors/web-error.js";
import { AppRequest } from "../http/request.js";
import { dropUnread } from "../http/stream.js";
import type { UploadedFile } from "../http/upload.js";
import type { Converter } from "../routing/converter.js";
import { type EndCallback, Scope, slotKey } from "../scope/scope.js";
import { seenAddress } from "../security/proxy.js";
import { type ClientOptions, TestClient } from "../testing/client.js";
import { type AppOptions, AppSetup } from "./app-setup.js";
import type { Application } from "./application.js";
import { Context, findContext, installContext } from "./context.js";
import { dispatch, middlewareError, routeRequest, teardownHooks } from "./dispatch.js";
import { type RunningServer, type RunOptions, runServer } from "./run.js";

type Env = { Bindings: Record<string, unknown> };

const UNHANDLED = slotKey<{ error: unknown }>("unhandled error");

/** X collects the types of custom converters. Made by `createApp`. */
export class App<X = {}> extends AppSetup<X> {
  #started: Promise<void> | undefined;
  #hono: Hono<Env> | undefined;

  /**
   * Adds a converter for the rules that follow; give the result a name to keep its types.
   *
   * @example const app = createApp().converter("date", { parse: (s) => new Date(s), format: (d) => d.toISOString() });
   */
  converter<N extends string, T>(
    name: N,
    converter: Converter<T> | ((...options: never[]) => Converter<T>),
  ): App<X & { [_ in N]: T }> {
    this.assertOpen(`converter '${name}'`);
    this.map.addConverter(name, converter);
    // The same object; only its type learns the new name.
    return this as unknown as App<X & { [_ in N]: T }>;
  }

  /**
   * Listens on a port (Flask: app.run).
   *
   * @throws WebError "port-in-use"
   * @example await app.run({ port: 3000, debug: true });
   */
  async run(options: RunOptions = {}): Promise<RunningServer> {
    const running = await runServer(this, options);
    process.stderr.write(
      ` * Serving '${this.name}' on ${running.url}${this.debug ? " (debug)" : ""} - stop with Ctrl+C\n`,
    );
    return running;
  }

  /** Ends set-up and runs the onStart hooks, once. The first request does it by itself. */
  start(): Promise<void> {
    this.frozen = true;
    return (this.#started ??= this.#runStarts());
  }

  async #runStarts(): Promise<void> {
    this.warnAboutConfig();
    if (this.map.hasSubdomains && this.config.SERVER_NAME === null)
      throw new WebError(
        "config",
        'Some routes have a subdomain, and the configuration key SERVER_NAME does not say what it stands in front of: set it, for example to "example.com".',
      );
    for (const fn of this.startHooks) await this.context(async () => fn());
  }

  #chain(): Hono<Env> {
    if (this.#hono !== undefined) return this.#hono;
    const hono = new Hono<Env>();
    hono.use("*", (hc, next) => {
      const c = this.#contextOf();
      c.hono = hc as unknown as HonoContext;
      return next();
    });
    for (const [path, mw] of this.honoMiddleware) hono.use(path, mw as MiddlewareHandler<Env>);
    hono.all("*", async (hc) => {
      const c = this.#contextOf();
      // Middleware may have put another request in place (method override, for example).
      const current =
        hc.req.raw === c.request.raw ? c : this.#makeContext(c.scope, hc.req.raw, hc.env, hc as unknown as HonoContext);
      const outcome = await dispatch(this, current, routeRequest(this, current)).catch((error: unknown) => {
        // Propagating on purpose; marked, so that Hono's onError below lets it through untouched.
        c.scope.setSlot(UNHANDLED, { error });
        throw error;
      });
      return this.#settle(current, outcome.response, outcome.unhandled, hc as unknown as HonoContext);
    });
    hono.onError(async (error, hc) => {
      const c = this.#contextOf();
      const pending = c.scope.peek(UNHANDLED);
      // Thrown by our own dispatching, on purpose: let it out.
      if (pending?.error === error) throw error;
      try {
        const outcome = await middlewareError(this, c, error);
        return this.#settle(c, outcome.response, outcome.unhandled, hc as unknown as HonoContext);
      } catch (thrown) {
        c.scope.setSlot(UNHANDLED, { error: thrown });
        throw thrown;
      }
    });
    return (this.#hono = hono);
  }

  #settle(c: Context, response: Response, unhandled: unknown, hc: HonoContext): Response {
    if (unhandled !== null) {
      c.scope.setSlot(UNHANDLED, { error: unhandled });
      // Middleware that looks at c.error after next() must see the failure, though it has been answered.
      hc.error =
        unhandled instanceof Error
          ? unhandled
          : new WebError("return-value", `A value that is no Error was thrown: ${String(unhandled)}`, {
              cause: unhandled,
            });
    }
    return response;
  }

  #contextOf(): Context {
    const c = findContext();
    if (c === undefined || c.app !== (this as Application))
      throw new WebError(
        "no-context",
        "A middleware left the request's async context, so the app cannot find its scope. Call next() inside the middleware's own async flow.",
      );
    return c;
  }

  #makeContext(scope: Scope, raw: Request, env: unknown, hono?: HonoContext): Context {
    const seen = seenAddress(raw, peerOf(env), this.proxyHops);
    const { config } = this;
    const request = new AppRequest({
      raw,
      ...seen,
      limits: () => ({
        contentLength: config.MAX_CONTENT_LENGTH,
        formMemory: config.MAX_FORM_MEMORY_SIZE,
        formParts: config.MAX_FORM_PARTS,
      }),
      keepFile: (file: UploadedFile) => scope.onEnd(() => file.discard()),
      readElsewhere: async () => {
        const inHono = c.hono;
        if (inHono === undefined)
          throw new WebError(
            "body-consumed",
            "The request body was read before the app saw it. Pass on a clone: new Request(request.clone()).",
          );
        return inHono.req.arrayBuffer();
      },
    });
    const c: Context = new Context(this, scope, request, {});
    c.hono = hono;
    installContext(c);
    return c;
  }

  /**
   * Answers one request. A web-standard fetch handler: works under Node, Bun, Deno, Workers and in tests.
   *
   * The scope opens here, around everything Hono does, because an error never comes out of Hono's `await next()`.
   */
  readonly fetch = (raw: Request, env?: unknown, executionContext?: unknown): Promise<Response> => {
    const scope = new Scope(this, `${raw.method} ${pathOf(raw.url)}`);
    return scope.run(() => this.#serve(scope, raw, env, executionContext));
  };

  #teardowns(scope: Scope): void {
    for (const end of this.endCallbacks) scope.onEnd(end);
  }

  /** What runs while the scope is still open: the hooks, and after them whoever watches. */
  #lastWords(scope: Scope, hooks: readonly EndCallback[]): readonly EndCallback[] {
    if (!this.signals.has("scopeTearingDown")) return hooks;
    return [...hooks, (error) => this.signals.send("scopeTearingDown", { scope, error })];
  }

  async #serve(scope: Scope, raw: Request, env: unknown, executionContext: unknown): Promise<Response> {
    await this.start();
    const c = this.#makeContext(scope, raw, env);
    this.#teardowns(scope);
    let response: Response | undefined;
    let thrown: { readonly error: unknown } | undefined;
    try {
      // Hono's parameter types name its own environments; at run time both are passed through untouched.
      response = await this.#chain().fetch(raw, (env ?? {}) as Env["Bindings"], executionContext as never);
    } catch (error) {
      thrown = { error };
    }
    const error = thrown === undefined ? (scope.peek(UNHANDLED)?.error ?? null) : thrown.error;
    const finish = async () => {
      const latest = findContextOf(scope) ?? c;
      const errors = await scope.end(error, this.#lastWords(scope, teardownHooks(this, latest)));
      for (const failure of errors) this.logger.error(`A teardown of ${scope.openedFor} failed:`, failure);
      return errors;
    };
    await dropUnread(scope, response);
    if (scope.held) void scope.whenReleased().then(finish);
    else await finish();
    if (thrown !== undefined) throw thrown.error;
    return response as Response;
  }

  /**
   * Runs `fn` inside a scope of its own, for commands, jobs and tests.
   *
   * @throws what `fn` throws; else an AggregateError of the teardowns that failed
   * @example await app.context(async () => { db.session.add(user); await db.session.commit(); });
   */
  context<T>(fn: () => T | Promise<T>): Promise<T> {
    const scope = new Scope(this, "app.context()");
    this.#teardowns(scope);
    return scope.run(() => this.#inside(scope, fn, () => []));
  }

  async #inside<T>(scope: Scope, fn: () => T | Promise<T>, before: () => EndCallback[]): Promise<T> {
    let result: T;
    try {
      result = await fn();
    } catch (error) {
      for (const failure of await scope.end(error, this.#lastWords(scope, before())))
        this.logger.error(`A teardown of ${scope.openedFor} failed:`, failure);
      throw error;
    }
    await scope.whenReleased();
    const errors = await scope.end(null, this.#lastWords(scope, before()));
    for (const failure of errors) this.logger.error(`A teardown of ${scope.openedFor} failed:`, failure);
    if (errors.length > 0)
      throw new AggregateError(errors, `${errors.length} teardown(s) of ${scope.openedFor} failed.`);
    return result;
  }

  /**
   * Runs `fn` as if inside a request, without calling its handler (Flask: test_request_context).
   *
   * @example await app.testRequestContext("/?page=2", (c) => { c.request.args.get("page"); });
   */
  testRequestContext<T>(path: string, fn: (c: Context) => T | Promise<T>): Promise<T>;
  testRequestContext<T>(path: string, init: RequestInit, fn: (c: Context) => T | Promise<T>): Promise<T>;
  testRequestContext<T>(
    path: string,
    first: RequestInit | ((c: Context) => T | Promise<T>),
    second?: (c: Context) => T | Promise<T>,
  ): Promise<T> {
    const fn = typeof first === "function" ? first : second;
    if (fn === undefined)
      throw new WebError("test-client", "testRequestContext() needs a function as its last argument.");
    const base =
      this.config.SERVER_NAME === null
        ? "http://localhost"
        : `${this.config.PREFERRED_URL_SCHEME}://${this.config.SERVER_NAME}`;
    const raw = new Request(new URL(path, base), typeof first === "function" ? {} : first);
    const scope = new Scope(this, `testRequestContext("${path}")`);
    this.#teardowns(scope);
    return scope.run(() => {
      const c = this.#makeContext(scope, raw, undefined);
      routeRequest(this, c);
      return this.#inside(
        scope,
        () => fn(c),
        () => teardownHooks(this, c),
      );
    });
  }

  /**
   * Runs one of the app's own commands, in a scope of its own.
   *
   * @param args the command's name and what follows it
   * @returns the exit code
   * @throws what the command throws
   */
  runCommand(args: readonly string[], output: CommandOutput): Promise<number> {
    return runCommand(this.commands, args, output, this);
  }

  /** Runs commands in tests, without a process. */
  testCli(): CommandRunner {
    return new CommandRunner(this.commands, this);
  }

  /** A client that sends requests straight to the app. */
  testClient(options?: ClientOptions): TestClient {
    return new TestClient(this, options);
  }
}

function findContextOf(scope: Scope): Context | undefined {
  return scope.run(findContext);
}

/** The path without the query, which may hold secrets and ends up in messages. */
function pathOf(url: string): string {
  const path = url.slice(Math.max(0, url.indexOf("/", url.indexOf("://") + 3)));
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

/** The socket's address, where the server hands it over (@hono/node-server does). */
function peerOf(env: unknown): string | undefined {
  const incoming = (env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming;
  return incoming?.socket?.remoteAddress;
}

function isImportMeta(value: ImportMeta | AppOptions): value is ImportMeta {
  return "url" in value && typeof value.url === "string";
}

/**
 * Makes an app.
 *
 * @param meta `import.meta` of your module: its folder is where templates, static files and the instance folder are
 * @example const app = createApp(import.meta, { config: { SECRET_KEY: process.env.SECRET_KEY } });
 */
export function createApp(meta?: ImportMeta | AppOptions, options?: AppOptions): App {
  if (meta === undefined) return new App(options);
  if (!isImportMeta(meta)) return new App({ ...meta, ...options });
  const root =
    options?.root ??
    (meta.url.startsWith("file:") ? fileURLToPath(new URL(".", meta.url)).replace(/[\\/]$/, "") : process.cwd());
  return new App({ ...options, root });
}
