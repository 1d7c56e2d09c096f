/**
 * A JSON-RPC error as an HTTP answer. Codes of our own (overload, drain) are the HTTP status: they
 * lie outside -32768..-32000, which the specification reserves.
 */
export function errorAnswer(
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ jsonrpc: "2.0", error: { code, message }, id: null }, { status, headers });
}

/** After how many seconds a refused client may try again. */
const RETRY_AFTER_SECONDS = "5";

export function overloaded(message: string): Response {
  return errorAnswer(503, 503, message, { "Retry-After": RETRY_AFTER_SECONDS });
}
