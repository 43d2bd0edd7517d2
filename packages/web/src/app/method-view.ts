/** A class whose methods answer the HTTP methods of the same name (Flask: MethodView). */
import { WebError } from "../errors/web-error.js";
import type { Context } from "./context.js";
import type { Handler } from "./scaffold.js";

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/**
 * Write get(c), post(c), ...; a new instance serves each request.
 *
 * @example
 * class TodoApi extends MethodView<{ id: number }> { get(c) { return { id: c.args.id }; } }
 * app.route("/todo/<int:id>", TodoApi.options("todo"), TodoApi.asHandler());
 */
export abstract class MethodView<A = Readonly<Record<string, unknown>>> {
  get?(c: Context<A>): unknown;
  post?(c: Context<A>): unknown;
  put?(c: Context<A>): unknown;
  patch?(c: Context<A>): unknown;
  delete?(c: Context<A>): unknown;

  /** The methods the class defines, with the endpoint's name (default: the class's). */
  static options(
    this: new () => MethodView<never>,
    name?: string,
  ): { readonly methods: readonly string[]; readonly name: string } {
    const methods = METHODS.filter((m) => typeof (this.prototype as Record<string, unknown>)[m] === "function").map(
      (m) => m.toUpperCase(),
    );
    if (methods.length === 0)
      throw new WebError("route", `The class '${this.name}' defines none of ${METHODS.join(", ")}.`);
    return { methods, name: name ?? this.name };
  }

  static asHandler<A>(this: new () => MethodView<A>): Handler<A> {
    return (c) => {
      const view = new this();
      const method = c.request.method === "HEAD" ? "get" : c.request.method.toLowerCase();
      const known = METHODS.find((m) => m === method);
      const answer = known === undefined ? undefined : view[known];
      if (answer === undefined) throw new WebError("route", `The class '${this.name}' does not define '${method}'.`);
      return answer.call(view, c);
    };
  }
}
