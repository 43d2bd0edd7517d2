// A select of three joins and five predicates, as someone without a toolkit writes it: one template string.
import type { buildingValues } from "../workloads/data.js";

export function buildText(value: ReturnType<typeof buildingValues>, placeholder: (position: number) => string) {
  const p = placeholder;
  const text = `select u.id, u.name, p.title, t.name from "user" u join post p on p.user_id = u.id
    join post_tag pt on pt.post_id = p.id join tag t on t.id = pt.tag_id
    where u.id = ${p(1)} and u.name like ${p(2)} and t.name = ${p(3)} and p.id > ${p(4)} and p.id < ${p(5)}`;
  return { text, values: [value.id, value.name, value.tag, value.low, value.high] };
}
