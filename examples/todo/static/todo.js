// What happens without a reload: add, toggle, delete. Descriptions enter the page as text, never as HTML.
const token = document.querySelector('meta[name="csrf-token"]').content;
const list = document.querySelector("#todos");
const form = document.querySelector("#create");
const error = document.querySelector("#error");

async function send(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Error(answer.errors?.join(" ") ?? `The server answered ${response.status}.`);
}

/** Shows what went wrong and puts things back as they were. */
async function attempt(work, undo = () => {}) {
  error.textContent = "";
  try {
    await work();
  } catch (problem) {
    undo();
    error.textContent = problem.message;
  }
}

document.querySelector("#create-by-fetch").addEventListener("click", (event) =>
  attempt(async () => {
    const todo = await send("POST", event.target.dataset.url, { description: form.description.value });
    const line = document.querySelector("#line").content.cloneNode(true).querySelector(".todo");
    line.dataset.id = todo.id;
    line.querySelector(".description").textContent = todo.description;
    line.querySelector(".completed").checked = todo.completed;
    list.append(line);
    form.reset();
    form.description.focus();
  }),
);

list.addEventListener("change", ({ target }) => {
  const { id } = target.closest(".todo").dataset;
  const undo = () => {
    target.checked = !target.checked;
  };
  attempt(() => send("POST", `/todos/${id}/set-completed`, { completed: target.checked }), undo);
});

list.addEventListener("click", ({ target }) => {
  if (!target.matches(".delete")) return;
  const line = target.closest(".todo");
  attempt(async () => {
    await send("DELETE", `/todos/${line.dataset.id}`);
    line.remove();
  });
});
