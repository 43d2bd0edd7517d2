/** SQLite while developing, DATABASE_URL from the environment anywhere else. */
export class Config {
  SECRET_KEY = process.env.SECRET_KEY ?? "you-will-never-guess-it";
  DATABASE_URL = process.env.DATABASE_URL ?? "sqlite:///app.db";
}
