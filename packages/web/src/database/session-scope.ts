/**
 * `db.session`: one name for the session of whatever scope is running. The session is made when it is first touched and
 * closed with the scope: no new work, what runs is waited for, what was not committed is rolled back, the connection
 * goes home. Nothing is ever committed for you. Source: Flask-SQLAlchemy "Session", SQLAlchemy "Contextual Sessions".
 */
import { type ScopedSession, type Session, type SessionHolder, SessionScopes, ValuePlaces } from "@athanor/orm";
import { currentScope, type Scope, slotKey } from "../scope/scope.js";
import { NoSessionError, SessionClosedError } from "./errors.js";

export type { ScopedSession };

/**
 * Sessions by scope of the web layer.
 *
 * @param make a new session for the app that owns the running scope; undefined where none runs
 * @param used told each time the program asks for the session of a scope
 * @param by tells sessions apart by a value instead
 */
export function scopedSessions(
  make: (owner: object | undefined) => Session,
  used: (scope: Scope) => void,
  by?: () => unknown,
): SessionScopes {
  return by === undefined ? sessionsByScope(make, used) : sessionsByValue(make, used, by);
}

/** The session of a value ends with the scope that used it; outside of scopes, with `db.session.remove()`. */
function sessionsByValue(
  make: (owner: object | undefined) => Session,
  used: (scope: Scope) => void,
  by: () => unknown,
): SessionScopes {
  const places = new ValuePlaces(by);
  const key = slotKey<Set<SessionHolder>>("db.session");
  const scopes: SessionScopes = new SessionScopes(
    {
      enter() {
        const holder = places.enter();
        const scope = currentScope();
        if (scope?.state !== "open") return holder;
        used(scope);
        const held = scope.slot(key, () => new Set<SessionHolder>());
        if (!held.has(holder)) {
          held.add(holder);
          scope.onEnd(() => scopes.end(holder));
        }
        return holder;
      },
      peek: () => places.peek(),
      left: (holder) => places.left(holder),
    },
    () => make(currentScope()?.owner),
  );
  return scopes;
}

function sessionsByScope(make: (owner: object | undefined) => Session, used: (scope: Scope) => void): SessionScopes {
  const key = slotKey<SessionHolder>("db.session");
  const open = new WeakSet<SessionHolder>();
  /** @throws NoSessionError, SessionClosedError */
  const running = (): Scope => {
    const scope = currentScope();
    if (scope === undefined) throw new NoSessionError();
    if (scope.state === "closed") throw new SessionClosedError(scope.openedFor);
    return scope;
  };
  const scopes: SessionScopes = new SessionScopes(
    {
      enter(): SessionHolder {
        const scope = running();
        used(scope);
        const known = scope.peek(key);
        if (known !== undefined) {
          if (known.session === undefined && !open.has(known)) throw new SessionClosedError(scope.openedFor);
          return known;
        }
        if (scope.state !== "open") throw new SessionClosedError(scope.openedFor);
        return scope.slot(key, () => {
          const holder: SessionHolder = { session: undefined };
          open.add(holder);
          scope.onEnd(async () => {
            open.delete(holder);
            await scopes.end(holder);
          });
          return holder;
        });
      },
      peek: () => currentScope()?.peek(key),
    },
    () => make(running().owner),
  );
  return scopes;
}
