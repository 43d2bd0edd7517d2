/** @athanor/web: a Flask-like application on Hono. */
export { App, createApp } from "./app/app.js";
export { type AppOptions, AppSetup, type ShellContext } from "./app/app-setup.js";
export type { Application, UrlValues } from "./app/application.js";
export { Blueprint, type BlueprintOptions, blueprint, type RegisterOptions } from "./app/blueprint.js";
export {
  type AfterThisRequest,
  afterThisRequest,
  Context,
  currentContext,
  findContext,
  g,
} from "./app/context.js";
export {
  currentApp,
  render,
  renderStream,
  renderString,
  safeNext,
  type UrlArguments,
  urlFor,
  type ValuesFor,
} from "./app/current.js";
export { type FindAppOptions, findApp, findAppIn, findModule, type ModuleLoader, splitTarget } from "./app/find-app.js";
export type {
  AfterRequest,
  BeforeRequest,
  ContextProcessor,
  ErrorClass,
  ErrorHandler,
  TeardownRequest,
  UrlDefaults,
  ValuePreprocessor,
} from "./app/hooks.js";
export type { Logger } from "./app/logger.js";
export { MethodView } from "./app/method-view.js";
export { formatRoutes, type RouteRow, type RoutesTableOptions, routesTable } from "./app/routes-table.js";
export type { RunningServer, RunOptions } from "./app/run.js";
export type { Handler, MethodRouteOptions, RouteOptions } from "./app/scaffold.js";
export type { AppEventName, AppEvents, WaitedEvents } from "./app/signals.js";
export type { TemplateFunction } from "./app/template-registry.js";
export * from "./augment.js";
export {
  type Command,
  type CommandHandler,
  type CommandOption,
  type CommandOptions,
  type CommandOutput,
  type CommandSettings,
  Commands,
  type CommandValues,
} from "./commands/command.js";
export { CommandUsageError, usage as commandUsage } from "./commands/parse.js";
export { type CommandResult, CommandRunner, listCommands, runCommand } from "./commands/run.js";
export { type Config, type ConfigSource, defaultConfig } from "./config/config.js";
export { type DotenvOptions, loadDotenv } from "./config/dotenv.js";
export * from "./database/index.js";
export * from "./errors/http-error.js";
export { NoContextError, ScopeClosedError, WebError, type WebErrorCode } from "./errors/web-error.js";
export { type SendFileOptions, sendFile, sendFromDirectory } from "./files/send-file.js";
export { type CookieOptions, parseCookies, serializeCookie } from "./http/cookies.js";
export { dumps, json, jsonify } from "./http/json.js";
export { type Convert, float, int, MultiDict } from "./http/multi-dict.js";
export { redirect } from "./http/redirect.js";
export { AppRequest, type JsonOptions } from "./http/request.js";
export { secureFilename } from "./http/secure-filename.js";
export { type Chunks, type HeldStream, streamWithContext } from "./http/stream.js";
export { UploadedFile } from "./http/upload.js";
export { Login, type LoginOptions, type UserKey } from "./login/login.js";
export { type Converter, NoMatch } from "./routing/converter.js";
export type { RouteArgs } from "./routing/route-args.js";
export { currentScope, type EndCallback, Scope, type ScopeState, type SlotKey, slotKey } from "./scope/scope.js";
export { checkPasswordHash, generatePasswordHash } from "./security/password.js";
export type { ProxyHops } from "./security/proxy.js";
export { type FlashFilter, flash, getFlashedMessages } from "./session/flash.js";
export { Session } from "./session/session.js";
export { BadSignature, type Secret, type SignatureFault, type SignerOptions, TimedSigner } from "./session/signer.js";
export {
  acceptsKwargs,
  ChoiceLoader,
  Context as TemplateContext,
  DictLoader,
  Environment,
  type EnvironmentOptions,
  escape,
  FolderLoader,
  type HtmlLike,
  html,
  isHtml,
  type LintFinding,
  type LintKind,
  type Loader,
  lintTemplate,
  lintTemplates,
  Markup,
  PrefixLoader,
  passContext,
  selectAutoescape,
  Template,
  TemplateError,
  TemplateNotFound,
  TemplateRuntimeError,
  TemplateSyntaxError,
  templateAttribute,
  templateCall,
  UndefinedError,
} from "./templates/index.js";
export {
  type ClientOptions,
  type ClientRequest,
  ClientResponse,
  type FormValue,
  type KeptRequest,
  TestClient,
} from "./testing/client.js";
export { CookieJar, type StoredCookie } from "./testing/cookie-jar.js";
