import { Database } from "@athanor/web";
import { boolean, integer, string } from "athanor";

export const db = new Database();

export class Todo extends db.Model("Todo", {
  id: integer().primaryKey(),
  description: string(200),
  completed: boolean().default(false),
}) {
  override toString() {
    return `<Todo ${this.id} ${this.description}>`;
  }
  toJSON() {
    return { id: this.id, description: this.description, completed: this.completed };
  }
}
