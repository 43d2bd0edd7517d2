/** How the session looks from inside a template: its keys are attributes, and it is opened only when looked at. */
import type { Session } from "../session/session.js";
import { templateAttribute } from "../templates/index.js";

const METHODS = new Set(["get", "pop", "has", "keys", "toObject"]);

export class SessionView {
  readonly #open: () => Session;

  constructor(open: () => Session) {
    this.#open = open;
  }

  /** {{ session.user }}, {{ session["user"] }}, {{ session.get("user", "nobody") }} */
  [templateAttribute](name: string): unknown {
    const session = this.#open();
    if (session.has(name)) return session.get(name);
    if (name === "permanent") return session.permanent;
    const method: unknown = METHODS.has(name) ? Reflect.get(session, name) : undefined;
    return typeof method === "function" ? (method.bind(session) as unknown) : undefined;
  }

  /** {% if "user" in session %}, {% for key in session %} */
  [Symbol.iterator](): Iterator<string> {
    return this.#open().keys()[Symbol.iterator]();
  }
}
