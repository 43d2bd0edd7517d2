/** Catalogues for languages that ship, and the choice among them by what the visitor's browser asks for. */
import { englishMessages, type Translations } from "../i18n.js";
import { findContext } from "../web.js";
import { type Messages, messages } from "./messages.js";

/** Languages whose messages ship; English is what the messages are written in. */
export type Locale = "en" | keyof typeof messages;
export const locales: readonly Locale[] = ["en", ...(Object.keys(messages) as (keyof typeof messages)[])];

function catalogue(locale: string, texts: Messages): Translations {
  const rules = new Intl.PluralRules(locale);
  return {
    gettext(message) {
      const found = texts[message];
      return typeof found === "string" ? found : message;
    },
    ngettext(singular, plural, count) {
      const found = texts[singular];
      if (found === undefined || typeof found === "string") return englishMessages.ngettext(singular, plural, count);
      return found[rules.select(count)] ?? found.other;
    },
  };
}

const made = new Map<string, Translations>();

/**
 * The messages of a language: "de", or "de-AT", which falls back to "de".
 *
 * @returns English for a language that does not ship
 * @example class Login extends Form({ … }, { translations: translationsFor("fr") }) {}
 */
export function translationsFor(locale: string): Translations {
  const language = locale.toLowerCase().split(/[-_]/)[0]!;
  const texts = Object.hasOwn(messages, language) ? messages[language as keyof typeof messages] : undefined;
  if (texts === undefined) return englishMessages;
  let found = made.get(language);
  if (found === undefined) made.set(language, (found = catalogue(language, texts)));
  return found;
}

/** What an Accept-Language header likes best among the languages that ship; null when none of them. */
export function preferredLocale(header: string | null, offered: readonly string[] = locales): string | null {
  let best: { readonly locale: string; readonly quality: number } | null = null;
  for (const part of (header ?? "").split(",")) {
    const [tag = "", ...parameters] = part.trim().split(/\s*;\s*/);
    const given = parameters.find((p) => p.startsWith("q="))?.slice(2);
    const quality = given === undefined ? 1 : Number(given);
    if (tag === "" || !(quality > 0) || (best !== null && quality <= best.quality)) continue;
    const language = tag.toLowerCase().split("-")[0];
    const locale = tag === "*" ? offered[0] : offered.find((offer) => offer.toLowerCase() === language);
    if (locale !== undefined) best = { locale, quality };
  }
  return best?.locale ?? null;
}

/**
 * The messages in the running request's language, for `setTranslations`.
 *
 * @example setTranslations(requestTranslations);                       // by Accept-Language
 * @example setTranslations(() => translationsFor(g().user.language));  // by what the user chose
 */
export function requestTranslations(): Translations {
  const header = findContext()?.request.headers.get("accept-language") ?? null;
  return translationsFor(preferredLocale(header) ?? "en");
}
