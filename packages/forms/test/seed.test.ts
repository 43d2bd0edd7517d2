/** The sample of the course notes, from the first GET to the thank-you page, through a real app and its templates. */
import { createApp, redirect, type UploadedFile } from "@athanor/web";
import { expect, test } from "vitest";
import {
  CSRFProtect,
  dataRequired,
  Form,
  fileAllowed,
  fileField,
  fileSize,
  stringField,
  submitField,
  ValidationError,
} from "../src/index.js";

const page = `<form action="" method="post" novalidate {{ form.enctype }}>
{{ form.hidden_tag() }}
{{ form.name.label }} {{ form.name(size=32, class_="wide") }}
{% for error in form.name.errors %}<b>{{ error }}</b>{% endfor %}
{{ form.submit() }}
</form><script>const token = {{ csrf_token()|tojson }};</script>`;

class SampleForm extends Form({
  name: stringField("Name", { validators: [dataRequired()] }),
  photo: fileField("Photo", { validators: [fileAllowed(["png"]), fileSize({ max: 10 })] }),
  submit: submitField("Send"),
}) {
  async validateName() {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (this.name.data === "taken") throw new ValidationError("Somebody has this name.");
  }
}

function sampleApp() {
  const app = createApp({ name: "sample", config: { SECRET_KEY: "0123456789abcdef0123456789abcdef", TESTING: true } });
  new CSRFProtect(app);
  const photos: UploadedFile[] = [];
  app.route("/sample", { methods: ["GET", "POST"] }, async function sample(c) {
    const form = await SampleForm.create(c);
    if (await form.validateOnSubmit()) {
      if (form.data.photo !== null) photos.push(form.data.photo);
      return redirect(`/thanks/${encodeURIComponent(form.data.name!)}`);
    }
    return app.renderString(page, { form });
  });
  app.get("/thanks/<name>", async function thanks(c) {
    return `thanks ${c.args.name}`;
  });
  return { client: app.testClient(), photos };
}
const tokenIn = (html: string) => /name="csrf_token" type="hidden" value="([\w-]+)"/.exec(html)?.[1] ?? "";

test("GET shows the form, POST with errors shows it again, POST with data redirects", async () => {
  const { client, photos } = sampleApp();
  const first = (await client.get("/sample")).text;
  expect(first).toContain('<form action="" method="post" novalidate enctype="multipart/form-data">');
  expect(first).toContain(
    '<label for="name">Name</label> <input class="wide" id="name" name="name" required size="32" type="text" value="">',
  );
  expect(first).toContain('<input id="submit" name="submit" type="submit" value="Send">');
  expect(/token = "([\w-]+)"/.exec(first)?.[1]).toBe(tokenIn(first));

  const bad = await client.post("/sample", { form: { csrf_token: tokenIn(first), name: "  " } });
  expect(bad.text).toContain("<b>This field is required.</b>");
  const xss = await client.post("/sample", {
    form: { csrf_token: tokenIn(first), name: "taken", photo: new File(["x"], "<img>.exe") },
  });
  expect(xss.text).toContain("<b>Somebody has this name.</b>");
  expect(xss.text).toContain('value="taken"');

  const data = new FormData();
  data.append("csrf_token", tokenIn(first));
  data.append("name", "Ann");
  data.append("photo", new File(["12345"], "ann.PNG"));
  const good = await client.post("/sample", { form: data, followRedirects: true });
  expect(good.text).toBe("thanks Ann");
  expect(photos.map((photo) => [photo.name, photo.size])).toEqual([["ann.PNG", 5]]);
  expect((await client.post("/sample", { form: { name: "Ann" } })).status).toBe(400);
});
