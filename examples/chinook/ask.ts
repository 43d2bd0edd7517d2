// One question at its three levels. They take turns: a database in memory has a single connection.
import { type Engine, Session } from "athanor";
import type { Answer, Question } from "./questions.js";

export interface Answers {
  readonly raw: Answer;
  readonly expressions: Answer;
  readonly orm: Answer;
}

export async function ask(engine: Engine, question: Question): Promise<Answers> {
  const [raw, expressions] = await engine.begin(async (connection) => [
    await question.raw(connection),
    await question.expressions(connection),
  ]);
  await using session = new Session(engine);
  return { raw, expressions, orm: await question.orm(session) };
}
