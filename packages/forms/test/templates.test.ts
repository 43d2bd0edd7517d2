/** Forms in templates: the text of Flask's and WTForms' documentation runs as it is. */

import { DictLoader, Environment, html, Markup } from "@athanor/web";
import { describe, expect, test } from "vitest";
import {
  dataRequired,
  Form,
  fieldList,
  formField,
  hiddenField,
  integerField,
  length,
  passwordField,
  radioField,
  selectField,
  stringField,
  submitField,
} from "../src/index.js";

class Address extends Form({ street: stringField("Street") }) {}
class SampleForm extends Form({
  name: stringField("Name <you>", { description: "help", validators: [dataRequired(), length({ max: 9 })] }),
  colour: radioField("Colour", {
    choices: [
      ["r", "Red"],
      ["g", "Green"],
    ],
  }),
  size: selectField("Size", {
    choices: [
      [1, "S"],
      [2, "L"],
    ],
    default: 2,
  }),
  secret: hiddenField("S", { default: "\"'<" }),
  password: passwordField(),
  tags: fieldList(stringField("Tag"), { minEntries: 2 }),
  none: fieldList(stringField("Tag")),
  address: formField(Address),
  count: integerField("Count"),
  submit: submitField("Send"),
}) {}

const render = async (source: string, form: object = new SampleForm()) => {
  const environment = new Environment({ loader: new DictLoader({ "page.html": source }) });
  return String(await environment.getTemplate("page.html").then((template) => template.render({ form })));
};

describe("templates", () => {
  test.each([
    ["{{ form.name }}", '<input id="name" maxlength="9" name="name" required type="text" value="">'],
    ["{{ form.name() }}", '<input id="name" maxlength="9" name="name" required type="text" value="">'],
    [
      "{{ form.name(size=32, class_='wide', data_x_y='<', checked=true, readonly=false) }}",
      '<input checked class="wide" data-x-y="&lt;" id="name" maxlength="9" name="name" required size="32" type="text" value="">',
    ],
    [
      "{{ form['name'](size=32) }}",
      '<input id="name" maxlength="9" name="name" required size="32" type="text" value="">',
    ],
    ["{{ form.name.label }}", '<label for="name">Name &lt;you&gt;</label>'],
    ["{{ form.name.label(class='l') }}", '<label class="l" for="name">Name &lt;you&gt;</label>'],
    ["{{ form.name.label('Other <b>', class_='l') }}", '<label class="l" for="name">Other &lt;b&gt;</label>'],
    ["{{ form.name.label.text }}", "Name &lt;you&gt;"],
    [
      "{{ form.name.name }} {{ form.name.id }} {{ form.name.type }} {{ form.name.description }} {{ form.name.flags.required }}",
      "name name StringField help true",
    ],
    ["{{ form.submit() }}", '<input id="submit" name="submit" type="submit" value="Send">'],
    ["{{ form.hidden_tag() }}", '<input id="secret" name="secret" type="hidden" value="&#34;&#39;&lt;">'],
    ["{{ form.csrf_token }}|{{ form.csrf_token() }}|{{ form.csrfToken }}", "||"],
    [
      "{% for f in form %}{{ f.name }} {% endfor %}",
      "name colour size secret password tags none address count submit ",
    ],
    [
      "{% for o in form.colour %}{{ o }}{{ o.label }}{% endfor %}",
      '<input id="colour-0" name="colour" type="radio" value="r"><label for="colour-0">Red</label><input id="colour-1" name="colour" type="radio" value="g"><label for="colour-1">Green</label>',
    ],
    [
      "{{ form.size }}",
      '<select id="size" name="size"><option value="1">S</option><option selected value="2">L</option></select>',
    ],
    [
      "{{ form.tags[1] }}{{ form.tags.length }}{{ form.none.length }}",
      '<input id="tags-1" name="tags-1" type="text" value="">20',
    ],
    ["{% for t in form.tags %}{{ t.name }},{% endfor %}", "tags-0,tags-1,"],
    [
      "{{ form.address.street(size=3) }}|{{ form.address.form.street.name }}",
      '<input id="address-street" name="address-street" size="3" type="text" value="">|address-street',
    ],
    ["{{ form.data.size }}", "2"],
    ["{% if form.name.errors %}bad{% else %}good{% endif %}", "good"],
    ["{{ form.nope }}", ""],
    ["{{ form.enctype }}", ""],
    [
      "{% macro field(f) %}{{ f.label }}{{ f(**kwargs) }}{% endmacro %}{{ field(form.count, class_='n') }}",
      '<label for="count">Count</label><input class="n" id="count" name="count" type="number" value="">',
    ],
  ])("%s", async (source, wanted) => {
    expect(await render(source)).toBe(wanted);
  });

  test("errors after validation", async () => {
    const form = new SampleForm(new URLSearchParams("name=&count=x&size=1&colour=r"));
    expect(await form.validate()).toBe(false);
    expect(
      await render(
        "{% for e in form.name.errors %}<p>{{ e }}</p>{% endfor %}{{ form.errors.count[0] }}{{ form.count }}",
        form,
      ),
    ).toBe(
      '<p>This field is required.</p>Not a valid integer value.<input id="count" name="count" type="number" value="x">',
    );
  });

  test("constructors and prototypes stay out of reach", async () => {
    expect(
      await render("{{ form.name.constructor }}{{ form.name.__proto__ }}{{ form.name.bind }}{{ form.name.call }}"),
    ).toBe("");
  });

  test("fields fit html`` and give the web's Markup", () => {
    const form = new SampleForm();
    expect(form.name()).toBeInstanceOf(Markup);
    expect(String(html`<p>${form.submit}${form.name.label}</p>`)).toBe(
      '<p><input id="submit" name="submit" type="submit" value="Send"><label for="name">Name &lt;you&gt;</label></p>',
    );
  });
});
