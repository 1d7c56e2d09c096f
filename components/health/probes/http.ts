import { excerpt, fail, pass, type Finding } from "../answer.ts";
import { parseAssertion, violation } from "../assertion.ts";
import type { HttpReply } from "../connections.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import { describeProbe } from "../describe.ts";
import type { ProbeOf } from "../probe.schema.ts";

/** Asks over HTTP and judges status and body. */
export async function askHttp(probe: ProbeOf<"http">, context: ProbeContext): Promise<Finding> {
  const { method, path, body } = probe;
  const reply = await context.connections.exchange(
    askedOf(probe, context),
    probe.port,
    {
      method,
      path,
      headers: { ...probe.headers, ...(await authorization(probe.tokenOf, context)) },
      ...(body !== undefined && { body }),
    },
    context.signal,
  );
  return judgeReply(probe, reply);
}

/** Header with the bearer token of a client, or none. */
export async function authorization(
  client: string | undefined,
  { secrets }: ProbeContext,
): Promise<Record<string, string>> {
  if (client === undefined) return {};
  return { authorization: `Bearer ${await secrets.get({ kind: "token", of: client })}` };
}

export function judgeReply(
  probe: ProbeOf<"http">,
  { status, body }: Pick<HttpReply, "status" | "body">,
): Finding {
  const asked = describeProbe(probe);
  const answered = `${asked} answered ${status}`;
  if (!probe.expectStatus.includes(status)) {
    return fail(`${answered}, not ${probe.expectStatus.join(" or ")}${quoted(body)}`);
  }
  if (probe.expectBody !== undefined && !body.includes(probe.expectBody)) {
    return fail(`${answered} without ${JSON.stringify(probe.expectBody)}${quoted(body)}`);
  }
  if (probe.expectJson.length === 0) return pass(answered);
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return fail(`${answered}, but no JSON${quoted(body)}`);
  }
  const wrong = probe.expectJson
    .map((text) => {
      const assertion = parseAssertion(text);
      return assertion ? violation(assertion, document) : `cannot read ${JSON.stringify(text)}`;
    })
    .filter((problem) => problem !== undefined);
  if (wrong.length > 0) return fail(`${answered}, but ${wrong.join("; ")}`);
  return pass(`${answered}, ${probe.expectJson.join(", ")}`);
}

function quoted(body: string): string {
  const text = excerpt(body);
  return text === "" ? "" : `: ${text}`;
}
