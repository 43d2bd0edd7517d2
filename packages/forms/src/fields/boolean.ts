/** Check boxes and submit buttons: present means true, absent means false. */
import type { FieldOptions, FormValue, Widget } from "../types.js";
import { checkboxInput, submitInput } from "../widgets/inputs.js";
import { FieldBase } from "./base.js";
import { type Unbound, unbound } from "./unbound.js";

/** Options of {@link booleanField}: which submitted values count as false (`"false"` and `""` unless given). */
export interface BooleanOptions extends FieldOptions<boolean> {
  readonly falseValues?: readonly (string | boolean)[];
}

class BooleanField extends FieldBase<boolean> {
  static override readonly type: string = "BooleanField";
  readonly falseValues: readonly (string | boolean)[];

  constructor(...args: ConstructorParameters<typeof FieldBase<boolean>>) {
    super(...args);
    this.falseValues = (args[2] as BooleanOptions).falseValues ?? [false, "false", ""];
  }

  override processData(value: unknown): void {
    this.data = Boolean(value);
  }

  override processFormdata(values: readonly FormValue[]): void {
    const first = values[0];
    this.data = first !== undefined && !(typeof first !== "object" && this.falseValues.includes(first));
  }

  override htmlValue(): string | false {
    const first = this.rawData?.[0];
    return first === undefined ? "y" : String(first);
  }

  protected override defaultWidget(): Widget {
    return checkboxInput();
  }
}

class SubmitField extends BooleanField {
  static override readonly type = "SubmitField";

  /** A button is an event, not data: only targets that know the property get it. */
  override populate(target: Record<string, unknown>, name: string): void {
    if (name in target) super.populate(target, name);
  }

  protected override defaultWidget(): Widget {
    return submitInput();
  }
}

/** A check box, `value="y"`. */
export function booleanField(label?: string, options: BooleanOptions = {}): Unbound<boolean> {
  return unbound(BooleanField, label, options);
}

/** A submit button; true when this one was pressed. */
export function submitField(label?: string, options: BooleanOptions = {}): Unbound<boolean> {
  return unbound(SubmitField, label, options);
}
