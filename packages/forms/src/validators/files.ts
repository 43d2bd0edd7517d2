/** Validators of uploads. Source: Flask-WTF, "File Uploads". */
import { FormDefinitionError, StopValidation, ValidationError } from "../errors.js";
import { isSentFile, uploadName } from "../input.js";
import type { Field, UploadLike } from "../types.js";
import { validatorFactory, withFlags } from "./chain.js";

type FileCheck = (form: unknown, field: Field<UploadLike> | Field<UploadLike[]>) => void;

function filesOf(field: Field<UploadLike> | Field<UploadLike[]>): UploadLike[] {
  const { data } = field;
  return (Array.isArray(data) ? data : [data]).filter(isSentFile);
}

/** At least one file was sent; an input left empty is none. */
export const fileRequired = validatorFactory(function fileRequired(message?: string) {
  const check: FileCheck = (_form, field) => {
    if (filesOf(field).length > 0) return;
    throw new StopValidation(message ?? field.gettext("This field is required."), { clear: true });
  };
  return withFlags(check, { required: true });
});

/**
 * Every file's name ends in one of the extensions, in any case. It is a courtesy check: the name says nothing about
 * the content. Sets `accept`.
 */
export const fileAllowed = validatorFactory(function fileAllowed(extensions: readonly string[], message?: string) {
  const endings = extensions.map((extension) => `.${extension.replace(/^\./, "").toLowerCase()}`);
  if (endings.length === 0)
    throw new FormDefinitionError("forms.validator", "fileAllowed() needs at least one extension.");
  const check: FileCheck = (_form, field) => {
    for (const file of filesOf(field)) {
      const name = uploadName(file).toLowerCase();
      if (endings.some((ending) => name.endsWith(ending))) continue;
      const text = field.gettext("File does not have an approved extension: {extensions}");
      throw new StopValidation(message ?? text.replace("{extensions}", () => extensions.join(", ")));
    }
  };
  return withFlags(check, { accept: endings.join(",") });
});

/** Every file's size in bytes lies between the limits, both included. Nothing is read for it. */
export const fileSize = validatorFactory(function fileSize(limits: {
  readonly max: number;
  readonly min?: number;
  readonly message?: string;
}): FileCheck {
  const { max, min = 0, message } = limits;
  return (_form, field) => {
    if (filesOf(field).every((file) => file.size >= min && file.size <= max)) return;
    const text = field.gettext("File must be between {min_size} and {max_size} bytes.");
    throw new ValidationError(message ?? text.replace("{min_size}", String(min)).replace("{max_size}", String(max)));
  };
});
