/** Fields of text: plain, long, secret, hidden, and the HTML input types that only differ in their widget. */
import type { FieldOptions, FormValue, Widget } from "../types.js";
import {
  colorInput,
  emailInput,
  hiddenInput,
  passwordInput,
  searchInput,
  telInput,
  textArea,
  urlInput,
} from "../widgets/inputs.js";
import { FieldBase } from "./base.js";
import { type Unbound, unbound } from "./unbound.js";

/** Text as it was typed; not trimmed, an absent name leaves the data alone. */
export class StringField extends FieldBase<string> {
  static override readonly type: string = "StringField";

  override processData(value: unknown): void {
    this.data = value === null || value === undefined ? null : String(value);
  }

  override processFormdata(values: readonly FormValue[]): void {
    const first = values[0];
    if (typeof first === "string" || typeof first === "boolean") this.data = String(first);
  }

  override htmlValue(): string | false {
    return this.data ?? "";
  }
}

class TextAreaField extends StringField {
  static override readonly type = "TextAreaField";
  protected override defaultWidget(): Widget {
    return textArea();
  }
}

class PasswordField extends StringField {
  static override readonly type = "PasswordField";
  protected override defaultWidget(): Widget {
    return passwordInput();
  }
}

class HiddenField extends StringField {
  static override readonly type = "HiddenField";
  protected override defaultWidget(): Widget {
    return hiddenInput();
  }
}

class SearchField extends StringField {
  static override readonly type = "SearchField";
  protected override defaultWidget(): Widget {
    return searchInput();
  }
}

class TelField extends StringField {
  static override readonly type = "TelField";
  protected override defaultWidget(): Widget {
    return telInput();
  }
}

class URLField extends StringField {
  static override readonly type = "URLField";
  protected override defaultWidget(): Widget {
    return urlInput();
  }
}

class EmailField extends StringField {
  static override readonly type = "EmailField";
  protected override defaultWidget(): Widget {
    return emailInput();
  }
}

class ColorField extends StringField {
  static override readonly type = "ColorField";
  protected override defaultWidget(): Widget {
    return colorInput();
  }
}

type TextField = (label?: string, options?: FieldOptions<string>) => Unbound<string>;

/** One line of text, `<input type="text">`. */
export const stringField: TextField = (label, options = {}) => unbound(StringField, label, options);
/** Many lines, `<textarea>`. */
export const textAreaField: TextField = (label, options = {}) => unbound(TextAreaField, label, options);
/** A secret: never rendered back. */
export const passwordField: TextField = (label, options = {}) => unbound(PasswordField, label, options);
/** Not shown; `{{ form.hidden_tag() }}` renders it. */
export const hiddenField: TextField = (label, options = {}) => unbound(HiddenField, label, options);
export const searchField: TextField = (label, options = {}) => unbound(SearchField, label, options);
export const telField: TextField = (label, options = {}) => unbound(TelField, label, options);
export const urlField: TextField = (label, options = {}) => unbound(URLField, label, options);
export const emailField: TextField = (label, options = {}) => unbound(EmailField, label, options);
/** `<input type="color">`, the value as `#rrggbb`. */
export const colorField: TextField = (label, options = {}) => unbound(ColorField, label, options);
