/** The order of validation, what stops it, whose errors they are; schemas, translations, custom fields and widgets. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  anyOf,
  dataRequired,
  dateField,
  dateTimeField,
  decimalField,
  disabled,
  email,
  equalTo,
  type Field,
  FieldBase,
  type FieldOptions,
  Form,
  type FormValue,
  fieldList,
  fileAllowed,
  fileField,
  fileRequired,
  fileSize,
  formField,
  inputRequired,
  integerField,
  length,
  multipleFileField,
  numberRange,
  optional,
  passwordField,
  readOnly,
  regexp,
  StopValidation,
  selectMultipleField,
  setTranslations,
  stringField,
  submitField,
  textAreaField,
  timeField,
  type Unbound,
  unbound,
  ValidationError,
  weekField,
  widgets,
} from "../src/index.js";

const body = (text: string) => new URLSearchParams(text);

describe("order", () => {
  test("chain, extra, inline, asynchronously, all errors collected", async () => {
    const seen: string[] = [];
    const note = (name: string) => async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.push(name);
      throw new ValidationError(name);
    };
    class Ordered extends Form({
      first_name: stringField("F", { validators: [note("chain")] }),
      b: stringField("B", { validators: [note("b")] }),
    }) {
      async validate_first_name(field: Field<string>) {
        seen.push(`inline ${field.data}`);
        throw new ValidationError("inline");
      }
    }
    const form = new Ordered(body("first_name=x"));
    expect(await form.validate({ first_name: [note("extra")] })).toBe(false);
    expect(seen).toEqual(["chain", "extra", "inline x", "b"]);
    expect(form.errors).toEqual({ first_name: ["chain", "extra", "inline"], b: ["b"] });
    expect(await form.validate()).toBe(false);
    expect(form.errors.b).toEqual(["b"]);
  });

  test("StopValidation ends the chain, but not other fields; verdicts by return value", async () => {
    class Stopping extends Form({
      a: stringField("A", {
        validators: [
          () => {
            throw new StopValidation("stop");
          },
          () => false,
        ],
      }),
      b: stringField("B", { validators: [() => false, () => "own text", () => true, async () => "async text"] }),
    }) {}
    const form = new Stopping(body("a=1&b=2"));
    await form.validate();
    expect(form.errors).toEqual({ a: ["stop"], b: ["Invalid input.", "own text", "async text"] });
  });

  test("errors that are no verdicts pass through", async () => {
    class Broken extends Form({
      a: stringField("A", {
        validators: [
          () => {
            throw new RangeError("bug");
          },
        ],
      }),
    }) {}
    await expect(new Broken(body("a=1")).validate()).rejects.toThrow(RangeError);
  });

  test("form-level errors stand under null", async () => {
    class Whole extends Form({ a: integerField(), b: integerField() }) {
      override async validate() {
        if (!(await super.validate())) return false;
        if (this.a.data! > this.b.data!) this.formErrors.push("a is above b");
        return this.formErrors.length === 0;
      }
    }
    const form = new Whole(body("a=2&b=1"));
    expect([await form.validate(), form.errors]).toEqual([false, { null: ["a is above b"] }]);
    expect(await new Whole(body("a=1&b=2")).validate()).toBe(true);
  });

  test("wrong input is rendered back as typed and keeps its error", async () => {
    class Typed extends Form({ n: integerField("N"), d: dateField("D"), p: passwordField("P") }) {}
    const form = new Typed(body("n=12abc&d=2023-02-30&p=secret"));
    expect(await form.validate()).toBe(false);
    expect([form.n.data, String(form.n)]).toEqual([null, '<input id="n" name="n" type="number" value="12abc">']);
    expect(String(form.d)).toContain('value="2023-02-30"');
    expect(String(form.p)).toContain('value=""');
    expect(form.errors).toEqual({ n: ["Not a valid integer value."], d: ["Not a valid date value."] });
  });
});

describe("validators", () => {
  const check = async (
    validators: FieldOptions<string>["validators"],
    value: string | null,
    obj: object | null = null,
  ) => {
    class One extends Form({ x: stringField("X", { validators: validators ?? [] }) }) {}
    const form = new One(value === null ? body("") : body(`x=${encodeURIComponent(value)}`), { obj });
    await form.validate();
    return form.x.errors;
  };

  test("disabled and readOnly", async () => {
    expect(await check([disabled()], null)).toEqual([]);
    expect(await check([disabled()], "x")).toEqual(["This field is disabled and cannot have a value."]);
    expect(await check([disabled()], "")).toHaveLength(1);
    expect(await check([readOnly()], "same", { x: "same" })).toEqual([]);
    expect(await check([readOnly()], "", { x: null })).toEqual([]);
    expect(await check([readOnly()], "new", { x: "old" })).toEqual(["This field cannot be edited."]);
    class Flags extends Form({ x: stringField("X", { validators: [readOnly(), disabled(), dataRequired()] }) }) {}
    expect(String(new Flags().x)).toBe('<input disabled id="x" name="x" readonly required type="text" value="">');
  });

  test("regexp keeps its flags, starts at the front, and has no memory between calls", async () => {
    const pattern = regexp(/ab/gi);
    expect([await check([pattern], "ABx"), await check([pattern], "ABx"), await check([pattern], "xab")]).toEqual([
      [],
      [],
      ["Invalid input."],
    ]);
  });

  test("numberRange refuses NaN from the object side", async () => {
    class Range extends Form({ n: integerField("N", { validators: [numberRange({ min: 0 })] }) }) {}
    const form = new Range(null, { data: { n: Number.NaN } });
    expect(await form.validate()).toBe(false);
  });

  test("classes, uncalled factories and other things are no validators", () => {
    class Check {}
    expect(() => stringField("X", { validators: [Check as never] })).toThrow(/is a class, pass an instance/);
    expect(() => stringField("X", { validators: [dataRequired as never] })).toThrow(/pass dataRequired\(\) instead/);
    expect(() => stringField("X", { validators: ["required" as never] })).toThrow(/cannot be called/);
    expect(() => stringField([] as never)).toThrow(/label comes first/);
    expect(() => stringField("X", [dataRequired()] as never)).toThrow(/\{ validators: \[dataRequired\(\)\] \}/);
    expect(() => length({})).toThrow(/needs min, max or both/);
    expect(() => numberRange({ min: "x" })).toThrow(/no number/);
  });

  test("equalTo, anyOf with dates' texts, email without unicode", async () => {
    class Pass extends Form({
      a: passwordField("A", { validators: [equalTo("b", "%(other_label)s differs")] }),
      b: passwordField("Again"),
    }) {}
    const form = new Pass(body("a=1&b=2"));
    await form.validate();
    expect(form.a.errors).toEqual(["Again differs"]);
    expect(await check([anyOf(["x", "y"], { format: (v) => v.join("|") })], "z")).toEqual([
      "Invalid value, must be one of: x|y.",
    ]);
    expect(await check([email({ allowUnicode: false })], "jörg@a.de")).toHaveLength(1);
  });

  test("Standard Schema: sync, async, several issues", async () => {
    const schema = (
      validate: (v: unknown) => { value: unknown } | { issues: { message: string }[] } | Promise<{ value: unknown }>,
    ) => ({ "~standard": { version: 1 as const, vendor: "t", validate } });
    expect(
      await check(
        [schema((v) => (v === "ok" ? { value: "changed" } : { issues: [{ message: "one" }, { message: "two" }] }))],
        "no",
      ),
    ).toEqual(["one", "two"]);
    expect(await check([schema(async (value) => ({ value }))], "ok")).toEqual([]);
  });

  test("files: an empty input is missing, extensions in any case, sizes", async () => {
    class Upload extends Form({
      one: fileField<File>("One", { validators: [fileRequired(), fileAllowed(["png", "JPG"]), fileSize({ max: 3 })] }),
      many: multipleFileField<File>("Many", { accept: "text/*" }),
      text: stringField("T", { validators: [inputRequired()] }),
      maybe: fileField<File>("Maybe", { validators: [optional(), fileSize({ max: 1 })] }),
    }) {}
    const send = async (file: File | string) => {
      const data = new FormData();
      data.append("one", file);
      data.append("text", "t");
      data.append("maybe", new File([], ""));
      data.append("many", new File(["1"], "1.txt"));
      data.append("many", new File([], ""));
      data.append("many", new File(["2"], "2.txt"));
      const form = await Upload.create(new Request("http://x", { method: "POST", body: data }));
      await form.validate();
      return form;
    };
    const good = await send(new File(["abc"], "A.PnG"));
    expect(good.errors).toEqual({});
    expect([good.data.one?.name, good.data.many?.map((f) => f.name)]).toEqual(["A.PnG", ["1.txt", "2.txt"]]);
    expect((await send(new File([], ""))).errors).toEqual({ one: ["This field is required."] });
    expect((await send("not a file")).errors).toEqual({ one: ["This field is required."] });
    expect((await send(new File(["a"], "x.exe"))).errors.one).toEqual([
      "File does not have an approved extension: png, JPG",
    ]);
    expect((await send(new File(["abcd"], "x.jpg"))).errors.one).toEqual(["File must be between 0 and 3 bytes."]);
    expect(String(good.enctype)).toBe('enctype="multipart/form-data"');
    expect(String(good.one)).toBe('<input accept=".png,.jpg" id="one" name="one" required type="file">');
    expect(String(good.many)).toBe('<input accept="text/*" id="many" multiple name="many" type="file">');
  });
});

describe("enclosures", () => {
  class Address extends Form({
    street: stringField("Street", { validators: [dataRequired()] }),
    name: stringField(),
  }) {}
  class Person extends Form({
    home: formField(Address),
    tags: fieldList(stringField("Tag", { validators: [dataRequired()] }), { maxEntries: 3 }),
  }) {
    validateHome(field: Field<unknown>) {
      if ((field.data as { name: string }).name === "x") throw new ValidationError("not x");
    }
  }

  test("errors keep their shape", async () => {
    const form = new Person(body("home-street=&home-name=x&tags-0=a&tags-1="));
    expect(await form.validate()).toBe(false);
    expect(form.errors).toEqual({
      home: { street: ["This field is required."], null: ["not x"] },
      tags: [[], ["This field is required."]],
    });
  });

  test("lists grow, shrink and refuse beyond the maximum", () => {
    const form = new Person(body("tags-4=a"));
    form.tags.appendEntry("b");
    expect(form.tags.entries.map((e) => e.name)).toEqual(["tags-4", "tags-5"]);
    form.tags.popEntry();
    form.tags.appendEntry("c");
    form.tags.appendEntry("d");
    expect([form.tags.length, form.tags[1]?.name, form.data.tags]).toEqual([3, "tags-5", ["a", "c", "d"]]);
    expect(() => form.tags.appendEntry("e")).toThrow(/at most 3/);
  });

  test("members of the field are not hidden by nested names", () => {
    const form = new Person(body("home-name=n&home-street=s"));
    const home = form.home as unknown as { name: string; street: Field<string> };
    expect([home.name, home.street.data, form.home.form.name.data]).toEqual(["home", "s", "n"]);
  });

  test("lists inside lists read a large body once", () => {
    class Row extends Form({ cells: fieldList(stringField()) }) {}
    class Grid extends Form({ rows: fieldList(formField(Row)) }) {}
    const rows = Array.from({ length: 4000 }, (_, index) => ({ cells: [String(index), "x"] }));
    const started = performance.now();
    const form = new Grid({ rows });
    expect(form.data.rows?.at(-1)).toEqual({ cells: ["3999", "x"] });
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test("hostile indices stay harmless", () => {
    class Open extends Form({ tags: fieldList(stringField()) }) {}
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom("0", "007", "1e3", "-1", "__proto__", "99999999999999999999", "1-__proto__", "constructor"),
          ),
        ),
        (keys) => {
          const form = new Open(new URLSearchParams(keys.map((key) => [`tags-${key}`, "v"])));
          expect(form.tags.length).toBeLessThanOrEqual(keys.length);
          expect(form.data.tags?.every((v) => v === "v" || v === null)).toBe(true);
        },
      ),
    );
  });
});

describe("values", () => {
  test("dates survive any round trip, whatever the time zone", () => {
    class Dates extends Form({
      d: dateField(),
      t: timeField(),
      s: dateTimeField(),
      w: weekField(),
      o: dateTimeField("O", { mode: "date" }),
    }) {}
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0100-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
        (date) => {
          const iso = date.toISOString().slice(0, 19);
          const [day, time] = iso.split("T") as [string, string];
          const form = new Dates(body(`d=${day}&t=${time}&s=${day} ${time}&o=${day} ${time}`));
          expect(form.data).toMatchObject({ d: day, t: time, s: iso });
          expect(form.data.o?.toISOString().slice(0, 19)).toBe(iso);
          const again = new Dates(null, { data: form.data as never });
          expect(again.data).toEqual({ ...form.data, w: null });
          expect(String(again.d)).toContain(`value="${day}"`);
          expect(String(again.o)).toContain(`value="${day} ${time}"`);
          const monday = new Dates(null, { data: { w: day } });
          const week = new Dates(body(`w=${/value="(.*)"/.exec(String(monday.w))![1]}`)).data.w!;
          const distance = (Date.parse(day) - Date.parse(week)) / 86_400_000;
          expect(distance >= 0 && distance < 7 && new Date(week).getUTCDay() === 1).toBe(true);
        },
      ),
    );
  });

  test("ISO weeks: Monday, and week 53 only where there is one", async () => {
    class Week extends Form({ w: weekField() }) {}
    expect(new Week(body("w=2026-W10")).data.w).toBe("2026-03-02");
    expect(new Week(body("w=2020-W53")).data.w).toBe("2020-12-28");
    expect(await new Week(body("w=2021-W53")).validate()).toBe(false);
  });

  test("decimals are exact", () => {
    class Money extends Form({ m: decimalField("M", { places: null }) }) {}
    fc.assert(
      fc.property(fc.bigInt(), fc.nat({ max: 30 }), (digits, scale) => {
        const text = `${digits < 0n ? "-" : ""}${String(digits < 0n ? -digits : digits).padStart(scale + 1, "0")}`;
        const exact = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
        const form = new Money(body(`m=${exact}`));
        expect(form.data.m).toBe(exact);
        expect(String(new Money(null, { data: form.data }).m)).toContain(`value="${exact}"`);
      }),
    );
    expect(new Money(body("m=1e999999999")).data.m).toBeNull();
    expect(new Money(body("m=1.5e3")).data.m).toBe("1500");
  });

  test("no value, name or label ever breaks out of its HTML", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (value, label, extra) => {
        class Xss extends Form({
          x: stringField(label),
          t: textAreaField(label),
          s: submitField(label),
          m: selectMultipleField("M", { choices: [[value, label]] }),
        }) {}
        const form = new Xss(null, { data: { x: value, t: value } });
        for (const html of [form.x({ title: extra }), form.t(), form.s(), form.x.label(), form.m()]) {
          const bare = String(html).replace(/"[^"]*"/g, "");
          expect(String(html).split(/[<>]/).length - 1).toBe((bare.match(/<\/?[a-z]/g)?.length ?? 0) * 2);
        }
      }),
    );
  });

  test("attribute names are checked", () => {
    class A extends Form({ x: stringField() }) {}
    for (const name of ['a"b', "a b", "a>b", "on=x", "", "a/b", "a\u0000"])
      expect(() => new A().x({ [name]: "v" }), name).toThrow(/attribute/);
    expect(String(new A().x({ data_a_b: 1, hx_get: "/", class_: "c", value: null, "x-on:click": "go" }))).toBe(
      '<input class="c" data-a-b="1" hx_get="/" id="x" name="x" type="text" x-on:click="go">',
    );
  });
});

describe("extension points", () => {
  class TagsField extends FieldBase<string[]> {
    static override readonly type = "TagsField";
    override processFormdata(values: readonly FormValue[]) {
      if (values.length > 0)
        this.data = String(values[0])
          .split(",")
          .map((tag) => tag.trim());
    }
    override htmlValue() {
      return this.data?.join(", ") ?? "";
    }
  }
  const tagsField = (label?: string, options: FieldOptions<string[]> = {}): Unbound<string[]> =>
    unbound(TagsField, label, options);

  test("a field type of one's own", async () => {
    class Tagged extends Form({ tags: tagsField("Tags", { validators: [length({ max: 2 })] }) }) {}
    const form = new Tagged(body("tags=a,b,c"));
    expect(form.data.tags).toEqual(["a", "b", "c"]);
    expect(await form.validate()).toBe(false);
    expect(String(form.tags)).toBe('<input id="tags" maxlength="2" name="tags" type="text" value="a, b, c">');
    expect(form.tags.type).toBe("TagsField");
  });

  test("a widget of one's own", () => {
    const shout: ReturnType<typeof widgets.textInput> = (field, attributes) =>
      widgets.input("shout")(field, { ...attributes, loud: true });
    class Loud extends Form({ x: stringField("X", { widget: shout }) }) {}
    expect(String(new Loud().x)).toBe('<input id="x" loud name="x" type="shout" value="">');
  });

  test("a table puts hidden inputs into the next cell", () => {
    class Row extends Form({ h: stringField("H", { widget: widgets.hiddenInput() }), x: stringField("X") }) {}
    class Page extends Form({ row: formField(Row) }) {}
    expect(String(new Page().row)).toBe(
      '<table id="row"><tr><th><label for="row-x">X</label></th><td><input id="row-h" name="row-h" type="hidden" value=""><input id="row-x" name="row-x" type="text" value=""></td></tr></table>',
    );
  });

  test("translations: app-wide, per class, per form, per request", async () => {
    const shouting = {
      gettext: (m: string) => m.toUpperCase(),
      ngettext: (s: string, p: string, n: number) => (n === 1 ? s : p).toUpperCase(),
    };
    class T extends Form({ x: stringField("X", { validators: [dataRequired()] }) }) {}
    const errorsWith = async (options: object) => {
      const form = new T(body("x="), options);
      await form.validate();
      return form.x.errors;
    };
    expect(await errorsWith({ translations: shouting })).toEqual(["THIS FIELD IS REQUIRED."]);
    setTranslations(() => shouting);
    expect(await errorsWith({})).toEqual(["THIS FIELD IS REQUIRED."]);
    setTranslations(null);
    expect(await errorsWith({})).toEqual(["This field is required."]);
  });
});
