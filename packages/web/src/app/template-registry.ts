/** What an app or a blueprint adds to its templates. */

/** A filter or a test; the value comes first. May be async. */
export type TemplateFunction = (...args: never[]) => unknown;

export class TemplateRegistry {
  readonly filters = new Map<string, TemplateFunction>();
  readonly tests = new Map<string, TemplateFunction>();
  readonly globals = new Map<string, unknown>();

  /** Takes over what a blueprint added. */
  adopt(other: TemplateRegistry): void {
    for (const [name, fn] of other.filters) this.filters.set(name, fn);
    for (const [name, fn] of other.tests) this.tests.set(name, fn);
    for (const [name, value] of other.globals) this.globals.set(name, value);
  }
}
