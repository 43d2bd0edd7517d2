/**
 * Objects that can be called: templates write `{{ form.name }}` and `{{ form.name(size=32) }}` for the same thing.
 * The constructor hands out a function whose prototype is the class, so class fields and methods land on it.
 */
import type { Markup } from "./web.js";

export abstract class CallableObject {
  constructor() {
    const self = (...args: unknown[]): Markup => (self as unknown as CallableObject).invoke(...args);
    // A function's own `name` and `length` would shadow a field's; fields define their own.
    Reflect.deleteProperty(self, "name");
    Reflect.deleteProperty(self, "length");
    // biome-ignore lint/correctness/noConstructorReturn: returning the function is the point of this class
    return Object.setPrototypeOf(self, new.target.prototype);
  }

  protected abstract invoke(...args: unknown[]): Markup;

  /** The HTML, for `String(field)` and template output. */
  toString(): string {
    return String(this.invoke());
  }

  /** Tells template engines that the text is HTML already. */
  __html__(): string {
    return String(this.invoke());
  }

  /** The same for Hono's `html` helper and JSX. */
  get isEscaped(): true {
    return true;
  }

  get [Symbol.toStringTag](): string {
    return this.constructor.name;
  }
}

// `call` and `apply` stay available, since the objects are functions. No `extends Function`: that compiles code.
Object.setPrototypeOf(CallableObject.prototype, Function.prototype);
