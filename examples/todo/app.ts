// The ToDo app: a page, a form, and three calls for the page's script. Every request has its own `db.session`; what a
// handler did not commit is rolled back when it ends.
import { CSRFProtect } from "@athanor/forms";
import { abort, createApp, jsonify, Migrate, redirect, render, urlFor } from "@athanor/web";
import { Config } from "./config.js";
import { CompletedForm, TodoForm } from "./forms.js";
import { db, Todo } from "./models.js";

export function makeApp(config: object = Config) {
  const app = createApp(import.meta, { config });
  db.initApp(app);
  new Migrate(app, db);
  new CSRFProtect(app);

  const page = async (form: TodoForm) =>
    render("index.html", { form, todos: await Todo.query().orderBy(Todo.c.id).all() });

  /** Adds and commits; on failure undoes it, says so in the log and answers 500. */
  async function save(description: string): Promise<Todo> {
    const todo = new Todo({ description });
    try {
      db.session.add(todo);
      await db.session.commit();
    } catch (error) {
      await db.session.rollback();
      app.logger.error("The todo was not saved.", error);
      abort(500);
    }
    return todo;
  }

  app.get("/", async function index(c) {
    return page(await TodoForm.create(c));
  });

  // The HTML form: a full round trip, ending in a redirect so that reloading does not send it again.
  app.post("/todo/create", async function create(c) {
    const form = await TodoForm.create(c);
    if (!(await form.validateOnSubmit())) return [await page(form), 400];
    await save(form.data.description ?? "");
    return redirect(urlFor("index"));
  });

  // The same by fetch: JSON in, JSON out. After the commit the todo's values are still readable.
  app.post("/todos/create", async function createTodo(c) {
    const form = await TodoForm.create(c);
    if (!(await form.validateOnSubmit())) return [jsonify({ errors: form.errors.description }), 400];
    return jsonify(await save(form.data.description ?? ""));
  });

  app.post("/todos/<int:id>/set-completed", async function setCompleted(c) {
    const todo = await Todo.query().getOr404(c.args.id);
    const form = await CompletedForm.create(c);
    todo.completed = form.data.completed ?? false;
    await db.session.commit();
    return jsonify(todo);
  });

  app.delete("/todos/<int:id>", async function remove(c) {
    await db.session.delete(await Todo.query().getOr404(c.args.id));
    await db.session.commit();
    return ["", 204];
  });
  return app;
}
