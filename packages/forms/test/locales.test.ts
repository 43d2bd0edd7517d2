/** The languages that ship: complete, with their plurals, and chosen per request. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createApp } from "@athanor/web";
import { afterEach, describe, expect, test } from "vitest";
import {
  csrfReasons,
  dataRequired,
  Form,
  integerField,
  length,
  locales,
  preferredLocale,
  requestTranslations,
  setTranslations,
  stringField,
  translationsFor,
} from "../src/index.js";

afterEach(() => setTranslations(null));

/** Every text that the sources hand to gettext or ngettext, found in the sources themselves. */
function messageIds(): string[] {
  const found = new Set<string>(Object.values(csrfReasons));
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== "locales") walk(path);
        continue;
      }
      const text = readFileSync(path, "utf8");
      for (const [, id] of text.matchAll(/gettext\(\s*"((?:[^"\\]|\\.)+)"/g)) found.add(id!);
      for (const [, id] of text.matchAll(
        /"((?:Invalid|Not a valid|Number must|The (?:origin|request|referrer))[^"]*\.)"/g,
      ))
        found.add(id!);
    }
  };
  walk(join(import.meta.dirname, "../src"));
  return [...found].filter((id) => !/^Invalid `|forms\./.test(id));
}

const ids = messageIds();
const fields = (text: string) => text.match(/%\(\w+\)[sd]|%s|\{\w+\}/g)?.sort() ?? [];

test("the sources have messages, and eight languages ship besides English", () => {
  expect(ids.length).toBeGreaterThan(35);
  expect(locales).toEqual(["en", "de", "fr", "es", "it", "nl", "pt", "sv", "pl"]);
});

describe.each(locales.filter((l) => l !== "en"))("%s", (locale) => {
  const translations = translationsFor(locale);
  test.each(ids)("%s", (id) => {
    const counted = [1, 2, 5, 22].map((n) => translations.ngettext(id, `${id} plural`, n));
    const plain = translations.gettext(id);
    const texts = plain === id ? counted : [plain];
    for (const text of texts) {
      expect(text).not.toBe(id);
      expect(text).not.toContain(" plural");
      expect(fields(text)).toEqual(fields(id));
    }
  });
});

test("plurals follow the language; unknown languages and messages stay English", () => {
  const id = "Field must be at least %(min)d character long.";
  const polish = [1, 2, 5, 22, 25].map((n) => translationsFor("pl").ngettext(id, "", n).split(" ")[0]);
  expect(polish).toEqual(["Potrzebny", "Potrzebne", "Potrzeba", "Potrzebne", "Potrzeba"]);
  expect(translationsFor("de-AT").gettext("Invalid URL.")).toBe("Das ist keine gültige URL.");
  for (const unknown of ["xx", "constructor", "__proto__", ""])
    expect(translationsFor(unknown).gettext("Invalid URL.")).toBe("Invalid URL.");
  expect(translationsFor("fr").gettext("My own message")).toBe("My own message");
  expect(translationsFor("fr").ngettext("one apple", "apples", 3)).toBe("apples");
});

test.each([
  ["de", "de"],
  ["en-GB;q=0.5, fr-CA;q=0.9, de;q=0.1", "fr"],
  ["ja, pl;q=0.3", "pl"],
  ["de;q=0, fr;q=0.1", "fr"],
  ["*", "en"],
  ["ja", null],
  ["", null],
  [null, null],
])("Accept-Language %s means %s", (header, locale) => {
  expect(preferredLocale(header)).toBe(locale);
});

test("each request gets its own language, side by side too", async () => {
  setTranslations(requestTranslations);
  class Note extends Form({
    title: stringField("T", { validators: [length({ min: 2 })] }),
    text: stringField("X", { validators: [dataRequired()] }),
    n: integerField("N"),
  }) {}
  const app = createApp({
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    config: { WTF_CSRF_ENABLED: false },
  });
  app.post("/", async function index(c) {
    const form = await Note.create(c);
    await form.validateOnSubmit();
    return form.errors;
  });
  const ask = async (language: string) =>
    (await app.testClient().post("/", { form: { title: "a", n: "x" }, headers: { "Accept-Language": language } })).json;
  const [german, french, none] = await Promise.all([ask("de"), ask("fr"), ask("ja")]);
  expect(german).toEqual({
    title: ["Mindestens 2 Zeichen sind nötig."],
    text: ["Bitte füllen Sie dieses Feld aus."],
    n: ["Das ist keine ganze Zahl."],
  });
  expect(french).toMatchObject({ text: ["Veuillez remplir ce champ."] });
  expect(none).toMatchObject({ text: ["This field is required."] });
});
