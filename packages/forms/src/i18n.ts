/** Messages: the translation hook and `%(name)s` interpolation. */

/** What a gettext catalogue offers. The message ids are those of WTForms, so its catalogues can be reused. */
export interface Translations {
  gettext(message: string): string;
  ngettext(singular: string, plural: string, count: number): string;
}

/** A catalogue, or a function asked once per form (for a locale that depends on the request). */
export type TranslationSource = Translations | (() => Translations);

export const englishMessages: Translations = {
  gettext: (message) => message,
  ngettext: (singular, plural, count) => (count === 1 ? singular : plural),
};

let defaultSource: TranslationSource = englishMessages;

/**
 * Sets the catalogue of every form that names none itself; call it at start-up.
 *
 * ```ts
 * setTranslations(() => catalogues[currentContext().acceptLanguages.best(["en", "de"])]);
 * ```
 */
export function setTranslations(source: TranslationSource | null): void {
  defaultSource = source ?? englishMessages;
}

export function resolveTranslations(source: TranslationSource | undefined): Translations {
  const chosen = source ?? defaultSource;
  return typeof chosen === "function" ? chosen() : chosen;
}

/** Fills `%(name)s` and `%(name)d`; `%%` is a percent sign; an unknown name stays as written. */
export function interpolate(message: string, values: Readonly<Record<string, unknown>>): string {
  return message.replace(/%(?:%|\((\w+)\)[sd])/g, (whole, name: string | undefined) => {
    if (name === undefined) return "%";
    return Object.hasOwn(values, name) ? String(values[name]) : whole;
  });
}
