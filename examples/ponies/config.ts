export class Config {
  SECRET_KEY = process.env.SECRET_KEY ?? "ponies are fine, but keep this in the environment";
  DATABASE_URL = process.env.DATABASE_URL ?? "sqlite:///ponies.db";
}
