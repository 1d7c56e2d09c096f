/**
 * The gateway's own answers. MCP clients parse bodies as JSON-RPC, so refusals look like it; `code` is the HTTP status,
 * because -32768..-32000 belongs to JSON-RPC itself and would be taken for a protocol error.
 */

/** JSON-RPC error body without an id: the gateway does not read the request's. */
function errorBody(code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: null, error: { code, message } });
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** JSON-RPC code. Default: the status. */
  readonly code?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `http-request return` arguments. */
export function refuse({ status, message, code, headers }: Refusal): string {
  return [
    `return status ${status} content-type application/json`,
    `string ${quoted(errorBody(code ?? status, message))}`,
    ...headerArguments(headers),
  ].join(" ");
}

/** What HAProxy answers when it is itself that gives up: status -> message. */
const ownErrors: readonly Refusal[] = [
  { status: 400, message: "Bad request: not valid HTTP" },
  { status: 408, message: "The request took too long to arrive" },
  { status: 500, message: "The gateway failed" },
  { status: 502, message: "The server broke off; the call may or may not have been carried out" },
  { status: 503, message: "The server is not available now", headers: { "Retry-After": "5" } },
  {
    status: 504,
    message: "The server did not answer in time; the call may or may not have been carried out",
  },
];

/** Lines of the `defaults` section. */
export const errorResponses: readonly string[] = ownErrors.map(({ status, message, headers }) =>
  [
    `http-error status ${status} content-type application/json`,
    `string ${quoted(errorBody(status, message))}`,
    ...headerArguments(headers),
  ].join(" "),
);

function headerArguments(headers: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(headers).map(([name, value]) => `hdr ${name} ${quoted(value)}`);
}

/** Single quotes: HAProxy takes everything between them as it is. */
function quoted(text: string): string {
  if (/['\n]/.test(text)) throw new Error(`no quotes or line ends in a gateway message: ${text}`);
  return `'${text}'`;
}
