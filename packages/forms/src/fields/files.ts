/**
 * Uploads. A file input left empty arrives as a nameless file of size 0 and counts as nothing sent. Sizes come from
 * the upload itself, nothing is read into memory; the content type a client names is never trusted.
 */

import { isSentFile } from "../input.js";
import type { Field, FieldOptions, FormValue, UploadLike, Widget } from "../types.js";
import type { UploadedFile } from "../web.js";
import { fileInput } from "../widgets/inputs.js";
import { FieldBase } from "./base.js";
import { type Unbound, unbound } from "./unbound.js";

abstract class UploadField<T> extends FieldBase<T> {
  /** Browsers take no value for a file input. */
  override htmlValue(): false {
    return false;
  }

  /** Only files count as submitted, so that `inputRequired` and `optional` see an empty input as empty. */
  protected sent(values: readonly FormValue[]): UploadLike[] {
    const files = values.filter(isSentFile);
    this.rawData = files;
    return files;
  }
}

class FileField extends UploadField<UploadLike> {
  static override readonly type = "FileField";

  override processFormdata(values: readonly FormValue[]): void {
    const first = this.sent(values)[0];
    if (first !== undefined) this.data = first;
  }

  protected override defaultWidget(): Widget {
    return fileInput();
  }
}

class MultipleFileField extends UploadField<UploadLike[]> {
  static override readonly type = "MultipleFileField";

  override processFormdata(values: readonly FormValue[]): void {
    this.data = this.sent(values);
  }

  protected override defaultWidget(): Widget {
    return fileInput({ multiple: true });
  }
}

/** Options of the file fields; `accept` is a hint for the browser's dialog, not a check. */
export interface FileOptions<T> extends FieldOptions<T> {
  readonly accept?: string;
}

// The type of the files is the caller's promise (the web layer's uploads, or `File`); the field itself only needs faces.
function anyUpload<T, U>({ accept, ...options }: FileOptions<T>): FieldOptions<U> {
  const all = accept === undefined ? options : { ...options, renderKw: { accept, ...options.renderKw } };
  return all as unknown as FieldOptions<U>;
}

/** One file, by default as @athanor/web gives it. The form must be sent as multipart/form-data: `<form {{ form.enctype }}>` writes the attribute. */
export function fileField<F extends UploadLike = UploadedFile>(
  label?: string,
  options: FileOptions<NoInfer<F>> = {},
): Unbound<F> {
  return unbound<UploadLike, FieldOptions<UploadLike>, Field<F>>(
    FileField,
    label,
    anyUpload(options),
  ) as unknown as Unbound<F>;
}

/** Several files in one input. */
export function multipleFileField<F extends UploadLike = UploadedFile>(
  label?: string,
  options: FileOptions<NoInfer<F>[]> = {},
): Unbound<F[]> {
  return unbound<UploadLike[], FieldOptions<UploadLike[]>, Field<F[]>>(
    MultipleFileField,
    label,
    anyUpload(options),
  ) as unknown as Unbound<F[]>;
}
