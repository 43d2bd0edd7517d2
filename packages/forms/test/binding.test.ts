/** Where a form's data come from, and where they go: formdata, obj, data, defaults; prefix, filters, populate. */
import { describe, expect, test } from "vitest";
import {
  booleanField,
  dataRequired,
  type Field,
  Form,
  FormError,
  type FormOptions,
  FormValues,
  fieldList,
  formField,
  hiddenField,
  integerField,
  selectField,
  selectMultipleField,
  stringField,
  submitField,
  ValidationError,
} from "../src/index.js";

class TodoForm extends Form({
  description: stringField("Todo", { default: "from default" }),
  done: booleanField(),
  colours: selectMultipleField("Colours", { choices: ["red", "green"], default: ["red"] }),
  submit: submitField("Save"),
}) {}
const body = (text: string) => new URLSearchParams(text);
const post = (text: string) => new Request("http://x/", { method: "POST", body: body(text) });

describe("sources", () => {
  test("formdata wins over obj, obj over data, data over the default", () => {
    expect(new TodoForm().description.data).toBe("from default");
    expect(new TodoForm(null, { data: { description: "from data" } }).description.data).toBe("from data");
    const both: FormOptions = { data: { description: "from data" }, obj: { description: "from obj" } };
    expect(new TodoForm(null, both as never).description.data).toBe("from obj");
    expect(new TodoForm(body("description=sent"), both as never).description.data).toBe("sent");
    expect(new TodoForm(null, { obj: { description: null } }).description.data).toBeNull();
    expect(new TodoForm(null, { obj: {} }).description.data).toBe("from default");
  });

  test("an absent name leaves text alone, unticks boxes and empties multiple selects", () => {
    const form = new TodoForm(body("other=1"), { obj: { description: "kept", done: true, colours: ["red"] } });
    expect(form.data).toEqual({ description: "kept", done: false, colours: [], submit: false });
  });

  test("an empty submission is a submission", async () => {
    const form = await TodoForm.create(new Request("http://x/", { method: "POST" }), { obj: { done: true } });
    expect(form.isSubmitted()).toBe(true);
    expect(form.done.data).toBe(false);
  });

  test.each([
    ["URLSearchParams", body("description=a&description=b")],
    [
      "FormData",
      (() => {
        const d = new FormData();
        d.append("description", "a");
        return d;
      })(),
    ],
    ["Map", new Map([["description", ["a", "b"]]])],
    ["plain object", { description: "a" }],
    ["a multi-dict with getlist", { keys: () => ["description"], getlist: () => ["a", "b"] }],
    [
      "FormValues",
      (() => {
        const v = new FormValues();
        v.append("description", "a");
        return v;
      })(),
    ],
  ])("%s", (_name, input) => {
    expect(new TodoForm(input).description.data).toBe("a");
  });

  test("anything else is refused with a reason", () => {
    expect(() => new TodoForm("description=a")).toThrow(/not a string/);
    expect(() => new TodoForm(post("a=1"))).toThrow(/await SomeForm.create\(c\)/);
    expect(() => new TodoForm([1])).toThrow(FormError);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("create() reads the body on %s", async (method) => {
    const form = await TodoForm.create(new Request("http://x/", { method, body: body("description=sent") }));
    expect([form.isSubmitted(), form.description.data]).toEqual([true, "sent"]);
  });

  test("create() leaves GET alone, and validateOnSubmit runs no validator there", async () => {
    let ran = 0;
    class Counting extends Form({
      x: stringField("X", {
        validators: [
          () => {
            ran++;
          },
        ],
      }),
    }) {}
    const form = await Counting.create(new Request("http://x/?x=1"));
    expect([form.isSubmitted(), await form.validateOnSubmit(), ran]).toEqual([false, false, 0]);
    expect(await (await Counting.create(post("x=1"))).validateOnSubmit()).toBe(true);
    expect(ran).toBe(1);
  });

  test("formdata: null ignores the body", async () => {
    const form = await TodoForm.create(post("description=sent"), { formdata: null });
    expect([form.isSubmitted(), form.description.data]).toEqual([true, "from default"]);
  });

  test("JSON: nested objects, lists, booleans, numbers, null", async () => {
    class Address extends Form({ street: stringField() }) {}
    class JsonForm extends Form({
      name: stringField("Name", { default: "d" }),
      count: integerField(),
      on: booleanField(),
      off: booleanField("Off", { default: true }),
      tags: fieldList(stringField()),
      colours: selectMultipleField("C", { choices: ["r", "g"] }),
      address: formField(Address),
    }) {}
    const json = {
      name: null,
      count: 3,
      on: true,
      off: false,
      tags: ["a", "b"],
      colours: ["g"],
      address: { street: "s" },
      __proto__: { x: 1 },
    };
    const request = new Request("http://x/", {
      method: "POST",
      body: JSON.stringify(json),
      headers: { "content-type": "application/json" },
    });
    const form = await JsonForm.create(request);
    expect(form.data).toEqual({
      name: "",
      count: 3,
      on: true,
      off: false,
      tags: ["a", "b"],
      colours: ["g"],
      address: { street: "s" },
    });
  });

  test("lazy attributes of obj are awaited by create()", async () => {
    const obj = {
      get description() {
        return Promise.resolve("lazy");
      },
      get unrelated() {
        throw new Error("never read");
      },
    };
    expect((await TodoForm.create(undefined, { obj })).description.data).toBe("lazy");
  });

  test("names like __proto__ are inert", () => {
    const form = new TodoForm(
      JSON.parse('{"__proto__": {"description": "x"}, "constructor": "y", "description": "ok"}'),
    );
    expect(form.description.data).toBe("ok");
    expect(({} as Record<string, unknown>).description).toBeUndefined();
  });
});

describe("prefix", () => {
  test("two forms of one class live on one page", () => {
    const input = body("a-description=first&b-description=second");
    const [a, b] = [new TodoForm(input, { prefix: "a" }), new TodoForm(input, { prefix: "b-" })];
    expect([a.description.data, b.description.data]).toEqual(["first", "second"]);
    expect(String(a.description())).toBe('<input id="a-description" name="a-description" type="text" value="first">');
    expect(a.description.shortName).toBe("description");
  });
});

describe("filters", () => {
  test("field, extra, inline, in this order; defaults too; before validation", async () => {
    class Filtered extends Form({
      firstName: stringField("N", {
        default: " d ",
        filters: [(v) => v?.trim() ?? null],
        validators: [dataRequired()],
      }),
    }) {
      filterFirstName(value: string | null) {
        return value === null ? null : `${value}!`;
      }
    }
    expect(new Filtered().firstName.data).toBe("d!");
    const form = new Filtered(body("firstName=  a "), { filters: { firstName: [(v) => v?.toUpperCase() ?? null] } });
    expect(form.firstName.data).toBe("A!");
    expect(await form.validate()).toBe(true);
  });

  test("a filter may refuse", async () => {
    const refuse = () => {
      throw new ValidationError("no");
    };
    class Refusing extends Form({ x: stringField("X", { filters: [refuse] }) }) {}
    const form = new Refusing(body("x=1"));
    expect(form.x.errors).toEqual([]);
    expect(await form.validate()).toBe(false);
    expect(form.x.errors).toEqual(["no"]);
  });
});

describe("class", () => {
  test("order, iteration, `in`, field(), remove and delete", () => {
    const form = new TodoForm();
    expect(Array.from(form, (field) => field.name)).toEqual(["description", "done", "colours", "submit"]);
    expect(["done" in form, "nope" in form]).toEqual([true, false]);
    expect(form.field("done")).toBe(form.done);
    form.remove("done");
    Reflect.deleteProperty(form, "colours");
    expect(Array.from(form, (field) => field.name)).toEqual(["description", "submit"]);
    expect(Object.keys(form.data)).toEqual(["description", "submit"]);
    expect(form.field("done")).toBeNull();
    expect(new TodoForm().done).toBeDefined();
  });

  test("extend() keeps the parent's order and methods", async () => {
    class Base extends Form({ b: stringField(), a: stringField() }) {
      validateA(field: Field<string>) {
        return field.data !== "bad";
      }
      hello() {
        return `hello ${this.a.data}`;
      }
    }
    class Child extends Base.extend({ c: stringField(), b: null }) {}
    class Grandchild extends Child.extend({ a: integerField("A") }) {}
    const child = new Child(body("a=bad"));
    expect(Array.from(child, (f) => f.name)).toEqual(["a", "c"]);
    expect(child.hello()).toBe("hello bad");
    expect(await child.validate()).toBe(false);
    expect(child).toBeInstanceOf(Base);
    expect(Array.from(new Grandchild(), (f) => `${f.name}:${f.type}`)).toEqual(["c:StringField", "a:IntegerField"]);
  });

  test("instances do not share state", () => {
    const [one, two] = [new TodoForm(body("description=1")), new TodoForm(body("description=2"))];
    expect([one.description.data, two.description.data]).toEqual(["1", "2"]);
  });

  test("names that a form needs itself are refused", () => {
    for (const name of [
      "data",
      "errors",
      "validate",
      "populate",
      "then",
      "constructor",
      "toString",
      "csrf_token",
      "hiddenTag",
    ]) {
      expect(() => Form({ [name]: stringField() } as never), name).toThrow(/rename the field/);
    }
    expect(() => Form({ x: stringField } as never)).toThrow(/call it/);
    expect(() => Form({ x: 1 } as never)).toThrow(/no field/);
    class Clash extends Form({ title: stringField() }) {}
    Object.defineProperty(Clash.prototype, "title", { value: () => 1 });
    expect(() => new Clash()).toThrow(/both a field and a member/);
  });

  test("the name in HTML can differ from the property", () => {
    class Named extends Form({ classes: stringField("C", { name: "data" }) }) {}
    const form = new Named(body("data=v"));
    expect([form.classes.data, form.data.classes]).toEqual(["v", "v"]);
  });

  test("a mistyped inline validator is pointed out", async () => {
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    class Typo extends Form({ description: stringField() }) {
      validateDescripton() {}
    }
    new Typo();
    expect((await warned).message).toContain("Did you mean 'description'?");
  });
});

describe("populate", () => {
  test("writes the form's fields and nothing else, buttons only where known", () => {
    const form = new TodoForm(body("description=new&done=y&isAdmin=1&submit=Save&csrf_token=x"));
    const target = { description: "old", done: false, colours: ["red"], isAdmin: false };
    form.populate(target);
    expect(target).toEqual({ description: "new", done: true, colours: [], isAdmin: false });
    expect(() => form.populate(null as never)).toThrow(FormError);
  });

  test("nested forms and lists keep the objects that are there", () => {
    class Address extends Form({ street: stringField() }) {}
    class Person extends Form({ home: formField(Address), others: fieldList(formField(Address)) }) {}
    const home = { street: "old" };
    const first = { street: "1" };
    const target = { home, others: [first] };
    new Person(body("home-street=new&others-0-street=a&others-1-street=b")).populate(target);
    expect(target.home).toBe(home);
    expect(home.street).toBe("new");
    expect(target.others[0]).toBe(first);
    expect(target.others).toEqual([{ street: "a" }, { street: "b" }]);
  });

  test("a class instance without the nested object needs `create`", () => {
    class Street {
      street = "";
    }
    class Home {
      home: Street | null = null;
    }
    class Address extends Form({ street: stringField() }) {}
    class Plain extends Form({ home: formField(Address) }) {}
    class Made extends Form({ home: formField(Address, { create: () => new Street() }) }) {}
    expect(() => new Plain(body("home-street=x")).populate(new Home())).toThrow(/create: \(\) =>/);
    const target = new Home();
    new Made(body("home-street=x")).populate(target);
    expect(target.home).toBeInstanceOf(Street);
    expect(target.home?.street).toBe("x");
    const lazy = { home: Promise.resolve(new Street()) };
    expect(() => new Made(body("home-street=x")).populate(lazy)).toThrow(/not loaded yet/);
  });
});

describe("choices", () => {
  test("callables, async callables with create(), and per request", async () => {
    class Sync extends Form({ x: selectField("X", { choices: () => ["a", "b"] }) }) {}
    expect(await new Sync(body("x=b")).validate()).toBe(true);
    class Async extends Form({
      x: selectField("X", {
        choices: async () =>
          [
            [1, "one"],
            [2, "two"],
          ] as [number, string][],
      }),
    }) {}
    expect(() => new Async()).toThrow(/await SomeForm.create/);
    const form = await Async.create(post("x=2"));
    expect([await form.validate(), form.data.x]).toEqual([true, 2]);
    class Outer extends Form({ inner: formField(Async), list: fieldList(formField(Async)) }) {}
    const outer = await Outer.create(post("inner-x=1&list-0-x=2"));
    expect([await outer.validate(), outer.data]).toEqual([true, { inner: { x: 1 }, list: [{ x: 2 }] }]);
    class Later extends Form({ x: selectField<number>("X") }) {}
    const later = new Later(body("x=7"));
    await expect(later.validate()).rejects.toThrow(/set form.x.choices/);
    later.x.choices = [[7, "seven"]];
    expect([await later.validate(), later.data.x]).toEqual([true, 7]);
    later.x.choices = [[8, "eight"]];
    expect(await later.validate()).toBe(false);
  });

  test("coerce works on both sides; bigint choices; option attributes; groups as a Map", async () => {
    class Coerced extends Form({
      x: selectField("X", { choices: ["A", "B"], coerce: (v) => String(v).toUpperCase() as "A" | "B" }),
    }) {}
    expect(await new Coerced(body("x=a")).validate()).toBe(true);
    class Big extends Form({ x: selectField("X", { choices: [[2n ** 60n, "big"]] }) }) {}
    const big = new Big(body(`x=${2n ** 60n}`));
    expect([await big.validate(), big.data.x]).toEqual([true, 2n ** 60n]);
    class Rich extends Form({
      x: selectField("X", { choices: new Map([["G<", [["a", "A", { disabled: true, data_k: "v" }]]]]) as never }),
    }) {}
    expect(String(new Rich().x)).toBe(
      '<select id="x" name="x"><optgroup label="G&lt;"><option data-k="v" disabled value="a">A</option></optgroup></select>',
    );
  });

  test("a list of check boxes", async () => {
    class Boxes extends Form({
      x: selectMultipleField("X", {
        choices: [
          ["a", "A"],
          ["b", "B"],
        ],
        checkboxes: true,
      }),
    }) {}
    const form = new Boxes(body("x=b"));
    expect(String(form.x)).toBe(
      '<ul id="x"><li><input id="x-0" name="x" type="checkbox" value="a"> <label for="x-0">A</label></li><li><input checked id="x-1" name="x" type="checkbox" value="b"> <label for="x-1">B</label></li></ul>',
    );
    expect([await form.validate(), form.data.x]).toEqual([true, ["b"]]);
  });

  test("iterating gives each choice with its label", () => {
    class Radio extends Form({ x: selectField("X", { choices: [["a", "Apple"]], default: "a" }) }) {}
    const [only] = [...new Radio().x];
    expect([String(only), String(only?.label), only?.checked]).toEqual([
      '<option selected value="a">Apple</option>',
      '<label for="x-0">Apple</label>',
      true,
    ]);
  });
});

test("hiddenTag renders hidden fields, or those named", () => {
  class Hidden extends Form({ a: hiddenField(), b: stringField(), c: hiddenField("C", { default: "<" }) }) {}
  const form = new Hidden();
  expect(String(form.hiddenTag())).toBe(
    '<input id="a" name="a" type="hidden" value="">\n<input id="c" name="c" type="hidden" value="&lt;">',
  );
  expect(String(form.hidden_tag("c", "b", "nope"))).toBe('<input id="c" name="c" type="hidden" value="&lt;">');
});
