/** What the lint finds in a template, where, and what it leaves alone. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DictLoader, FolderLoader, lintTemplate, lintTemplates } from "@athanor/web";
import { describe, expect, test } from "vitest";

const kinds = (source: string) => lintTemplate(source).map(({ kind, line, excerpt }) => [kind, line, excerpt]);

test.each([
  ["<input value={{ x }}>", ["unquoted-attribute", 1, "{{ x }}"]],
  ["<input value= {{ x }} name='a'>", ["unquoted-attribute", 1, "{{ x }}"]],
  ["<input value=a{{ x }}b>", ["unquoted-attribute", 1, "{{ x }}"]],
  ["<p>\n<a\nhref='javascript:go({{ x }})'>", ["javascript-link", 3, "{{ x }}"]],
  ['<a href=" JavaScript:{{ x|tojson }}">', ["javascript-link", 1, "{{ x|tojson }}"]],
  ['<a href="{{ user.site }}">', ["link-value", 1, "{{ user.site }}"]],
  ['<form action="{{ next }}/x">', ["link-value", 1, "{{ next }}"]],
  ['<button onclick="go({{ x }})">', ["event-handler", 1, "{{ x }}"]],
  ["<b>{# <a href={{ no }}> #}</b><i title={{ y }}>", ["unquoted-attribute", 1, "{{ y }}"]],
  ["{% if a %}<i title={% if b %}{{ y }}{% endif %}>{% endif %}", ["unquoted-attribute", 1, "{{ y }}"]],
])("%s", (source, finding) => {
  expect(kinds(source)).toEqual([finding]);
});

test.each([
  "{{ x }} <b>{{ x }}</b> a = {{ x }}",
  "<input value=\"{{ x }}\" title='{{ y }}' disabled>{{ x }}",
  "<a href=\"{{ url_for('index') }}\"><img src=\"{{ urlFor('static', filename='a.png') }}\">",
  '<a href="/item/{{ id }}?q={{ q }}">{{ title }}</a>',
  '<button onclick="go({{ x|tojson }})" class="{{ c }}">',
  "<!-- <a href={{ x }}> -->{% raw %}<a href={{ x }}>{% endraw %}",
  "<script>if (a < b) x={{ data|tojson }};</script><p title='a'>{{ x }}</p>",
  "<style>a { b: 1 }</style>{{ x }}",
])("nothing: %s", (source) => {
  expect(kinds(source)).toEqual([]);
});

test("a whole loader, with names and a message that says the way out", async () => {
  const found = await lintTemplates(new DictLoader({ "good.html": "{{ x }}", "bad.html": "\n<i title={{ x }}>" }));
  expect(found).toEqual([
    {
      kind: "unquoted-attribute",
      template: "bad.html",
      line: 2,
      excerpt: "{{ x }}",
      message: expect.stringMatching(/put quotes around it/),
    },
  ]);
});

describe("the templates of the examples", () => {
  const examples = join(import.meta.dirname, "../../../../examples");
  const folders = readdirSync(examples)
    .map((name) => join(examples, name, "templates"))
    .filter((folder) => existsSync(folder));
  test("there are some", () => expect(folders.length).toBeGreaterThan(0));
  test.each(folders)("%s", async (folder) => {
    expect(await lintTemplates(new FolderLoader(folder))).toEqual([]);
  });
});
