/** Who is signed in: the session remembers a key, the app loads the user. Source: Flask-Login, OWASP "Session Management". */
import { createHash } from "node:crypto";
import type { App } from "../app/app.js";
import type { Context } from "../app/context.js";
import { currentContext } from "../app/context.js";
import type { Handler } from "../app/scaffold.js";
import { Unauthorized } from "../errors/http-error.js";
import { WebError } from "../errors/web-error.js";
import { redirect } from "../http/redirect.js";
import { type Scope, slotKey } from "../scope/scope.js";
import { checkPasswordHash } from "../security/password.js";

type MaybePromise<T> = T | Promise<T>;
export type UserKey = string | number;

export interface LoginOptions<U> {
  /** Loads a user by the key in the session; null when there is no such user any more. */
  readonly load: (key: UserKey) => MaybePromise<U | null | undefined>;
  /** The key of a user. Default: `user.id`. */
  readonly keyOf?: (user: U) => UserKey;
  /** Endpoint of the page with the login form. Without it a visitor who is not signed in gets 401. */
  readonly endpoint?: string;
  /** Something that changes with the password, such as its hash: then older sessions are signed out. */
  readonly stamp?: (user: U) => string | null;
  /** Keys of the session that survive signing in, such as a basket. Everything else is dropped. */
  readonly keep?: readonly string[];
}

const KEY = "_user_id";
const STAMP = "_user_stamp";
/** Of no password. Checked in place of a user's hash when there is none, so that both take the same time. */
const NOBODY =
  "scrypt:32768:8:1$athanorathanorat$" +
  "0000000000000000000000000000000000000000000000000000000000000000" +
  "0000000000000000000000000000000000000000000000000000000000000000";

function defaultKey(user: unknown): UserKey {
  const { id } = user as { readonly id?: unknown };
  if (typeof id === "number" || typeof id === "string") return id;
  throw new WebError(
    "login",
    "The user has no `id` that is a number or text: commit it first, or give keyOf to new Login().",
  );
}

/** Short, and tells nothing of what it was made from. */
function stampOf(text: string): string {
  return createHash("sha256").update(`athanor.login ${text}`).digest("base64url").slice(0, 16);
}

/**
 * Signing in and out.
 *
 * @example
 * export const login = new Login(app, { load: (id) => db.session.get(User, Number(id)), endpoint: "signIn", stamp: (u) => u.passwordHash });
 * app.get("/account", login.required(async function account() { return `hello ${(await login.user()).name}`; }));
 */
export class Login<U extends object> {
  readonly #options: LoginOptions<U>;
  readonly #found = slotKey<Promise<U | null>>("current user");

  /** @param app sets `currentUser()` for its templates; leave it out and call `initApp` in an app factory */
  constructor(app: App | null, options: LoginOptions<U>) {
    this.#options = options;
    if (app !== null) this.initApp(app);
  }

  /** `{{ currentUser().name }}` in the app's templates; `current_user` is the same. */
  initApp(app: App): this {
    const user = () => this.currentUser();
    app.templateGlobal("currentUser", user).templateGlobal("current_user", user);
    return this;
  }

  /** The user who is signed in, or null; loaded once per request. */
  readonly currentUser = (c: Context = currentContext()): Promise<U | null> =>
    c.scope.peek(this.#found) ?? this.#remember(c.scope, this.#load(c));

  /** The user. @throws Unauthorized (401) when nobody is signed in */
  readonly user = async (c: Context = currentContext()): Promise<U> => {
    const found = await this.currentUser(c);
    if (found === null) throw new Unauthorized();
    return found;
  };

  #remember(scope: Scope, user: Promise<U | null>): Promise<U | null> {
    scope.setSlot(this.#found, user);
    return user;
  }

  async #load(c: Context): Promise<U | null> {
    const key = c.session.get(KEY);
    if (typeof key !== "string" && typeof key !== "number") return null;
    const user = (await this.#options.load(key)) ?? null;
    if (user !== null && this.#stamp(user) === (c.session.get(STAMP) ?? null)) return user;
    this.#forget(c);
    return null;
  }

  #stamp(user: U): string | null {
    const text = this.#options.stamp?.(user) ?? null;
    return text === null ? null : stampOf(text);
  }
  #forget(c: Context): void {
    c.session.delete(KEY);
    c.session.delete(STAMP);
  }

  /**
   * Signs in. The session begins anew, so that nothing planted before, a CSRF token included, counts afterwards.
   *
   * @throws WebError "login" for a user without a key
   */
  signIn(user: U, c: Context = currentContext()): void {
    const key = (this.#options.keyOf ?? defaultKey)(user);
    const { session } = c;
    const kept = (this.#options.keep ?? [])
      .filter((name) => session.has(name))
      .map((name) => [name, session.get(name)] as const);
    session.clear();
    for (const [name, value] of kept) session.set(name, value);
    session.set(KEY, key);
    const stamp = this.#stamp(user);
    if (stamp !== null) session.set(STAMP, stamp);
    void this.#remember(c.scope, Promise.resolve(user));
  }

  /** Signs out: the session is empty afterwards. */
  signOut(c: Context = currentContext()): void {
    c.session.clear();
    void this.#remember(c.scope, Promise.resolve(null));
  }

  /**
   * The user if the password is right, else null, after the same time whether or not there is such a user.
   *
   * @example const user = await login.verify(await User.query().filterBy({ name }).first(), (u) => u.passwordHash, password);
   */
  async verify(user: U | null, hashOf: (user: U) => string | null | undefined, password: string): Promise<U | null> {
    const hash = user === null ? null : hashOf(user);
    const known = hash !== null && hash !== undefined && hash !== "";
    const fits = await checkPasswordHash(known ? hash : NOBODY, password);
    return known && fits ? user : null;
  }

  /**
   * A handler for users only. Others are sent to the login page, with `next` to come back, or get 401.
   *
   * @example app.get("/account", login.required(async function account(c) { … }));
   */
  required<A>(handler: Handler<A>): Handler<A> {
    const guarded: Handler<A> = async (c) => {
      // The context of the request, whatever the route calls its arguments.
      const context = c as unknown as Context;
      return (await this.currentUser(context)) === null ? this.#refuse(context) : handler(c);
    };
    // The endpoint is named after the function.
    Object.defineProperty(guarded, "name", { value: handler.name, configurable: true });
    return guarded;
  }

  /** Put before every handler of a blueprint: `admin.beforeRequest(login.requiredHere)`. */
  readonly requiredHere = async (c: Context): Promise<Response | undefined> =>
    (await this.currentUser(c)) === null ? this.#refuse(c) : undefined;

  #refuse(c: Context): Response {
    const { endpoint } = this.#options;
    if (endpoint === undefined || c.endpoint === endpoint) throw new Unauthorized();
    const { method, path, queryString } = c.request;
    const back =
      method === "GET" || method === "HEAD" ? { next: `${path}${queryString === "" ? "" : `?${queryString}`}` } : {};
    return redirect(c.urlFor(endpoint, back));
  }
}
