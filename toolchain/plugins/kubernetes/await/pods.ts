import type { Properties } from "../../bridge/values.ts";
import { conditionOf, displayName, member, numberAt, objectsAt, textAt } from "../object.ts";
import { isObject } from "../../bridge/values.ts";

/** What keeps a pod from being ready, in the words of the scheduler and of its containers. */
export function podProblems(pod: Properties): string[] {
  if (conditionOf(pod, "PodScheduled")?.status !== "True") return [];
  for (const type of ["Initialized", "Ready"]) {
    const condition = conditionOf(pod, type);
    if (condition === undefined) return [];
    const done = type === "Ready" && textAt(pod, "status", "phase") === "Succeeded";
    if (condition.status !== "True" && !done) return problemsOf(pod, condition);
  }
  return [];
}

function problemsOf(pod: Properties, condition: Properties): string[] {
  const message = textAt(condition, "message");
  const errors = objectsAt(pod, "status", "containerStatuses").flatMap(containerErrors);
  if (errors.length === 0 && message === "") return [];
  const said = textAt(condition, "reason") === "" ? "" : message;
  return [`[Pod ${displayName(pod)}]: ${said}${errors.join("\n")}`];
}

function containerErrors(status: Properties): string[] {
  if (status.ready === true) return [];
  return [...waiting(status), ...terminated(status), ...terminatedBefore(status)];
}

function waiting(status: Properties): string[] {
  const state = member(status, "state", "waiting");
  if (!isObject(state) || state.reason === "ContainerCreating") return [];
  return [`[${textAt(state, "reason")}] ${withoutTransport(textAt(state, "message"))}`];
}

function terminated(status: Properties): string[] {
  const state = member(status, "state", "terminated");
  if (!isObject(state) || textAt(state, "reason") === "") return [];
  const message = textAt(state, "message");
  return message === ""
    ? [
        `container "${textAt(status, "name")}" completed with exit code ${numberAt(state, "exitCode")}`,
      ]
    : [`[${textAt(state, "reason")}] ${withoutTransport(message)}`];
}

function terminatedBefore(status: Properties): string[] {
  const state = member(status, "lastState", "terminated");
  if (!isObject(state)) return [];
  const end = `${textAt(state, "reason")}: exit code ${numberAt(state, "exitCode")}`;
  const message = textAt(state, "message");
  return [
    `container "${textAt(status, "name")}" terminated at ${textAt(state, "finishedAt")} (${end})`,
    ...(message === "" ? [] : [message]),
  ];
}

/** What container runtimes put around the registry's own words. */
function withoutTransport(message: string): string {
  return message
    .replace(/^rpc error: code = Unknown desc = Error response from daemon: /, "")
    .replace(/: manifest unknown$/, "");
}
