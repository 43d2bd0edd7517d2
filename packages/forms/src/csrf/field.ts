/** The hidden field that carries the CSRF token, and what stands in its place while CSRF is off. */
import { CallableObject } from "../callable.js";
import { StopValidation } from "../errors.js";
import { FieldBase } from "../fields/base.js";
import type { Attributes } from "../html.js";
import type { Binding, CsrfProvider, FormValue, Widget } from "../types.js";
import { Markup } from "../web.js";
import { hiddenInput } from "../widgets/inputs.js";

/** Always renders the current token, never what was submitted. */
export class CsrfTokenField extends FieldBase<string> {
  static override readonly type = "CSRFTokenField";
  readonly #provider: CsrfProvider;

  constructor(binding: Binding, provider: CsrfProvider) {
    super(binding, "CSRF Token", {});
    this.#provider = provider;
  }

  override processFormdata(values: readonly FormValue[]): void {
    this.data = typeof values[0] === "string" ? values[0] : null;
  }

  override htmlValue(): string {
    return this.#provider.token();
  }

  override preValidate(): void {
    const reason = this.#provider.check(this.data);
    if (reason !== null) throw new StopValidation(this.gettext(reason));
  }

  /** The token is no data of the target. */
  override populate(): void {}

  protected override defaultWidget(): Widget {
    return hiddenInput();
  }
}

/** `{{ form.csrf_token }}` without CSRF: prints nothing, can still be called. */
export class AbsentToken extends CallableObject {
  protected override invoke(): Markup {
    return new Markup("");
  }
}

/** What `form.csrf_token` is: printable and callable. */
export interface TokenFace {
  (attributes?: Attributes): Markup;
  readonly errors?: unknown;
}
