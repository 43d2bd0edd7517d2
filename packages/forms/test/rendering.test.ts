/** How fields are written: attributes from flags, lists and tables of parts, text areas, files, JSX. */
import { jsx } from "hono/jsx";
import { describe, expect, test } from "vitest";
import {
  dataRequired,
  disabled,
  Form,
  fieldList,
  fileAllowed,
  fileField,
  formField,
  hiddenField,
  integerField,
  length,
  numberRange,
  readOnly,
  selectField,
  stringField,
  textAreaField,
  widgets,
} from "../src/index.js";

// Expected: WTForms 3.1, whose ReadOnly and Disabled validators set the flags too.
test("flags of validators become attributes where the element knows them, and the call has the last word", () => {
  class Flags extends Form({
    fixed: stringField("F", { validators: [readOnly(), length({ min: 2, max: 5 })], default: "x" }),
    off: integerField("O", { validators: [disabled(), numberRange({ min: 1, max: 9 })] }),
    note: textAreaField("N", { validators: [readOnly(), dataRequired(), numberRange({ min: 1 })] }),
    size: selectField("S", { choices: ["a"], validators: [disabled(), length({ max: 3 })] }),
  }) {}
  const form = new Flags();
  expect(String(form.fixed)).toBe(
    '<input id="fixed" maxlength="5" minlength="2" name="fixed" readonly type="text" value="x">',
  );
  expect(String(form.off)).toBe('<input disabled id="off" max="9" min="1" name="off" type="number" value="">');
  // A text area has no smallest number, a select no length.
  expect(String(form.note)).toBe('<textarea id="note" name="note" readonly required>\r\n</textarea>');
  expect(String(form.size)).toBe('<select disabled id="size" name="size"><option value="a">a</option></select>');
  expect(String(form.fixed({ readonly: false, maxlength: 9 }))).toBe(
    '<input id="fixed" maxlength="9" minlength="2" name="fixed" type="text" value="x">',
  );
});

test("a field stands in JSX as it is, unescaped once and its values escaped once", () => {
  class Page extends Form({ name: stringField("A & B", { default: '"<' }) }) {}
  const form = new Page();
  const element = jsx("p", { class: "row" }, form.name.label as never, form.name({ size: 3 }) as never);
  expect(String(element)).toBe(
    '<p class="row"><label for="name">A &amp; B</label><input id="name" name="name" size="3" type="text" value="&#34;&lt;"></p>',
  );
});

test("the first line break of a text area survives the browser, which drops one", () => {
  class Note extends Form({ text: textAreaField("T") }) {}
  const form = new Note(new URLSearchParams({ text: "\r\nsecond line" }));
  expect(form.text.data).toBe("\r\nsecond line");
  const shown = /^<textarea [^>]*>([\s\S]*)<\/textarea>$/.exec(String(form.text))![1]!;
  // HTML: "if the next token is a line feed, ignore it"; CRLF counts as one.
  expect(shown.replace(/^\r?\n/, "")).toBe("\r\nsecond line");
});

test("a select whose choices were never set says so; set per request it works", async () => {
  class Pick extends Form({ size: selectField("S", { choices: null }) }) {}
  const submitted = new URLSearchParams({ size: "b" });
  await expect(new Pick(submitted).validate()).rejects.toThrow(/'size' has no choices.*form\.size\.choices/);
  const form = new Pick(submitted);
  form.size.choices = [
    ["a", "A"],
    ["b", "B"],
  ];
  expect(await form.validate()).toBe(true);
  expect(String(form.size)).toContain('<option selected value="b">B</option>');
});

describe("files", () => {
  class Upload extends Form({
    photo: fileField("P", { validators: [fileAllowed(["png"])] }),
    title: stringField("T"),
  }) {}
  class Plain extends Form({ title: stringField("T") }) {}
  test("the form's enctype is multipart exactly when it has a file field, nested ones included", () => {
    expect(String(new Upload().enctype)).toBe('enctype="multipart/form-data"');
    expect(String(new Plain().enctype)).toBe("");
    class Outer extends Form({ inner: formField(Upload), more: fieldList(stringField("X")) }) {}
    expect(String(new Outer().enctype)).toBe('enctype="multipart/form-data"');
  });
  test("the content type a browser claims decides nothing, the name does", async () => {
    const sent = (name: string, type: string) => {
      const data = new FormData();
      data.append("photo", new File(["x"], name, { type }));
      return new Upload(data);
    };
    const lying = sent("page.html", "image/png");
    expect([await lying.validate(), lying.errors]).toEqual([
      false,
      { photo: ["File does not have an approved extension: png"] },
    ]);
    expect(await sent("cat.PNG", "text/html").validate()).toBe(true);
  });
});

// Expected: WTForms' TableWidget and ListWidget over a FormField.
test("lists and tables of parts: label and input in order, hidden inputs in the next cell or behind", () => {
  const parts = { id: hiddenField("I", { default: "7" }), street: stringField("S"), last: hiddenField("L") };
  class Part extends Form(parts) {}
  class Tables extends Form({
    table: formField(Part, { widget: widgets.tableWidget() }),
    bare: formField(Part, { widget: widgets.tableWidget({ withTableTag: false }) }),
    list: formField(Part, { widget: widgets.listWidget({ tag: "ol" }) }),
    tags: fieldList(stringField("X"), { minEntries: 1, widget: widgets.listWidget({ prefixLabel: false }) }),
  }) {}
  const form = new Tables();
  const hidden = (base: string, name: string, value: string) =>
    `<input id="${base}-${name}" name="${base}-${name}" type="hidden" value="${value}">`;
  const street = (base: string) => `<input id="${base}-street" name="${base}-street" type="text" value="">`;
  const row = (base: string) =>
    `<tr><th><label for="${base}-street">S</label></th><td>${hidden(base, "id", "7")}${street(base)}</td></tr>`;
  expect(String(form.table)).toBe(`<table id="table">${row("table")}</table>${hidden("table", "last", "")}`);
  expect(String(form.bare)).toBe(row("bare") + hidden("bare", "last", ""));
  expect(String(form.list)).toMatch(/^<ol id="list"><li>.*<label for="list-street">S<\/label> <input id="list-street"/);
  expect(String(form.tags)).toBe(
    '<ul id="tags"><li><input id="tags-0" name="tags-0" type="text" value=""> <label for="tags-0">X</label></li></ul>',
  );
});
