import type { Properties } from "../../bridge/values.ts";
import { objectsAt, textAt } from "../object.ts";

/** The API server said no. */
export class ApiError extends Error {
  readonly code: number;
  readonly status: Properties;

  /** @param status the answer's body: a `Status` object, if the API server itself made it */
  constructor(code: number, status: Properties) {
    super(textAt(status, "message") || `the server answered ${code}`);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
  }

  get reason(): string {
    return textAt(this.status, "reason");
  }

  /** Kind of object that the refusal is about; for a missing namespace that is `namespaces`. */
  get kind(): string {
    return textAt(this.status, "details", "kind");
  }

  /** Messages on single fields. */
  get causes(): readonly string[] {
    return objectsAt(this.status, "details", "causes").map((cause) => textAt(cause, "message"));
  }
}

/** The cluster does not serve a group and version: nothing can be done until it does. */
export class NotServed extends Error {
  constructor(apiVersion: string, kind: string) {
    super(`no matches for kind "${kind}" in version "${apiVersion}"`);
    this.name = "NotServed";
  }
}

export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 404;
}

export function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 403;
}

/** An object of this name is there, or a change met another one: both are 409. */
export function isConflict(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 409;
}
