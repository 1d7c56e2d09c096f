import { timeOf, type Event } from "./objects.ts";

/**
 * Why a node does not get an image: which one, the registry's answer, and what to do about it.
 *
 * @param message of the container that waits; while the node pauses before its next try, it may say no more than that.
 * @param events about its pod.
 */
export function pullFailure(
  image: string | undefined,
  reason: string,
  message: string | undefined,
  events: readonly Event[],
): string {
  const answer = answerIn(message) ?? answerOf(events) ?? "the node does not say why";
  return `cannot get its image${image === undefined ? "" : ` ${image}`} (${reason}): ${answer}; ${fixFor(reason, answer)}`;
}

/** The registry's words out of the kubelet's and the runtime's, which repeat the name of the image in each. */
function answerIn(message: string | undefined): string | undefined {
  const text = (message ?? "")
    .replaceAll(/\s+/g, " ")
    .replace(/^Back-off pulling image "[^"]*"(: ErrImagePull: )?/, "")
    .replace(/^Failed to pull image "[^"]*": /, "")
    .replace(/^(rpc error: code = \w+ desc = )+/, "")
    .replace(/^failed to pull and unpack image "[^"]*": /, "")
    .replace(/^failed to resolve reference "[^"]*": /, "")
    .trim();
  if (text === "") return undefined;
  return text.length > 300 ? `${text.slice(0, 300)} ...` : text;
}

function answerOf(events: readonly Event[]): string | undefined {
  const [last] = events
    .filter(({ message = "" }) => message.startsWith("Failed to pull image"))
    .sort((a, b) => ((timeOf(a) ?? "") > (timeOf(b) ?? "") ? -1 : 1));
  return answerIn(last?.message);
}

function fixFor(reason: string, said: string): string {
  if (reason === "InvalidImageName") return "correct its name";
  // Names of images and addresses are no answers, whatever words are in them.
  const answer = said.replaceAll(/\S*\/\S*/g, "");
  if (/no match for platform|no matching manifest|exec format/i.test(answer)) return otherPlatform;
  // Before what the registry itself says: these words come with others that look like its refusal, as in "signed by unknown
  // authority" and "failed to authorize: ... i/o timeout".
  if (/x509|certificate|tls:/i.test(answer)) {
    return "the nodes do not trust its registry: give them the authority that signed its certificate";
  }
  if (
    /no such host|timeout|timed out|refused|unreachable|deadline|\bEOF\b|\bhttp: |\b50[234]\b/i.test(
      answer,
    )
  ) {
    return "the nodes do not reach its registry: correct kubernetes.images.registry, or let them";
  }
  if (/unauthorized|denied|forbidden|authenticat|authoriz|\b40[13]\b/i.test(answer)) {
    return "if the name is right, name a Secret with a login for its registry: kubernetes.images.pullSecret";
  }
  if (/not found|unknown|\b404\b/i.test(answer)) {
    return "push it (`./fleet images --push`), or correct its name";
  }
  return "push it (`./fleet images --push`), correct its name, or name a login (kubernetes.images.pullSecret)";
}

/** What to do about an image that is for other processors than those of the node. */
export const otherPlatform =
  "build it for the processors of the nodes, or choose others by kubernetes.nodeSelector (kubernetes.io/arch)";
